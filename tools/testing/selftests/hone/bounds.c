// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a session may cost: how much memory it is charged for to count, what
 * becomes of sockets for which there is no room, that the last counts do not
 * write over what packets need, and how often it may have all told anew.
 */
#define _GNU_SOURCE
#include "stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"

#define SOCKETS	900

FIXTURE(bounds)
{
	struct stream s;
	int fd[SOCKETS];
	uint64_t cookie[SOCKETS];
};

/* Sockets that have a port, and have sent nothing yet. */
FIXTURE_SETUP(bounds)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int i;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (i = 0; i < SOCKETS; i++) {
		self->fd[i] = socket(AF_INET, SOCK_DGRAM, 0);
		ASSERT_LE(0, self->fd[i]);
		at.sin_port = 0;
		ASSERT_EQ(0, bind(self->fd[i], (void *)&at, sizeof(at)));
		ASSERT_EQ(0, getsockname(self->fd[i], (void *)&at, &len));
		ASSERT_EQ(0, connect(self->fd[i], (void *)&at, sizeof(at)));
		self->cookie[i] = cookie_of(self->fd[i]);
	}
}

FIXTURE_TEARDOWN(bounds)
{
	int i;

	stream_close(&self->s);
	for (i = 0; i < SOCKETS; i++)
		close(self->fd[i]);
}

/* Each of the first @n sends a byte to itself. */
static bool talk(const int *fd, int n)
{
	while (n--)
		if (send(*fd++, "x", 1, 0) != 1)
			return false;
	return true;
}

static unsigned long pinned_kb(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long kb = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmPin: %lu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

TEST_F(bounds, counting_is_charged)
{
	unsigned long before = pinned_kb(), with, without;

	ASSERT_EQ(0, stream_open(&self->s, "subbuf_size 32\nsubbufs 4\n"));
	without = pinned_kb() - before;
	stream_close(&self->s);
	EXPECT_EQ(before, pinned_kb());
	ASSERT_EQ(0, stream_open(&self->s,
				 "subbuf_size 32\nsubbufs 4\n"
				 "records count\ncounts 4096\n"));
	with = pinned_kb() - before;
	/* 256 bytes each */
	EXPECT_EQ(without + 1024, with);
	EXPECT_LT(0, without);
}

TEST_F(bounds, counts_without_room)
{
	const struct hone_rec *rec = NULL;
	uint64_t sockets = 0, rest = 0;
	int file = 0, each = 0, i;

	/* A socket and its user are two. */
	ASSERT_EQ(0, stream_open(&self->s, "records count\ncounts 20\n"));
	ASSERT_TRUE(talk(self->fd, 100));
	stream_stop(&self->s);
	while ((rec = stream_step(&self->s, &file, rec))) {
		const struct hone_tally *t = (const void *)rec;

		if (rec->type != HONE_REC_COUNT)
			continue;
		each += !!t->cookie;
		if (rec->flags & HONE_F_TALLY_REST) {
			EXPECT_EQ(0, t->cookie);
			rest = t->total_out_packets;
			EXPECT_EQ(t->total_in_packets, rest);
		}
		for (i = 0; i < 100; i++)
			if (rec->flags & HONE_F_TALLY_SOCK &&
			    t->cookie == self->cookie[i])
				sockets += t->total_out_packets;
	}
	EXPECT_EQ(20, each);
	EXPECT_GE(10, sockets);
	EXPECT_LT(0, sockets);
	EXPECT_LE(100, sockets + rest);
}

TEST_F(bounds, last_counts)
{
	int file, last[2] = { 0 }, others[2] = { 0 };
	const struct hone_rec *rec;

	ASSERT_EQ(0, stream_open(&self->s,
				 "records process,socket,count\n"
				 "mode overwrite\nsubbuf_size 32\nsubbufs 4\n"));
	ASSERT_TRUE(talk(self->fd, SOCKETS));
	stream_stop(&self->s);
	for (file = 0; file < self->s.files; file++) {
		bool identity = file >= self->s.cpus;

		for (rec = stream_next(&self->s, file, NULL); rec;
		     rec = stream_next(&self->s, file, rec)) {
			if (rec->type == HONE_REC_COUNT)
				last[identity] += !!(rec->flags &
						     HONE_F_TALLY_END);
			else if (rec->type == HONE_REC_SOCK)
				others[identity]++;
		}
	}
	EXPECT_LT(100, last[0]);
	EXPECT_EQ(0, last[1]);
	EXPECT_EQ(0, others[0]);
	EXPECT_LT(100, others[1]);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Another session has all told anew as fast as it can, for a second. */
static void restart_all(int report)
{
	double end = now() + 1;
	struct stream s;
	int n = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (stream_open(&s, "records process\n"))
		_exit(1);
	for (; now() < end; n++)
		if (stream_command(&s, "restart\n"))
			_exit(1);
	if (write(report, &n, sizeof(n)) != sizeof(n))
		_exit(1);
	stream_close(&s);
	_exit(0);
}

TEST_F(bounds, restarts)
{
	int status, report[2], n = 0, told = 0, file = 0;
	const struct hone_rec *rec = NULL;
	double begin, took;
	pid_t child;

	ASSERT_EQ(0, stream_open(&self->s, "records socket\n"));
	ASSERT_EQ(0, pipe(report));
	begin = now();
	child = fork();
	if (!child)
		restart_all(report[1]);
	while (!waitpid(child, &status, WNOHANG))
		ASSERT_TRUE(talk(self->fd, 1));
	took = now() - begin;
	EXPECT_EQ(0, status);
	ASSERT_EQ(sizeof(n), read(report[0], &n, sizeof(n)));
	stream_stop(&self->s);
	while ((rec = stream_step(&self->s, &file, rec))) {
		const struct hone_sock_rec *r = (const void *)rec;

		told += rec->type == HONE_REC_SOCK &&
			r->event == HONE_SOCK_ANNOUNCE &&
			r->cookie == self->cookie[0];
	}
	/* 50 a second, and who starts a session tells anew as well. */
	EXPECT_LT(1, told);
	EXPECT_GE(50 * took + 3, told);
	EXPECT_GE(50 * took + 3, n);
	close(report[0]);
	close(report[1]);
}

TEST_HARNESS_MAIN
