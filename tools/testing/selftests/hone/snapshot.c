// SPDX-License-Identifier: GPL-2.0-only
/*
 * What exists when a capture starts is in the snapshot: processes with path
 * and arguments, kernel threads, sockets with those who hold them.
 */
#define _GNU_SOURCE
#include "stream.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"

FIXTURE(snap)
{
	struct stream s;
	uint8_t *buf;
	size_t len;
};

FIXTURE_SETUP(snap)
{
	ASSERT_EQ(0, stream_open(&self->s, NULL));
	self->buf = NULL;
}

FIXTURE_TEARDOWN(snap)
{
	free(self->buf);
	stream_close(&self->s);
}

#define TAKE()	(self->buf = stream_snapshot(&self->s, &self->len))

/* The record behind @rec, the first for NULL; NULL at the end. */
static const struct hone_rec *next(const uint8_t *buf, size_t len,
				   const struct hone_rec *rec)
{
	const uint8_t *p = rec ? (const uint8_t *)rec + rec->len : buf;

	return p < buf + len ? (const void *)p : NULL;
}

static const struct hone_proc *find_proc(const uint8_t *buf, size_t len,
					 uint32_t tgid)
{
	const struct hone_rec *rec = NULL;

	while ((rec = next(buf, len, rec)))
		if (rec->type == HONE_REC_PROC &&
		    ((struct hone_proc *)rec)->tgid == tgid)
			return (const void *)rec;
	return NULL;
}

static int told_of(const struct stream *s, const char *name)
{
	const struct hone_rec *rec = NULL;
	const struct hone_netdev *dev;
	int file = 0, n = 0;

	while ((rec = stream_step(s, &file, rec))) {
		dev = (const void *)rec;
		n += rec->type == HONE_REC_NETDEV &&
		     !strncmp((const char *)dev->name, name, sizeof(dev->name));
	}
	return n;
}

/*
 * The stream of each session tells of interfaces when it begins, as a namespace
 * that goes while the snapshot is taken may hide another from that.
 */
TEST_F(snap, interfaces_at_the_start)
{
	struct stream second;
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), other;

	/* One in each of two namespaces, this one and one that nobody is in. */
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	other = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	ASSERT_EQ(0, setns(home, CLONE_NEWNET));
	ASSERT_EQ(0, stream_open(&second, NULL));
	stream_stop(&second);
	stream_stop(&self->s);
	EXPECT_LE(2, told_of(&second, "lo"));
	EXPECT_LE(2, told_of(&self->s, "lo"));
	stream_close(&second);
	close(other);
	close(home);
}

TEST_F(snap, frame)
{
	const struct hone_rec *rec = NULL, *last = NULL;
	const struct hone_subbuf *head;
	uint64_t time = 0;

	TAKE();
	ASSERT_GT(self->len, sizeof(*head));
	head = (const void *)self->buf;
	EXPECT_EQ(HONE_REC_SUBBUF, head->rec.type);
	EXPECT_EQ(HONE_MAGIC, head->magic);
	while ((rec = next(self->buf, self->len, rec))) {
		ASSERT_GE(rec->len, sizeof(*rec));
		EXPECT_EQ(~0U, rec->cpu);
		EXPECT_LE(time, rec->time);
		time = rec->time;
		last = rec;
	}
	EXPECT_EQ(HONE_REC_SNAP_END, last->type);
	EXPECT_EQ(self->buf + self->len, (uint8_t *)last + last->len);
}

/* Each may take much memory: one at a time. */
TEST_F(snap, one_reader)
{
	char name[128];
	int fd;

	snprintf(name, sizeof(name), "%s/snapshot", self->s.dir);
	fd = open(name, O_RDONLY);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-1, open(name, O_RDONLY));
	EXPECT_EQ(EBUSY, errno);
	close(fd);
	fd = open(name, O_RDONLY);
	EXPECT_GE(fd, 0);
	close(fd);
}

TEST_F(snap, own_process)
{
	char exe[256], cmdline[256];
	const struct hone_proc *p;
	const char *val;
	struct stat st;
	ssize_t n;
	FILE *f;
	uint32_t len;

	TAKE();
	p = find_proc(self->buf, self->len, getpid());
	ASSERT_NE(NULL, p);
	EXPECT_EQ(HONE_PROC_SNAPSHOT, p->event);
	EXPECT_EQ(getppid(), p->ppid);
	EXPECT_EQ(getuid(), p->uid);
	EXPECT_EQ(0, p->rec.flags & HONE_F_PROC_KTHREAD);
	EXPECT_NE(0, p->id);

	n = readlink("/proc/self/exe", exe, sizeof(exe));
	val = proc_attr(p, HONE_ATTR_PATH, &len);
	ASSERT_NE(NULL, val);
	EXPECT_EQ(n, len);
	EXPECT_EQ(0, memcmp(exe, val, len));

	f = fopen("/proc/self/cmdline", "r");
	n = fread(cmdline, 1, sizeof(cmdline), f);
	fclose(f);
	val = proc_attr(p, HONE_ATTR_ARGV, &len);
	ASSERT_NE(NULL, val);
	EXPECT_EQ(n, len);
	EXPECT_EQ(0, memcmp(cmdline, val, len));

	n = readlink("/proc/self/cwd", exe, sizeof(exe));
	val = proc_attr(p, HONE_ATTR_CWD, &len);
	ASSERT_NE(NULL, val);
	EXPECT_EQ(n, len);
	EXPECT_EQ(0, memcmp(exe, val, len));

	EXPECT_EQ(0, stat("/proc/self/ns/net", &st));
	EXPECT_EQ(st.st_ino, p->net_ns);
	EXPECT_EQ(0, stat("/proc/self/ns/pid", &st));
	EXPECT_EQ(st.st_ino, p->pid_ns);
	EXPECT_EQ(0, stat("/proc/self/ns/mnt", &st));
	EXPECT_EQ(st.st_ino, p->mnt_ns);
}

TEST_F(snap, kernel_thread)
{
	const struct hone_proc *p;

	TAKE();
	/* kthreadd is always the second. */
	p = find_proc(self->buf, self->len, 2);
	ASSERT_NE(NULL, p);
	EXPECT_NE(0, p->rec.flags & HONE_F_PROC_KTHREAD);
	EXPECT_STREQ("kthreadd", (const char *)p->comm);
}

TEST_F(snap, every_process_once)
{
	const struct hone_rec *rec = NULL;
	int count = 0, self_count = 0;

	TAKE();
	while ((rec = next(self->buf, self->len, rec))) {
		if (rec->type != HONE_REC_PROC)
			continue;
		count++;
		self_count += ((struct hone_proc *)rec)->tgid ==
			      (uint32_t)getpid();
	}
	EXPECT_EQ(1, self_count);
	EXPECT_GT(count, 5);
}

/* A socket of @fd, held by @pid? */
static const struct hone_sock_rec *find_holder(const uint8_t *buf, size_t len,
					       uint64_t cookie, uint32_t pid)
{
	const struct hone_rec *rec = NULL;
	const struct hone_sock_rec *r;

	while ((rec = next(buf, len, rec))) {
		r = (const void *)rec;
		if (rec->type == HONE_REC_SOCK && r->cookie == cookie &&
		    r->event == (pid ? HONE_SOCK_HOLDER : HONE_SOCK_SNAPSHOT) &&
		    (!pid || r->actor_tgid == pid))
			return r;
	}
	return NULL;
}

TEST_F(snap, sockets_and_holders)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	socklen_t len = sizeof(to);
	const struct hone_sock_rec *r;
	uint64_t tcp_cookie, udp_cookie;
	int tcp, udp, unbound, ready[2];
	struct stat st;
	pid_t child;
	char c = 0;

	tcp = socket(AF_INET, SOCK_STREAM, 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ASSERT_EQ(0, bind(tcp, (void *)&to, sizeof(to)));
	ASSERT_EQ(0, listen(tcp, 5));
	ASSERT_EQ(0, getsockname(tcp, (void *)&to, &len));
	udp = socket(AF_INET6, SOCK_DGRAM, 0);
	unbound = socket(AF_INET, SOCK_DGRAM, 0);
	tcp_cookie = cookie_of(tcp);
	udp_cookie = cookie_of(udp);
	ASSERT_EQ(0, pipe(ready));
	child = fork();
	if (!child) {
		/* Holds all of them too, until it is killed. */
		write(ready[1], &c, 1);
		pause();
		_exit(0);
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));

	TAKE();
	r = find_holder(self->buf, self->len, tcp_cookie, getpid());
	ASSERT_NE(NULL, r);
	EXPECT_EQ(IPPROTO_TCP, r->protocol);
	EXPECT_EQ(10, r->state);	/* TCP_LISTEN */
	EXPECT_EQ(to.sin_port, r->sport);
	EXPECT_EQ(getpid(), r->owner_tgid);
	EXPECT_EQ(0, fstat(tcp, &st));
	EXPECT_EQ(st.st_ino, r->ino);
	/* The listener is also in its hash. */
	EXPECT_NE(NULL, find_holder(self->buf, self->len, tcp_cookie, 0));

	r = find_holder(self->buf, self->len, tcp_cookie, child);
	ASSERT_NE(NULL, r);
	/* Who holds is not who owns. */
	EXPECT_EQ(getpid(), r->owner_tgid);
	EXPECT_NE(r->owner, r->actor);

	r = find_holder(self->buf, self->len, udp_cookie, getpid());
	ASSERT_NE(NULL, r);
	EXPECT_EQ(AF_INET6, r->family);
	EXPECT_EQ(SOCK_DGRAM, r->type);
	EXPECT_NE(NULL, find_holder(self->buf, self->len, cookie_of(unbound),
				    getpid()));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(tcp);
	close(udp);
	close(unbound);
}

TEST_F(snap, larger_than_buffer)
{
	const struct hone_rec *rec = NULL;
	int fds[1000], i, n = 0, found = 0;
	uint64_t last = 0;

	for (i = 0; i < 1000; i++) {
		fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
		n += fds[i] >= 0;
	}
	ASSERT_GT(n, 900);
	TAKE();
	while ((rec = next(self->buf, self->len, rec))) {
		const struct hone_sock_rec *r = (const void *)rec;

		if (rec->type != HONE_REC_SOCK ||
		    r->event != HONE_SOCK_HOLDER ||
		    r->actor_tgid != (uint32_t)getpid())
			continue;
		/* In the order of the descriptors, none twice. */
		EXPECT_NE(last, r->cookie);
		last = r->cookie;
		found++;
	}
	EXPECT_EQ(n, found);
	for (i = 0; i < 1000; i++)
		close(fds[i]);
}

/* So many that they cannot be told of in one go; more, if asked for. */
static int in_a_bucket(void)
{
	const char *n = getenv("HONE_TEST_BUCKET");

	return n ? atoi(n) : 7000;
}

/* Anybody can have all his sockets in one bucket: their addresses do not count. */
TEST_F_TIMEOUT(snap, full_bucket, 300)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(5555) };
	const struct hone_rec *rec = NULL;
	int *fds, i, n = in_a_bucket(), found = 0;
	struct rlimit most = { n + 64, n + 64 };
	bool *there = calloc(n, sizeof(*there));

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &most));
	fds = calloc(n, sizeof(*fds));
	for (i = 0; i < n; i++) {
		at.sin_addr.s_addr = htonl(0x7f010000 + i);
		fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
		ASSERT_EQ(0, bind(fds[i], (void *)&at, sizeof(at)));
	}
	TAKE();
	while ((rec = next(self->buf, self->len, rec))) {
		const struct hone_sock_rec *r = (const void *)rec;
		uint32_t addr;

		/* Found in the hash, not in a descriptor table. */
		if (rec->type != HONE_REC_SOCK ||
		    r->event != HONE_SOCK_SNAPSHOT || r->sport != at.sin_port)
			continue;
		memcpy(&addr, r->saddr + 12, sizeof(addr));
		i = ntohl(addr) - 0x7f010000;
		ASSERT_TRUE(i >= 0 && i < n);
		EXPECT_FALSE(there[i]);
		there[i] = true;
		found++;
	}
	EXPECT_EQ(n, found);
	for (i = 0; i < n; i++)
		close(fds[i]);
	free(fds);
	free(there);
}

static bool put(const char *path, const char *what)
{
	int fd = open(path, O_WRONLY);
	bool ok = fd >= 0 && write(fd, what, strlen(what)) > 0;

	close(fd);
	return ok;
}

/* In a namespace of its own: a connection nobody has accepted, and ports. */
static void own_namespace(int report)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct sockaddr_in to = { AF_INET };
	socklen_t len = sizeof(to);
	int listener, client, udp;
	uint16_t ports[2] = { 0 };

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (unshare(CLONE_NEWNET))
		_exit(1);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	client = socket(AF_INET, SOCK_STREAM, 0);
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	if (ioctl(listener, SIOCSIFFLAGS, &lo) ||
	    bind(udp, (void *)&to, sizeof(to)) ||
	    getsockname(udp, (void *)&to, &len))
		_exit(1);
	ports[1] = to.sin_port;
	to.sin_port = 0;
	if (bind(listener, (void *)&to, sizeof(to)) || listen(listener, 1) ||
	    getsockname(listener, (void *)&to, &len) ||
	    connect(client, (void *)&to, sizeof(to)))
		_exit(1);
	ports[0] = to.sin_port;
	if (write(report, ports, sizeof(ports)) != sizeof(ports))
		_exit(1);
	pause();
}

TEST_F(snap, tables_of_a_namespace)
{
	const struct hone_rec *rec = NULL;
	bool waiting = false, udp = false;
	uint16_t ports[2];
	int report[2];
	pid_t child;

	if (!put("/proc/sys/net/ipv4/tcp_child_ehash_entries", "64") ||
	    !put("/proc/sys/net/ipv4/udp_child_hash_entries", "128"))
		SKIP(return, "namespaces cannot have tables of their own");
	ASSERT_EQ(0, pipe(report));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		own_namespace(report[1]);
	close(report[1]);
	ASSERT_EQ(sizeof(ports), read(report[0], ports, sizeof(ports)));
	TAKE();
	while ((rec = next(self->buf, self->len, rec))) {
		const struct hone_sock_rec *r = (const void *)rec;

		if (rec->type != HONE_REC_SOCK ||
		    r->event != HONE_SOCK_SNAPSHOT)
			continue;
		if (r->protocol == IPPROTO_TCP && r->sport == ports[0] &&
		    r->state == 1 /* TCP_ESTABLISHED */)
			waiting = true;
		if (r->protocol == IPPROTO_UDP && r->sport == ports[1])
			udp = true;
	}
	EXPECT_TRUE(waiting);
	EXPECT_TRUE(udp);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	put("/proc/sys/net/ipv4/tcp_child_ehash_entries", "0");
	put("/proc/sys/net/ipv4/udp_child_hash_entries", "0");
	close(report[0]);
}

/*
 * A connection of @protocol whose maker has written more than the other end
 * reads and has closed it: nobody holds it any more. Returns its cookie, and
 * the other end in @held; or 0 and errno.
 */
static uint64_t orphan(int protocol, int *held)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int listener, fd, kb = 4096, n = 1000;
	static const char much[8192];
	socklen_t len = sizeof(to);
	uint64_t cookie;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, protocol);
	fd = socket(AF_INET, SOCK_STREAM, protocol);
	if (listener < 0 || fd < 0)
		return 0;
	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &kb, sizeof(kb));
	if (bind(listener, (void *)&to, sizeof(to)) || listen(listener, 1) ||
	    getsockname(listener, (void *)&to, &len) ||
	    connect(fd, (void *)&to, sizeof(to)))
		return 0;
	*held = accept(listener, NULL, NULL);
	close(listener);
	if (*held < 0)
		return 0;
	while (n-- && send(fd, much, sizeof(much), MSG_DONTWAIT) > 0)
		;
	if (n < 0 || errno != EAGAIN)
		return 0;
	cookie = cookie_of(fd);
	close(fd);
	return cookie;
}

/* /proc/net/hone has it, without a holder. */
static bool proc_has(uint64_t cookie)
{
	char line[4096], id[32], holders[4096];
	FILE *f = fopen("/proc/net/hone", "r");
	bool found = false;

	snprintf(id, sizeof(id), "%llu ", (unsigned long long)cookie);
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, id, strlen(id)) &&
		    sscanf(line, "%*s %*s %*s %*s %*s %*s %*s %4095s",
			   holders) == 1)
			found = !strcmp(holders, "-");
	if (f)
		fclose(f);
	return found;
}

FIXTURE(orphan)
{
	struct stream s;
	uint8_t *buf;
	size_t len;
};

FIXTURE_VARIANT(orphan)
{
	int protocol;
};

FIXTURE_VARIANT_ADD(orphan, tcp) { IPPROTO_TCP };
FIXTURE_VARIANT_ADD(orphan, mptcp) { IPPROTO_MPTCP };
FIXTURE_VARIANT_ADD(orphan, sctp) { IPPROTO_SCTP };

FIXTURE_SETUP(orphan)
{
	ASSERT_EQ(0, stream_open(&self->s, NULL));
	self->buf = NULL;
}

FIXTURE_TEARDOWN(orphan)
{
	free(self->buf);
	stream_close(&self->s);
}

TEST_F(orphan, is_there)
{
	const struct hone_sock_rec *r;
	uint64_t cookie;
	int held = -1;

	cookie = orphan(variant->protocol, &held);
	if (!cookie && errno == EPROTONOSUPPORT)
		SKIP(return, "the kernel has no such protocol");
	ASSERT_NE(0, cookie);
	TAKE();
	r = find_holder(self->buf, self->len, cookie, 0);
	ASSERT_NE(NULL, r);
	EXPECT_EQ(variant->protocol, r->protocol);
	EXPECT_EQ(getpid(), r->owner_tgid);
	EXPECT_EQ(NULL, find_holder(self->buf, self->len, cookie, getpid()));
	EXPECT_TRUE(proc_has(cookie));
	close(held);
}

TEST_HARNESS_MAIN
