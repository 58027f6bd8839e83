// SPDX-License-Identifier: GPL-2.0-only
/*
 * What FIFO events have on top of 2-level ones: priorities, and more ports.
 */
#define pr_fmt(fmt) "xg-test-evtchn: " fmt

#include <linux/cpu.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/workqueue.h>
#include <xg/evtchn.h>
#include <xg/hypercall.h>
#include "xg-test-evtchn.h"

struct pair_job {
	struct end urgent;
	struct loop *loop;
};

/* Both before this CPU can take either. */
static long send_both(void *data)
{
	struct pair_job *job = data;
	unsigned long irqflags;

	local_irq_save(irqflags);
	xg_evtchn_notify(job->loop->far.ch);
	xg_evtchn_notify(job->urgent.ch);
	local_irq_restore(irqflags);
	return 0;
}

static int send_pairs(struct pair_job *job, unsigned int cpu, int pairs)
{
	struct end *near = &job->loop->near;
	int i, err;

	for (i = 1; i <= pairs; i++) {
		work_on_cpu(cpu, send_both, job);
		err = xg_test_settle(near, i) ?: xg_test_settle(&job->urgent, i);
		if (err)
			return err;
		if (near->turn < job->urgent.turn) {
			pr_err("what is urgent came second\n");
			return -EIO;
		}
	}
	return 0;
}

static int urgent_first(struct loop *loop)
{
	unsigned int cpu = cpumask_first(cpu_online_mask);
	struct pair_job job = { .loop = loop };
	struct xg_evtchn_client client;
	struct xg_evtchn *ch;
	int err;

	xg_test_init_client(&client, &job.urgent, "xg-test-urgent");
	client.cpu = cpu;
	client.priority = XG_PRIORITY_TIMER;
	ch = xg_evtchn_open_ipi(&client);
	if (IS_ERR(ch))
		return PTR_ERR(ch);
	WRITE_ONCE(job.urgent.ch, ch);
	err = irq_set_affinity(xg_evtchn_irq(loop->near.ch), cpumask_of(cpu));
	if (!err)
		err = send_pairs(&job, cpu, 5);
	xg_test_close_end(&job.urgent);
	return err;
}

int xg_test_urgent(unsigned int unused)
{
	return xg_test_with_loop(urgent_first);
}

static int there_and_back(struct loop *loop)
{
	int i, err = 0;

	pr_info("a loop of ports %u and %u\n", xg_evtchn_port(loop->near.ch),
		xg_evtchn_port(loop->far.ch));
	for (i = 1; i <= 3 && !err; i++) {
		xg_evtchn_notify(loop->far.ch);
		xg_evtchn_notify(loop->near.ch);
		err = xg_test_settle(&loop->near, i) ?: xg_test_settle(&loop->far, i);
	}
	return err;
}

/* A loop whose ports come after @number others, which nobody listens to. */
int xg_test_high(unsigned int number)
{
	struct evtchn_alloc_unbound op;
	evtchn_port_t *ports;
	unsigned int nr;
	int err = 0;

	if (number > EVTCHN_FIFO_NR_CHANNELS)
		return -EINVAL;
	ports = kvcalloc(number, sizeof(*ports), GFP_KERNEL);
	if (!ports)
		return -ENOMEM;
	for (nr = 0; nr < number; nr++) {
		op = (struct evtchn_alloc_unbound){
			.dom = DOMID_SELF,
			.remote_dom = DOMID_SELF,
		};
		err = xg_event_channel_op(EVTCHNOP_alloc_unbound, &op);
		if (err)
			break;
		ports[nr] = op.port;
	}
	if (!err)
		err = xg_test_with_loop(there_and_back);
	while (nr--) {
		struct evtchn_close close = { .port = ports[nr] };

		xg_event_channel_op(EVTCHNOP_close, &close);
	}
	kvfree(ports);
	return err;
}
