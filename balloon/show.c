// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs xg/balloon: the same memory by the guest's count, the host's and Xen's.
 */
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/seq_file.h>
#include <xg/hypercall.h>
#include "internal.h"

static struct dentry *file;

static void show_kib(struct seq_file *m, const char *name, unsigned long pages)
{
	seq_printf(m, "%s: %llu\n", name, xg_pages_to_kib(pages));
}

static int balloon_show(struct seq_file *m, void *unused)
{
	struct xg_worker_state worker;
	struct xg_target_state target;
	struct xg_pages_stats pages;

	xg_worker_state(&worker);
	xg_target_state(&target);
	xg_pages_stats(&pages);
	/* the guest's RAM */
	show_kib(m, "current_kib", worker.present - xg_pages_out());
	show_kib(m, "target_kib", worker.target);
	show_kib(m, "floor_kib", worker.floor);
	show_kib(m, "present_kib", worker.present);
	show_kib(m, "out_kib", xg_pages_out());
	/* the host's figures */
	seq_printf(m, "asked_kib: %llu\n", target.asked);
	seq_printf(m, "static_max_kib: %llu\n", target.static_max);
	seq_printf(m, "video_kib: %llu\n", target.video);
	seq_printf(m, "refused: %u\n", target.refused);
	/* Xen's */
	show_kib(m, "reservation_kib", max(xg_reservation(), 0));
	show_kib(m, "limit_kib", max(xg_reservation_limit(), 0));
	seq_printf(m, "given: %llu\n", pages.given);
	seq_printf(m, "taken: %llu\n", pages.taken);
	seq_printf(m, "oom: %llu\n", worker.oom_pages);
	seq_printf(m, "hypercalls: %llu\n", pages.hypercalls);
	seq_printf(m, "retries: %llu\n", worker.failures);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(balloon);

void xg_balloon_show_start(void)
{
	file = debugfs_create_file("balloon", 0400, xg_debugfs_root(), NULL,
				   &balloon_fops);
}

void xg_balloon_show_stop(void)
{
	debugfs_remove(file);
}
