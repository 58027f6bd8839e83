// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * netif packets and control requests byte by byte, what must not be encoded, how
 * answers are judged, and chains of received slots, good and bad. The offsets are
 * those of Xen's netif.h.
 */
#include <xg/proto/net.h>

#include "kunit.h"

#define NO_GSO	((struct xg_net_gso) {})
#define BAD_ID	0x7777

static void fill_pieces(struct xg_net_piece *pieces, unsigned int nr, u16 len)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		pieces[i] = (struct xg_net_piece) { 0x1000000 + i, 0x100 + i,
						    i, len };
}

static void net_packet_layout(struct kunit *test)
{
	static const struct xg_net_gso gso = { XEN_NETIF_GSO_TYPE_TCPV6, 1440 };
	union xg_net_tx out[XG_NET_MESSAGES_MAX];
	struct xg_net_piece pieces[3];

	fill_pieces(pieces, 3, 1000);
	memset(out, 0xff, sizeof(out));
	KUNIT_EXPECT_EQ(test, 4, xg_net_put_packet(out, pieces, 3, 3, gso));
	KUNIT_EXPECT_EQ(test, wire(&out[0], 0, 4), 0x1000000ull);
	KUNIT_EXPECT_EQ(test, wire(&out[0], 4, 2), 0ull);
	/* csum_blank, data_validated, more_data, extra_info */
	KUNIT_EXPECT_EQ(test, wire(&out[0], 6, 2), 15ull);
	KUNIT_EXPECT_EQ(test, wire(&out[0], 8, 2), 0x100ull);
	KUNIT_EXPECT_EQ(test, wire(&out[0], 10, 2), 3000ull);
	/* type, flags, size, type, pad, features, and what is not of the extra */
	KUNIT_EXPECT_EQ(test, wire(&out[1], 0, 8), 2ull << 32 | 1440 << 16 | 1);
	KUNIT_EXPECT_EQ(test, wire(&out[1], 8, 4), 0ull);
	KUNIT_EXPECT_EQ(test, wire(&out[2], 0, 8), 4ull << 48 | 1ull << 32 | 0x1000001);
	KUNIT_EXPECT_EQ(test, wire(&out[3], 4, 2), 2ull);
	KUNIT_EXPECT_EQ(test, wire(&out[3], 6, 2), 0ull);
	KUNIT_EXPECT_EQ(test, wire(&out[3], 8, 2), 0x102ull);
	KUNIT_EXPECT_EQ(test, wire(&out[3], 10, 2), 1000ull);
	/* No more was written. */
	KUNIT_EXPECT_EQ(test, wire(&out[4], 0, 4), 0xffffffffull);

	KUNIT_EXPECT_EQ(test, 1, xg_net_put_packet(out, pieces, 1, 0, NO_GSO));
	KUNIT_EXPECT_EQ(test, wire(&out[0], 6, 2), 0ull);
	KUNIT_EXPECT_EQ(test, wire(&out[0], 10, 2), 1000ull);
}

static void net_packet_limits(struct kunit *test)
{
	struct xg_net_piece pieces[XG_NET_SLOTS_MAX + 1];
	union xg_net_tx out[XG_NET_MESSAGES_MAX];
	static const struct xg_net_gso bad_gso[] = {
		{ XEN_NETIF_GSO_TYPE_TCPV4, 0 }, { 3, 1000 }, { 255, 1000 },
	};
	static const struct xg_net_piece bad[] = {
		{ 1, 1, 0, 0 }, { 1, 1, 0, 4097 }, { 1, 1, 4095, 2 },
		{ 1, 1, 4096, 1 }, { 1, 1, 65535, 65535 },
	};
	unsigned int i;

	fill_pieces(pieces, ARRAY_SIZE(pieces), 100);
	for (i = 1; i <= XG_NET_SLOTS_MAX; i++)
		KUNIT_EXPECT_EQ(test, (int)i,
				xg_net_put_packet(out, pieces, i, 0, NO_GSO));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			xg_net_put_packet(out, pieces, 0, 0, NO_GSO));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			xg_net_put_packet(out, pieces, i, 0, NO_GSO));
	for (i = 4; i < 65536; i <<= 1)
		KUNIT_EXPECT_EQ(test, -EINVAL,
				xg_net_put_packet(out, pieces, 1, i, NO_GSO));
	for (i = 0; i < ARRAY_SIZE(bad_gso); i++)
		KUNIT_EXPECT_EQ(test, -EINVAL,
				xg_net_put_packet(out, pieces, 1, 0, bad_gso[i]));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		pieces[1] = bad[i];
		KUNIT_EXPECT_EQ(test, -EINVAL,
				xg_net_put_packet(out, pieces, 2, 0, NO_GSO));
	}
	/* Not even a header; and one byte over what 16 bits can say. */
	pieces[0].len = 13;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			xg_net_put_packet(out, pieces, 1, 0, NO_GSO));
	for (i = 0; i < 16; i++)
		pieces[i] = (struct xg_net_piece) { 1, 1, 0, 4096 };
	KUNIT_EXPECT_EQ(test, -EINVAL,
			xg_net_put_packet(out, pieces, 16, 0, NO_GSO));
	pieces[15].len = 4095;
	KUNIT_EXPECT_EQ(test, 16,
			xg_net_put_packet(out, pieces, 16, 0, NO_GSO));
	KUNIT_EXPECT_EQ(test, wire(&out[0], 10, 2), 65535ull);
}

static void net_mcast_layout(struct kunit *test)
{
	static const u8 addr[] = { 0x33, 0x33, 0, 0, 0, 0xfb };
	union xg_net_tx out[2];

	memset(out, 0xff, sizeof(out));
	xg_net_put_mcast(out, 0x1234, addr, true);
	KUNIT_EXPECT_EQ(test, wire(&out[0], 0, 8), 8ull << 48);
	KUNIT_EXPECT_EQ(test, wire(&out[0], 8, 4), 0x1234ull);
	KUNIT_EXPECT_EQ(test, wire(&out[1], 0, 2), 2ull);
	KUNIT_EXPECT_EQ(test, 0, memcmp((u8 *)&out[1] + 2, addr, 6));
	KUNIT_EXPECT_EQ(test, wire(&out[1], 8, 4), 0ull);
	xg_net_put_mcast(out, 0, addr, false);
	KUNIT_EXPECT_EQ(test, wire(&out[1], 0, 2), 3ull);
}

static void net_judges_answers(struct kunit *test)
{
	struct xen_netif_tx_response rsp = {};
	int status, want;

	for (status = -32768; status <= 32767; status++) {
		rsp.status = status;
		want = status == 0 ? 0 : status == 1 ? 1 :
		       status == -1 || status == -2 ? -EIO : -EPROTO;
		KUNIT_EXPECT_EQ(test, want, xg_net_check_tx(&rsp));
	}
}

static void net_ctrl_layout(struct kunit *test)
{
	static const struct xg_net_ctrl_msg msg = {
		XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, { 0x1000001, 128, 7 },
	};
	struct xen_netif_ctrl_request req;

	memset(&req, 0xff, sizeof(req));
	xg_net_put_ctrl(&req, 0x1234, &msg);
	KUNIT_EXPECT_EQ(test, wire(&req, 0, 2), 0x1234ull);
	KUNIT_EXPECT_EQ(test, wire(&req, 2, 2), 6ull);
	KUNIT_EXPECT_EQ(test, wire(&req, 4, 4), 0x1000001ull);
	KUNIT_EXPECT_EQ(test, wire(&req, 8, 4), 128ull);
	KUNIT_EXPECT_EQ(test, wire(&req, 12, 4), 7ull);
}

static void net_judges_ctrl(struct kunit *test)
{
	static const int wants[] = { 0, -EOPNOTSUPP, -EINVAL, -ENOSPC };
	struct xen_netif_ctrl_response rsp = { .id = 9, .type = 3 };
	u32 state = 1;
	unsigned int i;

	for (i = 0; i < 64; i++) {
		rsp.status = i;
		/* Whatever it is, it is not looked at. */
		rsp.data = any(&state);
		KUNIT_EXPECT_EQ(test, i < ARRAY_SIZE(wants) ? wants[i] : -EPROTO,
				xg_net_check_ctrl(&rsp, 9, 3));
		/* The answer to another request, or to none. */
		KUNIT_EXPECT_EQ(test, -EPROTO, xg_net_check_ctrl(&rsp, 8, 3));
		KUNIT_EXPECT_EQ(test, -EPROTO, xg_net_check_ctrl(&rsp, 9, 4));
		KUNIT_EXPECT_EQ(test, -EPROTO, xg_net_check_ctrl(&rsp, 3, 9));
	}
	for (i = 2; i < 32; i++) {
		rsp.status = 1u << i;
		KUNIT_EXPECT_EQ(test, -EPROTO, xg_net_check_ctrl(&rsp, 9, 3));
	}
}

/* One slot of a chain, and what is to come of it. */
struct slot {
	struct xen_netif_rx_response rsp;
	int ret;
	bool complete;
};

#define DATA(id, off, flags, status)	{ (id), (off), (flags), (status) }
/* An extra in the same eight bytes: type and flags, size, type, features. */
#define EXTRA(type, flags, size, gso)	{ (type) | (flags) << 8, size, gso, 0 }
/* A hash: of what, by which algorithm, its lower and its upper half. */
#define HASH(flags, type, alg, low, high) \
	{ 4 | (flags) << 8, (type) | (alg) << 8, low, (s16)(high) }

static void run_chain(struct kunit *test, struct xg_net_rx *rx,
		      const struct slot *slots, unsigned int nr)
{
	struct xg_net_part part;
	unsigned int i;
	int ret;

	*rx = (struct xg_net_rx) {};
	for (i = 0; i < nr; i++) {
		ret = xg_net_rx_next(rx, &slots[i].rsp, i, &part);
		KUNIT_EXPECT_EQ(test, ret, slots[i].ret);
		if (ret)
			return;
		KUNIT_EXPECT_EQ(test, xg_net_rx_complete(rx),
				slots[i].complete);
		KUNIT_EXPECT_TRUE(test, part.offset + part.len <= 4096);
	}
}

static void net_good_chains(struct kunit *test)
{
	static const struct slot one[] = {
		{ DATA(0, 2, 1, 1514), 0, true },
	};
	static const struct slot large[] = {
		{ DATA(0, 0, 1 | 2 | 4 | 8, 4096), 0, false },
		{ EXTRA(1, 0, 1448, 1), 0, false },
		{ DATA(2, 0, 4, 4096), 0, false },
		{ DATA(3, 100, 0, 3996), 0, true },
	};
	/* Errors of netif, and of the grant table. */
	static const s16 errors[] = { -1, -2, -3, -10, -77, -32768 };
	struct slot error[] = {
		{ DATA(0, 65535, 4, -1), 0, false },
		{ DATA(1, 0, 0, 4096), 0, true },
	};
	static const struct slot tiny_segments[] = {
		{ DATA(0, 0, 8, 4096), 0, false },
		{ EXTRA(1, 0, 7, 1), 0, true },
	};
	struct xg_net_rx rx;
	unsigned int i;

	run_chain(test, &rx, one, ARRAY_SIZE(one));
	KUNIT_EXPECT_EQ(test, rx.bytes, 1514u);
	KUNIT_EXPECT_FALSE(test, rx.bad);
	run_chain(test, &rx, large, ARRAY_SIZE(large));
	KUNIT_EXPECT_EQ(test, rx.bytes, 4096u + 4096 + 3996);
	KUNIT_EXPECT_EQ(test, (int)rx.flags, 15);
	KUNIT_EXPECT_EQ(test, (int)rx.slots, 3);
	KUNIT_EXPECT_EQ(test, (int)rx.gso.size, 1448);
	KUNIT_EXPECT_EQ(test, (int)rx.gso.type, 1);
	KUNIT_EXPECT_FALSE(test, rx.bad);
	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		error[0].rsp.status = errors[i];
		run_chain(test, &rx, error, ARRAY_SIZE(error));
		KUNIT_EXPECT_TRUE(test, rx.bad);
	}
	run_chain(test, &rx, tiny_segments, ARRAY_SIZE(tiny_segments));
	KUNIT_EXPECT_TRUE(test, rx.bad);
}

static void net_hashes(struct kunit *test)
{
	struct slot one[] = {
		{ DATA(0, 0, 8, 1000), 0, false },
		{ HASH(0, 0, 1, 0x3412, 0xf856), 0, true },
	};
	static const struct slot both[] = {
		{ DATA(0, 0, 8, 4096), 0, false },
		{ EXTRA(1, 1, 1448, 1), 0, false },
		{ HASH(0, 1, 1, 0, 0), 0, true },
	};
	static const struct slot reverse[] = {
		{ DATA(0, 0, 8 | 4, 4096), 0, false },
		{ HASH(1, 3, 1, 1, 0), 0, false },
		{ EXTRA(1, 0, 1448, 2), 0, false },
		{ DATA(3, 0, 0, 4096), 0, true },
	};
	static const struct slot twice[] = {
		{ DATA(0, 0, 8, 100), 0, false },
		{ HASH(1, 0, 1, 1, 0), 0, false },
		{ HASH(0, 0, 1, 1, 0), -EPROTO, false },
	};
	struct xg_net_part part;
	struct xg_net_rx rx;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		one[1].rsp.offset = i | 1 << 8;
		run_chain(test, &rx, one, ARRAY_SIZE(one));
		KUNIT_EXPECT_TRUE(test, rx.hash.there);
		KUNIT_EXPECT_EQ(test, rx.hash.l4, i == 1 || i == 3);
		KUNIT_EXPECT_EQ(test, rx.hash.value, 0xf8563412u);
		KUNIT_EXPECT_FALSE(test, rx.bad);
	}
	/* The next packet's is its own. */
	KUNIT_EXPECT_EQ(test, 0, xg_net_rx_next(&rx, &(struct xen_netif_rx_response)
						DATA(5, 0, 0, 60), 5, &part));
	KUNIT_EXPECT_FALSE(test, rx.hash.there);
	run_chain(test, &rx, both, ARRAY_SIZE(both));
	KUNIT_EXPECT_TRUE(test, rx.hash.there && rx.hash.l4 && !rx.hash.value);
	KUNIT_EXPECT_EQ(test, (int)rx.gso.size, 1448);
	run_chain(test, &rx, reverse, ARRAY_SIZE(reverse));
	KUNIT_EXPECT_TRUE(test, rx.hash.there && rx.hash.value == 1);
	KUNIT_EXPECT_EQ(test, (int)rx.gso.type, 2);
	run_chain(test, &rx, twice, ARRAY_SIZE(twice));
}

static void net_bad_slots(struct kunit *test)
{
	static const struct xen_netif_rx_response first[] = {
		DATA(1, 0, 0, 100), DATA(BAD_ID, 0, 0, 100),
		DATA(0, 4000, 0, 97), DATA(0, 4097, 0, 0), DATA(0, 65535, 0, 1),
		DATA(0, 0, 0, 4097), DATA(0, 0, 0, 32767),
		DATA(0, 0, 16, 100), DATA(0, 0, 32768, 1),
	};
	static const struct slot extra_later[] = {
		{ DATA(0, 0, 4, 100), 0, false },
		{ DATA(1, 0, 8, 100), -EPROTO, false },
	};
	static const struct slot twice[] = {
		{ DATA(0, 0, 8, 100), 0, false },
		{ EXTRA(1, 1, 1448, 1), 0, false },
		{ EXTRA(1, 0, 1448, 1), -EPROTO, false },
	};
	static const struct xen_netif_rx_response extras[] = {
		EXTRA(0, 0, 1448, 1), EXTRA(2, 0, 1448, 1), EXTRA(3, 0, 1448, 1),
		EXTRA(4, 0, 1448, 1), EXTRA(5, 0, 1448, 1), EXTRA(6, 0, 1448, 1),
		EXTRA(255, 0, 1448, 1), EXTRA(1, 2, 1448, 1),
		EXTRA(1, 0, 1448, 0), EXTRA(1, 0, 1448, 3),
		HASH(0, 4, 1, 1, 1), HASH(0, 255, 1, 1, 1),
		HASH(0, 0, 0, 1, 1), HASH(0, 0, 2, 1, 1), HASH(2, 0, 1, 1, 1),
	};
	struct slot slots[2] = { { DATA(0, 0, 8, 100), 0, false } };
	struct xg_net_rx rx;
	unsigned int i;

	run_chain(test, &rx, extra_later, ARRAY_SIZE(extra_later));
	run_chain(test, &rx, twice, ARRAY_SIZE(twice));
	for (i = 0; i < ARRAY_SIZE(extras); i++) {
		slots[1] = (struct slot) { extras[i], -EPROTO, false };
		run_chain(test, &rx, slots, 2);
	}
	for (i = 0; i < ARRAY_SIZE(first); i++) {
		slots[0] = (struct slot) { first[i], -EPROTO, false };
		run_chain(test, &rx, slots, 1);
	}
}

/* Eighteen slots are a packet if not too long, nineteen are an attack. */
static void net_long_chain(struct kunit *test)
{
	struct xen_netif_rx_response rsp = DATA(0, 0, 4, 4096);
	struct xg_net_rx rx = {};
	struct xg_net_part part;
	unsigned int i;

	for (i = 0; i < 18; i++) {
		rsp.id = i;
		KUNIT_EXPECT_EQ(test, 0, xg_net_rx_next(&rx, &rsp, i, &part));
		KUNIT_EXPECT_EQ(test, rx.bad, rx.bytes > 65535);
	}
	rsp.id = i;
	KUNIT_EXPECT_EQ(test, -EPROTO, xg_net_rx_next(&rx, &rsp, i, &part));
}

static struct kunit_case net_cases[] = {
	KUNIT_CASE(net_packet_layout),
	KUNIT_CASE(net_packet_limits),
	KUNIT_CASE(net_mcast_layout),
	KUNIT_CASE(net_judges_answers),
	KUNIT_CASE(net_ctrl_layout),
	KUNIT_CASE(net_judges_ctrl),
	KUNIT_CASE(net_good_chains),
	KUNIT_CASE(net_hashes),
	KUNIT_CASE(net_bad_slots),
	KUNIT_CASE(net_long_chain),
	{}
};

struct kunit_suite xg_net_suite = {
	.name = "xg-net",
	.test_cases = net_cases,
};
