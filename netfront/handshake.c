// SPDX-License-Identifier: GPL-2.0-only
/*
 * The handshake: one table. The backend waits (InitWait): see what it offers,
 * make queues, publish them. It is connected: bring the interface up. It closes:
 * stop sending while it still answers. Both are closed: give all back, and begin
 * anew where that was the reason.
 *
 * netif's frontend goes from Initialising to Connected by itself, and the backend
 * follows: it is @live that tells whether it has. Every number the backend writes
 * is read with bounds. Steps run in process context under the device's lock.
 * Start with xg_net_steps[] at the end.
 */
#define pr_fmt(fmt) "xg-netfront: " fmt

#include <linux/slab.h>
#include "internal.h"

/* Our keys for one queue, in @dir. */
static int write_queue(xg_store_txn_t txn, const char *dir,
		       struct xg_net_queue *q)
{
	bool split = q->net->split;
	int err;

	err = xg_store_printf(txn, dir, "tx-ring-ref", "%u", q->tx.ring_ref);
	if (!err)
		err = xg_store_printf(txn, dir, "rx-ring-ref", "%u",
				      q->rx.ring_ref);
	if (!err && split)
		err = xg_store_printf(txn, dir, "event-channel-tx", "%u",
				      xg_evtchn_port(q->tx.event->ch));
	if (!err)
		err = xg_store_printf(txn, dir, split ? "event-channel-rx" :
				      "event-channel", "%u",
				      xg_evtchn_port(q->rx.event->ch));
	return err;
}

static int write_queues(xg_store_txn_t txn, struct xg_net *net)
{
	const char *path = net->xdev->path;
	unsigned int i;
	char *dir;
	int err;

	if (net->nr_queues == 1)
		return write_queue(txn, path, &net->queues[0]);
	err = xg_store_printf(txn, path, "multi-queue-num-queues", "%u",
			      net->nr_queues);
	for (i = 0; !err && i < net->nr_queues; i++) {
		dir = kasprintf(GFP_KERNEL, "%s/queue-%u", path, i);
		if (!dir)
			return -ENOMEM;
		err = write_queue(txn, dir, &net->queues[i]);
		kfree(dir);
	}
	return err;
}

/* What makes one connection, ours or an earlier driver's, unlike the next. */
static const char *const keys_of_connection[] = {
	"multi-queue-num-queues", "tx-ring-ref", "rx-ring-ref", "event-channel",
	"event-channel-tx", "event-channel-rx", "request-multicast-control",
	"ctrl-ring-ref", "event-channel-ctrl", "xdp-headroom",
	"feature-gso-tcpv4-prefix", "feature-gso-tcpv6-prefix",
	"feature-no-csum-offload",
};

static bool is_of_connection(const char *key)
{
	return strstarts(key, "queue-") ||
	       match_string(keys_of_connection, ARRAY_SIZE(keys_of_connection),
			    key) >= 0;
}

/* By what is there: nobody knows how many queues another driver had. */
static int remove_keys(xg_store_txn_t txn, const char *path)
{
	unsigned int nr, i;
	char **keys;
	int err = 0;

	keys = xg_store_directory(txn, path, "", &nr);
	if (IS_ERR(keys))
		return PTR_ERR(keys);
	for (i = 0; !err && i < nr; i++)
		if (is_of_connection(keys[i]))
			err = xg_store_rm(txn, path, keys[i]);
	kfree(keys);
	return err;
}

/* What we can take, whatever the backend then sends. */
static const char *const our_features[] = {
	"request-rx-copy", "feature-rx-notify", "feature-sg",
};

/* What we can take unless a program is to see packets as they are on a wire. */
static const char *const our_offloads[] = {
	"feature-gso-tcpv4", "feature-gso-tcpv6", "feature-ipv6-csum-offload",
};

static int write_offloads(xg_store_txn_t txn, struct xg_net *net)
{
	const char *path = net->xdev->path;
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < ARRAY_SIZE(our_offloads); i++)
		err = xg_store_write(txn, path, our_offloads[i],
				     net->plain ? "0" : "1");
	if (!err && net->plain)
		err = xg_store_write(txn, path, "feature-no-csum-offload", "1");
	return err;
}

static int write_ctrl(xg_store_txn_t txn, struct xg_net *net)
{
	const char *path = net->xdev->path;
	int err;

	err = xg_store_printf(txn, path, "ctrl-ring-ref", "%u",
			      net->ctrl.refs[0]);
	if (!err)
		err = xg_store_printf(txn, path, "event-channel-ctrl", "%u",
				      xg_evtchn_port(net->ctrl.ch));
	return err;
}

static int write_keys(xg_store_txn_t txn, void *data)
{
	struct xg_net *net = data;
	const char *path = net->xdev->path;
	unsigned int i;
	int err;

	/* Keys alone would make the directory of a removed device anew. */
	if (!xg_store_exists(txn, path, "state"))
		return -ENODEV;
	err = remove_keys(txn, path);
	if (!err)
		err = write_queues(txn, net);
	if (!err && net->ctrl.ch)
		err = write_ctrl(txn, net);
	for (i = 0; !err && i < ARRAY_SIZE(our_features); i++)
		err = xg_store_write(txn, path, our_features[i], "1");
	if (!err)
		err = write_offloads(txn, net);
	if (!err && net->can_filter)
		err = xg_store_write(txn, path, "request-multicast-control",
				     "1");
	return err;
}

/**
 * xg_net_forget_keys() - remove what net_publish() wrote
 * @net: the interface
 *
 * Another driver, or we with another number of queues, must not find the rings
 * of this connection.
 */
void xg_net_forget_keys(struct xg_net *net)
{
	if (net->nr_queues)
		remove_keys(XG_STORE_NONE, net->xdev->path);
}

static void read_features(struct xg_net *net)
{
	const struct xg_xenbus_device *xdev = net->xdev;
	netdev_features_t f = 0;

	if (!xg_offers(xdev, "feature-no-csum-offload"))
		f |= NETIF_F_IP_CSUM;
	if (xg_offers(xdev, "feature-ipv6-csum-offload"))
		f |= NETIF_F_IPV6_CSUM;
	/* A large packet takes many pages, and its checksum is left blank. */
	if (xg_offers(xdev, "feature-sg")) {
		f |= NETIF_F_SG;
		if (f & NETIF_F_IP_CSUM && xg_offers(xdev, "feature-gso-tcpv4"))
			f |= NETIF_F_TSO;
		if (f & NETIF_F_IPV6_CSUM &&
		    xg_offers(xdev, "feature-gso-tcpv6"))
			f |= NETIF_F_TSO6;
	}
	net->offered = f;
	net->split = xg_offers(xdev, "feature-split-event-channels");
	net->can_filter = xg_offers(xdev, "feature-multicast-control") &&
			  xg_offers(xdev, "feature-dynamic-multicast-control");
	net->flood = false;
	net->filter_failed = false;
	net->bounce = !xg_net_trusted ||
		      !xg_store_read_or(net->xdev->path, "trusted", 0, 1, 1);
}

/* -> how many there would be, were there no shortage */
static unsigned int read_queues(struct xg_net *net)
{
	const struct xg_xenbus_device *xdev = net->xdev;
	unsigned int nr;

	WRITE_ONCE(net->max_queues,
		   xg_offered(xdev, "multi-queue-max-queues", 1, U32_MAX, 1));
	nr = xg_net_max_queues(net);
	if (net->wanted_queues)
		nr = min(nr, net->wanted_queues);
	/* Where not all of them could be had, fewer may do. */
	net->nr_queues = max(nr >> min(net->xdev->shortages, 8u), 1u);
	return nr;
}

/* The backend waits for our rings. */
static int net_publish(struct xg_xenbus_device *xdev)
{
	struct xg_net *net = xg_xenbus_get_drvdata(xdev);
	unsigned int wanted;
	int err;

	/* It may have closed, and begun anew; this is the new connection. */
	xg_net_disconnect(net);
	net->renewing = false;
	if (!xg_offers(xdev, "feature-rx-copy")) {
		netdev_err(net->dev, "the backend does not copy packets to us\n");
		return -EOPNOTSUPP;
	}
	read_features(net);
	wanted = read_queues(net);
	net->plain = xg_net_xdp_on(net);
	err = xg_net_queues_alloc(net);
	/* With one queue there is nothing to spread. */
	if (!err && net->nr_queues > 1 && xg_offers(xdev, "feature-ctrl-ring"))
		err = xg_net_ctrl_alloc(net);
	if (!err)
		err = xg_store_transaction(write_keys, net);
	if (!err)
		err = xg_xenbus_set_state(xdev, XenbusStateConnected);
	if (err)
		xg_net_disconnect(net);
	else if (net->nr_queues < wanted)
		netdev_notice(net->dev, "%u of %u queues, after a shortage: ethtool -L asks for more\n",
			      net->nr_queues, wanted);
	return err;
}

/**
 * xg_net_read_link() - has the backend a carrier?
 * @net: the interface
 *
 * One that does not say has.
 */
void xg_net_read_link(struct xg_net *net)
{
	net->link = xg_offered(net->xdev, "carrier", 0, 1, 1);
}

/* The backend has mapped our rings. */
static int net_go_live(struct xg_xenbus_device *xdev)
{
	struct xg_net *net = xg_xenbus_get_drvdata(xdev);
	int err;

	if (net->live)
		return 0;
	xg_net_read_link(net);
	err = xg_net_up(net);
	if (!err)
		xg_net_ctrl_start(net);
	/* A program that came or went since could not ask for another then. */
	if (!err && net->plain != xg_net_xdp_on(net))
		schedule_work(&net->renew);
	if (!err)
		netdev_info(net->dev, "%u queue%s%s%s%s\n", net->nr_queues,
			    net->nr_queues > 1 ? "s" : "",
			    net->split ? ", split event channels" : "",
			    net->offered & NETIF_F_SG ? ", scatter-gather" : "",
			    net->bounce ? ", all copied" : "");
	return err;
}

/* The backend wants to go, and answers until we are Closed. */
static int net_wind_down(struct xg_xenbus_device *xdev)
{
	xg_net_down(xg_xenbus_get_drvdata(xdev));
	return 0;
}

/* Nobody is connected to anybody. */
static int net_closed(struct xg_xenbus_device *xdev)
{
	struct xg_net *net = xg_xenbus_get_drvdata(xdev);
	int err;

	xg_net_disconnect(net);
	if (!net->renewing)
		return 0;
	err = xg_xenbus_set_state(xdev, XenbusStateInitialising);
	net->renewing = err;
	return err;
}

/*
 * A backend that waits while we are Connected is yet to follow us; or, where it
 * had, it began anew before we have seen it Closed: the old one is dead, and the
 * new one waits for us.
 */
static int net_waiting(struct xg_xenbus_device *xdev)
{
	struct xg_net *net = xg_xenbus_get_drvdata(xdev);

	/* Without queues this was put off: no state could be published. */
	if (!net->live && net->nr_queues)
		return 0;
	netdev_info(net->dev, "the backend has started again\n");
	xg_net_disconnect(net);
	return xg_xenbus_set_state(xdev, XenbusStateInitialising);
}

/* Unknown: these publish the next state themselves, or none. */
const struct xg_step xg_net_steps[] = {
	{ XG_S(InitWait), XG_S(Initialising), net_publish,
	  XenbusStateUnknown },
	{ XG_S(InitWait), XG_S(Connected), net_waiting,
	  XenbusStateUnknown },
	{ XG_S(Connected), XG_S(Connected), net_go_live,
	  XenbusStateUnknown },
	{ XG_S(Closing), XG_S(Initialising) | XG_S(Connected) | XG_S(Closing),
	  net_wind_down, XenbusStateClosed },
	/* It may have begun anew while we were about to close. */
	{ XG_S(InitWait) | XG_S(Closed), XG_S(Closing), net_wind_down,
	  XenbusStateClosed },
	{ XG_S(Closed), XG_S(Closed), net_closed, XenbusStateUnknown },
};

const unsigned int xg_net_nr_steps = ARRAY_SIZE(xg_net_steps);

/**
 * xg_net_renew() - close the connection and make another
 * @work: the interface's
 *
 * For another number of queues, or for a program that came or went. The backend's
 * answers to our states do the rest: see net_closed().
 *
 * Context: process.
 */
void xg_net_renew(struct work_struct *work)
{
	struct xg_net *net = container_of(work, struct xg_net, renew);
	struct xg_xenbus_device *xdev = net->xdev;
	int err = 0;

	mutex_lock(&xdev->lock);
	if (net->live && xdev->ours == XenbusStateConnected &&
	    xdev->theirs == XenbusStateConnected) {
		net->renewing = true;
		xg_net_hash_off(net);
		xg_net_down(net);
		err = xg_xenbus_set_state(xdev, XenbusStateClosing);
	}
	if (err) {
		net->renewing = false;
		xg_xenbus_fail(xdev, err, "no new connection");
	}
	mutex_unlock(&xdev->lock);
}
