/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of this folder share.
 *
 * Locks, outermost first: the list of open files (main.c); mmap_lock; a file's
 * @lock; the registry of ports (evtchn.c). Nothing is copied from or to a process
 * while a file's @lock is held: a page fault may want it, or never end.
 */
#ifndef XG_DEV_INTERNAL_H
#define XG_DEV_INTERNAL_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <xen/interface/xen.h>
#include <xen/interface/event_channel.h>

struct xg_file;
struct xg_port;

/**
 * struct xg_kind - one of the devices
 * @end: let go of all that the file has; under its lock, once: when it is closed,
 *       or when the layers stop with the file open. Then @gone is set already.
 */
struct xg_kind {
	void (*end)(struct xg_file *file);
};

/**
 * struct xg_file - an open file of any of the devices
 * @node: in the list of them; in the order in which they were opened
 * @kind: which
 * @lock: what the file has, and @gone
 * @gone: the layers have stopped: it has nothing, and never will
 * @filp: the kernel's
 */
struct xg_file {
	struct list_head node;
	const struct xg_kind *kind;
	struct mutex lock;	/* see above */
	bool gone;
	struct file *filp;
};

/* What debugfs counts */
enum xg_held {
	XG_HELD_FILES,
	XG_HELD_PORTS,
	XG_HELD_GRANTS,
	XG_HELD_ROOM,		/* for foreign pages, mapped or not */
	XG_HELD_WATCHES,
	XG_HELD_TRANSACTIONS,
	XG_HELD_KINDS
};

/* --- main.c ------------------------------------------------------------- */

/* 0; -ENODEV where the layers are not up. */
int xg_file_open(struct xg_file *file, const struct xg_kind *kind,
		 struct file *filp);
/* @kind->end() has run when this returns; nobody knows the file any more. */
void xg_file_close(struct xg_file *file);
/* Take @lock: 0, -ENODEV where it is gone, -ERESTARTSYS. */
int xg_file_enter(struct xg_file *file);
void xg_file_leave(struct xg_file *file);
void xg_count(enum xg_held what, int change);
/* Is it this domain? */
bool xg_is_self(domid_t dom);

/* --- evtchn.c: ports ---------------------------------------------------- */

extern const struct file_operations xg_evtchn_fops;
extern const struct xg_kind xg_evtchn_kind;

/*
 * The port that /dev/xen/evtchn has by this number, of whichever file: NULL where
 * there is none. It stays open until it is put, though its file be closed.
 */
struct xg_port *xg_port_get(evtchn_port_t nr);
void xg_port_put(struct xg_port *port);
void xg_port_notify(struct xg_port *port);

/* --- notify.c: what the other end is to know of the end of a mapping ---- */

/**
 * struct xg_unmap_notify - the same, as a process has asked for it
 * @action: UNMAP_NOTIFY_*
 * @byte: of the mapping, to be cleared
 * @port: to be notified
 */
struct xg_unmap_notify {
	u32 action;
	size_t byte;
	struct xg_port *port;
};

/* 0; -EINVAL no such action or port: then it is what it was. */
int xg_unmap_notify_set(struct xg_unmap_notify *notify, u32 action, size_t byte,
			evtchn_port_t port);
/* Does it, once. @page: where the byte is; NULL: it cannot be written. */
void xg_unmap_notify_fire(struct xg_unmap_notify *notify, void *page);

/* --- gntalloc.c, gntdev.c, copy.c: grants ------------------------------- */

extern const struct file_operations xg_gntalloc_fops;
extern const struct xg_kind xg_gntalloc_kind;

extern const struct file_operations xg_gntdev_fops;
extern const struct xg_kind xg_gntdev_kind;
/* All files have ended: unmap what is left. */
void xg_gntdev_stop(void);

struct ioctl_gntdev_grant_copy;
long xg_grant_copy(struct xg_file *file,
		   struct ioctl_gntdev_grant_copy __user *arg);

/* --- xenbus.c, queue.c: the store --------------------------------------- */

extern const struct file_operations xg_xenbus_fops;
extern const struct xg_kind xg_xenbus_kind;

struct xsd_sockmsg;

/**
 * struct xg_msg - a message that waits for its reader
 * @node: in the queue
 * @spare: whose it is; NULL: it is freed once it has been read
 * @queued: a spare's: it waits
 * @again: a spare's: it is to wait once more
 * @event: of a watch, no reply
 * @pos: read so far
 * @len: of @data
 */
struct xg_msg {
	struct list_head node;
	void *spare;
	bool queued;
	bool again;
	bool event;
	u32 pos;
	u32 len;
	char data[];
};

/**
 * struct xg_msgs - the messages of a file
 * @lock: all but @now
 * @list: those that wait
 * @nr_events: of these, events that are no spares
 * @nr_replies: of these
 * @reading: one reader
 * @now: what it is in the middle of, under @reading
 * @wait: for messages, and for room
 */
struct xg_msgs {
	spinlock_t lock;		/* see above */
	struct list_head list;
	unsigned int nr_events;
	unsigned int nr_replies;
	struct mutex reading;		/* see above */
	struct xg_msg *now;
	wait_queue_head_t wait;
};

void xg_msgs_init(struct xg_msgs *q);
void xg_msgs_free(struct xg_msgs *q);
/* @a and @b: its payload, one after the other. NULL: no memory. */
struct xg_msg *xg_msg_new(u32 type, const struct xsd_sockmsg *to, const void *a,
			  size_t a_len, const void *b, size_t b_len);
void xg_msgs_reply(struct xg_msgs *q, struct xg_msg *msg);
/* One event, if there is one and room for it; else, once, @spare. */
void xg_msgs_event(struct xg_msgs *q, struct xg_msg *event,
		   struct xg_msg *spare);
/* Its owner has done with it. */
void xg_msgs_drop_spare(struct xg_msgs *q, struct xg_msg *spare);
bool xg_msgs_have_room(struct xg_msgs *q);
bool xg_msgs_waiting(struct xg_msgs *q);
/* Bytes copied; 0: there are none; -EFAULT; -ERESTARTSYS. */
ssize_t xg_msgs_read(struct xg_msgs *q, char __user *buf, size_t count);

/* --- sysfs.c: /sys/hypervisor ------------------------------------------- */

int xg_sysfs_init(void);
void xg_sysfs_exit(void);

#endif /* XG_DEV_INTERNAL_H */
