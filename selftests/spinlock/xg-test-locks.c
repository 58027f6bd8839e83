// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs that contend for locks, each turn counted where it is taken and by what the
 * lock protects.
 *
 * There is a lock for processes, one they share with softirqs and one they share
 * with hard interrupts. A thread on each CPU takes them in turn, a timer in softirq
 * and one in hard interrupt context beside it theirs. What a lock protects is
 * changed in steps that somebody else inside would spoil. "run" is written with the
 * number of turns for each thread, and the microseconds of each; the write fails if
 * a turn was lost. "result" has the longest wait, and how long all took.
 */
#define pr_fmt(fmt) "xg-test-locks: " fmt

#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <selftests/xg-test.h>

#define TIMER_NS	500000
#define MAX_US		20000
#define BRIEF_US	2u

/* Who else takes a lock */
enum kind { PROCESS, SOFTIRQ, HARDIRQ, KINDS };

/**
 * struct shared - a lock and what it protects
 * @lock: both counts
 * @begun: turns
 * @ended: turns, the same again outside of one
 */
struct shared {
	spinlock_t lock; /* @begun, @ended */
	u64 begun;
	u64 ended;
} ____cacheline_aligned_in_smp;

/**
 * struct actor - one context on a CPU
 * @timer: runs it, but not in a process
 * @kind: PROCESS, or the lock that it takes as a timer
 * @turns: so many with each lock
 * @spoilt: of these, so many in which somebody else was inside
 * @longest: wait, in ns
 */
struct actor {
	struct hrtimer timer;
	enum kind kind;
	u64 turns[KINDS];
	u64 spoilt;
	u64 longest;
};

static struct shared locks[KINDS];
/* Else they were one to lockdep. */
static struct lock_class_key classes[KINDS];
static DEFINE_PER_CPU(struct actor[KINDS], actors);
static DEFINE_PER_CPU(struct completion, thread_ended);
static unsigned int turns, stay_us;
static u64 took;	/* ns */
static DEFINE_MUTEX(lock);	/* one run at a time */
static struct dentry *dir;

/* --- a turn ------------------------------------------------------------------ */

/* With the lock held. */
static void change(struct actor *a, enum kind which, u64 asked)
{
	struct shared *s = &locks[which];
	u64 waited = ktime_get_ns() - asked;
	u64 mine = READ_ONCE(s->begun) + 1;

	WRITE_ONCE(s->begun, mine);
	/* Interrupts that are long would leave no time to wait. */
	udelay(a->kind == PROCESS ? stay_us : min(stay_us, BRIEF_US));
	if (READ_ONCE(s->begun) != mine || READ_ONCE(s->ended) != mine - 1)
		a->spoilt++;
	WRITE_ONCE(s->ended, mine);
	a->turns[which]++;
	a->longest = max(a->longest, waited);
}

static void turn_of_process(struct actor *a, enum kind which)
{
	spinlock_t *lock = &locks[which].lock;
	u64 asked = ktime_get_ns();

	switch (which) {
	case PROCESS:
		spin_lock(lock);
		change(a, which, asked);
		spin_unlock(lock);
		break;
	case SOFTIRQ:
		spin_lock_bh(lock);
		change(a, which, asked);
		spin_unlock_bh(lock);
		break;
	default:
		spin_lock_irq(lock);
		change(a, which, asked);
		spin_unlock_irq(lock);
	}
}

static enum hrtimer_restart turn_of_timer(struct hrtimer *timer)
{
	struct actor *a = container_of(timer, struct actor, timer);
	u64 asked = ktime_get_ns();

	spin_lock(&locks[a->kind].lock);
	change(a, a->kind, asked);
	spin_unlock(&locks[a->kind].lock);
	hrtimer_forward_now(timer, ns_to_ktime(TIMER_NS));
	return HRTIMER_RESTART;
}

/* --- a run ------------------------------------------------------------------- */

static int thread(void *data)
{
	unsigned int cpu = (unsigned long)data;
	struct actor *a = *per_cpu_ptr(&actors, cpu);
	unsigned int nr;

	hrtimer_start(&a[SOFTIRQ].timer, ns_to_ktime(TIMER_NS),
		      HRTIMER_MODE_REL_SOFT);
	hrtimer_start(&a[HARDIRQ].timer, ns_to_ktime(TIMER_NS),
		      HRTIMER_MODE_REL_HARD);
	for (nr = 0; nr < turns; nr++) {
		turn_of_process(&a[PROCESS], nr % KINDS);
		cond_resched();
	}
	hrtimer_cancel(&a[SOFTIRQ].timer);
	hrtimer_cancel(&a[HARDIRQ].timer);
	/* Whoever waits may take this module away. */
	kthread_complete_and_exit(per_cpu_ptr(&thread_ended, cpu), 0);
}

static void prepare(void)
{
	unsigned int cpu, kind;
	struct actor *a;

	for (kind = 0; kind < KINDS; kind++) {
		locks[kind].begun = 0;
		locks[kind].ended = 0;
	}
	for_each_possible_cpu(cpu) {
		a = *per_cpu_ptr(&actors, cpu);
		memset(a, 0, sizeof(struct actor) * KINDS);
		for (kind = SOFTIRQ; kind < KINDS; kind++) {
			hrtimer_init(&a[kind].timer, CLOCK_MONOTONIC,
				     kind == SOFTIRQ ? HRTIMER_MODE_REL_SOFT :
						       HRTIMER_MODE_REL_HARD);
			a[kind].timer.function = turn_of_timer;
			a[kind].kind = kind;
		}
		init_completion(per_cpu_ptr(&thread_ended, cpu));
	}
}

/**
 * struct totals - of all actors
 * @with: turns with each lock
 * @by: turns of each kind of actor
 * @spoilt: turns
 * @longest: wait, in ns
 */
struct totals {
	u64 with[KINDS];
	u64 by[KINDS];
	u64 spoilt;
	u64 longest;
};

static struct totals add_up(void)
{
	struct totals sum = {};
	struct actor *a;
	unsigned int cpu, kind, i;

	for_each_possible_cpu(cpu) {
		for (kind = 0; kind < KINDS; kind++) {
			a = *per_cpu_ptr(&actors, cpu) + kind;
			for (i = 0; i < KINDS; i++) {
				sum.with[i] += a->turns[i];
				sum.by[kind] += a->turns[i];
			}
			sum.spoilt += a->spoilt;
			sum.longest = max(sum.longest, a->longest);
		}
	}
	return sum;
}

static int judge(void)
{
	struct totals sum = add_up();
	unsigned int i;
	int err = 0;

	for (i = 0; i < KINDS; i++)
		if (sum.with[i] != locks[i].ended) {
			pr_err("lock %u: %llu turns, %llu counted\n", i,
			       sum.with[i], locks[i].ended);
			err = -EIO;
		}
	if (sum.spoilt) {
		pr_err("%llu turns with somebody else inside\n", sum.spoilt);
		err = -EIO;
	}
	return err;
}

/* Under @lock. A thread whose CPU goes ends on another. */
static int run(void)
{
	struct task_struct *task;
	cpumask_var_t started;
	u64 start;
	unsigned int cpu;
	int err = 0;

	if (!zalloc_cpumask_var(&started, GFP_KERNEL))
		return -ENOMEM;
	prepare();
	start = ktime_get_ns();
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		task = kthread_create_on_cpu(thread, (void *)(long)cpu, cpu,
					     "xg-test-locks%u");
		if (IS_ERR(task)) {
			err = PTR_ERR(task);
			break;
		}
		cpumask_set_cpu(cpu, started);
		wake_up_process(task);
	}
	cpus_read_unlock();
	for_each_cpu(cpu, started)
		wait_for_completion(per_cpu_ptr(&thread_ended, cpu));
	took = ktime_get_ns() - start;
	free_cpumask_var(started);
	return err ?: judge();
}

/* --- debugfs ----------------------------------------------------------------- */

static ssize_t run_write(struct file *file, const char __user *from,
			 size_t len, loff_t *pos)
{
	char text[32] = {};
	int err;

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, len))
		return -EFAULT;
	mutex_lock(&lock);
	if (sscanf(text, "%u %u", &turns, &stay_us) == 2 &&
	    stay_us <= MAX_US)
		err = run();
	else
		err = -EINVAL;
	mutex_unlock(&lock);
	return err ?: len;
}

XG_TEST_RUN;

static int result_show(struct seq_file *m, void *unused)
{
	static const char *const names[] = { "process", "softirq", "hardirq" };
	struct totals sum = add_up();
	unsigned int i;

	for (i = 0; i < KINDS; i++)
		seq_printf(m, "%s: %llu\n", names[i], sum.by[i]);
	seq_printf(m, "longest_us: %llu\n",
		   div_u64(sum.longest, NSEC_PER_USEC));
	seq_printf(m, "took_us: %llu\n", div_u64(took, NSEC_PER_USEC));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(result);

static int __init xg_test_locks_init(void)
{
	unsigned int kind;

	for (kind = 0; kind < KINDS; kind++) {
		spin_lock_init(&locks[kind].lock);
		lockdep_set_class(&locks[kind].lock, &classes[kind]);
	}
	dir = xg_test_files("test-locks", &run_fops, &result_fops);
	return 0;
}

static void __exit xg_test_locks_exit(void)
{
	debugfs_remove(dir);
}

module_init(xg_test_locks_init);
module_exit(xg_test_locks_exit);

MODULE_DESCRIPTION("Test of locks under contention");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
