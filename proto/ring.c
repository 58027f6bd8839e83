// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A frontend's side of a shared ring: put requests, publish them, take responses.
 *
 * The page is the peer's as much as ours. What we own (req_prod, rsp_event) is
 * only ever written there; what the peer owns (rsp_prod, req_event) is read once
 * and is a number, not a truth, until it was compared with what we published.
 *
 * Locking: the caller's; see ring.h. Start with xg_ring_put() and xg_ring_take().
 */
#include <xg/proto/abi.h>
#include <xg/proto/ring.h>

/* The ring page for slots of any type; the ABI header has one for each type. */
struct xg_ring_shared {
	u32 req_prod;
	u32 req_event;
	u32 rsp_prod;
	u32 rsp_event;
	u8 pad[48];
	u8 slots[];
};

#define SAME_PLACE(ours, theirs)					\
	static_assert(offsetof(struct xg_ring_shared, ours) ==		\
		      offsetof(struct blkif_sring, theirs))
SAME_PLACE(req_prod, req_prod);
SAME_PLACE(req_event, req_event);
SAME_PLACE(rsp_prod, rsp_prod);
SAME_PLACE(rsp_event, rsp_event);
SAME_PLACE(slots, ring);

static u8 *slot_at(const struct xg_ring *ring, u32 index)
{
	u32 slot = index & (ring->slots - 1);

	return ring->shared->slots + (size_t)slot * ring->stride;
}

/**
 * xg_ring_slots() - how many slots a ring has
 * @bytes: size of the ring's memory, its page header included
 * @req_bytes: size of a request
 * @rsp_bytes: size of a response
 *
 * Both sides compute it, by the rule of xen/interface/io/ring.h: as many as fit,
 * rounded down to a power of two.
 *
 * Context: Any.
 * Return: The number of slots; 0 where not one fits.
 */
u32 xg_ring_slots(size_t bytes, u32 req_bytes, u32 rsp_bytes)
{
	size_t stride = max(req_bytes, rsp_bytes);
	u32 slots = 1;

	if (!stride || bytes < sizeof(struct xg_ring_shared) + stride)
		return 0;
	bytes -= sizeof(struct xg_ring_shared);
	while (slots <= U32_MAX / 4 && bytes / stride >= slots * 2)
		slots *= 2;
	return slots;
}
EXPORT_SYMBOL_GPL(xg_ring_slots);

/**
 * xg_ring_init() - lay a fresh ring out
 * @ring: our view, filled in
 * @mem: the ring's memory, zeroed, not yet granted to anybody
 * @bytes: size of @mem
 * @req_bytes: size of a request
 * @rsp_bytes: size of a response
 *
 * Both events start at 1: the first request and the first response notify.
 *
 * Context: Any. @mem stays the caller's and outlives @ring.
 */
void xg_ring_init(struct xg_ring *ring, void *mem, size_t bytes,
		  u32 req_bytes, u32 rsp_bytes)
{
	*ring = (struct xg_ring) {
		.shared = mem,
		.slots = xg_ring_slots(bytes, req_bytes, rsp_bytes),
		.stride = max(req_bytes, rsp_bytes),
		.req_bytes = req_bytes,
		.rsp_bytes = rsp_bytes,
	};
	WRITE_ONCE(ring->shared->req_event, 1);
	WRITE_ONCE(ring->shared->rsp_event, 1);
}
EXPORT_SYMBOL_GPL(xg_ring_init);

/**
 * xg_ring_room() - requests that may be put now
 * @ring: the ring
 *
 * A slot is free again once the response that stood in it was taken.
 *
 * Context: The producer.
 * Return: 0 to the number of slots.
 */
u32 xg_ring_room(const struct xg_ring *ring)
{
	/* Pairs with take's release: its copy of a slot ends before our put. */
	u32 taken = virt_load_acquire(&ring->rsp_cons);

	return ring->slots - (ring->req_prod - taken);
}
EXPORT_SYMBOL_GPL(xg_ring_room);

/**
 * xg_ring_put() - copy a request into the ring
 * @ring: the ring
 * @req: req_bytes of it
 *
 * Context: The producer. The peer sees the request after xg_ring_publish().
 * Return: 0, or -ENOSPC where every slot is in use.
 */
int xg_ring_put(struct xg_ring *ring, const void *req)
{
	if (!xg_ring_room(ring))
		return -ENOSPC;
	memcpy(slot_at(ring, ring->req_prod), req, ring->req_bytes);
	ring->req_prod++;
	return 0;
}
EXPORT_SYMBOL_GPL(xg_ring_put);

/**
 * xg_ring_publish() - show the peer all that was put
 * @ring: the ring
 *
 * Context: The producer.
 * Return: true where the peer asked to be notified of one of these requests. A
 *         lying peer can only cause or miss a notification of its own.
 */
bool xg_ring_publish(struct xg_ring *ring)
{
	u32 from = ring->req_pub;
	u32 to = ring->req_prod;
	u32 event;

	if (from == to)
		return false;
	/* Before the peer can answer: take() compares its answers with it. */
	WRITE_ONCE(ring->req_pub, to);
	/* Pairs with the peer's read barrier between req_prod and the slots. */
	virt_wmb();
	WRITE_ONCE(ring->shared->req_prod, to);
	/*
	 * Pairs with the peer's barrier between writing req_event and its last
	 * look at req_prod: it sees our requests, or we see that it asks.
	 */
	virt_mb();
	event = READ_ONCE(ring->shared->req_event);
	return to - event < to - from;
}
EXPORT_SYMBOL_GPL(xg_ring_publish);

/**
 * xg_ring_take() - copy the next response out
 * @ring: the ring
 * @rsp: where rsp_bytes go
 *
 * The peer's index is read only when all it last showed was taken. Whatever it
 * then holds, no more responses come out than requests were published.
 *
 * Context: The consumer. @rsp is the caller's own copy; its content is the
 *          peer's and unchecked.
 * Return: 1; 0 where there is none; -EPROTO where the peer claims to have
 *         answered more than it was asked: give the ring up.
 */
int xg_ring_take(struct xg_ring *ring, void *rsp)
{
	u32 taken = ring->rsp_cons;

	if (ring->rsp_seen == taken)
		ring->rsp_seen = READ_ONCE(ring->shared->rsp_prod);
	if (ring->rsp_seen == taken)
		return 0;
	/*
	 * Pairs with the peer's write barrier between the slots and rsp_prod;
	 * and, through the peer, with publish's: who sees an answer to a request
	 * sees the req_pub that covers it.
	 */
	virt_rmb();
	if (ring->rsp_seen - taken > xg_ring_in_flight(ring))
		return -EPROTO;
	memcpy(rsp, slot_at(ring, taken), ring->rsp_bytes);
	/* Pairs with room's acquire. Also makes the copy final: read no more. */
	virt_store_release(&ring->rsp_cons, taken + 1);
	return 1;
}
EXPORT_SYMBOL_GPL(xg_ring_take);

/**
 * xg_ring_rearm() - ask to be notified of the next response
 * @ring: the ring
 *
 * Context: The consumer, when take found nothing more.
 * Return: true where one came meanwhile and there may be no notification of it.
 *         It is remembered: the next take returns 1 or -EPROTO, never 0, so that
 *         a peer cannot keep the caller going round without an answer.
 */
bool xg_ring_rearm(struct xg_ring *ring)
{
	return xg_ring_rearm_after(ring, 1);
}
EXPORT_SYMBOL_GPL(xg_ring_rearm);

/**
 * xg_ring_rearm_after() - ask to be notified when some responses are there
 * @ring: the ring
 * @count: how many, at least 1; no more than are in flight, or nothing may come
 *
 * Context: The consumer, when take found nothing more.
 * Return: true where so many came meanwhile, as xg_ring_rearm(). Where it is
 *         false there may be fewer: the next take returns them.
 */
bool xg_ring_rearm_after(struct xg_ring *ring, u32 count)
{
	WRITE_ONCE(ring->shared->rsp_event, ring->rsp_cons + count);
	/*
	 * Pairs with the peer's barrier between writing rsp_prod and reading
	 * rsp_event: it sees that we ask, or we see its response.
	 */
	virt_mb();
	ring->rsp_seen = READ_ONCE(ring->shared->rsp_prod);
	return ring->rsp_seen - ring->rsp_cons >= count;
}
EXPORT_SYMBOL_GPL(xg_ring_rearm_after);

/**
 * xg_ring_in_flight() - requests published and not yet answered
 * @ring: the ring
 *
 * Context: Any; exact only where neither side is at work.
 * Return: 0 to the number of slots.
 */
u32 xg_ring_in_flight(const struct xg_ring *ring)
{
	return READ_ONCE(ring->req_pub) - READ_ONCE(ring->rsp_cons);
}
EXPORT_SYMBOL_GPL(xg_ring_in_flight);
