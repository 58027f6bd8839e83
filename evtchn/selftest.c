// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does an event that is sent arrive? Asked once, at start, of every CPU that
 * ports may be bound to, by an IPI over the same path as any other event.
 */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/err.h>
#include "internal.h"

#define PATIENCE	(3 * HZ)

static irqreturn_t selftest_irq(int irq, void *data)
{
	complete(data);
	return IRQ_HANDLED;
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
	int err = 0;

	ch = xg_evtchn_open_ipi(&client);
	if (IS_ERR(ch))
		return PTR_ERR(ch);
	xg_evtchn_notify(ch);
	if (!wait_for_completion_timeout(&arrived, PATIENCE))
		err = -ETIMEDOUT;
	xg_evtchn_close(ch);
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
