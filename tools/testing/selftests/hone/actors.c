// SPDX-License-Identifier: GPL-2.0-only
/*
 * The records that tell who sent and who received, for sockets that two
 * processes share: each byte and datagram has its own.
 */
#define _GNU_SOURCE
#include "stream.h"
#include "uring.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"

FIXTURE(actors)
{
	struct stream s;
};

FIXTURE_SETUP(actors)
{
	ASSERT_EQ(0, stream_open(&self->s, NULL));
}

FIXTURE_TEARDOWN(actors)
{
	stream_close(&self->s);
}

/* A connected pair: [0] connected, [1] accepted; cookies with them. */
static int tcp_pair(int fd[2], uint64_t cookie[2])
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (void *)&at, sizeof(at)) || listen(listener, 1) ||
	    getsockname(listener, (void *)&at, &len))
		return -1;
	fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd[0], (void *)&at, sizeof(at)))
		return -1;
	fd[1] = accept(listener, NULL, NULL);
	close(listener);
	cookie[0] = cookie_of(fd[0]);
	cookie[1] = cookie_of(fd[1]);
	return fd[1] < 0 ? -1 : 0;
}

/* Pins the caller to CPU 0, or to the last one. */
static void move_to(bool last)
{
	int n = last ? sysconf(_SC_NPROCESSORS_ONLN) - 1 : 0;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(n, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		_exit(1);
}

/* Runs @fn in a child; its process id when it has ended. */
static pid_t in_child(void (*fn)(int fd), int fd)
{
	pid_t pid = fork();

	if (!pid) {
		fn(fd);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return pid;
}

static void write_four(int fd)
{
	if (write(fd, "four", 4) != 4)
		_exit(1);
}

static void read_four(int fd)
{
	char data[4];

	if (recv(fd, data, sizeof(data), MSG_WAITALL) != 4)
		_exit(1);
}

/* The nth actor record of a type and cookie, in the order of time. */
static const struct hone_actor *nth_actor(struct stream *s, int type,
					  uint64_t cookie, int n)
{
	const struct hone_actor *found = NULL, *a;
	const struct hone_rec *rec;
	uint64_t after = 0;
	int cpu;

	for (; n >= 0; n--) {
		found = NULL;
		cpu = 0;
		rec = NULL;
		while ((rec = stream_step(s, &cpu, rec))) {
			a = (const void *)rec;
			if (rec->type != type || a->cookie != cookie ||
			    rec->time <= after)
				continue;
			if (!found || rec->time < found->rec.time)
				found = a;
		}
		if (!found)
			return NULL;
		after = found->rec.time;
	}
	return found;
}

static const struct hone_sock_rec *find_sock(struct stream *s, uint64_t cookie,
					     int event)
{
	const struct hone_sock_rec *r;
	const struct hone_rec *rec = NULL;
	int cpu = 0;

	while ((rec = stream_step(s, &cpu, rec))) {
		r = (const void *)rec;
		if (rec->type == HONE_REC_SOCK && r->cookie == cookie &&
		    r->event == event)
			return r;
	}
	return NULL;
}

/* The nth packet that a socket has sent, or got, and that ends with @end. */
static const struct hone_packet *nth_packet(struct stream *s, uint64_t cookie,
					    int out, const char *end, int n)
{
	const struct hone_rec *rec = NULL;
	const struct hone_packet *p;
	int cpu = 0;

	while ((rec = stream_step(s, &cpu, rec))) {
		p = (const void *)rec;
		if (rec->type == HONE_REC_PACKET && p->cookie == cookie &&
		    (rec->flags & HONE_F_PKT_OUT) == out && p->cap_len > 40 &&
		    !memcmp(p->data + p->cap_len - 4, end, 4) && !n--)
			return p;
	}
	return NULL;
}

/* Sequence number of a segment over IPv4. */
static uint32_t seq_of(const struct hone_packet *p)
{
	uint32_t seq;

	memcpy(&seq, p->data + 20 + 4, sizeof(seq));
	return ntohl(seq);
}

/* Two write; the first has opened the socket. Returns the second's process. */
static pid_t write_in_turn(struct __test_metadata *_metadata, uint64_t *cookie)
{
	uint64_t cookies[2];
	int fd[2];
	pid_t child;

	ASSERT_EQ(0, tcp_pair(fd, cookies));
	write_four(fd[0]);
	write_four(fd[0]);
	child = in_child(write_four, fd[0]);
	close(fd[0]);
	close(fd[1]);
	*cookie = cookies[0];
	return child;
}

/* Who opens a socket is told as its writer, so that only others are told of. */
TEST_F(actors, tcp_writers)
{
	const struct hone_sock_rec *open;
	const struct hone_packet *first;
	const struct hone_actor *a;
	uint64_t cookie;
	pid_t child;

	/* So that the first in the stream is the first. */
	move_to(false);
	child = write_in_turn(_metadata, &cookie);
	stream_stop(&self->s);

	open = find_sock(&self->s, cookie, HONE_SOCK_OPEN);
	ASSERT_NE(NULL, open);
	EXPECT_TRUE(open->rec.flags & HONE_F_SOCK_WRITES);
	EXPECT_EQ(getpid(), open->actor_tgid);
	EXPECT_EQ(getpid(), open->actor_tid);
	first = nth_packet(&self->s, cookie, HONE_F_PKT_OUT, "four", 0);
	ASSERT_NE(NULL, first);
	a = nth_actor(&self->s, HONE_REC_TCP_WRITE, cookie, 0);
	ASSERT_NE(NULL, a);
	EXPECT_EQ(child, a->tgid);
	EXPECT_NE(open->actor, a->id);
	EXPECT_EQ(seq_of(first) + 8, a->from);
	/* And who closes it, if that is the first. */
	EXPECT_EQ(NULL, nth_actor(&self->s, HONE_REC_TCP_WRITE, cookie, 2));
}

/* Of several sessions each is told of all. */
TEST_F(actors, tcp_writers_beside)
{
	const struct hone_sock_rec *open;
	const struct hone_actor *a, *b;
	struct stream s;
	uint64_t cookie;
	pid_t child;

	ASSERT_EQ(0, stream_open(&s, ""));
	child = write_in_turn(_metadata, &cookie);
	stream_stop(&s);
	stream_stop(&self->s);

	open = find_sock(&s, cookie, HONE_SOCK_OPEN);
	ASSERT_NE(NULL, open);
	EXPECT_FALSE(open->rec.flags & HONE_F_SOCK_WRITES);
	/* The first is of the SYN. */
	a = nth_actor(&s, HONE_REC_TCP_WRITE, cookie, 0);
	ASSERT_NE(NULL, a);
	EXPECT_EQ(getpid(), a->tgid);
	EXPECT_EQ(getpid(), a->tid);
	b = nth_actor(&s, HONE_REC_TCP_WRITE, cookie, 1);
	ASSERT_NE(NULL, b);
	EXPECT_EQ(child, b->tgid);
	EXPECT_EQ(8, b->from - a->from);
	EXPECT_NE(NULL, nth_actor(&self->s, HONE_REC_TCP_WRITE, cookie, 1));
	stream_close(&s);
}

/* A session that comes later does not know what was told before. */
TEST_F(actors, tcp_writers_later)
{
	const struct hone_actor *a;
	uint64_t cookie[2];
	struct stream s;
	int fd[2];

	ASSERT_EQ(0, tcp_pair(fd, cookie));
	ASSERT_EQ(0, stream_open(&s, ""));
	write_four(fd[0]);
	stream_stop(&s);
	a = nth_actor(&s, HONE_REC_TCP_WRITE, cookie[0], 0);
	ASSERT_NE(NULL, a);
	EXPECT_EQ(getpid(), a->tgid);
	close(fd[0]);
	close(fd[1]);
	stream_close(&s);
}

/* The first packet with data that a socket has sent since @after. */
static const struct hone_packet *sent_since(struct stream *s, uint64_t cookie,
					    uint64_t after)
{
	const struct hone_rec *rec = NULL;
	const struct hone_packet *p;
	int cpu = 0;

	while ((rec = stream_step(s, &cpu, rec))) {
		p = (const void *)rec;
		if (rec->type == HONE_REC_PACKET && p->cookie == cookie &&
		    rec->flags & HONE_F_PKT_OUT && rec->time > after &&
		    p->wire_len > 20 + 32)
			return p;
	}
	return NULL;
}

/*
 * That another writes is lost: of what leaves from then on nobody is to say that
 * who wrote before has written it, until it is told who writes.
 */
static void writer_lost(struct __test_metadata *_metadata, struct stream *lossy,
			struct stream *s)
{
	const struct hone_packet *p;
	const struct hone_actor *a;
	static char much[150000 + 4];
	int fd[2], n = 0, room = sizeof(much);
	uint64_t cookie[2], then;
	struct timespec ts;

	move_to(false);
	ASSERT_EQ(0, tcp_pair(fd, cookie));
	ASSERT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &room,
				sizeof(room)));
	/* More than the other end takes; the rest waits in the socket. */
	ASSERT_EQ(150000, write(fd[0], much, 150000));
	ASSERT_EQ(0, stream_command(lossy, "freeze\n"));
	ASSERT_LT(0, in_child(write_four, fd[0]));
	ASSERT_EQ(0, stream_command(lossy, "thaw\n"));
	clock_gettime(CLOCK_BOOTTIME, &ts);
	then = ts.tv_sec * 1000000000ULL + ts.tv_nsec;
	/* Now that leaves, and what was written since. */
	ASSERT_EQ(sizeof(much), recv(fd[1], much, sizeof(much), MSG_WAITALL));
	EXPECT_EQ(0, memcmp(much + 150000, "four", 4));
	write_four(fd[0]);
	stream_stop(s);

	p = sent_since(s, cookie[0], then);
	ASSERT_NE(NULL, p);
	EXPECT_TRUE(p->rec.flags & HONE_F_PKT_UNTOLD);
	do
		a = nth_actor(s, HONE_REC_TCP_WRITE, cookie[0], n++);
	while (a && a->rec.time < then);
	ASSERT_NE(NULL, a);
	/* It is who was told of last, and is told again. */
	EXPECT_EQ(getpid(), a->tgid);
	EXPECT_TRUE(a->rec.flags & HONE_F_ACTOR_UNTOLD);
	EXPECT_LT(p->rec.time, a->rec.time);
	p = sent_since(s, cookie[0], a->rec.time);
	ASSERT_NE(NULL, p);
	EXPECT_FALSE(p->rec.flags & HONE_F_PKT_UNTOLD);
	close(fd[0]);
	close(fd[1]);
}

TEST_F(actors, writer_lost)
{
	writer_lost(_metadata, &self->s, &self->s);
}

/* Who has lost nothing is told so too: it is the socket that does not know. */
TEST_F(actors, writer_lost_beside)
{
	struct stream s;

	ASSERT_EQ(0, stream_open(&s, ""));
	writer_lost(_metadata, &self->s, &s);
	stream_close(&s);
}

/* When nobody captures nobody knows who writes: what was lost before is over. */
TEST_F(actors, writer_lost_before)
{
	const struct hone_actor *a;
	uint64_t cookie[2];
	int fd[2];

	ASSERT_EQ(0, tcp_pair(fd, cookie));
	ASSERT_EQ(0, stream_command(&self->s, "freeze\n"));
	ASSERT_LT(0, in_child(write_four, fd[0]));
	stream_close(&self->s);
	ASSERT_EQ(0, stream_open(&self->s, NULL));
	write_four(fd[0]);
	stream_stop(&self->s);
	a = nth_actor(&self->s, HONE_REC_TCP_WRITE, cookie[0], 0);
	ASSERT_NE(NULL, a);
	EXPECT_EQ(getpid(), a->tgid);
	EXPECT_FALSE(a->rec.flags & HONE_F_ACTOR_UNTOLD);
	close(fd[0]);
	close(fd[1]);
}

/* Begins a session, so that all is told anew, and lets another write. */
static void write_anew(struct __test_metadata *_metadata, int fd, bool other)
{
	struct stream s;
	pid_t child = 0;

	ASSERT_EQ(0, stream_open(&s, ""));
	if (other)
		child = in_child(write_four, fd);
	else
		write_four(fd);
	EXPECT_LE(0, child);
	stream_close(&s);
}

/* That several write is known though all was told anew between their turns. */
TEST_F(actors, shared_since_before)
{
	const struct hone_sock_rec *r, *last = NULL;
	const struct hone_rec *rec = NULL;
	uint64_t cookie[2];
	int fd[2], file = 0, n = 0;

	ASSERT_EQ(0, tcp_pair(fd, cookie));
	write_four(fd[0]);
	write_anew(_metadata, fd[0], false);
	write_anew(_metadata, fd[0], true);
	write_anew(_metadata, fd[0], true);
	stream_stop(&self->s);
	while ((rec = stream_step(&self->s, &file, rec))) {
		r = (const void *)rec;
		if (rec->type != HONE_REC_SOCK || r->cookie != cookie[0] ||
		    r->event != HONE_SOCK_ANNOUNCE)
			continue;
		/* The first two come before anybody else writes. */
		n += !(rec->flags & HONE_F_SOCK_SHARED);
		if (!last || rec->time > last->rec.time)
			last = r;
	}
	ASSERT_NE(NULL, last);
	EXPECT_EQ(2, n);
	EXPECT_TRUE(last->rec.flags & HONE_F_SOCK_SHARED);
	close(fd[0]);
	close(fd[1]);
}

/* What is out of the ring has records for who reads it. */
TEST_F(actors, tcp_readers)
{
	const struct hone_actor *a, *b, *c;
	uint64_t cookie[2];
	char data[4];
	int fd[2], i;
	pid_t child;

	ASSERT_EQ(0, tcp_pair(fd, cookie));
	for (i = 0; i < 3; i++)
		write_four(fd[0]);
	stream_read(&self->s);
	/* A peek is no receipt. */
	ASSERT_EQ(4, recv(fd[1], data, 4, MSG_PEEK));
	read_four(fd[1]);
	child = in_child(read_four, fd[1]);
	ASSERT_EQ(4, recv(fd[1], data, 4, MSG_PEEK));
	read_four(fd[1]);
	stream_stop(&self->s);

	a = nth_actor(&self->s, HONE_REC_TCP_READ, cookie[1], 0);
	b = nth_actor(&self->s, HONE_REC_TCP_READ, cookie[1], 1);
	c = nth_actor(&self->s, HONE_REC_TCP_READ, cookie[1], 2);
	ASSERT_NE(NULL, a);
	ASSERT_NE(NULL, b);
	ASSERT_NE(NULL, c);
	EXPECT_EQ(getpid(), a->tgid);
	EXPECT_EQ(4, a->to - a->from);
	EXPECT_EQ(child, b->tgid);
	EXPECT_EQ(a->to, b->from);
	EXPECT_EQ(4, b->to - b->from);
	EXPECT_EQ(getpid(), c->tgid);
	EXPECT_EQ(b->to, c->from);
	EXPECT_EQ(NULL, nth_actor(&self->s, HONE_REC_TCP_READ, cookie[1], 3));
	close(fd[0]);
	close(fd[1]);
}

/* Which socket got a packet: it says so, or has a record of that. */
static bool deliver_of(struct stream *s, const struct hone_packet *p,
		       uint64_t *cookie, uint32_t *key)
{
	const struct hone_deliver *d;
	const struct hone_rec *rec;

	*cookie = p->cookie;
	*key = p->cause;
	if (p->rec.flags & HONE_F_PKT_DELIVERED)
		return true;

	for (rec = stream_next(s, p->rec.cpu, &p->rec); rec;
	     rec = stream_next(s, p->rec.cpu, rec)) {
		d = (const void *)rec;
		if (rec->type != HONE_REC_DELIVER || d->pkt != p->pkt)
			continue;
		*cookie = d->cookie;
		*key = d->key;
		return true;
	}
	return false;
}

TEST_F(actors, datagrams)
{
	const struct hone_packet *p;
	const struct hone_actor *c;
	const struct hone_rec *rec = NULL;
	int from, to, cpu = 0, sent = 0, got = 0, peeks;
	struct sockaddr_in at, unused;
	uint64_t cookie[2], socket;
	uint32_t key;
	char data[4];
	pid_t reader;

	/* So that they are in the stream as they are in time. */
	move_to(false);
	from = udp_socket(&unused);
	to = udp_socket(&at);
	ASSERT_GE(from, 0);
	ASSERT_GE(to, 0);
	cookie[0] = cookie_of(from);
	cookie[1] = cookie_of(to);
	ASSERT_EQ(0, connect(from, (void *)&at, sizeof(at)));
	write_four(from);
	write_four(from);
	stream_read(&self->s);
	ASSERT_EQ(4, recv(to, data, 4, MSG_PEEK));
	ASSERT_EQ(4, recv(to, data, 4, 0));
	reader = in_child(read_four, to);
	stream_stop(&self->s);

	for (peeks = 0; nth_actor(&self->s, HONE_REC_CONSUME, cookie[1],
				  peeks); peeks++)
		;
	EXPECT_EQ(2, peeks);
	while ((rec = stream_step(&self->s, &cpu, rec))) {
		p = (const void *)rec;
		if (rec->type != HONE_REC_PACKET || p->cap_len < 28 ||
		    p->data[9] != IPPROTO_UDP)
			continue;
		if (rec->flags & HONE_F_PKT_OUT) {
			if (p->cookie != cookie[0])
				continue;
			/* Sending is synchronous. */
			EXPECT_EQ(HONE_Q_EXACT, p->quality);
			EXPECT_EQ(getpid(), p->tgid);
			EXPECT_EQ(getpid(), p->tid);
			EXPECT_EQ(32, p->wire_len);
			EXPECT_EQ(32, p->cap_len);
			EXPECT_EQ(1, p->ifindex);
			EXPECT_EQ(0, memcmp(p->data + 28, "four", 4));
			sent++;
			continue;
		}
		if (!deliver_of(&self->s, p, &socket, &key) ||
		    socket != cookie[1])
			continue;
		/* It was told of when it was made, and nobody has read. */
		EXPECT_TRUE(p->rec.flags & HONE_F_PKT_DELIVERED);
		EXPECT_EQ(getpid(), (int)p->tgid);
		c = nth_actor(&self->s, HONE_REC_CONSUME, cookie[1], got);
		ASSERT_NE(NULL, c);
		EXPECT_EQ(c->key, key);
		EXPECT_EQ(got ? reader : getpid(), (int)c->tgid);
		got++;
	}
	EXPECT_EQ(2, sent);
	EXPECT_EQ(2, got);
	close(from);
	close(to);
}

#define TURNS	100
#define QUEUED	10
#define RAW_PROTOCOL	253	/* for experiments, RFC 3692 */

static int count_actors(struct stream *s, int type, uint64_t cookie)
{
	int n = 0;

	while (nth_actor(s, type, cookie, n))
		n++;
	return n;
}

/* Received packets of a socket whose own record says who has read them. */
static int count_taken(struct __test_metadata *_metadata, struct stream *s,
		       uint64_t cookie)
{
	const struct hone_packet *p;
	const struct hone_rec *rec = NULL;
	int cpu = 0, n = 0;

	while ((rec = stream_step(s, &cpu, rec))) {
		p = (const void *)rec;
		if (rec->type != HONE_REC_PACKET || p->cookie != cookie ||
		    !(rec->flags & HONE_F_PKT_TAKEN))
			continue;
		EXPECT_FALSE(rec->flags & HONE_F_PKT_OUT);
		EXPECT_EQ(HONE_Q_EXACT, p->quality);
		EXPECT_EQ(getpid(), (int)p->tgid);
		EXPECT_EQ(getpid(), (int)p->tid);
		EXPECT_EQ(p->owner, p->actor);
		n++;
	}
	return n;
}

/*
 * What is read before the CPU records anything else needs no record of its own:
 * in each turn there is either. Now and then something comes in between.
 */
TEST_F(actors, taken)
{
	struct sockaddr_in at, unused;
	int from, to, fd[2], i, taken;
	uint64_t cookie[2], socket;

	move_to(false);
	from = udp_socket(&unused);
	to = udp_socket(&at);
	ASSERT_EQ(0, connect(from, (void *)&at, sizeof(at)));
	socket = cookie_of(to);
	ASSERT_EQ(0, tcp_pair(fd, cookie));
	for (i = 0; i < TURNS; i++) {
		write_four(from);
		read_four(to);
		write_four(fd[0]);
		read_four(fd[1]);
	}
	/* Half of a segment, and the other half. */
	ASSERT_EQ(8, write(fd[0], "two four", 8));
	read_four(fd[1]);
	read_four(fd[1]);
	stream_stop(&self->s);

	taken = count_taken(_metadata, &self->s, socket);
	EXPECT_LT(TURNS / 2, taken);
	EXPECT_EQ(TURNS, taken + count_actors(&self->s, HONE_REC_CONSUME,
					      socket));
	taken = count_taken(_metadata, &self->s, cookie[1]);
	EXPECT_LT(TURNS / 2, taken);
	EXPECT_EQ(TURNS + 2, taken + count_actors(&self->s, HONE_REC_TCP_READ,
						  cookie[1]));
	close(from);
	close(to);
	close(fd[0]);
	close(fd[1]);
}

/*
 * What lies in a queue has a record that nobody has read yet, as a rule: it says
 * who takes it, though others have been written since.
 */
TEST_F(actors, queued)
{
	struct sockaddr_in at, unused;
	int from, to, fd[2], i, n, taken;
	uint64_t cookie[2], socket;
	char data[4 * QUEUED];

	move_to(false);
	from = udp_socket(&unused);
	to = udp_socket(&at);
	ASSERT_EQ(0, connect(from, (void *)&at, sizeof(at)));
	socket = cookie_of(to);
	ASSERT_EQ(0, tcp_pair(fd, cookie));
	ASSERT_EQ(0, setsockopt(fd[0], IPPROTO_TCP, TCP_NODELAY, &(int){ 1 },
				sizeof(int)));
	for (n = 0; n < TURNS / QUEUED; n++) {
		for (i = 0; i < QUEUED; i++) {
			write_four(from);
			write_four(fd[0]);
		}
		for (i = 0; i < QUEUED; i++)
			read_four(to);
		/* All the segments at once, but half of the last one. */
		ASSERT_EQ(sizeof(data) - 2,
			  recv(fd[1], data, sizeof(data) - 2, MSG_WAITALL));
		ASSERT_EQ(2, recv(fd[1], data, 2, MSG_WAITALL));
	}
	stream_stop(&self->s);

	n *= QUEUED;
	taken = count_taken(_metadata, &self->s, socket);
	EXPECT_LT(n / 2, taken);
	EXPECT_EQ(n, taken + count_actors(&self->s, HONE_REC_CONSUME, socket));
	taken = count_taken(_metadata, &self->s, cookie[1]);
	EXPECT_LT(n / 2, taken);
	/* Of the last one two halves are told of by themselves. */
	EXPECT_GE(n / QUEUED * (QUEUED - 1), taken);
	EXPECT_LE(n / QUEUED * 2, count_actors(&self->s, HONE_REC_TCP_READ,
					       cookie[1]));
	EXPECT_GT(n, count_actors(&self->s, HONE_REC_TCP_READ, cookie[1]));
	close(from);
	close(to);
	close(fd[0]);
	close(fd[1]);
}

/*
 * What another CPU has received says nothing of it, and what another CPU has told
 * of is not said of the next one that lies where it has lain.
 */
TEST_F(actors, queued_elsewhere)
{
	struct sockaddr_in at, unused;
	int from, to, i, taken;
	uint64_t socket;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "there is one CPU");
	from = udp_socket(&unused);
	to = udp_socket(&at);
	ASSERT_EQ(0, connect(from, (void *)&at, sizeof(at)));
	socket = cookie_of(to);
	for (i = 0; i < TURNS; i++) {
		move_to(i & 1);
		write_four(from);
		move_to(i & 2);
		read_four(to);
	}
	stream_stop(&self->s);

	/* Every other one where it came, on the CPU that took the one before, too. */
	taken = count_taken(_metadata, &self->s, socket);
	EXPECT_LT(0, taken);
	EXPECT_GE(TURNS / 2, taken);
	EXPECT_EQ(TURNS, taken + count_actors(&self->s, HONE_REC_CONSUME,
					      socket));
	close(from);
	close(to);
}

#define LARGE	4000

/* What never came to the queue was read by nobody, whoever gets its memory. */
TEST_F(actors, dropped)
{
	const struct hone_rec *rec = NULL;
	const struct hone_packet *p;
	struct sockaddr_in at, unused;
	int from, to, i, cpu = 0, got = 0, taken;
	char data[8], large[LARGE] = "large";
	uint64_t socket;

	move_to(false);
	from = udp_socket(&unused);
	to = udp_socket(&at);
	ASSERT_EQ(0, connect(from, (void *)&at, sizeof(at)));
	/* The kernel makes it the least there is, which a large one fills. */
	ASSERT_EQ(0, setsockopt(to, SOL_SOCKET, SO_RCVBUF, &(int){ 1 },
				sizeof(int)));
	socket = cookie_of(to);
	for (i = 0; i < TURNS; i++) {
		ASSERT_EQ(0, setsockopt(from, SOL_UDP, UDP_SEGMENT, &(int){ 0 },
					sizeof(int)));
		/* Of this one its own record says who has read it. */
		write_four(from);
		read_four(to);
		ASSERT_EQ(LARGE, write(from, large, LARGE));
		ASSERT_EQ(4, write(from, "Drop", 4));
		ASSERT_EQ(8, recv(to, data, sizeof(data), 0));
		ASSERT_EQ('l', data[0]);
		ASSERT_EQ(0, setsockopt(from, SOL_UDP, UDP_SEGMENT, &(int){ 4 },
					sizeof(int)));
		ASSERT_EQ(8, write(from, "fourfour", 8));
		ASSERT_EQ(4, recv(to, data, sizeof(data), 0));
		ASSERT_EQ('f', data[0]);
		ASSERT_EQ(4, recv(to, data, sizeof(data), 0));
	}
	stream_stop(&self->s);

	taken = count_taken(_metadata, &self->s, socket);
	EXPECT_LT(0, taken);
	while ((rec = stream_step(&self->s, &cpu, rec))) {
		p = (const void *)rec;
		if (rec->type != HONE_REC_PACKET || p->cookie != socket ||
		    rec->flags & HONE_F_PKT_OUT || p->cap_len < 29 ||
		    p->data[28] != 'D')
			continue;
		EXPECT_FALSE(rec->flags & HONE_F_PKT_TAKEN);
		got++;
	}
	EXPECT_EQ(TURNS, got);
	close(from);
	close(to);
}

static uint32_t sum_of(const uint8_t *p, int len, uint32_t sum)
{
	int i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? p[i] : p[i] << 8;
	return sum;
}

/*
 * Sends a segment again as it was, whole, of IPv4, but with @more behind it, and a
 * checksum.
 */
static bool send_again(int raw, const struct hone_packet *p, const char *more)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int head = (p->data[0] & 15) * 4, len = p->cap_len;
	uint8_t data[256], *tcp = data + head;
	uint32_t sum;

	if (len + strlen(more) > sizeof(data))
		return false;
	memcpy(data, p->data, len);
	memcpy(data + len, more, strlen(more));
	len += strlen(more);
	tcp[16] = 0;
	tcp[17] = 0;
	sum = sum_of(data + 12, 8, IPPROTO_TCP + len - head);
	sum = sum_of(tcp, len - head, sum);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16));
	tcp[16] = sum >> 8;
	tcp[17] = sum;
	return sendto(raw, data, len, 0, (void *)&at, sizeof(at)) == len;
}

/* One end writes "four", and somebody sends that again, with more. */
static void write_again(struct __test_metadata *_metadata, struct stream *s,
			int fd, uint64_t cookie, const char *more)
{
	const struct hone_packet *p;
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

	ASSERT_GE(raw, 0);
	write_four(fd);
	stream_read(s);
	p = nth_packet(s, cookie, HONE_F_PKT_OUT, "four", 0);
	ASSERT_NE(NULL, p);
	ASSERT_TRUE(send_again(raw, p, more));
	close(raw);
}

/*
 * A segment comes again, and TCP wants it no more: not this one was read, but the
 * one before, which somebody has looked at by now.
 */
TEST_F(actors, refused_segment)
{
	const struct hone_packet *first, *again;
	const struct hone_actor *a;
	uint64_t cookie[2];
	int fd[2];

	move_to(false);
	ASSERT_EQ(0, tcp_pair(fd, cookie));
	write_again(_metadata, &self->s, fd[0], cookie[0], "");
	read_four(fd[1]);
	stream_stop(&self->s);

	first = nth_packet(&self->s, cookie[1], 0, "four", 0);
	again = nth_packet(&self->s, cookie[1], 0, "four", 1);
	ASSERT_NE(NULL, first);
	ASSERT_NE(NULL, again);
	EXPECT_FALSE(first->rec.flags & HONE_F_PKT_TAKEN);
	EXPECT_FALSE(again->rec.flags & HONE_F_PKT_TAKEN);
	a = nth_actor(&self->s, HONE_REC_TCP_READ, cookie[1], 0);
	ASSERT_NE(NULL, a);
	EXPECT_EQ(4, a->to - a->from);
	close(fd[0]);
	close(fd[1]);
}

/* It comes again with more behind it, which TCP takes: two packets were read. */
TEST_F(actors, overlapping_segment)
{
	const struct hone_packet *first, *again;
	uint64_t cookie[2];
	char data[8];
	int fd[2];

	move_to(false);
	ASSERT_EQ(0, tcp_pair(fd, cookie));
	write_again(_metadata, &self->s, fd[0], cookie[0], "five");
	ASSERT_EQ(8, recv(fd[1], data, sizeof(data), MSG_WAITALL));
	EXPECT_EQ(0, memcmp(data, "fourfive", 8));
	stream_stop(&self->s);

	first = nth_packet(&self->s, cookie[1], 0, "four", 0);
	again = nth_packet(&self->s, cookie[1], 0, "five", 0);
	ASSERT_NE(NULL, first);
	ASSERT_NE(NULL, again);
	EXPECT_FALSE(again->rec.flags & HONE_F_PKT_TAKEN);
	close(fd[0]);
	close(fd[1]);
}

/* What was not read of a connection is not read with the next one's bytes. */
TEST_F(actors, disconnected)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct sockaddr_in at = { .sin_family = AF_INET };
	const struct hone_actor *a, *last = NULL;
	const struct hone_packet *unread, *p;
	socklen_t len = sizeof(at);
	uint64_t cookie[2];
	int fd[2], n, next, listener = socket(AF_INET, SOCK_STREAM, 0);

	move_to(false);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ASSERT_EQ(0, bind(listener, (void *)&at, sizeof(at)));
	ASSERT_EQ(0, listen(listener, 1));
	ASSERT_EQ(0, getsockname(listener, (void *)&at, &len));
	ASSERT_EQ(0, tcp_pair(fd, cookie));
	write_four(fd[1]);
	read_four(fd[0]);
	ASSERT_EQ(4, write(fd[1], "left", 4));
	ASSERT_EQ(0, connect(fd[0], &none, sizeof(none)));
	ASSERT_EQ(0, connect(fd[0], (void *)&at, sizeof(at)));
	next = accept(listener, NULL, NULL);
	ASSERT_GE(next, 0);
	ASSERT_EQ(4, write(next, "more", 4));
	read_four(fd[0]);
	write_four(fd[0]);
	stream_stop(&self->s);

	unread = nth_packet(&self->s, cookie[0], 0, "left", 0);
	ASSERT_NE(NULL, unread);
	EXPECT_FALSE(unread->rec.flags & HONE_F_PKT_TAKEN);
	p = nth_packet(&self->s, cookie[0], 0, "more", 0);
	ASSERT_NE(NULL, p);
	/* Who writes the bytes of the new connection is told, too. */
	a = nth_actor(&self->s, HONE_REC_TCP_WRITE, cookie[0], 0);
	ASSERT_NE(NULL, a);
	EXPECT_GT(a->rec.time, unread->rec.time);
	EXPECT_LT(a->rec.time, p->rec.time);
	for (n = 0; (a = nth_actor(&self->s, HONE_REC_TCP_READ, cookie[0], n)); n++)
		last = a;
	/* Either says that it was read, and nothing else. */
	EXPECT_TRUE(p->rec.flags & HONE_F_PKT_TAKEN ||
		    (last && last->rec.time > p->rec.time &&
		     last->to - last->from == 4));
	close(next);
	close(listener);
	close(fd[0]);
	close(fd[1]);
}

/*
 * A raw socket gets a clone, which is made after the packet was recorded: that
 * it was delivered, with the clone's key, has a record and a time of its own.
 */
TEST_F(actors, clone_is_delivered_later)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	const struct hone_deliver *d = NULL;
	const struct hone_packet *p;
	const struct hone_rec *rec = NULL;
	int fd, cpu = 0, got = 0;
	uint64_t cookie;
	char data[64];

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_RAW, RAW_PROTOCOL);
	ASSERT_GE(fd, 0);
	cookie = cookie_of(fd);
	ASSERT_EQ(4, sendto(fd, "four", 4, 0, (void *)&at, sizeof(at)));
	ASSERT_EQ(24, recv(fd, data, sizeof(data), 0));
	stream_stop(&self->s);

	while ((rec = stream_step(&self->s, &cpu, rec)))
		if (rec->type == HONE_REC_DELIVER &&
		    ((const struct hone_deliver *)rec)->cookie == cookie)
			d = (const void *)rec;
	ASSERT_NE(NULL, d);
	cpu = 0;
	while ((rec = stream_step(&self->s, &cpu, rec))) {
		p = (const void *)rec;
		if (rec->type != HONE_REC_PACKET || p->cap_len < 20 ||
		    p->data[9] != RAW_PROTOCOL || rec->flags & HONE_F_PKT_OUT)
			continue;
		EXPECT_FALSE(rec->flags & HONE_F_PKT_DELIVERED);
		EXPECT_EQ(rec->cpu, d->rec.cpu);
		EXPECT_EQ(p->pkt, d->pkt);
		EXPECT_LE(rec->time, d->rec.time);
		got++;
	}
	EXPECT_EQ(1, got);
	close(fd);
}

/* Is renamed elsewhere before it reads where the packet has come. */
static void read_renamed(int fd, int go)
{
	char byte;

	move_to(true);
	if (read(go, &byte, 1) != 1 || prctl(PR_SET_NAME, "renamed"))
		_exit(1);
	move_to(false);
	read_four(fd);
	_exit(0);
}

/* Packets that a socket has got, none of which says who has read it. */
static int count_untaken(struct __test_metadata *_metadata, struct stream *s,
			 uint64_t cookie, uint64_t before)
{
	const struct hone_rec *rec = NULL;
	const struct hone_packet *p;
	int cpu = 0, n = 0;

	while ((rec = stream_step(s, &cpu, rec))) {
		p = (const void *)rec;
		if (rec->type != HONE_REC_PACKET || p->cookie != cookie ||
		    rec->flags & HONE_F_PKT_OUT)
			continue;
		EXPECT_FALSE(rec->flags & HONE_F_PKT_TAKEN);
		EXPECT_LT(rec->time, before);
		n++;
	}
	return n;
}

static const struct hone_proc *find_proc(struct stream *s, pid_t pid, int event)
{
	const struct hone_proc *proc, *found = NULL;
	const struct hone_rec *rec = NULL;
	int cpu = 0;

	while ((rec = stream_step(s, &cpu, rec))) {
		proc = (const void *)rec;
		if (rec->type == HONE_REC_PROC && proc->tgid == (uint32_t)pid &&
		    proc->event == event)
			found = proc;
	}
	return found;
}

/* A packet comes, then @event happens to a child in @reader, which reads it. */
static void reads_after(struct __test_metadata *_metadata, struct stream *s,
			void (*reader)(int fd, int go), int event)
{
	const struct hone_proc *proc;
	const struct hone_actor *a;
	struct sockaddr_in at;
	int fd, go[2], status;
	uint64_t cookie;
	pid_t pid;

	fd = udp_socket(&at);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, pipe(go));
	cookie = cookie_of(fd);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		reader(fd, go[0]);
	move_to(false);
	ASSERT_EQ(4, sendto(fd, "four", 4, 0, (void *)&at, sizeof(at)));
	ASSERT_EQ(1, write(go[1], "", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	stream_stop(s);

	proc = find_proc(s, pid, event);
	ASSERT_NE(NULL, proc);
	a = nth_actor(s, HONE_REC_CONSUME, cookie, 0);
	ASSERT_NE(NULL, a);
	EXPECT_EQ(pid, (pid_t)a->tgid);
	EXPECT_EQ(proc->id, a->id);
	EXPECT_LT(proc->rec.time, a->rec.time);
	EXPECT_EQ(1, count_untaken(_metadata, s, cookie, proc->rec.time));
	close(go[0]);
	close(go[1]);
	close(fd);
}

/*
 * A packet's record stands where the packet came: it must not say who has read
 * it if that one had another name then.
 */
TEST_F(actors, renamed_after_packet)
{
	reads_after(_metadata, &self->s, read_renamed, HONE_PROC_COMM);
}

/* Becomes another program, which reads, when it is told to. */
static void read_as_another(int fd, int go)
{
	char c;

	move_to(false);
	if (read(go, &c, 1) != 1 || dup2(fd, 0) < 0)
		_exit(1);
	execlp("dd", "dd", "bs=4", "count=1", "of=/dev/null", NULL);
	_exit(1);
}

/* A packet that came before its reader's exec is not said to be the new image's. */
TEST_F(actors, exec_after_packet)
{
	reads_after(_metadata, &self->s, read_as_another, HONE_PROC_EXEC);
}

/* Nor that of a process that began later. */
TEST_F(actors, fork_after_packet)
{
	const struct hone_proc *proc;
	const struct hone_actor *a;
	struct sockaddr_in at;
	uint64_t cookie;
	pid_t pid;
	int fd;

	fd = udp_socket(&at);
	ASSERT_GE(fd, 0);
	cookie = cookie_of(fd);
	move_to(false);
	ASSERT_EQ(4, sendto(fd, "four", 4, 0, (void *)&at, sizeof(at)));
	pid = in_child(read_four, fd);
	stream_stop(&self->s);

	proc = find_proc(&self->s, pid, HONE_PROC_FORK);
	ASSERT_NE(NULL, proc);
	a = nth_actor(&self->s, HONE_REC_CONSUME, cookie, 0);
	ASSERT_NE(NULL, a);
	EXPECT_EQ(pid, (pid_t)a->tgid);
	EXPECT_EQ(1, count_untaken(_metadata, &self->s, cookie, proc->rec.time));
	close(fd);
}

/* Datagrams and segments, while a session is open whose filter wants none. */
static void rejected(struct __test_metadata *_metadata, struct stream *s)
{
	const struct hone_rec *rec = NULL;
	struct sockaddr_in at, unused;
	struct account a;
	int from, to, fd[2], i, cpu = 0;
	uint64_t cookie[2];

	ASSERT_EQ(0, stream_open(s, "filter 1,6 0 0 0\n"));
	from = udp_socket(&unused);
	to = udp_socket(&at);
	ASSERT_EQ(0, connect(from, (void *)&at, sizeof(at)));
	ASSERT_EQ(0, tcp_pair(fd, cookie));
	for (i = 0; i < TURNS; i++) {
		write_four(from);
		read_four(to);
		write_four(fd[0]);
		read_four(fd[1]);
	}
	stream_stop(s);

	while ((rec = stream_step(s, &cpu, rec))) {
		EXPECT_NE(HONE_REC_PACKET, rec->type);
		EXPECT_NE(HONE_REC_DELIVER, rec->type);
	}
	for (i = 0; i < HONE_KIND_MAX; i++) {
		ASSERT_TRUE(stream_account(s, -1, stream_kinds[i], &a));
		EXPECT_EQ(a.seen, a.filtered + a.written + a.lost);
		/* Both ends, and where each that came was delivered. */
		if (i == HONE_KIND_PACKET)
			EXPECT_LE(4 * TURNS, a.filtered);
		if (i == HONE_KIND_ACTOR)
			EXPECT_LE(2 * TURNS, a.filtered);
	}
	close(from);
	close(to);
	close(fd[0]);
	close(fd[1]);
	stream_close(s);
}

TEST_F(actors, rejected_alone)
{
	struct stream s;

	stream_stop(&self->s);
	rejected(_metadata, &s);
}

TEST_F(actors, rejected_beside)
{
	struct stream s;

	rejected(_metadata, &s);
}

TEST_F(actors, socket_life)
{
	const struct hone_sock_rec *open, *accept, *connect, *end;
	uint64_t cookie[2];
	int fd[2];

	ASSERT_EQ(0, tcp_pair(fd, cookie));
	close(fd[0]);
	close(fd[1]);
	stream_stop(&self->s);

	open = find_sock(&self->s, cookie[0], HONE_SOCK_OPEN);
	ASSERT_NE(NULL, open);
	EXPECT_EQ(getpid(), open->owner_tgid);
	EXPECT_EQ(getpid(), open->actor_tgid);
	EXPECT_EQ(IPPROTO_TCP, open->protocol);
	connect = find_sock(&self->s, cookie[0], HONE_SOCK_CONNECT);
	ASSERT_NE(NULL, connect);
	EXPECT_EQ(0, connect->error);
	accept = find_sock(&self->s, cookie[1], HONE_SOCK_ACCEPT);
	ASSERT_NE(NULL, accept);
	EXPECT_EQ(getpid(), accept->owner_tgid);
	EXPECT_EQ(connect->sport, accept->dport);
	EXPECT_EQ(connect->dport, accept->sport);
	end = find_sock(&self->s, cookie[0], HONE_SOCK_CLOSE);
	ASSERT_NE(NULL, end);
	EXPECT_EQ(getpid(), end->actor_tgid);
	EXPECT_LT(open->rec.time, end->rec.time);
}

static int count_socks(struct stream *s, uint64_t cookie, int event)
{
	const struct hone_sock_rec *r;
	const struct hone_rec *rec = NULL;
	int cpu = 0, n = 0;

	while ((rec = stream_step(s, &cpu, rec))) {
		r = (const void *)rec;
		n += rec->type == HONE_REC_SOCK && r->cookie == cookie &&
		     r->event == event;
	}
	return n;
}

/* Makes a connection, and ends it. */
static void live(struct __test_metadata *_metadata, struct stream *s,
		 uint64_t cookie[2])
{
	int fd[2];

	ASSERT_EQ(0, tcp_pair(fd, cookie));
	close(fd[0]);
	close(fd[1]);
	/* The last segments may come later. */
	while (!count_socks(s, cookie[0], HONE_SOCK_FREE) ||
	       !count_socks(s, cookie[1], HONE_SOCK_FREE))
		stream_read(s);
}

/* Is a session told of the life of its sockets, and of nothing else? */
static void only_life(struct __test_metadata *_metadata, struct stream *s,
		      const uint64_t cookie[2])
{
	static const int uses[] = {
		HONE_SOCK_BIND, HONE_SOCK_CONNECT, HONE_SOCK_CLOSE,
	};
	const struct hone_rec *rec = NULL;
	const struct hone_subbuf *head;
	const struct hone_sock_rec *r;
	unsigned int i;
	int cpu = 0;

	EXPECT_EQ(1, count_socks(s, cookie[0], HONE_SOCK_OPEN));
	/* The listener's owner has accepted: packets say whose it is. */
	EXPECT_EQ(0, count_socks(s, cookie[1], HONE_SOCK_ACCEPT));
	EXPECT_EQ(1, count_socks(s, cookie[0], HONE_SOCK_FREE));
	EXPECT_EQ(1, count_socks(s, cookie[1], HONE_SOCK_FREE));
	while ((rec = stream_step(s, &cpu, rec))) {
		r = (const void *)rec;
		head = (const void *)rec;
		for (i = 0; rec->type == HONE_REC_SOCK && i < ARRAY_SIZE(uses); i++)
			EXPECT_NE(uses[i], r->event);
		if (rec->type == HONE_REC_SUBBUF)
			EXPECT_TRUE(head->rec.flags & HONE_F_SUBBUF_LIFE);
	}
}

TEST_F(actors, life_alone)
{
	uint64_t cookie[2];
	struct stream s;

	stream_stop(&self->s);
	ASSERT_EQ(0, stream_open(&s, "sockets life\n"));
	live(_metadata, &s, cookie);
	stream_stop(&s);
	only_life(_metadata, &s, cookie);
	stream_close(&s);
}

/* Another session is told all the same. */
TEST_F(actors, life_beside)
{
	uint64_t cookie[2];
	struct stream s;

	ASSERT_EQ(0, stream_open(&s, "sockets life\n"));
	live(_metadata, &s, cookie);
	stream_stop(&s);
	stream_stop(&self->s);
	only_life(_metadata, &s, cookie);
	EXPECT_EQ(1, count_socks(&self->s, cookie[0], HONE_SOCK_OPEN));
	EXPECT_EQ(1, count_socks(&self->s, cookie[0], HONE_SOCK_CONNECT));
	EXPECT_EQ(1, count_socks(&self->s, cookie[1], HONE_SOCK_ACCEPT));
	EXPECT_EQ(1, count_socks(&self->s, cookie[1], HONE_SOCK_CLOSE));
	stream_close(&s);
}

static void accept_one(int listener)
{
	close(accept(listener, NULL, NULL));
}

/* Another than the listener's owner accepts, and that is told. */
TEST_F(actors, life_moved)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd, listener = socket(AF_INET, SOCK_STREAM, 0);
	const struct hone_sock_rec *accept;
	const struct hone_rec *rec = NULL;
	socklen_t len = sizeof(at);
	struct stream s;
	int cpu = 0;
	pid_t child;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ASSERT_EQ(0, bind(listener, (void *)&at, sizeof(at)));
	ASSERT_EQ(0, listen(listener, 1));
	ASSERT_EQ(0, getsockname(listener, (void *)&at, &len));
	stream_stop(&self->s);
	ASSERT_EQ(0, stream_open(&s, "sockets life\n"));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_EQ(0, connect(fd, (void *)&at, sizeof(at)));
	child = in_child(accept_one, listener);
	stream_stop(&s);
	while ((rec = stream_step(&s, &cpu, rec))) {
		accept = (const void *)rec;
		if (rec->type == HONE_REC_SOCK &&
		    accept->event == HONE_SOCK_ACCEPT)
			break;
	}
	ASSERT_NE(NULL, rec);
	EXPECT_EQ(child, accept->owner_tgid);
	close(fd);
	close(listener);
	stream_close(&s);
}

/* Connections of an MPTCP listener are sockets of their own. */
TEST_F(actors, mptcp_cookies)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	uint64_t cookie, before;
	int fd[2], i, listener;

	listener = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	if (listener < 0)
		SKIP(return, "no MPTCP");
	before = cookie_of(listener);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ASSERT_EQ(0, bind(listener, (void *)&at, sizeof(at)));
	ASSERT_EQ(0, listen(listener, 1));
	ASSERT_EQ(0, getsockname(listener, (void *)&at, &len));
	fd[0] = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	ASSERT_EQ(0, connect(fd[0], (void *)&at, sizeof(at)));
	fd[1] = accept(listener, NULL, NULL);
	ASSERT_GE(fd[1], 0);
	cookie = cookie_of(fd[1]);
	EXPECT_NE(before, cookie);
	EXPECT_EQ(before, cookie_of(listener));
	for (i = 0; i < 2; i++)
		close(fd[i]);
	close(listener);
}

/* What is told anew does not make one reader's bytes another's. */
TEST_F(actors, restart_keeps_readers)
{
	const struct hone_actor *a;
	uint64_t cookie[2];
	pid_t child;
	int fd[2];

	ASSERT_EQ(0, tcp_pair(fd, cookie));
	write_four(fd[0]);
	write_four(fd[0]);
	stream_read(&self->s);
	read_four(fd[1]);
	ASSERT_EQ(0, stream_command(&self->s, "restart\n"));
	child = in_child(read_four, fd[1]);
	stream_stop(&self->s);

	a = nth_actor(&self->s, HONE_REC_TCP_READ, cookie[1], 1);
	ASSERT_NE(NULL, a);
	EXPECT_EQ(child, a->tgid);
	EXPECT_EQ(4, a->to - a->from);
	close(fd[0]);
	close(fd[1]);
}

/* What was told of once is told of again, for whoever begins a new file. */
TEST_F(actors, restart_tells_again)
{
	struct sockaddr_in at;
	int i, fd = udp_socket(&at);
	uint64_t cookie = cookie_of(fd);

	for (i = 0; i < 6; i++) {
		if (i == 3)
			ASSERT_EQ(0, stream_command(&self->s, "restart\n"));
		ASSERT_EQ(1, sendto(fd, "x", 1, 0, (void *)&at, sizeof(at)));
	}
	stream_stop(&self->s);
	EXPECT_EQ(-EINVAL, stream_command(&self->s, "restart\n"));
	/* It was open when it was made: told of by its own record. */
	EXPECT_EQ(1, count_socks(&self->s, cookie, HONE_SOCK_OPEN));
	EXPECT_EQ(1, count_socks(&self->s, cookie, HONE_SOCK_ANNOUNCE));
	close(fd);
}

TEST_F(actors, refused)
{
	struct sockaddr_in at;
	const struct hone_sock_rec *r;
	uint64_t cookie;
	int fd;

	fd = udp_socket(&at);	/* a port that nobody listens on with TCP */
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	cookie = cookie_of(fd);
	EXPECT_EQ(-1, connect(fd, (void *)&at, sizeof(at)));
	EXPECT_EQ(ECONNREFUSED, errno);
	close(fd);
	stream_stop(&self->s);
	r = find_sock(&self->s, cookie, HONE_SOCK_CONNECT);
	ASSERT_NE(NULL, r);
	EXPECT_EQ(-ECONNREFUSED, r->error);
	EXPECT_EQ(getpid(), r->actor_tgid);
}

/* The same by io_uring, which does not come by the system call. */
TEST_F(actors, refused_uring)
{
	const struct hone_sock_rec *r;
	struct sockaddr_in at;
	struct uring u = { };
	uint64_t cookie;
	int fd;

	if (!uring_open(&u))
		SKIP(return, "no io_uring");
	fd = udp_socket(&at);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	cookie = cookie_of(fd);
	EXPECT_EQ(-ECONNREFUSED, uring_do(&u, IORING_OP_CONNECT, fd, &at, 0,
					  sizeof(at)));
	close(fd);
	close(u.fd);
	stream_stop(&self->s);
	r = find_sock(&self->s, cookie, HONE_SOCK_CONNECT);
	ASSERT_NE(NULL, r);
	EXPECT_EQ(getpid(), r->actor_tgid);
}

/* What is no socket has nothing to tell. */
TEST_F(actors, connect_to_file)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = open("/dev/null", O_RDWR);

	EXPECT_EQ(-1, connect(fd, (void *)&at, sizeof(at)));
	EXPECT_EQ(ENOTSOCK, errno);
	close(fd);
}

/* What fails without a packet is told, with who tried. */
TEST_F(actors, bind_conflict)
{
	const struct hone_sock_rec *r;
	struct sockaddr_in at;
	uint64_t cookie;
	int a, b;

	a = udp_socket(&at);
	b = socket(AF_INET, SOCK_DGRAM, 0);
	cookie = cookie_of(b);
	EXPECT_EQ(-1, bind(b, (void *)&at, sizeof(at)));
	EXPECT_EQ(EADDRINUSE, errno);
	close(a);
	close(b);
	stream_stop(&self->s);
	r = find_sock(&self->s, cookie, HONE_SOCK_BIND);
	ASSERT_NE(NULL, r);
	EXPECT_EQ(-EADDRINUSE, r->error);
	EXPECT_EQ(getpid(), r->actor_tgid);
}

/* The other end throws the connection away. */
TEST_F(actors, reset)
{
	struct linger now = { .l_onoff = 1 };
	const struct hone_sock_rec *r;
	uint64_t cookie[2];
	char byte;
	int fd[2];

	ASSERT_EQ(0, tcp_pair(fd, cookie));
	setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd[1]);
	EXPECT_EQ(-1, recv(fd[0], &byte, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
	close(fd[0]);
	stream_stop(&self->s);
	r = find_sock(&self->s, cookie[0], HONE_SOCK_ERROR);
	ASSERT_NE(NULL, r);
	EXPECT_EQ(-ECONNRESET, r->error);
	EXPECT_EQ(getpid(), r->owner_tgid);
}

/* Nobody accepts, and in the queue there is room for one. */
TEST_F(actors, listen_overflow)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd[8], i, listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(at);
	const struct hone_sock_rec *r;
	uint64_t cookie;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ASSERT_EQ(0, bind(listener, (void *)&at, sizeof(at)));
	ASSERT_EQ(0, listen(listener, 0));
	ASSERT_EQ(0, getsockname(listener, (void *)&at, &len));
	cookie = cookie_of(listener);
	for (i = 0; i < 8; i++) {
		fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		/* On loopback the SYN has arrived when this returns. */
		connect(fd[i], (void *)&at, sizeof(at));
	}
	stream_stop(&self->s);
	for (i = 0; i < 8; i++)
		close(fd[i]);
	close(listener);
	r = find_sock(&self->s, cookie, HONE_SOCK_OVERFLOW);
	ASSERT_NE(NULL, r);
	EXPECT_EQ(-ENOBUFS, r->error);
	EXPECT_EQ(getpid(), r->owner_tgid);
}

/* A process's records, and that its packet comes between birth and end. */
TEST_F(actors, process_life)
{
	const struct hone_proc *p, *fork_rec = NULL, *exec = NULL, *end = NULL;
	const struct hone_rec *rec = NULL;
	const char *argv;
	uint32_t len;
	int cpu = 0;
	pid_t pid;

	pid = fork();
	if (!pid) {
		execl("/bin/sh", "sh", "-c", "exit 7", NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	stream_stop(&self->s);

	while ((rec = stream_step(&self->s, &cpu, rec))) {
		p = (const void *)rec;
		if (rec->type != HONE_REC_PROC || p->tgid != (uint32_t)pid)
			continue;
		if (p->event == HONE_PROC_FORK)
			fork_rec = p;
		else if (p->event == HONE_PROC_EXEC)
			exec = p;
		else if (p->event == HONE_PROC_EXIT)
			end = p;
	}
	ASSERT_NE(NULL, fork_rec);
	ASSERT_NE(NULL, exec);
	ASSERT_NE(NULL, end);
	EXPECT_EQ(getpid(), fork_rec->ppid);
	EXPECT_EQ(fork_rec->id, exec->prev_id);
	EXPECT_NE(fork_rec->id, exec->id);
	EXPECT_EQ(exec->id, end->id);
	EXPECT_STREQ("sh", (const char *)exec->comm);
	argv = proc_attr(exec, HONE_ATTR_ARGV, &len);
	ASSERT_NE(NULL, argv);
	EXPECT_EQ(13, len);
	EXPECT_EQ(0, memcmp(argv, "sh\0-c\0exit 7", 13));
	EXPECT_EQ(7 << 8, end->exit_code);
	EXPECT_LE(fork_rec->rec.time, exec->rec.time);
	EXPECT_LE(exec->rec.time, end->rec.time);
	EXPECT_EQ(fork_rec->start, exec->start);
}

TEST_HARNESS_MAIN
