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
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <xen/interface/xen.h>
#include <xen/interface/io/xs_wire.h>
#include <xg/hypercall.h>
#include "xg-test-xenbus.h"

bool xg_test_holds(xg_store_txn_t txn, const char *node, const char *wanted)
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

int xg_test_read(const char *dir, const char *node)
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
	CHECK(xg_test_holds(NONE, "a", "one"));
	CHECK(!xg_store_write(NONE, TOP, "a", ""));
	CHECK(xg_test_holds(NONE, "a", ""));
	CHECK(!xg_store_printf(NONE, TOP "/deep/er", "b", "%s %d", "n", -5));
	CHECK(xg_test_holds(NONE, "deep/er/b", "n -5"));
	CHECK(xg_store_exists(NONE, TOP "/deep/er", "b"));
	CHECK(xg_store_exists(NONE, TOP "/deep/er", ""));
	CHECK(!xg_store_exists(NONE, TOP, "deep/b"));
	CHECK(!xg_store_mkdir(NONE, TOP, "empty"));
	CHECK(!xg_store_mkdir(NONE, TOP, "empty"));
	CHECK(xg_test_holds(NONE, "empty", ""));
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

	CHECK(xg_test_read(TOP, "none") == -ENOENT);
	CHECK(xg_test_read(TOP, "with blank") == -EINVAL);
	CHECK(xg_test_read(TOP, "two//slashes") == -EINVAL);
	CHECK(xg_store_write(NONE, "/local/domain/0/xg-test", "", "x") < 0);
	CHECK(xg_store_write(0x7fffffff, TOP, "a", "x") < 0);
	CHECK(xg_store_set_perms(NONE, TOP, NULL, 0) == -EINVAL);
	/* And the connection is as good as before. */
	CHECK(!xg_store_write(NONE, TOP, "a", "x") && xg_test_holds(NONE, "a", "x"));
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
			CHECK(xg_test_holds(NONE, "v", text));
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
	CHECK(!xg_test_read(path, ""));
	CHECK(!xg_store_rm(NONE, path, ""));

	memset(path + len, 'p', XENSTORE_REL_PATH_MAX - len);
	got = xg_test_read(path, "");
	CHECK(got == -ENOENT || got == -EINVAL || got == -EACCES);
	path[XENSTORE_REL_PATH_MAX] = 'p';
	CHECK(xg_test_read(path, "") == -ENAMETOOLONG);
	path[0] = '/';
	memset(path + 1, 'p', XENSTORE_ABS_PATH_MAX);
	CHECK(xg_test_read(path, "") == -ENAMETOOLONG);
	CHECK(xg_test_read(TOP, path) == -ENAMETOOLONG);
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
	*(bool *)data = xg_test_holds(txn, "t", "lost") &&
			!xg_test_holds(NONE, "t", "lost");
	return -EDOM;
}

static int test_transactions(void)
{
	unsigned int runs = 0;
	bool apart = false;
	int err = 0;

	CHECK(!xg_store_write(NONE, TOP, "t", "5"));
	CHECK(!xg_store_transaction(add_one, &runs));
	CHECK(runs == 2 && xg_test_holds(NONE, "t", "101"));

	CHECK(xg_store_transaction(write_and_fail, &apart) == -EDOM);
	CHECK(apart && xg_test_holds(NONE, "t", "101"));

	runs = 0;
	CHECK(xg_store_transaction(always_between, &runs) == -EAGAIN);
	CHECK(runs == 100);
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
		if (!err && !xg_test_holds(NONE, node, value))
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
	{ "watches", xg_test_watches },
	{ "flood", xg_test_flood },
	{ "parallel", test_parallel },
	{ "lies", xg_test_lies },
	{ "broken", xg_test_broken },
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
