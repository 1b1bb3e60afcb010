// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel lets through when a session selects by process or socket:
 * all packets of who is wanted, sent and received, none of who is not, and an
 * account that says so. Each process talks to itself and puts a letter of its
 * own into all that it sends.
 */
#define _GNU_SOURCE
#include "stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/ip_icmp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"

#define MARK	"HonePickedThis"
#define CGROUPS	"/sys/fs/cgroup"
#define COPY	"/tmp/hone pick"	/* of this program */

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	printf("# %s: %s\n", what, strerror(errno));
	_exit(1);
}

static int bound(int type, struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, type, 0);

	memset(at, 0, sizeof(*at));
	at->sin_family = AF_INET;
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(!bind(fd, (void *)at, sizeof(*at)) &&
	     !getsockname(fd, (void *)at, &len), "bind");
	return fd;
}

static void letter(char *data, char who)
{
	snprintf(data, sizeof(MARK) + 1, MARK "%c", who);
}

/* A datagram to itself. */
static void talk_udp(char who)
{
	char data[sizeof(MARK) + 1];
	struct sockaddr_in at;
	int fd = bound(SOCK_DGRAM, &at);

	letter(data, who);
	must(sendto(fd, data, sizeof(data), 0, (void *)&at, sizeof(at)) > 0 &&
	     recv(fd, data, sizeof(data), 0) > 0, "talking over UDP");
	close(fd);
}

/* What is sent comes before the connection is accepted. */
static void talk_tcp(char who)
{
	char data[sizeof(MARK) + 1];
	struct sockaddr_in at;
	int listener = bound(SOCK_STREAM, &at);
	int fd = socket(AF_INET, SOCK_STREAM, 0), peer;

	letter(data, who);
	must(!listen(listener, 1) && !connect(fd, (void *)&at, sizeof(at)),
	     "connecting");
	must(send(fd, data, sizeof(data), 0) > 0, "sending");
	peer = accept(listener, NULL, NULL);
	must(recv(peer, data, sizeof(data), 0) > 0, "receiving");
	must(send(peer, data, sizeof(data), 0) > 0 &&
	     recv(fd, data, sizeof(data), 0) > 0, "answering");
	close(fd);
	close(peer);
	close(listener);
}

/* One datagram and two segments, sent and received. */
static void talk(char who)
{
	talk_udp(who);
	talk_tcp(who);
}

/*
 * Somebody whom nobody wants, and who talks while others do: as often as asked
 * for, so that what is recorded of it fits into a ring that is read at the end,
 * however long that takes.
 */
static struct {
	int ask;
	int done;
	int asked;
} other;

#define TALKS	100

static pid_t bystander(void)
{
	int ask[2], done[2];
	pid_t pid;
	char c;

	must(!pipe2(ask, O_CLOEXEC) && !pipe2(done, O_CLOEXEC), "pipe");
	pid = fork();
	must(pid >= 0, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ask[1]);
		close(done[0]);
		while (read(ask[0], &c, 1) == 1) {
			talk('!');
			must(write(done[1], &c, 1) == 1, "telling the parent");
		}
		_exit(0);
	}
	close(ask[0]);
	close(done[1]);
	other.ask = ask[1];
	other.done = done[0];
	other.asked = 0;
	return pid;
}

static void other_talks(int n)
{
	char asks[TALKS] = { };

	must(write(other.ask, asks, n) == n, "asking for a talk");
	other.asked += n;
}

/* All that was asked for is said. */
static void other_waits(void)
{
	char c;

	for (; other.asked; other.asked--)
		must(read(other.done, &c, 1) == 1, "waiting for a talk");
}

/* A process that waits to be told to act. */
struct kid {
	pid_t pid;
	int go[2];
	int ready[2];
};

static void kid_start(struct kid *k, char who, void (*before)(void),
		      void (*act)(char who))
{
	char c;

	must(!pipe2(k->go, O_CLOEXEC) && !pipe2(k->ready, O_CLOEXEC), "pipe");
	k->pid = fork();
	must(k->pid >= 0, "fork");
	if (!k->pid) {
		close(k->go[1]);
		if (before)
			before();
		must(write(k->ready[1], "r", 1) == 1, "telling the parent");
		if (read(k->go[0], &c, 1) != 1)
			_exit(0);
		act(who);
		_exit(0);
	}
	close(k->go[0]);
	close(k->ready[1]);
	if (read(k->ready[0], &c, 1) != 1)
		printf("# child %c did not start\n", who);
	close(k->ready[0]);
}

/* Lets it act; 0 if all went well. */
static int kid_go(struct kid *k)
{
	int status = -1;

	other_talks(TALKS);
	if (write(k->go[1], "g", 1) != 1)
		return -1;
	close(k->go[1]);
	waitpid(k->pid, &status, 0);
	return status;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Packets with a letter, by direction. */
struct tally {
	int out;
	int in;
};

static bool has_letter(const struct hone_packet *p, char who)
{
	char data[sizeof(MARK) + 1];

	letter(data, who);
	return memmem(p->data, p->cap_len, data, strlen(data));
}

static struct tally tally(const struct stream *s, char who)
{
	const struct hone_rec *rec = NULL;
	struct tally t = { };
	int cpu = 0;

	while ((rec = stream_step(s, &cpu, rec))) {
		if (rec->type != HONE_REC_PACKET ||
		    !has_letter((const void *)rec, who))
			continue;
		if (rec->flags & HONE_F_PKT_OUT)
			t.out++;
		else
			t.in++;
	}
	return t;
}

/* A packet without a socket has a deliver record behind it; each comes once. */
static int badly_joined(const struct stream *s)
{
	const struct hone_packet *p = NULL;
	const struct hone_deliver *d;
	const struct hone_rec *rec;
	int cpu, bad = 0;
	bool joined;
	uint32_t last;

	for (cpu = 0; cpu < s->cpus; cpu++) {
		joined = true;
		last = 0;
		for (rec = stream_next(s, cpu, NULL); rec;
		     rec = stream_next(s, cpu, rec)) {
			d = (const void *)rec;
			if (rec->type == HONE_REC_DELIVER) {
				joined |= d->pkt == last;
				continue;
			}
			if (rec->type != HONE_REC_PACKET)
				continue;
			p = (const void *)rec;
			if (rec->flags & HONE_F_PKT_OUT)
				continue;
			bad += !joined || p->pkt <= last;
			last = p->pkt;
			joined = p->cookie;
		}
		bad += !joined;
	}
	return bad;
}

static bool adds_up(struct stream *s)
{
	struct account a;
	int k, cpu;

	for (cpu = -1; cpu < s->cpus; cpu++)
		for (k = 0; k < HONE_KIND_MAX; k++)
			if (!stream_account(s, cpu, stream_kinds[k],
					    &a) ||
			    a.seen != a.filtered + a.written + a.lost +
				      a.overwritten)
				return false;
	return true;
}

FIXTURE(pick)
{
	struct stream s;
	bool open;
	pid_t other;
};

FIXTURE_SETUP(pick)
{
	self->other = bystander();
}

FIXTURE_TEARDOWN(pick)
{
	end(self->other);
	close(other.ask);
	close(other.done);
	if (self->open)
		stream_close(&self->s);
}

/* The other one talks while the session starts, once in it, and then on. */
#define OPEN(...)							\
	do {								\
		char _text[512];					\
									\
		snprintf(_text, sizeof(_text), __VA_ARGS__);		\
		other_talks(TALKS);					\
		ASSERT_EQ(0, stream_open(&self->s, _text));		\
		self->open = true;					\
		other_waits();						\
		other_talks(1);						\
		other_waits();						\
		other_talks(TALKS);					\
	} while (0)

#define EXPECT_TALK(_who, _n)						\
	do {								\
		const char _w = (_who);					\
		const int _want = (_n);					\
		struct tally _t = tally(&self->s, _w);			\
									\
		EXPECT_EQ(_want, _t.out) TH_LOG("%c is not right", _w);	\
		EXPECT_EQ(_want, _t.in) TH_LOG("%c is not right", _w);	\
	} while (0)

/* Ends the session: nobody else is in it, and it adds up. */
#define CLOSE()								\
	do {								\
		struct account _a;					\
									\
		stream_stop(&self->s);					\
		EXPECT_TALK('!', 0);					\
		EXPECT_EQ(0, badly_joined(&self->s));			\
		EXPECT_TRUE(adds_up(&self->s));				\
		ASSERT_TRUE(stream_account(&self->s, -1, "packet", &_a)); \
		EXPECT_EQ(0, _a.lost);					\
		EXPECT_LT(0, _a.filtered);				\
		stream_close(&self->s);					\
		self->open = false;					\
	} while (0)

/* The next generation, as its parent or as a program; and it talks. */
static void generations(char who)
{
	pid_t pid;

	talk(who);
	if (who == 'd')
		return;
	pid = fork();
	if (!pid) {
		char next[2] = { who + 1, 0 };

		if (who == 'b')
			execl("/proc/self/exe", "pick", "generations", next,
			      NULL);
		generations(who + 1);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	talk(who);
}

TEST_F(pick, pid)
{
	struct kid kid;

	kid_start(&kid, 'a', NULL, generations);
	OPEN("pid 1\npid %d\n", kid.pid);
	EXPECT_EQ(0, kid_go(&kid));
	stream_stop(&self->s);
	EXPECT_TALK('a', 6);
	EXPECT_TALK('b', 0);
	EXPECT_TALK('c', 0);
	CLOSE();
}

TEST_F(pick, follow_forks)
{
	struct kid kid;

	kid_start(&kid, 'a', NULL, generations);
	OPEN("pid %d\nfollow_forks\n", kid.pid);
	EXPECT_EQ(0, kid_go(&kid));
	stream_stop(&self->s);
	EXPECT_TALK('a', 6);
	EXPECT_TALK('b', 6);
	EXPECT_TALK('c', 6);
	EXPECT_TALK('d', 3);
	CLOSE();
}

static void named(void)
{
	prctl(PR_SET_NAME, "pick me");
}

static void rename_and_talk(char who)
{
	named();
	talk(who);
}

static void rename_off_and_talk(char who)
{
	prctl(PR_SET_NAME, "no more");
	talk(who);
}

TEST_F(pick, comm)
{
	struct kid a, b, c, d;

	kid_start(&a, 'a', named, talk);
	kid_start(&b, 'b', NULL, talk);
	kid_start(&c, 'c', NULL, rename_and_talk);
	kid_start(&d, 'd', named, rename_off_and_talk);
	OPEN("comm nobody\ncomm pick\\040me\n");
	EXPECT_EQ(0, kid_go(&a));
	EXPECT_EQ(0, kid_go(&b));
	EXPECT_EQ(0, kid_go(&c));
	EXPECT_EQ(0, kid_go(&d));
	stream_stop(&self->s);
	EXPECT_TALK('a', 3);
	EXPECT_TALK('b', 0);
	EXPECT_TALK('c', 3);
	EXPECT_TALK('d', 0);
	CLOSE();
}

static void as_user(void)
{
	must(!setresuid(4242, 4242, 4242), "setresuid");
}

static void as_group(void)
{
	must(!setresgid(4343, 4343, 4343), "setresgid");
}

static void as_user_talk(char who)
{
	must(!setresuid(-1, 4242, -1), "setresuid");
	talk(who);
}

static void as_group_talk(char who)
{
	must(!setresgid(-1, 4343, -1), "setresgid");
	talk(who);
}

TEST_F(pick, uid)
{
	struct kid a, b, c;

	kid_start(&a, 'a', as_user, talk);
	kid_start(&b, 'b', as_group, talk);
	kid_start(&c, 'c', NULL, as_user_talk);
	OPEN("uid 4242\n");
	EXPECT_EQ(0, kid_go(&a));
	EXPECT_EQ(0, kid_go(&b));
	EXPECT_EQ(0, kid_go(&c));
	stream_stop(&self->s);
	EXPECT_TALK('a', 3);
	EXPECT_TALK('b', 0);
	EXPECT_TALK('c', 3);
	CLOSE();
}

TEST_F(pick, gid)
{
	struct kid a, b, c;

	kid_start(&a, 'a', as_group, talk);
	kid_start(&b, 'b', as_user, talk);
	kid_start(&c, 'c', NULL, as_group_talk);
	OPEN("gid 4343\n");
	EXPECT_EQ(0, kid_go(&a));
	EXPECT_EQ(0, kid_go(&b));
	EXPECT_EQ(0, kid_go(&c));
	stream_stop(&self->s);
	EXPECT_TALK('a', 3);
	EXPECT_TALK('b', 0);
	EXPECT_TALK('c', 3);
	CLOSE();
}

static void as_user_named(void)
{
	named();
	as_user();
}

/* Of each kind one must match. */
TEST_F(pick, all_kinds)
{
	struct kid a, b, c;

	kid_start(&a, 'a', as_user_named, talk);
	kid_start(&b, 'b', as_user, talk);
	kid_start(&c, 'c', named, talk);
	OPEN("uid 1\nuid 4242\ncomm pick me\n");
	EXPECT_EQ(0, kid_go(&a));
	EXPECT_EQ(0, kid_go(&b));
	EXPECT_EQ(0, kid_go(&c));
	stream_stop(&self->s);
	EXPECT_TALK('a', 3);
	EXPECT_TALK('b', 0);
	EXPECT_TALK('c', 0);
	CLOSE();
}

static bool copy_self(void)
{
	char data[65536];
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(COPY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	ssize_t n;

	while ((n = read(from, data, sizeof(data))) > 0)
		if (write(to, data, n) != n)
			return false;
	close(from);
	close(to);
	return !n;
}

static const char *self_path(void)
{
	static char path[256];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	path[n > 0 ? n : 0] = 0;
	return path;
}

static void exec_copy(char who)
{
	char word[2] = { who, 0 };

	execl(COPY, "pick", "talk", word, NULL);
	_exit(1);
}

static void exec_self(char who)
{
	char word[2] = { who, 0 };

	execl(self_path(), "pick", "talk", word, NULL);
	_exit(1);
}

/* One that runs it already and forks, one that begins to, and one that ends. */
TEST_F(pick, exe)
{
	struct kid a, b, c;
	int go[2], fd;
	char path[64], name;
	pid_t old;

	ASSERT_TRUE(copy_self());
	ASSERT_EQ(0, pipe(go));
	old = fork();
	if (!old) {
		dup2(go[0], 0);
		close(go[0]);
		close(go[1]);
		execl(COPY, "pick", "wait", self_path(), NULL);
		_exit(1);
	}
	close(go[0]);
	/* It is there when it has renamed itself. */
	snprintf(path, sizeof(path), "/proc/%d/comm", old);
	do {
		fd = open(path, O_RDONLY);
		if (read(fd, &name, 1) != 1)
			name = 0;
		close(fd);
	} while (name != 'W');
	kid_start(&a, 'a', NULL, exec_copy);
	kid_start(&b, 'b', NULL, exec_self);
	kid_start(&c, 'c', NULL, talk);
	OPEN("exe /tmp/hone\\040pick\n");
	EXPECT_EQ(1, write(go[1], "g", 1));
	close(go[1]);
	waitpid(old, NULL, 0);
	EXPECT_EQ(0, kid_go(&a));
	EXPECT_EQ(0, kid_go(&b));
	EXPECT_EQ(0, kid_go(&c));
	stream_stop(&self->s);
	EXPECT_TALK('a', 3);
	EXPECT_TALK('b', 0);
	EXPECT_TALK('c', 0);
	EXPECT_TALK('d', 3);
	EXPECT_TALK('e', 3);
	EXPECT_TALK('f', 0);
	CLOSE();
	unlink(COPY);
}

/* 0 is who moves it. */
static void move(pid_t pid, const char *cgroup)
{
	char path[128], number[16];
	int fd;

	snprintf(path, sizeof(path), CGROUPS "%s/cgroup.procs", cgroup);
	snprintf(number, sizeof(number), "%d", pid);
	fd = open(path, O_WRONLY);
	must(fd >= 0 && write(fd, number, strlen(number)) > 0, cgroup);
	close(fd);
}

static void move_to(const char *cgroup)
{
	move(0, cgroup);
}

/* Others look on, by events that come with more locks held. */
static void trace_cgroups(const char *on)
{
	int fd = open("/sys/kernel/debug/tracing/events/cgroup/enable",
		      O_WRONLY);

	if (fd < 0)
		return;
	must(write(fd, on, 1) == 1, "tracing cgroups");
	close(fd);
}

static void move_sub(void)
{
	move_to("/hone-pick/sub");
}

static void move_like(void)
{
	move_to("/hone-picked");
}

static void move_and_talk(char who)
{
	move_to("/hone-pick");
	talk(who);
	move_to("");
}

static void move_off_and_talk(char who)
{
	move_to("");
	talk(who);
}

/* It and all below it, not what only begins like it. */
TEST_F(pick, cgroup)
{
	const struct hone_rec *rec = NULL;
	int cpu = 0, moves = 0;
	struct kid a, b, c, d, e;

	if (mkdir(CGROUPS "/hone-pick", 0755) && errno != EEXIST)
		SKIP(return, "no cgroup v2");
	mkdir(CGROUPS "/hone-pick/sub", 0755);
	mkdir(CGROUPS "/hone-picked", 0755);
	kid_start(&a, 'a', move_sub, talk);
	kid_start(&b, 'b', move_like, talk);
	kid_start(&c, 'c', NULL, move_and_talk);
	kid_start(&d, 'd', move_sub, move_off_and_talk);
	kid_start(&e, 'e', NULL, talk);
	trace_cgroups("1");
	OPEN("cgroup /hone-pick/\n");
	move(e.pid, "/hone-pick/sub");
	EXPECT_EQ(0, kid_go(&a));
	EXPECT_EQ(0, kid_go(&b));
	EXPECT_EQ(0, kid_go(&c));
	EXPECT_EQ(0, kid_go(&d));
	EXPECT_EQ(0, kid_go(&e));
	stream_stop(&self->s);
	trace_cgroups("0");
	EXPECT_TALK('a', 3);
	EXPECT_TALK('b', 0);
	EXPECT_TALK('c', 3);
	EXPECT_TALK('d', 0);
	EXPECT_TALK('e', 3);
	while ((rec = stream_step(&self->s, &cpu, rec))) {
		const struct hone_proc *p = (const void *)rec;
		const char *path;
		uint32_t len;

		if (rec->type != HONE_REC_PROC || p->event != HONE_PROC_CGROUP ||
		    p->tgid != (uint32_t)c.pid)
			continue;
		path = proc_attr(p, HONE_ATTR_CGROUP, &len);
		ASSERT_NE(NULL, path);
		EXPECT_EQ(0, strncmp(path, moves ? "/" : "/hone-pick", len));
		moves++;
	}
	EXPECT_EQ(2, moves);
	CLOSE();
	rmdir(CGROUPS "/hone-pick/sub");
	rmdir(CGROUPS "/hone-pick");
	rmdir(CGROUPS "/hone-picked");
}

/* One socket of a process that has more. */
TEST_F(pick, socket)
{
	char data[sizeof(MARK) + 1];
	struct sockaddr_in at, to;
	int a, b;

	a = bound(SOCK_DGRAM, &at);
	b = bound(SOCK_DGRAM, &to);
	OPEN("socket 1\nsocket %llu\n", (unsigned long long)cookie_of(a));
	/* Out of it, into it, and what has nothing to do with it. */
	letter(data, 'a');
	sendto(a, data, sizeof(data), 0, (void *)&to, sizeof(to));
	letter(data, 'b');
	sendto(b, data, sizeof(data), 0, (void *)&at, sizeof(at));
	letter(data, 'c');
	sendto(b, data, sizeof(data), 0, (void *)&to, sizeof(to));
	stream_stop(&self->s);
	EXPECT_EQ(1, tally(&self->s, 'a').out);
	EXPECT_EQ(0, tally(&self->s, 'a').in);
	EXPECT_EQ(0, tally(&self->s, 'b').out);
	EXPECT_EQ(1, tally(&self->s, 'b').in);
	EXPECT_TALK('c', 0);
	CLOSE();
	close(a);
	close(b);
}

/* A raw socket gets the request and the kernel's answer, which it provoked. */
static void ping(char who)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	char packet[sizeof(struct icmphdr) + sizeof(MARK) + 1] = { };
	struct icmphdr *icmp = (void *)packet;
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), i;
	uint32_t sum = 0;
	uint16_t word;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	icmp->type = ICMP_ECHO;
	letter(packet + sizeof(*icmp), who);
	for (i = 0; i < (int)sizeof(packet); i += 2) {
		memcpy(&word, packet + i, 2);
		sum += word;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	icmp->checksum = ~(sum + (sum >> 16));
	must(sendto(fd, packet, sizeof(packet), 0, (void *)&to,
		    sizeof(to)) == sizeof(packet), "ping");
	close(fd);
}

TEST_F(pick, raw)
{
	struct kid a, b;

	kid_start(&a, 'a', NULL, ping);
	kid_start(&b, 'b', NULL, ping);
	OPEN("pid %d\n", a.pid);
	EXPECT_EQ(0, kid_go(&a));
	EXPECT_EQ(0, kid_go(&b));
	stream_stop(&self->s);
	/* Request and answer, each sent and received. */
	EXPECT_TALK('a', 2);
	EXPECT_TALK('b', 0);
	CLOSE();
}

/* Makes a socket that outlives it: its heir is not who is wanted. */
static pid_t bequeath(struct sockaddr_in *at, pid_t *heir)
{
	int fd = bound(SOCK_DGRAM, at), up[2];
	pid_t owner;

	close(fd);
	must(!pipe(up), "pipe");
	owner = fork();
	if (!owner) {
		named();
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		must(!bind(fd, (void *)at, sizeof(*at)), "bind");
		*heir = fork();
		if (!*heir) {
			prctl(PR_SET_NAME, "heir");
			*heir = getpid();
			must(write(up[1], heir, sizeof(*heir)) > 0, "telling");
		}
		pause();
	}
	close(up[1]);
	if (read(up[0], heir, sizeof(*heir)) != sizeof(*heir))
		*heir = 0;
	close(up[0]);
	return owner;
}

/* The owner has ended before the session, or ends while it runs. */
TEST_F(pick, outlived)
{
	char data[sizeof(MARK) + 1];
	struct sockaddr_in at, from;
	int before, fd;
	pid_t owner, heir;

	for (before = 0; before < 2; before++) {
		owner = bequeath(&at, &heir);
		ASSERT_LT(0, heir);
		fd = bound(SOCK_DGRAM, &from);
		if (before)
			end(owner);
		OPEN("comm pick me\n");
		if (!before)
			end(owner);
		letter(data, 'a');
		sendto(fd, data, sizeof(data), 0, (void *)&at, sizeof(at));
		stream_stop(&self->s);
		EXPECT_EQ(0, tally(&self->s, 'a').out);
		EXPECT_EQ(1, tally(&self->s, 'a').in);
		CLOSE();
		kill(heir, SIGKILL);
		close(fd);
	}
}

/* Who inherits a listener is wanted, though its maker is not. */
static int shared_listener;
static struct sockaddr_in shared_at;

static void serve_one(char who)
{
	char data[sizeof(MARK) + 1];
	int fd = socket(AF_INET, SOCK_STREAM, 0), peer;

	(void)who;
	/* The request lies there before it is accepted. */
	peer = accept(shared_listener, NULL, NULL);
	must(recv(peer, data, sizeof(data), 0) > 0, "receiving");
	letter(data, 'b');
	must(send(peer, data, sizeof(data), 0) > 0, "answering");
	close(peer);
	close(fd);
}

TEST_F(pick, accepted)
{
	char data[sizeof(MARK) + 1];
	struct kid kid;
	int fd;

	shared_listener = bound(SOCK_STREAM, &shared_at);
	ASSERT_EQ(0, listen(shared_listener, 1));
	kid_start(&kid, 'a', NULL, serve_one);
	OPEN("pid %d\n", kid.pid);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_EQ(0, connect(fd, (void *)&shared_at, sizeof(shared_at)));
	letter(data, 'a');
	ASSERT_LT(0, send(fd, data, sizeof(data), 0));
	EXPECT_EQ(0, kid_go(&kid));
	EXPECT_LT(0, recv(fd, data, sizeof(data), 0));
	stream_stop(&self->s);
	/* The other end is the parent's, whom nobody wants. */
	EXPECT_EQ(0, tally(&self->s, 'a').out);
	EXPECT_EQ(1, tally(&self->s, 'a').in);
	EXPECT_EQ(1, tally(&self->s, 'b').out);
	EXPECT_EQ(0, tally(&self->s, 'b').in);
	CLOSE();
	close(fd);
	close(shared_listener);
}

/* Nothing of who is excluded, whatever it gets; all of others. */
TEST_F(pick, exclude_tgid)
{
	struct kid a, b;

	kid_start(&a, 'a', NULL, talk);
	kid_start(&b, 'b', NULL, talk);
	/* What others take is told of until the end. */
	OPEN("exclude_tgid %d\nexclude_tgid %d\nsnaplen 96\nsubbufs 64\n",
	     a.pid, self->other);
	EXPECT_EQ(0, kid_go(&a));
	EXPECT_EQ(0, kid_go(&b));
	stream_stop(&self->s);
	EXPECT_TALK('a', 0);
	EXPECT_TALK('b', 3);
	CLOSE();
}

/* A number that was used before is as new. */
TEST_F(pick, number_used_again)
{
	struct kid a, b;

	kid_start(&a, 'a', named, talk);
	kid_start(&b, 'b', as_user, talk);
	OPEN("comm pick me\nfollow_forks\n");
	stream_close(&self->s);
	OPEN("uid 4242\nfollow_forks\n");
	EXPECT_EQ(0, kid_go(&a));
	EXPECT_EQ(0, kid_go(&b));
	stream_stop(&self->s);
	EXPECT_TALK('a', 0);
	EXPECT_TALK('b', 3);
	CLOSE();
}

int main(int argc, char **argv)
{
	char c;

	if (argc == 3 && !strcmp(argv[1], "talk")) {
		talk(argv[2][0]);
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "generations")) {
		generations(argv[2][0]);
		return 0;
	}
	/* Talks, has a child that does, and becomes another program. */
	if (argc == 3 && !strcmp(argv[1], "wait")) {
		prctl(PR_SET_NAME, "Waiting");
		if (read(0, &c, 1) != 1)
			return 1;
		talk('d');
		if (!fork()) {
			talk('e');
			return 0;
		}
		wait(NULL);
		execl(argv[2], "pick", "talk", "f", NULL);
		return 1;
	}
	return test_harness_run(argc, argv);
}
