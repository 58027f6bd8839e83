// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process with all of /dev/xen open, in the middle of things, as the layers stop:
 *
 *	dev-open	says "ready"; then, at a line from its standard input, finds
 *			that all of it has ended, and that nothing it has still is
 *			another's
 *
 * See unbind.sh.
 */
#include <pthread.h>
#include <setjmp.h>
#include "../dev-test.h"

static int store, events, pages, maps;
static unsigned int self;
static sigjmp_buf back;

static void on_bus_error(int sig)
{
	siglongjmp(back, sig);
}

/* A thread that sleeps in a read: it is to be woken, and told why. */
static void *reader(void *arg)
{
	int fd = *(int *)arg;
	char c[16];
	ssize_t got;

	got = read(fd, c, sizeof(c));
	return (void *)(long)(got == -1 && errno == ENODEV);
}

static unsigned char *share(void)
{
	struct ioctl_gntalloc_alloc_gref op = {
		.domid = self,
		.flags = GNTALLOC_FLAG_WRITABLE,
		.count = 1,
	};
	unsigned char *p;

	CHECK(!ioctl(pages, IOCTL_GNTALLOC_ALLOC_GREF, &op));
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, pages,
		 op.index);
	CHECK(p != MAP_FAILED);
	return p;
}

/* A page of dom0's, see dev-grants.c; NULL where there is none */
static unsigned char *map(void)
{
	struct ioctl_gntdev_map_grant_ref op = { .count = 1 };
	struct answer a;
	unsigned char *p;

	store_ask(store, XS_READ, 0, "data/xg-pages", sizeof("data/xg-pages"),
		  &a);
	if (a.hdr.type == XS_ERROR)
		return NULL;
	op.refs[0].ref = atoi(a.body);
	CHECK(!ioctl(maps, IOCTL_GNTDEV_MAP_GRANT_REF, &op));
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, maps,
		 op.index);
	CHECK(p != MAP_FAILED);
	return p;
}

static void all_ended(int port)
{
	struct ioctl_gntalloc_alloc_gref alloc = { .domid = self, .count = 1 };
	struct ioctl_gntdev_map_grant_ref op = { .count = 1 };
	struct gntdev_grant_copy_segment seg = {
		.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref,
		.len = 1,
	};
	struct ioctl_gntdev_grant_copy copy = { .count = 1, .segments = &seg };
	struct xsd_sockmsg hdr = { .type = XS_READ };

	CHECK(polled(store, POLLIN, 0) & POLLHUP);
	CHECK(polled(events, POLLIN, 0) & POLLHUP);
	FAILS(read(store, &hdr, 1), ENODEV);
	FAILS(write(store, &hdr, sizeof(hdr)), ENODEV);
	FAILS(read(events, &hdr, 4), ENODEV);
	FAILS(write(events, &port, 4), ENODEV);
	FAILS(notify(events, port), ENODEV);
	FAILS(bind_unbound(events, self), ENODEV);
	FAILS(ioctl(pages, IOCTL_GNTALLOC_ALLOC_GREF, &alloc), ENODEV);
	FAILS(ioctl(maps, IOCTL_GNTDEV_MAP_GRANT_REF, &op), ENODEV);
	FAILS(ioctl(maps, IOCTL_GNTDEV_GRANT_COPY, &copy), ENODEV);
	FAILS((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, pages, 0), ENODEV);
	FAILS((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, maps, 0), ENODEV);
}

/* A line, whatever it says: what follows it is for the next time. */
static void hear(void)
{
	char c;

	do {
		CHECK(read(0, &c, 1) == 1);
	} while (c != '\n');
}

int main(void)
{
	struct sigaction act = { .sa_handler = on_bus_error };
	unsigned char *volatile p, *volatile q;
	struct answer a;
	pthread_t one, two;
	void *woken;
	int port;

	self = store_number("domid");
	store = device("xenbus", 0);
	events = device("evtchn", 0);
	pages = device("gntalloc", 0);
	maps = device("gntdev", 0);
	q = map();
	store_ask(store, XS_TRANSACTION_START, 0, "", 1, &a);
	store_ask(store, XS_WATCH, 0, "data\0t", 7, &a);
	store_next(store, &a);
	port = bind_unbound(events, self);
	CHECK(port > 0);
	p = share();
	*p = 1;
	if (q)
		q[9] = 1;
	CHECK(!pthread_create(&one, NULL, reader, &store));
	CHECK(!pthread_create(&two, NULL, reader, &events));
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready\n");

	hear();
	CHECK(!pthread_join(one, &woken) && woken);
	CHECK(!pthread_join(two, &woken) && woken);
	all_ended(port);
	/* The page that was ours still is. */
	CHECK(*p == 1);
	*p = 2;
	sigaction(SIGBUS, &act, NULL);
	if (q && !sigsetjmp(back, 1)) {
		*(volatile unsigned char *)q = 3;
		die("another domain's page is still there");
	}
	CHECK(*p == 2);
	printf("ended%s\n", q ? " mapped" : "");
	hear();
	/* They do not come back with the layers. */
	all_ended(port);
	printf("still\n");
	hear();
	return 0;
}
