// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/xen/xenbus: the store, by its own protocol (<xen/io/xs_wire.h>), over the
 * one connection this guest has.
 *
 * A process writes requests, in any pieces, and reads replies and events. Its
 * requests are made one after the other, as the process's own only by what is kept
 * here: a transaction is known to its file alone; watches are this side's, each
 * with the process's token, which may be anything. What would reach beyond
 * the file (XS_RESET_WATCHES) reaches the file's own. When it is closed, watches
 * and open transactions end. Start at handle().
 */
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <xen/interface/io/xs_wire.h>
#include <xg/proto/xs.h>
#include <xg/store.h>
#include "internal.h"

/* The store's own limits, for a whole guest, are 128 and 10. */
#define WATCHES_MAX	128
#define TXNS_MAX	8
/* So long that an event holds it, and any path. */
#define TOKEN_MAX	(XENSTORE_PAYLOAD_MAX - XENSTORE_ABS_PATH_MAX - 2)

struct txn {
	struct list_head node;
	u32 id;				/* as the process knows it */
	xg_store_txn_t handle;
};

struct xenbus_file {
	struct xg_file base;		/* its lock: all but @msgs */
	struct list_head txns;
	unsigned int nr_txns;
	struct list_head watches;
	unsigned int nr_watches;
	struct xg_msgs msgs;
	u32 have;			/* of the request */
	struct xsd_sockmsg hdr;
	char body[XENSTORE_PAYLOAD_MAX];
};

/* @early: what fired before the process was told that it watches. */
struct watch {
	struct list_head node;
	struct xg_store_watch store;
	struct xenbus_file *f;
	struct xg_msg *spare;
	spinlock_t lock;		/* @told, @early */
	bool told;
	bool early;
	const char *token;
	char path[];			/* the token comes after it */
};

#define to_xenbus(f) container_of(f, struct xenbus_file, base)

/* --- replies ------------------------------------------------------------ */

static int reply(struct xenbus_file *f, u32 type, const void *body, size_t len)
{
	struct xg_msg *msg = xg_msg_new(type, &f->hdr, body, len, NULL, 0);

	if (!msg)
		return -ENOMEM;
	xg_msgs_reply(&f->msgs, msg);
	return 0;
}

static int reply_ok(struct xenbus_file *f)
{
	return reply(f, f->hdr.type, "OK", sizeof("OK"));
}

/* @err: as the store would say it */
static int reply_error(struct xenbus_file *f, int err)
{
	const char *name = xg_xs_error_name(err);

	return reply(f, XS_ERROR, name, strlen(name) + 1);
}

/* --- watches ------------------------------------------------------------ */

static struct xg_msg *event_new(const struct watch *w, const char *path)
{
	return xg_msg_new(XS_WATCH_EVENT, NULL, path, strlen(path) + 1,
			  w->token, strlen(w->token) + 1);
}

static void fired(struct xg_store_watch *store, const char *path)
{
	struct watch *w = container_of(store, struct watch, store);
	bool told;

	spin_lock(&w->lock);
	told = w->told;
	w->early |= !told;
	spin_unlock(&w->lock);
	if (told)
		xg_msgs_event(&w->f->msgs, event_new(w, path), w->spare);
}

static void watch_free(struct watch *w)
{
	xg_msgs_drop_spare(&w->f->msgs, w->spare);
	kfree(w);
}

static struct watch *watch_new(struct xenbus_file *f, const char *path,
			       const char *token)
{
	size_t len = strlen(path) + 1, token_len = strlen(token) + 1;
	struct watch *w;

	w = kzalloc(struct_size(w, path, len + token_len), GFP_KERNEL_ACCOUNT);
	if (!w)
		return NULL;
	memcpy(w->path, path, len);
	memcpy(w->path + len, token, token_len);
	w->token = w->path + len;
	w->f = f;
	spin_lock_init(&w->lock);
	w->store.path = w->path;
	w->store.fired = fired;
	w->spare = event_new(w, path);
	if (!w->spare) {
		kfree(w);
		return NULL;
	}
	w->spare->spare = w;
	return w;
}

static struct watch *watch_find(struct xenbus_file *f, const char *path,
				const char *token)
{
	struct watch *w;

	list_for_each_entry(w, &f->watches, node)
		if (!strcmp(w->path, path) && !strcmp(w->token, token))
			return w;
	return NULL;
}

/* The first event, which the store sends by itself, comes after the reply. */
static void watch_told(struct watch *w)
{
	bool early;

	spin_lock(&w->lock);
	w->told = true;
	early = w->early;
	spin_unlock(&w->lock);
	if (early)
		xg_msgs_event(&w->f->msgs, event_new(w, w->path), w->spare);
}

static int watch_add(struct xenbus_file *f, const char *path, const char *token)
{
	struct watch *w;
	int err;

	if (watch_find(f, path, token))
		return reply_error(f, -EEXIST);
	if (f->nr_watches >= WATCHES_MAX)
		return reply_error(f, -E2BIG);
	w = watch_new(f, path, token);
	if (!w)
		return reply_error(f, -ENOMEM);
	err = xg_store_watch(&w->store);
	if (err) {
		watch_free(w);
		return reply_error(f, err);
	}
	list_add_tail(&w->node, &f->watches);
	f->nr_watches++;
	xg_count(XG_HELD_WATCHES, 1);
	err = reply_ok(f);
	watch_told(w);
	return err;
}

static void watch_remove(struct xenbus_file *f, struct watch *w)
{
	xg_store_unwatch(&w->store);
	list_del(&w->node);
	f->nr_watches--;
	xg_count(XG_HELD_WATCHES, -1);
	watch_free(w);
}

static int handle_watch(struct xenbus_file *f)
{
	const char *path = xg_xs_string(f->body, f->hdr.len, XS_WATCH_PATH);
	const char *token = xg_xs_string(f->body, f->hdr.len, XS_WATCH_TOKEN);
	struct watch *w;

	if (!path || !token)
		return reply_error(f, -EINVAL);
	if (strlen(token) > TOKEN_MAX)
		return reply_error(f, -E2BIG);
	if (f->hdr.type == XS_WATCH)
		return watch_add(f, path, token);
	w = watch_find(f, path, token);
	if (!w)
		return reply_error(f, -ENOENT);
	watch_remove(f, w);
	return reply_ok(f);
}

/* --- transactions ------------------------------------------------------- */

static struct txn *txn_find(struct xenbus_file *f, u32 id)
{
	struct txn *t;

	list_for_each_entry(t, &f->txns, node)
		if (t->id == id)
			return t;
	return NULL;
}

static void txn_forget(struct xenbus_file *f, struct txn *t)
{
	list_del(&t->node);
	f->nr_txns--;
	xg_count(XG_HELD_TRANSACTIONS, -1);
	kfree(t);
}

static void txn_abort(struct xenbus_file *f, struct txn *t)
{
	struct xg_store_answer answer;

	if (!xg_store_txn_lost(t->handle) &&
	    !xg_store_forward(XS_TRANSACTION_END, t->handle, "F", sizeof("F"),
			      &answer))
		kfree(answer.body);
	txn_forget(f, t);
}

static void txn_add(struct xenbus_file *f, struct txn *t, xg_store_txn_t handle)
{
	/* One whose connection broke, its number given anew */
	struct txn *old = txn_find(f, lower_32_bits(handle));

	if (old)
		txn_forget(f, old);
	t->id = lower_32_bits(handle);
	t->handle = handle;
	list_add_tail(&t->node, &f->txns);
	f->nr_txns++;
	xg_count(XG_HELD_TRANSACTIONS, 1);
}

/* --- requests ----------------------------------------------------------- */

/* Ask the store; what it says, or why it did not, is the reply. */
static int forward(struct xenbus_file *f, xg_store_txn_t txn, struct txn *begun)
{
	struct xg_store_answer answer;
	int err;

	err = xg_store_forward(f->hdr.type, txn, f->body, f->hdr.len, &answer);
	if (err) {
		kfree(begun);
		return reply_error(f, err);
	}
	if (begun && answer.txn)
		txn_add(f, begun, answer.txn);
	else
		kfree(begun);
	err = reply(f, answer.type, answer.body, answer.len);
	kfree(answer.body);
	return err;
}

static int handle_start(struct xenbus_file *f)
{
	struct txn *t;

	if (f->nr_txns >= TXNS_MAX)
		return reply_error(f, -ENOSPC);
	t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	if (!t)
		return reply_error(f, -ENOMEM);
	return forward(f, XG_STORE_NONE, t);
}

/* Whatever the store says of it, it is over. */
static int handle_end(struct xenbus_file *f, struct txn *t)
{
	xg_store_txn_t handle = t->handle;

	if (f->hdr.len != 2 || f->body[1] ||
	    (f->body[0] != 'T' && f->body[0] != 'F'))
		return reply_error(f, -EINVAL);
	txn_forget(f, t);
	if (xg_store_txn_lost(handle))
		return reply_error(f, -EAGAIN);
	return forward(f, handle, NULL);
}

static void forget_all(struct xenbus_file *f)
{
	struct watch *w, *next_w;
	struct txn *t, *next_t;

	list_for_each_entry_safe(w, next_w, &f->watches, node)
		watch_remove(f, w);
	list_for_each_entry_safe(t, next_t, &f->txns, node)
		txn_abort(f, t);
}

static int handle(struct xenbus_file *f)
{
	struct txn *t = NULL;

	if (f->hdr.tx_id) {
		t = txn_find(f, f->hdr.tx_id);
		if (!t)
			return reply_error(f, -ENOENT);
	}
	switch (f->hdr.type) {
	case XS_WATCH:
	case XS_UNWATCH:
		return handle_watch(f);
	case XS_RESET_WATCHES:
		forget_all(f);
		return reply_ok(f);
	case XS_TRANSACTION_START:
		return t ? reply_error(f, -EBUSY) : handle_start(f);
	case XS_TRANSACTION_END:
		return t ? handle_end(f, t) : reply_error(f, -ENOENT);
	case XS_WATCH_EVENT:
	case XS_ERROR:
		return reply_error(f, -EINVAL);
	default:
		return forward(f, t ? t->handle : XG_STORE_NONE, NULL);
	}
}

static void xenbus_end(struct xg_file *file)
{
	struct xenbus_file *f = to_xenbus(file);

	forget_all(f);
	wake_up_interruptible(&f->msgs.wait);
}

const struct xg_kind xg_xenbus_kind = { .end = xenbus_end };

/* --- read, write, poll -------------------------------------------------- */

/* One part of the request, @want bytes of it being there then; bytes taken. */
static size_t collect(struct xenbus_file *f, void *to, u32 want,
		      const char *data, size_t len)
{
	len = min_t(size_t, len, want - f->have);
	memcpy(to, data, len);
	f->have += len;
	return len;
}

/* Bytes taken, of one request at most; it is made once it is whole. */
static ssize_t take(struct xenbus_file *f, const char *data, size_t len)
{
	const u32 head = sizeof(f->hdr);
	size_t done = 0;
	int err;

	if (f->have < head)
		done = collect(f, (char *)&f->hdr + f->have, head, data, len);
	if (f->have < head)
		return done;
	if (f->hdr.len > XENSTORE_PAYLOAD_MAX) {
		f->have = 0;
		return -EINVAL;
	}
	done += collect(f, f->body + f->have - head, head + f->hdr.len,
			data + done, len - done);
	if (f->have < head + f->hdr.len)
		return done;
	f->have = 0;
	err = handle(f);
	return err ?: done;
}

static bool may_write(struct xenbus_file *f)
{
	return xg_msgs_have_room(&f->msgs) || READ_ONCE(f->base.gone);
}

static ssize_t xenbus_write(struct file *filp, const char __user *buf,
			    size_t count, loff_t *pos)
{
	struct xenbus_file *f = filp->private_data;
	ssize_t ret;
	char *data;

	if (!count)
		return 0;
	if (!may_write(f) && filp->f_flags & O_NONBLOCK)
		return -EAGAIN;
	if (wait_event_interruptible(f->msgs.wait, may_write(f)))
		return -ERESTARTSYS;
	count = min_t(size_t, count, sizeof(f->hdr) + sizeof(f->body));
	data = memdup_user(buf, count);
	if (IS_ERR(data))
		return PTR_ERR(data);
	ret = xg_file_enter(&f->base);
	if (!ret) {
		ret = take(f, data, count);
		xg_file_leave(&f->base);
	}
	kfree(data);
	return ret;
}

static ssize_t xenbus_read(struct file *filp, char __user *buf, size_t count,
			   loff_t *pos)
{
	struct xenbus_file *f = filp->private_data;
	ssize_t ret;

	if (!count)
		return 0;
	for (;;) {
		if (READ_ONCE(f->base.gone))
			return -ENODEV;
		ret = xg_msgs_read(&f->msgs, buf, count);
		if (ret)
			return ret;
		if (filp->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(f->msgs.wait,
					     xg_msgs_waiting(&f->msgs) ||
					     READ_ONCE(f->base.gone)))
			return -ERESTARTSYS;
	}
}

static __poll_t xenbus_poll(struct file *filp, poll_table *wait)
{
	struct xenbus_file *f = filp->private_data;
	__poll_t mask = 0;

	poll_wait(filp, &f->msgs.wait, wait);
	if (READ_ONCE(f->base.gone))
		return EPOLLERR | EPOLLHUP;
	if (xg_msgs_waiting(&f->msgs))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (xg_msgs_have_room(&f->msgs))
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

/* --- open and close ----------------------------------------------------- */

static int xenbus_open(struct inode *inode, struct file *filp)
{
	struct xenbus_file *f;
	int err;

	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;
	INIT_LIST_HEAD(&f->txns);
	INIT_LIST_HEAD(&f->watches);
	xg_msgs_init(&f->msgs);
	err = xg_file_open(&f->base, &xg_xenbus_kind, filp);
	if (err) {
		kfree(f);
		return err;
	}
	filp->private_data = f;
	return stream_open(inode, filp);
}

static int xenbus_release(struct inode *inode, struct file *filp)
{
	struct xenbus_file *f = filp->private_data;

	xg_file_close(&f->base);
	xg_msgs_free(&f->msgs);
	kfree(f);
	return 0;
}

const struct file_operations xg_xenbus_fops = {
	.owner = THIS_MODULE,
	.open = xenbus_open,
	.release = xenbus_release,
	.read = xenbus_read,
	.write = xenbus_write,
	.poll = xenbus_poll,
};
