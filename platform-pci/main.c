// SPDX-License-Identifier: GPL-2.0-only
/*
 * The root: on HVM the Xen platform device, PCI 5853:0001; on PVH, where there is
 * none, a device of our own.
 *
 * A probe is the table of contents of a start: claim the device, find frames,
 * start the layers from the lowest up. Remove is the mirror. The emulated devices
 * are pulled as late as can be, when all that frontends need has started and the
 * store can be asked what there is to take over, but before a frontend can
 * connect. One device at most; the PCI core serialises probe and remove.
 */
#define pr_fmt(fmt) "xg-platform-pci: " fmt

#include <linux/device.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/reboot.h>
#include <xen/interface/xen.h>
#include <xen/interface/hvm/params.h>
#include <xen/interface/sched.h>
#include <xg/balloon.h>
#include <xg/boot.h>
#include <xg/evtchn.h>
#include <xg/grant.h>
#include <xg/hypercall.h>
#include <xg/platform.h>
#include <xg/time.h>
#include <xg/xenbus.h>
#include "internal.h"

#define CALLBACK_TYPE_SHIFT	56	/* xen/interface/hvm/params.h, value[63:56] */

static const struct layer {
	const char *name;
	int (*start)(struct xg_platform *platform);
	void (*stop)(void);	/* NULL: cannot be undone */
	bool emulation;		/* has to do with emulated devices */
} layers[] = {
	{ "evtchn", xg_evtchn_start, xg_evtchn_stop },
	{ "time", xg_time_start, xg_time_stop },
	{ "grant", xg_grant_start, xg_grant_stop },
	{ "xenstore", xg_store_start, xg_store_stop },
	{ "unplug", xg_unplug, NULL, true },
	{ "xenbus", xg_xenbus_start, xg_xenbus_stop },
	{ "remap", xg_remap_start, xg_remap_stop, true },
	{ "balloon", xg_balloon_start, xg_balloon_stop },
};

static struct xg_platform platform;
/* How probe ended: module init reports it, as no bus does. */
static int probe_result = -ENODEV;

/* xen/interface/hvm/params.h: domain, bus, device and function, pin from 0 */
static u64 intx_via(struct pci_dev *pdev)
{
	return (u64)HVM_PARAM_CALLBACK_TYPE_PCI_INTX << CALLBACK_TYPE_SHIFT |
	       (u64)pci_domain_nr(pdev->bus) << 32 |
	       (u64)pdev->bus->number << 16 | (u64)pdev->devfn << 8 |
	       ((pdev->pin - 1) & 3);
}

static bool wanted(const struct layer *layer)
{
	return !layer->emulation || !platform.pvh;
}

static void stop_layers(unsigned int started)
{
	while (started--)
		if (layers[started].stop && wanted(&layers[started]))
			layers[started].stop();
}

static int start_layers(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(layers); i++) {
		if (!wanted(&layers[i]))
			continue;
		err = layers[i].start(&platform);
		if (err) {
			pr_err("%s did not start (%d)\n", layers[i].name, err);
			stop_layers(i);
			return err;
		}
	}
	return 0;
}

/* With a device to be the parent of all, and @pdev where that is a PCI device. */
static int root_start(struct device *dev, struct pci_dev *pdev)
{
	int err;

	platform.dev = dev;
	platform.owner = THIS_MODULE;
	platform.suspend = xg_suspend;
	err = xg_frames_init(&platform, pdev);
	if (err)
		return err;
	err = start_layers();
	if (err)
		xg_frames_exit();
	return err;
}

static void root_stop(void)
{
	stop_layers(ARRAY_SIZE(layers));
	xg_frames_exit();
}

/* The machine goes down. Xen clears up itself, but where a kernel follows. */
static void root_shutdown(void)
{
	bool kept;

	if (!xg_kexec_comes())
		return;
	kept = xg_evtchn_keeps();
	root_stop();
	xg_kexec_leave(kept);
}

/* --- HVM ------------------------------------------------------------------ */

static int platform_start(struct pci_dev *pdev)
{
	int err;

	err = pci_enable_device(pdev);
	if (err)
		return err;
	err = pci_request_regions(pdev, KBUILD_MODNAME);
	if (err)
		goto disable;

	platform.intx_irq = pdev->pin ? pdev->irq : 0;
	platform.intx_via = intx_via(pdev);
	err = root_start(&pdev->dev, pdev);
	if (err)
		goto release;
	pci_set_master(pdev);
	return 0;

release:
	pci_release_regions(pdev);
disable:
	pci_disable_device(pdev);
	return err;
}

static int platform_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	if (!probe_result) {
		pci_warn(pdev, "a second platform device is ignored\n");
		return -EBUSY;
	}
	probe_result = platform_start(pdev);
	return probe_result;
}

static void platform_remove(struct pci_dev *pdev)
{
	root_stop();
	pci_release_regions(pdev);
	pci_disable_device(pdev);
	probe_result = -ENODEV;
}

static void platform_shutdown(struct pci_dev *pdev)
{
	root_shutdown();
}

static const struct pci_device_id platform_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_XEN, PCI_DEVICE_ID_XEN_PLATFORM) },
	{ }
};
MODULE_DEVICE_TABLE(pci, platform_ids);

static struct pci_driver platform_driver = {
	.name = KBUILD_MODNAME,
	.id_table = platform_ids,
	.probe = platform_probe,
	.remove = platform_remove,
	.shutdown = platform_shutdown,
};

static int __init hvm_init(void)
{
	int err;

	err = pci_register_driver(&platform_driver);
	if (err)
		return err;
	if (!probe_result)
		return 0;
	if (probe_result == -ENODEV)
		pr_err("no Xen platform device (PCI 5853:0001), or it did not start; the guest's configuration needs xen_platform_pci=1\n");
	pci_unregister_driver(&platform_driver);
	return probe_result;
}

static void __exit hvm_exit(void)
{
	pci_unregister_driver(&platform_driver);
}

/* --- PVH ------------------------------------------------------------------ */

static struct platform_device *pvh_root;
static struct sys_off_handler *pvh_off;

/* Without the detour by ACPI, which need not be there. */
static int pvh_power_off(struct sys_off_data *unused)
{
	struct sched_shutdown op = { .reason = SHUTDOWN_poweroff };

	xg_sched_op(SCHEDOP_shutdown, &op);
	return NOTIFY_DONE;
}

static int pvh_probe(struct platform_device *pdev)
{
	probe_result = root_start(&pdev->dev, NULL);
	return probe_result;
}

static void pvh_shutdown(struct platform_device *pdev)
{
	root_shutdown();
}

static struct platform_driver pvh_driver = {
	.driver = {
		.name = KBUILD_MODNAME,
		.suppress_bind_attrs = true,
		.probe_type = PROBE_FORCE_SYNCHRONOUS,
	},
	.probe = pvh_probe,
	.shutdown = pvh_shutdown,
};

static int __init pvh_init(void)
{
	int err;

	pvh_off = register_sys_off_handler(SYS_OFF_MODE_POWER_OFF,
					   SYS_OFF_PRIO_FIRMWARE + 1,
					   pvh_power_off, NULL);
	if (IS_ERR(pvh_off))
		return PTR_ERR(pvh_off);
	err = platform_driver_register(&pvh_driver);
	if (err)
		goto no_power_off;
	pvh_root = platform_device_register_simple(KBUILD_MODNAME,
						   PLATFORM_DEVID_NONE, NULL, 0);
	err = PTR_ERR_OR_ZERO(pvh_root);
	if (err)
		goto no_driver;
	/* The log says which layer did not start. */
	err = probe_result;
	if (!err)
		return 0;
	platform_device_unregister(pvh_root);
no_driver:
	platform_driver_unregister(&pvh_driver);
no_power_off:
	unregister_sys_off_handler(pvh_off);
	return err;
}

/* The driver has no remove(), whose type kernels differ in. */
static void __exit pvh_exit(void)
{
	root_stop();
	platform_device_unregister(pvh_root);
	platform_driver_unregister(&pvh_driver);
	unregister_sys_off_handler(pvh_off);
}

/* A kernel that came by PVH's entry may have a PC around it, in QEMU. */
static bool __init on_pvh(void)
{
	struct pci_dev *pdev = pci_get_device(PCI_VENDOR_ID_XEN,
					      PCI_DEVICE_ID_XEN_PLATFORM, NULL);

	pci_dev_put(pdev);
	return xg_booted_by_pvh() && !pdev;
}

static int __init platform_init(void)
{
	int err = xg_unplug_parse() ?: xg_remap_parse();

	if (err)
		return err;
	/* Built in, this comes to be asked on any machine. */
	if (!xg_xen()->cpuid_base)
		return -ENODEV;
	err = xg_kexec_init();
	if (err)
		return err;
	platform.pvh = on_pvh();
	err = platform.pvh ? pvh_init() : hvm_init();
	if (err)
		xg_kexec_exit();
	return err;
}

static void __exit platform_exit(void)
{
	if (platform.pvh)
		pvh_exit();
	else
		hvm_exit();
	xg_kexec_exit();
}

module_init(platform_init);
module_exit(platform_exit);

MODULE_DESCRIPTION("Xen platform device or PVH: root of the xg layers");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
/*
 * The first five no device has loaded: where there is a store, there is use for them.
 * The frontends' devices do, but an initramfs is to have them.
 */
MODULE_SOFTDEP("post: xg-control xg-dev xg-smp xg-spinlock xg-console xg-blkfront xg-netfront");
