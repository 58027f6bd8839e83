// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each vCPU's one-shot timer as clock event device: VIRQ_TIMER at an absolute
 * time of Xen's.
 *
 * Setting it is a hypercall, and the kernel sets its timer up to four times for
 * one wake-up out of idle: to what comes next as the timer's interrupt ends,
 * to something later as it cancels the tick it had put off, to the next tick, and
 * away from that again as it goes idle. An expiry that does go off costs a
 * hypercall however it is done; the others need not. A timer may always go off
 * too early, the handler then sets the rest. So on the way out of idle
 * (leaving_idle()) what is armed stays, or is set to the next tick at once; on the
 * way in it stays if may_leave() thinks that the idle will be short.
 *
 * Who is idle most of the time (weigh()) has a backstop in place of that tick: Xen's
 * periodic timer. It runs while its vCPU runs, and Xen stops it as the vCPU blocks
 * (xen/common/sched/core.c, sched_context_switch()), so that one with the tick's
 * period costs an idle guest nothing. What the kernel wants out of idle is then
 * left to it, and going_idle() arms what is still wanted: one hypercall for a
 * wake-up. The price: a tick that has to wait comes late by up to a tick, once,
 * and with it what the kernel has queued between the two, of which it does not
 * tell. Who is found at work by it twice is busy, and has ticks of its own. And it
 * counts on the shadow of STI: an interrupt between the idle loop's STI and its HLT,
 * which an emulator may let through, would leave what is wanted to the next one.
 *
 * A CPU's struct is used by that CPU alone: with interrupts off by the clock
 * events core, the handler and going_idle(), by CPU hotplug while none of them
 * runs. Start reading at set_next().
 */
#define pr_fmt(fmt) "xg-time: " fmt

#include <linux/clockchips.h>
#include <linux/cpuhotplug.h>
#include <linux/hardirq.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>
#include <asm/irq_regs.h>
#include <trace/events/power.h>
#include <xen/interface/xen.h>
#include <xen/interface/vcpu.h>
#include <xg/evtchn.h>
#include <xg/hypercall.h>
#include <xg/platform.h>
#include <xg/time.h>
#include "internal.h"

/* The local APIC's is at 150 at most; arming that one costs an exit as well. */
#define RATING		500
#define MIN_DELTA	1000UL
/* Short, as the kernel may make its clock up to 0.05 % faster than Xen's. */
#define MAX_DELTA	(4UL * NSEC_PER_SEC)

/* From here on a timer is not left alone; never more than MAX. */
#define DOUBTFUL	2
#define MAX_DOUBT	3

/*
 * A CPU has its backstop while it goes idle less than once in a tick: more often and
 * the backstop costs more than it saves. One that was found at work so often by its
 * timer has been at work for longer than a tick.
 */
#define CALM		8U
#define BUSY		2

/**
 * struct timer - one vCPU's timer
 * @dev: as the kernel sees it; its next_event is when the kernel wants it
 * @ch: its VIRQ_TIMER, NULL without
 * @vcpu: Xen's number
 * @armed: the kernel's time for which Xen's timer is set, KTIME_MAX: not set
 * @tick: one that the kernel has set as it left idle, 0: none yet
 * @passed: an armed time the kernel went past, KTIME_MAX: none to learn from
 * @doubt: whether to leave early timers alone, 0 to MAX_DOUBT
 * @found: how often it went off at work since the CPU was idle
 * @calm: 4 more for each time that it went idle a tick or more after the last time,
 *        1 less for each that was sooner; 0 to CALM
 * @idle_at: when it went idle last
 * @backstop: Xen's periodic timer runs while the vCPU runs
 * @stats: for debugfs
 */
struct timer {
	struct clock_event_device dev;
	struct xg_evtchn *ch;
	u32 vcpu;
	ktime_t armed;
	ktime_t tick;
	ktime_t passed;
	unsigned int doubt;
	unsigned int found;
	unsigned int calm;
	ktime_t idle_at;
	bool backstop;
	struct xg_timer_stats stats;
};

static DEFINE_PER_CPU(struct timer, timers);
/* For the tick's accounting when it comes by a rescan, out of no interrupt. */
static DEFINE_PER_CPU(struct pt_regs, no_regs);
static struct xg_platform *platform;
static int cpuhp_state = -1;
static bool cannot_go;
/* going_idle() is called; Xen has periodic timers, too, and they are wanted. */
static bool watches_idle;
static bool has_backstop;
/* The one whose own timer may have become the broadcast device. */
static unsigned int first_cpu;

static int arm(struct timer *t, u64 delta, ktime_t when, u32 flags)
{
	struct vcpu_set_singleshot_timer op = {
		.timeout_abs_ns = xg_time_here() + delta,
		.flags = flags,
	};
	int err;

	err = xg_vcpu_op(VCPUOP_set_singleshot_timer, t->vcpu, &op);
	t->stats.armed++;
	t->armed = err ? KTIME_MAX : when;
	return err;
}

/* --- which timers to leave alone ------------------------------------------ */

/*
 * Is the tick what the kernel wants next, whatever it says now? Who is idle and has
 * somebody to run, or softirqs that may find somebody, restarts it in a moment.
 */
static bool leaving_idle(void)
{
	return is_idle_task(current) &&
	       (need_resched() || local_softirq_pending());
}

/* Ticks keep their distance: as it was asked for last, and some whole ones. */
static ktime_t next_tick(const struct timer *t, ktime_t now)
{
	u32 rest;

	if (now < t->tick)
		return t->tick;
	div_u64_rem(now - t->tick, TICK_NSEC, &rest);
	return now - rest + TICK_NSEC;
}

/* On the way out of idle: is @when later than the tick that will be wanted? */
static bool to_tick(struct timer *t, ktime_t when, ktime_t now)
{
	if (when > now + TICK_NSEC)
		return t->tick;
	/* In an interrupt it may be a timer like any other. */
	if (!in_interrupt())
		t->tick = when;
	return false;
}

/* Or as good as one: a timer for the same nanosecond */
static bool is_tick(const struct timer *t, ktime_t when)
{
	u32 rest;

	if (!t->tick)
		return false;
	div_u64_rem(abs(when - t->tick), TICK_NSEC, &rest);
	return !rest;
}

/*
 * Until the CPU goes idle: may @when wait? A tick may wait for the backstop. What is
 * later than that is no matter in idle: either it is armed in a moment, or there is
 * a tick to be restarted first.
 */
static bool may_wait(struct timer *t, ktime_t when, ktime_t now)
{
	bool tick;

	if (!t->backstop || !is_idle_task(current))
		return false;
	if (when > now + TICK_NSEC)
		return true;
	tick = is_tick(t, when);
	/* For the next time: that it is set here does not make it one. */
	if (leaving_idle())
		to_tick(t, when, now);
	return tick;
}

/*
 * The kernel went past an armed time, not on its way out of idle. If it comes back
 * before that time, as out of a short idle, the timer had better stayed (both
 * ways were saved, or would have been); if not, it is one wake-up for nothing.
 * What was better the last times will be so the next time.
 */
static void learn(struct timer *t, ktime_t now)
{
	if (t->passed == KTIME_MAX)
		return;
	if (now < t->passed) {
		if (t->doubt)
			t->doubt--;
	} else if (t->doubt < MAX_DOUBT) {
		t->doubt++;
	}
	t->passed = KTIME_MAX;
}

/* May what is armed stay, now that @when is wanted? */
static bool may_leave(struct timer *t, ktime_t when, ktime_t now)
{
	/* Not armed, which is KTIME_MAX; or it has gone off, seen or not. */
	if (t->armed > when || t->armed < now)
		return false;
	if (t->armed == when || leaving_idle())
		return true;
	t->passed = t->armed;
	return t->doubt < DOUBTFUL;
}

/* --- what the clock events core calls, interrupts off --------------------- */

static int set_next(unsigned long delta, struct clock_event_device *dev)
{
	struct timer *t = container_of(dev, struct timer, dev);
	ktime_t when = dev->next_event;
	ktime_t now = ktime_get();

	/* No expiry, see went_off(): soon rather than as late as can be. */
	if (when == KTIME_MAX)
		delta = MIN_DELTA;
	/* The core has cut the way short. */
	if (when == KTIME_MAX || delta >= MAX_DELTA)
		when = ktime_add_ns(now, delta);
	learn(t, now);
	if (may_wait(t, when, now) || may_leave(t, when, now)) {
		t->stats.saved++;
		return 0;
	}
	if (leaving_idle() && to_tick(t, when, now)) {
		when = next_tick(t, now);
		delta = when - now;
	}
	/* What has passed meanwhile goes off at once, so this cannot fail. */
	return arm(t, delta, when, 0);
}

/* Nothing is wanted. The handler ignores what goes off nevertheless. */
static int stop(struct clock_event_device *dev)
{
	struct timer *t = container_of(dev, struct timer, dev);
	ktime_t now = ktime_get();

	learn(t, now);
	if (t->armed == KTIME_MAX)
		return 0;
	if (may_leave(t, KTIME_MAX, now)) {
		t->stats.saved++;
		return 0;
	}
	t->armed = KTIME_MAX;
	t->stats.armed++;
	return xg_vcpu_op(VCPUOP_stop_singleshot_timer, t->vcpu, NULL);
}

/* --- the backstop ---------------------------------------------------------- */

static void start_backstop(struct timer *t)
{
	struct vcpu_set_periodic_timer op = { .period_ns = TICK_NSEC };

	t->stats.armed++;
	t->stats.backstops++;
	t->backstop = !xg_vcpu_op(VCPUOP_set_periodic_timer, t->vcpu, &op);
	if (!t->backstop)
		WRITE_ONCE(has_backstop, false);
}

static void stop_backstop(struct timer *t)
{
	t->stats.armed++;
	t->backstop = xg_vcpu_op(VCPUOP_stop_periodic_timer, t->vcpu, NULL);
	t->calm = 0;
}

/* Nothing is set in Xen. */
static void forget(struct timer *t)
{
	t->armed = KTIME_MAX;
	t->passed = KTIME_MAX;
	t->backstop = false;
	t->calm = 0;
}

/* As xg_timer_wake(); where a save was cancelled Xen's timers are as they were. */
static int resume(struct clock_event_device *dev)
{
	struct timer *t = container_of(dev, struct timer, dev);

	if (t->backstop)
		stop_backstop(t);
	forget(t);
	return 0;
}

/* On its way into idle: is it one that should have a backstop? */
static void weigh(struct timer *t, ktime_t now)
{
	if (t->found >= BUSY)
		t->calm = 0;
	else if (now >= t->idle_at + TICK_NSEC)
		t->calm = min(t->calm + 4, CALM);
	else if (t->calm)
		t->calm--;
	t->found = 0;
	t->idle_at = now;
	if (t->calm == CALM && !t->backstop && READ_ONCE(has_backstop))
		start_backstop(t);
	else if (!t->calm && t->backstop)
		stop_backstop(t);
}

/* Trace event cpu_idle: the last thing before a CPU may block. */
static void going_idle(void *unused, unsigned int state, unsigned int cpu)
{
	struct timer *t;
	unsigned long flags;
	ktime_t now, when;
	s64 left;
	bool had;

	if (state == PWR_EVENT_EXIT)
		return;
	local_irq_save(flags);
	t = this_cpu_ptr(&timers);
	if (!t->ch || !clockevent_state_oneshot(&t->dev))
		goto out;
	now = ktime_get();
	had = t->backstop;
	weigh(t, now);
	when = t->dev.next_event;
	/* No expiry: as in set_next() */
	if (when == KTIME_MAX)
		when = ktime_add_ns(now, MIN_DELTA);
	/* Without one, all that is wanted is armed. */
	if (!had || may_leave(t, when, now))
		goto out;
	left = clamp_t(s64, ktime_sub(when, now), MIN_DELTA, MAX_DELTA);
	arm(t, left, ktime_add_ns(now, left), 0);
out:
	local_irq_restore(flags);
}

/* --- the timer went off --------------------------------------------------- */

static void expire(struct timer *t, s64 late)
{
	struct pt_regs *old = get_irq_regs();

	/* A tick that waited for the backstop was to be. */
	if (late > XG_TIMER_LATE &&
	    !(t->backstop && is_tick(t, t->dev.next_event))) {
		t->stats.late++;
		t->stats.worst = max_t(u64, t->stats.worst, late);
	}
	if (!old)
		set_irq_regs(this_cpu_ptr(&no_regs));
	t->dev.event_handler(&t->dev);
	set_irq_regs(old);
}

/* It went off @left too early -> false: the time has come while we tried. */
static bool sleep_on(struct timer *t, ktime_t now, s64 left)
{
	t->stats.early++;
	if (may_wait(t, t->dev.next_event, now))
		return true;
	left = min_t(s64, left, MAX_DELTA);
	return !arm(t, left, ktime_add_ns(now, left), VCPU_SSHOTTMR_future);
}

/*
 * On the timer's CPU. The port is masked until this returns; a timer set here
 * that goes off before waits in its pending bit.
 */
static irqreturn_t went_off(int irq, void *data)
{
	struct timer *t = data;
	ktime_t now = ktime_get();
	s64 left;

	t->stats.events++;
	if (!is_idle_task(current) && ++t->found >= BUSY && t->backstop)
		stop_backstop(t);
	/*
	 * Whatever the clock says, and be it the backstop: Xen's clocks on two
	 * processors may differ, and nobody would set again what has gone off.
	 */
	t->armed = KTIME_MAX;
	learn(t, now);
	if (!clockevent_state_oneshot(&t->dev)) {
		t->stats.early++;
		return IRQ_HANDLED;
	}
	left = ktime_sub(t->dev.next_event, now);
	/*
	 * Without an expiry: the timer before this one was stopped, or the core
	 * could not set it and gave up (CE: Reprogramming failure). The handler
	 * finds out what is due.
	 */
	if (left <= 0 || t->dev.next_event == KTIME_MAX || !sleep_on(t, now, left))
		expire(t, -left);
	return IRQ_HANDLED;
}

/* --- CPUs come and go; on the CPU ----------------------------------------- */

static void register_device(struct timer *t, unsigned int cpu)
{
	t->dev = (struct clock_event_device) {
		.name = "xg",
		.features = CLOCK_EVT_FEAT_ONESHOT | CLOCK_EVT_FEAT_PERCPU,
		.rating = RATING,
		.cpumask = cpumask_of(cpu),
		.irq = -1,
		.set_next_event = set_next,
		.set_state_oneshot_stopped = stop,
		.tick_resume = resume,
		.owner = THIS_MODULE,
	};
	clockevents_config_and_register(&t->dev, NSEC_PER_SEC, MIN_DELTA,
					MAX_DELTA);
}

/* Register for good, if the one before can be had back: it is tried here. */
static void take_over(struct timer *t, unsigned int cpu)
{
	int err;

	register_device(t, cpu);
	err = clockevents_unbind_device(&t->dev, cpu);
	if (!err) {
		register_device(t, cpu);
		if (first_cpu >= nr_cpu_ids)
			first_cpu = cpu;
		return;
	}
	pr_warn("CPU %u has no other timer to go back to (%d): the modules cannot be unloaded\n",
		cpu, err);
	if (!cannot_go)
		__module_get(platform->owner);
	cannot_go = true;
}

/* What firmware or an earlier load may have left running -> is there a timer? */
static int quiet(u32 vcpu)
{
	xg_vcpu_op(VCPUOP_stop_periodic_timer, vcpu, NULL);
	return xg_vcpu_op(VCPUOP_stop_singleshot_timer, vcpu, NULL);
}

static int cpu_up(unsigned int cpu)
{
	struct timer *t = per_cpu_ptr(&timers, cpu);
	const struct xg_evtchn_client client = {
		.name = "xg-timer",
		.handler = went_off,
		.data = t,
		.cpu = cpu,
		.flags = XG_EVTCHN_AUTO_EOI,
		.priority = XG_PRIORITY_TIMER,
	};
	struct xg_evtchn *ch;
	int err;

	t->vcpu = xg_vcpu_id_here();
	t->tick = 0;
	t->found = 0;
	forget(t);
	err = quiet(t->vcpu);
	/* It was the only one, and slept with its CPU. */
	if (t->ch) {
		register_device(t, cpu);
		return 0;
	}
	if (err) {
		pr_info_once("Xen has no timers for vCPUs (%d)\n", err);
		return 0;
	}
	ch = xg_evtchn_open_virq_cpuslocked(VIRQ_TIMER, &client);
	if (IS_ERR(ch)) {
		/* Not the CPU's fault: it keeps the timer it has. */
		pr_info("CPU %u keeps its own timer (%ld)\n", cpu, PTR_ERR(ch));
		return 0;
	}
	t->ch = ch;
	take_over(t, cpu);
	return 0;
}

/*
 * The CPU has a good deal of its way down before it, with timers: they need the
 * other device.
 */
static int cpu_down(unsigned int cpu)
{
	struct timer *t = per_cpu_ptr(&timers, cpu);

	if (!t->ch)
		return 0;
	/* The only one: the core drops it with the CPU, the port sleeps. */
	if (clockevents_unbind_device(&t->dev, cpu))
		return 0;
	if (cpu == first_cpu)
		xg_hand_back(cpu);
	quiet(t->vcpu);
	xg_evtchn_close(t->ch);
	t->ch = NULL;
	return 0;
}

/* --------------------------------------------------------------------------- */

bool xg_timer_stats(unsigned int cpu, struct xg_timer_stats *stats)
{
	struct timer *t = per_cpu_ptr(&timers, cpu);

	*stats = t->stats;
	return t->ch;
}

void xg_timer_start(struct xg_platform *root, bool backstop)
{
	int err;

	platform = root;
	first_cpu = nr_cpu_ids;
	if (!xg_evtchn_per_cpu()) {
		pr_info("upcall by %s: the CPUs keep their own timers\n",
			xg_evtchn_upcall_name());
		return;
	}
	if (cannot_go)
		return;
	/* Else one that goes would lose its ticks before it has its own timer again. */
	err = xg_evtchn_follow_cpus("xg/time:online", cpu_up, cpu_down);
	if (err < 0)
		pr_warn("the CPUs keep their own timers (%d)\n", err);
	cpuhp_state = err;
	watches_idle = err >= 0 && backstop &&
		       !register_trace_cpu_idle(going_idle, NULL);
	WRITE_ONCE(has_backstop, watches_idle);
}

/* In a new domain, every CPU stopped: only the leader's device is resumed. */
void xg_timer_wake(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		forget(per_cpu_ptr(&timers, cpu));
}

void xg_timer_stop(void)
{
	if (cpuhp_state < 0)
		return;
	WRITE_ONCE(has_backstop, false);
	cpuhp_remove_state(cpuhp_state);
	cpuhp_state = -1;
	if (watches_idle) {
		unregister_trace_cpu_idle(going_idle, NULL);
		tracepoint_synchronize_unregister();
		watches_idle = false;
	}
	if (cannot_go)
		pr_err("stopped by force: a CPU is left without a timer\n");
}
