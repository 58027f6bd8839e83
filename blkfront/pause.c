// SPDX-License-Identifier: GPL-2.0-only
/*
 * A disk while its machine is saved, and in its new place.
 *
 * Before: no request comes any more, what was sent stays on the ring. If nothing
 * has moved it goes on from there. If the machine was moved the ring leads
 * nowhere: what was not answered is taken off it, waits until the new backend is
 * connected, and is sent again, from the beginning. That is safe: whoever asked
 * has seen no answer, so nobody has built upon one.
 *
 * The disk stays the same one throughout. A new backend must offer at least what
 * the block layer has relied upon. Start at xg_blk_suspend().
 */
#define pr_fmt(fmt) "xg-blkfront: " fmt

#include <linux/cpu.h>
#include <linux/delay.h>
#include "internal.h"

void xg_blk_pause_init(struct xg_blk *blk)
{
	spin_lock_init(&blk->pause.lock);
}

/* Is the machine being saved, or the disk without a backend since? Any context. */
bool xg_blk_is_still(struct xg_blk *blk)
{
	return READ_ONCE(blk->pause.still);
}

/* The latter? Under the device's lock, or in remove(). */
bool xg_blk_is_moving(struct xg_blk *blk)
{
	return READ_ONCE(blk->pause.moving);
}

/**
 * xg_blk_suspend() - nothing is asked of the backend any more
 * @xdev: the device
 *
 * Context: process, under the device's lock.
 */
void xg_blk_suspend(struct xg_xenbus_device *xdev)
{
	struct xg_blk *blk = xg_xenbus_get_drvdata(xdev);

	/* One whose backend has died is not worth it: a new disk follows. */
	if (!blk->disk || blk->abandoned || xg_blk_is_moving(blk))
		return;
	/* A CPU that goes waits for the requests of its queue, locks held. */
	cpu_hotplug_disable();
	WRITE_ONCE(blk->pause.still, true);
	blk_mq_quiesce_queue(blk->disk->queue);
	cancel_work_sync(&blk->care);
}

static bool any_busy(struct xg_blk *blk)
{
	bool busy = false;
	unsigned int i;

	for (i = 0; i < blk->nr_queues; i++) {
		spin_lock_irq(&blk->queues[i].lock);
		busy |= blk->queues[i].busy;
		spin_unlock_irq(&blk->queues[i].lock);
	}
	return busy;
}

/**
 * xg_blk_resume() - the machine runs again
 * @xdev: the device
 * @moved: elsewhere: there is a backend to connect to
 *
 * Context: process, under the device's lock.
 */
void xg_blk_resume(struct xg_xenbus_device *xdev, bool moved)
{
	struct xg_blk *blk = xg_xenbus_get_drvdata(xdev);
	struct request *req, *next;
	LIST_HEAD(requests);
	unsigned int i;

	/* Moved again before the first new backend was there: nothing is new. */
	if (!xg_blk_is_still(blk) || (!moved && xg_blk_is_moving(blk)))
		return;
	if (!moved) {
		xg_blk_pause_end(blk);
		return;
	}
	for (i = 0; i < blk->nr_queues; i++)
		xg_blk_recall(&blk->queues[i], &requests);
	/* What had been answered is ended by interrupts, on CPUs of ours. */
	while (any_busy(blk))
		usleep_range(100, 1000);
	/* Nothing runs them before the queue does. */
	list_for_each_entry_safe(req, next, &requests, queuelist) {
		list_del_init(&req->queuelist);
		blk_mq_requeue_request(req, false);
	}
	spin_lock_irq(&blk->pause.lock);
	WRITE_ONCE(blk->pause.moving, true);
	spin_unlock_irq(&blk->pause.lock);
}

/**
 * xg_blk_same_disk() - is what the new backend has the disk that is known?
 * @blk: all that the backend offers is known
 * @was: what the block layer knows of the disk
 *
 * The block layer keeps to @was; what the new backend lacks of it is unlearned as
 * from any backend.
 *
 * Context: process.
 * Return: 0, or -ENXIO: no, the log says why.
 */
int xg_blk_same_disk(struct xg_blk *blk, const struct xg_disk_limits *was)
{
	const struct xg_disk_limits now = blk->limits;

	blk->limits = *was;
	if (now.block != was->block || now.segments < was->segments) {
		pr_err("%s: the new backend has sectors of %u bytes and takes %u segments, the disk has %u and %u\n",
		       blk->place.name, now.block, now.segments, was->block,
		       was->segments);
		return -ENXIO;
	}
	if (was->cache && !now.cache)
		set_bit(XG_BLK_NO_FLUSH, &blk->lost_features);
	if (was->discard && !now.discard)
		set_bit(XG_BLK_NO_DISCARD, &blk->lost_features);
	if (was->erase && !now.erase)
		set_bit(XG_BLK_NO_ERASE, &blk->lost_features);
	set_capacity_and_notify(blk->disk, blk->sectors);
	return 0;
}

/**
 * xg_blk_pause_end() - requests come again
 * @blk: paused, or not; with dead queues all that was held back fails
 *
 * Context: process; any number of times.
 */
void xg_blk_pause_end(struct xg_blk *blk)
{
	bool was_still;

	spin_lock_irq(&blk->pause.lock);
	was_still = blk->pause.still;
	WRITE_ONCE(blk->pause.still, false);
	WRITE_ONCE(blk->pause.moving, false);
	spin_unlock_irq(&blk->pause.lock);
	if (!was_still)
		return;
	blk_mq_unquiesce_queue(blk->disk->queue);
	blk_mq_kick_requeue_list(blk->disk->queue);
	schedule_work(&blk->care);
	cpu_hotplug_enable();
}
