// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of another domain, mapped here.
 *
 * In an HVM or PVH guest a grant is mapped at a guest frame, not at a virtual
 * address (GNTTABOP_map_grant_ref, host_addr). The frames come in chunks of
 * free address space which memremap_pages() gives struct pages and a place in
 * the direct map; nothing is there until Xen puts a page there, and nothing may
 * touch it then. Chunks stay until the layer stops.
 *
 * chunks_lock (mutex) guards the list and the bitmaps. Start at xg_grant_map().
 */
#define pr_fmt(fmt) "xg-grant: " fmt

#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/numa.h>
#include <linux/slab.h>
#include <xg/grant.h>
#include <xg/hypercall.h>
#include "internal.h"

/* The least that memremap_pages() takes, and the most one map may have. */
#define CHUNK_PAGES	(SZ_2M / PAGE_SIZE)

#define EAGAIN_TRIES	8

/* One flush of the TLBs a batch; the batch is on the stack. */
#define UNMAP_BATCH	16u

struct chunk {
	struct list_head list;
	struct dev_pagemap pgmap;
	struct resource *res;
	unsigned long pfn;
	DECLARE_BITMAP(used, CHUNK_PAGES);
};

/* What a struct xg_grant_map keeps in ->private. */
struct mapping {
	struct chunk *chunk;
	unsigned int first;	/* page of the chunk */
	bool filled;		/* Xen has mapped, all of it */
	grant_handle_t handles[];
};

static LIST_HEAD(chunks);
static DEFINE_MUTEX(chunks_lock);
static atomic_t nr_mapped = ATOMIC_INIT(0);

unsigned int xg_map_mapped(void)
{
	return atomic_read(&nr_mapped);
}

static struct chunk *chunk_create(void)
{
	struct chunk *chunk;
	void *vaddr;
	int err;

	chunk = kzalloc(sizeof(*chunk), GFP_KERNEL);
	if (!chunk)
		return ERR_PTR(-ENOMEM);
	chunk->res = xg_space_request(SZ_2M, "xg foreign pages");
	if (IS_ERR(chunk->res)) {
		err = PTR_ERR(chunk->res);
		goto free_chunk;
	}
	chunk->pgmap.type = MEMORY_DEVICE_GENERIC;
	chunk->pgmap.nr_range = 1;
	chunk->pgmap.range.start = chunk->res->start;
	chunk->pgmap.range.end = chunk->res->start + SZ_2M - 1;
	vaddr = memremap_pages(&chunk->pgmap, NUMA_NO_NODE);
	if (IS_ERR(vaddr)) {
		err = PTR_ERR(vaddr);
		goto release_region;
	}
	chunk->pfn = PHYS_PFN(chunk->res->start);
	list_add(&chunk->list, &chunks);
	return chunk;

release_region:
	xg_space_release(chunk->res);
free_chunk:
	kfree(chunk);
	return ERR_PTR(err);
}

static void chunk_destroy(struct chunk *chunk)
{
	list_del(&chunk->list);
	memunmap_pages(&chunk->pgmap);
	xg_space_release(chunk->res);
	kfree(chunk);
}

static bool chunk_take(struct chunk *chunk, unsigned int count,
		       unsigned int *first)
{
	*first = bitmap_find_next_zero_area(chunk->used, CHUNK_PAGES, 0, count,
					    0);
	if (*first >= CHUNK_PAGES)
		return false;
	bitmap_set(chunk->used, *first, count);
	return true;
}

/* @count frames in a row with nothing in them. */
static int frames_take(unsigned int count, struct mapping *m)
{
	struct chunk *chunk;
	int err = 0;

	mutex_lock(&chunks_lock);
	list_for_each_entry(chunk, &chunks, list) {
		if (chunk_take(chunk, count, &m->first))
			goto found;
	}
	chunk = chunk_create();
	if (IS_ERR(chunk)) {
		err = PTR_ERR(chunk);
		goto unlock;
	}
	chunk_take(chunk, count, &m->first);
found:
	m->chunk = chunk;
unlock:
	mutex_unlock(&chunks_lock);
	return err;
}

static void frames_give(struct mapping *m, unsigned int i, unsigned int count)
{
	mutex_lock(&chunks_lock);
	bitmap_clear(m->chunk->used, m->first + i, count);
	mutex_unlock(&chunks_lock);
}

static unsigned long frame_of(const struct mapping *m, unsigned int i)
{
	return m->chunk->pfn + m->first + i;
}

/* Xen asks for another try while it fetches the peer's page. */
static void map_again(struct gnttab_map_grant_ref *op)
{
	unsigned int tries;

	for (tries = 0; tries < EAGAIN_TRIES; tries++) {
		if (op->status != GNTST_eagain)
			return;
		msleep(1u << tries);
		if (xg_grant_table_op(GNTTABOP_map_grant_ref, op, 1))
			op->status = GNTST_general_error;
	}
}

static int map_error(int status)
{
	switch (status) {
	case GNTST_okay:
		return 0;
	case GNTST_bad_domain:
	case GNTST_bad_gntref:
		return -EINVAL;
	case GNTST_no_device_space:
	case GNTST_no_space:
		return -ENOMEM;
	default:
		return -EFAULT;
	}
}

/*
 * Have Xen map all, whose references and domains are in @ops; how each went is in
 * its status. The first error, if any.
 */
static int map_all(unsigned int count, unsigned int flags, struct mapping *m,
		   struct gnttab_map_grant_ref *ops)
{
	unsigned int i;
	int err;

	for (i = 0; i < count; i++) {
		ops[i].host_addr = PFN_PHYS(frame_of(m, i));
		ops[i].flags = GNTMAP_host_map |
			       (flags & XG_GRANT_RO ? GNTMAP_readonly : 0);
		/* For those that Xen does not come to. */
		ops[i].status = GNTST_general_error;
	}
	err = xg_grant_table_op(GNTTABOP_map_grant_ref, ops, count);
	if (err)
		err = -EOPNOTSUPP;
	for (i = 0; i < count; i++) {
		map_again(&ops[i]);
		m->handles[i] = ops[i].handle;
		if (!err)
			err = map_error(ops[i].status);
	}
	return err;
}

/*
 * Unmap some pages in a row. A frame that Xen does not empty is never used
 * again: false.
 */
static bool unmap_some(struct mapping *m, unsigned int first,
		       unsigned int count, bool give)
{
	struct gnttab_unmap_grant_ref ops[UNMAP_BATCH] = {};
	bool all = true;
	unsigned int i;
	int err;

	for (i = 0; i < count; i++) {
		ops[i].host_addr = PFN_PHYS(frame_of(m, first + i));
		ops[i].handle = m->handles[first + i];
		/* For those that Xen does not come to. */
		ops[i].status = GNTST_general_error;
	}
	err = xg_grant_table_op(GNTTABOP_unmap_grant_ref, ops, count);
	for (i = 0; i < count; i++) {
		if (ops[i].status == GNTST_okay) {
			if (give)
				frames_give(m, first + i, 1);
			continue;
		}
		all = false;
		pr_warn_ratelimited("Xen does not unmap a foreign page (%d, status %d)\n",
				    err, ops[i].status);
	}
	return all;
}

/* Take back what map_all() achieved. */
static bool undo(struct mapping *m, const struct gnttab_map_grant_ref *ops,
		 unsigned int count)
{
	bool all = true;
	unsigned int i;

	for (i = 0; i < count; i++)
		if (ops[i].status == GNTST_okay)
			all &= unmap_some(m, i, 1, false);
	return all;
}

/**
 * xg_grant_room() - set room aside for pages of other domains
 * @count: how many, 1 to 512
 * @map: filled in, but nothing is mapped: nobody may touch the pages; the
 *       caller's until xg_grant_unmap()
 *
 * Context: process, may sleep; takes locks of memory hotplug's.
 * Return: 0; -EINVAL for a bad count; -ENOMEM.
 */
int xg_grant_room(unsigned int count, struct xg_grant_map *map)
{
	struct mapping *m;
	unsigned int i;
	int err = -ENOMEM;

	*map = (struct xg_grant_map){};
	if (!count || count > CHUNK_PAGES)
		return -EINVAL;
	m = kvzalloc(struct_size(m, handles, count), GFP_KERNEL);
	map->pages = kvcalloc(count, sizeof(*map->pages), GFP_KERNEL);
	if (!m || !map->pages)
		goto free;
	err = frames_take(count, m);
	if (err)
		goto free;
	for (i = 0; i < count; i++)
		map->pages[i] = pfn_to_page(frame_of(m, i));
	map->vaddr = page_address(map->pages[0]);
	map->count = count;
	map->private = m;
	return 0;

free:
	kvfree(map->pages);
	map->pages = NULL;
	kvfree(m);
	return err;
}
EXPORT_SYMBOL_GPL(xg_grant_room);

/**
 * xg_grant_fill() - map pages of other domains where there is room for them
 * @map: from xg_grant_room(), not filled yet
 * @from: which, one for each page
 * @flags: XG_GRANT_RO or 0
 *
 * All or nothing. As xg_grant_map(), but without a lock.
 *
 * Context: process, may sleep.
 * Return: as xg_grant_map(); on error @map is what it was, or if Xen left
 * something there, of no more use than to be unmapped.
 */
int xg_grant_fill(struct xg_grant_map *map, const struct xg_grant_foreign *from,
		  unsigned int flags)
{
	struct gnttab_map_grant_ref *ops;
	struct mapping *m = map->private;
	unsigned int i;
	int err;

	if (m->filled || !map->count)
		return -EBUSY;
	ops = kvcalloc(map->count, sizeof(*ops), GFP_KERNEL);
	if (!ops)
		return -ENOMEM;
	for (i = 0; i < map->count; i++) {
		ops[i].ref = from[i].ref;
		ops[i].dom = from[i].dom;
	}
	/* Before Xen maps anything: see xg_grant_suspend(). */
	atomic_add(map->count, &nr_mapped);
	err = map_all(map->count, flags, m, ops);
	if (!err) {
		m->filled = true;
		goto out;
	}
	atomic_sub(map->count, &nr_mapped);
	if (!undo(m, ops, map->count)) {
		/* What is left there stays there, frames and all. */
		map->count = 0;
	}
out:
	kvfree(ops);
	return err;
}
EXPORT_SYMBOL_GPL(xg_grant_fill);

/**
 * xg_grant_map() - map pages another domain granted us
 * @peer: the domain
 * @refs: its references, as they came from the peer; nothing is assumed of them
 * @count: how many, 1 to 512
 * @flags: XG_GRANT_RO or 0
 * @map: filled in; the caller's until xg_grant_unmap()
 *
 * All or nothing. The pages are the peer's memory: it may write to them at any
 * moment. Nobody may hold a reference on the struct pages when they are
 * unmapped.
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL for a bad count, domain or a reference outside its table;
 * -ENOMEM; -EFAULT when Xen refuses (not granted to us, or read-only);
 * -EOPNOTSUPP where Xen has no such call.
 */
int xg_grant_map(domid_t peer, const grant_ref_t *refs, unsigned int count,
		 unsigned int flags, struct xg_grant_map *map)
{
	struct xg_grant_foreign *from;
	unsigned int i;
	int err;

	err = xg_grant_room(count, map);
	if (err)
		return err;
	from = kvcalloc(count, sizeof(*from), GFP_KERNEL);
	err = from ? 0 : -ENOMEM;
	for (i = 0; !err && i < count; i++)
		from[i] = (struct xg_grant_foreign){ peer, refs[i] };
	if (!err)
		err = xg_grant_fill(map, from, flags);
	kvfree(from);
	if (err)
		xg_grant_unmap(map);
	return err;
}
EXPORT_SYMBOL_GPL(xg_grant_map);

/**
 * xg_grant_unmap() - unmap pages of another domain
 * @map: from xg_grant_map() or xg_grant_room(), or empty; empty afterwards
 *
 * Nothing may touch the pages any more, not through their struct pages either.
 *
 * Context: process, may sleep.
 */
void xg_grant_unmap(struct xg_grant_map *map)
{
	struct mapping *m = map->private;
	unsigned int i;

	if (m && m->filled) {
		for (i = 0; i < map->count; i += UNMAP_BATCH)
			unmap_some(m, i, min(map->count - i, UNMAP_BATCH),
				   true);
		atomic_sub(map->count, &nr_mapped);
	} else if (m && map->count) {
		frames_give(m, 0, map->count);
	}
	kvfree(map->private);
	kvfree(map->pages);
	*map = (struct xg_grant_map){};
}
EXPORT_SYMBOL_GPL(xg_grant_unmap);

/* Give the address space back, but for what still has a foreign page in it. */
void xg_map_stop(void)
{
	struct chunk *chunk, *next;

	mutex_lock(&chunks_lock);
	list_for_each_entry_safe(chunk, next, &chunks, list) {
		if (bitmap_empty(chunk->used, CHUNK_PAGES)) {
			chunk_destroy(chunk);
		} else {
			pr_warn("%u foreign pages stay mapped, their address space is lost\n",
				bitmap_weight(chunk->used, CHUNK_PAGES));
			/* Stays in /proc/iomem; the name is this module's. */
			chunk->res->name = NULL;
			list_del(&chunk->list);
		}
	}
	mutex_unlock(&chunks_lock);
}
