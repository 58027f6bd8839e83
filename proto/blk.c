// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * blkif on the wire: requests are built whole in our own memory (no byte of ours
 * leaks through padding), responses are judged from our own copy.
 *
 * No locking, no state. Start with xg_blk_put_rw() and xg_blk_check_response().
 */
#include <xg/proto/blk.h>

static_assert(sizeof(struct blkif_request) == 112);
static_assert(sizeof(struct blkif_response) == 16);
static_assert(sizeof(struct blkif_request_segment) == 8);
static_assert(offsetof(struct blkif_request, u.rw.id) == 8);
static_assert(offsetof(struct blkif_request, u.rw.seg) == 24);
static_assert(offsetof(struct blkif_request, u.discard.id) == 8);
static_assert(offsetof(struct blkif_request, u.discard.nr_sectors) == 24);
static_assert(offsetof(struct blkif_request, u.indirect.id) == 8);
static_assert(offsetof(struct blkif_request, u.indirect.indirect_grefs) == 28);

static bool seg_ok(const struct xg_blk_seg *seg)
{
	return seg->first <= seg->last && seg->last < XG_BLK_PAGE_SECTORS;
}

/**
 * xg_blk_put_segment() - encode one segment
 * @entry: an entry of a request or of an indirect page; all its bytes are written
 * @seg: the run of sectors
 *
 * Context: Any.
 * Return: 0, or -EINVAL where the run is empty or leaves its page; @entry is
 *         then untouched.
 */
int xg_blk_put_segment(struct blkif_request_segment *entry,
		       const struct xg_blk_seg *seg)
{
	if (!seg_ok(seg))
		return -EINVAL;
	memset(entry, 0, sizeof(*entry));
	entry->gref = seg->gref;
	entry->first_sect = seg->first;
	entry->last_sect = seg->last;
	return 0;
}
EXPORT_SYMBOL_GPL(xg_blk_put_segment);

/**
 * xg_blk_put_rw() - encode a read, write or barrier with its segments in place
 * @req: the request; all its bytes are written, unless -EINVAL is returned
 * @op: BLKIF_OP_READ, BLKIF_OP_WRITE or BLKIF_OP_WRITE_BARRIER
 * @id: comes back in the response
 * @handle: the virtual device
 * @sector: first sector on the disk, in 512 bytes
 * @segs: the segments
 * @nr: how many, at most BLKIF_MAX_SEGMENTS_PER_REQUEST; 0 for an empty barrier
 *
 * Context: Any.
 * Return: 0 or -EINVAL.
 */
int xg_blk_put_rw(struct blkif_request *req, u8 op, u64 id, u16 handle,
		  u64 sector, const struct xg_blk_seg *segs, unsigned int nr)
{
	struct blkif_request_segment entry;
	unsigned int i;

	if (op > BLKIF_OP_WRITE_BARRIER || nr > BLKIF_MAX_SEGMENTS_PER_REQUEST)
		return -EINVAL;
	if (!nr && op != BLKIF_OP_WRITE_BARRIER)
		return -EINVAL;
	for (i = 0; i < nr; i++)
		if (!seg_ok(&segs[i]))
			return -EINVAL;

	memset(req, 0, sizeof(*req));
	req->operation = op;
	req->u.rw.nr_segments = nr;
	req->u.rw.handle = handle;
	req->u.rw.id = id;
	req->u.rw.sector_number = sector;
	for (i = 0; i < nr; i++) {
		/* Apart, because the request's own entries are packed. */
		xg_blk_put_segment(&entry, &segs[i]);
		req->u.rw.seg[i] = entry;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(xg_blk_put_rw);

/**
 * xg_blk_put_indirect() - encode a read or write whose segments are in pages
 * @req: the request; all its bytes are written, unless -EINVAL is returned
 * @op: BLKIF_OP_READ or BLKIF_OP_WRITE
 * @id: comes back in the response
 * @handle: the virtual device
 * @sector: first sector on the disk, in 512 bytes
 * @nr: how many segments the pages hold, at least one
 * @pages: the pages' grants
 * @nr_pages: just as many as @nr segments need, at most
 *            BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST
 *
 * The pages are filled before, with xg_blk_put_segment().
 *
 * Context: Any.
 * Return: 0 or -EINVAL.
 */
int xg_blk_put_indirect(struct blkif_request *req, u8 op, u64 id, u16 handle,
			u64 sector, unsigned int nr, const u32 *pages,
			unsigned int nr_pages)
{
	unsigned int i;

	if (op > BLKIF_OP_WRITE || !nr_pages ||
	    nr_pages > BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST ||
	    nr > nr_pages * XG_BLK_INDIRECT_PER_PAGE ||
	    nr <= (nr_pages - 1) * XG_BLK_INDIRECT_PER_PAGE)
		return -EINVAL;

	memset(req, 0, sizeof(*req));
	req->operation = BLKIF_OP_INDIRECT;
	req->u.indirect.indirect_op = op;
	req->u.indirect.nr_segments = nr;
	req->u.indirect.id = id;
	req->u.indirect.sector_number = sector;
	req->u.indirect.handle = handle;
	for (i = 0; i < nr_pages; i++)
		req->u.indirect.indirect_grefs[i] = pages[i];
	return 0;
}
EXPORT_SYMBOL_GPL(xg_blk_put_indirect);

/**
 * xg_blk_put_flush() - encode a flush of the disk's cache
 * @req: the request; all its bytes are written
 * @id: comes back in the response
 * @handle: the virtual device
 *
 * Context: Any.
 */
void xg_blk_put_flush(struct blkif_request *req, u64 id, u16 handle)
{
	memset(req, 0, sizeof(*req));
	req->operation = BLKIF_OP_FLUSH_DISKCACHE;
	req->u.rw.handle = handle;
	req->u.rw.id = id;
}
EXPORT_SYMBOL_GPL(xg_blk_put_flush);

/**
 * xg_blk_put_discard() - encode a discard
 * @req: the request; all its bytes are written, unless -EINVAL is returned
 * @id: comes back in the response
 * @handle: the virtual device
 * @sector: first sector on the disk, in 512 bytes
 * @nr_sectors: how many, at least one
 * @secure: copies that the device keeps go too
 *
 * Context: Any.
 * Return: 0, or -EINVAL for an empty range or one that wraps.
 */
int xg_blk_put_discard(struct blkif_request *req, u64 id, u16 handle, u64 sector,
		       u64 nr_sectors, bool secure)
{
	if (!nr_sectors || nr_sectors > U64_MAX - sector)
		return -EINVAL;

	memset(req, 0, sizeof(*req));
	req->operation = BLKIF_OP_DISCARD;
	req->u.discard.flag = secure ? BLKIF_DISCARD_SECURE : 0;
	req->u.discard._pad1 = handle;	/* "handle" in Xen's own header */
	req->u.discard.id = id;
	req->u.discard.sector_number = sector;
	req->u.discard.nr_sectors = nr_sectors;
	return 0;
}
EXPORT_SYMBOL_GPL(xg_blk_put_discard);

/**
 * xg_blk_check_response() - judge a response
 * @rsp: our own copy of it; its id was accepted by the slot table
 * @op: the operation asked for; of an indirect request the one within
 *
 * Backends answer an indirect request with the operation within or, as the
 * header says, with what the request held: both are right.
 *
 * Context: Any.
 * Return: 0 done; -EIO failed; -EOPNOTSUPP the peer does not know the operation;
 *         -EPROTO this is no answer to @op: give the ring up.
 */
int xg_blk_check_response(const struct blkif_response *rsp, u8 op)
{
	bool indirect = rsp->operation == BLKIF_OP_INDIRECT &&
			(op == BLKIF_OP_READ || op == BLKIF_OP_WRITE);

	if (rsp->operation != op && !indirect)
		return -EPROTO;

	switch (rsp->status) {
	case BLKIF_RSP_OKAY:
		return 0;
	case BLKIF_RSP_ERROR:
		return -EIO;
	case BLKIF_RSP_EOPNOTSUPP:
		return -EOPNOTSUPP;
	default:
		return -EPROTO;
	}
}
EXPORT_SYMBOL_GPL(xg_blk_check_response);
