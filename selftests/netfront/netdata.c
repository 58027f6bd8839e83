// SPDX-License-Identifier: GPL-2.0-only
/*
 * netdata: data through a network interface and back, compared byte by byte.
 *
 *   netdata			the other end: echo what comes on port 7007, TCP
 *				and UDP; to a datagram on port 7008, the time
 *   netdata icmp HOST COUNT MOST	pings of 1 to MOST bytes
 *   netdata udp HOST COUNT MOST	datagrams of 1 to MOST bytes
 *   netdata tcp HOST MIB STREAMS	streams, each that long, both ways at once
 *   netdata raw DEVICE COUNT LEN	frames to everybody, no answer
 *   netdata clock HOST		how far our time of day is ahead of the other's
 *
 * What is sent is a pattern of its place and number, so that bytes which come
 * twice, late or from elsewhere are seen. A packet may be lost, and is sent again;
 * one that comes back wrong ends the program with 1, one of eight lost with 2.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORT		7007
#define CLOCK_PORT	7008
#define CLOCK_TRIES	20
#define DATAGRAM	65507
#define CHUNK		65536

static unsigned char out[DATAGRAM], in[DATAGRAM + 100];

static void die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned char pattern(unsigned long seed, unsigned long at)
{
	unsigned long n = (at + seed * 7919) * 2654435761u;

	return n >> 13 ^ n >> 24;
}

static void fill(unsigned char *p, size_t len, unsigned long seed,
		 unsigned long at)
{
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = pattern(seed, at + i);
}

static void compare(const unsigned char *p, size_t len, unsigned long seed,
		    unsigned long at)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (p[i] == pattern(seed, at + i))
			continue;
		printf("wrong byte: %02x at %lu of %lu, wanted %02x\n", p[i],
		       at + i, seed, pattern(seed, at + i));
		exit(1);
	}
}

static struct sockaddr_in address(const char *host)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
	};

	if (inet_pton(AF_INET, host, &to.sin_addr) != 1)
		die(host);
	return to;
}

static int must_socket(int type, int protocol)
{
	int s = socket(AF_INET, type | SOCK_CLOEXEC, protocol);
	int one = 1;

	if (s < 0)
		die("socket");
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return s;
}

/* --- the other end ------------------------------------------------------------- */

static void echo_stream(int s)
{
	static char buf[CHUNK];
	ssize_t got, sent, n;

	while ((got = read(s, buf, sizeof(buf))) > 0)
		for (sent = 0; sent < got; sent += n) {
			n = write(s, buf + sent, got - sent);
			if (n <= 0)
				_exit(1);
		}
	_exit(0);
}

static void serve_stream(int listener)
{
	int s = accept(listener, NULL, NULL);

	if (s < 0)
		return;
	if (!fork())
		echo_stream(s);
	close(s);
}

static void serve_datagram(int s)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t got;

	got = recvfrom(s, in, sizeof(in), 0, (struct sockaddr *)&from, &len);
	if (got >= 0)
		sendto(s, in, got, 0, (struct sockaddr *)&from, len);
}

/* In nanoseconds; both ends are the same kind of machine. */
static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void serve_clock(int s)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	long long t;

	if (recvfrom(s, in, sizeof(in), 0, (struct sockaddr *)&from, &len) < 0)
		return;
	t = now();
	sendto(s, &t, sizeof(t), 0, (struct sockaddr *)&from, len);
}

static int serve(void)
{
	struct sockaddr_in here = address("0.0.0.0");
	struct pollfd fds[3] = {
		{ .fd = must_socket(SOCK_STREAM, 0), .events = POLLIN },
		{ .fd = must_socket(SOCK_DGRAM, 0), .events = POLLIN },
		{ .fd = must_socket(SOCK_DGRAM, 0), .events = POLLIN },
	};
	int i;

	signal(SIGCHLD, SIG_IGN);
	for (i = 0; i < 3; i++) {
		here.sin_port = htons(i < 2 ? PORT : CLOCK_PORT);
		if (bind(fds[i].fd, (struct sockaddr *)&here, sizeof(here)))
			die("bind");
	}
	if (listen(fds[0].fd, 16))
		die("listen");
	while (poll(fds, 3, -1) > 0) {
		if (fds[2].revents)
			serve_clock(fds[2].fd);
		if (fds[0].revents)
			serve_stream(fds[0].fd);
		if (fds[1].revents)
			serve_datagram(fds[1].fd);
	}
	return 0;
}

/* --- packets ------------------------------------------------------------------- */

static unsigned int sum16(const unsigned char *p, size_t len)
{
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += p[i] << 8 | p[i + 1];
	if (len & 1)
		sum += p[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* An echo request with @len bytes of pattern behind its header, in out[]. */
static size_t make_ping(unsigned int nr, size_t len)
{
	struct icmphdr h = {
		.type = ICMP_ECHO,
		.un.echo.id = htons(getpid()),
		.un.echo.sequence = htons(nr),
	};

	memcpy(out, &h, sizeof(h));
	fill(out + sizeof(h), len, nr, 0);
	h.checksum = htons(sum16(out, sizeof(h) + len));
	memcpy(out, &h, sizeof(h));
	return sizeof(h) + len;
}

/* Is it the answer to @nr? Then its data, and their length in *@len. */
static unsigned char *ping_data(unsigned int nr, ssize_t *len)
{
	size_t header = (in[0] & 15) * 4;
	struct icmphdr h;

	if (*len < (ssize_t)(header + sizeof(h)))
		return NULL;
	memcpy(&h, in + header, sizeof(h));
	if (h.type != ICMP_ECHOREPLY || h.un.echo.id != htons(getpid()) ||
	    h.un.echo.sequence != htons(nr))
		return NULL;
	*len -= header + sizeof(h);
	return in + header + sizeof(h);
}

/* Wait for packet @nr to come back; 0 where it does not. */
static int comes_back(int s, int ping, unsigned int nr, ssize_t len)
{
	struct pollfd fd = { .fd = s, .events = POLLIN };
	unsigned char *data;
	ssize_t got;

	while (poll(&fd, 1, 1000) > 0) {
		got = recv(s, in, sizeof(in), 0);
		if (got < 0)
			return 0;
		data = ping ? ping_data(nr, &got) : in;
		/* An earlier one may be late. */
		if (!data || got != len)
			continue;
		compare(data, got, nr, 0);
		return 1;
	}
	return 0;
}

static int send_packets(const char *host, int ping, unsigned int count, size_t most)
{
	struct sockaddr_in to = address(host);
	int s = ping ? must_socket(SOCK_RAW, IPPROTO_ICMP) :
		       must_socket(SOCK_DGRAM, 0);
	unsigned int nr, lost = 0;
	size_t len, bytes;

	if (connect(s, (struct sockaddr *)&to, sizeof(to)))
		die("connect");
	srand(most);
	for (nr = 0; nr < count;) {
		len = 1 + rand() % most;
		if (ping) {
			bytes = make_ping(nr, len);
		} else {
			fill(out, len, nr, 0);
			bytes = len;
		}
		if (send(s, out, bytes, 0) == (ssize_t)bytes &&
		    comes_back(s, ping, nr, len)) {
			nr++;
			continue;
		}
		if (++lost * 8 > count + 8) {
			printf("lost: %u of %u: %s\n", lost, nr + lost,
			       strerror(errno));
			return 2;
		}
	}
	printf("packets: %u lost: %u\n", count, lost);
	return 0;
}

/* --- streams ------------------------------------------------------------------- */

static int stream(const char *host, unsigned long total, unsigned long seed)
{
	struct sockaddr_in to = address(host);
	int s = must_socket(SOCK_STREAM, 0);
	struct pollfd fd = { .fd = s };
	unsigned long sent = 0, back = 0;
	ssize_t n, len;

	if (connect(s, (struct sockaddr *)&to, sizeof(to)))
		die("connect");
	while (back < total) {
		fd.events = POLLIN | (sent < total ? POLLOUT : 0);
		if (poll(&fd, 1, 20000) <= 0)
			die("nothing moves");
		if (fd.revents & POLLIN) {
			n = recv(s, in, CHUNK, MSG_DONTWAIT);
			if (n <= 0)
				die("recv");
			compare(in, n, seed, back);
			back += n;
		}
		if (fd.revents & POLLOUT && sent < total) {
			len = total - sent < 32768 ? total - sent : 32768;
			fill(out, len, seed, sent);
			n = send(s, out, len, MSG_DONTWAIT | MSG_NOSIGNAL);
			if (n > 0)
				sent += n;
			else if (errno != EAGAIN)
				die("send");
		}
	}
	return 0;
}

static int run_streams(const char *host, unsigned long mib, unsigned int nr)
{
	struct timespec a, b;
	int status, worst = 0;
	unsigned int i;
	double seconds;

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (i = 0; i < nr; i++)
		if (!fork())
			exit(stream(host, mib << 20, i + 1));
	while (wait(&status) > 0)
		worst |= status;
	clock_gettime(CLOCK_MONOTONIC, &b);
	seconds = b.tv_sec - a.tv_sec + (b.tv_nsec - a.tv_nsec) / 1e9;
	printf("streams: %u MiB: %lu seconds: %.1f\n", nr, mib, seconds);
	return worst ? 1 : 0;
}

/* By the quickest of some questions: it is off by half of what that took. */
static int compare_clocks(const char *host)
{
	struct sockaddr_in to = address(host);
	int s = must_socket(SOCK_DGRAM, 0);
	struct pollfd fd = { .fd = s, .events = POLLIN };
	long long sent, back, theirs, ahead = 0, best = -1;
	int i;

	to.sin_port = htons(CLOCK_PORT);
	if (connect(s, (struct sockaddr *)&to, sizeof(to)))
		die("connect");
	for (i = 0; i < CLOCK_TRIES; i++) {
		sent = now();
		if (send(s, "?", 1, 0) != 1 || poll(&fd, 1, 1000) <= 0 ||
		    recv(s, &theirs, sizeof(theirs), 0) != sizeof(theirs))
			continue;
		back = now();
		if (best >= 0 && back - sent >= best)
			continue;
		best = back - sent;
		ahead = sent + best / 2 - theirs;
	}
	if (best < 0)
		die("no answer");
	printf("ahead_ms: %lld took_ms: %lld ahead_us: %lld\n", ahead / 1000000,
	       best / 1000000, ahead / 1000);
	return 0;
}

static int send_raw(const char *device, unsigned int count, size_t len)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = if_nametoindex(device),
	};
	int s = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (s < 0 || !to.sll_ifindex || len < 14 || len > sizeof(out) ||
	    bind(s, (struct sockaddr *)&to, sizeof(to)))
		die(device);
	fill(out, len, 0, 0);
	memset(out, 0xff, 6);
	memcpy(out + 12, "\x88\xb5", 2);
	for (; count; count--) {
		if (send(s, out, len, 0) < 0)
			die("send");
		usleep(10000);
	}
	return 0;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 1)
		return serve();
	if (argc == 5 && !strcmp(argv[1], "icmp"))
		return send_packets(argv[2], 1, atoi(argv[3]), atoi(argv[4]));
	if (argc == 5 && !strcmp(argv[1], "udp"))
		return send_packets(argv[2], 0, atoi(argv[3]), atoi(argv[4]));
	if (argc == 5 && !strcmp(argv[1], "tcp"))
		return run_streams(argv[2], atoi(argv[3]), atoi(argv[4]));
	if (argc == 5 && !strcmp(argv[1], "raw"))
		return send_raw(argv[2], atoi(argv[3]), atoi(argv[4]));
	if (argc == 3 && !strcmp(argv[1], "clock"))
		return compare_clocks(argv[2]);
	fprintf(stderr, "usage: see the head of netdata.c\n");
	return 1;
}
