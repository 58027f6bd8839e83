/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * blkif on the wire (xen/interface/io/blkif.h). Wire sectors are always 512
 * bytes. Requests are built in our memory and copied to the ring whole;
 * responses are copied out and checked here before anything acts on them.
 */
#ifndef XG_PROTO_BLK_H
#define XG_PROTO_BLK_H

#include <xg/proto/types.h>
#include <xg/proto/abi.h>	/* struct blkif_request, blkif_response, ... */

#define XG_BLK_SECTOR_SHIFT	9
#define XG_BLK_PAGE_SECTORS	8	/* 512-byte sectors of a 4 KiB page */

/* Segments that one indirect page describes. */
#define XG_BLK_INDIRECT_PER_PAGE \
	(4096 / sizeof(struct blkif_request_segment))

/**
 * struct xg_blk_seg - one run of sectors inside one granted page
 * @gref: the page's grant
 * @first: first sector in the page, 0 to 7
 * @last: last sector, inclusive
 */
struct xg_blk_seg {
	u32 gref;
	u8 first;
	u8 last;
};

/*
 * Build one request. @sector is in 512-byte units. @op: BLKIF_OP_READ, _WRITE,
 * _WRITE_BARRIER. 0, -EINVAL (segment outside its page, too many, none where
 * there must be one). All bytes of the request are written.
 *  _rw        up to BLKIF_MAX_SEGMENTS_PER_REQUEST segments in the slot; none
 *             only for an empty barrier
 *  _indirect  READ or WRITE; @nr segments described in @nr_pages pages, no more
 *             than they need, whose grants are @pages
 *  _flush     BLKIF_OP_FLUSH_DISKCACHE
 *  _discard   @nr_sectors from @sector; @secure sets BLKIF_DISCARD_SECURE
 */
int xg_blk_put_rw(struct blkif_request *req, u8 op, u64 id, u16 handle,
		  u64 sector, const struct xg_blk_seg *segs, unsigned int nr);
int xg_blk_put_indirect(struct blkif_request *req, u8 op, u64 id, u16 handle,
			u64 sector, unsigned int nr, const u32 *pages,
			unsigned int nr_pages);
void xg_blk_put_flush(struct blkif_request *req, u64 id, u16 handle);
int xg_blk_put_discard(struct blkif_request *req, u64 id, u16 handle, u64 sector,
		       u64 nr_sectors, bool secure);
/* One entry of an indirect page. */
int xg_blk_put_segment(struct blkif_request_segment *entry,
		       const struct xg_blk_seg *seg);

/*
 * Does @rsp, our copy of a response, answer a request of operation @op (of an
 * indirect one: the READ or WRITE within)? 0: done well; -EIO: the peer
 * reports an error; -EOPNOTSUPP: it does not know the operation; -EPROTO: the
 * answer is not one (wrong operation, unknown status), the queue is poisoned.
 */
int xg_blk_check_response(const struct blkif_response *rsp, u8 op);

#endif /* XG_PROTO_BLK_H */
