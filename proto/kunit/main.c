// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * xg-proto-kunit.ko, or the program proto/host runs: every suite, once.
 */
#ifdef __KERNEL__
#define pr_fmt(fmt) "xg-proto-kunit: " fmt
#include <linux/module.h>
#endif

#include "kunit.h"

kunit_test_suites(&xg_ring_suite, &xg_slots_suite, &xg_bytes_suite,
		  &xg_blk_suite, &xg_net_suite, &xg_xs_suite, &xg_fifo_suite);

#ifdef XG_PROTO_STANDIN_H
#include "standin.c"
#endif

#ifdef __KERNEL__
MODULE_DESCRIPTION("Tests of xg-proto");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("Dual MIT/GPL");
#endif
