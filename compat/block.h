/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The block layer's interface, where 6.1 and 6.12 differ: how a disk gets its
 * limits, and the prototypes of its operations. Everything else is the same.
 */
#ifndef XG_COMPAT_BLOCK_H
#define XG_COMPAT_BLOCK_H

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/version.h>

/**
 * struct xg_disk_limits - what a disk can do, in sectors of 512 bytes
 * @block: logical block, bytes
 * @physical: physical block, bytes
 * @segments: a request's, each within one page
 * @sectors: a request's
 * @cache: writes may stay in a cache until a flush
 * @discard: sectors of one discard, 0: none can be done
 * @erase: sectors of one secure erase, 0: none can be done
 * @discard_unit: bytes
 * @discard_offset: bytes from the start of a unit to the start of the disk
 */
struct xg_disk_limits {
	unsigned int block;
	unsigned int physical;
	unsigned int segments;
	unsigned int sectors;
	bool cache;
	unsigned int discard;
	unsigned int erase;
	unsigned int discard_unit;
	unsigned int discard_offset;
};

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)

#define blk_mode_t fmode_t

/* Parameters of the open and release operations, and the disk in them. */
#define XG_OPEN_PARAMS struct block_device *bdev, fmode_t mode
#define XG_OPEN_DISK (bdev->bd_disk)
#define XG_RELEASE_PARAMS struct gendisk *disk, fmode_t mode
#define XG_RELEASE_DISK disk

static inline int xg_disk_set_limits(struct gendisk *disk,
				     const struct xg_disk_limits *l)
{
	struct request_queue *q = disk->queue;

	blk_queue_flag_set(QUEUE_FLAG_NONROT, q);
	blk_queue_logical_block_size(q, l->block);
	blk_queue_physical_block_size(q, l->physical);
	blk_queue_max_segments(q, l->segments);
	blk_queue_max_hw_sectors(q, l->sectors);
	blk_queue_max_segment_size(q, PAGE_SIZE);
	blk_queue_segment_boundary(q, PAGE_SIZE - 1);
	blk_queue_dma_alignment(q, SECTOR_SIZE - 1);
	blk_queue_write_cache(q, l->cache, false);
	blk_queue_max_discard_sectors(q, l->discard);
	blk_queue_max_secure_erase_sectors(q, l->erase);
	q->limits.discard_granularity = l->discard ? l->discard_unit : 0;
	q->limits.discard_alignment = l->discard_offset;
	return 0;
}

static inline struct gendisk *
xg_disk_alloc(struct blk_mq_tag_set *set, const struct xg_disk_limits *l,
	      void *data)
{
	struct gendisk *disk = blk_mq_alloc_disk(set, data);

	if (!IS_ERR(disk))
		xg_disk_set_limits(disk, l);
	return disk;
}

#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)

#define XG_OPEN_PARAMS struct gendisk *disk, blk_mode_t mode
#define XG_OPEN_DISK disk
#define XG_RELEASE_PARAMS struct gendisk *disk
#define XG_RELEASE_DISK disk

static inline void xg_disk_fill_limits(struct queue_limits *q,
				       const struct xg_disk_limits *l)
{
	q->logical_block_size = l->block;
	q->physical_block_size = l->physical;
	q->max_segments = l->segments;
	q->max_hw_sectors = l->sectors;
	q->max_segment_size = PAGE_SIZE;
	q->seg_boundary_mask = PAGE_SIZE - 1;
	q->dma_alignment = SECTOR_SIZE - 1;
	q->features &= ~BLK_FEAT_WRITE_CACHE;
	if (l->cache)
		q->features |= BLK_FEAT_WRITE_CACHE;
	q->max_hw_discard_sectors = l->discard;
	q->max_secure_erase_sectors = l->erase;
	q->discard_granularity = l->discard_unit;
	q->discard_alignment = l->discard_offset;
}

static inline int xg_disk_set_limits(struct gendisk *disk,
				     const struct xg_disk_limits *l)
{
	struct queue_limits lim = queue_limits_start_update(disk->queue);

	xg_disk_fill_limits(&lim, l);
	return queue_limits_commit_update(disk->queue, &lim);
}

static inline struct gendisk *
xg_disk_alloc(struct blk_mq_tag_set *set, const struct xg_disk_limits *l,
	      void *data)
{
	struct queue_limits lim = {};

	xg_disk_fill_limits(&lim, l);
	return blk_mq_alloc_disk(set, &lim, data);
}

#else
#error "blkfront knows the block layers of Linux 6.1 and of 6.11 and later"
#endif

#endif /* XG_COMPAT_BLOCK_H */
