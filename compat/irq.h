/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt descriptors across kernel versions: the count that a flow handler keeps
 * for /proc/interrupts and /proc/stat, which the kernel keeps to itself.
 */
#ifndef XG_COMPAT_IRQ_H
#define XG_COMPAT_IRQ_H

#include <linux/irqdesc.h>
#include <linux/kernel_stat.h>
#include <linux/percpu.h>
#include <linux/version.h>

/* Interrupts off, on the CPU that was interrupted */
static inline void xg_count_irq(struct irq_desc *desc)
{
/* struct irqstat since 6.10 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
	__this_cpu_inc(*desc->kstat_irqs);
#else
	__this_cpu_inc(desc->kstat_irqs->cnt);
#endif
	__this_cpu_inc(kstat.irqs_sum);
	desc->tot_count++;
}

#endif /* XG_COMPAT_IRQ_H */
