// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * blkif requests byte by byte, what must not be encoded, and how responses are
 * judged. The offsets are those of Xen's blkif.h for 64-bit guests.
 */
#include <xg/proto/blk.h>

#include "kunit.h"

#define ID	0x1122334455667788ull
#define SECTOR	0x99aabbccddeeff01ull
#define HANDLE	0xca02u

static void blk_rw_layout(struct kunit *test)
{
	struct xg_blk_seg segs[BLKIF_MAX_SEGMENTS_PER_REQUEST];
	struct blkif_request req, again;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(segs); i++)
		segs[i] = (struct xg_blk_seg) { 0x1000000 + i, i % 8, 7 };
	memset(&req, 0xff, sizeof(req));
	memset(&again, 0, sizeof(again));
	KUNIT_EXPECT_EQ(test, 0, xg_blk_put_rw(&req, BLKIF_OP_WRITE, ID, HANDLE,
					       SECTOR, segs, ARRAY_SIZE(segs)));
	KUNIT_EXPECT_EQ(test, wire(&req, 0, 1), 1ull);
	KUNIT_EXPECT_EQ(test, wire(&req, 1, 1), 11ull);
	KUNIT_EXPECT_EQ(test, wire(&req, 2, 2), (u64)HANDLE);
	KUNIT_EXPECT_EQ(test, wire(&req, 8, 8), ID);
	KUNIT_EXPECT_EQ(test, wire(&req, 16, 8), SECTOR);
	for (i = 0; i < ARRAY_SIZE(segs); i++) {
		KUNIT_EXPECT_EQ(test, wire(&req, 24 + 8 * i, 4),
				0x1000000ull + i);
		KUNIT_EXPECT_EQ(test, wire(&req, 28 + 8 * i, 1), i % 8ull);
		KUNIT_EXPECT_EQ(test, wire(&req, 29 + 8 * i, 1), 7ull);
	}
	/* No byte of what was there before. */
	xg_blk_put_rw(&again, BLKIF_OP_WRITE, ID, HANDLE, SECTOR, segs,
		      ARRAY_SIZE(segs));
	KUNIT_EXPECT_EQ(test, memcmp(&req, &again, sizeof(req)), 0);
}

static void blk_rw_limits(struct kunit *test)
{
	struct xg_blk_seg segs[BLKIF_MAX_SEGMENTS_PER_REQUEST + 1] = {};
	static const struct xg_blk_seg bad[] = {
		{ 1, 0, 8 }, { 1, 8, 8 }, { 1, 3, 2 }, { 1, 0, 255 },
		{ 1, 255, 255 },
	};
	struct blkif_request_segment entry;
	struct blkif_request req;
	unsigned int i;

	for (i = 1; i <= 11; i++)
		KUNIT_EXPECT_EQ(test, 0, xg_blk_put_rw(&req, BLKIF_OP_READ, 0,
						       0, 0, segs, i));
	KUNIT_EXPECT_EQ(test, -EINVAL, xg_blk_put_rw(&req, BLKIF_OP_READ, 0, 0,
						     0, segs, 12));
	KUNIT_EXPECT_EQ(test, -EINVAL, xg_blk_put_rw(&req, BLKIF_OP_READ, 0, 0,
						     0, segs, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, xg_blk_put_rw(&req, BLKIF_OP_WRITE, 0, 0,
						     0, segs, 0));
	KUNIT_EXPECT_EQ(test, 0, xg_blk_put_rw(&req, BLKIF_OP_WRITE_BARRIER, 0,
					       0, 0, NULL, 0));
	for (i = BLKIF_OP_FLUSH_DISKCACHE; i < 256; i++)
		KUNIT_EXPECT_EQ(test, -EINVAL, xg_blk_put_rw(&req, i, 0, 0, 0,
							     segs, 1));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		segs[10] = bad[i];
		KUNIT_EXPECT_EQ(test, -EINVAL,
				xg_blk_put_rw(&req, BLKIF_OP_READ, 0, 0, 0,
					      segs, 11));
		KUNIT_EXPECT_EQ(test, -EINVAL,
				xg_blk_put_segment(&entry, &bad[i]));
	}
}

static void blk_indirect_layout(struct kunit *test)
{
	static const u32 pages[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST] = {
		11, 12, 13, 14, 15, 16, 17, 18,
	};
	struct blkif_request req, again;
	u32 i;

	memset(&req, 0xff, sizeof(req));
	memset(&again, 0, sizeof(again));
	KUNIT_EXPECT_EQ(test, 0, xg_blk_put_indirect(&req, BLKIF_OP_WRITE, ID,
						     HANDLE, SECTOR, 4096,
						     pages, 8));
	KUNIT_EXPECT_EQ(test, wire(&req, 0, 1), 6ull);
	KUNIT_EXPECT_EQ(test, wire(&req, 1, 1), 1ull);
	KUNIT_EXPECT_EQ(test, wire(&req, 2, 2), 4096ull);
	KUNIT_EXPECT_EQ(test, wire(&req, 8, 8), ID);
	KUNIT_EXPECT_EQ(test, wire(&req, 16, 8), SECTOR);
	KUNIT_EXPECT_EQ(test, wire(&req, 24, 2), (u64)HANDLE);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, wire(&req, 28 + 4 * i, 4), 11ull + i);
	xg_blk_put_indirect(&again, BLKIF_OP_WRITE, ID, HANDLE, SECTOR, 4096,
			    pages, 8);
	KUNIT_EXPECT_EQ(test, memcmp(&req, &again, sizeof(req)), 0);
}

static void blk_indirect_limits(struct kunit *test)
{
	static const struct {
		u8 op;
		unsigned int nr;
		unsigned int pages;
		int err;
	} cases[] = {
		{ BLKIF_OP_READ, 1, 1, 0 }, { BLKIF_OP_READ, 512, 1, 0 },
		{ BLKIF_OP_READ, 513, 2, 0 }, { BLKIF_OP_READ, 4096, 8, 0 },
		{ BLKIF_OP_READ, 0, 0, -EINVAL }, { BLKIF_OP_READ, 0, 1, -EINVAL },
		{ BLKIF_OP_READ, 513, 1, -EINVAL },
		{ BLKIF_OP_READ, 512, 2, -EINVAL },
		{ BLKIF_OP_READ, 1, 0, -EINVAL },
		{ BLKIF_OP_READ, 4097, 8, -EINVAL },
		{ BLKIF_OP_READ, 4097, 9, -EINVAL },
		{ BLKIF_OP_READ, ~0u, ~0u, -EINVAL },
		{ BLKIF_OP_WRITE_BARRIER, 1, 1, -EINVAL },
		{ BLKIF_OP_INDIRECT, 1, 1, -EINVAL },
	};
	static const u32 pages[9];
	struct blkif_request req;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ(test, cases[i].err,
				xg_blk_put_indirect(&req, cases[i].op, 0, 0, 0,
						    cases[i].nr, pages,
						    cases[i].pages));
}

static void blk_segment_layout(struct kunit *test)
{
	static const struct xg_blk_seg seg = { 0xdeadbeef, 2, 5 };
	struct blkif_request_segment entry;

	memset(&entry, 0xff, sizeof(entry));
	KUNIT_EXPECT_EQ(test, xg_blk_put_segment(&entry, &seg), 0);
	/* The two bytes of padding too. */
	KUNIT_EXPECT_EQ(test, wire(&entry, 0, 8), 0x00000502deadbeefull);
}

static void blk_flush_and_discard(struct kunit *test)
{
	struct blkif_request req, again;

	memset(&req, 0xff, sizeof(req));
	memset(&again, 0, sizeof(again));
	xg_blk_put_flush(&req, ID, HANDLE);
	xg_blk_put_flush(&again, ID, HANDLE);
	KUNIT_EXPECT_EQ(test, memcmp(&req, &again, sizeof(req)), 0);
	KUNIT_EXPECT_EQ(test, wire(&req, 0, 8), HANDLE << 16 | 3ull);
	KUNIT_EXPECT_EQ(test, wire(&req, 8, 8), ID);
	KUNIT_EXPECT_EQ(test, wire(&req, 16, 8), 0ull);

	memset(&req, 0xff, sizeof(req));
	KUNIT_EXPECT_EQ(test, 0, xg_blk_put_discard(&req, ID, HANDLE, SECTOR,
						    77, true));
	xg_blk_put_discard(&again, ID, HANDLE, SECTOR, 77, true);
	KUNIT_EXPECT_EQ(test, memcmp(&req, &again, sizeof(req)), 0);
	KUNIT_EXPECT_EQ(test, wire(&req, 0, 8), HANDLE << 16 | 0x105ull);
	KUNIT_EXPECT_EQ(test, wire(&req, 8, 8), ID);
	KUNIT_EXPECT_EQ(test, wire(&req, 16, 8), SECTOR);
	KUNIT_EXPECT_EQ(test, wire(&req, 24, 8), 77ull);
	KUNIT_EXPECT_EQ(test, 0, xg_blk_put_discard(&req, 0, 0, 0, 1, false));
	KUNIT_EXPECT_EQ(test, wire(&req, 0, 8), 5ull);

	KUNIT_EXPECT_EQ(test, -EINVAL,
			xg_blk_put_discard(&req, 0, 0, 5, 0, false));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			xg_blk_put_discard(&req, 0, 0, 5, U64_MAX - 4, false));
	KUNIT_EXPECT_EQ(test, 0,
			xg_blk_put_discard(&req, 0, 0, 5, U64_MAX - 5, false));
}

/* Every status, and every operation answered as every other. */
static void blk_judges_responses(struct kunit *test)
{
	struct blkif_response rsp = {};
	unsigned int asked, told;
	int status, want;

	for (status = -32768; status <= 32767; status++) {
		rsp.operation = BLKIF_OP_WRITE;
		rsp.status = status;
		want = status == 0 ? 0 : status == -1 ? -EIO :
		       status == -2 ? -EOPNOTSUPP : -EPROTO;
		KUNIT_EXPECT_EQ(test, want,
				xg_blk_check_response(&rsp, BLKIF_OP_WRITE));
	}
	rsp.status = BLKIF_RSP_OKAY;
	for (asked = 0; asked < 256; asked++)
		for (told = 0; told < 256; told++) {
			rsp.operation = told;
			want = told == asked || (told == 6 && asked < 2) ?
			       0 : -EPROTO;
			KUNIT_EXPECT_EQ(test, want,
					xg_blk_check_response(&rsp, asked));
		}
}

static struct kunit_case blk_cases[] = {
	KUNIT_CASE(blk_rw_layout),
	KUNIT_CASE(blk_rw_limits),
	KUNIT_CASE(blk_indirect_layout),
	KUNIT_CASE(blk_indirect_limits),
	KUNIT_CASE(blk_segment_layout),
	KUNIT_CASE(blk_flush_and_discard),
	KUNIT_CASE(blk_judges_responses),
	{}
};

struct kunit_suite xg_blk_suite = {
	.name = "xg-blk",
	.test_cases = blk_cases,
};
