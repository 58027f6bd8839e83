// SPDX-License-Identifier: GPL-2.0-only
/*
 * The other end of peer.sh, in dom0: binds to a port of the guest's by
 * /dev/xen/evtchn, sends events and counts what comes back.
 *
 *	testbed/vm --engine xen --guest-script ... --host-script event-peer
 *
 * The guest asks by the testbed's marks, "event-N-WHAT.NUMBER" with N from 1 on,
 * and is told "event-N.SENT.RECEIVED", or "event-failed". WHAT:
 *	bind	to that port
 *	ping	so many events, each answered before the next
 *	storm	as many as can be sent in so many seconds, or until the mark
 *		"event-calm"; the guest is told "event-storm" once it has begun
 *	end
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <xen/xen.h>
#include <xen/evtchn.h>

#define MARKS		"/mnt/xg/run/marks"
#define PATIENCE	10000	/* ms for an answer */
#define SETTLE		200	/* ms in which one too many would come */

static int evtchn;
static unsigned int port;
static unsigned long sent, received;

static void tell_guest(const char *name)
{
	char command[128];

	snprintf(command, sizeof(command), "tell %s", name);
	if (system(command))
		exit(1);
}

static void die(const char *what)
{
	fprintf(stderr, "event-peer: %s: %s; %lu sent, %lu received\n", what,
		strerror(errno), sent, received);
	tell_guest("event-failed");
	exit(1);
}

/* -> the number behind the dot of mark "@start...", whose middle goes to @what */
static long find_mark(const char *start, char *what, size_t size)
{
	size_t len = strlen(start);
	struct dirent *entry;
	long number = -1;
	const char *dot;
	DIR *dir;

	dir = opendir(MARKS);
	while (dir && number < 0 && (entry = readdir(dir))) {
		dot = strchr(entry->d_name, '.');
		if (!dot || strncmp(entry->d_name, start, len))
			continue;
		snprintf(what, size, "%.*s",
			 (int)(dot - entry->d_name - len),
			 entry->d_name + len);
		number = atol(dot + 1);
	}
	if (dir)
		closedir(dir);
	return number;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void notify(void)
{
	struct ioctl_evtchn_notify op = { .port = port };

	if (ioctl(evtchn, IOCTL_EVTCHN_NOTIFY, &op))
		die("notify");
	sent++;
}

/* True: an event came in that time, and the port may have its next. */
static bool take(int milliseconds)
{
	struct pollfd wait = { .fd = evtchn, .events = POLLIN };
	unsigned int from;

	if (poll(&wait, 1, milliseconds) <= 0)
		return false;
	if (read(evtchn, &from, sizeof(from)) != sizeof(from) ||
	    write(evtchn, &from, sizeof(from)) != sizeof(from))
		die("taking an event");
	if (from != port) {
		errno = EPROTO;
		die("an event of no port of ours");
	}
	return true;
}

static void do_bind(unsigned int remote)
{
	struct ioctl_evtchn_bind_interdomain op = {
		.remote_domain = atoi(getenv("GUEST_ID")),
		.remote_port = remote,
	};
	int bound = ioctl(evtchn, IOCTL_EVTCHN_BIND_INTERDOMAIN, &op);

	if (bound < 0)
		die("the guest's port cannot be bound");
	port = bound;
	/* Xen marks a port as it is bound: that is not the guest's event. */
	while (take(SETTLE))
		;
}

static void do_ping(unsigned long count)
{
	while (count--) {
		notify();
		if (!take(PATIENCE)) {
			errno = ETIME;
			die("no answer");
		}
		received++;
	}
	while (take(SETTLE))
		received++;
}

static void do_storm(unsigned int seconds)
{
	double until = now() + seconds;
	int i;

	tell_guest("event-storm");
	while (access(MARKS "/event-calm", F_OK) && now() < until)
		for (i = 0; i < 1000; i++)
			notify();
	while (take(0))
		received++;
}

/* False: that was the last. */
static bool serve(unsigned int nr)
{
	char start[32], what[32], answer[96];
	long number;

	snprintf(start, sizeof(start), "event-%u-", nr);
	while ((number = find_mark(start, what, sizeof(what))) < 0)
		usleep(300000);
	sent = 0;
	received = 0;
	if (!strcmp(what, "bind"))
		do_bind(number);
	else if (!strcmp(what, "ping"))
		do_ping(number);
	else if (!strcmp(what, "storm"))
		do_storm(number);
	else
		return false;
	snprintf(answer, sizeof(answer), "event-%u.%lu.%lu", nr, sent,
		 received);
	tell_guest(answer);
	return true;
}

int main(void)
{
	unsigned int nr = 1;

	evtchn = open("/dev/xen/evtchn", O_RDWR);
	if (evtchn < 0 || !getenv("GUEST_ID"))
		die("no /dev/xen/evtchn, or no GUEST_ID (a host script of testbed/vm has it)");
	tell_guest("event-peer");
	while (serve(nr))
		nr++;
	return 0;
}
