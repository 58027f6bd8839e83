// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs xg/time: the timers' counts, and where Xen says the vCPUs' time went.
 *
 * The kernel's own account of stolen time (/proc/stat) is closed to modules: 6.1
 * and 6.12 export neither pv_steal_clock's key nor paravirt_steal_enabled, and
 * what was added to kernel_cpustat by hand the tick has given to a task already.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/math64.h>
#include <linux/seq_file.h>
#include <linux/time64.h>
#include <xen/interface/xen.h>
#include <xen/interface/vcpu.h>
#include <xg/hypercall.h>
#include "internal.h"

static struct dentry *file;

/* In ms. Asked, not registered: Xen would go on writing after we are gone. */
static void show_runstate(struct seq_file *m, unsigned int cpu)
{
	static const unsigned int order[] = {
		RUNSTATE_running, RUNSTATE_runnable, RUNSTATE_blocked,
		RUNSTATE_offline,
	};
	struct vcpu_runstate_info info = {};
	unsigned int i;

	if (xg_vcpu_op(VCPUOP_get_runstate_info, xg_vcpu_id(cpu), &info)) {
		seq_puts(m, "          -          -          -          -\n");
		return;
	}
	for (i = 0; i < ARRAY_SIZE(order); i++)
		seq_printf(m, " %10llu",
			   div_u64(info.time[order[i]], NSEC_PER_MSEC));
	seq_putc(m, '\n');
}

static void show_cpu(struct seq_file *m, unsigned int cpu,
		     struct xg_timer_stats *sum)
{
	struct xg_timer_stats s;
	bool ours = xg_timer_stats(cpu, &s);

	sum->armed += s.armed;
	sum->saved += s.saved;
	sum->events += s.events;
	sum->early += s.early;
	sum->late += s.late;
	sum->worst = max(sum->worst, s.worst);
	sum->backstops += s.backstops;
	seq_printf(m, "%3u %5s %9llu %9llu %9llu %9llu %6llu", cpu,
		   ours ? "xg" : "-", s.armed, s.saved, s.events, s.early,
		   s.late);
	show_runstate(m, cpu);
}

static int time_show(struct seq_file *m, void *unused)
{
	struct xg_timer_stats sum = {};
	unsigned int cpu;

	BUILD_BUG_ON(sizeof(struct vcpu_runstate_info) != 48);
	seq_printf(m, "clock: %s\n", xg_clock_state());
	seq_puts(m, "cpu timer     armed     saved    events     early   late    running   runnable    blocked    offline\n");
	cpus_read_lock();
	for_each_online_cpu(cpu)
		show_cpu(m, cpu, &sum);
	cpus_read_unlock();
	seq_printf(m, "armed: %llu\n", sum.armed);
	seq_printf(m, "saved: %llu\n", sum.saved);
	seq_printf(m, "events: %llu\n", sum.events);
	seq_printf(m, "early: %llu\n", sum.early);
	seq_printf(m, "late: %llu\n", sum.late);
	seq_printf(m, "worst_us: %llu\n", div_u64(sum.worst, NSEC_PER_USEC));
	seq_printf(m, "backstops: %llu\n", sum.backstops);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(time);

void xg_time_show_start(void)
{
	file = debugfs_create_file("time", 0400, xg_debugfs_root(), NULL,
				   &time_fops);
}

void xg_time_show_stop(void)
{
	debugfs_remove(file);
}
