// SPDX-License-Identifier: GPL-2.0-only
/*
 * Capturing programs, and all that they and the load cost together.
 *
 * In the span from the first operation to the end of the program lies all its
 * work but the beginning, and its end, which costs the same however much was
 * captured: the difference of two spans is the work for the difference in
 * operations. It begins when all that came before is over.
 */
#define _GNU_SOURCE
#include "program.h"
#include "crowd.h"
#include "idle.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
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

static void tell_all(int copies, int signal)
{
	int i;

	for (i = 0; i < copies; i++)
		if (kill(programs[i].pid, signal))
			fail("telling the program");
}

/*
 * All are told before one is waited for: they end together. Returns for how
 * many nanoseconds they have been at work.
 */
static unsigned long long end_all(int copies)
{
	unsigned long long worked = 0;
	struct rusage used;
	int i, status;

	tell_all(copies, SIGINT);
	for (i = 0; i < copies; i++) {
		if (wait4(programs[i].pid, &status, 0, &used) != programs[i].pid)
			fail("waiting for the program");
		worked += (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000ULL +
			  (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000ULL;
		if (status) {
			listen_for(&programs[i], NULL);
			fprintf(stderr, "hone-bench: a program ended with status %#x\n%s",
				status, programs[i].said);
			exit(1);
		}
	}
	return worked;
}

static unsigned long long has_worked(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &ts))
		fail("asking how long the program has been at work");
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/*
 * Who is told to end may leave what it has not taken yet, as tcpdump does: its
 * packets would be recorded without its work. libpcap hands on a block of them
 * after a second at most.
 */
static void let_settle(void)
{
	const struct timespec most = { .tv_sec = 1, .tv_nsec = 100000000 };

	nanosleep(&most, NULL);
	idle_wait();
}

/*
 * Of several CPUs that work at the same time it cannot be said which of them
 * had nothing to do. Then the programs rest while the load works; how long they
 * take for what it has left is counted, and not the load. So it is where that is
 * wanted alone.
 */
static double late_measure(const struct op *op, unsigned long rounds, int copies)
{
	unsigned long long worked = 0;
	unsigned long n;
	int i;

	tell_all(copies, SIGSTOP);
	for (i = 0; i < copies; i++)
		worked += has_worked(programs[i].pid);
	for (n = 0; n < rounds; n++)
		op->once();
	tell_all(copies, SIGCONT);
	if (idle_counts())
		let_settle();
	return (double)end_all(copies) - (double)worked;
}

static double span_measure(const struct op *op, unsigned long rounds, int copies)
{
	unsigned long long began, took, passed, idle = idle_time();
	unsigned long n;

	span_begins();
	passed = clock_ns();
	began = __rdtsc();
	for (n = 0; n < rounds; n++)
		op->once();
	if (copies && idle_counts())
		let_settle();
	end_all(copies);
	took = __rdtsc() - began;
	passed = clock_ns() - passed;
	span_ends();
	idle = idle_time() - idle;
	/* Where instructions are counted one is a nanosecond. */
	if (took < passed - passed / 100 || took > passed + passed / 100)
		took = passed;
	return (double)took - (double)idle;
}

double program_measure(const struct op *op, unsigned long rounds, int copies,
		       const char *ready, char **argv)
{
	unsigned long n;
	double took;
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
	idle_wait();
	took = op->late ? late_measure(op, rounds, copies) :
			  span_measure(op, rounds, copies);
	op_close();
	for (i = 0; i < copies; i++) {
		listen_for(&programs[i], NULL);
		close(programs[i].from);
		fputs(programs[i].said, stderr);
	}
	return took;
}

int program_wait(void)
{
	sigset_t end;
	int sig;

	sigemptyset(&end);
	sigaddset(&end, SIGINT);
	if (sigprocmask(SIG_BLOCK, &end, NULL))
		fail("blocking a signal");
	fputs("ready\n", stderr);
	return sigwait(&end, &sig);
}
