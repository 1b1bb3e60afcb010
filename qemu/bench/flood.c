// SPDX-License-Identifier: GPL-2.0-only
/* Floods: datagrams at a given rate, by the clock on the wall. */
#define _GNU_SOURCE
#include "flood.h"
#include "idle.h"
#include "ops.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS	2000000ULL

static void sleep_until(unsigned long long ns)
{
	struct timespec ts = {
		.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000,
	};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/* Sends and receives @rate datagrams a second in small bursts, on one CPU. */
static unsigned long flood_one(int cpu, double rate, unsigned long seconds)
{
	const struct op *op = op_find("udp-one-way");
	unsigned long long start, now, end;
	unsigned long done = 0, due;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		fail("going to a CPU");
	op_setup(op);
	start = clock_ns();
	end = start + seconds * 1000000000ULL;
	for (now = start; now < end; now = clock_ns()) {
		due = (now - start) * rate / 1e9;
		/* What was missed is not made up for at once. */
		if (due > done + rate / 50 + 1)
			due = done + rate / 50 + 1;
		for (; done < due; done++)
			op->once();
		sleep_until(now + TICK_NS);
	}
	op_close();
	return done;
}

/*
 * All CPUs but one send: what comes must be more than one program can take.
 * Prints how many datagrams were sent, fewer than wanted if the CPUs cannot do
 * as many.
 */
void flood(unsigned long rate, unsigned long seconds)
{
	int senders = sysconf(_SC_NPROCESSORS_ONLN) - 1, cpu, status;
	atomic_ulong *sent;

	if (senders < 1)
		senders = 1;
	sent = mmap(NULL, sizeof(*sent), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sent == MAP_FAILED)
		fail("taking memory");
	for (cpu = 0; cpu < senders; cpu++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("forking");
		if (!pid) {
			atomic_fetch_add(sent, flood_one(cpu, (double)rate / senders,
							 seconds));
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		if (status)
			exit(1);
	printf("%lu\n", atomic_load(sent));
}
