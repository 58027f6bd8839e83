// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tty layer sees: a driver of its own, "hvc", rather than the kernel's hvc
 * layer. That one's header is not among those that modules are built with, its
 * operations have changed their types since, and it takes input by 16 bytes. Where
 * it has devices (virtio's) ours get the numbers behind them.
 *
 * Whoever has a console open holds this module. A console that goes hangs up.
 */
#define pr_fmt(fmt) "xg-console: " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>
#include <linux/tty_port.h>
#include <compat/tty.h>
#include "internal.h"

/* Documentation/admin-guide/devices.txt: hvc0, hvc1, ... */
#define MAJOR_NR	229
#define CLOSE_WAIT	(2 * HZ)	/* for the host to take the last output */

struct tty_driver *xg_con_driver;

/* The first number that no other driver named "hvc" has. */
static unsigned int base;

unsigned int xg_con_number(const struct xg_con *con)
{
	return base + con->index;
}

/* --- operations -------------------------------------------------------------------- */

static int con_install(struct tty_driver *driver, struct tty_struct *tty)
{
	struct xg_con *con = xg_con_find(tty->index);

	if (!con)
		return -ENODEV;
	tty->driver_data = con;
	return tty_port_install(&con->port, driver, tty);
}

/* What the host has sent until now waits in the ring. */
static int con_open(struct tty_struct *tty, struct file *file)
{
	int err = tty_port_open(tty->port, tty, file);

	if (!err)
		xg_con_kick(tty->driver_data);
	return err;
}

static void con_close(struct tty_struct *tty, struct file *file)
{
	tty_port_close(tty->port, tty, file);
}

static void con_hangup(struct tty_struct *tty)
{
	tty_port_hangup(tty->port);
}

/* With output processing on the tty writes in pieces, and flushes after the last. */
static xg_tty_written_t con_write(struct tty_struct *tty, const u8 *data,
				  xg_tty_count_t len)
{
	if (tty->flow.stopped)
		return 0;
	return xg_con_write(tty->driver_data, data, min_t(size_t, len, XG_CON_OUT),
			    O_OPOST(tty));
}

static void con_flush_chars(struct tty_struct *tty)
{
	xg_con_flush(tty->driver_data);
}

static unsigned int con_write_room(struct tty_struct *tty)
{
	return tty->flow.stopped ? 0 : xg_con_room(tty->driver_data);
}

static unsigned int con_chars_in_buffer(struct tty_struct *tty)
{
	return xg_con_pending(tty->driver_data);
}

static void con_throttle(struct tty_struct *tty)
{
	struct xg_con *con = tty->driver_data;

	WRITE_ONCE(con->throttled, true);
}

static void con_unthrottle(struct tty_struct *tty)
{
	struct xg_con *con = tty->driver_data;

	WRITE_ONCE(con->throttled, false);
	xg_con_kick(con);
}

static const struct tty_operations con_ops = {
	.install = con_install,
	.open = con_open,
	.close = con_close,
	.hangup = con_hangup,
	.write = con_write,
	.flush_chars = con_flush_chars,
	.write_room = con_write_room,
	.chars_in_buffer = con_chars_in_buffer,
	.throttle = con_throttle,
	.unthrottle = con_unthrottle,
};

/* The first open. */
static int con_activate(struct tty_port *port, struct tty_struct *tty)
{
	struct xg_con *con = container_of(port, struct xg_con, port);

	if (!xg_con_is_up(con))
		return -EIO;
	WRITE_ONCE(con->throttled, false);
	return 0;
}

static const struct tty_port_operations port_ops = {
	.activate = con_activate,
};

void xg_con_port_init(struct xg_con *con)
{
	tty_port_init(&con->port);
	con->port.ops = &port_ops;
	con->port.closing_wait = CLOSE_WAIT;
}

/* --- device nodes ------------------------------------------------------------------- */

int xg_con_appear(struct xg_con *con)
{
	struct device *dev;

	dev = tty_port_register_device(&con->port, xg_con_driver, con->index,
				       NULL);
	if (IS_ERR(dev)) {
		pr_err("%s: no tty device (%ld)\n", con->name, PTR_ERR(dev));
		return PTR_ERR(dev);
	}
	xg_con_printk_add(con);
	return 0;
}

void xg_con_vanish(struct xg_con *con)
{
	xg_con_printk_remove(con);
	tty_unregister_device(xg_con_driver, con->index);
}

void xg_con_hangup(struct xg_con *con)
{
	tty_port_tty_hangup(&con->port, false);
}

static unsigned int first_free_number(void)
{
	unsigned int number;
	char name[16];
	dev_t dev;

	for (number = 0; number < 256; number++) {
		scnprintf(name, sizeof(name), "hvc%u", number);
		if (tty_dev_name_to_number(name, &dev))
			break;
	}
	return number;
}

int xg_con_tty_init(void)
{
	struct tty_driver *driver;
	int err;

	driver = tty_alloc_driver(XG_CON_MAX, TTY_DRIVER_REAL_RAW |
				  TTY_DRIVER_RESET_TERMIOS |
				  TTY_DRIVER_DYNAMIC_DEV);
	if (IS_ERR(driver))
		return PTR_ERR(driver);
	base = first_free_number();
	if (base)
		pr_info("hvc0 to hvc%u are another driver's, ours begin with hvc%u\n",
			base - 1, base);
	driver->driver_name = KBUILD_MODNAME;
	driver->name = "hvc";
	driver->name_base = base;
	driver->major = MAJOR_NR;
	driver->minor_start = base;
	driver->type = TTY_DRIVER_TYPE_SYSTEM;
	driver->init_termios = tty_std_termios;
	tty_set_operations(driver, &con_ops);
	err = tty_register_driver(driver);
	if (err) {
		pr_err("the tty driver was not registered (%d)\n", err);
		tty_driver_kref_put(driver);
		return err;
	}
	xg_con_driver = driver;
	return 0;
}

void xg_con_tty_exit(void)
{
	tty_unregister_driver(xg_con_driver);
	tty_driver_kref_put(xg_con_driver);
}
