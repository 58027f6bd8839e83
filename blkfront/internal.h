/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One disk (struct xg_blk), its queues, and a request on its way.
 *
 * A queue is one ring, one event channel and one hardware queue of blk-mq. Its
 * lock covers the ring, the slots and what requests share with the backend; a
 * request's own struct xg_blk_cmd belongs to whoever has the request.
 */
#ifndef XG_BLKFRONT_INTERNAL_H
#define XG_BLKFRONT_INTERNAL_H

#include <linux/kref.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <xg/evtchn.h>
#include <xg/grant.h>
#include <xg/proto/blk.h>
#include <xg/proto/ring.h>
#include <xg/proto/slots.h>
#include <xg/xenbus.h>
#include <compat/block.h>

#define XG_BLK_MAJOR		202
#define XG_BLK_TIMEOUT		(20 * HZ)
/* While a disk goes down: how often to look, how long to wait for an answer. */
#define XG_BLK_LOOK		(5 * HZ)
#define XG_BLK_SILENCE		(25 * HZ)
#define XG_BLK_QUEUES_MAX	64
/* 128 slots: more requests than that do not make a disk faster. */
#define XG_BLK_RING_ORDER_MAX	2
/* 1 MiB a request; one indirect page describes them all. */
#define XG_BLK_SEGS_MAX		256
/* Pages in flight on one disk, shared out to its queues: 16 MiB at most. */
#define XG_BLK_PAGES		4096u
/* Requests of a queue that may be indirect at one time. */
#define XG_BLK_SHEETS		32u

struct xg_blk;

/* A page of ours that the backend can reach for as long as the queue lives. */
struct xg_blk_shared {
	struct page *page;
	grant_ref_t ref;
};

/* A stack of such pages, made as they are needed. */
struct xg_blk_stack {
	struct xg_blk_shared *items;
	unsigned int free;	/* that many items are valid */
	unsigned int made;
	unsigned int max;
};

/* Part of a request: sectors within one page. */
struct xg_blk_piece {
	struct page *page;	/* the one the backend sees */
	grant_ref_t ref;
	u8 first;
	u8 last;
	bool copied;		/* @page is a shared one of the queue's */
};

/* What blk-mq gives us room for behind each request. */
struct xg_blk_cmd {
	struct xg_blk_cmd *next;	/* answered in the same interrupt */
	struct xg_blk_shared sheet;	/* the indirect page, or none */
	blk_status_t status;
	u16 nr;
	u16 nr_copied;
	u16 slot;
	u8 op;			/* on the wire */
	struct xg_blk_piece pieces[];
};

/* Under the queue's lock. */
struct xg_blk_stats {
	u64 requests;
	u64 notifications;
	u64 interrupts;
	u64 spurious;
	u64 full;		/* put off: ring, references or pages were out */
	u64 timeouts;
	u64 errors;
	u64 copied;		/* pieces */
};

struct xg_blk_queue {
	struct xg_blk *blk;
	unsigned int nr;
	struct xg_evtchn *ch;
	void *ring_mem;
	grant_ref_t ring_refs[1 << XG_BLK_RING_ORDER_MAX];

	spinlock_t lock;	/* of all that follows */
	struct xg_ring ring;
	struct xg_slots slots;
	u16 *next_slot;
	struct request **sent;	/* by slot; NULL until it is on the ring */
	struct xg_grant_pool refs;
	struct xg_blk_stack pages;
	struct xg_blk_stack sheets;
	bool dead;		/* no I/O any more, nobody waits for an answer */
	bool poisoned;		/* dead by the backend's fault */
	bool owed;		/* an interrupt is due that will find nothing */
	bool silent;		/* a request has waited for long, as was said */
	unsigned int busy;	/* requests that have something of the queue's */
	struct xg_blk_stats stats;
} ____cacheline_aligned_in_smp;

/* Where a virtual device number puts a disk. */
struct xg_blk_place {
	int minor;
	int minors;
	char name[DISK_NAME_LEN];
};

/* What the EOPNOTSUPP answers have taught us; bits of xg_blk.lost_features. */
#define XG_BLK_NO_FLUSH		0
#define XG_BLK_NO_DISCARD	1
#define XG_BLK_NO_ERASE		2

/* While the machine is saved, and until a new backend is connected: pause.c. */
struct xg_blk_pause {
	spinlock_t lock;	/* of all that follows */
	bool still;		/* the block layer gives us no request */
	bool moving;		/* there is no backend yet */
};

struct xg_blk {
	struct kref ref;	/* the device's, and the disk's while it has one */
	struct xg_xenbus_device *xdev;
	struct list_head node;	/* of all disks, for the minors */
	struct xg_blk_place place;
	u16 handle;

	unsigned int nr_queues;
	unsigned int max_queues;	/* room for, in @queues */
	unsigned int ring_order;
	unsigned int queue_pages;	/* in flight on a queue, at most */
	struct xg_blk_queue *queues;

	/* as the backend has them, checked */
	u64 sectors;
	u32 info;		/* VDISK_* */
	bool copy;		/* never grant a page of somebody else's */
	bool read_only;
	u8 flush_op;		/* 0: none */
	struct xg_disk_limits limits;

	struct blk_mq_tag_set tags;
	struct gendisk *disk;	/* while it is up */
	struct work_struct appear;
	bool added;		/* the block layer knows @disk */
	bool abandoned;		/* and that nothing answers it any more */
	unsigned long lost_features;
	struct work_struct care;
	struct delayed_work deadline;
	struct xg_blk_pause pause;
	u64 deadline_seen;
	unsigned long silent_since;	/* jiffies */
	struct dentry *debugfs;
};

/* main.c */
void xg_blk_get(struct xg_blk *blk);
void xg_blk_put(struct xg_blk *blk);
void xg_blk_disconnect(struct xg_blk *blk);

/* name.c */
int xg_blk_place(u32 vdevice, struct xg_blk_place *place);

/* handshake.c */
extern const struct xg_step xg_blk_steps[];
extern const unsigned int xg_blk_nr_steps;
void xg_blk_forget_keys(struct xg_blk *blk);
int xg_blk_read_sectors(struct xg_blk *blk, u64 *sectors);

/* disk.c */
int xg_blk_disk_up(struct xg_blk *blk);
void xg_blk_disk_resize(struct xg_blk *blk);
void xg_blk_disk_down(struct xg_blk *blk);

/* queue.c: the data path */
extern const struct blk_mq_ops xg_blk_mq_ops;
irqreturn_t xg_blk_irq(int irq, void *data);
void xg_blk_kill_all(struct xg_blk *blk);
void xg_blk_recall(struct xg_blk_queue *q, struct list_head *requests);
bool xg_blk_idle(struct xg_blk *blk, u64 *answered);

/* segs.c: a request's pages and the backend */
int xg_blk_split(struct xg_blk_queue *q, struct request *req);
int xg_blk_take_pages(struct xg_blk_queue *q, struct xg_blk_cmd *cmd);
void xg_blk_give_pages(struct xg_blk_queue *q, struct xg_blk_cmd *cmd);
void xg_blk_share(struct xg_blk_queue *q, struct request *req);
bool xg_blk_unshare(struct request *req);
int xg_blk_encode(struct xg_blk_queue *q, struct request *req,
		  struct blkif_request *wire);

/* shared.c: what a queue owns */
int xg_blk_queues_alloc(struct xg_blk *blk);
void xg_blk_queues_share(struct xg_blk *blk);
int xg_blk_queues_stock(struct xg_blk *blk);
void xg_blk_queues_unstock(struct xg_blk *blk);
bool xg_blk_queues_bound(struct xg_blk *blk);
void xg_blk_queues_close(struct xg_blk *blk);
void xg_blk_queues_empty(struct xg_blk *blk);
void xg_blk_queues_free(struct xg_blk *blk);
int xg_blk_shared_make(struct xg_blk_queue *q, struct xg_blk_stack *stack,
		       unsigned int want, gfp_t gfp);

/* pause.c */
void xg_blk_pause_init(struct xg_blk *blk);
void xg_blk_suspend(struct xg_xenbus_device *xdev);
void xg_blk_resume(struct xg_xenbus_device *xdev, bool moved);
bool xg_blk_is_still(struct xg_blk *blk);
bool xg_blk_is_moving(struct xg_blk *blk);
int xg_blk_same_disk(struct xg_blk *blk, const struct xg_disk_limits *was);
void xg_blk_pause_end(struct xg_blk *blk);

/* stats.c */
void xg_blk_stats_init(void);
void xg_blk_stats_exit(void);
void xg_blk_stats_add(struct xg_blk *blk);
void xg_blk_stats_remove(struct xg_blk *blk);

#endif /* XG_BLKFRONT_INTERNAL_H */
