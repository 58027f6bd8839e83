// SPDX-License-Identifier: GPL-2.0-only
/*
 * Another kernel is started in this one's place, by kexec, and is to find the
 * machine as if no module had been loaded.
 *
 * The kernel shuts each device down before it goes; ours stops all layers then, as
 * on unbinding, whatever is open. Which shutdown it is only a reboot's notifiers are
 * told. What a stop does not end, pages that Xen or a backend keeps, would be other
 * memory to the next kernel: there the toolstack is asked for a soft reset, which
 * makes the domain anew around its memory and its running CPUs.
 */
#define pr_fmt(fmt) "xg-platform-pci: " fmt

#include <linux/kernel.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/string.h>
#include <xen/interface/xen.h>
#include <xen/interface/sched.h>
#include <xg/grant.h>
#include <xg/hypercall.h>
#include "internal.h"

static bool comes;

static int on_reboot(struct notifier_block *nb, unsigned long action, void *cmd)
{
	/* kernel/kexec_core.c, kernel_kexec() */
	comes = action == SYS_RESTART && cmd && !strcmp(cmd, "kexec reboot");
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = on_reboot };

int xg_kexec_init(void)
{
	return register_reboot_notifier(&notifier);
}

void xg_kexec_exit(void)
{
	unregister_reboot_notifier(&notifier);
}

/* Is that why the machine goes down? */
bool xg_kexec_comes(void)
{
	return comes;
}

/* All has stopped; @kept: Xen has pages of this kernel's all the same. */
void xg_kexec_leave(bool kept)
{
	struct sched_shutdown op = { .reason = SHUTDOWN_soft_reset };
	struct xg_grant_stats stats;
	int err;

	xg_grant_get_stats(&stats);
	if (!kept && !stats.deferred)
		return;
	pr_info("kexec: %s pages of this kernel: soft reset\n",
		kept ? "Xen keeps" : "backends keep");
	err = xg_sched_op(SCHEDOP_shutdown, &op);
	if (err)
		pr_err("kexec: no soft reset (%d), the next kernel's memory may be written to\n",
		       err);
}
