// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time from Xen: start and stop, parameters, a look at the wall clock.
 *
 * Nothing here fails a start: without any of it the guest has the time it had.
 * The clock comes before the timers, and goes after them.
 */
#define pr_fmt(fmt) "xg-time: " fmt

#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <asm/pvclock-abi.h>
#include <xen/interface/xen.h>
#include <xg/evtchn.h>
#include <xg/platform.h>
#include <xg/time.h>
#include "internal.h"

#define DAY	86400		/* in seconds */

static char *clock = "1";
module_param(clock, charp, 0444);
MODULE_PARM_DESC(clock, "Xen's system time as clock source: 1 (default) or 0");

static char *timer = "1";
module_param(timer, charp, 0444);
MODULE_PARM_DESC(timer, "Xen's timers as clock event devices: 1 (default) or 0");

static char *backstop = "1";
module_param(backstop, charp, 0444);
MODULE_PARM_DESC(backstop, "Xen's periodic timer in place of the tick that ends an idle: 1 (default) or 0");

/* Xen's time of day when its system time was 0 -> false: it does not say. */
static bool wall_clock_start(struct timespec64 *start)
{
	const struct shared_info *s = xg_shared_info();
	unsigned int tries = 100;
	u32 version, hi, lo, ns;

	while (tries--) {
		version = READ_ONCE(s->wc.version);
		/* Pairs with Xen's: odd, what it writes, even. */
		virt_rmb();
		lo = READ_ONCE(s->wc.sec);
		hi = READ_ONCE(s->wc_sec_hi);
		ns = READ_ONCE(s->wc.nsec);
		/* The same, seen from the end. */
		virt_rmb();
		if (version & 1 || version != READ_ONCE(s->wc.version))
			continue;
		start->tv_sec = (u64)hi << 32 | lo;
		start->tv_nsec = ns % NSEC_PER_SEC;
		return start->tv_sec;
	}
	return false;
}

/* How far the guest's time of day is ahead of Xen's, in ns -> does Xen say? */
static bool ahead_of_xen(s64 *ahead)
{
	struct timespec64 start;
	u64 up, real;

	if (!wall_clock_start(&start))
		return false;
	preempt_disable();
	up = xg_time_here();
	real = ktime_get_real_ns();
	preempt_enable();
	*ahead = real - timespec64_to_ns(&start) - up;
	return true;
}

/* Does the time of day begin with the machine? Then there is no RTC: PVH. */
static bool nobody_knows(void)
{
	return ktime_get_real_seconds() < ktime_get_boottime_seconds() + DAY;
}

static void set_wall_clock(s64 ahead)
{
	struct timespec64 now = ns_to_timespec64(ktime_get_real_ns() - ahead);

	if (do_settimeofday64(&now))
		pr_warn("the time of day could not be set\n");
	else
		pr_info("the time of day is Xen's: this machine has no clock\n");
}

/*
 * The guest's time is its administrator's: NTP may have set it, or a test. It is
 * only compared, unless there is none.
 */
static void compare_wall_clock(void)
{
	s64 ns, ahead;

	if (!ahead_of_xen(&ns))
		return;
	if (nobody_knows()) {
		set_wall_clock(ns);
		return;
	}
	ahead = div_s64(ns, NSEC_PER_SEC);
	if (abs(ahead) > 1)
		pr_info("the guest's time of day is %lld s %s Xen's; it is left as it is\n",
			abs(ahead), ahead > 0 ? "ahead of" : "behind");
}

/* --- suspend --------------------------------------------------------------- */

static bool noted;
static s64 ahead_before;

/**
 * xg_time_suspend() - the machine is about to be saved
 *
 * Context: process.
 * Return: 0.
 */
int xg_time_suspend(void)
{
	noted = xg_time_given() && ahead_of_xen(&ahead_before);
	return 0;
}
EXPORT_SYMBOL_GPL(xg_time_suspend);

/**
 * xg_time_wake() - time in the domain that the machine was restored in
 *
 * Timers are armed anew by the event that each gets.
 *
 * Context: every CPU is stopped; shared info is there, nobody has read a clock.
 * Return: 0.
 */
int xg_time_wake(void)
{
	xg_clock_wake();
	xg_timer_wake();
	return 0;
}
EXPORT_SYMBOL_GPL(xg_time_wake);

/**
 * xg_time_resume() - the time of day has gone on meanwhile
 *
 * The kernel has asked the RTC, which knows whole seconds. The guest is to be as
 * far from Xen's time as it was, whichever host that is.
 *
 * Context: process.
 */
void xg_time_resume(void)
{
	struct timespec64 now;
	s64 ahead;

	if (!noted || !ahead_of_xen(&ahead))
		return;
	/* Nobody has slept: to set the clock would tell NTP otherwise. */
	if (abs(ahead - ahead_before) < NSEC_PER_MSEC)
		return;
	now = ns_to_timespec64(ktime_get_real_ns() + ahead_before - ahead);
	if (do_settimeofday64(&now))
		pr_warn("the time of day is %lld ms off after the suspend\n",
			div_s64(ahead - ahead_before, NSEC_PER_MSEC));
}
EXPORT_SYMBOL_GPL(xg_time_resume);

/**
 * xg_time_start() - take the time from Xen
 * @platform: the machine as the root found it; kept until xg_time_stop()
 *
 * Context: process; event channels have started.
 * Return: 0; what does not work is in the log, and the kernel keeps what it has.
 */
int xg_time_start(struct xg_platform *platform)
{
	xg_time_show_start();
	/* To a timer every expiry would have passed: it would go off for ever. */
	if (!xg_time_given()) {
		pr_info("Xen gives no time in shared info: no clock source, no timers\n");
		return 0;
	}
	compare_wall_clock();
	if (sysfs_streq(clock, "1"))
		xg_clock_start();
	if (sysfs_streq(timer, "1"))
		xg_timer_start(platform, sysfs_streq(backstop, "1"));
	return 0;
}
EXPORT_SYMBOL_GPL(xg_time_start);

/**
 * xg_time_stop() - the mirror of xg_time_start()
 *
 * Context: process; before event channels stop.
 */
void xg_time_stop(void)
{
	xg_time_show_stop();
	xg_timer_stop();
	xg_clock_stop();
}
EXPORT_SYMBOL_GPL(xg_time_stop);

static int check_switch(const char *name, const char *value)
{
	if (sysfs_streq(value, "0") || sysfs_streq(value, "1"))
		return 0;
	pr_err("%s=%s: unknown, use \"1\" or \"0\"\n", name, value);
	return -EINVAL;
}

static int __init xg_time_init(void)
{
	return check_switch("clock", clock) ?: check_switch("timer", timer) ?:
	       check_switch("backstop", backstop);
}

static void __exit xg_time_exit(void)
{
}

module_init(xg_time_init);
module_exit(xg_time_exit);

MODULE_DESCRIPTION("Xen's clock and timers");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
