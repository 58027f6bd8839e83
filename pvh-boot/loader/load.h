/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a PVH start info to a Linux kernel's 32-bit entry. Start reading at
 * xg_boot_plan() in plan.c: it decides everything and writes nothing but its
 * result; xg_boot_carry_out() then does it.
 *
 * Whoever made the start info is not trusted: what is wrong with it comes back as
 * a sentence, NULL is good. None of this knows the machine it runs on, but for
 * the two functions at the end, so it runs on the host as well (host/). A kernel
 * that is booted by PVH itself has what reads the start info, too (../early.c).
 */
#ifndef XG_PVH_LOAD_H
#define XG_PVH_LOAD_H

#ifdef __KERNEL__
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define __init
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* string.c, or libc */
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
#endif

#define XG_PAGE		4096u
#define XG_LOW_MEMORY	0x100000u	/* below are firmware's things */
#define XG_4G		0x100000000ull	/* there is no paging: nothing above */

/* The wire: <xen/arch-x86/hvm/start_info.h>, compared in host/test.c. */
#define XG_START_MAGIC	0x336ec578u

struct xg_wire_start {
	u32 magic;
	u32 version;
	u32 flags;
	u32 nr_modules;
	u64 modlist_paddr;
	u64 cmdline_paddr;
	u64 rsdp_paddr;
	/* From version 1 on. */
	u64 memmap_paddr;
	u32 memmap_entries;
	u32 reserved;
};

struct xg_wire_module {
	u64 paddr;
	u64 size;
	u64 cmdline_paddr;
	u64 reserved;
};

struct xg_wire_memmap {
	u64 addr;
	u64 size;
	u32 type;
	u32 reserved;
};

struct xg_span {
	u64 at;
	u64 len;
};

/* map.c: what is memory, lowest first */
#define XG_MAP_MAX	128		/* as many as the zero page has room for */
#define XG_MAP_RAM	1
#define XG_MAP_RESERVED	2
#define XG_MAP_PMEM	7

struct xg_map {
	unsigned int nr;
	struct xg_map_entry {
		u64 at;
		u64 len;
		u32 type;
	} entries[XG_MAP_MAX];
};

struct xg_want {
	u64 len;
	u64 align;
	u64 low;			/* not below */
	u64 high;			/* the end not above */
	const struct xg_span *avoid;
	unsigned int nr_avoid;
};

const char *xg_map_add(struct xg_map *map, u64 at, u64 len, u32 type);
/* The start info's, or Xen's where it has none. */
const char *xg_map_read(struct xg_map *map, u64 at, u32 nr);
bool xg_map_is_ram(const struct xg_map *map, struct xg_span span);
u64 xg_map_place(const struct xg_map *map, const struct xg_want *want);
bool xg_overlap(struct xg_span a, struct xg_span b);

/* startinfo.c */
#define XG_MODULES_MAX	2

struct xg_start {
	unsigned int nr_modules;
	struct xg_span modules[XG_MODULES_MAX];
	u64 cmdline;			/* 0: none */
	u64 rsdp;
	u64 memmap;
	u32 memmap_entries;		/* 0: none, ask Xen */
};

const char *xg_start_read(u64 at, struct xg_start *start);
const char *xg_modules_check(const struct xg_start *start,
			     const struct xg_map *map, struct xg_span self);
/* To @line, at most @max bytes and the end. */
const char *xg_cmdline_read(u64 at, char *line, u32 max);

/* cpio.c, the bundle: kernel and initrd in one module, places relative to it */
bool xg_bundle_is(const u8 *data, u64 len);
const char *xg_bundle_read(const u8 *data, u64 len, struct xg_span *kernel,
			   struct xg_span *initrd);

/* bzimage.c */
#define XG_BZ_HEADER	0x1f1		/* of the setup header, both in the file */
#define XG_BZ_HEADER_MAX 0x290		/* and in the zero page */

struct xg_bz {
	u16 version;
	bool relocatable;
	u32 header_end;
	u32 setup_len;			/* the real-mode part, in front */
	u32 len;			/* of the rest, which is run */
	u32 align;
	u64 address;			/* where it likes to run */
	u32 memory;			/* how much it needs from there on */
	u32 cmdline_max;		/* without the end */
	u64 initrd_limit;
};

const char *xg_bz_read(const u8 *image, u64 len, struct xg_bz *bz);

/* zeropage.c */
struct xg_boot;
void xg_zero_page(const struct xg_boot *boot, const u8 *image, u8 *page);

/* plan.c */
#define XG_CMDLINE_MAX	4095

struct xg_boot {
	struct xg_start start;
	struct xg_map map;
	struct xg_bz bz;
	struct xg_span image;		/* the bzImage, where it came */
	struct xg_span initrd;		/* the same, len 0: none */
	u64 entry;			/* where the kernel goes to */
	u64 initrd_at;			/* and the initrd */
	u64 cmdline_at;			/* address of cmdline[] */
	char cmdline[XG_CMDLINE_MAX + 1];
};

const char *xg_boot_plan(u64 start_info, struct xg_span self,
			 struct xg_boot *boot);
void xg_boot_carry_out(const struct xg_boot *boot, u8 *zero_page);

/* What the surroundings give: main.c and xen.c, ../early.c, or host/world.c. */

/* Memory at an address of the machine; NULL where there cannot be any. */
void *xg_mem(u64 at, u64 len);
/* Xen's memory map for us; what is wrong, if that is no Xen. */
const char *xg_xen_map(struct xg_map *map);

#endif /* XG_PVH_LOAD_H */
