// SPDX-License-Identifier: GPL-2.0-only
/* A hypercall before the kernel knows its processor. */
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/string.h>
#include <asm/bootparam.h>
#include <asm/processor.h>
#include <xen/interface/xen.h>
#include <xen/interface/memory.h>
#include <asm/xen/hypervisor.h>
#include "boot.h"

/* The instruction's name is the vendor's, and so is the other one's fault. */
static bool __init calls_by_vmmcall(void)
{
	u32 max, sign[3];

	cpuid(0, &max, &sign[0], &sign[2], &sign[1]);
	return !memcmp(sign, "AuthenticAMD", 12) ||
	       !memcmp(sign, "HygonGenuine", 12);
}

long __init xg_early_call(unsigned int nr, unsigned long arg1,
			  unsigned long arg2, unsigned long arg3)
{
	long ret = nr;

	if (!xen_cpuid_base())
		return -ENOSYS;
	if (calls_by_vmmcall())
		asm volatile("vmmcall"
			     : "+a" (ret), "+D" (arg1), "+S" (arg2), "+d" (arg3)
			     : : "memory");
	else
		asm volatile("vmcall"
			     : "+a" (ret), "+D" (arg1), "+S" (arg2), "+d" (arg3)
			     : : "memory");
	return ret;
}

int __init xg_early_memory_map(struct boot_e820_entry *to, unsigned int max)
{
	struct xen_memory_map request = { .nr_entries = max };
	long err;

	set_xen_guest_handle(request.buffer, to);
	err = xg_early_call(__HYPERVISOR_memory_op, XENMEM_memory_map,
			    (unsigned long)&request, 0);
	if (err)
		return err;
	return request.nr_entries > max ? -E2BIG : request.nr_entries;
}
