// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel that crashes leaves the machine to another one, which is there for its
 * dump and takes these modules, too.
 *
 * Before: Xen would interrupt the new kernel in the way of the old one, over and
 * over where that is a callback, until it clears a word it knows nothing of. No
 * notifier is called in time, but a probe may be set to where the kernel goes: the
 * other CPUs stand still there, and interrupts are off.
 * After: the old one's ports are nobody's, and a VIRQ that is bound could not be
 * bound again.
 */
#define pr_fmt(fmt) "xg-evtchn: " fmt

#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/rcupdate.h>
#include <xen/interface/hvm/params.h>
#include <xg/hypercall.h>
#include "internal.h"

static const struct xg_upcall *in_use;

static int on_crash(struct kprobe *probe, struct pt_regs *regs)
{
	evtchn_port_t port;
	unsigned int cpu;

	if (in_use->park)
		in_use->park();
	/* A PVH guest's stays in force all the same: then nothing may be left to say. */
	xg_hvm_param_set(HVM_PARAM_CALLBACK_IRQ, 0);
	for (port = 1; port < xg_abi->ports; port++)
		if (rcu_access_pointer(xg_by_port[port]))
			xg_abi->mask(port);
	for_each_possible_cpu(cpu)
		xg_hush(per_cpu_ptr(&xg_cpu, cpu));
	return 0;
}

/* The last that this kernel does, where it is not to come back (KEXEC_JUMP). */
static struct kprobe probe = {
	.symbol_name = "machine_kexec",
	.pre_handler = on_crash,
};

/*
 * A probe at the function's beginning would be function tracing's, which may be off
 * as a whole: so it is the first instruction behind that.
 */
#define TRACING_ENDS	5
#define PROLOGUE_ENDS	16

void xg_crash_start(const struct xg_upcall *upcall)
{
	int err;

	in_use = upcall;
	probe.offset = TRACING_ENDS;
	do {
		/* As new, or it is not taken. */
		probe.addr = NULL;
		probe.flags = 0;
		err = register_kprobe(&probe);
	} while (err == -EILSEQ && ++probe.offset < PROLOGUE_ENDS);
	if (!err)
		return;
	in_use = NULL;
	/* -ENOENT: there will be no other kernel. */
	if (err != -ENOENT)
		pr_info("no probe of a crash (%d): a kernel for its dump may be interrupted for ever\n",
			err);
}

void xg_crash_stop(void)
{
	if (!in_use)
		return;
	unregister_kprobe(&probe);
	in_use = NULL;
}

/* --- what a kernel before has left ------------------------------------------- */

/* Xen gives the lowest port that is free: behind so many there are hardly more. */
#define FREE_IN_A_ROW	64

enum found { FREE, CLOSED, STAYS };

/* -> enum found, or -EINVAL: there are no such ports */
static int close_one(evtchn_port_t port)
{
	struct evtchn_status op = { .dom = DOMID_SELF, .port = port };
	struct evtchn_close close = { .port = port };
	int err;

	err = xg_event_channel_op(EVTCHNOP_status, &op);
	if (err == -EINVAL)
		return err;
	if (!err && op.status == EVTCHNSTAT_closed)
		return FREE;
	/* Xen does not let go of its own, and may not tell what they are. */
	return xg_event_channel_op(EVTCHNOP_close, &close) ? STAYS : CLOSED;
}

/* None of ours is open yet. */
void xg_crash_clear(void)
{
	unsigned int closed = 0, in_a_row = 0;
	u64 store = 0, console = 0;
	evtchn_port_t port;
	int found;

	/* The toolstack's, who alone can make them */
	xg_hvm_param_get(HVM_PARAM_STORE_EVTCHN, &store);
	xg_hvm_param_get(HVM_PARAM_CONSOLE_EVTCHN, &console);
	for (port = 1; port < xg_abi->ports && in_a_row < FREE_IN_A_ROW; port++) {
		found = port == store || port == console ? STAYS : close_one(port);
		if (found == -EINVAL)
			break;
		in_a_row = found == FREE ? in_a_row + 1 : 0;
		closed += found == CLOSED;
	}
	if (closed)
		pr_info("%u ports of a kernel before this one are closed\n", closed);
}
