// SPDX-License-Identifier: GPL-2.0-only
/* Linux's boot_params, the "zero page" (Documentation/arch/x86/zero-page.rst). */
#include "load.h"

#define ACPI_RSDP_ADDR	0x070		/* from protocol 2.14 on */
#define E820_ENTRIES	0x1e8
#define VID_MODE	0x1fa
#define TYPE_OF_LOADER	0x210
#define CODE32_START	0x214
#define RAMDISK_IMAGE	0x218
#define RAMDISK_SIZE	0x21c
#define CMD_LINE_PTR	0x228
#define SETUP_DATA	0x250
#define E820_TABLE	0x2d0
#define E820_ENTRY	20

static void put(u8 *page, unsigned int at, unsigned int bytes, u64 value)
{
	for (; bytes--; value >>= 8)
		page[at++] = value;
}

static void put_map(const struct xg_map *map, u8 *page)
{
	unsigned int i, at = E820_TABLE;

	page[E820_ENTRIES] = map->nr;
	for (i = 0; i < map->nr; i++, at += E820_ENTRY) {
		put(page, at, 8, map->entries[i].at);
		put(page, at + 8, 8, map->entries[i].len);
		put(page, at + 16, 4, map->entries[i].type);
	}
}

/* Fill the 4096 bytes of @page; @image is the kernel's. */
void xg_zero_page(const struct xg_boot *boot, const u8 *image, u8 *page)
{
	memset(page, 0, XG_PAGE);
	memcpy(page + XG_BZ_HEADER, image + XG_BZ_HEADER,
	       boot->bz.header_end - XG_BZ_HEADER);
	put_map(&boot->map, page);
	if (boot->bz.version >= 0x20e)
		put(page, ACPI_RSDP_ADDR, 8, boot->start.rsdp);
	put(page, VID_MODE, 2, 0xffff);
	put(page, TYPE_OF_LOADER, 1, 0xff);	/* none of those known */
	put(page, CODE32_START, 4, boot->entry);
	put(page, RAMDISK_IMAGE, 4, boot->initrd_at);
	put(page, RAMDISK_SIZE, 4, boot->initrd.len);
	put(page, CMD_LINE_PTR, 4, boot->cmdline_at);
	put(page, SETUP_DATA, 8, 0);
}
