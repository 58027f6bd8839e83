// SPDX-License-Identifier: GPL-2.0-only
/*
 * The balloon: start and stop.
 *
 * Start comes back when the target is reached for the first time, or cannot be: a
 * guest whose memory Xen populates on demand has more RAM on paper than the host
 * has set aside for it, and dies when it touches it all. Where to read on:
 * target.c, what the host wants; worker.c, how it is come by; pages.c.
 *
 * Nothing here fails the root's start: without it the guest has the memory it had.
 */
#define pr_fmt(fmt) "xg-balloon: " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>
#include <xen/interface/xen.h>
#include <xen/interface/memory.h>
#include <xg/balloon.h>
#include <xg/hypercall.h>
#include "internal.h"

/* Without a page more or less: then the start does not wait for the target. */
#define STILL_SECONDS	30

static char *deflate_on_oom = "1";
module_param(deflate_on_oom, charp, 0444);
MODULE_PARM_DESC(deflate_on_oom,
		 "take memory back, where the host lets us, before a process is killed: 1 (default) or 0");

static bool running;

static int ask(unsigned int cmd)
{
	domid_t self = DOMID_SELF;

	return xg_memory_op(cmd, &self);
}

/* RAM and all that the guest's kernel does not know of. */
int xg_reservation(void)
{
	return ask(XENMEM_current_reservation);
}

int xg_reservation_limit(void)
{
	return ask(XENMEM_maximum_reservation);
}

static void reach_first_target(void)
{
	unsigned long out = xg_pages_out(), before;
	unsigned int still = 0;

	/* By the second, lest the kernel takes this task for hung. */
	while (!xg_worker_wait(1)) {
		before = out;
		out = xg_pages_out();
		still = out == before ? still + 1 : 0;
		if (still < STILL_SECONDS)
			continue;
		pr_info("the target is not reached, and nothing has moved in %d s: going on\n",
			STILL_SECONDS);
		return;
	}
}

static int start(void)
{
	int err;

	err = xg_worker_start(sysfs_streq(deflate_on_oom, "1"));
	if (err)
		return err;
	err = xg_sysfs_start();
	if (err)
		goto stop_worker;
	if (xg_target_start())
		reach_first_target();
	err = xg_target_watch();
	if (err)
		goto stop_sysfs;
	xg_balloon_show_start();
	return 0;

stop_sysfs:
	xg_sysfs_stop();
stop_worker:
	xg_worker_stop();
	return err;
}

/**
 * xg_balloon_start() - follow the host's wishes for the guest's memory
 * @platform: the machine as the root found it
 *
 * Context: process; the store is up. Waits for the first target as long as it
 * comes nearer.
 * Return: 0; what does not work is in the log.
 */
int xg_balloon_start(struct xg_platform *platform)
{
	int nr = xg_reservation();
	int err;

	if (nr < 0) {
		pr_info("Xen keeps no count of this domain's memory (%d): no balloon\n",
			nr);
		return 0;
	}
	err = start();
	if (err)
		pr_err("no balloon (%d)\n", err);
	running = !err;
	return 0;
}
EXPORT_SYMBOL_GPL(xg_balloon_start);

/**
 * xg_balloon_stop() - take back all memory that Xen gives back
 *
 * What it does not give stays marked, for xg_balloon_start() to find.
 *
 * Context: process; before the store goes.
 */
void xg_balloon_stop(void)
{
	if (!running)
		return;
	running = false;
	xg_balloon_show_stop();
	xg_target_unwatch();
	xg_sysfs_stop();
	xg_worker_stop();
}
EXPORT_SYMBOL_GPL(xg_balloon_stop);

static int __init xg_balloon_init(void)
{
	if (sysfs_streq(deflate_on_oom, "0") ||
	    sysfs_streq(deflate_on_oom, "1"))
		return 0;
	pr_err("deflate_on_oom=%s: unknown, use \"1\" or \"0\"\n",
	       deflate_on_oom);
	return -EINVAL;
}

static void __exit xg_balloon_exit(void)
{
}

module_init(xg_balloon_init);
module_exit(xg_balloon_exit);

MODULE_DESCRIPTION("Xen memory balloon");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
