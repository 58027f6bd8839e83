/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs of dev/ share: each is called with the name of one of its
 * tests, and ends with 0; 1 and the reason; or 4, it cannot be tested here.
 */
#ifndef XG_DEV_TEST_H
#define XG_DEV_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/types.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/xs_wire.h>
#include <xen/evtchn.h>
#include <xen/gntalloc.h>
#include <xen/gntdev.h>

#define PAGE		4096
#define PATIENCE	20000		/* ms, for what is sure to come */
#define SILENCE		200		/* ms, for what must not */

/* No address of a process; the compiler is not to know. */
static void *volatile nowhere = (void *)8;
#define NOWHERE		nowhere

struct test {
	const char *name;
	void (*run)(void);
};

static inline _Noreturn void die(const char *fmt, ...)
{
	int err = errno;
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, " (%s)\n", strerror(err));
	exit(1);
}

#define CHECK(x) do {							\
	if (!(x))							\
		die("%s:%d: not so: %s", __FILE__, __LINE__, #x);	\
} while (0)

/* The call fails, and says why in this way. */
#define FAILS(x, err) do {						\
	errno = 0;							\
	if ((long)(x) != -1 || errno != (err))				\
		die("%s:%d: not %s: %s", __FILE__, __LINE__, #err, #x);	\
} while (0)

static inline int device(const char *name, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/xen/%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC | flags);
	if (fd < 0)
		die("%s", path);
	return fd;
}

/* poll()'s events, at once or within @ms */
static inline int polled(int fd, int events, int ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, ms) > 0 ? p.revents : 0;
}

/* A parameter of xg-dev's, until the program ends. */
static char set_name[64], set_old[32];

static inline void write_param(const char *name, const char *value)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/xg_dev/parameters/%s", name);
	f = fopen(path, "w");
	if (!f || fputs(value, f) < 0 || fclose(f))
		die("%s", path);
}

static inline void reset_param(void)
{
	write_param(set_name, set_old);
}

static inline void set_param(const char *name, const char *value)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/xg_dev/parameters/%s", name);
	f = fopen(path, "r");
	if (!f || !fgets(set_old, sizeof(set_old), f))
		die("%s", path);
	fclose(f);
	snprintf(set_name, sizeof(set_name), "%s", name);
	atexit(reset_param);
	write_param(name, value);
}

/* --- the store ---------------------------------------------------------- */

struct answer {
	struct xsd_sockmsg hdr;
	char body[XENSTORE_PAYLOAD_MAX + 1];
};

static inline void store_send(int fd, unsigned int type, unsigned int id,
			      unsigned int tx, const void *body,
			      unsigned int len)
{
	char msg[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];
	struct xsd_sockmsg hdr = {
		.type = type, .req_id = id, .tx_id = tx, .len = len,
	};

	memcpy(msg, &hdr, sizeof(hdr));
	memcpy(msg + sizeof(hdr), body, len);
	if (write(fd, msg, sizeof(hdr) + len) != (ssize_t)(sizeof(hdr) + len))
		die("a request of type %u cannot be written", type);
}

static inline void read_all(int fd, void *to, size_t len)
{
	ssize_t got;

	for (; len; len -= got, to = (char *)to + got) {
		got = read(fd, to, len);
		if (got <= 0)
			die("%zu bytes of a message do not come", len);
	}
}

/* The next message, of whatever type */
static inline void store_next(int fd, struct answer *a)
{
	if (!polled(fd, POLLIN, PATIENCE))
		die("no message");
	read_all(fd, &a->hdr, sizeof(a->hdr));
	CHECK(a->hdr.len <= XENSTORE_PAYLOAD_MAX);
	read_all(fd, a->body, a->hdr.len);
	a->body[a->hdr.len] = '\0';
}

/* A request, and the next message */
static inline void store_ask(int fd, unsigned int type, unsigned int tx,
			     const void *body, unsigned int len,
			     struct answer *a)
{
	static unsigned int id = 1000;

	store_send(fd, type, ++id, tx, body, len);
	store_next(fd, a);
	CHECK(a->hdr.req_id == id && a->hdr.tx_id == tx);
	CHECK(a->hdr.type == type || a->hdr.type == XS_ERROR);
}

/* The number in a key, such as our "domid" */
static inline unsigned int store_number(const char *key)
{
	int fd = device("xenbus", 0);
	struct answer a;

	store_ask(fd, XS_READ, 0, key, strlen(key) + 1, &a);
	CHECK(a.hdr.type == XS_READ);
	close(fd);
	return atoi(a.body);
}

/* --- events ------------------------------------------------------------- */

static inline int bind_unbound(int fd, unsigned int dom)
{
	struct ioctl_evtchn_bind_unbound_port op = { .remote_domain = dom };

	return ioctl(fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &op);
}

static inline int bind_interdomain(int fd, unsigned int dom, unsigned int port)
{
	struct ioctl_evtchn_bind_interdomain op = {
		.remote_domain = dom,
		.remote_port = port,
	};

	return ioctl(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &op);
}

static inline int notify(int fd, unsigned int port)
{
	struct ioctl_evtchn_notify op = { .port = port };

	return ioctl(fd, IOCTL_EVTCHN_NOTIFY, &op);
}

/* The next port that fires; 0: none within @ms */
static inline unsigned int fired(int fd, int ms)
{
	unsigned int port;

	if (!(polled(fd, POLLIN, ms) & POLLIN))
		return 0;
	if (read(fd, &port, sizeof(port)) != sizeof(port))
		die("no port although poll() says so");
	return port;
}

static inline void unmask(int fd, unsigned int port)
{
	if (write(fd, &port, sizeof(port)) != sizeof(port))
		die("port %u is not taken back", port);
}

/* --- the program -------------------------------------------------------- */

static inline int run_test(const struct test *tests, int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (; argc > 1 && tests->name; tests++) {
		if (strcmp(tests->name, argv[1]))
			continue;
		tests->run();
		return 0;
	}
	fprintf(stderr, "no such test\n");
	return 1;
}

#endif /* XG_DEV_TEST_H */
