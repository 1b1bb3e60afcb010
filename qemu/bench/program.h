/* SPDX-License-Identifier: GPL-2.0-only */
/* Capturing programs, and all that they and the load cost together. */
#ifndef HONE_BENCH_PROGRAM_H
#define HONE_BENCH_PROGRAM_H

#include "ops.h"

/*
 * Runs @rounds of @op with the program of @argv at work @copies times, from
 * when it has written @ready to standard error until it has ended; @argv[0] may
 * be NULL for none. Returns the instructions of that time, and copies what the program
 * wrote to standard error.
 */
double program_measure(const struct op *op, unsigned long rounds, int copies,
		       const char *ready, char **argv);

/* A program that does nothing until it is told to end; its exit status. */
int program_wait(void);

#endif
