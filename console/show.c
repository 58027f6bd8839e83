// SPDX-License-Identifier: GPL-2.0-only
/* debugfs: xg/console/hvcN, what went through it. */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <xg/hypercall.h>
#include "internal.h"

static struct dentry *dir;

static const char *const states[] = {
	[XG_CON_DOWN] = "down",
	[XG_CON_UP] = "up",
	[XG_CON_BROKEN] = "broken",
};

static int con_show(struct seq_file *m, void *unused)
{
	struct xg_con *con = m->private;
	struct xg_con_stats s;
	enum xg_con_state state;
	bool lossy;

	spin_lock_irq(&con->lock);
	s = con->stats;
	state = con->state;
	lossy = con->lossy;
	spin_unlock_irq(&con->lock);
	seq_printf(m, "state: %s\n", states[state]);
	seq_printf(m, "printk: %u\n", lossy);
	seq_printf(m, "in: %llu\n", s.in);
	seq_printf(m, "out: %llu\n", s.out);
	seq_printf(m, "dropped: %llu\n", s.dropped);
	seq_printf(m, "notifications: %llu\n", s.notifications);
	seq_printf(m, "events: %llu\n", s.events);
	seq_printf(m, "spurious: %llu\n", s.spurious);
	seq_printf(m, "full: %llu\n", s.full);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(con);

void xg_con_show_add(struct xg_con *con)
{
	debugfs_create_file(con->name, 0400, dir, con, &con_fops);
}

void xg_con_show_init(void)
{
	dir = debugfs_create_dir("console", xg_debugfs_root());
}

void xg_con_show_exit(void)
{
	debugfs_remove(dir);
}
