/* SPDX-License-Identifier: GPL-2.0-only */
/* What only the loader itself has, and the host's programs do not. */
#ifndef XG_PVH_MACHINE_H
#define XG_PVH_MACHINE_H

#include "load.h"

/* loader.lds */
extern u8 image_start[], image_end[];

/* main.c, for entry.S */
void xg_main(u32 start_info);

/* console.c: to port 0xE9, a 16550 and Xen's console, whichever is there */
void xg_say(const char *text);
void xg_say_hex(u64 value);

/* xen.c; all of it does nothing where there is no Xen */
void xg_xen_init(void);
void xg_xen_say(const char *text, unsigned int len);
void xg_xen_crash(void);

/* entry.S */
_Noreturn void xg_halt(void);
_Noreturn void xg_enter(u32 entry, const u8 *zero_page);

static inline void port_write(u16 port, u8 byte)
{
	asm volatile("outb %0, %1" : : "a" (byte), "Nd" (port));
}

static inline u8 port_read(u16 port)
{
	u8 byte;

	asm volatile("inb %1, %0" : "=a" (byte) : "Nd" (port));
	return byte;
}

static inline void *address(u64 at)
{
	return (void *)(unsigned long)at;
}

#endif /* XG_PVH_MACHINE_H */
