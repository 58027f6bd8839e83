// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's messages, where its command line has console=hvcN.
 *
 * All that were logged before this module came are printed then, once; a module
 * cannot print them as they come, nor what a kernel says that dies before. A host
 * that takes nothing costs a message half a second, and those after it nothing; what
 * it does not take is dropped and counted.
 */
#define pr_fmt(fmt) "xg-console: " fmt

#include <linux/console.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/tty_driver.h>
#include "internal.h"

static DEFINE_MUTEX(printk_lock);
static struct xg_con *candidate, *target;

static void printk_write(struct console *co, const char *text, unsigned int len)
{
	xg_con_print(co->data, text, len);
}

static struct tty_driver *printk_device(struct console *co, int *index)
{
	struct xg_con *con = co->data;

	*index = con->index;
	return xg_con_driver;
}

/* Called by register_console() for a name on the command line. */
static int printk_setup(struct console *co, char *options)
{
	if (co->index != xg_con_number(candidate))
		return -ENODEV;
	co->data = candidate;
	xg_con_set_lossy(candidate, true);
	return 0;
}

static struct console printk_console = {
	.name = "hvc",
	.write = printk_write,
	.device = printk_device,
	.setup = printk_setup,
	.flags = CON_PRINTBUFFER,
	.index = -1,
};

void xg_con_printk_add(struct xg_con *con)
{
	mutex_lock(&printk_lock);
	if (!target) {
		candidate = con;
		printk_console.index = -1;
		register_console(&printk_console);
		if (printk_console.flags & CON_ENABLED)
			target = con;
	}
	mutex_unlock(&printk_lock);
}

/* After this the kernel prints there no more. */
void xg_con_printk_remove(struct xg_con *con)
{
	mutex_lock(&printk_lock);
	if (target == con) {
		unregister_console(&printk_console);
		xg_con_set_lossy(con, false);
		/* The next one gets what is new. */
		printk_console.flags &= ~CON_PRINTBUFFER;
		target = NULL;
	}
	mutex_unlock(&printk_lock);
}
