// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * xg-proto.ko: the protocol code as a module. It does nothing by itself.
 */
#include <linux/module.h>

MODULE_DESCRIPTION("Xen PV wire formats: rings, slots, blkif, netif, xenstore");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("Dual MIT/GPL");
