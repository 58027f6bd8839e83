/* SPDX-License-Identifier: GPL-2.0-only */
/* Locks of a guest whose vCPUs do not always run; for boot code. */
#ifndef XG_SPINLOCK_H
#define XG_SPINLOCK_H

/*
 * Has locks be paravirtual ones, unless the command line has xg_nopvspin. Once,
 * before smp_prepare_boot_cpu(), in whose midst it comes about.
 */
#ifdef CONFIG_XG_PV_SPINLOCKS
void xg_pv_spinlocks_init(void);
#else
static inline void xg_pv_spinlocks_init(void)
{
}
#endif

#endif /* XG_SPINLOCK_H */
