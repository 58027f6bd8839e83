// SPDX-License-Identifier: GPL-2.0-only
/*
 * The FIFO event ABI: queues of ports (proto/fifo.c) for each vCPU.
 *
 * Xen puts an event's port into a queue of its vCPU, sets the queue's bit in
 * `ready' and then the vCPU's upcall_pending; if both were clear, the vCPU is
 * interrupted. The scan takes ports until nothing is queued. Only Xen queues: an
 * event that is still pending at the unmask costs a hypercall.
 *
 * A port that was moved while it was queued is met in its old vCPU's queue, and
 * passed on from there; what is in the queues of a CPU that goes offline, as it
 * goes and once more when it is dead.
 */
#define pr_fmt(fmt) "xg-evtchn: " fmt

#include <linux/kernel.h>
#include <linux/ratelimit.h>
#include <asm/barrier.h>
#include <xg/hypercall.h>
#include "internal.h"

static u32 *word_of(evtchn_port_t port)
{
	return xg_fifo_word(&xg_fifo_words, port);
}

static void mask(evtchn_port_t port)
{
	u32 *word = word_of(port);

	if (word)
		xg_fifo_mask(word);
}

static void set_pending(evtchn_port_t port)
{
	u32 *word = word_of(port);

	if (word)
		xg_fifo_set_pending(word);
}

static void clear_pending(evtchn_port_t port)
{
	u32 *word = word_of(port);

	if (word)
		xg_fifo_clear_pending(word);
}

static bool take(evtchn_port_t port)
{
	u32 *word = word_of(port);

	return word && xg_fifo_claim(word);
}

/* Queued if it is not: by Xen, which knows the vCPU. */
static void raise(evtchn_port_t port, struct xg_cpu *to)
{
	struct evtchn_unmask op = { .port = port };

	xg_event_channel_op(EVTCHNOP_unmask, &op);
}

static void unmask(evtchn_port_t port, struct xg_cpu *to)
{
	u32 *word = word_of(port);

	if (word && xg_fifo_unmask(word))
		raise(port, to);
}

static void set_priority(evtchn_port_t port, enum xg_evtchn_priority priority)
{
	static const u32 values[] = {
		[XG_PRIORITY_NORMAL] = EVTCHN_FIFO_PRIORITY_DEFAULT,
		[XG_PRIORITY_IPI] = EVTCHN_FIFO_PRIORITY_MAX + 1,
		[XG_PRIORITY_TIMER] = EVTCHN_FIFO_PRIORITY_MAX,
	};
	struct evtchn_set_priority op = { .port = port };

	if (priority == XG_PRIORITY_NORMAL || priority >= ARRAY_SIZE(values))
		return;
	op.priority = values[priority];
	/* Where Xen refuses, it comes in its turn. */
	xg_event_channel_op(EVTCHNOP_set_priority, &op);
}

/* -> a port; 0: nothing is queued; < 0: this step found none */
static int next_port(struct xg_cpu *c)
{
	unsigned long irqflags;
	int port;

	raw_spin_lock_irqsave(&c->lock, irqflags);
	port = xg_fifo_next(&c->queues, &xg_fifo_words);
	raw_spin_unlock_irqrestore(&c->lock, irqflags);
	if (port == -EPROTO)
		pr_err_ratelimited("Xen's queue for CPU %u leads nowhere\n",
				   c->cpu);
	return port;
}

static unsigned int scan(struct xg_cpu *c, unsigned int budget)
{
	int port;

	/*
	 * Xen sets ready and then upcall_pending; that has been cleared, now
	 * ready is looked at.
	 */
	virt_mb();
	for (; budget; budget--) {
		port = next_port(c);
		if (!port)
			return budget;
		if (port > 0)
			xg_deliver(port, c);
	}
	WRITE_ONCE(c->info->evtchn_upcall_pending, 1);
	return 0;
}

/* Each port is taken out once, and what is passed on does not come back here. */
static void drain(struct xg_cpu *c)
{
	unsigned int left;
	int port;

	if (!c->queues.control)
		return;
	for (left = xg_fifo.ports; left; left--) {
		port = next_port(c);
		if (!port)
			return;
		if (port > 0)
			xg_pass_on(port, c);
	}
}

const struct xg_abi xg_fifo = {
	.name = "fifo",
	.ports = EVTCHN_FIFO_NR_CHANNELS,
	.reach = xg_fifo_reach,
	.mask = mask,
	.unmask = unmask,
	.take = take,
	.raise = raise,
	.set_pending = set_pending,
	.clear_pending = clear_pending,
	.scan = scan,
	.set_priority = set_priority,
	.cpu_up = xg_fifo_cpu_up,
	.drain = drain,
};
