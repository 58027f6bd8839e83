/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a root (platform-pci on HVM, pvh-boot on PVH) tells the layers.
 *
 * A layer never looks for its platform. The root fills this in once, before the
 * first layer starts, and keeps it until the last layer has stopped.
 */
#ifndef XG_PLATFORM_H
#define XG_PLATFORM_H

#include <linux/types.h>

struct device;
struct module;

/**
 * struct xg_platform - the machine as the root found it
 * @dev: parent of every xenbus device and of DMA-like allocations
 * @owner: module of the root; pinned while a device of ours is in use
 * @pvh: there is no emulated device, nor the platform's
 * @intx_irq: Linux IRQ of the platform device's line, 0 where there is none
 * @intx_via: HVM_PARAM_CALLBACK_IRQ value that routes the upcall to that line
 *            (xen/interface/hvm/params.h: type 1, device/function and pin)
 * @alloc_frames: hand out @nr contiguous guest frames in which nothing lives,
 *            as their physical address; context: process, may sleep.
 *            Returns 0 or -ENOSPC.
 * @free_frames: take them back; Xen must have no page there any more
 * @suspend: have the machine saved, as the toolstack wants; process context, may
 *            sleep, one at a time, from no watch's call. Returns, perhaps on
 *            another host, 0: restored; 1: the toolstack has thought better of
 *            it; -errno: it cannot be saved now, the log says why.
 */
struct xg_platform {
	struct device *dev;
	struct module *owner;
	bool pvh;
	int intx_irq;
	u64 intx_via;
	int (*alloc_frames)(struct xg_platform *platform, unsigned int nr,
			    phys_addr_t *addr);
	void (*free_frames)(struct xg_platform *platform, phys_addr_t addr,
			    unsigned int nr);
	int (*suspend)(struct xg_platform *platform);
};

#endif /* XG_PLATFORM_H */
