// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports of a kernel that ended without a word, as one that crashed and left the
 * machine to a kernel for its dump: they are nobody's now, and a VIRQ that is bound
 * could not be bound again.
 */
#define pr_fmt(fmt) "xg-evtchn: " fmt

#include <linux/kernel.h>
#include <xen/interface/hvm/params.h>
#include <xg/hypercall.h>
#include "internal.h"

/* Xen gives the lowest port that is free: behind so many there are hardly more. */
#define FREE_IN_A_ROW	64

/* The toolstack's, who alone can make them */
static bool is_adopted(evtchn_port_t port)
{
	u64 store = 0, console = 0;

	xg_hvm_param_get(HVM_PARAM_STORE_EVTCHN, &store);
	xg_hvm_param_get(HVM_PARAM_CONSOLE_EVTCHN, &console);
	return port == store || port == console;
}

/* 1: closed, 0: there is nothing to close, -errno: no such port */
static int close_one(evtchn_port_t port)
{
	struct evtchn_status op = { .dom = DOMID_SELF, .port = port };
	struct evtchn_close close = { .port = port };
	int err;

	err = xg_event_channel_op(EVTCHNOP_status, &op);
	if (err)
		return err;
	if (op.status == EVTCHNSTAT_closed || is_adopted(port))
		return 0;
	/* Xen's own look like others, and it keeps them. */
	return !xg_event_channel_op(EVTCHNOP_close, &close);
}

/* None of ours is open yet. */
void xg_leftover_close(void)
{
	unsigned int closed = 0, in_a_row = 0;
	evtchn_port_t port;
	int ret;

	for (port = 1; port < xg_abi->ports && in_a_row < FREE_IN_A_ROW; port++) {
		ret = close_one(port);
		if (ret == -EINVAL)
			break;
		in_a_row = ret > 0 ? 0 : in_a_row + 1;
		closed += ret > 0;
	}
	if (closed)
		pr_info("%u ports of a kernel before this one are closed\n", closed);
}
