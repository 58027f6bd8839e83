/* SPDX-License-Identifier: GPL-2.0-only */
/* How this kernel was booted; built into kernels that have CONFIG_XG_BOOT. */
#ifndef XG_BOOT_H
#define XG_BOOT_H

#include <linux/types.h>

#ifdef CONFIG_XG_BOOT
bool xg_booted_by_pvh(void);
#else
static inline bool xg_booted_by_pvh(void) { return false; }
#endif

#endif /* XG_BOOT_H */
