/* SPDX-License-Identifier: GPL-2.0-only */
/* The time, and when the machine has nothing to do. */
#ifndef HONE_BENCH_IDLE_H
#define HONE_BENCH_IDLE_H

#include <stdbool.h>

unsigned long long clock_ns(void);	/* CLOCK_MONOTONIC */

/* Is there one CPU, whose idle time can be told from its work? */
bool idle_counts(void);

/* Nanoseconds that the CPU was idle; of several CPUs 0. */
unsigned long long idle_time(void);

/* Waits until all CPUs are idle: what came before is over. */
void idle_wait(void);

#endif
