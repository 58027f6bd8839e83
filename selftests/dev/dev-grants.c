// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/xen/gntalloc, by pages that this domain grants to itself; /dev/xen/gntdev, by
 * those of dom0 whose references vchan has put into the store: page I begins with
 * I, the last may only be read. Without them, the latter ends with 4. See grants.sh.
 */
#define _GNU_SOURCE
#include "../dev-test.h"

#define MAX	16		/* pages */

static unsigned int self;	/* our domain */

/* --- gntalloc ----------------------------------------------------------- */

static int alloc_fd;
static unsigned int refs[MAX];
static __u64 index_of;		/* the first page's, in its file */

static int alloc(int fd, unsigned int count, unsigned int flags)
{
	struct {
		struct ioctl_gntalloc_alloc_gref op;
		__u32 more[MAX];
	} arg = { .op = { .domid = self, .flags = flags, .count = count } };
	int ret = ioctl(fd, IOCTL_GNTALLOC_ALLOC_GREF, &arg);

	if (!ret && count <= MAX) {
		memcpy(refs, (char *)&arg + offsetof(typeof(arg.op), gref_ids),
		       count * sizeof(refs[0]));
		index_of = arg.op.index;
	}
	return ret;
}

static int dealloc(int fd, __u64 index, unsigned int count)
{
	struct ioctl_gntalloc_dealloc_gref op = {
		.index = index,
		.count = count,
	};

	return ioctl(fd, IOCTL_GNTALLOC_DEALLOC_GREF, &op);
}

static unsigned char *show(int fd, __u64 index, unsigned int count, int prot)
{
	return mmap(NULL, count * PAGE, prot, MAP_SHARED, fd, index);
}

static unsigned char *show_rw(int fd, __u64 index, unsigned int count)
{
	unsigned char *p = show(fd, index, count, PROT_READ | PROT_WRITE);

	if (p == MAP_FAILED)
		die("%u pages at %llu", count, (unsigned long long)index);
	return p;
}

/* @count pages of ours, granted to us */
static unsigned char *ours(unsigned int count, unsigned int flags)
{
	CHECK(!alloc(alloc_fd, count, flags));
	return show_rw(alloc_fd, index_of, count);
}

static void alloc_pages(void)
{
	unsigned char *p, *q;
	unsigned int i, j;
	__u64 first;

	p = ours(3, GNTALLOC_FLAG_WRITABLE);
	first = index_of;
	for (i = 0; i < 3 * PAGE; i++)
		CHECK(!p[i]);
	for (i = 0; i < 3; i++) {
		for (j = 0; j < i; j++)
			CHECK(refs[i] != refs[j]);
		memset(p + i * PAGE, i + 1, PAGE);
	}
	q = show_rw(alloc_fd, first + PAGE, 1);
	CHECK(*q == 2);
	*q = 9;
	CHECK(p[PAGE] == 9);
	/* Given back while it is shown: it stays while it is. */
	CHECK(!dealloc(alloc_fd, first, 3));
	FAILS(dealloc(alloc_fd, first, 3), EINVAL);
	CHECK(p[2 * PAGE] == 3 && *q == 9);
	FAILS((long)show(alloc_fd, first, 3, PROT_READ), ENOENT);
	CHECK(!munmap(p, PAGE));
	CHECK(p[PAGE] == 9);
	CHECK(!munmap(p + PAGE, 2 * PAGE));
	CHECK(*q == 9);
	CHECK(!munmap(q, PAGE));
}

static void alloc_limits(void)
{
	struct ioctl_gntalloc_unmap_notify n = { .action = 4 };

	FAILS(alloc(alloc_fd, 0, 0), EINVAL);
	FAILS(alloc(alloc_fd, 1 << 30, 0), ENOSPC);
	set_param("grants", "4");
	CHECK(!alloc(alloc_fd, 3, 0));
	FAILS(alloc(alloc_fd, 2, 0), ENOSPC);
	CHECK(!alloc(alloc_fd, 1, 0));
	CHECK(index_of == 3 * PAGE);
	FAILS(dealloc(alloc_fd, 1, 1), EINVAL);
	FAILS(dealloc(alloc_fd, 3 * PAGE, 2), EINVAL);
	FAILS(dealloc(alloc_fd, 0, 0), EINVAL);
	FAILS((long)show(alloc_fd, 3 * PAGE, 2, PROT_READ), ENOENT);
	FAILS((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, alloc_fd, 0),
	      EINVAL);
	CHECK(!dealloc(alloc_fd, PAGE, 2));
	FAILS(dealloc(alloc_fd, 0, 2), EINVAL);
	FAILS(ioctl(alloc_fd, IOCTL_GNTALLOC_SET_UNMAP_NOTIFY, &n), EINVAL);
	n.action = UNMAP_NOTIFY_SEND_EVENT;
	n.event_channel_port = 1;	/* the store's, none of ours */
	FAILS(ioctl(alloc_fd, IOCTL_GNTALLOC_SET_UNMAP_NOTIFY, &n), EINVAL);
	n.index = 9 * PAGE;
	FAILS(ioctl(alloc_fd, IOCTL_GNTALLOC_SET_UNMAP_NOTIFY, &n), ENOENT);
	FAILS(ioctl(alloc_fd, _IOC(_IOC_NONE, 'G', 99, 0)), ENOTTY);
	FAILS(ioctl(alloc_fd, IOCTL_GNTALLOC_ALLOC_GREF, NOWHERE), EFAULT);
}

/* A child has the pages, too, and for longer. */
static void alloc_fork(void)
{
	unsigned char *p = ours(2, GNTALLOC_FLAG_WRITABLE);
	int status, go[2];
	pid_t pid;
	char c;

	CHECK(!pipe(go));
	p[PAGE] = 7;
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		close(alloc_fd);
		CHECK(read(go[0], &c, 1) == 1);
		_exit(p[PAGE] != 8);
	}
	p[PAGE] = 8;
	munmap(p, 2 * PAGE);
	close(alloc_fd);
	CHECK(write(go[1], "", 1) == 1);
	CHECK(waitpid(pid, &status, 0) == pid && !status);
}

/* Who dies without a word says so by an event, whichever file goes first. */
static void alloc_notify(void)
{
	struct ioctl_gntalloc_unmap_notify n = {
		.action = UNMAP_NOTIFY_SEND_EVENT,
	};
	int here = device("evtchn", 0), there, say[2], port;
	unsigned int remote, ours_now;
	pid_t pid;

	remote = bind_unbound(here, DOMID_SELF);
	CHECK(!pipe(say));
	pid = fork();
	if (!pid) {
		there = device("evtchn", 0);
		port = bind_interdomain(there, DOMID_SELF, remote);
		n.event_channel_port = port;
		CHECK(port > 0 && !alloc(alloc_fd, 1, 0));
		CHECK(!ioctl(alloc_fd, IOCTL_GNTALLOC_SET_UNMAP_NOTIFY, &n));
		/* Nobody else has the file that is to speak. */
		close(there);
		CHECK(write(say[1], "", 1) == 1);
		pause();
	}
	close(alloc_fd);
	CHECK(read(say[0], &ours_now, 1) == 1);
	CHECK(!fired(here, SILENCE));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK(fired(here, PATIENCE) == remote);
}

/* --- gntdev ------------------------------------------------------------- */

#define THEIRS	600		/* and one to be read */

static int dev_fd;
static unsigned int dom0[THEIRS + 1];

static void find_theirs(void)
{
	int fd = device("xenbus", 0);
	char *p, *end;
	struct answer a;
	unsigned int i;

	store_ask(fd, XS_READ, 0, "data/xg-pages", sizeof("data/xg-pages"), &a);
	close(fd);
	if (a.hdr.type == XS_ERROR) {
		printf("no pages of another domain\n");
		exit(4);
	}
	for (i = 0, p = a.body; i <= THEIRS; i++, p = end) {
		dom0[i] = strtoul(p, &end, 10);
		CHECK(end > p);
	}
}

static int map(int fd, const unsigned int *from, unsigned int count,
	       __u64 *index)
{
	struct {
		struct ioctl_gntdev_map_grant_ref op;
		struct ioctl_gntdev_grant_ref more[MAX];
	} arg = { .op = { .count = count } };
	struct ioctl_gntdev_grant_ref *to = arg.op.refs;
	unsigned int i;

	for (i = 0; i < count && i < MAX; i++) {
		to[i].domid = 0;
		to[i].ref = from[i];
	}
	if (ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, &arg))
		return -1;
	*index = arg.op.index;
	return 0;
}

static int unmap(int fd, __u64 index, unsigned int count)
{
	struct ioctl_gntdev_unmap_grant_ref op = {
		.index = index,
		.count = count,
	};

	return ioctl(fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &op);
}

/* Pages of "another domain" */
static unsigned char *theirs(const unsigned int *from, unsigned int count,
			     __u64 *index)
{
	unsigned char *p;

	CHECK(!map(dev_fd, from, count, index));
	p = show(dev_fd, *index, count, PROT_READ | PROT_WRITE);
	if (p == MAP_FAILED)
		die("%u pages of another domain", count);
	return p;
}

static unsigned int number(const unsigned char *p)
{
	unsigned int n;

	memcpy(&n, p, sizeof(n));
	return n;
}

static void map_pages(void)
{
	struct ioctl_gntdev_get_offset_for_vaddr op = {};
	unsigned int i, some[3];
	unsigned char *p, *q;
	__u64 first, index;

	find_theirs();
	p = theirs(dom0, 4, &first);
	CHECK(first == 0);
	for (i = 0; i < 4; i++)
		CHECK(number(p + i * PAGE) == i);
	op.vaddr = (unsigned long)p;
	CHECK(!ioctl(dev_fd, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, &op));
	CHECK(op.offset == first && op.count == 4);
	op.vaddr = (unsigned long)&op & ~(PAGE - 1ul);
	FAILS(ioctl(dev_fd, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, &op), EINVAL);

	/* The same pages in another order, and shown twice. */
	for (i = 0; i < 3; i++)
		some[i] = dom0[3 - i];
	q = theirs(some, 3, &index);
	CHECK(index == 4 * PAGE);
	for (i = 0; i < PAGE - 4; i++)
		q[PAGE + 4 + i] = i * 7;
	for (i = 0; i < PAGE - 4; i++)
		CHECK(p[2 * PAGE + 4 + i] == (unsigned char)(i * 7));
	CHECK(!munmap(p, 4 * PAGE));
	CHECK(!unmap(dev_fd, first, 4));
	FAILS(unmap(dev_fd, first, 4), ENOENT);
	FAILS((long)show(dev_fd, first, 4, PROT_READ), EINVAL);
	p = show_rw(dev_fd, index, 3);
	/* Given back while it is shown: it stays while it is. */
	CHECK(!unmap(dev_fd, index, 3));
	CHECK(number(p) == 3 && number(q + 2 * PAGE) == 1);
	q[9] = 77;
	CHECK(p[9] == 77);
	CHECK(!munmap(q, 3 * PAGE));
	CHECK(!munmap(p, 2 * PAGE));
	CHECK(number(p + 2 * PAGE) == 1);
	CHECK(!munmap(p + 2 * PAGE, PAGE));
}

static void map_readonly(void)
{
	unsigned char *q;
	__u64 index;

	find_theirs();
	CHECK(!map(dev_fd, dom0 + THEIRS, 1, &index));
	/* Granted to be read. */
	CHECK(show(dev_fd, index, 1, PROT_READ | PROT_WRITE) == MAP_FAILED);
	q = show(dev_fd, index, 1, PROT_READ);
	CHECK(q != MAP_FAILED && number(q) == THEIRS);
	FAILS(mprotect(q, PAGE, PROT_READ | PROT_WRITE), EACCES);
	FAILS((long)show(dev_fd, index, 1, PROT_READ | PROT_WRITE), EINVAL);
	FAILS((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, dev_fd, index),
	      EINVAL);
}

static void map_limits(void)
{
	struct ioctl_gntdev_set_max_grants max = { .count = 3 };
	struct ioctl_gntdev_unmap_notify n = { .action = 8 };
	struct ioctl_gntdev_map_grant_ref arg = { .count = 1 };
	struct ioctl_gntdev_grant_ref *to = arg.refs;
	unsigned int bad = 100000000;
	__u64 index;

	FAILS(map(dev_fd, refs, 0, &index), EINVAL);
	FAILS(map(dev_fd, refs, 1 << 30, &index), EINVAL);
	CHECK(!ioctl(dev_fd, IOCTL_GNTDEV_SET_MAX_GRANTS, &max));
	CHECK(!map(dev_fd, refs, 2, &index));
	FAILS(map(dev_fd, refs, 2, &index), ENOSPC);
	max.count = 1 << 30;
	FAILS(ioctl(dev_fd, IOCTL_GNTDEV_SET_MAX_GRANTS, &max), EINVAL);
	FAILS((long)show(dev_fd, 0, 1, PROT_READ), EINVAL);
	FAILS((long)show(dev_fd, PAGE, 2, PROT_READ), EINVAL);
	FAILS(unmap(dev_fd, 0, 1), ENOENT);
	FAILS(unmap(dev_fd, 1, 2), EINVAL);
	FAILS(ioctl(dev_fd, IOCTL_GNTDEV_SET_UNMAP_NOTIFY, &n), EINVAL);
	n.index = 7 * PAGE;
	FAILS(ioctl(dev_fd, IOCTL_GNTDEV_SET_UNMAP_NOTIFY, &n), ENOENT);
	CHECK(!unmap(dev_fd, 0, 2));
	FAILS(ioctl(dev_fd, IOCTL_GNTDEV_MAP_GRANT_REF, NOWHERE), EFAULT);
	FAILS(ioctl(dev_fd, _IOC(_IOC_NONE, 'G', 99, 0)), ENOTTY);
	/* Xen would move a page of our own. */
	to->domid = self;
	FAILS(ioctl(dev_fd, IOCTL_GNTDEV_MAP_GRANT_REF, &arg), EINVAL);
	to->domid = DOMID_SELF;
	FAILS(ioctl(dev_fd, IOCTL_GNTDEV_MAP_GRANT_REF, &arg), EINVAL);
	/* No such grant: the room is taken, the page is not. */
	CHECK(!map(dev_fd, &bad, 1, &index));
	CHECK(show(dev_fd, index, 1, PROT_READ) == MAP_FAILED);
	if (errno != EOPNOTSUPP)
		FAILS((long)show(dev_fd, index, 1, PROT_READ), EINVAL);
}

/* More than the grant layer maps in one. */
static void map_many(void)
{
	static struct {
		struct ioctl_gntdev_map_grant_ref op;
		struct ioctl_gntdev_grant_ref more[THEIRS];
	} m = { .op = { .count = THEIRS } };
	struct ioctl_gntdev_grant_ref *to = m.op.refs;
	unsigned char *q;
	unsigned int i;

	find_theirs();
	for (i = 0; i < THEIRS; i++)
		to[i].ref = dom0[i];
	CHECK(!ioctl(dev_fd, IOCTL_GNTDEV_MAP_GRANT_REF, &m));
	q = show(dev_fd, m.op.index, THEIRS, PROT_READ);
	CHECK(q != MAP_FAILED);
	for (i = 0; i < THEIRS; i++)
		CHECK(number(q + i * PAGE) == i);
}

/* A reference that another part of the kernel has outlives the mapping. */
static void map_referenced(void)
{
	struct iovec v = { .iov_len = PAGE };
	unsigned char got[PAGE];
	unsigned char *q;
	int tube[2];
	__u64 index;

	find_theirs();
	q = theirs(dom0 + 5, 1, &index);
	v.iov_base = q;
	CHECK(!pipe(tube));
	CHECK(vmsplice(tube[1], &v, 1, 0) == PAGE);
	CHECK(!munmap(q, PAGE));
	CHECK(!unmap(dev_fd, index, 1));
	printf("holding\n");
	CHECK(read(0, got, 1) == 1);
	CHECK(read(tube[0], got, PAGE) == PAGE);
	CHECK(number(got) == 5);
	printf("done\n");
	CHECK(read(0, got, 1) == 1);
}

static void map_notify(void)
{
	struct ioctl_gntdev_unmap_notify n = {
		.action = UNMAP_NOTIFY_CLEAR_BYTE | UNMAP_NOTIFY_SEND_EVENT,
	};
	int here = device("evtchn", 0), there = device("evtchn", 0), port;
	unsigned int remote;
	unsigned char *p, *q;
	__u64 index, again;

	find_theirs();
	remote = bind_unbound(here, DOMID_SELF);
	port = bind_interdomain(there, DOMID_SELF, remote);
	CHECK(port > 0);
	p = theirs(dom0 + 7, 2, &index);
	q = theirs(dom0 + 7, 2, &again);
	memset(q + 4, 0xff, PAGE - 4);
	memset(q + PAGE + 4, 0xff, PAGE - 4);
	n.index = index + PAGE + 9;
	n.event_channel_port = port;
	CHECK(!ioctl(dev_fd, IOCTL_GNTDEV_SET_UNMAP_NOTIFY, &n));
	/* The port lives on for this. */
	close(there);
	CHECK(!fired(here, SILENCE) && q[PAGE + 9] == 0xff);
	/* Given back, but still shown. */
	CHECK(!unmap(dev_fd, index, 2));
	CHECK(!fired(here, SILENCE) && p[PAGE + 9] == 0xff);
	CHECK(!munmap(p, 2 * PAGE));
	CHECK(fired(here, PATIENCE) == remote);
	CHECK(q[PAGE + 9] == 0 && q[PAGE + 8] == 0xff && q[9] == 0xff);
}

/* --- copy --------------------------------------------------------------- */

static int copy(struct gntdev_grant_copy_segment *segs, unsigned int count)
{
	struct ioctl_gntdev_grant_copy op = {
		.count = count,
		.segments = segs,
	};

	return ioctl(dev_fd, IOCTL_GNTDEV_GRANT_COPY, &op);
}

static void copies(void)
{
	unsigned char *p = ours(2, GNTALLOC_FLAG_WRITABLE);
	unsigned char *mine = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct gntdev_grant_copy_segment s[3] = {};
	unsigned int i;

	CHECK(mine != MAP_FAILED);
	for (i = 0; i < PAGE; i++)
		p[i] = i;
	/* From a page, to where it lies in two of ours. */
	s[0].flags = GNTCOPY_source_gref;
	s[0].source.foreign.ref = refs[0];
	s[0].source.foreign.domid = self;
	s[0].source.foreign.offset = 16;
	s[0].dest.virt = mine + PAGE - 100;
	s[0].len = 4000;
	/* To a page; from one to another. */
	s[1].flags = GNTCOPY_dest_gref;
	s[1].dest.foreign.ref = refs[1];
	s[1].dest.foreign.domid = self;
	s[1].dest.foreign.offset = 8;
	s[1].source.virt = mine + PAGE - 100;
	s[1].len = 4000;
	s[2] = s[0];
	s[2].flags |= GNTCOPY_dest_gref;
	s[2].dest.foreign.ref = refs[1];
	s[2].dest.foreign.domid = self;
	s[2].dest.foreign.offset = 4090;
	s[2].len = 6;
	if (copy(s, 3)) {
		if (errno == ENOSYS)
			exit(4);
		die("copies");
	}
	for (i = 0; i < 3; i++)
		CHECK(s[i].status == GNTST_okay);
	CHECK(!memcmp(mine + PAGE - 100, p + 16, 4000));
	CHECK(!mine[PAGE - 101] && !mine[2 * PAGE - 196 + 100]);
	CHECK(!memcmp(p + PAGE + 8, p + 16, 4000));
	CHECK(!memcmp(p + PAGE + 4090, p + 16, 6));

	s[0].source.foreign.ref = 100000000;
	CHECK(!copy(s, 1) && s[0].status < 0);
	s[0].source.foreign.ref = refs[0];
	s[0].len = 4090;
	FAILS(copy(s, 1), EINVAL);
	s[0].len = 4000;
	s[0].dest.virt = NOWHERE;
	FAILS(copy(s, 1), EFAULT);
	s[0].flags = 0;
	FAILS(copy(s, 1), EINVAL);
	s[0].flags = GNTCOPY_source_gref;
	s[0].len = 0;
	CHECK(!copy(s, 1) && s[0].status == GNTST_okay);
}

/* Until killed, in the middle of all; mapped, where there is what can be */
static void hold(void)
{
	unsigned int i, none[5] = {};
	__u64 index;

	ours(5, GNTALLOC_FLAG_WRITABLE);
	CHECK(!map(dev_fd, none, 2, &index));
	CHECK(!dealloc(alloc_fd, 0, 1));
	if (getenv("XG_ALONE")) {
		printf("holding\n");
		pause();
	}
	find_theirs();
	CHECK(theirs(dom0, 5, &index));
	for (i = 0; i < 5; i++)
		CHECK(number((unsigned char *)show(dev_fd, index, 5, PROT_READ) +
			     i * PAGE) == i);
	printf("holding\n");
	pause();
}

static const struct test tests[] = {
	{ "alloc", alloc_pages },
	{ "alloc-limits", alloc_limits },
	{ "alloc-fork", alloc_fork },
	{ "alloc-notify", alloc_notify },
	{ "map", map_pages },
	{ "map-readonly", map_readonly },
	{ "map-limits", map_limits },
	{ "map-many", map_many },
	{ "map-referenced", map_referenced },
	{ "map-notify", map_notify },
	{ "copy", copies },
	{ "hold", hold },
	{ }
};

int main(int argc, char **argv)
{
	self = store_number("domid");
	alloc_fd = device("gntalloc", 0);
	dev_fd = device("gntdev", 0);
	return run_test(tests, argc, argv);
}
