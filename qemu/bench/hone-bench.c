// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts what a system call's work costs in a guest under -icount shift=0,
 * where the time stamp counter is the number of instructions executed.
 *
 *	hone-bench [ROUNDS [idle|filtered|nobody|captured]]
 *
 * Idle, nobody captures; filtered, a session does, whose filter wants no
 * packet, so that only who wrote and read is told; nobody, it wants packets of
 * a process that is not there; captured, it wants all.
 *
 * Prints a line "name instructions" for each operation: the mean of the middle
 * half of the rounds, which leaves out timer ticks and cache refills. One
 * process on one CPU does both ends, so nothing depends on the scheduler.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#define WARMUP	64
#define CONTROL	"/sys/kernel/debug/hone/control"

static int a = -1, b = -1, listener = -1;
static struct sockaddr_in listen_addr;
static char payload[64];

static void fail(const char *doing)
{
	fprintf(stderr, "hone-bench: %s: %s\n", doing, strerror(errno));
	exit(1);
}

static int open_socket(int type, struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = socket(AF_INET, type, 0);

	memset(addr, 0, sizeof(*addr));
	addr->sin_family = AF_INET;
	addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)addr, len) ||
	    getsockname(fd, (struct sockaddr *)addr, &len))
		fail("opening a socket");
	return fd;
}

static void connect_to(int fd, const struct sockaddr_in *addr)
{
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		fail("connecting");
}

static void udp_setup(void)
{
	struct sockaddr_in addr_a, addr_b;

	a = open_socket(SOCK_DGRAM, &addr_a);
	b = open_socket(SOCK_DGRAM, &addr_b);
	connect_to(a, &addr_b);
	connect_to(b, &addr_a);
}

static void tcp_listen(void)
{
	listener = open_socket(SOCK_STREAM, &listen_addr);
	if (listen(listener, 16))
		fail("listening");
}

static void tcp_setup(void)
{
	int one = 1;

	tcp_listen();
	a = socket(AF_INET, SOCK_STREAM, 0);
	connect_to(a, &listen_addr);
	b = accept(listener, NULL, NULL);
	if (b < 0)
		fail("accepting");
	setsockopt(a, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(b, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void close_all(void)
{
	if (a >= 0)
		close(a);
	if (b >= 0)
		close(b);
	if (listener >= 0)
		close(listener);
	a = -1;
	b = -1;
	listener = -1;
}

static void pass(int from, int to)
{
	char buf[sizeof(payload)];

	if (write(from, payload, sizeof(payload)) != sizeof(payload))
		fail("writing");
	if (read(to, buf, sizeof(buf)) != sizeof(buf))
		fail("reading");
}

static void round_trip(void)
{
	pass(a, b);
	pass(b, a);
}

/* The listener's side closes first, as a server does after its answer. */
static void tcp_connect_once(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int peer;

	connect_to(fd, &listen_addr);
	peer = accept(listener, NULL, NULL);
	if (fd < 0 || peer < 0)
		fail("accepting");
	close(peer);
	close(fd);
}

static void wait_for(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		fail("running a child");
}

static void fork_once(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	wait_for(pid);
}

static void exec_once(void)
{
	char name[] = "hone-bench", word[] = "--nothing";
	char * const argv[] = { name, word, NULL };
	char * const envp[] = { NULL };
	pid_t pid = -1;

	errno = posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, envp);
	if (errno)
		fail("spawning");
	wait_for(pid);
}

static void send_once(void)
{
	if (write(a, payload, sizeof(payload)) != sizeof(payload))
		fail("writing");
}

static void receive_once(void)
{
	char buf[sizeof(payload)];

	if (read(b, buf, sizeof(buf)) != sizeof(buf))
		fail("reading");
}

static const struct op {
	const char *name;
	void (*setup)(void);
	void (*before)(void);		/* not counted */
	void (*once)(void);
	void (*after)(void);		/* not counted */
} ops[] = {
	{ "udp-round-trip", udp_setup, NULL, round_trip, NULL },
	{ "udp-send", udp_setup, NULL, send_once, receive_once },
	{ "udp-receive", udp_setup, send_once, receive_once, NULL },
	{ "tcp-round-trip", tcp_setup, NULL, round_trip, NULL },
	{ "tcp-send", tcp_setup, NULL, send_once, receive_once },
	{ "tcp-receive", tcp_setup, send_once, receive_once, NULL },
	{ "tcp-connect", tcp_listen, NULL, tcp_connect_once, NULL },
	{ "fork", NULL, NULL, fork_once, NULL },
	{ "exec", NULL, NULL, exec_once, NULL },
	{ NULL, NULL, NULL, NULL, NULL }
};

/* What a session is told before it starts; NULL: there is none. */
static const struct mode {
	const char *name;
	const char *commands;
} modes[] = {
	{ "idle", NULL },
	{ "filtered", "subbufs 64\nfilter 1,6 0 0 0\nstart\n" },
	{ "nobody", "subbufs 64\npid 4194304\nstart\n" },
	{ "captured", "subbufs 64\nstart\n" },
	{ NULL }
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

	if (op->setup)
		op->setup();
	for (i = 0; i < WARMUP; i++)
		round_of(op);
	for (i = 0; i < rounds; i++)
		took[i] = round_of(op);
	close_all();
	session_close(session);
	qsort(took, rounds, sizeof(*took), compare);
	for (i = rounds / 4; i < rounds - rounds / 4; i++)
		sum += took[i];
	return sum / (rounds - 2 * (rounds / 4));
}

int main(int argc, char **argv)
{
	const struct mode *mode = modes;
	const struct op *op;
	size_t rounds = 1000;
	unsigned long long *took;

	if (argc == 2 && !strcmp(argv[1], "--nothing"))
		return 0;
	if (argc > 1)
		rounds = strtoul(argv[1], NULL, 10);
	if (argc == 3)
		while (mode->name && strcmp(mode->name, argv[2]))
			mode++;
	if (argc > 3 || !mode->name || rounds < 4 || rounds > 1000000) {
		fputs("usage: hone-bench [ROUNDS [idle|filtered|nobody|captured]]\n",
		      stderr);
		return 2;
	}
	took = calloc(rounds, sizeof(*took));
	if (!took)
		fail("taking memory");
	for (op = ops; op->name; op++)
		printf("%s %.1f\n", op->name, measure(op, mode, took, rounds));
	return 0;
}
