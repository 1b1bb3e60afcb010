// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that leave in other ways than most: who sent them, and that they are
 * there, once.
 */
#define _GNU_SOURCE
#include "stream.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <linux/tls.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"

FIXTURE(paths)
{
	struct stream s;
};

FIXTURE_SETUP(paths)
{
	ASSERT_EQ(0, stream_open(&self->s, NULL));
}

FIXTURE_TEARDOWN(paths)
{
	stream_close(&self->s);
}

#define PORT	5777

/* The packets to PORT that were sent; the last of them, and how many. */
static const struct hone_packet *sent(const struct stream *s, int protocol,
				      int *n)
{
	const struct hone_packet *last = NULL;
	const struct hone_rec *rec = NULL;
	int file = 0;

	*n = 0;
	while ((rec = stream_step(s, &file, rec))) {
		const struct hone_packet *p = (const void *)rec;
		const struct iphdr *ip = (const void *)p->data;
		/* Both protocols have it there. */
		const struct udphdr *udp = (const void *)(p->data + sizeof(*ip));

		if (rec->type != HONE_REC_PACKET ||
		    !(rec->flags & HONE_F_PKT_OUT) || p->family != AF_INET ||
		    ip->protocol != protocol || udp->dest != htons(PORT))
			continue;
		last = p;
		(*n)++;
	}
	return last;
}

/* One was sent, by us, and so surely. */
static void expect_own(struct __test_metadata *_metadata,
		       const struct stream *s, int protocol, int quality)
{
	const struct hone_packet *p;
	int n;

	p = sent(s, protocol, &n);
	EXPECT_EQ(1, n);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(getpid(), p->tgid);
	EXPECT_EQ(quality, p->quality);
}

/* A datagram from one socket to another of ours, both on @dev if not NULL. */
static bool send_to(const char *addr, const char *dev)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int from = socket(AF_INET, SOCK_DGRAM, 0);
	int at = socket(AF_INET, SOCK_DGRAM, 0);
	struct pollfd wait = { .fd = at, .events = POLLIN };
	char c = 0;
	bool ok;

	inet_aton(addr, &to.sin_addr);
	ok = (!dev || (!setsockopt(at, SOL_SOCKET, SO_BINDTODEVICE, dev,
				   strlen(dev)) &&
		       !setsockopt(from, SOL_SOCKET, SO_BINDTODEVICE, dev,
				   strlen(dev)))) &&
	     !bind(at, (void *)&to, sizeof(to)) &&
	     sendto(from, &c, 1, 0, (void *)&to, sizeof(to)) == 1 &&
	     poll(&wait, 1, 10000) == 1 && recv(at, &c, 1, 0) == 1;
	close(from);
	close(at);
	return ok;
}

#define QUEUE	7

struct request {
	struct nlmsghdr nl;
	struct nfgenmsg nf;
	struct nlattr attr;
	union {
		struct nfqnl_msg_config_cmd cmd;
		struct nfqnl_msg_config_params params;
		struct nfqnl_msg_verdict_hdr verdict;
		char room[16];
	};
};

static bool request(int fd, int type, int attr, const void *val, size_t len)
{
	struct request r = {
		.nl.nlmsg_type	= NFNL_SUBSYS_QUEUE << 8 | type,
		.nl.nlmsg_flags	= NLM_F_REQUEST,
		.nf.version	= NFNETLINK_V0,
		.nf.res_id	= htons(QUEUE),
		.attr.nla_type	= attr,
		.attr.nla_len	= sizeof(r.attr) + len,
	};

	memcpy(r.room, val, len);
	r.nl.nlmsg_len = NLMSG_ALIGN(offsetof(struct request, room) + len);
	return send(fd, &r, r.nl.nlmsg_len, 0) == (ssize_t)r.nl.nlmsg_len;
}

/* The id of a packet that is to be decided about. */
static bool packet_id(const char *buf, ssize_t len, __be32 *id)
{
	const struct nlmsghdr *nl = (const void *)buf;
	size_t at = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	const struct nfqnl_msg_packet_hdr *h;

	while (at + sizeof(struct nlattr) <= (size_t)len && at < nl->nlmsg_len) {
		const struct nlattr *a = (const void *)(buf + at);

		if ((a->nla_type & NLA_TYPE_MASK) == NFQA_PACKET_HDR) {
			h = (const void *)(a + 1);
			*id = h->packet_id;
			return true;
		}
		at += NLA_ALIGN(a->nla_len);
	}
	return false;
}

/* Accepts whatever comes into the queue, until it is killed. */
static void accept_all(int ready)
{
	struct nfqnl_msg_config_cmd cmd = { .command = NFQNL_CFG_CMD_BIND };
	struct nfqnl_msg_config_params params = {
		.copy_range = htonl(64), .copy_mode = NFQNL_COPY_PACKET,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	char buf[4096];
	ssize_t n;

	if (fd < 0 ||
	    !request(fd, NFQNL_MSG_CONFIG, NFQA_CFG_CMD, &cmd, sizeof(cmd)) ||
	    !request(fd, NFQNL_MSG_CONFIG, NFQA_CFG_PARAMS, &params,
		     sizeof(params)) ||
	    write(ready, "", 1) != 1)
		_exit(1);
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		struct nfqnl_msg_verdict_hdr v = { .verdict = htonl(NF_ACCEPT) };

		if (packet_id(buf, n, &v.id) &&
		    !request(fd, NFQNL_MSG_VERDICT, NFQA_VERDICT_HDR, &v,
			     sizeof(v)))
			_exit(1);
	}
	_exit(1);
}

#define RULE	"OUTPUT -d 127.0.0.9 -j NFQUEUE --queue-num 7 >/dev/null 2>&1"

/* Who lets a packet pass has not sent it. */
TEST_F(paths, nfqueue)
{
	int ready[2];
	pid_t child;
	char c;

	if (system("iptables-legacy -A " RULE))
		SKIP(return, "no iptables-legacy, or no NFQUEUE");
	ASSERT_EQ(0, pipe(ready));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		accept_all(ready[1]);
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	EXPECT_TRUE(send_to("127.0.0.9", NULL));
	EXPECT_EQ(0, system("iptables-legacy -D " RULE));
	stream_stop(&self->s);
	expect_own(_metadata, &self->s, IPPROTO_UDP, HONE_Q_OWNER);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ready[0]);
}

#define VRF	"hone-vrf"
#define IP	"PATH=/usr/sbin:/sbin:$PATH ip "

/* What a VRF sends to itself is sent once, as what leaves it. */
TEST_F(paths, vrf_to_itself)
{
	if (system(IP "link add " VRF " type vrf table 77 >/dev/null 2>&1"))
		SKIP(return, "no VRF, or no ip that makes one");
	ASSERT_EQ(0, system(IP "addr add 192.0.2.77/32 dev " VRF
			    " && " IP "link set " VRF " up"));
	EXPECT_TRUE(send_to("192.0.2.77", VRF));
	EXPECT_EQ(0, system(IP "link del " VRF));
	stream_stop(&self->s);
	expect_own(_metadata, &self->s, IPPROTO_UDP, HONE_Q_EXACT);
}

/* Nothing queues what a raw socket sends, whatever protocol it is of. */
TEST_F(paths, raw_tcp)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct tcphdr tcp = { .doff = 5, .dest = htons(PORT), .rst = 1 };
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_TCP);

	ASSERT_GE(fd, 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ASSERT_EQ(sizeof(tcp), sendto(fd, &tcp, sizeof(tcp), 0, (void *)&to,
				      sizeof(to)));
	stream_stop(&self->s);
	expect_own(_metadata, &self->s, IPPROTO_TCP, HONE_Q_EXACT);
	close(fd);
}

#ifndef SOL_TLS
#define SOL_TLS	282
#endif

/* Of what was sent to PORT by TCP with data: how many, and how many are untold. */
static int data_sent(const struct stream *s, int *untold)
{
	const struct hone_rec *rec = NULL;
	int file = 0, n = 0;

	*untold = 0;
	while ((rec = stream_step(s, &file, rec))) {
		const struct hone_packet *p = (const void *)rec;
		const struct tcphdr *tcp = (const void *)(p->data +
							  sizeof(struct iphdr));

		if (rec->type != HONE_REC_PACKET ||
		    !(rec->flags & HONE_F_PKT_OUT) ||
		    p->data[9] != IPPROTO_TCP || tcp->dest != htons(PORT) ||
		    p->wire_len <= sizeof(struct iphdr) + tcp->doff * 4)
			continue;
		*untold += !!(rec->flags & HONE_F_PKT_UNTOLD);
		n++;
	}
	return n;
}

/* One kTLS record that two have written is neither's. */
TEST_F(paths, ktls_mixed)
{
	struct tls12_crypto_info_aes_gcm_128 key = {
		.info.version = TLS_1_2_VERSION,
		.info.cipher_type = TLS_CIPHER_AES_GCM_128,
	};
	/* Its header, nonce and tag. */
	const size_t more = 5 + 8 + 16, all = 4 + 9 + 2 * more;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int in, n, untold;
	char data[128];
	pid_t child;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	ASSERT_EQ(0, bind(listener, (void *)&to, sizeof(to)));
	ASSERT_EQ(0, listen(listener, 1));
	ASSERT_EQ(0, connect(fd, (void *)&to, sizeof(to)));
	in = accept(listener, NULL, NULL);
	ASSERT_LE(0, in);
	/* What is ready leaves at once. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 3) ||
	    setsockopt(fd, SOL_TLS, TLS_TX, &key, sizeof(key)))
		SKIP(goto out, "no kTLS");
	ASSERT_EQ(4, send(fd, "mine", 4, 0));
	/* It waits for more, which comes from another. */
	ASSERT_EQ(4, send(fd, "mine", 4, MSG_MORE));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(send(fd, "other", 5, 0) != 5);
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	ASSERT_EQ(all, recv(in, data, all, MSG_WAITALL));
	stream_stop(&self->s);

	/* The first record in one, the other one may be in several. */
	n = data_sent(&self->s, &untold);
	EXPECT_LE(2, n);
	EXPECT_EQ(n - 1, untold);
out:
	close(in);
	close(fd);
	close(listener);
}

TEST_HARNESS_MAIN
