// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Linux's copy of the interface headers against Xen's own (libxen-dev): one file
 * cannot include both, as they share names. Compiled twice, with and without
 * XEN_OWN, it prints what it found; the Makefile compares. Plain numbers that
 * only one of the two has are not compared.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef XEN_OWN
#include <xen/event_channel.h>
#include <xen/io/blkif.h>
#include <xen/io/console.h>
#include <xen/io/netif.h>
#include <xen/io/xs_wire.h>
#define RW(field)	offsetof(struct blkif_request, field)
#define DISCARD(field)	offsetof(struct blkif_request_discard, field)
#define INDIRECT(field)	offsetof(struct blkif_request_indirect, field)
#define DISCARD_HANDLE	handle
#define NET(name)	netif_ ## name
#define STATUS(name)	NETIF_RSP_ ## name
#define NETTXF(flag)	NETTXF_ ## flag
#define NETRXF(flag)	NETRXF_ ## flag
#else
#include <xg/proto/abi.h>
#define RW(field)	offsetof(struct blkif_request, u.rw.field)
#define DISCARD(field)	offsetof(struct blkif_request, u.discard.field)
#define INDIRECT(field)	offsetof(struct blkif_request, u.indirect.field)
#define DISCARD_HANDLE	_pad1
#define NET(name)	xen_netif_ ## name
#define STATUS(name)	XEN_NETIF_RSP_ ## name
#define NETTXF(flag)	XEN_NETTXF_ ## flag
#define NETRXF(flag)	XEN_NETRXF_ ## flag
#endif

#define SHOW(value)	printf("%s = %ld\n", #value, (long)(value))
#define SHOW_AS(name, value) printf("%s = %ld\n", name, (long)(value))

static void show_blkif(void)
{
	SHOW(sizeof(struct blkif_request));
	SHOW(RW(nr_segments));
	SHOW(RW(handle));
	SHOW(RW(id));
	SHOW(RW(sector_number));
	SHOW(RW(seg));
	SHOW(RW(seg[10].last_sect));
	SHOW(DISCARD(flag));
	SHOW_AS("DISCARD(handle)", DISCARD(DISCARD_HANDLE));
	SHOW(DISCARD(id));
	SHOW(DISCARD(sector_number));
	SHOW(DISCARD(nr_sectors));
	SHOW(INDIRECT(indirect_op));
	SHOW(INDIRECT(nr_segments));
	SHOW(INDIRECT(id));
	SHOW(INDIRECT(sector_number));
	SHOW(INDIRECT(handle));
	SHOW(INDIRECT(indirect_grefs));
	SHOW(sizeof(struct blkif_request_segment));
	SHOW(sizeof(struct blkif_response));
	SHOW(offsetof(struct blkif_response, operation));
	SHOW(offsetof(struct blkif_response, status));
	SHOW(sizeof(union blkif_sring_entry));
	SHOW(offsetof(struct blkif_sring, req_prod));
	SHOW(offsetof(struct blkif_sring, req_event));
	SHOW(offsetof(struct blkif_sring, rsp_prod));
	SHOW(offsetof(struct blkif_sring, rsp_event));
	SHOW(offsetof(struct blkif_sring, ring));
	SHOW(BLKIF_OP_READ);
	SHOW(BLKIF_OP_WRITE);
	SHOW(BLKIF_OP_WRITE_BARRIER);
	SHOW(BLKIF_OP_FLUSH_DISKCACHE);
	SHOW(BLKIF_OP_DISCARD);
	SHOW(BLKIF_OP_INDIRECT);
	SHOW(BLKIF_RSP_OKAY);
	SHOW(BLKIF_RSP_ERROR);
	SHOW(BLKIF_RSP_EOPNOTSUPP);
	SHOW(BLKIF_DISCARD_SECURE);
	SHOW(BLKIF_MAX_SEGMENTS_PER_REQUEST);
	SHOW(BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST);
}

/* What goes over the data rings. */
static void show_netif(void)
{
	SHOW(sizeof(struct NET(tx_request)));
	SHOW(offsetof(struct NET(tx_request), gref));
	SHOW(offsetof(struct NET(tx_request), offset));
	SHOW(offsetof(struct NET(tx_request), flags));
	SHOW(offsetof(struct NET(tx_request), id));
	SHOW(offsetof(struct NET(tx_request), size));
	SHOW(sizeof(struct NET(tx_response)));
	SHOW(offsetof(struct NET(tx_response), id));
	SHOW(offsetof(struct NET(tx_response), status));
	SHOW(sizeof(struct NET(rx_request)));
	SHOW(offsetof(struct NET(rx_request), id));
	SHOW(offsetof(struct NET(rx_request), gref));
	SHOW(sizeof(struct NET(rx_response)));
	SHOW(offsetof(struct NET(rx_response), id));
	SHOW(offsetof(struct NET(rx_response), offset));
	SHOW(offsetof(struct NET(rx_response), flags));
	SHOW(offsetof(struct NET(rx_response), status));
	SHOW(sizeof(struct NET(extra_info)));
	SHOW(offsetof(struct NET(extra_info), flags));
	SHOW(offsetof(struct NET(extra_info), u.gso.size));
	SHOW(offsetof(struct NET(extra_info), u.gso.type));
	SHOW(offsetof(struct NET(extra_info), u.gso.features));
	SHOW(offsetof(struct NET(extra_info), u.mcast.addr));
	SHOW(offsetof(struct NET(extra_info), u.hash.type));
	SHOW(offsetof(struct NET(extra_info), u.hash.algorithm));
	SHOW(offsetof(struct NET(extra_info), u.hash.value));
}

static void show_netif_control(void)
{
	SHOW(sizeof(struct xen_netif_ctrl_request));
	SHOW(offsetof(struct xen_netif_ctrl_request, type));
	SHOW(offsetof(struct xen_netif_ctrl_request, data));
	SHOW(sizeof(struct xen_netif_ctrl_response));
	SHOW(offsetof(struct xen_netif_ctrl_response, type));
	SHOW(offsetof(struct xen_netif_ctrl_response, status));
	SHOW(offsetof(struct xen_netif_ctrl_response, data));
	SHOW(XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS);
	SHOW(XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS);
	SHOW(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY);
	SHOW(XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE);
	SHOW(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE);
	SHOW(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING);
	SHOW(XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM);
	SHOW(XEN_NETIF_CTRL_HASH_ALGORITHM_NONE);
	SHOW(XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ);
	SHOW(XEN_NETIF_CTRL_HASH_TYPE_IPV4);
	SHOW(XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP);
	SHOW(XEN_NETIF_CTRL_HASH_TYPE_IPV6);
	SHOW(XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP);
	SHOW(XEN_NETIF_CTRL_STATUS_SUCCESS);
	SHOW(XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED);
	SHOW(XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER);
	SHOW(XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW);
}

static void show_netif_numbers(void)
{
	SHOW(XEN_NETIF_NR_SLOTS_MIN);
	SHOW(XEN_NETIF_EXTRA_TYPE_GSO);
	SHOW(XEN_NETIF_EXTRA_TYPE_MCAST_ADD);
	SHOW(XEN_NETIF_EXTRA_TYPE_MCAST_DEL);
	SHOW(XEN_NETIF_EXTRA_TYPE_HASH);
	SHOW(XEN_NETIF_EXTRA_FLAG_MORE);
	SHOW(XEN_NETIF_GSO_TYPE_TCPV4);
	SHOW(XEN_NETIF_GSO_TYPE_TCPV6);
	SHOW(NETTXF(csum_blank));
	SHOW(NETTXF(data_validated));
	SHOW(NETTXF(more_data));
	SHOW(NETTXF(extra_info));
	SHOW(NETRXF(csum_blank));
	SHOW(NETRXF(data_validated));
	SHOW(NETRXF(more_data));
	SHOW(NETRXF(extra_info));
	SHOW(STATUS(DROPPED));
	SHOW(STATUS(ERROR));
	SHOW(STATUS(OKAY));
	SHOW(STATUS(NULL));
}

static void show_xs(void)
{
	SHOW(sizeof(struct xsd_sockmsg));
	SHOW(offsetof(struct xsd_sockmsg, type));
	SHOW(offsetof(struct xsd_sockmsg, req_id));
	SHOW(offsetof(struct xsd_sockmsg, tx_id));
	SHOW(offsetof(struct xsd_sockmsg, len));
	SHOW(offsetof(struct xenstore_domain_interface, req));
	SHOW(offsetof(struct xenstore_domain_interface, rsp));
	SHOW(offsetof(struct xenstore_domain_interface, req_cons));
	SHOW(offsetof(struct xenstore_domain_interface, req_prod));
	SHOW(offsetof(struct xenstore_domain_interface, rsp_cons));
	SHOW(offsetof(struct xenstore_domain_interface, rsp_prod));
	SHOW(offsetof(struct xenstore_domain_interface, server_features));
	SHOW(offsetof(struct xenstore_domain_interface, connection));
	SHOW(offsetof(struct xenstore_domain_interface, error));
	SHOW(XENSTORE_RING_SIZE);
	SHOW(XENSTORE_PAYLOAD_MAX);
	SHOW(XS_READ);
	SHOW(XS_WATCH_EVENT);
	SHOW(XS_ERROR);
	SHOW(XS_RESET_WATCHES);
	SHOW(XS_DIRECTORY_PART);
}

static void show_console(void)
{
	SHOW(offsetof(struct xencons_interface, in));
	SHOW(offsetof(struct xencons_interface, out));
	SHOW(offsetof(struct xencons_interface, in_cons));
	SHOW(offsetof(struct xencons_interface, in_prod));
	SHOW(offsetof(struct xencons_interface, out_cons));
	SHOW(offsetof(struct xencons_interface, out_prod));
}

static void show_fifo(void)
{
	SHOW(EVTCHNOP_init_control);
	SHOW(sizeof(struct evtchn_init_control));
	SHOW(offsetof(struct evtchn_init_control, control_gfn));
	SHOW(offsetof(struct evtchn_init_control, offset));
	SHOW(offsetof(struct evtchn_init_control, vcpu));
	SHOW(EVTCHNOP_expand_array);
	SHOW(sizeof(struct evtchn_expand_array));
	SHOW(EVTCHNOP_set_priority);
	SHOW(sizeof(struct evtchn_set_priority));
	SHOW(offsetof(struct evtchn_set_priority, priority));
	SHOW(sizeof(struct evtchn_fifo_control_block));
	SHOW(offsetof(struct evtchn_fifo_control_block, ready));
	SHOW(offsetof(struct evtchn_fifo_control_block, head));
	SHOW(EVTCHN_FIFO_PRIORITY_MAX);
	SHOW(EVTCHN_FIFO_PRIORITY_DEFAULT);
	SHOW(EVTCHN_FIFO_PRIORITY_MIN);
	SHOW(EVTCHN_FIFO_PENDING);
	SHOW(EVTCHN_FIFO_MASKED);
	SHOW(EVTCHN_FIFO_LINKED);
	SHOW(EVTCHN_FIFO_BUSY);
	SHOW(EVTCHN_FIFO_LINK_BITS);
	SHOW(EVTCHN_FIFO_NR_CHANNELS);
}

int main(void)
{
	show_blkif();
	show_netif();
	show_netif_control();
	show_netif_numbers();
	show_xs();
	show_console();
	show_fifo();
	return 0;
}
