/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ethtool's operations across kernel versions: the receive hash's come with their
 * parameters one by one, or in a structure since 6.8.
 */
#ifndef XG_COMPAT_ETHTOOL_H
#define XG_COMPAT_ETHTOOL_H

#include <linux/ethtool.h>
#include <linux/version.h>

/*
 * Parameters of get_rxfh() and set_rxfh(); in them the table and the key, either
 * of which may be NULL; the function that is to be set, and how to say which it is.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define XG_GET_RXFH_PARAMS \
	struct net_device *dev, u32 *indir, u8 *key, u8 *hfunc
#define XG_SET_RXFH_PARAMS \
	struct net_device *dev, const u32 *indir, const u8 *key, const u8 hfunc
#define XG_RXFH_INDIR indir
#define XG_RXFH_KEY key
#define XG_RXFH_FUNC hfunc
#define XG_RXFH_SAY_FUNC(func) do { if (hfunc) *hfunc = (func); } while (0)
#else
#define XG_GET_RXFH_PARAMS \
	struct net_device *dev, struct ethtool_rxfh_param *rxfh
#define XG_SET_RXFH_PARAMS \
	struct net_device *dev, struct ethtool_rxfh_param *rxfh, \
	struct netlink_ext_ack *extack
#define XG_RXFH_INDIR (rxfh->indir)
#define XG_RXFH_KEY (rxfh->key)
#define XG_RXFH_FUNC (rxfh->hfunc)
#define XG_RXFH_SAY_FUNC(func) (rxfh->hfunc = (func))
#endif

#endif /* XG_COMPAT_ETHTOOL_H */
