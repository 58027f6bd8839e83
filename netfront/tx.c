// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets out. Down: xg_net_xmit() → fill (copy, lend) → encode → put → publish →
 * notify. Up: xg_net_tx_poll() → answer → finish (take back, free).
 *
 * Every slot has a page of its own that the backend may read for good. A packet
 * that is small, or whose pages must not be lent, is copied to such pages; of
 * others the header is copied, and their pages are granted while they are sent.
 * The slots of a packet are free again when all of them have been answered. A
 * frame of XDP's is always copied, and has no skb.
 *
 * Locking: the side's lock, for everything; interrupts off, as netpoll may send
 * from any context. Nothing is put once the queue is dead.
 */
#define pr_fmt(fmt) "xg-netfront: " fmt

#include <linux/etherdevice.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "internal.h"

/* A packet that is being put into slots. */
struct draft {
	struct xg_net_piece pieces[XG_NET_SLOTS_MAX];
	unsigned int nr;
	u16 first;		/* slot */
	u16 last;
};

/* Would the largest packet fit? */
static bool has_room(struct xg_net_queue *q)
{
	return xg_ring_room(&q->tx.ring) >= XG_NET_MESSAGES_MAX &&
	       q->tx.slots.free >= XG_NET_SLOTS_MAX;
}

/* --- slots and their pages ----------------------------------------------------- */

static struct page *own_page(struct xg_net_queue *q, struct xg_net_tx_slot *s)
{
	grant_ref_t ref;
	struct page *page;

	if (s->own)
		return s->own;
	ref = xg_grant_pool_take(&q->tx.refs);
	if (ref == XG_GRANT_NONE)
		return NULL;
	page = alloc_page(GFP_ATOMIC | __GFP_ZERO | __GFP_NOWARN);
	if (!page) {
		xg_grant_pool_give(&q->tx.refs, ref);
		return NULL;
	}
	xg_grant_set(ref, q->net->xdev->peer, page, XG_GRANT_RO);
	s->own = page;
	s->own_ref = ref;
	return page;
}

/*
 * The packet's page is the backend's no more: 0, or -EBUSY where it has it
 * mapped. Such a page gets one more count, which the grant layer drops when the
 * backend lets go, so that it cannot become anything else before.
 */
static int take_back(struct xg_net_queue *q, struct xg_net_tx_slot *s)
{
	struct page *page = s->lent;

	if (!page)
		return 0;
	s->lent = NULL;
	if (!xg_grant_clear(s->lent_ref)) {
		xg_grant_pool_give(&q->tx.refs, s->lent_ref);
		return 0;
	}
	get_page(page);
	xg_grant_abandon_page(s->lent_ref, page);
	return -EBUSY;
}

/* Free the slots from @first on. 0 or -EBUSY, as take_back(). */
static int free_slots(struct xg_net_queue *q, u16 first)
{
	u16 id = first, next;
	int err = 0;

	while (id != XG_SLOT_END) {
		struct xg_net_tx_slot *s = &q->tx.slot[id];

		next = s->next;
		err = take_back(q, s) ?: err;
		s->sent = false;
		s->skb = NULL;
		xg_slots_put(&q->tx.slots, id);
		id = next;
	}
	return err;
}

/* One more slot for the draft; there is one, has_room() has seen to it. */
static struct xg_net_tx_slot *add_slot(struct xg_net_queue *q, struct draft *d,
				       unsigned int offset, unsigned int len)
{
	struct xg_net_tx_slot *s;
	int id;

	if (d->nr == XG_NET_SLOTS_MAX)
		return NULL;
	id = xg_slots_get(&q->tx.slots);
	if (id < 0)
		return NULL;
	s = &q->tx.slot[id];
	if (d->nr)
		q->tx.slot[d->last].next = id;
	else
		d->first = id;
	d->last = id;
	s->head = d->first;
	s->next = XG_SLOT_END;
	s->sent = false;
	s->failed = false;
	s->mcast = false;
	s->skb = NULL;
	s->unanswered = 0;
	d->pieces[d->nr++] = (struct xg_net_piece) {
		.id = id, .offset = offset, .len = len,
	};
	return s;
}

/* --- a packet becomes pieces --------------------------------------------------- */

/* A piece in a page of ours: where its data go. */
static void *own_piece(struct xg_net_queue *q, struct draft *d, unsigned int len)
{
	struct xg_net_tx_slot *s = add_slot(q, d, 0, len);
	struct page *page;

	if (!s)
		return ERR_PTR(-ENOSPC);
	page = own_page(q, s);
	if (!page)
		return ERR_PTR(-ENOMEM);
	d->pieces[d->nr - 1].gref = s->own_ref;
	return page_address(page);
}

static int copy_piece(struct xg_net_queue *q, struct draft *d,
		      struct sk_buff *skb, unsigned int at, unsigned int len)
{
	void *to = own_piece(q, d, len);

	return IS_ERR(to) ? PTR_ERR(to) : skb_copy_bits(skb, at, to, len);
}

static int lend_piece(struct xg_net_queue *q, struct draft *d, struct page *page,
		      unsigned int offset, unsigned int len)
{
	struct xg_net_tx_slot *s = add_slot(q, d, offset, len);
	grant_ref_t ref;

	if (!s)
		return -ENOSPC;
	ref = xg_grant_pool_take(&q->tx.refs);
	if (ref == XG_GRANT_NONE)
		return -ENOSPC;
	xg_grant_set(ref, q->net->xdev->peer, page, XG_GRANT_RO);
	s->lent = page;
	s->lent_ref = ref;
	d->pieces[d->nr - 1].gref = ref;
	return 0;
}

static int lend_frag(struct xg_net_queue *q, struct draft *d,
		     const skb_frag_t *frag)
{
	unsigned int offset = skb_frag_off(frag), left = skb_frag_size(frag);
	struct page *page = skb_frag_page(frag) + (offset >> PAGE_SHIFT);
	unsigned int len;
	int err = 0;

	offset = offset_in_page(offset);
	for (; !err && left; left -= len) {
		len = min_t(unsigned int, left, PAGE_SIZE - offset);
		err = lend_piece(q, d, page++, offset, len);
		offset = 0;
	}
	return err;
}

/* May it be held back from its owner, should the backend not let go of it? */
static bool stands_alone(struct page *page)
{
	return page && !PageSlab(page) && page_count(page) > 0;
}

/* A packet's pages are lent where they may be and where that is worth it. */
static bool may_lend(struct xg_net *net, struct sk_buff *skb)
{
	unsigned int slots = 1;
	unsigned int i;

	if (net->bounce || skb->len <= XG_NET_TX_COPY || skb_has_frag_list(skb) ||
	    skb_headlen(skb) < ETH_HLEN || skb_headlen(skb) > PAGE_SIZE)
		return false;
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];

		if (!stands_alone(skb_frag_page(frag)))
			return false;
		slots += PFN_UP(offset_in_page(skb_frag_off(frag)) +
				skb_frag_size(frag));
	}
	return slots <= XG_NET_SLOTS_MAX;
}

static int fill(struct xg_net_queue *q, struct draft *d, struct sk_buff *skb)
{
	unsigned int at, len, i;
	int err = 0;

	if (may_lend(q->net, skb)) {
		err = copy_piece(q, d, skb, 0, skb_headlen(skb));
		for (i = 0; !err && i < skb_shinfo(skb)->nr_frags; i++)
			err = lend_frag(q, d, &skb_shinfo(skb)->frags[i]);
		return err;
	}
	q->tx.stats.copied++;
	for (at = 0; !err && at < skb->len; at += len) {
		len = min_t(unsigned int, skb->len - at, PAGE_SIZE);
		err = copy_piece(q, d, skb, at, len);
	}
	return err;
}

/* --- sending ------------------------------------------------------------------- */

/* Messages onto the ring, for which there is room. */
static void put(struct xg_net_queue *q, const union xg_net_tx *messages,
		unsigned int nr, const struct draft *d)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		xg_ring_put(&q->tx.ring, &messages[i]);
	for (i = 0; i < d->nr; i++)
		q->tx.slot[d->pieces[i].id].sent = true;
	q->tx.slot[d->first].unanswered = d->nr;
	q->tx.slot[d->first].bytes = messages[0].req.size;
	q->tx.extras += nr - d->nr;
}

static bool publish(struct xg_net_queue *q)
{
	bool notify = xg_ring_publish(&q->tx.ring);

	q->tx.stats.notifications += notify;
	xg_net_answers_sent(q);
	return notify;
}

/*
 * Put the draft, whose making came to @err, on the ring: 0 or -errno, and nothing
 * of it is left. -EBUSY: but a page that the backend has mapped without being told
 * of it.
 */
static int commit(struct xg_net_queue *q, struct draft *d, int err, u16 flags,
		  struct xg_net_gso gso)
{
	union xg_net_tx messages[XG_NET_MESSAGES_MAX];
	int nr = err;

	if (!nr)
		nr = xg_net_put_packet(messages, d->pieces, d->nr, flags, gso);
	if (nr > 0 && d->nr > 1 && !(q->net->offered & NETIF_F_SG))
		nr = -EINVAL;
	if (nr < 0) {
		if (d->nr && free_slots(q, d->first))
			return -EBUSY;
		return nr;
	}
	put(q, messages, nr, d);
	return 0;
}

static int send(struct xg_net_queue *q, struct sk_buff *skb)
{
	struct draft d;
	int err;

	if (!xg_net_is_offered(q->net, skb))
		return -EOPNOTSUPP;
	d.nr = 0;
	err = fill(q, &d, skb);
	err = commit(q, &d, err, xg_net_csum_flags(skb),
		     xg_net_gso_of(skb));
	if (err)
		return err;
	q->tx.slot[d.first].skb = skb;
	q->tx.slot[d.first].wanted = xg_net_answers_wanted(q, skb);
	return 0;
}

/**
 * xg_net_xmit() - send a packet
 * @skb: the packet, ours from now on unless NETDEV_TX_BUSY is returned
 * @dev: the interface
 *
 * Context: the stack's transmit lock is held.
 */
netdev_tx_t xg_net_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct xg_net *net = netdev_priv(dev);
	struct xg_net_queue *q = &net->queues[skb_get_queue_mapping(skb)];
	struct netdev_queue *txq = xg_net_txq(q);
	unsigned int bytes = skb->len;
	bool notify = false;
	unsigned long flags;
	int err = -ENODEV;

	/* Its flow's entry in conntrack does not wait for the backend's answer. */
	nf_reset_ct(skb);
	spin_lock_irqsave(&q->tx.lock, flags);
	if (!q->dead && !has_room(q)) {
		netif_tx_stop_queue(txq);
		spin_unlock_irqrestore(&q->tx.lock, flags);
		return NETDEV_TX_BUSY;
	}
	if (!q->dead)
		err = send(q, skb);
	if (!err) {
		/* Before it is published, and once: not where it was busy. */
		skb_tx_timestamp(skb);
		if (!has_room(q)) {
			netif_tx_stop_queue(txq);
			q->tx.stats.full++;
		}
		if (__netdev_tx_sent_queue(txq, bytes, netdev_xmit_more()))
			notify = publish(q);
	} else {
		q->tx.stats.drops++;
		/* It may be the last of a batch. */
		notify = !q->dead && publish(q);
	}
	spin_unlock_irqrestore(&q->tx.lock, flags);

	if (notify)
		xg_evtchn_notify(q->tx.event->ch);
	if (err == -EBUSY)
		xg_net_poison(q, "has mapped pages it was not told of");
	if (err)
		dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

/**
 * xg_net_tx_frame() - send a frame of XDP's, when xg_net_tx_flush() is called
 * @q: any queue
 * @data: copied, so that a frame's memory never waits for the backend
 * @len: bytes
 *
 * Context: any.
 * Return: 0 or -errno: it was not sent.
 */
int xg_net_tx_frame(struct xg_net_queue *q, const void *data, unsigned int len)
{
	unsigned long flags;
	int err = -ENOSPC;
	struct draft d;
	void *to;

	d.nr = 0;
	spin_lock_irqsave(&q->tx.lock, flags);
	if (!q->dead && has_room(q) && len <= PAGE_SIZE) {
		to = own_piece(q, &d, len);
		err = PTR_ERR_OR_ZERO(to);
		if (!err)
			memcpy(to, data, len);
		err = commit(q, &d, err, 0, (struct xg_net_gso) {});
	}
	q->tx.stats.xdp += !err;
	q->tx.stats.drops += !!err;
	/* The stack is not to find it full. */
	if (!q->dead && !has_room(q))
		netif_tx_stop_queue(xg_net_txq(q));
	spin_unlock_irqrestore(&q->tx.lock, flags);
	return err;
}

/* Publish them; any context. */
void xg_net_tx_flush(struct xg_net_queue *q)
{
	unsigned long flags;
	bool notify;

	spin_lock_irqsave(&q->tx.lock, flags);
	notify = !q->dead && publish(q);
	spin_unlock_irqrestore(&q->tx.lock, flags);
	if (notify)
		xg_evtchn_notify(q->tx.event->ch);
}

/**
 * xg_net_tx_mcast() - tell the backend of a multicast group
 * @q: any queue
 * @addr: the group
 * @add: to be received, or no more
 *
 * Context: any.
 * Return: false where there is no room now or no backend.
 */
bool xg_net_tx_mcast(struct xg_net_queue *q, const u8 *addr, bool add)
{
	union xg_net_tx messages[2];
	struct xg_net_tx_slot *s;
	unsigned long flags;
	struct draft d;

	d.nr = 0;
	spin_lock_irqsave(&q->tx.lock, flags);
	s = !q->dead && has_room(q) ? add_slot(q, &d, 0, 0) : NULL;
	if (s) {
		s->mcast = true;
		xg_net_put_mcast(messages, d.first, addr, add);
		put(q, messages, 2, &d);
	}
	spin_unlock_irqrestore(&q->tx.lock, flags);
	if (s)
		xg_net_tx_flush(q);
	return s;
}

/* --- answers ------------------------------------------------------------------- */

/* The packet whose first slot it is has been answered. */
static int finish(struct xg_net_queue *q, u16 first, struct sk_buff_head *done)
{
	struct xg_net_tx_slot *s = &q->tx.slot[first];

	if (s->failed && s->mcast)
		xg_net_mcast_failed(q->net);
	else if (s->failed)
		q->tx.stats.errors++;
	if (s->bytes && !s->failed) {
		q->tx.stats.packets++;
		q->tx.stats.bytes += s->bytes;
	}
	if (s->skb && s->wanted)
		xg_net_answers_got(q, s->skb);
	if (s->skb)
		__skb_queue_tail(done, s->skb);
	return free_slots(q, first);
}

/* 0; -EPROTO it answers nothing; -EBUSY it keeps what it should give back. */
static int answer(struct xg_net_queue *q,
		  const struct xen_netif_tx_response *rsp,
		  struct sk_buff_head *done)
{
	int ret = xg_net_check_tx(rsp);
	struct xg_net_tx_slot *s, *head;

	if (ret > 0) {
		if (!q->tx.extras)
			return -EPROTO;
		q->tx.extras--;
		return 0;
	}
	if (ret == -EPROTO || !xg_slots_busy(&q->tx.slots, rsp->id))
		return -EPROTO;
	s = &q->tx.slot[rsp->id];
	if (!s->sent)
		return -EPROTO;
	s->sent = false;
	head = &q->tx.slot[s->head];
	head->failed |= ret < 0;
	if (--head->unanswered)
		return 0;
	return finish(q, s->head, done);
}

static void wake(struct xg_net_queue *q)
{
	struct netdev_queue *txq = xg_net_txq(q);

	if (netif_tx_queue_stopped(txq) && has_room(q) &&
	    READ_ONCE(q->net->live) && netif_running(q->net->dev))
		netif_tx_wake_queue(txq);
}

/* Without the lock: freeing may run anything. */
static void free_done(struct xg_net_queue *q, struct sk_buff_head *done,
		      int budget)
{
	unsigned int packets = 0, bytes = 0;
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(done))) {
		packets++;
		bytes += skb->len;
		napi_consume_skb(skb, budget);
	}
	netdev_tx_completed_queue(xg_net_txq(q), packets, bytes);
}

/**
 * xg_net_tx_poll() - see what has been sent
 * @q: the queue
 * @budget: NAPI's
 *
 * The ring is the backend's memory: copy, check, act. The lock is held, so no
 * request is published meanwhile and the loop ends.
 *
 * Context: NAPI.
 * Return: how many answers there were; the queue may be dead now.
 */
int xg_net_tx_poll(struct xg_net_queue *q, int budget)
{
	struct xen_netif_tx_response rsp;
	struct sk_buff_head done;
	unsigned long flags;
	int count = 0;
	int err = 0;

	__skb_queue_head_init(&done);
	spin_lock_irqsave(&q->tx.lock, flags);
	while (!q->dead && (err = xg_ring_take(&q->tx.ring, &rsp)) > 0) {
		err = answer(q, &rsp, &done);
		if (err)
			break;
		count++;
	}
	if (count && !err)
		wake(q);
	spin_unlock_irqrestore(&q->tx.lock, flags);

	if (!skb_queue_empty(&done))
		free_done(q, &done, budget);
	if (err == -EBUSY)
		xg_net_poison(q, "keeps pages of a packet it has answered");
	else if (err)
		xg_net_poison(q, "sent an answer to nothing we asked");
	return count;
}

/**
 * xg_net_tx_drop() - nobody will answer any more
 * @q: the queue, dead
 *
 * Context: any.
 */
void xg_net_tx_drop(struct xg_net_queue *q)
{
	struct sk_buff_head done;
	struct sk_buff *skb;
	unsigned long flags;
	unsigned int i;

	__skb_queue_head_init(&done);
	spin_lock_irqsave(&q->tx.lock, flags);
	for (i = 0; i < q->tx.slots.count; i++) {
		if (!xg_slots_busy(&q->tx.slots, i) || q->tx.slot[i].head != i)
			continue;
		if (q->tx.slot[i].bytes)
			q->tx.stats.drops++;
		if (q->tx.slot[i].skb)
			__skb_queue_tail(&done, q->tx.slot[i].skb);
		free_slots(q, i);
	}
	WRITE_ONCE(q->tx.answers.wanted, 0);
	spin_unlock_irqrestore(&q->tx.lock, flags);
	while ((skb = __skb_dequeue(&done)))
		dev_kfree_skb_any(skb);
}

/* --- life ---------------------------------------------------------------------- */

/**
 * xg_net_tx_alloc() - a ring and all it needs
 * @q: the queue
 *
 * Context: process.
 * Return: 0 or -errno; xg_net_tx_free() is due in either case.
 */
int xg_net_tx_alloc(struct xg_net_queue *q)
{
	struct xg_net_tx_side *tx = &q->tx;
	u32 slots;
	int err;

	tx->extras = 0;
	err = xg_xenbus_alloc_ring(q->net->xdev, 0, &tx->ring_mem,
				   &tx->ring_ref);
	if (err)
		return err;
	xg_ring_init(&tx->ring, tx->ring_mem, PAGE_SIZE,
		     sizeof(union xg_net_tx),
		     sizeof(struct xen_netif_tx_response));
	slots = tx->ring.slots;
	tx->next_slot = kcalloc(slots, sizeof(*tx->next_slot), GFP_KERNEL);
	tx->slot = kvcalloc(slots, sizeof(*tx->slot), GFP_KERNEL);
	if (!tx->next_slot || !tx->slot)
		return -ENOMEM;
	xg_slots_init(&tx->slots, tx->next_slot, slots);
	/* A page of its own for each, and one of a packet's. */
	return xg_grant_pool_init(&tx->refs, 2 * slots);
}

/**
 * xg_net_tx_free() - the reverse of xg_net_tx_alloc()
 * @q: the queue, dead and without packets
 *
 * Context: process.
 */
void xg_net_tx_free(struct xg_net_queue *q)
{
	struct xg_net_tx_side *tx = &q->tx;
	unsigned int i;

	/* The pages go when the backend lets go of them, and the references too. */
	for (i = 0; tx->slot && i < tx->ring.slots; i++)
		if (tx->slot[i].own)
			xg_grant_end_page(tx->slot[i].own_ref, tx->slot[i].own);
	xg_grant_pool_fini(&tx->refs);
	if (tx->ring_mem)
		xg_xenbus_free_ring(tx->ring_mem, 0, &tx->ring_ref);
	kfree(tx->next_slot);
	kvfree(tx->slot);
	tx->ring_mem = NULL;
	tx->next_slot = NULL;
	tx->slot = NULL;
	tx->slots = (struct xg_slots) {};
	netdev_tx_reset_queue(xg_net_txq(q));
}
