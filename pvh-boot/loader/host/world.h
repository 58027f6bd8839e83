/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine for the loader's code on the host: some windows of memory, nothing
 * else, and a small kernel, initrd and start info in them. All of it good, to be
 * broken by whoever tests.
 */
#ifndef XG_PVH_WORLD_H
#define XG_PVH_WORLD_H

#include <string.h>

#include "../load.h"

#define LOW		0x90000ull	/* start info and what it points to */
#define LOW_SIZE	0x8000u
#define INFO		LOW
#define MODULES		(LOW + 0x1000)
#define MEMMAP		(LOW + 0x2000)
#define CMDLINE		(LOW + 0x4000)
#define CMDLINE_TEXT	"root=/dev/xvda quiet"
#define RSDP		0xf0010ull

#define RAM		0x100000ull
#define RAM_SIZE	0x800000u
#define SELF_SIZE	0x10000u
#define MODULE		(RAM + SELF_SIZE)
#define MODULE_ROOM	0x20000u	/* world_make() clears no more */
#define ABOVE		(RAM + RAM_SIZE)	/* no memory here */

/* The kernel's own words of itself. */
#define SETUP_LEN	2560u
#define KERNEL_LEN	8000u
#define KERNEL_ALIGN	0x100000u
#define KERNEL_PLACE	0x300000u
#define KERNEL_MEMORY	0x180000u
#define BZ_LEN		(SETUP_LEN + KERNEL_LEN)
#define INITRD_LEN	5000u

struct world {
	u8 *low;
	u8 *ram;
	struct xg_wire_start *info;
	struct xg_wire_module *modules;
	struct xg_wire_memmap *memmap;
	char *cmdline;
	u8 *kernel;			/* the bzImage in the first module */
	bool xen;			/* xg_xen_map() has something to say, */
	u32 xen_entries;		/* this many entries */
};

extern struct world world;

/* The good world, with two modules; the RAM behind them is as it was. */
void world_make(void);
/* The kernel alone in the one module. */
void world_bare(void);
/* A bundle as the one module: by @align, 4 as cpio does. */
void world_bundle(unsigned int align);
/* The first module is @len bytes from @data. */
void world_module(const void *data, size_t len);
/* A bzImage of BZ_LEN bytes. */
void world_kernel(u8 *image);
/* A number into a header. */
void put(u8 *at, unsigned int bytes, u64 value);

static inline u8 pattern(unsigned int i)
{
	return i * 7 + (i >> 8);
}

static inline u8 initrd_byte(unsigned int i)
{
	return ~pattern(i);
}

static inline struct xg_span world_self(void)
{
	return (struct xg_span) { RAM, SELF_SIZE };
}

#endif /* XG_PVH_WORLD_H */
