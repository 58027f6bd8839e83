// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs that call each other, each call counted where it is made and where it runs.
 *
 * A thread on each CPU calls a function on the others in turn, and waits for it.
 * Between calls it sleeps, spins or does neither, so that calls meet CPUs that
 * sleep, that run, and that have just changed. "run" is written with the number of
 * calls for each thread; the write fails if one was lost or ran elsewhere.
 */
#define pr_fmt(fmt) "xg-test-calls: " fmt

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <selftests/xg-test.h>

#define MAX_CPUS	64
#define PATIENCE	(20 * HZ)

/**
 * struct caller - one CPU's thread and its call
 * @csd: the call that is on its way
 * @cpu: the thread's
 * @target: where the call is to run
 * @calls: so many to make
 * @made: so many made
 * @ran: counted by the function
 * @elsewhere: of these, not where they should have
 * @offline: not made, as the target had gone
 * @lost: one has not run: the thread has ended, the module stays
 * @done: the thread has ended
 */
struct caller {
	call_single_data_t csd;
	unsigned int cpu;
	unsigned int target;
	unsigned int calls;
	unsigned int made;
	unsigned int ran;
	unsigned int elsewhere;
	unsigned int offline;
	bool lost;
	struct completion done;
};

static struct caller callers[MAX_CPUS];
static unsigned int nr_callers;
static DEFINE_MUTEX(lock);
static struct dentry *dir;

static void called(void *data)
{
	struct caller *c = data;

	if (smp_processor_id() != c->target)
		c->elsewhere++;
	/* Pairs with wait_ran(). */
	smp_store_release(&c->ran, c->ran + 1);
}

static bool wait_ran(struct caller *c)
{
	unsigned long until = jiffies + PATIENCE;

	/* Pairs with called(). */
	while (smp_load_acquire(&c->ran) != c->made) {
		if (time_after(jiffies, until))
			return false;
		cond_resched();
		cpu_relax();
	}
	return true;
}

static void pause_between(unsigned int nr)
{
	switch (nr % 4) {
	case 0:
		usleep_range(50, 200);
		break;
	case 1:
		udelay(nr % 97);
		break;
	case 2:
		usleep_range(1, 2 + nr % 300);
		break;
	}
}

static int make_calls(void *data)
{
	struct caller *c = data;
	unsigned int nr;

	c->target = c->cpu;
	for (nr = 0; nr < c->calls && !c->lost; nr++) {
		do {
			c->target = cpumask_next(c->target, cpu_online_mask);
			if (c->target >= nr_cpu_ids)
				c->target = cpumask_first(cpu_online_mask);
		} while (c->target == c->cpu && num_online_cpus() > 1);
		c->made++;
		if (smp_call_function_single_async(c->target, &c->csd)) {
			c->made--;
			c->offline++;
		} else if (!wait_ran(c)) {
			c->lost = true;
			__module_get(THIS_MODULE);
		}
		pause_between(nr);
	}
	complete(&c->done);
	return 0;
}

static int start_caller(unsigned int cpu, unsigned int calls)
{
	struct caller *c = &callers[nr_callers];
	struct task_struct *task;

	memset(c, 0, sizeof(*c));
	INIT_CSD(&c->csd, called, c);
	init_completion(&c->done);
	c->cpu = cpu;
	c->calls = calls;
	task = kthread_create_on_cpu(make_calls, c, cpu, "xg-test-call%u");
	if (IS_ERR(task))
		return PTR_ERR(task);
	nr_callers++;
	wake_up_process(task);
	return 0;
}

static int judge(const struct caller *c)
{
	if (!c->lost && c->ran == c->made && !c->elsewhere)
		return 0;
	pr_err("CPU %u: %u calls, %u ran, %u of them elsewhere, the last to CPU %u\n",
	       c->cpu, c->made, c->ran, c->elsewhere, c->target);
	return -EIO;
}

/* Under @lock. */
static int run(unsigned int calls)
{
	unsigned int cpu, i;
	int err = 0;

	for (i = 0; i < nr_callers; i++)
		if (callers[i].lost)
			return -EBUSY;
	nr_callers = 0;
	cpus_read_lock();
	for_each_online_cpu(cpu)
		if (nr_callers < MAX_CPUS && !err)
			err = start_caller(cpu, calls);
	cpus_read_unlock();
	for (i = 0; i < nr_callers; i++)
		wait_for_completion(&callers[i].done);
	for (i = 0; i < nr_callers; i++)
		err = judge(&callers[i]) ?: err;
	return err;
}

static ssize_t run_write(struct file *file, const char __user *from,
			 size_t len, loff_t *pos)
{
	unsigned int calls;
	int err;

	err = kstrtouint_from_user(from, len, 10, &calls);
	if (err)
		return err;
	mutex_lock(&lock);
	err = run(calls);
	mutex_unlock(&lock);
	return err ?: len;
}

XG_TEST_RUN;

static int result_show(struct seq_file *m, void *unused)
{
	unsigned int i, made = 0, ran = 0, offline = 0;

	for (i = 0; i < nr_callers; i++) {
		made += READ_ONCE(callers[i].made);
		ran += READ_ONCE(callers[i].ran);
		offline += READ_ONCE(callers[i].offline);
	}
	seq_printf(m, "made: %u\nran: %u\noffline: %u\n", made, ran, offline);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(result);

static int __init xg_test_calls_init(void)
{
	dir = xg_test_files("test-calls", &run_fops, &result_fops);
	return 0;
}

static void __exit xg_test_calls_exit(void)
{
	debugfs_remove(dir);
}

module_init(xg_test_calls_init);
module_exit(xg_test_calls_exit);

MODULE_DESCRIPTION("Test of calls between CPUs");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
