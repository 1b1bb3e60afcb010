// SPDX-License-Identifier: GPL-2.0-only
/* The time, and when the machine has nothing to do. */
#define _GNU_SOURCE
#include "idle.h"
#include "ops.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define WATCH_NS	500000000
#define WATCHES		200

unsigned long long clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

bool idle_counts(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN) == 1;
}

/*
 * A CPU that has nothing to do lets the time pass without an instruction; the
 * kernel knows for how long. Of several CPUs one works all the time.
 */
unsigned long long idle_time(void)
{
	unsigned long long ns;
	char line[256];
	FILE *f;

	if (!idle_counts())
		return 0;
	f = fopen("/proc/timer_list", "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " .idle_sleeptime : %llu nsecs", &ns) == 1) {
			fclose(f);
			return ns;
		}
	}
	fail("reading idle_sleeptime in /proc/timer_list");
	return 0;
}

/* Of all CPUs together, in ticks. */
static unsigned long idle_ticks(void)
{
	FILE *f = fopen("/proc/stat", "r");
	unsigned long idle, iowait;

	if (!f || fscanf(f, "cpu %*u %*u %*u %lu %lu", &idle, &iowait) != 2)
		fail("reading /proc/stat");
	fclose(f);
	return idle + iowait;
}

/*
 * Namespaces, sockets and processes of a crowd that has gone are given back
 * long after their end, by others.
 */
void idle_wait(void)
{
	const struct timespec watch = { .tv_nsec = WATCH_NS };
	unsigned long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned long all = WATCH_NS / (1000000000 / sysconf(_SC_CLK_TCK));
	unsigned long before = idle_ticks(), now;
	int n;

	for (n = 0; n < WATCHES; n++) {
		nanosleep(&watch, NULL);
		now = idle_ticks();
		if (now - before + 1 >= cpus * all)
			return;
		before = now;
	}
	errno = EBUSY;
	fail("waiting until nobody has anything to do");
}
