/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Networking across kernel versions: where page pools are, and what they know;
 * where a device says what it does for XDP.
 */
#ifndef XG_COMPAT_NET_H
#define XG_COMPAT_NET_H

#include <linux/netdevice.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#include <net/page_pool/helpers.h>
#else
#include <net/page_pool.h>
#endif

/* A pool of single pages for the receive queue of @napi, never mapped for DMA. */
static inline struct page_pool *
xg_page_pool_create(struct napi_struct *napi, unsigned int size)
{
	struct page_pool_params params = {
		.pool_size = size,
		.nid = NUMA_NO_NODE,
	};

	/* Then pages freed in the same NAPI's context take a shorter way. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	params.napi = napi;
#endif
	return page_pool_create(&params);
}

/* @dev, not yet registered, does all of XDP but zero copy and many buffers. */
static inline void xg_xdp_can_all(struct net_device *dev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	dev->xdp_features = NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT |
			    NETDEV_XDP_ACT_NDO_XMIT;
#endif
}

#endif /* XG_COMPAT_NET_H */
