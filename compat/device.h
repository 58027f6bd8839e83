/* SPDX-License-Identifier: GPL-2.0-only */
/* The driver core across kernel versions: what a bus's callbacks may change. */
#ifndef XG_COMPAT_DEVICE_H
#define XG_COMPAT_DEVICE_H

#include <linux/device.h>
#include <linux/version.h>

/* A bus type: const where the driver core takes a const one. */
#define XG_BUS_TYPE typeof(*((struct device *)NULL)->bus)

/* bus_type.uevent() takes a const device since 6.3 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define XG_UEVENT_CONST const
#else
#define XG_UEVENT_CONST
#endif

/* bus_type.match() takes a const driver since 6.11 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define XG_MATCH_CONST const
#else
#define XG_MATCH_CONST
#endif

#endif /* XG_COMPAT_DEVICE_H */
