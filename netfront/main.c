// SPDX-License-Identifier: GPL-2.0-only
/*
 * xg-netfront: Xen's virtual network interfaces as eth0, eth1, ...
 *
 * One struct xg_net a device, in its net_device's private room. It lives from
 * probe to remove; connections come and go meanwhile.
 *
 * Read on in handshake.c (how an interface is connected), tx.c and rx.c (how a
 * packet goes), queue.c (interrupts, NAPI, and what a bad backend leads to).
 */
#define pr_fmt(fmt) "xg-netfront: " fmt

#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include "internal.h"

#define CLOSE_SECONDS	10

bool xg_net_trusted = true;
module_param_named(trusted, xg_net_trusted, bool, 0444);
MODULE_PARM_DESC(trusted,
		 "backends may see pages of packets in place (default); 0: all is copied");

/* The toolstack gives each interface its address. */
static void read_mac(struct xg_net *net)
{
	const char *path = net->xdev->path;
	u8 addr[ETH_ALEN];
	char *text;

	text = xg_store_read(XG_STORE_NONE, path, "mac", NULL);
	if (!IS_ERR(text) && mac_pton(text, addr) && is_valid_ether_addr(addr)) {
		eth_hw_addr_set(net->dev, addr);
	} else {
		pr_warn("%s: no usable address, taking one at random\n", path);
		eth_hw_addr_random(net->dev);
	}
	if (!IS_ERR(text))
		kfree(text);
}

static struct xg_net *net_create(struct xg_xenbus_device *xdev)
{
	struct net_device *dev;
	struct xg_net *net;

	dev = alloc_etherdev_mq(sizeof(*net), XG_NET_QUEUES_MAX);
	if (!dev)
		return NULL;
	SET_NETDEV_DEV(dev, &xdev->dev);
	net = netdev_priv(dev);
	net->dev = dev;
	net->xdev = xdev;
	INIT_WORK(&net->renew, xg_net_renew);
	INIT_WORK(&net->filter, xg_net_filter);
	INIT_DELAYED_WORK(&net->announce, xg_net_announce);
	xg_net_ctrl_init(net);
	xg_net_init_dev(dev);
	if (xg_net_queues_make(net)) {
		free_netdev(dev);
		return NULL;
	}
	return net;
}

static void net_destroy(struct xg_net *net)
{
	xg_net_queues_unmake(net);
	free_netdev(net->dev);
}

static int net_probe(struct xg_xenbus_device *xdev)
{
	struct xg_net *net;
	int err;

	net = net_create(xdev);
	if (!net)
		return -ENOMEM;
	read_mac(net);
	/* The toolstack's hint, in our directory; 1500 where there is none. */
	net->dev->mtu = xg_store_read_or(xdev->path, "mtu", ETH_MIN_MTU,
					 XG_NET_MTU_MAX, ETH_DATA_LEN);
	err = register_netdev(net->dev);
	if (err) {
		net_destroy(net);
		return err;
	}
	xg_net_stats_add(net);
	xg_xenbus_set_drvdata(xdev, net);
	return 0;
}

/**
 * xg_net_disconnect() - undo a connection, whatever there is of it
 * @net: the interface
 *
 * Context: process; the backend has closed, or need not.
 */
void xg_net_disconnect(struct xg_net *net)
{
	xg_net_down(net);
	xg_net_queues_stop(net);
	/* Without groups and NAPI nobody asks for it again; it writes a key. */
	cancel_work_sync(&net->filter);
	xg_net_forget_keys(net);
	xg_net_ctrl_free(net);
	xg_net_queues_free(net);
}

/* The backend is gone: nobody will answer, now or later. */
static void net_lost(struct xg_xenbus_device *xdev)
{
	struct xg_net *net = xg_xenbus_get_drvdata(xdev);
	unsigned int i;

	netdev_info(net->dev, "the backend is gone\n");
	xg_net_down(net);
	for (i = 0; i < net->nr_queues; i++)
		xg_net_kill(&net->queues[i]);
}

/* The host may be another soon: nothing is shown to a backend meanwhile. */
static void net_suspend(struct xg_xenbus_device *xdev)
{
	struct xg_net *net = xg_xenbus_get_drvdata(xdev);

	if (net->live)
		xg_net_queues_rest(net);
}

static void net_resume(struct xg_xenbus_device *xdev, bool moved)
{
	struct xg_net *net = xg_xenbus_get_drvdata(xdev);

	if (moved)
		net_lost(xdev);
	else if (net->live)
		xg_net_queues_go_on(net);
}

/* Its carrier may have changed. */
static void net_changed(struct xg_xenbus_device *xdev)
{
	struct xg_net *net = xg_xenbus_get_drvdata(xdev);

	if (!net->live)
		return;
	xg_net_read_link(net);
	xg_net_show_link(net);
}

static void net_remove(struct xg_xenbus_device *xdev)
{
	struct xg_net *net = xg_xenbus_get_drvdata(xdev);

	cancel_work_sync(&net->renew);
	cancel_delayed_work_sync(&net->announce);
	xg_net_stats_remove(net);
	xg_net_hash_off(net);
	xg_net_down(net);
	/*
	 * The backend lets go first, of its mappings and its ends of the channels:
	 * one that is just about to connect needs them.
	 */
	xg_xenbus_close_wait(xdev, CLOSE_SECONDS);
	xg_net_disconnect(net);
	unregister_netdev(net->dev);
	/* Nobody is left who could ask for it. */
	cancel_work_sync(&net->renew);
	xg_xenbus_set_drvdata(xdev, NULL);
	net_destroy(net);
}

static const struct xg_xenbus_id net_ids[] = {
	{ "vif" },
	{ "" },
};
MODULE_ALIAS("xg:vif");

static struct xg_xenbus_driver net_driver = {
	.ids = net_ids,
	.steps = xg_net_steps,
	.probe = net_probe,
	.remove = net_remove,
	.lost = net_lost,
	.suspend = net_suspend,
	.resume = net_resume,
	.changed = net_changed,
	.driver.name = "xg-vif",
};

static int __init netfront_init(void)
{
	int err;

	xg_net_stats_init();
	net_driver.nr_steps = xg_net_nr_steps;
	err = xg_xenbus_register_driver(&net_driver);
	if (err)
		xg_net_stats_exit();
	return err;
}

static void __exit netfront_exit(void)
{
	xg_xenbus_unregister_driver(&net_driver);
	xg_net_stats_exit();
}

module_init(netfront_init);
module_exit(netfront_exit);

MODULE_DESCRIPTION("Xen virtual network interface frontend");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
