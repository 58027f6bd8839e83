// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device's interrupts by event channel (XENFEAT_hvm_pirqs).
 *
 * Xen numbers them: a "pirq" is a pin of the IO-APIC (PHYSDEVOP_map_pirq), or an
 * MSI whose message has vector 0 and the number in its address; passed through or
 * the device model's, it is the same. A pirq is delivered by the port that is
 * bound to it, so there is an IRQ first, which the device's driver asks for as
 * for any other, and a port for as long as it is requested: bound then, because
 * only then Xen knows whether a device that is passed through is behind it.
 *
 * The port is masked from the delivery to the end of the IRQ's flow, as every
 * port is until its EOI; what comes meanwhile waits in Xen. A line is announced
 * when it goes up, and again at PHYSDEVOP_eoi if it still is. Start at
 * pirq_request().
 */
#define pr_fmt(fmt) "xg-evtchn: " fmt

#include <linux/bitops.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/msi.h>
#include <linux/slab.h>
#include <xen/interface/xen.h>
#include <xen/interface/features.h>
#include <xen/interface/physdev.h>
#include <xg/hypercall.h>
#include "internal.h"

/* A delivery mode that is reserved: an APIC would not know what to do with it. */
#define DELIVER_PIRQ	3

/* --- numbers -------------------------------------------------------------- */

/*
 * Xen has few (on a small host 40), and takes none back that it has once given by
 * PHYSDEVOP_get_free_pirq. So what is not used is noted where the next load
 * finds it. Others of this domain's cannot be given the same: for Xen it is in
 * use.
 */
static unsigned long *spares(void)
{
	BUILD_BUG_ON(sizeof(struct shared_info) > XG_PIRQ_NOTES);
	return (void *)xg_shared + XG_PIRQ_NOTES;
}

/* -> a pirq for an MSI, or -errno */
static int take_pirq(void)
{
	struct physdev_get_free_pirq op = { .type = MAP_PIRQ_TYPE_MSI };
	unsigned int pirq;
	int err;

	for_each_set_bit(pirq, spares(), XG_MAX_NOTED)
		if (test_and_clear_bit(pirq, spares()))
			return pirq;
	err = xg_physdev_op(PHYSDEVOP_get_free_pirq, &op);
	return err < 0 ? err : op.pirq;
}

/* Xen forgets what it stood for; the next MSI or line tells it anew. */
static void unmap_pirq(u32 pirq)
{
	struct physdev_unmap_pirq op = { .domid = DOMID_SELF, .pirq = pirq };

	/* An MSI that has never come is not mapped, which is no matter. */
	xg_physdev_op(PHYSDEVOP_unmap_pirq, &op);
}

static void put_pirq(u32 pirq, bool spare)
{
	unmap_pirq(pirq);
	if (spare && pirq < XG_MAX_NOTED)
		set_bit(pirq, spares());
}

static int bind_pirq(u32 pirq, bool shared, evtchn_port_t *port)
{
	struct evtchn_bind_pirq op = {
		.pirq = pirq,
		.flags = shared ? BIND_PIRQ__WILL_SHARE : 0,
	};
	int err;

	err = xg_event_channel_op(EVTCHNOP_bind_pirq, &op);
	if (!err)
		*port = op.port;
	return err;
}

/**
 * xg_pirq_check() - can devices' interrupts come by event channel here?
 *
 * Asks Xen, and tries it.
 *
 * Context: process, between xg_evtchn_start() and _stop().
 * Return: 0; -EOPNOTSUPP where Xen offers this domain none; else -errno of what it
 * refused.
 */
int xg_pirq_check(void)
{
	evtchn_port_t port;
	int pirq, err;

	if (!xg_xen_has(XENFEAT_hvm_pirqs))
		return -EOPNOTSUPP;
	pirq = take_pirq();
	if (pirq < 0)
		return pirq;
	err = bind_pirq(pirq, false, &port);
	if (!err)
		xg_close_in_xen(port);
	put_pirq(pirq, true);
	return err;
}
EXPORT_SYMBOL_GPL(xg_pirq_check);

/* --- what the IRQ core calls ---------------------------------------------- */

static void tell_xen(const struct xg_evtchn *ch)
{
	struct physdev_eoi op = { .irq = ch->pirq };

	if (ch->tell_xen)
		xg_physdev_op(PHYSDEVOP_eoi, &op);
}

/*
 * Xen says so of all that is passed through. But what can be masked at its source it
 * has acknowledged by then, and an EOI does nothing (pirq_acktype() in
 * xen/arch/x86/irq.c: ACKTYPE_NONE). Each MSI-X can be; that an MSI can, only the
 * device model says.
 */
static bool xen_wants_eoi(const struct xg_evtchn *ch)
{
	struct physdev_irq_status_query op = { .irq = ch->pirq };

	return !ch->maskable &&
	       !xg_physdev_op(PHYSDEVOP_irq_status_query, &op) &&
	       op.flags & XENIRQSTAT_needs_eoi;
}

/* A driver has asked for the IRQ; process context, the IRQ is still masked. */
static int pirq_request(struct irq_data *d)
{
	struct xg_evtchn *ch = irq_data_get_irq_chip_data(d);
	evtchn_port_t port;
	int err;

	err = bind_pirq(ch->pirq, ch->level, &port);
	if (err)
		goto refused;
	err = xg_attach(ch, port);
	if (err)
		goto close;
	ch->tell_xen = xen_wants_eoi(ch);
	return 0;

close:
	xg_close_in_xen(port);
refused:
	pr_err("%s: no event channel for interrupt %u (%d)\n", ch->client.name,
	       ch->pirq, err);
	return err;
}

/* The last driver has given it back: no handler runs, nothing is in flight. */
static void pirq_release(struct irq_data *d)
{
	struct xg_evtchn *ch = irq_data_get_irq_chip_data(d);

	xg_detach(ch);
	/* Or Xen would want an EOI for each MSI of a number that it has seen. */
	if (!ch->level)
		unmap_pirq(ch->pirq);
}

/*
 * Unmasked first: what Xen then sends again does not need a second call. A line
 * that was up before anybody listened, or an EOI still owed, is told here, too.
 */
static void pirq_unmask(struct irq_data *d)
{
	xg_port_irq_unmask(d);
	tell_xen(irq_data_get_irq_chip_data(d));
}

/*
 * The end of the flow, which comes for each delivery. While the IRQ is masked, as
 * until its threaded handler has run, the line may still be up: Xen is told by the
 * unmask, or it would send the same again.
 */
static void pirq_eoi(struct irq_data *d)
{
	struct xg_evtchn *ch = irq_data_get_irq_chip_data(d);

	xg_evtchn_eoi(ch, 0);
	if (!irqd_irq_masked(d))
		tell_xen(ch);
}

/*
 * An event met a disabled IRQ and has had its EOI. Where another is in a handler
 * just now, the end of that announces this one.
 */
static int pirq_retrigger(struct irq_data *d)
{
	struct xg_evtchn *ch = irq_data_get_irq_chip_data(d);
	unsigned long irqflags;

	raw_spin_lock_irqsave(&ch->lock, irqflags);
	if (!(ch->masked & XG_MASK_NO_PORT)) {
		xg_abi->set_pending(ch->port);
		if (!ch->masked)
			xg_abi->raise(ch->port, per_cpu_ptr(&xg_cpu, ch->cpu));
	}
	raw_spin_unlock_irqrestore(&ch->lock, irqflags);
	return 1;
}

static void pirq_compose(struct irq_data *d, struct msi_msg *msg)
{
	const struct xg_evtchn *ch = irq_data_get_irq_chip_data(d);

	memset(msg, 0, sizeof(*msg));
	msg->arch_addr_lo.base_address = X86_MSI_BASE_ADDRESS_LOW;
	msg->arch_addr_lo.destid_0_7 = ch->pirq & 0xff;
	msg->arch_addr_hi.destid_8_31 = ch->pirq >> 8;
	msg->arch_data.delivery_mode = DELIVER_PIRQ;
}

static struct irq_chip pirq_chip = {
	.name = "xg-pirq",
	.irq_request_resources = pirq_request,
	.irq_release_resources = pirq_release,
	.irq_mask = xg_port_irq_mask,
	.irq_unmask = pirq_unmask,
	.irq_eoi = pirq_eoi,
	.irq_retrigger = pirq_retrigger,
	.irq_set_affinity = xg_port_irq_set_affinity,
	.irq_compose_msi_msg = pirq_compose,
	.flags = IRQCHIP_SKIP_SET_WAKE,
};

/* --- IRQs that stand for a pirq ------------------------------------------- */

static struct xg_evtchn *new_pirq(u32 pirq, unsigned int irq, const char *name)
{
	struct xg_evtchn *ch = kzalloc(sizeof(*ch), GFP_KERNEL);

	if (!ch)
		return NULL;
	ch->client.name = name;
	ch->type = XG_PORT_PIRQ;
	ch->peer = DOMID_SELF;
	ch->pirq = pirq;
	ch->irq = irq;
	ch->masked = XG_MASK_IRQ | XG_MASK_NO_PORT;
	raw_spin_lock_init(&ch->lock);
	/* Nothing delays the EOI of what only Xen and the hardware can send. */
	INIT_DELAYED_WORK(&ch->eoi_work, xg_deferred_eoi);
	ch->cpu = cpumask_first(&xg_upcall_cpus);
	if (ch->cpu < nr_cpu_ids)
		return ch;
	kfree(ch);
	return NULL;
}

/**
 * xg_pirq_add_msi() - have an IRQ stand for an MSI
 * @domain: the parent of the MSI domain; at its level the IRQ gets our chip, which
 *	    composes the message
 * @irq: the IRQ, of @domain and without data there
 * @name: whose it is, for the log; must live as long
 * @flags: XG_PIRQ_*
 *
 * Context: process, @domain's alloc operation.
 * Return: 0 or -errno; -ENOSPC where Xen has no more of them.
 */
int xg_pirq_add_msi(struct irq_domain *domain, unsigned int irq,
		    const char *name, unsigned int flags)
{
	struct xg_evtchn *ch;
	int pirq;

	pirq = take_pirq();
	if (pirq < 0)
		return pirq;
	ch = new_pirq(pirq, irq, name);
	if (!ch) {
		put_pirq(pirq, true);
		return -ENOMEM;
	}
	ch->spare = flags & XG_PIRQ_EMULATED;
	ch->maskable = flags & XG_PIRQ_MSIX;
	irq_domain_set_info(domain, irq, pirq, &pirq_chip, ch,
			    handle_fasteoi_irq, NULL,
			    flags & XG_PIRQ_MSIX ? "msi-x" : "msi");
	irq_set_status_flags(irq, IRQ_MOVE_PCNTXT);
	return 0;
}
EXPORT_SYMBOL_GPL(xg_pirq_add_msi);

/**
 * xg_pirq_remove_msi() - the mirror of xg_pirq_add_msi()
 * @domain: as there
 * @irq: the IRQ, which nobody has requested any more
 *
 * Context: process, @domain's free operation.
 */
void xg_pirq_remove_msi(struct irq_domain *domain, unsigned int irq)
{
	struct irq_data *d = irq_domain_get_irq_data(domain, irq);
	struct xg_evtchn *ch = irq_data_get_irq_chip_data(d);

	irq_domain_free_irqs_common(domain, irq, 1);
	/* Takes the descriptor's lock: who found our chip through it has left. */
	irq_set_handler_data(irq, NULL);
	put_pirq(ch->pirq, ch->spare);
	kfree(ch);
}
EXPORT_SYMBOL_GPL(xg_pirq_remove_msi);

static int map_gsi(unsigned int gsi)
{
	struct physdev_map_pirq op = {
		.domid = DOMID_SELF,
		.type = MAP_PIRQ_TYPE_GSI,
		.index = gsi,
		.pirq = gsi,
	};
	int err;

	/* The number of a line that is passed through is Xen's choice. */
	err = xg_physdev_op(PHYSDEVOP_map_pirq, &op);
	return err < 0 ? err : op.pirq;
}

/**
 * xg_pirq_add_gsi() - a new IRQ that stands for a level-triggered line
 * @gsi: the line's pin of the IO-APIC, which sees nothing of it from now on
 * @name: whose it is, for the log; must live as long
 *
 * Context: process.
 * Return: the IRQ, the caller's until xg_pirq_remove_gsi(), or -errno.
 */
int xg_pirq_add_gsi(unsigned int gsi, const char *name)
{
	struct xg_evtchn *ch;
	int pirq, irq;

	/* Xen would have to raise a line of the very controller it is busy with. */
	if (!xg_evtchn_per_cpu())
		return -EOPNOTSUPP;
	irq = __irq_alloc_descs(-1, 0, 1, NUMA_NO_NODE, THIS_MODULE, NULL);
	if (irq < 0)
		return irq;
	pirq = map_gsi(gsi);
	if (pirq < 0)
		goto free_desc;
	ch = new_pirq(pirq, irq, name);
	if (!ch) {
		unmap_pirq(pirq);
		pirq = -ENOMEM;
		goto free_desc;
	}
	ch->level = true;
	irq_set_chip_and_handler_name(irq, &pirq_chip, handle_fasteoi_irq,
				      "ioapic-level");
	irq_set_chip_data(irq, ch);
	irq_set_status_flags(irq, IRQ_LEVEL | IRQ_NOPROBE | IRQ_MOVE_PCNTXT);
	return irq;

free_desc:
	irq_free_descs(irq, 1);
	return pirq;
}
EXPORT_SYMBOL_GPL(xg_pirq_add_gsi);

/**
 * xg_pirq_remove_gsi() - the mirror of xg_pirq_add_gsi()
 * @irq: the IRQ, which nobody has requested any more
 *
 * Context: process.
 */
void xg_pirq_remove_gsi(unsigned int irq)
{
	struct xg_evtchn *ch = irq_get_chip_data(irq);

	irq_free_descs(irq, 1);
	unmap_pirq(ch->pirq);
	kfree(ch);
}
EXPORT_SYMBOL_GPL(xg_pirq_remove_gsi);
