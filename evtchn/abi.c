// SPDX-License-Identifier: GPL-2.0-only
/*
 * 2-level or FIFO events, and what a scan is with either.
 *
 * A domain begins with 2-level events. Its first FIFO call changes that for as
 * long as it lives: only EVTCHNOP_reset leads back, and that would close ports
 * we did not open. Hence FIFO on request only; a start that finds FIFO events
 * goes on with them, whatever was asked for. Start at xg_abi_start().
 */
#define pr_fmt(fmt) "xg-evtchn: " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/static_call.h>
#include "internal.h"

static char *abi = "2level";
module_param(abi, charp, 0444);
MODULE_PARM_DESC(abi, "how events are written down: 2level (default) or fifo, which cannot be undone");

/* In one go; what is left waits until other interrupts had their turn. */
#define EVENTS_PER_UPCALL	256

const struct xg_abi *xg_abi = &xg_2level;
DEFINE_STATIC_CALL(xg_take, xg_2level_take);
DEFINE_STATIC_CALL(xg_unmask, xg_2level_unmask);
DEFINE_STATIC_CALL(xg_scan, xg_2level_scan);

/* Nothing is delivered meanwhile. */
static void use(const struct xg_abi *which)
{
	xg_abi = which;
	static_call_update(xg_take, which->take);
	static_call_update(xg_unmask, which->unmask);
	static_call_update(xg_scan, which->scan);
}

static bool wants_fifo(void)
{
	return sysfs_streq(abi, xg_fifo.name);
}

int xg_abi_check(void)
{
	if (wants_fifo() || sysfs_streq(abi, xg_2level.name))
		return 0;
	pr_err("abi=%s: unknown, use \"2level\" or \"fifo\"\n", abi);
	return -EINVAL;
}

/* FIFO already: by an earlier load of ours, or by somebody else. */
static int go_on_with_fifo(void)
{
	int err;

	err = xg_fifo_take_up();
	if (err) {
		pr_err("Xen has FIFO events for this domain in pages that are not ours (%d): start the domain anew\n",
		       err);
		return err;
	}
	if (!wants_fifo())
		pr_notice("abi=2level is not possible: this domain's events are FIFO until it is reset\n");
	use(&xg_fifo);
	return 0;
}

/* Shared info is mapped, no port open. Nothing to undo. */
int xg_abi_start(void)
{
	int err;

	if (xg_fifo_in_use())
		return go_on_with_fifo();
	if (wants_fifo()) {
		err = xg_fifo_begin();
		if (!err) {
			use(&xg_fifo);
			return 0;
		}
		if (xg_fifo_in_use()) {
			pr_err("abi=fifo: begun, but it failed (%d)\n", err);
			return err;
		}
		pr_warn("abi=fifo: Xen has no FIFO events for this domain (%d), they are 2-level\n",
			err);
	}
	use(&xg_2level);
	return 0;
}

/* --- a scan ---------------------------------------------------------------- */

/* Forget that Xen has told @c; what is pending stays for the next scan. */
void xg_hush(struct xg_cpu *c)
{
	if (c->info)
		WRITE_ONCE(c->info->evtchn_upcall_pending, 0);
}

/* In hard interrupt context -> was there anything for this vCPU? */
bool xg_upcall(struct xg_cpu *c)
{
	struct vcpu_info *info = c->info;
	unsigned int budget = EVENTS_PER_UPCALL;
	bool any = false;

	if (!info)
		return false;
	while (budget && READ_ONCE(info->evtchn_upcall_pending)) {
		any = true;
		WRITE_ONCE(info->evtchn_upcall_pending, 0);
		budget = static_call(xg_scan)(c, budget);
	}
	if (!budget && READ_ONCE(info->evtchn_upcall_pending)) {
		/* Set, it could have us interrupted before all others. */
		WRITE_ONCE(info->evtchn_upcall_pending, 0);
		irq_work_queue(&c->rescan);
	}
	return any;
}

void xg_rescan(struct irq_work *work)
{
	struct xg_cpu *c = container_of(work, struct xg_cpu, rescan);

	if (!c->info)
		return;
	WRITE_ONCE(c->info->evtchn_upcall_pending, 1);
	xg_upcall(c);
}
