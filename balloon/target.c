// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host wants: memory/target, and how many pages that is.
 *
 * Xen counts all the memory a domain has: the RAM that its kernel knows of, and
 * what it does not: video RAM, the firmware's tables, Xen's own special pages, less
 * the hole below 1 MiB. The toolstack's figures are of Xen's kind: static-max is
 * what the domain was built with or, populated on demand, for; target is what is
 * to be left. So what has to be out is the difference of these two. How much RAM
 * the guest sees does not come into it: what it does not see is there at any
 * target. And XENMEM_current_reservation does not tell what is out, as with
 * populate on demand it is the target from the start, with nothing out yet.
 *
 * One thing differs. libxl's static-max includes the video RAM, its target does
 * not (libxl_set_memory_target() subtracts it), so that the difference is too
 * large by it; another may count it in both. The reservation tells them apart
 * (video_left_out()). In doubt it is not added: then the guest has a few MiB less
 * than it might, while too much would be the death of one whose frames Xen
 * populates on demand.
 *
 * Nothing here has a lock: the watch calls one at a time.
 */
#define pr_fmt(fmt) "xg-balloon: " fmt

#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <xg/store.h>
#include "internal.h"

#define DIR	"memory"

/*
 * What a reservation may differ by from the toolstack's figure: below, the hole
 * at 640 KiB; above, the special pages, ROMs, and libxl's 1 MiB of slack.
 */
#define LESS_KIB	128
#define MORE_KIB	4096

static struct xg_target_state state;

/*
 * Is the domain's memory, by Xen's count, what is asked for with the video RAM on
 * top? It is where libxl has just built it, and where its target is reached.
 */
static bool video_left_out(u64 asked, u64 video)
{
	int nr = xg_reservation();
	u64 is;

	/* Less could not be told from MORE_KIB; no emulated card has less. */
	if (nr < 0 || video < MORE_KIB)
		return false;
	is = xg_pages_to_kib(nr);
	return is + LESS_KIB >= asked + video &&
	       is <= asked + video + MORE_KIB;
}

/* The first target is read: take in what does not change. */
static void learn(u64 asked)
{
	u64 video;

	video = xg_store_read_or(DIR, "videoram", 0, XG_BALLOON_KIB_MAX, 0);
	if (video_left_out(asked, video))
		state.video = video;
	/* Without it: as things are is how they should be. */
	state.static_max = xg_store_read_or(DIR, "static-max", 1,
					    XG_BALLOON_KIB_MAX, asked +
					    state.video +
					    xg_pages_to_kib(xg_pages_out()));
	pr_info("target %llu of %llu KiB%s\n", asked, state.static_max,
		state.video ? ", without the video RAM" : "");
}

static unsigned long pages_out(u64 asked)
{
	u64 left = asked + state.video;

	if (left >= state.static_max)
		return 0;
	return DIV_ROUND_UP_ULL(state.static_max - left, xg_pages_to_kib(1));
}

static bool read_target(void)
{
	struct xg_worker_state worker;
	unsigned long out;
	u64 asked;
	int err;

	err = xg_store_read_u64(XG_STORE_NONE, DIR, "target", 1,
				XG_BALLOON_KIB_MAX, &asked);
	xg_worker_state(&worker);
	if (err) {
		state.refused++;
		pr_warn_ratelimited("memory/target is no number from 1 to %llu KiB (%d): the target stays %llu KiB\n",
				    XG_BALLOON_KIB_MAX, err,
				    xg_pages_to_kib(worker.target));
		return false;
	}
	if (!state.static_max)
		learn(asked);
	state.asked = asked;
	out = pages_out(asked);
	xg_worker_set_target(worker.present - min(worker.present, out));
	return true;
}

static void fired(struct xg_store_watch *watch, const char *path)
{
	read_target();
}

static struct xg_store_watch watch = {
	.path = DIR "/target",
	.fired = fired,
};

bool xg_target_start(void)
{
	memset(&state, 0, sizeof(state));
	return read_target();
}

int xg_target_watch(void)
{
	return xg_store_watch(&watch);
}

void xg_target_unwatch(void)
{
	xg_store_unwatch(&watch);
}

void xg_target_state(struct xg_target_state *copy)
{
	*copy = state;
}
