// SPDX-License-Identifier: GPL-2.0-only
/*
 * The handshake: one table. The backend waits (InitWait): make queues and
 * publish them. It is connected: read what it offers and bring the disk up. It
 * closes: take the disk down while it still answers.
 *
 * Every number the backend writes is read with bounds. Steps run in process
 * context under the device's lock. Start with xg_blk_steps[] at the end.
 */
#define pr_fmt(fmt) "xg-blkfront: " fmt

#include <linux/log2.h>
#include <linux/slab.h>
#include <xen/interface/io/protocols.h>
#include "internal.h"

/* Our keys for one queue, in @dir. */
static int write_queue(xg_store_txn_t txn, const char *dir,
		       struct xg_blk_queue *q)
{
	unsigned int pages = 1 << q->blk->ring_order;
	char key[sizeof("ring-ref") + 8];
	unsigned int i;
	int err = 0;

	if (pages == 1)
		err = xg_store_printf(txn, dir, "ring-ref", "%u",
				      q->ring_refs[0]);
	for (i = 0; !err && pages > 1 && i < pages; i++) {
		scnprintf(key, sizeof(key), "ring-ref%u", i);
		err = xg_store_printf(txn, dir, key, "%u", q->ring_refs[i]);
	}
	if (err)
		return err;
	return xg_store_printf(txn, dir, "event-channel", "%u",
			       xg_evtchn_port(q->ch));
}

static int write_queues(xg_store_txn_t txn, struct xg_blk *blk)
{
	const char *path = blk->xdev->path;
	unsigned int i;
	char *dir;
	int err;

	if (blk->nr_queues == 1)
		return write_queue(txn, path, &blk->queues[0]);
	err = xg_store_printf(txn, path, "multi-queue-num-queues", "%u",
			      blk->nr_queues);
	for (i = 0; !err && i < blk->nr_queues; i++) {
		dir = kasprintf(GFP_KERNEL, "%s/queue-%u", path, i);
		if (!dir)
			return -ENOMEM;
		err = write_queue(txn, dir, &blk->queues[i]);
		kfree(dir);
	}
	return err;
}

static int write_keys(xg_store_txn_t txn, void *data)
{
	struct xg_blk *blk = data;
	const char *path = blk->xdev->path;
	int err;

	/* Keys alone would make the directory of a removed device anew. */
	if (!xg_store_exists(txn, path, "state"))
		return -ENODEV;
	err = write_queues(txn, blk);
	if (!err && blk->ring_order)
		err = xg_store_printf(txn, path, "ring-page-order", "%u",
				      blk->ring_order);
	if (!err)
		err = xg_store_write(txn, path, "protocol",
				     XEN_IO_PROTO_ABI_NATIVE);
	if (!err)
		err = xg_store_write(txn, path, "feature-persistent", "1");
	return err;
}

/**
 * xg_blk_forget_keys() - remove what blk_publish() wrote
 * @blk: the disk
 *
 * Another driver, or we with another number of queues, must not find the rings
 * of this connection.
 */
void xg_blk_forget_keys(struct xg_blk *blk)
{
	const char *path = blk->xdev->path;
	char key[24];
	unsigned int i;

	xg_store_rm(XG_STORE_NONE, path, "multi-queue-num-queues");
	xg_store_rm(XG_STORE_NONE, path, "ring-page-order");
	xg_store_rm(XG_STORE_NONE, path, "event-channel");
	xg_store_rm(XG_STORE_NONE, path, "ring-ref");
	for (i = 0; i < 1 << blk->ring_order; i++) {
		scnprintf(key, sizeof(key), "ring-ref%u", i);
		xg_store_rm(XG_STORE_NONE, path, key);
	}
	for (i = 0; i < blk->nr_queues; i++) {
		scnprintf(key, sizeof(key), "queue-%u", i);
		xg_store_rm(XG_STORE_NONE, path, key);
	}
}

/* The backend waits for our rings. */
static int blk_publish(struct xg_xenbus_device *xdev)
{
	struct xg_blk *blk = xg_xenbus_get_drvdata(xdev);
	int err;

	/* It may have closed, and begun anew. */
	xg_blk_disconnect(blk);
	blk->nr_queues = min_t(u64, min(num_online_cpus(), XG_BLK_QUEUES_MAX),
			       xg_offered(xdev, "multi-queue-max-queues", 1,
					  U32_MAX, 1));
	blk->ring_order = min_t(u64, XG_BLK_RING_ORDER_MAX,
				xg_offered(xdev, "max-ring-page-order", 0,
					   U32_MAX, 0));
	err = xg_blk_queues_alloc(blk);
	if (!err)
		err = xg_store_transaction(write_keys, blk);
	if (err)
		xg_blk_disconnect(blk);
	return err;
}

/**
 * xg_blk_read_sectors() - the disk's size as the backend has it now
 * @blk: the disk
 * @sectors: of 512 bytes; whole logical blocks
 *
 * Return: 0 or -errno.
 */
int xg_blk_read_sectors(struct xg_blk *blk, u64 *sectors)
{
	int err;

	err = xg_store_read_u64(XG_STORE_NONE, blk->xdev->backend, "sectors", 0,
				LLONG_MAX >> SECTOR_SHIFT, sectors);
	if (!err)
		*sectors = round_down(*sectors,
				      blk->limits.block >> SECTOR_SHIFT);
	return err;
}

static int read_geometry(struct xg_blk *blk)
{
	const struct xg_xenbus_device *xdev = blk->xdev;
	struct xg_disk_limits *l = &blk->limits;
	u64 size;

	*l = (struct xg_disk_limits){};
	size = xg_offered(xdev, "sector-size", 0, U32_MAX, SECTOR_SIZE);
	if (size < SECTOR_SIZE || size > PAGE_SIZE || !is_power_of_2(size)) {
		pr_err("%s: the backend's sectors of %llu bytes cannot be used\n",
		       blk->place.name, size);
		return -EINVAL;
	}
	l->block = size;
	size = xg_offered(xdev, "physical-sector-size", l->block, SZ_1M,
			  l->block);
	l->physical = is_power_of_2(size) ? size : l->block;
	return xg_blk_read_sectors(blk, &blk->sectors);
}

static void read_discard(struct xg_blk *blk)
{
	const struct xg_xenbus_device *xdev = blk->xdev;
	struct xg_disk_limits *l = &blk->limits;
	u64 unit, offset;

	if (!xg_offers(xdev, "feature-discard"))
		return;
	/* A block-layer request counts its bytes in 32 bits. */
	l->discard = round_down(UINT_MAX >> SECTOR_SHIFT,
				l->physical >> SECTOR_SHIFT);
	unit = xg_offered(xdev, "discard-granularity", l->block, SZ_1G,
			  l->physical);
	l->discard_unit = unit % l->block ? l->physical : unit;
	offset = xg_offered(xdev, "discard-alignment", 0, l->discard_unit - 1,
			    0);
	l->discard_offset = offset % l->block ? 0 : offset;
	if (xg_offers(xdev, "discard-secure"))
		l->erase = l->discard;
}

static void read_features(struct xg_blk *blk)
{
	const struct xg_xenbus_device *xdev = blk->xdev;
	struct xg_disk_limits *l = &blk->limits;
	u64 trusted, segments;

	blk->lost_features = 0;
	blk->flush_op = 0;
	blk->info = xg_offered(xdev, "info", 0, U32_MAX, 0);
	if (xg_offers(xdev, "feature-flush-cache"))
		blk->flush_op = BLKIF_OP_FLUSH_DISKCACHE;
	else if (xg_offers(xdev, "feature-barrier"))
		blk->flush_op = BLKIF_OP_WRITE_BARRIER;
	l->cache = blk->flush_op;
	segments = xg_offered(xdev, "feature-max-indirect-segments", 0,
			      U32_MAX, 0);
	/* A queue is to hold two of the largest requests at least. */
	segments = min3(segments, (u64)XG_BLK_SEGS_MAX,
			(u64)blk->queue_pages / 2);
	l->segments = max_t(u64, segments, BLKIF_MAX_SEGMENTS_PER_REQUEST);
	l->sectors = l->segments * XG_BLK_PAGE_SECTORS;
	trusted = xg_store_read_or(blk->xdev->path, "trusted", 0, 1, 1);
	blk->copy = !trusted || xg_offers(xdev, "feature-persistent");
}

static bool read_only(struct xg_blk *blk)
{
	char *mode;
	bool ro;

	if (blk->info & (VDISK_READONLY | VDISK_CDROM))
		return true;
	mode = xg_store_read(XG_STORE_NONE, blk->xdev->backend, "mode", NULL);
	if (IS_ERR(mode))
		return false;
	ro = mode[0] == 'r';
	kfree(mode);
	return ro;
}

/* @was: what the block layer knows of the disk, if it does */
static int start_disk(struct xg_blk *blk, const struct xg_disk_limits *was)
{
	bool moving = xg_blk_is_moving(blk);
	int err = 0;

	if (moving)
		err = xg_blk_same_disk(blk, was);
	if (err)
		return err;
	err = xg_blk_queues_stock(blk);
	if (!err && !moving)
		err = xg_blk_disk_up(blk);
	if (err)
		xg_blk_queues_unstock(blk);
	if (err || !moving)
		return err;
	pr_info("%s: connected to its new backend\n", blk->place.name);
	xg_blk_pause_end(blk);
	return 0;
}

/* The backend has mapped our rings: see what it offers, and start. */
static int blk_go_live(struct xg_xenbus_device *xdev)
{
	struct xg_blk *blk = xg_xenbus_get_drvdata(xdev);
	const struct xg_disk_limits was = blk->limits;
	int err;

	err = read_geometry(blk);
	if (err)
		goto out;
	/* Its share is what it was: others may hold two for a moment. */
	if (!xg_blk_is_moving(blk))
		xg_blk_queues_share(blk);
	read_features(blk);
	read_discard(blk);
	blk->read_only = read_only(blk);
	err = start_disk(blk, &was);
out:
	/* The next try is to be measured by the same. */
	if (err && xg_blk_is_moving(blk))
		blk->limits = was;
	return err;
}

/* The backend wants to go, and answers until we are Closed. */
static int blk_wind_down(struct xg_xenbus_device *xdev)
{
	xg_blk_disk_down(xg_xenbus_get_drvdata(xdev));
	return 0;
}

/*
 * A backend that began anew before we have seen it Closed: the old one is dead,
 * and the new one waits for us.
 */
static int blk_renew(struct xg_xenbus_device *xdev)
{
	struct xg_blk *blk = xg_xenbus_get_drvdata(xdev);

	pr_info("%s: the backend has started again\n", blk->place.name);
	xg_blk_kill_all(blk);
	return 0;
}

const struct xg_step xg_blk_steps[] = {
	{ XG_S(InitWait), XG_S(Initialising), blk_publish,
	  XenbusStateInitialised },
	{ XG_S(InitWait), XG_S(Connected), blk_renew,
	  XenbusStateInitialising },
	{ XG_S(Connected), XG_S(Initialised), blk_go_live,
	  XenbusStateConnected },
	{ XG_S(Closing), XG_S(Initialising) | XG_S(Initialised) |
	  XG_S(Connected) | XG_S(Closing), blk_wind_down,
	  XenbusStateClosed },
};

const unsigned int xg_blk_nr_steps = ARRAY_SIZE(xg_blk_steps);
