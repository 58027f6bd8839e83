/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of this folder share. All of it is built into the kernel. */
#ifndef XG_PVH_BOOT_H
#define XG_PVH_BOOT_H

#include <linux/types.h>

struct boot_e820_entry;
struct boot_params;

/* early.c, on entry.S's page tables: from a start info to boot_params */
extern struct boot_params xg_pvh_params;
void xg_pvh_prepare(unsigned long start_info);

/* Was this kernel booted by PVH? Set before it begins, or by hypervisor.c. */
extern bool xg_by_pvh;

/* console.c: says why there will be no kernel, and ends the machine: no return */
void xg_early_stop(const char *wrong);

/* call.c: a hypercall before the kernel has patched its own; -ENOSYS without Xen */
long xg_early_call(unsigned int nr, unsigned long arg1, unsigned long arg2,
		   unsigned long arg3);

/* call.c: the memory map by Xen's word, of @max entries at most -> how many, -errno */
int xg_early_memory_map(struct boot_e820_entry *to, unsigned int max);

#endif /* XG_PVH_BOOT_H */
