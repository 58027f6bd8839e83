// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest frames in which nothing lives: shared info and grant table are put there.
 *
 * Free address space comes first: what Xen puts there is plain cacheable memory.
 * The platform device's memory BAR is the fallback: always there, but the
 * kernel's memory types make it uncacheable; on PVH there is none. A bitmap hands
 * the frames out, under a mutex; all callers are layers that start or stop.
 */
#define pr_fmt(fmt) "xg-platform-pci: " fmt

#include <linux/bitmap.h>
#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <xen/interface/xen.h>
#include <xen/interface/memory.h>
#include <xg/hypercall.h>
#include <xg/platform.h>
#include "internal.h"

/* Shared info and the largest grant table Xen gives by default, with room. */
#define FRAMES		1024
#define BAR_MEMORY	1

static char *frames = "auto";
module_param(frames, charp, 0444);
MODULE_PARM_DESC(frames,
		 "where Xen's frames go: auto (default), free (address space) or bar");

static struct resource *space;	/* ours to release; NULL when the BAR serves */
static phys_addr_t base;
static unsigned int nr_frames;
static DECLARE_BITMAP(used, FRAMES);
static DEFINE_MUTEX(lock);

static int alloc_frames(struct xg_platform *platform, unsigned int nr,
			phys_addr_t *addr)
{
	unsigned long start;
	int err = -ENOSPC;

	mutex_lock(&lock);
	start = bitmap_find_next_zero_area(used, nr_frames, 0, nr, 0);
	if (start < nr_frames) {
		bitmap_set(used, start, nr);
		*addr = base + PFN_PHYS(start);
		err = 0;
	}
	mutex_unlock(&lock);
	return err;
}

static void free_frames(struct xg_platform *platform, phys_addr_t addr,
			unsigned int nr)
{
	mutex_lock(&lock);
	bitmap_clear(used, PHYS_PFN(addr - base), nr);
	mutex_unlock(&lock);
}

/*
 * Does Xen put a page there and take it away again? -ENOSYS when it only does the
 * former: KVM's Xen emulation moves a page with its next add and not otherwise.
 */
static int try_frame(phys_addr_t addr)
{
	struct xen_add_to_physmap add = {
		.domid = DOMID_SELF,
		.space = XENMAPSPACE_shared_info,
		.gpfn = PHYS_PFN(addr),
	};
	struct xen_remove_from_physmap remove = {
		.domid = DOMID_SELF,
		.gpfn = PHYS_PFN(addr),
	};
	int err;

	err = xg_memory_op(XENMEM_add_to_physmap, &add);
	if (err)
		return err;
	return xg_memory_op(XENMEM_remove_from_physmap, &remove);
}

/* Only where Xen takes its pages back: the space is given up with the module. */
static int use_free_space(void)
{
	struct resource *res;
	int err;

	res = xg_space_request(PFN_PHYS(FRAMES), "xg frames");
	if (IS_ERR(res))
		return PTR_ERR(res);
	err = try_frame(res->start);
	if (err) {
		xg_space_release(res);
		return err;
	}
	space = res;
	base = res->start;
	nr_frames = FRAMES;
	return 0;
}

/* Pages that Xen leaves here after us are in nobody's way. */
static int use_bar(struct pci_dev *pdev)
{
	unsigned long pages;
	int err;

	if (!pdev)
		return -ENODEV;
	pages = pci_resource_len(pdev, BAR_MEMORY) >> PAGE_SHIFT;
	if (!(pci_resource_flags(pdev, BAR_MEMORY) & IORESOURCE_MEM) || !pages)
		return -ENODEV;
	err = try_frame(pci_resource_start(pdev, BAR_MEMORY));
	if (err && err != -ENOSYS)
		return err;
	base = pci_resource_start(pdev, BAR_MEMORY);
	nr_frames = min_t(unsigned long, pages, FRAMES);
	return 0;
}

static int choose(struct pci_dev *pdev)
{
	int err;

	if (sysfs_streq(frames, "free")) {
		err = use_free_space();
		if (err)
			pr_err("frames=free: free address space cannot hold Xen's frames here (%d), use \"auto\" or \"bar\"\n",
			       err);
		return err;
	}
	if (sysfs_streq(frames, "bar"))
		return use_bar(pdev);
	if (!sysfs_streq(frames, "auto")) {
		pr_err("frames=%s: unknown, use \"auto\", \"free\" or \"bar\"\n",
		       frames);
		return -EINVAL;
	}
	err = use_free_space();
	if (!err)
		return 0;
	if (!pdev)
		return err;
	pr_info("free address space cannot hold Xen's frames (%d), taking the device's BAR\n",
		err);
	return use_bar(pdev);
}

int xg_frames_init(struct xg_platform *platform, struct pci_dev *pdev)
{
	int err;

	err = choose(pdev);
	if (err) {
		pr_err("no place for Xen's frames (%d)\n", err);
		return err;
	}
	bitmap_zero(used, FRAMES);
	platform->alloc_frames = alloc_frames;
	platform->free_frames = free_frames;
	return 0;
}

void xg_frames_exit(void)
{
	if (space && bitmap_empty(used, FRAMES)) {
		xg_space_release(space);
	} else if (space) {
		pr_warn("Xen keeps %u frames, their address space is lost\n",
			bitmap_weight(used, FRAMES));
		/* It stays in /proc/iomem, its name goes with this module. */
		space->name = NULL;
	}
	space = NULL;
}
