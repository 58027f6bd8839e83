/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the backends of our own making in dom0 share (blkfront/fake-vbd.c and
 * netfront/fake-vif.c): the guest's pages, ports and rings by gntdev and
 * evtchn, the store by its tools, marks from the test. A program has one guest,
 * and one device at a time.
 */
#ifndef XG_FAKE_BACKEND_H
#define XG_FAKE_BACKEND_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
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
#define KEPT	64
#define MARKS	"/mnt/xg/run/marks/"

struct header {
	__u32 req_prod, req_event, rsp_prod, rsp_event;
	__u8 pad[48];
	__u8 slots[];
};

/* Our half of a ring of the guest's. */
struct ring {
	struct header *page;
	__u64 index;		/* gntdev's */
	unsigned int stride, slots;
	__u32 cons, prod;
	unsigned int port;
};

static const char *program;
static const char *mode;	/* how the device is to behave */
static char front[64], back[64];	/* its two places in the store */
static unsigned int guest;
static int gntdev, evtchn;
static struct kept {
	void *p;
	__u64 index;
} kept[KEPT];
static unsigned int nr_kept;

static void die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program, what, strerror(errno));
	exit(1);
}

static int is(const char *what)
{
	return !strcmp(mode, what);
}

/* --- the guest's pages --------------------------------------------------- */

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

/* Hold on to a page that should be given back, until drop_kept(). */
static void keep(void *p, __u64 index)
{
	kept[nr_kept++ % KEPT] = (struct kept){ p, index };
}

static void drop_kept(void)
{
	while (nr_kept) {
		nr_kept--;
		unmap(kept[nr_kept % KEPT].p, kept[nr_kept % KEPT].index);
	}
}

/* --- its ports ----------------------------------------------------------- */

static unsigned int bind_port(unsigned int remote)
{
	struct ioctl_evtchn_bind_interdomain op = {
		.remote_domain = guest,
		.remote_port = remote,
	};
	int port = ioctl(evtchn, IOCTL_EVTCHN_BIND_INTERDOMAIN, &op);

	if (port < 0)
		die("the guest's port cannot be bound");
	return port;
}

static void notify(unsigned int port)
{
	struct ioctl_evtchn_notify op = { .port = port };

	ioctl(evtchn, IOCTL_EVTCHN_NOTIFY, &op);
}

/* True: an event came in that time, and its port may fire again. */
static bool wait_event(int milliseconds)
{
	struct pollfd wait = { .fd = evtchn, .events = POLLIN };
	__u32 port;

	if (poll(&wait, 1, milliseconds) <= 0)
		return false;
	if (read(evtchn, &port, sizeof(port)) != sizeof(port) ||
	    write(evtchn, &port, sizeof(port)) != sizeof(port))
		die("evtchn");
	return true;
}

/* --- its rings ----------------------------------------------------------- */

/* As many slots as fit, of a power of two. */
static inline void open_ring(struct ring *r, int ref, unsigned int stride)
{
	*r = (struct ring){ .stride = stride, .slots = 1 };
	while (r->slots * 2 * stride <= PAGE - sizeof(struct header))
		r->slots *= 2;
	r->page = map(ref, PROT_READ | PROT_WRITE, &r->index);
	if (!r->page)
		die("a ring cannot be mapped");
}

/* Two rings may have one port: the last to go unbinds it. */
static inline void close_ring(struct ring *r, bool unbind)
{
	struct ioctl_evtchn_unbind op = { .port = r->port };

	if (unbind)
		ioctl(evtchn, IOCTL_EVTCHN_UNBIND, &op);
	unmap(r->page, r->index);
	r->page = NULL;
}

static inline bool has_more(struct ring *r)
{
	return r->cons != __atomic_load_n(&r->page->req_prod, __ATOMIC_SEQ_CST);
}

/* Ask to be told of the next request; true: it is there. */
static inline bool rearm(struct ring *r)
{
	__atomic_store_n(&r->page->req_event, r->cons + 1, __ATOMIC_SEQ_CST);
	return has_more(r);
}

static inline bool take(struct ring *r, void *req)
{
	if (!has_more(r))
		return false;
	memcpy(req, r->page->slots + r->cons++ % r->slots * r->stride,
	       r->stride);
	return true;
}

static inline void put(struct ring *r, const void *rsp, size_t size)
{
	memcpy(r->page->slots + r->prod++ % r->slots * r->stride, rsp, size);
}

static inline void push(struct ring *r)
{
	__atomic_store_n(&r->page->rsp_prod, r->prod, __ATOMIC_SEQ_CST);
	notify(r->port);
}

/* --- the store, by its tools --------------------------------------------- */

static int run(const char *fmt, ...)
{
	char line[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	return system(line);
}

/* A key of the frontend's; -1: there is none. */
static int read_number(const char *key)
{
	char line[160], text[32] = "";
	FILE *f;

	snprintf(line, sizeof(line), "xenstore-read %s/%s 2>/dev/null", front,
		 key);
	f = popen(line, "r");
	if (!f || !fgets(text, sizeof(text), f))
		text[0] = '\0';
	if (f)
		pclose(f);
	return text[0] ? atoi(text) : -1;
}

static bool wait_front(int state, int seconds)
{
	for (; seconds > 0; seconds--) {
		if (read_number("state") == state)
			return true;
		sleep(1);
	}
	return false;
}

/*
 * A device comes in three steps, with the keys of its kind written in between:
 * both places, what the backend offers, and what makes the guest see it.
 */
static void make_places(void)
{
	run("xenstore-write %s '' && xenstore-chmod %s n%u r0", front, front,
	    guest);
	run("xenstore-write %s '' && xenstore-chmod %s n0 r%u", back, back,
	    guest);
	run("xenstore-write %s/frontend %s %s/frontend-id %u %s/online 1",
	    back, front, back, guest, back);
}

/* keys: "KEY=VALUE ...", all the backend's, or "trusted=0" of the frontend. */
static void make_offer(const char *keys)
{
	run("for k in %s; do xenstore-write %s/${k%%%%=*} ${k#*=}; done", keys,
	    strncmp(keys, "trusted", 7) ? back : front);
	run("xenstore-write %s/state 2", back);
}

static void make_known(void)
{
	run("xenstore-write %s/backend %s %s/backend-id 0 %s/state 1", front,
	    back, front, front);
}

static void wait_closed(const char *name)
{
	if (!wait_front(6, 60))
		printf("# %s: the frontend did not close\n", name);
}

static void remove_places(const char *name)
{
	run("xenstore-rm %s; xenstore-rm %s", front, back);
	run("tell gone-%s", name);
}

/* --- the test ------------------------------------------------------------ */

static bool marked(const char *what, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), MARKS "%s-%s", what, name);
	return !access(path, F_OK);
}

/* type and id: the device's, as the guest's part of the store has them. */
static void start(const char *name, const char *type, unsigned int id)
{
	program = name;
	guest = atoi(getenv("GUEST_ID") ?: "0");
	setvbuf(stdout, NULL, _IOLBF, 0);
	gntdev = open("/dev/xen/gntdev", O_RDWR);
	evtchn = open("/dev/xen/evtchn", O_RDWR);
	if (!guest || gntdev < 0 || evtchn < 0)
		die("no guest, gntdev or evtchn");
	snprintf(front, sizeof(front), "/local/domain/%u/device/%s/%u", guest,
		 type, id);
	/* Not of that type: the kernel's own backend must not take it. */
	snprintf(back, sizeof(back), "/local/domain/0/backend/fake/%u/%u",
		 guest, id);
	run("tell %s", program);
}

#endif
