// SPDX-License-Identifier: GPL-2.0-only
/*
 * A request's pages and the backend: which sectors of which pages, how the
 * backend reaches them, and how they are taken back.
 *
 * A page is granted where it lies, for as long as the request runs, or its data
 * is copied to or from a page that is shared for good. We copy for a backend that
 * keeps its mappings (feature-persistent), for one that is not trusted (shared
 * pages hold nothing but this disk's data), and a page that is not a whole page
 * of its own, such as a slab's.
 *
 * What a request takes it takes under the queue's lock; the work on its pages is
 * done outside. In order: split, take, share, encode; unshare, give.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include "internal.h"

/* May it be held back from its owner, should the backend not let go of it? */
static bool stands_alone(struct page *page)
{
	return !PageSlab(page) && page_count(page) > 0;
}

/**
 * xg_blk_split() - the pieces of a request, each within one page
 * @q: where it will go
 * @req: a read or write, or one without data
 *
 * Return: 0; -EINVAL for what the queue's limits should have kept away.
 */
int xg_blk_split(struct xg_blk_queue *q, struct request *req)
{
	struct xg_blk_cmd *cmd = blk_mq_rq_to_pdu(req);
	struct xg_blk_piece *piece = NULL;
	struct req_iterator iter;
	struct bio_vec bv;

	cmd->nr = 0;
	cmd->nr_copied = 0;
	cmd->sheet.page = NULL;
	if (req_op(req) != REQ_OP_READ && req_op(req) != REQ_OP_WRITE)
		return 0;

	rq_for_each_segment(bv, req, iter) {
		u8 first = bv.bv_offset >> SECTOR_SHIFT;
		u8 last = (bv.bv_offset + bv.bv_len - 1) >> SECTOR_SHIFT;

		if (!bv.bv_len || (bv.bv_offset | bv.bv_len) & (SECTOR_SIZE - 1))
			return -EINVAL;
		/* What lies side by side is one piece, as the limits count. */
		if (piece && piece->page == bv.bv_page && piece->last + 1 == first) {
			piece->last = last;
			continue;
		}
		if (cmd->nr == q->blk->limits.segments)
			return -EINVAL;
		piece = &cmd->pieces[cmd->nr++];
		piece->page = bv.bv_page;
		piece->first = first;
		piece->last = last;
		piece->copied = q->blk->copy || !stands_alone(bv.bv_page);
		cmd->nr_copied += piece->copied;
	}
	return 0;
}

/**
 * xg_blk_take_pages() - what the pieces need: references and shared pages
 * @q: the queue, locked
 * @cmd: split
 *
 * Return: 0; -EBUSY: requests under way have them; -ENOMEM. Nothing is taken
 * then.
 */
int xg_blk_take_pages(struct xg_blk_queue *q, struct xg_blk_cmd *cmd)
{
	unsigned int sheets = cmd->nr > BLKIF_MAX_SEGMENTS_PER_REQUEST;
	unsigned int i;
	int err;

	err = xg_blk_shared_make(q, &q->sheets, sheets, GFP_ATOMIC);
	if (err)
		return err;
	err = xg_blk_shared_make(q, &q->pages, cmd->nr_copied, GFP_ATOMIC);
	if (err)
		return err;
	if (q->refs.free < cmd->nr - cmd->nr_copied)
		return -EBUSY;

	if (sheets)
		cmd->sheet = q->sheets.items[--q->sheets.free];
	for (i = 0; i < cmd->nr; i++) {
		struct xg_blk_piece *piece = &cmd->pieces[i];

		if (piece->copied) {
			struct xg_blk_shared *shared =
				&q->pages.items[--q->pages.free];

			piece->page = shared->page;
			piece->ref = shared->ref;
		} else {
			piece->ref = xg_grant_pool_take(&q->refs);
		}
	}
	return 0;
}

/**
 * xg_blk_give_pages() - the reverse of xg_blk_take_pages()
 * @q: the queue, locked
 * @cmd: its pieces grant nothing any more, or never did
 */
void xg_blk_give_pages(struct xg_blk_queue *q, struct xg_blk_cmd *cmd)
{
	unsigned int i;

	for (i = 0; i < cmd->nr; i++) {
		struct xg_blk_piece *piece = &cmd->pieces[i];

		if (piece->copied)
			q->pages.items[q->pages.free++] =
				(struct xg_blk_shared){ piece->page, piece->ref };
		else if (piece->ref != XG_GRANT_NONE)
			xg_grant_pool_give(&q->refs, piece->ref);
	}
	if (cmd->sheet.page)
		q->sheets.items[q->sheets.free++] = cmd->sheet;
	cmd->nr = 0;
	cmd->sheet.page = NULL;
}

/* Copy the pieces that are copied, from the request or to it. */
static void copy_pieces(struct request *req, bool to_request)
{
	struct xg_blk_cmd *cmd = blk_mq_rq_to_pdu(req);
	struct xg_blk_piece *piece = cmd->pieces;
	struct req_iterator iter;
	struct bio_vec bv;
	unsigned int at = piece->first << SECTOR_SHIFT;

	/* A piece is one or more whole segments: split() made them. */
	rq_for_each_segment(bv, req, iter) {
		if (at >> SECTOR_SHIFT > piece->last) {
			piece++;
			at = piece->first << SECTOR_SHIFT;
		}
		if (piece->copied && to_request)
			memcpy_page(bv.bv_page, bv.bv_offset, piece->page, at,
				    bv.bv_len);
		else if (piece->copied)
			memcpy_page(piece->page, at, bv.bv_page, bv.bv_offset,
				    bv.bv_len);
		at += bv.bv_len;
	}
}

/**
 * xg_blk_share() - let the backend reach the request's data
 * @q: the queue, not locked
 * @req: has taken its pages
 */
void xg_blk_share(struct xg_blk_queue *q, struct request *req)
{
	struct xg_blk_cmd *cmd = blk_mq_rq_to_pdu(req);
	unsigned int flags = rq_data_dir(req) == WRITE ? XG_GRANT_RO : 0;
	unsigned int i;

	if (cmd->nr_copied && rq_data_dir(req) == WRITE)
		copy_pieces(req, false);
	if (cmd->nr_copied == cmd->nr)
		return;
	for (i = 0; i < cmd->nr; i++)
		if (!cmd->pieces[i].copied)
			xg_grant_set(cmd->pieces[i].ref, q->blk->xdev->peer,
				     cmd->pieces[i].page, flags);
}

/**
 * xg_blk_unshare() - take the request's pages back
 * @req: answered, or given up
 *
 * A page that the backend still has mapped is given up with its reference: the
 * page gets one more count, which the grant layer drops when the backend lets
 * go, so that it cannot become anything else before.
 *
 * Return: false where there is such a page.
 */
bool xg_blk_unshare(struct request *req)
{
	struct xg_blk_cmd *cmd = blk_mq_rq_to_pdu(req);
	bool clean = true;
	unsigned int i;

	if (cmd->nr_copied && rq_data_dir(req) == READ &&
	    cmd->status == BLK_STS_OK)
		copy_pieces(req, true);
	if (cmd->nr_copied == cmd->nr)
		return true;
	for (i = 0; i < cmd->nr; i++) {
		struct xg_blk_piece *piece = &cmd->pieces[i];

		if (piece->copied || !xg_grant_clear(piece->ref))
			continue;
		get_page(piece->page);
		xg_grant_abandon_page(piece->ref, piece->page);
		piece->ref = XG_GRANT_NONE;
		clean = false;
	}
	return clean;
}

static struct xg_blk_seg seg_of(const struct xg_blk_piece *piece)
{
	return (struct xg_blk_seg){ piece->ref, piece->first, piece->last };
}

static int encode_indirect(struct xg_blk_queue *q, struct request *req,
			   struct blkif_request *wire)
{
	struct xg_blk_cmd *cmd = blk_mq_rq_to_pdu(req);
	struct blkif_request_segment *entry = page_address(cmd->sheet.page);
	struct xg_blk_seg seg;
	unsigned int i;
	int err;

	/* Written only; the backend may change what we wrote, for itself. */
	for (i = 0; i < cmd->nr; i++) {
		seg = seg_of(&cmd->pieces[i]);
		err = xg_blk_put_segment(&entry[i], &seg);
		if (err)
			return err;
	}
	return xg_blk_put_indirect(wire, cmd->op, cmd->slot, q->blk->handle,
				   blk_rq_pos(req), cmd->nr, &cmd->sheet.ref, 1);
}

/**
 * xg_blk_encode() - the request as it goes onto the ring
 * @q: the queue
 * @req: shared, with a slot
 * @wire: filled in
 *
 * Return: 0, or -EINVAL for what cannot be said.
 */
int xg_blk_encode(struct xg_blk_queue *q, struct request *req,
		  struct blkif_request *wire)
{
	struct xg_blk_seg segs[BLKIF_MAX_SEGMENTS_PER_REQUEST];
	struct xg_blk_cmd *cmd = blk_mq_rq_to_pdu(req);
	u16 handle = q->blk->handle;
	unsigned int i;

	switch (cmd->op) {
	case BLKIF_OP_FLUSH_DISKCACHE:
		xg_blk_put_flush(wire, cmd->slot, handle);
		return 0;
	case BLKIF_OP_DISCARD:
		return xg_blk_put_discard(wire, cmd->slot, handle,
					  blk_rq_pos(req), blk_rq_sectors(req),
					  req_op(req) == REQ_OP_SECURE_ERASE);
	}
	if (cmd->nr > ARRAY_SIZE(segs))
		return encode_indirect(q, req, wire);
	for (i = 0; i < cmd->nr; i++)
		segs[i] = seg_of(&cmd->pieces[i]);
	/* A flush request has no position: (sector_t)-1 is no sector to name. */
	return xg_blk_put_rw(wire, cmd->op, cmd->slot, handle,
			     cmd->nr ? blk_rq_pos(req) : 0, segs, cmd->nr);
}
