/* SPDX-License-Identifier: GPL-2.0-only */
/* In a test, today's hypervisors are those of 2016. */
	.text
	.globl xg_pvh_entry
xg_pvh_entry:
	movl $0, 4(%ebx)		/* the start info's version */
	jmp xg_start_here

	.section .note.GNU-stack, "", @progbits
