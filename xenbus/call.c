// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asking the store, and waiting for its answer.
 *
 * A request is written under @send and waits on @calls; answers are told apart by
 * req_id, so several callers can be under way. Whoever finds the protocol broken
 * says xg_conn_break(): every call fails, and the reader mends the connection.
 * Start reading at xg_conn_call().
 */
#define pr_fmt(fmt) "xg-xenbus: " fmt

#include <linux/kernel.h>
#include <xen/interface/xen.h>
#include <xg/evtchn.h>
#include "conn.h"

#define SLOW		(5 * HZ)	/* no answer yet: say so, once */
#define MEND_WAIT	(30 * HZ)	/* for the reader to mend or give up */

/* Under @lock. Nobody waits for an answer any more. */
void xg_conn_fail_calls(enum xg_conn_state state)
{
	struct xg_call *call, *next;

	WRITE_ONCE(xg_conn.state, state);
	WRITE_ONCE(xg_conn.epoch, xg_conn.epoch + 1);
	list_for_each_entry_safe(call, next, &xg_conn.calls, node) {
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
void xg_conn_break(u32 epoch, const char *why, bool torn)
{
	u32 error;

	spin_lock(&xg_conn.lock);
	if (torn && epoch == xg_conn.epoch)
		WRITE_ONCE(xg_conn.torn, true);
	if (!xg_conn_usable() || epoch != xg_conn.epoch) {
		spin_unlock(&xg_conn.lock);
		return;
	}
	xg_conn_fail_calls(BROKEN);
	error = xg_page_error(xg_conn.page);
	spin_unlock(&xg_conn.lock);
	pr_err("xenstore: %s (server's error %u)\n", why, error);
	wake_up(&xg_conn.events);
	wake_up_all(&xg_conn.room);
}

/* As much as there is room for; a server that is to make room must be told. */
static int push(const void *data, u32 len)
{
	int sent = xg_xs_conn_write(&xg_conn.ring, data, len);

	if (sent < (int)len)
		xg_evtchn_notify(xg_conn.port);
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
		left = wait_event_timeout(xg_conn.room, READ_ONCE(xg_conn.torn) ||
					  (sent = push(data, len)),
					  max(left, 0L));
		if (!left) {
			xg_conn_break(xg_conn.epoch,
				      "no room for a request in 60 s", true);
			return false;
		}
		if (sent < 0)
			xg_conn_break(xg_conn.epoch,
				      "impossible index in the request ring",
				      true);
		if (READ_ONCE(xg_conn.torn))
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
	unsigned long deadline = jiffies + XG_CONN_DEAD;
	bool sent = send_bytes(hdr, sizeof(*hdr), deadline);
	unsigned int i;

	for (i = 0; sent && i < nr; i++)
		sent = send_bytes(parts[i].iov_base, parts[i].iov_len,
				  deadline);
	if (sent)
		xg_evtchn_notify(xg_conn.port);
	xg_conn.requests++;
}

bool xg_conn_txn_lost(xg_store_txn_t txn)
{
	return upper_32_bits(txn) != READ_ONCE(xg_conn.epoch);
}

/* From here on its answer may come. */
static int call_begin(struct xg_call *call, xg_store_txn_t txn, enum xg_conn_state wanted)
{
	int err = -ENOTCONN;

	spin_lock(&xg_conn.lock);
	if (xg_conn.state == wanted &&
	    (txn == XG_STORE_NONE || !xg_conn_txn_lost(txn))) {
		call->epoch = xg_conn.epoch;
		call->id = ++xg_conn.last_id;
		list_add_tail(&call->node, &xg_conn.calls);
		err = 0;
	}
	spin_unlock(&xg_conn.lock);
	return err;
}

/* Does the server say that it has stopped, and did not when we began? */
static bool gave_up(const struct xg_call *call)
{
	u32 error = 0;

	spin_lock(&xg_conn.lock);
	/* The page is there until the connection is down. */
	if (xg_conn_usable() && call->epoch == xg_conn.epoch)
		error = xg_page_error(xg_conn.page);
	spin_unlock(&xg_conn.lock);
	return error && error != READ_ONCE(xg_conn.old_error);
}

/* Answered, or failed by xg_conn_break(): either way it is off the list and done. */
static int call_wait(struct xg_call *call, unsigned long dead)
{
	unsigned long slow = min_t(unsigned long, dead, SLOW);

	if (wait_for_completion_timeout(&call->done, slow))
		return call->err;
	if (gave_up(call)) {
		/* It has thrown away what it had read, half a message maybe. */
		xg_conn_break(call->epoch, "the server has stopped", true);
		wait_for_completion(&call->done);
		return call->err;
	}
	if (dead > slow) {
		if (!xchg(&xg_conn.told_slow, true))
			pr_warn("xenstore: no answer in 5 s, waiting on\n");
		if (wait_for_completion_timeout(&call->done, dead - slow))
			return call->err;
	}
	xg_conn_break(call->epoch, "no answer", false);
	wait_for_completion(&call->done);
	return call->err;
}

static int do_call(struct xg_call *call, xg_store_txn_t txn,
		   const struct kvec *parts, unsigned int nr, enum xg_conn_state wanted,
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

	mutex_lock(&xg_conn.send);
	/* Checked before the call is known: nothing is sent of what is too long. */
	err = xg_xs_header(&hdr, call->type, 0, lower_32_bits(txn), len) ?:
	      call_begin(call, txn, wanted);
	if (err) {
		mutex_unlock(&xg_conn.send);
		return err;
	}
	hdr.req_id = call->id;
	send_message(&hdr, parts, nr);
	mutex_unlock(&xg_conn.send);

	return call_wait(call, dead);
}

/* Is the connection mended, or found to be beyond it? Waits for that. */
bool xg_conn_settled(void)
{
	return wait_event_timeout(xg_conn.room, xg_conn_now() != BROKEN &&
				  xg_conn_now() != SYNCING, MEND_WAIT);
}

/*
 * A call that a broken connection swallowed is made again on the new one: all of
 * them can be done twice, but for those in a transaction, which is lost.
 */
int xg_conn_call(u32 type, xg_store_txn_t txn, const struct kvec *parts,
		 unsigned int nr, struct xg_reply *reply)
{
	struct xg_call call = { .type = type, .reply = reply };
	int err;

	might_sleep();
	err = do_call(&call, txn, parts, nr, UP, XG_CONN_DEAD);
	if (err != -ECONNRESET && err != -ENOTCONN)
		return err;
	if (txn == XG_STORE_NONE && xg_conn_settled())
		err = do_call(&call, txn, parts, nr, UP, XG_CONN_DEAD);
	return err == -ECONNRESET || err == -ENOTCONN ? -EIO : err;
}

/*
 * The first call, answered within @dead. The server forgets what was watched, and
 * answers to that.
 */
int xg_conn_sync(unsigned long dead)
{
	struct kvec nothing = { .iov_base = "", .iov_len = 1 };
	struct xg_call call = { .type = XS_RESET_WATCHES };
	int err;

	err = do_call(&call, XG_STORE_NONE, &nothing, 1, SYNCING, dead);
	/* The reader mends the connection, or gives up. */
	if (err == -ECONNRESET || err == -ENOTCONN)
		return -EIO;
	/* A server that does not know the request has answered as well. */
	spin_lock(&xg_conn.lock);
	if (xg_conn.state == SYNCING)
		WRITE_ONCE(xg_conn.state, UP);
	spin_unlock(&xg_conn.lock);
	wake_up_all(&xg_conn.room);
	return 0;
}
