// SPDX-License-Identifier: GPL-2.0-only
/*
 * A long stream, as --record writes it, to measure the reader by.
 *   hone-mkstream PACKETS BYTES EVERY [USEC [QUEUED]]
 * writes to standard output about PACKETS packets with BYTES bytes of payload;
 * after EVERY of them a process begins, talks, and one before it ends. With
 * EVERY 0 there are two processes only, which send each other datagrams. With
 * USEC there are as many microseconds between packets, so that what has ended
 * may be forgotten, and each process has a connection of TCP, too. With QUEUED
 * there are datagrams only, and as many wait in a queue, of which the oldest is
 * taken for each that comes.
 */
#include "mkrec.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNS	64		/* TCP connections, used in turns */
#define LIVING	64		/* processes that live at a time */

static const struct task server = {
	.id = 1, .pid = 1, .comm = "server", .path = "/usr/sbin/server",
	.argv = { "server" },
};

static struct sock conns[CONNS], dns;
static struct task tasks[LIVING];
static __u32 sent[CONNS], received[CONNS];
static unsigned long usec = 10;	/* a hundred thousand packets a second */
static bool connects;
static char payload[2001];

static void begin(void)
{
	int i;

	begin_file("/dev/stdout");
	on_cpu(SNAPSHOT);
	at(0);
	subbuf_ordered();
	netdev(1, "lo");
	proc(HONE_PROC_SNAPSHOT, &server);
	dns = (struct sock){
		.cookie = 1000, .protocol = IPPROTO_UDP, .saddr = 0x0a000001,
		.daddr = 0x0a000002, .sport = 53, .dport = 4000,
	};
	sock(HONE_SOCK_HOLDER, &dns, &server, &server);
	for (i = 0; i < CONNS; i++) {
		conns[i] = dns;
		conns[i].cookie = 2000 + i;
		conns[i].protocol = IPPROTO_TCP;
		conns[i].dport = 5000 + i;
		sock(HONE_SOCK_HOLDER, &conns[i], &server, &server);
		sent[i] = 1000;
		received[i] = 2000;
	}
	snap_end();
	on_cpu(0);
	at(1);
	subbuf();
	for (i = 0; i < CONNS; i++)
		tcp_write(&conns[i], &server, sent[i]);
}

/* What the kernel would tell of each packet comes with it. */
static void one_packet(unsigned long n)
{
	struct sock *s = &conns[n / 4 % CONNS];
	__u32 *out = &sent[n / 4 % CONNS], *in = &received[n / 4 % CONNS];
	__u32 len = strlen(payload), pkt;

	switch (n % 4) {
	case 0:
		tcp_out(s, &server, &server,
			(struct seg){ PSH | ACK, *out, *in, payload });
		*out += len;
		break;
	case 1:
		tcp_in(s, &server, true, (struct seg){ ACK, *in, *out });
		break;
	case 2:
		tcp_in(s, &server, true,
		       (struct seg){ PSH | ACK, *in, *out, payload });
		tcp_read(s, &server, *in, *in + len);
		*in += len;
		break;
	case 3:
		pkt = udp_in(&dns, payload);
		deliver(&dns, &server, pkt, n);
		consume(&dns, &server, n);
		break;
	}
}

/* All of a connection but its end. */
static void talk(const struct sock *s, const struct task *t)
{
	__u32 len = strlen(payload);

	sock(HONE_SOCK_OPEN, s, t, t);
	tcp_write(s, t, 1000);
	tcp_out(s, t, t, (struct seg){ PSH | ACK, 1000, 2000, payload });
	tcp_in(s, t, true, (struct seg){ PSH | ACK, 2000, 1000 + len, payload });
	tcp_read(s, t, 2000, 2000 + len);
}

/* A process that runs a program, sends a datagram, and ends later. */
static void one_process(unsigned long n)
{
	static char arg[100];
	struct task *t = &tasks[n % LIVING];
	struct sock s = dns, tcp = conns[0];

	s.cookie = 10000 + n;
	tcp.cookie = (1UL << 32) + n;
	tcp.dport = 6000;
	if (t->id) {
		s.cookie -= LIVING;
		sock(HONE_SOCK_CLOSE, &s, t, t);
		sock(HONE_SOCK_FREE, &s, t, NULL);
		s.cookie += LIVING;
		if (connects) {
			tcp.cookie -= LIVING;
			sock(HONE_SOCK_CLOSE, &tcp, t, t);
			sock(HONE_SOCK_FREE, &tcp, t, NULL);
			tcp.cookie += LIVING;
		}
		proc_exit(t, 0);
	}
	memset(arg, 'a', sizeof(arg) - 1);
	*t = (struct task){
		.id = 100 + 2 * n, .pid = 100 + n % 30000, .ppid = 1,
		.parent_id = 1, .comm = "server",
	};
	proc(HONE_PROC_FORK, t);
	t->prev_id = t->id++;
	t->comm = "client";
	t->path = "/usr/bin/client";
	t->argv[0] = "client";
	t->argv[1] = arg;
	proc(HONE_PROC_EXEC, t);
	sock(HONE_SOCK_OPEN, &s, t, t);
	udp_out(&s, t, t, payload);
	if (connects)
		talk(&tcp, t);
}

/* To the server and back; each is taken at once, and its record says so. */
static void half_a_round_trip(unsigned long n)
{
	static const struct task client = {
		.id = 2, .pid = 2, .ppid = 1, .parent_id = 1, .comm = "client",
	};
	static struct sock asker;
	const struct sock *from = &asker, *to = &dns;
	const struct task *sender = &client, *receiver = &server;

	if (!n) {
		asker = dns;
		asker.cookie = 1001;
		asker.saddr = dns.daddr;
		asker.daddr = dns.saddr;
		asker.sport = dns.dport;
		asker.dport = dns.sport;
		proc(HONE_PROC_FORK, &client);
		sock(HONE_SOCK_OPEN, &asker, &client, &client);
	}
	if (n % 2) {
		from = &dns;
		to = &asker;
		sender = &server;
		receiver = &client;
	}
	udp_out(from, sender, sender, payload);
	taken(to, receiver, receiver, n);
	udp_in(to, payload);
}

/* Behind @queued others. */
static void one_queued(unsigned long n, unsigned long queued)
{
	deliver(&dns, &server, udp_in(&dns, payload), n);
	if (n >= queued)
		consume(&dns, &server, n - queued);
}

int main(int argc, char **argv)
{
	unsigned long packets, bytes, every, queued = 0, n;

	if (argc < 4 || argc > 6) {
		fprintf(stderr,
			"usage: hone-mkstream PACKETS BYTES EVERY [USEC [QUEUED]]\n");
		return 2;
	}
	packets = strtoul(argv[1], NULL, 10);
	bytes = strtoul(argv[2], NULL, 10);
	every = strtoul(argv[3], NULL, 10);
	if (argc >= 5) {
		usec = strtoul(argv[4], NULL, 10);
		connects = true;
	}
	if (argc == 6)
		queued = strtoul(argv[5], NULL, 10);
	if (bytes >= sizeof(payload))
		return 2;
	memset(payload, 'x', bytes);
	begin();
	for (n = 0; n < packets; n++) {
		at(10 + n * usec);
		if (!(n % 4096))
			subbuf();
		if (queued)
			one_queued(n, queued);
		else if (every)
			one_packet(n);
		else if (n % 2)
			half_a_round_trip(n / 2);
		if (every && n % every == every - 1)
			one_process(n / every);
	}
	end_file();
	return 0;
}
