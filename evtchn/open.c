// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening and closing channels.
 *
 * A port is masked unless a channel holds it. Opening: a port from
 * Xen, a struct, an IRQ descriptor, the owner's handler; closing is the mirror.
 * CPUs neither come nor go meanwhile. Nothing is held while free_irq() waits for
 * a handler, and handlers take no lock of ours that is held while waiting
 * (CVE-2023-34324). Start at open_port().
 */
#define pr_fmt(fmt) "xg-evtchn: " fmt

#include <linux/cpu.h>
#include <linux/irq.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <compat/irq.h>
#include <xg/hypercall.h>
#include "internal.h"

struct xg_evtchn __rcu **xg_by_port;
LIST_HEAD(xg_ports);
DEFINE_MUTEX(xg_ports_lock);	/* xg_ports, writers of xg_by_port */
/* Ports that Xen knows and xg_ports does not, or not any more. */
atomic_t xg_ports_between = ATOMIC_INIT(0);

/* xg_abi is settled. */
int xg_ports_start(void)
{
	xg_by_port = kvcalloc(xg_abi->ports, sizeof(*xg_by_port), GFP_KERNEL);
	return xg_by_port ? 0 : -ENOMEM;
}

/* No upcall runs any more. */
void xg_ports_stop(void)
{
	kvfree(xg_by_port);
	xg_by_port = NULL;
}

static irqreturn_t port_handler(int irq, void *data)
{
	struct xg_evtchn *ch = data;
	irqreturn_t ret = IRQ_WAKE_THREAD;

	if (ch->client.handler)
		ret = ch->client.handler(irq, ch->client.data);
	if (ret == IRQ_WAKE_THREAD && ch->client.thread)
		return IRQ_WAKE_THREAD;
	if (ch->client.flags & XG_EVTCHN_AUTO_EOI)
		xg_evtchn_eoi(ch, 0);
	/* Spurious ones have a defence of their own, see xg_evtchn_eoi(). */
	return IRQ_HANDLED;
}

/* Of a port that never moves and has no thread: timers, IPIs. See upcall_flow(). */
static void pinned_flow(struct irq_desc *desc)
{
	xg_count_irq(desc);
	port_handler(irq_desc_get_irq(desc), irq_desc_get_chip_data(desc));
}

static irqreturn_t port_thread(int irq, void *data)
{
	struct xg_evtchn *ch = data;

	ch->client.thread(irq, ch->client.data);
	if (ch->client.flags & XG_EVTCHN_AUTO_EOI)
		xg_evtchn_eoi(ch, 0);
	return IRQ_HANDLED;
}

static int request_port_irq(struct xg_evtchn *ch)
{
	const struct xg_evtchn_client *client = &ch->client;
	unsigned long flags = IRQF_NO_THREAD | IRQF_NO_SUSPEND;

	if (client->flags & XG_EVTCHN_PINNED)
		flags |= IRQF_PERCPU | IRQF_NOBALANCING;
	return request_threaded_irq(ch->irq, port_handler,
				    client->thread ? port_thread : NULL,
				    flags, client->name, ch);
}

/* An IRQ number for the port, and its first CPU. */
static int make_irq(struct xg_evtchn *ch)
{
	bool pinned;
	int irq;

	irq = __irq_alloc_descs(-1, 0, 1, cpu_to_node(ch->cpu), THIS_MODULE,
				NULL);
	if (irq < 0)
		return irq;
	ch->irq = irq;
	pinned = ch->client.flags & XG_EVTCHN_PINNED && !ch->client.thread;
	irq_set_chip_and_handler_name(irq, &xg_port_chip, pinned ? pinned_flow :
				      handle_edge_irq, "event");
	irq_set_chip_data(irq, ch);
	irq_set_status_flags(irq, IRQ_NOPROBE | IRQ_MOVE_PCNTXT |
			     (pinned ? IRQ_DISABLE_UNLAZY : 0));
	/* What /proc shows, and what a later start of the IRQ keeps to. */
	if (ch->client.cpu >= 0)
		irq_set_affinity(irq, cpumask_of(ch->cpu));
	return 0;
}

/* Where the port begins: the client's wish, else wherever few ports are. */
static int first_cpu(const struct xg_evtchn *ch)
{
	const struct xg_evtchn_client *client = &ch->client;
	unsigned int cpu;

	if (client->cpu >= 0 && (unsigned int)client->cpu < nr_cpu_ids &&
	    cpumask_test_cpu(client->cpu, &xg_upcall_cpus))
		return client->cpu;
	if (client->flags & XG_EVTCHN_PINNED)
		return -ENODEV;
	cpu = xg_pick_cpu(ch, cpu_online_mask);
	return cpu < nr_cpu_ids ? cpu : -ENODEV;
}

void xg_close_in_xen(evtchn_port_t port)
{
	struct evtchn_close op = { .port = port };

	xg_event_channel_op(EVTCHNOP_close, &op);
}

static struct xg_evtchn *new_channel(enum xg_port_type type, domid_t peer,
				     const struct xg_evtchn_client *client)
{
	struct xg_evtchn *ch;
	int cpu;

	if (!xg_shared || (!client->handler && !client->thread))
		return ERR_PTR(-EINVAL);
	ch = kzalloc(sizeof(*ch), GFP_KERNEL);
	if (!ch)
		return ERR_PTR(-ENOMEM);
	ch->client = *client;
	ch->type = type;
	ch->peer = peer;
	ch->masked = XG_MASK_IRQ;
	ch->cpu = nr_cpu_ids;
	raw_spin_lock_init(&ch->lock);
	INIT_DELAYED_WORK(&ch->eoi_work, xg_deferred_eoi);
	cpu = first_cpu(ch);
	if (cpu < 0) {
		kfree(ch);
		return ERR_PTR(cpu);
	}
	ch->cpu = cpu;
	return ch;
}

/* -> false: xg_ports_orphan() has been here */
static bool unpublish(struct xg_evtchn *ch)
{
	bool published;

	mutex_lock(&xg_ports_lock);
	published = !list_empty(&ch->list);
	if (published) {
		list_del_init(&ch->list);
		RCU_INIT_POINTER(xg_by_port[ch->port], NULL);
	}
	mutex_unlock(&xg_ports_lock);
	/* An upcall may have seen us and be about to use the IRQ number. */
	synchronize_rcu_expedited();
	return published;
}

static int publish(struct xg_evtchn *ch)
{
	int err = 0;

	mutex_lock(&xg_ports_lock);
	if (rcu_access_pointer(xg_by_port[ch->port])) {
		err = -EBUSY;
	} else {
		xg_count_on(ch, ch->cpu);
		rcu_assign_pointer(xg_by_port[ch->port], ch);
		list_add_tail(&ch->list, &xg_ports);
	}
	mutex_unlock(&xg_ports_lock);
	return err;
}

static int reach(evtchn_port_t port)
{
	if (port >= xg_abi->ports)
		return -ENOSPC;
	return xg_abi->reach ? xg_abi->reach(port) : 0;
}

/*
 * Make the channel of @ch->port, which Xen has given or had before; on failure
 * the port is what it was before the open.
 */
static struct xg_evtchn *open_port(struct xg_evtchn *ch)
{
	int err;

	err = reach(ch->port);
	if (err)
		goto close;
	err = publish(ch);
	if (err)
		goto close;
	xg_abi->mask(ch->port);
	if (ch->type != XG_PORT_ADOPTED)
		xg_abi->clear_pending(ch->port);
	if (xg_abi->set_priority)
		xg_abi->set_priority(ch->port, ch->client.priority);
	/* IPIs and per-vCPU VIRQs are born where they belong. */
	if (ch->type != XG_PORT_IPI &&
	    !(ch->type == XG_PORT_VIRQ && ch->client.flags & XG_EVTCHN_PINNED))
		err = xg_bind(ch, ch->cpu);
	if (err)
		goto unpublish;
	err = make_irq(ch);
	if (err)
		goto unpublish;
	err = request_port_irq(ch);
	if (err)
		goto free_desc;
	return ch;

free_desc:
	irq_free_descs(ch->irq, 1);
unpublish:
	unpublish(ch);
	xg_count_off(ch);
close:
	if (ch->type != XG_PORT_ADOPTED)
		xg_close_in_xen(ch->port);
	kfree(ch);
	return ERR_PTR(err);
}

/*
 * A pirq's IRQ is about to be used: @port, which Xen has just bound to it, becomes
 * its own. The IRQ exists already, and may be moved meanwhile. Nothing pending is
 * forgotten: the device may have spoken. Process context; no lock against CPU
 * hotplug, which a driver may hold as it asks for its interrupts: a CPU that goes
 * loses its ports under xg_ports_lock, after it has left xg_upcall_cpus.
 */
int xg_attach(struct xg_evtchn *ch, evtchn_port_t port)
{
	unsigned long flags;
	unsigned int cpu;
	int err;

	err = reach(port);
	if (err)
		return err;
	mutex_lock(&xg_ports_lock);
	xg_abi->mask(port);
	if (xg_abi->set_priority)
		xg_abi->set_priority(port, ch->client.priority);
	raw_spin_lock_irqsave(&ch->lock, flags);
	/* Chosen when nothing was counted: anew, among what it may have. */
	ch->cpu = nr_cpu_ids;
	cpu = xg_pick_cpu(ch, irq_get_affinity_mask(ch->irq));
	if (cpu >= nr_cpu_ids)
		cpu = xg_pick_cpu(ch, cpu_online_mask);
	ch->cpu = cpu < nr_cpu_ids ? cpu : 0;
	ch->port = port;
	ch->masked = XG_MASK_IRQ;
	xg_count_on(ch, ch->cpu);
	err = cpu < nr_cpu_ids ? xg_bind_locked(ch, cpu) : -ENODEV;
	if (err) {
		xg_count_off(ch);
		ch->masked |= XG_MASK_NO_PORT;
		ch->port = 0;
	}
	raw_spin_unlock_irqrestore(&ch->lock, flags);
	if (!err) {
		rcu_assign_pointer(xg_by_port[port], ch);
		list_add_tail(&ch->list, &xg_ports);
	}
	mutex_unlock(&xg_ports_lock);
	return err;
}

/* What was the channel's is nobody's; it is no longer published. */
static void take_port(struct xg_evtchn *ch)
{
	evtchn_port_t port = ch->port;
	unsigned long flags;

	raw_spin_lock_irqsave(&ch->lock, flags);
	xg_abi->mask(port);
	xg_count_off(ch);
	ch->masked |= XG_MASK_NO_PORT;
	ch->port = 0;
	raw_spin_unlock_irqrestore(&ch->lock, flags);
	if (ch->type != XG_PORT_ADOPTED)
		xg_close_in_xen(port);
}

/* The mirror: its IRQ has been shut down, no handler runs. */
void xg_detach(struct xg_evtchn *ch)
{
	unpublish(ch);
	take_port(ch);
}

/*
 * Events end, and somebody has left channels open. They stay his, but without a
 * port: what he does with them comes to nothing, until he closes them.
 */
void xg_ports_orphan(void)
{
	struct xg_evtchn *ch, *next;

	mutex_lock(&xg_ports_lock);
	list_for_each_entry_safe(ch, next, &xg_ports, list) {
		pr_err("%s is still open: its port is taken away\n",
		       ch->client.name);
		list_del_init(&ch->list);
		RCU_INIT_POINTER(xg_by_port[ch->port], NULL);
		take_port(ch);
	}
	mutex_unlock(&xg_ports_lock);
}

/*
 * Have Xen make a port, by @op that says which in *@port, for channel @ch, and
 * open it. @ch may be an ERR_PTR, and is freed where this fails.
 */
static struct xg_evtchn *open_new(struct xg_evtchn *ch, unsigned int cmd,
				  void *op, const evtchn_port_t *port)
{
	int err;

	if (IS_ERR(ch))
		return ch;
	atomic_inc(&xg_ports_between);
	err = xg_event_channel_op(cmd, op);
	if (err) {
		kfree(ch);
		ch = ERR_PTR(err);
	} else {
		ch->port = *port;
		ch = open_port(ch);
	}
	atomic_dec(&xg_ports_between);
	return ch;
}

/**
 * xg_evtchn_open_unbound() - a new port for @peer to bind to
 * @peer: the domain that may
 * @client: who is told of events; copied, but for its name
 *
 * Context: process.
 * Return: the channel, the caller's until xg_evtchn_close(), or ERR_PTR.
 */
struct xg_evtchn *xg_evtchn_open_unbound(domid_t peer,
					 const struct xg_evtchn_client *client)
{
	struct evtchn_alloc_unbound op = {
		.dom = DOMID_SELF,
		.remote_dom = peer,
	};
	struct xg_evtchn *ch;

	cpus_read_lock();
	ch = open_new(new_channel(XG_PORT_UNBOUND, peer, client),
		      EVTCHNOP_alloc_unbound, &op, &op.port);
	cpus_read_unlock();
	return ch;
}
EXPORT_SYMBOL_GPL(xg_evtchn_open_unbound);

/**
 * xg_evtchn_open_interdomain() - a new port bound to one of another domain
 * @peer: that domain
 * @remote_port: its port, which must accept us
 * @client: who is told of events; copied, but for its name
 *
 * What the peer sent before this call is not delivered: look at what it shares,
 * or xg_evtchn_kick().
 *
 * Context: process.
 * Return: the channel, the caller's until xg_evtchn_close(), or ERR_PTR.
 */
struct xg_evtchn *
xg_evtchn_open_interdomain(domid_t peer, evtchn_port_t remote_port,
			   const struct xg_evtchn_client *client)
{
	struct evtchn_bind_interdomain op = {
		.remote_dom = peer,
		.remote_port = remote_port,
	};
	struct xg_evtchn *ch;

	cpus_read_lock();
	ch = open_new(new_channel(XG_PORT_INTERDOMAIN, peer, client),
		      EVTCHNOP_bind_interdomain, &op, &op.local_port);
	cpus_read_unlock();
	return ch;
}
EXPORT_SYMBOL_GPL(xg_evtchn_open_interdomain);

/* Those Xen keeps one of for each vCPU; the others are the domain's. */
bool xg_virq_is_per_cpu(u32 virq)
{
	return virq == VIRQ_TIMER || virq == VIRQ_DEBUG ||
	       virq == VIRQ_XENOPROF || virq == VIRQ_XENPMU;
}

/**
 * xg_evtchn_open_virq_cpuslocked() - xg_evtchn_open_virq() while CPUs stay
 * @virq: VIRQ_* (xen/interface/xen.h)
 * @client: who is told; a per-vCPU VIRQ is that of @client->cpu, and pinned
 *
 * For CPU hotplug callbacks, which may not take the lock they run under.
 *
 * Context: process; CPUs neither come nor go.
 * Return: the channel, the caller's until xg_evtchn_close(), or ERR_PTR.
 */
struct xg_evtchn *
xg_evtchn_open_virq_cpuslocked(u32 virq, const struct xg_evtchn_client *client)
{
	struct evtchn_bind_virq op = { .virq = virq };
	struct xg_evtchn_client copy = *client;
	struct xg_evtchn *ch;

	/* One of the domain's may be delivered, so pinned, anywhere. */
	if (xg_virq_is_per_cpu(virq))
		copy.flags |= XG_EVTCHN_PINNED;
	else
		copy.flags &= ~XG_EVTCHN_PINNED;
	ch = new_channel(XG_PORT_VIRQ, DOMID_SELF, &copy);
	if (IS_ERR(ch))
		return ch;
	ch->virq = virq;
	if (xg_virq_is_per_cpu(virq))
		op.vcpu = xg_vcpu_id(ch->cpu);
	return open_new(ch, EVTCHNOP_bind_virq, &op, &op.port);
}
EXPORT_SYMBOL_GPL(xg_evtchn_open_virq_cpuslocked);

/**
 * xg_evtchn_open_virq() - a new port for a virtual interrupt of Xen's
 * @virq: VIRQ_* (xen/interface/xen.h)
 * @client: who is told; a per-vCPU VIRQ is that of @client->cpu, and pinned
 *
 * Context: process.
 * Return: the channel, the caller's until xg_evtchn_close(), or ERR_PTR.
 */
struct xg_evtchn *xg_evtchn_open_virq(u32 virq,
				      const struct xg_evtchn_client *client)
{
	struct xg_evtchn *ch;

	cpus_read_lock();
	ch = xg_evtchn_open_virq_cpuslocked(virq, client);
	cpus_read_unlock();
	return ch;
}
EXPORT_SYMBOL_GPL(xg_evtchn_open_virq);

/**
 * xg_evtchn_open_ipi_cpuslocked() - xg_evtchn_open_ipi() while CPUs stay
 * @client: who is told, on which CPU; always pinned
 *
 * For CPU hotplug callbacks, which may not take the lock they run under.
 *
 * Context: process; CPUs neither come nor go.
 * Return: the channel, the caller's until xg_evtchn_close(), or ERR_PTR.
 */
struct xg_evtchn *
xg_evtchn_open_ipi_cpuslocked(const struct xg_evtchn_client *client)
{
	struct xg_evtchn_client copy = *client;
	struct evtchn_bind_ipi op = {};
	struct xg_evtchn *ch;

	copy.flags |= XG_EVTCHN_PINNED;
	copy.priority = max(copy.priority, XG_PRIORITY_IPI);
	ch = new_channel(XG_PORT_IPI, DOMID_SELF, &copy);
	if (!IS_ERR(ch))
		op.vcpu = xg_vcpu_id(ch->cpu);
	return open_new(ch, EVTCHNOP_bind_ipi, &op, &op.port);
}
EXPORT_SYMBOL_GPL(xg_evtchn_open_ipi_cpuslocked);

/**
 * xg_evtchn_open_ipi() - a new port by which this domain interrupts a CPU of its
 * @client: who is told, on which CPU; always pinned
 *
 * Context: process.
 * Return: the channel, the caller's until xg_evtchn_close(), or ERR_PTR.
 */
struct xg_evtchn *xg_evtchn_open_ipi(const struct xg_evtchn_client *client)
{
	struct xg_evtchn *ch;

	cpus_read_lock();
	ch = xg_evtchn_open_ipi_cpuslocked(client);
	cpus_read_unlock();
	return ch;
}
EXPORT_SYMBOL_GPL(xg_evtchn_open_ipi);

/**
 * xg_evtchn_adopt() - take over a port that the toolstack has bound
 * @port: xenstore's or the console's
 * @client: who is told of events; copied, but for its name
 *
 * An event that is pending already is delivered, perhaps before this returns.
 * Closing leaves the port bound, for whoever adopts it next.
 *
 * Context: process.
 * Return: the channel, the caller's until xg_evtchn_close(), or ERR_PTR.
 */
struct xg_evtchn *xg_evtchn_adopt(evtchn_port_t port,
				  const struct xg_evtchn_client *client)
{
	struct evtchn_status op = { .dom = DOMID_SELF, .port = port };
	struct xg_evtchn *ch;
	int err;

	err = xg_event_channel_op(EVTCHNOP_status, &op);
	if (err)
		return ERR_PTR(err);
	if (op.status != EVTCHNSTAT_interdomain &&
	    op.status != EVTCHNSTAT_unbound)
		return ERR_PTR(-ENOTCONN);
	cpus_read_lock();
	ch = new_channel(XG_PORT_ADOPTED,
			 op.status == EVTCHNSTAT_interdomain ?
			 op.u.interdomain.dom : op.u.unbound.dom, client);
	if (IS_ERR(ch))
		goto out;
	ch->port = port;
	ch = open_port(ch);
out:
	cpus_read_unlock();
	return ch;
}
EXPORT_SYMBOL_GPL(xg_evtchn_adopt);

/**
 * xg_evtchn_close() - give a channel back
 * @ch: the channel, or NULL or an ERR_PTR
 *
 * The owner's handler has ended and will not run again on return; an EOI or a
 * notify may come until the call, not after. The port is closed in Xen unless it
 * was adopted. A channel that outlives xg_evtchn_stop() has none any more.
 *
 * Context: process; sleeps.
 */
void xg_evtchn_close(struct xg_evtchn *ch)
{
	unsigned long flags;
	bool has_port;

	if (IS_ERR_OR_NULL(ch))
		return;
	raw_spin_lock_irqsave(&ch->lock, flags);
	ch->closing = true;
	raw_spin_unlock_irqrestore(&ch->lock, flags);

	free_irq(ch->irq, ch);
	cancel_delayed_work_sync(&ch->eoi_work);
	atomic_inc(&xg_ports_between);
	has_port = unpublish(ch) && !(ch->masked & XG_MASK_NO_PORT);
	/*
	 * Until the descriptor has gone, /proc/irq may still move the port: it
	 * must not be somebody else's by then.
	 */
	irq_free_descs(ch->irq, 1);
	if (has_port) {
		xg_count_off(ch);
		if (ch->type != XG_PORT_ADOPTED)
			xg_close_in_xen(ch->port);
	}
	atomic_dec(&xg_ports_between);
	kfree(ch);
}
EXPORT_SYMBOL_GPL(xg_evtchn_close);

/**
 * xg_evtchn_port() - Xen's number of a channel
 * @ch: a channel that is open
 *
 * Context: any.
 * Return: the local port, as xenstore and the peer want it.
 */
evtchn_port_t xg_evtchn_port(const struct xg_evtchn *ch)
{
	return ch->port;
}
EXPORT_SYMBOL_GPL(xg_evtchn_port);

/**
 * xg_evtchn_irq() - Linux's number of a channel
 * @ch: a channel that is open
 *
 * Context: any.
 * Return: the IRQ, as in /proc/interrupts.
 */
int xg_evtchn_irq(const struct xg_evtchn *ch)
{
	return ch->irq;
}
EXPORT_SYMBOL_GPL(xg_evtchn_irq);
