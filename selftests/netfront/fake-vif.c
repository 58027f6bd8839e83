// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network backends of our own making, in dom0, most of which lie. The host
 * script of hostile.sh:
 *
 *   testbed/vm --engine xen --guest-script ... --host-script fake-vif
 *
 * One interface after the other, as cases[] has them, as vif 7 of the guest;
 * each is there from "up-NAME" being told until the mark "done-NAME". For every
 * packet it gets it sends one, of the kind that its mode says; what is asked on
 * a control ring it answers likewise.
 */
#include "../fake-backend.h"

#define VIF	7
#define HONEST	3	/* packets before the first lie */

enum { MORE = 4, EXTRA = 8, PREFIX = 16 };	/* flags, both ways */

struct tx_request {
	__u32 gref;
	__u16 offset, flags, id, size;
};

struct tx_response {
	__u16 id;
	__s16 status;
};

struct rx_request {
	__u16 id, pad;
	__u32 gref;
};

struct rx_response {
	__u16 id, offset, flags;
	__s16 status;
};

struct ctrl_request {
	__u16 id, type;
	__u32 data[3];
};

struct ctrl_response {
	__u16 id, type;
	__u32 status, data;
};

enum { GET_FLAGS = 1, GET_SIZE = 4 };	/* types of control requests */

#define QUEUES_MAX	2
static struct queue {
	struct ring tx, rx;	/* of two, tx has the port */
} queues[QUEUES_MAX], *q = queues;
static struct ring ctrl;
static unsigned int nr_queues, got;

/* Is it time to lie, in that way? */
static int lies(const char *what)
{
	return got > HONEST && is(what);
}

static void unmap_or_keep(void *p, __u64 index, bool lie)
{
	if (lie && nr_kept < KEPT)
		keep(p, index);
	else
		unmap(p, index);
}

/* --- to the guest -------------------------------------------------------- */

/* A frame to everybody, of a protocol that nobody speaks. */
static void fill(__u8 *p, unsigned int len)
{
	memset(p, 0x5a, len);
	memset(p, 0xff, 6);
	p[12] = 0x88;
	p[13] = 0xb5;
}

/* A slot with data, or with a lie where one is due. */
static void send_slot(__u16 flags, int len, bool first)
{
	struct rx_response rsp = { .flags = flags, .status = len };
	struct rx_request req;
	__u64 index;
	void *p;

	if (!take(&q->rx, &req))
		return;
	rsp.id = req.id;
	p = map(req.gref, PROT_READ | PROT_WRITE, &index);
	if (!p) {
		rsp.status = -1;
	} else {
		if (first)
			fill(p, len);
		unmap_or_keep(p, index, lies("rx-keep"));
	}
	if (lies("rx-id"))
		rsp.id += 1;
	if (lies("rx-size"))
		rsp.status = 5000;
	if (lies("rx-offset"))
		rsp.offset = PAGE - 10;
	if (lies("rx-flags"))
		rsp.flags |= PREFIX;
	/* An error, as the grant table's are: a packet to drop. */
	if (lies("rx-status"))
		rsp.status = -77;
	if (is("rx-error"))
		rsp.status = -1;
	put(&q->rx, &rsp, sizeof(rsp));
}

static void send_extra(__u8 type, __u8 flags, __u8 a, __u8 b, __u8 c)
{
	__u8 extra[8] = { type, flags, a, b, c };
	struct rx_request req;

	if (take(&q->rx, &req))
		put(&q->rx, extra, sizeof(extra));
}

static void send_gso(__u8 type, __u8 flags)
{
	send_extra(type, flags, 1448 & 255, 1448 >> 8, 1);
}

static void send_packet(void)
{
	int i;

	if (lies("rx-chain")) {
		for (i = 0; i < 40; i++)
			send_slot(MORE, PAGE, !i);
	} else if (lies("rx-extra")) {
		send_slot(EXTRA, 1000, true);
		send_gso(9, 0);
	} else if (lies("rx-extras")) {
		send_slot(EXTRA, 1000, true);
		for (i = 0; i < 20; i++)
			send_gso(1, 1);
	} else if (lies("rx-gso")) {
		/* A segment size, but no TCP: a packet to drop. */
		send_slot(EXTRA, 1000, true);
		send_gso(1, 0);
	} else if (lies("rx-hash") || lies("rx-badhash")) {
		/* The second by an algorithm that there is not. */
		send_slot(EXTRA, 1000, true);
		send_extra(4, 0, 1, is("rx-hash") ? 1 : 9, 7);
	} else {
		send_slot(0, 60, true);
		send_slot(MORE, PAGE, true);
		send_slot(0, 900, false);
	}
	if (lies("rx-many"))
		q->rx.prod += 1000;
	push(&q->rx);
	if (lies("rx-many"))
		q->rx.prod -= 1000;
}

/* --- from the guest ------------------------------------------------------ */

static void look_at(const struct tx_request *req)
{
	static __u8 seen[PAGE];
	__u64 index;
	void *p;

	p = map(req->gref, PROT_READ, &index);
	if (!p)
		return;
	memcpy(seen, p, sizeof(seen));
	unmap_or_keep(p, index, lies("keep"));
}

static void answer(__u16 id)
{
	struct tx_response rsp = { .id = id };

	if (lies("badid"))
		rsp.id += 77;
	if (lies("badstatus"))
		rsp.status = 77;
	if (lies("null"))
		rsp.status = 1;
	if (is("error"))
		rsp.status = -1;
	put(&q->tx, &rsp, sizeof(rsp));
	if (lies("twice"))
		put(&q->tx, &rsp, sizeof(rsp));
	if (lies("many"))
		q->tx.prod += 1000;
}

/* 1: there was a packet, or a part of one. */
static int serve(void)
{
	struct tx_response null = { .status = 1 };
	struct tx_request req;
	__u8 extra[12];

	if (is("mute") || !take(&q->tx, &req))
		return 0;
	got++;
	look_at(&req);
	answer(req.id);
	while (req.flags & EXTRA && take(&q->tx, extra)) {
		put(&q->tx, &null, sizeof(null));
		if (!(extra[1] & 1))
			break;
	}
	push(&q->tx);
	send_packet();
	return 1;
}

static void answer_ctrl(const struct ctrl_request *req)
{
	struct ctrl_response rsp = { .id = req->id, .type = req->type };

	if (req->type == GET_FLAGS)
		rsp.data = 15;
	if (req->type == GET_SIZE)
		rsp.data = 128;
	if (is("ctrl-id"))
		rsp.id += 1;
	if (is("ctrl-type"))
		rsp.type += 1;
	if (is("ctrl-status"))
		rsp.status = 77;
	if (is("ctrl-refuse"))
		rsp.status = 1;
	if (is("ctrl-data"))
		rsp.data = ~0u;
	put(&ctrl, &rsp, sizeof(rsp));
	if (is("ctrl-many"))
		ctrl.prod += 1000;
	push(&ctrl);
}

static void serve_ctrl(void)
{
	struct ctrl_request req;

	if (is("ctrl-mute") || is("ctrl-leave"))
		return;
	/* Calls without an answer, each time we come by. */
	if (is("ctrl-calls")) {
		if (has_more(&ctrl))
			notify(ctrl.port);
		return;
	}
	do {
		while (take(&ctrl, &req))
			answer_ctrl(&req);
	} while (rearm(&ctrl));
}

static void serve_all(void)
{
	for (q = queues; q < queues + nr_queues; q++) {
		do {
			while (serve())
				;
		} while (rearm(&q->tx) && !is("mute"));
	}
	if (ctrl.page)
		serve_ctrl();
}

/* --- one interface after the other --------------------------------------- */

static void make_keys(const char *keys)
{
	make_places();
	run("xenstore-write %s/feature-rx-copy 1 %s/feature-sg 1", back, back);
	make_offer(keys);
	run("xenstore-write %s/handle %u %s/mac 00:16:3e:77:77:77", front, VIF,
	    front);
	make_known();
}

#define CONTROL	"feature-ctrl-ring=1 multi-queue-max-queues=2"

static const struct fake {
	const char *name;
	const char *keys;
} cases[] = {
	{ "good", "feature-gso-tcpv4=1" }, { "untrusted", "trusted=0" },
	{ "nolink", "carrier=0" },
	{ "lie-numbers", "multi-queue-max-queues=99999999999" },
	{ "error", "" }, { "rx-error", "" }, { "rx-status", "" },
	{ "rx-gso", "" }, { "mute", "" },
	{ "keep", "" }, { "badid", "" }, { "badstatus", "" }, { "null", "" },
	{ "twice", "" }, { "many", "" }, { "rx-id", "" }, { "rx-size", "" },
	{ "rx-offset", "" }, { "rx-flags", "" },
	{ "rx-chain", "" }, { "rx-extra", "" }, { "rx-extras", "" },
	{ "rx-many", "" }, { "rx-keep", "" }, { "rx-badhash", "" },
	{ "rx-hash", "" },
	{ "ctrl-good", CONTROL }, { "ctrl-data", CONTROL },
	{ "ctrl-refuse", CONTROL }, { "ctrl-mute", CONTROL },
	{ "ctrl-id", CONTROL }, { "ctrl-type", CONTROL },
	{ "ctrl-status", CONTROL }, { "ctrl-many", CONTROL },
	{ "ctrl-calls", CONTROL }, { "ctrl-leave", CONTROL },
	{ }
};

/* The test may come after others; no interface of ours is there before. */
static bool wait_begin(unsigned int seconds)
{
	for (; seconds; seconds--) {
		if (marked("begin", program) || marked("end", program))
			return true;
		sleep(1);
	}
	return false;
}

static int read_below(const char *dir, const char *name)
{
	char key[64];

	snprintf(key, sizeof(key), "%s%s", dir, name);
	return read_number(key);
}

static void connect_queue(const char *dir)
{
	open_ring(&q->tx, read_below(dir, "tx-ring-ref"), 12);
	open_ring(&q->rx, read_below(dir, "rx-ring-ref"), 8);
	q->tx.port = bind_port(read_below(dir, "event-channel"));
	q->rx.port = q->tx.port;
}

static void connect_front(void)
{
	int wanted = read_number("multi-queue-num-queues"), i = 0;
	int ref = read_number("ctrl-ring-ref");
	char dir[16] = "";

	if (wanted > QUEUES_MAX)
		die("more queues than were offered");
	do {
		q = &queues[i];
		if (wanted > 0)
			snprintf(dir, sizeof(dir), "queue-%d/", i);
		connect_queue(dir);
	} while (++i < wanted);
	nr_queues = i;
	if (ref >= 0) {
		open_ring(&ctrl, ref, sizeof(struct ctrl_request));
		ctrl.port = bind_port(read_number("event-channel-ctrl"));
	}
	run("xenstore-write %s/state 4", back);
}

static void serve_case(const char *name)
{
	int tries;

	for (tries = 0; tries < 600 && !marked("done", name); tries++) {
		serve_all();
		wait_event(200);
	}
}

static void let_go(void)
{
	drop_kept();
	while (nr_queues) {
		q = &queues[--nr_queues];
		close_ring(&q->rx, false);
		close_ring(&q->tx, true);
	}
	if (ctrl.page)
		close_ring(&ctrl, true);
}

static void one_case(const struct fake *c)
{
	mode = c->name;
	got = 0;
	make_keys(c->keys);
	if (wait_front(4, 60))
		connect_front();
	run("tell up-%s", c->name);
	serve_case(c->name);
	printf("# %s: packets %u\n", c->name, got);
	run("xenstore-write %s/state 5", back);
	wait_closed(c->name);
	let_go();
	run("xenstore-write %s/state 6", back);
	remove_places(c->name);
}

int main(void)
{
	unsigned int i;

	start("fake-vif", "vif", VIF);
	if (!wait_begin(1200))
		die("nobody began");
	for (i = 0; cases[i].name && !marked("end", program); i++)
		one_case(&cases[i]);
	return 0;
}
