// SPDX-License-Identifier: GPL-2.0-only
/*
 * A console's bytes: out of the ring into the tty, and the other way.
 *
 * Writers put bytes into the ring themselves, under the lock. All else is done by one
 * work item, pump(): it takes input, as much as the tty has room for, sees whether
 * the host has made room for output, tells the host, and only then says that the
 * event is over. So a host that floods us gets a round of pump() at a time. Nothing
 * is printed under the lock: the line might come here.
 *
 * Protocol: xen/interface/io/console.h. Start reading at pump() and xg_con_write().
 */
#define pr_fmt(fmt) "xg-console: " fmt

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/tty_flip.h>
#include <xen/interface/sched.h>
#include <xg/hypercall.h>
#include "internal.h"

#define AGAIN		(HZ / 50 ?: 1)	/* the tty has no room for input */
#define POLL		(HZ / 5)	/* a writer waits: has the host died? */
#define STALL		(5 * HZ)	/* then what the kernel prints on is lossy */
#define PRINT_STEP	100		/* us between two looks */
#define PRINT_STEPS	5000		/* 500 ms for one message */

/* --- under the lock --------------------------------------------------------------- */

/* The port stays masked, the ring is not looked at any more. */
static void give_up(struct xg_con *con)
{
	con->state = XG_CON_BROKEN;
}

static void notify(struct xg_con *con)
{
	if (!con->owed)
		return;
	con->owed = false;
	con->stats.notifications++;
	xg_evtchn_notify(con->ch);
}

/* The ring is full. Has it been so for long, by a host that takes nothing? */
static bool hopeless(struct xg_con *con)
{
	u32 theirs = con->out.at - con->out.size;

	if (!con->stuck || con->stuck_at != theirs) {
		con->stuck = true;
		con->stuck_at = theirs;
		con->stuck_since = jiffies;
	}
	return con->lossy && time_after_eq(jiffies, con->stuck_since + STALL);
}

/* 0 to the ring's size; -EIO where there is no ring. */
static int room(struct xg_con *con)
{
	int room;

	if (con->state != XG_CON_UP)
		return -EIO;
	room = xg_bytes_room(&con->out);
	if (room < 0)
		give_up(con);
	return room < 0 ? -EIO : room;
}

static int put(struct xg_con *con, const u8 *data, unsigned int len)
{
	int written;

	if (con->state != XG_CON_UP)
		return -EIO;
	written = xg_bytes_write(&con->out, data, len);
	if (written < 0) {
		give_up(con);
		return -EIO;
	}
	con->owed |= written;
	con->stats.out += written;
	return written;
}

/* --- the pump ---------------------------------------------------------------------- */

static irqreturn_t con_irq(int irq, void *data)
{
	struct xg_con *con = data;

	WRITE_ONCE(con->event, true);
	mod_delayed_work(system_wq, &con->pump, 0);
	return IRQ_HANDLED;
}

/* Bytes of input that somebody wants and the tty can hold. */
static unsigned int wanted(struct xg_con *con)
{
	if (!tty_port_initialized(&con->port) || READ_ONCE(con->throttled))
		return 0;
	return tty_buffer_request_room(&con->port, sizeof(con->buf));
}

/* One round's findings. */
struct round {
	bool event;		/* it was an event that brought us here */
	bool moved;		/* the host has taken output */
	bool wake;		/* writers may go on */
	bool more;		/* there is input that the tty has no room for */
	int len;		/* of the input in con->buf */
};

/* False: there is no ring. */
static bool look(struct xg_con *con, unsigned int space, struct round *r)
{
	int there, out;

	spin_lock_irq(&con->lock);
	out = room(con);
	there = con->state == XG_CON_UP ? xg_bytes_there(&con->in) : -EIO;
	if (there > 0 && space)
		r->len = xg_bytes_read(&con->in, con->buf, space);
	if (there < 0 || r->len < 0) {
		if (con->state == XG_CON_UP)
			give_up(con);
		spin_unlock_irq(&con->lock);
		return false;
	}
	r->more = there > r->len && !READ_ONCE(con->throttled) &&
		  tty_port_initialized(&con->port);
	r->event = xchg(&con->event, false);
	r->moved = con->out.at - con->out.size + out != con->host_at;
	con->host_at = con->out.at - con->out.size + out;
	r->wake = con->waiting && (out > 0 || hopeless(con));
	if (r->wake)
		con->waiting = false;
	con->owed |= r->len > 0;
	con->stats.in += r->len;
	con->stats.events += r->event;
	spin_unlock_irq(&con->lock);
	return true;
}

/* The host has made room and may use it: tell it, and let it tell us. */
static void end_round(struct xg_con *con, const struct round *r)
{
	bool spurious = r->event && !r->len && !r->moved;

	spin_lock_irq(&con->lock);
	if (con->state == XG_CON_UP) {
		notify(con);
		con->stats.spurious += spurious;
		if (r->event)
			xg_evtchn_eoi(con->ch, spurious ? XG_EOI_SPURIOUS : 0);
		if (r->more || con->waiting)
			queue_delayed_work(system_wq, &con->pump,
					   r->more ? AGAIN : POLL);
	}
	spin_unlock_irq(&con->lock);
}

/* Once a ring: the line, and an end for whoever reads or writes. */
static void tell_if_broken(struct xg_con *con)
{
	bool tell;

	spin_lock_irq(&con->lock);
	tell = con->state == XG_CON_BROKEN && !con->told;
	con->told |= tell;
	spin_unlock_irq(&con->lock);
	if (!tell)
		return;
	pr_err("%s: the host has written impossible indices, the console is given up\n",
	       con->name);
	xg_con_hangup(con);
}

static void pump(struct work_struct *work)
{
	struct xg_con *con = container_of(to_delayed_work(work), struct xg_con,
					  pump);
	struct round r = {};

	if (!look(con, wanted(con), &r)) {
		tell_if_broken(con);
		return;
	}
	if (r.len) {
		tty_insert_flip_string(&con->port, con->buf, r.len);
		tty_flip_buffer_push(&con->port);
	}
	end_round(con, &r);
	if (r.wake)
		tty_port_tty_wakeup(&con->port);
}

void xg_con_kick(struct xg_con *con)
{
	mod_delayed_work(system_wq, &con->pump, 0);
}

/* --- writers ----------------------------------------------------------------------- */

/*
 * What has no room is the caller's to bring again, when the tty is woken. A line goes
 * through the tty in many small pieces and is flushed in the end: the pump is for
 * those who forget that.
 */
int xg_con_write(struct xg_con *con, const u8 *data, unsigned int len, bool more)
{
	unsigned long flags;
	int written;
	bool broken;

	spin_lock_irqsave(&con->lock, flags);
	written = put(con, data, len);
	broken = con->state == XG_CON_BROKEN;
	if (written >= 0 && written < len) {
		con->stats.full++;
		if (hopeless(con)) {
			con->stats.dropped += len - written;
			written = len;
		} else {
			con->waiting = true;
		}
		more = false;
		queue_delayed_work(system_wq, &con->pump, POLL);
	}
	if (written >= 0 && !more)
		notify(con);
	else if (con->owed)
		queue_delayed_work(system_wq, &con->pump, 1);
	spin_unlock_irqrestore(&con->lock, flags);
	if (broken)
		xg_con_kick(con);
	return written;
}

void xg_con_flush(struct xg_con *con)
{
	unsigned long flags;

	spin_lock_irqsave(&con->lock, flags);
	if (con->state == XG_CON_UP)
		notify(con);
	spin_unlock_irqrestore(&con->lock, flags);
}

unsigned int xg_con_room(struct xg_con *con)
{
	unsigned long flags;
	int left;

	spin_lock_irqsave(&con->lock, flags);
	left = room(con);
	if (!left) {
		if (hopeless(con)) {
			left = con->out.size;
		} else {
			con->waiting = true;
			queue_delayed_work(system_wq, &con->pump, POLL);
		}
	}
	spin_unlock_irqrestore(&con->lock, flags);
	return max(left, 0);
}

/* What the host has not taken; nothing where there is no hope that it will. */
unsigned int xg_con_pending(struct xg_con *con)
{
	unsigned long flags;
	int left;

	spin_lock_irqsave(&con->lock, flags);
	left = room(con);
	if (left < 0 || (!left && hopeless(con)))
		left = con->out.size;
	else if (left < con->out.size)
		con->waiting = true;
	left = con->out.size - left;
	spin_unlock_irqrestore(&con->lock, flags);
	return left;
}

/* --- printk ------------------------------------------------------------------------- */

/*
 * What there is room for; an error where it is not worth waiting for more. The lock is
 * only tried: who holds it may have been stopped, or be what the message is about.
 */
static int print_some(struct xg_con *con, const u8 *data, unsigned int len,
		      bool last, bool last_try)
{
	unsigned long flags;
	int written;

	if (!spin_trylock_irqsave(&con->lock, flags))
		return last_try ? -EBUSY : 0;
	/* Who had to drop something waits for nobody until the host has caught up. */
	if (room(con) > (int)con->out.size / 2)
		con->patient = true;
	written = put(con, data, len);
	if (written >= 0 && (last || written < len))
		notify(con);
	if (written >= 0 && written < len && (!con->patient || last_try)) {
		con->patient = false;
		con->stats.dropped += len - written;
		written = -ENOBUFS;
	}
	spin_unlock_irqrestore(&con->lock, flags);
	return written;
}

/* @last: of a message; only now is the host told. */
static bool print_all(struct xg_con *con, const u8 *data, unsigned int len,
		      bool last, unsigned int *budget)
{
	int written;

	while (len) {
		written = print_some(con, data, len, last, !*budget);
		if (written < 0)
			return false;
		data += written;
		len -= written;
		if (len) {
			/* The host may want this very CPU. */
			xg_sched_op(SCHEDOP_yield, NULL);
			udelay(PRINT_STEP);
			--*budget;
		}
	}
	return true;
}

void xg_con_print(struct xg_con *con, const char *text, unsigned int len)
{
	unsigned int budget = PRINT_STEPS;
	const char *end = text + len;
	const char *eol;

	while (text < end) {
		eol = memchr(text, '\n', end - text) ?: end;
		if (!print_all(con, text, eol - text, eol == end, &budget) ||
		    (eol < end &&
		     !print_all(con, "\r\n", 2, eol + 1 == end, &budget)))
			break;
		text = eol + 1;
	}
}

void xg_con_set_lossy(struct xg_con *con, bool lossy)
{
	spin_lock_irq(&con->lock);
	con->lossy = lossy;
	spin_unlock_irq(&con->lock);
}

/* --- up and down ---------------------------------------------------------------------- */

void xg_con_client(struct xg_con *con, struct xg_evtchn_client *client)
{
	WRITE_ONCE(con->event, false);
	*client = (struct xg_evtchn_client){
		.name = con->name,
		.handler = con_irq,
		.data = con,
		.cpu = -1,
	};
}

/* Only the two ends' indices together tell that somebody left nonsense. */
static bool mend(struct xg_con *con)
{
	bool mended = false;

	if (xg_bytes_there(&con->in) < 0) {
		xg_bytes_restart(&con->in);
		mended = true;
	}
	if (xg_bytes_room(&con->out) < 0) {
		xg_bytes_restart(&con->out);
		mended = true;
	}
	return mended;
}

void xg_con_up(struct xg_con *con, struct xencons_interface *page,
	       struct xg_evtchn *ch)
{
	bool mended;

	spin_lock_irq(&con->lock);
	xg_bytes_init(&con->in, (u8 *)page->in, sizeof(page->in),
		      &page->in_cons, &page->in_prod);
	xg_bytes_init(&con->out, (u8 *)page->out, sizeof(page->out),
		      &page->out_prod, &page->out_cons);
	mended = mend(con);
	con->ch = ch;
	/* What an earlier owner wrote may not have been told. */
	con->owed = xg_bytes_room(&con->out) != con->out.size;
	con->host_at = con->out.at;
	con->waiting = false;
	con->patient = true;
	con->told = false;
	con->stuck = false;
	con->state = XG_CON_UP;
	spin_unlock_irq(&con->lock);
	if (mended)
		pr_warn("%s: impossible indices were left in the ring, it begins anew\n",
			con->name);
	/* An event may have come before there was a ring, or a writer stayed. */
	xg_con_kick(con);
	tty_port_tty_wakeup(&con->port);
}

void xg_con_down(struct xg_con *con)
{
	spin_lock_irq(&con->lock);
	con->state = XG_CON_DOWN;
	con->ch = NULL;
	spin_unlock_irq(&con->lock);
	/* From here on nobody touches the ring. */
	cancel_delayed_work_sync(&con->pump);
}

bool xg_con_is_up(struct xg_con *con)
{
	return READ_ONCE(con->state) == XG_CON_UP;
}

void xg_con_init(struct xg_con *con)
{
	spin_lock_init(&con->lock);
	INIT_DELAYED_WORK(&con->pump, pump);
}
