// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control ring, and what it is for: the hash by which the backend spreads
 * packets over the queues. Toeplitz, its types, a key, and a table from hash to
 * queue; ethtool -x shows them, -X changes them.
 *
 * It is off until ethtool -K asks for it (rxhash on): the backend computes it for
 * each packet and sends it in a slot of its own, which a small packet feels.
 *
 * One request at a time, by a process that waits for the answer: a work when the
 * connection has become live or the hash is switched (set_up_work()), ethtool from
 * then on. Two pages, granted
 * for as long as the connection lasts: the ring, and one for keys and tables,
 * which is written here and never read back. Of an answer's data nothing is
 * believed but that it is a number.
 *
 * A backend that does not answer, or lies, loses the control ring, not the
 * interface: packets are spread as it likes.
 *
 * Locking: unless @state is READY all is the work's; then rtnl's, and under rtnl it
 * becomes so, or NONE again. @ending makes who waits give up. Start with ask().
 */
#define pr_fmt(fmt) "xg-netfront: " fmt

#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include "internal.h"

#define ANSWER_WAIT	(5 * HZ)
/* Events in one wait; an honest backend's are one, and a late one before it. */
#define CALLS_MAX	8

static irqreturn_t ctrl_irq(int irq, void *data)
{
	struct xg_net_ctrl *ctrl = data;

	/* Not acknowledged here: no more can come until somebody has looked. */
	complete(&ctrl->called);
	return IRQ_HANDLED;
}

/* Does the backend spread packets as we say? Under rtnl; else a hint. */
bool xg_net_is_hashing(const struct xg_net *net)
{
	return READ_ONCE(net->ctrl.state) == XG_NET_CTRL_READY &&
	       net->ctrl.hashing;
}

/* Are there a key and a table to be shown and set? Under rtnl. */
bool xg_net_hash_known(const struct xg_net *net)
{
	return net->ctrl.known && net->ctrl.state != XG_NET_CTRL_DEAD;
}

/* --- requests ------------------------------------------------------------------ */

/* No more of it. Its events stay unacknowledged, so that none comes. */
static int give_up(struct xg_net *net, int err)
{
	netdev_err(net->dev,
		   "the backend %s the control ring; it is not used any more\n",
		   err == -ETIMEDOUT ? "does not answer on" :
		   "broke the protocol of");
	WRITE_ONCE(net->ctrl.state, XG_NET_CTRL_DEAD);
	return err;
}

/* Wait for the only answer that can come: 0 or -errno. */
static int await(struct xg_net_ctrl *ctrl, struct xen_netif_ctrl_response *rsp)
{
	unsigned long left = ANSWER_WAIT;
	unsigned int calls = 0;
	int got;

	while (!READ_ONCE(ctrl->ending)) {
		got = xg_ring_take(&ctrl->ring, rsp);
		if (got)
			return min(got, 0);
		/* Where one came meanwhile the next take is not 0. */
		if (xg_ring_rearm(&ctrl->ring))
			continue;
		left = wait_for_completion_timeout(&ctrl->called, left);
		if (!left)
			return -ETIMEDOUT;
		if (++calls > CALLS_MAX)
			return -EPROTO;
		xg_evtchn_eoi(ctrl->ch, 0);
	}
	return -ENOTCONN;
}

/*
 * Make a request, and where there is an @answer put the answer's number there.
 * 0; -EOPNOTSUPP, -EINVAL, -ENOSPC: the backend refused; -ENOTCONN: the connection
 * ends; -EPROTO, -ETIMEDOUT: the ring is dead. May sleep.
 */
static int ask(struct xg_net *net, const struct xg_net_ctrl_msg *msg, u32 *answer)
{
	struct xg_net_ctrl *ctrl = &net->ctrl;
	struct xen_netif_ctrl_response rsp;
	struct xen_netif_ctrl_request req;
	int err;

	if (READ_ONCE(ctrl->ending) || ctrl->state == XG_NET_CTRL_DEAD)
		return -ENOTCONN;
	xg_net_put_ctrl(&req, ++ctrl->id, msg);
	/* There is room: nothing else is in flight. */
	xg_ring_put(&ctrl->ring, &req);
	if (xg_ring_publish(&ctrl->ring))
		xg_evtchn_notify(ctrl->ch);
	err = await(ctrl, &rsp);
	if (!err)
		err = xg_net_check_ctrl(&rsp, ctrl->id, msg->type);
	if (err == -EPROTO || err == -ETIMEDOUT)
		return give_up(net, err);
	if (!err && answer)
		*answer = rsp.data;
	return err;
}

static int get(struct xg_net *net, u16 type, u32 *answer)
{
	struct xg_net_ctrl_msg msg = { .type = type };

	return ask(net, &msg, answer);
}

static int set(struct xg_net *net, u16 type, u32 value)
{
	struct xg_net_ctrl_msg msg = { .type = type, .data = { value } };

	return ask(net, &msg, NULL);
}

/* @len: in what the type counts in. */
static int set_page(struct xg_net *net, u16 type, u32 len)
{
	struct xg_net_ctrl_msg msg = {
		.type = type,
		.data = { net->ctrl.refs[1], len },
	};

	return ask(net, &msg, NULL);
}

/* --- the hash ------------------------------------------------------------------ */

static int send_key(struct xg_net *net, const u8 *key)
{
	memcpy(net->ctrl.mem + PAGE_SIZE, key, XG_NET_HASH_KEY);
	return set_page(net, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, XG_NET_HASH_KEY);
}

static int send_table(struct xg_net *net, const u32 *table)
{
	struct xg_net_ctrl *ctrl = &net->ctrl;

	memcpy(ctrl->mem + PAGE_SIZE, table, ctrl->table_size * sizeof(*table));
	return set_page(net, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING,
			ctrl->table_size);
}

static bool is_even(const struct xg_net *net, const u32 *table)
{
	unsigned int i;

	for (i = 0; i < net->ctrl.table_size; i++)
		if (table[i] != ethtool_rxfh_indir_default(i, net->nr_queues))
			return false;
	return true;
}

static bool fits(const struct xg_net *net, const u32 *table)
{
	unsigned int i;

	for (i = 0; i < net->ctrl.table_size; i++)
		if (table[i] >= net->nr_queues)
			return false;
	return true;
}

/* The user's table, where it is one for this connection, or all queues in turn. */
static void choose_table(struct xg_net *net, unsigned int size)
{
	struct xg_net_ctrl *ctrl = &net->ctrl;
	bool same = ctrl->table_size == size;
	unsigned int i;

	ctrl->table_size = size;
	if (ctrl->chosen && same && fits(net, ctrl->table))
		return;
	ctrl->chosen = false;
	for (i = 0; i < size; i++)
		ctrl->table[i] = ethtool_rxfh_indir_default(i, net->nr_queues);
}

static int set_up_table(struct xg_net *net)
{
	u32 size;
	int err;

	err = get(net, XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE, &size);
	if (err)
		return err;
	size = min_t(u32, size, XG_NET_HASH_TABLE_MAX);
	/* Without a table the backend takes the remainder: every queue is used. */
	if (size < net->nr_queues)
		size = 0;
	/* Who holds rtnl relies on its size. */
	rtnl_lock();
	choose_table(net, size);
	rtnl_unlock();
	err = set(net, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, size);
	if (!err && size)
		err = send_table(net, net->ctrl.table);
	return err;
}

static int set_up(struct xg_net *net)
{
	struct xg_net_ctrl *ctrl = &net->ctrl;
	int err;

	err = set(net, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM,
		  XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ);
	if (!err)
		err = get(net, XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, &ctrl->types);
	if (err)
		return err;
	ctrl->types &= XG_NET_HASH_TYPES;
	if (!ctrl->types)
		return -EOPNOTSUPP;
	err = set(net, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, ctrl->types);
	if (!err)
		err = send_key(net, ctrl->key);
	if (!err)
		err = set_up_table(net);
	return err;
}

static bool is_wanted(const struct xg_net *net)
{
	return READ_ONCE(net->dev->features) & NETIF_F_RXHASH;
}

static void say_hash(struct xg_net *net, int err)
{
	if (err)
		netdev_info(net->dev,
			    "the backend has no hash for us (%d): packets come as it likes\n",
			    err);
	else
		netdev_info(net->dev, "packets come by Toeplitz hash, table of %u\n",
			    net->ctrl.table_size);
}

/* Make the backend's hash what the user wants. Under rtnl; the work begins it. */
static void begin_set_up(struct xg_net *net)
{
	WRITE_ONCE(net->ctrl.state, XG_NET_CTRL_NONE);
	schedule_work(&net->ctrl.setup);
}

static void set_up_work(struct work_struct *work)
{
	struct xg_net_ctrl *ctrl = container_of(work, struct xg_net_ctrl, setup);
	struct xg_net *net = container_of(ctrl, struct xg_net, ctrl);
	bool wanted = is_wanted(net);
	int err = 0;

	if (wanted)
		err = set_up(net);
	/* By half of it packets would be spread badly; nor by an earlier driver's. */
	if (err || !wanted)
		set(net, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM,
		    XEN_NETIF_CTRL_HASH_ALGORITHM_NONE);
	if (READ_ONCE(ctrl->ending) || ctrl->state == XG_NET_CTRL_DEAD)
		return;
	if (wanted)
		say_hash(net, err);
	/* Who holds rtnl sees all of it or nothing: sizes do not change meanwhile. */
	rtnl_lock();
	ctrl->hashing = wanted && !err;
	ctrl->known |= ctrl->hashing;
	WRITE_ONCE(ctrl->state, XG_NET_CTRL_READY);
	if (is_wanted(net) != wanted && !READ_ONCE(ctrl->ending))
		begin_set_up(net);
	rtnl_unlock();
}

/**
 * xg_net_hash_switch() - the user has switched the hash on or off
 * @net: its features are changed already
 *
 * Context: process, rtnl; does not wait.
 */
void xg_net_hash_switch(struct xg_net *net)
{
	if (net->ctrl.state == XG_NET_CTRL_READY && !READ_ONCE(net->ctrl.ending))
		begin_set_up(net);
}

/**
 * xg_net_hash_change() - another key, another table
 * @net: xg_net_hash_known()
 * @key: XG_NET_HASH_KEY bytes, or NULL: as it was
 * @table: as long as the one there is, or NULL: as it was
 *
 * Both are kept over connections, the table where it still fits; where no hash
 * is in use they wait for the next one.
 *
 * Context: process, rtnl; waits for the backend, for some seconds at most.
 * Return: 0 or -errno, -EBUSY while the hash is being set up; the key may have
 *         changed though the table could not.
 */
int xg_net_hash_change(struct xg_net *net, const u8 *key, const u32 *table)
{
	struct xg_net_ctrl *ctrl = &net->ctrl;
	bool now = xg_net_is_hashing(net);
	int err = 0;

	if (!xg_net_hash_known(net))
		return -EOPNOTSUPP;
	if (ctrl->ch && ctrl->state != XG_NET_CTRL_READY)
		return -EBUSY;
	if (!ctrl->table_size)
		table = NULL;
	if (table && !fits(net, table))
		return -EINVAL;
	if (key && now)
		err = send_key(net, key);
	if (err)
		return err;
	if (key)
		memcpy(ctrl->key, key, XG_NET_HASH_KEY);
	if (table && now)
		err = send_table(net, table);
	if (err || !table)
		return err;
	memcpy(ctrl->table, table, ctrl->table_size * sizeof(*table));
	ctrl->chosen = !is_even(net, table);
	return 0;
}

/**
 * xg_net_hash_off() - leave the backend as we found it
 * @net: about to close, and the backend still connected
 *
 * Backends remember the hash over connections, and whoever comes next may have
 * fewer queues, or may not know of any hash.
 *
 * Context: process; waits for the backend, for some seconds at most.
 */
void xg_net_hash_off(struct xg_net *net)
{
	rtnl_lock();
	if (net->live && xg_net_is_hashing(net)) {
		net->ctrl.hashing = false;
		set(net, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM,
		    XEN_NETIF_CTRL_HASH_ALGORITHM_NONE);
	}
	rtnl_unlock();
}

/* --- life ---------------------------------------------------------------------- */

/**
 * xg_net_ctrl_init() - what is there before any connection
 * @net: the interface
 */
void xg_net_ctrl_init(struct xg_net *net)
{
	INIT_WORK(&net->ctrl.setup, set_up_work);
	init_completion(&net->ctrl.called);
	netdev_rss_key_fill(net->ctrl.key, XG_NET_HASH_KEY);
}

/**
 * xg_net_ctrl_alloc() - a ring, a page, a channel
 * @net: the backend offers a control ring
 *
 * Context: process.
 * Return: 0 or -errno; xg_net_ctrl_free() is due in either case.
 */
int xg_net_ctrl_alloc(struct xg_net *net)
{
	struct xg_net_ctrl *ctrl = &net->ctrl;
	struct xg_evtchn_client client = {
		.name = ctrl->name,
		.handler = ctrl_irq,
		.data = ctrl,
		.cpu = -1,
	};
	struct xg_evtchn *ch;
	int err;

	err = xg_xenbus_alloc_ring(net->xdev, 1, &ctrl->mem, ctrl->refs);
	if (err)
		return err;
	xg_ring_init(&ctrl->ring, ctrl->mem, PAGE_SIZE,
		     sizeof(struct xen_netif_ctrl_request),
		     sizeof(struct xen_netif_ctrl_response));
	ctrl->ending = false;
	reinit_completion(&ctrl->called);
	snprintf(ctrl->name, sizeof(ctrl->name), "%s-ctrl",
		 dev_name(&net->xdev->dev));
	ch = xg_evtchn_open_unbound(net->xdev->peer, &client);
	if (IS_ERR(ch))
		return PTR_ERR(ch);
	ctrl->ch = ch;
	return 0;
}

/* The connection is live: what is asked for now is answered. */
void xg_net_ctrl_start(struct xg_net *net)
{
	if (net->ctrl.ch)
		schedule_work(&net->ctrl.setup);
}

/* No more requests, and no more waiting for the answer to one. Any context. */
void xg_net_ctrl_end(struct xg_net *net)
{
	WRITE_ONCE(net->ctrl.ending, true);
	complete(&net->ctrl.called);
}

/**
 * xg_net_ctrl_free() - give everything back
 * @net: xg_net_ctrl_end() was called; the backend should have let go by now
 *
 * Context: process.
 */
void xg_net_ctrl_free(struct xg_net *net)
{
	struct xg_net_ctrl *ctrl = &net->ctrl;

	cancel_work_sync(&ctrl->setup);
	rtnl_lock();
	WRITE_ONCE(ctrl->state, XG_NET_CTRL_NONE);
	ctrl->hashing = false;
	rtnl_unlock();
	xg_evtchn_close(ctrl->ch);
	ctrl->ch = NULL;
	xg_xenbus_free_ring(ctrl->mem, 1, ctrl->refs);
	ctrl->mem = NULL;
}
