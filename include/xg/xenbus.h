/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device bus over xenstore, and the connection state machine all frontends
 * share: one table, one dispatcher, one lock.
 */
#ifndef XG_XENBUS_H
#define XG_XENBUS_H

#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <xen/interface/xen.h>
#include <xen/interface/grant_table.h>
#include <xen/interface/io/xenbus.h>
#include <xg/store.h>

struct module;
struct xg_evtchn;
struct xg_platform;
struct xg_xenbus_device;

#define XG_XENBUS_ID_LEN 32

/* Matches directory device/@type; modalias "xg:@type". */
struct xg_xenbus_id {
	char type[XG_XENBUS_ID_LEN];
};

/*
 * The connection, seen from a frontend. @our is what we have written to our
 * "state" key, @theirs what was last read from the backend's.
 */
#define XG_S(state)	BIT(XenbusState##state)
#define XG_S_ANY	(~0u)

/**
 * struct xg_step - one row of a frontend's handshake table
 * @theirs: backend states (XG_S(...) mask) that call for this step
 * @ours: our states in which it may run
 * @run: process context, under the device's lock; 0; -ENOMEM or -ENOSPC where
 *       something is short that may be there soon: the step has undone what it
 *       began and is run again after a while, where it still fits; another
 *       -errno: the device is failed (xg_xenbus_fail())
 * @then: the state to publish after @run succeeded, or XenbusStateUnknown to
 *        publish none
 *
 * When the backend's state changes the first row that fits runs, then the table
 * is looked at again until none fits or the state did not move. The bus itself
 * deals with what is the same for all: a backend that closes before anything was
 * connected, one that is Closed while we are not (@lost), one that comes back,
 * and the closing of a failed device. Rows see none of these.
 */
struct xg_step {
	unsigned int theirs;
	unsigned int ours;
	int (*run)(struct xg_xenbus_device *xdev);
	enum xenbus_state then;
};

/**
 * struct xg_xenbus_driver - a frontend
 * @ids: ends with an empty entry
 * @steps: handshake table, @nr_steps rows
 * @probe: a device appeared; state Initialising; allocate what needs no backend.
 *         The handshake starts after it returned 0.
 * @remove: the device goes: gone from the store, driver unloaded, or stack
 *         stopping. The backend may still be alive. Must end all use of it.
 *         No step runs any more; the device's lock is not held.
 * @lost: optional; the backend's directory vanished or it went Closed without
 *         being asked: fail what is in flight now, never wait for the peer.
 *         Called under the device's lock, before @remove or a reconnect (where
 *         our state goes back to Initialising and the table runs again).
 * @suspend: optional; the machine is about to be saved, or to stand still for a
 *         while. Under the device's lock; no step runs until @resume. The backend
 *         need not answer any more.
 * @resume: optional; it runs again. @moved: this is another domain. Nothing is left of the
 *         connection, every page is ours again, no channel works; the table runs
 *         next, from Initialising. Not @moved: all is as it was.
 *         Without it a move is a loss: @lost.
 * @changed: optional; another key in the backend's directory changed
 *         (online resize reads "sectors" here). Under the device's lock; may
 *         come at any time after @probe and more often than needed.
 */
struct xg_xenbus_driver {
	const struct xg_xenbus_id *ids;
	const struct xg_step *steps;
	unsigned int nr_steps;
	int (*probe)(struct xg_xenbus_device *xdev);
	void (*remove)(struct xg_xenbus_device *xdev);
	void (*lost)(struct xg_xenbus_device *xdev);
	void (*suspend)(struct xg_xenbus_device *xdev);
	void (*resume)(struct xg_xenbus_device *xdev, bool moved);
	void (*changed)(struct xg_xenbus_device *xdev);
	struct device_driver driver;
};

/**
 * struct xg_xenbus_device - one device/TYPE/ID directory
 * @dev: on bus "xg"
 * @path: ours, "device/vbd/768"
 * @type: "vbd"
 * @id: "768"
 * @backend: its directory, "/local/domain/0/backend/vbd/5/768"
 * @peer: the backend's domain
 * @ours: the state we last published
 * @theirs: the backend's, last read
 * @lock: serialises steps, @lost and @remove; a driver may take it in process
 *        context for its own handshake-side state, never in the data path
 * @shortages: steps in a row that were put off; asking for less may help
 */
struct xg_xenbus_device {
	struct device dev;
	char *path;
	char *type;
	char *id;
	char *backend;
	domid_t peer;
	enum xenbus_state ours;
	enum xenbus_state theirs;
	struct mutex lock;	/* see above */
	unsigned int shortages;
	/* the bus's own; the flags under @lock */
	struct module *root;
	struct list_head node;
	struct xg_store_watch watch;
	wait_queue_head_t moved;
	struct delayed_work again;
	enum xenbus_state owed;		/* could not be published; or Unknown */
	unsigned int refusals;		/* of it, so far */
	bool seen;
	bool watched;
	bool unmet;
	bool live;
	bool failed;
	bool gone;
};

#define to_xg_xenbus_device(d) container_of(d, struct xg_xenbus_device, dev)
#define to_xg_xenbus_driver(d) container_of_const(d, struct xg_xenbus_driver, driver)

int __xg_xenbus_register_driver(struct xg_xenbus_driver *drv,
				struct module *owner, const char *mod_name);
#define xg_xenbus_register_driver(drv) \
	__xg_xenbus_register_driver(drv, THIS_MODULE, KBUILD_MODNAME)
void xg_xenbus_unregister_driver(struct xg_xenbus_driver *drv);

/* Is a driver for devices of @type registered? Process context. */
bool xg_xenbus_driver_present(const char *type);

/* What the backend says in its directory; see xg_store_read_or(). */
static inline u64 xg_offered(const struct xg_xenbus_device *xdev,
			     const char *key, u64 min, u64 max, u64 fallback)
{
	return xg_store_read_or(xdev->backend, key, min, max, fallback);
}

static inline bool xg_offers(const struct xg_xenbus_device *xdev,
			     const char *feature)
{
	return xg_offered(xdev, feature, 0, U32_MAX, 0);
}

/* Publish our state; under @lock. 0 or -errno. */
int xg_xenbus_set_state(struct xg_xenbus_device *xdev, enum xenbus_state state);
/* One line to the log and to the store's error/ key, then Closing; under @lock. */
__printf(3, 4)
void xg_xenbus_fail(struct xg_xenbus_device *xdev, int err, const char *fmt, ...);

/*
 * For @remove, with @lock not held: publish Closing and wait, at most @seconds,
 * until the backend is Closing or Closed or gone, then publish Closed and wait
 * in the same way until it is Closed, too: then it has let go of our pages. A
 * backend that never answers costs the wait and a line in the log.
 */
void xg_xenbus_close_wait(struct xg_xenbus_device *xdev, unsigned int seconds);

/*
 * Ring memory: 2^@order pages, zeroed, granted read-write to the backend.
 * @refs gets one reference a page. free() copes with a backend that keeps them.
 */
int xg_xenbus_alloc_ring(struct xg_xenbus_device *xdev, unsigned int order,
			 void **ring, grant_ref_t *refs);
void xg_xenbus_free_ring(void *ring, unsigned int order, grant_ref_t *refs);

/* While a device of @xdev is open the root cannot be unloaded: 0 or -ENODEV. */
int xg_xenbus_hold(struct xg_xenbus_device *xdev);
void xg_xenbus_release(struct xg_xenbus_device *xdev);

static inline void *xg_xenbus_get_drvdata(struct xg_xenbus_device *xdev)
{
	return dev_get_drvdata(&xdev->dev);
}

static inline void xg_xenbus_set_drvdata(struct xg_xenbus_device *xdev, void *p)
{
	dev_set_drvdata(&xdev->dev, p);
}

/* The root's calls; process context. stop() removes every device first. */
int xg_xenbus_start(struct xg_platform *platform);
void xg_xenbus_stop(void);
/* Around a suspend, with the same; @moved: in another domain. */
int xg_xenbus_suspend(void);
void xg_xenbus_resume(bool moved);

#endif /* XG_XENBUS_H */
