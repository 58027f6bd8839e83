// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gendisk: up when the backend is connected, down when either side goes, and
 * what happens to it between: opened, resized, robbed of features, left alone.
 *
 * Down is orderly where the backend still answers: what is cached is written,
 * what is under way ends, new I/O fails. A deadline watches that answers keep
 * coming; without, the queues are killed and the rest fails. The disk's memory
 * goes when the last who has it open closes it.
 *
 * Locking: up and down run under the device's lock or in remove(), never at once.
 * appear() runs under no lock and takes none of those.
 * Start with xg_blk_disk_up().
 */
#define pr_fmt(fmt) "xg-blkfront: " fmt

#include <linux/cdrom.h>
#include <linux/hdreg.h>
#include <linux/slab.h>
#include "internal.h"

static int blk_open(XG_OPEN_PARAMS)
{
	struct xg_blk *blk = XG_OPEN_DISK->private_data;

	/* The layers below must stay for as long as the disk is in use. */
	return xg_xenbus_hold(blk->xdev);
}

static void blk_release(XG_RELEASE_PARAMS)
{
	struct xg_blk *blk = XG_RELEASE_DISK->private_data;

	xg_xenbus_release(blk->xdev);
}

static int blk_ioctl(struct block_device *bdev, blk_mode_t mode, unsigned int cmd,
		     unsigned long arg)
{
	struct xg_blk *blk = bdev->bd_disk->private_data;
	struct cdrom_multisession session = {};
	void __user *user = (void __user *)arg;

	if (!(blk->info & VDISK_CDROM))
		return -ENOTTY;
	switch (cmd) {
	case CDROMMULTISESSION:
		/* One session, from the start. */
		if (copy_from_user(&session, user, sizeof(session)))
			return -EFAULT;
		if (session.addr_format != CDROM_MSF &&
		    session.addr_format != CDROM_LBA)
			return -EINVAL;
		memset(&session.addr, 0, sizeof(session.addr));
		session.xa_flag = 0;
		return copy_to_user(user, &session, sizeof(session)) ? -EFAULT : 0;
	case CDROM_GET_CAPABILITY:
		return 0;	/* it is one that can do nothing special */
	default:
		return -ENOTTY;
	}
}

/* Made up, as for all disks; partitioning tools like whole cylinders. */
static int blk_getgeo(struct block_device *bdev, struct hd_geometry *geo)
{
	sector_t cylinders = get_capacity(bdev->bd_disk);

	geo->heads = 255;
	geo->sectors = 63;
	sector_div(cylinders, geo->heads * geo->sectors);
	geo->cylinders = min_t(sector_t, cylinders, USHRT_MAX);
	return 0;
}

static void blk_free_disk(struct gendisk *disk)
{
	xg_blk_put(disk->private_data);
}

static const struct block_device_operations blk_ops = {
	.owner = THIS_MODULE,
	.open = blk_open,
	.release = blk_release,
	.ioctl = blk_ioctl,
	.getgeo = blk_getgeo,
	.free_disk = blk_free_disk,
};

static void apply_lost_features(struct xg_blk *blk)
{
	struct xg_disk_limits *l = &blk->limits;
	unsigned long lost = READ_ONCE(blk->lost_features);
	struct xg_disk_limits before = *l;

	if (lost & BIT(XG_BLK_NO_FLUSH))
		l->cache = false;
	if (lost & BIT(XG_BLK_NO_ERASE))
		l->erase = 0;
	if (lost & BIT(XG_BLK_NO_DISCARD))
		l->discard = 0;
	if (!memcmp(&before, l, sizeof(before)))
		return;
	pr_info("%s: the backend does not know%s%s%s after all\n",
		blk->place.name, before.cache == l->cache ? "" : " flush",
		before.discard == l->discard ? "" : " discard",
		before.erase == l->erase ? "" : " secure discard");
	xg_disk_set_limits(blk->disk, l);
}

/*
 * Is there anybody to answer? The bus would tell, too, but not where it waits
 * for the very request that gets no answer, nor of a backend that left nothing
 * but its closed end of a channel. In doubt there is.
 */
static bool backend_there(struct xg_blk *blk)
{
	u64 state;
	int err;

	err = xg_store_read_u64(XG_STORE_NONE, blk->xdev->backend, "state", 0,
				XenbusStateReconfigured, &state);
	if (err == -ENOENT || err == -EACCES)
		return false;
	if (!err && (state == XenbusStateClosed || state == XenbusStateUnknown))
		return false;
	return xg_blk_queues_bound(blk);
}

static void give_up(struct xg_blk *blk, const char *why)
{
	pr_err("%s: %s; what is under way is lost\n", blk->place.name, why);
	xg_blk_kill_all(blk);
}

/* Scheduled by the data path for what it may not do itself. */
static void take_care(struct work_struct *work)
{
	struct xg_blk *blk = container_of(work, struct xg_blk, care);

	/* Who resumes it has it looked at again. */
	if (xg_blk_is_still(blk))
		return;
	/* First: the limits' lock may be held by who waits for an answer. */
	if (!backend_there(blk))
		give_up(blk, "the backend is gone");
	apply_lost_features(blk);
}

/*
 * Now and then while the disk goes down. Here silence is not borne for ever:
 * whoever takes the disk down holds locks, and is to come to an end.
 */
static void deadline_passed(struct work_struct *work)
{
	struct xg_blk *blk = container_of(to_delayed_work(work), struct xg_blk,
					  deadline);

	if (!backend_there(blk)) {
		give_up(blk, "the backend is gone");
		return;
	}
	if (xg_blk_idle(blk, &blk->deadline_seen)) {
		blk->silent_since = jiffies;
	} else if (time_after_eq(jiffies, blk->silent_since + XG_BLK_SILENCE)) {
		give_up(blk, "no answer while closing");
		return;
	}
	schedule_delayed_work(&blk->deadline, XG_BLK_LOOK);
}

static int alloc_disk(struct xg_blk *blk)
{
	struct gendisk *disk;
	int err;

	blk->tags = (struct blk_mq_tag_set) {
		.ops = &xg_blk_mq_ops,
		.nr_hw_queues = blk->nr_queues,
		.queue_depth = blk->queues[0].ring.slots,
		.numa_node = NUMA_NO_NODE,
		.timeout = XG_BLK_TIMEOUT,
		.flags = BLK_MQ_F_SHOULD_MERGE,
		.cmd_size = struct_size((struct xg_blk_cmd *)NULL, pieces,
					blk->limits.segments),
		.driver_data = blk,
	};
	err = blk_mq_alloc_tag_set(&blk->tags);
	if (err)
		return err;
	disk = xg_disk_alloc(&blk->tags, &blk->limits, blk);
	if (IS_ERR(disk)) {
		blk_mq_free_tag_set(&blk->tags);
		return PTR_ERR(disk);
	}
	disk->major = XG_BLK_MAJOR;
	disk->first_minor = blk->place.minor;
	disk->minors = blk->place.minors;
	strscpy(disk->disk_name, blk->place.name, DISK_NAME_LEN);
	disk->fops = &blk_ops;
	disk->private_data = blk;
	if (blk->info & (VDISK_REMOVABLE | VDISK_CDROM))
		disk->flags |= GENHD_FL_REMOVABLE;
	set_disk_ro(disk, blk->read_only);
	set_capacity(disk, blk->sectors);
	blk->disk = disk;
	return 0;
}

static void log_disk(struct xg_blk *blk)
{
	const struct xg_disk_limits *l = &blk->limits;

	pr_info("%s: %llu MiB%s, %u queues of %u, %u segments, %s%s%s%s\n",
		blk->place.name, blk->sectors >> (20 - SECTOR_SHIFT),
		blk->read_only ? " read-only" : "", blk->nr_queues,
		blk->queues[0].ring.slots, l->segments,
		blk->copy ? "persistent grants" : "grants by request",
		blk->flush_op == BLKIF_OP_FLUSH_DISKCACHE ? ", flush" :
		blk->flush_op ? ", barrier" : "",
		l->discard ? ", discard" : "", l->erase ? ", secure discard" : "");
}

/*
 * Reads the partition table, and so waits for the backend, for ever should that
 * be silent: never under a lock that who takes the disk down needs.
 */
static void appear(struct work_struct *work)
{
	struct xg_blk *blk = container_of(work, struct xg_blk, appear);
	int err;

	err = device_add_disk(&blk->xdev->dev, blk->disk, NULL);
	if (err) {
		pr_err("%s: the disk cannot be added (%d)\n", blk->place.name,
		       err);
		return;
	}
	xg_blk_get(blk);	/* the disk's; blk_free_disk() drops it */
	log_disk(blk);
	/* Pairs with blk_lost()'s acquire: dead is only what was added. */
	smp_store_release(&blk->added, true);
}

/**
 * xg_blk_disk_up() - the disk appears, soon
 * @blk: all that the backend offers is known, the queues are stocked
 *
 * Context: process; does not wait for the backend.
 * Return: 0 or -errno.
 */
int xg_blk_disk_up(struct xg_blk *blk)
{
	int err;

	INIT_WORK(&blk->care, take_care);
	INIT_WORK(&blk->appear, appear);
	INIT_DELAYED_WORK(&blk->deadline, deadline_passed);
	blk->added = false;
	blk->abandoned = false;
	err = alloc_disk(blk);
	if (err)
		return err;
	xg_blk_stats_add(blk);
	queue_work(system_unbound_wq, &blk->appear);
	return 0;
}

/**
 * xg_blk_disk_resize() - the backend's disk may have another size
 * @blk: up, or not
 *
 * Context: process, under the device's lock.
 */
void xg_blk_disk_resize(struct xg_blk *blk)
{
	u64 sectors;

	if (blk->disk && !xg_blk_read_sectors(blk, &sectors))
		set_capacity_and_notify(blk->disk, sectors);
}

/**
 * xg_blk_disk_down() - the disk goes
 * @blk: up, or not
 *
 * Context: process; waits for what is under way, as long as the backend answers.
 */
void xg_blk_disk_down(struct xg_blk *blk)
{
	if (!blk->disk)
		return;
	/* Stopped, nothing would end. */
	if (xg_blk_is_moving(blk))
		give_up(blk, "no backend where the machine has moved to");
	blk->deadline_seen = 0;
	blk->silent_since = jiffies;
	xg_blk_idle(blk, &blk->deadline_seen);
	schedule_delayed_work(&blk->deadline, XG_BLK_LOOK);
	flush_work(&blk->appear);
	if (blk->added)
		del_gendisk(blk->disk);
	cancel_delayed_work_sync(&blk->deadline);
	xg_blk_kill_all(blk);
	cancel_work_sync(&blk->care);
	xg_blk_stats_remove(blk);
	/* In this order: one that was never added still uses its tags. */
	put_disk(blk->disk);
	blk_mq_free_tag_set(&blk->tags);
	blk->disk = NULL;
}
