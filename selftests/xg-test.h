/* SPDX-License-Identifier: GPL-2.0-only */
/* What test modules have in common: two files in debugfs, "run" and "result". */
#ifndef XG_TEST_H
#define XG_TEST_H

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <xg/hypercall.h>

/* As DEFINE_SHOW_ATTRIBUTE(result): run_write() becomes run_fops. */
#define XG_TEST_RUN \
static const struct file_operations run_fops = { \
	.owner = THIS_MODULE, \
	.write = run_write, \
	.open = simple_open, \
}

/* -> xg/@name in debugfs, for debugfs_remove() */
static inline struct dentry *
xg_test_files(const char *name, const struct file_operations *run,
	      const struct file_operations *result)
{
	struct dentry *dir = debugfs_create_dir(name, xg_debugfs_root());

	debugfs_create_file("run", 0200, dir, NULL, run);
	debugfs_create_file("result", 0400, dir, NULL, result);
	return dir;
}

#endif /* XG_TEST_H */
