// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ring memory for frontends, and pinning the root while a device is open.
 *
 * Pages are allocated one by one in a row of an order but freed one by one: a
 * backend may keep some of them, and those live on until it lets go.
 */
#define pr_fmt(fmt) "xg-xenbus: " fmt

#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <xg/grant.h>
#include "internal.h"

#define ORDER_MAX	6

static void end_pages(struct page *page, unsigned int granted, unsigned int nr,
		      const grant_ref_t *refs)
{
	unsigned int i;

	for (i = 0; i < granted; i++)
		xg_grant_end_page(refs[i], page + i);
	for (; i < nr; i++)
		put_page(page + i);
}

/**
 * xg_xenbus_alloc_ring() - memory that the backend reads and writes
 * @xdev: whose backend
 * @order: 2^@order pages, at most 64
 * @ring: where the address goes; zeroed, contiguous
 * @refs: gets a grant reference a page
 *
 * Context: process, may sleep.
 * Return: 0; -ENOMEM; -ENOSPC no free grants. On error nothing is left.
 */
int xg_xenbus_alloc_ring(struct xg_xenbus_device *xdev, unsigned int order,
			 void **ring, grant_ref_t *refs)
{
	unsigned int i, nr = 1u << order;
	struct page *page;
	int err;

	if (order > ORDER_MAX)
		return -EINVAL;
	page = alloc_pages(GFP_NOIO | __GFP_ZERO | __GFP_NOWARN, order);
	if (!page)
		return -ENOMEM;
	/* From now on each page has a reference of its own. */
	split_page(page, order);
	for (i = 0; i < nr; i++) {
		err = xg_grant_page(xdev->peer, page + i, 0, &refs[i]);
		if (err) {
			end_pages(page, i, nr, refs);
			return err;
		}
	}
	*ring = page_address(page);
	return 0;
}
EXPORT_SYMBOL_GPL(xg_xenbus_alloc_ring);

/**
 * xg_xenbus_free_ring() - take ring memory back
 * @ring: from xg_xenbus_alloc_ring(); NULL is ignored
 * @order: as there
 * @refs: as there
 *
 * A page that the backend still has mapped is freed when it lets go.
 *
 * Context: process.
 */
void xg_xenbus_free_ring(void *ring, unsigned int order, grant_ref_t *refs)
{
	if (ring)
		end_pages(virt_to_page(ring), 1u << order, 1u << order, refs);
}
EXPORT_SYMBOL_GPL(xg_xenbus_free_ring);

/**
 * xg_xenbus_hold() - keep the root while the device is open
 * @xdev: the device
 *
 * Context: any.
 * Return: 0; -ENODEV where the root is being unloaded.
 */
int xg_xenbus_hold(struct xg_xenbus_device *xdev)
{
	/* A root that has stopped may be gone: it removed the device before. */
	return xg_bus_platform() && try_module_get(xdev->root) ? 0 : -ENODEV;
}
EXPORT_SYMBOL_GPL(xg_xenbus_hold);

/**
 * xg_xenbus_release() - undo xg_xenbus_hold()
 * @xdev: the device
 *
 * The stack may have stopped meanwhile: a root can be unbound while it is held.
 *
 * Context: any.
 */
void xg_xenbus_release(struct xg_xenbus_device *xdev)
{
	module_put(xdev->root);
}
EXPORT_SYMBOL_GPL(xg_xenbus_release);
