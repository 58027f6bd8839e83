// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Responses of any content; and no request leaves us with a bad segment. */
#include <xg/proto/blk.h>

#include "fuzz.h"

static void fuzz_response(struct script *s)
{
	struct blkif_response rsp;
	u8 op = next(s, 1) % 8;
	int ret;

	rsp.id = next(s, 8);
	rsp.operation = next(s, 1);
	rsp.status = next(s, 1) & 7 ? (s8)next(s, 1) : (s16)next(s, 2);
	ret = xg_blk_check_response(&rsp, op);
	must(ret == 0 || ret == -EIO || ret == -EOPNOTSUPP || ret == -EPROTO);
	if (rsp.operation != op && rsp.operation != BLKIF_OP_INDIRECT)
		must(ret == -EPROTO);
	must(ret != 0 || rsp.status == BLKIF_RSP_OKAY);
}

static void fuzz_request(struct script *s)
{
	struct xg_blk_seg segs[16];
	struct blkif_request req;
	unsigned int nr = next(s, 1) % 16;
	u8 op = next(s, 1) % 8;
	unsigned int i;

	for (i = 0; i < nr; i++)
		segs[i] = (struct xg_blk_seg) {
			next(s, 4), next(s, 1) % 16, next(s, 1) % 16
		};
	if (xg_blk_put_rw(&req, op, next(s, 8), 0, next(s, 8), segs, nr))
		return;
	must(op <= BLKIF_OP_WRITE_BARRIER && req.operation == op);
	must(nr <= 11 && req.u.rw.nr_segments == nr);
	must(nr || op == BLKIF_OP_WRITE_BARRIER);
	for (i = 0; i < nr; i++)
		must(req.u.rw.seg[i].first_sect <= req.u.rw.seg[i].last_sect &&
		     req.u.rw.seg[i].last_sect < XG_BLK_PAGE_SECTORS &&
		     req.u.rw.seg[i].gref == segs[i].gref);
}

static void fuzz_indirect(struct script *s)
{
	unsigned int nr = next(s, 2), pages = next(s, 1) % 12;
	struct blkif_request req;
	u32 *grefs = calloc(pages + 1, sizeof(*grefs));
	u8 op = next(s, 1) % 8;

	if (!xg_blk_put_indirect(&req, op, 1, 0, 0, nr, grefs, pages)) {
		must(op <= BLKIF_OP_WRITE && pages <= 8);
		must(nr && pages == (nr + 511) / 512);
	}
	free(grefs);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct script script = { data, size };

	while (script.left) {
		fuzz_response(&script);
		fuzz_request(&script);
		fuzz_indirect(&script);
	}
	return 0;
}
