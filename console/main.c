// SPDX-License-Identifier: GPL-2.0-only
/*
 * xg-console: Xen's paravirtual consoles as hvc0, hvc1, ...
 *
 * Read on in ring.c (how bytes go), tty.c (what the kernel sees), first.c and
 * handshake.c (where rings come from).
 */
#define pr_fmt(fmt) "xg-console: " fmt

#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include "internal.h"

/* A console once made stays in its place until exit. */
static DEFINE_MUTEX(table_lock);
static struct xg_con *table[XG_CON_MAX];

static struct xg_con *make(unsigned int index)
{
	struct xg_con *con;

	con = kzalloc(sizeof(*con), GFP_KERNEL);
	if (!con)
		return NULL;
	con->index = index;
	xg_con_init(con);
	xg_con_port_init(con);
	snprintf(con->name, sizeof(con->name), "hvc%u", xg_con_number(con));
	xg_con_show_add(con);
	return con;
}

struct xg_con *xg_con_take(unsigned int index)
{
	struct xg_con *con;

	mutex_lock(&table_lock);
	con = table[index];
	if (!con) {
		con = make(index);
		table[index] = con;
	}
	if (!con)
		con = ERR_PTR(-ENOMEM);
	else if (con->taken)
		con = ERR_PTR(-EBUSY);
	else
		con->taken = true;
	mutex_unlock(&table_lock);
	return con;
}

void xg_con_give(struct xg_con *con)
{
	mutex_lock(&table_lock);
	con->taken = false;
	mutex_unlock(&table_lock);
}

/* NULL where no console has had the number yet. */
struct xg_con *xg_con_find(unsigned int index)
{
	struct xg_con *con;

	mutex_lock(&table_lock);
	con = table[index];
	mutex_unlock(&table_lock);
	return con;
}

/* Nobody has a tty open, or the module would not go. */
static void free_all(void)
{
	unsigned int i;

	for (i = 0; i < XG_CON_MAX; i++) {
		if (!table[i])
			continue;
		cancel_delayed_work_sync(&table[i]->pump);
		tty_port_destroy(&table[i]->port);
		kfree(table[i]);
	}
}

static int __init xg_console_init(void)
{
	int err;

	err = xg_con_tty_init();
	if (err)
		return err;
	xg_con_show_init();
	err = xg_con_devices_init();
	if (err) {
		xg_con_show_exit();
		xg_con_tty_exit();
		return err;
	}
	xg_con_first_init();
	return 0;
}

static void __exit xg_console_exit(void)
{
	xg_con_first_exit();
	xg_con_devices_exit();
	xg_con_show_exit();
	free_all();
	xg_con_tty_exit();
}

module_init(xg_console_init);
module_exit(xg_console_exit);

MODULE_DESCRIPTION("Xen paravirtual consoles");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
