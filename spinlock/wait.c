// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a CPU waits for a lock whose holder may be a vCPU that does not run.
 *
 * In a virtual machine the kernel's locks are test and set: whoever sees one free
 * may take it. So does this, but for two things. Who has spun for as long as locks
 * are held at all gives the processor to another vCPU, perhaps the holder. And who
 * has waited long claims the next turn by the lock's pending bit: while it is set,
 * nobody takes the lock but him, neither here nor by the kernel's own wait, which
 * other CPUs may be in as we are hooked or let go of; nor in the kernel's queue,
 * whose protocol this keeps where a kernel has one.
 *
 * That bounds the wait: one who may claim races for the bit with others who have
 * waited as long alone, and each of those has to wait anew after his turn.
 *
 * All this is called in any context, NMIs too, with preemption off. Nothing sleeps,
 * nothing takes a lock, nothing is traced. Start reading at xg_lock_wait().
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/time64.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <xen/interface/xen.h>
#include <xen/interface/sched.h>
#include <xg/hypercall.h>
#include "internal.h"

/* The clock is looked at once in so many tries: reading it may be an exit. */
#define TRIES		32
#define SPIN_US		10	/* then the holder is likely not to run */
#define SPIN_MAX_US	80	/* where a yield finds nobody else */
#define IDLE_YIELD_US	5	/* it has found nobody when it was shorter */
#define PATIENCE_US	10000
#define MAX_CYCLES_PER_US	10000ull

DEFINE_PER_CPU(struct xg_lock_counts, xg_lock_counts);
u64 xg_cycles_per_us __ro_after_init;

static __always_inline bool take(struct qspinlock *lock)
{
	int free = 0;

	return !atomic_read(&lock->val) &&
	       atomic_try_cmpxchg_acquire(&lock->val, &free, _Q_LOCKED_VAL);
}

/* -> the bit is ours. Somebody in the queue, or who claimed before, goes first. */
static __always_inline bool claim(struct qspinlock *lock)
{
	int old = atomic_fetch_or_acquire(_Q_PENDING_VAL, &lock->val);

	if (!(old & ~_Q_LOCKED_MASK))
		return true;
	if (!(old & _Q_PENDING_MASK))
		atomic_andnot(_Q_PENDING_VAL, &lock->val);
	return false;
}

/* The same as take(), where the bit is ours: only we change the rest of the word. */
static __always_inline bool take_claimed(struct qspinlock *lock)
{
	if (atomic_read_acquire(&lock->val) & _Q_LOCKED_MASK)
		return false;
	atomic_add(_Q_LOCKED_VAL - _Q_PENDING_VAL, &lock->val);
	return true;
}

/* -> got it within @budget cycles */
static __always_inline bool spin(struct qspinlock *lock, bool claimed, u64 budget)
{
	u64 start = rdtsc();
	unsigned int i;

	do {
		for (i = 0; i < TRIES; i++) {
			if (claimed ? take_claimed(lock) : take(lock))
				return true;
			cpu_relax();
		}
	} while (rdtsc() - start < budget);
	return false;
}

static __always_inline void account(u64 cycles)
{
	this_cpu_add(xg_lock_counts.cycles, cycles);
	if (cycles > this_cpu_read(xg_lock_counts.longest))
		this_cpu_write(xg_lock_counts.longest, cycles);
}

/* Spinning for @budget was in vain -> how long to spin next */
static __always_inline u64 give_way(u64 budget)
{
	u64 start = rdtsc();

	this_cpu_inc(xg_lock_counts.yields);
	xg_sched_op(SCHEDOP_yield, NULL);
	if (rdtsc() - start > IDLE_YIELD_US * xg_cycles_per_us)
		return SPIN_US * xg_cycles_per_us;
	return min(2 * budget, SPIN_MAX_US * xg_cycles_per_us);
}

/* In place of the kernel's, with its arguments. */
notrace void xg_lock_wait(struct qspinlock *lock, u32 val)
{
	u64 budget = SPIN_US * xg_cycles_per_us;
	bool claimed = false;
	u64 start = rdtsc();

	this_cpu_inc(xg_lock_counts.contended);
	if (spin(lock, claimed, budget))
		return;
	do {
		if (!claimed && rdtsc() - start > PATIENCE_US * xg_cycles_per_us &&
		    claim(lock)) {
			this_cpu_inc(xg_lock_counts.claims);
			claimed = true;
			/* All others wait for us now: do not be away as it gets free. */
			if (spin(lock, claimed, SPIN_MAX_US * xg_cycles_per_us))
				break;
		}
		budget = give_way(budget);
	} while (!spin(lock, claimed, budget));
	account(rdtsc() - start);
}

/* Measured, as the kernel need not know (tsc_khz may be 0). Process context. */
void __init xg_lock_init(void)
{
	u64 cycles, ns;

	/* Another CPU's counter may say something else. */
	migrate_disable();
	cycles = rdtsc();
	ns = ktime_get_ns();
	usleep_range(5000, 10000);
	cycles = rdtsc() - cycles;
	ns = ktime_get_ns() - ns;
	migrate_enable();
	xg_cycles_per_us = clamp(div64_u64(cycles * NSEC_PER_USEC, ns),
				 1ull, MAX_CYCLES_PER_US);
}
