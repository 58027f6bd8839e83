// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/xen/gntalloc and /dev/xen/gntdev: pages that this domain grants to itself.
 * See grants.sh. Ends with 4 where Xen maps no grants of a guest.
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

static int dev_fd;

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
		to[i].domid = self;
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
	if (p == MAP_FAILED && errno == EOPNOTSUPP) {
		printf("this Xen maps no grants of a guest\n");
		exit(4);
	}
	if (p == MAP_FAILED)
		die("%u pages of another domain", count);
	return p;
}

static void map_pages(void)
{
	struct ioctl_gntdev_get_offset_for_vaddr op = {};
	unsigned char *p = ours(4, GNTALLOC_FLAG_WRITABLE), *q;
	unsigned int i;
	__u64 first, index;

	memset(p, 1, 4 * PAGE);
	q = theirs(refs, 4, &first);
	CHECK(first == 0);
	for (i = 0; i < 4 * PAGE; i++)
		CHECK(q[i] == 1);
	for (i = 0; i < 4 * PAGE; i++)
		q[i] = i / PAGE + i;
	for (i = 0; i < 4 * PAGE; i++)
		CHECK(p[i] == (unsigned char)(i / PAGE + i));
	op.vaddr = (unsigned long)q;
	CHECK(!ioctl(dev_fd, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, &op));
	CHECK(op.offset == first && op.count == 4);
	op.vaddr = (unsigned long)p;
	FAILS(ioctl(dev_fd, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, &op), EINVAL);
	CHECK(!munmap(q, 4 * PAGE));
	CHECK(!unmap(dev_fd, first, 4));
	FAILS(unmap(dev_fd, first, 4), ENOENT);
	/* In another order, and shown twice; given back first, and in two. */
	refs[3] = refs[0];
	q = theirs(refs + 1, 3, &index);
	CHECK(index == 4 * PAGE);
	CHECK(!memcmp(q, p + PAGE, PAGE) && !memcmp(q + 2 * PAGE, p, PAGE));
	p = q;
	q = show_rw(dev_fd, index, 3);
	CHECK(!unmap(dev_fd, index, 3));
	q[0] = 77;
	CHECK(p[0] == 77);
	CHECK(!munmap(q, 3 * PAGE));
	CHECK(!munmap(p, 2 * PAGE));
	CHECK(p[2 * PAGE] == 0);
	CHECK(!munmap(p + 2 * PAGE, PAGE));
}

static void map_readonly(void)
{
	unsigned char *p = ours(1, 0), *q;
	__u64 index;

	*p = 5;
	CHECK(!map(dev_fd, refs, 1, &index));
	/* Granted to be read. */
	CHECK(show(dev_fd, index, 1, PROT_READ | PROT_WRITE) == MAP_FAILED);
	if (errno == EOPNOTSUPP)
		exit(4);
	q = show(dev_fd, index, 1, PROT_READ);
	CHECK(q != MAP_FAILED && *q == 5);
	FAILS(mprotect(q, PAGE, PROT_READ | PROT_WRITE), EACCES);
	FAILS((long)show(dev_fd, index, 1, PROT_READ | PROT_WRITE), EINVAL);
	FAILS((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, dev_fd, index),
	      EINVAL);
}

static void map_limits(void)
{
	struct ioctl_gntdev_set_max_grants max = { .count = 3 };
	struct ioctl_gntdev_unmap_notify n = { .action = 8 };
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
	/* No such grant: the room is taken, the page is not. */
	CHECK(!map(dev_fd, &bad, 1, &index));
	CHECK(show(dev_fd, index, 1, PROT_READ) == MAP_FAILED);
	if (errno != EOPNOTSUPP)
		FAILS((long)show(dev_fd, index, 1, PROT_READ), EINVAL);
}

/* More than the grant layer maps in one. */
static void map_many(void)
{
	enum { MANY = 600 };
	static struct {
		struct ioctl_gntalloc_alloc_gref op;
		__u32 more[MANY];
	} a = { .op = { .count = MANY, .flags = GNTALLOC_FLAG_WRITABLE } };
	static struct {
		struct ioctl_gntdev_map_grant_ref op;
		struct ioctl_gntdev_grant_ref more[MANY];
	} m = { .op = { .count = MANY } };
	struct ioctl_gntdev_grant_ref *to = m.op.refs;
	const __u32 *from = a.op.gref_ids;
	unsigned char *p, *q;
	unsigned int i;

	a.op.domid = self;
	CHECK(!ioctl(alloc_fd, IOCTL_GNTALLOC_ALLOC_GREF, &a));
	p = show_rw(alloc_fd, a.op.index, MANY);
	for (i = 0; i < MANY; i++) {
		to[i].domid = self;
		to[i].ref = from[i];
		memcpy(p + i * PAGE, &i, sizeof(i));
	}
	CHECK(!ioctl(dev_fd, IOCTL_GNTDEV_MAP_GRANT_REF, &m));
	q = show(dev_fd, m.op.index, MANY, PROT_READ);
	if (q == MAP_FAILED && errno == EOPNOTSUPP)
		exit(4);
	CHECK(q != MAP_FAILED);
	for (i = 0; i < MANY; i++)
		CHECK(!memcmp(q + i * PAGE, &i, sizeof(i)));
}

/* What is mapped lives on, whatever becomes of who granted it. */
static void map_outlives(void)
{
	unsigned char *p = ours(1, GNTALLOC_FLAG_WRITABLE), *q;
	__u64 index;

	q = theirs(refs, 1, &index);
	*p = 3;
	munmap(p, PAGE);
	close(alloc_fd);
	CHECK(*q == 3);
	printf("holding\n");
	/* The test looks at what is deferred, then says so. */
	CHECK(read(0, &index, 1) == 1);
	*q = 4;
	CHECK(*q == 4);
}

/* A reference that another part of the kernel has outlives the mapping. */
static void map_referenced(void)
{
	unsigned char *p = ours(1, GNTALLOC_FLAG_WRITABLE), *q;
	struct iovec v = { .iov_len = PAGE };
	unsigned char got[PAGE];
	int tube[2];
	__u64 index;

	memset(p, 6, PAGE);
	q = theirs(refs, 1, &index);
	CHECK(*q == 6);
	v.iov_base = q;
	CHECK(!pipe(tube));
	CHECK(vmsplice(tube[1], &v, 1, 0) == PAGE);
	CHECK(!munmap(q, PAGE));
	CHECK(!unmap(dev_fd, index, 1));
	printf("holding\n");
	CHECK(read(0, got, 1) == 1);
	CHECK(read(tube[0], got, PAGE) == PAGE);
	CHECK(!memcmp(got, p, PAGE));
	printf("done\n");
	CHECK(read(0, got, 1) == 1);
}

static void map_notify(void)
{
	struct ioctl_gntdev_unmap_notify n = {
		.action = UNMAP_NOTIFY_CLEAR_BYTE | UNMAP_NOTIFY_SEND_EVENT,
	};
	int here = device("evtchn", 0), there = device("evtchn", 0), port;
	unsigned char *p = ours(2, GNTALLOC_FLAG_WRITABLE), *q;
	unsigned int remote = bind_unbound(here, DOMID_SELF);
	__u64 index;

	port = bind_interdomain(there, DOMID_SELF, remote);
	CHECK(port > 0);
	memset(p, 0xff, 2 * PAGE);
	q = theirs(refs, 2, &index);
	CHECK(q[9] == 0xff);
	n.index = index + PAGE + 9;
	n.event_channel_port = port;
	CHECK(!ioctl(dev_fd, IOCTL_GNTDEV_SET_UNMAP_NOTIFY, &n));
	/* The port lives on for this. */
	close(there);
	CHECK(!fired(here, SILENCE) && p[PAGE + 9] == 0xff);
	/* Given back, but still shown. */
	CHECK(!unmap(dev_fd, index, 2));
	CHECK(!fired(here, SILENCE) && p[PAGE + 9] == 0xff);
	CHECK(!munmap(q, 2 * PAGE));
	CHECK(fired(here, PATIENCE) == remote);
	CHECK(p[PAGE + 9] == 0 && p[PAGE + 8] == 0xff && p[9] == 0xff);
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

/* Until killed, in the middle of all */
static void hold(void)
{
	__u64 index;

	ours(5, GNTALLOC_FLAG_WRITABLE);
	CHECK(!map(dev_fd, refs, 5, &index));
	if (show(dev_fd, index, 5, PROT_READ | PROT_WRITE) == MAP_FAILED)
		CHECK(errno == EOPNOTSUPP);
	CHECK(!map(dev_fd, refs, 2, &index));
	dealloc(alloc_fd, 0, 1);
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
	{ "map-outlives", map_outlives },
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
