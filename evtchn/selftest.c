// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does an event that is sent arrive? Asked once, at start, of every CPU that
 * ports may be bound to, by an IPI over the same path as any other event.
 */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/hardirq.h>
#include <linux/smp.h>
#include "internal.h"

#define PATIENCE	(3 * HZ)

static irqreturn_t selftest_irq(int irq, void *data)
{
	complete(data);
	return IRQ_HANDLED;
}

/*
 * In a task on that CPU, so nothing is under way: how often the vector was
 * raised that an earlier start has left to Xen, see park_vectors().
 */
static int parked_vector_raised(void *unused)
{
	return this_cpu_read(irq_stat.x86_platform_ipis);
}

static int selftest_cpu(unsigned int cpu)
{
	DECLARE_COMPLETION_ONSTACK(arrived);
	struct xg_evtchn_client client = {
		.name = "xg-selftest",
		.handler = selftest_irq,
		.data = &arrived,
		.cpu = cpu,
		.flags = XG_EVTCHN_AUTO_EOI,
	};
	struct xg_evtchn *ch;
	int err = 0, before, after;

	before = smp_call_on_cpu(cpu, parked_vector_raised, NULL, false);
	ch = xg_evtchn_open_ipi(&client);
	if (IS_ERR(ch))
		return PTR_ERR(ch);
	xg_evtchn_notify(ch);
	if (!wait_for_completion_timeout(&arrived, PATIENCE))
		err = -ETIMEDOUT;
	xg_evtchn_close(ch);
	after = smp_call_on_cpu(cpu, parked_vector_raised, NULL, false);
	/*
	 * Both ways for one event: dear, and where the hardware raises the
	 * parked one without an exit, ours comes only with the next exit.
	 */
	if (!err && before >= 0 && after >= 0 && before != after)
		err = -EBUSY;
	return err;
}

/* -> 0, or -errno and the CPU where it went wrong */
int xg_selftest(unsigned int *silent_cpu)
{
	unsigned int cpu;
	int err;

	for_each_cpu(cpu, &xg_upcall_cpus) {
		err = selftest_cpu(cpu);
		/* Gone since: not a failure. */
		if (err && !(err == -ENODEV && !cpu_online(cpu))) {
			*silent_cpu = cpu;
			return err;
		}
	}
	return 0;
}
