// SPDX-License-Identifier: GPL-2.0-only
/*
 * diskdata: known data on a disk, written and read with O_DIRECT.
 *
 *   diskdata write  DISK MIB SEED JOBS	fill the first MIB, mixed sizes and offsets
 *   diskdata verify DISK MIB SEED JOBS	read it back, in other sizes, and compare
 *   diskdata storm  DISK MIB SEED JOBS STOPFILE
 *	write, read back, compare, at random places, until STOPFILE is there
 *   diskdata speed  DISK MIB SEED JOBS KIB
 *	three seconds of reads of KIB each, aligned, at random places
 *
 * Each sector's content follows from its number, the seed and, under storm, a
 * generation, so that what went astray is told from what was lost. A job has its
 * own part of the disk. Prints one line; exit 0 only if every byte was right.
 * `verify` also takes a plain file, on the host's side of the disk.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/types.h>

#define SECTOR		512u
#define MAX_SECTORS	2048u	/* 1 MiB */
#define MAX_JOBS	32
#define SPEED_US	3000000u

struct job {
	pthread_t thread;
	__u64 first;		/* sector */
	__u64 sectors;
	__u64 rng;
	__u64 ops;
	__u64 worst_us;
	bool failed;
};

static int disk;
static __u64 seed;
static const char *stop_file;
static unsigned int speed_sectors;

static __u64 mix(__u64 x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ull;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static __u64 next_random(struct job *job)
{
	job->rng += 0x9e3779b97f4a7c15ull;
	return mix(job->rng);
}

/* The first word is the sector's number, for the error message. */
static void fill(__u64 *buf, __u64 sector, unsigned int count,
		 __u64 generation)
{
	for (unsigned int s = 0; s < count; s++, sector++) {
		__u64 base = mix(sector ^ seed << 32 ^ generation << 48);

		*buf++ = sector;
		for (unsigned int i = 1; i < SECTOR / 8; i++)
			*buf++ = base += 0x9e3779b97f4a7c15ull;
	}
}

static __u64 now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ull + t.tv_nsec / 1000;
}

static bool transfer(struct job *job, bool write, void *buf, __u64 sector,
		     unsigned int count)
{
	size_t len = (size_t)count * SECTOR;
	__u64 start = now_us(), took;
	ssize_t done;

	if (write)
		done = pwrite(disk, buf, len, sector * SECTOR);
	else
		done = pread(disk, buf, len, sector * SECTOR);
	took = now_us() - start;
	if (took > job->worst_us)
		job->worst_us = took;
	job->ops++;
	if (done == (ssize_t)len)
		return true;
	printf("%s of %u sectors at %llu: %s\n", write ? "write" : "read", count,
	       (unsigned long long)sector, done < 0 ? strerror(errno) : "short");
	job->failed = true;
	return false;
}

static bool same(struct job *job, const __u64 *got, const __u64 *want,
		 __u64 sector, unsigned int count)
{
	for (unsigned int i = 0; i < count * (SECTOR / 8); i++) {
		if (got[i] == want[i])
			continue;
		printf("sector %llu, byte %u: %#llx, wanted %#llx; its number reads %llu\n",
		       (unsigned long long)(sector + i * 8 / SECTOR),
		       i * 8 % SECTOR, (unsigned long long)got[i],
		       (unsigned long long)want[i],
		       (unsigned long long)got[i * 8 / SECTOR * (SECTOR / 8)]);
		job->failed = true;
		return false;
	}
	return true;
}

/* Small sizes as often as large ones, few of them powers of two. */
static unsigned int some_size(struct job *job, __u64 left)
{
	unsigned int limit = 1u << next_random(job) % 12;
	unsigned int count = 1 + next_random(job) % limit;

	return count < left ? count : left;
}

static void fill_part(struct job *job, __u64 *buf, __u64 *want, bool write)
{
	__u64 at = 0;

	while (at < job->sectors && !job->failed) {
		__u64 sector = job->first + at;
		unsigned int count = some_size(job, job->sectors - at);
		/* The buffer too begins at any sector of a page. */
		__u64 *here = buf + next_random(job) % 8 * (SECTOR / 8);

		fill(write ? here : want, sector, count, 0);
		if (transfer(job, write, here, sector, count) && !write)
			same(job, here, want, sector, count);
		at += count;
	}
}

static void storm_part(struct job *job, __u64 *buf, __u64 *want)
{
	__u64 generation = 1;

	while (access(stop_file, F_OK) && !job->failed) {
		unsigned int count = some_size(job, 64);
		__u64 sector = job->first +
				  next_random(job) % (job->sectors - count);

		fill(want, sector, count, generation++);
		memcpy(buf, want, (size_t)count * SECTOR);
		if (!transfer(job, true, buf, sector, count))
			break;
		memset(buf, 0, (size_t)count * SECTOR);
		if (transfer(job, false, buf, sector, count))
			same(job, buf, want, sector, count);
	}
}

static void speed_part(struct job *job, __u64 *buf)
{
	__u64 end = now_us() + SPEED_US;
	__u64 slots = job->sectors / speed_sectors;

	while (now_us() < end && !job->failed)
		transfer(job, false, buf, job->first + next_random(job) % slots *
			 speed_sectors, speed_sectors);
}

static enum { WRITE, VERIFY, STORM, SPEED } mode;

static void *run_job(void *arg)
{
	struct job *job = arg;
	__u64 *buf, *want;

	if (posix_memalign((void **)&buf, 4096, MAX_SECTORS * SECTOR + 4096) ||
	    posix_memalign((void **)&want, 4096, MAX_SECTORS * SECTOR)) {
		job->failed = true;
		return NULL;
	}
	if (mode == STORM)
		storm_part(job, buf, want);
	else if (mode == SPEED)
		speed_part(job, buf);
	else
		fill_part(job, buf, want, mode == WRITE);
	free(buf);
	free(want);
	return NULL;
}

static int open_disk(const char *path)
{
	int flags = mode == VERIFY || mode == SPEED ? O_RDONLY : O_RDWR;

	disk = open(path, flags | O_DIRECT);
	if (disk < 0 && errno == EINVAL)
		disk = open(path, flags);	/* a file system without it */
	if (disk < 0)
		perror(path);
	return disk;
}

static int run(__u64 sectors, unsigned int jobs)
{
	struct job all[MAX_JOBS] = {};
	__u64 ops = 0, worst = 0, start = now_us();
	bool failed = false;

	for (unsigned int i = 0; i < jobs; i++) {
		all[i].first = sectors / jobs * i;
		all[i].sectors = sectors / jobs;
		if (i == jobs - 1)
			all[i].sectors = sectors - all[i].first;
		all[i].rng = mix(seed * 1000 + i * 10 + mode);
		if (pthread_create(&all[i].thread, NULL, run_job, &all[i]))
			return 2;
	}
	for (unsigned int i = 0; i < jobs; i++) {
		pthread_join(all[i].thread, NULL);
		ops += all[i].ops;
		failed |= all[i].failed;
		if (all[i].worst_us > worst)
			worst = all[i].worst_us;
	}
	if (mode == WRITE && fsync(disk)) {
		perror("fsync");
		failed = true;
	}
	printf("ops: %llu  worst_ms: %llu  ms: %llu\n", (unsigned long long)ops,
	       (unsigned long long)worst / 1000,
	       (unsigned long long)(now_us() - start) / 1000);
	return failed;
}

int main(int argc, char **argv)
{
	static const char *const modes[] = { "write", "verify", "storm", "speed" };
	__u64 mib, jobs;

	for (mode = WRITE; argc > 1 && mode <= SPEED; mode++)
		if (!strcmp(argv[1], modes[mode]))
			break;
	if (mode > SPEED || argc != (mode >= STORM ? 7 : 6)) {
		fputs("diskdata write|verify|storm|speed DISK MIB SEED JOBS [STOPFILE|KIB]\n",
		      stderr);
		return 2;
	}
	mib = strtoull(argv[3], NULL, 0);
	seed = strtoull(argv[4], NULL, 0);
	jobs = strtoull(argv[5], NULL, 0);
	stop_file = argv[6];
	speed_sectors = mode == SPEED ? strtoul(argv[6], NULL, 0) * 2 : 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mib || !jobs || jobs > MAX_JOBS || !speed_sectors ||
	    speed_sectors > MAX_SECTORS || mib << 11 < jobs * MAX_SECTORS ||
	    open_disk(argv[2]) < 0)
		return 2;
	return run(mib << 11, jobs);
}
