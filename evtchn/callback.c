// SPDX-License-Identifier: GPL-2.0-only
/*
 * callback: one vector number for all CPUs (HVM_PARAM_CALLBACK_IRQ, type vector).
 *
 * On its way into the guest Xen looks at the vCPU's upcall_pending; while that
 * is set and interrupts are on, it injects this vector, before any other (Xen:
 * hvm_vcpu_has_pending_irq()). The APIC takes no part: nothing is in service
 * that an EOI could end, and one would cost an exit, or end another interrupt.
 * Having injected, Xen finds upcall_pending still set and opens an interrupt
 * window: one light exit an event, as the handler returns (svm_intr_assist(),
 * vmx_intr_assist()).
 *
 * So the vector is level triggered. A CPU on which it is not ours, or whose
 * handler leaves the flag set, takes it for ever. Hence: every CPU that is
 * online has the number from the kernel's allocator before Xen is told, flags
 * nobody looks at are cleared, and a CPU that cannot have it gets no events.
 */
#define pr_fmt(fmt) "xg-evtchn: " fmt

#include <linux/cpu.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <xen/interface/xen.h>
#include <xen/interface/hvm/params.h>
#include <xg/hypercall.h>
#include "internal.h"

#define VIA_VECTOR(vector) \
	((u64)HVM_PARAM_CALLBACK_TYPE_VECTOR << 56 | (vector))

/* IRQs held on one CPU in search of the common number; it has about 200. */
#define MAX_HELD	64

/**
 * struct hold - an IRQ of one CPU's
 * @list: in holds
 * @cpu: whose
 * @irq: its vector is asked for anew each time, see cpuirq.c
 */
struct hold {
	struct list_head list;
	unsigned int cpu;
	unsigned int irq;
};

static LIST_HEAD(holds);
static unsigned int common;	/* the number Xen knows, or 0 */

/* Xen clears no flag: nobody else takes back what it said to this vCPU. */
static void hush(u32 vcpu)
{
	struct vcpu_info *info = xg_vcpu_info(vcpu);

	if (info)
		WRITE_ONCE(info->evtchn_upcall_pending, 0);
}

static irqreturn_t callback_handler(int irq, void *data)
{
	struct xg_cpu *c = data;

	/* Before cpu_up() nobody listens. It scans for what was missed. */
	if (c->info)
		xg_upcall(c);
	else
		hush(xg_vcpu_id(smp_processor_id()));
	return IRQ_HANDLED;
}

static void callback_ack(struct irq_data *d)
{
}

/* Xen raises it again by itself; the parent's way would be through the APIC. */
static int callback_retrigger(struct irq_data *d)
{
	return 1;
}

static struct irq_chip callback_chip = {
	.name = "xg-callback",
	.irq_ack = callback_ack,
	.irq_set_affinity = irq_chip_set_affinity_parent,
	.irq_retrigger = callback_retrigger,
	.flags = IRQCHIP_SKIP_SET_WAKE,
};

/* --- which number --------------------------------------------------------- */

static int hold_one(unsigned int cpu)
{
	struct hold *h = kmalloc(sizeof(*h), GFP_KERNEL);
	int irq;

	if (!h)
		return -ENOMEM;
	irq = xg_cpu_irq_add(cpu);
	if (irq < 0) {
		kfree(h);
		return irq;
	}
	h->cpu = cpu;
	h->irq = irq;
	list_add(&h->list, &holds);
	return xg_cpu_irq_vector(irq) ? 0 : -ENODEV;
}

/* Free what is not @keep; 0: everything. CPUs that are away keep what they have. */
static void let_go(unsigned int keep)
{
	struct hold *h, *next;

	xg_cpu_irqs_settle();
	list_for_each_entry_safe(h, next, &holds, list) {
		if (keep && (!cpu_online(h->cpu) ||
			     xg_cpu_irq_vector(h->irq) == keep))
			continue;
		list_del(&h->list);
		xg_cpu_irq_free(h->cpu, h->irq);
		kfree(h);
	}
}

/* -> the lowest number held on @cpu that is not below @from, or 0 */
static unsigned int lowest_held(unsigned int cpu, unsigned int from,
				unsigned int *nr_held)
{
	unsigned int vector, lowest = 0;
	struct hold *h;

	*nr_held = 0;
	list_for_each_entry(h, &holds, list) {
		if (h->cpu != cpu)
			continue;
		++*nr_held;
		vector = xg_cpu_irq_vector(h->irq);
		if (vector >= from && (!lowest || vector < lowest))
			lowest = vector;
	}
	return lowest;
}

/* The same, holding more until there is one -> a number or -errno */
static int hold_from(unsigned int cpu, unsigned int from)
{
	unsigned int vector, nr_held;
	int err;

	for (;;) {
		vector = lowest_held(cpu, from, &nr_held);
		if (vector)
			return vector;
		if (nr_held >= MAX_HELD)
			return -ENOSPC;
		err = hold_one(cpu);
		if (err)
			return err;
	}
}

/*
 * The lowest number, but not below @from, that every online CPU can hold. What
 * one CPU lacks no other needs: the number asked for only rises, to 255 at most.
 */
static int agree(unsigned int from)
{
	unsigned int cpu, asked;
	int vector;

	do {
		asked = from;
		for_each_online_cpu(cpu) {
			vector = hold_from(cpu, from);
			if (vector < 0)
				return vector;
			from = vector;
		}
	} while (from != asked);
	return from;
}

/* CPUs neither come nor go meanwhile. */
static int meet(void)
{
	int err = 0, vector;

	vector = agree(common ?: 1);
	if (vector < 0)
		err = vector;
	else if (vector != common)
		/* From the old to the new while every CPU answers to both. */
		err = xg_hvm_param_set(HVM_PARAM_CALLBACK_IRQ,
				       VIA_VECTOR(vector));
	if (err == -ENOSPC)
		pr_err("callback: no vector that is free on every CPU\n");
	if (!err && vector != common) {
		pr_info("callback: vector %#x on every CPU\n", vector);
		common = vector;
	}
	let_go(common);
	return err;
}

/* --- the kind ------------------------------------------------------------- */

static int callback_setup(struct xg_platform *platform)
{
	u32 vcpu;
	int err;

	err = xg_cpu_irqs_start(&callback_chip, callback_handler);
	if (err)
		return err;
	/* Every port is masked: what is set now stays from an earlier life. */
	for (vcpu = 0; vcpu < XG_MAX_VCPUS; vcpu++)
		hush(vcpu);
	cpus_read_lock();
	err = meet();
	cpus_read_unlock();
	if (err)
		xg_cpu_irqs_stop();
	return err;
}

/*
 * A CPU comes for the first time, or comes back. If another driver's managed
 * IRQs on it went and came too, the two may have got each other's numbers. Then
 * all CPUs move to one that is free everywhere. No per-vCPU vector for the one
 * CPU: Xen injects the common number there all the same, into the other driver.
 */
static int callback_cpu_up(unsigned int cpu)
{
	unsigned int nr_held;

	if (lowest_held(cpu, common, &nr_held) == common)
		return 0;
	return meet();
}

static int callback_wake(void)
{
	return xg_hvm_param_set(HVM_PARAM_CALLBACK_IRQ, VIA_VECTOR(common));
}

static void callback_teardown(void)
{
	xg_hvm_param_set(HVM_PARAM_CALLBACK_IRQ, 0);
	let_go(0);
	xg_cpu_irqs_stop();
	common = 0;
}

const struct xg_upcall xg_upcall_callback = {
	.name = "callback",
	.what = "one vector number on all CPUs, no EOI",
	.silent = XG_VECTOR_STAYS,
	.per_cpu = true,
	.setup = callback_setup,
	.cpu_up = callback_cpu_up,
	.wake = callback_wake,
	.teardown = callback_teardown,
};
