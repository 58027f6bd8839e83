// SPDX-License-Identifier: GPL-2.0-only
/*
 * Block backends of our own making, in dom0: kinds of disks that are hard to
 * come by, and backends that fall silent, die, or lie. The host script of
 * kinds.sh:
 *
 *   testbed/vm --engine xen --guest-script ... --host-script fake-vbd
 *
 * One disk after the other, as cases[] has them, as xvdc of the guest; each is
 * there from "up-NAME" being told until the mark "done-NAME". Meanwhile the
 * marks "resize-NAME", "release-NAME", "die-NAME", "remake-NAME" are obeyed. Its
 * disk is memory.
 */
#include "../fake-backend.h"

#define SECTOR	512
#define VDEV	51744	/* xvdc */

enum { OP_READ, OP_WRITE, OP_BARRIER, OP_FLUSH, OP_DISCARD = 5 };

struct request {
	__u8 op;
	__u8 nr;
	__u16 handle;
	__u32 pad;
	__u64 id;
	__u64 sector;
	union {
		struct {
			__u32 gref;
			__u8 first, last;
			__u16 pad;
		} seg[11];
		__u64 nr_sectors;
	};
};

struct response {
	__u64 id;
	__u8 op;
	__u8 pad;
	__s16 status;
};

static int released;
static unsigned int asked[8], served;
static struct ring ring;
static __u8 disk[(16 << 11) * SECTOR];
static __u64 sectors;

static int transfer(const struct request *req)
{
	__u64 index, at = req->sector;
	int i, writing = req->op != OP_READ;

	for (i = 0; i < req->nr && i < 11; i++) {
		unsigned int first = req->seg[i].first * SECTOR;
		unsigned int len = req->seg[i].last - req->seg[i].first + 1;
		__u8 *p;

		if (at + len > sectors)
			return -1;
		p = map(req->seg[i].gref,
			writing ? PROT_READ : PROT_READ | PROT_WRITE, &index);
		if (!p)
			return -1;
		if (writing)
			memcpy(disk + at * SECTOR, p + first, len * SECTOR);
		else
			memcpy(p + first, disk + at * SECTOR, len * SECTOR);
		if (!is("keep") || served < 6)
			unmap(p, index);
		else
			keep(p, index);
		at += len;
	}
	return 0;
}

static int serve(const struct request *req)
{
	asked[req->op & 7]++;
	switch (req->op) {
	case OP_READ:
	case OP_WRITE:
	case OP_BARRIER:
		return transfer(req);
	case OP_FLUSH:
		return is("nosup") ? -2 : 0;
	case OP_DISCARD:
		if (is("nosup") || req->sector + req->nr_sectors > sectors)
			return -2;
		memset(disk + req->sector * SECTOR, 0xdd,
		       req->nr_sectors * SECTOR);
		return 0;
	default:
		return -2;
	}
}

static void answer(__u64 id, __u8 op, int status)
{
	struct response rsp = { .id = id, .op = op, .status = status };

	put(&ring, &rsp, sizeof(rsp));
}

static void one(const struct request *req, unsigned int nr)
{
	int status = serve(req);
	int bad = nr >= 6;

	if (bad && is("badid"))
		answer(req->id + 7, req->op, 0);
	else if (bad && is("badop"))
		answer(req->id, req->op ^ 1, 0);
	else if (bad && is("badstatus"))
		answer(req->id, req->op, 77);
	else
		answer(req->id, req->op, status);
	if (bad && is("twice"))
		answer(req->id, req->op, 0);
	if (bad && is("many"))
		ring.prod += 1000;
}

static void take_requests(void)
{
	struct request req;

	for (;;) {
		if (is("mute") || (is("silent") && served >= 6 && !released))
			return;
		if (take(&ring, &req)) {
			one(&req, ++served);
			push(&ring);
		} else if (!rearm(&ring)) {
			return;
		}
	}
}

/* --- one disk after the other -------------------------------------------- */

static void make_keys(const char *keys, unsigned int mib)
{
	make_places();
	run("xenstore-write %s/sectors %u %s/mode w", back, mib << 11, back);
	make_offer(keys);
	/* Ahead of what makes the guest look. */
	if (is("refused"))
		run("xenstore-write %s/state 1 && xenstore-chmod %s/state n0 r%u",
		    front, front, guest);
	run("xenstore-write %s/virtual-device %u %s/device-type disk", front,
	    VDEV, front);
	make_known();
}

static const struct fake {
	const char *name;
	const char *mode;
	const char *keys;
} cases[] = {
	{ "large", "good",
	  "sector-size=4096 feature-flush-cache=1 feature-discard=1" },
	{ "ro", "good", "info=4" },
	{ "cdrom", "good", "info=3" },
	{ "barrier", "good", "feature-barrier=1" },
	{ "nosup", "nosup",
	  "feature-flush-cache=1 feature-discard=1 discard-secure=1" },
	{ "resize", "good", "feature-flush-cache=1" },
	{ "untrusted", "good", "trusted=0" },
	{ "persistent", "good", "feature-persistent=1" },
	{ "lie-size", "good", "sector-size=513" },
	{ "lie-numbers", "good",
	  "sectors=99999999999999999999 multi-queue-max-queues=-1" },
	{ "badid", "badid", "" },
	{ "badop", "badop", "" },
	{ "badstatus", "badstatus", "" },
	{ "twice", "twice", "" },
	{ "many", "many", "" },
	{ "keep", "keep", "" },
	{ "silent", "silent", "" },
	{ "dead", "silent", "" },
	{ "remade", "good", "" },
	{ "stuck", "silent", "" },
	{ "mute", "mute", "" },
	{ "mutedead", "mute", "" },
	{ "refused", "refused", "" },
	{ }
};

/* The guest has published its ring, but the store does not take its state. */
static void allow_state(void)
{
	int seconds;

	for (seconds = 30; seconds && read_number("event-channel") < 0; seconds--)
		sleep(1);
	sleep(2);
	run("xenstore-chmod %s/state n%u r0", front, guest);
}

static void connect_front(void)
{
	if (is("refused"))
		allow_state();
	if (!wait_front(3, 60))
		return;
	open_ring(&ring, read_number("ring-ref"), sizeof(struct request));
	ring.port = bind_port(read_number("event-channel"));
	run("xenstore-write %s/state 4", back);
}

/* As if detached by force and attached, with nothing to be seen in between. */
static void remake(void)
{
	if (ring.page)
		close_ring(&ring, true);
	run("xenstore-write %s/state 2 %s/state 1 %s ''", back, front, front);
	connect_front();
}

/* Serve until the guest is done with it; "die" takes the store's keys away. */
static void serve_case(const struct fake *c)
{
	bool resized = false, died = false, remade = false;
	int tries;

	for (tries = 0; tries < 600 && !marked("done", c->name); tries++) {
		take_requests();
		if (wait_event(200)) {
			tries--;
			continue;
		}
		released |= marked("release", c->name);
		if (!resized && marked("resize", c->name))
			resized = !run("xenstore-write %s/sectors %u", back,
				       16 << 11);
		if (!died && marked("die", c->name))
			died = !run("xenstore-rm %s", back);
		if (!remade && marked("remake", c->name)) {
			remade = true;
			remake();
		}
	}
}

static void one_case(const struct fake *c)
{
	mode = c->mode;
	memset(asked, 0, sizeof(asked));
	served = 0;
	released = 0;
	make_keys(c->keys, 8);
	sectors = 16 << 11;
	connect_front();
	run("tell up-%s", c->name);
	serve_case(c);
	run("tell asked-%s.b%u.f%u.d%u", c->name, asked[OP_BARRIER],
	    asked[OP_FLUSH], asked[OP_DISCARD]);
	run("xenstore-exists %s && xenstore-write %s/state 5", back, back);
	printf("# %s: reads %u writes %u barriers %u flushes %u discards %u\n",
	       c->name, asked[OP_READ], asked[OP_WRITE], asked[OP_BARRIER],
	       asked[OP_FLUSH], asked[OP_DISCARD]);
	wait_closed(c->name);
	run("xenstore-exists %s && xenstore-write %s/state 6", back, back);
	if (ring.page) {
		drop_kept();
		close_ring(&ring, true);
	}
	remove_places(c->name);
}

int main(void)
{
	unsigned int i;

	start("fake-vbd", "vbd", VDEV);
	for (i = 0; cases[i].name && !marked("end", program); i++)
		one_case(&cases[i]);
	return 0;
}
