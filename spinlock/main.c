// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks of a guest whose vCPUs do not always run: start and stop, counts.
 *
 * A module cannot have the kernel's queued locks wait and kick by event: that is
 * settled at boot (pv.c). It can have CPUs that wait in vain give way (wait.c).
 */
#define pr_fmt(fmt) "xg-spinlock: " fmt

#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <xg/hypercall.h>
#include "internal.h"

static char *wait = "spin";
module_param(wait, charp, 0444);
MODULE_PARM_DESC(wait, "who waits for a lock in vain: spin (default) or yield");

static bool hooked;
static struct dentry *file;

static int spinlock_show(struct seq_file *m, void *unused)
{
	struct xg_lock_counts sum = {};
	struct xg_lock_counts *c;
	unsigned int cpu;

	if (xg_pv_in_use()) {
		xg_pv_show(m);
		return 0;
	}
	for_each_possible_cpu(cpu) {
		c = per_cpu_ptr(&xg_lock_counts, cpu);
		sum.contended += c->contended;
		sum.yields += c->yields;
		sum.claims += c->claims;
		sum.cycles += c->cycles;
		sum.longest = max(sum.longest, c->longest);
	}
	seq_printf(m, "wait: %s\n", hooked && xg_hook_works() ? "yield" : "spin");
	seq_printf(m, "contended: %llu\n", sum.contended);
	seq_printf(m, "yields: %llu\n", sum.yields);
	seq_printf(m, "claims: %llu\n", sum.claims);
	seq_printf(m, "waited_us: %llu\n",
		   div64_u64(sum.cycles, xg_cycles_per_us));
	seq_printf(m, "longest_us: %llu\n",
		   div64_u64(sum.longest, xg_cycles_per_us));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(spinlock);

static const char *why_not(void)
{
	if (sysfs_streq(wait, "spin") && !xg_pv_in_use())
		return "as wait= says";
	if (num_possible_cpus() == 1)
		return "there is one CPU";
	return NULL;
}

static int start(void)
{
	int err;

	if (xg_pv_in_use()) {
		xg_pv_start();
		return 0;
	}
	err = xg_hook_add();
	if (err) {
		pr_err("waits for locks cannot be hooked: this kernel has no function tracing, or it is off, or another has them (%d)\n",
		       err);
		return -EOPNOTSUPP;
	}
	hooked = true;
	pr_info("CPUs that wait for a lock in vain yield\n");
	return 0;
}

static int __init xg_spinlock_init(void)
{
	const char *why;
	int err;

	if (!sysfs_streq(wait, "yield") && !sysfs_streq(wait, "spin")) {
		pr_err("wait=%s: unknown, use \"yield\" or \"spin\"\n", wait);
		return -EINVAL;
	}
	/* Built in, this runs on any machine. */
	if (!xg_xen()->cpuid_base)
		return -ENODEV;
	xg_lock_init();
	why = why_not();
	if (why) {
		pr_info("CPUs that wait for a lock spin, %s\n", why);
	} else {
		err = start();
		if (err)
			return err;
	}
	file = debugfs_create_file("spinlock", 0444, xg_debugfs_root(), NULL,
				   &spinlock_fops);
	return 0;
}

static void __exit xg_spinlock_exit(void)
{
	debugfs_remove(file);
	if (xg_pv_in_use())
		xg_pv_stop();
	if (hooked)
		xg_hook_remove();
}

module_init(xg_spinlock_init);
module_exit(xg_spinlock_exit);

MODULE_DESCRIPTION("Locks of a guest whose vCPUs do not always run");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
