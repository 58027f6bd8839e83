// SPDX-License-Identifier: GPL-2.0-only
/*
 * An open port as Linux interrupt: delivery, EOI, moving between CPUs.
 *
 * A port is masked for Xen while anybody wants it masked (XG_MASK_*), all under
 * its lock; whoever takes the last reason away unmasks, and that passes on
 * what came meanwhile. So no event is lost, and no disable_irq() or affinity
 * change can end the wait for the owner's EOI. Start at xg_deliver().
 */
#include <linux/irq.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/static_call.h>
#include <xg/hypercall.h>
#include "internal.h"

/*
 * So many spurious events more than useful ones are forgiven; each further one
 * doubles the time until the port is unmasked, from a jiffy to MAX_DELAY.
 */
#define FREE_SPURIOUS	4
#define MAX_DELAY	max(HZ / 10, 1)
#define MAX_STREAK	(FREE_SPURIOUS + 8)

static void mask(struct xg_evtchn *ch, unsigned int why)
{
	lockdep_assert_held(&ch->lock);
	ch->masked |= why;
	if (!(ch->masked & XG_MASK_NO_PORT))
		xg_abi->mask(ch->port);
}

static void unmask(struct xg_evtchn *ch, unsigned int why)
{
	lockdep_assert_held(&ch->lock);
	if (!(ch->masked & why))
		return;
	ch->masked &= ~why;
	if (!ch->masked)
		static_call(xg_unmask)(ch->port, per_cpu_ptr(&xg_cpu, ch->cpu));
}

/* As if an event had come, but for the announcement */
static void set_pending(struct xg_evtchn *ch)
{
	lockdep_assert_held(&ch->lock);
	if (!(ch->masked & XG_MASK_NO_PORT))
		xg_abi->set_pending(ch->port);
}

/* Where the port is bound it is not known that it is pending. */
static void announce(struct xg_evtchn *ch)
{
	lockdep_assert_held(&ch->lock);
	if (!ch->masked)
		xg_abi->raise(ch->port, per_cpu_ptr(&xg_cpu, ch->cpu));
}

/* From the upcall: the port was seen pending and unmasked, as one of @c's. */
void xg_deliver(evtchn_port_t port, struct xg_cpu *c)
{
	struct xg_evtchn *ch;
	bool ours = false;

	rcu_read_lock();
	ch = rcu_dereference(xg_by_port[port]);
	if (!ch) {
		xg_abi->mask(port);
		goto out;
	}
	raw_spin_lock(&ch->lock);
	if (unlikely(ch->cpu != c->cpu))
		announce(ch);
	else
		ours = !ch->masked && static_call(xg_take)(port);
	if (ours) {
		ch->masked |= XG_MASK_EOI;
		ch->nr_events++;
	}
	raw_spin_unlock(&ch->lock);
	if (ours)
		generic_handle_irq(ch->irq);
out:
	rcu_read_unlock();
}

/*
 * The port was met among those of a CPU that takes no events any more; any
 * context. One that is still bound there is announced by the move that is due, or
 * when that CPU is back.
 */
void xg_pass_on(evtchn_port_t port, struct xg_cpu *from)
{
	struct xg_evtchn *ch;
	unsigned long irqflags;

	rcu_read_lock();
	ch = rcu_dereference(xg_by_port[port]);
	if (ch) {
		raw_spin_lock_irqsave(&ch->lock, irqflags);
		if (ch->cpu != from->cpu)
			announce(ch);
		raw_spin_unlock_irqrestore(&ch->lock, irqflags);
	} else {
		xg_abi->mask(port);
	}
	rcu_read_unlock();
}

/* Under ch->lock -> jiffies until a port that cried wolf is heard again */
static unsigned long judge_spurious(struct xg_evtchn *ch, bool spurious)
{
	if (!spurious) {
		if (ch->streak)
			ch->streak--;
		return 0;
	}
	ch->nr_spurious++;
	if (ch->streak < MAX_STREAK)
		ch->streak++;
	if (ch->streak <= FREE_SPURIOUS || ch->closing)
		return 0;
	return min_t(unsigned long, BIT(ch->streak - FREE_SPURIOUS - 1),
		     MAX_DELAY);
}

/**
 * xg_evtchn_eoi() - the delivery has been dealt with, the next may come
 * @ch: a channel that is open
 * @flags: XG_EOI_SPURIOUS when there was nothing to do
 *
 * Spurious events that outnumber useful ones are answered with a growing delay,
 * so that a peer cannot keep a CPU busy by notifying (XSA-391). An event that
 * comes before the EOI is delivered after it. A second EOI does nothing.
 *
 * Context: any.
 */
void xg_evtchn_eoi(struct xg_evtchn *ch, unsigned int flags)
{
	unsigned long irqflags, delay;

	raw_spin_lock_irqsave(&ch->lock, irqflags);
	if (!(ch->masked & XG_MASK_EOI) || ch->deferred)
		goto out;
	delay = judge_spurious(ch, flags & XG_EOI_SPURIOUS);
	if (delay) {
		ch->nr_delayed++;
		ch->deferred = true;
		schedule_delayed_work(&ch->eoi_work, delay);
	} else {
		unmask(ch, XG_MASK_EOI);
	}
out:
	raw_spin_unlock_irqrestore(&ch->lock, irqflags);
}
EXPORT_SYMBOL_GPL(xg_evtchn_eoi);

void xg_deferred_eoi(struct work_struct *work)
{
	struct xg_evtchn *ch = container_of(to_delayed_work(work),
					    struct xg_evtchn, eoi_work);
	unsigned long irqflags;

	raw_spin_lock_irqsave(&ch->lock, irqflags);
	ch->deferred = false;
	unmask(ch, XG_MASK_EOI);
	raw_spin_unlock_irqrestore(&ch->lock, irqflags);
}

/**
 * xg_evtchn_notify() - tell the other end
 * @ch: a channel that is open
 *
 * Context: any. A peer that is gone costs one hypercall and nothing else.
 */
void xg_evtchn_notify(struct xg_evtchn *ch)
{
	struct evtchn_send op = { .port = ch->port };

	xg_event_channel_op(EVTCHNOP_send, &op);
}
EXPORT_SYMBOL_GPL(xg_evtchn_notify);

/**
 * xg_evtchn_kick() - run the owner's handler as if an event had come
 * @ch: a channel that is open
 *
 * On the CPU the channel is bound to; after the EOI, if one is outstanding.
 *
 * Context: any.
 */
void xg_evtchn_kick(struct xg_evtchn *ch)
{
	unsigned long irqflags;

	raw_spin_lock_irqsave(&ch->lock, irqflags);
	set_pending(ch);
	announce(ch);
	raw_spin_unlock_irqrestore(&ch->lock, irqflags);
}
EXPORT_SYMBOL_GPL(xg_evtchn_kick);

/**
 * xg_evtchn_forget() - whatever has come by a channel is no event any more
 * @ch: a channel that is open, its IRQ disabled: its owner polls the port
 *
 * Context: any; a locked operation on what Xen writes as well.
 */
void xg_evtchn_forget(struct xg_evtchn *ch)
{
	xg_abi->clear_pending(ch->port);
}
EXPORT_SYMBOL_GPL(xg_evtchn_forget);

void xg_count_on(const struct xg_evtchn *ch, unsigned int cpu)
{
	struct xg_cpu *c = per_cpu_ptr(&xg_cpu, cpu);

	if (xg_abi->count)
		xg_abi->count(ch->port, c, true);
	atomic_inc(&c->nr_ports);
}

void xg_count_off(const struct xg_evtchn *ch)
{
	struct xg_cpu *c = per_cpu_ptr(&xg_cpu, ch->cpu);

	if (xg_abi->count)
		xg_abi->count(ch->port, c, false);
	atomic_dec(&c->nr_ports);
}

/* Where in @mask to deliver: where it is now, else where the fewest ports are. */
unsigned int xg_pick_cpu(const struct xg_evtchn *ch, const struct cpumask *mask)
{
	unsigned int cpu, best = nr_cpu_ids;
	int nr, fewest = INT_MAX;

	for_each_cpu_and(cpu, mask, &xg_upcall_cpus) {
		if (cpu == ch->cpu)
			return cpu;
		nr = atomic_read(&per_cpu_ptr(&xg_cpu, cpu)->nr_ports);
		if (nr < fewest) {
			fewest = nr;
			best = cpu;
		}
	}
	return best;
}

/*
 * Deliver on @cpu from now on. What Xen has already told the old vCPU, which no
 * longer looks at this port, is passed on by the unmask. If that one is on its
 * way out, forget it: it may have no IRQ any more that would clear the flag.
 */
int xg_bind_locked(struct xg_evtchn *ch, unsigned int cpu)
{
	struct evtchn_bind_vcpu op = {
		.port = ch->port,
		.vcpu = xg_vcpu_id(cpu),
	};
	int err;

	lockdep_assert_held(&ch->lock);
	if (ch->masked & XG_MASK_NO_PORT) {
		ch->cpu = cpu;
		return 0;
	}
	mask(ch, XG_MASK_MOVE);
	err = xg_event_channel_op(EVTCHNOP_bind_vcpu, &op);
	if (!err) {
		if (!cpumask_test_cpu(ch->cpu, &xg_upcall_cpus))
			xg_hush(per_cpu_ptr(&xg_cpu, ch->cpu));
		xg_count_off(ch);
		xg_count_on(ch, cpu);
		ch->cpu = cpu;
	}
	unmask(ch, XG_MASK_MOVE);
	return err;
}

int xg_bind(struct xg_evtchn *ch, unsigned int cpu)
{
	unsigned long irqflags;
	int err;

	raw_spin_lock_irqsave(&ch->lock, irqflags);
	err = xg_bind_locked(ch, cpu);
	raw_spin_unlock_irqrestore(&ch->lock, irqflags);
	return err;
}

/*
 * What is pinned to a CPU sleeps while the CPU does; nothing gets lost. Others may
 * be bound there still as it comes back, if it never went or had no substitute:
 * xg_pass_on() may have met them.
 */
void xg_park_ports(unsigned int cpu, bool park)
{
	struct xg_evtchn *ch;
	unsigned long irqflags;

	mutex_lock(&xg_ports_lock);
	list_for_each_entry(ch, &xg_ports, list) {
		if (READ_ONCE(ch->cpu) != cpu)
			continue;
		raw_spin_lock_irqsave(&ch->lock, irqflags);
		if (!(ch->client.flags & XG_EVTCHN_PINNED)) {
			if (!park)
				announce(ch);
		} else if (park) {
			mask(ch, XG_MASK_CPU);
		} else {
			unmask(ch, XG_MASK_CPU);
		}
		raw_spin_unlock_irqrestore(&ch->lock, irqflags);
	}
	mutex_unlock(&xg_ports_lock);
}

/*
 * Move what can be moved while the CPU still has its IRQs. Left to the IRQ core
 * alone, a port may raise an event there when nobody answers any more.
 */
void xg_move_away(unsigned int cpu)
{
	struct xg_evtchn *ch;
	unsigned int to;

	mutex_lock(&xg_ports_lock);
	list_for_each_entry(ch, &xg_ports, list) {
		if (READ_ONCE(ch->cpu) != cpu ||
		    ch->client.flags & XG_EVTCHN_PINNED)
			continue;
		to = xg_pick_cpu(ch, irq_get_affinity_mask(ch->irq));
		if (to >= nr_cpu_ids)
			to = xg_pick_cpu(ch, cpu_online_mask);
		if (to < nr_cpu_ids)
			xg_bind(ch, to);
	}
	mutex_unlock(&xg_ports_lock);
}

/*
 * A CPU is back. A device's driver may have an interrupt for its queue of that CPU
 * alone: the IRQ core has started it again before the CPU could take events. Moved
 * by the core, which must know where it is when a CPU goes.
 */
void xg_move_home(unsigned int cpu)
{
	const struct cpumask *wish;
	struct xg_evtchn *ch;

	mutex_lock(&xg_ports_lock);
	list_for_each_entry(ch, &xg_ports, list) {
		if (ch->type != XG_PORT_PIRQ)
			continue;
		wish = irq_get_affinity_mask(ch->irq);
		if (cpumask_test_cpu(cpu, wish) &&
		    !cpumask_test_cpu(READ_ONCE(ch->cpu), wish))
			irq_set_affinity(ch->irq, wish);
	}
	mutex_unlock(&xg_ports_lock);
}

/* --- what the IRQ core calls, with the descriptor's lock held ------------- */

void xg_port_irq_mask(struct irq_data *d)
{
	struct xg_evtchn *ch = irq_data_get_irq_chip_data(d);
	unsigned long irqflags;

	raw_spin_lock_irqsave(&ch->lock, irqflags);
	mask(ch, XG_MASK_IRQ);
	raw_spin_unlock_irqrestore(&ch->lock, irqflags);
}

void xg_port_irq_unmask(struct irq_data *d)
{
	struct xg_evtchn *ch = irq_data_get_irq_chip_data(d);
	unsigned long irqflags;

	raw_spin_lock_irqsave(&ch->lock, irqflags);
	unmask(ch, XG_MASK_IRQ);
	raw_spin_unlock_irqrestore(&ch->lock, irqflags);
}

/* xg_deliver() has done it: claiming and acknowledging are one step. */
static void port_irq_ack(struct irq_data *d)
{
}

/*
 * enable_irq() after an event met a disabled IRQ: its owner never saw it and
 * owes no EOI. Pend it again and let it be delivered anew.
 */
static int port_irq_retrigger(struct irq_data *d)
{
	struct xg_evtchn *ch = irq_data_get_irq_chip_data(d);
	unsigned long irqflags;

	raw_spin_lock_irqsave(&ch->lock, irqflags);
	set_pending(ch);
	if (ch->masked)
		unmask(ch, XG_MASK_EOI);
	else
		announce(ch);
	raw_spin_unlock_irqrestore(&ch->lock, irqflags);
	return 1;
}

int xg_port_irq_set_affinity(struct irq_data *d, const struct cpumask *to,
			     bool force)
{
	struct xg_evtchn *ch = irq_data_get_irq_chip_data(d);
	unsigned int cpu = xg_pick_cpu(ch, to);
	int err;

	/*
	 * None that takes events. When those of our CPU end too, because it
	 * goes offline, any other is better than losing them.
	 */
	if (cpu >= nr_cpu_ids && !cpumask_test_cpu(ch->cpu, &xg_upcall_cpus))
		cpu = xg_pick_cpu(ch, cpu_online_mask);
	if (cpu >= nr_cpu_ids)
		return -EINVAL;
	if (cpu != ch->cpu) {
		if (ch->client.flags & XG_EVTCHN_PINNED)
			return -EPERM;
		err = xg_bind(ch, cpu);
		if (err)
			return err;
	}
	irq_data_update_effective_affinity(d, cpumask_of(cpu));
	return IRQ_SET_MASK_OK;
}

struct irq_chip xg_port_chip = {
	.name = "xg",
	.irq_mask = xg_port_irq_mask,
	.irq_unmask = xg_port_irq_unmask,
	.irq_ack = port_irq_ack,
	.irq_retrigger = port_irq_retrigger,
	.irq_set_affinity = xg_port_irq_set_affinity,
	.flags = IRQCHIP_SKIP_SET_WAKE,
};
