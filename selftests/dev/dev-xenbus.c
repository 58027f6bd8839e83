// SPDX-License-Identifier: GPL-2.0-only
/* /dev/xen/xenbus by its protocol, below the guest's own "data". See xenbus.sh. */
#include "../dev-test.h"

#define TOP	"data/xg-dev"

/* Payloads are strings with their NULs: a literal has the last. */
#define ASK(fd, type, tx, body, a) \
	store_ask(fd, type, tx, body, sizeof(body), a)

static struct answer a;

static int open_store(void)
{
	return device("xenbus", 0);
}

static int is_error(const char *name)
{
	return a.hdr.type == XS_ERROR && !strcmp(a.body, name);
}

/* A value has no NUL. */
static void put(int fd, unsigned int tx, const char *key, const char *value)
{
	char body[512];
	size_t len = strlen(key) + 1;

	memcpy(body, key, len);
	memcpy(body + len, value, strlen(value));
	store_ask(fd, XS_WRITE, tx, body, len + strlen(value), &a);
	CHECK(a.hdr.type == XS_WRITE);
}

static int has(int fd, unsigned int tx, const char *key, const char *value)
{
	store_ask(fd, XS_READ, tx, key, strlen(key) + 1, &a);
	return a.hdr.type == XS_READ && !strcmp(a.body, value);
}

static unsigned int begin(int fd)
{
	ASK(fd, XS_TRANSACTION_START, 0, "", &a);
	CHECK(a.hdr.type == XS_TRANSACTION_START && atoi(a.body));
	return atoi(a.body);
}

static void request(void)
{
	int fd = open_store();

	store_send(fd, XS_READ, 77, 0, "domid", 6);
	store_next(fd, &a);
	CHECK(a.hdr.type == XS_READ && a.hdr.req_id == 77 && !a.hdr.tx_id);
	CHECK(a.hdr.len && a.body[0] >= '0' && a.body[0] <= '9');
	put(fd, 0, TOP "/key", "value");
	CHECK(has(fd, 0, TOP "/key", "value"));
	ASK(fd, XS_RM, 0, TOP "/key", &a);
	CHECK(a.hdr.type == XS_RM);
}

static void partial(void)
{
	struct xsd_sockmsg hdr = { .type = XS_READ, .req_id = 5, .len = 6 };
	char msg[sizeof(hdr) + 6], *p;
	int fd = open_store();
	unsigned int i;

	memcpy(msg, &hdr, sizeof(hdr));
	memcpy(msg + sizeof(hdr), "domid", 6);
	for (i = 0; i < sizeof(msg); i++) {
		CHECK(!polled(fd, POLLIN, 0));
		CHECK(write(fd, msg + i, 1) == 1);
	}
	CHECK(polled(fd, POLLIN, PATIENCE) & POLLIN);
	for (p = (char *)&a, i = 0; i < sizeof(hdr); i++)
		CHECK(read(fd, p++, 1) == 1);
	CHECK(a.hdr.type == XS_READ && a.hdr.req_id == 5 && a.hdr.len);
	for (i = 0; i < a.hdr.len; i++)
		CHECK(read(fd, p++, 1) == 1);
	CHECK(!polled(fd, POLLIN, 0));
}

/* Two requests in one write: as many bytes are taken as make the first. */
static void two_at_once(void)
{
	struct xsd_sockmsg hdr = { .type = XS_READ, .req_id = 5, .len = 6 };
	char msg[2 * (sizeof(hdr) + 6)];
	int fd = open_store();
	size_t done = 0;
	ssize_t n;

	memcpy(msg, &hdr, sizeof(hdr));
	memcpy(msg + sizeof(hdr), "domid", 6);
	memcpy(msg + sizeof(hdr) + 6, msg, sizeof(hdr) + 6);
	for (; done < sizeof(msg); done += n) {
		n = write(fd, msg + done, sizeof(msg) - done);
		CHECK(n > 0);
	}
	for (n = 0; n < 2; n++) {
		store_next(fd, &a);
		CHECK(a.hdr.type == XS_READ && a.hdr.req_id == 5);
	}
}

static void errors(void)
{
	struct xsd_sockmsg hdr = { .type = XS_READ, .len = 4097 };
	int fd = open_store();

	ASK(fd, XS_READ, 0, TOP "/none", &a);
	CHECK(is_error("ENOENT"));
	ASK(fd, XS_READ, 12345, "domid", &a);
	CHECK(is_error("ENOENT"));
	ASK(fd, XS_WATCH_EVENT, 0, "x\0y", &a);
	CHECK(is_error("EINVAL"));
	ASK(fd, XS_ERROR, 0, "EIO", &a);
	CHECK(is_error("EINVAL"));
	ASK(fd, XS_WATCH, 0, "no token", &a);
	CHECK(is_error("EINVAL"));
	store_ask(fd, XS_WATCH, 0, "a\0b", 3, &a);
	CHECK(is_error("EINVAL"));
	FAILS(write(fd, &hdr, sizeof(hdr)), EINVAL);
	FAILS(write(fd, NOWHERE, 16), EFAULT);
	/* None of that has done any harm. */
	ASK(fd, XS_READ, 0, "domid", &a);
	CHECK(a.hdr.type == XS_READ);
	FAILS(read(fd, NOWHERE, 0) ?: lseek(fd, 0, SEEK_SET), ESPIPE);
	FAILS(ioctl(fd, IOCTL_EVTCHN_RESET), ENOTTY);
}

static void nonblock(void)
{
	int fd = device("xenbus", O_NONBLOCK);
	unsigned int sent = 0;
	struct xsd_sockmsg hdr = { .type = XS_READ, .len = 6 };
	char msg[sizeof(hdr) + 6];

	FAILS(read(fd, &a, 1), EAGAIN);
	CHECK(polled(fd, POLLIN | POLLOUT, 0) == POLLOUT);
	memcpy(msg, &hdr, sizeof(hdr));
	memcpy(msg + sizeof(hdr), "domid", 6);
	/* Replies that are not read: a bound, then no room for requests. */
	while (sent < 10000 && write(fd, msg, sizeof(msg)) == sizeof(msg))
		sent++;
	CHECK(errno == EAGAIN && sent >= 8 && sent < 1000);
	CHECK(polled(fd, POLLIN | POLLOUT, 0) == POLLIN);
	store_next(fd, &a);
	CHECK(polled(fd, POLLOUT, 0) == POLLOUT);
	for (sent--; sent; sent--)
		store_next(fd, &a);
	FAILS(read(fd, &a, 1), EAGAIN);
}

static void transaction(void)
{
	int one = open_store(), two = open_store();
	unsigned int tx;

	put(one, 0, TOP "/tx", "before");
	tx = begin(one);
	put(one, tx, TOP "/tx", "after");
	CHECK(has(one, tx, TOP "/tx", "after"));
	CHECK(has(two, 0, TOP "/tx", "before"));
	/* It is this file's alone. */
	ASK(two, XS_READ, tx, TOP "/tx", &a);
	CHECK(is_error("ENOENT"));
	ASK(two, XS_TRANSACTION_END, tx, "T", &a);
	CHECK(is_error("ENOENT"));
	ASK(one, XS_TRANSACTION_END, tx, "?", &a);
	CHECK(is_error("EINVAL"));
	ASK(one, XS_TRANSACTION_END, tx, "T", &a);
	CHECK(a.hdr.type == XS_TRANSACTION_END);
	CHECK(has(two, 0, TOP "/tx", "after"));
	ASK(one, XS_READ, tx, TOP "/tx", &a);
	CHECK(is_error("ENOENT"));

	tx = begin(one);
	put(one, tx, TOP "/tx", "never");
	ASK(one, XS_TRANSACTION_END, tx, "F", &a);
	CHECK(a.hdr.type == XS_TRANSACTION_END);
	CHECK(has(one, 0, TOP "/tx", "after"));
}

/* Somebody else was faster. */
static void conflict(void)
{
	int one = open_store(), two = open_store();
	unsigned int tx = begin(one);

	has(one, tx, TOP "/tx", "");
	put(two, 0, TOP "/tx", "faster");
	put(one, tx, TOP "/tx", "slower");
	ASK(one, XS_TRANSACTION_END, tx, "T", &a);
	CHECK(is_error("EAGAIN"));
	CHECK(has(one, 0, TOP "/tx", "faster"));
}

static void aborted(void)
{
	int one = open_store(), two = open_store();
	unsigned int tx, nr = 0;

	put(one, 0, TOP "/tx", "kept");
	tx = begin(one);
	put(one, tx, TOP "/tx", "lost");
	for (;;) {
		ASK(one, XS_TRANSACTION_START, 0, "", &a);
		if (a.hdr.type == XS_ERROR)
			break;
		CHECK(++nr < 100);
	}
	close(one);
	CHECK(has(two, 0, TOP "/tx", "kept"));
	/* There is room again. */
	for (nr = 0; nr < 3; nr++)
		begin(two);
}

/* The next message is an event of @path, or of what is above, with @token. */
static void expect_event(int fd, const char *path, const char *token)
{
	store_next(fd, &a);
	CHECK(a.hdr.type == XS_WATCH_EVENT && !a.hdr.req_id && !a.hdr.tx_id);
	CHECK(a.hdr.len == strlen(path) + strlen(token) + 2);
	CHECK(!strcmp(a.body, path));
	CHECK(!strcmp(a.body + strlen(path) + 1, token));
}

static void watch(void)
{
	int one = open_store(), two = open_store(), three = open_store();

	ASK(one, XS_WATCH, 0, TOP "/w\0a token", &a);
	CHECK(a.hdr.type == XS_WATCH && !strcmp(a.body, "OK"));
	expect_event(one, TOP "/w", "a token");
	ASK(one, XS_WATCH, 0, TOP "/w\0a token", &a);
	CHECK(is_error("EEXIST"));
	/* The same words from another file are another watch. */
	ASK(two, XS_WATCH, 0, TOP "/w\0a token", &a);
	CHECK(a.hdr.type == XS_WATCH);
	expect_event(two, TOP "/w", "a token");
	put(three, 0, TOP "/w/below", "1");
	expect_event(one, TOP "/w/below", "a token");
	expect_event(two, TOP "/w/below", "a token");

	ASK(one, XS_UNWATCH, 0, TOP "/w\0another", &a);
	CHECK(is_error("ENOENT"));
	ASK(one, XS_UNWATCH, 0, TOP "/w\0a token", &a);
	CHECK(a.hdr.type == XS_UNWATCH && !strcmp(a.body, "OK"));
	put(three, 0, TOP "/w/below", "2");
	expect_event(two, TOP "/w/below", "a token");
	CHECK(!polled(one, POLLIN, SILENCE));

	/* One file's reset is not another's. */
	ASK(one, XS_RESET_WATCHES, 0, "", &a);
	CHECK(a.hdr.type == XS_RESET_WATCHES);
	put(three, 0, TOP "/w", "3");
	expect_event(two, TOP "/w", "a token");
	ASK(two, XS_RESET_WATCHES, 0, "", &a);
	put(three, 0, TOP "/w", "4");
	CHECK(!polled(two, POLLIN, SILENCE));
}

static void watch_limit(void)
{
	int fd = open_store();
	unsigned int nr = 0;
	char body[64];
	int len;

	for (;;) {
		len = snprintf(body, sizeof(body), TOP "/l%u", nr) + 1;
		body[len++] = 't';
		body[len++] = '\0';
		store_send(fd, XS_WATCH, nr, 0, body, len);
		do
			store_next(fd, &a);
		while (a.hdr.type == XS_WATCH_EVENT);
		if (a.hdr.type == XS_ERROR)
			break;
		CHECK(++nr <= 128);
	}
	CHECK(nr > 10);
}

/* Events that nobody reads are bounded, and the last change is not lost. */
static void flood(void)
{
	int one = open_store(), two = open_store();
	unsigned int i, nr = 0, own = 0;
	char key[64];

	ASK(one, XS_WATCH, 0, TOP "/f\0t", &a);
	expect_event(one, TOP "/f", "t");
	for (i = 0; i < 700; i++) {
		snprintf(key, sizeof(key), TOP "/f/%u", i % 7);
		put(two, 0, key, "x");
	}
	while (polled(one, POLLIN, 1000)) {
		store_next(one, &a);
		CHECK(a.hdr.type == XS_WATCH_EVENT);
		CHECK(!strncmp(a.body, TOP "/f", sizeof(TOP "/f") - 1));
		own += !strcmp(a.body, TOP "/f");
		nr++;
	}
	printf("%u events, %u of these of all\n", nr, own);
	CHECK(nr && nr <= 258 && own);
	put(two, 0, TOP "/f/last", "x");
	expect_event(one, TOP "/f/last", "t");
}

static void by_proc(void)
{
	int fd = open("/proc/xen/xenbus", O_RDWR);

	CHECK(fd >= 0);
	ASK(fd, XS_READ, 0, "domid", &a);
	CHECK(a.hdr.type == XS_READ);
}

/* Hold some of all until killed; say so. */
static void hold(void)
{
	int fd = open_store();
	unsigned int i;
	char body[] = TOP "/h\0t0";

	for (i = 0; i < 5; i++, body[sizeof(body) - 2]++) {
		store_ask(fd, XS_WATCH, 0, body, sizeof(body), &a);
		CHECK(a.hdr.type == XS_WATCH);
		store_next(fd, &a);
	}
	for (i = 0; i < 3; i++)
		begin(fd);
	printf("holding\n");
	pause();
}

static void clean(void)
{
	int fd = open_store();

	ASK(fd, XS_RM, 0, TOP, &a);
}

static const struct test tests[] = {
	{ "request", request },
	{ "partial", partial },
	{ "two-at-once", two_at_once },
	{ "errors", errors },
	{ "nonblock", nonblock },
	{ "transaction", transaction },
	{ "conflict", conflict },
	{ "aborted", aborted },
	{ "watch", watch },
	{ "watch-limit", watch_limit },
	{ "flood", flood },
	{ "proc", by_proc },
	{ "hold", hold },
	{ "clean", clean },
	{ }
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
