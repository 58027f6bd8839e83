// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection to xenstore: its page, its port, one reader.
 *
 * A request is written under @send and waits for its answer on @calls; answers
 * are told apart by req_id, so several callers can be under way. The kthread
 * reads all messages. @lock guards @state and @calls. Whoever finds the protocol
 * broken says conn_break(): every call fails, and the reader mends the connection.
 *
 * A connection begins, the first time as after each mending, by one call
 * (sync_call()) whose answer alone counts: what comes before it is an earlier
 * owner's, or was asked before it broke. Where bytes are lost in the stream the
 * ring must be reset by the server (Xen docs/misc/xenstore-ring.txt), if it can.
 * Start reading at xg_conn_call() and reader().
 */
#define pr_fmt(fmt) "xg-xenbus: " fmt

#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/ratelimit.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <xen/interface/xen.h>
#include <xg/evtchn.h>
#include <xg/proto/xs.h>
#include "internal.h"

#define SLOW		(5 * HZ)	/* no answer yet: say so, once */
#define DEAD		(60 * HZ)	/* no answer: the connection has failed */
#define SYNC		(5 * HZ)	/* the same, for the first call of all */
#define MEND_WAIT	(30 * HZ)	/* for the reader to mend or give up */
#define MEND_MAX	5		/* times in MEND_SPAN */
#define MEND_SPAN	(60 * HZ)
#define ROOM_POLL	(HZ / 50)	/* for a writer, while it is mended */
#define IDLE_EVENTS	64		/* in a row with nothing to do: a storm */

enum state {
	DOWN,		/* no connection */
	SYNCING,	/* other answers than the first call's are old */
	UP,
	BROKEN,		/* the reader is to mend it */
	FAILED,		/* for good */
};

struct call {
	struct list_head node;
	struct completion done;
	u32 id;
	u32 type;
	u32 epoch;
	int err;
	struct xg_reply *reply;
};

static struct {
	struct xenstore_domain_interface *page;
	struct xg_xs_conn ring;
	struct xg_xs_parser parser;
	struct xg_evtchn *port;
	struct task_struct *reader;

	struct mutex send;		/* one writer */
	wait_queue_head_t room;		/* for the writer */
	wait_queue_head_t events;	/* for the reader */
	bool event;			/* the port has fired and is masked */

	spinlock_t lock;		/* what follows */
	enum state state;
	bool torn;			/* nobody knows where a message begins */
	struct list_head calls;
	u32 last_id;
	u32 epoch;			/* of the connection, counts breaks */

	bool told_slow;
	u32 old_error;			/* the page's, as the connection began */
	struct ratelimit_state mends;
	unsigned long requests, messages, reconnects;
} conn = {
	.send = __MUTEX_INITIALIZER(conn.send),
	.room = __WAIT_QUEUE_HEAD_INITIALIZER(conn.room),
	.events = __WAIT_QUEUE_HEAD_INITIALIZER(conn.events),
	.lock = __SPIN_LOCK_UNLOCKED(conn.lock),
	.calls = LIST_HEAD_INIT(conn.calls),
};

static enum state now(void)
{
	return READ_ONCE(conn.state);
}

static bool usable(void)
{
	return now() == UP || now() == SYNCING;
}

static void enter(enum state state)
{
	spin_lock(&conn.lock);
	WRITE_ONCE(conn.state, state);
	spin_unlock(&conn.lock);
}

/* Under @lock. Nobody waits for an answer any more. */
static void fail_calls(enum state state)
{
	struct call *call, *next;

	WRITE_ONCE(conn.state, state);
	WRITE_ONCE(conn.epoch, conn.epoch + 1);
	list_for_each_entry_safe(call, next, &conn.calls, node) {
		list_del_init(&call->node);
		call->err = -ECONNRESET;
		complete(&call->done);
	}
}

/*
 * All calls fail; the reader does the rest. Whoever neither is the reader nor holds
 * @send comes late, maybe: only the connection of @epoch is meant. Any context but
 * hard interrupt.
 */
static void conn_break(u32 epoch, const char *why, bool torn)
{
	u32 error;

	spin_lock(&conn.lock);
	if (torn && epoch == conn.epoch)
		WRITE_ONCE(conn.torn, true);
	if (!usable() || epoch != conn.epoch) {
		spin_unlock(&conn.lock);
		return;
	}
	fail_calls(BROKEN);
	error = xg_page_error(conn.page);
	spin_unlock(&conn.lock);
	pr_err("xenstore: %s (server's error %u)\n", why, error);
	wake_up(&conn.events);
	wake_up_all(&conn.room);
}

/* --- calls ----------------------------------------------------------------- */

/* As much as there is room for; a server that is to make room must be told. */
static int push(const void *data, u32 len)
{
	int sent = xg_xs_conn_write(&conn.ring, data, len);

	if (sent < (int)len)
		xg_evtchn_notify(conn.port);
	return sent;
}

/*
 * Write all of it by @deadline, waiting for room; under @send. A failure breaks
 * all calls, but a broken connection alone does not end it: a message is sent
 * whole.
 */
static bool send_bytes(const void *data, u32 len, unsigned long deadline)
{
	int sent = 0;
	long left;

	while (len) {
		left = deadline - jiffies;
		left = wait_event_timeout(conn.room, READ_ONCE(conn.torn) ||
					  (sent = push(data, len)),
					  max(left, 0L));
		if (!left) {
			conn_break(conn.epoch, "no room for a request in 60 s",
				   true);
			return false;
		}
		if (sent < 0)
			conn_break(conn.epoch,
				   "impossible index in the request ring", true);
		if (READ_ONCE(conn.torn))
			return false;
		data += sent;
		len -= sent;
	}
	return true;
}

static void send_message(const struct xsd_sockmsg *hdr,
			 const struct kvec *parts, unsigned int nr)
{
	/* Of the whole message: a server that takes a byte a minute has failed. */
	unsigned long deadline = jiffies + DEAD;
	bool sent = send_bytes(hdr, sizeof(*hdr), deadline);
	unsigned int i;

	for (i = 0; sent && i < nr; i++)
		sent = send_bytes(parts[i].iov_base, parts[i].iov_len,
				  deadline);
	if (sent)
		xg_evtchn_notify(conn.port);
	conn.requests++;
}

bool xg_conn_txn_lost(xg_store_txn_t txn)
{
	return upper_32_bits(txn) != READ_ONCE(conn.epoch);
}

/* From here on its answer may come. */
static int call_begin(struct call *call, xg_store_txn_t txn, enum state wanted)
{
	int err = -ENOTCONN;

	spin_lock(&conn.lock);
	if (conn.state == wanted &&
	    (txn == XG_STORE_NONE || !xg_conn_txn_lost(txn))) {
		call->epoch = conn.epoch;
		call->id = ++conn.last_id;
		list_add_tail(&call->node, &conn.calls);
		err = 0;
	}
	spin_unlock(&conn.lock);
	return err;
}

/* Does the server say that it has stopped, and did not when we began? */
static bool gave_up(const struct call *call)
{
	u32 error = 0;

	spin_lock(&conn.lock);
	/* The page is there until the connection is down. */
	if (usable() && call->epoch == conn.epoch)
		error = xg_page_error(conn.page);
	spin_unlock(&conn.lock);
	return error && error != READ_ONCE(conn.old_error);
}

/* Answered, or failed by conn_break(): either way it is off the list and done. */
static int call_wait(struct call *call, unsigned long dead)
{
	unsigned long slow = min_t(unsigned long, dead, SLOW);

	if (wait_for_completion_timeout(&call->done, slow))
		return call->err;
	if (gave_up(call)) {
		/* It has thrown away what it had read, half a message maybe. */
		conn_break(call->epoch, "the server has stopped", true);
		wait_for_completion(&call->done);
		return call->err;
	}
	if (dead > slow) {
		if (!xchg(&conn.told_slow, true))
			pr_warn("xenstore: no answer in 5 s, waiting on\n");
		if (wait_for_completion_timeout(&call->done, dead - slow))
			return call->err;
	}
	conn_break(call->epoch, "no answer", false);
	wait_for_completion(&call->done);
	return call->err;
}

static int do_call(struct call *call, xg_store_txn_t txn,
		   const struct kvec *parts, unsigned int nr, enum state wanted,
		   unsigned long dead)
{
	struct xsd_sockmsg hdr;
	size_t len = 0;
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++)
		len += parts[i].iov_len;
	init_completion(&call->done);
	call->err = 0;

	mutex_lock(&conn.send);
	/* Checked before the call is known: nothing is sent of what is too long. */
	err = xg_xs_header(&hdr, call->type, 0, lower_32_bits(txn), len) ?:
	      call_begin(call, txn, wanted);
	if (err) {
		mutex_unlock(&conn.send);
		return err;
	}
	hdr.req_id = call->id;
	send_message(&hdr, parts, nr);
	mutex_unlock(&conn.send);

	return call_wait(call, dead);
}

/* Is the connection mended, or found to be beyond it? Waits for that. */
static bool settled(void)
{
	return wait_event_timeout(conn.room, now() != BROKEN &&
				  now() != SYNCING, MEND_WAIT);
}

/*
 * A call that a broken connection swallowed is made again on the new one: all of
 * them can be done twice, but for those in a transaction, which is lost.
 */
int xg_conn_call(u32 type, xg_store_txn_t txn, const struct kvec *parts,
		 unsigned int nr, struct xg_reply *reply)
{
	struct call call = { .type = type, .reply = reply };
	int err;

	might_sleep();
	err = do_call(&call, txn, parts, nr, UP, DEAD);
	if (err != -ECONNRESET && err != -ENOTCONN)
		return err;
	if (txn == XG_STORE_NONE && settled())
		err = do_call(&call, txn, parts, nr, UP, DEAD);
	return err == -ECONNRESET || err == -ENOTCONN ? -EIO : err;
}

/*
 * The first call, answered within @dead. The server forgets what was watched, and
 * answers to that.
 */
static int sync_call(unsigned long dead)
{
	struct kvec nothing = { .iov_base = "", .iov_len = 1 };
	struct call call = { .type = XS_RESET_WATCHES };
	int err;

	err = do_call(&call, XG_STORE_NONE, &nothing, 1, SYNCING, dead);
	/* The reader mends the connection, or gives up. */
	if (err == -ECONNRESET || err == -ENOTCONN)
		return -EIO;
	/* A server that does not know the request has answered as well. */
	spin_lock(&conn.lock);
	if (conn.state == SYNCING)
		WRITE_ONCE(conn.state, UP);
	spin_unlock(&conn.lock);
	wake_up_all(&conn.room);
	return 0;
}

/*
 * A work item of its own: all others may be waiting for what it does. A server that
 * is only away for long is asked again each minute: MEND_MAX is not for that.
 */
static void sync_again(struct work_struct *work)
{
	if (sync_call(DEAD))
		return;
	pr_info("xenstore: connected again\n");
	xg_watch_renew();
}

static DECLARE_WORK(sync_work, sync_again);

/* --- the reader ---------------------------------------------------------------- */

static irqreturn_t store_irq(int irq, void *data)
{
	WRITE_ONCE(conn.event, true);
	wake_up(&conn.events);
	return IRQ_HANDLED;
}

static struct call *take_call(u32 id)
{
	struct call *call, *found = NULL;

	spin_lock(&conn.lock);
	list_for_each_entry(call, &conn.calls, node) {
		if (call->id == id) {
			list_del_init(&call->node);
			found = call;
			break;
		}
	}
	spin_unlock(&conn.lock);
	return found;
}

/* The parser's message answers @call. Off the list, it is this thread's. */
static const char *answer(struct call *call)
{
	const struct xg_xs_parser *msg = &conn.parser;
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
	if (xchg(&conn.told_slow, false))
		pr_info("xenstore: it answers again\n");
	complete(&call->done);
	return broken;
}

/* NULL, or what is wrong with the message. */
static const char *deliver(void)
{
	const struct xg_xs_parser *msg = &conn.parser;
	bool old = now() == SYNCING;
	struct call *call;

	conn.messages++;
	if (msg->hdr.type == XS_WATCH_EVENT)
		return !old && xg_watch_event(msg->body, msg->hdr.len) ?
		       "a watch event without path or token" : NULL;
	call = take_call(msg->hdr.req_id);
	if (call)
		return answer(call);
	return old || !usable() ? NULL : "an answer that nobody asked for";
}

/* All that is there; true where anything was. */
static bool drain(void)
{
	u32 before = conn.ring.rsp_cons;
	const char *why;
	int err;

	while ((err = xg_xs_parser_pump(&conn.parser, &conn.ring)) > 0) {
		why = deliver();
		if (why)
			conn_break(conn.epoch, why, false);
		if (kthread_should_stop() || !usable())
			break;
		cond_resched();
	}
	if (err < 0)
		conn_break(conn.epoch, "no message, or an impossible index",
			   true);
	if (conn.ring.rsp_cons == before)
		return false;
	xg_evtchn_notify(conn.port);
	return true;
}

/* @how fills our side of the ring in; what was read of a message is void. */
static int new_ring(int (*how)(struct xg_xs_conn *ring, struct xg_evtchn *port))
{
	struct xg_xs_conn ring = { .intf = conn.page };
	int err = how(&ring, conn.port);

	if (!err) {
		conn.ring = ring;
		conn.old_error = xg_page_error(conn.page);
		xg_xs_parser_init(&conn.parser);
	}
	return err;
}

/*
 * No writer is in the middle of a message any more. One that waits for room is
 * woken by this thread alone, so it must not sleep on the mutex.
 */
static void lock_send(void)
{
	while (!mutex_trylock(&conn.send)) {
		wake_up_all(&conn.room);
		schedule_timeout_idle(ROOM_POLL);
	}
}

/* It has been asked to reset the ring, and will tell when it has. */
static void wait_for_server(void)
{
	if (!xchg(&conn.told_slow, true))
		pr_warn("xenstore: no new connection yet, waiting on\n");
	wait_event_idle_timeout(conn.events, READ_ONCE(conn.event) ||
				kthread_should_stop(), DEAD);
}

static void mend(void)
{
	int err;

	lock_send();
	if (now() != BROKEN) {
		mutex_unlock(&conn.send);
		return;
	}
	/* A server that breaks it again and again is left alone. */
	err = __ratelimit(&conn.mends) ? new_ring(xg_page_reset) : -ELOOP;
	/* The messages may be at fault, but whole: then go on with them. */
	if (err == -EOPNOTSUPP && !conn.torn)
		err = 0;
	if (!err)
		conn.torn = false;
	if (err != -ETIMEDOUT)
		enter(err ? FAILED : SYNCING);
	mutex_unlock(&conn.send);
	wake_up_all(&conn.room);

	if (err == -ETIMEDOUT) {
		wait_for_server();
		return;
	}
	if (err) {
		pr_err("xenstore: no new connection (%d); devices stay as they are\n",
		       err);
		return;
	}
	conn.reconnects++;
	queue_work(system_unbound_wq, &sync_work);
}

static int reader(void *unused)
{
	unsigned int idle = 0;
	bool event;

	while (!kthread_should_stop()) {
		wait_event_idle(conn.events, READ_ONCE(conn.event) ||
				now() == BROKEN || kthread_should_stop());
		event = xchg(&conn.event, false);
		if (now() == BROKEN)
			mend();
		if (!usable()) {
			/* Failed, it stays masked; else a reset's is to come. */
			if (event && now() == BROKEN)
				xg_evtchn_eoi(conn.port, XG_EOI_SPURIOUS);
			continue;
		}
		/* The server has taken bytes, put some, or cries wolf. */
		if (drain() || wq_has_sleeper(&conn.room))
			idle = 0;
		else
			idle++;
		wake_up_all(&conn.room);
		if (event)
			xg_evtchn_eoi(conn.port, idle > IDLE_EVENTS ?
						 XG_EOI_SPURIOUS : 0);
	}
	return 0;
}

/* --- start and stop -------------------------------------------------------- */

static int open_port(evtchn_port_t port)
{
	struct xg_evtchn_client client = {
		.name = "xg-xenstore",
		.handler = store_irq,
		.cpu = -1,
	};

	conn.port = xg_evtchn_adopt(port, &client);
	return PTR_ERR_OR_ZERO(conn.port);
}

/* Does the server answer? If not, once more after a new connection. */
static int first_contact(void)
{
	if (!sync_call(SYNC) || (settled() && now() == UP))
		return 0;
	pr_err("xenstore: it does not answer\n");
	return -EIO;
}

/* After this nobody writes to the ring, reads it, or waits for an answer. */
static void shut(void)
{
	mutex_lock(&conn.send);
	spin_lock(&conn.lock);
	fail_calls(DOWN);
	spin_unlock(&conn.lock);
	mutex_unlock(&conn.send);
	wake_up_all(&conn.room);
	kthread_stop(conn.reader);
	cancel_work_sync(&sync_work);
}

int xg_conn_start(void)
{
	u64 port;
	int err;

	err = xg_page_map(&conn.page, &port);
	if (err)
		return err;
	conn.event = false;
	conn.told_slow = false;
	conn.torn = false;
	ratelimit_state_init(&conn.mends, MEND_SPAN, MEND_MAX);
	ratelimit_set_flags(&conn.mends, RATELIMIT_MSG_ON_RELEASE);
	/* Unlike any the last owner's answers may carry. */
	conn.last_id = get_random_u32();
	err = open_port(port);
	if (err)
		goto unmap;
	err = new_ring(xg_page_take);
	if (err)
		goto close;
	enter(SYNCING);
	conn.reader = kthread_run(reader, NULL, "xg-xenstore");
	if (IS_ERR(conn.reader)) {
		err = PTR_ERR(conn.reader);
		enter(DOWN);
		goto close;
	}
	err = first_contact();
	if (!err)
		return 0;
	shut();
close:
	xg_evtchn_close(conn.port);
unmap:
	xg_page_unmap(conn.page);
	return err;
}

/* The watches are gone, so the next owner finds nothing in the ring. */
void xg_conn_stop(void)
{
	shut();
	xg_evtchn_close(conn.port);
	xg_page_unmap(conn.page);
}

void xg_conn_show(struct seq_file *m)
{
	static const char *const names[] = {
		"down", "syncing", "up", "broken", "failed"
	};

	seq_printf(m, "connection: %s\n", names[now()]);
	seq_printf(m, "server_features: %#x\n",
		   READ_ONCE(conn.page->server_features));
	seq_printf(m, "requests: %lu\n", READ_ONCE(conn.requests));
	seq_printf(m, "messages: %lu\n", READ_ONCE(conn.messages));
	seq_printf(m, "reconnects: %lu\n", READ_ONCE(conn.reconnects));
}
