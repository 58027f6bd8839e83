// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>

#include "world.h"

struct world world;

/* Memory of exactly that length: whoever reads past it is caught. */
void *xg_mem(u64 at, u64 len)
{
	if (at >= LOW && at < LOW + LOW_SIZE && len <= LOW + LOW_SIZE - at)
		return world.low + (at - LOW);
	if (at >= RAM && at < RAM + RAM_SIZE && len <= RAM + RAM_SIZE - at)
		return world.ram + (at - RAM);
	return NULL;
}

const char *xg_xen_map(struct xg_map *map)
{
	const char *wrong = NULL;
	u32 i;

	if (!world.xen)
		return "start info: no memory map, and no Xen to ask for one";
	for (i = 1; i < world.xen_entries && !wrong; i++)
		wrong = xg_map_add(map, XG_4G + i * XG_PAGE, XG_PAGE, 2);
	return wrong ? wrong : xg_map_add(map, RAM, RAM_SIZE, XG_MAP_RAM);
}

void put(u8 *at, unsigned int bytes, u64 value)
{
	for (; bytes--; value >>= 8)
		*at++ = value;
}

void world_kernel(u8 *image)
{
	unsigned int i;

	memset(image, 0, SETUP_LEN);
	for (i = SETUP_LEN; i < BZ_LEN; i++)
		image[i] = pattern(i);
	image[0x1f1] = SETUP_LEN / 512 - 1;
	put(image + 0x1f4, 4, KERNEL_LEN / 16);
	put(image + 0x1fe, 2, 0xaa55);
	image[0x200] = 0xeb;
	image[0x201] = 0x6a;
	memcpy(image + 0x202, "HdrS", 4);
	put(image + 0x206, 2, 0x20f);
	image[0x211] = 1;
	put(image + 0x22c, 4, 0x7fffffff);
	put(image + 0x230, 4, KERNEL_ALIGN);
	image[0x234] = 1;
	put(image + 0x236, 2, 0x3f);
	put(image + 0x238, 4, 2047);
	put(image + SETUP_LEN + 100, 2, 0xb528);	/* zstd */
	put(image + 0x248, 4, 100);
	put(image + 0x24c, 4, KERNEL_LEN - 100);
	put(image + 0x250, 8, 0x1234567);	/* setup_data: not to be kept */
	put(image + 0x258, 8, KERNEL_PLACE);
	put(image + 0x260, 4, KERNEL_MEMORY);
}

static void make_initrd(u8 *at)
{
	unsigned int i;

	for (i = 0; i < INITRD_LEN; i++)
		at[i] = initrd_byte(i);
}

void world_make(void)
{
	if (!world.low) {
		world.low = malloc(LOW_SIZE);
		world.ram = calloc(RAM_SIZE, 1);
	}
	memset(world.low, 0, LOW_SIZE);
	memset(world.ram, 0, MODULE + MODULE_ROOM - RAM);
	world.xen = false;
	world.xen_entries = 1;
	world.info = xg_mem(INFO, 0);
	world.modules = xg_mem(MODULES, 0);
	world.memmap = xg_mem(MEMMAP, 0);
	world.cmdline = xg_mem(CMDLINE, 0);
	world.kernel = xg_mem(MODULE, BZ_LEN);
	*world.info = (struct xg_wire_start) {
		XG_START_MAGIC, 1, 0, 2, MODULES, CMDLINE, RSDP, MEMMAP, 3, 0
	};
	world_kernel(world.kernel);
	make_initrd(world.kernel + 0x4000);
	world.modules[0] = (struct xg_wire_module) { MODULE, BZ_LEN, 0, 0 };
	world.modules[1] = (struct xg_wire_module) {
		MODULE + 0x4000, INITRD_LEN, 0, 0
	};
	/* Not in order; what is in two pieces is one. */
	world.memmap[0] = (struct xg_wire_memmap) { 0xfc000000, 0x9000, 3, 0 };
	world.memmap[1] = (struct xg_wire_memmap) {
		RAM + 0x11000, RAM_SIZE - 0x11000, XG_MAP_RAM, 0
	};
	world.memmap[2] = (struct xg_wire_memmap) { 0, RAM + 0x11000, XG_MAP_RAM, 0 };
	memcpy(world.cmdline, CMDLINE_TEXT, sizeof(CMDLINE_TEXT));
}

void world_bare(void)
{
	world_make();
	world.info->nr_modules = 1;
}

void world_module(const void *data, size_t len)
{
	world_bare();
	memcpy(world.kernel, data, len);
	world.modules[0].size = len;
}

static size_t put_file(u8 *to, size_t at, const char *name, const u8 *data,
		       u32 len, unsigned int align)
{
	size_t end = at + 110 + strlen(name) + 1;
	size_t start = (end + align - 1) / align * align;

	sprintf((char *)to + at,
		"070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s",
		1, 0100644, 0, 0, 1, 0, len, 0, 0, 0, 0, (u32)(start - at - 110),
		0, name);
	if (len)
		memcpy(to + start, data, len);
	return (start + len + 3) / 4 * 4;
}

void world_bundle(unsigned int align)
{
	static u8 bundle[3 * BZ_LEN], image[BZ_LEN], initrd[INITRD_LEN];
	size_t len;

	memset(bundle, 0, sizeof(bundle));
	world_kernel(image);
	make_initrd(initrd);
	len = put_file(bundle, 0, "kernel", image, BZ_LEN, align);
	len = put_file(bundle, len, "initrd", initrd, INITRD_LEN, align);
	len = put_file(bundle, len, "TRAILER!!!", NULL, 0, 4);
	world_module(bundle, len);
}
