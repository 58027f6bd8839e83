// SPDX-License-Identifier: GPL-2.0-only
/*
 * ethtool: -i, -l and -L, -g, -S, and of the receive hash -x, -X, -n. Features
 * (-k, -K) are the stack's, within what net_fix_features() allows. Numbers are of
 * the queues there are now, and count on from one connection to the next.
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <compat/ethtool.h>
#include "internal.h"

/* The numbers of one queue: their names, and where they are. */
struct number {
	const char *name;
	size_t at;
};

#define TX(key)	{ #key, offsetof(struct xg_net_queue, tx.stats.key) }
#define RX(key)	{ #key, offsetof(struct xg_net_queue, rx.stats.key) }

static const struct number tx_numbers[] = {
	TX(packets), TX(bytes), TX(drops), TX(errors), TX(notifications),
	TX(interrupts), TX(full), TX(copied), TX(xdp),
};

static const struct number rx_numbers[] = {
	RX(packets), RX(bytes), RX(drops), RX(errors), RX(notifications),
	RX(interrupts), RX(spurious), RX(copied), RX(hashed), RX(xdp_pass),
	RX(xdp_drops), RX(xdp_tx), RX(xdp_redirects), RX(xdp_errors),
	RX(xdp_large),
};

static void net_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	struct xg_net *net = netdev_priv(dev);

	strscpy(info->driver, "xg-netfront", sizeof(info->driver));
	strscpy(info->bus_info, dev_name(&net->xdev->dev),
		sizeof(info->bus_info));
}

static void net_get_channels(struct net_device *dev, struct ethtool_channels *ch)
{
	struct xg_net *net = netdev_priv(dev);

	ch->max_combined = xg_net_max_queues(net);
	ch->combined_count = dev->real_num_tx_queues;
}

/* Another number of queues is another connection: the handshake makes it. */
static int net_set_channels(struct net_device *dev, struct ethtool_channels *ch)
{
	struct xg_net *net = netdev_priv(dev);

	/* The core has compared it with the maximum. */
	if (!ch->combined_count)
		return -EINVAL;
	if (!net->live)
		return -ENOTCONN;
	/* Also where it is what there is now: another number may be on its way. */
	net->wanted_queues = ch->combined_count;
	if (ch->combined_count != dev->real_num_tx_queues)
		schedule_work(&net->renew);
	return 0;
}

static void net_get_ringparam(struct net_device *dev,
			      struct ethtool_ringparam *ring,
			      struct kernel_ethtool_ringparam *kernel_ring,
			      struct netlink_ext_ack *extack)
{
	ring->rx_max_pending = XG_NET_RING_SLOTS;
	ring->tx_max_pending = XG_NET_RING_SLOTS;
	ring->rx_pending = XG_NET_RING_SLOTS;
	ring->tx_pending = XG_NET_RING_SLOTS;
}

/* As many queues as there may be: then no count is ever in doubt. */
static int net_get_sset_count(struct net_device *dev, int set)
{
	if (set != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return XG_NET_QUEUES_MAX *
	       (ARRAY_SIZE(tx_numbers) + ARRAY_SIZE(rx_numbers));
}

static void net_get_strings(struct net_device *dev, u32 set, u8 *data)
{
	unsigned int i, k;

	if (set != ETH_SS_STATS)
		return;
	for (i = 0; i < XG_NET_QUEUES_MAX; i++) {
		for (k = 0; k < ARRAY_SIZE(tx_numbers); k++)
			ethtool_sprintf(&data, "tx_queue_%u_%s", i,
					tx_numbers[k].name);
		for (k = 0; k < ARRAY_SIZE(rx_numbers); k++)
			ethtool_sprintf(&data, "rx_queue_%u_%s", i,
					rx_numbers[k].name);
	}
}

static u64 read_number(struct xg_net_queue *q, const struct number *number)
{
	return READ_ONCE(*(u64 *)((u8 *)q + number->at));
}

static void net_get_stats(struct net_device *dev, struct ethtool_stats *stats,
			  u64 *data)
{
	struct xg_net *net = netdev_priv(dev);
	unsigned int i, k;

	for (i = 0; i < XG_NET_QUEUES_MAX; i++) {
		for (k = 0; k < ARRAY_SIZE(tx_numbers); k++)
			*data++ = read_number(&net->queues[i], &tx_numbers[k]);
		for (k = 0; k < ARRAY_SIZE(rx_numbers); k++)
			*data++ = read_number(&net->queues[i], &rx_numbers[k]);
	}
}

/* Where there never was a hash there is neither key nor table. */
static u32 net_get_rxfh_key_size(struct net_device *dev)
{
	return xg_net_hash_known(netdev_priv(dev)) ? XG_NET_HASH_KEY : 0;
}

static u32 net_get_rxfh_indir_size(struct net_device *dev)
{
	struct xg_net *net = netdev_priv(dev);

	return xg_net_hash_known(net) ? net->ctrl.table_size : 0;
}

static int net_get_rxfh(XG_GET_RXFH_PARAMS)
{
	struct xg_net *net = netdev_priv(dev);

	if (!xg_net_hash_known(net))
		return -EOPNOTSUPP;
	XG_RXFH_SAY_FUNC(ETH_RSS_HASH_TOP);
	if (XG_RXFH_KEY)
		memcpy(XG_RXFH_KEY, net->ctrl.key, XG_NET_HASH_KEY);
	if (XG_RXFH_INDIR)
		memcpy(XG_RXFH_INDIR, net->ctrl.table,
		       net->ctrl.table_size * sizeof(*XG_RXFH_INDIR));
	return 0;
}

static int net_set_rxfh(XG_SET_RXFH_PARAMS)
{
	u8 func = XG_RXFH_FUNC;

	if (func != ETH_RSS_HASH_NO_CHANGE && func != ETH_RSS_HASH_TOP)
		return -EOPNOTSUPP;
	return xg_net_hash_change(netdev_priv(dev), XG_RXFH_KEY, XG_RXFH_INDIR);
}

/* What goes into the hash of packets whose hash has one of these types. */
static u64 fields_of(const struct xg_net *net, u32 ports, u32 addresses)
{
	if (!xg_net_hash_known(net))
		return 0;
	if (net->ctrl.types & ports)
		return RXH_IP_SRC | RXH_IP_DST | RXH_L4_B_0_1 | RXH_L4_B_2_3;
	return net->ctrl.types & addresses ? RXH_IP_SRC | RXH_IP_DST : 0;
}

static int get_fields(const struct xg_net *net, struct ethtool_rxnfc *info)
{
	switch (info->flow_type) {
	case TCP_V4_FLOW:
		info->data = fields_of(net, XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP,
				       XEN_NETIF_CTRL_HASH_TYPE_IPV4);
		return 0;
	case TCP_V6_FLOW:
		info->data = fields_of(net, XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP,
				       XEN_NETIF_CTRL_HASH_TYPE_IPV6);
		return 0;
	case UDP_V4_FLOW:
	case SCTP_V4_FLOW:
	case IPV4_FLOW:
		info->data = fields_of(net, 0, XEN_NETIF_CTRL_HASH_TYPE_IPV4);
		return 0;
	case UDP_V6_FLOW:
	case SCTP_V6_FLOW:
	case IPV6_FLOW:
		info->data = fields_of(net, 0, XEN_NETIF_CTRL_HASH_TYPE_IPV6);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int net_get_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info,
			 u32 *rules)
{
	switch (info->cmd) {
	case ETHTOOL_GRXRINGS:
		info->data = dev->real_num_rx_queues;
		return 0;
	case ETHTOOL_GRXFH:
		return get_fields(netdev_priv(dev), info);
	default:
		return -EOPNOTSUPP;
	}
}

const struct ethtool_ops xg_net_ethtool_ops = {
	.get_drvinfo = net_get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_channels = net_get_channels,
	.set_channels = net_set_channels,
	.get_ringparam = net_get_ringparam,
	.get_rxfh_key_size = net_get_rxfh_key_size,
	.get_rxfh_indir_size = net_get_rxfh_indir_size,
	.get_rxfh = net_get_rxfh,
	.set_rxfh = net_set_rxfh,
	.get_rxnfc = net_get_rxnfc,
	.get_sset_count = net_get_sset_count,
	.get_strings = net_get_strings,
	.get_ethtool_stats = net_get_stats,
	.get_ts_info = ethtool_op_get_ts_info,
};
