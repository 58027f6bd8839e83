/* SPDX-License-Identifier: GPL-2.0-only */
/* What main.c, call.c and page.S share. */
#ifndef XG_HYPERCALL_INTERNAL_H
#define XG_HYPERCALL_INTERNAL_H

/* Bytes of one stub in the page that Xen fills (Xen public/xen.h). */
#define XG_HYPERCALL_STUB	32

#ifndef __ASSEMBLY__
#include <linux/percpu.h>
#include <linux/types.h>

/* More than any number this project calls; an array bound for the counters. */
#define XG_HYPERCALL_MAX	64

DECLARE_PER_CPU(u64[XG_HYPERCALL_MAX], xg_hypercall_count);

extern char xg_hypercall_page[];

/* Have Xen fill the page by way of @msr and route every call through it. */
int xg_hypercall_use_page(u32 msr);
#endif

#endif /* XG_HYPERCALL_INTERNAL_H */
