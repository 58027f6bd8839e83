// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watches: the reader puts events on a watch's queue, a work item of each watch
 * calls its owner, so that a slow owner holds up nobody else.
 *
 * @changing serialises what registers and unregisters and is held across calls;
 * @lock guards the list and the queues, the reader takes it alone. A server can
 * send events without end: a queue is bounded, and what does not fit is told as
 * one event of the watch's own path, "anything may have changed".
 */
#define pr_fmt(fmt) "xg-xenbus: " fmt

#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <xg/proto/xs.h>
#include "internal.h"

#define EVENTS_MAX	64	/* waiting, a watch */
#define TOKEN_LEN	16

struct event {
	struct list_head node;
	char path[];
};

static DEFINE_MUTEX(changing);
static DEFINE_SPINLOCK(lock);
static LIST_HEAD(watches);
static unsigned int nr_watches;
static u32 last_token;
static struct workqueue_struct *queue;
static void renew(struct work_struct *work);
static DECLARE_WORK(renewal, renew);

/* --- events -------------------------------------------------------------------- */

static struct event *take_event(struct xg_store_watch *watch, bool *overflow)
{
	struct event *event;

	spin_lock(&lock);
	event = list_first_entry_or_null(&watch->events, struct event, node);
	*overflow = false;
	if (event) {
		list_del(&event->node);
		watch->nr_events--;
	} else {
		*overflow = watch->overflow;
		watch->overflow = false;
	}
	spin_unlock(&lock);
	return event;
}

static void run_watch(struct work_struct *work)
{
	struct xg_store_watch *watch = container_of(work, struct xg_store_watch,
						    work);
	struct event *event;
	bool overflow;

	while ((event = take_event(watch, &overflow)) || overflow) {
		watch->fired(watch, event ? event->path : watch->path);
		kfree(event);
		cond_resched();
	}
}

static struct xg_store_watch *find(u32 token)
{
	struct xg_store_watch *watch;

	list_for_each_entry(watch, &watches, node)
		if (watch->token == token)
			return watch;
	return NULL;
}

/* Under @lock. An event that is no news is dropped: @path waits already. */
static void add_event(struct xg_store_watch *watch, struct event **event)
{
	struct event *last;

	last = list_empty(&watch->events) ? NULL :
	       list_last_entry(&watch->events, struct event, node);
	if (!*event || watch->nr_events >= EVENTS_MAX ||
	    !xg_path_below((*event)->path, watch->path)) {
		watch->overflow = true;
	} else if (!last || strcmp(last->path, (*event)->path)) {
		list_add_tail(&(*event)->node, &watch->events);
		watch->nr_events++;
		*event = NULL;
	}
	queue_work(queue, &watch->work);
}

int xg_watch_event(const char *body, u32 len)
{
	const char *path = xg_xs_string(body, len, XS_WATCH_PATH);
	const char *text = xg_xs_string(body, len, XS_WATCH_TOKEN);
	struct xg_store_watch *watch;
	struct event *event;
	size_t size;
	u64 token;

	if (!path || !text)
		return -EPROTO;
	/* Not one of ours: an earlier owner's, or of a watch just gone. */
	if (xg_xs_number(text, 0, U32_MAX, &token))
		return 0;
	/* Without memory the event comes as an overflow. */
	size = strlen(path) + 1;
	event = kmalloc(struct_size(event, path, size),
			GFP_NOIO | __GFP_NOWARN);
	if (event)
		memcpy(event->path, path, size);
	spin_lock(&lock);
	watch = find(token);
	if (watch)
		add_event(watch, &event);
	spin_unlock(&lock);
	kfree(event);
	return 0;
}

void xg_watch_kick(struct xg_store_watch *watch)
{
	spin_lock(&lock);
	if (find(watch->token) == watch) {
		watch->overflow = true;
		queue_work(queue, &watch->work);
	}
	spin_unlock(&lock);
}

/* --- registering ---------------------------------------------------------------- */

/* XS_WATCH and XS_UNWATCH have the same payload. Under @changing. */
static int watch_call(u32 type, const struct xg_store_watch *watch)
{
	char token[TOKEN_LEN];
	struct kvec parts[2] = {
		{
			.iov_base = (char *)watch->path,
			.iov_len = strlen(watch->path) + 1,
		},
		{ .iov_base = token },
	};

	parts[1].iov_len = scnprintf(token, sizeof(token), "%u",
				     watch->token) + 1;
	return xg_conn_call(type, XG_STORE_NONE, parts, ARRAY_SIZE(parts),
			    NULL);
}

/*
 * The server fires a new watch, and so tells its owner what was missed. One that
 * it has kept (it knows no XS_RESET_WATCHES, or the call was made twice) it does
 * not: then that is done here. Under @changing.
 */
static int add_watch(struct xg_store_watch *watch)
{
	int err = watch_call(XS_WATCH, watch);

	if (err != -EEXIST)
		return err;
	xg_watch_kick(watch);
	return 0;
}

static void forget(struct xg_store_watch *watch)
{
	spin_lock(&lock);
	list_del(&watch->node);
	nr_watches--;
	spin_unlock(&lock);
}

/* No event comes any more; those that wait are dropped. */
static void drop_events(struct xg_store_watch *watch)
{
	struct event *event, *next;

	cancel_work_sync(&watch->work);
	list_for_each_entry_safe(event, next, &watch->events, node)
		kfree(event);
}

/**
 * xg_store_watch() - be told of changes
 * @watch: path, fired and data are filled in; it is the store's until
 *         xg_store_unwatch()
 *
 * Protocol: XS_WATCH. It fires once at registration.
 *
 * Context: process, may sleep. @watch->fired may run before this returns.
 * Return: 0 or -errno; then @watch is the caller's again.
 */
int xg_store_watch(struct xg_store_watch *watch)
{
	int err;

	INIT_LIST_HEAD(&watch->events);
	INIT_WORK(&watch->work, run_watch);
	watch->nr_events = 0;
	watch->overflow = false;

	mutex_lock(&changing);
	spin_lock(&lock);
	watch->token = ++last_token;
	list_add_tail(&watch->node, &watches);
	nr_watches++;
	spin_unlock(&lock);
	err = add_watch(watch);
	if (err)
		forget(watch);
	mutex_unlock(&changing);
	if (err)
		drop_events(watch);
	return err;
}
EXPORT_SYMBOL_GPL(xg_store_watch);

/**
 * xg_store_unwatch() - not to be told any more
 * @watch: registered by xg_store_watch()
 *
 * Protocol: XS_UNWATCH.
 *
 * Context: process, may sleep, until a running @watch->fired has returned; not
 * from there.
 */
void xg_store_unwatch(struct xg_store_watch *watch)
{
	mutex_lock(&changing);
	forget(watch);
	/* Whatever it says: no event reaches the watch any more. */
	watch_call(XS_UNWATCH, watch);
	mutex_unlock(&changing);
	drop_events(watch);
}
EXPORT_SYMBOL_GPL(xg_store_unwatch);

/* A new connection has no watches. Where one is refused its owner looks again. */
static void renew(struct work_struct *work)
{
	struct xg_store_watch *watch;
	int err;

	mutex_lock(&changing);
	/* Only who holds @changing changes the list. */
	list_for_each_entry(watch, &watches, node) {
		err = add_watch(watch);
		if (!err)
			continue;
		pr_err_ratelimited("watch on %s is lost (%d)\n", watch->path,
				   err);
		xg_watch_kick(watch);
	}
	mutex_unlock(&changing);
}

void xg_watch_renew(void)
{
	queue_work(queue, &renewal);
}

unsigned int xg_watch_count(void)
{
	return READ_ONCE(nr_watches);
}

int xg_watch_start(void)
{
	last_token = get_random_u32();
	/* Not for memory reclaim: owners add and remove disks from here. */
	queue = alloc_workqueue("xg-store", WQ_UNBOUND, 0);
	return queue ? 0 : -ENOMEM;
}

void xg_watch_stop(void)
{
	cancel_work_sync(&renewal);
	WARN_ON_ONCE(!list_empty(&watches));
	destroy_workqueue(queue);
}
