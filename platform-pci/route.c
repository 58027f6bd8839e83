// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a PCI device's interrupts are led to event channels: its MSIs by an MSI
 * domain of ours, its interrupt line by an IRQ that stands for the IO-APIC's pin.
 *
 * Both must be in place before the device's driver looks, and stay until it has
 * gone. The caller holds the device's lock, and one of its own around lines.
 */
#define pr_fmt(fmt) "xg-platform-pci: " fmt

#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/list.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <asm/hw_irq.h>
#include <xg/evtchn.h>
#include "internal.h"

/* --- MSI ------------------------------------------------------------------ */

static struct fwnode_handle *pirq_fwnode, *msi_fwnode;
static struct irq_domain *pirq_domain, *msi_domain;

static int pirq_alloc(struct irq_domain *d, unsigned int irq, unsigned int nr,
		      void *data)
{
	struct irq_alloc_info *info = data;
	struct pci_dev *pdev = to_pci_dev(info->desc->dev);
	unsigned int flags = 0;
	int err;

	if (nr != 1)
		return -EINVAL;
	if (info->desc->pci.msi_attrib.is_msix)
		flags |= XG_PIRQ_MSIX;
	if (xg_device_emulated(pdev))
		flags |= XG_PIRQ_EMULATED;
	err = xg_pirq_add_msi(d, irq, pci_name(pdev), flags);
	if (err)
		pr_notice_ratelimited("%s: Xen has no further interrupt for it (%d), it gets fewer\n",
				      pci_name(pdev), err);
	return err;
}

static void pirq_free(struct irq_domain *d, unsigned int irq, unsigned int nr)
{
	xg_pirq_remove_msi(d, irq);
}

static const struct irq_domain_ops pirq_ops = {
	.alloc = pirq_alloc,
	.free = pirq_free,
};

/*
 * The device's own mask bit is changed as the IRQ starts and ends, no more: each
 * write to it costs an exit, and the port's mask does as well.
 */
static unsigned int msi_startup(struct irq_data *d)
{
	irq_chip_unmask_parent(d);
	pci_msi_unmask_irq(d);
	return 0;
}

static void msi_shutdown(struct irq_data *d)
{
	pci_msi_mask_irq(d);
	irq_chip_mask_parent(d);
}

static struct irq_chip msi_chip = {
	.name = "xg-pirq",
	.irq_request_resources = irq_chip_request_resources_parent,
	.irq_release_resources = irq_chip_release_resources_parent,
	.irq_startup = msi_startup,
	.irq_shutdown = msi_shutdown,
	.irq_mask = irq_chip_mask_parent,
	.irq_unmask = irq_chip_unmask_parent,
	.irq_eoi = irq_chip_eoi_parent,
	.irq_retrigger = irq_chip_retrigger_hierarchy,
	.irq_set_affinity = irq_chip_set_affinity_parent,
	.flags = IRQCHIP_SKIP_SET_WAKE,
};

static struct msi_domain_info msi_info = {
	/* One MSI: further ones would be told apart by the vector, which is 0. */
	.flags = MSI_FLAG_USE_DEF_DOM_OPS | MSI_FLAG_USE_DEF_CHIP_OPS |
		 MSI_FLAG_PCI_MSIX,
	.chip = &msi_chip,
};

int xg_routes_start(void)
{
	pirq_fwnode = irq_domain_alloc_named_fwnode("xg-pirq");
	msi_fwnode = irq_domain_alloc_named_fwnode("xg-msi");
	if (!pirq_fwnode || !msi_fwnode)
		goto free_fwnodes;
	pirq_domain = irq_domain_create_hierarchy(NULL, 0, 0, pirq_fwnode,
						  &pirq_ops, NULL);
	if (!pirq_domain)
		goto free_fwnodes;
	msi_domain = pci_msi_create_irq_domain(msi_fwnode, &msi_info,
					       pirq_domain);
	if (msi_domain)
		return 0;
	irq_domain_remove(pirq_domain);
free_fwnodes:
	if (msi_fwnode)
		irq_domain_free_fwnode(msi_fwnode);
	if (pirq_fwnode)
		irq_domain_free_fwnode(pirq_fwnode);
	return -ENOMEM;
}

/* Nothing is routed any more. */
void xg_routes_stop(void)
{
	irq_domain_remove(msi_domain);
	irq_domain_remove(pirq_domain);
	irq_domain_free_fwnode(msi_fwnode);
	irq_domain_free_fwnode(pirq_fwnode);
}

/* -> the domain that was there, for xg_unroute_msi(); NULL: it can have no MSI */
struct irq_domain *xg_route_msi(struct pci_dev *pdev)
{
	struct irq_domain *was = dev_get_msi_domain(&pdev->dev);

	if (!was || !pci_msi_enabled() || pdev->no_msi ||
	    (!pdev->msi_cap && !pdev->msix_cap))
		return NULL;
	dev_set_msi_domain(&pdev->dev, msi_domain);
	return was;
}

void xg_unroute_msi(struct pci_dev *pdev, struct irq_domain *was)
{
	if (was)
		dev_set_msi_domain(&pdev->dev, was);
}

/* --- interrupt lines ------------------------------------------------------ */

/**
 * struct xg_line - a pin of the IO-APIC that is an event channel for now
 * @list: in lines
 * @users: devices that have it
 * @apic_irq: Linux's number of the pin, which the kernel knows them by
 * @irq: Linux's number of the event channel's IRQ
 */
struct xg_line {
	struct list_head list;
	unsigned int users;
	unsigned int apic_irq;
	unsigned int irq;
};

static LIST_HEAD(lines);

/*
 * Has it the line, or may it have? Which one a device has is known once it is
 * enabled, which its driver does as it is probed. That some driver does so only
 * later, as its device is opened, is not seen here: nothing in the kernel tells.
 */
static bool may_have_line(struct pci_dev *pdev, unsigned int irq)
{
	if (!pdev->pin)
		return false;
	if (pci_is_enabled(pdev))
		return pdev->irq == irq;
	return READ_ONCE(pdev->dev.links.status) == DL_DEV_PROBING;
}

/*
 * A pin is led away for all who share it. So nobody may have it as it was: who
 * comes later is given the line, see xg_route_intx().
 */
static bool line_in_use(struct pci_dev *pdev)
{
	struct pci_dev *other = NULL;

	if (irq_has_action(pdev->irq))
		return true;
	for_each_pci_dev(other) {
		if (other == pdev || !may_have_line(other, pdev->irq))
			continue;
		pci_dev_put(other);
		return true;
	}
	return false;
}

/* -> the pin's number, or -ENODEV: the line leads to no IO-APIC. Its GSIs begin at 0. */
static int gsi_of(struct pci_dev *pdev)
{
	struct irq_data *d = irq_get_irq_data(pdev->irq);

	if (!d || !d->chip || !d->chip->name || strcmp(d->chip->name, "IO-APIC"))
		return -ENODEV;
	return irqd_to_hwirq(d);
}

/* The device is enabled: its IRQ is that of the pin. */
static struct xg_line *new_line(struct pci_dev *pdev)
{
	struct xg_line *line;
	int gsi, irq;

	gsi = gsi_of(pdev);
	if (gsi < 0)
		return NULL;
	if (line_in_use(pdev)) {
		pr_info("%s: its interrupt line (GSI %d) is left: another has it too, or may have\n",
			pci_name(pdev), gsi);
		return NULL;
	}
	line = kzalloc(sizeof(*line), GFP_KERNEL);
	if (!line)
		return NULL;
	irq = xg_pirq_add_gsi(gsi, "line");
	if (irq < 0) {
		pr_warn("%s: its interrupt line (GSI %d) is left: Xen gives no event channel for it (%d)\n",
			pci_name(pdev), gsi, irq);
		kfree(line);
		return NULL;
	}
	line->apic_irq = pdev->irq;
	line->irq = irq;
	list_add(&line->list, &lines);
	return line;
}

/*
 * -> the line the device now has, or NULL: it keeps its own. @begin: also a line
 * that is not led to an event channel yet; without, only one that is already, and
 * that the device would not hear any more.
 *
 * Only an enabled device has the number of its pin, and only one that stays
 * enabled keeps the number it is given: this holds it enabled, which its driver
 * may notice. So no line is begun for a device that can have MSIs, and without
 * any line none is touched.
 */
struct xg_line *xg_route_intx(struct pci_dev *pdev, bool begin)
{
	struct xg_line *line, *found = NULL;

	if (!pdev->pin || !xg_evtchn_per_cpu() ||
	    (!begin && list_empty(&lines)) || pci_enable_device(pdev))
		return NULL;
	list_for_each_entry(line, &lines, list)
		if (line->apic_irq == pdev->irq)
			found = line;
	if (!found && begin)
		found = new_line(pdev);
	if (!found) {
		pci_disable_device(pdev);
		return NULL;
	}
	found->users++;
	pdev->irq = found->irq;
	return found;
}

void xg_unroute_intx(struct pci_dev *pdev, struct xg_line *line)
{
	if (!line)
		return;
	pdev->irq = line->apic_irq;
	if (!--line->users) {
		list_del(&line->list);
		xg_pirq_remove_gsi(line->irq);
		kfree(line);
	}
	pci_disable_device(pdev);
}
