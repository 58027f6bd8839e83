/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypercall page: Xen overwrites the frame below with one stub per
 * hypercall, "mov $nr, %eax; vmcall or vmmcall; ret", XG_HYPERCALL_STUB bytes
 * each. It sits in .text because modules have no other executable memory; the
 * guest's read-only mapping of it does not bind Xen, which writes the frame.
 *
 * Each stub that call.c uses has a symbol, so that it is reached by a direct
 * call: the stubs have no ENDBR and must not be the target of an indirect one.
 */
#include <linux/linkage.h>
#include <asm/nospec-branch.h>
#include <asm/page_types.h>
#include <asm/unwind_hints.h>
#include <xen/interface/xen.h>
#include "internal.h"

	.macro stub nr, name
	.org	xg_hypercall_page + \nr * XG_HYPERCALL_STUB, 0xcc
	.globl	xg_stub_\name
	.type	xg_stub_\name, @function
xg_stub_\name:
	UNWIND_HINT_FUNC
	ANNOTATE_UNRET_SAFE
	ret
	.skip	XG_HYPERCALL_STUB - 1, 0xcc
	.size	xg_stub_\name, XG_HYPERCALL_STUB
	.endm

	.text
	.balign	PAGE_SIZE
	.globl	xg_hypercall_page
xg_hypercall_page:
	ANNOTATE_NOENDBR
	stub	__HYPERVISOR_memory_op, memory_op
	stub	__HYPERVISOR_multicall, multicall
	stub	__HYPERVISOR_xen_version, xen_version
	stub	__HYPERVISOR_grant_table_op, grant_table_op
	stub	__HYPERVISOR_vcpu_op, vcpu_op
	stub	__HYPERVISOR_sched_op, sched_op
	stub	__HYPERVISOR_event_channel_op, event_channel_op
	stub	__HYPERVISOR_physdev_op, physdev_op
	stub	__HYPERVISOR_hvm_op, hvm_op
	.org	xg_hypercall_page + PAGE_SIZE, 0xcc
