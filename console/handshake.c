// SPDX-License-Identifier: GPL-2.0-only
/*
 * The consoles in the store, device/console/N, as hvcN: a ring and a port of ours,
 * published for a backend that is the device model, mostly.
 *
 * Such a backend looks at the keys whatever our state is, and some daemons have no
 * states at all: the keys are there when the ring is ready and gone before it is.
 * Bytes that are written before the backend comes wait in the ring.
 *
 * Protocol: Xen docs/misc/console.txt. Start with con_steps[].
 */
#define pr_fmt(fmt) "xg-console: " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <xg/evtchn.h>
#include <xg/grant.h>
#include <xg/xenbus.h>
#include "internal.h"

#define CLOSE_SECONDS	5

/* One connection; under the device's lock. */
struct con_dev {
	struct xg_xenbus_device *xdev;
	struct xg_con *con;
	bool visible;
	struct xencons_interface *page;	/* NULL: not connected */
	grant_ref_t ref;
	struct xg_evtchn *ch;
};

static const char *const keys[] = { "ring-ref", "port" };

static int write_keys(xg_store_txn_t txn, void *data)
{
	const struct con_dev *cd = data;
	const char *path = cd->xdev->path;

	/* Keys alone would make the directory of a removed device anew. */
	if (!xg_store_exists(txn, path, "state"))
		return -ENODEV;
	return xg_store_printf(txn, path, keys[0], "%u", cd->ref) ?:
	       xg_store_printf(txn, path, keys[1], "%u",
			       xg_evtchn_port(cd->ch));
}

static void forget_keys(struct con_dev *cd)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		xg_store_rm(XG_STORE_NONE, cd->xdev->path, keys[i]);
}

static int con_connect(struct con_dev *cd)
{
	struct xg_evtchn_client client;
	void *page;
	int err;

	err = xg_xenbus_alloc_ring(cd->xdev, 0, &page, &cd->ref);
	if (err)
		return err;
	xg_con_client(cd->con, &client);
	cd->ch = xg_evtchn_open_unbound(cd->xdev->peer, &client);
	if (IS_ERR(cd->ch)) {
		xg_xenbus_free_ring(page, 0, &cd->ref);
		return PTR_ERR(cd->ch);
	}
	cd->page = page;
	xg_con_up(cd->con, page, cd->ch);
	return 0;
}

/* The backend has let go, or need not. */
static void con_disconnect(struct con_dev *cd)
{
	if (!cd->page)
		return;
	xg_con_down(cd->con);
	xg_evtchn_close(cd->ch);
	xg_xenbus_free_ring(cd->page, 0, &cd->ref);
	cd->page = NULL;
}

/* The backend waits for our ring. */
static int con_publish(struct xg_xenbus_device *xdev)
{
	struct con_dev *cd = xg_xenbus_get_drvdata(xdev);
	int err;

	/* It may have closed, and begun anew. */
	con_disconnect(cd);
	err = con_connect(cd);
	if (err)
		return err;
	err = xg_store_transaction(write_keys, cd);
	if (!err && !cd->visible) {
		err = xg_con_appear(cd->con);
		cd->visible = !err;
	}
	if (err) {
		forget_keys(cd);
		con_disconnect(cd);
	}
	return err;
}

static int con_go_live(struct xg_xenbus_device *xdev)
{
	struct con_dev *cd = xg_xenbus_get_drvdata(xdev);

	/* Whatever was written until now. */
	xg_con_kick(cd->con);
	return 0;
}

/* The backend wants to go: nobody writes any more, nobody finds our ring. */
static int con_wind_down(struct xg_xenbus_device *xdev)
{
	struct con_dev *cd = xg_xenbus_get_drvdata(xdev);

	xg_con_down(cd->con);
	xg_con_hangup(cd->con);
	forget_keys(cd);
	return 0;
}

static void con_lost(struct xg_xenbus_device *xdev)
{
	struct con_dev *cd = xg_xenbus_get_drvdata(xdev);

	pr_info("%s: the backend is gone\n", cd->con->name);
	xg_con_down(cd->con);
	xg_con_hangup(cd->con);
	if (!xdev->gone)
		forget_keys(cd);
}

/* Whoever has it open is to notice nothing: a new ring follows. */
static void con_resume(struct xg_xenbus_device *xdev, bool moved)
{
	if (moved)
		con_disconnect(xg_xenbus_get_drvdata(xdev));
}

static const struct xg_step con_steps[] = {
	{ XG_S(Initialising) | XG_S(InitWait), XG_S(Initialising), con_publish,
	  XenbusStateInitialised },
	{ XG_S(Connected), XG_S(Initialised), con_go_live,
	  XenbusStateConnected },
	{ XG_S(Closing), XG_S(Initialised) | XG_S(Connected), con_wind_down,
	  XenbusStateClosed },
};

static int con_probe(struct xg_xenbus_device *xdev)
{
	struct con_dev *cd;
	unsigned int index;
	int err;

	if (kstrtouint(xdev->id, 10, &index) || index >= XG_CON_MAX) {
		pr_err("%s: there is no hvc of this number, the last is hvc%u\n",
		       xdev->path, XG_CON_MAX - 1);
		return -ENODEV;
	}
	/* Some toolstacks list it as a device, too. */
	if (!index && xg_con_first_exists())
		return -ENODEV;
	cd = kzalloc(sizeof(*cd), GFP_KERNEL);
	if (!cd)
		return -ENOMEM;
	cd->xdev = xdev;
	cd->con = xg_con_take(index);
	if (IS_ERR(cd->con)) {
		err = PTR_ERR(cd->con);
		pr_err("%s: hvc%u cannot be had (%d)\n", xdev->path, index, err);
		kfree(cd);
		return err;
	}
	/* An earlier driver's: a backend would map whatever is there now. */
	forget_keys(cd);
	xg_xenbus_set_drvdata(xdev, cd);
	return 0;
}

static void con_remove(struct xg_xenbus_device *xdev)
{
	struct con_dev *cd = xg_xenbus_get_drvdata(xdev);

	if (cd->visible)
		xg_con_vanish(cd->con);
	xg_con_down(cd->con);
	xg_con_hangup(cd->con);
	/* The backend lets go first. */
	xg_xenbus_close_wait(xdev, CLOSE_SECONDS);
	if (!xdev->gone)
		forget_keys(cd);
	con_disconnect(cd);
	xg_con_give(cd->con);
	xg_xenbus_set_drvdata(xdev, NULL);
	kfree(cd);
}

static const struct xg_xenbus_id con_ids[] = {
	{ "console" },
	{ "" },
};
MODULE_ALIAS("xg:console");

static struct xg_xenbus_driver con_driver = {
	.ids = con_ids,
	.steps = con_steps,
	.nr_steps = ARRAY_SIZE(con_steps),
	.probe = con_probe,
	.remove = con_remove,
	.lost = con_lost,
	.resume = con_resume,
	.driver.name = "xg-console",
};

int xg_con_devices_init(void)
{
	return xg_xenbus_register_driver(&con_driver);
}

void xg_con_devices_exit(void)
{
	xg_xenbus_unregister_driver(&con_driver);
}
