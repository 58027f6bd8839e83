/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Xen's structures on the wire, as the kernel's own headers have them. A host
 * build takes the very same files from a linux-headers package.
 */
#ifndef XG_PROTO_ABI_H
#define XG_PROTO_ABI_H

#include <xg/proto/types.h>
#include <xen/interface/xen.h>
#include <xen/interface/event_channel.h>
#include <xen/interface/io/blkif.h>
#include <xen/interface/io/console.h>
#include <xen/interface/io/netif.h>
#include <xen/interface/io/xs_wire.h>

#endif /* XG_PROTO_ABI_H */
