// SPDX-License-Identifier: GPL-2.0-only
/*
 * The local APIC's timer back to its CPU.
 *
 * A CPU's timer that gives way to ours is free, and where it does not stop in
 * idle (ARAT) the clock events core takes one of these, the first, for its
 * broadcast device, in place of the HPET or PIT. That CPU would then get the HPET
 * or PIT when ours goes. No call takes a broadcast device out of its role but a
 * better one that comes: so one comes, is the better one for that moment, and
 * goes. The core offers what it replaces to the CPU first, the APIC's timer, and
 * then what that one replaces as broadcast device. Where nothing was mixed up
 * all ends as it began.
 */
#define pr_fmt(fmt) "xg-time: " fmt

#include <linux/clockchips.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <asm/cpufeature.h>
#include "internal.h"

#define RATING_BEST	1000	/* while the core compares */
#define RATING_WORST	1	/* once it has taken it */

static int never_used(unsigned long delta, struct clock_event_device *dev)
{
	return 0;
}

/* The core shuts down what it takes, before it looks at what that replaced. */
static int taken(struct clock_event_device *dev)
{
	dev->rating = RATING_WORST;
	return 0;
}

static struct clock_event_device passer_by;

/*
 * On the CPU whose timer was the first to be free, in its hotplug callback. On no
 * other: to release an APIC's timer the core stops it, and that is always the
 * timer of the CPU it runs on.
 */
void xg_hand_back(unsigned int cpu)
{
	if (!boot_cpu_has(X86_FEATURE_ARAT))
		return;
	passer_by = (struct clock_event_device) {
		.name = "xg-passer-by",
		.features = CLOCK_EVT_FEAT_ONESHOT,
		.rating = RATING_BEST,
		.cpumask = cpu_none_mask,	/* no CPU's own timer */
		.irq = -1,
		.set_next_event = never_used,
		.set_state_shutdown = taken,
		.owner = THIS_MODULE,
	};
	clockevents_config_and_register(&passer_by, NSEC_PER_SEC, 1000,
					NSEC_PER_SEC);
	if (clockevents_unbind_device(&passer_by, cpu))
		pr_err("the broadcast timer cannot be given back: this module stays\n");
}
