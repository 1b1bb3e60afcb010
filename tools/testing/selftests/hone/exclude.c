// SPDX-License-Identifier: GPL-2.0-only
/*
 * A connection that a session excludes: no packet of it at either end, though
 * that may be in another net namespace; and all packets of others, though they
 * have the same addresses and ports in another one.
 */
#define _GNU_SOURCE
#include "stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"

#define IP	"/usr/sbin/ip"
#define MARK	"HoneExcluded"
#define HERE	"10.98.7.1"
#define THERE	"10.98.7.2"

/* A net namespace with a process in it that sends what it is told to. */
struct place {
	pid_t pid;
	int tell[2];
	int told[2];
};

/* What it is told to. */
struct order {
	char from[16];
	char to[16];
	int sport;
	int dport;
	char who;
};

static int ends(const char *from, int sport, const char *to, int dport)
{
	struct sockaddr_in at = { AF_INET, htons(sport) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), one = 1;

	inet_pton(AF_INET, from, &at.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (void *)&at, sizeof(at)))
		return -1;
	at.sin_port = htons(dport);
	inet_pton(AF_INET, to, &at.sin_addr);
	return connect(fd, (void *)&at, sizeof(at)) ? -1 : fd;
}

static bool say(int fd, char who)
{
	char data[sizeof(MARK) + 1];

	snprintf(data, sizeof(data), MARK "%c", who);
	return send(fd, data, sizeof(data), 0) == sizeof(data);
}

/* It keeps its sockets, so that somebody gets what is sent to it. */
static void serve(struct place *p)
{
	struct order o;
	bool ok;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNET) || system("ip link set lo up"))
		_exit(1);
	ok = true;
	if (write(p->told[1], &ok, sizeof(ok)) != sizeof(ok))
		_exit(1);
	while (read(p->tell[0], &o, sizeof(o)) == sizeof(o)) {
		fd = ends(o.from, o.sport, o.to, o.dport);
		ok = fd >= 0 && (!o.who || say(fd, o.who));
		if (write(p->told[1], &ok, sizeof(ok)) != sizeof(ok))
			_exit(1);
	}
	_exit(0);
}

static bool place_open(struct place *p)
{
	bool ok = false;

	if (pipe(p->tell) || pipe(p->told))
		return false;
	p->pid = fork();
	if (!p->pid)
		serve(p);
	return p->pid > 0 &&
	       read(p->told[0], &ok, sizeof(ok)) == sizeof(ok) && ok;
}

static void place_close(struct place *p)
{
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
}

/* From there, by a socket with those addresses; @who 0: only have it. */
static bool sends(struct place *p, const char *from, int sport, const char *to,
		  int dport, char who)
{
	struct order o = { .sport = sport, .dport = dport, .who = who };
	bool ok = false;

	snprintf(o.from, sizeof(o.from), "%s", from);
	snprintf(o.to, sizeof(o.to), "%s", to);
	return write(p->tell[1], &o, sizeof(o)) == sizeof(o) &&
	       read(p->told[0], &ok, sizeof(ok)) == sizeof(ok) && ok;
}

/* ip ARG..., in the namespace of a process. */
static bool set_up(pid_t pid, const char *args)
{
	char command[256];

	/* Not busybox's */
	snprintf(command, sizeof(command), "nsenter -t %d -n %s %s", pid,
		 access(IP, X_OK) ? "ip" : IP, args);
	return !system(command);
}

static int count(const struct stream *s, char who, int direction)
{
	const struct hone_rec *rec = NULL;
	char data[sizeof(MARK) + 1];
	int cpu = 0, n = 0;

	snprintf(data, sizeof(data), MARK "%c", who);
	while ((rec = stream_step(s, &cpu, rec))) {
		const struct hone_packet *p = (const void *)rec;

		n += rec->type == HONE_REC_PACKET &&
		     (rec->flags & HONE_F_PKT_OUT) == direction &&
		     memmem(p->data, p->cap_len, data, strlen(data));
	}
	return n;
}

FIXTURE(exclude)
{
	struct stream s, other;
	struct place here, there;
	int fd;
};

FIXTURE_VARIANT(exclude)
{
	bool beside;		/* another session, which wants all */
};

FIXTURE_VARIANT_ADD(exclude, alone)
{
	.beside = false,
};

FIXTURE_VARIANT_ADD(exclude, beside)
{
	.beside = true,
};

FIXTURE_SETUP(exclude)
{
	char path[64];
	int ns;

	if (system("ip link show lo >/dev/null 2>&1") ||
	    system("nsenter -t $$ -n true"))
		SKIP(return, "no ip, or no nsenter");
	ASSERT_TRUE(place_open(&self->here));
	ASSERT_TRUE(place_open(&self->there));
	/* What the session is told of is in the first one. */
	snprintf(path, sizeof(path), "/proc/%d/ns/net", self->here.pid);
	ns = open(path, O_RDONLY);
	ASSERT_EQ(0, setns(ns, CLONE_NEWNET));
	close(ns);
}

FIXTURE_TEARDOWN(exclude)
{
	close(self->fd);
	stream_close(&self->s);
	if (variant->beside)
		stream_close(&self->other);
	place_close(&self->here);
	place_close(&self->there);
}

#define EXCLUDE()							\
	do {								\
		char commands[64];					\
									\
		ASSERT_LE(0, self->fd);					\
		snprintf(commands, sizeof(commands),			\
			 "exclude_socket %d\n", self->fd);		\
		if (variant->beside)					\
			ASSERT_EQ(0, stream_open(&self->other, NULL));	\
		ASSERT_EQ(0, stream_open(&self->s, commands));		\
	} while (0)

#define EXPECT_SEEN(who, out, in)					\
	do {								\
		char c = (who);						\
									\
		EXPECT_EQ(out, count(&self->s, c, HONE_F_PKT_OUT));	\
		EXPECT_EQ(in, count(&self->s, c, 0));			\
	} while (0)

/* Both ends in one namespace; in the other one somebody has the same. */
TEST_F(exclude, loopback)
{
	int other;

	self->fd = ends("127.0.0.1", 7101, "127.0.0.1", 7102);
	other = ends("127.0.0.1", 7103, "127.0.0.1", 7104);
	EXPECT_TRUE(sends(&self->here, "127.0.0.1", 7104, "127.0.0.1", 7103,
			  0));
	EXCLUDE();
	EXPECT_TRUE(sends(&self->here, "127.0.0.1", 7102, "127.0.0.1", 7101,
			  'a'));
	EXPECT_TRUE(say(self->fd, 'b'));
	EXPECT_TRUE(say(other, 'c'));
	EXPECT_TRUE(sends(&self->there, "127.0.0.1", 7101, "127.0.0.1", 7102,
			  0));
	EXPECT_TRUE(sends(&self->there, "127.0.0.1", 7102, "127.0.0.1", 7101,
			  'd'));
	EXPECT_TRUE(sends(&self->there, "127.0.0.1", 7101, "127.0.0.1", 7102,
			  'e'));
	stream_stop(&self->s);
	EXPECT_SEEN('a', 0, 0);
	EXPECT_SEEN('b', 0, 0);
	EXPECT_SEEN('c', 1, 1);
	EXPECT_SEEN('d', 1, 1);
	EXPECT_SEEN('e', 1, 1);
	close(other);
}

/* An end in each namespace; in a third one somebody has the same. */
TEST_F(exclude, far_end)
{
	struct place third;
	char args[128];

	snprintf(args, sizeof(args),
		 "link add v0 type veth peer name v1 netns %d",
		 self->there.pid);
	ASSERT_TRUE(place_open(&third));
	ASSERT_TRUE(set_up(self->here.pid, args));
	ASSERT_TRUE(set_up(self->here.pid, "addr add " HERE "/24 dev v0"));
	ASSERT_TRUE(set_up(self->here.pid, "link set v0 up"));
	ASSERT_TRUE(set_up(self->there.pid, "addr add " THERE "/24 dev v1"));
	ASSERT_TRUE(set_up(self->there.pid, "link set v1 up"));
	ASSERT_TRUE(set_up(third.pid, "link add d0 type dummy"));
	ASSERT_TRUE(set_up(third.pid, "addr add " HERE "/24 dev d0"));
	ASSERT_TRUE(set_up(third.pid, "link set d0 up"));
	self->fd = ends(HERE, 7101, THERE, 7102);
	EXPECT_TRUE(sends(&self->here, HERE, 7104, THERE, 7103, 0));
	EXCLUDE();
	EXPECT_TRUE(sends(&self->there, THERE, 7102, HERE, 7101, 'a'));
	EXPECT_TRUE(say(self->fd, 'b'));
	EXPECT_TRUE(sends(&self->there, THERE, 7103, HERE, 7104, 'c'));
	EXPECT_TRUE(sends(&third, HERE, 7101, THERE, 7102, 'd'));
	stream_stop(&self->s);
	EXPECT_SEEN('a', 0, 0);
	EXPECT_SEEN('b', 0, 0);
	EXPECT_SEEN('c', 1, 1);
	EXPECT_SEEN('d', 1, 0);
	place_close(&third);
}

TEST_HARNESS_MAIN
