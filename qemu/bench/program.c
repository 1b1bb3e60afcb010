// SPDX-License-Identifier: GPL-2.0-only
/*
 * Capturing programs, and all that they and the load cost together.
 *
 * In the span from the first operation to the end of the program lies all its
 * work but the beginning, and its end, which costs the same however much was
 * captured: the difference of two spans is the work for the difference in
 * operations. A CPU that has nothing to do lets the time pass without an
 * instruction; the kernel knows for how long.
 */
#define _GNU_SOURCE
#include "program.h"
#include "crowd.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#define WARMUP	64

#define COPIES_MAX	8
#define READY_FILENO	3

/* One copy, and what it says. */
struct program {
	pid_t pid;
	int from;
	size_t len;
	char said[4096];
};

static struct program programs[COPIES_MAX];

/* Two that do nothing, for an emulator that counts where instructions go. */
static inline void span_begins(void)
{
	asm volatile("nopl 0x484f4e31(%rax,%rax,1)");
}

static inline void span_ends(void)
{
	asm volatile("nopl 0x484f4e30(%rax,%rax,1)");
}

/* Nanoseconds that the CPU was idle. */
static unsigned long long idle_time(void)
{
	FILE *f = fopen("/proc/timer_list", "r");
	unsigned long long ns;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " .idle_sleeptime : %llu nsecs", &ns) == 1) {
			fclose(f);
			return ns;
		}
	}
	fail("reading idle_sleeptime in /proc/timer_list");
	return 0;
}

/* Takes what the program says, until it has said @what or is gone. */
static void listen_for(struct program *p, const char *what)
{
	ssize_t n = 1;

	while (n > 0 && !(what && strstr(p->said, what))) {
		n = read(p->from, p->said + p->len,
			 sizeof(p->said) - 1 - p->len);
		if (n > 0)
			p->len += n;
		p->said[p->len] = 0;
	}
	if (what && !strstr(p->said, what)) {
		fprintf(stderr, "hone-bench: the program ended too early:\n%s",
			p->said);
		exit(1);
	}
}

static void start(struct program *p, char **argv, const char *ready)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		fail("making a pipe");
	p->pid = fork();
	if (p->pid < 0)
		fail("forking");
	if (!p->pid) {
		/* Hone closes the one it is told to say so on. */
		dup2(fds[1], STDERR_FILENO);
		dup2(fds[1], READY_FILENO);
		execvp(argv[0], argv);
		fail(argv[0]);
	}
	close(fds[1]);
	p->from = fds[0];
	listen_for(p, ready);
}

/* All are told before one is waited for: they end together. */
static void end_all(int copies)
{
	int i, status;

	for (i = 0; i < copies; i++)
		if (kill(programs[i].pid, SIGINT))
			fail("ending the program");
	for (i = 0; i < copies; i++) {
		if (waitpid(programs[i].pid, &status, 0) != programs[i].pid)
			fail("waiting for the program");
		if (status) {
			listen_for(&programs[i], NULL);
			fprintf(stderr, "hone-bench: a program ended with status %#x\n%s",
				status, programs[i].said);
			exit(1);
		}
	}
}

double program_measure(const struct op *op, unsigned long rounds, int copies,
		       const char *ready, char **argv)
{
	unsigned long long began, took, idle;
	unsigned long n;
	int i;

	if (!argv[0])
		copies = 0;
	if (copies > COPIES_MAX)
		copies = COPIES_MAX;
	op_setup(op);
	for (i = 0; i < copies; i++)
		start(&programs[i], argv, ready);
	/* Each of a crowd once: what is new of it is told now. */
	for (n = 0; n < WARMUP || (op->crowd && n < crowd_size); n++)
		op->once();
	idle = idle_time();
	span_begins();
	began = __rdtsc();
	for (n = 0; n < rounds; n++)
		op->once();
	end_all(copies);
	took = __rdtsc() - began;
	span_ends();
	idle = idle_time() - idle;
	op_close();
	for (i = 0; i < copies; i++) {
		listen_for(&programs[i], NULL);
		close(programs[i].from);
		fputs(programs[i].said, stderr);
	}
	return (double)took - (double)idle;
}
