// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * FIFO queues against a small Xen that follows the ABI, also between any two
 * steps of ours, and against memory that follows nothing.
 */
#include <xg/proto/fifo.h>

#include "kunit.h"

#define PORTS	(2 * XG_FIFO_PAGE_PORTS)
#define USED	40	/* of them, in the model, from 1 on, and the last */

struct xen {
	struct xg_fifo_array array;
	struct xg_fifo_queues queues;
	struct evtchn_fifo_control_block control;
	u32 tail[EVTCHN_FIFO_MAX_QUEUES];
	u32 priority[PORTS];
	bool due[PORTS];
	u32 seed;
};

static struct xen *new_xen(struct kunit *test)
{
	struct xen *x = kunit_kzalloc(test, sizeof(*x), GFP_KERNEL);
	u32 *page, i;

	if (!x)
		return NULL;
	x->queues.control = &x->control;
	x->seed = 5;
	while (x->array.ports < PORTS) {
		page = kunit_kzalloc(test, XG_FIFO_PAGE_PORTS * sizeof(*page),
				     GFP_KERNEL);
		if (!page)
			return NULL;
		xg_fifo_quiet_page(page);
		xg_fifo_add_page(&x->array, page);
	}
	for (i = 0; i < PORTS; i++)
		x->priority[i] = EVTCHN_FIFO_PRIORITY_DEFAULT;
	return x;
}

static u32 *word(struct xen *x, u32 port)
{
	return xg_fifo_word(&x->array, port);
}

/* Into the queue, unless it is masked or in one. */
static void queue(struct xen *x, u32 port)
{
	u32 priority = x->priority[port], *tail = &x->tail[priority];
	u32 *last = *tail && *tail != port ? word(x, *tail) : NULL;

	if (*word(x, port) & (XG_FIFO_MASKED | XG_FIFO_LINKED))
		return;
	*word(x, port) |= XG_FIFO_LINKED;
	if (last && *last & XG_FIFO_LINKED) {
		*last = (*last & ~(XG_FIFO_LINK | XG_FIFO_BUSY)) | port;
	} else {
		x->control.head[priority] = port;
		x->control.ready |= 1u << priority;
	}
	*tail = port;
}

static void event(struct xen *x, u32 port)
{
	x->due[port] = true;
	*word(x, port) |= XG_FIFO_PENDING;
	queue(x, port);
}

static void unmask(struct xen *x, u32 port)
{
	if (!xg_fifo_unmask(word(x, port)))
		return;
	*word(x, port) &= ~XG_FIFO_MASKED;
	if (*word(x, port) & XG_FIFO_PENDING)
		queue(x, port);
}

/* -> a port, its event claimed, or 0 where no more are queued; -1: an error */
static int take(struct xen *x)
{
	unsigned int steps;
	int port = -EAGAIN;

	for (steps = 0; port == -EAGAIN && steps < 2 * PORTS; steps++)
		port = xg_fifo_next(&x->queues, &x->array);
	if (port <= 0)
		return port ? -1 : 0;
	x->due[port] = false;
	return xg_fifo_claim(word(x, port)) ? port : -1;
}

static void fifo_first_in_first_out(struct kunit *test)
{
	static const u32 ports[] = { 7, 1024, 1, 2047, 1023, 3 };
	struct xen *x = new_xen(test);
	unsigned int i, round;

	KUNIT_ASSERT_NOT_NULL(test, x);
	KUNIT_EXPECT_EQ(test, take(x), 0);
	for (i = 0; i < ARRAY_SIZE(ports); i++)
		unmask(x, ports[i]);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(ports); i++) {
			event(x, ports[i]);
			/* Twice is once. */
			event(x, ports[i / 2]);
		}
		for (i = 0; i < ARRAY_SIZE(ports); i++) {
			KUNIT_EXPECT_EQ(test, take(x), (int)ports[i]);
			unmask(x, ports[i]);
		}
		KUNIT_EXPECT_EQ(test, take(x), 0);
	}
}

static void fifo_urgent_first(struct kunit *test)
{
	struct xen *x = new_xen(test);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, x);
	for (i = 1; i <= 16; i++) {
		x->priority[i] = 16 - i;
		unmask(x, i);
		event(x, i);
	}
	for (i = 16; i > 4; i--)
		KUNIT_EXPECT_EQ(test, take(x), (int)i);
	/* What comes late goes before what waits. */
	unmask(x, 16);
	event(x, 16);
	KUNIT_EXPECT_EQ(test, take(x), 16);
	for (i = 4; i; i--)
		KUNIT_EXPECT_EQ(test, take(x), (int)i);
	KUNIT_EXPECT_EQ(test, take(x), 0);
}

static void fifo_masked_waits(struct kunit *test)
{
	struct xen *x = new_xen(test);
	u32 *at;

	KUNIT_ASSERT_NOT_NULL(test, x);
	at = word(x, 5);
	/* Masked when it comes, and when it is queued already. */
	event(x, 5);
	KUNIT_EXPECT_EQ(test, take(x), 0);
	unmask(x, 5);
	xg_fifo_mask(at);
	KUNIT_EXPECT_EQ(test, take(x), 0);
	KUNIT_EXPECT_EQ(test, *at, XG_FIFO_MASKED | XG_FIFO_PENDING);
	unmask(x, 5);
	KUNIT_EXPECT_EQ(test, take(x), 5);
	KUNIT_EXPECT_EQ(test, *at, XG_FIFO_MASKED);
	KUNIT_EXPECT_FALSE(test, xg_fifo_claim(at));
	/* Who claims what another has claimed and unmasked leaves it so. */
	unmask(x, 5);
	KUNIT_EXPECT_FALSE(test, xg_fifo_claim(at));
	KUNIT_EXPECT_EQ(test, *at, 0u);
	/* Forgotten, but queued: dropped. */
	unmask(x, 5);
	event(x, 5);
	xg_fifo_clear_pending(at);
	KUNIT_EXPECT_EQ(test, take(x), 0);
	/* Ours to make, Xen's to queue. */
	xg_fifo_mask(at);
	xg_fifo_set_pending(at);
	KUNIT_EXPECT_EQ(test, take(x), 0);
	KUNIT_EXPECT_TRUE(test, xg_fifo_unmask(at));
	/* Busy: Xen is asked, nothing is waited for. */
	*at = XG_FIFO_MASKED | XG_FIFO_BUSY;
	KUNIT_EXPECT_TRUE(test, xg_fifo_unmask(at));
	KUNIT_EXPECT_EQ(test, *at, XG_FIFO_MASKED | XG_FIFO_BUSY);
}

static void fifo_array_ends(struct kunit *test)
{
	static u32 page[XG_FIFO_PAGE_PORTS];
	struct xen *x = new_xen(test);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, x);
	KUNIT_EXPECT_TRUE(test, word(x, PORTS - 1) ==
				x->array.pages[1] + XG_FIFO_PAGE_PORTS - 1);
	KUNIT_EXPECT_TRUE(test, !word(x, PORTS));
	KUNIT_EXPECT_TRUE(test, !word(x, ~0u));
	for (i = PORTS; i < EVTCHN_FIFO_NR_CHANNELS; i += XG_FIFO_PAGE_PORTS)
		KUNIT_EXPECT_EQ(test, xg_fifo_add_page(&x->array, page), 0);
	KUNIT_EXPECT_EQ(test, xg_fifo_add_page(&x->array, page), -ENOSPC);
	KUNIT_EXPECT_TRUE(test, word(x, EVTCHN_FIFO_NR_CHANNELS - 1) ==
				page + XG_FIFO_PAGE_PORTS - 1);
	KUNIT_EXPECT_TRUE(test, !word(x, EVTCHN_FIFO_NR_CHANNELS));
	/* What an earlier user left: events stay, queues do not. */
	for (i = 0; i < XG_FIFO_PAGE_PORTS; i++)
		page[i] = ~0u << i % 32;
	xg_fifo_quiet_page(page);
	for (i = 0; i < XG_FIFO_PAGE_PORTS; i++)
		KUNIT_EXPECT_EQ(test, page[i],
				XG_FIFO_PENDING | XG_FIFO_MASKED);
}

/* Heads and links that Xen would not write: their queue ends, others go on. */
static void fifo_bad_links(struct kunit *test)
{
	static const u32 heads[] = { 0, PORTS, ~0u, 9 /* linked by nobody */ };
	struct xen *x = new_xen(test);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, x);
	x->priority[4] = EVTCHN_FIFO_PRIORITY_MIN;
	*word(x, 9) = XG_FIFO_PENDING | 4;
	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		unmask(x, 4);
		event(x, 4);
		x->control.head[3] = heads[i];
		x->control.ready |= 1u << 3 | 1u << 20;
		KUNIT_EXPECT_EQ(test, xg_fifo_next(&x->queues, &x->array),
				-EPROTO);
		KUNIT_EXPECT_EQ(test, take(x), 4);
		KUNIT_EXPECT_EQ(test, take(x), 0);
	}
	/* A link out of the array: what comes before it is taken. */
	unmask(x, 4);
	event(x, 4);
	*word(x, 4) |= PORTS;
	KUNIT_EXPECT_EQ(test, take(x), 4);
	KUNIT_EXPECT_EQ(test, xg_fifo_next(&x->queues, &x->array), -EPROTO);
	KUNIT_EXPECT_EQ(test, take(x), 0);
}

static u32 any_port(struct xen *x)
{
	u32 port = any(&x->seed) % USED;

	return port ?: PORTS - 1;
}

/* Xen between two of our accesses. */
static void xen_acts(void *arg)
{
	struct xen *x = arg;

	if (any(&x->seed) % 3 == 0)
		event(x, any_port(x));
}

static void unmask_all(struct xen *x)
{
	u32 port;

	for (port = 1; port < USED; port++)
		unmask(x, port);
	unmask(x, PORTS - 1);
}

/* Whatever Xen does and when: no event is lost, each port is taken in turn. */
static void fifo_loses_nothing(struct kunit *test)
{
	struct xen *x = new_xen(test);
	int i, port;

	KUNIT_ASSERT_NOT_NULL(test, x);
	for (i = 1; i < USED; i++)
		x->priority[i] = i % 3 * 7;
	unmask_all(x);
	for (i = 0; i < 50000; i++) {
		peer_acts(xen_acts, x);
		port = 0;
		switch (any(&x->seed) % 4) {
		case 0:
			event(x, any_port(x));
			break;
		case 1:
			unmask(x, any_port(x));
			break;
		default:
			port = xg_fifo_next(&x->queues, &x->array);
		}
		peer_acts(NULL, NULL);
		KUNIT_ASSERT_TRUE(test, port != -EPROTO);
		if (port <= 0)
			continue;
		KUNIT_ASSERT_TRUE(test, x->due[port]);
		x->due[port] = false;
		KUNIT_ASSERT_TRUE(test, xg_fifo_claim(word(x, port)));
	}
	unmask_all(x);
	do
		port = take(x);
	while (port > 0);
	KUNIT_EXPECT_EQ(test, port, 0);
	for (i = 0; i < PORTS; i++) {
		KUNIT_EXPECT_FALSE(test, x->due[i]);
		KUNIT_EXPECT_EQ(test, *word(x, i) & ~XG_FIFO_MASKED &
				~XG_FIFO_LINK, 0u);
	}
}

static void scribble(void *arg)
{
	struct xen *x = arg;
	u32 port = any(&x->seed) % PORTS;

	switch (any(&x->seed) % 4) {
	case 0:
		x->control.ready = any(&x->seed);
		break;
	case 1:
		x->control.head[any(&x->seed) % EVTCHN_FIFO_MAX_QUEUES] =
			lie(&x->seed, port);
		break;
	case 2:
		*word(x, port) = any(&x->seed);
		break;
	}
}

/* No number leads out of the array; queues come to an end. */
static void fifo_survives_anything(struct kunit *test)
{
	struct xen *x = new_xen(test);
	int i, port;

	KUNIT_ASSERT_NOT_NULL(test, x);
	for (i = 0; i < 50000; i++) {
		scribble(x);
		peer_acts(scribble, x);
		port = xg_fifo_next(&x->queues, &x->array);
		peer_acts(NULL, NULL);
		KUNIT_ASSERT_TRUE(test, port < (int)PORTS &&
				  (port >= 0 || port == -EAGAIN ||
				   port == -EPROTO));
	}
	/* A ring of links is walked once. */
	for (i = 0; i < (int)PORTS; i++)
		*word(x, i) = XG_FIFO_LINKED | (i + 1) % PORTS;
	for (i = 0; i < 2 * (int)PORTS + 100; i++)
		port = xg_fifo_next(&x->queues, &x->array);
	KUNIT_EXPECT_EQ(test, port, 0);
}

static struct kunit_case fifo_cases[] = {
	KUNIT_CASE(fifo_first_in_first_out),
	KUNIT_CASE(fifo_urgent_first),
	KUNIT_CASE(fifo_masked_waits),
	KUNIT_CASE(fifo_array_ends),
	KUNIT_CASE(fifo_bad_links),
	KUNIT_CASE(fifo_loses_nothing),
	KUNIT_CASE(fifo_survives_anything),
	{}
};

struct kunit_suite xg_fifo_suite = {
	.name = "xg-fifo",
	.test_cases = fifo_cases,
};
