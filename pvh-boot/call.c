// SPDX-License-Identifier: GPL-2.0-only
/* A hypercall before the kernel knows its processor. */
#include <linux/errno.h>
#include <linux/init.h>
#include <asm/processor.h>
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
