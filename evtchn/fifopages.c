// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages that FIFO events live in: control blocks, one a vCPU, and words.
 *
 * Xen maps each page that init_control and expand_array name and keeps it: they
 * are in the ledger (ledger.c), and a start that finds FIFO events goes on with
 * those of the load before.
 */
#define pr_fmt(fmt) "xg-evtchn: " fmt

#include <linux/bitmap.h>
#include <linux/cpu.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <xg/hypercall.h>
#include "internal.h"

/* No page is here, whatever the machine: Xen says what it thinks of the call. */
#define NO_FRAME	(~0ULL)

/* xg_ledger_lock: its growth */
struct xg_fifo_array xg_fifo_words;

union control {
	struct evtchn_fifo_control_block block;
	u8 stride[XG_CONTROL_STRIDE];
};

#define CONTROLS_PER_PAGE	(PAGE_SIZE / sizeof(union control))

/* -> its line in the ledger, its place on the page */
static unsigned int control_line(u32 vcpu)
{
	return XG_KEPT_CONTROLS + vcpu / CONTROLS_PER_PAGE;
}

static union control *control_on(void *page, u32 vcpu)
{
	BUILD_BUG_ON(sizeof(union control) != XG_CONTROL_STRIDE);
	return (union control *)page + vcpu % CONTROLS_PER_PAGE;
}

/* One that Xen has */
static struct evtchn_fifo_control_block *control_of(u32 vcpu)
{
	return &control_on(xg_ledger_page(control_line(vcpu)), vcpu)->block;
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
	struct evtchn_init_control op = { .vcpu = vcpu };
	union control *control;
	void *page;
	int err;

	page = xg_ledger_add(control_line(vcpu));
	if (!page)
		return -ENOMEM;
	control = control_on(page, vcpu);
	memset(control, 0, sizeof(*control));
	op.control_gfn = PHYS_PFN(virt_to_phys(page));
	op.offset = offset_in_page(control);
	err = xg_event_channel_op(EVTCHNOP_init_control, &op);
	if (!err)
		set_bit(vcpu, xg_ledger->controls);
	return err;
}

/* Words for the next ports: masked before Xen, and then we, can use them. */
static int add_page(void)
{
	struct evtchn_expand_array op = {};
	u32 *page;
	int err;

	if (xg_ledger->nr_words >= XG_FIFO_PAGES)
		return -ENOSPC;
	page = xg_ledger_add(XG_KEPT_WORDS + xg_ledger->nr_words);
	if (!page)
		return -ENOMEM;
	memset(page, 0, PAGE_SIZE);
	xg_fifo_quiet_page(page);
	op.array_gfn = PHYS_PFN(virt_to_phys(page));
	err = xg_event_channel_op(EVTCHNOP_expand_array, &op);
	if (err)
		return err;
	xg_ledger->nr_words++;
	return xg_fifo_add_page(&xg_fifo_words, page);
}

/* Before a port is used: has it a word? */
int xg_fifo_reach(evtchn_port_t port)
{
	int err = 0;

	mutex_lock(&xg_ledger_lock);
	while (!err && !xg_fifo_word(&xg_fifo_words, port))
		err = add_page();
	mutex_unlock(&xg_ledger_lock);
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
	return vcpu < XG_MAX_VCPUS ? vcpu : -ENODEV;
}

/* From 2-level to FIFO; failed or not, xg_fifo_in_use() then tells. */
int xg_fifo_begin(void)
{
	int vcpu, err;

	vcpu = first_vcpu();
	if (vcpu < 0)
		return vcpu;
	mutex_lock(&xg_ledger_lock);
	/* Had the domain been FIFO before, EVTCHNOP_reset gave the pages back. */
	if (xg_ledger) {
		bitmap_zero(xg_ledger->controls, XG_MAX_VCPUS);
		xg_ledger->nr_words = 0;
	}
	err = map_control(vcpu);
	mutex_unlock(&xg_ledger_lock);
	if (err)
		return err;
	memset(&xg_fifo_words, 0, sizeof(xg_fifo_words));
	return xg_fifo_reach(0);
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
	/* The ledger may be there for other pages alone. */
	if (!xg_ledger || bitmap_empty(xg_ledger->controls, XG_MAX_VCPUS))
		return -EBUSY;
	for (i = 0; i < xg_ledger->nr_words; i++) {
		page = xg_ledger_page(XG_KEPT_WORDS + i);
		xg_fifo_quiet_page(page);
		xg_fifo_add_page(&xg_fifo_words, page);
	}
	for_each_set_bit(i, xg_ledger->controls, XG_MAX_VCPUS)
		WRITE_ONCE(control_of(i)->ready, 0);
	return xg_fifo_reach(0);
}

/*
 * A new domain begins with 2-level events: lead it to FIFO with the pages there
 * are. Every CPU is stopped, xg_ledger_lock held, nothing is allocated.
 */
int xg_fifo_wake(void)
{
	unsigned int cpu, words = xg_ledger->nr_words;
	struct xg_cpu *c;
	int err, ret = 0;

	bitmap_zero(xg_ledger->controls, XG_MAX_VCPUS);
	xg_ledger->nr_words = 0;
	memset(&xg_fifo_words, 0, sizeof(xg_fifo_words));
	for_each_possible_cpu(cpu) {
		c = per_cpu_ptr(&xg_cpu, cpu);
		memset(&c->queues, 0, sizeof(c->queues));
		if (!cpu_online(cpu) || !c->info)
			continue;
		err = map_control(xg_vcpu_id(cpu));
		if (err)
			ret = err;
		else
			c->queues.control = control_of(xg_vcpu_id(cpu));
	}
	for (err = 0; !err && xg_ledger->nr_words < words;)
		err = add_page();
	return err ?: ret;
}

/* Once for each vCPU of the domain; its queues stay from then on. */
int xg_fifo_cpu_up(struct xg_cpu *c, u32 vcpu)
{
	int err = 0;

	if (c->queues.control)
		return 0;
	mutex_lock(&xg_ledger_lock);
	if (!test_bit(vcpu, xg_ledger->controls))
		err = map_control(vcpu);
	mutex_unlock(&xg_ledger_lock);
	if (err)
		pr_warn("Xen gives CPU %u no FIFO events (%d)\n", c->cpu, err);
	else
		c->queues.control = control_of(vcpu);
	return err;
}
