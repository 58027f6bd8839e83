/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What these tests use of <kunit/test.h>, for kernels and programs without it.
 * The results are KTAP; a module whose tests fail does not load.
 */
#ifndef XG_PROTO_STANDIN_H
#define XG_PROTO_STANDIN_H

#ifdef __KERNEL__
#include <linux/module.h>
#include <linux/slab.h>
#define standin_print		pr_info
#else
#include <stdio.h>
#include <stdlib.h>
#define gfp_t			int
#define GFP_KERNEL		0
#define kfree			free
#define standin_print		printf

static inline void *kzalloc(size_t size, gfp_t gfp)
{
	return calloc(1, size);
}
#endif

struct kunit {
	unsigned int failures;
	unsigned int nr_mem;
	void *mem[16];
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
};

struct kunit_suite {
	const char *name;
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(fn)	{ .run_case = fn, .name = #fn }

/* Freed when the case ends. */
void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp);
void standin_fail(struct kunit *test, const char *file, int line,
		  const char *what, long long left, long long right);

#define standin_eq(l, r)	((l) == (r))
#define standin_ne(l, r)	((l) != (r))
#define standin_le(l, r)	((l) <= (r))

#define STANDIN_COMPARE(test, l, op, r) ({				\
	__auto_type _l = (l);						\
	__auto_type _r = (r);						\
	bool _ok = standin_##op(_l, _r);				\
									\
	if (!_ok)							\
		standin_fail(test, __FILE__, __LINE__,			\
			     #l " " #op " " #r, (long long)_l,		\
			     (long long)_r);				\
	_ok; })

#define KUNIT_EXPECT_EQ(test, l, r)	((void)STANDIN_COMPARE(test, l, eq, r))
#define KUNIT_EXPECT_NE(test, l, r)	((void)STANDIN_COMPARE(test, l, ne, r))
#define KUNIT_EXPECT_TRUE(test, c)	KUNIT_EXPECT_EQ(test, !!(c), true)
#define KUNIT_EXPECT_FALSE(test, c)	KUNIT_EXPECT_EQ(test, !!(c), false)
#define KUNIT_EXPECT_NULL(test, p)	KUNIT_EXPECT_TRUE(test, !(p))
#define KUNIT_EXPECT_STREQ(test, l, r)	KUNIT_EXPECT_EQ(test, strcmp(l, r), 0)

#define standin_compare_eq(test, l, r)	STANDIN_COMPARE(test, l, eq, r)
#define standin_compare_le(test, l, r)	STANDIN_COMPARE(test, l, le, r)

/* Like KUnit's, these end the case. */
#define STANDIN_ASSERT(test, l, op, r) do {				\
	if (!standin_compare_##op(test, l, r))				\
		return;							\
} while (0)
#define KUNIT_ASSERT_EQ(test, l, r)	STANDIN_ASSERT(test, l, eq, r)
#define KUNIT_ASSERT_LE(test, l, r)	STANDIN_ASSERT(test, l, le, r)
#define KUNIT_ASSERT_TRUE(test, c)	KUNIT_ASSERT_EQ(test, !!(c), true)
#define KUNIT_ASSERT_NOT_NULL(test, p)	KUNIT_ASSERT_TRUE(test, p)

/* standin.c, included after this, runs them. */
#define kunit_test_suites(...) \
	static struct kunit_suite *const standin_suites[] = { __VA_ARGS__ }

#endif /* XG_PROTO_STANDIN_H */
