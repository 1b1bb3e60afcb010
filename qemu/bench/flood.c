// SPDX-License-Identifier: GPL-2.0-only
/* Floods: datagrams at a given rate, by the clock on the wall. */
#define _GNU_SOURCE
#include "flood.h"
#include "ops.h"

#include <sched.h>
#include <stdio.h>
#include <time.h>

#define TICK_NS	2000000ULL

static unsigned long long clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void sleep_until(unsigned long long ns)
{
	struct timespec ts = {
		.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000,
	};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/*
 * Sends and receives @rate datagrams a second in small bursts, from the first
 * CPU, and prints how many it were: fewer, if the CPU cannot do as many.
 */
void flood(unsigned long rate, unsigned long seconds)
{
	const struct op *op = op_find("udp-one-way");
	unsigned long long start, now, due, end;
	unsigned long done = 0;
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (sched_setaffinity(0, sizeof(first), &first))
		fail("going to the first CPU");
	op_setup(op);
	start = clock_ns();
	end = start + seconds * 1000000000ULL;
	for (now = start; now < end; now = clock_ns()) {
		due = (now - start) * rate / 1000000000;
		/* What was missed is not made up for at once. */
		if (due > done + rate / 50)
			due = done + rate / 50;
		for (; done < due; done++)
			op->once();
		sleep_until(now + TICK_NS);
	}
	op_close();
	printf("%lu\n", done);
}
