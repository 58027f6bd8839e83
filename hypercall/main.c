// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is this Xen, and which: CPUID leaves, version, features, vCPU numbers.
 *
 * Everything is found out once, in init, and constant afterwards; only the vCPU
 * numbers grow as CPUs come up. Start reading at xg_hypercall_init().
 */
#define pr_fmt(fmt) "xg-hypercall: " fmt

#include <linux/cpuhotplug.h>
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <asm/cpu.h>
#include <asm/processor.h>
#include <asm/smp.h>
#include <asm/xen/cpuid.h>
#include <asm/xen/hypervisor.h>
#include <xen/interface/xen.h>
#include <xen/interface/version.h>
#include <xen/xen.h>
#include <xg/hypercall.h>
#include "internal.h"

/* Offsets from the first leaf; <asm/xen/cpuid.h> numbers them from 1. */
#define LEAF_VERSION	1
#define LEAF_CALLS	2
#define LEAF_HVM	4

static char *hypercall = "inline";
module_param(hypercall, charp, 0444);
MODULE_PARM_DESC(hypercall, "how to call Xen: inline (default) or page");

static struct xg_xen xen;
static struct dentry *debugfs_root;
static int cpuhp_state;
/* A number no vCPU has, for a CPU that has not been asked. */
static DEFINE_PER_CPU(u32, vcpu_id) = U32_MAX;

/**
 * xg_xen() - the hypervisor this guest runs on
 *
 * Context: any.
 * Return: its description, constant while the module is loaded.
 */
const struct xg_xen *xg_xen(void)
{
	return &xen;
}
EXPORT_SYMBOL_GPL(xg_xen);

/**
 * xg_vcpu_id() - Xen's number of a CPU
 * @cpu: Linux's number of it; it has been online since this module was loaded
 *
 * The two differ as soon as a guest's firmware lists processors in an order of
 * its own; hypercalls always want Xen's.
 *
 * Context: any.
 * Return: the vCPU number; one that Xen refuses for a CPU never seen online.
 */
u32 xg_vcpu_id(unsigned int cpu)
{
	return per_cpu(vcpu_id, cpu);
}
EXPORT_SYMBOL_GPL(xg_vcpu_id);

/**
 * xg_vcpu_id_expected() - Xen's number of a CPU that may not have run yet
 * @cpu: Linux's number of it; present
 *
 * One that has not been online since this module was loaded is known by the
 * firmware's table only.
 *
 * Context: any.
 * Return: the vCPU number.
 */
u32 xg_vcpu_id_expected(unsigned int cpu)
{
	u32 vcpu = xg_vcpu_id(cpu);

	return vcpu != U32_MAX ? vcpu : cpu_acpi_id(cpu);
}
EXPORT_SYMBOL_GPL(xg_vcpu_id_expected);

/**
 * xg_vcpu_id_here() - Xen's number of the CPU this runs on
 *
 * Asks Xen, and settles what xg_vcpu_id() returns from now on. For CPU hotplug
 * callbacks: the kernel puts a module's dynamic callback into any free slot, so
 * one may run before this module's own on a CPU that is new.
 *
 * Context: any that stays on this CPU.
 * Return: the vCPU number.
 */
u32 xg_vcpu_id_here(void)
{
	u32 eax = 0, ebx = 0, ecx, edx;

	if (cpuid_eax(xen.cpuid_base) >= xen.cpuid_base + LEAF_HVM)
		cpuid_count(xen.cpuid_base + LEAF_HVM, 0, &eax, &ebx, &ecx,
			    &edx);
	if (!(eax & XEN_HVM_CPUID_VCPU_ID_PRESENT))
		ebx = cpu_acpi_id(smp_processor_id());
	this_cpu_write(vcpu_id, ebx);
	return ebx;
}
EXPORT_SYMBOL_GPL(xg_vcpu_id_here);

/**
 * xg_debugfs_root() - the directory all layers put their files in
 *
 * Context: process.
 * Return: the dentry of debugfs "xg"; an error pointer where there is no
 * debugfs, which debugfs_create_file() accepts as well.
 */
struct dentry *xg_debugfs_root(void)
{
	return debugfs_root;
}
EXPORT_SYMBOL_GPL(xg_debugfs_root);

/* Runs on the CPU. No mirror: the number stays true while the CPU is away. */
static int cpu_up(unsigned int cpu)
{
	xg_vcpu_id_here();
	return 0;
}

static int hypercalls_show(struct seq_file *m, void *unused)
{
	unsigned int nr, cpu;
	u64 sum;

	for (nr = 0; nr < XG_HYPERCALL_MAX; nr++) {
		sum = 0;
		for_each_possible_cpu(cpu)
			sum += per_cpu(xg_hypercall_count, cpu)[nr];
		if (sum)
			seq_printf(m, "%u %llu\n", nr, sum);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(hypercalls);

static int xen_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "version: %u.%u%s\n", xen.major, xen.minor, xen.extra);
	seq_printf(m, "cpuid_base: %#x\n", xen.cpuid_base);
	seq_printf(m, "features: %#x\n", xen.features);
	seq_printf(m, "apic_virt: %d\n", xen.apic_virt);
	seq_printf(m, "x2apic_virt: %d\n", xen.x2apic_virt);
	seq_printf(m, "calls: %s\n", xen.by_page ? "page" : "inline");
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(xen);

static int parse_params(bool *by_page)
{
	*by_page = sysfs_streq(hypercall, "page");
	if (*by_page || sysfs_streq(hypercall, "inline"))
		return 0;
	pr_err("hypercall=%s: unknown, use \"inline\" or \"page\"\n", hypercall);
	return -EINVAL;
}

static int find_xen(void)
{
	u32 eax, ebx, ecx, edx;

	if (xen_domain()) {
		pr_err("this kernel's own Xen code is active; boot with \"nopv\" to leave Xen to xg\n");
		return -EBUSY;
	}
	xen.cpuid_base = xen_cpuid_base();
	if (!xen.cpuid_base) {
		pr_err("not a Xen guest: no \"XenVMMXenVMM\" signature in CPUID\n");
		return -ENODEV;
	}
	eax = cpuid_eax(xen.cpuid_base + LEAF_VERSION);
	xen.major = eax >> 16;
	xen.minor = eax & 0xffff;
	xen.hypercall_msr = cpuid_ebx(xen.cpuid_base + LEAF_CALLS);
	if (cpuid_eax(xen.cpuid_base) >= xen.cpuid_base + LEAF_HVM) {
		cpuid_count(xen.cpuid_base + LEAF_HVM, 0, &eax, &ebx, &ecx,
			    &edx);
		xen.apic_virt = eax & XEN_HVM_CPUID_APIC_ACCESS_VIRT;
		xen.x2apic_virt = eax & XEN_HVM_CPUID_X2APIC_VIRT;
	}
	return 0;
}

/* The first calls: they also prove that calling works. */
static int ask_xen(void)
{
	struct xen_feature_info info = { .submap_idx = 0 };
	struct xen_extraversion extra = {};
	int err;

	err = xg_xen_version(XENVER_get_features, &info);
	if (err < 0) {
		pr_err("Xen refuses hypercalls (%d)\n", err);
		return err;
	}
	xen.features = info.submap;
	if (xg_xen_version(XENVER_extraversion, &extra) >= 0)
		strscpy(xen.extra, extra.extraversion, sizeof(xen.extra));
	return 0;
}

static int __init start(void)
{
	bool by_page;
	int err;

	err = parse_params(&by_page);
	if (err)
		return err;
	err = find_xen();
	if (err)
		return err;
	if (by_page) {
		err = xg_hypercall_use_page(xen.hypercall_msr);
		if (err) {
			pr_err("hypercall=page: MSR %#x %s (%d); use hypercall=inline\n",
			       xen.hypercall_msr, err == -ENXIO ?
			       "did not fill the page" : "refused the page",
			       err);
			return err;
		}
		xen.by_page = true;
	}
	err = ask_xen();
	if (err)
		return err;
	err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "xg/hypercall:online",
				cpu_up, NULL);
	if (err < 0)
		return err;
	cpuhp_state = err;

	debugfs_root = debugfs_create_dir("xg", NULL);
	debugfs_create_file("xen", 0400, debugfs_root, NULL, &xen_fops);
	debugfs_create_file("hypercalls", 0400, debugfs_root, NULL,
			    &hypercalls_fops);
	pr_info("Xen %u.%u%s, CPUID leaves at %#x, features %#x, hypercalls %s\n",
		xen.major, xen.minor, xen.extra, xen.cpuid_base, xen.features,
		xen.by_page ? "through the page" : "inline");
	return 0;
}

static int __init xg_hypercall_init(void)
{
	int err = start();

	/* Built in, the other layers are there even so: this tells them. */
	if (err)
		xen.cpuid_base = 0;
	return err;
}

static void __exit xg_hypercall_exit(void)
{
	debugfs_remove(debugfs_root);
	cpuhp_remove_state_nocalls(cpuhp_state);
}

module_init(xg_hypercall_init);
module_exit(xg_hypercall_exit);

MODULE_DESCRIPTION("Xen detection and hypercalls");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
