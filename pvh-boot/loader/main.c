// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PVH guest's first program: finds a bzImage and boots it. The plan is made in
 * plan.c; here is the machine.
 */
#include "machine.h"

static struct xg_boot boot;
static _Alignas(XG_PAGE) u8 zero_page[XG_PAGE];

void *xg_mem(u64 at, u64 len)
{
	if (!at || at >= XG_4G || len > XG_4G - at)
		return NULL;
	return address(at);
}

static _Noreturn void stop(const char *wrong)
{
	xg_say("pvh-loader: stopped: ");
	xg_say(wrong);
	xg_say("\n");
	xg_xen_crash();
	xg_halt();
}

static void tell_plan(void)
{
	xg_say("pvh-loader: Linux at ");
	xg_say_hex(boot.entry);
	xg_say(", initrd at ");
	xg_say_hex(boot.initrd_at);
	xg_say(" length ");
	xg_say_hex(boot.initrd.len);
	xg_say("\n");
	if (boot.start.rsdp && boot.bz.version < 0x20e)
		xg_say("pvh-loader: this kernel may not find the ACPI tables\n");
}

void xg_main(u32 start_info)
{
	unsigned long start = (unsigned long)image_start;
	struct xg_span self = { start, (unsigned long)image_end - start };
	const char *wrong;

	xg_xen_init();
	boot.cmdline_at = (unsigned long)boot.cmdline;
	wrong = xg_boot_plan(start_info, self, &boot);
	if (wrong)
		stop(wrong);
	tell_plan();
	xg_boot_carry_out(&boot, zero_page);
	xg_enter(boot.entry, zero_page);
}
