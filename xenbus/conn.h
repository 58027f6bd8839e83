/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The connection's state, for the two files that keep it: call.c, who asks, and
 * conn.c, who reads.
 */
#ifndef XG_XENBUS_CONN_H
#define XG_XENBUS_CONN_H

#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/ratelimit_types.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <xg/proto/xs.h>
#include "internal.h"

#define XG_CONN_DEAD	(60 * HZ)	/* no answer: the connection has failed */

enum xg_conn_state {
	DOWN,		/* no connection */
	SYNCING,	/* other answers than the first call's are old */
	UP,
	BROKEN,		/* the reader is to mend it */
	FAILED,		/* for good */
};

struct xg_call {
	struct list_head node;
	struct completion done;
	u32 id;
	u32 type;
	u32 epoch;
	int err;
	struct xg_reply *reply;
};

extern struct xg_conn {
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
	enum xg_conn_state state;
	bool torn;			/* nobody knows where a message begins */
	struct list_head calls;
	u32 last_id;
	u32 epoch;			/* of the connection, counts breaks */

	bool moved;			/* to another domain: all of it is new */
	bool told_slow;
	u32 old_error;			/* the page's, as the connection began */
	struct ratelimit_state mends;
	unsigned long requests, messages, reconnects;
} xg_conn;

static inline enum xg_conn_state xg_conn_now(void)
{
	return READ_ONCE(xg_conn.state);
}

static inline bool xg_conn_usable(void)
{
	return xg_conn_now() == UP || xg_conn_now() == SYNCING;
}

/* call.c */
void xg_conn_fail_calls(enum xg_conn_state state);
void xg_conn_break(u32 epoch, const char *why, bool torn);
bool xg_conn_settled(void);
int xg_conn_sync(unsigned long dead);

#endif /* XG_XENBUS_CONN_H */
