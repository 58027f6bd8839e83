// SPDX-License-Identifier: GPL-2.0-only
/*
 * When the backend is to say that it has sent.
 *
 * Answers free memory, and normally an event comes when half of what is in flight
 * is answered. In a conversation it is one for nothing: the other end's packet
 * comes soon after, with an event of its own, and the answer is found beside it.
 * Where that was so the last times, answers are waited for no more (deferred),
 * unless there are many, the stack has stopped, a socket may be about to wait, a
 * packet did not bring those of all that sockets are accounted for, or nothing came
 * for LINGER.
 *
 * NAPI learns and asks; who sends looks after what NAPI cannot see. Start reading
 * at xg_net_answers_ask().
 */
#include <linux/if_ether.h>
#include <linux/tcp.h>
#include <net/sock.h>
#include <net/tcp.h>
#include "internal.h"

#define MANY		16	/* answers that make an event in any case */
#define LINGER		max(HZ / 50, 2)
#define SURE		4	/* conversation, so many times more than not */
#define MOST_SURE	8

/* Is half of the room that a socket has taken? */
static bool is_filling(const struct sock *sk)
{
	return 2 * sk_wmem_alloc_get(sk) > READ_ONCE(sk->sk_sndbuf);
}

/*
 * May the socket send no more before it hears of this packet? TCP may, with two not
 * acknowledged, and what it holds back is not seen here: so from the second on. It
 * is in its list only after this. Of others than the internet's nobody knows.
 */
static bool may_stop(const struct sk_buff *skb)
{
	const struct sock *sk = skb->sk;

	if (!sk_fullsock(sk))
		return false;
	return !sk_is_inet(sk) || is_filling(sk) ||
	       (sk_is_tcp(sk) && !tcp_rtx_queue_empty(sk));
}

/**
 * xg_net_answers_wanted() - does a socket's memory wait for this packet's answer?
 * @q: the queue; its transmit lock is held
 * @skb: the packet, put and not yet published
 *
 * TCP holds back what goes beyond a few packets on their way down, and whoever
 * writes to a socket waits for room in it.
 *
 * Context: any.
 * Return: true where xg_net_answers_got() is due.
 */
bool xg_net_answers_wanted(struct xg_net_queue *q, const struct sk_buff *skb)
{
	struct xg_net_answers *a = &q->tx.answers;

	if (!skb->sk || skb_is_tcp_pure_ack(skb))
		return false;
	WRITE_ONCE(a->wanted, a->wanted + 1);
	a->pressed |= may_stop(skb);
	return true;
}

/**
 * xg_net_answers_got() - a packet has been answered for which a socket may wait
 * @q: the queue
 * @skb: the packet, not yet freed
 *
 * Context: NAPI.
 */
void xg_net_answers_got(struct xg_net_queue *q, const struct sk_buff *skb)
{
	struct xg_net_answers *a = &q->tx.answers;
	struct sock *sk = skb->sk;

	WRITE_ONCE(a->wanted, a->wanted - 1);
	if (sk && sk_fullsock(sk) &&
	    (test_bit(TSQ_THROTTLED, &sk->sk_tsq_flags) || is_filling(sk)))
		a->urgent = true;
}

/**
 * xg_net_answers_learn() - what a round of NAPI found
 * @q: the queue
 * @answers: what was sent has been answered
 * @packets: some were received
 *
 * Context: NAPI.
 */
void xg_net_answers_learn(struct xg_net_queue *q, bool answers, bool packets)
{
	struct xg_net_answers *a = &q->tx.answers;
	bool together = answers && packets;

	if (packets && a->alone)
		together |= time_before(jiffies, a->when + LINGER);
	if (a->urgent)
		a->sure = 0;
	else if (together)
		a->sure = min(a->sure + 1, MOST_SURE);
	else if (answers && a->alone)
		/* Twice, and no packet between. */
		a->sure /= 2;
	a->urgent = false;
	if (packets) {
		a->alone = false;
	} else if (answers) {
		a->alone = true;
		a->when = jiffies;
	}
}

/**
 * xg_net_answers_ask() - say after how many answers the next event is to come
 * @q: the queue
 *
 * Context: NAPI, when no answer was left.
 * Return: true where they are there already.
 */
bool xg_net_answers_ask(struct xg_net_queue *q)
{
	struct xg_net_answers *a = &q->tx.answers;
	struct xg_ring *ring = &q->tx.ring;
	/*
	 * The second half keeps the backend busy while the first is dealt with.
	 * What is sent from now on only makes it less.
	 */
	u32 half = xg_ring_in_flight(ring) / 2 + 1;

	WRITE_ONCE(a->deferred, a->sure >= SURE && !READ_ONCE(a->wanted));
	if (!a->deferred)
		return xg_ring_rearm_after(ring, half);
	if (xg_ring_rearm_after(ring, max_t(u32, half, MANY)))
		return true;
	/* Pairs with the barrier in publishing: we see it, or it that we defer. */
	if (netif_xmit_stopped(xg_net_txq(q)) || READ_ONCE(a->wanted)) {
		WRITE_ONCE(a->deferred, false);
		return xg_ring_rearm_after(ring, half);
	}
	if (!xg_ring_in_flight(ring) && timer_pending(&a->linger)) {
		del_timer(&a->linger);
		/* Who publishes now may still have seen it pending, and left it at that. */
		smp_mb();
	}
	if (xg_ring_in_flight(ring))
		mod_timer(&a->linger, jiffies + LINGER);
	return false;
}

/**
 * xg_net_answers_sent() - something has been published
 * @q: the queue; its transmit lock is held
 *
 * Context: any.
 */
void xg_net_answers_sent(struct xg_net_queue *q)
{
	struct xg_net_answers *a = &q->tx.answers;
	bool pressed = a->pressed;

	a->pressed = false;
	if (!READ_ONCE(a->deferred))
		return;
	if (pressed || netif_xmit_stopped(xg_net_txq(q)))
		napi_schedule(&q->napi);
	else if (!timer_pending(&a->linger))
		mod_timer(&a->linger, jiffies + LINGER);
}

/* Nothing came along that would have found the answers. */
static void lingered(struct timer_list *timer)
{
	struct xg_net_queue *q = container_of(timer, struct xg_net_queue,
					      tx.answers.linger);

	if (!xg_ring_in_flight(&q->tx.ring))
		return;
	WRITE_ONCE(q->tx.answers.sure, 0);
	napi_schedule(&q->napi);
}

/**
 * xg_net_answers_init() - for a queue that has not been used
 * @q: the queue
 *
 * Byte queue limits stop the stack with a single small packet on its way, where
 * that was all there ever was: it would wait for each answer.
 *
 * Context: process.
 */
void xg_net_answers_init(struct xg_net_queue *q)
{
	netdev_queue_set_dql_min_limit(xg_net_txq(q), MANY * ETH_FRAME_LEN);
	timer_setup(&q->tx.answers.linger, lingered, 0);
}

/**
 * xg_net_answers_stop() - for a queue on which nothing is sent any more
 * @q: the queue; NAPI is off
 *
 * Context: process.
 */
void xg_net_answers_stop(struct xg_net_queue *q)
{
	struct xg_net_answers *a = &q->tx.answers;

	del_timer_sync(&a->linger);
	a->deferred = false;
	a->alone = false;
	a->pressed = false;
	a->sure = 0;
}
