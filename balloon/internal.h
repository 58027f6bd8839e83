/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of this folder share. Counts are of 4 KiB pages, but for _kib. */
#ifndef XG_BALLOON_INTERNAL_H
#define XG_BALLOON_INTERNAL_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/types.h>

/* Pages a hypercall: one page of frame numbers, and well below 1 ms in Xen. */
#define XG_BALLOON_BATCH	512u

/* More than any domain has, in KiB: 1 PiB. */
#define XG_BALLOON_KIB_MAX	BIT_ULL(40)

static inline u64 xg_pages_to_kib(unsigned long pages)
{
	return (u64)pages << (PAGE_SHIFT - 10);
}

/* --- pages.c: pages to Xen and back ------------------------------------------- */

struct xg_pages_stats {
	u64 given;
	u64 taken;
	u64 hypercalls;
};

/*
 * At most a batch; process context. Pages moved, or why there was not one:
 *  _give  -ENOMEM the kernel has none to spare; -errno, -EBUSY Xen takes none
 *  _take  -errno, -ENOSPC Xen gives none; never allocates
 */
int xg_pages_give(unsigned long nr);
int xg_pages_take(unsigned long nr);
/* How many Xen has. */
unsigned long xg_pages_out(void);
/* Those that an earlier life of this module left with Xen; and leave them there. */
void xg_pages_find(void);
void xg_pages_forget(void);
void xg_pages_stats(struct xg_pages_stats *stats);

/* --- worker.c: towards the target --------------------------------------------- */

/**
 * struct xg_worker_state - a snapshot
 * @present: the guest's RAM with nothing given away
 * @target: what is to be left of it
 * @floor: the lowest target there is
 * @delay: seconds until the next try after one that failed
 * @tries: 1, or more while tries fail
 * @failures: of all time
 * @oom_pages: taken back because a process would have been killed
 */
struct xg_worker_state {
	unsigned long present;
	unsigned long target;
	unsigned long floor;
	unsigned int delay;
	unsigned int tries;
	u64 failures;
	u64 oom_pages;
};

#define XG_WORKER_MAX_DELAY	32	/* seconds */

int xg_worker_start(bool deflate_on_oom);
/* Stops, then takes back all that Xen gives. */
void xg_worker_stop(void);
/* @pages of RAM are to be left: as near as floor and present allow. */
void xg_worker_set_target(unsigned long pages);
/* Until the first try has come to its end, at most @seconds: false, it goes on. */
bool xg_worker_wait(unsigned int seconds);
void xg_worker_state(struct xg_worker_state *state);

/* --- target.c: what the host wants ---------------------------------------------- */

/**
 * struct xg_target_state - the host's figures, in KiB, 0 where unknown
 * @static_max: memory/static-max
 * @asked: the last memory/target that was a number
 * @video: video RAM that static-max counts and target does not
 * @refused: values of memory/target that were none
 */
struct xg_target_state {
	u64 static_max;
	u64 asked;
	u64 video;
	unsigned int refused;
};

/* Look once: true, the worker has a target; then be told of changes. */
bool xg_target_start(void);
int xg_target_watch(void);
void xg_target_unwatch(void);
void xg_target_state(struct xg_target_state *state);

/* --- sysfs.c, show.c -------------------------------------------------------------- */

int xg_sysfs_start(void);
void xg_sysfs_stop(void);

/* Pages by Xen's count: the domain's, and its limit. -errno where it has none. */
int xg_reservation(void);
int xg_reservation_limit(void);
void xg_balloon_show_start(void);
void xg_balloon_show_stop(void);

#endif /* XG_BALLOON_INTERNAL_H */
