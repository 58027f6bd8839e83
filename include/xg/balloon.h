/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The balloon: memory that the host wants goes to Xen, and comes back. Users see
 * it in /sys/devices/system/xen_memory, as they know it from other drivers.
 */
#ifndef XG_BALLOON_H
#define XG_BALLOON_H

struct xg_platform;

/* The root's calls; process context, the store is up. */
int xg_balloon_start(struct xg_platform *platform);
void xg_balloon_stop(void);

#endif /* XG_BALLOON_H */
