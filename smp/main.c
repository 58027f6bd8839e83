// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's processors: how many run (hotplug.c), how one calls another (ipi.c).
 * Both while there are event channels and a store.
 */
#include <linux/module.h>
#include <xg/store.h>
#include "internal.h"

static void store_up(void)
{
	xg_ipi_start();
	xg_hotplug_start();
}

static void store_down(void)
{
	xg_hotplug_stop();
	xg_ipi_stop();
}

static struct xg_store_user user = {
	.up = store_up,
	.down = store_down,
};

static int __init xg_smp_init(void)
{
	int err;

	err = xg_ipi_init() ?: xg_hotplug_init();
	if (err)
		return err;
	xg_store_join(&user);
	return 0;
}

static void __exit xg_smp_exit(void)
{
	xg_store_leave(&user);
	xg_hotplug_exit();
}

module_init(xg_smp_init);
module_exit(xg_smp_exit);

MODULE_DESCRIPTION("CPU hotplug at the toolstack's request, IPIs by event channel");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
