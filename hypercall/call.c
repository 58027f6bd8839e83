// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making a hypercall.
 *
 * x86-64 convention (Xen public/arch-x86/xen-x86_64.h): number in RAX, arguments
 * in RDI, RSI, RDX, result in RAX, every other register kept. The instruction is
 * vmcall or vmmcall by vendor, patched in by the kernel's alternatives; with
 * hypercall=page the call goes to Xen's own stub for that number instead.
 *
 * No locks: any context. Every call is counted on its CPU.
 */
#include <linux/export.h>
#include <linux/io.h>
#include <linux/jump_label.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/alternative.h>
#include <asm/asm.h>
#include <asm/cpufeatures.h>
#include <asm/msr.h>
#include <xen/interface/event_channel.h>
#include <xen/interface/hvm/hvm_op.h>
#include <xen/interface/hvm/params.h>
#include <xg/hypercall.h>
#include "internal.h"

/* The first byte of "mov $imm32, %eax" */
#define MOV_IMM32_EAX	0xb8

DEFINE_PER_CPU(u64[XG_HYPERCALL_MAX], xg_hypercall_count);

static DEFINE_STATIC_KEY_FALSE(call_by_page);

/*
 * One call with three arguments, whichever way. @name picks both the number and
 * the stub, so the two cannot disagree. "memory": Xen reads and writes what the
 * arguments point to.
 */
#define HYPERCALL(name, a1, a2, a3)					\
({									\
	long res = __HYPERVISOR_##name;					\
	unsigned long di = (unsigned long)(a1);				\
	unsigned long si = (unsigned long)(a2);				\
	unsigned long dx = (unsigned long)(a3);				\
									\
	BUILD_BUG_ON(__HYPERVISOR_##name >= XG_HYPERCALL_MAX);		\
	this_cpu_inc(xg_hypercall_count[__HYPERVISOR_##name]);		\
	if (static_branch_unlikely(&call_by_page))			\
		asm volatile("call xg_stub_" #name			\
			     : "+a" (res), "+D" (di), "+S" (si),	\
			       "+d" (dx), ASM_CALL_CONSTRAINT		\
			     : : "memory");				\
	else								\
		asm volatile(ALTERNATIVE("vmcall", "vmmcall",		\
					 X86_FEATURE_VMMCALL)		\
			     : "+a" (res), "+D" (di), "+S" (si),	\
			       "+d" (dx)				\
			     : : "memory");				\
	(int)res;							\
})

/**
 * xg_event_channel_op() - event channels
 * @cmd: EVTCHNOP_* (xen/interface/event_channel.h)
 * @arg: the structure that belongs to @cmd
 *
 * Context: any.
 * Return: 0 or more, or -errno from Xen.
 */
int xg_event_channel_op(int cmd, void *arg)
{
	return HYPERCALL(event_channel_op, cmd, arg, 0);
}
EXPORT_SYMBOL_GPL(xg_event_channel_op);

/**
 * xg_grant_table_op() - grant tables
 * @cmd: GNTTABOP_* (xen/interface/grant_table.h)
 * @arg: array of the structures that belong to @cmd
 * @count: how many; each has a status of its own
 *
 * Context: any.
 * Return: 0 when the batch was worked through, or -errno from Xen.
 */
int xg_grant_table_op(unsigned int cmd, void *arg, unsigned int count)
{
	return HYPERCALL(grant_table_op, cmd, arg, count);
}
EXPORT_SYMBOL_GPL(xg_grant_table_op);

/**
 * xg_memory_op() - the domain's physical memory
 * @cmd: XENMEM_* (xen/interface/memory.h)
 * @arg: the structure that belongs to @cmd
 *
 * Context: any.
 * Return: 0 or more, or -errno from Xen.
 */
int xg_memory_op(unsigned int cmd, void *arg)
{
	return HYPERCALL(memory_op, cmd, arg, 0);
}
EXPORT_SYMBOL_GPL(xg_memory_op);

/**
 * xg_hvm_op() - what only HVM guests have
 * @cmd: HVMOP_* (xen/interface/hvm/hvm_op.h)
 * @arg: the structure that belongs to @cmd
 *
 * Context: any.
 * Return: 0 or more, or -errno from Xen.
 */
int xg_hvm_op(unsigned int cmd, void *arg)
{
	return HYPERCALL(hvm_op, cmd, arg, 0);
}
EXPORT_SYMBOL_GPL(xg_hvm_op);

/**
 * xg_vcpu_op() - one vCPU
 * @cmd: VCPUOP_* (xen/interface/vcpu.h)
 * @vcpu_id: Xen's number of it, see xg_vcpu_id()
 * @arg: the structure that belongs to @cmd, or NULL
 *
 * Context: any; some commands only on the vCPU itself.
 * Return: 0 or more, or -errno from Xen.
 */
int xg_vcpu_op(int cmd, u32 vcpu_id, void *arg)
{
	return HYPERCALL(vcpu_op, cmd, vcpu_id, arg);
}
EXPORT_SYMBOL_GPL(xg_vcpu_op);

/**
 * xg_sched_op() - yield, block, poll, shut down
 * @cmd: SCHEDOP_* (xen/interface/sched.h)
 * @arg: the structure that belongs to @cmd, or NULL
 *
 * Context: any; not traced, as a wait for a tracer's lock comes here.
 * Return: 0 or more, or -errno from Xen.
 */
notrace int xg_sched_op(int cmd, void *arg)
{
	return HYPERCALL(sched_op, cmd, arg, 0);
}
EXPORT_SYMBOL_GPL(xg_sched_op);

/**
 * xg_xen_version() - what Xen says of itself
 * @cmd: XENVER_* (xen/interface/version.h)
 * @arg: the structure that belongs to @cmd, or NULL
 *
 * Context: any.
 * Return: 0 or more, or -errno from Xen.
 */
int xg_xen_version(int cmd, void *arg)
{
	return HYPERCALL(xen_version, cmd, arg, 0);
}
EXPORT_SYMBOL_GPL(xg_xen_version);

/**
 * xg_physdev_op() - physical interrupts
 * @cmd: PHYSDEVOP_* (xen/interface/physdev.h)
 * @arg: the structure that belongs to @cmd
 *
 * Context: any.
 * Return: 0 or more, or -errno from Xen.
 */
int xg_physdev_op(int cmd, void *arg)
{
	return HYPERCALL(physdev_op, cmd, arg, 0);
}
EXPORT_SYMBOL_GPL(xg_physdev_op);

/**
 * xg_multicall() - several calls for the price of one exit
 * @calls: what to call, with what; Xen fills in their results
 * @count: how many
 *
 * Context: any. Xen makes them one after the other, one that fails ends nothing.
 * Return: 0 when all were made, or -errno from Xen: -ENOSYS where it has none, as
 *         KVM's emulation of it.
 */
int xg_multicall(struct multicall_entry *calls, unsigned int count)
{
	return HYPERCALL(multicall, calls, count, 0);
}
EXPORT_SYMBOL_GPL(xg_multicall);

/**
 * xg_hvm_param_get() - read a parameter of this domain
 * @index: HVM_PARAM_* (xen/interface/hvm/params.h)
 * @value: filled in on success only
 *
 * Context: any.
 * Return: 0 or -errno from Xen.
 */
int xg_hvm_param_get(u32 index, u64 *value)
{
	struct xen_hvm_param param = {
		.domid = DOMID_SELF,
		.index = index,
	};
	int err;

	err = xg_hvm_op(HVMOP_get_param, &param);
	if (!err)
		*value = param.value;
	return err;
}
EXPORT_SYMBOL_GPL(xg_hvm_param_get);

/**
 * xg_hvm_param_set() - set a parameter of this domain
 * @index: HVM_PARAM_* (xen/interface/hvm/params.h)
 * @value: its new value
 *
 * Context: any.
 * Return: 0 or -errno from Xen.
 */
int xg_hvm_param_set(u32 index, u64 value)
{
	struct xen_hvm_param param = {
		.domid = DOMID_SELF,
		.index = index,
		.value = value,
	};

	return xg_hvm_op(HVMOP_set_param, &param);
}
EXPORT_SYMBOL_GPL(xg_hvm_param_set);

/*
 * Is the first stub that will be called what Xen writes there, "mov $nr, %eax" and
 * a call? Else it is a bare return, and every call would seem to succeed.
 */
static bool page_is_filled(void)
{
	static const u8 mov[] = { MOV_IMM32_EAX, __HYPERVISOR_xen_version, 0, 0, 0 };
	const char *page = xg_hypercall_page;

	/* Or objtool takes its inside for the address of a function. */
	OPTIMIZER_HIDE_VAR(page);
	return !memcmp(page + __HYPERVISOR_xen_version * XG_HYPERCALL_STUB,
		       mov, sizeof(mov));
}

/*
 * Called once, from module init: the page goes with the module's text, and Xen
 * keeps no reference to it. -ENXIO: the page is as it was.
 */
int xg_hypercall_use_page(u32 msr)
{
	unsigned long pfn = vmalloc_to_pfn(xg_hypercall_page);
	int err;

	BUILD_BUG_ON(XG_HYPERCALL_MAX * XG_HYPERCALL_STUB > PAGE_SIZE);
	/* The low bits of the MSR are the page's index; there is one page. */
	err = wrmsrl_safe(msr, (u64)pfn << PAGE_SHIFT);
	if (err)
		return err;
	if (!page_is_filled())
		return -ENXIO;
	static_branch_enable(&call_by_page);
	return 0;
}
