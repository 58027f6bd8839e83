// SPDX-License-Identifier: GPL-2.0-only
/*
 * vecio: O_DIRECT from memory that lies as awkwardly as the block layer lets it.
 *
 *   vecio check DISK MIB	write and read the first MIB, compare; exit 0 if right
 *   vecio discard DISK MIB	discard them
 *   vecio erase DISK MIB	the same, securely
 *   vecio zero DISK MIB	zero them (BLKZEROOUT) and read them back
 *   vecio hold DISK SECONDS	keep it open that long, reading; prints what read(2)
 *			said at the end
 *
 * A vector's pieces are 512 bytes to 64 KiB long and start at any sector of a
 * page, so that requests have many segments and odd first and last sectors.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/fs.h>
#include <linux/types.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#define SECTOR	512
#define PIECES	200
#define ARENA	(16u << 20)

static int disk;
static unsigned char *arena;
static unsigned int unit = SECTOR;
static __u32 state = 1;

static __u32 rnd(__u32 below)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % below;
}

static void fail(const char *what, unsigned long long at)
{
	printf("%s at %llu: %s\n", what, at, strerror(errno));
	exit(1);
}

/* A vector of at most @most bytes: its pieces in the arena, none overlapping. */
static size_t make_vector(struct iovec *iov, int *pieces, size_t most)
{
	size_t at = rnd(8) * SECTOR, sum = 0, len;
	int i;

	for (i = 0; i < PIECES && sum < most; i++) {
		len = (rnd(4) ? 1 + rnd(12) : 1 + rnd(65536 / unit)) * unit;
		if (len > most - sum)
			len = most - sum;
		if (at + len > ARENA)
			break;
		iov[i].iov_base = arena + at;
		iov[i].iov_len = len;
		at += len + rnd(12) * SECTOR;
		sum += len;
	}
	*pieces = i;
	return sum;
}

/* Fill or compare: a sector's bytes follow from where it is on the disk. */
static int each_sector(struct iovec *iov, int pieces, __u64 pos, int compare)
{
	unsigned char want[SECTOR];
	size_t at;
	int i, j;

	for (i = 0; i < pieces; i++)
		for (at = 0; at < iov[i].iov_len; at += SECTOR, pos += SECTOR) {
			for (j = 0; j < SECTOR; j++)
				want[j] = (pos / SECTOR * 2654435761u >> 7) + j * 7;
			if (!compare)
				memcpy((char *)iov[i].iov_base + at, want, SECTOR);
			else if (memcmp((char *)iov[i].iov_base + at, want, SECTOR))
				return -1;
		}
	return 0;
}

static void pass(__u64 bytes, int writing)
{
	struct iovec iov[PIECES];
	__u64 pos = 0;
	size_t len;
	ssize_t done;
	int pieces;

	while (pos < bytes) {
		len = make_vector(iov, &pieces,
				  bytes - pos < 4u << 20 ? bytes - pos : 4u << 20);
		if (writing) {
			each_sector(iov, pieces, pos, 0);
			done = pwritev(disk, iov, pieces, pos);
		} else {
			memset(arena, 0xa5, ARENA);
			done = preadv(disk, iov, pieces, pos);
		}
		if (done != (ssize_t)len)
			fail(writing ? "short write" : "short read", pos);
		if (!writing && each_sector(iov, pieces, pos, 1)) {
			errno = 0;
			fail("wrong data", pos);
		}
		pos += len;
	}
}

static void range_op(unsigned long op, const char *name, __u64 bytes)
{
	__u64 range[2] = { 0, bytes };

	if (ioctl(disk, op, range)) {
		printf("%s: %s\n", name, strerror(errno));
		exit(errno == EOPNOTSUPP ? 2 : 1);
	}
}

static void check_zero(__u64 bytes)
{
	__u64 pos;
	size_t i;

	for (pos = 0; pos < bytes; pos += 1 << 20) {
		if (pread(disk, arena, 1 << 20, pos) != 1 << 20)
			fail("short read", pos);
		for (i = 0; i < 1 << 20; i++)
			if (arena[i]) {
				errno = 0;
				fail("not zero", pos + i);
			}
	}
}

/* Whoever waits must not wait for ever: a read ends, well or with an error. */
static void hold(unsigned int seconds)
{
	time_t end = time(NULL) + seconds;
	ssize_t done = 0;

	printf("open\n");
	fflush(stdout);
	while (time(NULL) < end && done >= 0) {
		done = pread(disk, arena, 65536, 0);
		usleep(20000);
	}
	printf("%s\n", done < 0 ? strerror(errno) : done ? "data" : "end");
}

int main(int argc, char **argv)
{
	__u64 bytes = argc == 4 ? strtoull(argv[3], NULL, 0) << 20 : 0;

	if (argc != 4) {
		fprintf(stderr, "usage: vecio check|discard|erase|zero DISK MIB\n");
		return 1;
	}
	disk = open(argv[2], (!strcmp(argv[1], "hold") ? O_RDONLY : O_RDWR) |
		    O_DIRECT | O_CLOEXEC);
	if (disk < 0)
		fail("open", 0);
	ioctl(disk, BLKSSZGET, &unit);
	if (posix_memalign((void **)&arena, 4096, ARENA))
		return 1;
	memset(arena, 0, ARENA);
	if (!strcmp(argv[1], "check")) {
		pass(bytes, 1);
		if (fsync(disk))
			fail("fsync", 0);
		state = 77;
		pass(bytes, 0);
	} else if (!strcmp(argv[1], "discard")) {
		range_op(BLKDISCARD, "BLKDISCARD", bytes);
	} else if (!strcmp(argv[1], "erase")) {
		range_op(BLKSECDISCARD, "BLKSECDISCARD", bytes);
	} else if (!strcmp(argv[1], "zero")) {
		range_op(BLKZEROOUT, "BLKZEROOUT", bytes);
		check_zero(bytes);
	} else if (!strcmp(argv[1], "hold")) {
		hold(bytes >> 20);
	} else {
		return 1;
	}
	return 0;
}
