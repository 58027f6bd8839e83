// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages to Xen and back, a batch at a time.
 *
 * A page that goes comes fresh from the allocator: no mapping, device or grant
 * knows it. It goes zeroed, as Xen does not clean what a living domain gives back
 * (but with its option scrub-domheap): another domain would read it. On a frame
 * that Xen populates on demand zeroing is the first touch. It costs a page of the
 * domain's cache, which has it back when the batch goes.
 *
 * @lock is never held over an allocation: memory reclaim waits for it.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/page-flags.h>
#include <linux/sched.h>
#include <xen/interface/xen.h>
#include <xen/interface/memory.h>
#include <xg/hypercall.h>
#include "internal.h"

/*
 * Zeroed here and nowhere else: a kernel that zeroes all it allocates does it
 * once. Not movable: each move would have to find a page of Xen's first. No way
 * to make the guest swap or kill for it.
 */
#define FRESH	(GFP_HIGHUSER | __GFP_ZERO | __GFP_NORETRY | __GFP_NOWARN | \
		 __GFP_NOMEMALLOC)

/* Left free, beside the kernel's own reserves: a shell can still start. */
#define KEEP	((16ul << 20) >> PAGE_SHIFT)

/* In page->private of what is out, with PageOffline: "xg-balln". */
#define MARK	0x78672d62616c6c6eul

static LIST_HEAD(out);
static unsigned long nr_out;
static DEFINE_MUTEX(lock);	/* all here */
static xen_pfn_t frames[XG_BALLOON_BATCH];
static struct xg_pages_stats stats;

/*
 * Under @lock, on the first @nr of @frames. Xen's answer: extents done, -errno.
 * An extent is one page: of a larger one in which Xen fails half-way nobody knows
 * which half is gone.
 */
static int reservation_op(unsigned int cmd, unsigned int nr)
{
	struct xen_memory_reservation r = {
		.nr_extents = nr,
		.domid = DOMID_SELF,
	};

	set_xen_guest_handle(r.extent_start, frames);
	stats.hypercalls++;
	return min_t(int, xg_memory_op(cmd, &r), nr);
}

static unsigned int list_frames(const struct list_head *list, unsigned int max)
{
	struct page *page;
	unsigned int nr = 0;

	list_for_each_entry(page, list, lru) {
		if (nr == max)
			break;
		frames[nr++] = page_to_pfn(page);
	}
	return nr;
}

/* --- giving --------------------------------------------------------------------- */

static unsigned int allocate(struct list_head *fresh, unsigned long nr)
{
	long spare = si_mem_available() - (long)KEEP;
	unsigned int got = 0;
	struct page *page;

	if (spare <= 0)
		return 0;
	nr = min3(nr, (unsigned long)spare, (unsigned long)XG_BALLOON_BATCH);
	while (got < nr) {
		page = alloc_page(FRESH);
		if (!page)
			break;
		list_add_tail(&page->lru, fresh);
		got++;
	}
	return got;
}

/* Crash dumps and who else walks the frames leave an offline page alone. */
static void mark(struct page *page)
{
	set_page_private(page, MARK);
	__SetPageOffline(page);
}

static void unmark(struct page *page)
{
	__ClearPageOffline(page);
	set_page_private(page, 0);
}

int xg_pages_give(unsigned long nr)
{
	struct page *page, *next;
	LIST_HEAD(fresh);
	int done, i;

	if (!allocate(&fresh, nr))
		return -ENOMEM;
	mutex_lock(&lock);
	done = reservation_op(XENMEM_decrease_reservation,
			      list_frames(&fresh, XG_BALLOON_BATCH));
	for (i = 0; i < done; i++) {
		page = list_first_entry(&fresh, struct page, lru);
		list_move(&page->lru, &out);
		mark(page);
		adjust_managed_page_count(page, -1);
		nr_out++;
		stats.given++;
	}
	mutex_unlock(&lock);

	/* The one Xen stopped at first: so it is the last to be tried again. */
	list_for_each_entry_safe(page, next, &fresh, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
	return done ?: -EBUSY;
}

/* --- taking --------------------------------------------------------------------- */

int xg_pages_take(unsigned long nr)
{
	struct page *page, *next;
	LIST_HEAD(back);
	int done, i;

	mutex_lock(&lock);
	nr = list_frames(&out, min_t(unsigned long, nr, XG_BALLOON_BATCH));
	done = nr ? reservation_op(XENMEM_populate_physmap, nr) : 0;
	for (i = 0; i < done; i++) {
		page = list_first_entry(&out, struct page, lru);
		list_move(&page->lru, &back);
		nr_out--;
		stats.taken++;
	}
	mutex_unlock(&lock);

	list_for_each_entry_safe(page, next, &back, lru) {
		list_del(&page->lru);
		unmark(page);
		adjust_managed_page_count(page, 1);
		__free_page(page);
	}
	return done ?: -ENOSPC;
}

unsigned long xg_pages_out(void)
{
	return READ_ONCE(nr_out);
}

void xg_pages_stats(struct xg_pages_stats *copy)
{
	mutex_lock(&lock);
	*copy = stats;
	mutex_unlock(&lock);
}

/* --- from one life of the module to the next ---------------------------------- */

static struct page *left_out(unsigned long pfn, int nid)
{
	struct page *page = pfn_to_online_page(pfn);

	/* Nodes' spans may overlap: each page is found in its own. */
	if (!page || page_to_nid(page) != nid || !PageOffline(page) ||
	    page_private(page) != MARK)
		return NULL;
	return page;
}

void xg_pages_find(void)
{
	unsigned long pfn;
	struct page *page;
	int nid;

	mutex_lock(&lock);
	for_each_online_node(nid) {
		for (pfn = node_start_pfn(nid); pfn < node_end_pfn(nid); pfn++) {
			if (!(pfn % XG_BALLOON_BATCH))
				cond_resched();
			page = left_out(pfn, nid);
			if (!page)
				continue;
			list_add(&page->lru, &out);
			nr_out++;
		}
	}
	mutex_unlock(&lock);
}

/* They keep their marks, and the kernel goes on without them. */
void xg_pages_forget(void)
{
	struct page *page, *next;

	mutex_lock(&lock);
	list_for_each_entry_safe(page, next, &out, lru)
		list_del(&page->lru);
	nr_out = 0;
	mutex_unlock(&lock);
}
