// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ground truth: runs the cases.
 *   truth LOG [--rounds N] [--stress N] [--together] [CASE...]
 */
#define _GNU_SOURCE
#include "truth.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STOP	"HONESTOP"

struct truth_log *truth;
int truth_number = -1;
int truth_rounds = 400;
int truth_stress = 5000;
const char *truth_path;
int stream_protocol;
/* This process has its case's process group. */
static bool in_case;

/* Of a case; shared by its processes. */
static struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	unsigned int ticket, served;	/* of lock() */
	int gate[8];
} *shared;

void die(const char *what)
{
	fprintf(stderr, "truth: case %s, pid %d: %s: %s\n",
		truth_number < 0 ? "-" : truth->name[truth_number], getpid(),
		what, strerror(errno));
	/* The others of the case would wait for what does not come. */
	if (in_case)
		kill(0, SIGKILL);
	_exit(CASE_FAIL);
}

int skip(const char *why)
{
	snprintf(truth->why[truth_number], sizeof(*truth->why), "%s", why);
	return CASE_SKIP;
}

static struct truth_who self(void)
{
	struct truth_who who = { .pid = getpid(), .tid = gettid() };
	char path[32], *end;
	ssize_t n;
	int fd;

	if (who.pid == who.tid) {
		prctl(PR_GET_NAME, who.comm);
		return who;
	}
	snprintf(path, sizeof(path), "/proc/%u/comm", who.pid);
	fd = open(path, O_RDONLY);
	n = read(fd, who.comm, sizeof(who.comm) - 1);
	close(fd);
	who.comm[n > 0 ? n : 0] = 0;
	end = strchr(who.comm, '\n');
	if (end)
		*end = 0;
	return who;
}

uint32_t frame_new(int kinds)
{
	uint32_t id = __atomic_fetch_add(&truth->n_frames, 1, __ATOMIC_RELAXED);

	if (id >= TRUTH_FRAMES) {
		errno = ENOSPC;
		die("too many frames");
	}
	truth->frame[id].number = truth_number;
	truth->frame[id].kinds = kinds;
	return id;
}

void frame_make(void *buf, int kinds)
{
	struct truth_wire wire = { .mark = TRUTH_MARK };
	uint32_t id = frame_new(kinds);

	truth->frame[id].sent = self();
	wire.id = id;
	wire.number = truth_number;
	memset(wire.pad, id, sizeof(wire.pad));
	memcpy(buf, &wire, sizeof(wire));
}

void frames_make(void *buf, int n, int kinds)
{
	int i;

	for (i = 0; i < n; i++)
		frame_make((char *)buf + i * TRUTH_LEN, kinds);
}

void frame_got(const void *buf, size_t len)
{
	struct truth_who who = self();
	struct truth_wire wire;
	struct truth_frame *f;
	uint32_t i;

	for (; len >= TRUTH_LEN; len -= TRUTH_LEN, buf += TRUTH_LEN) {
		memcpy(&wire, buf, sizeof(wire));
		if (memcmp(wire.mark, TRUTH_MARK, sizeof(wire.mark)) ||
		    wire.id >= TRUTH_FRAMES) {
			errno = EBADMSG;
			die("received what is no frame");
		}
		f = &truth->frame[wire.id];
		i = __atomic_fetch_add(&f->n_got, 1, __ATOMIC_RELAXED);
		if (i < TRUTH_GOT)
			f->got[i] = who;
	}
}

void event(int what, int sport, int dport)
{
	uint32_t i = __atomic_fetch_add(&truth->n_events, 1, __ATOMIC_RELAXED);

	if (i >= TRUTH_EVENTS) {
		errno = ENOSPC;
		die("too many events");
	}
	truth->event[i] = (struct truth_event){
		.number = truth_number, .what = what,
		.sport = sport, .dport = dport, .who = self(),
	};
}

pid_t spawn_flags(const char *comm, void (*fn)(long arg), long arg, int flags)
{
	pid_t pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (pid < 0)
		die("clone");
	if (pid)
		return pid;
	prctl(PR_SET_NAME, comm);
	event(TRUTH_MEMBER, 0, 0);
	fn(arg);
	_exit(0);
}

pid_t spawn(const char *comm, void (*fn)(long arg), long arg)
{
	return spawn_flags(comm, fn, arg, 0);
}

void become(const char *role, int fd, int n)
{
	char number[16], fds[16], ns[16];

	snprintf(number, sizeof(number), "%d", truth_number);
	snprintf(fds, sizeof(fds), "%d", fd);
	snprintf(ns, sizeof(ns), "%d", n);
	execl("/proc/self/exe", "truth", truth_path, "--role", role, number, fds,
	      ns, NULL);
	die("exec");
}

void reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	if (status)
		_exit(CASE_FAIL);
}

void reap_all(void)
{
	bool failed = false;
	int status;

	while (wait(&status) > 0)
		failed = failed || status;
	if (failed)
		_exit(CASE_FAIL);
}

/* Fair, or one that has much to do would keep the others from it for long. */
void lock(void)
{
	unsigned int mine;

	pthread_mutex_lock(&shared->mutex);
	mine = shared->ticket++;
	while (shared->served != mine)
		pthread_cond_wait(&shared->changed, &shared->mutex);
	pthread_mutex_unlock(&shared->mutex);
}

void unlock(void)
{
	pthread_mutex_lock(&shared->mutex);
	shared->served++;
	pthread_cond_broadcast(&shared->changed);
	pthread_mutex_unlock(&shared->mutex);
}

void gate_open(int gate)
{
	pthread_mutex_lock(&shared->mutex);
	shared->gate[gate]++;
	pthread_cond_broadcast(&shared->changed);
	pthread_mutex_unlock(&shared->mutex);
}

void gate_wait(int gate, int n)
{
	pthread_mutex_lock(&shared->mutex);
	while (shared->gate[gate] < n)
		pthread_cond_wait(&shared->changed, &shared->mutex);
	pthread_mutex_unlock(&shared->mutex);
}

static void shared_init(void)
{
	pthread_mutexattr_t ma;
	pthread_condattr_t ca;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	pthread_mutexattr_init(&ma);
	pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->mutex, &ma);
	pthread_condattr_init(&ca);
	pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&shared->changed, &ca);
}

int send_fd(int sock, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(sock, &m, 0) == 1 ? 0 : -1;
}

int recv_fd(int sock)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(sock, &m, 0) != 1 || !CMSG_FIRSTHDR(&m))
		die("receiving a descriptor");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

struct address {
	socklen_t len;
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
};

static struct address loopback(int family, int port)
{
	struct address a = { .any.sa_family = family };

	if (family == AF_INET) {
		a.len = sizeof(a.in);
		a.in.sin_port = htons(port);
		a.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	} else {
		a.len = sizeof(a.in6);
		a.in6.sin6_port = htons(port);
		a.in6.sin6_addr = in6addr_loopback;
	}
	return a;
}

static int new_socket(int family, int type, int protocol)
{
	int one = 1, big = 16 << 20;
	int fd;

	if (type == SOCK_STREAM && stream_protocol)
		protocol = stream_protocol;
	fd = socket(family, type, protocol);
	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_TCP, TCP_NODELAY, &one, sizeof(one));
	else
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	return fd;
}

int listen_at(int family, int port)
{
	struct address a = loopback(family, port);
	int fd = new_socket(family, SOCK_STREAM, 0);
	int one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (bind(fd, &a.any, a.len) || listen(fd, 128))
		die("listen");
	return fd;
}

static int port_of(int fd, int (*get)(int fd, struct sockaddr *sa, socklen_t *))
{
	struct address a = { .len = sizeof(a.in6) };

	get(fd, &a.any, &a.len);
	/* The port is at the same place in both families. */
	return ntohs(a.in.sin_port);
}

int connect_to(int family, int port)
{
	struct address a = loopback(family, port);
	int fd = new_socket(family, SOCK_STREAM, 0);

	if (connect(fd, &a.any, a.len))
		die("connect");
	event(TRUTH_SYN, port_of(fd, getsockname), port);
	return fd;
}

int accept_one(int listener)
{
	int fd = accept(listener, NULL, NULL);
	int one = 1;

	if (fd < 0)
		die("accept");
	setsockopt(fd, SOL_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

void pace(int fd, long n)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int all = 0, unsent = 1;
	char done[1];

	if (!(n & 3))
		return;
	/* Writable is, who has nothing unsent. */
	if (setsockopt(fd, SOL_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent)))
		die("TCP_NOTSENT_LOWAT");
	while (poll(&p, 1, -1) == 1 && !(p.revents & POLLOUT)) {
		/* The kernel tells that zerocopy data are done with. */
		if (recv(fd, done, sizeof(done), MSG_ERRQUEUE) < 0)
			die("MSG_ERRQUEUE");
	}
	if (setsockopt(fd, SOL_TCP, TCP_NOTSENT_LOWAT, &all, sizeof(all)))
		die("TCP_NOTSENT_LOWAT");
}

void stream_write(int fd, int n)
{
	int kinds = TRUTH_OUT | TRUTH_IN;
	char buf[TRUTH_LEN];

	/* One task's chunks of SCTP may go out in another's call. */
	if (stream_protocol == IPPROTO_SCTP)
		kinds |= TRUTH_OWNER;
	while (n--) {
		frame_make(buf, kinds);
		if (send(fd, buf, sizeof(buf), MSG_NOSIGNAL) != sizeof(buf))
			die("send");
		pace(fd, n);
	}
}

/* SCTP has no half of a connection: the other end may have begun to end it. */
static bool is_over(void)
{
	return stream_protocol == IPPROTO_SCTP && errno == ENOTCONN;
}

int stream_read(int fd)
{
	char buf[TRUTH_LEN];
	ssize_t len;
	int n = 0;

	while ((len = recv(fd, buf, sizeof(buf), MSG_WAITALL)) > 0) {
		if (len != sizeof(buf))
			die("half a frame");
		frame_got(buf, len);
		n++;
	}
	if (len < 0 && !is_over())
		die("recv");
	return n;
}

void stream_end(int fd)
{
	/* MPTCP's worker ends a subflow, when nobody needs it any more. */
	if (!stream_protocol)
		event(TRUTH_FIN, port_of(fd, getsockname),
		      port_of(fd, getpeername));
	if (shutdown(fd, SHUT_WR) && !is_over())
		die("shutdown");
}

int udp_at(int family, int port)
{
	struct address a = loopback(family, port);
	int fd = new_socket(family, SOCK_DGRAM, 0);

	if (bind(fd, &a.any, a.len))
		die("bind");
	return fd;
}

int udp_to(int family, int port)
{
	struct address a = loopback(family, port);
	int fd = new_socket(family, SOCK_DGRAM, 0);

	if (connect(fd, &a.any, a.len))
		die("connect");
	return fd;
}

void dgrams_send(int fd, int n)
{
	char buf[TRUTH_LEN];

	while (n--) {
		frame_make(buf, TRUTH_OUT | TRUTH_IN);
		if (send(fd, buf, sizeof(buf), MSG_NOSIGNAL) != sizeof(buf))
			die("send");
	}
}

void dgrams_recv(int fd)
{
	char buf[65536];
	ssize_t len;

	while ((len = recv(fd, buf, sizeof(buf), 0)) >= 0) {
		if (len >= 8 && !memcmp(buf, STOP, 8))
			return;
		frame_got(buf, len);
	}
	die("recv");
}

void dgram_stop(int fd)
{
	char buf[TRUTH_LEN] = STOP;

	if (send(fd, buf, sizeof(buf), MSG_NOSIGNAL) != sizeof(buf))
		die("send");
}

static void busy(long arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		asm volatile("" : : : "memory");
}

static const struct truth_case *const lists[] = {
	truth_tcp, truth_udp, truth_other, NULL
};

static const struct truth_case *case_of(int number)
{
	const struct truth_case *const *list = lists, *c;

	for (; *list; list++)
		for (c = *list; c->name; c++)
			if (!number--)
				return c;
	return NULL;
}

static bool wanted(const char *name, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

static pid_t case_start(int number)
{
	pid_t pid;

	truth_number = number;
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	prctl(PR_SET_NAME, truth->name[number]);
	setpgid(0, 0);
	in_case = true;
	shared_init();
	event(TRUTH_MEMBER, 0, 0);
	alarm(600);	/* only against a hang; all at once are slow */
	_exit(case_of(number)->run());
}

static bool case_ended(int number, int status)
{
	if (!status)
		truth->result[number] = TRUTH_RAN;
	else if (WIFEXITED(status) && WEXITSTATUS(status) == CASE_SKIP)
		truth->result[number] = TRUTH_SKIPPED;
	else
		truth->result[number] = TRUTH_FAILED;
	return truth->result[number] != TRUTH_FAILED;
}

static int run(bool together, char **names)
{
	pid_t started[TRUTH_CASES] = { 0 }, pid;
	time_t began = time(NULL);
	bool ok = true;
	int n, status;
	long cpu;

	for (cpu = sysconf(_SC_NPROCESSORS_ONLN); together && cpu > 0; cpu--)
		spawn("busy", busy, cpu);
	for (n = 0; case_of(n); n++) {
		snprintf(truth->name[n], sizeof(truth->name[n]), "%s",
			 case_of(n)->name);
		if (!wanted(truth->name[n], names))
			continue;
		if (getenv("TRUTH_VERBOSE"))
			fprintf(stderr, "# %ld s: %s\n",
				(long)(time(NULL) - began), truth->name[n]);
		started[n] = case_start(n);
		if (together)
			continue;
		if (waitpid(started[n], &status, 0) < 0)
			die("waitpid");
		ok = case_ended(n, status) && ok;
	}
	for (n = 0; together && n < TRUTH_CASES; n++) {
		if (!started[n])
			continue;
		pid = waitpid(started[n], &status, 0);
		ok = pid > 0 && case_ended(n, status) && ok;
	}
	return ok ? 0 : 1;
}

static void open_log(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	truth_path = path;
	if (fd < 0 || ftruncate(fd, sizeof(*truth))) {
		perror(path);
		exit(2);
	}
	truth = mmap(NULL, sizeof(*truth), PROT_READ | PROT_WRITE, MAP_SHARED,
		     fd, 0);
	close(fd);
	if (truth == MAP_FAILED) {
		perror("truth: mmap");
		exit(2);
	}
	truth->magic = TRUTH_MAGIC;
}

/* The part of a case that another program plays. */
static int role(char **argv)
{
	int fd, n;

	truth_number = atoi(argv[1]);
	in_case = true;
	fd = atoi(argv[2]);
	n = atoi(argv[3]);
	event(TRUTH_MEMBER, 0, 0);
	if (!strcmp(argv[0], "write")) {
		stream_write(fd, n);
		stream_end(fd);
	} else if (!strcmp(argv[0], "read")) {
		stream_read(fd);
	} else if (!strcmp(argv[0], "send")) {
		dgrams_send(fd, n);
	} else if (!strcmp(argv[0], "recv")) {
		dgrams_recv(fd);
	} else if (!strcmp(argv[0], "accept")) {
		while (n--) {
			int conn = accept_one(fd);

			stream_read(conn);
			stream_write(conn, 2);
			stream_end(conn);
			close(conn);
		}
	} else {
		return 2;
	}
	return 0;
}

int main(int argc, char **argv)
{
	bool together = false;
	int i = 2;

	if (argc < 2) {
		fputs("usage: truth LOG [--rounds N] [--stress N] [--together] [CASE...]\n",
		      stderr);
		return 2;
	}
	open_log(argv[1]);
	if (argc == 7 && !strcmp(argv[2], "--role"))
		return role(argv + 3);
	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--together")) {
			together = true;
		} else if (!strcmp(argv[i], "--rounds") && i + 1 < argc) {
			truth_rounds = atoi(argv[++i]);
		} else if (!strcmp(argv[i], "--stress") && i + 1 < argc) {
			truth_stress = atoi(argv[++i]);
		} else {
			fprintf(stderr, "truth: unknown option %s\n", argv[i]);
			return 2;
		}
	}
	return run(together, argv + i);
}
