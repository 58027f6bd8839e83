// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the kernel has an entry by PVH of its own (CONFIG_PVH): what that leaves to
 * whoever knows Xen. It runs on the same kind of page tables as early.c.
 */
#include <linux/init.h>
#include <asm/bootparam.h>
#include <asm/bug.h>
#include <asm/e820/types.h>
#include <xen/interface/xen.h>
#include <xen/interface/memory.h>
#include <asm/xen/hypervisor.h>
#include "boot.h"

void __init xen_pvh_init(struct boot_params *params)
{
	xg_by_pvh = true;
}

void __init mem_map_via_hcall(struct boot_params *params)
{
	struct xen_memory_map request = {
		.nr_entries = ARRAY_SIZE(params->e820_table),
	};

	set_xen_guest_handle(request.buffer, params->e820_table);
	if (xg_early_call(__HYPERVISOR_memory_op, XENMEM_memory_map,
			  (unsigned long)&request, 0))
		xg_early_stop("Xen does not tell the memory map");
	params->e820_entries = request.nr_entries;
}
