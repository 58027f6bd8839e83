// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Slot table: a free list threaded through an array of the slots' successors.
 * Last freed, first used again, while it is warm in the cache.
 *
 * Locking: the caller's. Start with xg_slots_get() and xg_slots_put().
 */
#include <xg/proto/slots.h>

static_assert(XG_SLOTS_MAX <= XG_SLOT_BUSY && XG_SLOT_BUSY < XG_SLOT_END);

/**
 * xg_slots_init() - make every slot free
 * @slots: the table
 * @next: memory for @count entries; the caller's, outlives the table
 * @count: slots, at most XG_SLOTS_MAX; more are cut off
 *
 * Context: Any. The first get returns 0, then 1, and so on.
 */
void xg_slots_init(struct xg_slots *slots, u16 *next, u16 count)
{
	u16 i;

	if (count > XG_SLOTS_MAX)
		count = XG_SLOTS_MAX;
	for (i = 0; i < count; i++)
		next[i] = i + 1;
	if (count)
		next[count - 1] = XG_SLOT_END;
	*slots = (struct xg_slots) {
		.next = next,
		.count = count,
		.free = count,
		.head = count ? 0 : XG_SLOT_END,
	};
}
EXPORT_SYMBOL_GPL(xg_slots_init);

/**
 * xg_slots_get() - take a free slot
 * @slots: the table
 *
 * Context: Any, serialised. The slot is in flight until xg_slots_put().
 * Return: The slot, or -ENOSPC.
 */
int xg_slots_get(struct xg_slots *slots)
{
	u16 slot = slots->head;

	if (slot == XG_SLOT_END)
		return -ENOSPC;
	slots->head = slots->next[slot];
	slots->next[slot] = XG_SLOT_BUSY;
	slots->free--;
	return slot;
}
EXPORT_SYMBOL_GPL(xg_slots_get);

/**
 * xg_slots_busy() - is this a slot in flight?
 * @slots: the table
 * @id: any number a peer may send
 *
 * Context: Any, serialised.
 * Return: true where @id may be used as an index.
 */
bool xg_slots_busy(const struct xg_slots *slots, u64 id)
{
	return id < slots->count && slots->next[id] == XG_SLOT_BUSY;
}
EXPORT_SYMBOL_GPL(xg_slots_busy);

/**
 * xg_slots_put() - free a slot that was answered
 * @slots: the table
 * @id: the number the peer sent
 *
 * Context: Any, serialised.
 * Return: 0, or -EPROTO where @id is no slot or not in flight, and nothing was
 *         changed: the peer invents answers or gives one twice.
 */
int xg_slots_put(struct xg_slots *slots, u64 id)
{
	if (!xg_slots_busy(slots, id))
		return -EPROTO;
	slots->next[id] = slots->head;
	slots->head = id;
	slots->free++;
	return 0;
}
EXPORT_SYMBOL_GPL(xg_slots_put);
