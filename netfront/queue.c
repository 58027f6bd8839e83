// SPDX-License-Identifier: GPL-2.0-only
/*
 * A queue as a whole: its channels, its NAPI, its life and its death.
 *
 * An event is acknowledged when NAPI has found nothing more to do, and no event
 * can come before that. A dead queue's is never acknowledged, so a bad backend
 * can raise no more. Start with net_poll().
 */
#define pr_fmt(fmt) "xg-netfront: " fmt

#include <linux/slab.h>
#include "internal.h"

#define FIRED	0	/* bit of xg_net_event.fired */

/*
 * A peer can make these run before the channel's opener knows the channel: NAPI
 * is off then, and what fired is found when it comes on.
 */
static irqreturn_t rx_irq(int irq, void *data)
{
	struct xg_net_queue *q = data;

	q->rx.stats.interrupts++;
	set_bit(FIRED, &q->events[0].fired);
	napi_schedule(&q->napi);
	return IRQ_HANDLED;
}

static irqreturn_t tx_irq(int irq, void *data)
{
	struct xg_net_queue *q = data;

	q->tx.stats.interrupts++;
	set_bit(FIRED, &q->events[1].fired);
	napi_schedule(&q->napi);
	return IRQ_HANDLED;
}

/**
 * xg_net_found() - there was work of an event's kind
 * @event: the event
 * @again: it was seen by looking again after asking for the next event
 *
 * Work that is found before its event, or next to other work of the same event,
 * leaves an event that will find nothing: not the backend's fault.
 *
 * Context: NAPI.
 */
void xg_net_found(struct xg_net_event *event, bool again)
{
	if (again || event->found || !test_bit(FIRED, &event->fired))
		event->owed = true;
	event->found = true;
}

/* NAPI is through; it may begin anew elsewhere, which costs no more than a count. */
static void acknowledge(struct xg_net_queue *q, struct xg_net_event *event)
{
	bool found = event->found;
	unsigned int flags = 0;

	event->found = false;
	if (!test_and_clear_bit(FIRED, &event->fired))
		return;
	if (!found && !event->owed) {
		flags = XG_EOI_SPURIOUS;
		q->rx.stats.spurious++;
	} else if (!found) {
		event->owed = false;
	}
	xg_evtchn_eoi(event->ch, flags);
}

/* Ask for the next events; true where there is work already. */
static bool rearm(struct xg_net_queue *q)
{
	bool more = false;

	if (xg_net_answers_ask(q)) {
		xg_net_found(q->tx.event, true);
		more = true;
	}
	if (xg_ring_rearm(&q->rx.ring)) {
		xg_net_found(q->rx.event, true);
		more = true;
	}
	return more;
}

static int net_poll(struct napi_struct *napi, int budget)
{
	struct xg_net_queue *q = container_of(napi, struct xg_net_queue, napi);
	int answers, got;

	answers = xg_net_tx_poll(q, budget);
	if (answers)
		xg_net_found(q->tx.event, false);
	got = xg_net_rx_poll(q, budget);
	xg_net_answers_learn(q, answers, got);
	/* Netpoll, which has none, receives nothing and must not end what NAPI does. */
	if (budget)
		xg_net_xdp_flush(q);
	if (READ_ONCE(q->dead)) {
		napi_complete(napi);
		return 0;
	}
	if (got == budget)
		return got;
	if (rearm(q))
		return budget;
	if (napi_complete_done(napi, got)) {
		acknowledge(q, &q->events[0]);
		if (q->net->split)
			acknowledge(q, &q->events[1]);
	}
	return got;
}

/**
 * xg_net_kill() - nothing goes through the queue any more
 * @q: the queue
 *
 * Context: any, any number of times.
 */
void xg_net_kill(struct xg_net_queue *q)
{
	unsigned long flags;

	spin_lock_irqsave(&q->tx.lock, flags);
	WRITE_ONCE(q->dead, true);
	spin_unlock_irqrestore(&q->tx.lock, flags);
	xg_net_tx_drop(q);
}

/**
 * xg_net_poison() - the backend broke the protocol: go no further with it
 * @q: the queue
 * @why: what it did
 *
 * The interface has no carrier until the backend connects anew.
 *
 * Context: any.
 */
void xg_net_poison(struct xg_net_queue *q, const char *why)
{
	if (net_ratelimit())
		netdev_err(q->net->dev,
			   "queue %u: the backend %s; the queue is closed\n",
			   q->nr, why);
	WRITE_ONCE(q->poisoned, true);
	xg_net_kill(q);
	netif_carrier_off(q->net->dev);
}

static int open_channel(struct xg_net_queue *q, struct xg_net_event *event,
			irq_handler_t handler, const char *what)
{
	struct xg_evtchn_client client = {
		.name = event->name,
		.handler = handler,
		.data = q,
		/* A queue a CPU, as the stack spreads what it sends. */
		.cpu = cpu_online(q->nr) ? (int)q->nr : -1,
	};
	struct xg_evtchn *ch;

	snprintf(event->name, sizeof(event->name), "%s-q%u%s",
		 dev_name(&q->net->xdev->dev), q->nr, what);
	ch = xg_evtchn_open_unbound(q->net->xdev->peer, &client);
	if (IS_ERR(ch))
		return PTR_ERR(ch);
	event->ch = ch;
	return 0;
}

static int queue_alloc(struct xg_net_queue *q)
{
	bool split = q->net->split;
	int err;

	q->poisoned = false;
	q->rx.event = &q->events[0];
	q->tx.event = &q->events[split];
	err = xg_net_tx_alloc(q);
	if (err)
		return err;
	err = xg_net_rx_alloc(q);
	if (!err)
		err = xg_net_xdp_alloc(q);
	if (err)
		return err;
	err = open_channel(q, &q->events[0], rx_irq, split ? "-rx" : "");
	if (!err && split)
		err = open_channel(q, &q->events[1], tx_irq, "-tx");
	if (err)
		return err;
	xg_net_rx_refill(q);
	return 0;
}

/**
 * xg_net_queues_alloc() - rings, channels, and pages to receive into
 * @net: nr_queues and split are set
 *
 * Context: process.
 * Return: 0 or -errno; xg_net_queues_free() is due in either case.
 */
int xg_net_queues_alloc(struct xg_net *net)
{
	unsigned int nr = net->nr_queues;
	int err = 0;

	/* Always as many as there are: all that undoes this goes by it. */
	net->nr_queues = 0;
	while (!err && net->nr_queues < nr)
		err = queue_alloc(&net->queues[net->nr_queues++]);
	return err;
}

/**
 * xg_net_queues_start() - let packets through
 * @net: connected
 *
 * What came before is found now: NAPI runs once in any case.
 *
 * Context: process.
 */
void xg_net_queues_start(struct xg_net *net)
{
	unsigned int i;

	for (i = 0; i < net->nr_queues; i++) {
		struct xg_net_queue *q = &net->queues[i];

		q->polling = true;
		spin_lock_irq(&q->tx.lock);
		q->dead = false;
		spin_unlock_irq(&q->tx.lock);
		napi_enable(&q->napi);
		local_bh_disable();
		napi_schedule(&q->napi);
		local_bh_enable();
		/* The backend may have looked before it was connected. */
		xg_evtchn_notify(q->rx.event->ch);
	}
}

static void set_dead(struct xg_net_queue *q, bool dead)
{
	spin_lock_irq(&q->tx.lock);
	WRITE_ONCE(q->dead, dead);
	spin_unlock_irq(&q->tx.lock);
}

/**
 * xg_net_queues_rest() - nothing is sent, received or granted for a while
 * @net: connected
 *
 * What is on the rings stays there.
 *
 * Context: process.
 */
void xg_net_queues_rest(struct xg_net *net)
{
	unsigned int i;

	netif_tx_disable(net->dev);
	for (i = 0; i < net->nr_queues; i++)
		set_dead(&net->queues[i], true);
	/* And who is polling just now is through. */
	synchronize_net();
}

/**
 * xg_net_queues_go_on() - its mirror
 * @net: connected as it was
 *
 * Context: process.
 */
void xg_net_queues_go_on(struct xg_net *net)
{
	unsigned int i;

	for (i = 0; i < net->nr_queues; i++) {
		struct xg_net_queue *q = &net->queues[i];

		if (READ_ONCE(q->poisoned))
			continue;
		set_dead(q, false);
		local_bh_disable();
		napi_schedule(&q->napi);
		local_bh_enable();
	}
	if (netif_running(net->dev))
		netif_tx_wake_all_queues(net->dev);
}

/**
 * xg_net_queues_stop() - no more interrupts, no more NAPI
 * @net: whatever there is of it
 *
 * Context: process.
 */
void xg_net_queues_stop(struct xg_net *net)
{
	unsigned int i, k;

	if (!net->nr_queues)
		return;
	for (i = 0; i < net->nr_queues; i++) {
		struct xg_net_queue *q = &net->queues[i];

		xg_net_kill(q);
		if (q->polling)
			napi_disable(&q->napi);
		q->polling = false;
	}
	/* Who was sending when the queues died has notified by then, */
	netif_tx_disable(net->dev);
	/* and who had just finished polling has acknowledged. */
	synchronize_net();
	for (i = 0; i < net->nr_queues; i++) {
		struct xg_net_queue *q = &net->queues[i];

		xg_net_answers_stop(q);
		for (k = 0; k < ARRAY_SIZE(q->events); k++) {
			xg_evtchn_close(q->events[k].ch);
			q->events[k] = (struct xg_net_event) {};
		}
	}
}

/**
 * xg_net_queues_free() - give everything back
 * @net: stopped; the backend should have let go by now
 *
 * Context: process.
 */
void xg_net_queues_free(struct xg_net *net)
{
	while (net->nr_queues) {
		struct xg_net_queue *q = &net->queues[--net->nr_queues];

		xg_net_xdp_free(q);
		xg_net_rx_free(q);
		xg_net_tx_free(q);
	}
}

/**
 * xg_net_queues_make() - as many queues as there may ever be, empty
 * @net: the interface, not yet registered
 *
 * Return: 0 or -ENOMEM; xg_net_queues_unmake() is due after 0.
 */
int xg_net_queues_make(struct xg_net *net)
{
	unsigned int i;

	net->queues = kvcalloc(XG_NET_QUEUES_MAX, sizeof(*net->queues),
			       GFP_KERNEL);
	if (!net->queues)
		return -ENOMEM;
	for (i = 0; i < XG_NET_QUEUES_MAX; i++) {
		struct xg_net_queue *q = &net->queues[i];

		q->net = net;
		q->nr = i;
		q->dead = true;
		spin_lock_init(&q->tx.lock);
		xg_net_answers_init(q);
		netif_napi_add(net->dev, &q->napi, net_poll);
	}
	return 0;
}

/* The device is unregistered, and free_netdev() not yet called. */
void xg_net_queues_unmake(struct xg_net *net)
{
	unsigned int i;

	for (i = 0; i < XG_NET_QUEUES_MAX; i++)
		__netif_napi_del(&net->queues[i].napi);
	/* Who looks up a NAPI instance by its id has let go of it by then. */
	synchronize_net();
	kvfree(net->queues);
}
