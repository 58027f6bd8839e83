// SPDX-License-Identifier: GPL-2.0-only
/*
 * The console that every domain has, hvc0: the toolstack's page and port, named by
 * parameters of the domain. They are there before us and after us, and so is the
 * host's end: there is no handshake.
 */
#define pr_fmt(fmt) "xg-console: " fmt

#include <linux/err.h>
#include <linux/io.h>
#include <linux/printk.h>
#include <xen/interface/xen.h>
#include <xen/interface/hvm/params.h>
#include <xg/evtchn.h>
#include <xg/hypercall.h>
#include <xg/store.h>
#include "internal.h"

static struct {
	struct xg_con *con;		/* while it is there */
	struct xencons_interface *page;
	struct xg_evtchn *ch;
} first;

/* 0 or -ENODEV. */
static int find_first(u64 *pfn, u64 *port)
{
	if (xg_hvm_param_get(HVM_PARAM_CONSOLE_PFN, pfn) ||
	    xg_hvm_param_get(HVM_PARAM_CONSOLE_EVTCHN, port) || !*pfn || !*port)
		return -ENODEV;
	return 0;
}

bool xg_con_first_exists(void)
{
	u64 pfn, port;

	return !find_first(&pfn, &port);
}

static int first_connect(struct xg_con *con)
{
	struct xg_evtchn_client client;
	u64 pfn, port;
	int err;

	err = find_first(&pfn, &port);
	if (err)
		return err;
	first.page = memremap(PFN_PHYS(pfn), PAGE_SIZE, MEMREMAP_WB);
	if (!first.page)
		return -ENOMEM;
	xg_con_client(con, &client);
	first.ch = xg_evtchn_adopt(port, &client);
	if (IS_ERR(first.ch)) {
		memunmap(first.page);
		return PTR_ERR(first.ch);
	}
	xg_con_up(con, first.page, first.ch);
	return 0;
}

static void first_disconnect(struct xg_con *con)
{
	xg_con_down(con);
	xg_evtchn_close(first.ch);
	memunmap(first.page);
}

static int first_begin(struct xg_con *con)
{
	int err;

	err = first_connect(con);
	if (err)
		return err;
	err = xg_con_appear(con);
	if (err)
		first_disconnect(con);
	return err;
}

static void store_up(void)
{
	struct xg_con *con;
	int err;

	if (!xg_con_first_exists()) {
		pr_info("the host gives this domain no console of its own\n");
		return;
	}
	con = xg_con_take(0);
	err = PTR_ERR_OR_ZERO(con);
	if (!err) {
		err = first_begin(con);
		if (!err)
			first.con = con;
		else
			xg_con_give(con);
	}
	if (err)
		pr_err("the domain's own console cannot be used (%d)\n", err);
}

static void store_down(void)
{
	if (!first.con)
		return;
	xg_con_vanish(first.con);
	first_disconnect(first.con);
	xg_con_hangup(first.con);
	xg_con_give(first.con);
	first.con = NULL;
}

/* Another domain's page and port. What the old host had not read is lost. */
static void store_moved(void)
{
	struct xg_con *con = first.con;
	int err;

	if (!con)
		return;
	first_disconnect(con);
	err = first_connect(con);
	if (!err)
		return;
	pr_err("%s has no console behind it any more (%d)\n", con->name, err);
	xg_con_vanish(con);
	xg_con_hangup(con);
	xg_con_give(con);
	first.con = NULL;
}

/* The page and the port are as good for as long as the store is. */
static struct xg_store_user user = {
	.up = store_up,
	.down = store_down,
	.moved = store_moved,
};

void xg_con_first_init(void)
{
	xg_store_join(&user);
}

void xg_con_first_exit(void)
{
	xg_store_leave(&user);
}
