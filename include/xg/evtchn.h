/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels as Linux interrupts.
 *
 * An open channel is one port of Xen's bound to one Linux IRQ. The handler runs
 * in hard interrupt context on the CPU the port is bound to. The port stays
 * masked from its delivery until the owner calls xg_evtchn_eoi(), from the
 * handler or later from any context: a peer that floods can cost no more than
 * its owner's willingness to say "done" (late EOI).
 */
#ifndef XG_EVTCHN_H
#define XG_EVTCHN_H

#include <linux/interrupt.h>
#include <linux/types.h>
#include <xen/interface/xen.h>
#include <xen/interface/event_channel.h>

struct irq_domain;
struct pvclock_vcpu_time_info;
struct xg_evtchn;
struct xg_platform;

/* xg_evtchn_eoi(): nothing was found to do; too many of these are delayed. */
#define XG_EOI_SPURIOUS	BIT(0)

/* struct xg_evtchn_client.flags */
#define XG_EVTCHN_AUTO_EOI	BIT(0)	/* trusted source: EOI when the handler returns */
/*
 * Never moved from @cpu, by user or hotplug. Without a thread its IRQ has no trace
 * events, and disable_irq() does not wait for its handler; xg_evtchn_close() does.
 */
#define XG_EVTCHN_PINNED	BIT(1)

/* What goes first where Xen has priorities (FIFO events); else all are equal. */
enum xg_evtchn_priority {
	XG_PRIORITY_NORMAL,
	XG_PRIORITY_IPI,	/* every IPI has it */
	XG_PRIORITY_TIMER,	/* before all others */
};

/**
 * struct xg_evtchn_client - who is told
 * @name: in /proc/interrupts; must outlive the channel
 * @handler: hard interrupt context; -> IRQ_HANDLED, or IRQ_WAKE_THREAD
 * @thread: optional threaded half; with it @handler may be NULL
 * @data: handed to both
 * @cpu: where to deliver first, or -1 for any
 * @flags: XG_EVTCHN_*
 * @priority: of its events among those of its CPU
 */
struct xg_evtchn_client {
	const char *name;
	irq_handler_t handler;
	irq_handler_t thread;
	void *data;
	int cpu;
	unsigned int flags;
	enum xg_evtchn_priority priority;
};

/*
 * Open a channel; process context. The client is copied. ERR_PTR on failure.
 *  _unbound      a new port that @peer may bind to (its number goes into xenstore)
 *  _interdomain  a new local port bound to @remote_port of @peer
 *  _virq, _ipi   a new port for a VIRQ or for IPIs to @client->cpu
 *  _adopt        a port that exists already and must survive us (xenstore's,
 *                the console's); closing masks it and leaves it bound
 */
struct xg_evtchn *
xg_evtchn_open_unbound(domid_t peer, const struct xg_evtchn_client *client);
struct xg_evtchn *
xg_evtchn_open_interdomain(domid_t peer, evtchn_port_t remote_port,
			   const struct xg_evtchn_client *client);
struct xg_evtchn *
xg_evtchn_open_virq(u32 virq, const struct xg_evtchn_client *client);
struct xg_evtchn *xg_evtchn_open_ipi(const struct xg_evtchn_client *client);
/* The last two from a CPU hotplug callback */
struct xg_evtchn *
xg_evtchn_open_virq_cpuslocked(u32 virq, const struct xg_evtchn_client *client);
struct xg_evtchn *
xg_evtchn_open_ipi_cpuslocked(const struct xg_evtchn_client *client);
struct xg_evtchn *
xg_evtchn_adopt(evtchn_port_t port, const struct xg_evtchn_client *client);

/*
 * Close; process context, may sleep until a running handler ends. After return
 * the handler runs no more and @ch is gone. NULL and ERR_PTR are ignored.
 */
void xg_evtchn_close(struct xg_evtchn *ch);

/* Any context. Tell the other end; a dead peer costs nothing. */
void xg_evtchn_notify(struct xg_evtchn *ch);
/* Any context. The delivery has been dealt with; @flags: XG_EOI_SPURIOUS. */
void xg_evtchn_eoi(struct xg_evtchn *ch, unsigned int flags);
/* The handler's half seen from the owner: run it as if an event had come. */
void xg_evtchn_kick(struct xg_evtchn *ch);
/* Any context. For an owner that disabled the IRQ and polls: nothing has come yet. */
void xg_evtchn_forget(struct xg_evtchn *ch);

/* xg_pirq_add_msi(), @flags */
#define XG_PIRQ_MSIX		BIT(0)	/* not MSI: no EOI, and in /proc/interrupts */
#define XG_PIRQ_EMULATED	BIT(1)	/* the device model's: Xen's number stays ours */

/*
 * A device's interrupts by event channel; process context, between start and stop.
 * The IRQ is requested as any other, and has a port while it is.
 *  _check    0, -EOPNOTSUPP where Xen offers none, or what it refused
 *  _add_msi  @irq, of @domain, stands for an MSI and composes its message
 *  _add_gsi  -> a new IRQ that stands for the IO-APIC's pin, or -errno
 */
int xg_pirq_check(void);
int xg_pirq_add_msi(struct irq_domain *domain, unsigned int irq,
		    const char *name, unsigned int flags);
void xg_pirq_remove_msi(struct irq_domain *domain, unsigned int irq);
int xg_pirq_add_gsi(unsigned int gsi, const char *name);
void xg_pirq_remove_gsi(unsigned int irq);

evtchn_port_t xg_evtchn_port(const struct xg_evtchn *ch);
int xg_evtchn_irq(const struct xg_evtchn *ch);

/* The page all vCPUs share with Xen; valid between start and stop. */
struct shared_info *xg_shared_info(void);
/* This vCPU's part of it that leads from the TSC to Xen's time; likewise. */
notrace const struct pvclock_vcpu_time_info *xg_vcpu_time(void);

/* The root's calls; process context. Channels that stop() finds open lose their ports. */
int xg_evtchn_start(struct xg_platform *platform);
void xg_evtchn_stop(void);

/*
 * The root's, around a suspend; see evtchn/suspend.c.
 *  _suspend   process context: may this machine be saved? 0 or -EBUSY
 *  _hold      every CPU is stopped: is nobody in the middle of opening or closing?
 *  _release   its mirror, on the same CPU
 *  _wake      in the new domain, likewise: IPIs and VIRQs work again, other
 *             channels are dead until their owners close them: 0 or -errno
 *  _wake_cpu  then on each CPU, interrupts off
 */
int xg_evtchn_suspend(void);
bool xg_evtchn_hold(void);
void xg_evtchn_release(void);
int xg_evtchn_wake(void);
void xg_evtchn_wake_cpu(void);

/* The root's, before a kernel of another memory: does Xen keep pages of this one's? */
bool xg_evtchn_keeps(void);

/* How the upcall arrives: "vector", "callback", "intx"; for logs. */
const char *xg_evtchn_upcall_name(void);
/* Is each vCPU interrupted for its own events? */
bool xg_evtchn_per_cpu(void);
/* CPU hotplug callbacks that find the CPU's events at work */
int xg_evtchn_follow_cpus(const char *name, int (*up)(unsigned int cpu),
			  int (*down)(unsigned int cpu));

#endif /* XG_EVTCHN_H */
