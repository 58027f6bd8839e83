/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The tests are KUnit tests. Where there is no KUnit (stock Debian kernels are
 * built without it, and so are host programs) standin.h takes its place: the
 * same suites, the same KTAP, in every kernel and on the host.
 */
#ifndef XG_PROTO_KUNIT_H
#define XG_PROTO_KUNIT_H

#include <xg/proto/types.h>

#ifdef __KERNEL__
#include <linux/kconfig.h>
#if IS_ENABLED(CONFIG_KUNIT)
#include <kunit/test.h>
#else
#include "standin.h"
#endif
#else
#include "standin.h"
#endif

extern struct kunit_suite xg_ring_suite;
extern struct kunit_suite xg_slots_suite;
extern struct kunit_suite xg_bytes_suite;
extern struct kunit_suite xg_blk_suite;
extern struct kunit_suite xg_net_suite;
extern struct kunit_suite xg_xs_suite;
extern struct kunit_suite xg_fifo_suite;

/*
 * On the host the peer acts at every READ_ONCE() of the code under test, so that
 * a value read twice is two values. NULL: it rests.
 */
#ifdef XG_PEER_ACTS
#define peer_acts(fn, arg)	(xg_peer = (fn), xg_peer_arg = (arg))
#else
#define peer_acts(fn, arg)	((void)(fn), (void)(arg))
#endif

/* Little-endian number of @bytes bytes at @at. */
static inline u64 wire(const void *msg, size_t at, unsigned int bytes)
{
	const u8 *p = (const u8 *)msg + at;
	u64 n = 0;

	while (bytes--)
		n = n << 8 | p[bytes];
	return n;
}

/* Numbers without a pattern, the same in every run. */
static inline u32 any(u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* What a lying index looks like: near the truth, or anything. */
static inline u32 lie(u32 *state, u32 truth)
{
	return any(state) % 4 ? truth + any(state) % 7 - 3 : any(state);
}

#endif /* XG_PROTO_KUNIT_H */
