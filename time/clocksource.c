// SPDX-License-Identifier: GPL-2.0-only
/*
 * Xen's system time as clock source: no VM exit, where the HPET's costs one.
 *
 * Each vCPU's vcpu_info tells how to get from its TSC to nanoseconds since the
 * host's boot (asm/pvclock-abi.h). vCPUs agree only if Xen says so by a flag;
 * otherwise no reader may be told less than any was told before.
 */
#define pr_fmt(fmt) "xg-time: " fmt

#include <linux/atomic.h>
#include <linux/clocksource.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/pvclock.h>
#include <asm/tsc.h>
#include <xg/evtchn.h>
#include <xg/time.h>
#include "internal.h"

/*
 * Above the HPET's 250; below the TSC's 300 where that may be trusted: Xen then
 * shows an invariant TSC (itsc=1), and the kernel's own clock is read in the vDSO.
 * This one cannot be: VDSO_CLOCKMODE_PVCLOCK maps the page that
 * pvclock_set_pvti_cpu0_va() names, which 6.1 and 6.12 export to no module, and
 * without a page every reader in user space gets SIGBUS.
 */
#define RATING			400
#define RATING_GOOD_TSC		299

static atomic64_t newest = ATOMIC64_INIT(0);
static bool registered;
/* Set when the clock had to outlive shared info: time goes on from here. */
static struct pvclock_vcpu_time_info frozen;
static bool is_frozen;

static u64 notrace never_back(u64 now)
{
	s64 last = atomic64_read(&newest);

	do {
		if (now <= (u64)last)
			return last;
	} while (!atomic64_try_cmpxchg(&newest, &last, now));
	return now;
}

static u64 notrace read_by(const struct pvclock_vcpu_time_info *src, u8 *flags)
{
	unsigned int version;
	u64 now;

	do {
		version = pvclock_read_begin(src);
		now = __pvclock_read_cycles(src, rdtsc_ordered());
		*flags = src->flags;
	} while (pvclock_read_retry(src, version));
	return now;
}

u64 xg_time_here(void)
{
	u8 flags;

	return read_by(xg_vcpu_time(), &flags);
}

static u64 notrace clock_read(struct clocksource *cs)
{
	u64 now;
	u8 flags;

	preempt_disable_notrace();
	/* Pairs with the release in xg_clock_stop(). */
	now = read_by(unlikely(smp_load_acquire(&is_frozen)) ?
		      &frozen : xg_vcpu_time(), &flags);
	preempt_enable_notrace();

	return flags & PVCLOCK_TSC_STABLE_BIT ? now : never_back(now);
}

static struct clocksource clock = {
	.name = "xg",
	.read = clock_read,
	.mask = CLOCKSOURCE_MASK(64),
	.flags = CLOCK_SOURCE_IS_CONTINUOUS,
	.owner = THIS_MODULE,
};

static bool tsc_is_good(void)
{
	return boot_cpu_has(X86_FEATURE_CONSTANT_TSC) &&
	       boot_cpu_has(X86_FEATURE_NONSTOP_TSC) && !check_tsc_unstable();
}

const char *xg_clock_state(void)
{
	return is_frozen ? "frozen" : registered ? "registered" : "off";
}

/* Does Xen say how its time follows from the TSC? */
bool xg_time_given(void)
{
	return xg_shared_info()->vcpu_info[0].time.tsc_to_system_mul;
}

/* Another host's time may be behind ours. Every CPU is stopped. */
void xg_clock_wake(void)
{
	atomic64_set(&newest, 0);
}

void xg_clock_start(void)
{
	if (registered) {
		is_frozen = false;
		return;
	}
	clock.rating = tsc_is_good() ? RATING_GOOD_TSC : RATING;
	registered = !clocksource_register_hz(&clock, NSEC_PER_SEC);
}

/* Whole: a version that is odd in the copy would keep readers for ever. */
static void copy_time(void)
{
	const struct pvclock_vcpu_time_info *src;
	unsigned int version;

	src = &xg_shared_info()->vcpu_info[0].time;
	do {
		version = pvclock_read_begin(src);
		frozen = *src;
	} while (pvclock_read_retry(src, version));
}

void xg_clock_stop(void)
{
	int err;

	if (!registered)
		return;
	err = clocksource_unregister(&clock);
	if (!err) {
		registered = false;
		return;
	}
	/*
	 * The kernel has no other that will do. It holds this module, and the
	 * TSC goes on by itself: only stop looking at Xen's page.
	 */
	pr_warn("the clock source cannot be replaced (%d), it goes on by the TSC alone\n",
		err);
	copy_time();
	/* Pairs with the load in clock_read(): the copy is there before use. */
	smp_store_release(&is_frozen, true);
	/* Readers do not sleep: none looks at the page any more after this. */
	synchronize_rcu();
}
