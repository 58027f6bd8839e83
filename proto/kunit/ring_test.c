// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The ring against a backend that keeps the rules and against one that does not.
 * The tests see the page through the ABI header's blkif_sring.
 */
#include <xg/proto/abi.h>
#include <xg/proto/ring.h>

#include "kunit.h"

#define RING_BYTES	4096
#define REQ_BYTES	sizeof(struct blkif_request)
#define RSP_BYTES	sizeof(struct blkif_response)
#define SLOTS		32

/* A ring, its page, and what a backend keeps. */
struct bench {
	struct xg_ring ring;
	struct blkif_sring *page;
	u32 req_cons;
	u32 seed;
};

/* A fresh ring, both sides counting from @start. */
static bool bench_init(struct kunit *test, struct bench *b, u32 start)
{
	b->page = kunit_kzalloc(test, RING_BYTES, GFP_KERNEL);
	if (!b->page)
		return false;
	xg_ring_init(&b->ring, b->page, RING_BYTES, REQ_BYTES, RSP_BYTES);
	b->ring.req_prod = start;
	b->ring.req_pub = start;
	b->ring.rsp_cons = start;
	b->ring.rsp_seen = start;
	b->page->req_prod = start;
	b->page->rsp_prod = start;
	b->page->req_event = start + 1;
	b->page->rsp_event = start + 1;
	b->req_cons = start;
	b->seed = start + 1;
	return true;
}

static int put(struct bench *b, u64 id)
{
	struct blkif_request req = { .operation = BLKIF_OP_READ };

	req.u.rw.id = id;
	return xg_ring_put(&b->ring, &req);
}

static void publish_three(struct bench *b)
{
	put(b, 0);
	put(b, 1);
	put(b, 2);
	xg_ring_publish(&b->ring);
}

/* The backend takes one request and answers it: its id; -1 for none. */
static s64 answer(struct bench *b)
{
	union blkif_sring_entry *slot = b->page->ring + b->req_cons % SLOTS;
	struct blkif_response rsp = { .status = BLKIF_RSP_OKAY };

	if (b->req_cons == b->page->req_prod)
		return -1;
	b->req_cons++;
	rsp.id = slot->req.u.rw.id;
	b->page->ring[b->page->rsp_prod % SLOTS].rsp = rsp;
	b->page->rsp_prod++;
	return rsp.id;
}

static void ring_sizes(struct kunit *test)
{
	static const struct {
		size_t bytes;
		u32 req;
		u32 rsp;
		u32 slots;
	} cases[] = {
		{ 4096, 112, 16, 32 }, { 8192, 112, 16, 64 },
		{ 65536, 112, 16, 512 }, { 4096, 12, 4, 256 },
		{ 4096, 8, 8, 256 }, { 4096, 16, 112, 32 },
		{ 64 + 112, 112, 16, 1 }, { 64 + 111, 112, 16, 0 },
		{ 64 + 3 * 112, 112, 16, 2 }, { 0, 112, 16, 0 },
		{ 4096, 0, 0, 0 }, { SIZE_MAX, 1, 1, 1u << 30 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ(test, xg_ring_slots(cases[i].bytes,
						    cases[i].req, cases[i].rsp),
				cases[i].slots);
}

static void ring_starts_empty(struct kunit *test)
{
	struct blkif_sring *page = kunit_kzalloc(test, RING_BYTES, GFP_KERNEL);
	struct blkif_response rsp;
	struct xg_ring ring;

	KUNIT_ASSERT_NOT_NULL(test, page);
	xg_ring_init(&ring, page, RING_BYTES, REQ_BYTES, RSP_BYTES);
	KUNIT_EXPECT_EQ(test, page->req_event, 1u);
	KUNIT_EXPECT_EQ(test, page->rsp_event, 1u);
	KUNIT_EXPECT_EQ(test, ring.slots, SLOTS);
	KUNIT_EXPECT_EQ(test, xg_ring_room(&ring), SLOTS);
	KUNIT_EXPECT_EQ(test, xg_ring_in_flight(&ring), 0u);
	KUNIT_EXPECT_EQ(test, xg_ring_take(&ring, &rsp), 0);
	KUNIT_EXPECT_FALSE(test, xg_ring_publish(&ring));
	KUNIT_EXPECT_EQ(test, page->req_prod, 0u);
}

/* In batches of every size, the indices passing 2^32 on their way. */
static void ring_round_trips(struct kunit *test)
{
	static const u32 starts[] = { 0, 1, 0x7ffffff0, 0xffffff00, 0xffffffff };
	struct blkif_response rsp;
	struct bench b;
	u32 i, n, id;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		KUNIT_ASSERT_TRUE(test, bench_init(test, &b, starts[i]));
		for (n = 1, id = 0; n <= SLOTS; n++, id += n) {
			u32 k;

			for (k = 0; k < n; k++)
				KUNIT_ASSERT_EQ(test, put(&b, id + k), 0);
			xg_ring_publish(&b.ring);
			KUNIT_EXPECT_EQ(test, xg_ring_in_flight(&b.ring), n);
			for (k = 0; k < n; k++)
				KUNIT_ASSERT_EQ(test, answer(&b), (s64)id + k);
			for (k = 0; k < n; k++) {
				KUNIT_ASSERT_EQ(test,
						xg_ring_take(&b.ring, &rsp), 1);
				KUNIT_EXPECT_EQ(test, rsp.id, (u64)id + k);
			}
			KUNIT_EXPECT_EQ(test, xg_ring_take(&b.ring, &rsp), 0);
		}
	}
}

static void ring_fills_up(struct kunit *test)
{
	struct blkif_response rsp;
	struct bench b;
	u32 i;

	KUNIT_ASSERT_TRUE(test, bench_init(test, &b, 0xfffffff8));
	for (i = 0; i < SLOTS; i++) {
		KUNIT_EXPECT_EQ(test, xg_ring_room(&b.ring), SLOTS - i);
		KUNIT_EXPECT_EQ(test, put(&b, i), 0);
	}
	KUNIT_EXPECT_EQ(test, put(&b, 99), -ENOSPC);
	/* Nothing is shown before publish. */
	KUNIT_EXPECT_EQ(test, answer(&b), -1);
	KUNIT_EXPECT_EQ(test, xg_ring_in_flight(&b.ring), 0u);
	KUNIT_EXPECT_TRUE(test, xg_ring_publish(&b.ring));
	/* An answered slot is free when its response was taken, not before. */
	KUNIT_EXPECT_EQ(test, answer(&b), 0);
	KUNIT_EXPECT_EQ(test, put(&b, 99), -ENOSPC);
	KUNIT_EXPECT_EQ(test, xg_ring_take(&b.ring, &rsp), 1);
	KUNIT_EXPECT_EQ(test, xg_ring_room(&b.ring), 1u);
	KUNIT_EXPECT_EQ(test, put(&b, 99), 0);
	KUNIT_EXPECT_EQ(test, put(&b, 99), -ENOSPC);
}

/* Notified exactly where the event lies in what was just published. */
static void ring_notifies(struct kunit *test)
{
	struct bench b;
	int event;

	KUNIT_ASSERT_TRUE(test, bench_init(test, &b, 0xfffffff4));
	for (event = -2; event <= 5; event++) {
		u32 from = b.ring.req_pub;
		u32 i;

		for (i = 0; i < 3; i++)
			KUNIT_ASSERT_EQ(test, put(&b, i), 0);
		b.page->req_event = from + event;
		KUNIT_EXPECT_EQ(test, xg_ring_publish(&b.ring),
				event >= 1 && event <= 3);
	}
}

static void ring_rearms(struct kunit *test)
{
	struct blkif_response rsp;
	struct bench b;

	KUNIT_ASSERT_TRUE(test, bench_init(test, &b, 0xfffffffe));
	publish_three(&b);
	KUNIT_EXPECT_FALSE(test, xg_ring_rearm(&b.ring));
	KUNIT_EXPECT_EQ(test, b.page->rsp_event, 0xffffffffu);
	answer(&b);
	answer(&b);
	KUNIT_EXPECT_TRUE(test, xg_ring_rearm(&b.ring));
	KUNIT_EXPECT_EQ(test, xg_ring_take(&b.ring, &rsp), 1);
	KUNIT_EXPECT_EQ(test, xg_ring_take(&b.ring, &rsp), 1);
	KUNIT_EXPECT_EQ(test, xg_ring_take(&b.ring, &rsp), 0);
	KUNIT_EXPECT_FALSE(test, xg_ring_rearm(&b.ring));
	KUNIT_EXPECT_EQ(test, b.page->rsp_event, 1u);
}

static void ring_rearms_for_several(struct kunit *test)
{
	struct blkif_response rsp;
	struct bench b;

	KUNIT_ASSERT_TRUE(test, bench_init(test, &b, 0xfffffffe));
	publish_three(&b);
	answer(&b);
	KUNIT_EXPECT_FALSE(test, xg_ring_rearm_after(&b.ring, 2));
	KUNIT_EXPECT_EQ(test, b.page->rsp_event, 0u);
	answer(&b);
	KUNIT_EXPECT_TRUE(test, xg_ring_rearm_after(&b.ring, 2));
	KUNIT_EXPECT_EQ(test, xg_ring_take(&b.ring, &rsp), 1);
	KUNIT_EXPECT_EQ(test, xg_ring_take(&b.ring, &rsp), 1);
	KUNIT_EXPECT_EQ(test, xg_ring_take(&b.ring, &rsp), 0);
	/* A lie is seen, however far it is. */
	b.page->rsp_prod = b.ring.rsp_cons - 1;
	KUNIT_EXPECT_TRUE(test, xg_ring_rearm_after(&b.ring, 3));
	KUNIT_EXPECT_EQ(test, xg_ring_take(&b.ring, &rsp), -EPROTO);
}

/* Answers to what was never asked, or not yet shown. */
static void ring_catches_lies(struct kunit *test)
{
	static const u32 lies[] = { 3, 4, SLOTS, 0x7fffffff, 0x80000000,
				    0xffffffff };
	struct blkif_response rsp;
	struct bench b;
	u32 i;

	KUNIT_ASSERT_TRUE(test, bench_init(test, &b, 0xffffffff));
	put(&b, 0);
	put(&b, 1);
	xg_ring_publish(&b.ring);
	put(&b, 2);
	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		b.ring.rsp_seen = b.ring.rsp_cons;
		b.page->rsp_prod = 0xffffffff + lies[i];
		KUNIT_EXPECT_EQ(test, xg_ring_take(&b.ring, &rsp), -EPROTO);
		/* Once caught, always caught; nothing was taken. */
		b.page->rsp_prod = 0xffffffff;
		KUNIT_EXPECT_EQ(test, xg_ring_take(&b.ring, &rsp), -EPROTO);
		KUNIT_EXPECT_EQ(test, xg_ring_in_flight(&b.ring), 2u);
	}
	b.ring.rsp_seen = b.ring.rsp_cons;
	b.page->rsp_prod = 0xffffffff + 2;
	KUNIT_EXPECT_EQ(test, xg_ring_take(&b.ring, &rsp), 1);
}

/* Our own indices are not the peer's to change. */
static void ring_keeps_its_indices(struct kunit *test)
{
	struct blkif_response rsp;
	struct bench b;

	KUNIT_ASSERT_TRUE(test, bench_init(test, &b, 0));
	put(&b, 7);
	xg_ring_publish(&b.ring);
	answer(&b);
	b.page->req_prod = 0x12345678;
	b.page->rsp_event = 0x12345678;
	KUNIT_EXPECT_EQ(test, xg_ring_take(&b.ring, &rsp), 1);
	KUNIT_EXPECT_EQ(test, xg_ring_room(&b.ring), SLOTS);
	put(&b, 8);
	xg_ring_publish(&b.ring);
	KUNIT_EXPECT_EQ(test, b.page->req_prod, 2u);
	KUNIT_EXPECT_EQ(test, b.page->ring[1].req.u.rw.id, 8ull);
	xg_ring_rearm(&b.ring);
	KUNIT_EXPECT_EQ(test, b.page->rsp_event, 2u);
}

/* A response shown at rearm and taken back is still an answer, or a lie. */
static void ring_outlasts_a_flip(struct kunit *test)
{
	struct blkif_response rsp;
	struct bench b;

	KUNIT_ASSERT_TRUE(test, bench_init(test, &b, 0));
	put(&b, 0);
	xg_ring_publish(&b.ring);
	b.page->rsp_prod = 1;
	KUNIT_EXPECT_TRUE(test, xg_ring_rearm(&b.ring));
	b.page->rsp_prod = 0;
	KUNIT_EXPECT_EQ(test, xg_ring_take(&b.ring, &rsp), 1);
	b.page->rsp_prod = 2;
	KUNIT_EXPECT_TRUE(test, xg_ring_rearm(&b.ring));
	b.page->rsp_prod = 1;
	KUNIT_EXPECT_EQ(test, xg_ring_take(&b.ring, &rsp), -EPROTO);
}

/* The peer writes whatever it likes, wherever it likes. */
static void scribble(void *arg)
{
	struct bench *b = arg;
	u32 *words = (u32 *)b->page;

	b->page->rsp_prod = lie(&b->seed, b->ring.rsp_cons);
	b->page->req_event = lie(&b->seed, b->ring.req_prod);
	words[any(&b->seed) % (RING_BYTES / sizeof(u32))] = any(&b->seed);
}

/*
 * Whatever the peer does: no more is taken than was published, the room is never
 * more than the ring, and "take all, rearm" ends. That no access leaves the page
 * is for the sanitizers to say.
 */
static void ring_survives_a_hostile_peer(struct kunit *test)
{
	u32 i, turns, published = 0, taken = 0;
	struct blkif_response rsp;
	struct bench b;
	int err;

	KUNIT_ASSERT_TRUE(test, bench_init(test, &b, 0xfffffc00));
	peer_acts(scribble, &b);
	for (i = 0; i < 20000; i++) {
		scribble(&b);
		while (any(&b.seed) % 4 && !put(&b, i))
			published++;
		xg_ring_publish(&b.ring);
		turns = 0;
		do {
			while ((err = xg_ring_take(&b.ring, &rsp)) > 0)
				KUNIT_ASSERT_LE(test, ++taken, published);
			KUNIT_ASSERT_LE(test, turns++, SLOTS);
		} while (!err && xg_ring_rearm(&b.ring));
		KUNIT_ASSERT_TRUE(test, !err || err == -EPROTO);
		KUNIT_ASSERT_LE(test, xg_ring_room(&b.ring), SLOTS);
		KUNIT_ASSERT_EQ(test, xg_ring_in_flight(&b.ring),
				published - taken);
		/* Give the caught peer another chance, or nothing more happens. */
		b.ring.rsp_seen = b.ring.rsp_cons;
	}
	KUNIT_EXPECT_NE(test, taken, 0u);
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(ring_sizes),
	KUNIT_CASE(ring_starts_empty),
	KUNIT_CASE(ring_round_trips),
	KUNIT_CASE(ring_fills_up),
	KUNIT_CASE(ring_notifies),
	KUNIT_CASE(ring_rearms),
	KUNIT_CASE(ring_rearms_for_several),
	KUNIT_CASE(ring_catches_lies),
	KUNIT_CASE(ring_keeps_its_indices),
	KUNIT_CASE(ring_outlasts_a_flip),
	KUNIT_CASE(ring_survives_a_hostile_peer),
	{}
};

struct kunit_suite xg_ring_suite = {
	.name = "xg-ring",
	.test_cases = ring_cases,
};
