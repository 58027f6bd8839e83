/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of this folder share.
 *
 * Locks, outermost first: CPU hotplug read lock; xg_ports_lock (the list of open
 * channels); xg_ledger_lock (pages that stay); the IRQ core's descriptor lock;
 * xg_evtchn.lock (one port's state, also taken in hard interrupts, never held
 * while waiting); xg_cpu.lock (FIFO queues, for a few instructions). The upcall
 * finds channels by RCU.
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
#include <linux/static_call_types.h>
#include <linux/workqueue.h>
#include <xg/evtchn.h>
#include <xg/proto/fifo.h>

struct irq_chip;
struct irq_data;
struct seq_file;

/* Xen gives an HVM domain no more. */
#define XG_MAX_VCPUS	128

/* The 2-level ABI: one selector word, each bit of it one word of ports. */
#define XG_2LEVEL_PORTS	(BITS_PER_LONG * BITS_PER_LONG)

/**
 * struct xg_cpu - one vCPU as events see it
 * @info: its vcpu_info (vcpuinfo.c), from cpu_up() on; NULL: it has no events
 * @rescan: runs the upcall again in hard interrupt context
 * @cpu: Linux's number of it
 * @irq: of the per-vCPU vector, 0 with other upcalls
 * @nr_ports: bound here
 * @word: 2-level: where the next scan begins, so that low ports cannot starve
 *        high ones
 * @bit: the same, in that word
 * @ports: 2-level: bound here, as bits
 * @lock: FIFO: @queues
 * @queues: FIFO: what Xen has queued for it
 */
struct xg_cpu {
	struct vcpu_info *info;
	struct irq_work rescan;
	unsigned int cpu;
	unsigned int irq;
	atomic_t nr_ports;
	unsigned int word;
	unsigned int bit;
	unsigned long ports[BITS_PER_LONG];
	raw_spinlock_t lock;
	struct xg_fifo_queues queues;
};

DECLARE_PER_CPU(struct xg_cpu, xg_cpu);

enum xg_port_type {
	XG_PORT_UNBOUND,
	XG_PORT_INTERDOMAIN,
	XG_PORT_VIRQ,
	XG_PORT_IPI,
	XG_PORT_ADOPTED,
	XG_PORT_PIRQ,
};

/* Why a port is masked; it is so for Xen too while any of them is. */
#define XG_MASK_IRQ	BIT(0)	/* the IRQ core: not started, or shut down */
#define XG_MASK_EOI	BIT(1)	/* delivered, its owner has not said "done" */
#define XG_MASK_MOVE	BIT(2)	/* on its way to another vCPU */
#define XG_MASK_CPU	BIT(3)	/* pinned to a CPU that is offline */
#define XG_MASK_NO_PORT	BIT(4)	/* there is none: a pirq unused, an orphan */

/**
 * struct xg_evtchn - an open channel
 * @client: what the owner gave
 * @list: in xg_ports
 * @lock: everything below; hard interrupts take it
 * @eoi_work: the unmask that too many spurious events have delayed
 * @type: what the port is bound to
 * @peer: domain at the other end
 * @virq: Xen's number of a virtual interrupt
 * @pirq: Xen's number of a device's interrupt
 * @level: of that: it is an interrupt line
 * @spare: of that: when it is given back it can be had again, see pirq.c
 * @maskable: of that: an MSI that Xen can mask, for which it waits in no case
 * @tell_xen: of that: Xen wants to know when it has been dealt with
 * @port: Xen's number, 0 with XG_MASK_NO_PORT
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
	u32 virq;
	u32 pirq;
	bool level;
	bool spare;
	bool maskable;
	bool tell_xen;
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
 * struct xg_abi - how Xen and we write down what is pending and masked
 * @name: as in abi=
 * @ports: numbers from here on cannot be used
 * @reach: before a port is used first, process context; NULL: nothing to do
 * @mask: no event of the port is announced any more
 * @unmask: the contrary; what came meanwhile is announced to @to
 * @take: masks and takes the event, under the port's lock; one of two callers
 *        gets it, the other changes nothing
 * @raise: the port is pending and its vCPU @to may not know
 * @set_pending: as if an event had come, but for the announcement
 * @clear_pending: forget an event
 * @scan: in hard interrupt context, upcall_pending has been cleared: delivers
 *        @budget events at most; what it leaves it announces -> budget left
 * @count: the port is bound there, or no longer; NULL: nobody asks
 * @set_priority: XG_PRIORITY_*; NULL: there are none
 * @cpu_up: on the CPU, before events are bound there; may be NULL
 * @drain: passes on what is announced to a CPU whose ports have been moved or
 *         masked, process context; NULL: the unmask after the move does
 */
struct xg_abi {
	const char *name;
	unsigned int ports;
	int (*reach)(evtchn_port_t port);
	void (*mask)(evtchn_port_t port);
	void (*unmask)(evtchn_port_t port, struct xg_cpu *to);
	bool (*take)(evtchn_port_t port);
	void (*raise)(evtchn_port_t port, struct xg_cpu *to);
	void (*set_pending)(evtchn_port_t port);
	void (*clear_pending)(evtchn_port_t port);
	unsigned int (*scan)(struct xg_cpu *c, unsigned int budget);
	void (*count)(evtchn_port_t port, struct xg_cpu *c, bool on);
	void (*set_priority)(evtchn_port_t port,
			     enum xg_evtchn_priority priority);
	int (*cpu_up)(struct xg_cpu *c, u32 vcpu);
	void (*drain)(struct xg_cpu *c);
};

/**
 * struct xg_upcall - a way Xen can interrupt us
 * @name: as in upcall=
 * @what: for the log
 * @silent: what the log says when nothing arrives
 * @per_cpu: interrupts the vCPU the event is for, whichever that is
 * @setup: process context
 * @cpu_up: on the CPU; non-zero: events cannot be delivered there
 * @wake: tell the domain that the machine was restored in; every CPU is stopped
 * @park: optional; any context: what outlives HVM_PARAM_CALLBACK_IRQ is made harmless
 * @teardown: the mirror of @setup; every port is masked
 */
struct xg_upcall {
	const char *name;
	const char *what;
	const char *silent;
	bool per_cpu;
	int (*setup)(struct xg_platform *platform);
	int (*cpu_up)(unsigned int cpu);
	int (*wake)(void);
	void (*park)(void);
	void (*teardown)(void);
};

/* What the other kinds then meet. */
#define XG_VECTOR_STAYS \
	"a per-vCPU vector set before stays in force until the domain is reset"

extern const struct xg_upcall xg_upcall_vector;
extern const struct xg_upcall xg_upcall_callback;
extern const struct xg_upcall xg_upcall_intx;

/* cpuirq.c */
int xg_cpu_irqs_start(struct irq_chip *chip, irq_handler_t handler);
void xg_cpu_irqs_settle(void);
void xg_cpu_irqs_stop(void);
int xg_cpu_irq_add(unsigned int cpu);
void xg_cpu_irq_free(unsigned int cpu, unsigned int irq);
unsigned int xg_cpu_irq_vector(unsigned int irq);

/* main.c */
extern struct shared_info *xg_shared;
extern struct cpumask xg_upcall_cpus;	/* where ports may be bound */
extern const char *xg_upcall_why;	/* this kind and no other */
int xg_shared_info_wake(void);
int xg_upcall_wake(void);

/* A control block in cache lines of its own */
#define XG_CONTROL_STRIDE	128

/* The ledger's lines: which page is where */
enum {
	XG_KEPT_INFOS,		/* vcpu_info, by vCPU */
	XG_KEPT_CONTROLS = XG_KEPT_INFOS +
		XG_MAX_VCPUS * sizeof(struct vcpu_info) / PAGE_SIZE,
	XG_KEPT_WORDS = XG_KEPT_CONTROLS +
		XG_MAX_VCPUS * XG_CONTROL_STRIDE / PAGE_SIZE,
	XG_KEPT_PAGES = XG_KEPT_WORDS + XG_FIFO_PAGES
};

/**
 * struct xg_ledger - what Xen has of ours until the domain ends
 * @token: as at the end of shared info, see ledger.c
 * @infos: vCPUs whose vcpu_info it has
 * @controls: vCPUs whose FIFO control block it has
 * @nr_words: how many pages of FIFO's words
 * @frames: of the pages, by XG_KEPT_*; 0: not made yet
 */
struct xg_ledger {
	u64 token;
	DECLARE_BITMAP(infos, XG_MAX_VCPUS);
	DECLARE_BITMAP(controls, XG_MAX_VCPUS);
	u64 nr_words;
	u64 frames[XG_KEPT_PAGES];
};

/* ledger.c */
extern struct xg_ledger *xg_ledger;	/* NULL: nothing is kept yet */
extern struct mutex xg_ledger_lock;	/* changes of its contents */
void xg_ledger_find(void);
void *xg_ledger_page(unsigned int nr);
void *xg_ledger_add(unsigned int nr);
unsigned int xg_ledger_size(void);
bool xg_ledger_in_use(void);
void xg_ledger_wake(void);
void xg_ledger_end(void);

/* vcpuinfo.c */
struct vcpu_info *xg_vcpu_info(u32 vcpu);
struct vcpu_info *xg_vcpu_info_here(u32 vcpu);
void xg_vcpu_info_prepare(u32 vcpu);
void xg_vcpu_infos_start(void);
void xg_vcpu_info_wake(u32 vcpu);

/* 2level.c */
extern const struct xg_abi xg_2level;
bool xg_2level_take(evtchn_port_t port);
void xg_2level_unmask(evtchn_port_t port, struct xg_cpu *to);
unsigned int xg_2level_scan(struct xg_cpu *c, unsigned int budget);

/* fifo.c */
extern const struct xg_abi xg_fifo;

/*
 * The unused end of shared info, which Xen leaves alone and a reload finds again:
 * pirq.c's notes, then, at the very end, ledger.c's anchor.
 */
#define XG_PIRQ_NOTES	(PAGE_SIZE - 512)
#define XG_MAX_NOTED	2048	/* pirqs, a bit each */

/* fifopages.c: what FIFO shares with Xen */
extern struct xg_fifo_array xg_fifo_words;
bool xg_fifo_in_use(void);
int xg_fifo_begin(void);
int xg_fifo_take_up(void);
int xg_fifo_reach(evtchn_port_t port);
int xg_fifo_cpu_up(struct xg_cpu *c, u32 vcpu);
int xg_fifo_wake(void);

/* abi.c: for each event by the call's own target, else through the pointer */
extern const struct xg_abi *xg_abi;
DECLARE_STATIC_CALL(xg_take, xg_2level_take);
DECLARE_STATIC_CALL(xg_unmask, xg_2level_unmask);
DECLARE_STATIC_CALL(xg_scan, xg_2level_scan);
int xg_abi_check(void);
int xg_abi_start(void);
void xg_hush(struct xg_cpu *c);
bool xg_upcall(struct xg_cpu *c);
void xg_rescan(struct irq_work *work);

/* ports.c */
extern struct irq_chip xg_port_chip;
void xg_deliver(evtchn_port_t port, struct xg_cpu *c);
void xg_pass_on(evtchn_port_t port, struct xg_cpu *from);
void xg_deferred_eoi(struct work_struct *work);
int xg_bind(struct xg_evtchn *ch, unsigned int cpu);
int xg_bind_locked(struct xg_evtchn *ch, unsigned int cpu);
unsigned int xg_pick_cpu(const struct xg_evtchn *ch,
			 const struct cpumask *mask);
void xg_count_on(const struct xg_evtchn *ch, unsigned int cpu);
void xg_count_off(const struct xg_evtchn *ch);
void xg_park_ports(unsigned int cpu, bool park);
void xg_move_away(unsigned int cpu);
void xg_move_home(unsigned int cpu);
void xg_port_irq_mask(struct irq_data *d);
void xg_port_irq_unmask(struct irq_data *d);
int xg_port_irq_set_affinity(struct irq_data *d, const struct cpumask *to,
			     bool force);

/* open.c */
extern struct xg_evtchn __rcu **xg_by_port;
extern struct list_head xg_ports;
extern struct mutex xg_ports_lock;
extern atomic_t xg_ports_between;
int xg_ports_start(void);
void xg_ports_stop(void);
void xg_close_in_xen(evtchn_port_t port);
bool xg_virq_is_per_cpu(u32 virq);
int xg_attach(struct xg_evtchn *ch, evtchn_port_t port);
void xg_detach(struct xg_evtchn *ch);
void xg_ports_orphan(void);

/* crash.c */
void xg_crash_start(const struct xg_upcall *upcall);
void xg_crash_stop(void);
void xg_crash_clear(void);

/* selftest.c */
int xg_selftest(unsigned int *silent_cpu);

/* show.c */
void xg_show_start(void);
void xg_show_stop(void);

#endif /* XG_EVTCHN_INTERNAL_H */
