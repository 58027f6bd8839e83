// SPDX-License-Identifier: GPL-2.0-only
/*
 * The emulated disks and NICs, as Linux sees them: is one in use, and letting go
 * of them before the device model pulls them.
 *
 * What the device model pulls is told by PCI class (Xen
 * docs/misc/hvm-emulated-unplug): disks of IDE, AHCI (QEMU from 8.1 on) and SCSI
 * controllers, NVMe, Ethernet controllers. CD-ROM drives stay, and so do devices
 * that are passed through. Process context, nothing here is shared.
 */
#define pr_fmt(fmt) "xg-platform-pci: " fmt

#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/major.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/rtnetlink.h>
#include <net/net_namespace.h>
#include "internal.h"

/* A disk just found is opened shortly by udev: give that time to pass. */
#define SETTLE_TRIES	20
#define SETTLE_MS	50

struct visit {
	void (*disk)(struct gendisk *disk, struct visit *visit);
	char *name;
	size_t len;
	unsigned int count;
};

/*
 * A passed-through device has the subsystem of whoever made its board; what
 * QEMU models has QEMU's or Xen's, and its e1000e and igb an Intel one of 0.
 */
bool xg_device_emulated(const struct pci_dev *pdev)
{
	switch (pdev->subsystem_vendor) {
	case PCI_SUBVENDOR_ID_REDHAT_QUMRANET:
	case PCI_VENDOR_ID_XEN:
		return true;
	case PCI_VENDOR_ID_INTEL:
		return !pdev->subsystem_device;
	default:
		return false;
	}
}

static bool is_emulated_nic(struct pci_dev *pdev)
{
	return pdev->class >> 8 == PCI_CLASS_NETWORK_ETHERNET &&
	       xg_device_emulated(pdev);
}

static bool is_disk_controller(struct pci_dev *pdev)
{
	switch (pdev->class >> 8) {
	case PCI_CLASS_STORAGE_IDE:
	case PCI_CLASS_STORAGE_SATA:
	case PCI_CLASS_STORAGE_SCSI:
	case PCI_CLASS_STORAGE_EXPRESS:
		return true;
	default:
		return false;
	}
}

/* Gendisks hang somewhere below their controller: port, host, target, unit. */
static int visit_below(struct device *dev, void *data)
{
	struct visit *visit = data;

	if (dev->type && dev->type->name && !strcmp(dev->type->name, "disk") &&
	    MAJOR(dev->devt) != SCSI_CDROM_MAJOR)
		visit->disk(dev_to_disk(dev), visit);
	return device_for_each_child(dev, visit, visit_below);
}

static void visit_disks(struct visit *visit)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (is_disk_controller(pdev) && xg_device_emulated(pdev))
			device_for_each_child(&pdev->dev, visit, visit_below);
}

/*
 * A hidden disk is one path to a multipath NVMe disk that hangs elsewhere: not to
 * be asked, so taken to be in use.
 */
static void note_opened(struct gendisk *disk, struct visit *visit)
{
	if ((disk_openers(disk) || disk->flags & GENHD_FL_HIDDEN) &&
	    !visit->count++)
		strscpy(visit->name, disk->disk_name, visit->len);
}

static bool disks_in_use(char *name, size_t len)
{
	struct visit visit = { .disk = note_opened, .name = name, .len = len };
	unsigned int i;

	for (i = 0; i < SETTLE_TRIES; i++) {
		visit.count = 0;
		visit_disks(&visit);
		if (!visit.count)
			return false;
		msleep(SETTLE_MS);
	}
	return true;
}

static bool nic_running(struct net *net, char *name, size_t len)
{
	struct net_device *ndev;

	for_each_netdev(net, ndev) {
		struct device *parent = ndev->dev.parent;

		if (parent && dev_is_pci(parent) && netif_running(ndev) &&
		    is_emulated_nic(to_pci_dev(parent))) {
			strscpy(name, ndev->name, len);
			return true;
		}
	}
	return false;
}

/* Also those that were given to a container. */
static bool nics_in_use(char *name, size_t len)
{
	struct net *net;
	bool found = false;

	rtnl_lock();
	down_read(&net_rwsem);
	for_each_net(net) {
		found = nic_running(net, name, len);
		if (found)
			break;
	}
	up_read(&net_rwsem);
	rtnl_unlock();
	return found;
}

bool xg_devices_in_use(enum xg_kind kind, char *name, size_t len)
{
	return kind == XG_DISKS ? disks_in_use(name, len) :
				  nics_in_use(name, len);
}

/*
 * Devices are collected first and let go of afterwards: letting go changes the
 * very lists that are being walked. Where there are more than a batch of them, the
 * next walk meets the rest, as who has been let go has no driver any more.
 */
#define BATCH		32
#define MAX_BATCHES	64

struct batch {
	struct visit visit;
	struct device *dev[BATCH];
};

static void add_device(struct batch *batch, struct device *dev)
{
	if (batch->visit.count < BATCH)
		batch->dev[batch->visit.count++] = get_device(dev);
}

/* What has the disk: its SCSI unit's driver, or the NVMe controller's. */
static void note_owner(struct gendisk *disk, struct visit *visit)
{
	struct batch *batch = container_of(visit, struct batch, visit);
	struct device *dev = disk_to_dev(disk)->parent;

	while (dev && !dev->driver)
		dev = dev->parent;
	if (dev)
		add_device(batch, dev);
}

static void note_nics(struct batch *batch)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (is_emulated_nic(pdev) && pdev->dev.driver)
			add_device(batch, &pdev->dev);
}

/* -> how many there were */
static unsigned int detach_batch(enum xg_kind kind)
{
	struct batch batch = { .visit.disk = note_owner };
	unsigned int i;

	if (kind == XG_DISKS)
		visit_disks(&batch.visit);
	else
		note_nics(&batch);
	for (i = 0; i < batch.visit.count; i++) {
		/* The driver flushes the disk's cache, or stops the NIC. */
		device_release_driver(batch.dev[i]);
		put_device(batch.dev[i]);
	}
	return batch.visit.count;
}

unsigned int xg_devices_detach(enum xg_kind kind)
{
	unsigned int batches, nr, sum = 0;

	for (batches = 0; batches < MAX_BATCHES; batches++) {
		nr = detach_batch(kind);
		sum += nr;
		if (nr < BATCH)
			return sum;
	}
	pr_warn("more than %u emulated devices have drivers, the rest is pulled with them\n",
		sum);
	return sum;
}
