// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the toolstack asks of the guest: control/shutdown and control/sysrq.
 *
 * It writes a word, the guest puts "" in its place and does it (Xen
 * docs/misc/xenstore-paths.pandoc). First the answer, then the deed: the deed may
 * be the last thing this kernel does, and what is answered in a transaction is
 * done once. Start reading at shutdown_changed().
 *
 * Each watch's work runs alone; the two share nothing.
 */
#define pr_fmt(fmt) "xg-control: " fmt

#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/ratelimit.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysrq.h>
#include <linux/workqueue.h>
#include <xg/platform.h>
#include <xg/store.h>

#define SHOWN		16		/* bytes of a bad value that the log gets */
#define UNDER_WAY	(30ULL * HZ)	/* a shutdown; then somebody stopped it */

/* --- requests -------------------------------------------------------------- */

struct request {
	const char *path;
	char *value;
	unsigned int len;
};

/* -ENOENT: nothing is asked. May run again. */
static int take(xg_store_txn_t txn, void *data)
{
	struct request *req = data;
	char *value;

	kfree(req->value);
	req->value = NULL;
	value = xg_store_read(txn, req->path, "", &req->len);
	if (IS_ERR(value))
		return PTR_ERR(value);
	req->value = value;
	return req->len ? xg_store_write(txn, req->path, "", "") : -ENOENT;
}

/* True: there was one, and now it is answered. kfree(@req->value) always. */
static bool take_request(struct request *req)
{
	int err = xg_store_transaction(take, req);

	if (err && err != -ENOENT)
		pr_err_ratelimited("%s cannot be answered (%d), nothing is done\n",
				   req->path, err);
	return !err;
}

/* --- shutdown -------------------------------------------------------------- */

static void power_off(void)
{
	/* By force where there is no program for it, as for a reboot. */
	orderly_poweroff(true);
}

/* No watch's call: those have to go on while the machine comes back. */
static void do_suspend(struct work_struct *work)
{
	struct xg_platform *platform = xg_store_platform();
	int ret = platform->suspend(platform);

	if (!ret)
		pr_info("suspend: restored\n");
	else if (ret > 0)
		pr_info("suspend: cancelled by the toolstack, going on\n");
	else
		pr_err("suspend: not possible (%d), going on\n", ret);
}

static DECLARE_WORK(suspend_work, do_suspend);

static void suspend(void)
{
	queue_work(system_unbound_wq, &suspend_work);
}

/* Toolstacks tell "halt" from "poweroff", a guest without a console does not. */
static const struct verb {
	const char *name;
	const char *feature;	/* says that we can; NULL: there is none */
	void (*run)(void);
	bool is_end;
} verbs[] = {
	{ "poweroff", "feature-poweroff", power_off, true },
	{ "halt", NULL, power_off, true },
	{ "reboot", "feature-reboot", orderly_reboot, true },
	{ "suspend", "feature-suspend", suspend, false },
};

static const struct verb *find_verb(const struct request *req)
{
	const struct verb *v;

	for (v = verbs; v < verbs + ARRAY_SIZE(verbs); v++)
		if (req->len == strlen(v->name) &&
		    !memcmp(req->value, v->name, req->len))
			return v;
	return NULL;
}

/* Is the guest on its way down already, by a request or by its own will? */
static bool going_down(const struct verb *verb)
{
	static bool asked;
	static u64 since;
	u64 now = get_jiffies_64();

	if (system_state > SYSTEM_RUNNING ||
	    (asked && time_before64(now, since + UNDER_WAY)))
		return true;
	asked = verb->is_end;
	since = now;
	return false;
}

static void shutdown_changed(struct xg_store_watch *watch, const char *path)
{
	struct request req = { .path = watch->path };
	const struct verb *verb;

	if (!take_request(&req))
		goto free;
	verb = find_verb(&req);
	if (!verb) {
		pr_warn_ratelimited("shutdown: \"%*pE\" is asked, which this guest cannot do\n",
				    min_t(int, req.len, SHOWN), req.value);
	} else if (going_down(verb)) {
		pr_info_ratelimited("shutdown: \"%s\" is asked, but the guest is going down already\n",
				    verb->name);
	} else {
		pr_info("shutdown: \"%s\", as the toolstack asks\n",
			verb->name);
		verb->run();
	}
free:
	kfree(req.value);
}

/* --- sysrq ----------------------------------------------------------------- */

/* kernel.sysrq says which keys do anything, as at any keyboard. */
static void press(char key)
{
	pr_info("sysrq: '%c', as the toolstack asks%s\n", key,
		sysrq_mask() ? "" : ", but kernel.sysrq is 0");
	handle_sysrq(key);
}

static void sysrq_changed(struct xg_store_watch *watch, const char *path)
{
	/* One line tells it all. */
	static struct ratelimit_state bad =
		RATELIMIT_STATE_INIT_FLAGS(bad, 60 * HZ, 1,
					   RATELIMIT_MSG_ON_RELEASE);
	struct request req = { .path = watch->path };

	if (take_request(&req)) {
		if (req.len == 1 && isascii(req.value[0]) &&
		    isgraph(req.value[0]))
			press(req.value[0]);
		else if (__ratelimit(&bad))
			pr_warn("sysrq: \"%*pE\" is no key, nothing is done\n",
				min_t(int, req.len, SHOWN), req.value);
	}
	kfree(req.value);
}

/* --- start and stop -------------------------------------------------------- */

static struct watch {
	struct xg_store_watch store;
	bool watching;
} watches[] = {
	{ { .path = "control/shutdown", .fired = shutdown_changed } },
	{ { .path = "control/sysrq", .fired = sysrq_changed } },
};

/*
 * "1": can do it; "": who knows, which is how the toolstack makes the keys. To
 * remove them would be for good, "control" itself is not ours to write. Where a
 * toolstack makes none the request works as well.
 */
static void say_features(const char *value)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!verbs[i].feature)
			continue;
		err = xg_store_write(XG_STORE_NONE, "control",
				     verbs[i].feature, value);
		if (err)
			pr_info("control/%s cannot be written (%d)\n",
				verbs[i].feature, err);
	}
}

static void store_up(void)
{
	struct watch *w;
	int err;

	for (w = watches; w < watches + ARRAY_SIZE(watches); w++) {
		err = xg_store_watch(&w->store);
		w->watching = !err;
		if (err)
			pr_err("%s cannot be watched (%d)\n", w->store.path,
			       err);
	}
	if (watches[0].watching)
		say_features("1");
}

static void store_down(void)
{
	struct watch *w;

	if (watches[0].watching)
		say_features("");
	for (w = watches; w < watches + ARRAY_SIZE(watches); w++)
		if (w->watching)
			xg_store_unwatch(&w->store);
	/* Nobody asks for one any more. */
	cancel_work_sync(&suspend_work);
}

/* The new domain's toolstack has made the keys anew. */
static void store_moved(void)
{
	if (watches[0].watching)
		say_features("1");
}

static struct xg_store_user user = {
	.up = store_up,
	.down = store_down,
	.moved = store_moved,
};

static int __init control_init(void)
{
	xg_store_join(&user);
	return 0;
}

static void __exit control_exit(void)
{
	xg_store_leave(&user);
}

module_init(control_init);
module_exit(control_exit);

MODULE_DESCRIPTION("Shutdown, reboot and sysrq at the toolstack's request");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
