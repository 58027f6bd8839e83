// SPDX-License-Identifier: GPL-2.0-only
/* hvm_start_info, versions 0 and 1; later ones are compatible, says Xen. */
#include "load.h"

static const char * __init
read_modules(struct xg_start *start, u64 list, u32 nr)
{
	struct xg_wire_module module;
	const void *from;
	u32 i;

	if (!nr)
		return NULL;
	if (nr > XG_MODULES_MAX)
		return "start info: more than two modules";
	from = xg_mem(list, nr * sizeof(module));
	if (!from)
		return "start info: the list of modules is outside memory";
	for (i = 0; i < nr; i++) {
		memcpy(&module, from + i * sizeof(module), sizeof(module));
		if (!module.size)
			return "start info: an empty module";
		if (module.paddr >= XG_4G || module.size > XG_4G - module.paddr)
			return "start info: a module ends above 4 GiB";
		start->modules[i] = (struct xg_span) { module.paddr, module.size };
	}
	start->nr_modules = nr;
	return NULL;
}

/* Read the start info at @at, and the list of modules. */
const char * __init xg_start_read(u64 at, struct xg_start *start)
{
	const size_t v0 = offsetof(struct xg_wire_start, memmap_paddr);
	struct xg_wire_start wire = { 0 };
	const void *from;

	*start = (struct xg_start) { 0 };
	from = xg_mem(at, v0);
	if (!from)
		return "start info: outside memory";
	memcpy(&wire, from, v0);
	if (wire.magic != XG_START_MAGIC)
		return "start info: wrong magic";
	if (wire.version) {
		from = xg_mem(at, sizeof(wire));
		if (!from)
			return "start info: outside memory";
		memcpy((void *)&wire + v0, from + v0, sizeof(wire) - v0);
	}
	start->cmdline = wire.cmdline_paddr;
	start->rsdp = wire.rsdp_paddr;
	start->memmap = wire.memmap_paddr;
	start->memmap_entries = wire.memmap_entries;
	return read_modules(start, wire.modlist_paddr, wire.nr_modules);
}

/* Are the modules in memory, and over neither @self nor each other? */
const char * __init xg_modules_check(const struct xg_start *start,
				     const struct xg_map *map,
				     struct xg_span self)
{
	unsigned int i;

	for (i = 0; i < start->nr_modules; i++) {
		if (!xg_map_is_ram(map, start->modules[i]) ||
		    !xg_mem(start->modules[i].at, start->modules[i].len))
			return "a module is not in RAM";
		if (xg_overlap(start->modules[i], self))
			return "a module lies over what was booted";
	}
	if (start->nr_modules == 2 &&
	    xg_overlap(start->modules[0], start->modules[1]))
		return "the modules overlap";
	return NULL;
}

const char * __init xg_cmdline_read(u64 at, char *line, u32 max)
{
	const char *c;
	u32 i;

	line[0] = 0;
	if (!at)
		return NULL;
	for (i = 0; i <= max; i++) {
		c = xg_mem(at + i, 1);
		if (!c)
			return "the command line is outside memory";
		line[i] = *c;
		if (!*c)
			return NULL;
	}
	line[0] = 0;
	return "the command line is longer than the kernel allows, or has no end";
}
