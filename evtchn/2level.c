// SPDX-License-Identifier: GPL-2.0-only
/*
 * The 2-level event ABI: bits in shared info (xen/interface/xen.h).
 *
 * Xen sets a port's pending bit; if the port is not masked, then its word's bit
 * in the vCPU's selector, then the vCPU's upcall_pending; if that was clear, the
 * vCPU is interrupted. The scan undoes this from the other end. It runs with
 * interrupts off; two CPUs may scan for one vCPU (INTx), as xg_2level_take() lets
 * only one have an event.
 *
 * Bits are changed by sync_*(): on one CPU Linux leaves out the lock prefix of
 * the others, but Xen runs on CPUs of its own.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <asm/sync_bitops.h>
#include <xg/hypercall.h>
#include "internal.h"

/* Whose events this CPU is scanning for just now. */
static DEFINE_PER_CPU(struct xg_cpu *, scanning);

static unsigned long *pending_bits(void)
{
	return (unsigned long *)xg_shared->evtchn_pending;
}

static unsigned long *mask_bits(void)
{
	return (unsigned long *)xg_shared->evtchn_mask;
}

static void mask(evtchn_port_t port)
{
	sync_set_bit(port, mask_bits());
}

static void set_pending(evtchn_port_t port)
{
	sync_set_bit(port, pending_bits());
}

static void clear_pending(evtchn_port_t port)
{
	sync_clear_bit(port, pending_bits());
}

/* Claim a pending event: mask first, so that nothing is lost in between. */
bool xg_2level_take(evtchn_port_t port)
{
	if (!test_bit(port, pending_bits()))
		return false;
	sync_set_bit(port, mask_bits());
	return sync_test_and_clear_bit(port, pending_bits());
}

/*
 * The port is pending and its vCPU may not know: have it interrupted. A scan
 * that runs here for that very vCPU only has to be told to go on.
 */
static void raise(evtchn_port_t port, struct xg_cpu *to)
{
	struct evtchn_unmask op = { .port = port };

	if (this_cpu_read(scanning) == to) {
		sync_set_bit(port / BITS_PER_LONG,
			     (unsigned long *)&to->info->evtchn_pending_sel);
		WRITE_ONCE(to->info->evtchn_upcall_pending, 1);
		return;
	}
	/* Xen looks at the pending bit only if it is Xen that unmasks. */
	sync_set_bit(port, mask_bits());
	xg_event_channel_op(EVTCHNOP_unmask, &op);
}

void xg_2level_unmask(evtchn_port_t port, struct xg_cpu *to)
{
	sync_clear_bit(port, mask_bits());
	/*
	 * Pairs with Xen, which sets pending and then reads the mask: one of
	 * the two sees what the other did.
	 */
	smp_mb__after_atomic();
	if (test_bit(port, pending_bits()))
		raise(port, to);
}

/* The first set bit at or after @from, going round; @bits is not 0. */
static unsigned int next_bit(unsigned long bits, unsigned int from)
{
	unsigned long after = bits & (~0UL << from);

	return __ffs(after ? after : bits);
}

/* Other vCPUs' ports share the words; they are none of our business. */
static unsigned long active(struct xg_cpu *c, unsigned int word)
{
	return READ_ONCE(pending_bits()[word]) &
	       ~READ_ONCE(mask_bits()[word]) & READ_ONCE(c->ports[word]);
}

static void put_back(struct xg_cpu *c, unsigned long sel)
{
	unsigned int word;

	for_each_set_bit(word, &sel, BITS_PER_LONG)
		sync_set_bit(word,
			     (unsigned long *)&c->info->evtchn_pending_sel);
	WRITE_ONCE(c->info->evtchn_upcall_pending, 1);
}

/* Once over the words in @sel, from where the last scan ended -> budget left. */
static unsigned int scan_words(struct xg_cpu *c, unsigned long sel,
			       unsigned int budget)
{
	unsigned int word, bit;
	unsigned long bits;

	while (sel) {
		word = next_bit(sel, c->word);
		if (word != c->word)
			c->bit = 0;
		c->word = word;
		for (bits = active(c, word); bits; bits &= ~BIT(bit)) {
			if (!budget) {
				put_back(c, sel);
				return 0;
			}
			bit = next_bit(bits, c->bit);
			c->bit = (bit + 1) % BITS_PER_LONG;
			budget--;
			xg_deliver(word * BITS_PER_LONG + bit, c);
		}
		sel &= ~BIT(word);
		c->word = (word + 1) % BITS_PER_LONG;
		c->bit = 0;
	}
	return budget;
}

unsigned int xg_2level_scan(struct xg_cpu *c, unsigned int budget)
{
	unsigned long sel;

	this_cpu_write(scanning, c);
	/*
	 * xchg() keeps the order: Xen sets the selector and then
	 * upcall_pending, we clear them the other way round.
	 */
	sel = xchg(&c->info->evtchn_pending_sel, 0);
	budget = scan_words(c, sel, budget);
	this_cpu_write(scanning, NULL);
	return budget;
}

static void count(evtchn_port_t port, struct xg_cpu *c, bool on)
{
	if (on)
		set_bit(port, c->ports);
	else
		clear_bit(port, c->ports);
}

const struct xg_abi xg_2level = {
	.name = "2level",
	.ports = XG_2LEVEL_PORTS,
	.mask = mask,
	.unmask = xg_2level_unmask,
	.take = xg_2level_take,
	.raise = raise,
	.set_pending = set_pending,
	.clear_pending = clear_pending,
	.scan = xg_2level_scan,
	.count = count,
};
