// SPDX-License-Identifier: GPL-2.0-only
/*
 * Block backends of our own making, in dom0: kinds of disks that are hard to come
 * by, and backends that fall silent, die, or lie. The host script of kinds.sh:
 *
 *   testbed/vm --engine xen --guest-script ... --host-script fake-vbd
 *
 * One disk after the other, as cases[] has them, as xvdc of the guest; each is
 * there from "up-NAME" being told until the mark "done-NAME". Meanwhile the marks
 * "resize-NAME", "release-NAME", "die-NAME" are obeyed. Its disk is memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/types.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/evtchn.h>
#include <xen/gntdev.h>

#define PAGE	4096
#define SLOTS	32u
#define SECTOR	512
#define VDEV	51744	/* xvdc */
#define MARKS	"/mnt/xg/run/marks/"

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

struct ring {
	__u32 req_prod, req_event, rsp_prod, rsp_event;
	__u8 pad[48];
	__u8 slots[SLOTS][112];
};

static int released;
static unsigned int guest, asked[8], served;
static __u32 cons;
static const char *mode;
static struct ring *ring;
static __u8 *disk;
static __u64 sectors;
static __u32 rsp_prod;
static int gntdev, evtchn;

static void die(const char *what)
{
	fprintf(stderr, "fake-vbd: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int is(const char *what)
{
	return !strcmp(mode, what);
}

static void *map(__u32 ref, int prot, __u64 *index)
{
	struct ioctl_gntdev_map_grant_ref op = {
		.count = 1,
		.refs[0] = { .domid = guest, .ref = ref },
	};
	void *p;

	if (ioctl(gntdev, IOCTL_GNTDEV_MAP_GRANT_REF, &op))
		return NULL;
	p = mmap(NULL, PAGE, prot, MAP_SHARED, gntdev, op.index);
	*index = op.index;
	return p == MAP_FAILED ? NULL : p;
}

static void unmap(void *p, __u64 index)
{
	struct ioctl_gntdev_unmap_grant_ref op = { .index = index, .count = 1 };

	munmap(p, PAGE);
	ioctl(gntdev, IOCTL_GNTDEV_UNMAP_GRANT_REF, &op);
}

static struct kept {
	void *p;
	__u64 index;
} kept[64];
static unsigned int nr_kept;

static int transfer(const struct request *req)
{
	__u64 index, at = req->sector;
	int i, writing = req->op != OP_READ;

	for (i = 0; i < req->nr && i < 11; i++) {
		unsigned int len = req->seg[i].last - req->seg[i].first + 1;
		__u8 *p;

		if (at + len > sectors)
			return -1;
		p = map(req->seg[i].gref,
			writing ? PROT_READ : PROT_READ | PROT_WRITE, &index);
		if (!p)
			return -1;
		if (writing)
			memcpy(disk + at * SECTOR, p + req->seg[i].first * SECTOR,
			       len * SECTOR);
		else
			memcpy(p + req->seg[i].first * SECTOR, disk + at * SECTOR,
			       len * SECTOR);
		if (!is("keep") || served < 6)
			unmap(p, index);
		else
			kept[nr_kept++ % 64] = (struct kept){ p, index };
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

	memcpy(ring->slots[rsp_prod++ % SLOTS], &rsp, sizeof(rsp));
}

static void notify(unsigned int port)
{
	struct ioctl_evtchn_notify op = { .port = port };

	__atomic_store_n(&ring->rsp_prod, rsp_prod, __ATOMIC_SEQ_CST);
	ioctl(evtchn, IOCTL_EVTCHN_NOTIFY, &op);
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
		rsp_prod += 1000;
}

static void take_requests(unsigned int port)
{
	struct request req;

	for (;;) {
		if (is("mute") || (is("silent") && served >= 6 && !released))
			return;
		if (cons == __atomic_load_n(&ring->req_prod, __ATOMIC_SEQ_CST)) {
			__atomic_store_n(&ring->req_event, cons + 1,
					 __ATOMIC_SEQ_CST);
			if (cons == __atomic_load_n(&ring->req_prod,
						    __ATOMIC_SEQ_CST))
				return;
		}
		memcpy(&req, ring->slots[cons++ % SLOTS], sizeof(req));
		one(&req, ++served);
		notify(port);
	}
}

static unsigned int bind_port(unsigned int remote)
{
	struct ioctl_evtchn_bind_interdomain op = {
		.remote_domain = guest, .remote_port = remote,
	};
	int port = ioctl(evtchn, IOCTL_EVTCHN_BIND_INTERDOMAIN, &op);

	if (port < 0)
		die("the guest's port cannot be bound");
	return port;
}

/* --- the store, by its tools ------------------------------------------------- */

static char front[64], back[64];

static int run(const char *fmt, ...)
{
	char line[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	return system(line);
}

static int read_number(const char *dir, const char *key)
{
	char line[160], text[32] = "";
	FILE *f;

	snprintf(line, sizeof(line), "xenstore-read %s/%s 2>/dev/null", dir, key);
	f = popen(line, "r");
	if (!f || !fgets(text, sizeof(text), f))
		text[0] = '\0';
	if (f)
		pclose(f);
	return text[0] ? atoi(text) : -1;
}

static bool wait_front(int from, int to, int seconds)
{
	int state;

	for (; seconds > 0; seconds--) {
		state = read_number(front, "state");
		if (state >= from && state <= to)
			return true;
		sleep(1);
	}
	return false;
}

static void make_keys(const char *keys, unsigned int mib)
{
	run("xenstore-write %s '' && xenstore-chmod %s n%u r0", front, front, guest);
	run("xenstore-write %s '' && xenstore-chmod %s n0 r%u", back, back, guest);
	run("xenstore-write %s/frontend %s %s/frontend-id %u %s/online 1",
	    back, front, back, guest, back);
	run("xenstore-write %s/sectors %u %s/mode w", back, mib << 11, back);
	run("for k in %s; do xenstore-write %s/${k%%%%=*} ${k#*=}; done", keys,
	    strncmp(keys, "trusted", 7) ? back : front);
	run("xenstore-write %s/state 2", back);
	run("xenstore-write %s/virtual-device %u %s/device-type disk", front,
	    VDEV, front);
	run("xenstore-write %s/backend %s %s/backend-id 0 %s/state 1", front,
	    back, front, front);
}

/* --- one disk after the other -------------------------------------------------- */

static const struct fake {
	const char *name;
	const char *mode;
	const char *keys;
} cases[] = {
	{ "large", "good", "sector-size=4096 feature-flush-cache=1 feature-discard=1" },
	{ "ro", "good", "info=4" },
	{ "cdrom", "good", "info=3" },
	{ "barrier", "good", "feature-barrier=1" },
	{ "nosup", "nosup", "feature-flush-cache=1 feature-discard=1 discard-secure=1" },
	{ "resize", "good", "feature-flush-cache=1" },
	{ "untrusted", "good", "trusted=0" },
	{ "persistent", "good", "feature-persistent=1" },
	{ "lie-size", "good", "sector-size=513" },
	{ "lie-numbers", "good", "sectors=99999999999999999999 multi-queue-max-queues=-1" },
	{ "badid", "badid", "" },
	{ "badop", "badop", "" },
	{ "badstatus", "badstatus", "" },
	{ "twice", "twice", "" },
	{ "many", "many", "" },
	{ "keep", "keep", "" },
	{ "silent", "silent", "" },
	{ "dead", "silent", "" },
	{ "stuck", "silent", "" },
	{ "mute", "mute", "" },
	{ "mutedead", "mute", "" },
	{ }
};

static bool marked(const char *what, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), MARKS "%s-%s", what, name);
	return !access(path, F_OK);
}

/* Serve until the guest is done with it; "die" takes the store's keys away. */
static void serve_case(const struct fake *c, unsigned int port)
{
	struct pollfd wait = { .fd = evtchn, .events = POLLIN };
	bool resized = false, died = false;
	__u32 fired;
	int tries;

	for (tries = 0; tries < 600 && !marked("done", c->name); tries++) {
		take_requests(port);
		if (poll(&wait, 1, 200) > 0) {
			tries--;
			if (read(evtchn, &fired, sizeof(fired)) != sizeof(fired) ||
			    write(evtchn, &fired, sizeof(fired)) != sizeof(fired))
				die("evtchn");
			continue;
		}
		released |= marked("release", c->name);
		if (!resized && marked("resize", c->name))
			resized = !run("xenstore-write %s/sectors %u", back,
				       16 << 11);
		if (!died && marked("die", c->name))
			died = !run("xenstore-rm %s", back);
	}
}

static void let_go(unsigned int port, __u64 ring_index)
{
	struct ioctl_evtchn_unbind op = { .port = port };

	while (nr_kept) {
		nr_kept--;
		unmap(kept[nr_kept % 64].p, kept[nr_kept % 64].index);
	}
	ioctl(evtchn, IOCTL_EVTCHN_UNBIND, &op);
	unmap(ring, ring_index);
}

static void one_case(const struct fake *c)
{
	unsigned int port = 0;
	__u64 index;

	mode = c->mode;
	memset(asked, 0, sizeof(asked));
	served = 0;
	cons = 0;
	rsp_prod = 0;
	released = 0;
	make_keys(c->keys, 8);
	sectors = 16 << 11;
	if (wait_front(3, 3, 60)) {
		ring = map(read_number(front, "ring-ref"),
			   PROT_READ | PROT_WRITE, &index);
		if (!ring)
			die("the ring cannot be mapped");
		port = bind_port(read_number(front, "event-channel"));
		run("xenstore-write %s/state 4", back);
	}
	run("tell up-%s", c->name);
	serve_case(c, port);
	run("tell asked-%s.b%u.f%u.d%u", c->name, asked[OP_BARRIER],
	    asked[OP_FLUSH], asked[OP_DISCARD]);
	run("xenstore-exists %s && xenstore-write %s/state 5", back, back);
	printf("# %s: reads %u writes %u barriers %u flushes %u discards %u\n",
	       c->name, asked[OP_READ], asked[OP_WRITE], asked[OP_BARRIER],
	       asked[OP_FLUSH], asked[OP_DISCARD]);
	if (!wait_front(6, 6, 60))
		printf("# %s: the frontend did not close\n", c->name);
	run("xenstore-exists %s && xenstore-write %s/state 6", back, back);
	if (port)
		let_go(port, index);
	run("xenstore-rm %s; xenstore-rm %s", front, back);
	run("tell gone-%s", c->name);
}

int main(void)
{
	unsigned int i;

	guest = atoi(getenv("GUEST_ID") ?: "0");
	setvbuf(stdout, NULL, _IOLBF, 0);
	disk = calloc(16 << 11, SECTOR);
	gntdev = open("/dev/xen/gntdev", O_RDWR);
	evtchn = open("/dev/xen/evtchn", O_RDWR);
	if (!guest || !disk || gntdev < 0 || evtchn < 0)
		die("no guest, memory, gntdev or evtchn");
	snprintf(front, sizeof(front), "/local/domain/%u/device/vbd/%u", guest,
		 VDEV);
	/* Not "vbd": blkback must not take it. */
	snprintf(back, sizeof(back), "/local/domain/0/backend/fake/%u/%u", guest,
		 VDEV);
	run("tell fake-vbd");
	for (i = 0; cases[i].name && !marked("end", "fake-vbd"); i++)
		one_case(&cases[i]);
	return 0;
}
