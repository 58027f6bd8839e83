/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenstore client.
 *
 * Process context, may sleep. Paths are absolute ("/local/...") or relative to
 * the domain's home ("device/vbd/768"); @dir and @node are joined by '/', and an
 * empty @node means @dir itself. What is read is the other end's: it is bounded
 * by XENSTORE_PAYLOAD_MAX (a directory: 64 KiB) and NUL-terminated, and no more
 * than that is promised.
 * Errors: -errno by xenstored's name (-ENOENT, -EACCES, -EINVAL, ...), -EIO when
 * the connection failed, -E2BIG where path and value do not fit a message,
 * -ENAMETOOLONG, -ERESTARTSYS never.
 */
#ifndef XG_STORE_H
#define XG_STORE_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <xen/interface/xen.h>

struct xg_platform;

/* A transaction of one connection; 0 (XG_STORE_NONE) is "none". */
typedef u64 xg_store_txn_t;
#define XG_STORE_NONE	0ull

/* kfree() the result; *@len (optional) excludes the added NUL. ERR_PTR. */
char *xg_store_read(xg_store_txn_t txn, const char *dir, const char *node,
		    unsigned int *len);
int xg_store_write(xg_store_txn_t txn, const char *dir, const char *node,
		   const char *value);
__printf(4, 5)
int xg_store_printf(xg_store_txn_t txn, const char *dir, const char *node,
		    const char *fmt, ...);
/* A whole decimal number within [@min, @max]: 0, -ENOENT, -ERANGE, -EINVAL. */
int xg_store_read_u64(xg_store_txn_t txn, const char *dir, const char *node,
		      u64 min, u64 max, u64 *value);
/* The same for optional keys: @fallback when absent or malformed (logged once). */
u64 xg_store_read_or(const char *dir, const char *node, u64 min, u64 max,
		     u64 fallback);
/* kfree() the returned array (one allocation); *@count names. ERR_PTR. */
char **xg_store_directory(xg_store_txn_t txn, const char *dir, const char *node,
			  unsigned int *count);
int xg_store_mkdir(xg_store_txn_t txn, const char *dir, const char *node);
int xg_store_rm(xg_store_txn_t txn, const char *dir, const char *node);
bool xg_store_exists(xg_store_txn_t txn, const char *dir, const char *node);
/* @perms as on the wire, "n0" "r5", NUL-separated list in @count strings. */
int xg_store_set_perms(xg_store_txn_t txn, const char *path,
		       const char *const *perms, unsigned int count);
char **xg_store_get_perms(xg_store_txn_t txn, const char *path,
			  unsigned int *count);

/*
 * Run @fn inside a transaction until it commits: -EAGAIN from the commit, or a
 * connection that broke before it, runs it again (at most 100 times), any other
 * error of @fn aborts and is returned.
 */
int xg_store_transaction(int (*fn)(xg_store_txn_t txn, void *data), void *data);

/**
 * struct xg_store_answer - what the store said, as it said it
 * @type: the request's, or XS_ERROR
 * @len: of @body, without the NUL that is added
 * @body: kfree() it
 * @txn: the transaction, where the request was to start one and did
 */
struct xg_store_answer {
	u32 type;
	u32 len;
	char *body;
	xg_store_txn_t txn;
};

/*
 * A request that a program has put together. What would change the connection of
 * all (XS_WATCH, XS_UNWATCH, XS_RESET_WATCHES) is refused: -EPERM.
 */
int xg_store_forward(u32 type, xg_store_txn_t txn, const void *body, u32 len,
		     struct xg_store_answer *answer);
/* Has @txn ended with its connection? Then it has no effect, and never will. */
bool xg_store_txn_lost(xg_store_txn_t txn);

/**
 * struct xg_store_watch - be told when something below @path changes
 * @path: absolute or relative; must outlive the watch
 * @fired: process context, one at a time per watch, in order; it may call the
 *         client, and must not unregister itself. With @path itself as the path
 *         everything below it may have changed: that is how the first call
 *         comes, and what is left of a flood or of a broken connection.
 * @data: for the owner
 */
struct xg_store_watch {
	const char *path;
	void (*fired)(struct xg_store_watch *watch, const char *path);
	void *data;
	/* the store's own */
	struct list_head node;
	struct list_head events;
	unsigned int nr_events;
	bool overflow;
	u32 token;
	struct work_struct work;
};

/* It fires once at registration, as the protocol has it. */
int xg_store_watch(struct xg_store_watch *watch);
/* After return @fired runs no more. */
void xg_store_unwatch(struct xg_store_watch *watch);

/**
 * struct xg_store_user - a module that wants the store, but no device
 * @up: the store answers: register watches. Process context, may sleep; a store
 *      that goes and comes back with its root calls it again
 * @down: it is about to go, and still answers: unregister them
 * @moved: optional; the machine was saved, and restored in another domain, whose
 *         store answers. Watches are there again; what was written is not, nor
 *         are channels to other domains, nor grants. Process context, may sleep
 */
struct xg_store_user {
	void (*up)(void);
	void (*down)(void);
	void (*moved)(void);
	/* the store's own */
	struct list_head node;
};

void xg_store_join(struct xg_store_user *user);
void xg_store_leave(struct xg_store_user *user);
/* The machine whose store it is; for users between up and down. */
struct xg_platform *xg_store_platform(void);

/* The root's calls; process context. The bus (xg/xenbus.h) starts after it. */
int xg_store_start(struct xg_platform *platform);
void xg_store_stop(void);
/* Around a suspend: no call meanwhile; @moved: in another domain. */
int xg_store_suspend(void);
void xg_store_resume(bool moved);

#endif /* XG_STORE_H */
