/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of this folder share.
 *
 * Locks, outermost first: CPU hotplug read lock; xg_ports_lock (the list of open
 * channels); the IRQ core's descriptor lock; xg_evtchn.lock (one port's state,
 * also taken in hard interrupts, never held while waiting). The upcall finds
 * channels by RCU.
 */
#ifndef XG_EVTCHN_INTERNAL_H
#define XG_EVTCHN_INTERNAL_H

#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <xg/evtchn.h>

struct irq_chip;
struct seq_file;

/* The 2-level ABI: one selector word, each bit of it one word of ports. */
#define XG_PORTS	(BITS_PER_LONG * BITS_PER_LONG)

/**
 * struct xg_cpu - one vCPU as events see it
 * @info: in shared info; NULL when it has no place there
 * @rescan: runs the upcall again in hard interrupt context
 * @word: where the next scan begins, so that low ports cannot starve high ones
 * @bit: the same, in that word
 * @irq: of the per-vCPU vector, 0 with other upcalls
 * @nr_ports: bound here
 * @ports: bound here, as bits
 */
struct xg_cpu {
	struct vcpu_info *info;
	struct irq_work rescan;
	unsigned int word;
	unsigned int bit;
	unsigned int irq;
	atomic_t nr_ports;
	unsigned long ports[BITS_PER_LONG];
};

DECLARE_PER_CPU(struct xg_cpu, xg_cpu);

enum xg_port_type {
	XG_PORT_UNBOUND,
	XG_PORT_INTERDOMAIN,
	XG_PORT_VIRQ,
	XG_PORT_IPI,
	XG_PORT_ADOPTED,
};

/* Why a port is masked; the bit in shared info is set while any of them is. */
#define XG_MASK_IRQ	BIT(0)	/* the IRQ core: not started, or shut down */
#define XG_MASK_EOI	BIT(1)	/* delivered, its owner has not said "done" */
#define XG_MASK_MOVE	BIT(2)	/* on its way to another vCPU */
#define XG_MASK_CPU	BIT(3)	/* pinned to a CPU that is offline */

/**
 * struct xg_evtchn - an open channel
 * @client: what the owner gave
 * @list: in xg_ports
 * @lock: everything below; hard interrupts take it
 * @eoi_work: the unmask that too many spurious events have delayed
 * @type: what the port is bound to
 * @peer: domain at the other end
 * @port: Xen's number
 * @irq: Linux's number
 * @cpu: where it is delivered
 * @masked: XG_MASK_*
 * @deferred: @eoi_work will do the unmask
 * @closing: @eoi_work must not be started any more
 * @streak: spurious events less useful ones, bounded
 * @nr_events: delivered
 * @nr_spurious: of these, said to be spurious
 * @nr_delayed: of these, unmasked late
 */
struct xg_evtchn {
	struct xg_evtchn_client client;
	struct list_head list;
	raw_spinlock_t lock;
	struct delayed_work eoi_work;
	enum xg_port_type type;
	domid_t peer;
	evtchn_port_t port;
	unsigned int irq;
	unsigned int cpu;
	unsigned int masked;
	bool deferred;
	bool closing;
	unsigned int streak;
	u64 nr_events;
	u64 nr_spurious;
	u64 nr_delayed;
};

/**
 * struct xg_upcall - a way Xen can interrupt us
 * @name: as in upcall=
 * @what: for the log
 * @silent: what the log says when nothing arrives
 * @per_cpu: interrupts the vCPU the event is for, whichever that is
 * @setup: process context
 * @cpu_up: on the CPU; non-zero: events cannot be delivered there
 * @teardown: the mirror of @setup; every port is masked
 */
struct xg_upcall {
	const char *name;
	const char *what;
	const char *silent;
	bool per_cpu;
	int (*setup)(struct xg_platform *platform);
	int (*cpu_up)(unsigned int cpu);
	void (*teardown)(void);
};

/* What the other kinds then meet. */
#define XG_VECTOR_STAYS \
	"a per-vCPU vector set before stays in force until the domain is reset"

extern const struct xg_upcall xg_upcall_vector;
extern const struct xg_upcall xg_upcall_callback;
extern const struct xg_upcall xg_upcall_intx;

/* cpuirq.c */
int xg_cpu_irqs_start(struct irq_chip *chip);
void xg_cpu_irqs_stop(void);
int xg_cpu_irq_add(unsigned int cpu, irq_handler_t handler);
void xg_cpu_irq_free(unsigned int cpu, unsigned int irq);
unsigned int xg_cpu_irq_vector(unsigned int irq);

/* main.c */
extern struct shared_info *xg_shared;
extern struct cpumask xg_upcall_cpus;	/* where ports may be bound */
extern const char *xg_upcall_why;	/* this kind and no other */

/* 2level.c */
void xg_mask_port(evtchn_port_t port);
void xg_unmask_port(evtchn_port_t port, struct xg_cpu *to);
void xg_raise_port(evtchn_port_t port, struct xg_cpu *to);
bool xg_take_port(evtchn_port_t port);
void xg_set_pending(evtchn_port_t port);
void xg_clear_pending(evtchn_port_t port);
void xg_hush(struct xg_cpu *c);
bool xg_upcall(struct xg_cpu *c);
void xg_rescan(struct irq_work *work);

/* ports.c */
extern struct irq_chip xg_port_chip;
void xg_deliver(evtchn_port_t port);
void xg_deferred_eoi(struct work_struct *work);
int xg_bind(struct xg_evtchn *ch, unsigned int cpu);
unsigned int xg_pick_cpu(const struct xg_evtchn *ch,
			 const struct cpumask *mask);
void xg_count_on(const struct xg_evtchn *ch, unsigned int cpu);
void xg_count_off(const struct xg_evtchn *ch);
void xg_park_pinned(unsigned int cpu, bool park);
void xg_move_away(unsigned int cpu);

/* open.c */
extern struct xg_evtchn __rcu *xg_by_port[XG_PORTS];
extern struct list_head xg_ports;
extern struct mutex xg_ports_lock;

/* selftest.c */
int xg_selftest(unsigned int *silent_cpu);

/* show.c */
void xg_show_start(void);
void xg_show_stop(void);

#endif /* XG_EVTCHN_INTERNAL_H */
