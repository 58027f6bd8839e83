/* SPDX-License-Identifier: GPL-2.0-only */
/* Locks of a guest whose vCPUs do not always run; for boot code. */
#ifndef XG_SPINLOCK_H
#define XG_SPINLOCK_H

#include <linux/kconfig.h>

/*
 * Has locks be paravirtual ones, unless the command line has xg_nopvspin. Once,
 * before smp_prepare_boot_cpu(), in whose midst it comes about.
 */
#if IS_BUILTIN(CONFIG_XG_SPINLOCK) && defined(CONFIG_PARAVIRT_SPINLOCKS) && \
	defined(CONFIG_XG_BOOT)
void xg_pv_spinlocks_init(void);
#else
static inline void xg_pv_spinlocks_init(void)
{
}
#endif

#endif /* XG_SPINLOCK_H */
