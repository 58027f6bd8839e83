// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/xen/evtchn: event channels whose other end is this domain, too. See
 * evtchn.sh.
 */
#include "../dev-test.h"

static int fd;
static unsigned int a, b;	/* the two ends of a channel */

/* A channel, and the event that every bind of ours begins with */
static void loop(void)
{
	int port;

	port = bind_unbound(fd, DOMID_SELF);
	CHECK(port > 0);
	a = port;
	port = bind_interdomain(fd, DOMID_SELF, a);
	CHECK(port > 0);
	b = port;
	CHECK(fired(fd, PATIENCE) == b);
	unmask(fd, b);
}

static void channel(void)
{
	unsigned int i;

	loop();
	for (i = 0; i < 1000; i++) {
		CHECK(!notify(fd, i & 1 ? b : a));
		CHECK(fired(fd, PATIENCE) == (i & 1 ? a : b));
		unmask(fd, i & 1 ? a : b);
	}
	CHECK(polled(fd, POLLIN | POLLOUT, SILENCE) == POLLOUT);
}

/* Once until it is written back; what came meanwhile is not lost. */
static void masked(void)
{
	loop();
	CHECK(!notify(fd, a));
	CHECK(fired(fd, PATIENCE) == b);
	CHECK(!notify(fd, a));
	CHECK(!notify(fd, a));
	CHECK(!fired(fd, SILENCE));
	unmask(fd, b);
	CHECK(fired(fd, PATIENCE) == b);
	unmask(fd, b);
	CHECK(!fired(fd, SILENCE));
}

static void nonblock(void)
{
	unsigned int ports[2];

	fd = device("evtchn", O_NONBLOCK);
	loop();
	FAILS(read(fd, ports, sizeof(ports)), EAGAIN);
	CHECK(read(fd, ports, 3) == 0);
	CHECK(write(fd, ports, 3) == 0);
	CHECK(!notify(fd, a) && !notify(fd, b));
	CHECK(polled(fd, POLLIN, PATIENCE));
	FAILS(read(fd, NOWHERE, sizeof(ports)), EFAULT);
	/* That has lost none. */
	CHECK(fired(fd, PATIENCE) + fired(fd, PATIENCE) == a + b);
	FAILS(write(fd, NOWHERE, sizeof(ports)), EFAULT);
}

/* A reader that sleeps is woken. */
static void blocked(void)
{
	unsigned int port;
	int status;
	pid_t pid;

	loop();
	pid = fork();
	CHECK(pid >= 0);
	if (!pid)
		_exit(read(fd, &port, sizeof(port)) != sizeof(port) ||
		      port != b);
	CHECK(!notify(fd, a));
	CHECK(waitpid(pid, &status, 0) == pid && !status);
}

/* Ports written that have not been read: a bound, and a word of it. */
static void overflow(void)
{
	unsigned int i;

	set_param("ports", "8");
	fd = device("evtchn", 0);
	loop();
	for (i = 0; i < 100000 && !(polled(fd, POLLIN, 0) & POLLERR); i++) {
		CHECK(!notify(fd, a));
		unmask(fd, b);
	}
	FAILS(read(fd, &i, sizeof(i)), EFBIG);
	CHECK(!ioctl(fd, IOCTL_EVTCHN_RESET));
	unmask(fd, b);
	while (fired(fd, SILENCE))
		unmask(fd, b);
	CHECK(!notify(fd, a));
	CHECK(fired(fd, PATIENCE) == b);
}

static void limit(void)
{
	unsigned int i;

	set_param("ports", "8");
	fd = device("evtchn", 0);
	for (i = 0; i < 8; i++)
		CHECK(bind_unbound(fd, DOMID_SELF) > 0);
	FAILS(bind_unbound(fd, DOMID_SELF), ENOSPC);
}

static void unbound(void)
{
	struct ioctl_evtchn_unbind op;
	int other = device("evtchn", 0);
	unsigned int old;

	loop();
	FAILS(notify(fd, 4000), ENOTCONN);
	FAILS(notify(other, a), ENOTCONN);
	op.port = b;
	FAILS(ioctl(other, IOCTL_EVTCHN_UNBIND, &op), ENOTCONN);
	CHECK(!notify(fd, a));
	CHECK(polled(fd, POLLIN, PATIENCE));
	CHECK(!ioctl(fd, IOCTL_EVTCHN_UNBIND, &op));
	/* Its event goes with it. */
	CHECK(!fired(fd, SILENCE));
	FAILS(ioctl(fd, IOCTL_EVTCHN_UNBIND, &op), ENOTCONN);
	FAILS(notify(fd, b), ENOTCONN);
	old = a;
	loop();
	CHECK(a != old);
	FAILS(ioctl(fd, _IOC(_IOC_NONE, 'E', 99, 0)), ENOTTY);
	FAILS(ioctl(fd, IOCTL_EVTCHN_UNBIND, NOWHERE), EFAULT);
	FAILS(bind_interdomain(fd, 0x10000, 1), EINVAL);
	FAILS(bind_unbound(fd, 0x10000), EINVAL);
	CHECK(bind_interdomain(fd, DOMID_SELF, 4000) < 0);
}

static void virq(void)
{
	struct ioctl_evtchn_bind_virq op = { .virq = VIRQ_DEBUG };
	int other = device("evtchn", 0);

	CHECK(ioctl(fd, IOCTL_EVTCHN_BIND_VIRQ, &op) > 0);
	FAILS(ioctl(other, IOCTL_EVTCHN_BIND_VIRQ, &op), EEXIST);
	op.virq = 1000;
	FAILS(ioctl(fd, IOCTL_EVTCHN_BIND_VIRQ, &op), EINVAL);
	/* It is free again with the file. */
	close(fd);
	op.virq = VIRQ_DEBUG;
	CHECK(ioctl(other, IOCTL_EVTCHN_BIND_VIRQ, &op) > 0);
}

static void restricted(void)
{
	struct ioctl_evtchn_bind_virq virq = { .virq = VIRQ_DEBUG };
	struct ioctl_evtchn_restrict_domid op = { .domid = 0 };

	loop();
	FAILS(ioctl(fd, IOCTL_EVTCHN_RESTRICT_DOMID, &op), EINVAL);
	op.domid = DOMID_SELF;
	FAILS(ioctl(fd, IOCTL_EVTCHN_RESTRICT_DOMID, &op), EINVAL);
	op.domid = 5;
	CHECK(!ioctl(fd, IOCTL_EVTCHN_RESTRICT_DOMID, &op));
	FAILS(ioctl(fd, IOCTL_EVTCHN_RESTRICT_DOMID, &op), EACCES);
	FAILS(bind_unbound(fd, DOMID_SELF), EACCES);
	FAILS(bind_interdomain(fd, 0, 1), EACCES);
	FAILS(ioctl(fd, IOCTL_EVTCHN_BIND_VIRQ, &virq), EACCES);
	/* What it has it keeps. */
	CHECK(!notify(fd, a));
	CHECK(fired(fd, PATIENCE) == b);
}

static void fasync(void)
{
	struct timespec patience = { .tv_sec = PATIENCE / 1000 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	loop();
	CHECK(!fcntl(fd, F_SETOWN, getpid()));
	CHECK(!fcntl(fd, F_SETFL, O_ASYNC));
	CHECK(!notify(fd, a));
	CHECK(sigtimedwait(&set, NULL, &patience) == SIGIO);
	CHECK(fired(fd, 0) == b);
}

/* Until killed, with events unread */
static void hold(void)
{
	unsigned int i;

	for (i = 0; i < 10; i++)
		loop();
	notify(fd, a);
	printf("holding\n");
	pause();
}

static const struct test tests[] = {
	{ "channel", channel },
	{ "masked", masked },
	{ "nonblock", nonblock },
	{ "blocked", blocked },
	{ "overflow", overflow },
	{ "limit", limit },
	{ "unbound", unbound },
	{ "virq", virq },
	{ "restricted", restricted },
	{ "fasync", fasync },
	{ "hold", hold },
	{ }
};

int main(int argc, char **argv)
{
	fd = device("evtchn", 0);
	return run_test(tests, argc, argv);
}
