// SPDX-License-Identifier: GPL-2.0-only
/*
 * Before the kernel begins: what the start info says becomes boot_params.
 *
 * Runs on entry.S's page tables, which have the lower 4 GiB of memory where they
 * are. No variable may be in .bss, which the kernel clears afterwards, and nothing
 * that needs a CPU's own data. Reading and checking is loader/'s; what is wrong is
 * said, and ends the machine: there is no kernel yet that could go on.
 */
#include <linux/errno.h>
#include <linux/init.h>
#include <asm/bootparam.h>
#include <asm/e820/types.h>
#include <asm/page_types.h>
#include <asm/processor.h>
#include <asm/sections.h>
#include <asm/setup.h>
#include "boot.h"
#include "loader/load.h"

#define UNKNOWN_LOADER	0xff
#define BOOT_PROTOCOL	0x20f

struct boot_params xg_pvh_params __initdata;

static struct xg_start start __initdata;
static struct xg_map map __initdata;
static char cmdline[COMMAND_LINE_SIZE] __initdata;

static unsigned long __init machine_address(const void *symbol)
{
	return (unsigned long)symbol - __START_KERNEL_map;
}

void * __init xg_mem(u64 at, u64 len)
{
	if (!at || at >= XG_4G || len > XG_4G - at)
		return NULL;
	return (void *)(unsigned long)at;
}

const char * __init xg_xen_map(struct xg_map *to)
{
	/* As many as there can be, in the format of both ends. */
	static struct boot_e820_entry entries[XG_MAP_MAX] __initdata;
	int nr = xg_early_memory_map(entries, XG_MAP_MAX);
	const char *wrong = NULL;
	int i;

	if (nr == -ENOSYS)
		return "start info: no memory map, and no Xen to ask for one";
	if (nr < 0)
		return "Xen does not tell the memory map";
	for (i = 0; i < nr && !wrong; i++)
		wrong = xg_map_add(to, entries[i].addr, entries[i].size,
				   entries[i].type);
	return wrong;
}

static const char * __init read_start(unsigned long start_info)
{
	struct xg_span self = {
		machine_address(_text), _end - _text
	};
	const char *wrong;

	wrong = xg_start_read(start_info, &start);
	if (!wrong)
		wrong = xg_map_read(&map, start.memmap, start.memmap_entries);
	if (!wrong)
		wrong = xg_modules_check(&start, &map, self);
	if (!wrong)
		wrong = xg_cmdline_read(start.cmdline, cmdline,
					sizeof(cmdline) - 1);
	return wrong;
}

static void __init fill_params(struct boot_params *params)
{
	struct boot_e820_entry *to = params->e820_table;
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(params->e820_table) < XG_MAP_MAX);
	for (i = 0; i < map.nr; i++, to++) {
		to->addr = map.entries[i].at;
		to->size = map.entries[i].len;
		to->type = map.entries[i].type;
	}
	params->e820_entries = map.nr;
	params->acpi_rsdp_addr = start.rsdp;
	params->hdr.version = BOOT_PROTOCOL;
	params->hdr.type_of_loader = UNKNOWN_LOADER;
	params->hdr.cmd_line_ptr = machine_address(cmdline);
	/* The first is the initrd, by everybody's custom. */
	if (start.nr_modules) {
		params->hdr.ramdisk_image = start.modules[0].at;
		params->hdr.ramdisk_size = start.modules[0].len;
	}
}

void __init xg_pvh_prepare(unsigned long start_info)
{
	const char *wrong = read_start(start_info);

	if (wrong)
		xg_early_stop(wrong);
	fill_params(&xg_pvh_params);
	xg_by_pvh = true;
}
