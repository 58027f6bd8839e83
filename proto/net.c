// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * netif on the wire: a packet to send becomes a request for its first piece, the
 * extras, and requests for the other pieces. A received one is a chain of the
 * same shape, which may end at any slot and is followed a slot at a time.
 *
 * No locking, no state but the caller's. Start with xg_net_put_packet() and
 * xg_net_rx_next().
 */
#include <xg/proto/net.h>

static_assert(sizeof(struct xen_netif_tx_request) == 12);
static_assert(sizeof(struct xen_netif_tx_response) == 4);
static_assert(sizeof(struct xen_netif_rx_request) == 8);
static_assert(sizeof(struct xen_netif_rx_response) == 8);
static_assert(sizeof(struct xen_netif_extra_info) == 8);
static_assert(sizeof(union xg_net_tx) == 12);
static_assert(sizeof(struct xen_netif_ctrl_request) == 16);
static_assert(sizeof(struct xen_netif_ctrl_response) == 12);
static_assert(offsetof(struct xen_netif_tx_request, id) == 8);
static_assert(offsetof(struct xen_netif_rx_request, gref) == 4);
static_assert(offsetof(struct xen_netif_extra_info, u) == 2);
static_assert(offsetof(struct xen_netif_ctrl_request, data) == 4);
static_assert(offsetof(struct xen_netif_ctrl_response, status) == 4);
static_assert(offsetof(struct xen_netif_ctrl_response, data) == 8);

#define TX_FLAGS	(XEN_NETTXF_csum_blank | XEN_NETTXF_data_validated)
#define RX_FLAGS	(XEN_NETRXF_data_validated | XEN_NETRXF_csum_blank | \
			 XEN_NETRXF_more_data | XEN_NETRXF_extra_info)

static bool gso_type_ok(u8 type)
{
	return type == XEN_NETIF_GSO_TYPE_TCPV4 ||
	       type == XEN_NETIF_GSO_TYPE_TCPV6;
}

static void put_gso(union xg_net_tx *out, struct xg_net_gso gso)
{
	memset(out, 0, sizeof(*out));
	out->extra.type = XEN_NETIF_EXTRA_TYPE_GSO;
	out->extra.u.gso.type = gso.type;
	out->extra.u.gso.size = gso.size;
}

static void put_piece(union xg_net_tx *out, const struct xg_net_piece *piece,
		      u16 size, u16 flags)
{
	memset(out, 0, sizeof(*out));
	out->req.gref = piece->gref;
	out->req.offset = piece->offset;
	out->req.flags = flags;
	out->req.id = piece->id;
	out->req.size = size;
}

/* Bytes of all pieces, or 0 where they make no packet. */
static u32 total(const struct xg_net_piece *pieces, unsigned int nr)
{
	u32 bytes = 0;
	unsigned int i;

	if (nr > XG_NET_SLOTS_MAX)
		return 0;
	for (i = 0; i < nr; i++) {
		const struct xg_net_piece *p = &pieces[i];

		if (!p->len || (u32)p->offset + p->len > XG_NET_PAGE)
			return 0;
		bytes += p->len;
	}
	if (bytes < XG_NET_HEADER || bytes > XEN_NETIF_MAX_TX_SIZE)
		return 0;
	return bytes;
}

/**
 * xg_net_put_packet() - encode a packet to send
 * @out: room for XG_NET_MESSAGES_MAX; all bytes of those used are written
 * @pieces: where its data are
 * @nr: how many pieces, at most XG_NET_SLOTS_MAX
 * @flags: XEN_NETTXF_csum_blank, XEN_NETTXF_data_validated or none
 * @gso: how it is to be cut
 *
 * Context: Any.
 * Return: How many messages it is; -EINVAL for what cannot be said, and nothing
 *         was written.
 */
int xg_net_put_packet(union xg_net_tx *out, const struct xg_net_piece *pieces,
		      unsigned int nr, u16 flags, struct xg_net_gso gso)
{
	bool large = gso.type != XEN_NETIF_GSO_TYPE_NONE;
	u32 bytes = total(pieces, nr);
	unsigned int i, at = 0;

	if (!bytes || flags & ~TX_FLAGS)
		return -EINVAL;
	if (large && (!gso_type_ok(gso.type) || !gso.size))
		return -EINVAL;
	if (large)
		flags |= XEN_NETTXF_extra_info;
	if (nr > 1)
		flags |= XEN_NETTXF_more_data;

	/* The first says how much all of them are. */
	put_piece(&out[at++], &pieces[0], bytes, flags);
	if (large)
		put_gso(&out[at++], gso);
	for (i = 1; i < nr; i++)
		put_piece(&out[at++], &pieces[i], pieces[i].len,
			  i + 1 < nr ? XEN_NETTXF_more_data : 0);
	return at;
}
EXPORT_SYMBOL_GPL(xg_net_put_packet);

/**
 * xg_net_put_mcast() - encode a change of the backend's list of multicast groups
 * @out: room for two messages; all their bytes are written
 * @id: comes back in the first one's response
 * @addr: the six bytes of the group
 * @add: to be received from now on, or no more
 *
 * The first message is a packet without data.
 *
 * Context: Any.
 */
void xg_net_put_mcast(union xg_net_tx *out, u16 id, const u8 *addr, bool add)
{
	memset(out, 0, 2 * sizeof(*out));
	out[0].req.id = id;
	out[0].req.flags = XEN_NETTXF_extra_info;
	out[1].extra.type = add ? XEN_NETIF_EXTRA_TYPE_MCAST_ADD :
				  XEN_NETIF_EXTRA_TYPE_MCAST_DEL;
	memcpy(out[1].extra.u.mcast.addr, addr,
	       sizeof(out[1].extra.u.mcast.addr));
}
EXPORT_SYMBOL_GPL(xg_net_put_mcast);

/**
 * xg_net_check_tx() - judge an answer on the transmit ring
 * @rsp: our own copy of it
 *
 * An extra's answer has nothing but a status: whether one is due is for the
 * caller to know.
 *
 * Context: Any.
 * Return: 0 sent; -EIO not sent; 1 an extra's; -EPROTO give the ring up.
 */
int xg_net_check_tx(const struct xen_netif_tx_response *rsp)
{
	switch (rsp->status) {
	case XEN_NETIF_RSP_OKAY:
		return 0;
	case XEN_NETIF_RSP_ERROR:
	case XEN_NETIF_RSP_DROPPED:
		return -EIO;
	case XEN_NETIF_RSP_NULL:
		return 1;
	default:
		return -EPROTO;
	}
}
EXPORT_SYMBOL_GPL(xg_net_check_tx);

/**
 * xg_net_put_ctrl() - encode a request on the control ring
 * @out: all its bytes are written
 * @id: comes back in the response
 * @msg: the rest of it
 *
 * Context: Any.
 */
void xg_net_put_ctrl(struct xen_netif_ctrl_request *out, u16 id,
		     const struct xg_net_ctrl_msg *msg)
{
	out->id = id;
	out->type = msg->type;
	memcpy(out->data, msg->data, sizeof(out->data));
}
EXPORT_SYMBOL_GPL(xg_net_put_ctrl);

/**
 * xg_net_check_ctrl() - judge an answer on the control ring
 * @rsp: our own copy of it
 * @id: of the request in flight; there is but one
 * @type: of the request in flight
 *
 * Context: Any.
 * Return: 0 done, and @rsp's data are what the backend says, unchecked;
 *         -EOPNOTSUPP, -EINVAL, -ENOSPC refused; -EPROTO give the ring up.
 */
int xg_net_check_ctrl(const struct xen_netif_ctrl_response *rsp, u16 id, u16 type)
{
	if (rsp->id != id || rsp->type != type)
		return -EPROTO;
	switch (rsp->status) {
	case XEN_NETIF_CTRL_STATUS_SUCCESS:
		return 0;
	case XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED:
		return -EOPNOTSUPP;
	case XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER:
		return -EINVAL;
	case XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW:
		return -ENOSPC;
	default:
		return -EPROTO;
	}
}
EXPORT_SYMBOL_GPL(xg_net_check_ctrl);

static int take_gso(struct xg_net_rx *rx, const struct xen_netif_extra_info *extra)
{
	if (!gso_type_ok(extra->u.gso.type))
		return -EPROTO;
	rx->gso.type = extra->u.gso.type;
	rx->gso.size = extra->u.gso.size;
	if (rx->gso.size < XG_NET_GSO_SIZE_MIN)
		rx->bad = true;
	return 0;
}

/*
 * Whoever had the interface before us may have asked for hashes, and backends
 * remember: they may come unasked.
 */
static int take_hash(struct xg_net_rx *rx,
		     const struct xen_netif_extra_info *extra)
{
	const u8 *value = extra->u.hash.value;

	if (extra->u.hash.algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ)
		return -EPROTO;
	switch (extra->u.hash.type) {
	case _XEN_NETIF_CTRL_HASH_TYPE_IPV4:
	case _XEN_NETIF_CTRL_HASH_TYPE_IPV6:
		break;
	case _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP:
	case _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP:
		rx->hash.l4 = true;
		break;
	default:
		return -EPROTO;
	}
	rx->hash.value = value[0] | value[1] << 8 | value[2] << 16 |
			 (u32)value[3] << 24;
	rx->hash.there = true;
	return 0;
}

/* Headrooms and groups are for who asked for them, and we never do. */
static int take_extra(struct xg_net_rx *rx,
		      const struct xen_netif_rx_response *rsp)
{
	struct xen_netif_extra_info extra;
	int err = -EPROTO;

	memcpy(&extra, rsp, sizeof(extra));
	if (extra.type >= XEN_NETIF_EXTRA_TYPE_MAX ||
	    extra.flags & ~XEN_NETIF_EXTRA_FLAG_MORE ||
	    rx->seen & 1u << extra.type)
		return -EPROTO;
	if (extra.type == XEN_NETIF_EXTRA_TYPE_GSO)
		err = take_gso(rx, &extra);
	else if (extra.type == XEN_NETIF_EXTRA_TYPE_HASH)
		err = take_hash(rx, &extra);
	if (err)
		return err;
	rx->seen |= 1u << extra.type;
	rx->extras++;
	rx->want_extra = extra.flags & XEN_NETIF_EXTRA_FLAG_MORE;
	return 0;
}

/* What a data slot's status says; 0 or -EPROTO. */
static int take_status(struct xg_net_rx *rx,
		       const struct xen_netif_rx_response *rsp,
		       struct xg_net_part *part)
{
	/* Netback passes on what its copy came to: any GNTST_*, not just RSP_*. */
	if (rsp->status < 0) {
		rx->bad = true;
		return 0;
	}
	if ((u32)rsp->offset + rsp->status > XG_NET_PAGE)
		return -EPROTO;
	part->offset = rsp->offset;
	part->len = rsp->status;
	rx->bytes += part->len;
	if (rx->bytes > XG_NET_RX_BYTES_MAX)
		rx->bad = true;
	return 0;
}

/**
 * xg_net_rx_next() - take the next slot of a packet
 * @rx: the packet; the caller's, changed by nobody else
 * @rsp: our own copy of what stood in the slot
 * @id: what the request in this slot had: answers keep to their slots
 * @part: where the slot's data are
 *
 * Context: Any.
 * Return: 0; -EPROTO where the chain breaks the protocol: give the ring up.
 */
int xg_net_rx_next(struct xg_net_rx *rx, const struct xen_netif_rx_response *rsp,
		   u16 id, struct xg_net_part *part)
{
	*part = (struct xg_net_part) {};
	if (xg_net_rx_complete(rx))
		*rx = (struct xg_net_rx) {};
	if (rx->want_extra)
		return take_extra(rx, rsp);

	if (rsp->id != id || rsp->flags & ~RX_FLAGS ||
	    rx->slots == XG_NET_SLOTS_MAX)
		return -EPROTO;
	if (!rx->slots) {
		rx->flags = rsp->flags;
		rx->want_extra = rsp->flags & XEN_NETRXF_extra_info;
	} else if (rsp->flags & XEN_NETRXF_extra_info) {
		return -EPROTO;
	}
	rx->slots++;
	rx->want_more = rsp->flags & XEN_NETRXF_more_data;
	return take_status(rx, rsp, part);
}
EXPORT_SYMBOL_GPL(xg_net_rx_next);
