// SPDX-License-Identifier: GPL-2.0-only
/*
 * A port for another domain's events: peer.sh says what becomes of them, and
 * compares the count with that of event-peer.c at the other end.
 */
#include <linux/err.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <xg/evtchn.h>
#include "xg-test-evtchn.h"

static struct end peer;
static evtchn_port_t port;	/* its; 0: none */

/* Each event is answered by one; "mute": none is, and all are spurious. */
int xg_test_answer(unsigned int unused)
{
	WRITE_ONCE(peer.eoi, 0);
	WRITE_ONCE(peer.other, &peer);
	return 0;
}

int xg_test_mute(unsigned int unused)
{
	WRITE_ONCE(peer.other, NULL);
	WRITE_ONCE(peer.eoi, XG_EOI_SPURIOUS);
	return 0;
}

int xg_test_listen(unsigned int domid)
{
	struct xg_evtchn_client client;
	struct xg_evtchn *ch;

	if (peer.ch)
		return -EBUSY;
	memset(&peer, 0, sizeof(peer));
	xg_test_init_client(&client, &peer, "xg-test-peer");
	xg_test_answer(0);
	ch = xg_evtchn_open_unbound(domid, &client);
	if (IS_ERR(ch))
		return PTR_ERR(ch);
	/* The peer learns of the port later than this. */
	WRITE_ONCE(peer.ch, ch);
	port = xg_evtchn_port(ch);
	return 0;
}

int xg_test_hang_up(unsigned int unused)
{
	if (!peer.ch)
		return -ENOENT;
	port = 0;
	xg_test_close_end(&peer);
	peer.ch = NULL;
	return 0;
}

void xg_test_peer_show(struct seq_file *m)
{
	seq_printf(m, "peer_port: %u\npeer_events: %d\n", port,
		   atomic_read(&peer.events));
}
