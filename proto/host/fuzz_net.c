// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Chains of any slots stay within pages and end; no bad packet is encoded; no
 * answer on the control ring is taken for another.
 */
#include <xg/proto/net.h>

#include "fuzz.h"

static void fuzz_chain(struct script *s)
{
	unsigned int data = 0, extras = 0, i;
	struct xen_netif_rx_response rsp;
	struct xg_net_rx rx = {};
	struct xg_net_part part;
	u32 bytes = 0;
	bool extra;

	for (i = 0; i < 64; i++) {
		extra = rx.want_extra;
		rsp.id = next(s, 1) & 15 ? i : next(s, 2);
		rsp.offset = next(s, 1) & 1 ? next(s, 1) : next(s, 2);
		rsp.flags = next(s, 1) & 31;
		rsp.status = (s16)next(s, 2) >> (next(s, 1) & 3);
		/* An extra: a hash, or a segment size. */
		if (extra && next(s, 1) & 3) {
			rsp.id = next(s, 1) & 1 ? 4 : 1;
			rsp.id |= (next(s, 1) & 1) << 8;
			rsp.offset = rsp.id & 4 ? 1 << 8 | (next(s, 1) & 7) :
				     rsp.offset;
			rsp.flags = 1 + (next(s, 1) & 1);
		}
		if (xg_net_rx_next(&rx, &rsp, i, &part))
			return;
		must(part.offset + part.len <= XG_NET_PAGE);
		must(!extra || !part.len);
		data += !extra;
		extras += extra;
		bytes += part.len;
		must(rx.slots == data && rx.extras == extras);
		must(rx.bytes == bytes && data <= XG_NET_SLOTS_MAX);
		must(rx.bad || bytes <= 65535);
		must(extras <= XG_NET_EXTRAS_MAX);
		must(rx.gso.type <= XEN_NETIF_GSO_TYPE_TCPV6);
		must(rx.hash.there || (!rx.hash.l4 && !rx.hash.value));
		must(extras == !!rx.gso.type + rx.hash.there);
		if (xg_net_rx_complete(&rx)) {
			data = 0;
			extras = 0;
			bytes = 0;
		}
	}
}

static void fuzz_packet(struct script *s)
{
	struct xg_net_piece pieces[24];
	union xg_net_tx *out = calloc(XG_NET_MESSAGES_MAX, sizeof(*out));
	unsigned int nr = next(s, 1) % 24, i, at;
	struct xg_net_gso gso;
	u16 flags = next(s, 1) & 7;
	u32 sum = 0;
	int ret;

	must(out);
	for (i = 0; i < nr; i++) {
		pieces[i] = (struct xg_net_piece) {
			next(s, 4), i, next(s, 2) & 0x1fff, next(s, 2) & 0x1fff
		};
		sum += pieces[i].len;
	}
	gso.type = next(s, 1) & 3;
	gso.size = next(s, 2);
	ret = xg_net_put_packet(out, pieces, nr, flags, gso);
	if (ret < 0)
		goto out;
	must(nr && nr <= XG_NET_SLOTS_MAX && ret == nr + !!gso.type);
	must(sum >= XG_NET_HEADER && sum <= 65535 && out[0].req.size == sum);
	for (i = 0; i < nr; i++) {
		at = i && gso.type ? i + 1 : i;
		must(out[at].req.id == i && out[at].req.gref == pieces[i].gref);
		must(!(out[at].req.flags & XEN_NETTXF_more_data) == (i + 1 == nr));
		must(pieces[i].offset + pieces[i].len <= XG_NET_PAGE);
	}
out:
	free(out);
}

/* No answer is taken for that of another request. */
static void fuzz_ctrl(struct script *s)
{
	struct xg_net_ctrl_msg msg = { next(s, 1) & 7, { next(s, 4) } };
	struct xen_netif_ctrl_response rsp = {};
	struct xen_netif_ctrl_request req;
	u16 id = next(s, 1);
	int ret;

	xg_net_put_ctrl(&req, id, &msg);
	must(req.id == id && req.type == msg.type && req.data[0] == msg.data[0]);
	rsp.id = next(s, 1) & 3 ? id : next(s, 2);
	rsp.type = next(s, 1) & 3 ? msg.type : next(s, 2);
	rsp.status = next(s, 1) & 3 ? next(s, 1) & 7 : next(s, 4);
	rsp.data = next(s, 4);
	ret = xg_net_check_ctrl(&rsp, id, msg.type);
	must(ret <= 0);
	must(ret == -EPROTO || (rsp.id == id && rsp.type == msg.type));
	must(!ret == (ret != -EPROTO && !rsp.status));
	must((ret == -EPROTO) == (rsp.id != id || rsp.type != msg.type ||
				  rsp.status > 3));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct script script = { data, size };
	struct xen_netif_tx_response rsp = {};

	while (script.left) {
		fuzz_chain(&script);
		fuzz_packet(&script);
		fuzz_ctrl(&script);
		rsp.status = next(&script, 2);
		must(xg_net_check_tx(&rsp) != 0 || rsp.status == 0);
	}
	return 0;
}
