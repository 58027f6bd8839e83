// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store's calls: what <xg/store.h> promises, one request each.
 *
 * A payload is strings, each with its NUL, but for a value, which has none
 * (Xen docs/misc/xenstore.txt). No locking here: xg_conn_call() does it.
 * Allocations are GFP_NOIO, because a disk that swap lies on may be waiting.
 * Start with path_call().
 */
#define pr_fmt(fmt) "xg-xenbus: " fmt

#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <xg/proto/xs.h>
#include "internal.h"

#define COMMIT_TRIES	100
#define PERMS_MAX	64
#define LISTING_MAX	65536	/* bytes of a directory's names */
#define LISTING_CALLS	256	/* for its parts, beginning anew included */

/* A request whose payload is a path and, where @value is not NULL, a value. */
static int path_call(u32 type, xg_store_txn_t txn, const char *dir,
		     const char *node, const char *value,
		     struct xg_reply *reply)
{
	struct kvec parts[2];
	char *path;
	int err;

	path = xg_path_join(dir, node);
	if (IS_ERR(path))
		return PTR_ERR(path);
	parts[0].iov_base = path;
	parts[0].iov_len = strlen(path) + 1;
	if (value) {
		parts[1].iov_base = (char *)value;
		parts[1].iov_len = strlen(value);
	}
	err = xg_conn_call(type, txn, parts, value ? 2 : 1, reply);
	kfree(path);
	return err;
}

/**
 * xg_store_read() - read a key
 * @txn: the transaction, or XG_STORE_NONE
 * @dir: path
 * @node: name below it, or ""
 * @len: where the length goes, or NULL
 *
 * Protocol: XS_READ.
 *
 * Context: process, may sleep.
 * Return: the value with a NUL added, for the caller to kfree(); ERR_PTR.
 */
char *xg_store_read(xg_store_txn_t txn, const char *dir, const char *node,
		    unsigned int *len)
{
	struct xg_reply reply = {};
	int err;

	err = path_call(XS_READ, txn, dir, node, NULL, &reply);
	if (err)
		return ERR_PTR(err);
	if (len)
		*len = reply.len;
	return reply.body;
}
EXPORT_SYMBOL_GPL(xg_store_read);

/**
 * xg_store_write() - write a key, which is created where it is missing
 * @txn: the transaction, or XG_STORE_NONE
 * @dir: path
 * @node: name below it, or ""
 * @value: a string; path and value fit XENSTORE_PAYLOAD_MAX together
 *
 * Protocol: XS_WRITE.
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int xg_store_write(xg_store_txn_t txn, const char *dir, const char *node,
		   const char *value)
{
	return path_call(XS_WRITE, txn, dir, node, value, NULL);
}
EXPORT_SYMBOL_GPL(xg_store_write);

/**
 * xg_store_printf() - write a key, formatted
 * @txn: the transaction, or XG_STORE_NONE
 * @dir: path
 * @node: name below it, or ""
 * @fmt: as printk()'s
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int xg_store_printf(xg_store_txn_t txn, const char *dir, const char *node,
		    const char *fmt, ...)
{
	va_list args;
	char *value;
	int err;

	va_start(args, fmt);
	value = kvasprintf(GFP_NOIO, fmt, args);
	va_end(args);
	if (!value)
		return -ENOMEM;
	err = xg_store_write(txn, dir, node, value);
	kfree(value);
	return err;
}
EXPORT_SYMBOL_GPL(xg_store_printf);

/**
 * xg_store_read_u64() - read a whole decimal number
 * @txn: the transaction, or XG_STORE_NONE
 * @dir: path
 * @node: name below it, or ""
 * @min: smallest that makes sense
 * @max: largest
 * @value: where it goes, on success only
 *
 * Context: process, may sleep.
 * Return: 0; -ENOENT; -EINVAL no number; -ERANGE; another -errno of a read.
 */
int xg_store_read_u64(xg_store_txn_t txn, const char *dir, const char *node,
		      u64 min, u64 max, u64 *value)
{
	unsigned int len;
	char *text;
	int err;

	text = xg_store_read(txn, dir, node, &len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	/* A NUL in the middle would hide what follows. */
	err = strlen(text) == len ? xg_xs_number(text, min, max, value) :
				    -EINVAL;
	kfree(text);
	return err;
}
EXPORT_SYMBOL_GPL(xg_store_read_u64);

/**
 * xg_store_read_or() - read an optional number
 * @dir: path
 * @node: name below it, or ""
 * @min: smallest that makes sense
 * @max: largest
 * @fallback: what to do without it
 *
 * Context: process, may sleep.
 * Return: the number; @fallback where it is absent, or malformed (which the log
 * tells).
 */
u64 xg_store_read_or(const char *dir, const char *node, u64 min, u64 max,
		     u64 fallback)
{
	u64 value = fallback;
	int err;

	err = xg_store_read_u64(XG_STORE_NONE, dir, node, min, max, &value);
	if (err && err != -ENOENT)
		pr_warn_ratelimited("%s/%s: no number from %llu to %llu (%d), taking %llu\n",
				    dir, node, min, max, err, fallback);
	return value;
}
EXPORT_SYMBOL_GPL(xg_store_read_or);

/* The strings as an array, in one allocation. */
static char **split(const char *body, u32 len, unsigned int *count)
{
	int nr = xg_xs_count(body, len);
	char **list, *text;
	int i;

	if (nr < 0)
		return ERR_PTR(nr);
	/*
	 * At most PAYLOAD_MAX strings: 36 KiB; of a listing, which has no empty
	 * ones, 320 KiB. The + 1 is for an empty list.
	 */
	list = kmalloc((nr + 1) * sizeof(*list) + len, GFP_NOIO | __GFP_NOWARN);
	if (!list)
		return ERR_PTR(-ENOMEM);
	text = (char *)&list[nr + 1];
	memcpy(text, body, len);
	for (i = 0; i < nr; i++) {
		list[i] = text;
		text += strlen(text) + 1;
	}
	list[nr] = NULL;
	*count = nr;
	return list;
}

static int list_part(xg_store_txn_t txn, const char *path,
		     struct xg_xs_listing *list)
{
	char offset[12];
	struct kvec parts[2] = {
		{ .iov_base = (char *)path, .iov_len = strlen(path) + 1 },
		{ .iov_base = offset },
	};
	struct xg_reply reply = {};
	int err;

	parts[1].iov_len = scnprintf(offset, sizeof(offset), "%u",
				     list->len) + 1;
	err = xg_conn_call(XS_DIRECTORY_PART, txn, parts, ARRAY_SIZE(parts),
			   &reply);
	if (err)
		return err;
	err = xg_xs_listing_add(list, reply.body, reply.len);
	kfree(reply.body);
	return err;
}

/* 0: @list is complete. Stores have this since Xen 4.9, others know no such call. */
static int list_parts(xg_store_txn_t txn, const char *path,
		      struct xg_xs_listing *list)
{
	unsigned int calls;
	int ret;

	for (calls = 0; calls < LISTING_CALLS; calls++) {
		ret = list_part(txn, path, list);
		if (ret == 1)
			return 0;
		if (ret == -ENOSYS || ret == -EINVAL)
			return -E2BIG;
		if (ret && ret != -EAGAIN)
			return ret;
	}
	return -EAGAIN;
}

static char **long_directory(xg_store_txn_t txn, const char *dir,
			     const char *node, unsigned int *count)
{
	struct xg_xs_listing list = { .size = LISTING_MAX };
	char *path, **names;
	int err;

	path = xg_path_join(dir, node);
	if (IS_ERR(path))
		return ERR_CAST(path);
	list.names = kvmalloc(list.size, GFP_NOIO);
	err = list.names ? list_parts(txn, path, &list) : -ENOMEM;
	names = err ? ERR_PTR(err) : split(list.names, list.len, count);
	kvfree(list.names);
	kfree(path);
	return names;
}

/**
 * xg_store_directory() - list a directory
 * @txn: the transaction, or XG_STORE_NONE
 * @dir: path
 * @node: name below it, or ""
 * @count: where the number of names goes
 *
 * Protocol: XS_DIRECTORY; XS_DIRECTORY_PART for a list over XENSTORE_PAYLOAD_MAX.
 *
 * Context: process, may sleep.
 * Return: the names, unchecked, for the caller to kfree() in one; ERR_PTR: -E2BIG
 * over 64 KiB, or too long for a store that has no parts; -EAGAIN it changes again
 * and again while it is read; another -errno.
 */
char **xg_store_directory(xg_store_txn_t txn, const char *dir,
			  const char *node, unsigned int *count)
{
	struct xg_reply reply = {};
	char **names;
	int err;

	err = path_call(XS_DIRECTORY, txn, dir, node, NULL, &reply);
	if (err == -E2BIG)
		return long_directory(txn, dir, node, count);
	if (err)
		return ERR_PTR(err);
	names = split(reply.body, reply.len, count);
	kfree(reply.body);
	return names;
}
EXPORT_SYMBOL_GPL(xg_store_directory);

/* 1, 0, or why it cannot be told. */
static int exists(xg_store_txn_t txn, const char *dir, const char *node)
{
	char *value = xg_store_read(txn, dir, node, NULL);

	if (IS_ERR(value))
		return PTR_ERR(value) == -ENOENT ? 0 : PTR_ERR(value);
	kfree(value);
	return 1;
}

struct mkdir {
	const char *dir;
	const char *node;
};

static int make_key(xg_store_txn_t txn, void *data)
{
	const struct mkdir *m = data;
	int there = exists(txn, m->dir, m->node);

	/* Whatever cannot be read must not be emptied. */
	if (there)
		return there < 0 ? there : 0;
	return xg_store_write(txn, m->dir, m->node, "");
}

/**
 * xg_store_mkdir() - make a key where there is none
 * @txn: the transaction, or XG_STORE_NONE
 * @dir: path
 * @node: name below it, or ""
 *
 * Protocol: reads and writes. XS_MKDIR would be shorter, but QEMU's store aborts
 * when one succeeds, and the guest with it.
 *
 * Context: process, may sleep.
 * Return: 0, also where it exists; -errno.
 */
int xg_store_mkdir(xg_store_txn_t txn, const char *dir, const char *node)
{
	struct mkdir m = { .dir = dir, .node = node };

	if (txn != XG_STORE_NONE)
		return make_key(txn, &m);
	return xg_store_transaction(make_key, &m);
}
EXPORT_SYMBOL_GPL(xg_store_mkdir);

/**
 * xg_store_rm() - remove a key and all below it
 * @txn: the transaction, or XG_STORE_NONE
 * @dir: path
 * @node: name below it, or ""
 *
 * Protocol: XS_RM. Stores differ in what they say where there is none: here it
 * is no error.
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int xg_store_rm(xg_store_txn_t txn, const char *dir, const char *node)
{
	int err = path_call(XS_RM, txn, dir, node, NULL, NULL);

	return err == -ENOENT ? 0 : err;
}
EXPORT_SYMBOL_GPL(xg_store_rm);

/**
 * xg_store_exists() - is there such a key, and may we read it?
 * @txn: the transaction, or XG_STORE_NONE
 * @dir: path
 * @node: name below it, or ""
 *
 * Context: process, may sleep.
 * Return: true or false; false also where the store cannot be asked.
 */
bool xg_store_exists(xg_store_txn_t txn, const char *dir, const char *node)
{
	return exists(txn, dir, node) > 0;
}
EXPORT_SYMBOL_GPL(xg_store_exists);

/**
 * xg_store_set_perms() - who may read and write a key
 * @txn: the transaction, or XG_STORE_NONE
 * @path: the key
 * @perms: as on the wire: the owner with the others' rights, then exceptions
 * @count: how many, at most 64
 *
 * Protocol: XS_SET_PERMS.
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int xg_store_set_perms(xg_store_txn_t txn, const char *path,
		       const char *const *perms, unsigned int count)
{
	struct kvec *parts;
	unsigned int i;
	char *name;
	int err;

	if (!count || count > PERMS_MAX)
		return -EINVAL;
	name = xg_path_join(path, "");
	if (IS_ERR(name))
		return PTR_ERR(name);
	parts = kcalloc(count + 1, sizeof(*parts), GFP_NOIO);
	if (!parts) {
		kfree(name);
		return -ENOMEM;
	}
	parts[0].iov_base = name;
	parts[0].iov_len = strlen(name) + 1;
	for (i = 0; i < count; i++) {
		parts[i + 1].iov_base = (char *)perms[i];
		parts[i + 1].iov_len = strlen(perms[i]) + 1;
	}
	err = xg_conn_call(XS_SET_PERMS, txn, parts, count + 1, NULL);
	kfree(parts);
	kfree(name);
	return err;
}
EXPORT_SYMBOL_GPL(xg_store_set_perms);

/**
 * xg_store_get_perms() - who may read and write a key
 * @txn: the transaction, or XG_STORE_NONE
 * @path: the key
 * @count: where the number of entries goes
 *
 * Protocol: XS_GET_PERMS.
 *
 * Context: process, may sleep.
 * Return: the entries, for the caller to kfree() in one; ERR_PTR.
 */
char **xg_store_get_perms(xg_store_txn_t txn, const char *path,
			  unsigned int *count)
{
	struct xg_reply reply = {};
	char **perms;
	int err;

	err = path_call(XS_GET_PERMS, txn, path, "", NULL, &reply);
	if (err)
		return ERR_PTR(err);
	perms = split(reply.body, reply.len, count);
	kfree(reply.body);
	return perms;
}
EXPORT_SYMBOL_GPL(xg_store_get_perms);

/* --- requests of programs ------------------------------------------------------ */

/**
 * xg_store_forward() - make a request that a program has put together
 * @type: XS_READ and so on
 * @txn: the transaction, or XG_STORE_NONE
 * @body: the payload, unchecked: the store judges it
 * @len: its length
 * @answer: filled in on success; an XS_ERROR is an answer, too
 *
 * A transaction that was started is the caller's to end, with the same call.
 *
 * Context: process, may sleep.
 * Return: 0; -EPERM for what is the whole connection's; -E2BIG; -EIO the
 * connection failed, or broke within @txn; -ENOMEM.
 */
int xg_store_forward(u32 type, xg_store_txn_t txn, const void *body, u32 len,
		     struct xg_store_answer *answer)
{
	struct kvec part = { .iov_base = (void *)body, .iov_len = len };
	struct xg_reply reply = { .raw = true };
	u64 id;
	int err;

	/* Nor may it begin with what only the store says. */
	if (type == XS_WATCH || type == XS_UNWATCH || type == XS_RESET_WATCHES ||
	    type == XS_WATCH_EVENT || type == XS_ERROR)
		return -EPERM;
	err = xg_conn_call(type, txn, &part, 1, &reply);
	if (err)
		return err;
	answer->type = reply.type;
	answer->len = reply.len;
	answer->body = reply.body;
	answer->txn = XG_STORE_NONE;
	if (reply.type == XS_TRANSACTION_START &&
	    !xg_xs_number(reply.body, 1, U32_MAX, &id))
		answer->txn = xg_conn_txn(&reply, id);
	return 0;
}
EXPORT_SYMBOL_GPL(xg_store_forward);

/**
 * xg_store_txn_lost() - has a transaction ended with its connection?
 * @txn: from an xg_store_answer
 *
 * Context: any.
 * Return: whether it has; then it has no effect, and the store may give its number
 * to another.
 */
bool xg_store_txn_lost(xg_store_txn_t txn)
{
	return xg_conn_txn_lost(txn);
}
EXPORT_SYMBOL_GPL(xg_store_txn_lost);

/* --- transactions ------------------------------------------------------------ */

static int txn_start(xg_store_txn_t *txn)
{
	struct kvec nothing = { .iov_base = "", .iov_len = 1 };
	struct xg_reply reply = {};
	u64 id;
	int err;

	err = xg_conn_call(XS_TRANSACTION_START, XG_STORE_NONE, &nothing, 1,
			   &reply);
	if (err)
		return err;
	err = xg_xs_number(reply.body, 1, U32_MAX, &id);
	kfree(reply.body);
	if (err)
		return -EIO;
	*txn = xg_conn_txn(&reply, id);
	return 0;
}

static int txn_end(xg_store_txn_t txn, bool commit)
{
	struct kvec how = {
		.iov_base = commit ? "T" : "F",
		.iov_len = 2,
	};

	return xg_conn_call(XS_TRANSACTION_END, txn, &how, 1, NULL);
}

/**
 * xg_store_transaction() - do several things as one
 * @fn: does them with the transaction it is given; may be called again
 * @data: for @fn
 *
 * Protocol: XS_TRANSACTION_START, XS_TRANSACTION_END. Where somebody else changed
 * what @fn has read or written, the store refuses the commit and @fn runs again. So
 * it does where the connection broke before the commit: nothing has happened then.
 *
 * Context: process, may sleep.
 * Return: 0; the error of @fn; -EAGAIN after 100 refusals; -EIO the connection
 * broke, in a commit it is unknown whether before or after; another -errno.
 */
int xg_store_transaction(int (*fn)(xg_store_txn_t txn, void *data), void *data)
{
	unsigned int tries;
	xg_store_txn_t txn;
	int err = -EAGAIN;

	for (tries = 0; err == -EAGAIN && tries < COMMIT_TRIES; tries++) {
		err = txn_start(&txn);
		if (err)
			return err;
		err = fn(txn, data);
		if (xg_conn_txn_lost(txn)) {
			err = -EAGAIN;
			continue;
		}
		if (err) {
			txn_end(txn, false);
			return err;
		}
		err = txn_end(txn, true);
	}
	return err;
}
EXPORT_SYMBOL_GPL(xg_store_transaction);
