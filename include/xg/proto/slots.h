/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Slot table: ids on a ring are indices here, and a slot is free or in flight.
 * What a peer answers with is an index until xg_slots_put() has accepted it.
 * The caller serialises and owns the memory.
 */
#ifndef XG_PROTO_SLOTS_H
#define XG_PROTO_SLOTS_H

#include <xg/proto/types.h>

/**
 * struct xg_slots - a free list in an array
 * @next: @count entries; the next free slot, or XG_SLOT_BUSY
 * @count: slots, at most XG_SLOTS_MAX
 * @free: how many are free
 * @head: first free slot
 */
struct xg_slots {
	u16 *next;
	u16 count;
	u16 free;
	u16 head;
};

#define XG_SLOT_END	0xffffu
#define XG_SLOT_BUSY	0xfffeu
#define XG_SLOTS_MAX	0xfffeu

/* @next: memory for @count entries. */
void xg_slots_init(struct xg_slots *slots, u16 *next, u16 count);
/* A free slot, now in flight; -ENOSPC. */
int xg_slots_get(struct xg_slots *slots);
/* Is @id, as it came from the peer, a slot in flight? */
bool xg_slots_busy(const struct xg_slots *slots, u64 id);
/* Free a slot: 0, -EPROTO where @id is none of ours or not in flight. */
int xg_slots_put(struct xg_slots *slots, u64 id);

#endif /* XG_PROTO_SLOTS_H */
