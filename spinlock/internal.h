/* SPDX-License-Identifier: GPL-2.0-only */
/* What main.c, wait.c and hook.c share. */
#ifndef XG_SPINLOCK_INTERNAL_H
#define XG_SPINLOCK_INTERNAL_H

#include <linux/errno.h>
#include <linux/percpu.h>
#include <linux/types.h>
#include <asm/qspinlock.h>

/* The kernel's own wait for a lock; both are exported. */
#ifdef CONFIG_PARAVIRT_SPINLOCKS
#define xg_kernels_wait native_queued_spin_lock_slowpath
#else
#define xg_kernels_wait queued_spin_lock_slowpath
#endif

/**
 * struct xg_lock_counts - a CPU's waits
 * @contended: all of them
 * @yields: of the CPU to another vCPU
 * @claims: of the next turn, by one that had waited long
 * @cycles: of the waits that yielded or claimed
 * @longest: of these, in cycles
 */
struct xg_lock_counts {
	u64 contended;
	u64 yields;
	u64 claims;
	u64 cycles;
	u64 longest;
};

DECLARE_PER_CPU(struct xg_lock_counts, xg_lock_counts);
extern u64 xg_cycles_per_us;

/* wait.c: before the first wait, and the wait itself: any context */
void xg_lock_init(void);
void xg_lock_wait(struct qspinlock *lock, u32 val);

/* hook.c: process context; 0 or -errno. _works: do waits come to ours now? */
#ifdef CONFIG_DYNAMIC_FTRACE_WITH_ARGS
int xg_hook_add(void);
void xg_hook_remove(void);
bool xg_hook_works(void);
#else
static inline int xg_hook_add(void)
{
	return -EOPNOTSUPP;
}

static inline void xg_hook_remove(void)
{
}

static inline bool xg_hook_works(void)
{
	return false;
}
#endif

struct seq_file;

/* pv.c: process context. _in_use: the kernel's locks are paravirtual since boot */
#ifdef CONFIG_XG_PV_SPINLOCKS
bool xg_pv_in_use(void);
void xg_pv_start(void);
void xg_pv_stop(void);
void xg_pv_show(struct seq_file *m);
#else
static inline bool xg_pv_in_use(void)
{
	return false;
}

static inline void xg_pv_start(void)
{
}

static inline void xg_pv_stop(void)
{
}

static inline void xg_pv_show(struct seq_file *m)
{
}
#endif

#endif /* XG_SPINLOCK_INTERNAL_H */
