/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where Xen, or QEMU, begins to run a kernel that it boots by PVH: 32-bit protected
 * mode, flat segments, no paging, interrupts off, EBX has the start info's address;
 * all else is unknown. No stack, no descriptor table is ours.
 *
 * Out by the 64-bit boot protocol, at the kernel's own startup_64. In between,
 * page tables that have the lower 4 GiB twice: where they are, and the first of
 * them where the kernel is linked, so that C code runs. It is xg_pvh_prepare().
 */
#include <linux/elfnote.h>
#include <linux/init.h>
#include <linux/linkage.h>
#include <asm/asm.h>
#include <asm/msr-index.h>
#include <asm/nospec-branch.h>
#include <asm/page_types.h>
#include <asm/pgtable_types.h>
#include <asm/processor-flags.h>
#include <xen/interface/elfnote.h>

#define pa(x)		((x) - __START_KERNEL_map)
#define BOOT_CS		8
#define BOOT_DS		16
#define STACK_SIZE	4096
#define TABLE		(_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED)
#define LARGE_PAGE	(_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | \
			 _PAGE_DIRTY | _PAGE_PSE)

	ELFNOTE(Xen, XEN_ELFNOTE_PHYS32_ENTRY, _ASM_PTR pa(pvh_entry))

	__INIT
	.code32
SYM_CODE_START_LOCAL(pvh_entry)
	cli
	cld
	movl $pa(stack_end), %esp
	lgdt pa(gdt_pointer)
	movl $BOOT_DS, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl $X86_CR4_PAE, %eax
	movl %eax, %cr4
	movl $pa(top_table), %eax
	movl %eax, %cr3
	movl $MSR_EFER, %ecx
	rdmsr
	btsl $_EFER_LME, %eax
	wrmsr
	movl $(X86_CR0_PG | X86_CR0_PE), %eax
	movl %eax, %cr0
	ljmpl $BOOT_CS, $pa(1f)

	.code64
1:	movq $stack_end, %rsp
	xorl %ebp, %ebp
	movl %ebx, %edi
	movq $xg_pvh_prepare, %rax
	ANNOTATE_RETPOLINE_SAFE
	call *%rax
	movq $pa(xg_pvh_params), %rsi
	movq $pa(startup_64), %rax
	ANNOTATE_RETPOLINE_SAFE
	jmp *%rax
SYM_CODE_END(pvh_entry)

	__INITDATA
	.balign 8
SYM_DATA_START_LOCAL(gdt)
	.quad 0
	.quad 0x00af9b000000ffff	/* BOOT_CS: 64 bits */
	.quad 0x00cf93000000ffff	/* BOOT_DS: flat */
SYM_DATA_END_LABEL(gdt, SYM_L_LOCAL, gdt_end)
SYM_DATA_START_LOCAL(gdt_pointer)
	.word gdt_end - gdt - 1
	.long pa(gdt)
SYM_DATA_END(gdt_pointer)

	.balign 16
SYM_DATA_START_LOCAL(stack)
	.fill STACK_SIZE, 1, 0
SYM_DATA_END_LABEL(stack, SYM_L_LOCAL, stack_end)

	.balign PAGE_SIZE
SYM_DATA_START_LOCAL(top_table)
	.quad pa(low_table) + TABLE
	.fill 510, 8, 0
	.quad pa(high_table) + TABLE
SYM_DATA_END(top_table)

SYM_DATA_START_LOCAL(low_table)
	.quad pa(pages) + TABLE
	.quad pa(pages) + PAGE_SIZE + TABLE
	.quad pa(pages) + 2 * PAGE_SIZE + TABLE
	.quad pa(pages) + 3 * PAGE_SIZE + TABLE
	.fill 508, 8, 0
SYM_DATA_END(low_table)

/* The last GiB but one of the address space is __START_KERNEL_map. */
SYM_DATA_START_LOCAL(high_table)
	.fill 510, 8, 0
	.quad pa(pages) + TABLE
	.quad 0
SYM_DATA_END(high_table)

SYM_DATA_START_LOCAL(pages)
	.set at, 0
	.rept 4 * 512
	.quad at + LARGE_PAGE
	.set at, at + 0x200000
	.endr
SYM_DATA_END(pages)
