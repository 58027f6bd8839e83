// SPDX-License-Identifier: GPL-2.0-only
/*
 * remap=: which PCI devices' interrupts come by event channel rather than through
 * the local APIC, where each of them would cost an EOI and maybe a page fault.
 *
 * A device is chosen as a driver is about to be bound to it, and given back when
 * the driver has gone, or did not take it. In between it holds a reference to
 * this module. A driver that was there before us is left alone. What Xen refuses
 * leaves the device as it was. Start at bus_event().
 */
#define pr_fmt(fmt) "xg-platform-pci: " fmt

#include <linux/device.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <xg/evtchn.h>
#include "internal.h"

#define MAX_CHOSEN	32

static char *remap = "none";
module_param(remap, charp, 0444);
MODULE_PARM_DESC(remap,
		 "PCI devices whose interrupts come by event channel: none (default), all, or addresses (0000:00:05.0,...)");

struct address {
	unsigned int domain;
	unsigned int bus;
	unsigned int slot;
	unsigned int function;
};

static struct address chosen[MAX_CHOSEN];
static unsigned int nr_chosen;
static bool all;

/**
 * struct remapped - a device that has a driver, or is about to
 * @list: in devices
 * @pdev: the device, a reference
 * @msi: the MSI domain it had, or NULL: nothing to put back
 * @line: its interrupt line as it is now, or NULL: its own
 * @failed: its driver did not take it, sweep() ends this
 */
struct remapped {
	struct list_head list;
	struct pci_dev *pdev;
	struct irq_domain *msi;
	struct xg_line *line;
	bool failed;
};

static LIST_HEAD(devices);
static DEFINE_MUTEX(lock);	/* devices, lines; inside the device's own lock */
static bool started;		/* the notifier is there and may add to devices */

static void sweep(struct work_struct *work);
static DECLARE_WORK(sweep_work, sweep);

/* --- the parameter -------------------------------------------------------- */

/* -> what follows the address, or NULL where there is none */
static const char *parse_address(const char *text, struct address *a)
{
	int len = 0;

	if (sscanf(text, "%x:%x:%x.%x%n", &a->domain, &a->bus, &a->slot,
		   &a->function, &len) != 4 || !len)
		return NULL;
	return a->bus > 0xff || a->slot > 0x1f || a->function > 7 ?
	       NULL : text + len;
}

static bool parse_addresses(const char *text)
{
	while (text && nr_chosen < MAX_CHOSEN) {
		text = parse_address(text, &chosen[nr_chosen++]);
		if (text && (!*text || !strcmp(text, "\n")))
			return true;
		text = text && *text == ',' ? text + 1 : NULL;
	}
	return false;
}

int xg_remap_parse(void)
{
	all = sysfs_streq(remap, "all");
	if (all || sysfs_streq(remap, "none") || parse_addresses(remap))
		return 0;
	pr_err("remap=%s: unknown, use \"none\", \"all\" or up to %u PCI addresses such as \"0000:00:05.0,0000:00:06.0\"\n",
	       remap, MAX_CHOSEN);
	return -EINVAL;
}

static bool wanted(const struct pci_dev *pdev)
{
	unsigned int i;

	/* The platform device: what event channels themselves hang on. */
	if (pdev->vendor == PCI_VENDOR_ID_XEN &&
	    pdev->device == PCI_DEVICE_ID_XEN_PLATFORM)
		return false;
	if (all)
		return pdev->hdr_type == PCI_HEADER_TYPE_NORMAL &&
		       (pdev->pin || pdev->msi_cap || pdev->msix_cap);
	for (i = 0; i < nr_chosen; i++)
		if (chosen[i].domain == pci_domain_nr(pdev->bus) &&
		    chosen[i].bus == pdev->bus->number &&
		    PCI_DEVFN(chosen[i].slot, chosen[i].function) ==
		    pdev->devfn)
			return true;
	return false;
}

/* --- a device ------------------------------------------------------------- */

static struct remapped *find(const struct pci_dev *pdev)
{
	struct remapped *r;

	lockdep_assert_held(&lock);
	list_for_each_entry(r, &devices, list)
		if (r->pdev == pdev)
			return r;
	return NULL;
}

/* Under the device's lock: a driver will be probed. */
static void begin(struct pci_dev *pdev)
{
	bool mine = wanted(pdev);
	struct remapped *r;

	mutex_lock(&lock);
	r = find(pdev);
	if (r)		/* another driver has just not taken it */
		r->failed = false;
	if (r || !started)
		goto out;
	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r || !try_module_get(THIS_MODULE))
		goto free;
	r->msi = mine ? xg_route_msi(pdev) : NULL;
	r->line = xg_route_intx(pdev, mine && !r->msi);
	if (!r->msi && !r->line) {
		module_put(THIS_MODULE);
		goto free;
	}
	r->pdev = pci_dev_get(pdev);
	list_add(&r->list, &devices);
	pr_info("%s: %s by event channel\n", pci_name(pdev),
		r->msi ? "MSI" : "interrupt line");
	goto out;

free:
	kfree(r);
out:
	mutex_unlock(&lock);
}

/* Under the device's lock: it has no driver, and so no interrupt, any more. */
static void end(struct pci_dev *pdev)
{
	struct remapped *r;

	mutex_lock(&lock);
	r = find(pdev);
	if (r) {
		list_del(&r->list);
		xg_unroute_intx(pdev, r->line);
		xg_unroute_msi(pdev, r->msi);
	}
	mutex_unlock(&lock);
	if (!r)
		return;
	kfree(r);
	pci_dev_put(pdev);
	/* Who unloads us waits for the notifier, or the work, that runs this. */
	module_put(THIS_MODULE);
}

/*
 * The probe of a driver failed, but what it had, its interrupts too, is given back
 * only after the notifiers.
 */
static void end_later(const struct pci_dev *pdev)
{
	struct remapped *r;

	mutex_lock(&lock);
	r = find(pdev);
	if (r) {
		r->failed = true;
		schedule_work(&sweep_work);
	}
	mutex_unlock(&lock);
}

/* -> a reference to a remapped device, of those whose probe @failed, or NULL */
static struct pci_dev *first(bool failed)
{
	struct pci_dev *pdev = NULL;
	struct remapped *r;

	mutex_lock(&lock);
	list_for_each_entry(r, &devices, list) {
		if (failed && !r->failed)
			continue;
		pdev = pci_dev_get(r->pdev);
		break;
	}
	mutex_unlock(&lock);
	return pdev;
}

static bool has_failed(const struct pci_dev *pdev)
{
	struct remapped *r;
	bool failed;

	mutex_lock(&lock);
	r = find(pdev);
	failed = r && r->failed;
	mutex_unlock(&lock);
	return failed;
}

/* The device's lock is free when the probe has ended altogether. */
static void sweep(struct work_struct *work)
{
	struct pci_dev *pdev;

	while ((pdev = first(true))) {
		device_lock(&pdev->dev);
		/* Unless another driver is trying it since. */
		if (has_failed(pdev))
			end(pdev);
		device_unlock(&pdev->dev);
		pci_dev_put(pdev);
	}
}

static int bus_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);

	switch (event) {
	case BUS_NOTIFY_BIND_DRIVER:
		begin(pdev);
		break;
	case BUS_NOTIFY_UNBOUND_DRIVER:
		end(pdev);
		break;
	case BUS_NOTIFY_DRIVER_NOT_BOUND:
		end_later(pdev);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = bus_event };

/* --- start and stop ------------------------------------------------------- */

static void say_left(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (wanted(pdev) && pdev->dev.driver)
			pr_info("%s: left as it is: unbind it from %s and bind it again to have its interrupts by event channel\n",
				pci_name(pdev), dev_driver_string(&pdev->dev));
}

static bool possible(void)
{
	int err;

	err = xg_pirq_check();
	if (err == -EOPNOTSUPP)
		pr_notice("remap=%s: Xen offers this guest no interrupts by event channel: its configuration needs hvm_pirq=1 (Xen 4.19 or newer)\n",
			  remap);
	else if (err)
		pr_warn("remap=%s: Xen refuses to give an interrupt by event channel (%d), devices keep theirs\n",
			remap, err);
	return !err;
}

/* A layer's start. Never fails: devices then keep their interrupts. */
int xg_remap_start(struct xg_platform *platform)
{
	int err;

	if ((!all && !nr_chosen) || !possible())
		return 0;
	err = xg_routes_start();
	if (err)
		goto failed;
	started = true;
	err = bus_register_notifier(&pci_bus_type, &notifier);
	if (err)
		goto stop_routes;
	say_left();
	return 0;

stop_routes:
	started = false;
	xg_routes_stop();
failed:
	pr_warn("remap=%s: not possible (%d)\n", remap, err);
	return 0;
}

/*
 * Devices hold the module: there are some only if the platform device is unbound by
 * hand. Then their drivers have to go.
 */
void xg_remap_stop(void)
{
	struct pci_dev *pdev;

	if (!started)
		return;
	mutex_lock(&lock);
	started = false;
	mutex_unlock(&lock);
	while ((pdev = first(false))) {
		device_release_driver(&pdev->dev);
		device_lock(&pdev->dev);
		/* Or another has come since, and found things as they were. */
		if (!pdev->dev.driver)
			end(pdev);
		device_unlock(&pdev->dev);
		pci_dev_put(pdev);
	}
	bus_unregister_notifier(&pci_bus_type, &notifier);
	cancel_work_sync(&sweep_work);
	xg_routes_stop();
}
