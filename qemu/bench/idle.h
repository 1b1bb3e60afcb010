/* SPDX-License-Identifier: GPL-2.0-only */
/* The time, and when the machine has nothing to do. */
#ifndef HONE_BENCH_IDLE_H
#define HONE_BENCH_IDLE_H

unsigned long long clock_ns(void);	/* CLOCK_MONOTONIC */

/* Nanoseconds that the CPU was idle; of several CPUs 0. */
unsigned long long idle_time(void);

/* Waits until all CPUs are idle: what came before is over. */
void idle_wait(void);

#endif
