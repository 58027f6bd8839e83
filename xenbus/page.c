// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page that is shared with the store: where it is, and how its ring is had in
 * a state to begin with. The page is the toolstack's, before us and after us.
 *
 * Protocol: Xen docs/misc/xenstore-ring.txt. Only the caller uses the page while
 * it is here.
 */
#define pr_fmt(fmt) "xg-xenbus: " fmt

#include <linux/delay.h>
#include <linux/io.h>
#include <xen/interface/xen.h>
#include <xen/interface/hvm/params.h>
#include <xg/evtchn.h>
#include <xg/hypercall.h>
#include <xg/proto/xs.h>
#include "internal.h"

#define RESET_MS	5000	/* for the server to do it */
#define RESET_STEP_MS	20

int xg_page_map(struct xenstore_domain_interface **page, u64 *port)
{
	u64 pfn;

	if (xg_hvm_param_get(HVM_PARAM_STORE_PFN, &pfn) ||
	    xg_hvm_param_get(HVM_PARAM_STORE_EVTCHN, port) || !pfn || !*port) {
		pr_err("xenstore: this domain has none\n");
		return -ENODEV;
	}
	*page = memremap(PFN_PHYS(pfn), PAGE_SIZE, MEMREMAP_WB);
	return *page ? 0 : -ENOMEM;
}

void xg_page_unmap(struct xenstore_domain_interface *page)
{
	memunmap(page);
}

static bool can_reset(const struct xenstore_domain_interface *page)
{
	return READ_ONCE(page->server_features) &
	       XENSTORE_SERVER_FEATURE_RECONNECTION;
}

u32 xg_page_error(const struct xenstore_domain_interface *page)
{
	return READ_ONCE(page->server_features) & XENSTORE_SERVER_FEATURE_ERROR ?
	       READ_ONCE(page->error) : 0;
}

int xg_page_reset(struct xg_xs_conn *ring, struct xg_evtchn *port)
{
	struct xenstore_domain_interface *page = ring->intf;
	unsigned int ms;

	if (!can_reset(page))
		return -EOPNOTSUPP;
	WRITE_ONCE(page->connection, XENSTORE_RECONNECT);
	xg_evtchn_notify(port);
	for (ms = 0; ms < RESET_MS; ms += RESET_STEP_MS) {
		if (READ_ONCE(page->connection) == XENSTORE_CONNECTED) {
			/* Pairs with the server's: the indices come first. */
			virt_rmb();
			return xg_xs_conn_init(ring, page);
		}
		msleep(RESET_STEP_MS);
	}
	return -ETIMEDOUT;
}

int xg_page_take(struct xg_xs_conn *ring, struct xg_evtchn *port)
{
	struct xenstore_domain_interface *page = ring->intf;

	/* Somebody before us has asked for a reset: wait for it, too. */
	if (can_reset(page) &&
	    READ_ONCE(page->connection) != XENSTORE_CONNECTED)
		return xg_page_reset(ring, port);
	if (!xg_xs_conn_init(ring, page))
		return 0;
	pr_warn("xenstore: impossible indices were left in the ring\n");
	return xg_page_reset(ring, port);
}
