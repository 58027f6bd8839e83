// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each vCPU's vcpu_info: where Xen says that it has events, and what time it is.
 *
 * Shared info has places for vCPUs 0 to 31. The others share a place of Xen's
 * with those of all domains until they are given one of their own, by a call
 * that each of them makes once in the life of the domain: the pages are in the
 * ledger (ledger.c), and a later load finds the vCPUs settled. Where there are no
 * such vCPUs nothing is registered, and nothing stays.
 *
 * In that common place another domain's events would raise the callback vector
 * here for ever, so vCPUs leave it before an upcall is set up, or before they run.
 */
#define pr_fmt(fmt) "xg-evtchn: " fmt

#include <linux/bitmap.h>
#include <linux/cpu.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/smp.h>
#include <xen/interface/xen.h>
#include <xen/interface/vcpu.h>
#include <xg/hypercall.h>
#include "internal.h"

#define PER_PAGE	(PAGE_SIZE / sizeof(struct vcpu_info))

/* Since the start: what Xen has refused once it is not asked for again. */
static DECLARE_BITMAP(tried, XG_MAX_VCPUS);

static unsigned int line(u32 vcpu)
{
	return XG_KEPT_INFOS + vcpu / PER_PAGE;
}

/* Its vcpu_info, NULL where it has none yet; any context, also for no vCPU. */
struct vcpu_info *xg_vcpu_info(u32 vcpu)
{
	struct vcpu_info *page;

	if (vcpu < MAX_VIRT_CPUS)
		return &xg_shared->vcpu_info[vcpu];
	if (vcpu >= XG_MAX_VCPUS || !xg_ledger ||
	    !test_bit(vcpu, xg_ledger->infos))
		return NULL;
	page = xg_ledger_page(line(vcpu));

	return &page[vcpu % PER_PAGE];
}

/* Of another vCPU that runs Xen refuses it. */
static int give_on(void *page, u32 vcpu)
{
	struct vcpu_register_vcpu_info op = {
		.mfn = PHYS_PFN(virt_to_phys(page)),
		.offset = vcpu % PER_PAGE * sizeof(struct vcpu_info),
	};
	unsigned long irqflags;
	int err;

	/*
	 * In the call Xen sets upcall_pending and the whole selector, lest
	 * something be lost. The flag must go before it interrupts: on a CPU that
	 * just comes, the callback vector may not be ours yet. cpu_up() has the
	 * selector looked at.
	 */
	local_irq_save(irqflags);
	err = xg_vcpu_op(VCPUOP_register_vcpu_info, vcpu, &op);
	if (!err) {
		set_bit(vcpu, xg_ledger->infos);
		WRITE_ONCE(xg_vcpu_info(vcpu)->evtchn_upcall_pending, 0);
	}
	local_irq_restore(irqflags);
	return err;
}

/* Under xg_ledger_lock. */
static int give(u32 vcpu)
{
	void *page = xg_ledger_add(line(vcpu));

	return page ? give_on(page, vcpu) : -ENOMEM;
}

/* In a new domain, on the vCPU: give Xen the place it had in the last. */
void xg_vcpu_info_wake(u32 vcpu)
{
	void *page;

	if (vcpu < MAX_VIRT_CPUS || vcpu >= XG_MAX_VCPUS || !xg_ledger)
		return;
	page = xg_ledger_page(line(vcpu));
	if (page && give_on(page, vcpu))
		pr_err("vCPU %u has no events any more: Xen takes no vcpu_info for it\n",
		       vcpu);
}

/**
 * xg_vcpu_info_here() - the same, registered with Xen if it has to be
 * @vcpu: the one this runs on
 *
 * Context: process, on that vCPU.
 * Return: its vcpu_info for as long as the domain lives, but shared info's for
 *         as long as that is mapped; NULL: no events there, the log says why.
 */
struct vcpu_info *xg_vcpu_info_here(u32 vcpu)
{
	struct vcpu_info *info = xg_vcpu_info(vcpu);
	int err = -ERANGE;

	if (info)
		return info;
	if (vcpu < XG_MAX_VCPUS) {
		if (test_and_set_bit(vcpu, tried))
			return NULL;
		mutex_lock(&xg_ledger_lock);
		err = give(vcpu);
		mutex_unlock(&xg_ledger_lock);
	}
	if (err)
		pr_warn("vCPU %u runs without events: Xen takes no vcpu_info for it (%d)\n",
			vcpu, err);
	return xg_vcpu_info(vcpu);
}

/* For a vCPU that does not run yet. Refused here, it asks by itself, and says so. */
void xg_vcpu_info_prepare(u32 vcpu)
{
	if (vcpu < MAX_VIRT_CPUS || vcpu >= XG_MAX_VCPUS)
		return;
	mutex_lock(&xg_ledger_lock);
	if (!xg_vcpu_info(vcpu))
		give(vcpu);
	mutex_unlock(&xg_ledger_lock);
}

static int settle(void *unused)
{
	xg_vcpu_info_here(xg_vcpu_id_here());
	return 0;
}

/* Every CPU that is online; those to come do it as they come. No upcall yet. */
void xg_vcpu_infos_start(void)
{
	unsigned int cpu;

	BUILD_BUG_ON(PAGE_SIZE % sizeof(struct vcpu_info));
	bitmap_zero(tried, XG_MAX_VCPUS);
	cpus_read_lock();
	for_each_online_cpu(cpu)
		if (xg_vcpu_id(cpu) >= MAX_VIRT_CPUS)
			smp_call_on_cpu(cpu, settle, NULL, false);
	cpus_read_unlock();
}
