// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine is saved, as by `xl save', and goes on: here, or in another domain.
 *
 * Each layer is told before, from the highest down. Then all CPUs stop with
 * interrupts off, and one of them asks Xen: the call returns 1 where the toolstack
 * has thought better of it, and 0 in a new domain, which knows of none of our
 * pages, ports and grants. There each layer wakes, from the lowest up, before any
 * other CPU runs; what needs a process, connections to backends above all, follows
 * in the order of start.
 *
 * Programs run on until the CPUs stop and go on as they start: no driver of ours
 * minds, so nothing is frozen. Start reading at xg_suspend().
 */
#define pr_fmt(fmt) "xg-platform-pci: " fmt

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/nmi.h>
#include <linux/sched/mm.h>
#include <linux/smp.h>
#include <linux/stop_machine.h>
#include <linux/suspend.h>
#include <linux/syscore_ops.h>
#include <xen/interface/xen.h>
#include <xen/interface/sched.h>
#include <xg/evtchn.h>
#include <xg/grant.h>
#include <xg/hypercall.h>
#include <xg/platform.h>
#include <xg/time.h>
#include <xg/xenbus.h>
#include "internal.h"

/* Until nobody opens or closes a channel just now. */
#define TRIES		100
#define TRY_MS		10

struct nap {
	int ret;		/* of xg_suspend() */
	bool over;
};

static int wake_layers(void)
{
	int err;

	err = xg_evtchn_wake();
	/* Without them there is no machine; it may get to say so. */
	return xg_time_wake() ?: xg_grant_wake() ?: err;
}

/* Every CPU is here, interrupts off; this is the leader. */
static int ask(void)
{
	struct sched_shutdown op = { .reason = SHUTDOWN_suspend };
	int ret;

	if (!xg_grant_quiet() || !xg_evtchn_hold())
		return -EAGAIN;
	ret = syscore_suspend();
	if (!ret) {
		ret = xg_sched_op(SCHEDOP_shutdown, &op);
		if (!ret)
			wake_layers();
		syscore_resume();
	}
	xg_evtchn_release();
	return ret;
}

static int stopped(void *data)
{
	struct nap *nap = data;

	/* CPUs neither come nor go meanwhile. */
	if (smp_processor_id() == cpumask_first(cpu_online_mask)) {
		nap->ret = ask();
		/* Pairs with the others' loads: what it woke is there. */
		smp_store_release(&nap->over, true);
	} else {
		/* Pairs with the leader's store. */
		while (!smp_load_acquire(&nap->over))
			cpu_relax();
	}
	if (!nap->ret)
		xg_evtchn_wake_cpu();
	touch_softlockup_watchdog();
	return 0;
}

static int sleep(void)
{
	struct nap nap;
	unsigned int tries;

	for (tries = 0; tries < TRIES; tries++) {
		nap = (struct nap){};
		stop_machine(stopped, &nap, cpu_online_mask);
		if (nap.ret != -EAGAIN)
			break;
		msleep(TRY_MS);
	}
	return nap.ret;
}

/* --- the layers' order ------------------------------------------------------ */

static void resume_from_store(struct xg_platform *platform, bool moved)
{
	xg_store_resume(moved);
	if (moved && !platform->pvh)
		xg_unplug_again();
}

/**
 * xg_suspend() - have the machine saved
 * @platform: ours
 *
 * Context: process, one at a time.
 * Return: 0: restored in another domain; 1: cancelled, nothing has changed;
 * -errno: it was not tried, or Xen has refused; nothing has changed.
 */
int xg_suspend(struct xg_platform *platform)
{
	unsigned int sleep_flags, noio;
	int ret;

	ret = xg_evtchn_suspend() ?: xg_grant_suspend();
	if (ret)
		return ret;
	sleep_flags = lock_system_sleep();
	/* The disk that memory might be had by stands still. */
	noio = memalloc_noio_save();
	cpu_hotplug_disable();
	xg_xenbus_suspend();
	xg_store_suspend();
	xg_time_suspend();
	pr_info("the machine is being saved\n");

	ret = sleep();

	xg_time_resume();
	resume_from_store(platform, !ret);
	xg_xenbus_resume(!ret);
	cpu_hotplug_enable();
	memalloc_noio_restore(noio);
	unlock_system_sleep(sleep_flags);
	if (ret == -EAGAIN)
		pr_err("the machine was not saved: channels are opened or closed, or pages mapped, all the time\n");
	else if (ret < 0)
		pr_err("the machine was not saved (%d)\n", ret);
	return ret;
}
