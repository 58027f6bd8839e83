/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * netif on the wire (xen/interface/io/netif.h). A packet to send is encoded
 * whole, in our memory; a received one comes in parts, and each part is judged
 * here, from our copy, before anything acts on it.
 */
#ifndef XG_PROTO_NET_H
#define XG_PROTO_NET_H

#include <xg/proto/types.h>
#include <xg/proto/abi.h>	/* struct xen_netif_tx_request, ... */

#define XG_NET_PAGE		4096u
#define XG_NET_HEADER		14u	/* a packet is an Ethernet frame */
/* Data slots of one packet, either way, and messages of one we send. */
#define XG_NET_SLOTS_MAX	XEN_NETIF_NR_SLOTS_MIN
#define XG_NET_MESSAGES_MAX	(XG_NET_SLOTS_MAX + 1)
/* Extras of one packet: each type once. */
#define XG_NET_EXTRAS_MAX	(XEN_NETIF_EXTRA_TYPE_MAX - 1)
/* More is no packet of any protocol, though the slots would hold it. */
#define XG_NET_RX_BYTES_MAX	65535u
/* Less is what no TCP would ask for, and would make a packet thousands. */
#define XG_NET_GSO_SIZE_MIN	8
/* What the hash is of; the backend may be able to do some of it. */
#define XG_NET_HASH_TYPES	(XEN_NETIF_CTRL_HASH_TYPE_IPV4 | \
				 XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP | \
				 XEN_NETIF_CTRL_HASH_TYPE_IPV6 | \
				 XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP)

/* A slot of the transmit ring, as we write it. */
union xg_net_tx {
	struct xen_netif_tx_request req;
	struct xen_netif_extra_info extra;
};

/**
 * struct xg_net_piece - a part of a packet to send, within one page
 * @gref: the page's grant
 * @id: comes back in the response
 * @offset: in the page
 * @len: bytes, at least one
 */
struct xg_net_piece {
	u32 gref;
	u16 id;
	u16 offset;
	u16 len;
};

/**
 * struct xg_net_gso - how a large TCP packet is to be cut
 * @type: XEN_NETIF_GSO_TYPE_*; NONE: it is not large
 * @size: payload of each segment
 */
struct xg_net_gso {
	u8 type;
	u16 size;
};

/*
 * Encode a packet of @nr pieces into @out, which has room for
 * XG_NET_MESSAGES_MAX. @flags: XEN_NETTXF_csum_blank, _data_validated. How many
 * messages it is, each with an answer of its own; -EINVAL (too many pieces, a
 * piece outside its page, too short, too long, a segment size of nothing).
 */
int xg_net_put_packet(union xg_net_tx *out, const struct xg_net_piece *pieces,
		      unsigned int nr, u16 flags, struct xg_net_gso gso);
/* Two messages: put a multicast address on the backend's list, or take it off. */
void xg_net_put_mcast(union xg_net_tx *out, u16 id, const u8 *addr, bool add);

/*
 * Judge @rsp, our copy of an answer on the transmit ring. 0: the message with
 * that id was sent; -EIO: it was not; 1: the answer of an extra, which has no
 * id; -EPROTO: no answer at all, the queue is poisoned.
 */
int xg_net_check_tx(const struct xen_netif_tx_response *rsp);

/**
 * struct xg_net_ctrl_msg - a request on the control ring but for its id
 * @type: XEN_NETIF_CTRL_TYPE_*
 * @data: what the type makes of it
 */
struct xg_net_ctrl_msg {
	u16 type;
	u32 data[3];
};

/* Encode @msg; all bytes of @out are written. */
void xg_net_put_ctrl(struct xen_netif_ctrl_request *out, u16 id,
		     const struct xg_net_ctrl_msg *msg);
/*
 * Judge @rsp, our copy of an answer on the control ring, to the request with that
 * id and type, the only one that was in flight. 0: it was done; -EOPNOTSUPP,
 * -EINVAL, -ENOSPC: it was not, as the backend has the right to say; -EPROTO: no
 * answer at all, the ring is to be given up. The answer's data are unchecked.
 */
int xg_net_check_ctrl(const struct xen_netif_ctrl_response *rsp, u16 id, u16 type);

/**
 * struct xg_net_hash - what the backend says of a received packet's flow
 * @there: it says something
 * @l4: ports went into it, not addresses alone
 * @value: any number: of use to spread packets, not to tell flows apart
 */
struct xg_net_hash {
	bool there;
	bool l4;
	u32 value;
};

/**
 * struct xg_net_rx - a packet on its way in
 * @slots: data slots so far
 * @extras: extras so far
 * @bytes: of data so far
 * @flags: XEN_NETRXF_* of its first slot
 * @gso: of its extras
 * @hash: of its extras
 * @seen: the types of its extras, a bit each
 * @want_extra: the next slot is an extra
 * @want_more: a data slot follows
 * @bad: the backend reports an error, or it cannot be a packet: to be dropped
 *
 * All zero at first; the slot after a complete packet begins the next one.
 */
struct xg_net_rx {
	u16 slots;
	u16 extras;
	u32 bytes;
	u16 flags;
	struct xg_net_gso gso;
	struct xg_net_hash hash;
	u8 seen;
	bool want_extra;
	bool want_more;
	bool bad;
};

/**
 * struct xg_net_part - where a slot's data are
 * @offset: in the page that the request named
 * @len: bytes; 0 for an extra, which leaves the page unused, and for an error
 */
struct xg_net_part {
	u16 offset;
	u16 len;
};

/*
 * Take the next slot of a packet: @rsp is our copy of it, @id what was asked for
 * in this slot. 0, and @part is within its page; -EPROTO: poison the queue.
 */
int xg_net_rx_next(struct xg_net_rx *rx, const struct xen_netif_rx_response *rsp,
		   u16 id, struct xg_net_part *part);
/* Was that its last slot? */
static inline bool xg_net_rx_complete(const struct xg_net_rx *rx)
{
	return !rx->want_extra && !rx->want_more;
}

#endif /* XG_PROTO_NET_H */
