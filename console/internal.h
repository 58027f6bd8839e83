/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One console: a tty, hvcN, over a byte ring each way.
 *
 * A struct xg_con is made when its number first has a console and stays as long as
 * the module: whoever still holds the tty of a console that went finds the same one
 * when it comes back. What comes and goes is its ring (xg_con_up(), xg_con_down())
 * and its device node (xg_con_appear(), xg_con_vanish()).
 */
#ifndef XG_CONSOLE_INTERNAL_H
#define XG_CONSOLE_INTERNAL_H

#include <linux/spinlock.h>
#include <linux/tty.h>
#include <linux/workqueue.h>
#include <xg/evtchn.h>
#include <xg/proto/bytes.h>
#include <xg/xenbus.h>

#define XG_CON_MAX	64
#define XG_CON_IN	sizeof_field(struct xencons_interface, in)
#define XG_CON_OUT	sizeof_field(struct xencons_interface, out)

enum xg_con_state {
	XG_CON_DOWN,		/* no ring */
	XG_CON_UP,
	XG_CON_BROKEN,		/* the host has lied: a ring, but never used again */
};

/* Under the lock. */
struct xg_con_stats {
	u64 in;			/* bytes */
	u64 out;
	u64 dropped;		/* bytes of output that the host did not take */
	u64 notifications;
	u64 events;
	u64 spurious;
	u64 full;		/* writes that had to wait */
};

struct xg_con {
	struct tty_port port;
	unsigned int index;		/* among ours */
	char name[16];
	bool taken;			/* somebody serves it; table_lock */

	spinlock_t lock;		/* what follows, until @pump */
	enum xg_con_state state;
	struct xg_bytes in;
	struct xg_bytes out;
	struct xg_evtchn *ch;
	u32 host_at;			/* the host's index into the output */
	bool owed;			/* output that the host has not been told of */
	bool waiting;			/* a writer, for room */
	bool lossy;			/* the kernel prints here: nobody waits for ever */
	bool patient;			/* the kernel waits for room, for a while */
	bool told;			/* that it is broken */
	bool stuck;			/* full, with the host's index at @stuck_at */
	u32 stuck_at;
	unsigned long stuck_since;	/* jiffies */
	struct xg_con_stats stats;

	struct delayed_work pump;
	bool event;			/* the port has fired and is masked */
	bool throttled;			/* the reader is behind */
	u8 buf[XG_CON_IN];		/* the pump's */
};

/* --- main.c: which consoles there are ------------------------------------------- */

/* Console @index, the caller's until xg_con_give(). ERR_PTR: -EBUSY, -ENOMEM. */
struct xg_con *xg_con_take(unsigned int index);
void xg_con_give(struct xg_con *con);
struct xg_con *xg_con_find(unsigned int index);

/* --- ring.c: bytes ---------------------------------------------------------------- */

void xg_con_init(struct xg_con *con);
/* The client of a port that is about to be opened for @con. */
void xg_con_client(struct xg_con *con, struct xg_evtchn_client *client);
/* @page and @ch are used until xg_con_down(); both stay the caller's. */
void xg_con_up(struct xg_con *con, struct xencons_interface *page,
	       struct xg_evtchn *ch);
void xg_con_down(struct xg_con *con);
bool xg_con_is_up(struct xg_con *con);
/* Look at the ring, soon. Any context but printk's. */
void xg_con_kick(struct xg_con *con);

/* Any context. How many bytes were taken, or -EIO; @more will follow at once. */
int xg_con_write(struct xg_con *con, const u8 *data, unsigned int len, bool more);
void xg_con_flush(struct xg_con *con);
unsigned int xg_con_room(struct xg_con *con);
unsigned int xg_con_pending(struct xg_con *con);
/* As printk() has it: all of it, or it is dropped after a while. */
void xg_con_print(struct xg_con *con, const char *text, unsigned int len);
void xg_con_set_lossy(struct xg_con *con, bool lossy);

/* --- tty.c: the device nodes -------------------------------------------------------- */

extern struct tty_driver *xg_con_driver;

int xg_con_tty_init(void);
void xg_con_tty_exit(void);
void xg_con_port_init(struct xg_con *con);
/* hvcN, as the kernel has it. */
unsigned int xg_con_number(const struct xg_con *con);
int xg_con_appear(struct xg_con *con);
void xg_con_vanish(struct xg_con *con);
/* For whoever has it open, after xg_con_down(): it is not just a new ring to come. */
void xg_con_hangup(struct xg_con *con);

/* --- printk.c: the kernel's messages ------------------------------------------------ */

void xg_con_printk_add(struct xg_con *con);
void xg_con_printk_remove(struct xg_con *con);

/* --- first.c: the one that every domain has ----------------------------------------- */

bool xg_con_first_exists(void);
void xg_con_first_init(void);
void xg_con_first_exit(void);

/* --- handshake.c: those in the store ------------------------------------------------- */

int xg_con_devices_init(void);
void xg_con_devices_exit(void);

/* --- show.c: debugfs ------------------------------------------------------------------ */

void xg_con_show_init(void);
void xg_con_show_add(struct xg_con *con);
void xg_con_show_exit(void);

#endif /* XG_CONSOLE_INTERNAL_H */
