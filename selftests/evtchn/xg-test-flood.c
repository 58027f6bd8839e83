// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every event counted where it is sent and where it arrives.
 *
 * A lane leads from one CPU to another or to itself, by an IPI port or by a loop
 * of two ports. A thread on each CPU sends on all lanes that begin there: it
 * writes the event's number to memory, notifies, and goes on once the handler has
 * stored that number. "count": one event at a time on a lane, and each must be
 * delivered exactly once. "flood": bursts, whose events may merge, as a port has
 * one pending bit; the last one's number must arrive. Both send on several lanes by
 * one hypercall where Xen lets them. "begin" counts until "end", one send at a time.
 */
#define pr_fmt(fmt) "xg-test-evtchn: " fmt

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <xen/interface/xen.h>
#include <xen/interface/event_channel.h>
#include <xg/evtchn.h>
#include <xg/hypercall.h>
#include "xg-test-evtchn.h"

#define MAX_CPUS	8
#define MAX_LANES	32
#define BURST		64
#define REPORT		(10 * HZ)

/**
 * struct lane - events from one CPU to another
 * @ch: where they come in
 * @out: by which they are sent: @ch itself for an IPI
 * @ipi: or a loop
 * @from: whose thread sends
 * @to: where @ch was opened; a loop's may be moved
 * @port: of @ch, and remembered after it
 * @sent: the sender's: number of the newest event
 * @since: the sender's: when that was, in jiffies
 * @seen: the handler's, as all below: the number it read last
 * @delivered: how often it ran
 * @wrong: how often the number it read was not the next
 * @cpu: where it ran last, or -1
 * @moves: how often that was not where it ran before
 */
struct lane {
	struct xg_evtchn *ch;
	struct xg_evtchn *out;
	bool ipi;
	unsigned int from;
	unsigned int to;
	evtchn_port_t port;
	u64 sent;
	unsigned long since;
	u64 seen;
	u64 delivered;
	u64 wrong;
	int cpu;
	u64 moves;
};

/**
 * struct sender - a CPU's thread
 * @task: bound to it
 * @cpu: where the lanes begin
 * @nr: sends that wait to be made by one hypercall
 * @sends: their arguments
 * @calls: the calls
 */
struct sender {
	struct task_struct *task;
	unsigned int cpu;
	unsigned int nr;
	struct evtchn_send sends[BURST];
	struct multicall_entry calls[BURST];
};

/* They stay as they were at the end of a test: "result" shows them. */
static struct lane lanes[MAX_LANES];
static unsigned int nr_lanes;
static unsigned int window;	/* so many events of a lane on their way */
static u64 target;		/* so many of each lane in all */
static bool together;		/* several sends by one hypercall */
static bool broken;		/* one has not arrived: all threads end */
static atomic_t strays;		/* at an end to which nothing is sent */

static struct sender senders[MAX_CPUS];
static unsigned int nr_senders;
static atomic_t nr_sending;
static DECLARE_COMPLETION(all_sent);

/* One at a time, wherever the port is moved: the IRQ core sees to that. */
static irqreturn_t lane_irq(int irq, void *data)
{
	struct lane *lane = data;
	u64 nr = READ_ONCE(lane->sent);
	int cpu = smp_processor_id();

	if (lane->cpu != cpu) {
		if (lane->cpu >= 0)
			WRITE_ONCE(lane->moves, lane->moves + 1);
		WRITE_ONCE(lane->cpu, cpu);
	}
	WRITE_ONCE(lane->delivered, lane->delivered + 1);
	if (nr != lane->seen + 1)
		lane->wrong++;
	/* The next one comes after the EOI, or meets a port that is masked. */
	if (nr & 1)
		xg_evtchn_eoi(lane->ch, 0);
	/* Pairs with lane_step(): what has been counted for it can be seen. */
	smp_store_release(&lane->seen, nr);
	if (!(nr & 1))
		xg_evtchn_eoi(lane->ch, 0);
	return IRQ_HANDLED;
}

/* No EOI: one is enough. */
static irqreturn_t stray_irq(int irq, void *data)
{
	atomic_inc(&strays);
	return IRQ_HANDLED;
}

/* --- lanes ---------------------------------------------------------------- */

static int open_ipi(struct lane *lane)
{
	const struct xg_evtchn_client client = {
		.name = "xg-test-ipi",
		.handler = lane_irq,
		.data = lane,
		.cpu = lane->to,
	};

	lane->ch = xg_evtchn_open_ipi(&client);
	lane->out = lane->ch;
	return PTR_ERR_OR_ZERO(lane->ch);
}

static int open_loop(struct lane *lane)
{
	struct xg_evtchn_client client = {
		.name = "xg-test-lane",
		.handler = lane_irq,
		.data = lane,
		.cpu = lane->to,
	};

	lane->ch = xg_evtchn_open_unbound(DOMID_SELF, &client);
	if (IS_ERR(lane->ch))
		return PTR_ERR(lane->ch);
	client.name = "xg-test-sender";
	client.handler = stray_irq;
	client.cpu = lane->from;
	lane->out = xg_evtchn_open_interdomain(DOMID_SELF,
					       xg_evtchn_port(lane->ch),
					       &client);
	if (!IS_ERR(lane->out))
		return 0;
	xg_evtchn_close(lane->ch);
	return PTR_ERR(lane->out);
}

static int add_lane(unsigned int from, unsigned int to, bool ipi)
{
	struct lane *lane = &lanes[nr_lanes];
	int err;

	*lane = (struct lane){ .from = from, .to = to, .ipi = ipi, .cpu = -1 };
	err = ipi ? open_ipi(lane) : open_loop(lane);
	/* INTx: vCPU 0 alone has events of its own. */
	if (err == -ENODEV && ipi)
		return 0;
	if (err)
		return err;
	lane->port = xg_evtchn_port(lane->ch);
	nr_lanes++;
	return 0;
}

static void close_lanes(void)
{
	struct lane *lane;

	for (lane = lanes; lane < lanes + nr_lanes; lane++) {
		xg_evtchn_close(lane->ch);
		if (!lane->ipi)
			xg_evtchn_close(lane->out);
	}
}

/* From every CPU to itself, then to the next one, then to the one after. */
static int add_lanes(const unsigned int *cpus, unsigned int nr)
{
	unsigned int shift, i, to;
	int err;

	for (shift = 0; shift < nr; shift++) {
		for (i = 0; i < nr && nr_lanes + 2 <= MAX_LANES; i++) {
			to = cpus[(i + shift) % nr];
			err = add_lane(cpus[i], to, true) ?:
			      add_lane(cpus[i], to, false);
			if (err)
				return err;
		}
	}
	return 0;
}

/* As often as there is room, where one call sends on several. */
static int open_lanes(void)
{
	unsigned int cpu, cpus[MAX_CPUS], nr = 0;
	int err;

	for_each_online_cpu(cpu)
		if (nr < MAX_CPUS)
			cpus[nr++] = cpu;
	nr_lanes = 0;
	do {
		err = add_lanes(cpus, nr);
	} while (!err && together && nr_lanes + 2 * nr * nr <= MAX_LANES);
	if (!err)
		return 0;
	close_lanes();
	nr_lanes = 0;
	return err;
}

/* --- senders -------------------------------------------------------------- */

static void check_late(const struct lane *lane)
{
	if (time_before(jiffies, lane->since + PATIENCE))
		return;
	pr_err("%s port %u, CPU %u to %u: event %llu has not arrived in %u s; %llu delivered, the last of them on CPU %d\n",
	       lane->ipi ? "IPI" : "loop", lane->port, lane->from, lane->to,
	       lane->sent, PATIENCE / HZ, READ_ONCE(lane->delivered),
	       READ_ONCE(lane->cpu));
	WRITE_ONCE(broken, true);
}

/* Where Xen has no such call: one by one, from now on. */
static void send_collected(struct sender *sender)
{
	unsigned int i;

	if (sender->nr && xg_multicall(sender->calls, sender->nr)) {
		WRITE_ONCE(together, false);
		for (i = 0; i < sender->nr; i++)
			xg_event_channel_op(EVTCHNOP_send, &sender->sends[i]);
	}
	sender->nr = 0;
}

static void send(struct sender *sender, struct xg_evtchn *ch)
{
	struct evtchn_send *op = &sender->sends[sender->nr];

	if (!READ_ONCE(together)) {
		xg_evtchn_notify(ch);
		return;
	}
	op->port = xg_evtchn_port(ch);
	sender->calls[sender->nr++] = (struct multicall_entry){
		.op = __HYPERVISOR_event_channel_op,
		.args = { EVTCHNOP_send, (unsigned long)op },
	};
	if (sender->nr == BURST)
		send_collected(sender);
}

/* -> all have been sent and have arrived */
static bool lane_step(struct sender *sender, struct lane *lane)
{
	unsigned int i;

	/* Pairs with lane_irq(). */
	if (smp_load_acquire(&lane->seen) != lane->sent) {
		check_late(lane);
		return false;
	}
	if (lane->sent >= READ_ONCE(target))
		return true;
	for (i = 0; i < window && lane->sent < READ_ONCE(target); i++) {
		lane->since = jiffies;
		WRITE_ONCE(lane->sent, lane->sent + 1);
		send(sender, lane->out);
	}
	return false;
}

/* It needs no word to end: at the target, or when an event is overdue. */
static int send_all(void *data)
{
	struct sender *sender = data;
	struct lane *lane;
	bool done;

	do {
		done = true;
		for (lane = lanes; lane < lanes + nr_lanes; lane++)
			if (lane->from == sender->cpu &&
			    !lane_step(sender, lane))
				done = false;
		send_collected(sender);
		cpu_relax();
		cond_resched();
	} while (!done && !READ_ONCE(broken));
	if (atomic_dec_and_test(&nr_sending))
		complete(&all_sent);
	return 0;
}

static void stop_senders(void)
{
	WRITE_ONCE(target, 0);
	while (nr_senders) {
		struct task_struct *task = senders[--nr_senders].task;

		kthread_stop(task);
		put_task_struct(task);
	}
}

static int add_sender(unsigned int cpu)
{
	struct sender *sender = &senders[nr_senders];
	struct task_struct *task;

	sender->cpu = cpu;
	sender->nr = 0;
	task = kthread_create(send_all, sender, "xg-test-send%u", cpu);
	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, cpu);
	/* It may have ended by itself when it is stopped. */
	sender->task = get_task_struct(task);
	nr_senders++;
	return 0;
}

static bool has_sender(unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < nr_senders; i++)
		if (senders[i].cpu == cpu)
			return true;
	return false;
}

/* One for each CPU that a lane begins at. */
static int start_senders(void)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr_lanes && !err; i++)
		if (!has_sender(lanes[i].from))
			err = add_sender(lanes[i].from);
	if (err) {
		stop_senders();
		return err;
	}
	reinit_completion(&all_sent);
	atomic_set(&nr_sending, nr_senders);
	for (i = 0; i < nr_senders; i++)
		wake_up_process(senders[i].task);
	return 0;
}

/* --- a test --------------------------------------------------------------- */

static u64 sum_sent(void)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < nr_lanes; i++)
		sum += READ_ONCE(lanes[i].sent);
	return sum;
}

/* @number events in all; 0: until there is a word, and each by a call of its own */
static int start(unsigned int number, unsigned int at_once)
{
	int err;

	if (nr_senders)
		return -EBUSY;
	together = number;
	err = open_lanes();
	if (err)
		return err;
	window = at_once;
	target = number ? DIV_ROUND_UP(number, nr_lanes) : U64_MAX;
	broken = false;
	atomic_set(&strays, 0);
	err = start_senders();
	if (err)
		close_lanes();
	return err;
}

static int wait_sent(unsigned int number, unsigned int seconds)
{
	unsigned long begin = jiffies, until = begin + seconds * HZ;
	long left;

	for (;;) {
		left = wait_for_completion_interruptible_timeout(&all_sent,
								 REPORT);
		if (left < 0)
			return -EINTR;
		if (left) {
			pr_info("%llu events in %u ms\n", sum_sent(),
				jiffies_to_msecs(jiffies - begin));
			return READ_ONCE(broken) ? -EIO : 0;
		}
		pr_info("%llu of %u events\n", sum_sent(), number);
		if (time_after_eq(jiffies, until)) {
			pr_err("%u s are over\n", seconds);
			return -ETIME;
		}
	}
}

static bool lane_is_good(const struct lane *lane)
{
	if (!lane->sent || lane->seen != lane->sent)
		return false;
	if (window > 1)
		return lane->delivered <= lane->sent;
	return lane->delivered == lane->sent && !lane->wrong;
}

/* Closing has ended the handlers: an event too many has been counted. */
static int finish(void)
{
	struct lane *lane;
	int err = 0;

	stop_senders();
	close_lanes();
	for (lane = lanes; lane < lanes + nr_lanes; lane++) {
		if (lane_is_good(lane))
			continue;
		pr_err("%s port %u, CPU %u to %u: %llu sent, %llu delivered, %llu out of turn, number %llu the last\n",
		       lane->ipi ? "IPI" : "loop", lane->port, lane->from,
		       lane->to, lane->sent, lane->delivered, lane->wrong,
		       lane->seen);
		err = -EIO;
	}
	if (atomic_read(&strays)) {
		pr_err("%d events at ends to which nothing was sent\n",
		       atomic_read(&strays));
		err = -EIO;
	}
	return err;
}

static int run(unsigned int number, unsigned int at_once)
{
	int err;

	if (!number)
		return -EINVAL;
	err = start(number, at_once);
	if (err)
		return err;
	err = wait_sent(number, xg_test_seconds ?: 60);
	return finish() ?: err;
}

/* @number events, each waited for */
int xg_test_count(unsigned int number)
{
	return run(number, 1);
}

/* The same in bursts that are waited for */
int xg_test_flood(unsigned int number)
{
	return run(number, BURST);
}

int xg_test_begin(unsigned int unused)
{
	return start(0, 1);
}

int xg_test_end(unsigned int unused)
{
	return nr_senders ? finish() : -ENOENT;
}

void xg_test_flood_show(struct seq_file *m)
{
	u64 delivered = 0, moves = 0;
	struct lane *lane;

	for (lane = lanes; lane < lanes + nr_lanes; lane++) {
		delivered += READ_ONCE(lane->delivered);
		moves += READ_ONCE(lane->moves);
	}
	seq_printf(m, "counted_sent: %llu\ncounted_delivered: %llu\nmoves: %llu\n",
		   sum_sent(), delivered, moves);
}
