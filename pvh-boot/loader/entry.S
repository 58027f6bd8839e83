/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In by PVH: 32-bit protected mode, flat segments, no paging, EBX has the start
 * info. Out by Linux's 32-bit boot protocol, which wants the same but for ESI.
 */
#define PHYS32_ENTRY	18
#define BOOT_CS		0x10
#define BOOT_DS		0x18

	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 4, PHYS32_ENTRY
	.asciz "Xen"
	.long xg_pvh_entry

	.text
	.globl xg_start_here, xg_halt, xg_enter
xg_start_here:
	cli
	cld
	movl $stack_end, %esp
	pushl %ebx
	call xg_main

xg_halt:
	cli
	hlt
	jmp xg_halt

/* xg_enter(entry, zero_page) */
xg_enter:
	movl 4(%esp), %eax
	movl 8(%esp), %esi
	lgdt gdt_pointer
	movl $BOOT_DS, %ecx
	movl %ecx, %ds
	movl %ecx, %es
	movl %ecx, %fs
	movl %ecx, %gs
	movl %ecx, %ss
	xorl %ebx, %ebx
	xorl %ebp, %ebp
	xorl %edi, %edi
	pushl $BOOT_CS
	pushl %eax
	lretl

	.section .rodata
	.balign 8
gdt:
	.quad 0, 0
	.quad 0x00cf9a000000ffff	/* BOOT_CS: flat, execute and read */
	.quad 0x00cf92000000ffff	/* BOOT_DS: flat, read and write */
gdt_pointer:
	.word . - gdt - 1
	.long gdt

	.bss
	.balign 16
	.skip 16384
stack_end:

	.section .note.GNU-stack, "", @progbits
