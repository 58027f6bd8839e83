/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of this folder share. */
#ifndef XG_XENBUS_INTERNAL_H
#define XG_XENBUS_INTERNAL_H

#include <linux/types.h>
#include <linux/uio.h>
#include <compat/device.h>
#include <xg/store.h>
#include <xg/xenbus.h>

struct seq_file;
struct xenstore_domain_interface;
struct xg_xs_conn;
struct xg_platform;

/* --- conn.c: the connection ------------------------------------------------- */

/*
 * The payload of an answer, NUL-terminated; kfree(@body). With @raw, which the
 * caller sets, an XS_ERROR is an answer as any other.
 */
struct xg_reply {
	bool raw;
	char *body;
	u32 type;
	u32 len;
	u32 epoch;	/* which connection's: see xg_conn_txn() */
};

/*
 * Send one request of @nr parts and wait for its answer: 0 or -errno. @reply may
 * be NULL. Process context; answers in bounded time, whatever the store does.
 */
int xg_conn_call(u32 type, xg_store_txn_t txn, const struct kvec *parts,
		 unsigned int nr, struct xg_reply *reply);

/*
 * The handle of the transaction that @reply's connection calls @id. It is good for
 * that connection alone: another may give @id to somebody else.
 */
static inline xg_store_txn_t xg_conn_txn(const struct xg_reply *reply, u32 id)
{
	return (xg_store_txn_t)reply->epoch << 32 | id;
}

/* Has its connection broken? Then it has no effect, and never will. */
bool xg_conn_txn_lost(xg_store_txn_t txn);
int xg_conn_start(void);
void xg_conn_stop(void);
void xg_conn_suspend(void);
void xg_conn_resume(bool moved);
void xg_conn_show(struct seq_file *m);

/* --- page.c: the shared page ---------------------------------------------------- */

int xg_page_map(struct xenstore_domain_interface **page, u64 *port);
void xg_page_unmap(struct xenstore_domain_interface *page);
/* Why the server says that it has stopped; 0. */
u32 xg_page_error(const struct xenstore_domain_interface *page);
/*
 * Fill @ring (its intf is set) in: _take as the page was left, or as a reset makes
 * it; _reset by asking the server: 0, -EOPNOTSUPP, -ETIMEDOUT, -EPROTO.
 */
int xg_page_take(struct xg_xs_conn *ring, struct xg_evtchn *port);
int xg_page_reset(struct xg_xs_conn *ring, struct xg_evtchn *port);

/* --- path.c: names ------------------------------------------------------------ */

/* "dir/node", or @dir where @node is empty; kfree(). ERR_PTR: -ENAMETOOLONG ... */
char *xg_path_join(const char *dir, const char *node);
/* Is @path @top itself or below it? */
bool xg_path_below(const char *path, const char *top);

/* --- watch.c: watches ----------------------------------------------------------- */

/* Called by the reader: a WATCH_EVENT's payload. 0, -EPROTO. Never waits. */
int xg_watch_event(const char *body, u32 len);
/* The connection is new and up: register all watches again, from a work item. */
void xg_watch_renew(void);
/* As if everything below the watch's path had changed. Any context. */
void xg_watch_kick(struct xg_store_watch *watch);
int xg_watch_start(void);
void xg_watch_stop(void);
unsigned int xg_watch_count(void);

/* --- users.c: modules that use the store alone ----------------------------------- */

void xg_users_start(void);
void xg_users_stop(void);
void xg_users_resume(void);

/* --- bus.c: the bus, and which devices there are ------------------------------ */

extern XG_BUS_TYPE xg_bus;

int xg_bus_init(void);
void xg_bus_exit(void);
int xg_bus_start(struct xg_platform *platform);
void xg_bus_stop(void);
void xg_bus_suspend(void);
void xg_bus_resume(bool moved);
void xg_bus_show(struct seq_file *m);
struct xg_platform *xg_bus_platform(void);
/* Look at the directories again, soon. */
void xg_bus_rescan(void);

/* --- device.c: one device ------------------------------------------------------- */

/* Make and register; ERR_PTR. */
struct xg_xenbus_device *xg_device_add(struct xg_platform *platform,
				       const char *type, const char *id);
void xg_device_del(struct xg_xenbus_device *xdev);
/* Read "backend" and "backend-id" and check them: 0 or -errno. */
int xg_device_read_peer(struct xg_xenbus_device *xdev);

/* --- state.c: the connection state machine ------------------------------------ */

const char *xg_state_name(enum xenbus_state state);
/*
 * Before probe: read our state and the backend's, and bring a device that was
 * left in the middle by an earlier driver back to Initialising. 0 or -errno.
 */
int xg_state_restart(struct xg_xenbus_device *xdev);
/* After probe: let the handshake begin. */
void xg_state_run(struct xg_xenbus_device *xdev);
/* Before and after the driver's remove. */
void xg_state_halt(struct xg_xenbus_device *xdev);
void xg_state_end(struct xg_xenbus_device *xdev);
/* Around a suspend of the machine, for a device that has a driver. */
void xg_state_rest(struct xg_xenbus_device *xdev);
void xg_state_suspend(struct xg_xenbus_device *xdev);
void xg_state_resume(struct xg_xenbus_device *xdev, bool moved);
/* The device's directory or its backend's is no more. */
void xg_state_gone(struct xg_xenbus_device *xdev);
void xg_state_remade(struct xg_xenbus_device *xdev);

#endif /* XG_XENBUS_INTERNAL_H */
