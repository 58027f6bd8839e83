// SPDX-License-Identifier: GPL-2.0-only
/*
 * The grant layer: start, stop, and what it has to show.
 *
 * Read table.c for the frames and the references, access.c for granting a page
 * and taking it back, pool.c for references set aside, map.c for the other
 * direction. The root starts and stops the layer; no caller is left by then.
 */
#define pr_fmt(fmt) "xg-grant: " fmt

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <xg/grant.h>
#include <xg/hypercall.h>
#include "internal.h"

static struct dentry *stats_file;

static void read_stats(struct xg_grant_stats *stats, unsigned int *inherited)
{
	xg_table_stats(stats, inherited);
	stats->deferred = xg_access_deferred();
	stats->mapped = xg_map_mapped();
}

/**
 * xg_grant_get_stats() - what the layer holds at this moment
 * @stats: filled in
 *
 * Context: any.
 */
void xg_grant_get_stats(struct xg_grant_stats *stats)
{
	unsigned int inherited;

	read_stats(stats, &inherited);
}
EXPORT_SYMBOL_GPL(xg_grant_get_stats);

static int stats_show(struct seq_file *m, void *unused)
{
	struct xg_grant_stats stats;
	unsigned int inherited;

	read_stats(&stats, &inherited);
	seq_printf(m, "frames %u\n", stats.frames);
	seq_printf(m, "frames_max %u\n", stats.frames_max);
	seq_printf(m, "refs %u\n", stats.refs);
	seq_printf(m, "in_use %u\n", stats.in_use);
	seq_printf(m, "inherited %u\n", inherited);
	seq_printf(m, "deferred %u\n", stats.deferred);
	seq_printf(m, "mapped %u\n", stats.mapped);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/**
 * xg_grant_start() - take hold of the domain's grant table
 * @platform: where the table's frames may live; kept until xg_grant_stop()
 *
 * Entries that are in use already, by the firmware or since an earlier load,
 * are left alone.
 *
 * Context: process; the root's call, once until xg_grant_stop().
 * Return: 0, -EBUSY when started already, -ENODEV when Xen has no usable table,
 * -ENOSPC without frames, -ENOMEM.
 */
int xg_grant_start(struct xg_platform *platform)
{
	int err;

	err = xg_table_start(platform);
	if (err)
		return err;
	xg_access_start();
	stats_file = debugfs_create_file("grant", 0444, xg_debugfs_root(), NULL,
					 &stats_fops);
	return 0;
}
EXPORT_SYMBOL_GPL(xg_grant_start);

/**
 * xg_grant_suspend() - may this machine be saved?
 *
 * Context: process.
 * Return: 0; -EBUSY while a page of another domain's is mapped, which would not
 * be there where the machine goes.
 */
int xg_grant_suspend(void)
{
	unsigned int nr = xg_map_mapped();

	if (!nr)
		return 0;
	pr_err("%u pages of other domains are mapped: the machine cannot be saved until their users let go\n",
	       nr);
	return -EBUSY;
}
EXPORT_SYMBOL_GPL(xg_grant_suspend);

/**
 * xg_grant_quiet() - is that still so?
 *
 * Context: every CPU is stopped.
 * Return: false: somebody maps, or is about to.
 */
bool xg_grant_quiet(void)
{
	return !xg_map_mapped();
}
EXPORT_SYMBOL_GPL(xg_grant_quiet);

/**
 * xg_grant_wake() - a table in the domain that the machine was restored in
 *
 * No reference grants anything; all are held as before, and to be ended by those
 * who hold them.
 *
 * Context: every CPU is stopped, interrupts off.
 * Return: 0; -errno: Xen gives no table, what is granted from now on goes nowhere.
 */
int xg_grant_wake(void)
{
	int err = xg_table_wake();

	if (err)
		pr_emerg("no grant table in the new domain (%d)\n", err);
	return err;
}
EXPORT_SYMBOL_GPL(xg_grant_wake);

/**
 * xg_grant_stop() - let go of the grant table
 *
 * Pages a peer still has mapped are leaked, with one line: freeing them would
 * let the peer write into somebody else's memory. Nothing happens when the
 * layer is not started.
 *
 * Context: process; the root's call, after the last user of the layer has gone.
 */
void xg_grant_stop(void)
{
	if (!xg_table_limit())
		return;
	debugfs_remove(stats_file);
	stats_file = NULL;
	xg_map_stop();
	xg_access_stop();
	xg_table_stop();
}
EXPORT_SYMBOL_GPL(xg_grant_stop);

MODULE_DESCRIPTION("Xen grant table");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
