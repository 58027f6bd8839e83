// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bus "xg": which devices there are, and which driver takes them.
 *
 * One watch on "device" says that something changed; one work item then compares
 * the store's directories with our list, removes what is gone, adds what is new.
 * Only that work, under @scanning, and stop change the list; @lock is for those
 * who look. What the directories hold is the toolstack's: names are checked, the
 * number of devices is bounded. Start reading at compare().
 */
#define pr_fmt(fmt) "xg-xenbus: " fmt

#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "internal.h"

#define DEVICES_MAX	1024
#define TOP		"device"

static struct xg_platform *platform;
static DEFINE_MUTEX(scanning);
static DEFINE_MUTEX(lock);
static LIST_HEAD(devices);
static unsigned int nr_devices;
static void scan(struct work_struct *work);
static DECLARE_WORK(scan_work, scan);
static bool watching;

/* --- the bus type ----------------------------------------------------------- */

static bool type_matches(const struct xg_xenbus_driver *drv, const char *type)
{
	const struct xg_xenbus_id *id;

	for (id = drv->ids; id->type[0]; id++)
		if (!strcmp(id->type, type))
			return true;
	return false;
}

static int bus_match(struct device *dev, XG_MATCH_CONST struct device_driver *d)
{
	return type_matches(to_xg_xenbus_driver(d),
			    to_xg_xenbus_device(dev)->type);
}

static int bus_uevent(XG_UEVENT_CONST struct device *dev,
		      struct kobj_uevent_env *env)
{
	const struct xg_xenbus_device *xdev = to_xg_xenbus_device(dev);

	return add_uevent_var(env, "MODALIAS=xg:%s", xdev->type) ?:
	       add_uevent_var(env, "XENBUS_TYPE=%s", xdev->type) ?:
	       add_uevent_var(env, "XENBUS_PATH=%s", xdev->path);
}

static int bus_probe(struct device *dev)
{
	const struct xg_xenbus_driver *drv = to_xg_xenbus_driver(dev->driver);
	struct xg_xenbus_device *xdev = to_xg_xenbus_device(dev);
	int err;

	err = xg_state_restart(xdev);
	if (err)
		return err;
	err = drv->probe(xdev);
	if (err) {
		xg_state_end(xdev);
		return err;
	}
	xg_state_run(xdev);
	return 0;
}

static void bus_remove(struct device *dev)
{
	const struct xg_xenbus_driver *drv = to_xg_xenbus_driver(dev->driver);
	struct xg_xenbus_device *xdev = to_xg_xenbus_device(dev);

	xg_state_halt(xdev);
	drv->remove(xdev);
	xg_state_end(xdev);
}

static ssize_t nodename_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%s\n", to_xg_xenbus_device(dev)->path);
}
static DEVICE_ATTR_RO(nodename);

static ssize_t devtype_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%s\n", to_xg_xenbus_device(dev)->type);
}
static DEVICE_ATTR_RO(devtype);

static ssize_t modalias_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "xg:%s\n", to_xg_xenbus_device(dev)->type);
}
static DEVICE_ATTR_RO(modalias);

static ssize_t state_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	enum xenbus_state ours = READ_ONCE(to_xg_xenbus_device(dev)->ours);

	return sysfs_emit(buf, "%s\n", xg_state_name(ours));
}
static DEVICE_ATTR_RO(state);

static struct attribute *device_attrs[] = {
	&dev_attr_nodename.attr,
	&dev_attr_devtype.attr,
	&dev_attr_modalias.attr,
	&dev_attr_state.attr,
	NULL
};
ATTRIBUTE_GROUPS(device);

XG_BUS_TYPE xg_bus = {
	.name = "xg",
	.match = bus_match,
	.uevent = bus_uevent,
	.probe = bus_probe,
	.remove = bus_remove,
	.dev_groups = device_groups,
};

/**
 * __xg_xenbus_register_driver() - register a frontend
 * @drv: ids, steps and callbacks are filled in; driver.name may be
 * @owner: its module
 * @mod_name: that module's name
 *
 * Use xg_xenbus_register_driver(). Devices that are there are probed at once.
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int __xg_xenbus_register_driver(struct xg_xenbus_driver *drv,
				struct module *owner, const char *mod_name)
{
	if (!drv->driver.name)
		drv->driver.name = mod_name;
	drv->driver.bus = &xg_bus;
	drv->driver.owner = owner;
	drv->driver.mod_name = mod_name;
	return driver_register(&drv->driver);
}
EXPORT_SYMBOL_GPL(__xg_xenbus_register_driver);

/**
 * xg_xenbus_unregister_driver() - remove a frontend from all its devices
 * @drv: registered by xg_xenbus_register_driver()
 *
 * Context: process, may sleep as long as its remove() does.
 */
void xg_xenbus_unregister_driver(struct xg_xenbus_driver *drv)
{
	driver_unregister(&drv->driver);
}
EXPORT_SYMBOL_GPL(xg_xenbus_unregister_driver);

static int driver_is_for(struct device_driver *d, void *type)
{
	return type_matches(to_xg_xenbus_driver(d), type);
}

/**
 * xg_xenbus_driver_present() - is a driver for a type of device registered?
 * @type: "vbd"
 *
 * Context: process, may sleep.
 * Return: true or false.
 */
bool xg_xenbus_driver_present(const char *type)
{
	return bus_for_each_drv(&xg_bus, NULL, (void *)type, driver_is_for);
}
EXPORT_SYMBOL_GPL(xg_xenbus_driver_present);

/* --- which devices there are ------------------------------------------------- */

/* "vbd": letters, digits, '-', '_'. It becomes part of a modalias and a name. */
static bool type_valid(const char *type)
{
	const char *c;

	for (c = type; *c; c++)
		if (!isalnum(*c) && *c != '-' && *c != '_')
			return false;
	return c != type && c - type < XG_XENBUS_ID_LEN;
}

/* Digits only: then "type-id" is unique. */
static bool id_valid(const char *id)
{
	size_t len = strlen(id);

	return len && len < XG_XENBUS_ID_LEN && strspn(id, "0123456789") == len;
}

static struct xg_xenbus_device *find(const char *type, const char *id)
{
	struct xg_xenbus_device *xdev;

	list_for_each_entry(xdev, &devices, node)
		if (!strcmp(xdev->type, type) && !strcmp(xdev->id, id))
			return xdev;
	return NULL;
}

static void mark(const char *type, const char *id)
{
	struct xg_xenbus_device *xdev = find(type, id);

	if (xdev)
		xdev->seen = true;
}

static void add(const char *type, const char *id)
{
	struct xg_xenbus_device *xdev;

	if (find(type, id))
		return;
	if (nr_devices >= DEVICES_MAX) {
		pr_warn_once("%s/%s: not taken, there are %u devices\n", type,
			     id, nr_devices);
		return;
	}
	xdev = xg_device_add(platform, type, id);
	if (IS_ERR(xdev))
		return;
	mutex_lock(&lock);
	list_add_tail(&xdev->node, &devices);
	nr_devices++;
	mutex_unlock(&lock);
}

static void remove(struct xg_xenbus_device *xdev)
{
	mutex_lock(&lock);
	list_del(&xdev->node);
	nr_devices--;
	mutex_unlock(&lock);
	xg_device_del(xdev);
}

/* Call @what for each type and id that make sense: 0 or -errno. */
static int walk(void (*what)(const char *type, const char *id))
{
	unsigned int t, i, nr_types, nr_ids;
	char **types, **ids;
	int err = 0;

	types = xg_store_directory(XG_STORE_NONE, TOP, "", &nr_types);
	if (IS_ERR(types))
		return PTR_ERR(types) == -ENOENT ? 0 : PTR_ERR(types);
	for (t = 0; !err && t < nr_types; t++) {
		if (!type_valid(types[t]))
			continue;
		ids = xg_store_directory(XG_STORE_NONE, TOP, types[t], &nr_ids);
		if (IS_ERR(ids)) {
			/* Not ours to read, or removed meanwhile. */
			err = PTR_ERR(ids);
			if (err == -ENOENT || err == -EACCES)
				err = 0;
			continue;
		}
		for (i = 0; i < nr_ids; i++)
			if (id_valid(ids[i]))
				what(types[t], ids[i]);
		kfree(ids);
	}
	kfree(types);
	return err;
}

static void compare(void)
{
	struct xg_xenbus_device *xdev, *next;
	int err;

	list_for_each_entry(xdev, &devices, node)
		xdev->seen = false;
	err = walk(mark);
	if (err) {
		pr_warn_ratelimited("the list of devices cannot be read (%d), it stays as it is\n",
				    err);
		return;
	}
	list_for_each_entry_safe(xdev, next, &devices, node) {
		if (xdev->seen)
			xg_state_remade(xdev);
		else
			xg_state_gone(xdev);
		if (READ_ONCE(xdev->gone))
			remove(xdev);
	}
	walk(add);
}

static void scan(struct work_struct *work)
{
	mutex_lock(&scanning);
	if (watching)
		compare();
	mutex_unlock(&scanning);
}

void xg_bus_rescan(void)
{
	queue_work(system_unbound_wq, &scan_work);
}

/* Is @path a key inside a device we know, and so no matter of ours here? */
static bool inside_device(const char *path)
{
	char type[XG_XENBUS_ID_LEN], id[XG_XENBUS_ID_LEN];
	bool known;

	if (sscanf(path, TOP "/%31[^/]/%31[^/]/", type, id) != 2)
		return false;
	/* One more '/' after the id, or it is the device itself. */
	path += strlen(TOP) + 1 + strlen(type) + 1;
	if (strncmp(path, id, strlen(id)) || path[strlen(id)] != '/')
		return false;
	mutex_lock(&lock);
	known = find(type, id);
	mutex_unlock(&lock);
	return known;
}

static void devices_changed(struct xg_store_watch *watch, const char *path)
{
	if (!inside_device(path))
		xg_bus_rescan();
}

static struct xg_store_watch devices_watch = {
	.path = TOP,
	.fired = devices_changed,
};

/* --- start and stop ------------------------------------------------------------ */

struct xg_platform *xg_bus_platform(void)
{
	return READ_ONCE(platform);
}

/* Nothing is looked for any more. */
static void remove_all(void)
{
	struct xg_xenbus_device *xdev, *next;

	mutex_lock(&scanning);
	watching = false;
	mutex_unlock(&scanning);
	/* A device that notices its backend's end may still ask for a scan. */
	list_for_each_entry_safe_reverse(xdev, next, &devices, node)
		remove(xdev);
	cancel_work_sync(&scan_work);
	WRITE_ONCE(platform, NULL);
}

int xg_bus_start(struct xg_platform *p)
{
	int err;

	WRITE_ONCE(platform, p);
	watching = true;
	err = xg_store_watch(&devices_watch);
	if (err) {
		pr_err("cannot watch \"" TOP "\" in the store (%d)\n", err);
		/* It may have fired before it failed. */
		remove_all();
	}
	return err;
}

void xg_bus_stop(void)
{
	xg_store_unwatch(&devices_watch);
	remove_all();
}

/*
 * Devices neither come nor go, nor do their drivers: each device's own lock is held
 * until xg_bus_resume(), by the same task.
 */
void xg_bus_suspend(void)
{
	struct xg_xenbus_device *xdev;

	mutex_lock(&scanning);
	list_for_each_entry(xdev, &devices, node) {
		device_lock(&xdev->dev);
		if (xdev->dev.driver)
			xg_state_rest(xdev);
	}
	/* Only now: what one device has to end first may need another. */
	list_for_each_entry(xdev, &devices, node)
		if (xdev->dev.driver)
			xg_state_suspend(xdev);
}

void xg_bus_resume(bool moved)
{
	struct xg_xenbus_device *xdev;

	list_for_each_entry(xdev, &devices, node) {
		if (xdev->dev.driver)
			xg_state_resume(xdev, moved);
		device_unlock(&xdev->dev);
	}
	mutex_unlock(&scanning);
	xg_bus_rescan();
}

void xg_bus_show(struct seq_file *m)
{
	struct xg_xenbus_device *xdev;

	mutex_lock(&lock);
	seq_printf(m, "devices: %u\n", nr_devices);
	list_for_each_entry(xdev, &devices, node)
		seq_printf(m, "%s: %s, backend %s in domain %u\n", xdev->path,
			   xg_state_name(READ_ONCE(xdev->ours)),
			   xg_state_name(READ_ONCE(xdev->theirs)), xdev->peer);
	mutex_unlock(&lock);
}

int xg_bus_init(void)
{
	return bus_register(&xg_bus);
}

void xg_bus_exit(void)
{
	bus_unregister(&xg_bus);
}
