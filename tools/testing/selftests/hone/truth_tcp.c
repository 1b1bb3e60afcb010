// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ground truth: TCP, whose sockets are inherited, passed on and shared.
 */
#define _GNU_SOURCE
#include "truth.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY	0x4000000
#endif
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif
#define WORKERS	3

static int family;
static int listener, conn, pair[2];
static int client = -1, server = -1;

/* Both ends of a connection, made by the caller, which owns them. */
static void make_pair(void)
{
	listener = listen_at(AF_INET, port(0));
	client = connect_to(AF_INET, port(0));
	server = accept_one(listener);
	close(listener);
}

/* One side answers the other, frame by frame. */
static void ping_pong(int fd, bool first, int n)
{
	char buf[TRUTH_LEN];

	while (n--) {
		if (first)
			stream_write(fd, 1);
		if (recv(fd, buf, sizeof(buf), MSG_WAITALL) != sizeof(buf))
			die("recv");
		frame_got(buf, sizeof(buf));
		if (!first)
			stream_write(fd, 1);
	}
}

static void plain_server(long arg)
{
	conn = accept_one(listener);
	gate_open(0);
	ping_pong(conn, false, truth_rounds);
	stream_read(conn);
	stream_end(conn);
}

static void plain_client(long arg)
{
	close(listener);
	conn = connect_to(family, port(0));
	/* Until it is accepted, an association of SCTP is the listener's. */
	if (stream_protocol == IPPROTO_SCTP)
		gate_wait(0, 1);
	ping_pong(conn, true, truth_rounds);
	stream_end(conn);
	stream_read(conn);
}

static int plain(int fam, int client_fam)
{
	listener = listen_at(fam, port(0));
	family = client_fam;
	spawn("server", plain_server, 0);
	spawn("client", plain_client, 0);
	reap_all();
	return CASE_OK;
}

static int run_plain(void)
{
	return plain(AF_INET, AF_INET);
}

static int run_plain6(void)
{
	return plain(AF_INET6, AF_INET6);
}

/* The server's socket is IPv6, what it gets is IPv4. */
static int run_mapped(void)
{
	int off = 0, fd = socket(AF_INET6, SOCK_STREAM, 0);
	struct {
		uint16_t family, port;
		uint32_t flow;
		uint8_t addr[16];
		uint32_t scope;
	} any = { .family = AF_INET6, .port = htobe16(port(0)) };

	setsockopt(fd, 41, 26, &off, sizeof(off));	/* IPV6_V6ONLY */
	if (bind(fd, (void *)&any, sizeof(any)) || listen(fd, 8))
		die("listen");
	listener = fd;
	family = AF_INET;
	spawn("server", plain_server, 0);
	spawn("client", plain_client, 0);
	reap_all();
	return CASE_OK;
}

/* Who has the lock writes or reads a frame. */
static void share_write(long n)
{
	while (n--) {
		lock();
		stream_write(client, 1);
		pace(client, n);
		unlock();
	}
}

static void share_read(long arg)
{
	struct pollfd p = { .fd = server, .events = POLLIN };
	char buf[TRUTH_LEN];
	ssize_t len;

	for (;;) {
		/* Readers who cannot read are not to crowd the lock. */
		poll(&p, 1, -1);
		lock();
		len = recv(server, buf, sizeof(buf),
			   MSG_WAITALL | MSG_DONTWAIT);
		if (len > 0 && len < TRUTH_LEN) {
			len += recv(server, buf + len, sizeof(buf) - len,
				    MSG_WAITALL);
		}
		if (len > 0)
			frame_got(buf, len);
		unlock();
		if (!len)
			return;
	}
}

static int run_fork(void)
{
	pid_t writers[WORKERS];
	int i;

	make_pair();
	for (i = 0; i < WORKERS; i++)
		spawn("reader", share_read, 0);
	for (i = 0; i < WORKERS; i++)
		writers[i] = spawn("writer", share_write, truth_rounds);
	for (i = 0; i < WORKERS; i++)
		reap(writers[i]);
	stream_end(client);
	reap_all();
	return CASE_OK;
}

static void *thread_write(void *arg)
{
	share_write(truth_rounds);
	return NULL;
}

static void *thread_read(void *arg)
{
	share_read(0);
	return NULL;
}

static int run_threads(void)
{
	pthread_t w[WORKERS], r[WORKERS];
	int i;

	make_pair();
	for (i = 0; i < WORKERS; i++)
		if (pthread_create(&w[i], NULL, thread_write, NULL) ||
		    pthread_create(&r[i], NULL, thread_read, NULL))
			die("pthread_create");
	for (i = 0; i < WORKERS; i++)
		pthread_join(w[i], NULL);
	stream_end(client);
	for (i = 0; i < WORKERS; i++)
		pthread_join(r[i], NULL);
	return CASE_OK;
}

static void exec_writer(long arg)
{
	become("write", client, truth_rounds * 3);
}

static void exec_reader(long arg)
{
	/* What it reads itself is its own, what the program reads is not. */
	char buf[TRUTH_LEN];

	if (recv(server, buf, sizeof(buf), MSG_WAITALL) != sizeof(buf))
		die("recv");
	frame_got(buf, sizeof(buf));
	close(client);
	become("read", server, 0);
}

static int run_exec(void)
{
	make_pair();
	stream_write(client, 1);
	spawn("exec-w", exec_writer, 0);
	spawn("exec-r", exec_reader, 0);
	close(client);
	close(server);
	reap_all();
	return CASE_OK;
}

/* The maker gives away the only descriptor; another one writes. */
static void rights_maker(long arg)
{
	close(pair[1]);
	make_pair();
	if (send_fd(pair[0], client) || send_fd(pair[0], server))
		die("sending a descriptor");
}

static void rights_writer(long fd)
{
	close(server);
	stream_write(fd, truth_rounds * 3);
	stream_end(fd);
}

static void rights_reader(long fd)
{
	close(client);
	stream_read(fd);
}

static int run_scm_rights(void)
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("socketpair");
	reap(spawn("maker", rights_maker, 0));
	client = recv_fd(pair[1]);
	server = recv_fd(pair[1]);
	spawn("rights-w", rights_writer, client);
	spawn("rights-r", rights_reader, server);
	close(client);
	close(server);
	reap_all();
	return CASE_OK;
}

static void getfd_maker(long arg)
{
	int fds[2];

	make_pair();
	fds[0] = client;
	fds[1] = server;
	if (write(pair[0], fds, sizeof(fds)) != sizeof(fds))
		die("write");
	gate_wait(0, 1);
}

static int run_pidfd_getfd(void)
{
	int fds[2], pidfd;
	pid_t maker;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("socketpair");
	maker = spawn("maker", getfd_maker, 0);
	if (read(pair[1], fds, sizeof(fds)) != sizeof(fds))
		die("read");
	pidfd = syscall(SYS_pidfd_open, maker, 0);
	client = syscall(SYS_pidfd_getfd, pidfd, fds[0], 0);
	server = syscall(SYS_pidfd_getfd, pidfd, fds[1], 0);
	if (client < 0 || server < 0)
		return skip("no pidfd_getfd");
	gate_open(0);
	reap(maker);
	spawn("getfd-w", rights_writer, client);
	spawn("getfd-r", rights_reader, server);
	close(client);
	close(server);
	reap_all();
	return CASE_OK;
}

/* Processes of their own that share the table of descriptors. */
static void files_writer(long arg)
{
	share_write(truth_rounds);
}

static void files_reader(long arg)
{
	share_read(0);
}

static int run_clone_files(void)
{
	pid_t writers[WORKERS];
	int i;

	make_pair();
	for (i = 0; i < WORKERS; i++)
		spawn_flags("files-r", files_reader, 0, CLONE_FILES);
	for (i = 0; i < WORKERS; i++)
		writers[i] = spawn_flags("files-w", files_writer, 0,
					 CLONE_FILES);
	for (i = 0; i < WORKERS; i++)
		reap(writers[i]);
	stream_end(client);
	reap_all();
	return CASE_OK;
}

/* A worker answers as many connections as there come until the last. */
static void worker(long arg)
{
	char buf[TRUTH_LEN];
	ssize_t len;

	for (;;) {
		conn = accept_one(listener);
		len = recv(conn, buf, sizeof(buf), MSG_WAITALL);
		if (!len)
			return;
		frame_got(buf, len);
		stream_write(conn, 2);
		stream_read(conn);
		stream_end(conn);
		close(conn);
	}
}

static void customer(long n)
{
	char buf[TRUTH_LEN];

	while (n--) {
		conn = connect_to(AF_INET, port(0));
		stream_write(conn, 2);
		if (recv(conn, buf, sizeof(buf), MSG_WAITALL) != sizeof(buf))
			die("recv");
		frame_got(buf, sizeof(buf));
		stream_end(conn);
		stream_read(conn);
		close(conn);
	}
}

static void customers(void)
{
	pid_t pid[WORKERS];
	int i;

	for (i = 0; i < WORKERS; i++)
		pid[i] = spawn("customer", customer, truth_rounds / 12);
	for (i = 0; i < WORKERS; i++)
		reap(pid[i]);
}

static int run_prefork(void)
{
	int i;

	listener = listen_at(AF_INET, port(0));
	for (i = 0; i < WORKERS; i++)
		spawn("worker", worker, 0);
	customers();
	/* One connection without data for each. */
	for (i = 0; i < WORKERS; i++) {
		conn = connect_to(AF_INET, port(0));
		stream_end(conn);
		close(conn);
	}
	reap_all();
	return CASE_OK;
}

static void reuse_worker(long arg)
{
	listener = listen_at(AF_INET, port(0));
	gate_open(0);
	if (!fcntl(listener, F_SETFL, O_NONBLOCK)) {
		struct pollfd p[] = {
			{ .fd = listener, .events = POLLIN },
			{ .fd = pair[1], .events = POLLIN },
		};

		while (poll(p, 2, -1) > 0) {
			conn = accept(listener, NULL, NULL);
			if (conn < 0) {
				if (p[1].revents)
					return;
				continue;
			}
			stream_write(conn, 2);
			stream_read(conn);
			stream_end(conn);
			close(conn);
		}
	}
}

static void reuse_customer(long n)
{
	while (n--) {
		conn = connect_to(AF_INET, port(0));
		stream_write(conn, 2);
		stream_end(conn);
		stream_read(conn);
		close(conn);
	}
}

static int run_reuseport(void)
{
	pid_t pid[WORKERS];
	int i;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("socketpair");
	for (i = 0; i < WORKERS; i++)
		spawn("reuse", reuse_worker, 0);
	gate_wait(0, WORKERS);
	for (i = 0; i < WORKERS; i++)
		pid[i] = spawn("customer", reuse_customer, truth_rounds / 12);
	for (i = 0; i < WORKERS; i++)
		reap(pid[i]);
	if (write(pair[0], "", 1) != 1)
		die("write");
	reap_all();
	return CASE_OK;
}

/* The service manager listens; the service is another program. */
static void service(long n)
{
	become("accept", listener, n);
}

static int run_activation(void)
{
	int n = truth_rounds / 12 * WORKERS;

	listener = listen_at(AF_INET, port(0));
	spawn("service", service, n);
	close(listener);
	for (int i = 0; i < WORKERS; i++)
		spawn("customer", reuse_customer, truth_rounds / 12);
	reap_all();
	return CASE_OK;
}

/* Who has made the connection ends at once; its child goes on with it. */
static void survivor(long arg)
{
	gate_wait(0, 1);
	stream_write(client, truth_rounds * 3);
	stream_end(client);
	gate_open(1);
}

static void short_lived(long arg)
{
	make_pair();
	spawn("survivor", survivor, 0);
	stream_write(client, 1);
	if (send_fd(pair[0], server))
		die("sending a descriptor");
	/* Its child is then the child of init, or of the subreaper. */
}

static int run_exit_live(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("socketpair");
	reap(spawn("maker", short_lived, 0));
	server = recv_fd(pair[1]);
	gate_open(0);
	stream_read(server);
	reap_all();
	return CASE_OK;
}

/* The writer has ended before what it wrote leaves. */
static void queued_writer(long arg)
{
	int n;

	close(server);
	for (n = 0; n < truth_rounds * 3; n++)
		stream_write(client, 1);
	stream_end(client);
}

static int run_exit_queued(void)
{
	int i, tiny = 1, big = 4 << 20;

	/* Several connections, since only what a window holds waits. */
	for (i = 0; i < 5; i++) {
		listener = listen_at(AF_INET, port(i));
		setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &tiny,
			   sizeof(tiny));
		client = connect_to(AF_INET, port(i));
		setsockopt(client, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
		server = accept_one(listener);
		close(listener);
		reap(spawn("queued-w", queued_writer, 0));
		close(client);
		stream_read(server);
		close(server);
	}
	return CASE_OK;
}

/* One looks, another one takes. */
static void peek_reader(long arg)
{
	char buf[TRUTH_LEN];
	int n;

	for (n = 1;; n++) {
		gate_wait(0, n);
		if (recv(server, buf, sizeof(buf), MSG_WAITALL) <= 0)
			return;
		frame_got(buf, sizeof(buf));
		gate_open(1);
	}
}

static int run_peek(void)
{
	char buf[TRUTH_LEN];
	int i;

	make_pair();
	spawn("taker", peek_reader, 0);
	for (i = 1; i <= truth_rounds; i++) {
		stream_write(client, 1);
		if (recv(server, buf, sizeof(buf), MSG_PEEK | MSG_WAITALL) !=
		    sizeof(buf))
			die("recv");
		gate_open(0);
		gate_wait(1, i);
	}
	stream_end(client);
	gate_open(0);
	reap_all();
	return CASE_OK;
}

/* A file and a pipe into the socket; the socket into a pipe. */
static void sendfile_writer(long n)
{
	char path[] = "/tmp/truth.XXXXXX", buf[TRUTH_LEN];
	int fd = mkstemp(path), p[2];
	loff_t off = 0;

	unlink(path);
	if (fd < 0 || pipe(p))
		die("pipe");
	while (n--) {
		lock();
		frame_make(buf, TRUTH_OUT | TRUTH_IN);
		if (n & 1) {
			if (pwrite(fd, buf, sizeof(buf), off) != sizeof(buf) ||
			    sendfile(client, fd, &off, sizeof(buf)) !=
			    sizeof(buf))
				die("sendfile");
		} else {
			if (write(p[1], buf, sizeof(buf)) != sizeof(buf) ||
			    splice(p[0], NULL, client, NULL, sizeof(buf), 0) !=
			    sizeof(buf))
				die("splice");
		}
		pace(client, n);
		unlock();
	}
}

static void splice_reader(long arg)
{
	char buf[TRUTH_LEN];
	int p[2];
	ssize_t n, len;

	if (pipe(p))
		die("pipe");
	for (;;) {
		for (n = 0; n < TRUTH_LEN; n += len) {
			len = splice(server, NULL, p[1], NULL, TRUTH_LEN - n,
				     0);
			if (len < 0)
				die("splice");
			if (!len)
				return;
		}
		if (read(p[0], buf, sizeof(buf)) != sizeof(buf))
			die("read");
		frame_got(buf, sizeof(buf));
	}
}

static int run_sendfile(void)
{
	pid_t w[2];

	make_pair();
	spawn("splicer", splice_reader, 0);
	w[0] = spawn("sendfile", sendfile_writer, truth_rounds);
	w[1] = spawn("sendfile", sendfile_writer, truth_rounds);
	reap(w[0]);
	reap(w[1]);
	stream_end(client);
	reap_all();
	return CASE_OK;
}

static void zerocopy_writer(long n)
{
	char *buf = aligned_alloc(4096, n * TRUTH_LEN);
	int one = 1, i;

	if (setsockopt(client, SOL_SOCKET, 60 /* SO_ZEROCOPY */, &one,
		       sizeof(one)))
		die("SO_ZEROCOPY");
	for (i = 0; i < n; i++) {
		lock();
		frame_make(buf + i * TRUTH_LEN, TRUTH_OUT | TRUTH_IN);
		if (send(client, buf + i * TRUTH_LEN, TRUTH_LEN,
			 MSG_ZEROCOPY) != TRUTH_LEN)
			die("send");
		pace(client, i);
		unlock();
	}
}

static int run_zerocopy(void)
{
	pid_t w[2];

	make_pair();
	spawn("reader", share_read, 0);
	w[0] = spawn("zerocopy", zerocopy_writer, truth_rounds);
	w[1] = spawn("zerocopy", zerocopy_writer, truth_rounds);
	reap(w[0]);
	reap(w[1]);
	stream_end(client);
	reap_all();
	return CASE_OK;
}

/* Large writes of two writers, in super-packets, resent or not. */
#define BULK	(128 * TRUTH_LEN)

static void bulk_writer(long n)
{
	char buf[BULK];
	size_t done;
	ssize_t len;

	while (n--) {
		lock();
		frames_make(buf, BULK / TRUTH_LEN, TRUTH_OUT | TRUTH_IN);
		for (done = 0; done < BULK; done += len) {
			len = send(client, buf + done, BULK - done, 0);
			if (len <= 0)
				die("send");
		}
		unlock();
	}
}

static void bulk_reader(long arg)
{
	static char buf[BULK];
	ssize_t len;

	while ((len = recv(server, buf, sizeof(buf), MSG_WAITALL)) > 0)
		frame_got(buf, len);
}

static int run_bulk(void)
{
	pid_t w[2];

	make_pair();
	spawn("bulk-r", bulk_reader, 0);
	w[0] = spawn("bulk-w", bulk_writer, truth_rounds * 3 / 8);
	w[1] = spawn("bulk-w", bulk_writer, truth_rounds * 3 / 8);
	reap(w[0]);
	reap(w[1]);
	stream_end(client);
	reap_all();
	return CASE_OK;
}

/* Data in the SYN; the first connection gets the cookie for it. */
static void fastopen_client(long n)
{
	struct {
		uint16_t family, port;
		uint8_t addr[4], zero[8];
	} at = { AF_INET, htobe16(port(0)), { 127, 0, 0, 1 }, { 0 } };
	char buf[TRUTH_LEN];

	while (n--) {
		conn = socket(AF_INET, SOCK_STREAM, 0);
		frame_make(buf, TRUTH_OUT | TRUTH_IN);
		if (sendto(conn, buf, sizeof(buf), MSG_FASTOPEN, (void *)&at,
			   sizeof(at)) != sizeof(buf))
			die("sendto");
		stream_write(conn, 1);
		stream_end(conn);
		stream_read(conn);
		close(conn);
	}
}

static void fastopen_server(long n)
{
	while (n--) {
		conn = accept_one(listener);
		stream_write(conn, 1);
		stream_read(conn);
		stream_end(conn);
		close(conn);
	}
}

static int run_fastopen(void)
{
	int fd = open("/proc/sys/net/ipv4/tcp_fastopen", O_WRONLY);
	int queue = 16, n = truth_rounds / 4;

	if (fd < 0 || write(fd, "3", 1) != 1)
		return skip("no TCP Fast Open");
	close(fd);
	listener = listen_at(AF_INET, port(0));
	if (setsockopt(listener, SOL_TCP, TCP_FASTOPEN, &queue, sizeof(queue)))
		return skip("no TCP Fast Open");
	spawn("fo-server", fastopen_server, n);
	spawn("fo-client", fastopen_client, n);
	reap_all();
	return CASE_OK;
}

/* Bytes of a connection that travel by subflows. */
static int with_mptcp(int (*run)(void))
{
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);

	if (fd < 0)
		return skip("no MPTCP");
	close(fd);
	stream_protocol = IPPROTO_MPTCP;
	return run();
}

static int run_mptcp(void)
{
	return with_mptcp(run_plain);
}

static int run_mptcp6(void)
{
	return with_mptcp(run_plain6);
}

static int run_mptcp_fork(void)
{
	return with_mptcp(run_fork);
}

/* A second subflow, which a worker of the kernel makes, and large writes. */
static int run_mptcp_join(void)
{
	if (unshare(CLONE_NEWNET))
		die("unshare");
	/* By its path: a busybox shell has an ip of its own. */
	if (system("for ip in /usr/sbin/ip /sbin/ip; do [ ! -x $ip ] || break; done\n"
		   "$ip link set lo up && $ip mptcp limits set subflow 2 add_addr_accepted 2 &&\n"
		   "$ip mptcp endpoint add 127.0.0.2 subflow"))
		return skip("no ip mptcp");
	return with_mptcp(run_bulk);
}

static int with_sctp(int (*run)(void))
{
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);

	if (fd < 0)
		return skip("no SCTP");
	close(fd);
	stream_protocol = IPPROTO_SCTP;
	return run();
}

static int run_sctp(void)
{
	return with_sctp(run_plain);
}

static int run_sctp6(void)
{
	return with_sctp(run_plain6);
}

const struct truth_case truth_tcp[] = {
	{ "tcp", run_plain },
	{ "tcp6", run_plain6 },
	{ "tcp-mapped", run_mapped },
	{ "tcp-fork", run_fork },
	{ "tcp-threads", run_threads },
	{ "tcp-exec", run_exec },
	{ "tcp-scm-rights", run_scm_rights },
	{ "tcp-pidfd-getfd", run_pidfd_getfd },
	{ "tcp-clone-files", run_clone_files },
	{ "tcp-prefork", run_prefork },
	{ "tcp-reuseport", run_reuseport },
	{ "tcp-activation", run_activation },
	{ "tcp-exit-live", run_exit_live },
	{ "tcp-exit-queued", run_exit_queued },
	{ "tcp-peek", run_peek },
	{ "tcp-sendfile", run_sendfile },
	{ "tcp-zerocopy", run_zerocopy },
	{ "tcp-bulk", run_bulk },
	{ "tcp-fastopen", run_fastopen },
	{ "mptcp", run_mptcp },
	{ "mptcp6", run_mptcp6 },
	{ "mptcp-fork", run_mptcp_fork },
	{ "mptcp-join", run_mptcp_join },
	{ "sctp", run_sctp },
	{ "sctp6", run_sctp6 },
	{ }
};
