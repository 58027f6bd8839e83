// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP: a program sees every packet before the stack does. Down from rx.c:
 * xg_net_xdp_add() for each part, xg_net_xdp_run() for the packet, and
 * xg_net_xdp_flush() when NAPI is through. In from other interfaces:
 * xg_net_xdp_xmit().
 *
 * A packet is copied, once, to a page no backend reaches. What a program has
 * judged cannot change any more, then; it has all of XDP's headroom, whatever the
 * backend, and one piece, in however many slots it came. The page behind the slot
 * stays where it is. To take that one instead would save the copy, and cost a grant
 * cleared and one set, and a page to be wiped before it is granted again: frames
 * and skbs leave the kernel's own pointers at both of its ends. Of a packet that
 * goes no further than here the next one gets the page.
 *
 * So netif's "xdp-headroom" is not asked for: it takes one slot more for every
 * packet, and Linux's backend counts the headroom as data.
 *
 * With a program the connection is made anew, and the backend told to send nothing
 * large and no checksum left blank. What is large all the same is dropped; what is
 * blank is shown to the program and can pass, but not leave for another wire.
 *
 * Frames go out by copy as well (xg_net_tx_frame()). Locking: the receive side is
 * NAPI's; @prog is changed under rtnl and used under RCU, as NAPI's.
 */
#define pr_fmt(fmt) "xg-netfront: " fmt

#include <linux/bpf_trace.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include "internal.h"

/* --- packets in ---------------------------------------------------------------- */

/**
 * xg_net_xdp_add() - a part of the chain's packet is there
 * @q: the queue
 * @data: the part, in memory the backend may write to meanwhile
 * @len: bytes, within a page
 *
 * Context: NAPI.
 * Return: false where the packet has to be dropped.
 */
bool xg_net_xdp_add(struct xg_net_queue *q, const void *data, unsigned int len)
{
	struct xg_net_xdp *xdp = &q->xdp;

	if (!xdp->page)
		xdp->page = page_pool_alloc_pages(xdp->pool,
						  GFP_ATOMIC | __GFP_NOWARN);
	if (!xdp->page)
		return false;
	if (xdp->len + len > XG_NET_XDP_LEN) {
		q->rx.stats.xdp_large++;
		return false;
	}
	memcpy(page_address(xdp->page) + XDP_PACKET_HEADROOM + xdp->len, data,
	       len);
	xdp->len += len;
	return true;
}

/* The page becomes the packet. */
static struct sk_buff *make_skb(struct xg_net_queue *q, struct xdp_buff *xdp)
{
	struct sk_buff *skb = napi_build_skb(xdp->data_hard_start, PAGE_SIZE);
	unsigned int meta = xdp->data - xdp->data_meta;

	if (!skb) {
		q->rx.stats.drops++;
		return NULL;
	}
	q->xdp.page = NULL;
	skb_mark_for_recycle(skb);
	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	skb_put(skb, xdp->data_end - xdp->data);
	if (meta)
		skb_metadata_set(skb, meta);
	return skb;
}

/* Back through the queue it came by, whose CPU this is. */
static bool bounce(struct xg_net_queue *q, struct xdp_buff *xdp)
{
	if (xg_net_tx_frame(q, xdp->data, xdp->data_end - xdp->data))
		return false;
	q->xdp.sent = true;
	q->rx.stats.xdp_tx++;
	return true;
}

/* To another interface, CPU or socket. */
static bool redirect(struct xg_net_queue *q, struct xdp_buff *xdp,
		     struct bpf_prog *prog)
{
	/* Where there are many targets some may have it, and one has failed. */
	q->xdp.redirected = true;
	if (xdp_do_redirect(q->net->dev, xdp, prog))
		return false;
	q->xdp.page = NULL;
	q->rx.stats.xdp_redirects++;
	return true;
}

/* Do what the program says; the skb where that is to let it pass. */
static struct sk_buff *judge(struct xg_net_queue *q, struct xdp_buff *xdp,
			     struct bpf_prog *prog)
{
	bool blank = q->rx.chain.flags & XEN_NETRXF_csum_blank;
	struct xg_net_rx_stats *stats = &q->rx.stats;
	u32 act = bpf_prog_run_xdp(prog, xdp);

	switch (act) {
	case XDP_PASS:
		stats->xdp_pass++;
		return make_skb(q, xdp);
	case XDP_DROP:
		stats->xdp_drops++;
		goto seen;
	case XDP_TX:
		if (!blank && bounce(q, xdp))
			goto seen;
		break;
	case XDP_REDIRECT:
		if (!blank && redirect(q, xdp, prog))
			goto seen;
		break;
	default:
		bpf_warn_invalid_xdp_action(q->net->dev, prog, act);
		break;
	case XDP_ABORTED:
		break;
	}
	trace_xdp_exception(q->net->dev, prog, act);
	stats->xdp_errors++;
seen:
	stats->packets++;
	stats->bytes += q->rx.chain.bytes;
	return NULL;
}

/**
 * xg_net_xdp_run() - the chain's packet is there
 * @q: the queue; all parts were added
 *
 * Context: NAPI.
 * Return: what is to go to the stack, or NULL, and all is done and counted.
 */
struct sk_buff *xg_net_xdp_run(struct xg_net_queue *q)
{
	struct bpf_prog *prog = rcu_dereference_bh(q->net->prog);
	struct xdp_buff xdp;

	if (q->rx.chain.gso.type != XEN_NETIF_GSO_TYPE_NONE) {
		q->rx.stats.xdp_large++;
		q->rx.stats.drops++;
		return NULL;
	}
	if (q->xdp.len < ETH_HLEN) {
		q->rx.stats.errors++;
		return NULL;
	}
	xdp_init_buff(&xdp, PAGE_SIZE, &q->xdp.rxq);
	xdp_prepare_buff(&xdp, page_address(q->xdp.page), XDP_PACKET_HEADROOM,
			 q->xdp.len, true);
	/* It may have gone since the packet's first part. */
	return prog ? judge(q, &xdp, prog) : make_skb(q, &xdp);
}

/**
 * xg_net_xdp_flush() - what was redirected or sent goes now
 * @q: the queue
 *
 * Context: NAPI, at its end.
 */
void xg_net_xdp_flush(struct xg_net_queue *q)
{
	if (q->xdp.redirected)
		xdp_do_flush();
	if (q->xdp.sent)
		xg_net_tx_flush(q);
	q->xdp.redirected = false;
	q->xdp.sent = false;
}

/* --- frames out ---------------------------------------------------------------- */

/**
 * xg_net_xdp_xmit() - send frames of other interfaces
 * @dev: the interface
 * @nr: how many
 * @frames: each is ours when it was sent, and stays the caller's when not
 * @flags: XDP_XMIT_FLUSH
 *
 * Through the queue whose events come to this CPU, as the stack does.
 *
 * Context: softirq; a queue's channels are closed after all who run in it.
 * Return: how many of them were sent, the first ones; -EINVAL.
 */
int xg_net_xdp_xmit(struct net_device *dev, int nr, struct xdp_frame **frames,
		    u32 flags)
{
	struct xg_net *net = netdev_priv(dev);
	struct xg_net_queue *q;
	int sent;

	if (flags & ~XDP_XMIT_FLAGS_MASK)
		return -EINVAL;
	q = &net->queues[smp_processor_id() % READ_ONCE(dev->real_num_tx_queues)];
	for (sent = 0; sent < nr; sent++) {
		struct xdp_frame *frame = frames[sent];

		if (xdp_frame_has_frags(frame) ||
		    xg_net_tx_frame(q, frame->data, frame->len))
			break;
		xdp_return_frame(frame);
	}
	if (flags & XDP_XMIT_FLUSH)
		xg_net_tx_flush(q);
	return sent;
}

/* --- programs ------------------------------------------------------------------ */

/*
 * From now on every packet is shown to @prog; NULL: to none. Its reference is
 * ours.
 */
static int set_prog(struct xg_net *net, struct bpf_prog *prog,
		    struct netlink_ext_ack *extack)
{
	struct bpf_prog *old = rtnl_dereference(net->prog);

	if (prog && net->dev->mtu > XG_NET_XDP_MTU) {
		NL_SET_ERR_MSG_MOD(extack,
				   "a frame of this MTU is too large for XDP, which has one page for it and its headroom");
		return -EINVAL;
	}
	rcu_assign_pointer(net->prog, prog);
	if (old)
		bpf_prog_put(old);
	if (!old != !prog)
		schedule_work(&net->renew);
	return 0;
}

/* The stack's call; under rtnl. */
int xg_net_bpf(struct net_device *dev, struct netdev_bpf *bpf)
{
	if (bpf->command != XDP_SETUP_PROG)
		return -EINVAL;
	return set_prog(netdev_priv(dev), bpf->prog, bpf->extack);
}

/* --- life ---------------------------------------------------------------------- */

/**
 * xg_net_xdp_alloc() - all that a program would need, should one come
 * @q: the queue; NAPI is off
 *
 * That is next to nothing without one: the pool has no pages yet.
 *
 * Context: process.
 * Return: 0 or -errno; xg_net_xdp_free() is due in either case.
 */
int xg_net_xdp_alloc(struct xg_net_queue *q)
{
	struct xg_net_xdp *xdp = &q->xdp;
	struct page_pool *pool;
	int err;

	pool = xg_page_pool_create(&q->napi, XG_NET_RING_SLOTS);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	xdp->pool = pool;
	err = xdp_rxq_info_reg(&xdp->rxq, q->net->dev, q->nr, q->napi.napi_id);
	if (err)
		return err;
	/* Frames that went elsewhere come back to the pool. */
	return xdp_rxq_info_reg_mem_model(&xdp->rxq, MEM_TYPE_PAGE_POOL, pool);
}

/**
 * xg_net_xdp_free() - the reverse of xg_net_xdp_alloc()
 * @q: the queue; NAPI is off
 *
 * The kernel waits for pages that are elsewhere.
 *
 * Context: process.
 */
void xg_net_xdp_free(struct xg_net_queue *q)
{
	struct xg_net_xdp *xdp = &q->xdp;

	if (xdp->page)
		page_pool_put_full_page(xdp->pool, xdp->page, false);
	if (xdp_rxq_info_is_reg(&xdp->rxq))
		xdp_rxq_info_unreg(&xdp->rxq);
	if (xdp->pool)
		page_pool_destroy(xdp->pool);
	*xdp = (struct xg_net_xdp) {};
}
