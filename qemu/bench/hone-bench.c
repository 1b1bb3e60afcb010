// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts what a system call's work costs in a guest under -icount shift=0,
 * where the time stamp counter is the number of instructions executed.
 *
 *	hone-bench idle|counted|filtered|nobody|captured ROUNDS
 *	hone-bench run OPERATION ROUNDS [COPIES READY COMMAND [ARG]...]
 *	hone-bench wait
 *	hone-bench flood RATE SECONDS [DEVICE]
 *	hone-bench alone COMMAND [ARG]...
 *
 * Idle, nobody captures; counted, a session only counts by socket and process;
 * filtered, a session's filter wants no packet, so that only who wrote and read
 * is told; nobody, it wants packets of a process that is not there; captured, it
 * wants the head of each. Prints a line "name instructions" for each operation:
 * the mean of the middle half of the rounds, which leaves out timer ticks and
 * cache refills.
 *
 * With run prints the instructions of all rounds, and of a command that
 * captures meanwhile, up to its end, and of copies of it; it is ready when it
 * has written READY to standard error. A command that does nothing is to wait:
 * who has started one has more memory and descriptors for each fork to copy.
 * Flood sends datagrams at a rate on loopback, or has them come from a tun device;
 * alone becomes a command that stays on the CPU which sends none.
 */
#include "flood.h"
#include "ops.h"
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <x86intrin.h>

#define WARMUP	64
#define CONTROL	"/sys/kernel/debug/hone/control"

/* What a session is told before it starts; NULL: there is none. */
static const struct mode {
	const char *name;
	const char *commands;
} modes[] = {
	{ "idle", NULL },
	{ "counted", "records count\nstart\n" },
	{ "filtered", "subbufs 64\nfilter 1,6 0 0 0\nstart\n" },
	{ "nobody", "subbufs 64\npid 4194304\nstart\n" },
	{ "captured", "subbufs 64\nsnaplen 96\nstart\n" },
	{ NULL, NULL }
};

static int session_open(const char *commands)
{
	int fd;

	if (!commands)
		return -1;
	fd = open(CONTROL, O_RDWR | O_APPEND);
	if (fd < 0 || write(fd, commands, strlen(commands)) < 0)
		fail("starting a session at " CONTROL);
	return fd;
}

/* What does not fit into the rings is not written, and costs less. */
static void session_close(int fd)
{
	char line[256], dir[32], path[128], kind[32];
	unsigned long long lost;
	FILE *f;
	ssize_t n;

	if (fd < 0)
		return;
	n = pread(fd, line, sizeof(line) - 1, 0);
	line[n > 0 ? n : 0] = 0;
	if (sscanf(line, "session: %*u dir: %31s", dir) != 1)
		fail("asking the session for its directory");
	snprintf(path, sizeof(path), "/sys/kernel/debug/hone/%s/stats", dir);
	f = fopen(path, "r");
	if (!f)
		fail(path);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "all %31s %*u %*u %*u %llu", kind, &lost) == 2 &&
		    lost) {
			fprintf(stderr, "hone-bench: %llu %s records lost: too many rounds\n",
				lost, kind);
			exit(1);
		}
	fclose(f);
	close(fd);
}

static int compare(const void *x, const void *y)
{
	const unsigned long long *p = x, *q = y;

	return (*p > *q) - (*p < *q);
}

static unsigned long long round_of(const struct op *op)
{
	unsigned long long start, took;

	if (op->before)
		op->before();
	start = __rdtsc();
	op->once();
	took = __rdtsc() - start;
	if (op->after)
		op->after();
	return took;
}

static double measure(const struct op *op, const struct mode *mode,
		      unsigned long long *took, size_t rounds)
{
	int session = session_open(mode->commands);
	double sum = 0;
	size_t i;

	op_setup(op);
	for (i = 0; i < WARMUP; i++)
		round_of(op);
	for (i = 0; i < rounds; i++)
		took[i] = round_of(op);
	op_close();
	session_close(session);
	qsort(took, rounds, sizeof(*took), compare);
	for (i = rounds / 4; i < rounds - rounds / 4; i++)
		sum += took[i];
	return sum / (rounds - 2 * (rounds / 4));
}

static int misused(void)
{
	fputs("usage: hone-bench idle|counted|filtered|nobody|captured ROUNDS\n"
	      "       hone-bench run OPERATION ROUNDS [COPIES READY COMMAND [ARG]...]\n"
	      "       hone-bench wait\n"
	      "       hone-bench flood RATE SECONDS [DEVICE]\n"
	      "       hone-bench alone COMMAND [ARG]...\n",
	      stderr);
	return 2;
}

static unsigned long number(const char *s)
{
	unsigned long n = strtoul(s, NULL, 10);

	if (!n || n > 10000000)
		exit(misused());
	return n;
}

int main(int argc, char **argv)
{
	const struct mode *mode = modes;
	const struct op *op;
	unsigned long long *took;
	size_t rounds;

	if (argc == 2 && !strcmp(argv[1], "--nothing"))
		return 0;
	if (argc == 2 && !strcmp(argv[1], "wait"))
		return program_wait();
	if (argc > 2 && !strcmp(argv[1], "alone"))
		flood_alone(argv + 2);
	if ((argc == 4 || argc == 5) && !strcmp(argv[1], "flood")) {
		flood(number(argv[2]), number(argv[3]), argv[4]);
		return 0;
	}
	if ((argc == 4 || argc > 6) && !strcmp(argv[1], "run")) {
		int copies = argc > 4 ? number(argv[4]) : 0;

		printf("%.0f\n",
		       program_measure(op_find(argv[2]), number(argv[3]),
				       copies, argc > 4 ? argv[5] : NULL,
				       argv + (argc > 4 ? 6 : 4)));
		return 0;
	}
	while (argc == 3 && mode->name && strcmp(mode->name, argv[1]))
		mode++;
	if (argc != 3 || !mode->name)
		return misused();
	rounds = number(argv[2]);
	if (rounds < 4)
		return misused();
	took = calloc(rounds, sizeof(*took));
	if (!took)
		fail("taking memory");
	for (op = ops; op->name; op++)
		if (!op->crowd && !op->late && !op->uneven)
			printf("%s %.1f\n", op->name,
			       measure(op, mode, took, rounds));
	return 0;
}
