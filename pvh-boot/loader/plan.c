// SPDX-License-Identifier: GPL-2.0-only
/* What is to be booted, where everything goes; then the copying. */
#include "load.h"

/* Two modules are kernel and initrd; one is a bundle, or a kernel alone. */
static const char *find_files(struct xg_boot *boot)
{
	struct xg_span first = boot->start.modules[0];
	const u8 *data = xg_mem(first.at, first.len);
	const char *wrong;

	if (!boot->start.nr_modules)
		return "no module: kernel and initrd come as xl's ramdisk, QEMU's -initrd";
	boot->image = first;
	boot->initrd = (struct xg_span) { 0 };
	if (boot->start.nr_modules == 2) {
		boot->initrd = boot->start.modules[1];
		return NULL;
	}
	if (!xg_bundle_is(data, first.len))
		return NULL;
	wrong = xg_bundle_read(data, first.len, &boot->image, &boot->initrd);
	boot->image.at += first.at;
	boot->initrd.at += first.at;
	return wrong;
}

static const char *read_cmdline(struct xg_boot *boot)
{
	u32 max = boot->bz.cmdline_max;

	return xg_cmdline_read(boot->start.cmdline, boot->cmdline,
			       max < XG_CMDLINE_MAX ? max : XG_CMDLINE_MAX);
}

/* Where nothing is lost: not over what is still to be read. */
static const char *find_room(struct xg_boot *boot, struct xg_span self)
{
	const struct xg_bz *bz = &boot->bz;
	struct xg_span avoid[] = { self, boot->start.modules[0],
				   boot->start.modules[1], { 0 } };
	struct xg_want want = {
		bz->memory, bz->relocatable ? bz->align : XG_PAGE, bz->address,
		bz->relocatable ? XG_4G : bz->address + bz->memory,
		avoid, ARRAY_SIZE(avoid)
	};

	boot->entry = xg_map_place(&boot->map, &want);
	if (!boot->entry)
		return bz->relocatable ? "too little memory for the kernel" :
		       "the kernel cannot be moved, and its place is taken";
	boot->initrd_at = boot->initrd.len ? boot->initrd.at : 0;
	/* Linux frees it by whole pages. */
	if (!(boot->initrd_at & (XG_PAGE - 1)) &&
	    boot->initrd_at + boot->initrd.len <= bz->initrd_limit)
		return NULL;
	avoid[3] = (struct xg_span) { boot->entry, bz->memory };
	want.len = boot->initrd.len;
	want.align = XG_PAGE;
	want.low = XG_LOW_MEMORY;
	want.high = bz->initrd_limit;
	boot->initrd_at = xg_map_place(&boot->map, &want);
	return boot->initrd_at ? NULL : "too little memory for the initrd";
}

/**
 * xg_boot_plan() - decide how to boot what the start info says
 * @start_info: its address
 * @self: our own memory, @boot included
 * @boot: the result
 *
 * Return: NULL, or what is wrong.
 */
const char *xg_boot_plan(u64 start_info, struct xg_span self,
			 struct xg_boot *boot)
{
	const char *wrong;

	wrong = xg_start_read(start_info, &boot->start);
	if (!wrong)
		wrong = xg_map_read(&boot->map, boot->start.memmap,
				    boot->start.memmap_entries);
	if (!wrong)
		wrong = xg_modules_check(&boot->start, &boot->map, self);
	if (!wrong)
		wrong = find_files(boot);
	if (!wrong)
		wrong = xg_bz_read(xg_mem(boot->image.at, boot->image.len),
				   boot->image.len, &boot->bz);
	if (!wrong)
		wrong = read_cmdline(boot);
	if (!wrong)
		wrong = find_room(boot, self);
	return wrong;
}

/**
 * xg_boot_carry_out() - put kernel and initrd where the plan has them
 * @boot: the plan
 * @zero_page: one page, which is filled
 */
void xg_boot_carry_out(const struct xg_boot *boot, u8 *zero_page)
{
	const u8 *image = xg_mem(boot->image.at, boot->image.len);

	xg_zero_page(boot, image, zero_page);
	memcpy(xg_mem(boot->entry, boot->bz.len), image + boot->bz.setup_len,
	       boot->bz.len);
	if (boot->initrd.len && boot->initrd_at != boot->initrd.at)
		memcpy(xg_mem(boot->initrd_at, boot->initrd.len),
		       xg_mem(boot->initrd.at, boot->initrd.len),
		       boot->initrd.len);
}
