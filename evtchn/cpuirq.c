// SPDX-License-Identifier: GPL-2.0-only
/*
 * IRQs that stay on their CPU: what upcalls by vector are made of.
 *
 * A child of the kernel's vector domain hands out managed IRQs, each for one
 * CPU. Such an IRQ sleeps while its CPU is offline and starts there again, not
 * always with the same vector. One kind of upcall at a time uses this, from
 * start(), stop() and the CPU hotplug callbacks, so there is no lock.
 */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/slab.h>
#include <asm/hw_irq.h>
#include <asm/irqdomain.h>
#include <compat/irq.h>
#include "internal.h"

static struct fwnode_handle *fwnode;
static struct irq_domain *domain;
static irq_handler_t on_upcall;

/*
 * What the kernel's flow handlers do beyond this is for interrupts that move, or
 * that feed the random number generator: those of ports that move do. To feed it
 * from timers, too, would be a timer more each second, and the tick after it.
 */
static void upcall_flow(struct irq_desc *desc)
{
	struct irq_data *data = irq_desc_get_irq_data(desc);

	data->chip->irq_ack(data);
	xg_count_irq(desc);
	on_upcall(data->irq, this_cpu_ptr(&xg_cpu));
}

static int cpu_irq_alloc(struct irq_domain *d, unsigned int irq,
			 unsigned int nr, void *info)
{
	int err;

	if (nr != 1)
		return -EINVAL;
	err = irq_domain_alloc_irqs_parent(d, irq, nr, info);
	if (err)
		return err;
	irq_domain_set_info(d, irq, irq, d->host_data, NULL, upcall_flow,
			    NULL, "upcall");
	return 0;
}

static const struct irq_domain_ops cpu_irq_ops = {
	.alloc = cpu_irq_alloc,
	.free = irq_domain_free_irqs_common,
};

/* @chip: how these IRQs are acknowledged; @handler: of all, with its CPU's xg_cpu */
int xg_cpu_irqs_start(struct irq_chip *chip, irq_handler_t handler)
{
	if (!x86_vector_domain)
		return -ENODEV;
	on_upcall = handler;
	fwnode = irq_domain_alloc_named_fwnode("xg-upcall");
	if (!fwnode)
		return -ENOMEM;
	domain = irq_domain_create_hierarchy(x86_vector_domain, 0, 0, fwnode,
					     &cpu_irq_ops, chip);
	if (domain)
		return 0;
	irq_domain_free_fwnode(fwnode);
	return -ENOMEM;
}

/* What Xen does not use any more may still run: free_irq() does not know our flow. */
void xg_cpu_irqs_settle(void)
{
	synchronize_rcu_expedited();
}

/* Every IRQ has been freed. */
void xg_cpu_irqs_stop(void)
{
	irq_domain_remove(domain);
	irq_domain_free_fwnode(fwnode);
}

/* -> an IRQ of @cpu's, started if @cpu is online, or -errno */
int xg_cpu_irq_add(unsigned int cpu)
{
	struct irq_affinity_desc *affinity;
	struct irq_alloc_info info = {};
	int irq, err;

	affinity = kzalloc(sizeof(*affinity), GFP_KERNEL);
	if (!affinity)
		return -ENOMEM;
	affinity->is_managed = 1;
	cpumask_copy(&affinity->mask, cpumask_of(cpu));
	irq = __irq_domain_alloc_irqs(domain, -1, 1, cpu_to_node(cpu), &info,
				      false, affinity);
	kfree(affinity);
	if (irq < 0)
		return irq;
	err = request_irq(irq, on_upcall, IRQF_NO_THREAD | IRQF_NO_SUSPEND,
			  "xg-upcall", per_cpu_ptr(&xg_cpu, cpu));
	if (!err)
		return irq;
	irq_dispose_mapping(irq);
	return err;
}

/* No upcall of it runs, see xg_cpu_irqs_settle(). */
void xg_cpu_irq_free(unsigned int cpu, unsigned int irq)
{
	free_irq(irq, per_cpu_ptr(&xg_cpu, cpu));
	irq_dispose_mapping(irq);
}

/* -> its vector, 0 while it sleeps with its CPU */
unsigned int xg_cpu_irq_vector(unsigned int irq)
{
	struct irq_data *data = irq_domain_get_irq_data(domain, irq);
	struct irq_cfg *cfg = data ? irqd_cfg(data) : NULL;

	return cfg && irqd_is_started(data) ? cfg->vector : 0;
}
