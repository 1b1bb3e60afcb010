// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ground truth: ping, raw and packet sockets, io_uring, namespaces, 32-bit
 * programs, and processes that hardly live.
 */
#define _GNU_SOURCE
#include "truth.h"
#include "uring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/icmp6.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define WORKERS	2

static int tx, rx;

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die(path);
	close(fd);
}

/* Ping sockets: the kernel answers, who asked reads the answer. */
static void ping(long family)
{
	struct sockaddr_in6 at6 = {
		.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback,
	};
	struct sockaddr_in at4 = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	char buf[8 + TRUTH_LEN], answer[8 + TRUTH_LEN];
	int n = truth_rounds / 4;

	while (n--) {
		memset(buf, 0, 8);
		buf[0] = family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
		frame_make(buf + 8, TRUTH_OUT | TRUTH_IN);
		if (sendto(tx, buf, sizeof(buf), 0, family == AF_INET ?
			   (void *)&at4 : (void *)&at6, family == AF_INET ?
			   sizeof(at4) : sizeof(at6)) != sizeof(buf))
			die("sendto");
		if (recv(tx, answer, sizeof(answer), 0) != sizeof(answer))
			die("recv");
		frame_got(answer + 8, TRUTH_LEN);
	}
}

static int ping_case(int family)
{
	int i;

	write_file("/proc/sys/net/ipv4/ping_group_range", "0 1000");
	/* Two with one socket, one with its own; each takes what comes. */
	tx = socket(family, SOCK_DGRAM, family == AF_INET ? IPPROTO_ICMP :
		    IPPROTO_ICMPV6);
	if (tx < 0)
		die("socket");
	for (i = 0; i < WORKERS; i++)
		spawn("ping", ping, family);
	reap_all();
	return CASE_OK;
}

static int run_ping(void)
{
	return ping_case(AF_INET);
}

static int run_ping6(void)
{
	return ping_case(AF_INET6);
}

/* Raw sockets with a protocol of their own. */
static void sender(long n)
{
	dgrams_send(tx, n);
}

static void raw_receiver(long head)
{
	char buf[128];
	ssize_t len;

	for (;;) {
		len = recv(rx, buf, sizeof(buf), 0);
		if (len != head + TRUTH_LEN)
			die("recv");
		if (memcmp(buf + head, TRUTH_MARK, 8))
			return;
		frame_got(buf + head, TRUTH_LEN);
	}
}

static int raw_case(int family, int protocol)
{
	struct sockaddr_in6 at6 = {
		.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback,
	};
	struct sockaddr_in at4 = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int i, big = 16 << 20;
	pid_t pid[WORKERS];

	rx = socket(family, SOCK_RAW, protocol);
	/* Of a protocol that it does not receive. */
	tx = socket(family, SOCK_RAW, protocol);
	if (tx < 0 || rx < 0 ||
	    connect(tx, family == AF_INET ? (void *)&at4 : (void *)&at6,
		    family == AF_INET ? sizeof(at4) : sizeof(at6)))
		die("socket");
	shutdown(tx, SHUT_RD);
	setsockopt(rx, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	for (i = 0; i < WORKERS; i++)
		spawn("raw-r", raw_receiver, family == AF_INET ? 20 : 0);
	for (i = 0; i < WORKERS; i++)
		pid[i] = spawn("raw-s", sender, truth_rounds / WORKERS);
	for (i = 0; i < WORKERS; i++)
		reap(pid[i]);
	for (i = 0; i < WORKERS; i++)
		dgram_stop(tx);
	reap_all();
	return CASE_OK;
}

static int run_raw(void)
{
	return raw_case(AF_INET, 253);
}

static int run_raw6(void)
{
	return raw_case(AF_INET6, 253);
}

/* A UDP datagram with all its headers. */
struct whole {
	struct iphdr ip;
	struct udphdr udp;
	char frame[TRUTH_LEN];
};

static uint16_t checksum(const void *data, size_t len)
{
	const uint16_t *p = data;
	uint32_t sum = 0;

	for (; len; len -= 2)
		sum += *p++;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void whole_make(struct whole *w)
{
	memset(w, 0, sizeof(*w));
	w->ip.version = 4;
	w->ip.ihl = 5;
	w->ip.tot_len = htons(sizeof(*w));
	w->ip.ttl = 64;
	w->ip.protocol = IPPROTO_UDP;
	w->ip.saddr = htonl(INADDR_LOOPBACK);
	w->ip.daddr = htonl(INADDR_LOOPBACK);
	w->ip.check = checksum(&w->ip, sizeof(w->ip));
	w->udp.source = htons(port(1));
	w->udp.dest = htons(port(0));
	w->udp.len = htons(sizeof(w->udp) + TRUTH_LEN);
	frame_make(w->frame, TRUTH_OUT | TRUTH_IN);
}

static void whole_receiver(long n)
{
	char buf[TRUTH_LEN];

	while (n--) {
		if (recv(rx, buf, sizeof(buf), 0) != sizeof(buf))
			die("recv");
		frame_got(buf, sizeof(buf));
	}
}

static void hdrincl_sender(long n)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct whole w;

	while (n--) {
		whole_make(&w);
		if (sendto(tx, &w, sizeof(w), 0, (void *)&at, sizeof(at)) !=
		    sizeof(w))
			die("sendto");
	}
}

static int run_hdrincl(void)
{
	int i, n = truth_rounds / WORKERS;

	rx = udp_at(AF_INET, port(0));
	tx = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (tx < 0)
		die("socket");
	spawn("hdr-r", whole_receiver, n * WORKERS);
	for (i = 0; i < WORKERS; i++)
		spawn("hdr-s", hdrincl_sender, n);
	reap_all();
	return CASE_OK;
}

/* Packet sockets, which no netfilter hook sees. */
static void link_sender(long kind)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = if_nametoindex("lo"), .sll_halen = 6,
	};
	struct ether_header eth = { .ether_type = htons(ETH_P_IP) };
	char f[sizeof(eth) + sizeof(struct whole)];
	int n = truth_rounds / WORKERS;
	struct whole w;
	ssize_t len;

	while (n--) {
		whole_make(&w);
		memcpy(f, &eth, sizeof(eth));
		memcpy(f + sizeof(eth), &w, sizeof(w));
		if (kind == SOCK_DGRAM)
			len = sendto(tx, &w, sizeof(w), 0, (void *)&at,
				     sizeof(at)) - sizeof(w);
		else
			len = sendto(tx, f, sizeof(f), 0, (void *)&at,
				     sizeof(at)) - sizeof(f);
		if (len)
			die("sendto");
	}
}

/* The same from a ring that is mapped. */
#define RING_FRAMES	16
#define RING_SIZE	2048

static void ring_sender(long arg)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = if_nametoindex("lo"),
	};
	struct tpacket_req req = {
		.tp_block_size = RING_FRAMES * RING_SIZE, .tp_block_nr = 1,
		.tp_frame_size = RING_SIZE, .tp_frame_nr = RING_FRAMES,
	};
	int version = TPACKET_V2, n = truth_rounds, i = 0;
	size_t head = TPACKET2_HDRLEN - sizeof(struct sockaddr_ll);
	struct tpacket2_hdr *h;
	struct whole w;
	char *ring;

	tx = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (tx < 0 || bind(tx, (void *)&at, sizeof(at)) ||
	    setsockopt(tx, SOL_PACKET, PACKET_VERSION, &version,
		       sizeof(version)) ||
	    setsockopt(tx, SOL_PACKET, PACKET_TX_RING, &req, sizeof(req)))
		die("PACKET_TX_RING");
	ring = mmap(NULL, req.tp_block_size, PROT_READ | PROT_WRITE,
		    MAP_SHARED, tx, 0);
	if (ring == MAP_FAILED)
		die("mmap");
	at.sll_halen = 6;
	while (n--) {
		h = (void *)(ring + i * RING_SIZE);
		whole_make(&w);
		memcpy((char *)h + head, &w, sizeof(w));
		h->tp_len = sizeof(w);
		__atomic_store_n(&h->tp_status, TP_STATUS_SEND_REQUEST,
				 __ATOMIC_RELEASE);
		i = (i + 1) % RING_FRAMES;
		/* Blocks until what is in the ring has been sent. */
		if (!i && sendto(tx, NULL, 0, 0, (void *)&at, sizeof(at)) < 0)
			die("sendto");
	}
	if (i && sendto(tx, NULL, 0, 0, (void *)&at, sizeof(at)) < 0)
		die("sendto");
}

static void link_all(long kind)
{
	int i, n;

	if (unshare(CLONE_NEWNET) || system("ip link set lo up"))
		die("unshare");
	/* Or it would not take what comes from itself. */
	write_file("/proc/sys/net/ipv4/conf/lo/route_localnet", "1");
	write_file("/proc/sys/net/ipv4/conf/lo/accept_local", "1");
	rx = udp_at(AF_INET, port(0));
	n = kind ? truth_rounds / WORKERS * WORKERS : truth_rounds;
	spawn("link-r", whole_receiver, n);
	if (kind) {
		tx = socket(AF_PACKET, kind, 0);
		if (tx < 0)
			die("socket");
		for (i = 0; i < WORKERS; i++)
			spawn("link-s", link_sender, kind);
	} else {
		spawn("ring-s", ring_sender, 0);
	}
	reap_all();
}

static int run_packet_dgram(void)
{
	reap(spawn("maker", link_all, SOCK_DGRAM));
	return CASE_OK;
}

static int run_packet_raw(void)
{
	reap(spawn("maker", link_all, SOCK_RAW));
	return CASE_OK;
}

static int run_packet_ring(void)
{
	reap(spawn("maker", link_all, 0));
	return CASE_OK;
}

static struct uring ring_kind;

/* The worker or poller that acts is a thread of the process. */
static void uring_sender(long n)
{
	int kinds = TRUTH_OUT | TRUTH_IN | TRUTH_ANY;
	struct uring u = ring_kind;
	char buf[TRUTH_LEN];

	if (!uring_open(&u))
		die("io_uring_setup");
	/* Each frame is a packet, whenever the one before is acknowledged. */
	u.msg_flags = MSG_EOR;
	while (n--) {
		lock();
		frame_make(buf, kinds);
		if (uring_do(&u, IORING_OP_SEND, tx, buf, sizeof(buf), 0) !=
		    sizeof(buf))
			die("sending by io_uring");
		unlock();
	}
}

static void uring_receiver(long arg)
{
	struct uring u = ring_kind;
	char buf[TRUTH_LEN];
	int len;

	if (!uring_open(&u))
		die("io_uring_setup");
	for (;;) {
		len = uring_do(&u, IORING_OP_RECV, rx, buf, sizeof(buf), 0);
		if (!len || (len > 0 && memcmp(buf, TRUTH_MARK, 8)))
			return;
		if (len != TRUTH_LEN)
			die("receiving by io_uring");
		frame_got(buf, len);
	}
}

static int uring_case(bool tcp, unsigned int flags, unsigned int sqe_flags)
{
	int i, receivers = tcp ? 1 : WORKERS, listener;
	pid_t pid[WORKERS];

	ring_kind = (struct uring){ .flags = flags, .sqe_flags = sqe_flags };
	if (!uring_open(&ring_kind))
		return skip("no io_uring");
	ring_kind = (struct uring){ .flags = flags, .sqe_flags = sqe_flags };
	if (tcp) {
		listener = listen_at(AF_INET, port(0));
		tx = connect_to(AF_INET, port(0));
		rx = accept_one(listener);
	} else {
		rx = udp_at(AF_INET, port(0));
		tx = udp_to(AF_INET, port(0));
	}
	for (i = 0; i < receivers; i++)
		spawn("uring-r", uring_receiver, 0);
	for (i = 0; i < WORKERS; i++)
		pid[i] = spawn("uring-s", uring_sender, tcp ? truth_rounds * 2 :
			       truth_rounds / WORKERS);
	for (i = 0; i < WORKERS; i++)
		reap(pid[i]);
	if (tcp)
		stream_end(tx);
	for (i = 0; !tcp && i < receivers; i++)
		dgram_stop(tx);
	reap_all();
	return CASE_OK;
}

static int run_uring(void)
{
	return uring_case(false, 0, 0);
}

static int run_uring_tcp(void)
{
	return uring_case(true, 0, 0);
}

static int run_uring_async(void)
{
	return uring_case(false, 0, IOSQE_ASYNC);
}

static int run_uring_sqpoll(void)
{
	return uring_case(false, IORING_SETUP_SQPOLL, 0);
}

static int run_uring_tcp_sqpoll(void)
{
	return uring_case(true, IORING_SETUP_SQPOLL, 0);
}

/* The same addresses and ports in several namespaces at once. */
static void twin_sender(long arg)
{
	dgrams_send(tx, truth_rounds / 4);
	dgram_stop(tx);
}

static void twin_receiver(long arg)
{
	dgrams_recv(rx);
}

static void same_again(long arg)
{
	int listener, a, b;

	if (unshare(CLONE_NEWNET) || system("ip link set lo up"))
		die("unshare");
	/* All of them at once. */
	gate_open(0);
	gate_wait(0, 3);
	rx = udp_at(AF_INET, port(0));
	tx = udp_to(AF_INET, port(0));
	spawn("twin-r", twin_receiver, 0);
	spawn("twin-s", twin_sender, 0);
	listener = listen_at(AF_INET, port(1));
	a = connect_to(AF_INET, port(1));
	b = accept_one(listener);
	stream_write(a, truth_rounds / 8);
	stream_end(a);
	stream_read(b);
	reap_all();
}

static int run_netns(void)
{
	int i;

	for (i = 0; i < 3; i++)
		spawn("twin", same_again, 0);
	reap_all();
	return CASE_OK;
}

/* A program that runs in the 32-bit mode. */
static void compat_child(long from)
{
	if (dup2(from, 0) < 0 || dup2(tx, 3) < 0)
		die("dup2");
	execl("./truth32", "truth32", "a 32-bit program", NULL);
	_exit(errno == ENOEXEC ? CASE_SKIP : CASE_FAIL);
}

static int run_compat(void)
{
	char buf[TRUTH_LEN];
	int p[2], n = truth_rounds;
	pid_t pid, reader;

	if (access("./truth32", X_OK))
		return skip("truth32 was not built");
	rx = udp_at(AF_INET, port(0));
	tx = udp_to(AF_INET, port(0));
	/* Or the write end would stay open in the other program. */
	if (pipe2(p, O_CLOEXEC))
		die("pipe");
	pid = spawn("compat", compat_child, p[0]);
	reader = spawn("compat-r", whole_receiver, n);
	while (n--) {
		struct truth_wire wire;
		struct truth_who *who;

		/* It is what the other one sends. */
		frame_make(buf, TRUTH_OUT | TRUTH_IN);
		memcpy(&wire, buf, sizeof(wire));
		who = &truth->frame[wire.id].sent;
		who->pid = pid;
		who->tid = pid;
		snprintf(who->comm, sizeof(who->comm), "truth32");
		if (write(p[1], buf, sizeof(buf)) != sizeof(buf))
			die("write");
	}
	reap(reader);
	/* The other end is open in a process that has ended. */
	close(p[1]);
	reap_all();
	return CASE_OK;
}

/*
 * Processes that run a program which sends one datagram, and are gone; with so
 * few process ids that these are used again.
 */
static void once(long id)
{
	char number[16], fd[16], word[16];

	snprintf(number, sizeof(number), "%d", truth_number);
	snprintf(fd, sizeof(fd), "%d", tx);
	snprintf(word, sizeof(word), "%ld", id);
	execl("./truth_once", "truth_once", truth_path, number, fd, word, NULL);
	die("exec");
}

static void many_once(long n)
{
	int kinds = TRUTH_OUT | TRUTH_IN | TRUTH_ARGV;

	while (n--)
		reap(spawn("once", once, frame_new(kinds)));
}

static void once_receiver(long arg)
{
	dgrams_recv(rx);
}

static int exec_stress(const char *pid_max)
{
	pid_t pid[4];
	int i;

	if (pid_max)
		write_file("/proc/sys/kernel/pid_max", pid_max);
	rx = udp_at(AF_INET, port(0));
	tx = udp_to(AF_INET, port(0));
	spawn("receiver", once_receiver, 0);
	for (i = 0; i < 4; i++)
		pid[i] = spawn("spawner", many_once, truth_stress / 4);
	for (i = 0; i < 4; i++)
		reap(pid[i]);
	dgram_stop(tx);
	reap_all();
	if (pid_max)
		write_file("/proc/sys/kernel/pid_max", "32768");
	return CASE_OK;
}

static int run_exec_stress(void)
{
	return exec_stress(NULL);
}

static int run_exec_wrap(void)
{
	return exec_stress("1200");
}

const struct truth_case truth_other[] = {
	{ "ping", run_ping },
	{ "ping6", run_ping6 },
	{ "raw", run_raw },
	{ "raw6", run_raw6 },
	{ "raw-hdrincl", run_hdrincl },
	{ "packet-dgram", run_packet_dgram },
	{ "packet-raw", run_packet_raw },
	{ "packet-ring", run_packet_ring },
	{ "uring", run_uring },
	{ "uring-tcp", run_uring_tcp },
	{ "uring-async", run_uring_async },
	{ "uring-sqpoll", run_uring_sqpoll },
	{ "uring-tcp-sqpoll", run_uring_tcp_sqpoll },
	{ "netns", run_netns },
	{ "compat", run_compat },
	{ "exec-stress", run_exec_stress },
	{ "exec-wrap", run_exec_wrap },
	{ }
};
