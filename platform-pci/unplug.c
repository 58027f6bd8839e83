// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pulling the emulated disks and NICs, so that nothing reaches the same storage
 * twice: the I/O-port protocol of the platform device
 * (Xen docs/misc/hvm-emulated-unplug; ports in <xen/platform_pci.h>).
 *
 * A kind is pulled as a whole or not at all. "auto" pulls a kind only when a
 * frontend is there to take over, it has a device to do so with, and none of the
 * emulated ones is in use.
 */
#define pr_fmt(fmt) "xg-platform-pci: " fmt

#include <linux/bits.h>
#include <linux/io.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <xen/platform_pci.h>
#include <xg/xenbus.h>
#include "internal.h"

/* Not in <xen/platform_pci.h>: Xen docs/misc/hvm-emulated-unplug, bit 3. */
#define UNPLUG_NVME	BIT(3)
/* What the magic turns into when the host has blacklisted a driver. */
#define MAGIC_BLACKLISTED	0xd249
/* Xen public/hvm/pvdrivers.h: "experimental", the number for unlisted drivers */
#define PRODUCT		0xffff
#define BUILD		1

static char *unplug = "auto";
module_param(unplug, charp, 0444);
MODULE_PARM_DESC(unplug,
		 "emulated devices to pull: auto (default), disks, nics, all or none");

static const struct kind {
	const char *what;
	const char *type;	/* of the frontend that takes over */
	const char *modalias;
	const char *dir;	/* of its devices in the store */
	u16 mask;
} kinds[XG_KINDS] = {
	[XG_DISKS] = {
		"disks", "vbd", "xg:vbd", "device/vbd",
		XEN_UNPLUG_ALL_IDE_DISKS | UNPLUG_NVME
	},
	[XG_NICS] = {
		"NICs", "vif", "xg:vif", "device/vif", XEN_UNPLUG_ALL_NICS
	},
};

static const struct policy {
	const char *name;
	bool always[XG_KINDS];
	bool maybe[XG_KINDS];
} policies[] = {
	{ .name = "auto", .maybe = { true, true } },
	{ .name = "disks", .always[XG_DISKS] = true },
	{ .name = "nics", .always[XG_NICS] = true },
	{ .name = "all", .always = { true, true } },
	{ .name = "none" },
};

static const struct policy *policy;

int xg_unplug_parse(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		if (sysfs_streq(unplug, policies[i].name)) {
			policy = &policies[i];
			return 0;
		}
	}
	pr_err("unplug=%s: unknown, use \"auto\", \"disks\", \"nics\", \"all\" or \"none\"\n",
	       unplug);
	return -EINVAL;
}

/* 0: the device model listens; -ENODEV: it does not; -EPERM: it refuses us. */
static int greet(void)
{
	if (inw(XEN_IOPORT_MAGIC) != XEN_IOPORT_MAGIC_VAL)
		return -ENODEV;
	if (inb(XEN_IOPORT_PROTOVER) == 0)
		return 0;
	outw(PRODUCT, XEN_IOPORT_PRODNUM);
	outl(BUILD, XEN_IOPORT_DRVVER);
	switch (inw(XEN_IOPORT_MAGIC)) {
	case XEN_IOPORT_MAGIC_VAL:
		return 0;
	case MAGIC_BLACKLISTED:
		return -EPERM;
	default:
		return -ENODEV;
	}
}

static bool frontend_there(const struct kind *kind)
{
	/* Built in, it has come before us. */
	if (!xg_xenbus_driver_present(kind->type))
		request_module("%s", kind->modalias);
	return xg_xenbus_driver_present(kind->type);
}

/* A PV CD-ROM takes over from no disk. NICs have no such key. */
static bool device_there(const struct kind *kind)
{
	char node[XG_XENBUS_ID_LEN + sizeof("/device-type")];
	unsigned int i, nr;
	bool found = false;
	char **ids, *type;

	ids = xg_store_directory(XG_STORE_NONE, kind->dir, "", &nr);
	if (IS_ERR(ids))
		return false;
	for (i = 0; i < nr && !found; i++) {
		/* An id of that length makes no device, see the bus. */
		if (strlen(ids[i]) >= XG_XENBUS_ID_LEN)
			continue;
		snprintf(node, sizeof(node), "%s/device-type", ids[i]);
		type = xg_store_read(XG_STORE_NONE, kind->dir, node, NULL);
		found = IS_ERR(type) || strcmp(type, "cdrom");
		if (!IS_ERR(type))
			kfree(type);
	}
	kfree(ids);
	return found;
}

static bool wanted(enum xg_kind nr)
{
	const struct kind *kind = &kinds[nr];
	char name[IFNAMSIZ * 2] = "";

	if (policy->always[nr])
		return true;
	if (!policy->maybe[nr])
		return false;
	if (!frontend_there(kind)) {
		pr_info("emulated %s left: no driver for \"%s\" is loaded to take over\n",
			kind->what, kind->modalias);
		return false;
	}
	if (!device_there(kind)) {
		pr_info("emulated %s left: the store has no device in \"%s\" to take over\n",
			kind->what, kind->dir);
		return false;
	}
	if (xg_devices_in_use(nr, name, sizeof(name))) {
		pr_info("emulated %s left: %s is in use; unplug=%s pulls them all the same\n",
			kind->what, name, nr == XG_DISKS ? "disks" : "nics");
		return false;
	}
	return true;
}

static u16 pulled;

/* A restored machine has another device model, with all that ours had at first. */
void xg_unplug_again(void)
{
	if (pulled && !greet())
		outw(pulled, XEN_IOPORT_UNPLUG);
}

/*
 * The device model does not say what it pulled, nor that it has before: what
 * Linux had to let go of is all that is known.
 */
static void pull(enum xg_kind nr)
{
	unsigned int let_go = xg_devices_detach(nr);

	outw(kinds[nr].mask, XEN_IOPORT_UNPLUG);
	pulled |= kinds[nr].mask;
	if (let_go)
		pr_info("emulated %s unplugged (%u in Linux's hands)\n",
			kinds[nr].what, let_go);
	else
		pr_info("no emulated %s in Linux's hands; any that are left, unplugged\n",
			kinds[nr].what);
}

/*
 * Called once, before a frontend can connect. 0 also when nothing was pulled;
 * -EPERM when the host has blacklisted this driver, which must then not go on.
 */
int xg_unplug(struct xg_platform *platform)
{
	unsigned int nr;
	int err;

	if (policy == &policies[ARRAY_SIZE(policies) - 1])
		return 0;
	err = greet();
	if (err == -EPERM) {
		pr_err("the host has blacklisted this driver (product %#x, build %u); the emulated devices stay\n",
		       PRODUCT, BUILD);
		return err;
	}
	if (err) {
		pr_info("emulated devices left: the device model does not know the unplug protocol\n");
		return 0;
	}
	for (nr = 0; nr < XG_KINDS; nr++)
		if (wanted(nr))
			pull(nr);
	return 0;
}
