// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ground truth: UDP and its kin, whose sockets are inherited, passed on and
 * shared, and which reach several receivers at once.
 */
#define _GNU_SOURCE
#include "truth.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define WORKERS	3

static int tx, rx, pair[2];

static void sender(long n)
{
	dgrams_send(tx, n);
}

static void receiver(long arg)
{
	dgrams_recv(rx);
}

static void stop(int n)
{
	while (n--)
		dgram_stop(tx);
}

/* As many senders on one socket, and receivers on another. */
static int shared(int senders, int receivers)
{
	pid_t pid[WORKERS];
	int i;

	for (i = 0; i < receivers; i++)
		spawn("receiver", receiver, 0);
	for (i = 0; i < senders; i++)
		pid[i] = spawn("sender", sender, truth_rounds / senders);
	for (i = 0; i < senders; i++)
		reap(pid[i]);
	stop(receivers);
	reap_all();
	return CASE_OK;
}

static int run_plain(void)
{
	rx = udp_at(AF_INET, port(0));
	tx = udp_to(AF_INET, port(0));
	return shared(1, 1);
}

static int run_plain6(void)
{
	rx = udp_at(AF_INET6, port(0));
	tx = udp_to(AF_INET6, port(0));
	return shared(1, 1);
}

static int run_shared(void)
{
	rx = udp_at(AF_INET, port(0));
	tx = udp_to(AF_INET, port(0));
	return shared(WORKERS, WORKERS);
}

static int run_mapped(void)
{
	struct sockaddr_in6 any = {
		.sin6_family = AF_INET6, .sin6_port = htons(port(0)),
	};
	int big = 16 << 20, off = 0;

	rx = socket(AF_INET6, SOCK_DGRAM, 0);
	setsockopt(rx, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	setsockopt(rx, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(rx, (void *)&any, sizeof(any)))
		die("bind");
	tx = udp_to(AF_INET, port(0));
	return shared(2, 2);
}

static int run_udplite(void)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(port(0)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int big = 16 << 20;

	rx = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);
	tx = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);
	if (rx < 0 || tx < 0)
		return skip("no UDP-Lite");
	setsockopt(rx, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	if (bind(rx, (void *)&at, sizeof(at)) ||
	    connect(tx, (void *)&at, sizeof(at)))
		die("bind");
	return shared(2, 2);
}

static void *thread_send(void *arg)
{
	dgrams_send(tx, truth_rounds / WORKERS);
	return NULL;
}

static void *thread_recv(void *arg)
{
	dgrams_recv(rx);
	return NULL;
}

static int run_threads(void)
{
	pthread_t s[WORKERS], r[WORKERS];
	int i;

	rx = udp_at(AF_INET, port(0));
	tx = udp_to(AF_INET, port(0));
	for (i = 0; i < WORKERS; i++)
		if (pthread_create(&r[i], NULL, thread_recv, NULL) ||
		    pthread_create(&s[i], NULL, thread_send, NULL))
			die("pthread_create");
	for (i = 0; i < WORKERS; i++)
		pthread_join(s[i], NULL);
	stop(WORKERS);
	for (i = 0; i < WORKERS; i++)
		pthread_join(r[i], NULL);
	return CASE_OK;
}

static void exec_sender(long n)
{
	dgrams_send(tx, 1);
	become("send", tx, n);
}

static void exec_receiver(long arg)
{
	become("recv", rx, 0);
}

static int run_exec(void)
{
	rx = udp_at(AF_INET, port(0));
	tx = udp_to(AF_INET, port(0));
	spawn("exec-r", exec_receiver, 0);
	reap(spawn("exec-s", exec_sender, truth_rounds));
	stop(1);
	reap_all();
	return CASE_OK;
}

static void maker(long arg)
{
	int a = udp_at(AF_INET, port(0)), b = udp_to(AF_INET, port(0));

	if (send_fd(pair[0], a) || send_fd(pair[0], b))
		die("sending a descriptor");
}

static int run_scm_rights(void)
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("socketpair");
	reap(spawn("maker", maker, 0));
	rx = recv_fd(pair[1]);
	tx = recv_fd(pair[1]);
	return shared(2, 2);
}

/* Each receiver has a socket of its own at the same port. */
static void reuse_receiver(long arg)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(port(0)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int one = 1, big = 16 << 20;
	struct timeval tick = { .tv_usec = 100000 };
	char buf[TRUTH_LEN], byte;

	rx = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(rx, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	setsockopt(rx, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	setsockopt(rx, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick));
	if (bind(rx, (void *)&at, sizeof(at)))
		die("bind");
	gate_open(0);
	for (;;) {
		if (recv(rx, buf, sizeof(buf), 0) == sizeof(buf))
			frame_got(buf, sizeof(buf));
		else if (recv(pair[1], &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
			return;
	}
}

/* Each datagram from another port, so that all receivers get some. */
static void reuse_sender(long n)
{
	while (n--) {
		tx = udp_to(AF_INET, port(0));
		dgrams_send(tx, 1);
		close(tx);
	}
}

static int run_reuseport(void)
{
	pid_t pid[2];
	int i;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("socketpair");
	for (i = 0; i < WORKERS; i++)
		spawn("reuse", reuse_receiver, 0);
	gate_wait(0, WORKERS);
	for (i = 0; i < 2; i++)
		pid[i] = spawn("sender", reuse_sender, truth_rounds / 2);
	for (i = 0; i < 2; i++)
		reap(pid[i]);
	if (write(pair[0], "", 1) != 1)
		die("write");
	reap_all();
	return CASE_OK;
}

/* One corks, another one pushes: it is the latter who sends. */
static void pusher(long n)
{
	char buf[TRUTH_LEN];

	while (n--) {
		lock();
		frame_make(buf, TRUTH_OUT | TRUTH_IN);
		if (send(tx, buf, TRUTH_LEN / 2, MSG_MORE) != TRUTH_LEN / 2 ||
		    send(tx, buf + TRUTH_LEN / 2, TRUTH_LEN / 2, 0) !=
		    TRUTH_LEN / 2)
			die("send");
		unlock();
	}
}

static int run_cork(void)
{
	pid_t pid[2];

	rx = udp_at(AF_INET, port(0));
	tx = udp_to(AF_INET, port(0));
	spawn("receiver", receiver, 0);
	pid[0] = spawn("pusher", pusher, truth_rounds / 2);
	pid[1] = spawn("pusher", pusher, truth_rounds / 2);
	reap(pid[0]);
	reap(pid[1]);
	stop(1);
	reap_all();
	return CASE_OK;
}

/* Several datagrams in one super-packet. */
#define SEGMENTS	4

static void gso_sender(long n)
{
	char buf[SEGMENTS * TRUTH_LEN];
	int size = TRUTH_LEN;

	if (setsockopt(tx, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)))
		die("UDP_SEGMENT");
	while (n--) {
		frames_make(buf, SEGMENTS, TRUTH_OUT | TRUTH_IN);
		if (send(tx, buf, sizeof(buf), 0) != sizeof(buf))
			die("send");
	}
}

static void gso_receiver(long arg)
{
	int one = 1;

	if (arg && setsockopt(rx, SOL_UDP, UDP_GRO, &one, sizeof(one)))
		die("UDP_GRO");
	gate_open(0);
	dgrams_recv(rx);
}

static int in_segments(int gro)
{
	pid_t pid[2];

	rx = udp_at(AF_INET, port(0));
	tx = udp_to(AF_INET, port(0));
	spawn("gso-r", gso_receiver, gro);
	gate_wait(0, 1);
	pid[0] = spawn("gso-s", gso_sender, truth_rounds / 2);
	pid[1] = spawn("gso-s", gso_sender, truth_rounds / 2);
	reap(pid[0]);
	reap(pid[1]);
	stop(1);
	reap_all();
	return CASE_OK;
}

static int run_gso(void)
{
	return in_segments(0);
}

static int run_gro(void)
{
	return in_segments(1);
}

#define BATCH	8

static void mmsg_sender(long n)
{
	char buf[BATCH][TRUTH_LEN];
	struct iovec iov[BATCH];
	struct mmsghdr m[BATCH] = { 0 };
	int i;

	while (n--) {
		for (i = 0; i < BATCH; i++) {
			frame_make(buf[i], TRUTH_OUT | TRUTH_IN);
			iov[i] = (struct iovec){ buf[i], TRUTH_LEN };
			m[i].msg_hdr.msg_iov = &iov[i];
			m[i].msg_hdr.msg_iovlen = 1;
		}
		if (sendmmsg(tx, m, BATCH, 0) != BATCH)
			die("sendmmsg");
	}
}

static void mmsg_receiver(long n)
{
	char buf[BATCH][TRUTH_LEN];
	struct iovec iov[BATCH];
	struct mmsghdr m[BATCH] = { 0 };
	int i, got;

	for (i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ buf[i], TRUTH_LEN };
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	for (;;) {
		got = recvmmsg(rx, m, BATCH, MSG_WAITFORONE, NULL);
		if (got < 1)
			die("recvmmsg");
		for (i = 0; i < got; i++) {
			if (memcmp(buf[i], TRUTH_MARK, 8)) {
				/* What comes behind a stop are stops. */
				for (i++; i < got; i++)
					dgram_stop(tx);
				return;
			}
			frame_got(buf[i], TRUTH_LEN);
		}
	}
}

static int run_mmsg(void)
{
	pid_t pid[2];
	int i;

	rx = udp_at(AF_INET, port(0));
	tx = udp_to(AF_INET, port(0));
	for (i = 0; i < 2; i++)
		spawn("mmsg-r", mmsg_receiver, 0);
	for (i = 0; i < 2; i++)
		pid[i] = spawn("mmsg-s", mmsg_sender, truth_rounds / 2 / BATCH);
	for (i = 0; i < 2; i++)
		reap(pid[i]);
	stop(2);
	reap_all();
	return CASE_OK;
}

static void taker(long arg)
{
	char buf[TRUTH_LEN];
	int n;

	for (n = 1;; n++) {
		gate_wait(0, n);
		if (recv(rx, buf, sizeof(buf), 0) != sizeof(buf))
			die("recv");
		if (memcmp(buf, TRUTH_MARK, 8))
			return;
		frame_got(buf, sizeof(buf));
		gate_open(1);
	}
}

static int run_peek(void)
{
	char buf[TRUTH_LEN];
	int i;

	rx = udp_at(AF_INET, port(0));
	tx = udp_to(AF_INET, port(0));
	spawn("taker", taker, 0);
	for (i = 1; i <= truth_rounds; i++) {
		dgrams_send(tx, 1);
		if (recv(rx, buf, sizeof(buf), MSG_PEEK) != sizeof(buf))
			die("recv");
		gate_open(0);
		gate_wait(1, i);
	}
	stop(1);
	gate_open(0);
	reap_all();
	return CASE_OK;
}

/* Several sockets get each datagram, each read by a process of its own. */
static void group_receiver(long group)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(port(0)),
	};
	struct ip_mreq mreq = {
		.imr_multiaddr.s_addr = htonl(group),
		.imr_interface.s_addr = htonl(INADDR_LOOPBACK),
	};
	int one = 1, big = 16 << 20;

	rx = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(rx, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(rx, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	if (bind(rx, (void *)&at, sizeof(at)))
		die("bind");
	if (group >> 28 == 14 &&
	    setsockopt(rx, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq)))
		die("IP_ADD_MEMBERSHIP");
	gate_open(0);
	dgrams_recv(rx);
}

static int group(in_addr_t addr)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(port(0)),
		.sin_addr.s_addr = htonl(addr),
	};
	struct in_addr lo = { htonl(INADDR_LOOPBACK) };
	int one = 1, i;
	pid_t pid[2];

	for (i = 0; i < WORKERS; i++)
		spawn("group", group_receiver, addr);
	gate_wait(0, WORKERS);
	tx = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(tx, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	setsockopt(tx, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof(lo));
	if (connect(tx, (void *)&at, sizeof(at)))
		die("connect");
	for (i = 0; i < 2; i++)
		pid[i] = spawn("sender", sender, truth_rounds / 2);
	for (i = 0; i < 2; i++)
		reap(pid[i]);
	/* One is for all. */
	stop(1);
	reap_all();
	return CASE_OK;
}

static int run_multicast(void)
{
	return group(0xef010203);
}

static int run_broadcast(void)
{
	return group(0x7fffffff);
}

/* Larger than the MTU of any interface: fragments. */
static void large_sender(long n)
{
	char *buf = calloc(1, 9000);

	while (n--) {
		frames_make(buf, 1, TRUTH_OUT | TRUTH_IN);
		if (send(tx, buf, 9000, 0) != 9000)
			die("send");
	}
}

static void large_receiver(long n)
{
	char *buf = malloc(9000);

	while (n--) {
		if (recv(rx, buf, 9000, 0) != 9000)
			die("recv");
		frame_got(buf, TRUTH_LEN);
		gate_open(0);
	}
}

static void large_pair(long n)
{
	char buf[64];
	int i, fd;

	/* Its own namespace, for the sake of a small MTU. */
	snprintf(buf, sizeof(buf), "ip link set lo up mtu 1500");
	if (unshare(CLONE_NEWNET) || system(buf))
		die("unshare");
	/* Two senders may overtake each other at will. */
	fd = open("/proc/sys/net/ipv4/ipfrag_max_dist", O_WRONLY);
	if (fd < 0 || write(fd, "0", 1) != 1)
		die("ipfrag_max_dist");
	close(fd);
	rx = udp_at(AF_INET, port(0));
	tx = udp_to(AF_INET, port(0));
	spawn("large-r", large_receiver, n);
	for (i = 0; i < 2; i++)
		spawn("large-s", large_sender, n / 2);
	reap_all();
}

static int run_fragments(void)
{
	reap(spawn("maker", large_pair, truth_rounds & ~1));
	return CASE_OK;
}

/* Processes that send one datagram and are gone. */
static void one_shot(long arg)
{
	dgrams_send(tx, 1);
}

static int run_one_shot(void)
{
	int i;

	rx = udp_at(AF_INET, port(0));
	tx = udp_to(AF_INET, port(0));
	spawn("receiver", receiver, 0);
	for (i = 0; i < truth_rounds; i++)
		reap(spawn("one-shot", one_shot, 0));
	stop(1);
	reap_all();
	return CASE_OK;
}

/* What comes to a closed port is answered by the kernel. */
static void refused(long n)
{
	char buf[TRUTH_LEN];

	while (n--) {
		frame_make(buf, TRUTH_OUT | TRUTH_IN);
		/* The answer to the one before may have come already. */
		while (send(tx, buf, sizeof(buf), 0) != sizeof(buf))
			if (errno != ECONNREFUSED)
				die("send");
	}
}

static int run_refused(void)
{
	int fd = open("/proc/sys/net/ipv4/icmp_ratelimit", O_WRONLY);

	if (fd < 0 || write(fd, "0", 1) != 1)
		die("icmp_ratelimit");
	close(fd);
	tx = udp_to(AF_INET, port(0));
	spawn("refused", refused, truth_rounds);
	reap_all();
	return CASE_OK;
}

const struct truth_case truth_udp[] = {
	{ "udp", run_plain },
	{ "udp6", run_plain6 },
	{ "udp-mapped", run_mapped },
	{ "udp-lite", run_udplite },
	{ "udp-shared", run_shared },
	{ "udp-threads", run_threads },
	{ "udp-exec", run_exec },
	{ "udp-scm-rights", run_scm_rights },
	{ "udp-reuseport", run_reuseport },
	{ "udp-cork", run_cork },
	{ "udp-gso", run_gso },
	{ "udp-gro", run_gro },
	{ "udp-mmsg", run_mmsg },
	{ "udp-peek", run_peek },
	{ "udp-multicast", run_multicast },
	{ "udp-broadcast", run_broadcast },
	{ "udp-fragments", run_fragments },
	{ "udp-one-shot", run_one_shot },
	{ "udp-refused", run_refused },
	{ }
};
