// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts what a system call's work costs in a guest under -icount shift=0,
 * where the time stamp counter is the number of instructions executed.
 *
 *	hone-bench [ROUNDS]
 *
 * Prints a line "name instructions" for each operation: the mean of the middle
 * half of the rounds, which leaves out timer ticks and cache refills. One
 * process on one CPU does both ends, so nothing depends on the scheduler.
 */
#include <errno.h>
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

static const struct op {
	const char *name;
	void (*setup)(void);
	void (*once)(void);
} ops[] = {
	{ "udp-round-trip", udp_setup, round_trip },
	{ "tcp-round-trip", tcp_setup, round_trip },
	{ "tcp-connect", tcp_listen, tcp_connect_once },
	{ "fork", NULL, fork_once },
	{ "exec", NULL, exec_once },
	{ NULL }
};

static int compare(const void *x, const void *y)
{
	const unsigned long long *p = x, *q = y;

	return (*p > *q) - (*p < *q);
}

static double measure(const struct op *op, unsigned long long *took,
		      size_t rounds)
{
	double sum = 0;
	unsigned long long start;
	size_t i;

	if (op->setup)
		op->setup();
	for (i = 0; i < WARMUP; i++)
		op->once();
	for (i = 0; i < rounds; i++) {
		start = __rdtsc();
		op->once();
		took[i] = __rdtsc() - start;
	}
	close_all();
	qsort(took, rounds, sizeof(*took), compare);
	for (i = rounds / 4; i < rounds - rounds / 4; i++)
		sum += took[i];
	return sum / (rounds - 2 * (rounds / 4));
}

int main(int argc, char **argv)
{
	const struct op *op;
	size_t rounds = 1000;
	unsigned long long *took;

	if (argc == 2 && !strcmp(argv[1], "--nothing"))
		return 0;
	if (argc == 2)
		rounds = strtoul(argv[1], NULL, 10);
	if (argc > 2 || rounds < 4 || rounds > 1000000) {
		fputs("usage: hone-bench [ROUNDS]\n", stderr);
		return 2;
	}
	took = calloc(rounds, sizeof(*took));
	if (!took)
		fail("taking memory");
	for (op = ops; op->name; op++)
		printf("%s %.1f\n", op->name, measure(op, took, rounds));
	return 0;
}
