// SPDX-License-Identifier: GPL-2.0-only
/* Watches, and a connection that breaks under them and under transactions. */
#define pr_fmt(fmt) "xg-test-xenbus: " fmt

#include <linux/delay.h>
#include <linux/io.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/barrier.h>
#include <xen/interface/xen.h>
#include <xen/interface/hvm/params.h>
#include <xen/interface/io/xs_wire.h>
#include <xg/hypercall.h>
#include "xg-test-xenbus.h"

/* --- watches ---------------------------------------------------------------------- */

#define KEYS 20

struct seen {
	struct xg_store_watch watch;
	wait_queue_head_t wait;
	unsigned int fired;
	unsigned int next;
	bool disorder;
	unsigned int sleep_ms;
};

static void note(struct xg_store_watch *watch, const char *path)
{
	struct seen *seen = container_of(watch, struct seen, watch);
	unsigned int nr;

	if (sscanf(path, TOP "/w/k%u", &nr) == 1) {
		if (nr != seen->next)
			seen->disorder = true;
		seen->next = nr + 1;
		/* A handler may use the client. */
		if (xg_test_read(path, ""))
			seen->disorder = true;
	}
	if (seen->sleep_ms)
		msleep(seen->sleep_ms);
	WRITE_ONCE(seen->fired, seen->fired + 1);
	wake_up(&seen->wait);
}

static int seen_start(struct seen *seen, const char *path)
{
	memset(seen, 0, sizeof(*seen));
	init_waitqueue_head(&seen->wait);
	seen->watch.path = path;
	seen->watch.fired = note;
	return xg_store_watch(&seen->watch);
}

static bool seen_fired(struct seen *seen, unsigned int times)
{
	return wait_event_timeout(seen->wait, READ_ONCE(seen->fired) >= times,
				  10 * HZ);
}

int xg_test_watches(void)
{
	struct seen *seen = kcalloc(2, sizeof(*seen), GFP_KERNEL);
	unsigned int i;
	char name[16];
	int err = 0;

	if (!seen)
		return -ENOMEM;
	CHECK(!seen_start(&seen[0], TOP "/w"));
	CHECK(!seen_start(&seen[1], TOP "/other"));
	CHECK(seen_fired(&seen[0], 1) && seen_fired(&seen[1], 1));

	for (i = 0; i < KEYS; i++) {
		snprintf(name, sizeof(name), "w/k%u", i);
		CHECK(!xg_store_write(NONE, TOP, name, "x"));
	}
	CHECK(seen_fired(&seen[0], 1 + KEYS));
	msleep(100);
	CHECK(seen[0].fired == 1 + KEYS && !seen[0].disorder);
	CHECK(seen[1].fired == 1);

	CHECK(!xg_store_rm(NONE, TOP, "w"));
	CHECK(seen_fired(&seen[0], 2 + KEYS));

	xg_store_unwatch(&seen[0].watch);
	i = seen[0].fired;
	CHECK(!xg_store_write(NONE, TOP, "w/k0", "x"));
	msleep(100);
	CHECK(seen[0].fired == i);
	xg_store_unwatch(&seen[1].watch);
	kfree(seen);
	return err;
}

/* A slow owner: its queue is bounded, and it learns that it missed something. */
int xg_test_flood(void)
{
	struct seen *seen = kzalloc(sizeof(*seen), GFP_KERNEL);
	unsigned int i;
	char name[16];
	int err = 0;

	if (!seen)
		return -ENOMEM;
	CHECK(!seen_start(seen, TOP "/f"));
	CHECK(seen_fired(seen, 1));
	seen->sleep_ms = 20;
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "f/%u", i % 100);
		CHECK(!xg_store_write(NONE, TOP, name, "x"));
	}
	/* The first is under way, 64 wait, one stands for the rest. */
	CHECK(seen_fired(seen, 66));
	seen->sleep_ms = 1000;
	CHECK(!xg_store_write(NONE, TOP, "f/x", "x"));
	/* unwatch waits for the handler and for nothing else */
	msleep(100);
	xg_store_unwatch(&seen->watch);
	i = seen->fired;
	msleep(1200);
	CHECK(seen->fired == i);
	kfree(seen);
	return err;
}

/* --- a store that lies -------------------------------------------------------------- */

static void put_bytes(struct xenstore_domain_interface *page, const void *from,
		      u32 len)
{
	u32 at = READ_ONCE(page->rsp_prod);
	u32 i;

	for (i = 0; i < len; i++)
		page->rsp[MASK_XENSTORE_IDX(at + i)] = ((const char *)from)[i];
	/* Pairs with the reader's between rsp_prod and the bytes. */
	virt_wmb();
	WRITE_ONCE(page->rsp_prod, at + len);
}

/*
 * An answer that nobody asked for: written into the ring in the server's name,
 * while it has nothing to say. The next call finds it.
 */
static int tell_lie(void)
{
	struct xsd_sockmsg lie = { .type = XS_READ, .req_id = 0x6c696521 };
	struct xenstore_domain_interface *page;
	u64 pfn;

	if (xg_hvm_param_get(HVM_PARAM_STORE_PFN, &pfn))
		return -ENODEV;
	page = memremap(PFN_PHYS(pfn), PAGE_SIZE, MEMREMAP_WB);
	if (!page)
		return -ENOMEM;
	msleep(200);
	put_bytes(page, &lie, sizeof(lie));
	memunmap(page);
	return 0;
}

/* What is asked must be answered all the same, and the watches be there again. */
int xg_test_lies(void)
{
	struct seen *seen = kzalloc(sizeof(*seen), GFP_KERNEL);
	int err = 0;

	if (!seen)
		return -ENOMEM;
	CHECK(!seen_start(seen, TOP "/l"));
	CHECK(seen_fired(seen, 1));
	CHECK(!tell_lie());
	CHECK(!xg_store_write(NONE, TOP, "a", "x"));
	CHECK(xg_test_holds(NONE, "a", "x"));
	CHECK(seen_fired(seen, 2));
	CHECK(!xg_store_write(NONE, TOP, "l", "x"));
	CHECK(seen_fired(seen, 3));
	xg_store_unwatch(&seen->watch);
	kfree(seen);
	return err;
}

struct broken {
	unsigned int runs;
	xg_store_txn_t first;
};

/* The first time the connection breaks in the middle. */
static int break_within(xg_store_txn_t txn, void *data)
{
	struct broken *b = data;
	int err;

	err = xg_store_write(txn, TOP, "t", "new");
	if (err || b->runs++)
		return err;
	b->first = txn;
	err = tell_lie();
	if (err)
		return err;
	/* Its error is not noticed here. */
	xg_store_write(txn, TOP, "u", "new");
	return 0;
}

/* Done once, on the new connection; and the old one's handle is good for nothing. */
int xg_test_broken(void)
{
	struct broken b = {};
	int err = 0;

	CHECK(!xg_store_write(NONE, TOP, "t", "old"));
	CHECK(!xg_store_transaction(break_within, &b));
	CHECK(b.runs == 2 && xg_test_holds(NONE, "t", "new"));
	CHECK(xg_store_write(b.first, TOP, "t", "old") == -EIO);
	CHECK(xg_test_holds(NONE, "t", "new") && xg_test_read(TOP, "u") == -ENOENT);
	return err;
}
