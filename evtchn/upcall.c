// SPDX-License-Identifier: GPL-2.0-only
/*
 * How Xen interrupts us.
 *
 * vector: each vCPU has a vector of its own (HVMOP_set_evtchn_upcall_vector),
 * like an MSI's. It comes from the kernel's allocator, by one IRQ for each CPU
 * (cpuirq.c). EOI by the parent, before the scan.
 *
 * callback: one vector for all, without EOI, see callback.c.
 *
 * intx: the platform device's line, raised while vCPU 0 has events. That one
 * vCPU only, so every port is bound to it.
 */
#define pr_fmt(fmt) "xg-evtchn: " fmt

#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <asm/irq_vectors.h>
#include <xen/interface/xen.h>
#include <xen/interface/hvm/hvm_op.h>
#include <xen/interface/hvm/params.h>
#include <xg/hypercall.h>
#include <xg/platform.h>
#include "internal.h"

/*
 * HVM_PARAM_CALLBACK_IRQ where there is no line to name: GSI 1. Nothing is
 * delivered that way to a vCPU with a vector, but a zero would tell the
 * toolstack that there are no PV drivers.
 */
#define VIA_UNUSED	1

static int line;	/* intx: the Linux IRQ */
static u64 via;		/* HVM_PARAM_CALLBACK_IRQ as it was set */

/* --- vector --------------------------------------------------------------- */

static struct irq_chip vector_chip = {
	.name = "xg-vector",
	.irq_ack = irq_chip_ack_parent,
	.irq_set_affinity = irq_chip_set_affinity_parent,
	.irq_retrigger = irq_chip_retrigger_hierarchy,
	.flags = IRQCHIP_SKIP_SET_WAKE,
};

static irqreturn_t vector_handler(int irq, void *data)
{
	xg_upcall(data);
	/* A scan may have found all before: not the sign of a wild device. */
	return IRQ_HANDLED;
}

static int set_vector(unsigned int cpu, u8 vector)
{
	struct xen_hvm_evtchn_upcall_vector op = {
		.vcpu = xg_vcpu_id(cpu),
		.vector = vector,
	};

	return xg_hvm_op(HVMOP_set_evtchn_upcall_vector, &op);
}

/* On the CPU, once its managed IRQ has been started there. */
static int vector_cpu_up(unsigned int cpu)
{
	unsigned int vector;

	vector = xg_cpu_irq_vector(per_cpu_ptr(&xg_cpu, cpu)->irq);
	return vector ? set_vector(cpu, vector) : -ENODEV;
}

static void vector_free_irqs(void)
{
	struct xg_cpu *c;
	unsigned int cpu;

	xg_cpu_irqs_settle();
	for_each_possible_cpu(cpu) {
		c = per_cpu_ptr(&xg_cpu, cpu);
		if (!c->irq)
			continue;
		xg_cpu_irq_free(cpu, c->irq);
		c->irq = 0;
	}
}

static int vector_add_irqs(void)
{
	unsigned int cpu;
	int irq;

	for_each_possible_cpu(cpu) {
		irq = xg_cpu_irq_add(cpu);
		if (irq < 0)
			return irq;
		per_cpu_ptr(&xg_cpu, cpu)->irq = irq;
	}
	return 0;
}

static int vector_setup(struct xg_platform *platform)
{
	int err;

	err = xg_cpu_irqs_start(&vector_chip, vector_handler);
	if (err)
		return err;
	err = vector_add_irqs();
	if (err)
		goto free_irqs;
	via = platform->intx_via ?: VIA_UNUSED;
	err = xg_hvm_param_set(HVM_PARAM_CALLBACK_IRQ, via);
	if (err)
		goto free_irqs;
	return 0;

free_irqs:
	vector_free_irqs();
	xg_cpu_irqs_stop();
	return err;
}

static int vector_wake(void)
{
	unsigned int cpu;
	int err;

	err = xg_hvm_param_set(HVM_PARAM_CALLBACK_IRQ, via);
	for_each_cpu(cpu, &xg_upcall_cpus)
		err = vector_cpu_up(cpu) ?: err;
	return err;
}

/*
 * Until the domain is reset Xen keeps a vector for each vCPU: it refuses those
 * below 0x10, 0 too, and EVTCHNOP_reset leaves them. Ours may soon be a device's:
 * leave it one that the kernel always takes and, without a platform's own
 * callback, ignores. The kernel counts it, which tells the next start.
 */
static void park_vectors(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (per_cpu_ptr(&xg_cpu, cpu)->info)
			set_vector(cpu, X86_PLATFORM_IPI_VECTOR);
}

static void vector_teardown(void)
{
	park_vectors();
	xg_hvm_param_set(HVM_PARAM_CALLBACK_IRQ, 0);
	vector_free_irqs();
	xg_cpu_irqs_stop();
}

const struct xg_upcall xg_upcall_vector = {
	.name = "vector",
	.what = "a vector for each vCPU",
	.silent = "its vector was not raised",
	.per_cpu = true,
	.setup = vector_setup,
	.cpu_up = vector_cpu_up,
	.wake = vector_wake,
	.park = park_vectors,
	.teardown = vector_teardown,
};

/* --- intx ----------------------------------------------------------------- */

static irqreturn_t intx_handler(int irq, void *data)
{
	/* Shared: the others on the line want the truth. */
	return xg_upcall(data) ? IRQ_HANDLED : IRQ_NONE;
}

static struct xg_cpu *boot_vcpu(unsigned int *cpu)
{
	for_each_online_cpu(*cpu)
		if (!xg_vcpu_id(*cpu))
			return per_cpu_ptr(&xg_cpu, *cpu);
	return NULL;
}

static struct xg_cpu *line_owner;

static int intx_setup(struct xg_platform *platform)
{
	unsigned int cpu;
	int err;

	if (!platform->intx_irq || !platform->intx_via)
		return -ENODEV;
	line_owner = boot_vcpu(&cpu);
	if (!line_owner)
		return -ENODEV;
	err = request_irq(platform->intx_irq, intx_handler,
			  IRQF_SHARED | IRQF_NO_THREAD | IRQF_NO_SUSPEND,
			  "xg-upcall", line_owner);
	if (err)
		return err;
	line = platform->intx_irq;
	/* Handlers expect the CPU their port is bound to. */
	irq_set_affinity(line, cpumask_of(cpu));
	via = platform->intx_via;
	err = xg_hvm_param_set(HVM_PARAM_CALLBACK_IRQ, via);
	if (err)
		free_irq(line, line_owner);
	return err;
}

static int intx_cpu_up(unsigned int cpu)
{
	return xg_vcpu_id(cpu) ? -ENODEV : 0;
}

static int intx_wake(void)
{
	return xg_hvm_param_set(HVM_PARAM_CALLBACK_IRQ, via);
}

static void intx_teardown(void)
{
	xg_hvm_param_set(HVM_PARAM_CALLBACK_IRQ, 0);
	free_irq(line, line_owner);
}

const struct xg_upcall xg_upcall_intx = {
	.name = "intx",
	.what = "the platform device's interrupt line, vCPU 0 only",
	.silent = XG_VECTOR_STAYS,
	.setup = intx_setup,
	.cpu_up = intx_cpu_up,
	.wake = intx_wake,
	.teardown = intx_teardown,
};
