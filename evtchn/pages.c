// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages that FIFO events live in, which outlive this module.
 *
 * Xen maps each page that init_control and expand_array name and keeps it until
 * the domain ends or is reset: such a page can never be freed. So none is, and
 * the next load finds them. The first one (struct ledger) lists the others; the
 * unused end of shared info, which Xen never touches and a reload maps again,
 * says where the first one is. A random number there, in the page and in its
 * struct page proves that it is still the same page of the same kernel.
 */
#define pr_fmt(fmt) "xg-evtchn: " fmt

#include <linux/cpu.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <xg/hypercall.h>
#include "internal.h"

/* A control block each, in cache lines of its own. */
#define CONTROL_STRIDE	128
/*
 * The low byte of a token. Another build of this module may find the ledger: one
 * that changes struct ledger changes this.
 */
#define LAYOUT		1
#define LAYOUT_MASK	0xffULL
/* No page is here, whatever the machine: Xen says what it thinks of the call. */
#define NO_FRAME	(~0ULL)

/**
 * struct ledger - a page of ours, and a page of control blocks behind it
 * @token: as in struct anchor; its low byte is LAYOUT
 * @mapped: vCPUs whose control block Xen has, as bits
 * @nr_pages: how many pages of words Xen has
 * @pages: their frame numbers
 * @control: shared with Xen, by vCPU
 */
struct ledger {
	u64 token;
	u32 mapped;
	u32 nr_pages;
	u64 pages[XG_FIFO_PAGES];
	union {
		struct evtchn_fifo_control_block block;
		u8 stride[CONTROL_STRIDE];
	} control[MAX_VIRT_CPUS] __aligned(PAGE_SIZE);
};

#define LEDGER_ORDER	1

/* The last bytes of shared info */
struct anchor {
	u64 token;
	u64 frame;
};

struct xg_fifo_array xg_fifo_words;
static struct ledger *ledger;
static DEFINE_MUTEX(lock);	/* @ledger's contents, growth of xg_fifo_words */

static struct anchor *anchor(void)
{
	BUILD_BUG_ON(XG_PIRQ_NOTES + XG_MAX_NOTED / BITS_PER_BYTE +
		     sizeof(struct anchor) > PAGE_SIZE);
	BUILD_BUG_ON(sizeof(struct ledger) != PAGE_SIZE << LEDGER_ORDER);
	BUILD_BUG_ON(sizeof(struct evtchn_fifo_control_block) > CONTROL_STRIDE);
	return (void *)xg_shared + PAGE_SIZE - sizeof(struct anchor);
}

/*
 * Xen looks for the page, and finds none, only if the domain has FIFO events;
 * else it says EOPNOTSUPP, and what only emulates Xen, ENOSYS.
 */
bool xg_fifo_in_use(void)
{
	struct evtchn_expand_array op = { .array_gfn = NO_FRAME };
	int err;

	err = xg_event_channel_op(EVTCHNOP_expand_array, &op);
	return err == -EINVAL || err == -ENOSPC;
}

static int map_control(u32 vcpu)
{
	struct evtchn_init_control op = {
		.control_gfn = PHYS_PFN(virt_to_phys(ledger->control)),
		.offset = vcpu * CONTROL_STRIDE,
		.vcpu = vcpu,
	};
	int err;

	err = xg_event_channel_op(EVTCHNOP_init_control, &op);
	if (!err)
		ledger->mapped |= BIT(vcpu);
	return err;
}

/* Words for the next ports: masked before Xen, and then we, can use them. */
static int add_page(void)
{
	struct evtchn_expand_array op = {};
	unsigned long page;
	int err;

	if (ledger->nr_pages >= XG_FIFO_PAGES)
		return -ENOSPC;
	page = get_zeroed_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	xg_fifo_quiet_page((u32 *)page);
	op.array_gfn = PHYS_PFN(virt_to_phys((void *)page));
	err = xg_event_channel_op(EVTCHNOP_expand_array, &op);
	if (err) {
		free_page(page);
		return err;
	}
	ledger->pages[ledger->nr_pages++] = op.array_gfn;
	return xg_fifo_add_page(&xg_fifo_words, (u32 *)page);
}

/* Before a port is used: has it a word? */
int xg_fifo_reach(evtchn_port_t port)
{
	int err = 0;

	mutex_lock(&lock);
	while (!err && !xg_fifo_word(&xg_fifo_words, port))
		err = add_page();
	mutex_unlock(&lock);
	return err;
}

/* Any vCPU will do for the call that changes the domain. */
static int first_vcpu(void)
{
	unsigned int cpu;
	u32 vcpu = U32_MAX;

	cpus_read_lock();
	for_each_online_cpu(cpu)
		vcpu = min(vcpu, xg_vcpu_id(cpu));
	cpus_read_unlock();
	return vcpu < MAX_VIRT_CPUS ? vcpu : -ENODEV;
}

/* From 2-level to FIFO; failed or not, xg_fifo_in_use() then tells. */
int xg_fifo_begin(void)
{
	struct page *page;
	int vcpu, err;

	vcpu = first_vcpu();
	if (vcpu < 0)
		return vcpu;
	page = alloc_pages(GFP_KERNEL | __GFP_ZERO, LEDGER_ORDER);
	if (!page)
		return -ENOMEM;
	ledger = page_address(page);
	err = map_control(vcpu);
	if (err) {
		ledger = NULL;
		__free_pages(page, LEDGER_ORDER);
		return err;
	}
	memset(&xg_fifo_words, 0, sizeof(xg_fifo_words));
	ledger->token = (get_random_u64() & ~LAYOUT_MASK) | LAYOUT;
	set_page_private(page, ledger->token);
	anchor()->frame = page_to_pfn(page);
	anchor()->token = ledger->token;
	return xg_fifo_reach(0);
}

/* -> the pages that an earlier load of this kernel's has left, or NULL */
static struct ledger *find_ledger(void)
{
	struct anchor at = *anchor();
	struct ledger *found;
	struct page *page;

	if ((at.token & LAYOUT_MASK) != LAYOUT || !pfn_valid(at.frame))
		return NULL;
	page = pfn_to_page(at.frame);
	if (!page_count(page) || page_private(page) != at.token)
		return NULL;
	found = page_address(page);
	return found->token == at.token && found->nr_pages <= XG_FIFO_PAGES ?
	       found : NULL;
}

/*
 * The domain has FIFO events. No port is ours yet, so none of the queues that
 * the last user left is: begin with empty ones. Events that wait still do.
 */
int xg_fifo_take_up(void)
{
	unsigned int i;
	u32 *page;

	/* Stopped and started again without an unload: nothing was forgotten. */
	memset(&xg_fifo_words, 0, sizeof(xg_fifo_words));
	ledger = find_ledger();
	if (!ledger)
		return -EBUSY;
	for (i = 0; i < ledger->nr_pages; i++) {
		page = phys_to_virt(PFN_PHYS(ledger->pages[i]));
		xg_fifo_quiet_page(page);
		xg_fifo_add_page(&xg_fifo_words, page);
	}
	for (i = 0; i < MAX_VIRT_CPUS; i++)
		WRITE_ONCE(ledger->control[i].block.ready, 0);
	return xg_fifo_reach(0);
}

/* Once for each vCPU of the domain; its queues stay from then on. */
int xg_fifo_cpu_up(struct xg_cpu *c, u32 vcpu)
{
	int err = 0;

	if (c->queues.control)
		return 0;
	mutex_lock(&lock);
	if (!(ledger->mapped & BIT(vcpu)))
		err = map_control(vcpu);
	mutex_unlock(&lock);
	if (err)
		pr_warn("Xen gives CPU %u no FIFO events (%d)\n", c->cpu, err);
	else
		c->queues.control = &ledger->control[vcpu].block;
	return err;
}
