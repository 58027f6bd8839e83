// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a queue owns: its ring, its channel, its slots, its references, and the
 * pages it shares with the backend for good (for data that is copied, and for
 * indirect segments).
 *
 * Shared pages are zeroed when they are made and hold only this disk's data ever
 * after. Made as they are needed, at most as many as fit in one stack; enough for
 * one request are made beforehand, so that there is always a next one.
 * Start with xg_blk_queues_alloc(), before the handshake, and
 * xg_blk_queues_stock(), when the backend's limits are known.
 */
#define pr_fmt(fmt) "xg-blkfront: " fmt

#include <linux/mm.h>
#include <linux/slab.h>
#include <xg/hypercall.h>
#include "internal.h"

static int make_one(struct xg_blk_queue *q, struct xg_blk_stack *stack, gfp_t gfp)
{
	struct page *page;
	grant_ref_t ref;

	if (stack->made == stack->max)
		return -EBUSY;
	ref = xg_grant_pool_take(&q->refs);
	if (ref == XG_GRANT_NONE)
		return -EBUSY;
	page = alloc_page(gfp | __GFP_ZERO | __GFP_NOWARN);
	if (!page) {
		xg_grant_pool_give(&q->refs, ref);
		return -ENOMEM;
	}
	xg_grant_set(ref, q->blk->xdev->peer, page, 0);
	stack->items[stack->free++] = (struct xg_blk_shared){ page, ref };
	stack->made++;
	return 0;
}

/**
 * xg_blk_shared_make() - have so many pages on a stack
 * @q: the queue, locked unless nobody uses it yet
 * @stack: of its stacks
 * @want: how many
 * @gfp: for those that are missing
 *
 * Return: 0; -EBUSY where requests under way have them; -ENOMEM.
 */
int xg_blk_shared_make(struct xg_blk_queue *q, struct xg_blk_stack *stack,
		       unsigned int want, gfp_t gfp)
{
	int err = 0;

	while (!err && stack->free < want)
		err = make_one(q, stack, gfp);
	/* Pages may be short for a moment; those in use come back for certain. */
	if (err == -ENOMEM && stack->free < stack->made)
		err = -EBUSY;
	return err;
}

static int stack_init(struct xg_blk_stack *stack, unsigned int max)
{
	stack->items = kvcalloc(max, sizeof(*stack->items), GFP_KERNEL);
	if (!stack->items)
		return -ENOMEM;
	stack->max = max;
	return 0;
}

/* The pages go when the backend lets go of them; their references with them. */
static void stack_fini(struct xg_blk_stack *stack)
{
	while (stack->free) {
		stack->free--;
		xg_grant_end_page(stack->items[stack->free].ref,
				  stack->items[stack->free].page);
	}
	kvfree(stack->items);
	*stack = (struct xg_blk_stack){};
}

static int open_channel(struct xg_blk_queue *q)
{
	struct xg_evtchn_client client = {
		.name = q->blk->place.name,
		.handler = xg_blk_irq,
		.data = q,
		/* As blk-mq maps queues: one a CPU, or spread over them. */
		.cpu = cpu_online(q->nr) ? (int)q->nr : -1,
	};
	struct xg_evtchn *ch;

	ch = xg_evtchn_open_unbound(q->blk->xdev->peer, &client);
	if (IS_ERR(ch))
		return PTR_ERR(ch);
	WRITE_ONCE(q->ch, ch);
	return 0;
}

/* An empty one becomes one that requests may enter. */
static int queue_fill(struct xg_blk_queue *q)
{
	struct xg_blk *blk = q->blk;
	size_t bytes = PAGE_SIZE << blk->ring_order;
	u32 slots;
	int err;

	err = xg_xenbus_alloc_ring(blk->xdev, blk->ring_order, &q->ring_mem,
				   q->ring_refs);
	if (err)
		return err;
	xg_ring_init(&q->ring, q->ring_mem, bytes, sizeof(struct blkif_request),
		     sizeof(struct blkif_response));
	slots = q->ring.slots;
	q->next_slot = kcalloc(slots, sizeof(*q->next_slot), GFP_KERNEL);
	q->sent = kcalloc(slots, sizeof(*q->sent), GFP_KERNEL);
	if (!q->next_slot || !q->sent)
		return -ENOMEM;
	xg_slots_init(&q->slots, q->next_slot, slots);
	err = open_channel(q);
	if (!err)
		q->dead = false;
	return err;
}

static int make_array(struct xg_blk *blk, unsigned int nr)
{
	unsigned int i;

	blk->queues = kcalloc(nr, sizeof(*blk->queues), GFP_KERNEL);
	if (!blk->queues)
		return -ENOMEM;
	blk->max_queues = nr;
	for (i = 0; i < nr; i++) {
		blk->queues[i].blk = blk;
		blk->queues[i].nr = i;
		blk->queues[i].dead = true;
		spin_lock_init(&blk->queues[i].lock);
	}
	return 0;
}

/**
 * xg_blk_queues_alloc() - queues, with rings and channels
 * @blk: ring_order is set, nr_queues as wanted; a disk that moves has no more
 *       than it began with
 *
 * Context: process.
 * Return: 0 or -errno; xg_blk_queues_empty() and, but for a disk that moves,
 * xg_blk_queues_free() are due in either case.
 */
int xg_blk_queues_alloc(struct xg_blk *blk)
{
	unsigned int i;
	int err = 0;

	if (!blk->queues)
		err = make_array(blk, blk->nr_queues);
	blk->nr_queues = err ? 0 : min(blk->nr_queues, blk->max_queues);
	for (i = 0; !err && i < blk->nr_queues; i++)
		err = queue_fill(&blk->queues[i]);
	return err;
}

/**
 * xg_blk_queues_share() - how many pages each queue may have in flight
 * @blk: its queue_pages are set
 *
 * A disk takes no more than a quarter of the references that are left, so that
 * the next one finds some, however many there are.
 *
 * Context: any.
 */
void xg_blk_queues_share(struct xg_blk *blk)
{
	struct xg_grant_stats stats;
	unsigned int refs;

	xg_grant_get_stats(&stats);
	refs = stats.frames_max * (PAGE_SIZE / sizeof(struct grant_entry_v1));
	refs -= min(refs, stats.in_use);
	blk->queue_pages = min(XG_BLK_PAGES, refs / 4) / blk->nr_queues;
}

/*
 * References: as many as we would like for data, or fewer, but enough for one
 * request; and @more for pages that keep theirs.
 */
static int take_refs(struct xg_blk_queue *q, unsigned int *pages,
		     unsigned int least, unsigned int more)
{
	int err;

	for (;;) {
		err = xg_grant_pool_init(&q->refs, *pages + more);
		if (err != -ENOSPC || *pages == least)
			return err;
		*pages = max(*pages / 2, least);
	}
}

static int queue_stock(struct xg_blk_queue *q)
{
	struct xg_blk *blk = q->blk;
	unsigned int segs = blk->limits.segments;
	unsigned int sheets = 0;
	unsigned int shared;
	unsigned int pages;
	int err;

	pages = clamp(blk->queue_pages, segs, segs * q->ring.slots);
	/* For no more requests than have pages. */
	if (segs > BLKIF_MAX_SEGMENTS_PER_REQUEST)
		sheets = min3(XG_BLK_SHEETS, q->ring.slots,
			      pages / BLKIF_MAX_SEGMENTS_PER_REQUEST);
	/* Where we grant in place, a page or two in a request may need copying. */
	shared = blk->copy ? 0 : segs;
	err = take_refs(q, &pages, segs, sheets + shared);
	if (err)
		return err;
	err = stack_init(&q->pages, shared ?: pages);
	if (err)
		return err;
	err = stack_init(&q->sheets, max(sheets, 1u));
	if (err)
		return err;
	err = xg_blk_shared_make(q, &q->sheets, !!sheets, GFP_KERNEL);
	if (err || !blk->copy)
		return err;
	return xg_blk_shared_make(q, &q->pages, segs, GFP_KERNEL);
}

/**
 * xg_blk_queues_stock() - what requests will need
 * @blk: limits and copy are set
 *
 * Context: process.
 * Return: 0 or -errno; then xg_blk_queues_unstock() is due, sooner or later.
 */
int xg_blk_queues_stock(struct xg_blk *blk)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < blk->nr_queues; i++)
		err = queue_stock(&blk->queues[i]);
	return err;
}

/**
 * xg_blk_queues_unstock() - give back what xg_blk_queues_stock() took
 * @blk: no request is under way
 *
 * Context: process.
 */
void xg_blk_queues_unstock(struct xg_blk *blk)
{
	unsigned int i;

	for (i = 0; i < blk->nr_queues; i++) {
		stack_fini(&blk->queues[i].pages);
		stack_fini(&blk->queues[i].sheets);
		xg_grant_pool_fini(&blk->queues[i].refs);
	}
}

/**
 * xg_blk_queues_bound() - is the backend still at the other end of every channel?
 * @blk: has been connected, so it once was
 *
 * A backend that dies without a word to the store, as a killed process does,
 * leaves its end of the channels closed.
 *
 * Context: process; not with xg_blk_queues_close().
 * Return: false where an end is closed for certain.
 */
bool xg_blk_queues_bound(struct xg_blk *blk)
{
	struct evtchn_status op;
	unsigned int i;

	for (i = 0; i < blk->nr_queues; i++) {
		if (!blk->queues[i].ch)
			continue;
		op = (struct evtchn_status){
			.dom = DOMID_SELF,
			.port = xg_evtchn_port(blk->queues[i].ch),
		};
		if (!xg_event_channel_op(EVTCHNOP_status, &op) &&
		    op.status == EVTCHNSTAT_unbound)
			return false;
	}
	return true;
}

/**
 * xg_blk_queues_close() - no more interrupts
 * @blk: the disk; no request is under way
 */
void xg_blk_queues_close(struct xg_blk *blk)
{
	unsigned int i;

	for (i = 0; i < blk->nr_queues; i++) {
		struct xg_blk_queue *q = &blk->queues[i];

		/* Who is late, as a timeout is, does not use what goes now. */
		spin_lock_irq(&q->lock);
		q->dead = true;
		spin_unlock_irq(&q->lock);
		xg_evtchn_close(q->ch);
		q->ch = NULL;
	}
}

/**
 * xg_blk_queues_empty() - rings, pages and references go, the queues stay
 * @blk: closed; the backend should have let go by now
 *
 * Context: process.
 */
void xg_blk_queues_empty(struct xg_blk *blk)
{
	unsigned int i;

	xg_blk_queues_unstock(blk);
	for (i = 0; i < blk->nr_queues; i++) {
		struct xg_blk_queue *q = &blk->queues[i];

		if (q->ring_mem)
			xg_xenbus_free_ring(q->ring_mem, blk->ring_order,
					    q->ring_refs);
		spin_lock_irq(&q->lock);
		q->dead = true;
		q->ring_mem = NULL;
		q->slots = (struct xg_slots){};
		spin_unlock_irq(&q->lock);
		kfree(q->next_slot);
		kfree(q->sent);
		q->next_slot = NULL;
		q->sent = NULL;
	}
}

/**
 * xg_blk_queues_free() - the queues go, too
 * @blk: empty; no disk uses them
 *
 * Context: process.
 */
void xg_blk_queues_free(struct xg_blk *blk)
{
	kfree(blk->queues);
	blk->queues = NULL;
	blk->nr_queues = 0;
}
