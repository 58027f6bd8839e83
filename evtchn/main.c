// SPDX-License-Identifier: GPL-2.0-only
/*
 * Start and stop of event channels: shared info, CPUs, the choice of upcall.
 *
 * start() and stop() are called by the root, one at a time. In between, CPUs
 * come and go through cpu_up() and cpu_down(), on the CPU itself; when cpu_down()
 * has run Xen has nothing to say to that CPU any more. Start reading at
 * xg_evtchn_start().
 */
#define pr_fmt(fmt) "xg-evtchn: " fmt

#include <linux/cpuhotplug.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <xen/interface/xen.h>
#include <xen/interface/memory.h>
#include <xg/hypercall.h>
#include <xg/platform.h>
#include "internal.h"

static char *upcall = "auto";
module_param(upcall, charp, 0444);
MODULE_PARM_DESC(upcall, "how Xen interrupts us: auto (default), vector, callback or intx");

DEFINE_PER_CPU(struct xg_cpu, xg_cpu);
struct shared_info *xg_shared;
struct cpumask xg_upcall_cpus;
const char *xg_upcall_why;

/* What is tried in turn if the first choice fails. */
static const struct xg_upcall * const upcalls[] = {
	&xg_upcall_vector,
	&xg_upcall_callback,
	&xg_upcall_intx,
};

static const struct xg_upcall *chosen;
static struct xg_platform *platform;
static phys_addr_t shared_addr;
static int cpuhp_state;
static int cpuhp_prepare_state;

/**
 * xg_shared_info() - the page all vCPUs share with Xen
 *
 * Context: any.
 * Return: the page, valid between start and stop.
 */
struct shared_info *xg_shared_info(void)
{
	return xg_shared;
}
EXPORT_SYMBOL_GPL(xg_shared_info);

/**
 * xg_evtchn_upcall_name() - how the upcall arrives
 *
 * Context: any.
 * Return: "vector", "callback" or "intx"; "none" before start and after stop.
 */
const char *xg_evtchn_upcall_name(void)
{
	return chosen ? chosen->name : "none";
}
EXPORT_SYMBOL_GPL(xg_evtchn_upcall_name);

/**
 * xg_evtchn_per_cpu() - does each CPU get its own events?
 *
 * Context: any, between start and stop.
 * Return: true where Xen interrupts the vCPU an event is bound to; false where
 * all events come by one line of the boot CPU's.
 */
bool xg_evtchn_per_cpu(void)
{
	return chosen && chosen->per_cpu;
}
EXPORT_SYMBOL_GPL(xg_evtchn_per_cpu);

/**
 * xg_vcpu_time() - how Xen's time follows from the TSC of this CPU
 *
 * Xen rewrites it at any time: read it as asm/pvclock.h does, by its version. A
 * clock reads it, and tracers read clocks: not traced.
 *
 * Context: any that stays on this CPU, between start and stop.
 * Return: that of the vCPU this runs on; the boot vCPU's for one that has no
 * events, or none yet.
 */
const struct pvclock_vcpu_time_info *xg_vcpu_time(void)
{
	const struct vcpu_info *info = this_cpu_ptr(&xg_cpu)->info;

	/* New vcpu_info is empty on older Xen until it next runs the vCPU. */
	if (!info || !READ_ONCE(info->time.tsc_to_system_mul))
		info = &xg_shared->vcpu_info[0];
	return &info->time;
}
EXPORT_SYMBOL_GPL(xg_vcpu_time);

/* --- shared info ---------------------------------------------------------- */

static int remove_shared_info(void)
{
	struct xen_remove_from_physmap remove = {
		.domid = DOMID_SELF,
		.gpfn = PHYS_PFN(shared_addr),
	};
	int err;

	err = xg_memory_op(XENMEM_remove_from_physmap, &remove);
	/*
	 * KVM's Xen emulation knows no such call: there the page stays until the
	 * next start moves it.
	 */
	return err == -ENOSYS ? 0 : err;
}

static int place_shared_info(void)
{
	struct xen_add_to_physmap add = {
		.domid = DOMID_SELF,
		.space = XENMAPSPACE_shared_info,
		.gpfn = PHYS_PFN(shared_addr),
	};

	return xg_memory_op(XENMEM_add_to_physmap, &add);
}

static int map_shared_info(void)
{
	int err;

	BUILD_BUG_ON(sizeof(struct vcpu_info) != 64);
	BUILD_BUG_ON(sizeof(struct shared_info) > PAGE_SIZE);
	err = platform->alloc_frames(platform, 1, &shared_addr);
	if (err)
		return err;
	err = place_shared_info();
	if (err)
		goto free_frame;
	xg_shared = memremap(shared_addr, PAGE_SIZE, MEMREMAP_WB);
	if (!xg_shared) {
		err = -ENOMEM;
		goto remove;
	}
	/* Pending bits stay: an adopted port may have an event waiting. */
	memset(xg_shared->evtchn_mask, 0xff, sizeof(xg_shared->evtchn_mask));
	return 0;

remove:
	remove_shared_info();
free_frame:
	platform->free_frames(platform, shared_addr, 1);
	return err;
}

static void unmap_shared_info(void)
{
	int err;

	memunmap(xg_shared);
	xg_shared = NULL;
	err = remove_shared_info();
	if (err) {
		/* The frame is Xen's still: it must never be handed out. */
		pr_err("Xen keeps shared info mapped (%d), a frame is lost\n",
		       err);
		return;
	}
	platform->free_frames(platform, shared_addr, 1);
}

/* The domain has one of its own: put where ours was. Every CPU is stopped. */
int xg_shared_info_wake(void)
{
	int err = place_shared_info();

	if (err)
		return err;
	memset(xg_shared->evtchn_mask, 0xff, sizeof(xg_shared->evtchn_mask));
	return 0;
}

/* --- CPUs ----------------------------------------------------------------- */

/*
 * Before the CPU starts again: what Xen said to it as it went has been heard or
 * is for cpu_up(). Still set, the flag would interrupt it before it has IRQs.
 */
static int cpu_prepare(unsigned int cpu)
{
	xg_vcpu_info_prepare(xg_vcpu_id_expected(cpu));
	xg_hush(per_cpu_ptr(&xg_cpu, cpu));
	return 0;
}

static int cpu_up(unsigned int cpu)
{
	struct xg_cpu *c = per_cpu_ptr(&xg_cpu, cpu);
	/* Whichever hotplug callback comes first, this or the lower layer's. */
	u32 vcpu = xg_vcpu_id_here();
	struct vcpu_info *info = xg_vcpu_info_here(vcpu);
	int err;

	if (!info)
		return 0;
	if (xg_abi->cpu_up && xg_abi->cpu_up(c, vcpu))
		return 0;
	info->evtchn_upcall_mask = 0;
	/* From here on upcalls may scan. */
	c->info = info;
	err = chosen->cpu_up(cpu);
	/* Not the CPU's fault: it runs, without events. */
	if (err) {
		if (chosen != &xg_upcall_intx)
			pr_warn("CPU %u gets no events by %s (%d)\n", cpu,
				chosen->name, err);
		return 0;
	}
	cpumask_set_cpu(cpu, &xg_upcall_cpus);
	xg_park_ports(cpu, false);
	xg_move_home(cpu);
	/*
	 * What Xen said to this vCPU before anybody listened: with the flag
	 * still set it would never interrupt again.
	 */
	irq_work_queue(&c->rescan);
	return 0;
}

static void drain(unsigned int cpu)
{
	if (xg_abi->drain)
		xg_abi->drain(per_cpu_ptr(&xg_cpu, cpu));
}

static int cpu_down(unsigned int cpu)
{
	cpumask_clear_cpu(cpu, &xg_upcall_cpus);
	xg_park_ports(cpu, true);
	xg_move_away(cpu);
	drain(cpu);
	irq_work_sync(&per_cpu_ptr(&xg_cpu, cpu)->rescan);
	return 0;
}

/* The IRQ core has moved what a user had moved there in the last moment. */
static int cpu_dead(unsigned int cpu)
{
	drain(cpu);
	return 0;
}

/* --- the upcall ----------------------------------------------------------- */

static int add_cpuhp_states(void)
{
	int err;

	err = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
					"xg/evtchn:prepare", cpu_prepare,
					cpu_dead);
	if (err < 0)
		return err;
	cpuhp_prepare_state = err;
	err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "xg/evtchn:online",
				cpu_up, cpu_down);
	if (err < 0) {
		cpuhp_remove_state_nocalls(cpuhp_prepare_state);
		return err;
	}
	cpuhp_state = err;
	return 0;
}

static void stop_upcall(void)
{
	unsigned int cpu;

	cpuhp_remove_state(cpuhp_state);
	chosen->teardown();
	cpuhp_remove_state_nocalls(cpuhp_prepare_state);
	chosen = NULL;
	for_each_possible_cpu(cpu) {
		irq_work_sync(&per_cpu_ptr(&xg_cpu, cpu)->rescan);
		per_cpu_ptr(&xg_cpu, cpu)->info = NULL;
	}
}

int xg_upcall_wake(void)
{
	return chosen->wake();
}

static void say_failed(const struct xg_upcall *kind, unsigned int cpu, int err)
{
	if (err == -EOPNOTSUPP)
		pr_err("upcall by %s: Xen refuses it for every vCPU\n",
		       kind->name);
	else if (err == -EBUSY)
		pr_err("upcall by %s: CPU %u is interrupted another way too: %s\n",
		       kind->name, cpu, kind->silent);
	else
		pr_err("upcall by %s: an event sent to CPU %u did not arrive (%d): %s\n",
		       kind->name, cpu, err, kind->silent);
}

static int start_upcall(const struct xg_upcall *kind)
{
	unsigned int cpu = 0;
	int err;

	err = kind->setup(platform);
	if (err) {
		pr_err("upcall by %s is not possible here (%d)\n", kind->name,
		       err);
		return err;
	}
	chosen = kind;
	err = add_cpuhp_states();
	if (err) {
		kind->teardown();
		chosen = NULL;
		return err;
	}
	if (cpumask_empty(&xg_upcall_cpus))
		err = -EOPNOTSUPP;
	else
		err = xg_selftest(&cpu);
	if (!err)
		return 0;
	say_failed(kind, cpu, err);
	stop_upcall();
	return err;
}

static const struct xg_upcall *forced(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(upcalls); i++)
		if (sysfs_streq(upcall, upcalls[i]->name))
			return upcalls[i];
	return NULL;
}

/*
 * Each per-vCPU vector takes an EOI: nothing where the APIC is free, else an exit,
 * in xAPIC mode a dear one. That Xen knows the call is shown by trying it: its
 * CPUID bit for that is younger.
 */
static const struct xg_upcall *first_choice(void)
{
	const struct xg_upcall *kind = forced();

	if (kind)
		xg_upcall_why = "as upcall= says";
	else if (xg_apic_is_free())
		xg_upcall_why = "the processor virtualises the APIC";
	else
		xg_upcall_why = "the APIC is not virtualised, an EOI is dear";
	return kind ?: xg_apic_is_free() ? &xg_upcall_vector :
					   &xg_upcall_callback;
}

static int choose_upcall(void)
{
	const struct xg_upcall *first = first_choice();
	unsigned int i;
	int err;

	err = start_upcall(first);
	for (i = 0; err && !forced() && i < ARRAY_SIZE(upcalls); i++) {
		if (upcalls[i] == first)
			continue;
		xg_upcall_why = "the better kinds do not work";
		err = start_upcall(upcalls[i]);
	}
	if (err)
		return err;
	pr_info("%s events, upcall by %s (%s), %s, tried on %u of %u CPUs\n",
		xg_abi->name, chosen->name, chosen->what, xg_upcall_why,
		cpumask_weight(&xg_upcall_cpus), num_online_cpus());
	return 0;
}

static void init_cpus(void)
{
	struct xg_cpu *c;
	unsigned int cpu;

	cpumask_clear(&xg_upcall_cpus);
	for_each_possible_cpu(cpu) {
		c = per_cpu_ptr(&xg_cpu, cpu);
		memset(c, 0, sizeof(*c));
		c->cpu = cpu;
		raw_spin_lock_init(&c->lock);
		c->rescan = IRQ_WORK_INIT_HARD(xg_rescan);
	}
}

/**
 * xg_evtchn_start() - make event channels work
 * @root: the machine as the root found it; kept until xg_evtchn_stop()
 *
 * Maps shared info, masks every port, settles how events are written down and
 * where, sets up the upcall and proves on every CPU that it delivers.
 *
 * Context: process.
 * Return: 0 or -errno; what was wrong is in the log.
 */
int xg_evtchn_start(struct xg_platform *root)
{
	int err;

	platform = root;
	init_cpus();
	err = map_shared_info();
	if (err) {
		pr_err("no shared info (%d)\n", err);
		return err;
	}
	xg_ledger_find();
	err = xg_abi_start();
	if (err)
		goto unmap;
	xg_crash_clear();
	err = xg_ports_start();
	if (err)
		goto unmap;
	xg_vcpu_infos_start();
	err = choose_upcall();
	if (err)
		goto stop_ports;
	xg_crash_start(chosen);
	xg_show_start();
	return 0;

stop_ports:
	xg_ports_stop();
unmap:
	xg_ledger_end();
	unmap_shared_info();
	return err;
}
EXPORT_SYMBOL_GPL(xg_evtchn_start);

/**
 * xg_evtchn_stop() - the mirror of xg_evtchn_start()
 *
 * Channels that are open still lose their ports, which the log says.
 *
 * Context: process; nobody opens channels any more.
 */
void xg_evtchn_stop(void)
{
	xg_show_stop();
	xg_ports_orphan();
	xg_crash_stop();
	stop_upcall();
	xg_ports_stop();
	xg_ledger_end();
	unmap_shared_info();
}
EXPORT_SYMBOL_GPL(xg_evtchn_stop);

/**
 * xg_evtchn_keeps() - has Xen pages that a stop does not take back?
 *
 * Those of FIFO events and of vCPUs beyond shared info's: the next start of the
 * same kernel goes on with them, another kernel knows nothing of them.
 *
 * Context: process, between xg_evtchn_start() and xg_evtchn_stop().
 * Return: whether it has.
 */
bool xg_evtchn_keeps(void)
{
	return xg_ledger_in_use();
}
EXPORT_SYMBOL_GPL(xg_evtchn_keeps);

/**
 * xg_evtchn_follow_cpus() - have a layer told of CPUs that have events
 * @name: of the CPU hotplug state
 * @up: on each CPU that is online, and on each that comes
 * @down: the mirror, while the CPU's channels still work
 *
 * The kernel gives the lowest state that is free, which may be one that was freed
 * after we came: @down would run when pinned channels are masked already. Then
 * nothing is left set up.
 *
 * Context: process, between xg_evtchn_start() and xg_evtchn_stop().
 * Return: the state, for cpuhp_remove_state(); -EBUSY: it would be too low; -errno.
 */
int xg_evtchn_follow_cpus(const char *name, int (*up)(unsigned int cpu),
			  int (*down)(unsigned int cpu))
{
	int state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, name, up, down);

	if (state < 0 || state > cpuhp_state)
		return state;
	cpuhp_remove_state(state);
	return -EBUSY;
}
EXPORT_SYMBOL_GPL(xg_evtchn_follow_cpus);

static int __init xg_evtchn_init(void)
{
	int err;

	err = xg_abi_check();
	if (err)
		return err;
	if (forced() || sysfs_streq(upcall, "auto"))
		return 0;
	pr_err("upcall=%s: unknown, use \"auto\", \"vector\", \"callback\" or \"intx\"\n",
	       upcall);
	return -EINVAL;
}

static void __exit xg_evtchn_exit(void)
{
}

module_init(xg_evtchn_init);
module_exit(xg_evtchn_exit);

MODULE_DESCRIPTION("Xen event channels as interrupts");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
