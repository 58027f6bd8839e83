// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel that crashes leaves the machine to another one, which is there for its
 * dump and takes these modules, too.
 *
 * Before: Xen would interrupt the new kernel in the way of the old one, over and
 * over where that is a callback, until it clears a word it knows nothing of. No
 * notifier is called in time, but a probe may be set to where the kernel goes.
 * After: the old one's ports are nobody's, and a VIRQ that is bound could not be
 * bound again.
 */
#define pr_fmt(fmt) "xg-evtchn: " fmt

#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <xen/interface/hvm/params.h>
#include <xg/hypercall.h>
#include "internal.h"

static const struct xg_upcall *in_use;

/* The other CPUs may still run. */
static int on_crash(struct kprobe *probe, struct pt_regs *regs)
{
	if (in_use->park)
		in_use->park();
	xg_hvm_param_set(HVM_PARAM_CALLBACK_IRQ, 0);
	return 0;
}

/* Only where a kernel for the dump is there to be started. */
static struct kprobe probe = {
	.symbol_name = "machine_crash_shutdown",
	.pre_handler = on_crash,
};

void xg_crash_start(const struct xg_upcall *upcall)
{
	int err;

	in_use = upcall;
	err = register_kprobe(&probe);
	if (!err)
		return;
	in_use = NULL;
	pr_info("no probe of a crash (%d): a kernel for its dump may be interrupted for ever\n",
		err);
}

void xg_crash_stop(void)
{
	if (!in_use)
		return;
	unregister_kprobe(&probe);
	/* As new, or it cannot be set again. */
	probe.addr = NULL;
	probe.flags = 0;
	in_use = NULL;
}

/* --- what a kernel before has left ------------------------------------------- */

/* Xen gives the lowest port that is free: behind so many there are hardly more. */
#define FREE_IN_A_ROW	64

/* 1: closed, 0: there is nothing to close, -errno: no such port */
static int close_one(evtchn_port_t port)
{
	struct evtchn_status op = { .dom = DOMID_SELF, .port = port };
	struct evtchn_close close = { .port = port };
	int err;

	err = xg_event_channel_op(EVTCHNOP_status, &op);
	if (err)
		return err;
	if (op.status == EVTCHNSTAT_closed)
		return 0;
	/* Xen's own look like others, and it keeps them. */
	return !xg_event_channel_op(EVTCHNOP_close, &close);
}

/* None of ours is open yet. */
void xg_crash_clear(void)
{
	unsigned int closed = 0, in_a_row = 0;
	u64 store = 0, console = 0;
	evtchn_port_t port;
	int ret;

	/* The toolstack's, who alone can make them */
	xg_hvm_param_get(HVM_PARAM_STORE_EVTCHN, &store);
	xg_hvm_param_get(HVM_PARAM_CONSOLE_EVTCHN, &console);
	for (port = 1; port < xg_abi->ports && in_a_row < FREE_IN_A_ROW; port++) {
		ret = port == store || port == console ? 0 : close_one(port);
		if (ret == -EINVAL)
			break;
		in_a_row = ret > 0 ? 0 : in_a_row + 1;
		closed += ret > 0;
	}
	if (closed)
		pr_info("%u ports of a kernel before this one are closed\n", closed);
}
