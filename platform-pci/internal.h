/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of this folder share. */
#ifndef XG_PLATFORM_PCI_INTERNAL_H
#define XG_PLATFORM_PCI_INTERNAL_H

#include <linux/types.h>

struct pci_dev;
struct xg_platform;

/* frames.c: guest frames in which nothing lives. */
int xg_frames_init(struct xg_platform *platform, struct pci_dev *pdev);
void xg_frames_exit(void);

/* unplug.c: the protocol, and what the user asked for. */
int xg_unplug_parse(void);
int xg_unplug(struct xg_platform *platform);

/*
 * devices.c: the emulated devices as Linux sees them. A kind is what one bit of
 * the protocol pulls.
 */
enum xg_kind {
	XG_DISKS,
	XG_NICS,
	XG_KINDS,
};

/* Any of that kind in use: its name goes to @name; false when none is. */
bool xg_devices_in_use(enum xg_kind kind, char *name, size_t len);
/* Take the kind's drivers off; returns how many devices were let go. */
unsigned int xg_devices_detach(enum xg_kind kind);

#endif /* XG_PLATFORM_PCI_INTERNAL_H */
