// SPDX-License-Identifier: GPL-2.0-only
/*
 * Multicast groups: the backend keeps a list of those that are to be received,
 * where it offers feature-multicast-control, and can be told at any time to send
 * all (feature-dynamic-multicast-control). Without the latter it is not asked
 * for either: an interface in a bridge needs all.
 *
 * Whatever goes wrong with the list, too many groups or no room on the ring, the
 * answer is to have everything sent, until the next connection.
 *
 * Locking: the stack's address lock. The key is written by a work.
 */
#define pr_fmt(fmt) "xg-netfront: " fmt

#include <linux/netdevice.h>
#include "internal.h"

static int tell(struct net_device *dev, const unsigned char *addr, bool add)
{
	struct xg_net *net = netdev_priv(dev);

	if (!xg_net_tx_mcast(&net->queues[0], addr, add))
		xg_net_mcast_failed(net);
	return 0;
}

static int add_group(struct net_device *dev, const unsigned char *addr)
{
	return tell(dev, addr, true);
}

static int remove_group(struct net_device *dev, const unsigned char *addr)
{
	return tell(dev, addr, false);
}

/**
 * xg_net_set_rx_mode() - groups or modes of the interface have changed
 * @dev: the interface
 *
 * Context: the address lock is held.
 */
void xg_net_set_rx_mode(struct net_device *dev)
{
	struct xg_net *net = netdev_priv(dev);
	bool flood;

	if (!READ_ONCE(net->live) || !net->can_filter)
		return;
	__dev_mc_sync(dev, add_group, remove_group);
	flood = dev->flags & (IFF_PROMISC | IFF_ALLMULTI);
	if (flood == net->flood)
		return;
	WRITE_ONCE(net->flood, flood);
	schedule_work(&net->filter);
}

/* The list lacks a group, of which there was no telling or which was refused. */
void xg_net_mcast_failed(struct xg_net *net)
{
	WRITE_ONCE(net->filter_failed, true);
	schedule_work(&net->filter);
}

static int write_key(xg_store_txn_t txn, void *data)
{
	struct xg_net *net = data;
	const char *path = net->xdev->path;

	/* The key alone would make the directory of a removed device anew. */
	if (!xg_store_exists(txn, path, "state"))
		return -ENODEV;
	return xg_store_write(txn, path, "request-multicast-control",
			      xg_net_filters(net) ? "1" : "0");
}

/* Work: tell the backend whether it is to look at its list. */
void xg_net_filter(struct work_struct *work)
{
	xg_store_transaction(write_key,
			     container_of(work, struct xg_net, filter));
}

/**
 * xg_net_mcast_restart() - a new connection: its list is empty
 * @net: live
 *
 * Context: process.
 */
void xg_net_mcast_restart(struct xg_net *net)
{
	netif_addr_lock_bh(net->dev);
	xg_net_set_rx_mode(net->dev);
	netif_addr_unlock_bh(net->dev);
}

/**
 * xg_net_mcast_stop() - the list goes with the connection
 * @net: no more live
 *
 * Nobody is on the way to tell the backend of a group when this returns.
 *
 * Context: process.
 */
void xg_net_mcast_stop(struct xg_net *net)
{
	netif_addr_lock_bh(net->dev);
	__dev_mc_unsync(net->dev, NULL);
	netif_addr_unlock_bh(net->dev);
}
