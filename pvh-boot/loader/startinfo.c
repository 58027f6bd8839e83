// SPDX-License-Identifier: GPL-2.0-only
/* hvm_start_info, versions 0 and 1; later ones are compatible, says Xen. */
#include "load.h"

static const char *read_modules(struct xg_start *start, u64 list, u32 nr)
{
	struct xg_wire_module module;
	const void *from;
	u32 i;

	if (!nr)
		return "no module: kernel and initrd come as xl's ramdisk, QEMU's -initrd";
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
const char *xg_start_read(u64 at, struct xg_start *start)
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
