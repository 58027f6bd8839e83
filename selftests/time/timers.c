// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the clock go forwards, on all CPUs as on one? Does a sleep end in time?
 *
 *	timers clock SECONDS	four threads read it, spread over the CPUs
 *	timers sleep COUNT	a thread for each CPU sleeps 1 to 50 ms
 *
 * Prints "key: value" lines. Exit 1 if a reading went back, a sleep ended early.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_THREADS	256
#define READERS		4
#define SECOND		1000000000LL
#define MAX_SLEEP_MS	50

static _Atomic int64_t newest;
static _Atomic long readings, back_own, back_others;
static _Atomic int64_t worst_back;
static int64_t until;

static long sleeps;
static _Atomic long early, asleep;
static _Atomic int64_t worst_late;

/* Lateness below each of these, in us, and beyond. */
#define BUCKETS		11
static const long bounds[BUCKETS - 1] = { 50, 100, 200, 500, 1000, 2000, 5000,
					  10000, 100000, 1000000 };
static _Atomic long histogram[BUCKETS];

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

/* *max becomes at least @value. */
static void raise_to(_Atomic int64_t *max, int64_t value)
{
	int64_t seen = atomic_load(max);

	while (seen < value && !atomic_compare_exchange_weak(max, &seen, value))
		;
}

/* To the nth CPU of those this process may use; where it has gone, to any. */
static void settle(long nth)
{
	cpu_set_t all, one;
	int cpu, left;

	if (sched_getaffinity(0, sizeof(all), &all))
		return;
	left = nth % CPU_COUNT(&all);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && !left--)
			break;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static void *read_clock(void *arg)
{
	int64_t others, t, last = 0;
	long n = 0;

	settle((long)arg);
	do {
		/* What somebody has read before is not later than what we read. */
		others = atomic_load(&newest);
		t = now();
		n++;
		if (t < last) {
			atomic_fetch_add(&back_own, 1);
			raise_to(&worst_back, last - t);
		}
		if (t < others) {
			atomic_fetch_add(&back_others, 1);
			raise_to(&worst_back, others - t);
		}
		raise_to(&newest, t);
		last = t;
	} while (t < until);
	atomic_fetch_add(&readings, n);
	return NULL;
}

static void count_late(int64_t late)
{
	size_t i;

	for (i = 0; i < BUCKETS - 1 && late >= bounds[i] * 1000; i++)
		;
	atomic_fetch_add(&histogram[i], 1);
	raise_to(&worst_late, late);
}

static void *do_sleep(void *arg)
{
	struct timespec t;
	int64_t end, late;
	long i;

	settle((long)arg);
	for (i = 0; i < sleeps; i++) {
		end = now() + (1 + (i * 7 + (long)arg) % MAX_SLEEP_MS) *
			SECOND / 1000;
		t.tv_sec = end / SECOND;
		t.tv_nsec = end % SECOND;
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL))
			;
		late = now() - end;
		if (late < 0)
			atomic_fetch_add(&early, 1);
		else
			count_late(late);
		atomic_fetch_add(&asleep, 1);
	}
	return NULL;
}

static void run(void *(*work)(void *), long nr)
{
	pthread_t threads[MAX_THREADS];
	long i;

	if (nr > MAX_THREADS)
		nr = MAX_THREADS;
	for (i = 0; i < nr; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)i)) {
			perror("pthread_create");
			exit(1);
		}
	for (i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
}

static int clock_test(long seconds)
{
	until = now() + seconds * SECOND;
	run(read_clock, READERS);
	printf("readings: %ld\nback_own: %ld\nback_others: %ld\nworst_back_ns: %lld\n",
	       readings, back_own, back_others, (long long)worst_back);
	return back_own || back_others;
}

static int sleep_test(long count)
{
	cpu_set_t all;
	size_t i;

	if (sched_getaffinity(0, sizeof(all), &all))
		return 1;
	sleeps = count;
	run(do_sleep, CPU_COUNT(&all));
	printf("sleeps: %ld\nearly: %ld\nworst_us: %lld\n", asleep, early,
	       (long long)worst_late / 1000);
	for (i = 0; i < BUCKETS - 1; i++)
		printf("below_%ld_us: %ld\n", bounds[i], histogram[i]);
	printf("more: %ld\n", histogram[i]);
	return early != 0;
}

int main(int argc, char **argv)
{
	long n = argc == 3 ? atol(argv[2]) : 0;

	if (n > 0 && !strcmp(argv[1], "clock"))
		return clock_test(n);
	if (n > 0 && !strcmp(argv[1], "sleep"))
		return sleep_test(n);
	fprintf(stderr, "usage: timers clock SECONDS | sleep COUNT\n");
	return 2;
}
