// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store client, tested from inside the kernel, below the guest's own "data".
 *
 * Write a test's name to debugfs xg/test-xenbus: the write succeeds when the test
 * does and fails with EINVAL otherwise; the kernel's log says which line. Each
 * test has a fresh directory and leaves none.
 */
#define pr_fmt(fmt) "xg-test-xenbus: " fmt

#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/barrier.h>
#include <xen/interface/xen.h>
#include <xen/interface/hvm/params.h>
#include <xen/interface/io/xs_wire.h>
#include <xg/hypercall.h>
#include <xg/store.h>

#define TOP	"data/xg-test"
#define NONE	XG_STORE_NONE

/* Note the failure and go on, to clean up; err is the test's result. */
#define CHECK(cond)							\
do {									\
	if (!(cond)) {							\
		pr_err("line %d: not so: %s\n", __LINE__, #cond);	\
		err = -EINVAL;						\
	}								\
} while (0)

static bool holds(xg_store_txn_t txn, const char *node, const char *wanted)
{
	unsigned int len;
	char *value = xg_store_read(txn, TOP, node, &len);
	bool same;

	if (IS_ERR(value))
		return false;
	same = len == strlen(wanted) && !strcmp(value, wanted);
	kfree(value);
	return same;
}

static int read_error(const char *dir, const char *node)
{
	char *value = xg_store_read(NONE, dir, node, NULL);

	if (IS_ERR(value))
		return PTR_ERR(value);
	kfree(value);
	return 0;
}

/* --- keys --------------------------------------------------------------------- */

static int test_keys(void)
{
	int err = 0;

	CHECK(!xg_store_write(NONE, TOP, "a", "one"));
	CHECK(holds(NONE, "a", "one"));
	CHECK(!xg_store_write(NONE, TOP, "a", ""));
	CHECK(holds(NONE, "a", ""));
	CHECK(!xg_store_printf(NONE, TOP "/deep/er", "b", "%s %d", "n", -5));
	CHECK(holds(NONE, "deep/er/b", "n -5"));
	CHECK(xg_store_exists(NONE, TOP "/deep/er", "b"));
	CHECK(xg_store_exists(NONE, TOP "/deep/er", ""));
	CHECK(!xg_store_exists(NONE, TOP, "deep/b"));
	CHECK(!xg_store_mkdir(NONE, TOP, "empty"));
	CHECK(!xg_store_mkdir(NONE, TOP, "empty"));
	CHECK(holds(NONE, "empty", ""));
	CHECK(!xg_store_rm(NONE, TOP, "deep"));
	CHECK(!xg_store_exists(NONE, TOP "/deep/er", "b"));
	CHECK(!xg_store_rm(NONE, TOP, "deep"));
	CHECK(!xg_store_rm(NONE, TOP, "deep/er"));
	return err;
}

static bool lists(char **names, unsigned int count, const char *name)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static int test_directory(void)
{
	unsigned int count, i;
	char **names, name[8];
	int err = 0;

	CHECK(!xg_store_mkdir(NONE, TOP, "d"));
	names = xg_store_directory(NONE, TOP, "d", &count);
	CHECK(!IS_ERR(names) && !count);
	if (!IS_ERR(names))
		kfree(names);
	for (i = 0; i < 100; i++)
		CHECK(!xg_store_printf(NONE, TOP "/d", "", "x") &&
		      !(snprintf(name, sizeof(name), "k%u", i) < 0) &&
		      !xg_store_mkdir(NONE, TOP "/d", name));
	names = xg_store_directory(NONE, TOP, "d", &count);
	CHECK(!IS_ERR(names) && count == 100);
	if (!IS_ERR(names)) {
		CHECK(lists(names, count, "k0") && lists(names, count, "k99"));
		kfree(names);
	}
	CHECK(PTR_ERR(xg_store_directory(NONE, TOP, "no", &count)) == -ENOENT);
	return err;
}

/*
 * A directory of more names than one message holds, or as many as this store's
 * quota lets a guest make.
 */
static int test_big_directory(void)
{
	unsigned int count, made, i;
	char **names, name[40];
	int err = 0, got = 0;

	for (made = 0; !got && made < 300; made += !got) {
		snprintf(name, sizeof(name), "big/a-name-of-some-length-%u",
			 made);
		got = xg_store_write(NONE, TOP, name, "");
	}
	CHECK(!got || got == -ENOSPC || got == -E2BIG);
	CHECK(made >= 20);
	names = xg_store_directory(NONE, TOP, "big", &count);
	CHECK(!IS_ERR(names) && count == made);
	if (IS_ERR(names))
		return PTR_ERR(names);
	for (i = 0; i < made; i++) {
		snprintf(name, sizeof(name), "a-name-of-some-length-%u", i);
		CHECK(lists(names, count, name));
	}
	kfree(names);
	pr_info("directory of %u names listed\n", made);
	return err;
}

static int test_numbers(void)
{
	u64 value = 7;
	int err = 0;

	CHECK(!xg_store_write(NONE, TOP, "n", "18446744073709551615"));
	CHECK(!xg_store_read_u64(NONE, TOP, "n", 0, U64_MAX, &value));
	CHECK(value == U64_MAX);
	CHECK(xg_store_read_u64(NONE, TOP, "n", 0, 9, &value) == -ERANGE);
	CHECK(!xg_store_write(NONE, TOP, "n", "12 "));
	CHECK(xg_store_read_u64(NONE, TOP, "n", 0, 99, &value) == -EINVAL);
	CHECK(!xg_store_write(NONE, TOP, "n", "-1"));
	CHECK(xg_store_read_u64(NONE, TOP, "n", 0, 99, &value) == -EINVAL);
	CHECK(!xg_store_write(NONE, TOP, "n", ""));
	CHECK(xg_store_read_u64(NONE, TOP, "n", 0, 99, &value) == -EINVAL);
	CHECK(xg_store_read_u64(NONE, TOP, "m", 0, 99, &value) == -ENOENT);
	CHECK(value == U64_MAX);
	CHECK(xg_store_read_or(TOP, "n", 0, 99, 42) == 42);
	CHECK(xg_store_read_or(TOP, "m", 0, 99, 43) == 43);
	return err;
}

static int test_errors(void)
{
	int err = 0;

	CHECK(read_error(TOP, "none") == -ENOENT);
	CHECK(read_error(TOP, "with blank") == -EINVAL);
	CHECK(read_error(TOP, "two//slashes") == -EINVAL);
	CHECK(xg_store_write(NONE, "/local/domain/0/xg-test", "", "x") < 0);
	CHECK(xg_store_write(0x7fffffff, TOP, "a", "x") < 0);
	CHECK(xg_store_set_perms(NONE, TOP, NULL, 0) == -EINVAL);
	/* And the connection is as good as before. */
	CHECK(!xg_store_write(NONE, TOP, "a", "x") && holds(NONE, "a", "x"));
	return err;
}

/* --- sizes ----------------------------------------------------------------------- */

static char *filled(size_t len)
{
	char *text = kmalloc(len + 1, GFP_KERNEL);

	if (text) {
		memset(text, 'v', len);
		text[len] = '\0';
	}
	return text;
}

/*
 * The longest value goes through a ring a quarter its size, both ways. A store
 * may allow a value less than the message does (its quota: 2048 by default).
 */
static int test_sizes(void)
{
	const size_t room = XENSTORE_PAYLOAD_MAX - sizeof(TOP "/v");
	size_t len, best = 0;
	char *text;
	int err = 0, got;

	for (len = 1; len <= room; len = len < room ? min(len * 2, room) :
						      room + 1) {
		text = filled(len);
		if (!text)
			return -ENOMEM;
		got = xg_store_write(NONE, TOP, "v", text);
		CHECK(!got || ((got == -ENOSPC || got == -E2BIG) &&
			       len > 1024));
		if (!got) {
			best = len;
			CHECK(holds(NONE, "v", text));
		}
		kfree(text);
	}
	pr_info("longest value: %zu of %zu\n", best, room);
	CHECK(best >= 1024);
	text = filled(room + 1);
	CHECK(text && xg_store_write(NONE, TOP, "v", text) == -E2BIG);
	kfree(text);
	return err;
}

/* Names of 255 bytes, as many as a relative path takes. */
static int test_paths(void)
{
	char *path = kzalloc(XENSTORE_ABS_PATH_MAX + 2, GFP_KERNEL);
	size_t len = strlen(TOP);
	int err = 0, got;

	if (!path)
		return -ENOMEM;
	strscpy(path, TOP, XENSTORE_REL_PATH_MAX);
	while (len + 200 < 1024) {
		path[len] = '/';
		memset(path + len + 1, 'p', 199);
		len += 200;
	}
	CHECK(!xg_store_write(NONE, path, "", "far"));
	CHECK(!read_error(path, ""));
	CHECK(!xg_store_rm(NONE, path, ""));

	memset(path + len, 'p', XENSTORE_REL_PATH_MAX - len);
	got = read_error(path, "");
	CHECK(got == -ENOENT || got == -EINVAL || got == -EACCES);
	path[XENSTORE_REL_PATH_MAX] = 'p';
	CHECK(read_error(path, "") == -ENAMETOOLONG);
	path[0] = '/';
	memset(path + 1, 'p', XENSTORE_ABS_PATH_MAX);
	CHECK(read_error(path, "") == -ENAMETOOLONG);
	CHECK(read_error(TOP, path) == -ENAMETOOLONG);
	kfree(path);
	return err;
}

/* --- permissions -------------------------------------------------------------------- */

static int test_perms(void)
{
	const char *perms[2], *wanted = NULL;
	char **list, *owner = NULL;
	unsigned int count;
	int err = 0;

	CHECK(!xg_store_write(NONE, TOP, "p", "x"));
	list = xg_store_get_perms(NONE, TOP "/p", &count);
	CHECK(!IS_ERR(list) && count >= 1 && list[0][0] == 'n');
	if (IS_ERR(list))
		return PTR_ERR(list);
	owner = kstrdup(list[0], GFP_KERNEL);
	kfree(list);
	if (!owner)
		return -ENOMEM;
	perms[0] = owner;
	perms[1] = "r0";
	wanted = perms[1];
	CHECK(!xg_store_set_perms(NONE, TOP "/p", perms, 2));
	list = xg_store_get_perms(NONE, TOP "/p", &count);
	CHECK(!IS_ERR(list) && count == 2 && !strcmp(list[0], owner) &&
	      !strcmp(list[1], wanted));
	if (!IS_ERR(list))
		kfree(list);
	perms[1] = "x0";
	CHECK(xg_store_set_perms(NONE, TOP "/p", perms, 2) < 0);
	kfree(owner);
	return err;
}

/* --- transactions ----------------------------------------------------------------- */

static int add_one(xg_store_txn_t txn, void *data)
{
	unsigned int *runs = data;
	u64 value;
	int err;

	(*runs)++;
	err = xg_store_read_u64(txn, TOP, "t", 0, 1000000, &value);
	if (err)
		return err;
	/* Somebody comes between, the first time. */
	if (*runs == 1) {
		err = xg_store_write(NONE, TOP, "t", "100");
		if (err)
			return err;
	}
	return xg_store_printf(txn, TOP, "t", "%llu", value + 1);
}

static int always_between(xg_store_txn_t txn, void *data)
{
	unsigned int *runs = data;

	(*runs)++;
	return xg_store_printf(txn, TOP, "t", "x") ?:
	       xg_store_printf(NONE, TOP, "t", "%u", *runs);
}

static int write_and_fail(xg_store_txn_t txn, void *data)
{
	int err;

	err = xg_store_write(txn, TOP, "t", "lost");
	if (err)
		return err;
	*(bool *)data = holds(txn, "t", "lost") && !holds(NONE, "t", "lost");
	return -EDOM;
}

static int test_transactions(void)
{
	unsigned int runs = 0;
	bool apart = false;
	int err = 0;

	CHECK(!xg_store_write(NONE, TOP, "t", "5"));
	CHECK(!xg_store_transaction(add_one, &runs));
	CHECK(runs == 2 && holds(NONE, "t", "101"));

	CHECK(xg_store_transaction(write_and_fail, &apart) == -EDOM);
	CHECK(apart && holds(NONE, "t", "101"));

	runs = 0;
	CHECK(xg_store_transaction(always_between, &runs) == -EAGAIN);
	CHECK(runs == 100);
	return err;
}

/* --- watches ---------------------------------------------------------------------- */

#define KEYS 20

struct seen {
	struct xg_store_watch watch;
	wait_queue_head_t wait;
	unsigned int fired;
	unsigned int next;
	bool disorder;
	unsigned int sleep_ms;
};

static void note(struct xg_store_watch *watch, const char *path)
{
	struct seen *seen = container_of(watch, struct seen, watch);
	unsigned int nr;

	if (sscanf(path, TOP "/w/k%u", &nr) == 1) {
		if (nr != seen->next)
			seen->disorder = true;
		seen->next = nr + 1;
		/* A handler may use the client. */
		if (read_error(path, ""))
			seen->disorder = true;
	}
	if (seen->sleep_ms)
		msleep(seen->sleep_ms);
	WRITE_ONCE(seen->fired, seen->fired + 1);
	wake_up(&seen->wait);
}

static int seen_start(struct seen *seen, const char *path)
{
	memset(seen, 0, sizeof(*seen));
	init_waitqueue_head(&seen->wait);
	seen->watch.path = path;
	seen->watch.fired = note;
	return xg_store_watch(&seen->watch);
}

static bool seen_fired(struct seen *seen, unsigned int times)
{
	return wait_event_timeout(seen->wait, READ_ONCE(seen->fired) >= times,
				  10 * HZ);
}

static int test_watches(void)
{
	struct seen *seen = kcalloc(2, sizeof(*seen), GFP_KERNEL);
	unsigned int i;
	char name[16];
	int err = 0;

	if (!seen)
		return -ENOMEM;
	CHECK(!seen_start(&seen[0], TOP "/w"));
	CHECK(!seen_start(&seen[1], TOP "/other"));
	CHECK(seen_fired(&seen[0], 1) && seen_fired(&seen[1], 1));

	for (i = 0; i < KEYS; i++) {
		snprintf(name, sizeof(name), "w/k%u", i);
		CHECK(!xg_store_write(NONE, TOP, name, "x"));
	}
	CHECK(seen_fired(&seen[0], 1 + KEYS));
	msleep(100);
	CHECK(seen[0].fired == 1 + KEYS && !seen[0].disorder);
	CHECK(seen[1].fired == 1);

	CHECK(!xg_store_rm(NONE, TOP, "w"));
	CHECK(seen_fired(&seen[0], 2 + KEYS));

	xg_store_unwatch(&seen[0].watch);
	i = seen[0].fired;
	CHECK(!xg_store_write(NONE, TOP, "w/k0", "x"));
	msleep(100);
	CHECK(seen[0].fired == i);
	xg_store_unwatch(&seen[1].watch);
	kfree(seen);
	return err;
}

/* A slow owner: its queue is bounded, and it learns that it missed something. */
static int test_flood(void)
{
	struct seen *seen = kzalloc(sizeof(*seen), GFP_KERNEL);
	unsigned int i;
	char name[16];
	int err = 0;

	if (!seen)
		return -ENOMEM;
	CHECK(!seen_start(seen, TOP "/f"));
	CHECK(seen_fired(seen, 1));
	seen->sleep_ms = 20;
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "f/%u", i % 100);
		CHECK(!xg_store_write(NONE, TOP, name, "x"));
	}
	/* The first is under way, 64 wait, one stands for the rest. */
	CHECK(seen_fired(seen, 66));
	seen->sleep_ms = 1000;
	CHECK(!xg_store_write(NONE, TOP, "f/x", "x"));
	/* unwatch waits for the handler and for nothing else */
	msleep(100);
	xg_store_unwatch(&seen->watch);
	i = seen->fired;
	msleep(1200);
	CHECK(seen->fired == i);
	kfree(seen);
	return err;
}

/* --- several callers ------------------------------------------------------------- */

#define CALLERS 8
#define CALLS 200

struct caller {
	struct completion done;
	struct task_struct *task;
	unsigned int nr;
	int err;
};

static int call_often(void *data)
{
	struct caller *me = data;
	char node[16], value[40];
	unsigned int i;
	int err = 0;

	snprintf(node, sizeof(node), "c%u", me->nr);
	for (i = 0; !err && i < CALLS / 2; i++) {
		/* Lengths differ, so that replies that got mixed up show. */
		snprintf(value, sizeof(value), "%u.%u.%.*s", me->nr, i, i % 20,
			 "....................");
		err = xg_store_write(NONE, TOP, node, value);
		if (!err && !holds(NONE, node, value))
			err = -EBADMSG;
	}
	me->err = err;
	complete(&me->done);
	return 0;
}

static int test_parallel(void)
{
	struct caller *callers;
	unsigned int i;
	int err = 0;

	callers = kcalloc(CALLERS, sizeof(*callers), GFP_KERNEL);
	if (!callers)
		return -ENOMEM;
	for (i = 0; i < CALLERS; i++) {
		callers[i].nr = i;
		init_completion(&callers[i].done);
		callers[i].task = kthread_run(call_often, &callers[i],
					      "xg-test-xenbus");
		CHECK(!IS_ERR(callers[i].task));
	}
	for (i = 0; i < CALLERS; i++) {
		if (IS_ERR(callers[i].task))
			continue;
		wait_for_completion(&callers[i].done);
		CHECK(!callers[i].err);
	}
	kfree(callers);
	return err;
}

/* --- a store that lies -------------------------------------------------------------- */

static void put_bytes(struct xenstore_domain_interface *page, const void *from,
		      u32 len)
{
	u32 at = READ_ONCE(page->rsp_prod);
	u32 i;

	for (i = 0; i < len; i++)
		page->rsp[MASK_XENSTORE_IDX(at + i)] = ((const char *)from)[i];
	/* Pairs with the reader's between rsp_prod and the bytes. */
	virt_wmb();
	WRITE_ONCE(page->rsp_prod, at + len);
}

/*
 * An answer that nobody asked for: written into the ring in the server's name,
 * while it has nothing to say. The next call finds it.
 */
static int tell_lie(void)
{
	struct xsd_sockmsg lie = { .type = XS_READ, .req_id = 0x6c696521 };
	struct xenstore_domain_interface *page;
	u64 pfn;

	if (xg_hvm_param_get(HVM_PARAM_STORE_PFN, &pfn))
		return -ENODEV;
	page = memremap(PFN_PHYS(pfn), PAGE_SIZE, MEMREMAP_WB);
	if (!page)
		return -ENOMEM;
	msleep(200);
	put_bytes(page, &lie, sizeof(lie));
	memunmap(page);
	return 0;
}

/* What is asked must be answered all the same, and the watches be there again. */
static int test_lies(void)
{
	struct seen *seen = kzalloc(sizeof(*seen), GFP_KERNEL);
	int err = 0;

	if (!seen)
		return -ENOMEM;
	CHECK(!seen_start(seen, TOP "/l"));
	CHECK(seen_fired(seen, 1));
	CHECK(!tell_lie());
	CHECK(!xg_store_write(NONE, TOP, "a", "x"));
	CHECK(holds(NONE, "a", "x"));
	CHECK(seen_fired(seen, 2));
	CHECK(!xg_store_write(NONE, TOP, "l", "x"));
	CHECK(seen_fired(seen, 3));
	xg_store_unwatch(&seen->watch);
	kfree(seen);
	return err;
}

struct broken {
	unsigned int runs;
	xg_store_txn_t first;
};

/* The first time the connection breaks in the middle. */
static int break_within(xg_store_txn_t txn, void *data)
{
	struct broken *b = data;
	int err;

	err = xg_store_write(txn, TOP, "t", "new");
	if (err || b->runs++)
		return err;
	b->first = txn;
	err = tell_lie();
	if (err)
		return err;
	/* Its error is not noticed here. */
	xg_store_write(txn, TOP, "u", "new");
	return 0;
}

/* Done once, on the new connection; and the old one's handle is good for nothing. */
static int test_broken(void)
{
	struct broken b = {};
	int err = 0;

	CHECK(!xg_store_write(NONE, TOP, "t", "old"));
	CHECK(!xg_store_transaction(break_within, &b));
	CHECK(b.runs == 2 && holds(NONE, "t", "new"));
	CHECK(xg_store_write(b.first, TOP, "t", "old") == -EIO);
	CHECK(holds(NONE, "t", "new") && read_error(TOP, "u") == -ENOENT);
	return err;
}

/* --- debugfs ----------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(void);
} tests[] = {
	{ "keys", test_keys },
	{ "directory", test_directory },
	{ "big-directory", test_big_directory },
	{ "numbers", test_numbers },
	{ "errors", test_errors },
	{ "sizes", test_sizes },
	{ "paths", test_paths },
	{ "perms", test_perms },
	{ "transactions", test_transactions },
	{ "watches", test_watches },
	{ "flood", test_flood },
	{ "parallel", test_parallel },
	{ "lies", test_lies },
	{ "broken", test_broken },
};

static struct dentry *file;
static DEFINE_MUTEX(lock);

static int run(const char *name)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		if (strcmp(name, tests[i].name))
			continue;
		xg_store_rm(NONE, TOP, "");
		err = xg_store_mkdir(NONE, TOP, "") ?: tests[i].run();
		return xg_store_rm(NONE, TOP, "") ?: err;
	}
	return -ENOENT;
}

static ssize_t test_write(struct file *f, const char __user *from, size_t len,
			  loff_t *pos)
{
	char name[32];
	int err;

	if (len >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, from, len))
		return -EFAULT;
	name[len] = '\0';
	mutex_lock(&lock);
	err = run(strim(name));
	mutex_unlock(&lock);
	return err ?: len;
}

static const struct file_operations test_fops = {
	.owner = THIS_MODULE,
	.write = test_write,
};

static int __init test_init(void)
{
	u64 domid;

	/* Without a root there is no connection. */
	if (xg_store_read_u64(NONE, "domid", "", 0, U16_MAX, &domid))
		return -ENODEV;
	file = debugfs_create_file("test-xenbus", 0200, xg_debugfs_root(), NULL,
				   &test_fops);
	return PTR_ERR_OR_ZERO(file);
}

static void __exit test_exit(void)
{
	debugfs_remove(file);
}

module_init(test_init);
module_exit(test_exit);
MODULE_DESCRIPTION("Test of the xg store client");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
