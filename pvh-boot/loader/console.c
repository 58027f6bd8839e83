// SPDX-License-Identifier: GPL-2.0-only
/* Text for whoever may see it. Nothing is waited for without an end. */
#include "machine.h"

#define DEBUG_PORT	0xe9		/* Xen's log; QEMU's -debugcon */
#define UART		0x3f8
#define UART_STATUS	(UART + 5)
#define UART_EMPTY	0x20
#define UART_PATIENCE	100000

static void uart_put(u8 byte)
{
	unsigned int i;

	/* Where none is, all bits are read as set. */
	for (i = 0; i < UART_PATIENCE; i++) {
		u8 status = port_read(UART_STATUS);

		if (status == 0xff)
			return;
		if (status & UART_EMPTY)
			break;
	}
	port_write(UART, byte);
}

void xg_say(const char *text)
{
	unsigned int len;

	for (len = 0; text[len]; len++) {
		port_write(DEBUG_PORT, text[len]);
		if (text[len] == '\n')
			uart_put('\r');
		uart_put(text[len]);
	}
	xg_xen_say(text, len);
}

void xg_say_hex(u64 value)
{
	char text[] = "0x0000000000000000";
	unsigned int i = sizeof(text) - 1;

	do {
		text[--i] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	text[--i] = 'x';
	text[--i] = '0';
	xg_say(text + i);
}
