/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A frontend's side of a shared ring (xen/interface/io/ring.h): we produce
 * requests and consume responses. The indices we own live in our memory and are
 * never read back from the page; the peer's are read once, then checked.
 *
 * One producer (put, publish, room) and one consumer (take, rearm, in_flight) at
 * a time: the caller's lock, or two of them where the sides run apart. No field
 * is written by both.
 */
#ifndef XG_PROTO_RING_H
#define XG_PROTO_RING_H

#include <xg/proto/types.h>

struct xg_ring_shared;

/**
 * struct xg_ring - our view of one ring
 * @shared: the page(s) the peer sees
 * @slots: number of slots, a power of two
 * @stride: bytes of a slot, the larger of request and response
 * @req_bytes: bytes of a request
 * @rsp_bytes: bytes of a response
 * @req_prod: requests written so far
 * @req_pub: requests the peer has been shown
 * @rsp_cons: responses taken so far
 * @rsp_seen: responses the peer says there are, as it was last read
 */
struct xg_ring {
	struct xg_ring_shared *shared;
	u32 slots;
	u32 stride;
	u32 req_bytes;
	u32 rsp_bytes;
	u32 req_prod;
	u32 req_pub;
	u32 rsp_cons;
	u32 rsp_seen;
};

/* Slots that fit in @bytes of ring memory: a power of two, or 0. */
u32 xg_ring_slots(size_t bytes, u32 req_bytes, u32 rsp_bytes);
/* Lay a fresh ring out in zeroed memory that no peer sees yet. */
void xg_ring_init(struct xg_ring *ring, void *mem, size_t bytes,
		  u32 req_bytes, u32 rsp_bytes);
/* Requests that may be put now. */
u32 xg_ring_room(const struct xg_ring *ring);
/* Copy a request in: 0, or -ENOSPC. The peer does not see it yet. */
int xg_ring_put(struct xg_ring *ring, const void *req);
/* Show the peer all that was put; true: it asked to be notified. */
bool xg_ring_publish(struct xg_ring *ring);
/*
 * Copy the next response out: 1, 0 for none, -EPROTO when the peer's index lies.
 * Never yields more responses than requests were published.
 */
int xg_ring_take(struct xg_ring *ring, void *rsp);
/*
 * Ask to be notified of the next response; true: one is there already, and the
 * next take is 1 or -EPROTO, so "take all, rearm, again while true" ends.
 */
bool xg_ring_rearm(struct xg_ring *ring);
/*
 * The same, but not before @count of them are there, at least one; true: so many
 * are. Those that come without a notification are for the next take.
 */
bool xg_ring_rearm_after(struct xg_ring *ring, u32 count);
/* Requests the peer has not answered yet. */
u32 xg_ring_in_flight(const struct xg_ring *ring);

#endif /* XG_PROTO_RING_H */
