// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets that a test knows: makes them, says so on standard output, and
 * keeps them until standard input ends.
 *   sockets shared PORT N      a UDP socket that N children hold too
 *   sockets orphan PORT        a UDP socket whose creator has ended
 *   sockets timewait PORT      a TCP connection that was closed at both ends
 *   sockets tcp PORT           one that is open
 *   sockets many N             N UDP sockets, half of them without an address
 *   sockets send PORT N BYTES  N datagrams of BYTES bytes, to itself
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "sockets: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in here(int port)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return a;
}

static int make(int type, int port)
{
	struct sockaddr_in a = here(port);
	int fd = socket(AF_INET, type, 0), one = 1;

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (port && bind(fd, (struct sockaddr *)&a, sizeof(a)))
		die("bind");
	return fd;
}

static void wait_end(void)
{
	char c;

	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
}

static void shared(int port, int n)
{
	int up[2];
	char c;

	make(SOCK_DGRAM, port);
	if (pipe(up))
		die("pipe");
	while (n--) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			prctl(PR_SET_NAME, "a, b/c\\\n");
			if (write(up[1], "", 1) != 1)
				_exit(1);
			pause();
			_exit(0);
		}
		/* It has its name. */
		if (read(up[0], &c, 1) != 1)
			die("read");
	}
	close(up[0]);
	close(up[1]);
	wait_end();
}

/* Who makes the socket is the parent, which ends before it is told of. */
static void orphan(int port)
{
	int up[2];
	pid_t pid;
	char c;

	make(SOCK_DGRAM, port);
	if (pipe(up))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid)
		_exit(0);
	close(up[1]);
	/* The end of the other end: the parent has gone. */
	if (read(up[0], &c, 1))
		_exit(1);
	prctl(PR_SET_NAME, "heir");
	wait_end();
}

static void tcp(int port, int close_both)
{
	int listener = make(SOCK_STREAM, port), fd = make(SOCK_STREAM, 0), in;
	struct sockaddr_in a = here(port);
	char c;

	if (listen(listener, 5))
		die("listen");
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)))
		die("connect");
	in = accept(listener, NULL, NULL);
	if (in < 0)
		die("accept");
	if (close_both) {
		shutdown(fd, SHUT_WR);
		if (read(in, &c, 1))
			die("read");
		close(in);
		if (read(fd, &c, 1))
			die("read");
		close(fd);
	}
	wait_end();
}

static void many(int n)
{
	struct rlimit files = { n + 16, n + 16 };
	int i;

	if (setrlimit(RLIMIT_NOFILE, &files))
		die("setrlimit");
	for (i = 0; i < n; i++)
		make(SOCK_DGRAM, i % 2 ? 10000 + i : 0);
	wait_end();
}

/* Each is taken before the next is sent: none is dropped. */
static void send_self(int port, int n, int bytes)
{
	struct sockaddr_in a = here(port);
	int fd = make(SOCK_DGRAM, port);
	char *buf = calloc(1, bytes);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)))
		die("connect");
	while (n--) {
		if (send(fd, buf, bytes, 0) != bytes)
			die("send");
		if (recv(fd, buf, bytes, 0) != bytes)
			die("recv");
	}
	wait_end();
}

int main(int argc, char **argv)
{
	int a = argc > 2 ? atoi(argv[2]) : 0, b = argc > 3 ? atoi(argv[3]) : 0;

	if (argc == 4 && !strcmp(argv[1], "shared"))
		shared(a, b);
	else if (argc == 3 && !strcmp(argv[1], "orphan"))
		orphan(a);
	else if (argc == 3 && !strcmp(argv[1], "timewait"))
		tcp(a, 1);
	else if (argc == 3 && !strcmp(argv[1], "tcp"))
		tcp(a, 0);
	else if (argc == 3 && !strcmp(argv[1], "many"))
		many(a);
	else if (argc == 5 && !strcmp(argv[1], "send"))
		send_self(a, b, atoi(argv[4]));
	else
		return 2;
	return 0;
}
