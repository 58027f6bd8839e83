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

static char *clock = "1";
module_param(clock, charp, 0444);
MODULE_PARM_DESC(clock, "Xen's system time as clock source: 1 (default) or 0");

static char *timer = "1";
module_param(timer, charp, 0444);
MODULE_PARM_DESC(timer, "Xen's timers as clock event devices: 1 (default) or 0");

/* Seconds since 1970 at which Xen's system time began; 0: it does not say. */
static s64 wall_clock_start(void)
{
	const struct shared_info *s = xg_shared_info();
	unsigned int tries = 100;
	u32 version, hi, lo;

	while (tries--) {
		version = READ_ONCE(s->wc.version);
		/* Pairs with Xen's: odd, what it writes, even. */
		virt_rmb();
		lo = READ_ONCE(s->wc.sec);
		hi = READ_ONCE(s->wc_sec_hi);
		/* The same, seen from the end. */
		virt_rmb();
		if (!(version & 1) && version == READ_ONCE(s->wc.version))
			return (u64)hi << 32 | lo;
	}
	return 0;
}

/*
 * The guest's time is its administrator's: NTP may have set it, or a test. It is
 * only compared.
 */
static void compare_wall_clock(void)
{
	s64 start = wall_clock_start();
	s64 ahead;
	u64 up;

	if (!start)
		return;
	preempt_disable();
	up = xg_time_here();
	preempt_enable();
	ahead = ktime_get_real_seconds() -
		(start + (s64)div_u64(up, NSEC_PER_SEC));
	if (abs(ahead) > 1)
		pr_info("the guest's time of day is %lld s %s Xen's; it is left as it is\n",
			abs(ahead), ahead > 0 ? "ahead of" : "behind");
}

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
		xg_timer_start(platform);
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
	return check_switch("clock", clock) ?: check_switch("timer", timer);
}

static void __exit xg_time_exit(void)
{
}

module_init(xg_time_init);
module_exit(xg_time_exit);

MODULE_DESCRIPTION("Xen's clock and timers");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
