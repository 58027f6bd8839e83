/* SPDX-License-Identifier: GPL-2.0-only */
/* Function tracing across kernel versions: where a traced function goes on. */
#ifndef XG_COMPAT_TRACE_H
#define XG_COMPAT_TRACE_H

#include <linux/ftrace.h>
#include <linux/version.h>

/* the setter was renamed in 6.2 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define ftrace_regs_set_instruction_pointer(fregs, ip) \
	ftrace_instruction_pointer_set(fregs, ip)
#endif

#endif /* XG_COMPAT_TRACE_H */
