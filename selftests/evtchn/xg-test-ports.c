// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event channels tested from inside: write a test's name, its number and, where
 * that may take long, the seconds it may take to debugfs xg/test-evtchn/run, read
 * counts from xg/test-evtchn/result.
 *
 * A write fails with the errno of what went wrong. The tests need no peer: a
 * loop is an unbound port of ours with a port of ours bound to it. "load" starts
 * loops that run until "unload"; all else ends with the write. Other tests are
 * in xg-test-fifo.c and xg-test-flood.c, the one with a peer in xg-test-peer.c.
 */
#define pr_fmt(fmt) "xg-test-evtchn: " fmt

#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <xg/evtchn.h>
#include <xg/hypercall.h>
#include <selftests/xg-test.h>
#include "xg-test-evtchn.h"

#define MAX_LOOPS	8

static u64 nr_sent, nr_received, nr_lost;
static atomic_t nr_turns;	/* events of all ends, in their order */
static DEFINE_MUTEX(lock);	/* one test at a time */

static struct loop *loops[MAX_LOOPS];

unsigned int xg_test_seconds;

/* An event may come before the opener has stored its channel. */
static irqreturn_t end_irq(int irq, void *data)
{
	struct end *end = data;
	struct xg_evtchn *ch = READ_ONCE(end->ch);

	if (WARN_ON_ONCE(READ_ONCE(end->gone) || !ch))
		return IRQ_HANDLED;
	WRITE_ONCE(end->turn, atomic_inc_return(&nr_turns));
	atomic_inc(&end->events);
	if (end->eoi >= 0)
		xg_evtchn_eoi(ch, end->eoi);
	if (end->other)
		xg_evtchn_notify(ch);
	complete(&end->arrived);
	return IRQ_HANDLED;
}

void xg_test_init_client(struct xg_evtchn_client *client, struct end *end,
			 const char *name)
{
	init_completion(&end->arrived);
	*client = (struct xg_evtchn_client){
		.name = name,
		.handler = end_irq,
		.data = end,
		.cpu = -1,
	};
}

void xg_test_close_end(struct end *end)
{
	xg_evtchn_close(end->ch);
	WRITE_ONCE(end->gone, true);
}

static int open_loop(struct loop *loop)
{
	struct xg_evtchn_client client;
	struct xg_evtchn *ch;

	xg_test_init_client(&client, &loop->near, "xg-test-near");
	ch = xg_evtchn_open_unbound(DOMID_SELF, &client);
	if (IS_ERR(ch))
		return PTR_ERR(ch);
	WRITE_ONCE(loop->near.ch, ch);
	xg_test_init_client(&client, &loop->far, "xg-test-far");
	ch = xg_evtchn_open_interdomain(DOMID_SELF, xg_evtchn_port(ch),
					&client);
	if (IS_ERR(ch)) {
		xg_test_close_end(&loop->near);
		return PTR_ERR(ch);
	}
	WRITE_ONCE(loop->far.ch, ch);
	return 0;
}

static void close_loop(struct loop *loop)
{
	xg_test_close_end(&loop->near);
	xg_test_close_end(&loop->far);
}

/* --- IPIs, each waited for ------------------------------------------------ */

struct ipi_job {
	struct end end;
	int count;
	int err;
};

static long send_ipis(void *data)
{
	struct ipi_job *job = data;
	unsigned long until;
	int i;

	for (i = 1; i <= job->count; i++) {
		xg_evtchn_notify(job->end.ch);
		nr_sent++;
		until = jiffies + PATIENCE;
		while (atomic_read(&job->end.events) < i) {
			if (time_after(jiffies, until))
				return -ETIMEDOUT;
			cond_resched();
			cpu_relax();
		}
	}
	return atomic_read(&job->end.events) == job->count ? 0 : -EIO;
}

static int ipi_pair(unsigned int from, unsigned int to, int count)
{
	struct ipi_job job = { .count = count };
	struct xg_evtchn_client client;
	struct xg_evtchn *ch;
	int err;

	xg_test_init_client(&client, &job.end, "xg-test-ipi");
	client.cpu = to;
	ch = xg_evtchn_open_ipi(&client);
	if (IS_ERR(ch))
		return PTR_ERR(ch);
	WRITE_ONCE(job.end.ch, ch);
	err = work_on_cpu(from, send_ipis, &job);
	xg_test_close_end(&job.end);
	nr_received += atomic_read(&job.end.events);
	return err;
}

/* @number IPIs in all, over every pair of CPUs that can have them */
static int test_ipi(unsigned int number)
{
	unsigned int from, to, pairs;
	int err = 0;

	pairs = num_online_cpus() * num_online_cpus();
	for_each_online_cpu(from) {
		for_each_online_cpu(to) {
			err = ipi_pair(from, to, DIV_ROUND_UP(number, pairs));
			/* INTx: vCPU 0 alone has events. */
			if (err == -ENODEV)
				continue;
			if (err)
				return err;
		}
	}
	return nr_received == nr_sent && nr_sent ? 0 : -EIO;
}

/* For the bench: one hypercall and one upcall an event, nothing else runs. */
static int test_self(unsigned int number)
{
	return ipi_pair(0, 0, number);
}

/* --- what the header promises of one port --------------------------------- */

int xg_test_settle(struct end *end, int wanted)
{
	unsigned long until = jiffies + PATIENCE;

	while (atomic_read(&end->events) < wanted && time_before(jiffies, until))
		msleep(20);
	/* Long enough for one too many to show. */
	msleep(50);
	if (atomic_read(&end->events) == wanted)
		return 0;
	pr_err("%d events where %d were due\n", atomic_read(&end->events),
	       wanted);
	return -EIO;
}

static int late_eoi(struct loop *loop)
{
	struct end *near = &loop->near;
	int i, err;

	near->eoi = -1;
	xg_evtchn_notify(loop->far.ch);
	err = xg_test_settle(near, 1);
	if (err)
		return err;
	/* These are one: they meet a port that is pending, or masked. */
	for (i = 0; i < 2; i++)
		xg_evtchn_notify(loop->far.ch);
	/* Neither of these may stand in for the EOI. */
	disable_irq(xg_evtchn_irq(near->ch));
	enable_irq(xg_evtchn_irq(near->ch));
	irq_set_affinity(xg_evtchn_irq(near->ch), cpumask_of(0));
	err = xg_test_settle(near, 1);
	if (err)
		return err;
	near->eoi = 0;
	xg_evtchn_eoi(near->ch, 0);
	return xg_test_settle(near, 2);
}

static int disabled(struct loop *loop)
{
	int err;

	disable_irq(xg_evtchn_irq(loop->near.ch));
	xg_evtchn_notify(loop->far.ch);
	xg_evtchn_notify(loop->far.ch);
	err = xg_test_settle(&loop->near, 0);
	enable_irq(xg_evtchn_irq(loop->near.ch));
	if (err)
		return err;
	err = xg_test_settle(&loop->near, 1);
	if (err)
		return err;
	xg_evtchn_notify(loop->far.ch);
	return xg_test_settle(&loop->near, 2);
}

static int kicked(struct loop *loop)
{
	int err;

	xg_evtchn_kick(loop->near.ch);
	err = xg_test_settle(&loop->near, 1);
	if (err)
		return err;
	disable_irq(xg_evtchn_irq(loop->near.ch));
	xg_evtchn_kick(loop->near.ch);
	err = xg_test_settle(&loop->near, 1);
	enable_irq(xg_evtchn_irq(loop->near.ch));
	return err ?: xg_test_settle(&loop->near, 2);
}

int xg_test_with_loop(int (*test)(struct loop *loop))
{
	struct loop *loop;
	int err;

	loop = kzalloc(sizeof(*loop), GFP_KERNEL);
	if (!loop)
		return -ENOMEM;
	err = open_loop(loop);
	if (!err) {
		err = test(loop);
		close_loop(loop);
	}
	kfree(loop);
	return err;
}

static int test_eoi(unsigned int unused)
{
	return xg_test_with_loop(late_eoi);
}

static int test_disable(unsigned int unused)
{
	return xg_test_with_loop(disabled);
}

static int test_kick(unsigned int unused)
{
	return xg_test_with_loop(kicked);
}

/* --- a peer that floods --------------------------------------------------- */

static int flood(void *data)
{
	struct end *from = data;

	while (!kthread_should_stop()) {
		xg_evtchn_notify(from->ch);
		nr_sent++;
		/* Leave the CPU that takes the interrupts some time to live. */
		usleep_range(20, 60);
	}
	return 0;
}

static unsigned int storm_ms;

static int storm(struct loop *loop)
{
	struct task_struct *task;
	int events, useful, i;

	loop->near.eoi = XG_EOI_SPURIOUS;
	task = kthread_run(flood, &loop->far, "xg-test-flood");
	if (IS_ERR(task))
		return PTR_ERR(task);
	msleep(storm_ms);
	events = atomic_read(&loop->near.events);
	kthread_stop(task);
	/* And it is forgiven once there is work again. */
	loop->near.eoi = 0;
	msleep(200);
	useful = atomic_read(&loop->near.events);
	for (i = 0; i < 20; i++) {
		xg_evtchn_notify(loop->far.ch);
		msleep(20);
	}
	useful = atomic_read(&loop->near.events) - useful;
	nr_received = events;
	pr_info("flood: %llu sent, %d delivered as spurious, %d as useful\n",
		nr_sent, events, useful);
	/* 100 ms apart in the end; and at least one must get through. */
	if (events > 30 + storm_ms / 50 || events < 5 || useful < 15)
		return -EIO;
	return 0;
}

static int test_storm(unsigned int ms)
{
	storm_ms = ms;
	return xg_test_with_loop(storm);
}

static int close_once(struct loop *loop)
{
	struct task_struct *task;

	task = kthread_run(flood, &loop->far, "xg-test-flood");
	if (IS_ERR(task))
		return PTR_ERR(task);
	if (!wait_for_completion_timeout(&loop->near.arrived, PATIENCE)) {
		kthread_stop(task);
		return -ETIMEDOUT;
	}
	xg_test_close_end(&loop->near);
	kthread_stop(task);
	nr_received += atomic_read(&loop->near.events);
	/* close_loop() closes NULL then. */
	loop->near.ch = NULL;
	return 0;
}

/* Close, @number times, what events are arriving at. */
static int test_close(unsigned int number)
{
	int err = 0;

	while (number-- && !err)
		err = xg_test_with_loop(close_once);
	return err;
}

static int test_reopen(unsigned int number)
{
	struct xg_evtchn_client client;
	struct end end = {};
	int cpu;

	xg_test_init_client(&client, &end, "xg-test-open");
	while (number--) {
		end.ch = xg_evtchn_open_unbound(DOMID_SELF, &client);
		if (IS_ERR(end.ch))
			return PTR_ERR(end.ch);
		xg_evtchn_close(end.ch);
	}
	/* What must be refused. */
	client.cpu = nr_cpu_ids;
	end.ch = xg_evtchn_open_ipi(&client);
	if (!IS_ERR(end.ch))
		return -EIO;
	end.ch = xg_evtchn_adopt(~0U, &client);
	if (!IS_ERR(end.ch))
		return -EIO;
	client.cpu = 0;
	client.handler = NULL;
	end.ch = xg_evtchn_open_ipi(&client);
	cpu = IS_ERR(end.ch) ? 0 : -EIO;
	xg_evtchn_close(NULL);
	xg_evtchn_close(ERR_PTR(-ENOENT));
	return cpu;
}

/* --- loops that go on by themselves --------------------------------------- */

/* One event is on its way at any time: a lost one stops the loop, and shows. */
static int run_loop(void *data)
{
	struct loop *loop = data;

	while (!kthread_should_stop()) {
		reinit_completion(&loop->far.arrived);
		xg_evtchn_notify(loop->far.ch);
		if (wait_for_completion_timeout(&loop->far.arrived, PATIENCE)) {
			WRITE_ONCE(loop->trips, loop->trips + 1);
		} else {
			WRITE_ONCE(loop->lost, loop->lost + 1);
			pr_err("an event was lost\n");
		}
		cond_resched();
	}
	return 0;
}

static void stop_load(void)
{
	struct loop *loop;
	int i;

	for (i = 0; i < MAX_LOOPS; i++) {
		loop = loops[i];
		if (!loop)
			continue;
		if (loop->task)
			kthread_stop(loop->task);
		close_loop(loop);
		nr_sent += atomic_read(&loop->near.events);
		nr_received += loop->trips;
		nr_lost += loop->lost;
		kfree(loop);
		loops[i] = NULL;
	}
}

static int start_one(int i)
{
	struct loop *loop;
	int err;

	loop = kzalloc(sizeof(*loop), GFP_KERNEL);
	if (!loop)
		return -ENOMEM;
	err = open_loop(loop);
	if (err) {
		kfree(loop);
		return err;
	}
	loop->near.other = &loop->far;
	loops[i] = loop;
	loop->task = kthread_run(run_loop, loop, "xg-test-loop%d", i);
	if (IS_ERR(loop->task)) {
		err = PTR_ERR(loop->task);
		loop->task = NULL;
	}
	return err;
}

static int test_load(unsigned int number)
{
	unsigned int i;
	int err = 0;

	if (loops[0] || number > MAX_LOOPS)
		return -EINVAL;
	for (i = 0; i < number && !err; i++)
		err = start_one(i);
	if (err)
		stop_load();
	return err;
}

static int test_unload(unsigned int unused)
{
	stop_load();
	return nr_lost || nr_sent != nr_received ? -EIO : 0;
}

/* --- debugfs -------------------------------------------------------------- */

static const struct test {
	const char *name;
	int (*run)(unsigned int number);
} tests[] = {
	{ "ipi", test_ipi },
	{ "self", test_self },
	{ "eoi", test_eoi },
	{ "disable", test_disable },
	{ "kick", test_kick },
	{ "urgent", xg_test_urgent },
	{ "high", xg_test_high },
	{ "storm", test_storm },
	{ "close", test_close },
	{ "open", test_reopen },
	{ "load", test_load },
	{ "unload", test_unload },
	{ "count", xg_test_count },
	{ "flood", xg_test_flood },
	{ "begin", xg_test_begin },
	{ "end", xg_test_end },
	{ "listen", xg_test_listen },
	{ "answer", xg_test_answer },
	{ "mute", xg_test_mute },
	{ "hangup", xg_test_hang_up },
};

static ssize_t run_write(struct file *file, const char __user *from,
			 size_t len, loff_t *pos)
{
	char line[32] = "", name[16] = "";
	unsigned int i, number = 0;
	int err = -ENOENT;

	if (len >= sizeof(line) || copy_from_user(line, from, len))
		return -EINVAL;
	mutex_lock(&lock);
	xg_test_seconds = 0;
	if (sscanf(line, "%15s %u %u", name, &number, &xg_test_seconds) < 1)
		err = -EINVAL;
	nr_sent = 0;
	nr_received = 0;
	nr_lost = 0;
	for (i = 0; i < ARRAY_SIZE(tests); i++)
		if (!strcmp(name, tests[i].name))
			err = tests[i].run(number);
	mutex_unlock(&lock);
	return err ?: len;
}

XG_TEST_RUN;

static int result_show(struct seq_file *m, void *unused)
{
	u64 trips = 0, lost = nr_lost;
	int i;

	for (i = 0; i < MAX_LOOPS; i++) {
		if (!loops[i])
			continue;
		trips += READ_ONCE(loops[i]->trips);
		lost += READ_ONCE(loops[i]->lost);
	}
	seq_printf(m, "sent: %llu\nreceived: %llu\nlost: %llu\ntrips: %llu\n",
		   nr_sent, nr_received, lost, trips);
	xg_test_flood_show(m);
	xg_test_peer_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(result);

static struct dentry *dir;

static int __init xg_test_evtchn_init(void)
{
	dir = xg_test_files("test-evtchn", &run_fops, &result_fops);
	return 0;
}

static void __exit xg_test_evtchn_exit(void)
{
	debugfs_remove(dir);
	stop_load();
	xg_test_end(0);
	xg_test_hang_up(0);
}

module_init(xg_test_evtchn_init);
module_exit(xg_test_evtchn_exit);

MODULE_DESCRIPTION("Tests of xg-evtchn");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
