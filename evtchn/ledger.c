// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that outlive this module, and the ledger by which the next load has them.
 *
 * Xen keeps some pages it was told of until the domain ends or is reset: those of
 * FIFO events, and the vcpu_info of vCPUs that shared info has no place for. None
 * of them can ever be freed, and none may be registered twice. The ledger, a page
 * of its own, lists them; the unused end of shared info, which Xen never touches
 * and a reload maps again, says where the ledger is. A random number there, in
 * the ledger and in its struct page proves that it is still the same page of the
 * same kernel.
 */
#include <linux/bitmap.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/random.h>
#include "internal.h"

/*
 * The low byte of a token. Another build of this module may find the ledger: one
 * that changes struct xg_ledger, or what is on the pages, changes this.
 */
#define LAYOUT		2
#define LAYOUT_MASK	0xffULL

/* The last bytes of shared info */
struct anchor {
	u64 token;
	u64 frame;
};

struct xg_ledger *xg_ledger;
DEFINE_MUTEX(xg_ledger_lock);	/* what the ledger says, growth */

static struct anchor *anchor(void)
{
	BUILD_BUG_ON(XG_PIRQ_NOTES + XG_MAX_NOTED / 8 + sizeof(struct anchor) >
		     PAGE_SIZE);
	BUILD_BUG_ON(sizeof(struct xg_ledger) > PAGE_SIZE);
	return (void *)xg_shared + PAGE_SIZE - sizeof(struct anchor);
}

/* Shared info is mapped, nothing else has begun: has an earlier load left one? */
void xg_ledger_find(void)
{
	struct anchor at = *anchor();
	struct xg_ledger *found;
	struct page *page;

	xg_ledger = NULL;
	if ((at.token & LAYOUT_MASK) != LAYOUT || !pfn_valid(at.frame))
		return;
	page = pfn_to_page(at.frame);
	if (!page_count(page) || page_private(page) != at.token)
		return;
	found = page_address(page);
	if (found->token == at.token && found->nr_words <= XG_FIFO_PAGES)
		xg_ledger = found;
}

static int begin(void)
{
	struct page *page;

	if (xg_ledger)
		return 0;
	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!page)
		return -ENOMEM;
	xg_ledger = page_address(page);
	xg_ledger->token = (get_random_u64() & ~LAYOUT_MASK) | LAYOUT;
	set_page_private(page, xg_ledger->token);
	anchor()->frame = page_to_pfn(page);
	anchor()->token = xg_ledger->token;
	return 0;
}

/* The page in line @nr, NULL while there is none; any context. */
void *xg_ledger_page(unsigned int nr)
{
	u64 frame = xg_ledger->frames[nr];

	return frame ? phys_to_virt(PFN_PHYS(frame)) : NULL;
}

/*
 * The same, made of zeroes if it was not there: one that Xen was not given after
 * all waits in its line for the next try. Under xg_ledger_lock. NULL: no memory.
 */
void *xg_ledger_add(unsigned int nr)
{
	void *page;

	lockdep_assert_held(&xg_ledger_lock);
	if (begin())
		return NULL;
	page = xg_ledger_page(nr);
	if (page)
		return page;
	page = (void *)get_zeroed_page(GFP_KERNEL);
	if (page)
		xg_ledger->frames[nr] = PHYS_PFN(virt_to_phys(page));
	return page;
}

/* How many pages there are, the ledger's own too */
unsigned int xg_ledger_size(void)
{
	unsigned int nr, size;

	mutex_lock(&xg_ledger_lock);
	size = !!xg_ledger;
	for (nr = 0; xg_ledger && nr < XG_KEPT_PAGES; nr++)
		size += !!xg_ledger->frames[nr];
	mutex_unlock(&xg_ledger_lock);
	return size;
}

/* Has Xen none of the pages? It may have refused the first already. */
static bool is_unused(void)
{
	return bitmap_empty(xg_ledger->infos, XG_MAX_VCPUS) &&
	       bitmap_empty(xg_ledger->controls, XG_MAX_VCPUS) &&
	       !xg_ledger->nr_words;
}

bool xg_ledger_in_use(void)
{
	bool used;

	mutex_lock(&xg_ledger_lock);
	used = xg_ledger && !is_unused();
	mutex_unlock(&xg_ledger_lock);
	return used;
}

/* The new domain has none of the pages yet, and its shared info no anchor. */
void xg_ledger_wake(void)
{
	if (!xg_ledger)
		return;
	bitmap_zero(xg_ledger->infos, XG_MAX_VCPUS);
	anchor()->frame = page_to_pfn(virt_to_page(xg_ledger));
	anchor()->token = xg_ledger->token;
}

/* No upcall runs any more. What Xen has stays, for the next start to find. */
void xg_ledger_end(void)
{
	unsigned int nr;

	if (xg_ledger && is_unused()) {
		memset(anchor(), 0, sizeof(struct anchor));
		for (nr = 0; nr < XG_KEPT_PAGES; nr++)
			free_page((unsigned long)xg_ledger_page(nr));
		set_page_private(virt_to_page(xg_ledger), 0);
		free_page((unsigned long)xg_ledger);
	}
	xg_ledger = NULL;
}
