// SPDX-License-Identifier: GPL-2.0-only
/*
 * pingpong CPU CPU ROUNDS: two processes, each on a CPU of its own, hand a number
 * to and fro by pipes. Prints how far they came; one that waits 20 s gives up.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_cpu(const char *cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(strtoul(cpu, NULL, 10), &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		perror("sched_setaffinity");
		exit(1);
	}
}

static int hand(int to, unsigned long number)
{
	return write(to, &number, sizeof(number)) == sizeof(number);
}

static int take(int from, unsigned long number)
{
	unsigned long got;

	alarm(20);
	return read(from, &got, sizeof(got)) == sizeof(got) && got == number;
}

int main(int argc, char **argv)
{
	unsigned long i, rounds;
	int there[2], back[2];

	if (argc != 4 || pipe(there) || pipe(back)) {
		fprintf(stderr, "usage: pingpong CPU CPU ROUNDS\n");
		return 2;
	}
	rounds = strtoul(argv[3], NULL, 10);
	signal(SIGPIPE, SIG_IGN);
	if (!fork()) {
		on_cpu(argv[2]);
		for (i = 0; i < rounds; i++)
			if (!take(there[0], i) || !hand(back[1], i))
				return 1;
		return 0;
	}
	on_cpu(argv[1]);
	close(there[0]);
	close(back[1]);
	signal(SIGALRM, SIG_DFL);
	for (i = 0; i < rounds; i++)
		if (!hand(there[1], i) || !take(back[0], i))
			break;
	printf("%lu\n", i);
	return i != rounds;
}
