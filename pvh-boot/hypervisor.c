// SPDX-License-Identifier: GPL-2.0-only
/*
 * Xen as one of the hypervisors that the kernel looks for early in its boot: what
 * it would otherwise measure against devices that a PVH guest has not.
 */
#include <linux/acpi.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/reboot.h>
#include <linux/time64.h>
#include <asm/apic.h>
#include <asm/cpufeature.h>
#include <asm/hypervisor.h>
#include <asm/io_apic.h>
#include <asm/processor.h>
#include <asm/x86_init.h>
#include <asm/xen/cpuid.h>
#include <asm/xen/hypervisor.h>
#include <xg/boot.h>
#include <xg/spinlock.h>
#include "boot.h"

/* Offsets from the first leaf; <asm/xen/cpuid.h> numbers them from 1. */
#define LEAF_TIME	3
#define LEAF_HVM	4
/* Of Xen's local APICs, always: the unit of its timer's counter is 10 ns. */
#define APIC_HZ		100000000

bool xg_by_pvh __ro_after_init;

/**
 * xg_booted_by_pvh() - was this kernel booted by PVH?
 *
 * Context: any.
 * Return: whether it began by PVH's entry, or the ACPI tables know of none of a PC's
 * old devices.
 */
bool xg_booted_by_pvh(void)
{
	return xg_by_pvh;
}
EXPORT_SYMBOL_GPL(xg_booted_by_pvh);

static u32 __init detect(void)
{
	/* By PVH there is nothing else that would do. */
	return nopv && !xg_by_pvh ? 0 : xen_cpuid_base();
}

static unsigned long tsc_khz_of_xen(void)
{
	u32 base = xen_cpuid_base(), eax, ebx, ecx = 0, edx;

	if (cpuid_eax(base) >= base + LEAF_TIME)
		cpuid_count(base + LEAF_TIME, 0, &eax, &ebx, &ecx, &edx);
	return ecx;
}

/* KVM, when it plays Xen, does so with an APIC of its own. */
static bool __init xens_own_apic(void)
{
	return !hypervisor_cpuid_base("KVMKVMKVM\0\0\0", 0);
}

static void __init init_platform(void)
{
	xg_pv_spinlocks_init();
	if (tsc_khz_of_xen()) {
		setup_force_cpu_cap(X86_FEATURE_TSC_KNOWN_FREQ);
		x86_platform.calibrate_tsc = tsc_khz_of_xen;
		x86_platform.calibrate_cpu = tsc_khz_of_xen;
	}
	if (xens_own_apic()) {
		lapic_timer_period = APIC_HZ / HZ;
		/* It runs whatever the processor does: no PIT has to help. */
		setup_force_cpu_cap(X86_FEATURE_ARAT);
	}
}

/* xg-time sets the clock when it is there. */
static void no_clock(struct timespec64 *now)
{
	*now = (struct timespec64){};
}

static int set_no_clock(const struct timespec64 *now)
{
	return -ENODEV;
}

static void __init guest_late_init(void)
{
	/* It has come by a loader, or kexec; the ACPI tables know. */
	if (!x86_platform.legacy.rtc && x86_platform.legacy.no_vga)
		xg_by_pvh = true;
	if (!xg_by_pvh)
		return;
	/* Reading one that is not there takes a second each time. */
	if (!x86_platform.legacy.rtc) {
		x86_platform.get_wallclock = no_clock;
		x86_platform.set_wallclock = set_no_clock;
	}
	/* Else interrupts of ACPI's are looked for at a PIC. */
	if (!nr_ioapics && acpi_irq_model == ACPI_IRQ_MODEL_PIC)
		acpi_irq_model = ACPI_IRQ_MODEL_PLATFORM;
	/* There is no keyboard controller to do it. */
	reboot_type = BOOT_TRIPLE;
}

static bool __init x2apic_available(void)
{
	return true;
}

/* May interrupts go to APICs whose numbers have more than 8 bits? */
static bool __init msi_ext_dest_id(void)
{
	u32 base = xen_cpuid_base(), eax, ebx, ecx, edx;

	if (cpuid_eax(base) < base + LEAF_HVM)
		return false;
	cpuid_count(base + LEAF_HVM, 0, &eax, &ebx, &ecx, &edx);
	return eax & XEN_HVM_CPUID_EXT_DEST_ID;
}

const __initconst struct hypervisor_x86 x86_hyper_xg = {
	.name			= "Xen (xg)",
	.detect			= detect,
	.type			= X86_HYPER_XEN_HVM,
	.init.init_platform	= init_platform,
	.init.guest_late_init	= guest_late_init,
	.init.x2apic_available	= x2apic_available,
	.init.msi_ext_dest_id	= msi_ext_dest_id,
	.ignore_nopv		= true,
};
