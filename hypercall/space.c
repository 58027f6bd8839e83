// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address space for pages that Xen puts into the guest.
 *
 * It is the lowest that is free above the guest's RAM, not the highest as the
 * kernel's own request_free_mem_region() gives: Xen remembers the highest frame
 * that ever held a page, and who saves or migrates the guest looks at each below.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/ioport.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <asm/processor.h>
#include <xg/hypercall.h>

/**
 * xg_space_request() - set aside address space in which nothing is
 * @size: in bytes, 2 MiB at least; aligned to that
 * @name: in /proc/iomem; must outlive the request
 *
 * Context: process.
 * Return: the space, to be given back by xg_space_release(); ERR_PTR: -ENOMEM,
 * -EBUSY where there is none.
 */
struct resource *xg_space_request(resource_size_t size, const char *name)
{
	struct resource *res = kzalloc(sizeof(*res), GFP_KERNEL);
	int err;

	if (!res)
		return ERR_PTR(-ENOMEM);
	res->name = name;
	res->flags = IORESOURCE_MEM | IORESOURCE_BUSY;
	/* All RAM is in the tree, and what firmware keeps. */
	err = allocate_resource(&iomem_resource, res, size, SZ_16M,
				BIT_ULL(boot_cpu_data.x86_phys_bits) - 1, SZ_2M,
				NULL, NULL);
	if (!err)
		return res;
	kfree(res);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(xg_space_request);

/**
 * xg_space_release() - give it back
 * @res: from xg_space_request(); Xen has no page there any more
 *
 * Context: process.
 */
void xg_space_release(struct resource *res)
{
	release_resource(res);
	kfree(res);
}
EXPORT_SYMBOL_GPL(xg_space_release);
