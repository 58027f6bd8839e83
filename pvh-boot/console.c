// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text before there is a console: port 0xE9, which is Xen's log and QEMU's
 * -debugcon. "xg_earlycon" on the command line has the kernel's messages there until
 * a real console comes.
 */
#include <linux/console.h>
#include <linux/init.h>
#include <linux/string.h>
#include <asm/io.h>
#include <xen/interface/xen.h>
#include <xen/interface/sched.h>
#include "boot.h"

#define DEBUG_PORT	0xe9

static void put(const char *text, unsigned int len)
{
	while (len--)
		outb(*text++, DEBUG_PORT);
}

static void __init say(const char *text)
{
	unsigned int len = strlen(text);

	put(text, len);
	/* For guests only Xens built for debugging write it. */
	xg_early_call(__HYPERVISOR_console_io, CONSOLEIO_write, len,
		      (unsigned long)text);
}

void __init xg_early_stop(const char *wrong)
{
	struct sched_shutdown crash = { .reason = SHUTDOWN_crash };

	say("xg: PVH boot stopped: ");
	say(wrong);
	say("\n");
	xg_early_call(__HYPERVISOR_sched_op, SCHEDOP_shutdown,
		      (unsigned long)&crash, 0);
	for (;;)
		asm volatile("cli; hlt" : : : "memory");
}

static void earlycon_write(struct console *con, const char *text,
			   unsigned int len)
{
	put(text, len);
}

static struct console earlycon = {
	.name = "xg_earlycon",
	.write = earlycon_write,
	.flags = CON_PRINTBUFFER | CON_BOOT | CON_ANYTIME,
	.index = -1,
};

static int __init setup_earlycon(char *unused)
{
	register_console(&earlycon);
	return 0;
}
early_param("xg_earlycon", setup_earlycon);
