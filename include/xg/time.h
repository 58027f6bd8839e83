/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time from Xen: a clock without exits, a timer for each CPU. Users see it where
 * the kernel shows clock sources and clock event devices.
 */
#ifndef XG_TIME_H
#define XG_TIME_H

#include <linux/types.h>

struct xg_platform;

/* Xen's time in ns, as its timers for this vCPU go by it; the caller stays on it. */
u64 xg_time_here(void);

/* The root's calls; process context, event channels are up. */
int xg_time_start(struct xg_platform *platform);
void xg_time_stop(void);
/* Around a suspend: before, in a new domain with every CPU stopped, after either. */
int xg_time_suspend(void);
int xg_time_wake(void);
void xg_time_resume(void);

#endif /* XG_TIME_H */
