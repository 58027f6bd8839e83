// SPDX-License-Identifier: GPL-2.0-only
/*
 * Towards the target: one work item moves batches until it is there, or tries
 * again later, at longer and longer intervals.
 *
 * Two things keep the guest alive. No target is below the floor: a 64th of the
 * RAM, which is what the kernel's own page structures take however small it gets,
 * and 32 MiB. And no page is taken that the guest has use for elsewhere
 * (xg_pages_give()): a target that would need more is not reached, and the log
 * says so. Should a process be short of memory all the same, it gets pages back
 * before it is killed, if Xen has them.
 *
 * @lock guards the target and what is told of it; pages have a lock of their own.
 */
#define pr_fmt(fmt) "xg-balloon: " fmt

#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/oom.h>
#include <linux/sched.h>
#include <linux/workqueue.h>
#include "internal.h"

#define FLOOR_BASE	((32ul << 20) >> PAGE_SHIFT)
#define FLOOR_SHIFT	6
/* After a process was short nothing is taken from the guest for that long. */
#define OOM_PAUSE	(60 * HZ)

static DEFINE_MUTEX(lock);
static struct xg_worker_state state;
static bool told;		/* that this target is hard to reach */
static bool deflate;
static bool stopping;
static unsigned long no_giving_until;	/* jiffies */
static struct workqueue_struct *queue;
static void run(struct work_struct *work);
static DECLARE_DELAYED_WORK(work, run);
static DECLARE_COMPLETION(tried);

/* A page more or less is out: >0; the target is reached: 0; -errno. */
static int step(void)
{
	unsigned long out = xg_pages_out();
	unsigned long want = state.present - READ_ONCE(state.target);

	if (out > want)
		return xg_pages_take(out - want);
	if (out == want)
		return 0;
	if (time_before(jiffies, READ_ONCE(no_giving_until)))
		return -ENOMEM;
	return xg_pages_give(want - out);
}

/* Once a target: why it is not reached. Under @lock. */
static void tell(int err)
{
	unsigned long is = state.present - xg_pages_out();
	const char *why = is < state.target ? "Xen gives no more memory" :
			  err == -ENOMEM ? "the guest can spare no more memory" :
			  "Xen takes no more memory";

	if (told)
		return;
	told = true;
	pr_info_ratelimited("%s (%d): it is at %llu KiB, the target is %llu; trying on\n",
			    why, err, xg_pages_to_kib(is),
			    xg_pages_to_kib(state.target));
}

/* Under @lock: the next try is the first, and soon. */
static void start_anew(void)
{
	state.delay = 1;
	state.tries = 1;
}

static void run(struct work_struct *unused)
{
	bool moved = false;
	int ret;

	while (!READ_ONCE(stopping)) {
		ret = step();
		if (ret <= 0)
			break;
		moved = true;
		cond_resched();
	}
	if (READ_ONCE(stopping))
		return;

	mutex_lock(&lock);
	if (moved || !ret)
		start_anew();
	if (ret) {
		tell(ret);
		state.failures++;
		state.tries++;
		/* Nothing is changed where a new target has queued it already. */
		queue_delayed_work(queue, &work, state.delay * HZ);
		state.delay = min(2 * state.delay, XG_WORKER_MAX_DELAY + 0u);
	}
	mutex_unlock(&lock);
	complete_all(&tried);
}

void xg_worker_set_target(unsigned long pages)
{
	unsigned long target = clamp(pages, state.floor, state.present);

	mutex_lock(&lock);
	if (target > pages)
		pr_info_ratelimited("a target of %llu KiB is more than this guest can give: %llu KiB are the least it needs\n",
				    xg_pages_to_kib(pages),
				    xg_pages_to_kib(target));
	if (target != state.target)
		told = false;
	WRITE_ONCE(state.target, target);
	start_anew();
	mutex_unlock(&lock);
	mod_delayed_work(queue, &work, 0);
}

bool xg_worker_wait(unsigned int seconds)
{
	return wait_for_completion_timeout(&tried, seconds * HZ);
}

void xg_worker_state(struct xg_worker_state *copy)
{
	mutex_lock(&lock);
	*copy = state;
	mutex_unlock(&lock);
}

/* --- short of memory ---------------------------------------------------------- */

/*
 * The allocator's last resort before it kills: a batch, and it tries again. That
 * may go above the target for a while. Whether it can, the host says, by the
 * domain's limit in Xen; that of xl is the target. Must not allocate.
 */
static int on_oom(struct notifier_block *nb, unsigned long unused, void *freed)
{
	int got = 0;

	WRITE_ONCE(no_giving_until, jiffies + OOM_PAUSE);
	if (deflate)
		got = xg_pages_take(XG_BALLOON_BATCH);
	if (got > 0) {
		*(unsigned long *)freed += got;
		WRITE_ONCE(state.oom_pages, state.oom_pages + got);
		pr_info_ratelimited("a process is short of memory: %llu KiB back from Xen\n",
				    xg_pages_to_kib(got));
		mod_delayed_work(queue, &work, OOM_PAUSE);
	}
	return NOTIFY_OK;
}

static struct notifier_block oom = { .notifier_call = on_oom };

/* --- start and stop ------------------------------------------------------------ */

int xg_worker_start(bool deflate_on_oom)
{
	int err;

	/* Long, and not for memory reclaim; no memory moves in a suspend. */
	queue = alloc_workqueue("xg-balloon", WQ_UNBOUND | WQ_FREEZABLE, 1);
	if (!queue)
		return -ENOMEM;
	xg_pages_find();
	state.present = get_num_physpages();
	state.floor = min(state.present, FLOOR_BASE +
			  (state.present >> FLOOR_SHIFT));
	/* Until the host says something else. */
	state.target = state.present - xg_pages_out();
	start_anew();
	told = false;
	deflate = deflate_on_oom;
	no_giving_until = jiffies;
	stopping = false;
	reinit_completion(&tried);
	err = register_oom_notifier(&oom);
	if (err) {
		xg_pages_forget();
		destroy_workqueue(queue);
	}
	return err;
}

void xg_worker_stop(void)
{
	unregister_oom_notifier(&oom);
	WRITE_ONCE(stopping, true);
	cancel_delayed_work_sync(&work);
	destroy_workqueue(queue);
	while (xg_pages_out() && xg_pages_take(XG_BALLOON_BATCH) > 0)
		cond_resched();
	if (xg_pages_out())
		pr_warn("%llu KiB stay with Xen, which gives no more; this module, loaded again, finds them\n",
			xg_pages_to_kib(xg_pages_out()));
	xg_pages_forget();
}
