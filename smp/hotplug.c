// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs go and come as the toolstack says: cpu/N/availability, N being Xen's
 * number of a vCPU, "online" or "offline".
 *
 * A processor that the machine did not have at boot comes by ACPI, which makes it
 * present; the store then says that it may run. Either may be first. The other way
 * ACPI has no part: a CPU is offline, and stays present.
 *
 * A change acts, not a state: a CPU that its administrator took offline stays so
 * until "offline" becomes "online", and one he wants against the toolstack's word
 * he may have. The exception is the start, where what is "offline" goes.
 * Start reading at follow().
 */
#define pr_fmt(fmt) "xg-smp: " fmt

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <xg/hypercall.h>
#include <xg/store.h>
#include "internal.h"

#define TOP		"cpu"
#define BUSY_TRIES	60	/* one a second, after a change in the store */

enum wish { UNKNOWN, ONLINE, OFFLINE };

/* Who looks at the store and follows, one at a time. */
static DEFINE_MUTEX(lock);
/* Its last word on each CPU that has been followed. */
static DEFINE_PER_CPU(enum wish, followed);
static bool watching;
static unsigned long try_until;	/* jiffies */
static void look_again(struct work_struct *work);
static DECLARE_DELAYED_WORK(look_work, look_again);

/* --- CPUs ------------------------------------------------------------------ */

/*
 * The CPU, or nr_cpu_ids. ACPI adds one, all of it, with the lock held for
 * writing. That it takes one away between here and its use cannot be locked out;
 * Xen's device models never do.
 */
static unsigned int find_cpu(u32 vcpu)
{
	unsigned int cpu, found = nr_cpu_ids;

	cpus_read_lock();
	for_each_present_cpu(cpu)
		if (xg_vcpu_id_expected(cpu) == vcpu && get_cpu_device(cpu)) {
			found = cpu;
			break;
		}
	cpus_read_unlock();
	return found;
}

/*
 * Under @lock. -EBUSY: most likely CPU hotplug is off for a while, as it is while
 * any PCI device is probed: the root's own, too, which brings the store.
 */
static int switch_cpu(unsigned int cpu, u32 vcpu, enum wish wish)
{
	bool online = wish == ONLINE;
	int err;

	if (cpu_online(cpu) == online)
		return 0;
	/* 1: somebody else has done it. */
	err = online ? add_cpu(cpu) : remove_cpu(cpu);
	if (err == -EBUSY && time_before(jiffies, try_until)) {
		queue_delayed_work(system_unbound_wq, &look_work, HZ);
	} else if (err < 0) {
		pr_err_ratelimited("vCPU %u, CPU %u: it stays as it is (%d)\n",
				   vcpu, cpu, err);
	} else {
		pr_info("vCPU %u, CPU %u, is %s, as the toolstack asks\n",
			vcpu, cpu, online ? "online" : "offline");
	}
	return min(err, 0);
}

/* --- the store's word ------------------------------------------------------ */

static enum wish read_wish(u32 vcpu)
{
	enum wish wish = UNKNOWN;
	char node[32];
	char *value;

	scnprintf(node, sizeof(node), "%u/availability", vcpu);
	value = xg_store_read(XG_STORE_NONE, TOP, node, NULL);
	if (IS_ERR(value))
		return UNKNOWN;
	if (!strcmp(value, "online"))
		wish = ONLINE;
	else if (!strcmp(value, "offline"))
		wish = OFFLINE;
	else
		pr_warn_ratelimited(TOP "/%s is neither online nor offline\n",
				    node);
	kfree(value);
	return wish;
}

/*
 * Under @lock. What could not be done is tried again when the store changes; where
 * CPU hotplug was off, by itself.
 */
static void follow(u32 vcpu)
{
	enum wish wish = read_wish(vcpu);
	unsigned int cpu = find_cpu(vcpu);
	enum wish *last;

	if (wish == UNKNOWN)
		return;
	if (cpu >= nr_cpu_ids) {
		if (wish == ONLINE)
			pr_info_once("vCPU %u is to be online, but this machine has no such processor yet\n",
				     vcpu);
		return;
	}
	if (!vcpu && wish == OFFLINE) {
		pr_warn_ratelimited("vCPU 0 is to be offline: it never goes\n");
		return;
	}
	last = per_cpu_ptr(&followed, cpu);
	/* At the start: who is offline has been put there by somebody else. */
	if (*last == UNKNOWN && wish == ONLINE)
		*last = wish;
	if (*last != wish && !switch_cpu(cpu, vcpu, wish))
		*last = wish;
}

/* Under @lock. */
static void follow_all(void)
{
	unsigned int i, count;
	char **names;
	u32 vcpu;

	names = xg_store_directory(XG_STORE_NONE, TOP, "", &count);
	if (IS_ERR(names)) {
		/* A toolstack without vCPU hotplug. */
		if (PTR_ERR(names) != -ENOENT)
			pr_err_ratelimited("\"" TOP "\" cannot be read (%ld)\n",
					   PTR_ERR(names));
		return;
	}
	for (i = 0; i < count; i++)
		if (!kstrtou32(names[i], 10, &vcpu))
			follow(vcpu);
	kfree(names);
}

/* A toolstack writes all vCPUs' keys to change one. */
static void cpus_changed(struct xg_store_watch *watch, const char *path)
{
	u32 vcpu;

	mutex_lock(&lock);
	try_until = jiffies + BUSY_TRIES * HZ;
	if (sscanf(path, TOP "/%u/", &vcpu) == 1)
		follow(vcpu);
	else
		follow_all();
	mutex_unlock(&lock);
}

static struct xg_store_watch watch = {
	.path = TOP,
	.fired = cpus_changed,
};

/* --- processors that come by ACPI ------------------------------------------ */

static void look_again(struct work_struct *work)
{
	mutex_lock(&lock);
	if (watching)
		follow_all();
	mutex_unlock(&lock);
}

/*
 * With ACPI's locks held, and CPU hotplug's: find_cpu() does not see it yet. A new
 * one is offline, whatever one before it was.
 */
static int device_changed(struct notifier_block *nb, unsigned long action,
			  void *data)
{
	struct device *dev = data;

	if (action != BUS_NOTIFY_ADD_DEVICE || dev->id >= nr_cpu_ids)
		return NOTIFY_DONE;
	per_cpu(followed, dev->id) = OFFLINE;
	mod_delayed_work(system_unbound_wq, &look_work, 0);
	return NOTIFY_OK;
}

static struct notifier_block devices = {
	.notifier_call = device_changed,
};

/* --- start and stop -------------------------------------------------------- */

void xg_hotplug_start(void)
{
	int err = xg_store_watch(&watch);

	if (err) {
		pr_err("\"" TOP "\" cannot be watched (%d)\n", err);
		return;
	}
	mutex_lock(&lock);
	watching = true;
	mutex_unlock(&lock);
}

void xg_hotplug_stop(void)
{
	if (!watching)
		return;
	xg_store_unwatch(&watch);
	mutex_lock(&lock);
	watching = false;
	mutex_unlock(&lock);
}

/* With the module: processors may come before the store does. */
int xg_hotplug_init(void)
{
	return bus_register_notifier(&cpu_subsys, &devices);
}

/* CPUs stay as they are. */
void xg_hotplug_exit(void)
{
	bus_unregister_notifier(&cpu_subsys, &devices);
	cancel_delayed_work_sync(&look_work);
}
