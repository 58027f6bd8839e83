/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of this folder share.
 */
#ifndef XG_TIME_INTERNAL_H
#define XG_TIME_INTERNAL_H

#include <linux/types.h>

struct seq_file;
struct xg_platform;

/* clocksource.c */
bool xg_time_given(void);
void xg_clock_start(void);
void xg_clock_stop(void);
void xg_clock_wake(void);
const char *xg_clock_state(void);

/**
 * struct xg_timer_stats - one CPU's timer; written there, read anywhere
 * @armed: hypercalls that set or stopped it
 * @saved: expiries the kernel set that needed none
 * @events: times it went off
 * @early: of these, before the kernel's expiry or without one, or the
 *         backstop's: the price of @saved
 * @late: expiries seen more than XG_TIMER_LATE after their time
 * @worst: of these, the most, in ns
 * @backstops: times a backstop was started
 */
struct xg_timer_stats {
	u64 armed;
	u64 saved;
	u64 events;
	u64 early;
	u64 late;
	u64 worst;
	u64 backstops;
};

#define XG_TIMER_LATE	NSEC_PER_MSEC

/* timer.c */
void xg_timer_start(struct xg_platform *platform, bool backstop);
void xg_timer_stop(void);
void xg_timer_wake(void);
bool xg_timer_stats(unsigned int cpu, struct xg_timer_stats *stats);

/* handback.c */
void xg_hand_back(unsigned int cpu);

/* show.c */
void xg_time_show_start(void);
void xg_time_show_stop(void);

#endif /* XG_TIME_INTERNAL_H */
