// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets in. The backend copies them into pages that are granted to it, one a
 * slot. A small packet is copied out and its page stays where it is; of a larger
 * one the page is taken back and becomes part of the packet, and the slot gets
 * another. Up: xg_net_rx_poll() → take_slot → add_part → finish → the stack;
 * xg_net_rx_refill() offers the slots again.
 *
 * Locking: none, all of it is NAPI's; the handshake's before NAPI is on and
 * after it is off. Answers stand in the slots of their requests, so a slot's
 * number is its id and the index of its page.
 *
 * With an XDP program the parts are put together in xdp.c instead, which at the
 * end makes the packet's skb, or has other plans for it.
 */
#define pr_fmt(fmt) "xg-netfront: " fmt

#include <linux/etherdevice.h>
#include <linux/highmem.h>
#include <linux/ip.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include "internal.h"

#define REFILL_WAIT	(HZ / 10)

/* --- pages -------------------------------------------------------------------- */

static bool buf_fill(struct xg_net_queue *q, struct xg_net_rx_buf *buf)
{
	struct page *page;

	/*
	 * The backend can read it as well: not what the kernel had there before.
	 * A page that comes back to the pool was a packet of the same backend's;
	 * it may have been decrypted in place, so of one that is not trusted such
	 * a page is cleared, too.
	 */
	page = page_pool_alloc_pages(q->rx.pool,
				     GFP_ATOMIC | __GFP_NOWARN | __GFP_ZERO);
	if (!page)
		return false;
	if (q->net->bounce)
		clear_highpage(page);
	buf->page = page;
	xg_grant_set(buf->ref, q->net->xdev->peer, page, 0);
	return true;
}

/* The slot's page, the backend's no more; NULL where it has it mapped. */
static struct page *buf_take(struct xg_net_rx_buf *buf)
{
	struct page *page = buf->page;

	if (xg_grant_clear(buf->ref))
		return NULL;
	buf->page = NULL;
	return page;
}

static void buf_free(struct xg_net_queue *q, struct xg_net_rx_buf *buf)
{
	struct page *page = buf->page;
	bool kept = page && xg_grant_clear(buf->ref);

	/*
	 * A page that the backend keeps leaves the pool with one count more than
	 * the pool has, which the grant layer drops when the backend lets go.
	 */
	if (kept)
		get_page(page);
	if (page)
		page_pool_put_full_page(q->rx.pool, page, false);
	if (kept)
		xg_grant_abandon_page(buf->ref, page);
	else if (buf->ref != XG_GRANT_NONE)
		xg_grant_pool_give(&q->rx.refs, buf->ref);
	*buf = (struct xg_net_rx_buf) {};
}

/**
 * xg_net_rx_refill() - offer the backend every slot there is
 * @q: the queue
 *
 * Context: NAPI, or process before it is on.
 */
void xg_net_rx_refill(struct xg_net_queue *q)
{
	struct xg_net_rx_side *rx = &q->rx;
	struct xen_netif_rx_request req = {};
	struct xg_net_rx_buf *buf;
	bool dry = false;

	while (xg_ring_room(&rx->ring)) {
		req.id = rx->ring.req_prod & (rx->ring.slots - 1);
		buf = &rx->buf[req.id];
		if (!buf->page && !buf_fill(q, buf)) {
			dry = true;
			break;
		}
		req.gref = buf->ref;
		xg_ring_put(&rx->ring, &req);
	}
	if (xg_ring_publish(&rx->ring)) {
		rx->stats.notifications++;
		xg_evtchn_notify(rx->event->ch);
	}
	/* With so few no packet may come that would make us try again. */
	if (dry && xg_ring_in_flight(&rx->ring) < 2 * XG_NET_SLOTS_MAX)
		mod_timer(&rx->refill, jiffies + REFILL_WAIT);
}

static void refill_again(struct timer_list *timer)
{
	struct xg_net_queue *q = container_of(timer, struct xg_net_queue,
					      rx.refill);

	napi_schedule(&q->napi);
}

/* --- packets ------------------------------------------------------------------ */

/* Room for one part more: where there is none the first joins the header. */
static bool make_room(struct sk_buff *skb)
{
	const struct skb_shared_info *info = skb_shinfo(skb);

	return info->nr_frags < MAX_SKB_FRAGS ||
	       __pskb_pull_tail(skb, skb_frag_size(&info->frags[0]));
}

/*
 * A part of the chain's packet is in the slot's page. 0, or -EBUSY where the
 * backend does not give the page back.
 */
static int add_part(struct xg_net_queue *q, struct xg_net_rx_buf *buf,
		    const struct xg_net_part *part)
{
	struct xg_net_rx_side *rx = &q->rx;
	u8 *data = page_address(buf->page) + part->offset;
	struct sk_buff *skb = rx->skb;
	unsigned int header = 0;
	struct page *page;

	/* A packet goes one way whole, though a program may come or go meanwhile. */
	if (!skb && (q->xdp.len || xg_net_xdp_on(q->net))) {
		rx->drop = !xg_net_xdp_add(q, data, part->len);
		return 0;
	}
	if (!skb) {
		skb = napi_alloc_skb(&q->napi, XG_NET_RX_COPY);
		rx->skb = skb;
	}
	if (!skb || !make_room(skb)) {
		rx->drop = true;
		return 0;
	}
	/* Copied while the backend may write: nobody has looked at it yet. */
	if (!skb->len && part->len <= XG_NET_RX_COPY) {
		skb_put_data(skb, data, part->len);
		rx->stats.copied++;
		return 0;
	}
	page = buf_take(buf);
	if (!page)
		return -EBUSY;
	if (!skb->len) {
		header = eth_get_headlen(q->net->dev, data,
					 min_t(u32, part->len, XG_NET_RX_COPY));
		skb_put_data(skb, data, header);
	}
	skb_mark_for_recycle(skb);
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page,
			part->offset + header, part->len - header, PAGE_SIZE);
	return 0;
}

/*
 * Where the checksum is that was left blank: the headers tell. One of IPv4 that
 * claims to be shorter than any is would have it within itself.
 */
static bool find_checksum(struct sk_buff *skb, bool anew)
{
	return !skb_checksum_setup(skb, anew) &&
	       skb_transport_offset(skb) >= (int)sizeof(struct iphdr);
}

/* A large packet: whatever the backend says of it must fit what it is. */
static bool set_gso(struct sk_buff *skb, struct xg_net_gso gso)
{
	bool v4 = gso.type == XEN_NETIF_GSO_TYPE_TCPV4;
	bool blank = skb->ip_summed == CHECKSUM_PARTIAL;
	unsigned int headers;

	if (skb->protocol != htons(v4 ? ETH_P_IP : ETH_P_IPV6))
		return false;
	/* It will be cut, and its checksum made anew for every piece. */
	skb->ip_summed = CHECKSUM_PARTIAL;
	if (!find_checksum(skb, !blank) ||
	    skb->csum_offset != offsetof(struct tcphdr, check))
		return false;
	headers = skb_transport_offset(skb) + tcp_hdrlen(skb);
	if (tcp_hdrlen(skb) < sizeof(struct tcphdr) ||
	    !pskb_may_pull(skb, headers))
		return false;
	/* One piece is no large packet. Not even the size GSO_BY_FRAGS passes here. */
	if (skb->len - headers <= gso.size)
		return true;
	skb_shinfo(skb)->gso_size = gso.size;
	/* Not yet counted, and not to be believed. */
	skb_shinfo(skb)->gso_type = (v4 ? SKB_GSO_TCPV4 : SKB_GSO_TCPV6) |
				    SKB_GSO_DODGY;
	skb_shinfo(skb)->gso_segs = 0;
	return true;
}

/* What the stack wants to know of a packet; false: it is none. */
static bool prepare(struct xg_net_queue *q, struct sk_buff *skb)
{
	const struct xg_net_rx *chain = &q->rx.chain;
	struct net_device *dev = q->net->dev;

	if (!pskb_may_pull(skb, ETH_HLEN))
		return false;
	skb->protocol = eth_type_trans(skb, dev);
	skb_reset_network_header(skb);
	skb_record_rx_queue(skb, q->nr);
	if (chain->hash.there && dev->features & NETIF_F_RXHASH) {
		skb_set_hash(skb, chain->hash.value, chain->hash.l4 ?
			     PKT_HASH_TYPE_L4 : PKT_HASH_TYPE_L3);
		q->rx.stats.hashed++;
	}
	if (chain->flags & XEN_NETRXF_csum_blank)
		skb->ip_summed = CHECKSUM_PARTIAL;
	else if (chain->flags & XEN_NETRXF_data_validated &&
		 dev->features & NETIF_F_RXCSUM)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	if (chain->gso.type != XEN_NETIF_GSO_TYPE_NONE)
		return set_gso(skb, chain->gso);
	return skb->ip_summed != CHECKSUM_PARTIAL || find_checksum(skb, false);
}

static void deliver(struct xg_net_queue *q, struct sk_buff *skb)
{
	struct xg_net_rx_side *rx = &q->rx;

	if (prepare(q, skb)) {
		rx->stats.packets++;
		rx->stats.bytes += rx->chain.bytes;
		napi_gro_receive(&q->napi, skb);
	} else {
		rx->stats.errors++;
		dev_kfree_skb_any(skb);
	}
}

/* The chain is complete. */
static void finish(struct xg_net_queue *q)
{
	struct xg_net_rx_side *rx = &q->rx;
	struct sk_buff *skb = rx->skb;

	rx->skb = NULL;
	if (rx->drop) {
		rx->stats.drops++;
	} else if ((!skb && !q->xdp.len) || rx->chain.bad) {
		rx->stats.errors++;
	} else if (netif_running(q->net->dev)) {
		if (!skb)
			skb = xg_net_xdp_run(q);
		if (skb)
			deliver(q, skb);
		skb = NULL;
	}
	rx->drop = false;
	q->xdp.len = 0;
	dev_kfree_skb_any(skb);
}

/* One answer. 0, or -errno: the backend is not to be trusted any further. */
static int take_slot(struct xg_net_queue *q, u16 id,
		     const struct xen_netif_rx_response *rsp)
{
	struct xg_net_rx_side *rx = &q->rx;
	struct xg_net_part part;
	int err;

	err = xg_net_rx_next(&rx->chain, rsp, id, &part);
	if (err)
		return err;
	if (part.len && !rx->drop && !rx->chain.bad)
		err = add_part(q, &rx->buf[id], &part);
	return err;
}

/**
 * xg_net_rx_poll() - take what has come
 * @q: the queue
 * @budget: so many packets at most
 *
 * The ring is the backend's memory: copy, check, act.
 *
 * Context: NAPI.
 * Return: how many packets; the queue may be dead now.
 */
int xg_net_rx_poll(struct xg_net_queue *q, int budget)
{
	struct xg_net_rx_side *rx = &q->rx;
	struct xen_netif_rx_response rsp;
	bool found = false;
	int count = 0;
	int err = 0;
	u16 id;

	while (count < budget && !READ_ONCE(q->dead)) {
		id = rx->ring.rsp_cons & (rx->ring.slots - 1);
		err = xg_ring_take(&rx->ring, &rsp);
		if (err <= 0)
			break;
		found = true;
		err = take_slot(q, id, &rsp);
		if (err)
			break;
		if (!xg_net_rx_complete(&rx->chain))
			continue;
		finish(q);
		count++;
	}
	if (err < 0) {
		xg_net_poison(q, err == -EBUSY ?
			      "keeps the page of a packet it has sent" :
			      "broke the protocol of received packets");
		return count;
	}
	if (found)
		xg_net_found(rx->event, false);
	if (budget && !READ_ONCE(q->dead))
		xg_net_rx_refill(q);
	return count;
}

/* --- life --------------------------------------------------------------------- */

/**
 * xg_net_rx_alloc() - a ring and all it needs
 * @q: the queue; NAPI is off
 *
 * Context: process.
 * Return: 0 or -errno; xg_net_rx_free() is due in either case.
 */
int xg_net_rx_alloc(struct xg_net_queue *q)
{
	struct xg_net_rx_side *rx = &q->rx;
	struct page_pool *pool;
	u32 slots;
	u32 i;
	int err;

	rx->chain = (struct xg_net_rx) {};
	rx->drop = false;
	err = xg_xenbus_alloc_ring(q->net->xdev, 0, &rx->ring_mem,
				   &rx->ring_ref);
	if (err)
		return err;
	xg_ring_init(&rx->ring, rx->ring_mem, PAGE_SIZE,
		     sizeof(struct xen_netif_rx_request),
		     sizeof(struct xen_netif_rx_response));
	slots = rx->ring.slots;
	rx->buf = kvcalloc(slots, sizeof(*rx->buf), GFP_KERNEL);
	if (!rx->buf)
		return -ENOMEM;
	err = xg_grant_pool_init(&rx->refs, slots);
	if (err)
		return err;
	for (i = 0; i < slots; i++)
		rx->buf[i].ref = xg_grant_pool_take(&rx->refs);
	pool = xg_page_pool_create(&q->napi, slots);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	rx->pool = pool;
	timer_setup(&rx->refill, refill_again, 0);
	return 0;
}

/**
 * xg_net_rx_free() - the reverse of xg_net_rx_alloc()
 * @q: the queue; NAPI is off
 *
 * Context: process.
 */
void xg_net_rx_free(struct xg_net_queue *q)
{
	struct xg_net_rx_side *rx = &q->rx;
	u32 i;

	dev_kfree_skb_any(rx->skb);
	rx->skb = NULL;
	if (rx->pool)
		del_timer_sync(&rx->refill);
	for (i = 0; rx->buf && i < rx->ring.slots; i++)
		buf_free(q, &rx->buf[i]);
	if (rx->pool)
		page_pool_destroy(rx->pool);
	xg_grant_pool_fini(&rx->refs);
	if (rx->ring_mem)
		xg_xenbus_free_ring(rx->ring_mem, 0, &rx->ring_ref);
	kvfree(rx->buf);
	rx->buf = NULL;
	rx->pool = NULL;
	rx->ring_mem = NULL;
}
