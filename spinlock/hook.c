// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waits for locks come to us: function tracing has the kernel's wait go on in ours.
 *
 * The kernel's calls of its wait were patched at boot, so there is no pointer to
 * change; but the wait begins with a call that tracing has in its hands.
 */
#define pr_fmt(fmt) "xg-spinlock: " fmt

#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/irqflags.h>
#include <linux/printk.h>
#include <linux/stop_machine.h>
#include <compat/trace.h>
#include "internal.h"

/* No recursion: it calls nothing; ours begins after it has ended. */
static notrace void redirect(unsigned long ip, unsigned long parent_ip,
			     struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	ftrace_regs_set_instruction_pointer(fregs, (unsigned long)xg_lock_wait);
}

static struct ftrace_ops hook = {
	.func = redirect,
	.flags = FTRACE_OPS_FL_IPMODIFY,
};

/* A wait for a lock that is free. */
bool xg_hook_works(void)
{
	struct qspinlock lock = { .val = ATOMIC_INIT(0) };
	unsigned long flags;
	u64 before;
	bool came;

	local_irq_save(flags);
	before = this_cpu_read(xg_lock_counts.contended);
	xg_kernels_wait(&lock, 0);
	came = this_cpu_read(xg_lock_counts.contended) != before;
	/* Nobody has waited. */
	this_cpu_write(xg_lock_counts.contended, before);
	local_irq_restore(flags);
	return came;
}

/*
 * The kernel gives up all of tracing when it finds a fault in it, and then leaves
 * calls as they are: ours would lead to where the module has been.
 */
static void let_go(void)
{
	if (!unregister_ftrace_function(&hook))
		return;
	pr_emerg("tracing is broken, the module has to stay\n");
	while (xg_hook_works())
		ssleep(60);
}

int xg_hook_add(void)
{
	unsigned long wait = (unsigned long)xg_kernels_wait;
	int err;

	/* It may not be traceable, or somebody else have it go elsewhere. */
	err = ftrace_set_filter_ip(&hook, wait, 0, 0);
	if (err)
		return err;
	err = register_ftrace_function(&hook);
	if (err)
		goto free_filter;
	/* Tracing may be off as a whole (kernel.ftrace_enabled). */
	if (xg_hook_works())
		return 0;
	err = -EOPNOTSUPP;
	let_go();
free_filter:
	ftrace_free_filter(&hook);
	return err;
}

static int nothing(void *data)
{
	return 0;
}

/*
 * Nobody comes any more once tracing has let go, but some may still wait. They have
 * preemption off, and perhaps interrupts, and RCU need not know of their CPU: so
 * each CPU is made to run something else.
 */
void xg_hook_remove(void)
{
	let_go();
	ftrace_free_filter(&hook);
	stop_machine(nothing, NULL, NULL);
}
