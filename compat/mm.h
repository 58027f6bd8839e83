/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory management across kernel versions: a mapping's flags. */
#ifndef XG_COMPAT_MM_H
#define XG_COMPAT_MM_H

#include <linux/mm.h>
#include <linux/version.h>

/* A mapping's flags are changed by functions since 6.3 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

#endif /* XG_COMPAT_MM_H */
