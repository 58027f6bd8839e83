/* SPDX-License-Identifier: GPL-2.0-only */
/* What the test module's files share. */
#ifndef XG_TEST_XENBUS_H
#define XG_TEST_XENBUS_H

#include <linux/printk.h>
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

/* Is @node's value @wanted? What does reading it say, 0 or -errno? */
bool xg_test_holds(xg_store_txn_t txn, const char *node, const char *wanted);
int xg_test_read(const char *dir, const char *node);

int xg_test_watches(void);
int xg_test_flood(void);
int xg_test_lies(void);
int xg_test_broken(void);

#endif /* XG_TEST_XENBUS_H */
