// SPDX-License-Identifier: GPL-2.0-only
/*
 * One small thing again and again, on CPU 0, for the rows on interrupts:
 *
 *	pulse tick SECONDS [busy]	sleep 1 ms; a process spins on each CPU
 *	pulse event SECONDS		take an event, send one (/dev/xen/evtchn)
 *	pulse packet SECONDS ADDRESS PORT	a byte there and back by UDP
 *	pulse echo ADDRESS PORT		the other end of that
 *
 * A second passes unmeasured, then SECONDS; it prints "COUNT in S s". It starts at
 * once and reads the clock twice in all, as both may cost more than what is
 * counted. Where an alarm meets a call, the call fails and nothing is counted.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/evtchn.h>

static volatile long count;
static volatile sig_atomic_t alarms;	/* 1: measuring, 2: done */
static struct { struct timespec at; long count; } seen[2];
static unsigned int seconds;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void run_on(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		die("sched_setaffinity");
}

static void on_alarm(int number)
{
	(void)number;
	clock_gettime(CLOCK_MONOTONIC, &seen[alarms].at);
	seen[alarms].count = count;
	alarms++;
	if (alarms == 1)
		alarm(seconds);
}

static void start(const char *text)
{
	struct sigaction action = { .sa_handler = on_alarm };

	seconds = atoi(text);
	run_on(0);
	sigaction(SIGALRM, &action, NULL);
	alarm(1);
}

static void report(void)
{
	printf("%ld in %.3f s\n", seen[1].count - seen[0].count,
	       seen[1].at.tv_sec - seen[0].at.tv_sec +
	       (seen[1].at.tv_nsec - seen[0].at.tv_nsec) / 1e9);
}

/* They end with us. */
static void spin_everywhere(void)
{
	volatile int spin = 1;
	int cpu;

	for (cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run_on(cpu);
		while (spin)
			;
	}
}

static void tick(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	while (alarms < 2)
		if (!nanosleep(&ms, NULL))
			count++;
}

/*
 * Two ports of this domain, each other's end: what comes at one goes out there.
 * One event is on its way at any time: Xen's own, of binding, is taken first.
 */
static void event(void)
{
	struct pollfd early = { .events = POLLIN };
	struct ioctl_evtchn_bind_unbound_port near = { DOMID_SELF };
	struct ioctl_evtchn_bind_interdomain far = { DOMID_SELF, 0 };
	struct ioctl_evtchn_notify notify;
	int fd, port;

	fd = open("/dev/xen/evtchn", O_RDWR);
	if (fd < 0)
		die("/dev/xen/evtchn");
	port = ioctl(fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &near);
	if (port < 0)
		die("unbound port");
	far.remote_port = port;
	if (ioctl(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &far) < 0)
		die("bound port");
	early.fd = fd;
	while (poll(&early, 1, 100) > 0)
		if (read(fd, &notify.port, 4) != 4 ||
		    write(fd, &notify.port, 4) != 4)
			die("what binding sent");
	notify.port = port;
	ioctl(fd, IOCTL_EVTCHN_NOTIFY, &notify);
	while (alarms < 2) {
		if (read(fd, &notify.port, 4) != 4)
			continue;
		/* The port may have its next one. */
		if (write(fd, &notify.port, 4) != 4 ||
		    ioctl(fd, IOCTL_EVTCHN_NOTIFY, &notify))
			die("taking or sending");
		count++;
	}
}

static int udp(const char *address, const char *port, struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		die("socket");
	to->sin_family = AF_INET;
	to->sin_port = htons(atoi(port));
	if (!inet_aton(address, &to->sin_addr))
		die(address);
	return fd;
}

static void packet(const char *address, const char *port)
{
	const struct timeval patience = { .tv_usec = 200000 };
	struct sockaddr_in to = {};
	unsigned char in, out = 0;
	int fd = udp(address, port, &to);
	ssize_t n;

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die(address);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	while (alarms < 2) {
		out++;
		send(fd, &out, 1, 0);
		/* An answer may come after our patience has ended. */
		do
			n = recv(fd, &in, 1, 0);
		while (n == 1 && in != out);
		if (n == 1)
			count++;
	}
}

static void echo(const char *address, const char *port)
{
	struct sockaddr_in at = {}, from;
	int fd = udp(address, port, &at);
	socklen_t len;
	char byte;

	if (bind(fd, (struct sockaddr *)&at, sizeof(at)))
		die(address);
	for (;;) {
		len = sizeof(from);
		if (recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&from,
			     &len) == 1)
			sendto(fd, &byte, 1, 0, (struct sockaddr *)&from, len);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	if (!strcmp(what, "echo") && argc == 4)
		echo(argv[2], argv[3]);
	if (argc > 2)
		start(argv[2]);
	if (!strcmp(what, "tick")) {
		if (argc == 4)
			spin_everywhere();
		tick();
	} else if (!strcmp(what, "event")) {
		event();
	} else if (!strcmp(what, "packet") && argc == 5) {
		packet(argv[3], argv[4]);
	} else {
		fprintf(stderr, "see the head of pulse.c\n");
		return 2;
	}
	report();
	return 0;
}
