// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A console's byte rings, against a daemon that keeps the rules and one that does
 * not; and what an earlier owner may have left in the page.
 */
#include <xg/proto/bytes.h>

#include "kunit.h"

#define IN_SIZE		1024
#define OUT_SIZE	2048

/* The page stands alone: who runs past its end is seen. */
struct bench {
	struct xencons_interface *page;
	struct xg_bytes in;
	struct xg_bytes out;
	u8 buf[2 * OUT_SIZE];
	u32 seed;
};

static void take_over(struct bench *b)
{
	struct xencons_interface *p = b->page;

	xg_bytes_init(&b->in, (u8 *)p->in, IN_SIZE, &p->in_cons, &p->in_prod);
	xg_bytes_init(&b->out, (u8 *)p->out, OUT_SIZE, &p->out_prod,
		      &p->out_cons);
}

/* Both rings empty, all indices at @start. */
static struct bench *bench_new(struct kunit *test, u32 start)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	if (!b)
		return NULL;
	b->page = kunit_kzalloc(test, sizeof(*b->page), GFP_KERNEL);
	if (!b->page)
		return NULL;
	b->page->in_cons = start;
	b->page->in_prod = start;
	b->page->out_cons = start;
	b->page->out_prod = start;
	b->seed = start | 1;
	take_over(b);
	return b;
}

/* The daemon sends: how many bytes there was room for. */
static u32 daemon_send(struct bench *b, const u8 *data, u32 len)
{
	struct xencons_interface *p = b->page;
	u32 i;

	for (i = 0; i < len && p->in_prod - p->in_cons < IN_SIZE; i++)
		p->in[p->in_prod++ % IN_SIZE] = data[i];
	return i;
}

/* The daemon takes up to @len bytes. */
static u32 daemon_receive(struct bench *b, u8 *data, u32 len)
{
	struct xencons_interface *p = b->page;
	u32 i;

	for (i = 0; i < len && p->out_cons != p->out_prod; i++)
		data[i] = p->out[p->out_cons++ % OUT_SIZE];
	return i;
}

/* Through both rings in pieces of every size, past 2^32 and the ring's end. */
static void bytes_move(struct kunit *test)
{
	static const u32 starts[] = { 0, 1020, 0xfffffe00, 0xffffffff };
	u32 i, k, len;
	u8 *in, *out;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		struct bench *b = bench_new(test, starts[i]);

		KUNIT_ASSERT_NOT_NULL(test, b);
		in = b->buf;
		out = b->buf + OUT_SIZE;
		for (len = 1; len <= OUT_SIZE; len += 89) {
			for (k = 0; k < len; k++)
				in[k] = any(&b->seed);
			KUNIT_ASSERT_EQ(test,
					(u32)xg_bytes_write(&b->out, in, len),
					len);
			KUNIT_ASSERT_EQ(test, daemon_receive(b, out, len), len);
			KUNIT_EXPECT_EQ(test, memcmp(in, out, len), 0);

			k = len < IN_SIZE ? len : IN_SIZE;
			KUNIT_ASSERT_EQ(test, daemon_send(b, in, len), k);
			KUNIT_EXPECT_EQ(test, (u32)xg_bytes_there(&b->in), k);
			memset(out, 0, len);
			KUNIT_ASSERT_EQ(test,
					(u32)xg_bytes_read(&b->in, out, len), k);
			KUNIT_EXPECT_EQ(test, memcmp(in, out, k), 0);
			KUNIT_EXPECT_EQ(test, b->page->in_cons,
					b->page->in_prod);
		}
	}
}

static void bytes_full_and_empty(struct kunit *test)
{
	struct bench *b = bench_new(test, 0xffffff80);

	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_EXPECT_EQ(test, xg_bytes_there(&b->in), 0);
	KUNIT_EXPECT_EQ(test, xg_bytes_read(&b->in, b->buf, 9), 0);
	KUNIT_EXPECT_EQ(test, xg_bytes_room(&b->out), OUT_SIZE);
	KUNIT_EXPECT_EQ(test, xg_bytes_write(&b->out, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, xg_bytes_write(&b->out, b->buf, 2000), 2000);
	KUNIT_EXPECT_EQ(test, xg_bytes_room(&b->out), 48);
	KUNIT_EXPECT_EQ(test, xg_bytes_write(&b->out, b->buf, 100), 48);
	KUNIT_EXPECT_EQ(test, xg_bytes_write(&b->out, b->buf, 100), 0);
	KUNIT_EXPECT_EQ(test, daemon_receive(b, b->buf, 1), 1u);
	KUNIT_EXPECT_EQ(test, xg_bytes_write(&b->out, b->buf, 100), 1);
	KUNIT_EXPECT_EQ(test, daemon_send(b, b->buf, 3000), (u32)IN_SIZE);
	KUNIT_EXPECT_EQ(test, xg_bytes_read(&b->in, b->buf, 3000), IN_SIZE);
}

static void bytes_catch_lies(struct kunit *test)
{
	static const u32 lies[] = { 2049, 0x7fffffff, 0x80000000, 0xffffffff };
	struct bench *b = bench_new(test, 0xfffffff0);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, b);
	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		/* More is there than fits, or less than nothing. */
		b->page->in_prod = b->in.at + lies[i];
		KUNIT_EXPECT_EQ(test, xg_bytes_there(&b->in), -EPROTO);
		KUNIT_EXPECT_EQ(test, xg_bytes_read(&b->in, b->buf, 1),
				-EPROTO);
		/* More was read than written, or not even what was before. */
		b->page->out_cons = b->out.at - lies[i];
		KUNIT_EXPECT_EQ(test, xg_bytes_room(&b->out), -EPROTO);
		KUNIT_EXPECT_EQ(test, xg_bytes_write(&b->out, b->buf, 1),
				-EPROTO);
	}
	/* Nothing was moved by any of them, and the truth is good again. */
	b->page->in_prod = b->page->in_cons + IN_SIZE;
	b->page->out_cons = b->page->out_prod;
	KUNIT_EXPECT_EQ(test, xg_bytes_there(&b->in), IN_SIZE);
	KUNIT_EXPECT_EQ(test, xg_bytes_room(&b->out), OUT_SIZE);
}

/* Our own index is not believed either once it was in the page. */
static void bytes_keep_their_index(struct kunit *test)
{
	struct bench *b = bench_new(test, 5);

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->page->in_cons = 77777;
	b->page->out_prod = 77777;
	KUNIT_EXPECT_EQ(test, xg_bytes_there(&b->in), 0);
	KUNIT_EXPECT_EQ(test, xg_bytes_write(&b->out, b->buf, 3), 3);
	KUNIT_EXPECT_EQ(test, b->page->out_prod, 8u);
	b->page->in_prod = 6;
	KUNIT_EXPECT_EQ(test, xg_bytes_read(&b->in, b->buf, 3), 1);
	KUNIT_EXPECT_EQ(test, b->page->in_cons, 6u);
}

static void bytes_are_taken_over(struct kunit *test)
{
	struct bench *b = bench_new(test, 0xfffffffe);

	KUNIT_ASSERT_NOT_NULL(test, b);
	/* An earlier owner's output goes on, input that it left is there. */
	KUNIT_EXPECT_EQ(test, xg_bytes_write(&b->out, "left", 4), 4);
	KUNIT_EXPECT_EQ(test, daemon_send(b, (const u8 *)"typed", 5), 5u);
	take_over(b);
	KUNIT_EXPECT_EQ(test, xg_bytes_room(&b->out), OUT_SIZE - 4);
	KUNIT_EXPECT_EQ(test, xg_bytes_read(&b->in, b->buf, 100), 5);
	KUNIT_EXPECT_EQ(test, memcmp(b->buf, "typed", 5), 0);

	/* Or it left nonsense. */
	b->page->in_cons += 5000;
	b->page->out_prod += 5000;
	take_over(b);
	KUNIT_EXPECT_EQ(test, xg_bytes_there(&b->in), -EPROTO);
	KUNIT_EXPECT_EQ(test, xg_bytes_room(&b->out), -EPROTO);
	xg_bytes_restart(&b->in);
	xg_bytes_restart(&b->out);
	KUNIT_EXPECT_EQ(test, xg_bytes_there(&b->in), 0);
	KUNIT_EXPECT_EQ(test, xg_bytes_room(&b->out), OUT_SIZE);
	KUNIT_EXPECT_EQ(test, b->page->in_cons, b->page->in_prod);
	KUNIT_EXPECT_EQ(test, b->page->out_cons, b->page->out_prod);
	KUNIT_EXPECT_EQ(test, daemon_send(b, (const u8 *)"more", 4), 4u);
	KUNIT_EXPECT_EQ(test, xg_bytes_read(&b->in, b->buf, 100), 4);
}

/* Acts whenever an index of its is read. */
static void hostile(void *arg)
{
	struct bench *b = arg;

	b->page->in_prod = lie(&b->seed, b->in.at + any(&b->seed) % 1100);
	b->page->out_cons = lie(&b->seed, b->out.at - any(&b->seed) % 2200);
	b->page->in_cons = any(&b->seed);
	b->page->out_prod = any(&b->seed);
}

static void bytes_survive_a_hostile_daemon(struct kunit *test)
{
	struct bench *b = bench_new(test, 0xffffff00);
	u32 i, before, len;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, b);
	peer_acts(hostile, b);
	for (i = 0; i < 20000; i++) {
		hostile(b);
		len = any(&b->seed) % sizeof(b->buf);
		before = b->in.at;
		ret = xg_bytes_read(&b->in, b->buf, len);
		KUNIT_ASSERT_TRUE(test, ret == -EPROTO ||
				  (ret >= 0 && (u32)ret <= len &&
				   ret <= IN_SIZE));
		KUNIT_ASSERT_EQ(test, b->in.at - before, ret < 0 ? 0u :
				(u32)ret);
		before = b->out.at;
		ret = xg_bytes_write(&b->out, b->buf, len);
		KUNIT_ASSERT_TRUE(test, ret == -EPROTO ||
				  (ret >= 0 && (u32)ret <= len &&
				   ret <= OUT_SIZE));
		KUNIT_ASSERT_EQ(test, b->out.at - before, ret < 0 ? 0u :
				(u32)ret);
	}
}

static struct kunit_case bytes_cases[] = {
	KUNIT_CASE(bytes_move),
	KUNIT_CASE(bytes_full_and_empty),
	KUNIT_CASE(bytes_catch_lies),
	KUNIT_CASE(bytes_keep_their_index),
	KUNIT_CASE(bytes_are_taken_over),
	KUNIT_CASE(bytes_survive_a_hostile_daemon),
	{}
};

struct kunit_suite xg_bytes_suite = {
	.name = "xg-bytes",
	.test_cases = bytes_cases,
};
