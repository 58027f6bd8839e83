// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the loader decides, on a machine of a few pages: good boots to the last
 * byte, and every way to be wrong with the sentence that says so. The Makefile
 * sees to it that each sentence of the sources is in here.
 *
 *   test [BUNDLE]...	bundles made by others, with world_kernel() and an initrd
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <xen/arch-x86/hvm/start_info.h>

#include "world.h"

static_assert(sizeof(struct xg_wire_start) == sizeof(struct hvm_start_info));
static_assert(sizeof(struct xg_wire_module) == sizeof(struct hvm_modlist_entry));
static_assert(sizeof(struct xg_wire_memmap) ==
	      sizeof(struct hvm_memmap_table_entry));
static_assert(XG_START_MAGIC == XEN_HVM_START_MAGIC_VALUE);
static_assert(XG_MAP_RAM == XEN_HVM_MEMMAP_TYPE_RAM);
static_assert(XG_MAP_PMEM == XEN_HVM_MEMMAP_TYPE_PMEM);
#define AT(type, field)	offsetof(struct type, field)
static_assert(AT(xg_wire_start, modlist_paddr) ==
	      AT(hvm_start_info, modlist_paddr));
static_assert(AT(xg_wire_start, cmdline_paddr) ==
	      AT(hvm_start_info, cmdline_paddr));
static_assert(AT(xg_wire_start, rsdp_paddr) == AT(hvm_start_info, rsdp_paddr));
static_assert(AT(xg_wire_start, memmap_paddr) ==
	      AT(hvm_start_info, memmap_paddr));
static_assert(AT(xg_wire_start, memmap_entries) ==
	      AT(hvm_start_info, memmap_entries));
static_assert(AT(xg_wire_memmap, type) == AT(hvm_memmap_table_entry, type));

static struct xg_boot boot;
static u8 zero_page[XG_PAGE];
static unsigned int run, failed;

static void result(bool good, const char *name, const char *why)
{
	printf("%sok %u - %s\n", good ? "" : "not ", ++run, name);
	if (!good) {
		printf("# %s\n", why);
		failed++;
	}
}

static u64 get(const u8 *at, unsigned int bytes)
{
	u64 n = 0;

	while (bytes--)
		n = n << 8 | at[bytes];
	return n;
}

/* --- good ones --- */

static const char *why;

#define expect(condition) do { \
	if (!why && !(condition)) \
		why = #condition; } while (0)

static bool plan(void)
{
	why = xg_boot_plan(INFO, world_self(), &boot);
	if (why)
		return false;
	boot.cmdline_at = 0x123000;
	xg_boot_carry_out(&boot, zero_page);
	return true;
}

static bool kernel_is_there(void)
{
	const u8 *at = xg_mem(boot.entry, KERNEL_LEN);
	static u8 image[BZ_LEN];

	world_kernel(image);
	return at && !memcmp(at, image + SETUP_LEN, KERNEL_LEN) &&
	       !at[KERNEL_LEN];
}

static bool initrd_is_there(void)
{
	const u8 *at = xg_mem(boot.initrd_at, INITRD_LEN);
	unsigned int i;

	if (boot.initrd_at % XG_PAGE || get(zero_page + 0x21c, 4) != INITRD_LEN)
		return false;
	for (i = 0; at && i < INITRD_LEN; i++)
		if (at[i] != initrd_byte(i))
			return false;
	return at;
}

static void two_modules(void)
{
	world_make();
	if (!plan())
		return;
	expect(boot.entry == KERNEL_PLACE);
	expect(boot.initrd_at == MODULE + 0x4000);
	expect(kernel_is_there() && initrd_is_there());
	expect(!strcmp(boot.cmdline, CMDLINE_TEXT));
}

static void the_zero_page(void)
{
	static const u8 none[XG_PAGE];

	world_make();
	memset(zero_page, 0xff, sizeof(zero_page));
	if (!plan())
		return;
	expect(!memcmp(zero_page, none, 0x70));
	expect(get(zero_page + 0x70, 8) == RSDP);
	expect(!memcmp(zero_page + 0x78, none, 0x1e8 - 0x78));
	expect(zero_page[0x1e8] == 4 - 1 && !get(zero_page + 0x1e9, 8));
	expect(zero_page[0x1f1] == SETUP_LEN / 512 - 1);
	expect(get(zero_page + 0x1fa, 2) == 0xffff);
	expect(!memcmp(zero_page + 0x202, "HdrS", 4));
	expect(zero_page[0x210] == 0xff && zero_page[0x211] == 1);
	expect(get(zero_page + 0x214, 4) == KERNEL_PLACE);
	expect(get(zero_page + 0x218, 4) == MODULE + 0x4000);
	expect(get(zero_page + 0x228, 4) == 0x123000);
	expect(!get(zero_page + 0x250, 8));
	expect(get(zero_page + 0x260, 4) == KERNEL_MEMORY);
	expect(!memcmp(zero_page + 0x26c, none, 0x2d0 - 0x26c));
	/* In order. */
	expect(!get(zero_page + 0x2d0, 8) && get(zero_page + 0x2e0, 4) == 1);
	expect(get(zero_page + 0x2e4, 8) == RAM + 0x11000);
	expect(get(zero_page + 0x2ec, 8) == RAM_SIZE - 0x11000);
	expect(get(zero_page + 0x2f8, 8) == 0xfc000000);
	expect(get(zero_page + 0x308, 4) == 3);
	expect(!memcmp(zero_page + 0x30c, none, XG_PAGE - 0x30c));
}

static void a_long_header(void)
{
	world_make();
	world.kernel[0x201] = 0xff;
	memset(world.kernel + 0x264, 0xee, 0x400 - 0x264);
	if (!plan())
		return;
	expect(zero_page[0x28f] == 0xee && !zero_page[0x290]);
}

static void version_0(void)
{
	world_make();
	world.info->version = 0;
	memset(&world.info->memmap_paddr, 0xff, 16);
	world.xen = true;
	if (plan())
		expect(boot.map.nr == 1 && kernel_is_there());
}

static void no_table(void)
{
	world_make();
	world.info->memmap_entries = 0;
	world.xen = true;
	if (plan())
		expect(boot.map.nr == 1 && kernel_is_there());
}

static void later_version(void)
{
	world_make();
	world.info->version = 77;
	if (plan())
		expect(boot.map.nr == 3 && kernel_is_there());
}

static void kernel_alone(void)
{
	world_bare();
	if (!plan())
		return;
	expect(kernel_is_there() && !boot.initrd_at);
	expect(!get(zero_page + 0x218, 8));
}

static void bundle_by_pages(void)
{
	world_bundle(XG_PAGE);
	if (!plan())
		return;
	expect(kernel_is_there() && initrd_is_there());
	expect(boot.initrd_at > MODULE);
	expect(boot.initrd_at < MODULE + world.modules[0].size);
}

static void bundle_by_four(void)
{
	world_bundle(4);
	if (!plan())
		return;
	expect(kernel_is_there() && initrd_is_there());
	expect(boot.initrd_at >= MODULE + world.modules[0].size);
}

static void place_taken(void)
{
	world_make();
	memcpy(xg_mem(KERNEL_PLACE + 0x5000, BZ_LEN), world.kernel, BZ_LEN);
	world.modules[0].paddr = KERNEL_PLACE + 0x5000;
	if (plan())
		expect(boot.entry == KERNEL_PLACE + KERNEL_ALIGN &&
		       kernel_is_there());
}

static void hole_in_memory(u64 at)
{
	world_make();
	world.memmap[1].size = at - world.memmap[1].addr;
	world.memmap[0].addr = at + 0x4000;
	world.memmap[0].size = ABOVE - world.memmap[0].addr;
	world.memmap[0].type = XG_MAP_RAM;
	if (plan())
		expect(boot.entry == KERNEL_PLACE + KERNEL_ALIGN &&
		       kernel_is_there());
}

static void hole_behind(void)
{
	hole_in_memory(KERNEL_PLACE + 0x5000);
}

static void hole_before(void)
{
	hole_in_memory(KERNEL_PLACE - 0x1000);
}

static void not_relocatable(void)
{
	world_make();
	world.kernel[0x234] = 0;
	put(world.kernel + 0x258, 8, KERNEL_PLACE + 0x7000);
	if (plan())
		expect(boot.entry == KERNEL_PLACE + 0x7000 && kernel_is_there());
}

static void initrd_limit(void)
{
	world_make();
	put(world.kernel + 0x236, 2, 0);
	put(world.kernel + 0x22c, 4, 0x1fffff);
	memcpy(xg_mem(0x700000, INITRD_LEN), world.kernel + 0x4000, INITRD_LEN);
	world.modules[1].paddr = 0x700000;
	if (plan())
		expect(boot.initrd_at + INITRD_LEN <= 0x200000 &&
		       initrd_is_there());
}

static void long_initrd(void)
{
	world_make();
	put(world.kernel + 0x258, 8, 0x200000);
	world.modules[1].paddr = 0x700001;
	world.modules[1].size = 0x100000;
	if (plan())
		expect(boot.entry == 0x200000 && boot.initrd_at == 0x380000);
}

static void signature(void)
{
	world_make();
	memset(world.kernel + BZ_LEN, 0xdd, 999);
	world.modules[0].size += 999;
	if (plan())
		expect(kernel_is_there());
}

static void old_kernel(void)
{
	world_make();
	put(world.kernel + 0x206, 2, 0x20c);
	if (plan())
		expect(!get(zero_page + 0x70, 8) && kernel_is_there());
}

static void longest_cmdline(void)
{
	world_make();
	memset(world.cmdline, 'x', 2047);
	world.cmdline[2047] = 0;
	if (plan())
		expect(strlen(boot.cmdline) == 2047);
}

static void no_cmdline(void)
{
	world_make();
	world.info->cmdline_paddr = 0;
	if (plan())
		expect(!boot.cmdline[0]);
}

static void odd_types(void)
{
	static const u32 types[] = { 0, 2, 4, 6, 7, 8, 0xffffffff };
	static const u32 want[] = { 2, 2, 4, 2, 7, 2, 2 };
	unsigned int i;

	world_make();
	for (i = 0; i < ARRAY_SIZE(types); i++)
		world.memmap[3 + i] = (struct xg_wire_memmap) {
			0x100000000 + i * 0x1000, 0x1000, types[i], 0
		};
	/* An empty one is none. */
	world.memmap[3 + i] = (struct xg_wire_memmap) { RAM + 5, 0, 2, 0 };
	world.info->memmap_entries = 3 + i + 1;
	if (!plan())
		return;
	expect(boot.map.nr == 10);
	for (i = 0; i < ARRAY_SIZE(types); i++)
		expect(boot.map.entries[3 + i].type == want[i]);
}

static void full_map(void)
{
	u32 i;

	world_make();
	for (i = 3; i < XG_MAP_MAX; i++)
		world.memmap[i] = (struct xg_wire_memmap) {
			XG_4G + (XG_MAP_MAX - i) * 0x10000, 0x10000, i % 2 + 1, 0
		};
	world.info->memmap_entries = i;
	if (!plan())
		return;
	expect(boot.map.nr == 128 && zero_page[0x1e8] == 128);
	expect(get(zero_page + 0x2d0 + 127 * 20, 8) == XG_4G + 125 * 0x10000);
	expect(zero_page[0x2d0 + 128 * 20] == 0);
}

static void folder_and_dots(void)
{
	u8 *member;

	world_bundle(XG_PAGE);
	/* "kernel", and behind the name one more zero to have "./kernel". */
	member = world.kernel;
	memcpy(member + 110, "./kernel", 9);
	if (plan())
		expect(kernel_is_there() && initrd_is_there());
}

static const struct {
	void (*run)(void);
	const char *name;
} good[] = {
	{ two_modules, "two modules" },
	{ the_zero_page, "every byte of the zero page" },
	{ a_long_header, "a header longer than the zero page's room is cut" },
	{ version_0, "start info version 0: the map is Xen's" },
	{ no_table, "version 1 without a table: likewise" },
	{ later_version, "a version of the future" },
	{ kernel_alone, "a bzImage alone" },
	{ bundle_by_pages, "a bundle by pages: the initrd stays" },
	{ bundle_by_four, "a bundle as cpio makes it: the initrd is moved" },
	{ folder_and_dots, "file names with ./" },
	{ place_taken, "the kernel goes higher where its place is taken" },
	{ hole_behind, "and over a hole in memory" },
	{ hole_before, "and over one that its place begins in" },
	{ not_relocatable, "a kernel that cannot be moved" },
	{ initrd_limit, "an initrd above the kernel's limit is moved" },
	{ long_initrd, "a moved initrd is not put over the kernel" },
	{ signature, "what is behind the kernel stays there" },
	{ old_kernel, "no RSDP for a kernel that does not know the field" },
	{ longest_cmdline, "the longest command line" },
	{ no_cmdline, "no command line" },
	{ odd_types, "unknown types of memory are reserved" },
	{ full_map, "128 entries of the memory map" },
};

/* --- bad ones --- */

#define si		world.info
#define image		world.kernel
#define first		world.modules[0]
#define second		world.modules[1]
#define ranges		world.memmap
#define bundle		world_bundle(4)
#define member2		(image + 120 + BZ_LEN)
#define bare		world_bare()
static void text(u8 *at, const char *string)
{
	memcpy(at, string, strlen(string));
}

static void cut(u32 len)
{
	static u8 whole[3 * BZ_LEN];

	/* At the end of memory, where one byte more would be seen. */
	memcpy(whole, image, len);
	memcpy(xg_mem(ABOVE - len, len), whole, len);
	first.paddr = ABOVE - len;
	first.size = len;
}

static void no_end(u64 at)
{
	u8 *from = xg_mem(at, 1);

	si->cmdline_paddr = at;
	memset(from, 'x', LOW + LOW_SIZE - at);
}

static u64 start_at;

static void prepare(void)
{
	world_make();
	start_at = INFO;
}

static void check_bad(const char *what, const char *want)
{
	char name[400], text[400] = "nothing was found wrong";
	const char *said = xg_boot_plan(start_at, world_self(), &boot);

	if (said)
		snprintf(text, sizeof(text), "said: %s", said);
	snprintf(name, sizeof(name), "%s: %s", what, want);
	result(said && !strcmp(said, want), name, text);
}

static void check_all_bad(void)
{
#define REFUSED(says, ...) do { \
	prepare(); \
	__VA_ARGS__; \
	check_bad(#__VA_ARGS__, says); \
} while (0)
#include "bad.h"
}

static void check_file(const char *path)
{
	static u8 data[1 << 20];
	char name[400];
	size_t len;
	FILE *f = fopen(path, "rb");

	snprintf(name, sizeof(name), "made by others: %s", strrchr(path, '/') + 1);
	len = f ? fread(data, 1, sizeof(data), f) : 0;
	if (f)
		fclose(f);
	world_module(data, len);
	if (plan())
		expect(kernel_is_there() && initrd_is_there());
	result(!why, name, why);
}

/* What the Makefile makes bundles of. */
static int write_files(const char *kernel_path, const char *initrd_path)
{
	FILE *f = fopen(kernel_path, "wb"), *g = fopen(initrd_path, "wb");
	bool written;

	if (!f || !g)
		return 1;
	world_make();
	written = fwrite(world.kernel, BZ_LEN, 1, f) == 1 &&
		  fwrite(world.kernel + 0x4000, INITRD_LEN, 1, g) == 1;
	return !written || fclose(f) || fclose(g);
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc == 4 && !strcmp(argv[1], "--write"))
		return write_files(argv[2], argv[3]);
	printf("TAP version 13\n");
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		world_make();
		memset(world.ram, 0, RAM_SIZE);
		good[i].run();
		result(!why, good[i].name, why);
	}
	check_all_bad();
	for (i = 1; i < (unsigned int)argc; i++)
		check_file(argv[i]);
	printf("1..%u\n", run);
	return failed > 0;
}
