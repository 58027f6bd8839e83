// SPDX-License-Identifier: GPL-2.0-only
/*
 * The good machine with some bytes changed, or with any bytes for a bundle or a
 * kernel: what is then carried out stays in RAM, off everything else.
 */
#include <stdint.h>
#include <stdlib.h>

#include "world.h"

#define must(condition) do { if (!(condition)) abort(); } while (0)

struct script {
	const u8 *data;
	size_t left;
};

static struct xg_boot boot;

static u64 next(struct script *s, unsigned int bytes)
{
	u64 n = 0;

	while (bytes--) {
		n <<= 8;
		if (s->left) {
			n |= *s->data++;
			s->left--;
		}
	}
	return n;
}

static void check_plan(void)
{
	const struct xg_start *start = &boot.start;
	struct xg_span entry = { boot.entry, boot.bz.memory };
	struct xg_span initrd = { boot.initrd_at, boot.initrd.len };
	static u8 page[XG_PAGE];
	unsigned int i;

	must(xg_map_is_ram(&boot.map, entry));
	must(entry.at >= XG_LOW_MEMORY && entry.at + entry.len <= XG_4G);
	must(entry.at >= boot.bz.address && boot.bz.len <= entry.len);
	must(!boot.bz.relocatable || !(entry.at & (boot.bz.align - 1)));
	must(!xg_overlap(entry, world_self()));
	for (i = 0; i < start->nr_modules; i++)
		must(!xg_overlap(entry, start->modules[i]));
	if (initrd.len) {
		must(xg_map_is_ram(&boot.map, initrd));
		must(!(initrd.at & (XG_PAGE - 1)));
		must(initrd.at + initrd.len <= boot.bz.initrd_limit);
		must(!xg_overlap(initrd, entry));
		must(!xg_overlap(initrd, world_self()));
	}
	for (i = 0; i < XG_CMDLINE_MAX && boot.cmdline[i]; i++)
		;
	must(!boot.cmdline[i] && i <= boot.bz.cmdline_max);
	for (i = 1; i < boot.map.nr; i++)
		must(boot.map.entries[i - 1].at + boot.map.entries[i - 1].len <=
		     boot.map.entries[i].at);
	/* The map may tell of memory that this machine has not. */
	if (xg_mem(entry.at, entry.len) &&
	    (!initrd.len || xg_mem(initrd.at, initrd.len)))
		xg_boot_carry_out(&boot, page);
}

/* Somewhere that is looked at. */
static u8 *somewhere(struct script *s)
{
	switch (next(s, 1) % 7) {
	case 0:
		return (u8 *)world.info + next(s, 1) % 56;
	case 1:
		return (u8 *)world.modules + next(s, 1) % 64;
	case 2:
		return (u8 *)world.memmap + next(s, 2) % (130 * 24);
	case 3:
		return (u8 *)world.cmdline + next(s, 2) % 0x2000;
	case 4:			/* a bundle's headers, or the kernel's start */
		return world.kernel + next(s, 1);
	case 5:
		return world.kernel + 120 + BZ_LEN + next(s, 1);
	default:		/* the kernel's setup header, in a bundle or not */
		return world.kernel + (next(s, 1) & 1 ? 120 : 0) + 0x1f0 +
		       next(s, 1) % 0x80;
	}
}

static void any_bytes(struct script *s)
{
	struct xg_span kernel, initrd;
	u8 *copy = malloc(s->left + 1);
	struct xg_bz bz;

	must(copy);
	memcpy(copy, s->data, s->left);
	copy = realloc(copy, s->left ? s->left : 1);
	if (xg_bundle_is(copy, s->left) &&
	    !xg_bundle_read(copy, s->left, &kernel, &initrd)) {
		must(kernel.len && kernel.at + kernel.len <= s->left);
		must(initrd.at + initrd.len <= s->left);
	}
	if (!xg_bz_read(copy, s->left, &bz)) {
		must(bz.len && bz.setup_len + bz.len <= s->left);
		must(bz.header_end <= XG_BZ_HEADER_MAX);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script s = { data, size };
	unsigned int bytes;
	u8 *at;

	switch (next(&s, 1) % 5) {
	case 0:
		world_make();
		break;
	case 1:
		world_bare();
		break;
	case 2:
		world_bundle(4);
		break;
	case 3:
		world_bundle(XG_PAGE);
		break;
	default:
		any_bytes(&s);
		return 0;
	}
	world.xen = next(&s, 1) & 1;
	while (s.left) {
		at = somewhere(&s);
		bytes = next(&s, 1) % 8 + 1;
		put(at, bytes, next(&s, bytes));
	}
	if (!xg_boot_plan(INFO, world_self(), &boot))
		check_plan();
	return 0;
}
