// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * KUnit's part in a kernel without it: run the suites, print KTAP. Included by
 * main.c where KUnit is missing.
 */

void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	if (test->nr_mem == ARRAY_SIZE(test->mem))
		return NULL;
	return test->mem[test->nr_mem++] = kzalloc(size, gfp);
}

void standin_fail(struct kunit *test, const char *file, int line,
		  const char *what, long long left, long long right)
{
	const char *name = strrchr(file, '/');

	/* A case that goes wrong in a loop says so a few times, not for ever. */
	if (test->failures++ < 8)
		standin_print("    # %s:%d: expected %s: %lld, %lld\n",
			      name ? name + 1 : file, line, what, left, right);
}

static unsigned int standin_suite(const struct kunit_suite *suite)
{
	const struct kunit_case *c;
	unsigned int failed = 0;
	int nr = 0;

	for (c = suite->test_cases; c->run_case; c++)
		nr++;
	standin_print("    KTAP version 1\n");
	standin_print("    # Subtest: %s\n", suite->name);
	standin_print("    1..%d\n", nr);

	nr = 0;
	for (c = suite->test_cases; c->run_case; c++) {
		struct kunit test = {};

		c->run_case(&test);
		peer_acts(NULL, NULL);
		while (test.nr_mem)
			kfree(test.mem[--test.nr_mem]);
		failed += !!test.failures;
		standin_print("    %sok %d %s\n", test.failures ? "not " : "",
			      ++nr, c->name);
	}
	return failed;
}

/* How many cases failed. */
static unsigned int standin_run(void)
{
	unsigned int failed = 0;
	unsigned int i;

	standin_print("KTAP version 1\n");
	standin_print("1..%d\n", (int)ARRAY_SIZE(standin_suites));
	for (i = 0; i < ARRAY_SIZE(standin_suites); i++) {
		unsigned int bad = standin_suite(standin_suites[i]);

		standin_print("%sok %d %s\n", bad ? "not " : "", i + 1,
			      standin_suites[i]->name);
		failed += bad;
	}
	return failed;
}

#ifdef __KERNEL__
static int __init standin_init(void)
{
	return standin_run() ? -EINVAL : 0;
}
module_init(standin_init);

static void __exit standin_exit(void)
{
}
module_exit(standin_exit);
#else
int main(void)
{
	return standin_run() ? 1 : 0;
}
#endif
