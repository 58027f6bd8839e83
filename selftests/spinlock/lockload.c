// SPDX-License-Identifier: GPL-2.0-only
/*
 * lockload THREADS MILLISECONDS: threads that open and close one more descriptor of
 * a file, over and over, in a table they share: each time the kernel takes the
 * table's lock. Prints how often all of them did, and the slowest of them.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS 256

static struct {
	unsigned long done;
	char apart[120];
} threads[MAX_THREADS];
static volatile int stop;

static void *work(void *data)
{
	unsigned long *done = data;
	int fd;

	while (!stop) {
		fd = dup(0);
		if (fd < 0) {
			perror("dup");
			exit(1);
		}
		close(fd);
		++*done;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned long i, nr, ms, sum = 0, least = -1ul;
	pthread_t ids[MAX_THREADS];
	struct timespec t;

	nr = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	if (!nr || nr > MAX_THREADS) {
		fprintf(stderr, "usage: lockload THREADS MILLISECONDS\n");
		return 2;
	}
	ms = strtoul(argv[2], NULL, 10);
	for (i = 0; i < nr; i++)
		if (pthread_create(&ids[i], NULL, work, &threads[i].done)) {
			fprintf(stderr, "lockload: no thread\n");
			return 1;
		}
	t.tv_sec = ms / 1000;
	t.tv_nsec = ms % 1000 * 1000000;
	nanosleep(&t, NULL);
	stop = 1;
	for (i = 0; i < nr; i++) {
		pthread_join(ids[i], NULL);
		sum += threads[i].done;
		if (threads[i].done < least)
			least = threads[i].done;
	}
	printf("%lu %lu\n", sum, least);
	return 0;
}
