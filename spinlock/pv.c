// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paravirtual queued locks: who waits for long sleeps until he is woken. Only built
 * into a kernel, as calls of locks are patched for good at boot.
 *
 * The queue is the kernel's own; this is how its vCPUs sleep and wake. Each has a
 * port for IPIs that stays masked: no interrupt comes by it, but a vCPU can poll it.
 * Until there are event channels nobody sleeps, and the wait spins. The kernel's
 * wait looks again each time that sleep() returns, so that may be too early; never
 * too late. Start reading at sleep().
 */
#define pr_fmt(fmt) "xg-spinlock: " fmt

#include <linux/cache.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <asm/paravirt.h>
#include <asm/qspinlock.h>
#include <xen/interface/xen.h>
#include <xen/interface/sched.h>
#include <xen/interface/vcpu.h>
#include <xg/evtchn.h>
#include <xg/hypercall.h>
#include <xg/spinlock.h>
#include <xg/store.h>
#include <xg/time.h>
#include "internal.h"

/**
 * struct bed - where a CPU sleeps
 * @ch: its port, NULL: it does not
 * @depth: waits that have one another interrupted
 * @sleeps: for debugfs
 * @kicks: of others, by this CPU
 */
struct bed {
	struct xg_evtchn *ch;
	unsigned int depth;
	u64 sleeps;
	u64 kicks;
};

static DEFINE_PER_CPU(struct bed, beds);
/* Xen's, once it has been told; until then all run. */
static DEFINE_PER_CPU(struct vcpu_runstate_info, runstates);
static bool in_use __ro_after_init;
static bool unwanted __initdata;
static int cpuhp_state = -1;

/* --- sleep and wake ---------------------------------------------------------- */

/* For a tick at most: time/timer.c may count on this CPU to run or to be idle. */
static void poll(evtchn_port_t port)
{
	struct sched_poll op = {
		.nr_ports = 1,
		.timeout = xg_time_here() + TICK_NSEC,
	};

	set_xen_guest_handle(op.ports, &port);
	xg_sched_op(SCHEDOP_poll, &op);
}

/*
 * While *@byte is @val. With interrupts on Xen wakes us for each of them, and its
 * handler may come here, too: it then forgets an event that may have been meant for
 * whom it interrupted, and has to make up for that.
 */
static void sleep(u8 *byte, u8 val)
{
	struct bed *bed = this_cpu_ptr(&beds);
	struct xg_evtchn *ch = READ_ONCE(bed->ch);

	if (!ch || in_nmi())
		return;
	this_cpu_inc(beds.depth);
	xg_evtchn_forget(ch);
	/* Now *@byte is read; who writes it sends an event after that. */
	smp_mb__after_atomic();
	if (READ_ONCE(*byte) == val) {
		this_cpu_inc(beds.sleeps);
		poll(xg_evtchn_port(ch));
	}
	if (this_cpu_dec_return(beds.depth))
		xg_evtchn_notify(ch);
}

/* Preemption is off: cpu_down() waits. */
static void wake(int cpu)
{
	struct xg_evtchn *ch = READ_ONCE(per_cpu(beds, cpu).ch);

	if (!ch)
		return;
	this_cpu_inc(beds.kicks);
	xg_evtchn_notify(ch);
}

__visible bool xg_vcpu_is_preempted(long cpu);

/* One that waits for an interrupt is not taken for one that has been preempted. */
__visible bool xg_vcpu_is_preempted(long cpu)
{
	return READ_ONCE(per_cpu(runstates, cpu).state) == RUNSTATE_runnable;
}

PV_CALLEE_SAVE_REGS_THUNK(xg_vcpu_is_preempted);

/* --- CPUs come and go; on the CPU -------------------------------------------- */

/* Where it cannot be had, nobody looks preempted. */
static void share_runstate(void *unused)
{
	unsigned int cpu = smp_processor_id();
	struct vcpu_register_runstate_memory_area area = {
		.addr.v = &per_cpu(runstates, cpu),
	};

	xg_vcpu_op(VCPUOP_register_runstate_memory_area, xg_vcpu_id(cpu), &area);
}

/* Else Xen would write into the memory of a kernel that comes after this one. */
static void hide_runstate(unsigned int cpu)
{
	struct vcpu_register_runstate_memory_area none = {};

	xg_vcpu_op(VCPUOP_register_runstate_memory_area, xg_vcpu_id(cpu), &none);
	WRITE_ONCE(per_cpu(runstates, cpu).state, RUNSTATE_running);
}

static irqreturn_t never(int irq, void *data)
{
	return IRQ_HANDLED;
}

static int cpu_up(unsigned int cpu)
{
	const struct xg_evtchn_client client = {
		.name = "xg-lock",
		.handler = never,
		.cpu = cpu,
		.flags = XG_EVTCHN_AUTO_EOI,
	};
	struct xg_evtchn *ch;

	share_runstate(NULL);
	ch = xg_evtchn_open_ipi_cpuslocked(&client);
	if (IS_ERR(ch)) {
		/* It spins, as before. */
		pr_info_once("CPU %u does not sleep as it waits for locks (%ld)\n",
			     cpu, PTR_ERR(ch));
		return 0;
	}
	disable_irq(xg_evtchn_irq(ch));
	WRITE_ONCE(per_cpu(beds, cpu).ch, ch);
	return 0;
}

/* It is this CPU that would sleep: it is awake, and stays so. */
static int cpu_down(unsigned int cpu)
{
	struct xg_evtchn *ch = per_cpu(beds, cpu).ch;

	hide_runstate(cpu);
	WRITE_ONCE(per_cpu(beds, cpu).ch, NULL);
	synchronize_rcu();
	xg_evtchn_close(ch);
	return 0;
}

/* --- start and stop ---------------------------------------------------------- */

static void store_up(void)
{
	int err;

	/* Else one that goes would sleep on a port that it has no more. */
	err = xg_evtchn_follow_cpus("xg/spinlock:online", cpu_up, cpu_down);
	if (err < 0) {
		pr_warn("CPUs do not sleep as they wait for locks (%d)\n", err);
		return;
	}
	cpuhp_state = err;
	pr_info("CPUs that wait for a lock sleep until it is their turn\n");
}

static void store_down(void)
{
	if (cpuhp_state >= 0)
		cpuhp_remove_state(cpuhp_state);
	cpuhp_state = -1;
}

/* Ports are there again; Xen has to be told of the rest. */
static void moved(void)
{
	if (cpuhp_state < 0)
		return;
	on_each_cpu(share_runstate, NULL, true);
}

static struct xg_store_user user = {
	.up = store_up,
	.down = store_down,
	.moved = moved,
};

bool xg_pv_in_use(void)
{
	return in_use;
}

void xg_pv_start(void)
{
	xg_store_join(&user);
}

void xg_pv_stop(void)
{
	xg_store_leave(&user);
}

void xg_pv_show(struct seq_file *m)
{
	u64 sleeps = 0, kicks = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		sleeps += per_cpu(beds, cpu).sleeps;
		kicks += per_cpu(beds, cpu).kicks;
	}
	seq_printf(m, "wait: %s\n", cpuhp_state < 0 ? "spin" : "sleep");
	seq_printf(m, "sleeps: %llu\n", sleeps);
	seq_printf(m, "kicks: %llu\n", kicks);
}

/* --- at boot ----------------------------------------------------------------- */

static int __init refuse(char *unused)
{
	unwanted = true;
	return 0;
}
early_param("xg_nopvspin", refuse);

static void __init use_pv_locks(void)
{
	__pv_init_lock_hash();
	pv_ops.lock.queued_spin_lock_slowpath = __pv_queued_spin_lock_slowpath;
	pv_ops.lock.queued_spin_unlock = PV_CALLEE_SAVE(__pv_queued_spin_unlock);
	pv_ops.lock.wait = sleep;
	pv_ops.lock.kick = wake;
	pv_ops.lock.vcpu_is_preempted = PV_CALLEE_SAVE(xg_vcpu_is_preempted);
	in_use = true;
}

/*
 * Memory is memblock's still, the CPUs are counted, and no call of a lock has been
 * patched; the kernel itself has just chosen test and set, as in any guest.
 */
static void __init prepare_boot_cpu(void)
{
	native_smp_prepare_boot_cpu();
	if (unwanted || nopvspin)
		pr_info("locks spin, as the command line says\n");
	else if (num_possible_cpus() > 1)
		use_pv_locks();
	/* Queued, whether they sleep or spin. */
	static_branch_disable(&virt_spin_lock_key);
}

void __init xg_pv_spinlocks_init(void)
{
	smp_ops.smp_prepare_boot_cpu = prepare_boot_cpu;
}
