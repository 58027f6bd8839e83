// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection state machine of all frontends: one table each, one dispatcher,
 * one lock.
 *
 * A watch on the backend's directory brings every change here. The device's lock
 * is held while the backend's state is read and acted upon, so the last one read
 * is the last one acted upon. Without @live no driver is called: before its probe
 * has returned and from the moment it is removed. Start reading at dispatch().
 *
 * The protocol: Xen public/io/xenbus.h, and what backends do when a frontend goes
 * and comes back: one that is Closed and sees Initialising becomes InitWait.
 */
#define pr_fmt(fmt) "xg-xenbus: " fmt

#include <linux/device.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "internal.h"

#define STEPS_MAX	16	/* of one change: more is a table that runs round */
#define RESTART_WAIT	5	/* seconds, for a backend to let go of a last life */
#define AGAIN_SHIFT_MAX	5	/* 1, 2, 4, ... 32 s, and so on every 32 s */

#define ENDED	(XG_S(Closing) | XG_S(Closed) | XG_S(Unknown))
#define OPEN	(XG_S(InitWait) | XG_S(Initialised) | XG_S(Connected) | \
		 XG_S(Reconfiguring) | XG_S(Reconfigured))

static const struct xg_xenbus_driver *driver_of(struct xg_xenbus_device *xdev)
{
	return to_xg_xenbus_driver(xdev->dev.driver);
}

const char *xg_state_name(enum xenbus_state state)
{
	static const char *const names[] = {
		[XenbusStateUnknown] = "Unknown",
		[XenbusStateInitialising] = "Initialising",
		[XenbusStateInitWait] = "InitWait",
		[XenbusStateInitialised] = "Initialised",
		[XenbusStateConnected] = "Connected",
		[XenbusStateClosing] = "Closing",
		[XenbusStateClosed] = "Closed",
		[XenbusStateReconfiguring] = "Reconfiguring",
		[XenbusStateReconfigured] = "Reconfigured",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "?";
}

/* 0; -ENOENT where there is none to be read; -errno of a failing store. */
static int read_state(const char *dir, xg_store_txn_t txn,
		      enum xenbus_state *state)
{
	u64 value;
	int err;

	err = xg_store_read_u64(txn, dir, "state", 0, XenbusStateReconfigured,
				&value);
	switch (err) {
	case 0:
		*state = value;
		return 0;
	case -EINVAL:
	case -ERANGE:
		pr_warn_ratelimited("%s/state is no state\n", dir);
		*state = XenbusStateUnknown;
		return 0;
	case -EACCES:	/* what is left of a removed directory's parents */
		return -ENOENT;
	default:
		return err;
	}
}

/* --- publishing ------------------------------------------------------------------ */

struct publication {
	const char *path;
	enum xenbus_state state;
};

/* A write alone would make the directory of a removed device anew. */
static int publish(xg_store_txn_t txn, void *data)
{
	const struct publication *p = data;
	enum xenbus_state before;
	int err;

	err = read_state(p->path, txn, &before);
	if (err)
		return err == -ENOENT ? -ENODEV : err;
	return xg_store_printf(txn, p->path, "state", "%d", p->state);
}

/**
 * xg_xenbus_set_state() - publish our state
 * @xdev: the device
 * @state: the state; nothing is done where it is published already
 *
 * Protocol: key "state" of the device's directory.
 *
 * Context: process, may sleep; under @xdev->lock.
 * Return: 0; -ENODEV the device's directory is no more; another -errno.
 */
int xg_xenbus_set_state(struct xg_xenbus_device *xdev, enum xenbus_state state)
{
	struct publication p = { .path = xdev->path, .state = state };
	int err;

	xdev->owed = XenbusStateUnknown;
	if (xdev->gone)
		return -ENODEV;
	if (xdev->ours == state)
		return 0;
	err = xg_store_transaction(publish, &p);
	if (!err)
		WRITE_ONCE(xdev->ours, state);
	else if (err == -ENODEV)
		xg_bus_rescan();
	else
		dev_err(&xdev->dev, "state %s was not published (%d)\n",
			xg_state_name(state), err);
	return err;
}
EXPORT_SYMBOL_GPL(xg_xenbus_set_state);

/* Without a driver nobody looks again. */
static void look_again(struct xg_xenbus_device *xdev, unsigned int seconds)
{
	if (xdev->live)
		schedule_delayed_work(&xdev->again, seconds * HZ);
}

/* In seconds: 1, 2, 4, ... */
static unsigned int patience(unsigned int times)
{
	return 1u << min(times, AGAIN_SHIFT_MAX);
}

/*
 * What has been done is done, whether or not the store takes our state now: it is
 * owed, and published before anything else is done. 0 where it is published.
 */
static int move_to(struct xg_xenbus_device *xdev, enum xenbus_state state)
{
	int err = xg_xenbus_set_state(xdev, state);

	if (!err || err == -ENODEV) {
		xdev->refusals = 0;
		return err;
	}
	xdev->owed = state;
	look_again(xdev, patience(xdev->refusals));
	xdev->refusals++;
	return err;
}

/**
 * xg_xenbus_fail() - give a device up
 * @xdev: the device
 * @err: -errno
 * @fmt: what could not be done, as printk()'s, without a newline
 *
 * The text goes to the log and to the store, where the toolstack looks:
 * error/PATH/error. Our state becomes Closing, and no step runs any more.
 *
 * Context: process, may sleep; under @xdev->lock.
 */
void xg_xenbus_fail(struct xg_xenbus_device *xdev, int err, const char *fmt, ...)
{
	char *text, *path;
	va_list args;

	va_start(args, fmt);
	text = kvasprintf(GFP_NOIO, fmt, args);
	va_end(args);
	dev_err(&xdev->dev, "%s (%d)\n", text ?: "failed", err);
	path = kasprintf(GFP_NOIO, "error/%s", xdev->path);
	if (path && text)
		xg_store_printf(XG_STORE_NONE, path, "error", "%d %s", err,
				text);
	kfree(path);
	kfree(text);
	xdev->failed = true;
	move_to(xdev, XenbusStateClosing);
}
EXPORT_SYMBOL_GPL(xg_xenbus_fail);

/* --- the dispatcher -------------------------------------------------------------- */

static const struct xg_step *fitting_step(struct xg_xenbus_device *xdev)
{
	const struct xg_xenbus_driver *drv = driver_of(xdev);
	unsigned int i;

	for (i = 0; i < drv->nr_steps; i++)
		if (drv->steps[i].theirs & BIT(xdev->theirs) &&
		    drv->steps[i].ours & BIT(xdev->ours))
			return &drv->steps[i];
	return NULL;
}

/* No state is published, so that the step is ours to run again. */
static void put_off(struct xg_xenbus_device *xdev, int err)
{
	unsigned int seconds = patience(xdev->shortages);

	if (xdev->shortages++ <= AGAIN_SHIFT_MAX)
		dev_warn(&xdev->dev, "not enough %s to connect, trying again in %u s\n",
			 err == -ENOMEM ? "memory" :
			 "grants, event channels or room in the store",
			 seconds);
	look_again(xdev, seconds);
}

static void run_step(struct xg_xenbus_device *xdev, const struct xg_step *step)
{
	int err;

	err = step->run(xdev);
	if (err == -ENOMEM || err == -ENOSPC) {
		put_off(xdev, err);
		return;
	}
	xdev->shortages = 0;
	if (err && !xdev->failed)
		xg_xenbus_fail(xdev, err, "backend %s, we %s: no connection",
			       xg_state_name(xdev->theirs),
			       xg_state_name(xdev->ours));
	else if (!err && step->then != XenbusStateUnknown)
		move_to(xdev, step->then);
}

static void call_lost(struct xg_xenbus_device *xdev)
{
	const struct xg_xenbus_driver *drv = driver_of(xdev);

	if (xdev->live && drv->lost)
		drv->lost(xdev);
}

/* What is the same for all frontends; true where it leaves the table nothing. */
static bool common_step(struct xg_xenbus_device *xdev)
{
	const unsigned int theirs = BIT(xdev->theirs), ours = BIT(xdev->ours);

	if (xdev->failed) {
		if (theirs & ENDED)
			move_to(xdev, XenbusStateClosed);
		return true;
	}
	if (ours & OPEN && theirs & (XG_S(Closed) | XG_S(Unknown))) {
		dev_warn(&xdev->dev, "the backend has closed (%s)\n",
			 xg_state_name(xdev->theirs));
		call_lost(xdev);
		move_to(xdev, XenbusStateClosed);
		return true;
	}
	if (ours & XG_S(Initialising) && theirs & ENDED) {
		/* It waits for our Closed; or it is yet to begin. */
		if (theirs & XG_S(Closing))
			move_to(xdev, XenbusStateClosed);
		return true;
	}
	if (ours & XG_S(Closed) &&
	    theirs & (XG_S(Initialising) | XG_S(InitWait)))
		move_to(xdev, XenbusStateInitialising);
	return false;
}

/* Under the lock, live. */
static void dispatch(struct xg_xenbus_device *xdev)
{
	const struct xg_step *step;
	enum xenbus_state before;
	unsigned int i;

	if (xdev->owed != XenbusStateUnknown && move_to(xdev, xdev->owed))
		return;
	for (i = 0; i < STEPS_MAX; i++) {
		before = xdev->ours;
		if (!common_step(xdev)) {
			step = fitting_step(xdev);
			if (!step)
				return;
			run_step(xdev, step);
		}
		if (xdev->ours == before)
			return;
	}
	dev_warn(&xdev->dev, "the handshake runs in circles, left at %s\n",
		 xg_state_name(xdev->ours));
}

static void go_on(struct xg_xenbus_device *xdev);

/* The disk that memory might be had by may be the one that is connected here. */
static void try_again(struct work_struct *work)
{
	struct xg_xenbus_device *xdev = container_of(to_delayed_work(work),
						     struct xg_xenbus_device,
						     again);
	unsigned int noio;

	noio = memalloc_noio_save();
	if (xdev->unmet || !xdev->watched) {
		go_on(xdev);
	} else {
		mutex_lock(&xdev->lock);
		if (xdev->live && !xdev->gone)
			dispatch(xdev);
		mutex_unlock(&xdev->lock);
	}
	memalloc_noio_restore(noio);
}

/* Under the lock. The device is removed by the bus, which is told. */
static void set_gone(struct xg_xenbus_device *xdev)
{
	if (xdev->gone)
		return;
	WRITE_ONCE(xdev->gone, true);
	WRITE_ONCE(xdev->theirs, XenbusStateUnknown);
	call_lost(xdev);
	wake_up_all(&xdev->moved);
}

void xg_state_gone(struct xg_xenbus_device *xdev)
{
	mutex_lock(&xdev->lock);
	set_gone(xdev);
	mutex_unlock(&xdev->lock);
}

/* Of all who write our state only the toolstack writes Initialising behind us. */
static bool written_behind_us(struct xg_xenbus_device *xdev)
{
	enum xenbus_state found;

	return READ_ONCE(xdev->ours) != XenbusStateInitialising &&
	       !READ_ONCE(xdev->unmet) &&
	       !read_state(xdev->path, XG_STORE_NONE, &found) &&
	       found == XenbusStateInitialising;
}

/*
 * Detached by force and attached again between two looks of the bus. The first
 * look is without the lock: a step holds it for as long as its backend makes it
 * wait, and the bus has other devices to look after.
 */
void xg_state_remade(struct xg_xenbus_device *xdev)
{
	if (!written_behind_us(xdev))
		return;
	mutex_lock(&xdev->lock);
	if (xdev->live && written_behind_us(xdev))
		set_gone(xdev);
	mutex_unlock(&xdev->lock);
}

static void look_at_state(struct xg_xenbus_device *xdev)
{
	enum xenbus_state theirs;
	int err;

	err = read_state(xdev->backend, XG_STORE_NONE, &theirs);
	if (err == -ENOENT) {
		dev_info(&xdev->dev, "the backend's directory is gone\n");
		set_gone(xdev);
		xg_bus_rescan();
		return;
	}
	/* The store has failed. If it comes back all watches fire. */
	if (err)
		return;
	WRITE_ONCE(xdev->theirs, theirs);
	wake_up_all(&xdev->moved);
	if (xdev->live)
		dispatch(xdev);
}

static void backend_changed(struct xg_store_watch *watch, const char *path)
{
	struct xg_xenbus_device *xdev = watch->data;
	const char *key = path + strlen(watch->path);
	bool is_state = !strcmp(key, "/state");
	unsigned int noio = memalloc_noio_save();

	mutex_lock(&xdev->lock);
	if (!xdev->gone && (is_state || !*key))
		look_at_state(xdev);
	if (!is_state && xdev->live && !xdev->gone && driver_of(xdev)->changed)
		driver_of(xdev)->changed(xdev);
	mutex_unlock(&xdev->lock);
	memalloc_noio_restore(noio);
}

/* --- the driver comes and goes -------------------------------------------------- */

/* Until the backend's state is one of @mask, or it is gone: in time? */
static bool wait_theirs(struct xg_xenbus_device *xdev, unsigned int mask,
			unsigned long deadline)
{
	long left = deadline - jiffies;

	return wait_event_timeout(xdev->moved, READ_ONCE(xdev->gone) ||
				  BIT(READ_ONCE(xdev->theirs)) & mask,
				  max(left, 0L));
}

static int publish_locked(struct xg_xenbus_device *xdev,
			  enum xenbus_state state)
{
	int err;

	mutex_lock(&xdev->lock);
	err = xg_xenbus_set_state(xdev, state);
	mutex_unlock(&xdev->lock);
	return err;
}

/* Closing, Closed, each with the backend's answer; true where it came in time. */
static bool close_both(struct xg_xenbus_device *xdev, unsigned int seconds)
{
	unsigned long deadline = jiffies + seconds * HZ;

	if (READ_ONCE(xdev->ours) != XenbusStateClosed) {
		if (publish_locked(xdev, XenbusStateClosing))
			return false;
		wait_theirs(xdev, ENDED, deadline);
		if (publish_locked(xdev, XenbusStateClosed))
			return false;
	}
	return wait_theirs(xdev, XG_S(Closed) | XG_S(Unknown), deadline);
}

/**
 * xg_xenbus_close_wait() - close the connection in order
 * @xdev: the device
 * @seconds: how long the backend may take in all
 *
 * Context: process, may sleep; for the driver's remove(), without @xdev->lock.
 */
void xg_xenbus_close_wait(struct xg_xenbus_device *xdev, unsigned int seconds)
{
	if (!close_both(xdev, seconds) && !READ_ONCE(xdev->gone))
		dev_warn(&xdev->dev, "the backend did not close in %u s (%s)\n",
			 seconds, xg_state_name(READ_ONCE(xdev->theirs)));
}
EXPORT_SYMBOL_GPL(xg_xenbus_close_wait);

/*
 * An earlier driver, another or our own, may have left the connection anywhere.
 * A backend that is not at its beginning is made to close, then to begin again.
 */
static int make_initial(struct xg_xenbus_device *xdev)
{
	const unsigned int begun = XG_S(Initialising) | XG_S(InitWait);

	if (xdev->ours == XenbusStateInitialising &&
	    BIT(xdev->theirs) & (begun | XG_S(Unknown)))
		return 0;
	if (!(BIT(xdev->theirs) & begun) && !close_both(xdev, RESTART_WAIT))
		dev_warn(&xdev->dev, "the backend is still %s, trying all the same\n",
			 xg_state_name(READ_ONCE(xdev->theirs)));
	/* Written even where it is there: a Closed backend waits for a write. */
	WRITE_ONCE(xdev->ours, XenbusStateUnknown);
	return publish_locked(xdev, XenbusStateInitialising);
}

static int watch_backend(struct xg_xenbus_device *xdev)
{
	int err;

	xdev->watch = (struct xg_store_watch) {
		.path = xdev->backend,
		.fired = backend_changed,
		.data = xdev,
	};
	err = xg_store_watch(&xdev->watch);
	xdev->watched = !err;
	return err;
}

static void unwatch_backend(struct xg_xenbus_device *xdev)
{
	if (xdev->watched)
		xg_store_unwatch(&xdev->watch);
	xdev->watched = false;
}

int xg_state_restart(struct xg_xenbus_device *xdev)
{
	int err;

	xdev->failed = false;
	xdev->shortages = 0;
	xdev->owed = XenbusStateUnknown;
	xdev->refusals = 0;
	INIT_DELAYED_WORK(&xdev->again, try_again);
	err = xg_device_read_peer(xdev) ?:
	      read_state(xdev->path, XG_STORE_NONE, &xdev->ours) ?:
	      read_state(xdev->backend, XG_STORE_NONE, &xdev->theirs);
	if (err)
		return -ENODEV;
	err = watch_backend(xdev);
	if (err)
		return err;
	err = make_initial(xdev);
	if (err)
		unwatch_backend(xdev);
	return err;
}

/* What the watch brought during probe was only noted: act on it now. */
void xg_state_run(struct xg_xenbus_device *xdev)
{
	mutex_lock(&xdev->lock);
	xdev->live = true;
	if (xdev->gone)
		call_lost(xdev);
	else
		dispatch(xdev);
	mutex_unlock(&xdev->lock);
}

void xg_state_halt(struct xg_xenbus_device *xdev)
{
	mutex_lock(&xdev->lock);
	xdev->live = false;
	mutex_unlock(&xdev->lock);
	/* Nobody asks for it any more. */
	cancel_delayed_work_sync(&xdev->again);
}

/* Whatever the driver left: the backend is to know that nobody is here. */
void xg_state_end(struct xg_xenbus_device *xdev)
{
	publish_locked(xdev, XenbusStateClosed);
	unwatch_backend(xdev);
}

/* --- the machine stands still --------------------------------------------------- */

/*
 * The watch is of a directory that another host does not have: it goes first, and
 * what it has begun ends. No step runs from here on.
 */
void xg_state_rest(struct xg_xenbus_device *xdev)
{
	xg_state_halt(xdev);
	unwatch_backend(xdev);
}

void xg_state_suspend(struct xg_xenbus_device *xdev)
{
	const struct xg_xenbus_driver *drv = driver_of(xdev);

	mutex_lock(&xdev->lock);
	if (drv->suspend)
		drv->suspend(xdev);
	mutex_unlock(&xdev->lock);
}

/*
 * Under the lock. The toolstack has made the directories anew, both sides. Where
 * the store does not say so, it is asked again: it may be slow to come back.
 */
static int meet_new_backend(struct xg_xenbus_device *xdev)
{
	int err;

	err = xg_device_read_peer(xdev);
	WRITE_ONCE(xdev->theirs, XenbusStateUnknown);
	WRITE_ONCE(xdev->ours, XenbusStateUnknown);
	if (!err)
		err = xg_xenbus_set_state(xdev, XenbusStateInitialising);
	switch (err) {
	case 0:
		xdev->unmet = false;
		return 0;
	case -ENOENT:
	case -ENODEV:
	case -EINVAL:
	case -ERANGE:
		dev_warn(&xdev->dev, "it has not come along (%d)\n", err);
		xdev->unmet = false;
		WRITE_ONCE(xdev->gone, true);
		call_lost(xdev);
		return 0;
	default:
		return err;
	}
}

/* Until it is as after a probe: connected to nobody, and told of changes. */
static void go_on(struct xg_xenbus_device *xdev)
{
	int err = 0;

	mutex_lock(&xdev->lock);
	if (xdev->unmet)
		err = meet_new_backend(xdev);
	mutex_unlock(&xdev->lock);
	/* It fires, and so what was missed is looked at. */
	if (!err && !xdev->watched)
		err = watch_backend(xdev);
	if (!err || READ_ONCE(xdev->gone))
		return;
	dev_warn_ratelimited(&xdev->dev, "the store does not tell of its backend yet (%d)\n",
			     err);
	mutex_lock(&xdev->lock);
	look_again(xdev, 1);
	mutex_unlock(&xdev->lock);
}

void xg_state_resume(struct xg_xenbus_device *xdev, bool moved)
{
	const struct xg_xenbus_driver *drv = driver_of(xdev);

	moved = moved && !xdev->gone;
	mutex_lock(&xdev->lock);
	xdev->live = true;
	if (moved) {
		xdev->failed = false;
		xdev->shortages = 0;
		xdev->unmet = true;
	}
	if (drv->resume)
		drv->resume(xdev, moved);
	else if (moved && drv->lost)
		drv->lost(xdev);
	mutex_unlock(&xdev->lock);
	go_on(xdev);
}
