// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the kernel has an entry by PVH of its own (CONFIG_PVH): what that leaves to
 * whoever knows Xen. It runs on the same kind of page tables as early.c.
 */
#include <linux/init.h>
#include <asm/bootparam.h>
#include <asm/xen/hypervisor.h>
#include "boot.h"

void __init xen_pvh_init(struct boot_params *params)
{
	xg_by_pvh = true;
}

void __init mem_map_via_hcall(struct boot_params *params)
{
	int nr = xg_early_memory_map(params->e820_table,
				     ARRAY_SIZE(params->e820_table));

	if (nr < 0)
		xg_early_stop("Xen does not tell the memory map");
	params->e820_entries = nr;
}
