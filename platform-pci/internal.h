/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of this folder share. */
#ifndef XG_PLATFORM_PCI_INTERNAL_H
#define XG_PLATFORM_PCI_INTERNAL_H

#include <linux/types.h>

struct irq_domain;
struct pci_dev;
struct xg_line;
struct xg_platform;

/* frames.c: guest frames in which nothing lives. */
int xg_frames_init(struct xg_platform *platform, struct pci_dev *pdev);
void xg_frames_exit(void);

/* unplug.c: the protocol, and what the user asked for. */
int xg_unplug_parse(void);
int xg_unplug(struct xg_platform *platform);
void xg_unplug_again(void);

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

/* Is it the device model's, and not passed through? */
bool xg_device_emulated(const struct pci_dev *pdev);

/* suspend.c: the machine is saved, and goes on in another domain */
int xg_suspend(struct xg_platform *platform);

/* kexec.c: another kernel is started in this one's place */
int xg_kexec_init(void);
void xg_kexec_exit(void);
bool xg_kexec_comes(void);
void xg_kexec_leave(bool kept);

/* remap.c: whose interrupts come by event channel */
int xg_remap_parse(void);
int xg_remap_start(struct xg_platform *platform);
void xg_remap_stop(void);

/* route.c: how they do */
int xg_routes_start(void);
void xg_routes_stop(void);
struct irq_domain *xg_route_msi(struct pci_dev *pdev);
void xg_unroute_msi(struct pci_dev *pdev, struct irq_domain *was);
struct xg_line *xg_route_intx(struct pci_dev *pdev, bool begin);
void xg_unroute_intx(struct pci_dev *pdev, struct xg_line *line);

#endif /* XG_PLATFORM_PCI_INTERNAL_H */
