// SPDX-License-Identifier: GPL-2.0-only
/*
 * Granting a page, and taking it back.
 *
 * The protocol is in xen/interface/grant_table.h: write domain and frame, then
 * the flags; to end, swap the flags to zero unless Xen has marked the entry as
 * in use. A page whose peer does not let go waits on a list, entry and all, and
 * is tried again with growing pauses; it is freed when the peer lets go, never
 * before. The list is threaded through the table, so putting a page on it takes
 * no memory and cannot fail. Start reading at xg_grant_page().
 */
#define pr_fmt(fmt) "xg-grant: " fmt

#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/workqueue.h>
#include <xg/grant.h>
#include "internal.h"

/* Each try is one the peer made fail by mapping at that very moment. */
#define CLEAR_TRIES	16

#define RETRY_BATCH	256u
#define RETRY_FIRST	(HZ / 10)
#define RETRY_SLOWEST	(60 * HZ)

static struct xg_ref_list deferred;
static unsigned long retry_delay = RETRY_FIRST;

static void retry_deferred(struct work_struct *work);
static DECLARE_DELAYED_WORK(retry_work, retry_deferred);

/**
 * xg_grant_set() - make a reference grant a page
 * @ref: reference the caller holds and that grants nothing
 * @peer: domain that may reach the page
 * @page: what it may reach; stays the caller's
 * @flags: XG_GRANT_RO or 0
 *
 * Context: any; no lock. Each reference has one user at a time.
 */
void xg_grant_set(grant_ref_t ref, domid_t peer, struct page *page,
		  unsigned int flags)
{
	struct grant_entry_v1 *entry = xg_table_entry(ref);
	unsigned long pfn = page_to_pfn(page);

	/* Version 1 has 32 bits. Half a frame number is somebody else's page. */
	if (WARN_ON_ONCE(upper_32_bits(pfn)))
		return;
	entry->domid = peer;
	entry->frame = pfn;
	/*
	 * Domain and frame before the flags that make them count. Pairs with
	 * Xen's atomic read of flags and domain when the peer maps.
	 */
	smp_wmb();
	WRITE_ONCE(entry->flags, GTF_permit_access |
		   (flags & XG_GRANT_RO ? GTF_readonly : 0));
}
EXPORT_SYMBOL_GPL(xg_grant_set);

/**
 * xg_grant_clear() - make a reference grant nothing
 * @ref: reference the caller holds, and goes on holding
 *
 * Context: any; no lock.
 * Return: 0, and the peer can reach the page no more; or -EBUSY: it has the
 * page mapped, which must be neither freed nor reused.
 */
int xg_grant_clear(grant_ref_t ref)
{
	struct grant_entry_v1 *entry = xg_table_entry(ref);
	u16 flags = READ_ONCE(entry->flags);
	unsigned int tries;
	u16 seen;

	for (tries = 0; tries < CLEAR_TRIES; tries++) {
		if (flags & (GTF_reading | GTF_writing))
			return -EBUSY;
		/*
		 * A full barrier: what the peer did with the page is before it,
		 * what we do with the page next is after it. Pairs with Xen's
		 * compare-and-swap of the same word when the peer maps, and its
		 * clearing of the in-use bits when the peer unmaps: locked also
		 * where Linux, with one CPU, would leave that out.
		 */
		seen = sync_cmpxchg(&entry->flags, flags, 0);
		if (seen == flags)
			return 0;
		flags = seen;
	}
	return -EBUSY;
}
EXPORT_SYMBOL_GPL(xg_grant_clear);

/**
 * xg_grant_page() - let another domain reach a page
 * @peer: the domain
 * @page: the page; stays the caller's
 * @flags: XG_GRANT_RO or 0
 * @ref: the reference to tell the peer; end it by xg_grant_end() or
 *       xg_grant_end_page()
 *
 * Context: any.
 * Return: 0, -ENOSPC when the table is full, -ENODEV before it is there.
 */
int xg_grant_page(domid_t peer, struct page *page, unsigned int flags,
		  grant_ref_t *ref)
{
	int err;

	err = xg_table_take(ref);
	if (err)
		return err;
	xg_grant_set(*ref, peer, page, flags);
	return 0;
}
EXPORT_SYMBOL_GPL(xg_grant_page);

/**
 * xg_grant_end() - take a page back
 * @ref: from xg_grant_page(); the caller's no more when this returns 0
 *
 * Context: any.
 * Return: 0; -EBUSY while the peer has the page mapped: the reference stays the
 * caller's and the page must be neither freed nor reused; -EINVAL when nobody
 * holds @ref.
 */
int xg_grant_end(grant_ref_t ref)
{
	if (WARN_ON_ONCE(!xg_table_holds(ref)))
		return -EINVAL;
	if (xg_grant_clear(ref))
		return -EBUSY;
	xg_table_put(ref);
	return 0;
}
EXPORT_SYMBOL_GPL(xg_grant_end);

/* Try again soon: this page's peer may be about to let go. */
static void defer(grant_ref_t ref, struct page *page)
{
	xg_table_push(&deferred, ref, page_to_pfn(page));
	WRITE_ONCE(retry_delay, RETRY_FIRST);
	mod_delayed_work(system_wq, &retry_work, RETRY_FIRST);
}

/**
 * xg_grant_end_page() - take a page back and drop it
 * @ref: from xg_grant_page() for @page; the caller's no more
 * @page: one reference on it goes, now or when the peer lets go of it. The page
 *        stands alone or belongs to a compound page.
 *
 * Context: any.
 * Return: 0 when it went at once; -EBUSY when the peer still has it mapped and
 * the page waits for that; -EINVAL when nobody holds @ref (the page is leaked).
 */
int xg_grant_end_page(grant_ref_t ref, struct page *page)
{
	int err;

	err = xg_grant_end(ref);
	if (!err)
		put_page(page);
	else if (err == -EBUSY)
		defer(ref, page);
	return err;
}
EXPORT_SYMBOL_GPL(xg_grant_end_page);

/**
 * xg_grant_abandon_page() - leave a page to a peer that does not let go
 * @ref: reference from a pool, set for @page; leaves the pool for good
 * @page: as with xg_grant_end_page()
 *
 * Context: any.
 */
void xg_grant_abandon_page(grant_ref_t ref, struct page *page)
{
	xg_grant_end_page(ref, page);
}
EXPORT_SYMBOL_GPL(xg_grant_abandon_page);

/* One deferred page: freed, or back to the end of the list. */
static bool try_one(void)
{
	u32 frame;
	grant_ref_t ref = xg_table_pop(&deferred, &frame);

	if (ref == XG_GRANT_NONE)
		return false;
	if (xg_grant_clear(ref)) {
		xg_table_push(&deferred, ref, frame);
		return false;
	}
	xg_table_put(ref);
	put_page(pfn_to_page(frame));
	return true;
}

static unsigned int try_many(unsigned int count)
{
	unsigned int freed = 0;

	while (count--)
		freed += try_one();
	return freed;
}

static void retry_deferred(struct work_struct *work)
{
	unsigned int count = xg_access_deferred();
	unsigned long delay = READ_ONCE(retry_delay);

	if (try_many(min(count, RETRY_BATCH)))
		delay = RETRY_FIRST;
	else
		delay = min_t(unsigned long, delay * 2, RETRY_SLOWEST);
	WRITE_ONCE(retry_delay, delay);
	if (xg_access_deferred())
		queue_delayed_work(system_wq, &retry_work, delay);
}

unsigned int xg_access_deferred(void)
{
	return READ_ONCE(deferred.count);
}

void xg_access_start(void)
{
	deferred = (struct xg_ref_list){};
	retry_delay = RETRY_FIRST;
}

/* A last try; what a peer has even now is leaked on purpose. */
void xg_access_stop(void)
{
	cancel_delayed_work_sync(&retry_work);
	try_many(xg_access_deferred());
	if (xg_access_deferred())
		pr_warn("pages lost, because a peer has them mapped: %u\n",
			xg_access_deferred());
}
