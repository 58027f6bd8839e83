// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interface as the kernel sees it. It is registered for as long as the device
 * is there, without a carrier while nobody is at the other end; a connection
 * brings queues and features and takes the queues again.
 *
 * Locking: rtnl, for @live and all that is told to the kernel. Start with
 * xg_net_up() and xg_net_down().
 */
#define pr_fmt(fmt) "xg-netfront: " fmt

#include <linux/bitmap.h>
#include <linux/cpu.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include "internal.h"

/* What the backend has a say in. */
#define BACKENDS_FEATURES \
	(NETIF_F_SG | NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM | NETIF_F_TSO | \
	 NETIF_F_TSO6)

/* What is sent before the stack has seen the carrier is thrown away. */
#define ANNOUNCE_WAIT	(HZ / 10)

static int net_open(struct net_device *dev)
{
	struct xg_net *net = netdev_priv(dev);

	if (net->live)
		netif_tx_start_all_queues(dev);
	return 0;
}

/* NAPI stays on: what is being sent is answered, what comes is thrown away. */
static int net_stop(struct net_device *dev)
{
	netif_tx_disable(dev);
	return 0;
}

static void net_get_stats(struct net_device *dev, struct rtnl_link_stats64 *s)
{
	struct xg_net *net = netdev_priv(dev);
	unsigned int i;

	for (i = 0; i < XG_NET_QUEUES_MAX; i++) {
		const struct xg_net_tx_stats *tx = &net->queues[i].tx.stats;
		const struct xg_net_rx_stats *rx = &net->queues[i].rx.stats;

		/* One writer each, and no number is torn on 64 bits. */
		s->tx_packets += READ_ONCE(tx->packets);
		s->tx_bytes += READ_ONCE(tx->bytes);
		s->tx_dropped += READ_ONCE(tx->drops);
		s->tx_errors += READ_ONCE(tx->errors);
		s->rx_packets += READ_ONCE(rx->packets);
		s->rx_bytes += READ_ONCE(rx->bytes);
		s->rx_dropped += READ_ONCE(rx->drops);
		s->rx_errors += READ_ONCE(rx->errors);
	}
}

static int net_change_mtu(struct net_device *dev, int mtu)
{
	struct xg_net *net = netdev_priv(dev);

	if (xg_net_xdp_on(net) && mtu > XG_NET_XDP_MTU)
		return -EINVAL;
	WRITE_ONCE(dev->mtu, mtu);
	return 0;
}

static netdev_features_t net_fix_features(struct net_device *dev,
					  netdev_features_t features)
{
	struct xg_net *net = netdev_priv(dev);

	return features & (net->offered | ~BACKENDS_FEATURES);
}

static int net_set_features(struct net_device *dev, netdev_features_t features)
{
	netdev_features_t changed = dev->features ^ features;

	/* The work that is begun looks at what is there then. */
	dev->features = features;
	if (changed & NETIF_F_RXHASH)
		xg_net_hash_switch(netdev_priv(dev));
	/* Not 0: the core is not to set them again. */
	return 1;
}

/* A packet's length has 16 bits on the wire, header and all. */
static netdev_features_t net_features_check(struct sk_buff *skb,
					    struct net_device *dev,
					    netdev_features_t features)
{
	if (skb_is_gso(skb) && skb->len > XEN_NETIF_MAX_TX_SIZE)
		features &= ~NETIF_F_GSO_MASK;
	return vlan_features_check(skb, features);
}

/**
 * xg_net_is_offered() - does the backend do what a packet leaves to it?
 * @net: the interface
 * @skb: made ready, it may be, for an earlier connection, and put off
 *
 * Context: any.
 */
bool xg_net_is_offered(const struct xg_net *net, struct sk_buff *skb)
{
	netdev_features_t wants = 0;

	if (skb_is_gso(skb))
		wants |= skb_shinfo(skb)->gso_type & SKB_GSO_TCPV6 ?
			 NETIF_F_TSO6 : NETIF_F_TSO;
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		wants |= vlan_get_protocol(skb) == htons(ETH_P_IPV6) ?
			 NETIF_F_IPV6_CSUM : NETIF_F_IP_CSUM;
	return !(wants & ~net->offered);
}

/* The same in the words of the wire. */
u16 xg_net_csum_flags(struct sk_buff *skb)
{
	switch (skb->ip_summed) {
	case CHECKSUM_PARTIAL:
		return XEN_NETTXF_csum_blank | XEN_NETTXF_data_validated;
	case CHECKSUM_UNNECESSARY:
		return XEN_NETTXF_data_validated;
	default:
		return 0;
	}
}

struct xg_net_gso xg_net_gso_of(struct sk_buff *skb)
{
	struct xg_net_gso gso = {};

	if (!skb_is_gso(skb))
		return gso;
	gso.type = skb_shinfo(skb)->gso_type & SKB_GSO_TCPV6 ?
		   XEN_NETIF_GSO_TYPE_TCPV6 : XEN_NETIF_GSO_TYPE_TCPV4;
	gso.size = skb_shinfo(skb)->gso_size;
	return gso;
}

static const struct net_device_ops net_ops = {
	.ndo_open = net_open,
	.ndo_stop = net_stop,
	.ndo_start_xmit = xg_net_xmit,
	.ndo_get_stats64 = net_get_stats,
	.ndo_change_mtu = net_change_mtu,
	.ndo_fix_features = net_fix_features,
	.ndo_set_features = net_set_features,
	.ndo_features_check = net_features_check,
	.ndo_bpf = xg_net_bpf,
	.ndo_xdp_xmit = xg_net_xdp_xmit,
	.ndo_set_rx_mode = xg_net_set_rx_mode,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
};

/**
 * xg_net_init_dev() - what does not depend on the backend
 * @dev: not yet registered
 */
void xg_net_init_dev(struct net_device *dev)
{
	dev->netdev_ops = &net_ops;
	dev->ethtool_ops = &xg_net_ethtool_ops;
	dev->hw_features = BACKENDS_FEATURES | NETIF_F_RXCSUM | NETIF_F_RXHASH;
	/* The hash costs the backend more than it saves us, by default. */
	dev->features = dev->hw_features & ~NETIF_F_RXHASH;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE;
	/* Packets are listed by their own links while they are completed. */
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = XG_NET_MTU_MAX;
	netif_set_real_num_tx_queues(dev, 1);
	netif_set_real_num_rx_queues(dev, 1);
	xg_xdp_can_all(dev);
	netif_set_tso_max_size(dev, XEN_NETIF_MAX_TX_SIZE);
	netif_carrier_off(dev);
}

static bool any_poisoned(struct xg_net *net)
{
	unsigned int i;

	for (i = 0; i < net->nr_queues; i++)
		if (READ_ONCE(net->queues[i].poisoned))
			return true;
	return false;
}

/**
 * xg_net_show_link() - carrier, or none
 * @net: the interface
 *
 * Context: any.
 */
void xg_net_show_link(struct xg_net *net)
{
	if (net->live && net->link && !any_poisoned(net))
		netif_carrier_on(net->dev);
	else
		netif_carrier_off(net->dev);
	/* NAPI runs, and takes the carrier after it has poisoned a queue. */
	if (any_poisoned(net))
		netif_carrier_off(net->dev);
}

/* Without scatter-gather a packet is one page, and by custom 1500 bytes. */
static void limit_mtu(struct xg_net *net)
{
	struct net_device *dev = net->dev;

	dev->max_mtu = net->offered & NETIF_F_SG ? XG_NET_MTU_MAX : ETH_DATA_LEN;
	if (dev->mtu <= dev->max_mtu)
		return;
	netdev_info(dev, "MTU %u is more than the backend can take\n", dev->mtu);
	dev_set_mtu(dev, dev->max_mtu);
}

/*
 * Whoever answers does so through the queue that the backend has chosen for the
 * conversation: what is sent is found to have been answered beside what comes next,
 * see answers.c. Who begins one takes the queue whose events come to the same CPU.
 */
static void spread_senders(struct xg_net *net)
{
	DECLARE_BITMAP(queue, XG_NET_QUEUES_MAX);
	unsigned int nr = net->nr_queues, cpu, i;
	cpumask_var_t mask;

	/* Without it the stack goes by the flow, which works as well. */
	if (nr == 1 || !alloc_cpumask_var(&mask, GFP_KERNEL))
		return;
	cpus_read_lock();
	for (i = 0; i < nr; i++) {
		bitmap_zero(queue, XG_NET_QUEUES_MAX);
		__set_bit(i, queue);
		__netif_set_xps_queue(net->dev, queue, i, XPS_RXQS);
	}
	cpus_read_unlock();
	for (i = 0; i < nr; i++) {
		cpumask_clear(mask);
		for_each_online_cpu(cpu)
			if (cpu % nr == i)
				cpumask_set_cpu(cpu, mask);
		netif_set_xps_queue(net->dev, mask, i);
	}
	free_cpumask_var(mask);
}

/**
 * xg_net_up() - the backend is connected: let the kernel know
 * @net: its queues are there
 *
 * Context: process; under the xenbus device's lock.
 * Return: 0 or -errno.
 */
int xg_net_up(struct xg_net *net)
{
	struct net_device *dev = net->dev;
	int err;

	rtnl_lock();
	err = netif_set_real_num_queues(dev, net->nr_queues, net->nr_queues);
	if (err)
		goto unlock;
	spread_senders(net);
	netdev_update_features(dev);
	limit_mtu(net);
	WRITE_ONCE(net->live, true);
	xg_net_queues_start(net);
	if (netif_running(dev))
		netif_tx_wake_all_queues(dev);
	xg_net_show_link(net);
	xg_net_mcast_restart(net);
unlock:
	rtnl_unlock();
	if (err)
		return err;
	/* Switches may know us elsewhere; at first nobody knows us. */
	if (net->was_live)
		schedule_delayed_work(&net->announce, ANNOUNCE_WAIT);
	net->was_live = true;
	return 0;
}

/* Work: gratuitous ARP and its like. */
void xg_net_announce(struct work_struct *work)
{
	struct xg_net *net = container_of(to_delayed_work(work), struct xg_net,
					  announce);

	netdev_notify_peers(net->dev);
}

/**
 * xg_net_down() - send no more
 * @net: the interface
 *
 * What has been sent is still answered.
 *
 * Context: process.
 */
void xg_net_down(struct xg_net *net)
{
	/* First, as it may be waited for with rtnl held. */
	xg_net_ctrl_end(net);
	rtnl_lock();
	if (net->live) {
		WRITE_ONCE(net->live, false);
		netif_carrier_off(net->dev);
		netif_tx_disable(net->dev);
		xg_net_mcast_stop(net);
	}
	rtnl_unlock();
}
