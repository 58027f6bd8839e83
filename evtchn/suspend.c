// SPDX-License-Identifier: GPL-2.0-only
/*
 * A machine that was saved wakes in another domain: without a port, without a
 * place for shared info, interrupted by nothing.
 *
 * What concerns this machine alone, IPIs and VIRQs, is had again under other
 * numbers, and their owners notice nothing but one event more: what was pending is
 * lost, so each is told that there may have been something. A channel to another
 * domain is dead: its owner must make a new one, by words through the store, and
 * until it closes the old one that is masked and does nothing.
 *
 * While all CPUs are stopped nobody holds a spinlock, but somebody may sleep with
 * a mutex: then the root tries again a little later. Start at xg_evtchn_wake().
 */
#define pr_fmt(fmt) "xg-evtchn: " fmt

#include <linux/cpu.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/static_call.h>
#include <xg/hypercall.h>
#include "internal.h"

/* Under xg_ports_lock. */
static bool any_pirq(void)
{
	const struct xg_evtchn *ch;

	list_for_each_entry(ch, &xg_ports, list)
		if (ch->type == XG_PORT_PIRQ)
			return true;
	return false;
}

static bool uses_pirqs(void)
{
	bool any;

	mutex_lock(&xg_ports_lock);
	any = any_pirq();
	mutex_unlock(&xg_ports_lock);
	return any;
}

/**
 * xg_evtchn_suspend() - may this machine be saved?
 *
 * Context: process.
 * Return: 0; -EBUSY: a device's interrupts come by event channel, and the number
 * it was given is the domain's.
 */
int xg_evtchn_suspend(void)
{
	if (!uses_pirqs())
		return 0;
	pr_err("devices with interrupts by event channel (remap=) cannot be saved: unbind their drivers first\n");
	return -EBUSY;
}
EXPORT_SYMBOL_GPL(xg_evtchn_suspend);

/**
 * xg_evtchn_hold() - no channel is opened or closed until xg_evtchn_release()
 *
 * Context: every CPU is stopped.
 * Return: false: somebody is about to; nothing is held.
 */
bool xg_evtchn_hold(void)
{
	if (atomic_read(&xg_ports_between) || !mutex_trylock(&xg_ports_lock))
		return false;
	if (!any_pirq() && mutex_trylock(&xg_ledger_lock))
		return true;
	mutex_unlock(&xg_ports_lock);
	return false;
}
EXPORT_SYMBOL_GPL(xg_evtchn_hold);

/**
 * xg_evtchn_release() - the mirror of xg_evtchn_hold()
 *
 * Context: as there, on the same CPU.
 */
void xg_evtchn_release(void)
{
	mutex_unlock(&xg_ledger_lock);
	mutex_unlock(&xg_ports_lock);
}
EXPORT_SYMBOL_GPL(xg_evtchn_release);

/* -> a port of the new domain's, or -errno */
static int bind_anew(const struct xg_evtchn *ch)
{
	struct evtchn_bind_ipi ipi = { .vcpu = xg_vcpu_id(ch->cpu) };
	struct evtchn_bind_virq virq = { .virq = ch->virq };
	int err;

	switch (ch->type) {
	case XG_PORT_IPI:
		err = xg_event_channel_op(EVTCHNOP_bind_ipi, &ipi);
		return err ?: ipi.port;
	case XG_PORT_VIRQ:
		if (xg_virq_is_per_cpu(ch->virq))
			virq.vcpu = xg_vcpu_id(ch->cpu);
		err = xg_event_channel_op(EVTCHNOP_bind_virq, &virq);
		return err ?: virq.port;
	default:
		return -ENOTCONN;
	}
}

/* The first ports of a domain are few: nothing need be made for them. */
static bool within_reach(evtchn_port_t port)
{
	return port < xg_abi->ports &&
	       (xg_abi != &xg_fifo || xg_fifo_word(&xg_fifo_words, port));
}

static void forget(struct xg_evtchn *ch)
{
	if (ch->masked & XG_MASK_NO_PORT)
		return;
	RCU_INIT_POINTER(xg_by_port[ch->port], NULL);
	xg_count_off(ch);
	ch->masked |= XG_MASK_NO_PORT;
	ch->port = 0;
}

static int revive(struct xg_evtchn *ch)
{
	struct evtchn_bind_vcpu bind = { .vcpu = xg_vcpu_id(ch->cpu) };
	int port = bind_anew(ch);

	if (port < 0)
		return port;
	if (!within_reach(port)) {
		xg_close_in_xen(port);
		return -ENOSPC;
	}
	bind.port = port;
	if (!(ch->client.flags & XG_EVTCHN_PINNED))
		xg_event_channel_op(EVTCHNOP_bind_vcpu, &bind);
	raw_spin_lock(&ch->lock);
	ch->port = port;
	xg_abi->mask(port);
	if (xg_abi->set_priority)
		xg_abi->set_priority(port, ch->client.priority);
	xg_count_on(ch, ch->cpu);
	rcu_assign_pointer(xg_by_port[port], ch);
	xg_abi->set_pending(port);
	ch->masked &= ~XG_MASK_NO_PORT;
	if (!ch->masked)
		static_call(xg_unmask)(port, per_cpu_ptr(&xg_cpu, ch->cpu));
	raw_spin_unlock(&ch->lock);
	return 0;
}

/* Numbers of the old domain's and the new one's are not to meet. */
static int revive_all(void)
{
	struct xg_evtchn *ch;
	int err, ret = 0;

	list_for_each_entry(ch, &xg_ports, list)
		forget(ch);
	list_for_each_entry(ch, &xg_ports, list) {
		err = revive(ch);
		if (!err || err == -ENOTCONN)
			continue;
		pr_err("%s on CPU %u has no port in the new domain (%d)\n",
		       ch->client.name, ch->cpu, err);
		ret = err;
	}
	return ret;
}

/* Xen of a new domain says nothing to a vCPU that masks its upcall. */
static void hear_again(void)
{
	struct xg_cpu *c;
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		c = per_cpu_ptr(&xg_cpu, cpu);
		if (c->info)
			c->info->evtchn_upcall_mask = 0;
	}
}

/**
 * xg_evtchn_wake() - events in the domain that the machine was restored in
 *
 * Context: every CPU is stopped, this one has interrupts off; between
 * xg_evtchn_hold() and xg_evtchn_release().
 * Return: 0; -errno: some or all do not work, the log says which.
 */
int xg_evtchn_wake(void)
{
	int err;

	err = xg_shared_info_wake();
	if (err) {
		pr_emerg("no shared info in the new domain (%d): no events\n",
			 err);
		return err;
	}
	xg_ledger_wake();
	if (xg_abi == &xg_fifo)
		err = xg_fifo_wake();
	if (err)
		pr_emerg("no FIFO events in the new domain (%d)\n", err);
	hear_again();
	err = xg_upcall_wake() ?: err;
	return revive_all() ?: err;
}
EXPORT_SYMBOL_GPL(xg_evtchn_wake);

/**
 * xg_evtchn_wake_cpu() - what each CPU must tell Xen itself
 *
 * Context: on each CPU, interrupts off, after xg_evtchn_wake() and before any
 * event is waited for.
 */
void xg_evtchn_wake_cpu(void)
{
	xg_vcpu_info_wake(xg_vcpu_id_here());
	/* What was said to a place it had for a moment only. */
	irq_work_queue(&this_cpu_ptr(&xg_cpu)->rescan);
}
EXPORT_SYMBOL_GPL(xg_evtchn_wake_cpu);
