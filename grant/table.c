// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table's frames, and which references are free.
 *
 * Xen owns the frames; each is put at a guest frame by XENMEM_add_to_physmap,
 * which also makes the table one frame longer (xen/interface/memory.h). Address
 * space is set aside once for the longest table Xen allows, so growing is one
 * hypercall and works in any context.
 *
 * Free references form a list through next[], under table.lock (any context).
 * The entries themselves belong to whoever holds the reference: no lock.
 * Start reading at xg_table_start().
 */
#define pr_fmt(fmt) "xg-grant: " fmt

#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <xen/interface/xen.h>
#include <xen/interface/memory.h>
#include <xg/grant.h>
#include <xg/hypercall.h>
#include <xg/platform.h>
#include "internal.h"

#define REFS_PER_FRAME	(PAGE_SIZE / sizeof(struct grant_entry_v1))

/* Values of next[] besides a link. No list holds reference 0: it ends them. */
#define REF_END		0u
#define REF_TAKEN	U32_MAX
#define REF_NOT_OURS	(U32_MAX - 1)

static_assert(sizeof(struct grant_entry_v1) == 8);
static_assert(XG_GRANT_NONE == REF_END);

static struct {
	spinlock_t lock;	/* of all below, but entries */
	struct grant_entry_v1 *entries;
	u32 *next;
	u32 *frame;		/* of entries on a list, see xg_table_push() */
	grant_ref_t first_free;
	unsigned int frames;
	unsigned int frames_max;	/* 0: the layer is not started */
	unsigned int in_use;
	unsigned int inherited;
	phys_addr_t addr;
	struct xg_platform *platform;
} table = {
	.lock = __SPIN_LOCK_UNLOCKED(table.lock),
};

/* The entry of a reference the caller holds. */
struct grant_entry_v1 *xg_table_entry(grant_ref_t ref)
{
	return &table.entries[ref];
}

/* Set the free entries of a frame apart from those somebody uses already. */
static void adopt_frame(unsigned int frame)
{
	unsigned int first = frame * REFS_PER_FRAME;
	unsigned int ref = first + REFS_PER_FRAME;

	/* Downwards, so that the lowest is handed out first. */
	while (ref-- > first) {
		if (ref < GNTTAB_NR_RESERVED_ENTRIES) {
			table.next[ref] = REF_NOT_OURS;
		} else if (READ_ONCE(table.entries[ref].flags)) {
			table.next[ref] = REF_NOT_OURS;
			table.inherited++;
		} else {
			table.next[ref] = table.first_free;
			table.first_free = ref;
		}
	}
}

/* A frame that is mapped elsewhere is moved here by Xen. */
static int place(unsigned int frame)
{
	struct xen_add_to_physmap add = {
		.domid = DOMID_SELF,
		.space = XENMAPSPACE_grant_table,
		.idx = frame,
		.gpfn = PHYS_PFN(table.addr) + frame,
	};

	return xg_memory_op(XENMEM_add_to_physmap, &add);
}

/* One frame more. */
static int grow(void)
{
	int err;

	if (table.frames == table.frames_max)
		return -ENOSPC;
	err = place(table.frames);
	if (err) {
		pr_warn_ratelimited("Xen refuses frame %u of the table (%d)\n",
				    table.frames, err);
		return -ENOSPC;
	}
	adopt_frame(table.frames++);
	return 0;
}

/* Hand out a free reference, growing the table when there is none. */
int xg_table_take(grant_ref_t *ref)
{
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&table.lock, flags);
	if (!table.frames_max)
		err = -ENODEV;
	while (!err && table.first_free == REF_END)
		err = grow();
	if (!err) {
		*ref = table.first_free;
		table.first_free = table.next[*ref];
		table.next[*ref] = REF_TAKEN;
		table.in_use++;
	}
	spin_unlock_irqrestore(&table.lock, flags);
	return err;
}

/* Is @ref handed out, and not on a list of the layer's own? */
bool xg_table_holds(grant_ref_t ref)
{
	return ref < READ_ONCE(table.frames) * REFS_PER_FRAME &&
	       READ_ONCE(table.next[ref]) == REF_TAKEN;
}

/* Take a reference back; its entry grants nothing any more. */
void xg_table_put(grant_ref_t ref)
{
	unsigned long flags;

	spin_lock_irqsave(&table.lock, flags);
	table.next[ref] = table.first_free;
	table.first_free = ref;
	table.in_use--;
	spin_unlock_irqrestore(&table.lock, flags);
}

/*
 * Append a reference that is handed out to a list of the layer's own, with the frame
 * that it grants: the table itself may be another by the time it is asked.
 */
void xg_table_push(struct xg_ref_list *list, grant_ref_t ref, u32 frame)
{
	unsigned long flags;

	spin_lock_irqsave(&table.lock, flags);
	table.frame[ref] = frame;
	table.next[ref] = REF_END;
	if (list->count++)
		table.next[list->last] = ref;
	else
		list->first = ref;
	list->last = ref;
	spin_unlock_irqrestore(&table.lock, flags);
}

/* Take the first one off, with its @frame; XG_GRANT_NONE from an empty list. */
grant_ref_t xg_table_pop(struct xg_ref_list *list, u32 *frame)
{
	grant_ref_t ref = XG_GRANT_NONE;
	unsigned long flags;

	spin_lock_irqsave(&table.lock, flags);
	if (list->count) {
		ref = list->first;
		list->first = table.next[ref];
		*frame = table.frame[ref];
		list->count--;
		table.next[ref] = REF_TAKEN;
	}
	spin_unlock_irqrestore(&table.lock, flags);
	return ref;
}

/* References the longest table has; 0 while the layer is not started. */
unsigned int xg_table_limit(void)
{
	return table.frames_max * REFS_PER_FRAME;
}

void xg_table_stats(struct xg_grant_stats *stats, unsigned int *inherited)
{
	unsigned long flags;

	spin_lock_irqsave(&table.lock, flags);
	stats->frames = table.frames;
	stats->frames_max = table.frames_max;
	stats->refs = table.frames * REFS_PER_FRAME;
	stats->in_use = table.in_use;
	*inherited = table.inherited;
	spin_unlock_irqrestore(&table.lock, flags);
}

/* Only version 1 is spoken here; an earlier kernel may have left version 2. */
static int set_version(void)
{
	struct gnttab_get_version get = { .dom = DOMID_SELF };
	struct gnttab_set_version set = { .version = 1 };
	int err;

	err = xg_grant_table_op(GNTTABOP_get_version, &get, 1);
	if (err || get.version != 2)
		return 0;	/* a Xen that cannot tell has only version 1 */
	err = xg_grant_table_op(GNTTABOP_set_version, &set, 1);
	if (err)
		pr_err("the table is of version 2 and Xen does not change it (%d)\n",
		       err);
	return err ? -ENODEV : 0;
}

static int query_size(unsigned int *frames, unsigned int *max)
{
	struct gnttab_query_size query = { .dom = DOMID_SELF };
	int err;

	err = xg_grant_table_op(GNTTABOP_query_size, &query, 1);
	if (err || query.status || !query.max_nr_frames) {
		pr_err("Xen does not tell the table's size (%d, status %d)\n",
		       err, err ? 0 : query.status);
		return -ENODEV;
	}
	*frames = query.nr_frames;
	*max = query.max_nr_frames;
	return 0;
}

/* Address space and bookkeeping for up to @max frames, less where it is short. */
static int reserve(struct xg_platform *platform, unsigned int max)
{
	int err;

	while ((err = platform->alloc_frames(platform, max, &table.addr)) &&
	       max > 1)
		max /= 2;
	if (err)
		return err;

	err = -ENOMEM;
	table.next = kvcalloc(max, REFS_PER_FRAME * sizeof(u32), GFP_KERNEL);
	table.frame = kvcalloc(max, REFS_PER_FRAME * sizeof(u32), GFP_KERNEL);
	if (!table.next || !table.frame)
		goto free_next;
	table.entries = memremap(table.addr, PFN_PHYS(max), MEMREMAP_WB);
	if (!table.entries)
		goto free_next;
	table.platform = platform;
	table.frames_max = max;
	return 0;

free_next:
	kvfree(table.frame);
	kvfree(table.next);
	platform->free_frames(platform, table.addr, max);
	return err;
}

/*
 * Empty the table's guest frames, then hand them back. A Xen that cannot take
 * its page away keeps that one frame until the next load moves the page.
 */
static void release(void)
{
	struct xg_platform *platform = table.platform;
	unsigned int max = table.frames_max;
	unsigned int kept = 0;
	unsigned int i;

	memunmap(table.entries);
	for (i = 0; i < table.frames; i++) {
		struct xen_remove_from_physmap remove = {
			.domid = DOMID_SELF,
			.gpfn = PHYS_PFN(table.addr) + i,
		};

		if (xg_memory_op(XENMEM_remove_from_physmap, &remove))
			kept++;
		else
			platform->free_frames(platform,
					      table.addr + PFN_PHYS(i), 1);
	}
	if (i < max)
		platform->free_frames(platform, table.addr + PFN_PHYS(i),
				      max - i);
	if (kept)
		pr_info("Xen keeps %u frames of the table in place\n", kept);
	kvfree(table.frame);
	kvfree(table.next);
}

/* Forget everything but the lock. */
static void reset(void)
{
	unsigned long flags;

	spin_lock_irqsave(&table.lock, flags);
	table.entries = NULL;
	table.next = NULL;
	table.frame = NULL;
	table.first_free = REF_END;
	table.frames = 0;
	table.frames_max = 0;
	table.in_use = 0;
	table.inherited = 0;
	table.platform = NULL;
	spin_unlock_irqrestore(&table.lock, flags);
}

/* Map the frames the table has already, and learn which entries are in use. */
int xg_table_start(struct xg_platform *platform)
{
	unsigned int frames, max;
	int err;

	if (table.frames_max)
		return -EBUSY;
	err = set_version();
	if (err)
		return err;
	err = query_size(&frames, &max);
	if (err)
		return err;
	err = reserve(platform, max);
	if (err) {
		pr_err("no place for the table's %u frames (%d)\n", max, err);
		return err;
	}

	/* One at the least, so that a table that does not work shows now. */
	frames = clamp(frames, 1u, table.frames_max);
	while (table.frames < frames && !err)
		err = grow();
	if (err) {
		release();
		reset();
		return -ENODEV;
	}
	pr_info("table of %u frames, %u at most; %u entries left as they were\n",
		table.frames, table.frames_max, table.inherited);
	return 0;
}

/*
 * The domain is a new one: its table is empty, and as long as need be where ours
 * was. Every CPU is stopped.
 */
int xg_table_wake(void)
{
	unsigned int frame;
	int err;

	err = set_version();
	for (frame = 0; !err && frame < table.frames; frame++)
		err = place(frame);
	return err;
}

/* No user is left; entries that still grant stay in Xen's table. */
void xg_table_stop(void)
{
	release();
	reset();
}
