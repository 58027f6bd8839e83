// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * xenstore's byte rings and messages, against a daemon that keeps the rules and
 * one that does not; and the texts in payloads.
 */
#include <xg/proto/xs.h>

#include "kunit.h"

/* Page and parser stand alone: who runs past their end is seen. */
struct bench {
	struct xg_xs_conn conn;
	struct xenstore_domain_interface *page;
	struct xg_xs_parser *parser;
	u8 buf[XENSTORE_PAYLOAD_MAX + sizeof(struct xsd_sockmsg)];
	u32 seed;
};

/* Both rings empty, all indices at @start. */
static struct bench *bench_new(struct kunit *test, u32 start)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	if (!b)
		return NULL;
	b->page = kunit_kzalloc(test, sizeof(*b->page), GFP_KERNEL);
	b->parser = kunit_kzalloc(test, sizeof(*b->parser), GFP_KERNEL);
	if (!b->page || !b->parser)
		return NULL;
	b->page->req_cons = start;
	b->page->req_prod = start;
	b->page->rsp_cons = start;
	b->page->rsp_prod = start;
	b->seed = start | 1;
	xg_xs_parser_init(b->parser);
	return xg_xs_conn_init(&b->conn, b->page) ? NULL : b;
}

/* The daemon sends: how many bytes there was room for. */
static u32 daemon_send(struct bench *b, const void *data, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++) {
		if (b->page->rsp_prod - b->page->rsp_cons == XENSTORE_RING_SIZE)
			break;
		b->page->rsp[MASK_XENSTORE_IDX(b->page->rsp_prod)] =
			((const char *)data)[i];
		b->page->rsp_prod++;
	}
	return i;
}

/* The daemon takes up to @len bytes. */
static u32 daemon_receive(struct bench *b, u8 *data, u32 len)
{
	u32 i;

	for (i = 0; i < len && b->page->req_cons != b->page->req_prod; i++)
		data[i] = b->page->req[MASK_XENSTORE_IDX(b->page->req_cons++)];
	return i;
}

/* Through both rings in pieces of every size, past 2^32 and the ring's end. */
static void xs_moves_bytes(struct kunit *test)
{
	static const u32 starts[] = { 0, 1020, 0xfffffe00, 0xffffffff };
	u32 i, k, len;
	u8 *in, *out;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		struct bench *b = bench_new(test, starts[i]);

		KUNIT_ASSERT_NOT_NULL(test, b);
		in = b->buf;
		out = b->buf + XENSTORE_RING_SIZE;
		for (len = 1; len <= XENSTORE_RING_SIZE; len += 93) {
			for (k = 0; k < len; k++)
				in[k] = any(&b->seed);
			KUNIT_ASSERT_EQ(test, (u32)xg_xs_conn_write(&b->conn,
								    in, len),
					len);
			KUNIT_ASSERT_EQ(test, daemon_receive(b, out, len), len);
			KUNIT_EXPECT_EQ(test, memcmp(in, out, len), 0);

			KUNIT_ASSERT_EQ(test, daemon_send(b, in, len), len);
			memset(out, 0, len);
			KUNIT_ASSERT_EQ(test, (u32)xg_xs_conn_read(&b->conn,
								   out, len),
					len);
			KUNIT_EXPECT_EQ(test, memcmp(in, out, len), 0);
			KUNIT_EXPECT_EQ(test, b->page->rsp_cons,
					b->page->rsp_prod);
		}
	}
}

static void xs_full_and_empty(struct kunit *test)
{
	struct bench *b = bench_new(test, 0xffffff80);

	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_EXPECT_EQ(test, xg_xs_conn_read(&b->conn, b->buf, 9), 0);
	KUNIT_EXPECT_EQ(test, xg_xs_conn_write(&b->conn, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, xg_xs_conn_write(&b->conn, b->buf, 1000), 1000);
	KUNIT_EXPECT_EQ(test, xg_xs_conn_write(&b->conn, b->buf, 100), 24);
	KUNIT_EXPECT_EQ(test, xg_xs_conn_write(&b->conn, b->buf, 100), 0);
	/* A header whole, or nothing. */
	KUNIT_EXPECT_EQ(test, daemon_receive(b, b->buf, 15), 15u);
	KUNIT_EXPECT_EQ(test, xg_xs_conn_write(&b->conn, b->buf, 16), 0);
	KUNIT_EXPECT_EQ(test, daemon_receive(b, b->buf, 1), 1u);
	KUNIT_EXPECT_EQ(test, xg_xs_conn_write(&b->conn, b->buf, 100), 16);
	KUNIT_EXPECT_EQ(test, daemon_send(b, b->buf, 2000), 1024u);
	KUNIT_EXPECT_EQ(test, xg_xs_conn_read(&b->conn, b->buf, 2000), 1024);
}

static void xs_catches_lies(struct kunit *test)
{
	static const u32 lies[] = { 1025, 0x7fffffff, 0x80000000, 0xffffffff };
	struct bench *b = bench_new(test, 0xfffffff0);
	struct xg_xs_conn conn;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, b);
	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		b->page->req_cons = 0xfffffff0 - lies[i];
		KUNIT_EXPECT_EQ(test, xg_xs_conn_write(&b->conn, b->buf, 1),
				-EPROTO);
		KUNIT_EXPECT_EQ(test, xg_xs_conn_init(&conn, b->page),
				-EPROTO);
		b->page->req_cons = 0xfffffff0;
		b->page->rsp_prod = 0xfffffff0 + lies[i];
		KUNIT_EXPECT_EQ(test, xg_xs_conn_read(&b->conn, b->buf, 1),
				-EPROTO);
		KUNIT_EXPECT_EQ(test, xg_xs_parser_pump(b->parser, &b->conn),
				-EPROTO);
		KUNIT_EXPECT_EQ(test, xg_xs_conn_init(&conn, b->page),
				-EPROTO);
		b->page->rsp_prod = 0xfffffff0;
	}
	KUNIT_EXPECT_EQ(test, xg_xs_conn_init(&conn, b->page), 0);
	/* Ours are not read back. */
	b->page->req_prod = 5;
	b->page->rsp_cons = 5;
	KUNIT_EXPECT_EQ(test, xg_xs_conn_read(&b->conn, b->buf, 1), 0);
	KUNIT_EXPECT_EQ(test, xg_xs_conn_write(&b->conn, b->buf, 1), 1);
	KUNIT_EXPECT_EQ(test, b->page->req_prod, 0xfffffff1u);
}

/* A message of @len bytes of @fill, in @b->buf: its whole size. */
static u32 message(struct bench *b, u32 id, u32 len, char fill)
{
	struct xsd_sockmsg hdr;

	xg_xs_header(&hdr, XS_READ, id, 3, len);
	memcpy(b->buf, &hdr, sizeof(hdr));
	memset(b->buf + sizeof(hdr), fill, len);
	return sizeof(hdr) + len;
}

/* Every length at the edges, arriving in pieces of every size. */
static void xs_parses_in_pieces(struct kunit *test)
{
	static const u32 lens[] = { 4096, 0, 1, 15, 16, 1008, 1009, 1024, 4095 };
	static const u32 pieces[] = { 1, 7, 16, 17, 1023, 1024, 4112 };
	struct bench *b = bench_new(test, 0xfffff000);
	u32 i, k, at, size, turns;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, b);
	for (i = 0; i < ARRAY_SIZE(lens) * ARRAY_SIZE(pieces); i++) {
		u32 len = lens[i / ARRAY_SIZE(pieces)];
		u32 piece = pieces[i % ARRAY_SIZE(pieces)];

		size = message(b, i, len, 'a' + i % 26);
		for (at = 0, err = 0, turns = 0; at < size; turns++) {
			KUNIT_ASSERT_EQ(test, err, 0);
			KUNIT_ASSERT_LE(test, turns, size);
			at += daemon_send(b, b->buf + at,
					  min(piece, size - at));
			err = xg_xs_parser_pump(b->parser, &b->conn);
		}
		KUNIT_ASSERT_EQ(test, err, 1);
		KUNIT_EXPECT_EQ(test, b->parser->hdr.type, (u32)XS_READ);
		KUNIT_EXPECT_EQ(test, b->parser->hdr.req_id, i);
		KUNIT_EXPECT_EQ(test, b->parser->hdr.tx_id, 3u);
		KUNIT_ASSERT_EQ(test, b->parser->hdr.len, len);
		for (k = 0; k < len; k++)
			KUNIT_ASSERT_EQ(test, b->parser->body[k],
					(char)('a' + i % 26));
		KUNIT_EXPECT_EQ(test, b->parser->body[len], '\0');
		KUNIT_EXPECT_EQ(test, 0, xg_xs_parser_pump(b->parser,
							   &b->conn));
	}
}

static void xs_parses_one_by_one(struct kunit *test)
{
	struct bench *b = bench_new(test, 0);
	u32 id;

	KUNIT_ASSERT_NOT_NULL(test, b);
	for (id = 1; id <= 3; id++)
		daemon_send(b, b->buf, message(b, id, id % 3, 'x'));
	for (id = 1; id <= 3; id++) {
		KUNIT_EXPECT_EQ(test, 1, xg_xs_parser_pump(b->parser,
							   &b->conn));
		KUNIT_EXPECT_EQ(test, b->parser->hdr.req_id, id);
	}
	KUNIT_EXPECT_EQ(test, xg_xs_parser_pump(b->parser, &b->conn), 0);
}

static void xs_refuses_long_messages(struct kunit *test)
{
	static const u32 lens[] = { 4097, 0x7fffffff, 0xfffffff0, 0xffffffff };
	struct xsd_sockmsg hdr = { .type = XS_READ };
	unsigned int i;
	struct bench *b;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		b = bench_new(test, 0);
		KUNIT_ASSERT_NOT_NULL(test, b);
		hdr.len = lens[i];
		daemon_send(b, &hdr, sizeof(hdr));
		daemon_send(b, b->buf, 100);
		KUNIT_EXPECT_EQ(test, -EPROTO,
				xg_xs_parser_pump(b->parser, &b->conn));
		KUNIT_EXPECT_EQ(test, -EPROTO,
				xg_xs_parser_pump(b->parser, &b->conn));
	}
}

/* The length of a message given up on means nothing to the next one. */
static void xs_starts_afresh(struct kunit *test)
{
	struct xsd_sockmsg hdr = { .type = XS_READ, .len = 0xfffffff8 };
	struct bench *b = bench_new(test, 0);
	u32 size;

	KUNIT_ASSERT_NOT_NULL(test, b);
	daemon_send(b, &hdr, sizeof(hdr));
	KUNIT_EXPECT_EQ(test, -EPROTO, xg_xs_parser_pump(b->parser, &b->conn));
	xg_xs_parser_init(b->parser);

	size = message(b, 1, 5, 'x');
	daemon_send(b, b->buf, 8);
	KUNIT_EXPECT_EQ(test, 0, xg_xs_parser_pump(b->parser, &b->conn));
	KUNIT_EXPECT_EQ(test, 0, xg_xs_parser_pump(b->parser, &b->conn));
	daemon_send(b, b->buf + 8, size - 8);
	KUNIT_EXPECT_EQ(test, 1, xg_xs_parser_pump(b->parser, &b->conn));
	KUNIT_EXPECT_STREQ(test, b->parser->body, "xxxxx");
}

static void xs_fills_headers(struct kunit *test)
{
	struct xsd_sockmsg hdr;

	KUNIT_EXPECT_EQ(test, 0, xg_xs_header(&hdr, XS_WRITE, 2, 3, 4096));
	KUNIT_EXPECT_EQ(test, hdr.type, (u32)XS_WRITE);
	KUNIT_EXPECT_EQ(test, hdr.req_id, 2u);
	KUNIT_EXPECT_EQ(test, hdr.tx_id, 3u);
	KUNIT_EXPECT_EQ(test, hdr.len, 4096u);
	KUNIT_EXPECT_EQ(test, -E2BIG, xg_xs_header(&hdr, XS_WRITE, 2, 3, 4097));
	KUNIT_EXPECT_EQ(test, -E2BIG,
			xg_xs_header(&hdr, XS_WRITE, 2, 3, SIZE_MAX - 15));
	KUNIT_EXPECT_EQ(test, -E2BIG, xg_xs_header(&hdr, XS_WRITE, 2, 3,
						   SIZE_MAX - U32_MAX));
}

static void xs_splits_strings(struct kunit *test)
{
	static const char body[8] = { 'a', 'b', 0, 0, 'c', 0, 'd', 'e' };

	KUNIT_EXPECT_EQ(test, xg_xs_count(body, 0), 0);
	KUNIT_EXPECT_EQ(test, xg_xs_count(body, 6), 3);
	KUNIT_EXPECT_EQ(test, xg_xs_count(body, 8), -EPROTO);
	KUNIT_EXPECT_EQ(test, xg_xs_count(body, 2), -EPROTO);
	KUNIT_EXPECT_STREQ(test, xg_xs_string(body, 8, 0), "ab");
	KUNIT_EXPECT_STREQ(test, xg_xs_string(body, 8, 1), "");
	KUNIT_EXPECT_STREQ(test, xg_xs_string(body, 8, 2), "c");
	/* The fourth has no end. */
	KUNIT_EXPECT_NULL(test, xg_xs_string(body, 8, 3));
	KUNIT_EXPECT_NULL(test, xg_xs_string(body, 5, 2));
	KUNIT_EXPECT_NULL(test, xg_xs_string(body, 0, 0));
	KUNIT_EXPECT_NULL(test, xg_xs_string(body, 6, ~0u));
}

#define ADD(list, text)	xg_xs_listing_add(list, text, sizeof(text) - 1)

static void xs_lists_in_parts(struct kunit *test)
{
	char names[16];
	struct xg_xs_listing list = { .names = names, .size = sizeof(names) };

	/* Whole names, a name in two, the end by itself. */
	KUNIT_EXPECT_EQ(test, ADD(&list, "7\0a\0bc\0"), 0);
	KUNIT_EXPECT_EQ(test, list.len, 5u);
	KUNIT_EXPECT_EQ(test, ADD(&list, "7\0de"), 0);
	KUNIT_EXPECT_EQ(test, ADD(&list, "7\0f\0"), 0);
	KUNIT_EXPECT_EQ(test, ADD(&list, "7\0\0"), 1);
	KUNIT_EXPECT_EQ(test, list.len, 9u);
	KUNIT_EXPECT_EQ(test, memcmp(names, "a\0bc\0def", 9), 0);

	/* Empty; and all in one. */
	list.len = 0;
	KUNIT_EXPECT_EQ(test, ADD(&list, "0\0\0"), 1);
	KUNIT_EXPECT_EQ(test, list.len, 0u);
	KUNIT_EXPECT_EQ(test, ADD(&list, "18446744073709551615\0x\0\0"), 1);
	KUNIT_EXPECT_EQ(test, list.len, 2u);

	/* Somebody changes it in between. */
	list.len = 0;
	KUNIT_EXPECT_EQ(test, ADD(&list, "7\0a\0"), 0);
	KUNIT_EXPECT_EQ(test, ADD(&list, "8\0b\0\0"), -EAGAIN);
	KUNIT_EXPECT_EQ(test, list.len, 0u);
	KUNIT_EXPECT_EQ(test, ADD(&list, "8\0b\0\0"), 1);
}

static void xs_refuses_wrong_parts(struct kunit *test)
{
	char names[4];
	struct xg_xs_listing list = { .names = names, .size = sizeof(names) };

	KUNIT_EXPECT_EQ(test, xg_xs_listing_add(&list, "", 0), -EPROTO);
	KUNIT_EXPECT_EQ(test, ADD(&list, "7"), -EPROTO);
	KUNIT_EXPECT_EQ(test, ADD(&list, "x\0a\0\0"), -EPROTO);
	KUNIT_EXPECT_EQ(test, ADD(&list, "\0a\0\0"), -EPROTO);
	/* Nothing, for ever; names behind the end. */
	KUNIT_EXPECT_EQ(test, ADD(&list, "7\0"), -EPROTO);
	KUNIT_EXPECT_EQ(test, ADD(&list, "7\0\0a"), -EPROTO);
	list.len = 0;
	KUNIT_EXPECT_EQ(test, ADD(&list, "7\0a\0\0b"), -EPROTO);
	list.len = 0;
	KUNIT_EXPECT_EQ(test, ADD(&list, "7\0abcde"), -E2BIG);
	KUNIT_EXPECT_EQ(test, ADD(&list, "7\0ab"), 0);
	KUNIT_EXPECT_EQ(test, ADD(&list, "7\0c\0d"), -E2BIG);
	KUNIT_EXPECT_EQ(test, ADD(&list, "7\0\0\0"), 1);
	KUNIT_EXPECT_EQ(test, list.len, 3u);
}

static void xs_knows_errors(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, xg_xs_errno("ENOENT"), -ENOENT);
	KUNIT_EXPECT_EQ(test, xg_xs_errno("EAGAIN"), -EAGAIN);
	KUNIT_EXPECT_EQ(test, xg_xs_errno("EINVAL"), -EINVAL);
	KUNIT_EXPECT_EQ(test, xg_xs_errno("E2BIG"), -E2BIG);
	KUNIT_EXPECT_EQ(test, xg_xs_errno("EPERM"), -EPERM);
	KUNIT_EXPECT_EQ(test, xg_xs_errno("ENOENTRY"), -EIO);
	KUNIT_EXPECT_EQ(test, xg_xs_errno("ENOEN"), -EIO);
	KUNIT_EXPECT_EQ(test, xg_xs_errno(""), -EIO);
	KUNIT_EXPECT_STREQ(test, xg_xs_error_name(-ENOENT), "ENOENT");
	KUNIT_EXPECT_STREQ(test, xg_xs_error_name(-E2BIG), "E2BIG");
	KUNIT_EXPECT_STREQ(test, xg_xs_error_name(-EPIPE), "EIO");
	KUNIT_EXPECT_STREQ(test, xg_xs_error_name(EINVAL), "EIO");
}

static void xs_reads_numbers(struct kunit *test)
{
	static const struct {
		const char *text;
		u64 min;
		u64 max;
		int err;
		u64 value;
	} cases[] = {
		{ "0", 0, 0, 0, 0 }, { "7", 0, U64_MAX, 0, 7 },
		{ "0042", 0, 100, 0, 42 },
		{ "18446744073709551615", 0, U64_MAX, 0, U64_MAX },
		{ "18446744073709551616", 0, U64_MAX, -ERANGE },
		{ "18446744073709551620", 0, U64_MAX, -ERANGE },
		{ "99999999999999999999999999", 0, U64_MAX, -ERANGE },
		{ "36893488147419103233", 0, 9, -ERANGE },
		{ "4", 5, 9, -ERANGE }, { "10", 5, 9, -ERANGE },
		{ "5", 5, 9, 0, 5 }, { "9", 5, 9, 0, 9 },
		{ "", 0, 9, -EINVAL }, { "-1", 0, U64_MAX, -EINVAL },
		{ "+1", 0, 9, -EINVAL }, { " 1", 0, 9, -EINVAL },
		{ "1 ", 0, 9, -EINVAL }, { "1\n", 0, 9, -EINVAL },
		{ "0x1", 0, 9, -EINVAL }, { "1:", 0, 9, -EINVAL },
		{ "/", 0, 99, -EINVAL }, { "\xb1", 0, U64_MAX, -EINVAL },
		{ "99999999999999999999999999x", 0, 9, -EINVAL },
	};
	unsigned int i;
	u64 value;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		value = 12345;
		KUNIT_EXPECT_EQ(test, xg_xs_number(cases[i].text, cases[i].min,
						   cases[i].max, &value),
				cases[i].err);
		if (cases[i].err)
			KUNIT_EXPECT_EQ(test, value, 12345ull);
		else
			KUNIT_EXPECT_EQ(test, value, cases[i].value);
	}
}

/* The daemon writes whatever it likes, wherever it likes. */
static void scribble(void *arg)
{
	struct bench *b = arg;
	u32 *words = (u32 *)b->page;

	words[any(&b->seed) % (sizeof(*b->page) / sizeof(u32))] = any(&b->seed);
	b->page->rsp_prod = lie(&b->seed, b->conn.rsp_cons +
					 any(&b->seed) % 1030);
	b->page->req_cons = lie(&b->seed, b->conn.req_prod -
					 any(&b->seed) % 1030);
}

/* May a read or write of @len bytes return @ret? */
static bool moved(int ret, u32 len)
{
	return ret == -EPROTO ||
	       (ret >= 0 && (u32)ret <= len && ret <= XENSTORE_RING_SIZE);
}

static void xs_survives_a_hostile_daemon(struct kunit *test)
{
	struct bench *b = bench_new(test, 0xffff0000);
	u32 complete = 0, i, len;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, b);
	peer_acts(scribble, b);
	for (i = 0; i < 20000; i++) {
		scribble(b);
		/* Small lengths, so that messages come to an end. */
		memset(b->page->rsp, any(&b->seed) % 8 ? 0 : 0xff, 1024);
		len = any(&b->seed) % 2000;
		ret = xg_xs_conn_write(&b->conn, b->buf, len);
		KUNIT_ASSERT_TRUE(test, moved(ret, len));
		if (any(&b->seed) % 4 == 0) {
			ret = xg_xs_conn_read(&b->conn, b->buf, len);
			KUNIT_ASSERT_TRUE(test, moved(ret, len));
		}
		ret = xg_xs_parser_pump(b->parser, &b->conn);
		KUNIT_ASSERT_TRUE(test, ret == -EPROTO || ret == 0 || ret == 1);
		complete += ret == 1;
		KUNIT_ASSERT_LE(test, b->parser->have,
				(u32)sizeof(struct xsd_sockmsg) + 4096);
		if (ret < 0)
			xg_xs_parser_init(b->parser);
	}
	KUNIT_EXPECT_NE(test, complete, 0u);
}

static struct kunit_case xs_cases[] = {
	KUNIT_CASE(xs_moves_bytes),
	KUNIT_CASE(xs_full_and_empty),
	KUNIT_CASE(xs_catches_lies),
	KUNIT_CASE(xs_parses_in_pieces),
	KUNIT_CASE(xs_parses_one_by_one),
	KUNIT_CASE(xs_refuses_long_messages),
	KUNIT_CASE(xs_starts_afresh),
	KUNIT_CASE(xs_fills_headers),
	KUNIT_CASE(xs_splits_strings),
	KUNIT_CASE(xs_lists_in_parts),
	KUNIT_CASE(xs_refuses_wrong_parts),
	KUNIT_CASE(xs_knows_errors),
	KUNIT_CASE(xs_reads_numbers),
	KUNIT_CASE(xs_survives_a_hostile_daemon),
	{}
};

struct kunit_suite xg_xs_suite = {
	.name = "xg-xs",
	.test_cases = xs_cases,
};
