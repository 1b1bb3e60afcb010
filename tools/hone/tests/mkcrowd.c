// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams with more connections than are kept when they have ended.
 *   hone-mkcrowd live CONNECTIONS FREED
 * So many are there from the beginning; of so many, one every second, data come
 * that nobody reads, then the socket is freed, and 200 ms later an answer goes
 * out for it.
 *   hone-mkcrowd short RATE SECONDS LIFE
 * So many a second begin, live LIFE ms, and 200 ms later an answer goes out.
 */
#include "mkrec.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct task server = {
	.id = 1, .pid = 1, .comm = "server", .path = "/usr/sbin/server",
	.argv = { "server" },
};

static struct sock conn(unsigned long n)
{
	return (struct sock){
		.cookie = 100000 + n, .protocol = IPPROTO_TCP,
		.saddr = 0x0a000001, .daddr = 0x0a000002,
		.sport = 80, .dport = 1000 + n % 60000,
	};
}

static void begin(void)
{
	begin_file("/dev/stdout");
	on_cpu(SNAPSHOT);
	at(0);
	subbuf_ordered();
	netdev(1, "lo");
	proc(HONE_PROC_SNAPSHOT, &server);
}

static void begun(void)
{
	snap_end();
	on_cpu(0);
	at(1);
	subbuf();
}

static void answer(struct sock *s, const struct task *owner)
{
	tcp_answer(s, owner, 0, (struct seg){ ACK, 1000, 5005, NULL });
}

static void live(unsigned long n, unsigned long freed)
{
	struct sock s;
	unsigned long i;

	begin();
	for (i = 0; i < n; i++) {
		s = conn(i);
		sock(HONE_SOCK_HOLDER, &s, &server, &server);
	}
	begun();
	for (i = 1; i <= freed * 1000; i++) {
		at(i * 1000);
		s = conn(i % n);
		tcp_out(&s, &server, &server, (struct seg){ ACK, 1000, 2000, NULL });
		if (i % 1000 == 500) {
			s = conn(i * 7 % n);
			on_cpu(1);
			tcp_in(&s, &server, true,
			       (struct seg){ PSH | ACK, 5000, 1000, "hello" });
			sock(HONE_SOCK_FREE, &s, &server, NULL);
			on_cpu(0);
		}
		if (i % 1000 == 700) {
			s = conn((i - 200) * 7 % n);
			answer(&s, &server);
		}
	}
}

static void brief(unsigned long rate, unsigned long seconds, unsigned long life)
{
	unsigned long ends = rate * life / 1000, last = ends + rate / 5, i;
	struct sock s;

	begin();
	begun();
	for (i = 1; i <= rate * seconds; i++) {
		at(i * 1000000 / rate);
		s = conn(i);
		sock(HONE_SOCK_ACCEPT, &s, &server, &server);
		if (i > ends) {
			s = conn(i - ends);
			sock(HONE_SOCK_FREE, &s, &server, NULL);
		}
		if (i > last) {
			s = conn(i - last);
			answer(&s, NULL);
		}
	}
}

static void readers(unsigned long n, unsigned long reads)
{
	static const struct task worker = {
		.id = 2, .pid = 2, .ppid = 1, .parent_id = 1,
		.comm = "worker", .path = "/usr/sbin/server",
	};
	struct sock s;
	unsigned long i, k;

	begin();
	proc(HONE_PROC_SNAPSHOT, &worker);
	begun();
	for (i = 1; i <= n; i++) {
		at(i * 1000);
		s = conn(i);
		sock(HONE_SOCK_ACCEPT, &s, &server, &server);
		for (k = 0; k < reads; k++)
			tcp_read(&s, k % 2 ? &worker : &server, k, k + 1);
		sock(HONE_SOCK_FREE, &s, &server, NULL);
	}
}

static void strangers(unsigned long n)
{
	struct sock s;
	unsigned long i;

	begin();
	begun();
	for (i = 1; i <= n; i++) {
		at(i * 20);
		s = conn(i);
		answer(&s, NULL);
	}
}

/* Each record by itself is sound. */
static void zero(unsigned long n)
{
	struct task t = server;
	struct sock s = conn(1);
	unsigned long i;

	begin();
	begun();
	at(0UL - BOOT / 1000);
	for (i = 0; i < n; i++) {
		sock(HONE_SOCK_FREE, &s, &server, NULL);
		t.id = 2 + i;
		t.pid = 2 + i;
		proc_exit(&t, 0);
	}
	at(1000000);
	answer(&s, &server);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "live")) {
		live(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
	} else if (argc == 5 && !strcmp(argv[1], "short")) {
		brief(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10),
		      strtoul(argv[4], NULL, 10));
	} else if (argc == 4 && !strcmp(argv[1], "readers")) {
		readers(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
	} else if (argc == 3 && !strcmp(argv[1], "strangers")) {
		strangers(strtoul(argv[2], NULL, 10));
	} else if (argc == 3 && !strcmp(argv[1], "zero")) {
		zero(strtoul(argv[2], NULL, 10));
	} else {
		fputs("usage: hone-mkcrowd live CONNECTIONS FREED | short RATE SECONDS LIFE\n"
		      "       hone-mkcrowd readers CONNECTIONS READS | strangers CONNECTIONS | zero RECORDS\n",
		      stderr);
		return 2;
	}
	end_file();
	return 0;
}
