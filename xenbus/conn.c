// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection to xenstore: its page, its port, one reader.
 *
 * Requests are written by call.c; the kthread here reads all messages, and mends
 * the connection when somebody has found it broken. @lock guards @state and @calls.
 *
 * A connection begins, the first time as after each mending, by one call
 * (xg_conn_sync()) whose answer alone counts: what comes before it is an earlier
 * owner's, or was asked before it broke. Where bytes are lost in the stream the
 * ring must be reset by the server (Xen docs/misc/xenstore-ring.txt), if it can.
 * Start reading at reader().
 */
#define pr_fmt(fmt) "xg-xenbus: " fmt

#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/ratelimit.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <xen/interface/xen.h>
#include <xg/evtchn.h>
#include "conn.h"

#define SYNC		(5 * HZ)	/* for an answer to the first call of all */
#define MEND_MAX	5		/* times in MEND_SPAN */
#define MEND_SPAN	(60 * HZ)
#define ROOM_POLL	(HZ / 50)	/* for a writer, while it is mended */
#define IDLE_EVENTS	64		/* in a row with nothing to do: a storm */

struct xg_conn xg_conn = {
	.send = __MUTEX_INITIALIZER(xg_conn.send),
	.room = __WAIT_QUEUE_HEAD_INITIALIZER(xg_conn.room),
	.events = __WAIT_QUEUE_HEAD_INITIALIZER(xg_conn.events),
	.lock = __SPIN_LOCK_UNLOCKED(xg_conn.lock),
	.calls = LIST_HEAD_INIT(xg_conn.calls),
};

static void enter(enum xg_conn_state state)
{
	spin_lock(&xg_conn.lock);
	WRITE_ONCE(xg_conn.state, state);
	spin_unlock(&xg_conn.lock);
}

/*
 * A work item of its own: all others may be waiting for what it does. A server that
 * is only away for long is asked again each minute: MEND_MAX is not for that.
 */
static void sync_again(struct work_struct *work)
{
	if (xg_conn_sync(XG_CONN_DEAD))
		return;
	pr_info("xenstore: connected again\n");
	xg_watch_renew();
}

static DECLARE_WORK(sync_work, sync_again);

/* --- the reader ---------------------------------------------------------------- */

static irqreturn_t store_irq(int irq, void *data)
{
	WRITE_ONCE(xg_conn.event, true);
	wake_up(&xg_conn.events);
	return IRQ_HANDLED;
}

static struct xg_call *take_call(u32 id)
{
	struct xg_call *call, *found = NULL;

	spin_lock(&xg_conn.lock);
	list_for_each_entry(call, &xg_conn.calls, node) {
		if (call->id == id) {
			list_del_init(&call->node);
			found = call;
			break;
		}
	}
	spin_unlock(&xg_conn.lock);
	return found;
}

/* The parser's message answers @call. Off the list, it is this thread's. */
static const char *answer(struct xg_call *call)
{
	const struct xg_xs_parser *msg = &xg_conn.parser;
	struct xg_reply *reply = call->reply;
	const char *broken = NULL;

	if (msg->hdr.type == XS_ERROR && !(reply && reply->raw)) {
		call->err = xg_xs_errno(msg->body);
	} else if (msg->hdr.type != call->type && msg->hdr.type != XS_ERROR) {
		call->err = -EIO;
		broken = "a reply of another type than its request";
	} else if (reply) {
		reply->type = msg->hdr.type;
		reply->len = msg->hdr.len;
		reply->epoch = call->epoch;
		reply->body = kmemdup_nul(msg->body, msg->hdr.len, GFP_NOIO);
		call->err = reply->body ? 0 : -ENOMEM;
	}
	if (xchg(&xg_conn.told_slow, false))
		pr_info("xenstore: it answers again\n");
	complete(&call->done);
	return broken;
}

/* NULL, or what is wrong with the message. */
static const char *deliver(void)
{
	const struct xg_xs_parser *msg = &xg_conn.parser;
	bool old = xg_conn_now() == SYNCING;
	struct xg_call *call;

	xg_conn.messages++;
	if (msg->hdr.type == XS_WATCH_EVENT)
		return !old && xg_watch_event(msg->body, msg->hdr.len) ?
		       "a watch event without path or token" : NULL;
	call = take_call(msg->hdr.req_id);
	if (call)
		return answer(call);
	return old || !xg_conn_usable() ? NULL : "an answer that nobody asked for";
}

/* All that is there; true where anything was. */
static bool drain(void)
{
	u32 before = xg_conn.ring.rsp_cons;
	const char *why;
	int err;

	while ((err = xg_xs_parser_pump(&xg_conn.parser, &xg_conn.ring)) > 0) {
		why = deliver();
		if (why)
			xg_conn_break(xg_conn.epoch, why, false);
		if (kthread_should_stop() || !xg_conn_usable())
			break;
		cond_resched();
	}
	if (err < 0)
		xg_conn_break(xg_conn.epoch,
			      "no message, or an impossible index", true);
	if (xg_conn.ring.rsp_cons == before)
		return false;
	xg_evtchn_notify(xg_conn.port);
	return true;
}

/* @how fills our side of the ring in; what was read of a message is void. */
static int new_ring(int (*how)(struct xg_xs_conn *ring, struct xg_evtchn *port))
{
	struct xg_xs_conn ring = { .intf = xg_conn.page };
	int err = how(&ring, xg_conn.port);

	if (!err) {
		xg_conn.ring = ring;
		xg_conn.old_error = xg_page_error(xg_conn.page);
		xg_xs_parser_init(&xg_conn.parser);
	}
	return err;
}

/*
 * No writer is in the middle of a message any more. One that waits for room is
 * woken by this thread alone, so it must not sleep on the mutex.
 */
static void lock_send(void)
{
	while (!mutex_trylock(&xg_conn.send)) {
		wake_up_all(&xg_conn.room);
		schedule_timeout_idle(ROOM_POLL);
	}
}

/* It has been asked to reset the ring, and will tell when it has. */
static void wait_for_server(void)
{
	if (!xchg(&xg_conn.told_slow, true))
		pr_warn("xenstore: no new connection yet, waiting on\n");
	wait_event_idle_timeout(xg_conn.events, READ_ONCE(xg_conn.event) ||
				kthread_should_stop(), XG_CONN_DEAD);
}

static int open_port(evtchn_port_t port);

/* The toolstack has made another page, or another port, or both. */
static int move_in(void)
{
	struct xenstore_domain_interface *page;
	u64 port;
	int err;

	err = xg_page_map(&page, &port);
	if (err)
		return err;
	xg_page_unmap(xg_conn.page);
	xg_conn.page = page;
	xg_evtchn_close(xg_conn.port);
	err = open_port(port);
	if (err) {
		xg_conn.port = NULL;
		return err;
	}
	xg_conn.moved = false;
	return new_ring(xg_page_take);
}

/* A server that breaks it again and again is left alone. */
static int connect_anew(void)
{
	if (xg_conn.moved)
		return move_in();
	return __ratelimit(&xg_conn.mends) ? new_ring(xg_page_reset) : -ELOOP;
}

static void mend(void)
{
	int err;

	lock_send();
	if (xg_conn_now() != BROKEN) {
		mutex_unlock(&xg_conn.send);
		return;
	}
	err = connect_anew();
	/* The messages may be at fault, but whole: then go on with them. */
	if (err == -EOPNOTSUPP && !xg_conn.torn)
		err = 0;
	if (!err)
		xg_conn.torn = false;
	if (err != -ETIMEDOUT)
		enter(err ? FAILED : SYNCING);
	mutex_unlock(&xg_conn.send);
	wake_up_all(&xg_conn.room);

	if (err == -ETIMEDOUT) {
		wait_for_server();
		return;
	}
	if (err) {
		pr_err("xenstore: no new connection (%d); devices stay as they are\n",
		       err);
		return;
	}
	xg_conn.reconnects++;
	queue_work(system_unbound_wq, &sync_work);
}

static int reader(void *unused)
{
	unsigned int idle = 0;
	bool event;

	while (!kthread_should_stop()) {
		wait_event_idle(xg_conn.events, READ_ONCE(xg_conn.event) ||
				xg_conn_now() == BROKEN || kthread_should_stop());
		event = xchg(&xg_conn.event, false);
		if (xg_conn_now() == BROKEN)
			mend();
		if (!xg_conn_usable()) {
			/* Failed, it stays masked; else a reset's is to come. */
			if (event && xg_conn_now() == BROKEN)
				xg_evtchn_eoi(xg_conn.port, XG_EOI_SPURIOUS);
			continue;
		}
		/* The server has taken bytes, put some, or cries wolf. */
		if (drain() || wq_has_sleeper(&xg_conn.room))
			idle = 0;
		else
			idle++;
		wake_up_all(&xg_conn.room);
		if (event)
			xg_evtchn_eoi(xg_conn.port, idle > IDLE_EVENTS ?
						 XG_EOI_SPURIOUS : 0);
	}
	return 0;
}

/* --- suspend --------------------------------------------------------------- */

static bool nobody_waits(void)
{
	bool none;

	spin_lock(&xg_conn.lock);
	none = list_empty(&xg_conn.calls);
	spin_unlock(&xg_conn.lock);
	return none;
}

/* No call is under way, and none begins until xg_conn_resume(). */
void xg_conn_suspend(void)
{
	mutex_lock(&xg_conn.send);
	/* Each is answered, or fails, in bounded time. */
	while (!nobody_waits())
		schedule_timeout_uninterruptible(1);
}

/* @moved: the page and the port are another domain's, nothing is known there. */
void xg_conn_resume(bool moved)
{
	if (moved) {
		spin_lock(&xg_conn.lock);
		xg_conn.moved = true;
		xg_conn.torn = true;
		xg_conn_fail_calls(BROKEN);
		spin_unlock(&xg_conn.lock);
	}
	mutex_unlock(&xg_conn.send);
	wake_up(&xg_conn.events);
}

/* --- start and stop -------------------------------------------------------- */

static int open_port(evtchn_port_t port)
{
	struct xg_evtchn_client client = {
		.name = "xg-xenstore",
		.handler = store_irq,
		.cpu = -1,
	};

	xg_conn.port = xg_evtchn_adopt(port, &client);
	return PTR_ERR_OR_ZERO(xg_conn.port);
}

/* Does the server answer? If not, once more after a new connection. */
static int first_contact(void)
{
	if (!xg_conn_sync(SYNC) || (xg_conn_settled() && xg_conn_now() == UP))
		return 0;
	pr_err("xenstore: it does not answer\n");
	return -EIO;
}

/* After this nobody writes to the ring, reads it, or waits for an answer. */
static void shut(void)
{
	mutex_lock(&xg_conn.send);
	spin_lock(&xg_conn.lock);
	xg_conn_fail_calls(DOWN);
	spin_unlock(&xg_conn.lock);
	mutex_unlock(&xg_conn.send);
	wake_up_all(&xg_conn.room);
	kthread_stop(xg_conn.reader);
	cancel_work_sync(&sync_work);
}

int xg_conn_start(void)
{
	u64 port;
	int err;

	err = xg_page_map(&xg_conn.page, &port);
	if (err)
		return err;
	xg_conn.event = false;
	xg_conn.told_slow = false;
	xg_conn.moved = false;
	xg_conn.torn = false;
	ratelimit_state_init(&xg_conn.mends, MEND_SPAN, MEND_MAX);
	ratelimit_set_flags(&xg_conn.mends, RATELIMIT_MSG_ON_RELEASE);
	/* Unlike any the last owner's answers may carry. */
	xg_conn.last_id = get_random_u32();
	err = open_port(port);
	if (err)
		goto unmap;
	err = new_ring(xg_page_take);
	if (err)
		goto close;
	enter(SYNCING);
	xg_conn.reader = kthread_run(reader, NULL, "xg-xenstore");
	if (IS_ERR(xg_conn.reader)) {
		err = PTR_ERR(xg_conn.reader);
		enter(DOWN);
		goto close;
	}
	err = first_contact();
	if (!err)
		return 0;
	shut();
close:
	xg_evtchn_close(xg_conn.port);
unmap:
	xg_page_unmap(xg_conn.page);
	return err;
}

/* The watches are gone, so the next owner finds nothing in the ring. */
void xg_conn_stop(void)
{
	shut();
	xg_evtchn_close(xg_conn.port);
	xg_page_unmap(xg_conn.page);
}

void xg_conn_show(struct seq_file *m)
{
	static const char *const names[] = {
		"down", "syncing", "up", "broken", "failed"
	};

	seq_printf(m, "connection: %s\n", names[xg_conn_now()]);
	seq_printf(m, "server_features: %#x\n",
		   READ_ONCE(xg_conn.page->server_features));
	seq_printf(m, "requests: %lu\n", READ_ONCE(xg_conn.requests));
	seq_printf(m, "messages: %lu\n", READ_ONCE(xg_conn.messages));
	seq_printf(m, "reconnects: %lu\n", READ_ONCE(xg_conn.reconnects));
}
