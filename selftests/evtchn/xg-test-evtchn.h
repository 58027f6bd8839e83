/* SPDX-License-Identifier: GPL-2.0-only */
/* What the test module's files share. */
#ifndef XG_TEST_EVTCHN_H
#define XG_TEST_EVTCHN_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <xg/evtchn.h>

struct seq_file;

#define PATIENCE	(5 * HZ)

/**
 * struct end - one end of a loop, or an IPI
 * @ch: its channel
 * @events: delivered so far
 * @turn: of the last one, among all ends' events
 * @gone: closed; an event now is a defect
 * @eoi: say "done" at once, with these flags; < 0: do not
 * @other: whom to answer, or NULL
 * @arrived: completed by each event
 */
struct end {
	struct xg_evtchn *ch;
	atomic_t events;
	int turn;
	bool gone;
	int eoi;
	struct end *other;
	struct completion arrived;
};

struct loop {
	struct end near, far;
	struct task_struct *task;
	u64 trips;
	u64 lost;
};

/* @end's events are counted, and answered as it says. */
void xg_test_init_client(struct xg_evtchn_client *client, struct end *end,
			 const char *name);
void xg_test_close_end(struct end *end);
/* So many events have come, and no more come. */
int xg_test_settle(struct end *end, int wanted);
/* Open a loop, test, close it. */
int xg_test_with_loop(int (*test)(struct loop *loop));

int xg_test_urgent(unsigned int unused);
int xg_test_high(unsigned int number);

/* A test that takes long ends after so many; 0: it was not said. */
extern unsigned int xg_test_seconds;
int xg_test_count(unsigned int number);
int xg_test_flood(unsigned int number);
int xg_test_begin(unsigned int unused);
int xg_test_end(unsigned int unused);
void xg_test_flood_show(struct seq_file *m);

int xg_test_listen(unsigned int domid);
int xg_test_answer(unsigned int unused);
int xg_test_mute(unsigned int unused);
int xg_test_hang_up(unsigned int unused);
void xg_test_peer_show(struct seq_file *m);

#endif /* XG_TEST_EVTCHN_H */
