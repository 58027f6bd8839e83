// SPDX-License-Identifier: GPL-2.0-only
/*
 * Start and stop of the xenbus layer, in two steps: the store, which is watches
 * and then the connection they come through; then the bus that uses both. The bus
 * type is there as long as the module, so that frontends can be loaded before a
 * root.
 */
#define pr_fmt(fmt) "xg-xenbus: " fmt

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <xg/hypercall.h>
#include "internal.h"

static struct dentry *file;

static int xenbus_show(struct seq_file *m, void *unused)
{
	xg_conn_show(m);
	seq_printf(m, "watches: %u\n", xg_watch_count());
	xg_bus_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(xenbus);

/**
 * xg_store_start() - connect to the store
 * @platform: the machine
 *
 * From now on the store can be read; no device is looked for yet.
 *
 * Context: process, the root's probe.
 * Return: 0; -ENODEV no store; -EIO it does not answer; another -errno.
 */
int xg_store_start(struct xg_platform *platform)
{
	int err;

	err = xg_watch_start();
	if (err)
		return err;
	err = xg_conn_start();
	if (err)
		xg_watch_stop();
	return err;
}
EXPORT_SYMBOL_GPL(xg_store_start);

/**
 * xg_store_stop() - let go of the store
 *
 * Context: process, the root's remove.
 */
void xg_store_stop(void)
{
	xg_conn_stop();
	xg_watch_stop();
}
EXPORT_SYMBOL_GPL(xg_store_stop);

/**
 * xg_store_suspend() - no call is made until xg_store_resume()
 *
 * Context: process; waits for the calls that are under way.
 * Return: 0.
 */
int xg_store_suspend(void)
{
	xg_conn_suspend();
	return 0;
}
EXPORT_SYMBOL_GPL(xg_store_suspend);

/**
 * xg_store_resume() - its mirror
 * @moved: the store is another domain's: it is connected to, and all watches are
 *         registered there, while callers wait
 *
 * Context: process.
 */
void xg_store_resume(bool moved)
{
	xg_conn_resume(moved);
}
EXPORT_SYMBOL_GPL(xg_store_resume);

/**
 * xg_store_platform() - the machine whose store it is
 *
 * Context: process; what xg_store_join() was given calls it, between up and down.
 * Return: as its root has it.
 */
struct xg_platform *xg_store_platform(void)
{
	return xg_bus_platform();
}
EXPORT_SYMBOL_GPL(xg_store_platform);

/**
 * xg_xenbus_start() - look for devices, the store being connected
 * @platform: the machine; kept until xg_xenbus_stop()
 *
 * Devices are found from a work item, after this has returned.
 *
 * Context: process, the root's probe.
 * Return: 0 or -errno.
 */
int xg_xenbus_start(struct xg_platform *platform)
{
	int err;

	err = xg_bus_start(platform);
	if (err)
		return err;
	file = debugfs_create_file("xenbus", 0400, xg_debugfs_root(), NULL,
				   &xenbus_fops);
	xg_users_start();
	return 0;
}
EXPORT_SYMBOL_GPL(xg_xenbus_start);

/**
 * xg_xenbus_stop() - remove all devices
 *
 * Context: process, the root's remove. Waits for backends, a bounded time each.
 */
void xg_xenbus_stop(void)
{
	xg_users_stop();
	debugfs_remove(file);
	xg_bus_stop();
}
EXPORT_SYMBOL_GPL(xg_xenbus_stop);

/**
 * xg_xenbus_suspend() - devices are left as they are until xg_xenbus_resume()
 *
 * No driver is bound or unbound meanwhile, and no backend answered.
 *
 * Context: process; while the store answers.
 * Return: 0.
 */
int xg_xenbus_suspend(void)
{
	xg_bus_suspend();
	return 0;
}
EXPORT_SYMBOL_GPL(xg_xenbus_suspend);

/**
 * xg_xenbus_resume() - its mirror
 * @moved: this is another domain: every device has a new backend, and is connected
 *         to it in the background
 *
 * Context: process; when the store may be asked again.
 */
void xg_xenbus_resume(bool moved)
{
	xg_bus_resume(moved);
	if (moved)
		xg_users_resume();
}
EXPORT_SYMBOL_GPL(xg_xenbus_resume);

static int __init xenbus_init(void)
{
	return xg_bus_init();
}

static void __exit xenbus_exit(void)
{
	xg_bus_exit();
}

module_init(xenbus_init);
module_exit(xenbus_exit);

MODULE_DESCRIPTION("xenstore client and xenbus");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
