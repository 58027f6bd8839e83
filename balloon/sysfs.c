// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/devices/system/xen_memory/xen_memory0, as tools know it
 * (Linux Documentation/ABI/stable/sysfs-devices-system-xen_memory).
 *
 * The figures are of the guest's RAM. A target written here holds until the host
 * sets another. What is settled here can be read and not set: pages are always
 * scrubbed, tries never end. A kernel that has this device of its own has its own
 * Xen code at work: xg-hypercall does not load there.
 */
#include <linux/capability.h>
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <compat/device.h>
#include "internal.h"

#define NAME	"xen_memory"

static ssize_t target_kb_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	struct xg_worker_state state;

	xg_worker_state(&state);
	return sysfs_emit(buf, "%llu\n", xg_pages_to_kib(state.target));
}

static ssize_t target_show(struct device *dev,
			   struct device_attribute *attr, char *buf)
{
	struct xg_worker_state state;

	xg_worker_state(&state);
	return sysfs_emit(buf, "%llu\n", (u64)state.target << PAGE_SHIFT);
}

static ssize_t set_target(u64 kib, size_t count)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!kib || kib > XG_BALLOON_KIB_MAX)
		return -EINVAL;
	xg_worker_set_target(kib / xg_pages_to_kib(1));
	return count;
}

static ssize_t target_kb_store(struct device *dev,
			       struct device_attribute *attr, const char *buf,
			       size_t count)
{
	u64 kib;
	int err;

	err = kstrtou64(buf, 0, &kib);
	return err ?: set_target(kib, count);
}

/* In bytes, or with a K, M or G. */
static ssize_t target_store(struct device *dev,
			    struct device_attribute *attr, const char *buf,
			    size_t count)
{
	char *end;
	u64 bytes;

	bytes = memparse(buf, &end);
	if (end == buf || !sysfs_streq(end, ""))
		return -EINVAL;
	return set_target(bytes >> 10, count);
}

static ssize_t retry_count_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	struct xg_worker_state state;

	xg_worker_state(&state);
	return sysfs_emit(buf, "%u\n", state.tries);
}

static ssize_t schedule_delay_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	struct xg_worker_state state;

	xg_worker_state(&state);
	return sysfs_emit(buf, "%u\n", state.delay);
}

static ssize_t max_retry_count_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0\n");	/* no end */
}

static ssize_t max_schedule_delay_show(struct device *dev,
				       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", XG_WORKER_MAX_DELAY);
}

static ssize_t scrub_pages_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "1\n");
}

static DEVICE_ATTR_RW(target);
static DEVICE_ATTR_RW(target_kb);
static DEVICE_ATTR_RO(retry_count);
static DEVICE_ATTR_RO(schedule_delay);
static DEVICE_ATTR_RO(max_retry_count);
static DEVICE_ATTR_RO(max_schedule_delay);
static DEVICE_ATTR_RO(scrub_pages);

static struct attribute *attrs[] = {
	&dev_attr_target.attr,
	&dev_attr_target_kb.attr,
	&dev_attr_retry_count.attr,
	&dev_attr_schedule_delay.attr,
	&dev_attr_max_retry_count.attr,
	&dev_attr_max_schedule_delay.attr,
	&dev_attr_scrub_pages.attr,
	NULL
};

static const struct attribute_group group = { .attrs = attrs };

/* --- info/ ----------------------------------------------------------------------- */

static ssize_t current_kb_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct xg_worker_state state;

	xg_worker_state(&state);
	return sysfs_emit(buf, "%llu\n",
			  xg_pages_to_kib(state.present - xg_pages_out()));
}

static ssize_t low_kb_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%llu\n", xg_pages_to_kib(xg_pages_out()));
}

static ssize_t high_kb_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "0\n");	/* 64-bit kernels have no such memory */
}

static DEVICE_ATTR_RO(current_kb);
static DEVICE_ATTR_RO(low_kb);
static DEVICE_ATTR_RO(high_kb);

static struct attribute *info_attrs[] = {
	&dev_attr_current_kb.attr,
	&dev_attr_low_kb.attr,
	&dev_attr_high_kb.attr,
	NULL
};

static const struct attribute_group info_group = {
	.name = "info",
	.attrs = info_attrs,
};

static const struct attribute_group *groups[] = { &group, &info_group, NULL };

/* --- the device ------------------------------------------------------------------- */

static XG_BUS_TYPE subsys = {
	.name = NAME,
	.dev_name = NAME,
};

static struct device *dev;

static void release(struct device *gone)
{
	kfree(gone);
}

static int add_device(void)
{
	int err;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return -ENOMEM;
	dev->bus = &subsys;
	dev->groups = groups;
	dev->release = release;
	err = device_register(dev);	/* number 0 of the bus */
	if (err)
		put_device(dev);
	return err;
}

int xg_sysfs_start(void)
{
	int err;

	err = subsys_system_register(&subsys, NULL);
	if (err)
		return err;
	err = add_device();
	if (err)
		bus_unregister(&subsys);
	return err;
}

/* After return nobody is in a function of this file. */
void xg_sysfs_stop(void)
{
	device_unregister(dev);
	bus_unregister(&subsys);
}
