// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs: xg/blkfront/DISK, what its queues have done. Sums first, one a line,
 * then a line for each queue.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <xg/hypercall.h>
#include "internal.h"

static struct dentry *dir;

/* A copy, taken at one moment. */
struct snapshot {
	struct xg_blk_stats stats;
	unsigned int in_flight;
	unsigned int shared;
	unsigned int shared_used;
	bool dead;
	bool poisoned;
};

static void take_snapshot(struct xg_blk_queue *q, struct snapshot *s)
{
	spin_lock_irq(&q->lock);
	s->stats = q->stats;
	s->in_flight = q->slots.count - q->slots.free;
	s->shared = q->pages.made;
	s->shared_used = q->pages.made - q->pages.free;
	s->dead = q->dead;
	s->poisoned = q->poisoned;
	spin_unlock_irq(&q->lock);
}

static void add(struct snapshot *sum, const struct snapshot *s)
{
	sum->stats.requests += s->stats.requests;
	sum->stats.notifications += s->stats.notifications;
	sum->stats.interrupts += s->stats.interrupts;
	sum->stats.spurious += s->stats.spurious;
	sum->stats.full += s->stats.full;
	sum->stats.timeouts += s->stats.timeouts;
	sum->stats.errors += s->stats.errors;
	sum->stats.copied += s->stats.copied;
	sum->in_flight += s->in_flight;
	sum->shared += s->shared;
	sum->shared_used += s->shared_used;
}

/* @sep is put between key and value, @end after each pair. */
static void print(struct seq_file *m, const struct snapshot *s, const char *sep,
		  const char *end)
{
#define SHOW(key, value)						\
	seq_printf(m, key "%s%llu%s", sep, (unsigned long long)(value), end)
	SHOW("requests", s->stats.requests);
	SHOW("notifications", s->stats.notifications);
	SHOW("interrupts", s->stats.interrupts);
	SHOW("spurious", s->stats.spurious);
	SHOW("full", s->stats.full);
	SHOW("timeouts", s->stats.timeouts);
	SHOW("errors", s->stats.errors);
	SHOW("copied", s->stats.copied);
	SHOW("in_flight", s->in_flight);
	SHOW("persistent", s->shared);
	SHOW("persistent_used", s->shared_used);
#undef SHOW
}

static int disk_show(struct seq_file *m, void *unused)
{
	struct xg_blk *blk = m->private;
	struct snapshot sum = {}, s;
	unsigned int dead = 0, poisoned = 0;
	unsigned int i;

	for (i = 0; i < blk->nr_queues; i++) {
		take_snapshot(&blk->queues[i], &s);
		add(&sum, &s);
		dead += s.dead;
		poisoned += s.poisoned;
	}
	seq_printf(m, "queues: %u\n", blk->nr_queues);
	seq_printf(m, "slots: %u\n", blk->queues[0].ring.slots);
	seq_printf(m, "ring_pages: %u\n", 1 << blk->ring_order);
	seq_printf(m, "segments: %u\n", blk->limits.segments);
	seq_printf(m, "copy: %u\n", blk->copy);
	seq_printf(m, "dead: %u\n", dead);
	seq_printf(m, "poisoned: %u\n", poisoned);
	print(m, &sum, ": ", "\n");
	for (i = 0; i < blk->nr_queues; i++) {
		take_snapshot(&blk->queues[i], &s);
		seq_printf(m, "queue %u:%s%s ", i, s.dead ? " dead" : "",
			   s.poisoned ? " poisoned" : "");
		print(m, &s, "=", " ");
		seq_putc(m, '\n');
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(disk);

/* The file is gone before the queues are: xg_blk_stats_remove() waits. */
void xg_blk_stats_add(struct xg_blk *blk)
{
	blk->debugfs = debugfs_create_file(blk->place.name, 0400, dir, blk,
					   &disk_fops);
}

void xg_blk_stats_remove(struct xg_blk *blk)
{
	debugfs_remove(blk->debugfs);
	blk->debugfs = NULL;
}

void xg_blk_stats_init(void)
{
	dir = debugfs_create_dir("blkfront", xg_debugfs_root());
}

void xg_blk_stats_exit(void)
{
	debugfs_remove(dir);
}
