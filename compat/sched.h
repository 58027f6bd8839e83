/* SPDX-License-Identifier: GPL-2.0-only */
/* The scheduler and RCU's view of idle CPUs across kernel versions. */
#ifndef XG_COMPAT_SCHED_H
#define XG_COMPAT_SCHED_H

#include <linux/context_tracking_state.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/version.h>
#include <asm/current.h>

/*
 * Does @cpu run its idle task? A guess: by now it may not. RCU must not let the
 * task go meanwhile: preemption or interrupts are off.
 */
static inline bool xg_cpu_idles(unsigned int cpu)
{
	/* current_task moved into pcpu_hot in 6.2 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	return is_idle_task(READ_ONCE(per_cpu(pcpu_hot.current_task, cpu)));
#else
	return is_idle_task(READ_ONCE(per_cpu(current_task, cpu)));
#endif
}

/*
 * In an interrupt: did it, and no other below it, end this CPU's sleep? RCU knows,
 * as it takes no notice of a CPU between falling asleep and waking up.
 */
static inline bool xg_woke_cpu(void)
{
	/* the two were named dynticks before 6.12 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return !ct_nesting() && ct_nmi_nesting() == 1;
#else
	return !ct_dynticks_nesting() && ct_dynticks_nmi_nesting() == 1;
#endif
}

#endif /* XG_COMPAT_SCHED_H */
