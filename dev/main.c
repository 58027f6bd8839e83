// SPDX-License-Identifier: GPL-2.0-only
/*
 * Xen for programs: /dev/xen/{xenbus,evtchn,gntalloc,gntdev} and /sys/hypervisor,
 * with the ABI of <xen/evtchn.h>, <xen/gntalloc.h>, <xen/gntdev.h> and
 * <xen/io/xs_wire.h>, as Linux has had them.
 *
 * This file knows which files are open. What a file has in Xen, it has until it is
 * closed, or until the layers stop, which may be earlier: then it answers -ENODEV
 * for ever, and what it has mapped is taken from its process. A layer that is back
 * wants a new open.
 */
#define pr_fmt(fmt) "xg-dev: " fmt

#include <linux/debugfs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <xg/hypercall.h>
#include <xg/store.h>
#include "internal.h"

static DEFINE_MUTEX(lock);	/* the list, and whether the layers are up */
static LIST_HEAD(files);
static bool layers_up;
static domid_t self = DOMID_INVALID;
static atomic_t held[XG_HELD_KINDS];
static struct dentry *debugfs;
static struct proc_dir_entry *proc;

void xg_count(enum xg_held what, int change)
{
	atomic_add(change, &held[what]);
}

bool xg_is_self(domid_t dom)
{
	return dom == DOMID_SELF || dom == READ_ONCE(self);
}

/* --- open files --------------------------------------------------------- */

int xg_file_open(struct xg_file *file, const struct xg_kind *kind,
		 struct file *filp)
{
	int err = -ENODEV;

	mutex_init(&file->lock);
	file->kind = kind;
	file->filp = filp;
	file->gone = false;
	mutex_lock(&lock);
	if (layers_up) {
		list_add_tail(&file->node, &files);
		xg_count(XG_HELD_FILES, 1);
		err = 0;
	}
	mutex_unlock(&lock);
	return err;
}

static void end(struct xg_file *file)
{
	mutex_lock(&file->lock);
	if (!file->gone) {
		WRITE_ONCE(file->gone, true);
		file->kind->end(file);
	}
	mutex_unlock(&file->lock);
}

void xg_file_close(struct xg_file *file)
{
	/* In this order: whoever stops the layers waits for what ends. */
	end(file);
	mutex_lock(&lock);
	list_del(&file->node);
	xg_count(XG_HELD_FILES, -1);
	mutex_unlock(&lock);
}

int xg_file_enter(struct xg_file *file)
{
	if (mutex_lock_interruptible(&file->lock))
		return -ERESTARTSYS;
	if (!file->gone)
		return 0;
	mutex_unlock(&file->lock);
	return -ENODEV;
}

void xg_file_leave(struct xg_file *file)
{
	mutex_unlock(&file->lock);
}

/* --- the layers come and go --------------------------------------------- */

static void end_all(const struct xg_kind *kind)
{
	struct xg_file *file;

	list_for_each_entry(file, &files, node)
		if (file->kind == kind)
			end(file);
}

static void store_up(void)
{
	u64 id = xg_store_read_or("domid", "", 0, DOMID_FIRST_RESERVED - 1,
				  DOMID_INVALID);

	mutex_lock(&lock);
	WRITE_ONCE(self, id);
	layers_up = true;
	mutex_unlock(&lock);
}

/* Ports after the mappings whose end they tell. */
static void store_down(void)
{
	mutex_lock(&lock);
	layers_up = false;
	end_all(&xg_gntdev_kind);
	end_all(&xg_gntalloc_kind);
	xg_gntdev_stop();
	end_all(&xg_evtchn_kind);
	end_all(&xg_xenbus_kind);
	mutex_unlock(&lock);
}

static struct xg_store_user user = {
	.up = store_up,
	.down = store_down,
};

/* --- what is to be seen ------------------------------------------------- */

static int held_show(struct seq_file *m, void *unused)
{
	static const char *const names[] = {
		[XG_HELD_FILES] = "files",
		[XG_HELD_PORTS] = "ports",
		[XG_HELD_GRANTS] = "grants",
		[XG_HELD_ROOM] = "room",
		[XG_HELD_WATCHES] = "watches",
		[XG_HELD_TRANSACTIONS] = "transactions",
	};
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(names) != XG_HELD_KINDS);
	for (i = 0; i < XG_HELD_KINDS; i++)
		seq_printf(m, "%s %d\n", names[i], atomic_read(&held[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(held);

static struct miscdevice devices[] = {
	{ .name = "xen/xenbus", .fops = &xg_xenbus_fops },
	{ .name = "xen/evtchn", .fops = &xg_evtchn_fops },
	{ .name = "xen/gntalloc", .fops = &xg_gntalloc_fops },
	{ .name = "xen/gntdev", .fops = &xg_gntdev_fops },
};

static void devices_exit(unsigned int count)
{
	while (count--)
		misc_deregister(&devices[count]);
}

static int devices_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		devices[i].minor = MISC_DYNAMIC_MINOR;
		devices[i].mode = 0600;
		err = misc_register(&devices[i]);
		if (!err)
			continue;
		if (err == -EEXIST || err == -EBUSY)
			pr_err("/dev/%s is another driver's; unload that first\n",
			       devices[i].name);
		else
			pr_err("/dev/%s cannot be made (%d)\n", devices[i].name,
			       err);
		devices_exit(i);
		return err;
	}
	return 0;
}

/* Where old programs look for the store's device; nothing else is there. */
static void proc_init(void)
{
	proc = proc_mkdir("xen", NULL);
	if (proc && !proc_symlink("xenbus", proc, "/dev/xen/xenbus"))
		pr_warn("no /proc/xen/xenbus\n");
}

static int __init dev_init(void)
{
	int err;

	err = xg_sysfs_init();
	if (err) {
		pr_err("/sys/hypervisor cannot be filled (%d)\n", err);
		return err;
	}
	err = devices_init();
	if (err) {
		xg_sysfs_exit();
		return err;
	}
	proc_init();
	debugfs = debugfs_create_file("dev", 0400, xg_debugfs_root(), NULL,
				      &held_fops);
	xg_store_join(&user);
	return 0;
}

static void __exit dev_exit(void)
{
	xg_store_leave(&user);
	debugfs_remove(debugfs);
	proc_remove(proc);
	devices_exit(ARRAY_SIZE(devices));
	xg_sysfs_exit();
}

module_init(dev_init);
module_exit(dev_exit);

MODULE_DESCRIPTION("Xen devices for programs: store, events, grants");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
