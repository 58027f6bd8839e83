/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The "kernel" an HVM guest's BIOS boots: says that it runs, and waits until
 * dom0 (load.c) has put the real kernel into the guest's memory.
 *
 * It has the shape of a bzImage with one setup sector, because QEMU loads it as
 * one, at 0x10000; QEMU enters it at 0x1020:0 in real mode.
 */
	.code16
	.text
	.globl _start
_start:
	.org 0x1f1
	.byte 1				/* setup sectors */
	.org 0x1fe
	.word 0xaa55
	.byte 0xeb, begin - (. + 1)	/* entry: jump over the header */
	.ascii "HdrS"
	.word 0x0206			/* boot protocol */
	.org 0x211
	.byte 1				/* LOADED_HIGH */
	.org 0x214
	.long 0x100000
	.org 0x22c
	.long 0x37ffffff		/* initrd_addr_max */
	.org 0x238
	.long 2047			/* cmdline_size */
	.org 0x250
begin:
	movw $0x1000, %ax
	movw %ax, %ds
	movl $0x444c4758, 0x300		/* "XGLD", see load.c */
	sti
wait:
	hlt
	cmpl $0x4f474758, 0x300		/* "XGGO" */
	jne wait
	cli
	movw $0x9000, %ax		/* where load.c put the kernel's setup */
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %fs
	movw %ax, %gs
	movw %ax, %ss
	movw $0xe000, %sp
	ljmp $0x9020, $0
	.org 0x300
	.long 0
	.org 0x800
