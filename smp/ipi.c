// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPIs by event channel, for where the local APIC is emulated: sending one there is
 * three accesses to its page and taking it one more, each an exit; an event is one
 * hypercall.
 *
 * A reschedule IPI wants no more than the interrupt: the sender has marked the
 * target's task. A call wants the target to run its queue of functions, and what
 * does that in an interrupt is closed to modules. But each time the idle loop ends,
 * it does so itself, since CPUs that poll as they idle are sent no IPI at all. So a
 * CPU that sleeps gets its calls by event and leaves the idle loop; one that does
 * not gets them by APIC. The sender can only guess which it is; the target knows,
 * and where the guess was wrong sends itself the APIC's. Start reading at
 * send_call().
 *
 * Senders have interrupts or preemption off, so RCU waits for them; for the one it
 * does not, see send_call(), whoever locks CPU hotplug does.
 */
#define pr_fmt(fmt) "xg-smp: " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <asm/smp.h>
#include <compat/sched.h>
#include <xg/evtchn.h>
#include <xg/hypercall.h>
#include "internal.h"

static char *ipi = "auto";
module_param(ipi, charp, 0444);
MODULE_PARM_DESC(ipi, "how one CPU calls another: auto (default: event where the APIC is emulated), event or apic");

/**
 * struct inbox - how others call a CPU
 * @ch: an IPI port of its, NULL: only by APIC
 * @called: functions have been queued for it
 */
struct inbox {
	struct xg_evtchn __rcu *ch;
	bool called;
};

/**
 * struct counts - a CPU's IPIs, for debugfs
 * @reschedules: sent by event
 * @calls: sent by event
 * @apic_calls: sent by APIC, as the target ran something
 * @again: taken as event, and sent again to itself by APIC
 */
struct counts {
	u64 reschedules;
	u64 calls;
	u64 apic_calls;
	u64 again;
};

static DEFINE_PER_CPU(struct inbox, inboxes);
static DEFINE_PER_CPU(struct counts, counts);
/* As the kernel had them; set from the first start on. */
static void (*reschedule_by_apic)(int cpu);
static void (*call_by_apic)(int cpu);
static int cpuhp_state = -1;
static struct dentry *file;

/* --- sending --------------------------------------------------------------- */

/* -> false: not by event */
static bool send(struct inbox *to)
{
	struct xg_evtchn *ch;

	rcu_read_lock();
	ch = rcu_dereference(to->ch);
	if (ch)
		xg_evtchn_notify(ch);
	rcu_read_unlock();
	return ch;
}

static void send_reschedule(int cpu)
{
	if (send(per_cpu_ptr(&inboxes, cpu)))
		this_cpu_inc(counts.reschedules);
	else
		reschedule_by_apic(cpu);
}

static void send_call(int cpu)
{
	struct inbox *to = per_cpu_ptr(&inboxes, cpu);

	/* The last a dying CPU does is a call, when RCU has left it already. */
	if (cpu_online(smp_processor_id()) && xg_cpu_idles(cpu)) {
		/* Before the event, and after the function was queued. */
		xchg(&to->called, true);
		if (send(to)) {
			this_cpu_inc(counts.calls);
			return;
		}
	}
	this_cpu_inc(counts.apic_calls);
	call_by_apic(cpu);
}

/* --- taking ---------------------------------------------------------------- */

/*
 * Out of a sleep, and only there, it is certain that the idle loop comes past the
 * queue before the scheduler clears the mark. A little later it may have been past
 * it already.
 */
static void take_calls(void)
{
	if (is_idle_task(current) && xg_woke_cpu()) {
		set_tsk_need_resched(current);
		return;
	}
	this_cpu_inc(counts.again);
	call_by_apic(smp_processor_id());
}

static irqreturn_t taken(int irq, void *data)
{
	struct inbox *inbox = data;

	if (xchg(&inbox->called, false))
		take_calls();
	scheduler_ipi();
	return IRQ_HANDLED;
}

/* --- CPUs come and go; on the CPU ------------------------------------------ */

static int cpu_up(unsigned int cpu)
{
	struct inbox *inbox = per_cpu_ptr(&inboxes, cpu);
	const struct xg_evtchn_client client = {
		.name = "xg-ipi",
		.handler = taken,
		.data = inbox,
		.cpu = cpu,
		.flags = XG_EVTCHN_AUTO_EOI,
	};
	struct xg_evtchn *ch;

	ch = xg_evtchn_open_ipi_cpuslocked(&client);
	if (IS_ERR(ch))
		/* Not the CPU's fault: it has its APIC. */
		pr_info("CPU %u is called by APIC (%ld)\n", cpu, PTR_ERR(ch));
	else
		rcu_assign_pointer(inbox->ch, ch);
	return 0;
}

/* What was sent until here arrives while this waits; a call is worth making sure. */
static int cpu_down(unsigned int cpu)
{
	struct inbox *inbox = per_cpu_ptr(&inboxes, cpu);
	struct xg_evtchn *ch;

	ch = rcu_replace_pointer(inbox->ch, NULL, true);
	synchronize_rcu();
	xg_evtchn_close(ch);
	if (xchg(&inbox->called, false))
		call_by_apic(cpu);
	return 0;
}

/* --- start and stop -------------------------------------------------------- */

static const char *why_not(void)
{
	if (sysfs_streq(ipi, "apic"))
		return "as ipi= says";
	if (!xg_evtchn_per_cpu())
		return "the upcall is vCPU 0's alone";
	if (sysfs_streq(ipi, "auto") && xg_apic_is_free())
		return "the processor virtualises it";
	return NULL;
}

static int ipi_show(struct seq_file *m, void *unused)
{
	struct counts sum = {};
	struct counts *c;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		c = per_cpu_ptr(&counts, cpu);
		sum.reschedules += c->reschedules;
		sum.calls += c->calls;
		sum.apic_calls += c->apic_calls;
		sum.again += c->again;
	}
	seq_printf(m, "ipi: %s\n", cpuhp_state < 0 ? "apic" : "event");
	seq_printf(m, "reschedules: %llu\n", sum.reschedules);
	seq_printf(m, "calls: %llu\n", sum.calls);
	seq_printf(m, "apic_calls: %llu\n", sum.apic_calls);
	seq_printf(m, "again: %llu\n", sum.again);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ipi);

int xg_ipi_init(void)
{
	if (sysfs_streq(ipi, "auto") || sysfs_streq(ipi, "event") ||
	    sysfs_streq(ipi, "apic"))
		return 0;
	pr_err("ipi=%s: unknown, use \"auto\", \"event\" or \"apic\"\n", ipi);
	return -EINVAL;
}

void xg_ipi_start(void)
{
	const char *why = why_not();
	int err;

	file = debugfs_create_file("smp", 0444, xg_debugfs_root(), NULL,
				   &ipi_fops);
	if (why) {
		pr_info("IPIs by APIC, %s\n", why);
		return;
	}
	reschedule_by_apic = smp_ops.smp_send_reschedule;
	call_by_apic = smp_ops.send_call_func_single_ipi;
	/* Else one that goes would be called by a port that is masked, for ever. */
	err = xg_evtchn_follow_cpus("xg/smp:online", cpu_up, cpu_down);
	if (err < 0) {
		pr_warn("no IPIs by event (%d)\n", err);
		return;
	}
	cpuhp_state = err;
	WRITE_ONCE(smp_ops.smp_send_reschedule, send_reschedule);
	WRITE_ONCE(smp_ops.send_call_func_single_ipi, send_call);
	pr_info("IPIs by event\n");
}

void xg_ipi_stop(void)
{
	debugfs_remove(file);
	if (cpuhp_state < 0)
		return;
	WRITE_ONCE(smp_ops.smp_send_reschedule, reschedule_by_apic);
	WRITE_ONCE(smp_ops.send_call_func_single_ipi, call_by_apic);
	/* Nobody is in our functions any more. */
	synchronize_rcu();
	cpuhp_remove_state(cpuhp_state);
	cpuhp_state = -1;
}
