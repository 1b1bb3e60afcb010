// SPDX-License-Identifier: GPL-2.0-only
/* Operations whose cost is counted: datagrams, streams, connections, programs. */
#include "crowd.h"
#include "ops.h"

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

static int a = -1, b = -1, listener = -1;
static struct sockaddr_in listen_addr;
static char payload[65536];
static size_t size;

void fail(const char *doing)
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

static void udp_open(size_t bytes)
{
	struct sockaddr_in addr_a, addr_b;

	size = bytes;
	a = open_socket(SOCK_DGRAM, &addr_a);
	b = open_socket(SOCK_DGRAM, &addr_b);
	connect_to(a, &addr_b);
	connect_to(b, &addr_a);
}

static void udp_setup(void)
{
	udp_open(64);
}

static void udp_large_setup(void)
{
	udp_open(1400);
}

static void tcp_listen(void)
{
	listener = open_socket(SOCK_STREAM, &listen_addr);
	if (listen(listener, 16))
		fail("listening");
}

/* Buffers of 0 bytes are those that the kernel gives. */
static void tcp_open(size_t bytes, int buffer)
{
	int one = 1;

	size = bytes;
	tcp_listen();
	a = socket(AF_INET, SOCK_STREAM, 0);
	if (buffer &&
	    (setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &buffer,
			sizeof(buffer)) ||
	     setsockopt(a, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer))))
		fail("giving sockets their buffers");
	connect_to(a, &listen_addr);
	b = accept(listener, NULL, NULL);
	if (b < 0)
		fail("accepting");
	setsockopt(a, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(b, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void tcp_setup(void)
{
	tcp_open(64, 0);
}

/* A write fits into the window: nobody waits for an acknowledgment. */
static void stream_setup(void)
{
	tcp_open(sizeof(payload), 200 * 1024);
}

static void send_once(void)
{
	if (write(a, payload, size) != (ssize_t)size)
		fail("writing");
}

static void receive_once(void)
{
	static char buf[sizeof(payload)];
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = read(b, buf + done, size - done);
		if (n <= 0)
			fail("reading");
		done += n;
	}
}

static void turn(void)
{
	int fd = a;

	a = b;
	b = fd;
}

static void round_trip(void)
{
	send_once();
	receive_once();
	turn();
	send_once();
	receive_once();
	turn();
}

static void one_way(void)
{
	send_once();
	receive_once();
}

/* As many as lie in the queue before they are taken. */
#define QUEUED	64

static void queued_once(void)
{
	static unsigned int n;

	send_once();
	if (++n < QUEUED)
		return;
	for (; n; n--)
		receive_once();
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

const struct op ops[] = {
	{ .name = "udp-round-trip", .setup = udp_setup, .once = round_trip },
	{ .name = "udp-1400", .setup = udp_large_setup, .once = round_trip },
	{ .name = "udp-one-way", .setup = udp_setup, .once = one_way },
	{ .name = "udp-left", .setup = udp_setup, .once = one_way,
	  .late = true },
	{ .name = "udp-queued", .setup = udp_setup, .once = queued_once,
	  .uneven = true },
	{ .name = "udp-send", .setup = udp_setup, .once = send_once,
	  .after = receive_once },
	{ .name = "udp-receive", .setup = udp_setup, .before = send_once,
	  .once = receive_once },
	{ .name = "tcp-round-trip", .setup = tcp_setup, .once = round_trip },
	{ .name = "tcp-send", .setup = tcp_setup, .once = send_once,
	  .after = receive_once },
	{ .name = "tcp-receive", .setup = tcp_setup, .before = send_once,
	  .once = receive_once },
	{ .name = "tcp-stream-64k", .setup = stream_setup, .once = one_way },
	{ .name = "tcp-connect", .setup = tcp_listen,
	  .once = tcp_connect_once },
	{ .name = "fork", .once = fork_once },
	{ .name = "exec", .once = exec_once },
	{ .name = "sockets", .setup = crowd_sockets, .once = crowd_sockets_once,
	  .crowd = true },
	{ .name = "processes", .setup = crowd_processes,
	  .once = crowd_processes_once, .crowd = true },
	{ .name = "netns", .setup = crowd_netns, .once = crowd_netns_once,
	  .crowd = true },
	{ .name = "cpus", .setup = crowd_cpus, .once = crowd_cpus_once,
	  .crowd = true, .late = true },
	{ }
};

const struct op *op_find(const char *name)
{
	size_t len = strcspn(name, ":");
	const struct op *op;

	if (name[len])
		crowd_size = strtoul(name + len + 1, NULL, 10);
	for (op = ops; crowd_size && op->name; op++)
		if (!strncmp(op->name, name, len) && !op->name[len])
			return op;
	fprintf(stderr, "hone-bench: no such operation: %s\n", name);
	exit(2);
}

void op_setup(const struct op *op)
{
	if (op->setup)
		op->setup();
}

void op_close(void)
{
	int *fds[] = { &a, &b, &listener };
	size_t i;

	for (i = 0; i < 3; i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}
