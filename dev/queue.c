// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages that wait for the process that reads /dev/xen/xenbus.
 *
 * Replies are bounded by who writes requests, which waits for room. Events come
 * whether they are read or not: beyond EVENTS_MAX a watch's are told as one of its
 * own path, "anything may have changed", for which it has a spare message.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <xen/interface/io/xs_wire.h>
#include "internal.h"

#define EVENTS_MAX	256
#define REPLIES_MAX	64

void xg_msgs_init(struct xg_msgs *q)
{
	spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->list);
	mutex_init(&q->reading);
	init_waitqueue_head(&q->wait);
}

/* Nobody uses it any more, no spare is left. */
void xg_msgs_free(struct xg_msgs *q)
{
	struct xg_msg *msg, *next;

	list_for_each_entry_safe(msg, next, &q->list, node)
		kfree(msg);
	kfree(q->now);
}

struct xg_msg *xg_msg_new(u32 type, const struct xsd_sockmsg *to, const void *a,
			  size_t a_len, const void *b, size_t b_len)
{
	size_t len = sizeof(struct xsd_sockmsg) + a_len + b_len;
	struct xsd_sockmsg hdr = { .type = type, .len = a_len + b_len };
	struct xg_msg *msg;

	msg = kzalloc(struct_size(msg, data, len), GFP_KERNEL_ACCOUNT);
	if (!msg)
		return NULL;
	if (to) {
		hdr.req_id = to->req_id;
		hdr.tx_id = to->tx_id;
	}
	msg->event = type == XS_WATCH_EVENT;
	msg->len = len;
	memcpy(msg->data, &hdr, sizeof(hdr));
	memcpy(msg->data + sizeof(hdr), a, a_len);
	if (b_len)
		memcpy(msg->data + sizeof(hdr) + a_len, b, b_len);
	return msg;
}

void xg_msgs_reply(struct xg_msgs *q, struct xg_msg *msg)
{
	spin_lock(&q->lock);
	list_add_tail(&msg->node, &q->list);
	q->nr_replies++;
	spin_unlock(&q->lock);
	wake_up_interruptible(&q->wait);
}

void xg_msgs_event(struct xg_msgs *q, struct xg_msg *event,
		   struct xg_msg *spare)
{
	spin_lock(&q->lock);
	if (event && q->nr_events < EVENTS_MAX) {
		list_add_tail(&event->node, &q->list);
		q->nr_events++;
		event = NULL;
	} else if (spare->queued) {
		/* It may be under the reader's hand. */
		spare->again = true;
	} else {
		spare->queued = true;
		spare->pos = 0;
		list_add_tail(&spare->node, &q->list);
	}
	spin_unlock(&q->lock);
	kfree(event);
	wake_up_interruptible(&q->wait);
}

/* Read, or its owner has gone: free it, unless somebody is still to do so. */
void xg_msgs_drop_spare(struct xg_msgs *q, struct xg_msg *spare)
{
	bool queued;

	spin_lock(&q->lock);
	queued = spare->queued;
	spare->spare = NULL;
	spin_unlock(&q->lock);
	if (!queued)
		kfree(spare);
}

bool xg_msgs_have_room(struct xg_msgs *q)
{
	return READ_ONCE(q->nr_replies) < REPLIES_MAX;
}

bool xg_msgs_waiting(struct xg_msgs *q)
{
	return READ_ONCE(q->now) || !list_empty_careful(&q->list);
}

static struct xg_msg *next_msg(struct xg_msgs *q)
{
	struct xg_msg *msg;

	spin_lock(&q->lock);
	msg = list_first_entry_or_null(&q->list, struct xg_msg, node);
	if (msg) {
		list_del(&msg->node);
		if (!msg->event)
			q->nr_replies--;
		else if (!msg->queued)
			q->nr_events--;
	}
	spin_unlock(&q->lock);
	return msg;
}

static void done_with(struct xg_msgs *q, struct xg_msg *msg)
{
	bool owned;

	spin_lock(&q->lock);
	owned = msg->spare;
	msg->queued = owned && msg->again;
	msg->again = false;
	if (msg->queued) {
		msg->pos = 0;
		list_add_tail(&msg->node, &q->list);
	}
	spin_unlock(&q->lock);
	if (!owned)
		kfree(msg);
}

/* As many bytes of as many messages as there are. Under @reading. */
static ssize_t read_some(struct xg_msgs *q, char __user *buf, size_t count)
{
	size_t part, done = 0;
	struct xg_msg *msg;

	while (done < count) {
		if (!q->now)
			WRITE_ONCE(q->now, next_msg(q));
		msg = q->now;
		if (!msg)
			break;
		part = min_t(size_t, count - done, msg->len - msg->pos);
		if (copy_to_user(buf + done, msg->data + msg->pos, part))
			return done ?: -EFAULT;
		done += part;
		msg->pos += part;
		if (msg->pos < msg->len)
			break;
		WRITE_ONCE(q->now, NULL);
		done_with(q, msg);
	}
	return done;
}

ssize_t xg_msgs_read(struct xg_msgs *q, char __user *buf, size_t count)
{
	ssize_t ret;

	if (mutex_lock_interruptible(&q->reading))
		return -ERESTARTSYS;
	ret = read_some(q, buf, count);
	mutex_unlock(&q->reading);
	/* A writer may wait for room. */
	wake_up_interruptible(&q->wait);
	return ret;
}
