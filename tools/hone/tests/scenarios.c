// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams of records for the tests, each a story of its own.
 *   hone-mkrec DIR        writes each to DIR/NAME.hone
 */
#include "mkrec.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define LO	0x7f000001u
#define NEAR	0x0a090001u
#define FAR	0x0a090002u
#define GROUP	0xef010203u

static const struct task init = {
	.id = 1, .pid = 1, .comm = "init", .path = "/sbin/init",
	.argv = { "init" },
};

static const struct task shell = {
	.id = 20, .pid = 200, .ppid = 1, .parent_id = 1, .uid = 1000,
	.comm = "bash", .path = "/bin/bash", .argv = { "bash", "-l" },
};

static const struct task server = {
	.id = 30, .pid = 300, .ppid = 1, .parent_id = 1, .uid = 33,
	.comm = "httpd", .path = "/usr/sbin/httpd",
	.argv = { "httpd", "-f", "a b" },
};

static const struct task worker = {	/* forked by the server */
	.id = 31, .pid = 301, .ppid = 300, .parent_id = 30, .uid = 33,
	.comm = "httpd",
};

static const struct task child = {	/* the shell's, before exec */
	.id = 21, .pid = 201, .ppid = 200, .parent_id = 20, .uid = 1000,
	.comm = "bash",
};

static const struct task curl = {	/* the shell's, after exec */
	.id = 22, .pid = 201, .ppid = 200, .parent_id = 20, .prev_id = 21,
	.uid = 1000, .comm = "curl", .path = "/usr/bin/curl",
	.argv = { "curl", "-s", "http://localhost/" },
};

static const struct task kworker = {
	.id = 5, .pid = 50, .ppid = 2, .comm = "kworker/0:1", .kthread = true,
};

static const struct task odd = {	/* a name that breaks lines */
	.id = 60, .pid = 600, .ppid = 1, .parent_id = 1, .uid = 7,
	.comm = "a b\n%\xff", .path = "/tmp/a b",
	.argv = { "", "x,y", "\xc3\xa9" },
};

/* The snapshot that streams begin with. */
static void snapshot(void)
{
	on_cpu(SNAPSHOT);
	at(10);
	subbuf();
	netdev(1, "lo");
	netdev(2, "eth0");
	proc(HONE_PROC_SNAPSHOT, &init);
	proc(HONE_PROC_SNAPSHOT, &shell);
	proc(HONE_PROC_SNAPSHOT, &server);
	proc(HONE_PROC_SNAPSHOT, &kworker);
}

static void snapshot_done(void)
{
	at(20);
	snap_end();
	on_cpu(0);
}

static void begin(void)
{
	on_cpu(0);
	at(0);
	subbuf();
	snapshot();
	snapshot_done();
}

static void forks(void)
{
	struct task cred = curl;
	struct task renamed = curl;

	begin();
	at(100);
	proc(HONE_PROC_FORK, &child);
	at(110);
	proc(HONE_PROC_EXEC, &curl);
	at(120);
	cred.uid = 0;
	proc(HONE_PROC_CRED, &cred);
	at(130);
	renamed.comm = "renamed";
	proc(HONE_PROC_COMM, &renamed);
	at(140);
	proc(HONE_PROC_FORK, &worker);
	at(150);
	proc_exit(&renamed, 3 << 8);
	at(160);
	proc_exit(&worker, 9);
	at(170);
	proc(HONE_PROC_SNAPSHOT, &odd);
}

static const struct sock listener = {
	.cookie = 500, .protocol = IPPROTO_TCP, .saddr = LO, .sport = 80,
};

static const struct sock client = {
	.cookie = 501, .protocol = IPPROTO_TCP, .saddr = LO, .daddr = LO,
	.sport = 40000, .dport = 80,
};

static const struct sock conn = {
	.cookie = 502, .protocol = IPPROTO_TCP, .saddr = LO, .daddr = LO,
	.sport = 80, .dport = 40000,
};

/*
 * A connection over loopback. The server accepts and forks; its child reads
 * the request and answers. The sequence numbers wrap around on the way.
 */
static void tcp(void)
{
	const __u32 c = 0xfffffff0, s = 5000;
	__u32 pkt;

	on_cpu(0);
	at(0);
	subbuf();
	snapshot();
	sock(HONE_SOCK_HOLDER, &listener, &server, &server);
	snapshot_done();

	at(100);
	proc(HONE_PROC_FORK, &child);
	proc(HONE_PROC_EXEC, &curl);
	at(110);
	sock(HONE_SOCK_OPEN, &client, &curl, &curl);
	tcp_out(&client, &curl, &curl, (struct seg){ SYN, c });
	at(111);
	pkt = tcp_in(&conn, NULL, false, (struct seg){ SYN, c });
	deliver(&listener, &server, pkt, 0);
	at(112);
	tcp_out(&conn, &server, NULL, (struct seg){ SYN | ACK, s, c + 1 });
	tcp_in(&client, &curl, true, (struct seg){ SYN | ACK, s, c + 1 });
	tcp_out(&client, &curl, &curl, (struct seg){ ACK, c + 1, s + 1 });
	at(113);
	pkt = tcp_in(&conn, NULL, false, (struct seg){ ACK, c + 1, s + 1 });
	sock(HONE_SOCK_ANNOUNCE, &conn, &server, NULL);
	deliver(&conn, &server, pkt, 0);
	at(120);
	sock(HONE_SOCK_CONNECT, &client, &curl, &curl);
	at(130);
	tcp_write(&client, &curl, c + 1);
	tcp_out(&client, &curl, &curl,
		(struct seg){ PSH | ACK, c + 1, s + 1, "GET / HTTP/1.0\r\n\r\n" });
	at(131);
	tcp_in(&conn, &server, true,
	       (struct seg){ PSH | ACK, c + 1, s + 1, "GET / HTTP/1.0\r\n\r\n" });
	at(132);
	tcp_out(&conn, &server, NULL, (struct seg){ ACK, s + 1, c + 19 });
	tcp_in(&client, &curl, true, (struct seg){ ACK, s + 1, c + 19 });
	at(200);
	sock(HONE_SOCK_ACCEPT, &conn, &server, &server);
	at(210);
	proc(HONE_PROC_FORK, &worker);
	at(220);
	tcp_read(&conn, &worker, c + 1, c + 19);
	at(230);
	tcp_write(&conn, &worker, s + 1);
	tcp_out(&conn, &server, &worker,
		(struct seg){ PSH | ACK, s + 1, c + 19, "HTTP/1.0 200 OK\r\n\r\n" });
	at(231);
	tcp_in(&client, &curl, true,
	       (struct seg){ PSH | ACK, s + 1, c + 19, "HTTP/1.0 200 OK\r\n\r\n" });
	at(240);
	tcp_read(&client, &curl, s + 1, s + 20);
	/* The server closes its copy, the worker the connection. */
	at(250);
	sock(HONE_SOCK_CLOSE, &conn, &server, &worker);
	tcp_out(&conn, &server, &worker, (struct seg){ FIN | ACK, s + 20, c + 19 });
	at(251);
	tcp_in(&client, &curl, true, (struct seg){ FIN | ACK, s + 20, c + 19 });
	at(252);
	proc_exit(&worker, 0);
	at(260);
	sock(HONE_SOCK_CLOSE, &client, &curl, &curl);
	tcp_out(&client, &curl, &curl, (struct seg){ FIN | ACK, c + 19, s + 21 });
	at(261);
	tcp_in(&conn, &server, true, (struct seg){ FIN | ACK, c + 19, s + 21 });
	tcp_out(&conn, &server, NULL, (struct seg){ ACK, s + 21, c + 20 });
	tcp_in(&client, &curl, true, (struct seg){ ACK, s + 21, c + 20 });
	/* A retransmit, long after: its writer is gone, but was the writer. */
	at(300000);
	tcp_out(&conn, &server, NULL,
		(struct seg){ PSH | ACK, s + 1, c + 19, "HTTP/1.0 200 OK\r\n\r\n" });
	sock(HONE_SOCK_FREE, &client, &curl, NULL);
	sock(HONE_SOCK_FREE, &conn, &server, NULL);
	at(300010);
	proc_exit(&curl, 0);
}

/* Two tasks read, and write, one connection in turns. */
static void handover(void)
{
	const __u32 r = 1000, w = 9000;

	on_cpu(0);
	at(0);
	subbuf();
	snapshot();
	sock(HONE_SOCK_HOLDER, &conn, &server, &server);
	snapshot_done();
	at(100);
	proc(HONE_PROC_FORK, &worker);
	at(110);
	tcp_in(&conn, &server, true, (struct seg){ PSH | ACK, r, w, "first" });
	tcp_in(&conn, &server, true, (struct seg){ PSH | ACK, r + 5, w, "second" });
	tcp_in(&conn, &server, true, (struct seg){ PSH | ACK, r + 11, w, "third" });
	at(120);
	tcp_read(&conn, &server, r, r + 5);
	at(130);
	tcp_read(&conn, &worker, r + 5, r + 11);
	at(140);
	/* Written before the capture: only the owner is known. */
	tcp_out(&conn, &server, NULL, (struct seg){ PSH | ACK, w - 3, r, "old" });
	tcp_write(&conn, &server, w);
	tcp_write(&conn, &worker, w + 4);
	/* Sent when the server calls, though the worker wrote it. */
	at(150);
	tcp_out(&conn, &server, &server, (struct seg){ PSH | ACK, w, r, "mine" });
	tcp_out(&conn, &server, &server, (struct seg){ PSH | ACK, w + 4, r, "his" });
	/* The third is never read; time passes. */
	at(500000);
	tcp_in(&conn, &server, true, (struct seg){ ACK, r + 16, w });
}

/*
 * A socket is disconnected, with bytes left unread, and connected again: where the
 * other end begins has nothing to do with what was read before.
 */
static void reconnected(void)
{
	const __u32 c = 100, c2 = 900000, s = 5000;

	begin();
	at(100);
	sock(HONE_SOCK_OPEN, &client, &shell, &shell);
	tcp_write(&client, &shell, c + 1);
	tcp_out(&client, &shell, &shell, (struct seg){ SYN, c });
	tcp_in(&client, &shell, true, (struct seg){ SYN | ACK, s, c + 1 });
	tcp_out(&client, &shell, &shell, (struct seg){ ACK, c + 1, s + 1 });
	at(110);
	tcp_in(&client, &shell, true,
	       (struct seg){ PSH | ACK, s + 1, c + 1, "one" });
	at(120);
	tcp_read(&client, &shell, s + 1, s + 4);
	at(130);
	tcp_in(&client, &shell, true,
	       (struct seg){ PSH | ACK, s + 4, c + 1, "left" });
	at(140);
	tcp_out(&client, &shell, &shell, (struct seg){ RST, c + 1, 0 });
	at(200);
	proc(HONE_PROC_FORK, &worker);
	tcp_write(&client, &server, c2 + 1);
	tcp_out(&client, &shell, &server, (struct seg){ SYN, c2 });
	tcp_in(&client, &shell, true, (struct seg){ SYN | ACK, s, c2 + 1 });
	tcp_out(&client, &shell, &server, (struct seg){ ACK, c2 + 1, s + 1 });
	at(210);
	tcp_in(&client, &shell, true,
	       (struct seg){ PSH | ACK, s + 1, c2 + 1, "another" });
	at(220);
	tcp_read(&client, &worker, s + 1, s + 8);
}

/*
 * Who opens a socket is told as its writer, and no more until another writes. Who
 * accepts is not told of, but by the packets; that must do, even if there are none
 * for a long time.
 */
static void opened(void)
{
	const __u32 c = 100, s = 5000;

	on_cpu(0);
	at(0);
	subbuf_life();
	snapshot();
	snapshot_done();
	at(100);
	proc(HONE_PROC_FORK, &worker);
	proc(HONE_PROC_FORK, &child);
	sock_opened(&client, &shell);
	tcp_out(&client, &shell, &shell, (struct seg){ SYN, c });
	of_request();
	tcp_out(&conn, &server, NULL, (struct seg){ SYN | ACK, s, c + 1 });
	tcp_in(&client, &shell, true, (struct seg){ SYN | ACK, s, c + 1 });
	tcp_out(&client, &shell, NULL, (struct seg){ ACK, c + 1, s + 1 });
	at(110);
	/* Its acknowledgment makes room for what was written before. */
	tcp_out(&client, &shell, NULL,
		(struct seg){ PSH | ACK, c + 1, s + 1, "mine" });
	tcp_write(&client, &child, c + 5);
	tcp_out(&client, &shell, NULL,
		(struct seg){ PSH | ACK, c + 5, s + 1, "the child's" });
	tcp_out(&client, &shell, NULL,
		(struct seg){ PSH | ACK, c + 1, s + 1, "mine" });
	at(120);
	tcp_write(&conn, &worker, s + 1);
	tcp_out(&conn, &server, &worker,
		(struct seg){ PSH | ACK, s + 1, c + 1, "one" });
	at(200000000);
	tcp_out(&conn, &server, NULL,
		(struct seg){ PSH | ACK, s + 1, c + 1, "one" });
	sock(HONE_SOCK_FREE, &client, &shell, NULL);
	sock(HONE_SOCK_FREE, &conn, &server, NULL);
}

static const struct sock second = {
	.cookie = 503, .protocol = IPPROTO_TCP, .saddr = LO, .daddr = LO,
	.sport = 40001, .dport = 80,
};

/*
 * It is not known who writes when the record of another writer may have been lost,
 * or all is told anew.
 */
static void opened_unsure(void)
{
	const __u32 c = 100, s = 5000;

	begin();
	at(100);
	sock_opened(&client, &shell);
	sock_opened(&second, &shell);
	/* It waits for its reader, and all others behind it. */
	tcp_in(&conn, &server, true, (struct seg){ PSH | ACK, s, c, "wait" });
	tcp_out(&client, &shell, &shell, (struct seg){ SYN, c });
	tcp_out(&second, &shell, &shell, (struct seg){ SYN, c });
	at(110);
	sock(HONE_SOCK_ANNOUNCE, &second, &shell, NULL);
	tcp_out(&second, &shell, NULL,
		(struct seg){ PSH | ACK, c + 1, s + 1, "whose?" });
	tcp_write(&second, &shell, c + 7);
	tcp_out(&second, &shell, NULL,
		(struct seg){ PSH | ACK, c + 7, s + 1, "mine" });
	at(120);
	lost(0, 1);
	tcp_out(&client, &shell, NULL,
		(struct seg){ PSH | ACK, c + 1, s + 1, "whose?" });
}

/*
 * That another writes was lost, of a socket that is known to have had one writer,
 * of one with two, and of an MPTCP connection: whether a packet tells of it, or only
 * the next that writes, what he wrote is not another's.
 */
static void writer_untold(void)
{
	struct sock msk = second, subflow = second;
	const __u32 c = 100, s = 5000, w = 70000;

	msk.cookie = 800;
	subflow.cookie = 801;
	subflow.parent = msk.cookie;
	begin();
	at(100);
	proc(HONE_PROC_FORK, &worker);
	sock_opened(&client, &shell);
	sock(HONE_SOCK_OPEN, &second, &shell, &shell);
	sock(HONE_SOCK_OPEN, &msk, &shell, &shell);
	sock(HONE_SOCK_ANNOUNCE, &subflow, &shell, NULL);
	tcp_out(&client, &shell, &shell, (struct seg){ SYN, c });
	tcp_write(&second, &shell, c);
	tcp_out(&second, &shell, &shell, (struct seg){ SYN, c });
	tcp_write(&second, &worker, c + 1);
	tcp_out(&second, &shell, &worker,
		(struct seg){ PSH | ACK, c + 1, s + 1, "worker's" });
	at(110);
	untold();
	tcp_out(&client, &shell, NULL,
		(struct seg){ PSH | ACK, c + 1, s + 1, "whose?" });
	untold();
	tcp_out(&second, &shell, NULL,
		(struct seg){ PSH | ACK, c + 9, s + 1, "whose?" });
	/* It may have waited for this call, which only reads. */
	untold();
	tcp_out(&second, &shell, &worker,
		(struct seg){ FIN | ACK, c + 15, s + 1 });
	/* It waits for its reader, and all others behind it. */
	at(120);
	tcp_in(&conn, &server, true, (struct seg){ PSH | ACK, s, c, "wait" });
	tcp_out(&client, &shell, NULL,
		(struct seg){ PSH | ACK, c + 7, s + 1, "whose?" });
	untold();
	tcp_write(&client, &shell, c + 20);
	tcp_out(&client, &shell, NULL,
		(struct seg){ PSH | ACK, c + 13, s + 1, "whose??" });
	tcp_out(&client, &shell, NULL,
		(struct seg){ PSH | ACK, c + 20, s + 1, "mine" });
	tcp_write(&second, &shell, c + 15);
	untold();
	tcp_write(&second, &shell, c + 30);
	tcp_out(&second, &shell, NULL,
		(struct seg){ PSH | ACK, c + 20, s + 1, "whose?" });
	tcp_out(&second, &shell, NULL,
		(struct seg){ PSH | ACK, c + 30, s + 1, "mine" });
	at(130);
	tcp_write(&msk, &shell, w);
	mptcp_map(true, &subflow, &msk, w, c + 1, 4);
	tcp_out(&subflow, &shell, NULL,
		(struct seg){ PSH | ACK, c + 1, s + 1, "mine" });
	untold();
	mptcp_map(true, &subflow, &msk, w + 4, c + 5, 6);
	tcp_out(&subflow, &shell, NULL,
		(struct seg){ PSH | ACK, c + 5, s + 1, "whose?" });
	tcp_out(&subflow, &shell, NULL,
		(struct seg){ PSH | ACK, c + 1, s + 1, "mine" });
	/* The map of this was lost; and nobody tells who ends it. */
	tcp_write(&msk, &worker, w + 20);
	mptcp_map(true, &subflow, &msk, w + 20, c + 20, 8);
	tcp_out(&subflow, &shell, NULL,
		(struct seg){ PSH | ACK, c + 20, s + 1, "worker's" });
	tcp_out(&subflow, &shell, NULL,
		(struct seg){ PSH | ACK, c + 28, s + 1, "whose?" });
	tcp_out(&subflow, &shell, &shell,
		(struct seg){ FIN | ACK, c + 34, s + 1 });
}

/*
 * What was told of a writer is not all that was told, if it lay in a ring that has
 * gone round since: of a socket that several use.
 */
static void writer_overwritten(void)
{
	const __u32 c = 100, s = 5000;

	begin();
	at(100);
	tcp_write(&client, &shell, c);
	tcp_write(&second, &shell, c);
	at(200);
	sock_shared(&client, &shell);
	tcp_out(&client, &shell, NULL,
		(struct seg){ PSH | ACK, c + 1, s + 1, "whose?" });
	sock(HONE_SOCK_ANNOUNCE, &second, &shell, NULL);
	tcp_out(&second, &shell, NULL,
		(struct seg){ PSH | ACK, c + 1, s + 1, "mine" });
}

/* IPsec wraps up what the socket's queue holds, in a call of whoever. */
static void wrapped(void)
{
	const __u32 c = 100, s = 5000;

	begin();
	at(100);
	proc(HONE_PROC_FORK, &worker);
	sock_opened(&client, &shell);
	tcp_out(&client, &shell, &worker,
		(struct seg){ PSH | ACK, c, s + 1, "mine" });
	esp_out(&client, &shell, &worker);
}

/*
 * What two have read comes once more when the socket has gone, as the other end
 * has not heard of it: it was theirs.
 */
static void once_more(void)
{
	const __u32 r = 1000, w = 9000;

	begin();
	sock(HONE_SOCK_ANNOUNCE, &conn, &server, NULL);
	at(100);
	proc(HONE_PROC_FORK, &worker);
	tcp_in(&conn, &server, true, (struct seg){ PSH | ACK, r, w, "first" });
	tcp_in(&conn, &server, true, (struct seg){ PSH | ACK, r + 5, w, "second" });
	at(110);
	tcp_read(&conn, &worker, r, r + 5);
	tcp_read(&conn, &server, r + 5, r + 11);
	at(120);
	sock(HONE_SOCK_FREE, &conn, &server, NULL);
	at(200000);
	tcp_in(&conn, &server, true, (struct seg){ PSH | ACK, r, w, "first" });
	at(200010);
	tcp_answer(&conn, &server, 0, (struct seg){ ACK, w, r + 11 });
}

static const struct sock dns = {
	.cookie = 600, .protocol = IPPROTO_UDP, .saddr = LO, .daddr = LO,
	.sport = 53, .dport = 41000,
};

static const struct sock asker = {
	.cookie = 601, .protocol = IPPROTO_UDP, .saddr = LO, .daddr = LO,
	.sport = 41000, .dport = 53,
};

static void udp(void)
{
	__u32 pkt;

	begin();
	at(100);
	sock(HONE_SOCK_ANNOUNCE, &dns, &server, NULL);
	sock(HONE_SOCK_OPEN, &asker, &shell, &shell);
	at(110);
	udp_out(&asker, &shell, &shell, "question");
	pkt = udp_in(&dns, "question");
	deliver(&dns, &server, pkt, 77);
	at(120);
	consume(&dns, &server, 77);
	at(130);
	udp_out(&dns, &server, &server, "answer");
	pkt = udp_in(&asker, "answer");
	deliver(&asker, &shell, pkt, 77);
	at(140);
	consume(&asker, &shell, 77);
	/* Nobody takes this one. */
	at(150);
	udp_out(&dns, &server, &server, "more");
	pkt = udp_in(&asker, "more");
	deliver(&asker, &shell, pkt, 78);
	at(200000);
	sock(HONE_SOCK_CLOSE, &asker, &shell, &shell);
	sock(HONE_SOCK_FREE, &asker, &shell, NULL);
	at(200100);
	udp_out(&dns, &server, &server, "late");
	pkt = udp_in(&asker, "late");
	unreachable_out(&asker, pkt);
	/* A kernel thread sends, too. */
	at(200200);
	udp_out(&dns, NULL, &kworker, "kernel");
}

static const struct sock association = {
	.cookie = 650, .protocol = IPPROTO_SCTP, .saddr = LO, .daddr = LO,
	.sport = 42000, .dport = 3868,
};

/* Chunks leave in somebody's call, or when a timer or their turn has come. */
static void sctp(void)
{
	enum { DATA = 0, SACK = 3, HEARTBEAT = 4, I_DATA = 64 };

	begin();
	at(100);
	sock(HONE_SOCK_OPEN, &association, &shell, &shell);
	at(110);
	sctp_out(&association, &shell, &shell, (__u8 []){ DATA }, 1);
	/* Somebody's, who is not known for certain. */
	at(120);
	sctp_out(&association, &shell, NULL, (__u8 []){ DATA }, 1);
	sctp_out(&association, &shell, NULL, (__u8 []){ SACK, DATA }, 2);
	sctp_out(&association, &shell, NULL, (__u8 []){ SACK, I_DATA }, 2);
	/* The kernel's. */
	at(130);
	sctp_out(&association, &shell, NULL, (__u8 []){ SACK }, 1);
	sctp_out(&association, &shell, NULL, (__u8 []){ HEARTBEAT }, 1);
}

static void multicast(void)
{
	static const struct sock one = {
		.cookie = 700, .protocol = IPPROTO_UDP, .saddr = GROUP,
		.daddr = FAR, .sport = 5353, .dport = 5353, .ifindex = 2,
	};
	struct sock two = one, three = one;
	__u32 pkt;

	two.cookie = 701;
	three.cookie = 702;
	begin();
	at(100);
	sock(HONE_SOCK_ANNOUNCE, &one, &server, NULL);
	sock(HONE_SOCK_ANNOUNCE, &two, &shell, NULL);
	sock(HONE_SOCK_ANNOUNCE, &three, &init, NULL);
	at(110);
	pkt = udp_in(&one, "hello all");
	deliver(&one, &server, pkt, 10);
	deliver(&two, &shell, pkt, 11);
	deliver(&three, &init, pkt, 12);
	at(120);
	consume(&two, &shell, 11);
	consume(&one, &server, 10);
	at(200);
	consume(&three, &init, 12);
	/* Taken before the second socket has got it. */
	at(1000);
	pkt = udp_in(&one, "once more");
	deliver(&one, &server, pkt, 13);
	on_cpu(1);
	at(1000);
	subbuf();
	at(1001);
	consume(&one, &server, 13);
	on_cpu(0);
	at(1002);
	deliver(&two, &shell, pkt, 14);
	at(1010);
	consume(&two, &shell, 14);
}

/* Read long after the packets went out, as their owner's. */
static void late(void)
{
	const __u32 r = 1000, w = 9000;
	__u32 pkt;

	on_cpu(0);
	at(0);
	subbuf();
	snapshot();
	sock(HONE_SOCK_HOLDER, &conn, &server, &server);
	snapshot_done();
	at(100);
	sock(HONE_SOCK_ANNOUNCE, &dns, &server, NULL);
	proc(HONE_PROC_FORK, &worker);
	at(110);
	tcp_in(&conn, &server, true, (struct seg){ PSH | ACK, r, w, "one" });
	tcp_in(&conn, &server, true, (struct seg){ PSH | ACK, r + 3, w, "two" });
	pkt = udp_in(&dns, "question");
	deliver(&dns, &server, pkt, 5);
	/* Nobody ever reads this one. */
	pkt = udp_in(&dns, "unread");
	deliver(&dns, &server, pkt, 6);
	at(2000000);
	tcp_in(&conn, &server, true, (struct seg){ ACK, r + 6, w });
	at(2000100);
	tcp_read(&conn, &worker, r, r + 6);
	consume(&dns, &worker, 5);
	at(4000000);
	tcp_in(&conn, &server, true, (struct seg){ ACK, r + 6, w });
}

/* An MPTCP connection, two processes that use it, and two subflows. */
static void mptcp(void)
{
	static const struct sock msk = {
		.cookie = 800, .protocol = IPPROTO_TCP, .saddr = NEAR,
		.daddr = FAR, .sport = 4000, .dport = 80, .ifindex = 2,
	};
	struct sock one = msk, two = msk;
	const __u64 w = 0x1fffffffcULL, r = 0x550000000ULL;
	__u32 seq = 100, ack = 7000, pkt;

	one.cookie = 801;
	one.parent = msk.cookie;
	two.cookie = 802;
	two.parent = msk.cookie;
	two.sport = 4001;
	begin();
	at(100);
	sock(HONE_SOCK_OPEN, &msk, &server, &server);
	sock(HONE_SOCK_ANNOUNCE, &one, &server, NULL);
	proc(HONE_PROC_FORK, &worker);
	tcp_write(&one, &server, seq);
	tcp_out(&one, &server, &server, (struct seg){ SYN, seq, 0 });
	/* The kernel makes the second one. */
	at(110);
	sock(HONE_SOCK_ANNOUNCE, &two, &server, NULL);
	tcp_out(&two, &server, NULL, (struct seg){ SYN, seq, 0 });
	/* Data numbers pass 2^32 inside the first segment. */
	at(200);
	tcp_write(&msk, &server, (__u32)w);
	tcp_write(&msk, &worker, (__u32)w + 6);
	mptcp_map(true, &one, &msk, w, seq + 1, 9);
	tcp_out(&one, &server, &worker,
		(struct seg){ PSH | ACK, seq + 1, ack, "server" });
	tcp_out(&one, &server, NULL,
		(struct seg){ PSH | ACK, seq + 7, ack, "wor" });
	at(210);
	mptcp_map(true, &two, &msk, w + 9, seq + 1, 3);
	tcp_out(&two, &server, NULL,
		(struct seg){ PSH | ACK, seq + 1, ack, "ker" });
	/* What comes by the second subflow is read after the first's. */
	at(300);
	pkt = tcp_in(&two, NULL, false, (struct seg){ PSH | ACK, ack, seq, "end" });
	deliver(&two, &server, pkt, 0);
	mptcp_map(false, &two, &msk, r + 5, ack, 3);
	pkt = tcp_in(&one, NULL, false, (struct seg){ PSH | ACK, ack, seq, "begin" });
	deliver(&one, &server, pkt, 0);
	mptcp_map(false, &one, &msk, r, ack, 5);
	at(310);
	tcp_read(&msk, &worker, (__u32)r, (__u32)r + 5);
	at(320);
	tcp_read(&msk, &server, (__u32)r + 5, (__u32)r + 8);
	/* It comes again, and more does twice before it is read. */
	at(322);
	pkt = tcp_in(&two, NULL, false, (struct seg){ PSH | ACK, ack, seq, "end" });
	deliver(&two, &server, pkt, 0);
	pkt = tcp_in(&two, NULL, false, (struct seg){ PSH | ACK, ack + 3, seq, "more" });
	deliver(&two, &server, pkt, 0);
	mptcp_map(false, &two, &msk, r + 8, ack + 3, 4);
	pkt = tcp_in(&two, NULL, false, (struct seg){ PSH | ACK, ack + 3, seq, "more" });
	deliver(&two, &server, pkt, 0);
	at(325);
	tcp_read(&msk, &worker, (__u32)r + 8, (__u32)r + 12);
	/* The numbers that came say nothing of those that go. */
	at(330);
	mptcp_map(true, &one, &msk, w + 12, seq + 10, 5);
	tcp_out(&one, &server, NULL,
		(struct seg){ PSH | ACK, seq + 10, ack + 5, "again" });
}

/* Packets that tell themselves which socket has got them. */
static void told(void)
{
	struct sock other = dns;
	__u32 pkt;

	other.cookie = 602;
	begin();
	at(90);
	proc(HONE_PROC_FORK, &worker);
	at(100);
	sock(HONE_SOCK_ANNOUNCE, &dns, &server, NULL);
	sock(HONE_SOCK_ANNOUNCE, &other, &init, NULL);
	sock(HONE_SOCK_ANNOUNCE, &listener, &server, NULL);
	at(110);
	delivered(&dns, &server, 77);
	udp_in(&dns, "taken by another");
	consume(&dns, &worker, 77);
	/* Two have got it: the second one has a record of its own. */
	at(120);
	delivered(&dns, &server, 78);
	pkt = udp_in(&dns, "for two");
	deliver(&other, &init, pkt, 79);
	consume(&other, &init, 79);
	consume(&dns, &server, 78);
	/* Nobody takes this one. */
	at(130);
	delivered(&dns, &server, 80);
	udp_in(&dns, "not taken");
	at(140);
	delivered(&listener, &server, 0);
	tcp_in(&conn, NULL, false, (struct seg){ SYN, 1000, 0, NULL });
	delivered(&conn, &server, 0);
	tcp_in(&conn, NULL, false, (struct seg){ ACK, 1001, 501, NULL });
	sock(HONE_SOCK_ACCEPT, &conn, &server, &worker);
	delivered(&conn, &server, 0);
	tcp_in(&conn, NULL, false, (struct seg){ ACK | PSH, 1001, 501, "GET" });
	at(150);
	tcp_read(&conn, &worker, 1001, 1004);
}

/* A datagram that is taken at once: its record says so, or one behind it. */
static void take_udp(bool itself, const struct task *reader, __u32 key,
		     const char *payload)
{
	if (itself)
		taken(&dns, &server, reader, key);
	else
		delivered(&dns, &server, key);
	udp_in(&dns, payload);
	if (!itself && reader)
		consume(&dns, reader, key);
}

/* And a segment. */
static void take_tcp(bool itself, const struct task *reader, __u32 seq,
		     const char *payload)
{
	struct seg seg = { PSH | ACK, seq, 500, payload };

	if (itself)
		taken(&conn, &server, reader, 0);
	tcp_in(&conn, &server, !itself, seg);
	if (!itself)
		tcp_read(&conn, reader, seq, seq + strlen(payload));
}

/* What is made of both is the same. */
static void taken_by(bool itself)
{
	begin();
	at(90);
	proc(HONE_PROC_FORK, &worker);
	at(100);
	sock(HONE_SOCK_ANNOUNCE, &dns, &server, NULL);
	sock(HONE_SOCK_ANNOUNCE, &conn, &server, NULL);
	at(110);
	take_udp(itself, &server, 77, "by its owner");
	/* One is left for later; the next one has its key again. */
	at(120);
	take_udp(itself, &worker, 77, "by another");
	delivered(&dns, &server, 78);
	udp_in(&dns, "for later");
	take_udp(itself, &worker, 79, "once more");
	at(130);
	consume(&dns, &server, 78);
	/* Nobody has taken this one, whatever its record says. */
	take_udp(itself, NULL, 80, "by nobody");
	at(140);
	take_tcp(itself, &worker, 1000, "first");
	take_tcp(itself, &server, 1005, "second");
	/* It comes again, and is not read again. */
	tcp_in(&conn, &server, true, (struct seg){ ACK, 1000, 500, "first" });
	/* One lies beyond, and waits for the one that fills the gap. */
	at(150);
	tcp_in(&conn, &server, true, (struct seg){ ACK, 1016, 500, "fourth" });
	take_tcp(itself, &worker, 1011, "third");
	tcp_read(&conn, &server, 1016, 1022);
	/* Read in two, which one record cannot say. */
	at(160);
	tcp_in(&conn, &server, true, (struct seg){ ACK, 1022, 500, "fifth" });
	tcp_read(&conn, &worker, 1022, 1024);
	tcp_read(&conn, &server, 1024, 1027);
	/* It waits too long, and comes again. */
	at(170);
	tcp_in(&conn, &server, true, (struct seg){ ACK, 1027, 500, "sixth" });
	at(300000);
	take_tcp(itself, &worker, 1027, "sixth");
	/* Who read last is the likeliest reader. */
	at(300010);
	tcp_in(&conn, &server, true, (struct seg){ ACK, 1032, 500, NULL });
	at(600000);
	tcp_in(&conn, &server, true, (struct seg){ ACK, 1032, 500, NULL });
}

static void taken_itself(void)
{
	taken_by(true);
}

static void taken_apart(void)
{
	taken_by(false);
}

/* A segment in order or not; its own record says who will have read it, or none. */
static void come(const struct task *reader, __u32 seq, const char *payload)
{
	if (reader)
		taken(&conn, &server, reader, 0);
	tcp_in(&conn, &server, !reader,
	       (struct seg){ PSH | ACK, seq, 500, payload });
}

/*
 * Segments are told of in the order in which they came, and reads in that of
 * their bytes. What was read may come again.
 */
static void taken_around(bool itself)
{
	const struct task *by = itself ? &worker : NULL;

	begin();
	at(90);
	proc(HONE_PROC_FORK, &worker);
	at(100);
	sock(HONE_SOCK_ANNOUNCE, &conn, &server, NULL);
	at(110);
	come(by, 1005, "second");
	come(by, 1000, "first");
	if (!itself)
		tcp_read(&conn, &worker, 1000, 1011);
	at(120);
	come(NULL, 1005, "second");
	come(NULL, 1000, "first");
	at(130);
	come(NULL, 1011, "third");
	come(by, 1016, "fourth");
	come(itself ? &server : NULL, 1022, "fifth");
	tcp_read(&conn, &worker, 1011, itself ? 1016 : 1022);
	if (!itself)
		tcp_read(&conn, &server, 1022, 1027);
	at(140);
	come(NULL, 1000, "first");
	come(NULL, 1022, "fifth");
	come(NULL, 1016, "fourth");
	come(NULL, 1011, "third");
	come(NULL, 1027, "sixth");
	tcp_read(&conn, &server, 1027, 1032);
}

static void taken_around_itself(void)
{
	taken_around(true);
}

static void taken_around_apart(void)
{
	taken_around(false);
}

/* Who reads began after the packet had come, on another CPU. */
static void taken_forked(void)
{
	begin();
	at(100);
	sock(HONE_SOCK_ANNOUNCE, &dns, &server, NULL);
	take_udp(true, &worker, 77, "waits");
	on_cpu(1);
	at(100);
	subbuf();
	at(110);
	proc(HONE_PROC_FORK, &worker);
	on_cpu(0);
	at(120);
	take_udp(true, &worker, 77, "need not");
}

/* Data in a SYN are delivered to the listener, and read from its child. */
static void fastopen(void)
{
	struct sock door = conn, made = conn;
	__u32 pkt;

	door.cookie = 810;
	door.daddr = 0;
	door.dport = 0;
	made.cookie = 811;
	begin();
	at(100);
	sock(HONE_SOCK_ANNOUNCE, &door, &server, NULL);
	proc(HONE_PROC_FORK, &worker);
	at(110);
	pkt = tcp_in(&made, NULL, false, (struct seg){ SYN, 1000, 0, "fast" });
	deliver(&door, &server, pkt, 0);
	tcp_answer(&made, &server, pkt, (struct seg){ SYN | ACK, 5000, 1005 });
	at(120);
	sock(HONE_SOCK_ACCEPT, &made, &worker, &worker);
	tcp_read(&made, &worker, 1001, 1005);
}

/* Names and numbers as long as they can be, and as many receivers. */
static void long_names(void)
{
	static const struct task t = {
		.id = 70, .pid = 4194304, .ppid = 1, .parent_id = 1,
		.uid = 4294967294U, .comm = "\1\2\3\4\5\6\7\x0b\x0c\x0e\x0f\x10\x11\x12\x13",
	};
	static struct sock s[12];
	__u32 pkt, i;

	on_cpu(0);
	at(0);
	subbuf();
	netdev(4000000000U, "\1\2\3\4\5\6\7\x0b\x0c\x0e\x0f\x10\x11\x12\x13");
	snapshot();
	snapshot_done();
	at(100);
	for (i = 0; i < 12; i++) {
		s[i] = dns;
		s[i].cookie = 0xffffffffffffff00ULL + i;
		s[i].ifindex = 4000000000U;
	}
	proc(HONE_PROC_FORK, &t);
	pkt = udp_in(&s[0], "to all");
	for (i = 0; i < 12; i++)
		deliver(&s[i], &t, pkt, 100 + i);
	at(110);
	for (i = 0; i < 12; i++) {
		struct task other = t;

		other.id += i;
		other.pid += i;
		other.parent_id = t.id;
		if (i)
			proc(HONE_PROC_FORK, &other);
		consume(&s[i], &other, 100 + i);
	}
	at(200000);
	udp_out(&asker, &t, &t, "end");
}

/* The writer changes once; then the stream goes once around the circle. */
static void around(void)
{
	const __u32 step = 1U << 28;
	__u32 seq = 0, i;

	begin();
	at(100);
	sock(HONE_SOCK_ANNOUNCE, &conn, &server, NULL);
	proc(HONE_PROC_FORK, &worker);
	tcp_write(&conn, &server, seq);
	for (i = 0; i < 24; i++, seq += step) {
		if (i == 6)
			tcp_write(&conn, &worker, seq);
		at(200 + i);
		tcp_out(&conn, &server, NULL,
			(struct seg){ PSH | ACK, seq, 1, "data" });
	}
}

/* Of the TCP header nothing is recorded, or a part: nothing is exact. */
static void short_headers(void)
{
	begin();
	at(100);
	sock(HONE_SOCK_ANNOUNCE, &conn, &server, NULL);
	proc(HONE_PROC_FORK, &worker);
	tcp_write(&conn, &worker, 500);
	record_at_most(20);
	tcp_out(&conn, &server, &server, (struct seg){ PSH | ACK, 500, 1, "his" });
	record_at_most(32);
	tcp_out(&conn, &server, NULL, (struct seg){ PSH | ACK, 503, 1, "his" });
	tcp_in(&conn, &server, true, (struct seg){ PSH | ACK, 1, 503, "in" });
	at(110);
	tcp_read(&conn, &worker, 1, 3);
	record_at_most(40);
	tcp_out(&conn, &server, &server, (struct seg){ PSH | ACK, 506, 3, "his" });
	/* Its record knows what its bytes do not show. */
	record_at_most(32);
	taken(&conn, &server, &worker, 0);
	tcp_in(&conn, &server, false, (struct seg){ PSH | ACK, 3, 503, "in" });
	record_at_most(~0U);
}

/* A packet is held, and before it may go its sender has another name. */
static void renamed(void)
{
	struct task later = shell, reader = server;
	__u32 pkt;

	later.comm = "renamed";
	later.uid = 0;
	begin();
	at(100);
	sock(HONE_SOCK_ANNOUNCE, &dns, &server, NULL);
	pkt = udp_in(&dns, "held");
	deliver(&dns, &server, pkt, 1);
	at(110);
	udp_out(&asker, &shell, &shell, "before");
	at(120);
	proc(HONE_PROC_COMM, &later);
	proc(HONE_PROC_CRED, &later);
	at(130);
	udp_out(&asker, &shell, &shell, "after");
	/* One socket takes it, that of nobody does not. */
	at(135);
	pkt = udp_in(&dns, "two sockets");
	deliver(&asker, &shell, pkt, 2);
	deliver(&dns, &server, pkt, 3);
	/* Who reads it does so under the name that it has then. */
	at(140);
	reader.comm = "one";
	proc(HONE_PROC_COMM, &reader);
	at(150);
	reader.comm = "two";
	proc(HONE_PROC_COMM, &reader);
	consume(&dns, &server, 1);
	consume(&dns, &server, 3);
	at(160);
	reader.comm = "three";
	proc(HONE_PROC_COMM, &reader);
	udp_out(&dns, &server, &server, "four");
}

/* Names that would talk to the terminal they are shown on. */
static void escapes(void)
{
	static const struct task t = {
		.id = 80, .pid = 800, .ppid = 1, .parent_id = 1,
		.comm = "\x1b]0;pwn\x07\n",
		.path = "/tmp/\x1b[2J\n\xc2\x9b\x9b\xc3\xa9",
		.argv = { "\x1b[31m", "\xc2\x9bm", "\x9b", "\xe2\x82\xac" },
	};

	begin();
	at(100);
	proc(HONE_PROC_ANNOUNCE, &t);
	udp_out(&asker, &t, &t, "escape");
}

/* A process in a container, and one whose container is not known. */
static void container(void)
{
	static const struct where in = {
		.cgroup_id = 4711, .cgroup = "/machine/web one",
		.filename = "./httpd, inside", .cwd = "/srv/web one",
		.pid = 7, .ns = 4026532000U, .loginuid = 1000,
	};
	struct task t = server;

	t.id = 90;
	t.pid = 900;
	t.where = &in;
	begin();
	at(100);
	proc(HONE_PROC_FORK, &t);
	proc(HONE_PROC_EXEC, &t);
	udp_out(&asker, &t, &t, "from inside");
	proc_exit(&t, 0);
}

/*
 * What is seen before it goes out: while a datagram waits for its reader, a
 * program begins, forks and becomes another, and so does its child, which
 * moves to another cgroup on the way.
 */
static void followed(void)
{
	static const struct where here = {
		.cgroup_id = 4711, .cgroup = "/machine/web",
		.cwd = "/srv", .filename = "curl",
		.pid = 7, .ns = 4026532000U, .loginuid = 1000,
	}, there = {
		.cgroup_id = 4712, .cgroup = "/machinery",
		.cwd = "/srv", .filename = "curl",
		.pid = 7, .ns = 4026532000U, .loginuid = 1000,
	};
	struct task t = curl, forked, program;
	__u32 pkt;

	begin();
	sock(HONE_SOCK_ANNOUNCE, &dns, &server, NULL);
	at(100);
	pkt = udp_in(&dns, "unread");
	deliver(&dns, &server, pkt, 6);
	t.where = &here;
	at(110);
	proc(HONE_PROC_FORK, &child);
	proc(HONE_PROC_EXEC, &t);
	udp_out(&asker, &t, &t, "as curl");
	forked = t;
	forked.id = 23;
	forked.pid = 202;
	forked.ppid = 201;
	forked.parent_id = 22;
	at(120);
	proc(HONE_PROC_FORK, &forked);
	t.comm = "renamed";
	proc(HONE_PROC_COMM, &t);
	udp_out(&asker, &t, &t, "renamed");
	program = forked;
	program.id = 24;
	program.prev_id = 23;
	program.comm = "sh";
	program.path = "/bin/sh";
	at(130);
	proc(HONE_PROC_EXEC, &program);
	udp_out(&asker, &program, &program, "its child");
	program.where = &there;
	at(140);
	proc(HONE_PROC_CGROUP, &program);
	udp_out(&asker, &program, &program, "that moved");
	at(2000000);
	proc_exit(&program, 0);
	proc_exit(&t, 0);
}

/* More processes than a summary keeps, each with one datagram. */
static void many(void)
{
	struct task t = child;
	int i;

	begin();
	for (i = 0; i < 20000; i++) {
		t.id = 1000 + i;
		t.pid = 1000 + i;
		at(100 + i);
		proc(HONE_PROC_FORK, &t);
		udp_out(&asker, &t, &t, i == 77 ? "seventy-seven" : "one");
		proc_exit(&t, 0);
	}
}

/* A session that is only told when another task takes datagrams. */
static void changes(void)
{
	__u32 pkt;

	on_cpu(0);
	at(0);
	subbuf_changes();
	snapshot();
	snapshot_done();
	at(100);
	sock(HONE_SOCK_ANNOUNCE, &dns, &server, NULL);
	proc(HONE_PROC_FORK, &worker);
	at(110);
	pkt = udp_in(&dns, "one");
	deliver(&dns, &server, pkt, 1);
	consume(&dns, &worker, 1);
	at(120);
	pkt = udp_in(&dns, "two");
	deliver(&dns, &server, pkt, 2);
	at(130);
	pkt = udp_in(&dns, "three");
	deliver(&dns, &server, pkt, 3);
	at(140);
	consume(&dns, &server, 3);
	at(150);
	pkt = udp_in(&dns, "four");
	deliver(&dns, &server, pkt, 4);
	/* Some say all the same who has taken them. */
	at(160);
	take_udp(true, &worker, 5, "five");
	at(170);
	delivered(&dns, &server, 6);
	udp_in(&dns, "six");
	at(200000);
	udp_out(&asker, &shell, &shell, "end");
}

static void losses(void)
{
	begin();
	at(100);
	sock(HONE_SOCK_ANNOUNCE, &asker, &shell, NULL);
	udp_out(&asker, &shell, &shell, "one");
	at(110);
	lost(5, 2);
	at(120);
	udp_out(&asker, &shell, &shell, "two");
	/* A gap in the numbers that nothing told of. */
	skip_seq(3);
	at(130);
	udp_out(&asker, &shell, &shell, "three");
	/* Numbers go on in the next sub-buffer. */
	at(140);
	subbuf();
	udp_out(&asker, &shell, &shell, "four");
	/* A process that no record has told of, for it was lost. */
	at(150);
	lost(0, 1);
	udp_out(&asker, &shell, &(struct task){ .id = 99, .pid = 990 }, "who");
}

/* CPU 1's stream lies behind CPU 0's, though all happened in turns. */
static void two_cpus(void)
{
	__u32 pkt;
	int i;

	begin();
	at(50);
	sock(HONE_SOCK_ANNOUNCE, &asker, &shell, NULL);
	sock(HONE_SOCK_ANNOUNCE, &dns, &server, NULL);
	for (i = 0; i < 4; i++) {
		at(100 + 20 * i);
		udp_out(&asker, &shell, &shell, "cpu 0");
	}
	on_cpu(1);
	at(5);
	subbuf();
	for (i = 0; i < 4; i++) {
		at(110 + 20 * i);
		pkt = udp_in(&dns, "cpu 1");
		deliver(&dns, &server, pkt, 90 + i);
	}
	/* The reader is on a third. */
	on_cpu(2);
	at(6);
	subbuf();
	for (i = 0; i < 4; i++) {
		at(1000 + i);
		consume(&dns, &server, 90 + i);
	}
}

/* Of different lengths, now and then at the same time; one runs backwards. */
static void eight_cpus(void)
{
	int cpu, i;

	begin();
	at(50);
	sock(HONE_SOCK_ANNOUNCE, &asker, &shell, NULL);
	for (cpu = 0; cpu < 8; cpu++) {
		if (cpu) {
			on_cpu(cpu);
			at(5 + cpu);
			subbuf();
		}
		for (i = 0; i < 3 + cpu * 3 % 7; i++) {
			at(100 + i * (cpu + 3) - (cpu == 5 && i == 3 ? 20 : 0));
			udp_out(&asker, &shell, &shell, "one of 8");
		}
	}
}

static void holders(void)
{
	static const struct sock shared = {
		.cookie = 800, .protocol = IPPROTO_TCP, .saddr = NEAR,
		.daddr = FAR, .sport = 2222, .dport = 1111, .ifindex = 2,
	};
	static const struct task gone = {
		.id = 8, .pid = 80, .comm = "gone",
	};

	on_cpu(0);
	at(0);
	subbuf();
	/* Born between start and snapshot: told twice. */
	at(5);
	proc(HONE_PROC_FORK, &worker);
	snapshot();
	proc(HONE_PROC_SNAPSHOT, &worker);
	sock(HONE_SOCK_HOLDER, &shared, &gone, &server);
	sock(HONE_SOCK_HOLDER, &shared, &gone, &worker);
	sock(HONE_SOCK_SNAPSHOT, &shared, &gone, NULL);
	snapshot_done();
	/* Its owner ended before the capture: only the socket knows it. */
	at(100);
	tcp_out(&shared, &gone, NULL, (struct seg){ ACK, 1, 1 });
	tcp_in(&shared, &gone, true, (struct seg){ PSH | ACK, 1, 1, "x" });
	at(200);
	tcp_read(&shared, &worker, 1, 2);
	at(210);
	tcp_out(&shared, &gone, NULL, (struct seg){ ACK, 1, 2 });
}

/* What had ended when the snapshot was made is told of by its end. */
static void early_exit(void)
{
	on_cpu(0);
	at(0);
	subbuf();
	at(1);
	proc(HONE_PROC_ANNOUNCE, &odd);
	sock(HONE_SOCK_OPEN, &asker, &odd, &odd);
	udp_out(&asker, &odd, &odd, "last words");
	proc_exit(&odd, 11);
	at(2);
	sock(HONE_SOCK_FREE, &asker, &odd, NULL);
	snapshot();
	snapshot_done();
	at(100);
	/* A datagram that was on its way. */
	udp_out(&asker, &odd, NULL, "ghost");
}

static void echo(void)
{
	static const struct sock ping = {
		.cookie = 900, .protocol = IPPROTO_ICMP, .saddr = NEAR,
		.daddr = FAR,
	};
	__u32 pkt;

	begin();
	at(100);
	pkt = echo_in(FAR, NEAR, 8);
	echo_out(NEAR, FAR, 0, pkt);
	/* The hint names another packet: addresses do not mirror. */
	at(200);
	sock(HONE_SOCK_ANNOUNCE, &dns, &server, NULL);
	pkt = udp_in(&dns, "unrelated");
	deliver(&dns, &server, pkt, 3);
	echo_out(NEAR, FAR, 0, pkt);
	consume(&dns, &server, 3);
	/* A ping of ours, and its answer. */
	at(300);
	sock(HONE_SOCK_OPEN, &ping, &shell, &shell);
	pkt = echo_in(FAR, NEAR, 0);
	deliver(&ping, &shell, pkt, 4);
	at(310);
	consume(&ping, &shell, 4);
	/* A connection to a closed port. */
	at(400);
	pkt = tcp_in(&client, NULL, false, (struct seg){ SYN, 7 });
}

static void cut(void)
{
	udp();
	put_raw("\x80\x00\x00\x00\x40\x00", 6);
}

static void garbage(void)
{
	udp();
	put_raw("This is no record at all; far from it.", 38);
}

static void attribute(void)
{
	struct {
		struct hone_proc p;
		struct hone_attr a;
	} r = {
		.p.rec = {
			.len = sizeof(r), .type = HONE_REC_PROC,
			.time = 100000999000ULL, .seq = 1000,
		},
		.p.id = 70,
		.a.len = 4000000000u,
	};

	udp();
	put_raw(&r, sizeof(r));
}

static void newer(void)
{
	subbuf_version(HONE_VERSION_MAJOR + 1, 3);
}

/* A newer minor version: records and attributes that nobody knows yet. */
static void minor(void)
{
	struct hone_rec rec = {
		.len = 40, .type = 999, .time = 100000090000ULL, .seq = 1,
	};

	on_cpu(0);
	at(0);
	subbuf_version(HONE_VERSION_MAJOR, HONE_VERSION_MINOR + 7);
	snapshot();
	snapshot_done();
	put_raw(&rec, sizeof(rec));
	put_raw("sixteen bytes...", 16);
	skip_seq(1);
	at(100);
	sock(HONE_SOCK_ANNOUNCE, &asker, &shell, NULL);
	udp_out(&asker, &shell, &shell, "one");
}

static void counts(void)
{
	static const __u64 two[4] = { 2, 256, 1, 128 }, one[4] = { 1, 100, 0, 0 },
		none[4], three[4] = { 3, 356, 1, 128 };
	struct task gone = curl;

	begin();
	gone.id = 77;
	gone.pid = 770;
	at(100);
	sock(HONE_SOCK_OPEN, &asker, &shell, &shell);
	at(200);
	tally(0, &asker, &shell, 100, two, two);
	tally(HONE_F_TALLY_SOCK, &asker, NULL, 100, two, two);
	at(300);
	/* Of whom nothing else is known, of nobody, of no socket, and of the rest. */
	tally(HONE_F_TALLY_END, &asker, &gone, 150, one, one);
	tally(HONE_F_TALLY_END, &asker, &shell, 200, none, two);
	tally(0, &asker, NULL, 100, one, one);
	tally(HONE_F_TALLY_SOCK | HONE_F_TALLY_END, &asker, NULL, 200, one,
	      three);
	tally(HONE_F_TALLY_SOCK | HONE_F_TALLY_END, NULL, NULL, 0, one, one);
	tally(HONE_F_TALLY_SOCK | HONE_F_TALLY_REST, NULL, NULL, 0, two, two);
}

/* The records of a process were lost, and of its socket: its packets name it. */
static void ghost(void)
{
	struct task gone = curl;

	gone.id = 77;
	gone.pid = 770;
	begin();
	at(100);
	udp_out(&asker, &gone, NULL, "by a timer");
	udp_out(&asker, &gone, &gone, "itself");
}

static void empty(void)
{
}

static const struct {
	const char *name;
	void (*write)(void);
} scenarios[] = {
	{ "forks", forks },
	{ "tcp", tcp },
	{ "handover", handover },
	{ "reconnected", reconnected },
	{ "opened", opened },
	{ "opened-unsure", opened_unsure },
	{ "writer-untold", writer_untold },
	{ "writer-overwritten", writer_overwritten },
	{ "wrapped", wrapped },
	{ "once-more", once_more },
	{ "udp", udp },
	{ "sctp", sctp },
	{ "multicast", multicast },
	{ "told", told },
	{ "taken", taken_itself },
	{ "taken-apart", taken_apart },
	{ "taken-around", taken_around_itself },
	{ "taken-around-apart", taken_around_apart },
	{ "taken-forked", taken_forked },
	{ "late", late },
	{ "mptcp", mptcp },
	{ "fastopen", fastopen },
	{ "long-names", long_names },
	{ "around", around },
	{ "short-headers", short_headers },
	{ "renamed", renamed },
	{ "escapes", escapes },
	{ "container", container },
	{ "followed", followed },
	{ "many", many },
	{ "changes", changes },
	{ "counts", counts },
	{ "ghost", ghost },
	{ "losses", losses },
	{ "two-cpus", two_cpus },
	{ "eight-cpus", eight_cpus },
	{ "holders", holders },
	{ "early-exit", early_exit },
	{ "echo", echo },
	{ "minor", minor },
	{ "bad-cut", cut },
	{ "bad-garbage", garbage },
	{ "bad-attribute", attribute },
	{ "bad-newer", newer },
	{ "bad-empty", empty },
};

int main(int argc, char **argv)
{
	char path[4096];
	size_t i;

	if (argc != 2) {
		fprintf(stderr, "usage: hone-mkrec DIR\n");
		return 2;
	}
	for (i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++) {
		snprintf(path, sizeof(path), "%s/%s.hone", argv[1],
			 scenarios[i].name);
		begin_file(path);
		scenarios[i].write();
		end_file();
	}
	return 0;
}
