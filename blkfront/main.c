// SPDX-License-Identifier: GPL-2.0-only
/*
 * xg-blkfront: Xen's virtual block devices as xvda, xvdb, ... (major 202).
 *
 * One struct xg_blk a device. It lives from probe to remove, and longer while
 * somebody has the disk open; its queues and grants go in remove.
 *
 * Read on in handshake.c (how a disk is connected), disk.c (what the kernel
 * sees), queue.c (how a request goes).
 */
#define pr_fmt(fmt) "xg-blkfront: " fmt

#include <linux/module.h>
#include <linux/slab.h>
#include "internal.h"

#define CLOSE_SECONDS	10

/* All disks, for their minor numbers. */
static LIST_HEAD(disks);
static DEFINE_MUTEX(disks_lock);

static bool overlap(const struct xg_blk_place *a, const struct xg_blk_place *b)
{
	return a->minor < b->minor + b->minors && b->minor < a->minor + a->minors;
}

/*
 * From here on nobody else has its minors, until give_place(). A removed disk
 * that somebody still has open needs none: the block layer has let go of them.
 */
static int claim_place(struct xg_blk *blk)
{
	struct xg_blk *other;
	int err = 0;

	mutex_lock(&disks_lock);
	list_for_each_entry(other, &disks, node)
		if (overlap(&blk->place, &other->place))
			err = -EBUSY;
	if (!err)
		list_add(&blk->node, &disks);
	mutex_unlock(&disks_lock);
	return err;
}

static void give_place(struct xg_blk *blk)
{
	mutex_lock(&disks_lock);
	list_del(&blk->node);
	mutex_unlock(&disks_lock);
}

static void blk_free(struct kref *ref)
{
	struct xg_blk *blk = container_of(ref, struct xg_blk, ref);

	put_device(&blk->xdev->dev);
	kfree(blk);
}

void xg_blk_get(struct xg_blk *blk)
{
	kref_get(&blk->ref);
}

void xg_blk_put(struct xg_blk *blk)
{
	kref_put(&blk->ref, blk_free);
}

static int read_place(struct xg_blk *blk)
{
	const char *path = blk->xdev->path;
	u64 vdevice;
	int err;

	err = xg_store_read_u64(XG_STORE_NONE, path, "virtual-device", 0, U32_MAX,
				&vdevice);
	if (err == -ENOENT)
		err = xg_store_read_u64(XG_STORE_NONE, path,
					"virtual-device-ext", 0, U32_MAX,
					&vdevice);
	if (!err)
		err = xg_blk_place(vdevice, &blk->place);
	if (err)
		pr_err("%s: no virtual device number that could be used (%d)\n",
		       path, err);
	return err;
}

static int blk_probe(struct xg_xenbus_device *xdev)
{
	struct xg_blk *blk;
	int err;

	blk = kzalloc(sizeof(*blk), GFP_KERNEL);
	if (!blk)
		return -ENOMEM;
	kref_init(&blk->ref);
	blk->xdev = xdev;
	xg_blk_pause_init(blk);
	/* The wire has 16 bits for it, and backends look at none of them. */
	if (kstrtou16(xdev->id, 10, &blk->handle))
		blk->handle = 0;
	err = read_place(blk);
	if (err)
		goto free;
	err = claim_place(blk);
	if (err) {
		pr_err("%s: %s's minor numbers are taken\n", xdev->path,
		       blk->place.name);
		goto free;
	}
	get_device(&xdev->dev);
	xg_xenbus_set_drvdata(xdev, blk);
	return 0;

free:
	kfree(blk);
	return err;
}

/* The backend is gone: nobody will answer, now or later. */
static void blk_lost(struct xg_xenbus_device *xdev)
{
	struct xg_blk *blk = xg_xenbus_get_drvdata(xdev);

	pr_info("%s: the backend is gone\n", blk->place.name);
	xg_blk_kill_all(blk);
	/* Pairs with appear()'s release. */
	if (blk->disk && smp_load_acquire(&blk->added)) {
		blk->abandoned = true;
		blk_mark_disk_dead(blk->disk);
	}
}

/**
 * xg_blk_disconnect() - undo a connection, whatever there is of it
 * @blk: the disk; one that is moving to a new backend stays
 *
 * Context: process; the backend has closed, or need not.
 */
void xg_blk_disconnect(struct xg_blk *blk)
{
	bool moving = xg_blk_is_moving(blk);

	if (!moving)
		xg_blk_disk_down(blk);
	xg_blk_queues_close(blk);
	xg_blk_forget_keys(blk);
	xg_blk_queues_empty(blk);
	if (!moving)
		xg_blk_queues_free(blk);
}

static void blk_changed(struct xg_xenbus_device *xdev)
{
	xg_blk_disk_resize(xg_xenbus_get_drvdata(xdev));
}

static void blk_remove(struct xg_xenbus_device *xdev)
{
	struct xg_blk *blk = xg_xenbus_get_drvdata(xdev);

	xg_blk_disk_down(blk);
	/*
	 * The backend lets go first, of its mappings and its ends of the channels:
	 * one that is just about to connect needs them.
	 */
	xg_xenbus_close_wait(xdev, CLOSE_SECONDS);
	xg_blk_disconnect(blk);
	give_place(blk);
	xg_xenbus_set_drvdata(xdev, NULL);
	xg_blk_put(blk);
}

static const struct xg_xenbus_id blk_ids[] = {
	{ "vbd" },
	{ "" },
};
MODULE_ALIAS("xg:vbd");

static struct xg_xenbus_driver blk_driver = {
	.ids = blk_ids,
	.steps = xg_blk_steps,
	.probe = blk_probe,
	.remove = blk_remove,
	.lost = blk_lost,
	.suspend = xg_blk_suspend,
	.resume = xg_blk_resume,
	.changed = blk_changed,
	.driver.name = "xg-vbd",
};

static int __init blkfront_init(void)
{
	int err;

	err = register_blkdev(XG_BLK_MAJOR, "xvd");
	if (err) {
		pr_err("block major %d is taken (%d): is another driver for Xen's disks at work?\n",
		       XG_BLK_MAJOR, err);
		return err;
	}
	xg_blk_stats_init();
	blk_driver.nr_steps = xg_blk_nr_steps;
	err = xg_xenbus_register_driver(&blk_driver);
	if (err) {
		xg_blk_stats_exit();
		unregister_blkdev(XG_BLK_MAJOR, "xvd");
	}
	return err;
}

static void __exit blkfront_exit(void)
{
	xg_xenbus_unregister_driver(&blk_driver);
	xg_blk_stats_exit();
	unregister_blkdev(XG_BLK_MAJOR, "xvd");
}

module_init(blkfront_init);
module_exit(blkfront_exit);

MODULE_DESCRIPTION("Xen virtual block device frontend");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
