// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: which packets a session wants. Set by text commands before the
 * session starts, read-only from then on.
 */
#include "hone.h"

#include <linux/filter.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ipv6.h>

#define HONE_LIST_MAX	16

/**
 * struct hone_ends - a connection, as one of its ends sees it, or a packet
 * @netns: cookie of the net namespace
 * @addr: local and remote address, a packet's source and destination; IPv4 as
 *	::ffff:a.b.c.d
 * @port: ports, network byte order, in the same order
 * @protocol: IPPROTO_*
 */
struct hone_ends {
	u64 netns;
	struct in6_addr addr[2];
	__be16 port[2];
	u8 protocol;
};

/**
 * struct hone_filter - what a session wants; all conditions must hold
 * @prog: classic BPF over the packet from its network header on, or NULL
 * @insns: what @prog was made of
 * @n_insns: number of @insns
 * @no_in: nothing that is received
 * @no_out: nothing that is sent
 * @early: as packets are before the firewall
 * @netns: inode numbers of the net namespaces, @n_netns of them; 0 is all
 * @not_tgid: processes whose sockets and packets are left out
 * @not_conn: connections that are left out, at both ends
 * @socket: cookies of the sockets, @n_socket of them; 0 is all
 * @n_netns: number of @netns
 * @n_tgid: number of @not_tgid
 * @n_conn: number of @not_conn
 * @n_socket: number of @socket
 */
struct hone_filter {
	struct bpf_prog *prog;
	struct sock_filter *insns;
	unsigned int n_insns;
	bool no_in;
	bool no_out;
	bool early;
	u32 netns[HONE_LIST_MAX];
	u32 not_tgid[HONE_LIST_MAX];
	struct hone_ends not_conn[HONE_LIST_MAX];
	u64 socket[HONE_LIST_MAX];
	unsigned int n_netns;
	unsigned int n_tgid;
	unsigned int n_conn;
	unsigned int n_socket;
};

static bool hone_listed(const u32 *list, unsigned int n, u32 what)
{
	while (n--)
		if (list[n] == what)
			return true;
	return false;
}

/* Addresses and ports of a packet; false if it has no ports, or a part. */
static bool hone_ends_of(struct hone_ends *e, const struct sk_buff *skb,
			 u8 family)
{
	int off = skb_network_offset(skb);
	__be16 ports[2];
	__be16 frag = 0;

	if (family == AF_INET) {
		struct iphdr ip;

		if (skb_copy_bits(skb, off, &ip, sizeof(ip)) ||
		    ntohs(ip.frag_off) & IP_OFFSET)
			return false;
		ipv6_addr_set_v4mapped(ip.saddr, &e->addr[0]);
		ipv6_addr_set_v4mapped(ip.daddr, &e->addr[1]);
		e->protocol = ip.protocol;
		off += ip.ihl * 4;
	} else {
		struct ipv6hdr ip;

		if (skb_copy_bits(skb, off, &ip, sizeof(ip)))
			return false;
		e->addr[0] = ip.saddr;
		e->addr[1] = ip.daddr;
		e->protocol = ip.nexthdr;
		off = ipv6_skip_exthdr(skb, off + sizeof(ip), &e->protocol,
				       &frag);
		if (off < 0 || ntohs(frag) & IP6_OFFSET)
			return false;
	}
	if (skb_copy_bits(skb, off, ports, sizeof(ports)))
		return false;
	e->port[0] = ports[0];
	e->port[1] = ports[1];
	return true;
}

static bool hone_ends_match(const struct hone_ends *a,
			    const struct hone_ends *b, int turned)
{
	return a->protocol == b->protocol && a->port[0] == b->port[turned] &&
	       a->port[1] == b->port[!turned] &&
	       ipv6_addr_equal(&a->addr[0], &b->addr[turned]) &&
	       ipv6_addr_equal(&a->addr[1], &b->addr[!turned]);
}

static bool hone_is_loopback(const struct in6_addr *addr)
{
	return ipv6_addr_loopback(addr) ||
	       (ipv6_addr_v4mapped(addr) &&
		ipv4_is_loopback(addr->s6_addr32[3]));
}

/*
 * Is it a packet of the connection? In the connection's namespace it may be of
 * both ends, in another one only of the remote: somebody there who has the
 * address of the local one has a connection of his own, and so has who talks
 * to himself.
 */
static bool hone_conn_match(const struct hone_ends *conn,
			    const struct hone_ends *packet, bool out)
{
	if (conn->netns == packet->netns)
		return hone_ends_match(conn, packet, 0) ||
		       hone_ends_match(conn, packet, 1);
	return hone_ends_match(conn, packet, out) &&
	       !hone_is_loopback(&conn->addr[0]) &&
	       !hone_is_loopback(&conn->addr[1]);
}

static bool hone_conn_listed(const struct hone_filter *f,
			     const struct sk_buff *skb, const struct net *net,
			     u8 family, bool out)
{
	struct hone_ends e = { .netns = net->net_cookie };
	unsigned int i;

	if (!hone_ends_of(&e, skb, family))
		return false;
	for (i = 0; i < f->n_conn; i++)
		if (hone_conn_match(&f->not_conn[i], &e, out))
			return true;
	return false;
}

/* A packet socket's packet has a link header in front. */
static bool hone_prog_wants(const struct hone_filter *f, struct sk_buff *skb)
{
	int off = skb_network_offset(skb);
	u32 ret;

	if (likely(!off))
		return bpf_prog_run(f->prog, skb);
	/* What cannot be shown to it is not for it to drop. */
	if (off < 0 || off > skb_headlen(skb))
		return true;
	__skb_pull(skb, off);
	ret = bpf_prog_run(f->prog, skb);
	__skb_push(skb, off);
	return ret;
}

static bool hone_socket_listed(const struct hone_filter *f,
			       const struct hone_users *u)
{
	unsigned int i;

	for (i = 0; i < f->n_socket; i++)
		if (f->socket[i] == u->cookie ||
		    (u->parent && f->socket[i] == u->parent))
			return true;
	return false;
}

/**
 * __hone_filter_likes - does a session that selects want one of its users?
 * @s: its stream
 * @u: who they are, as far as it is known
 *
 * Context: any.
 * Return: true if it does.
 */
bool __hone_filter_likes(const struct hone_stream *s,
			 const struct hone_users *u)
{
	const struct hone_filter *f = s->filter;

	if (u->cause & s->bit)
		return true;
	if (s->match && !(u->wants & s->bit))
		return false;
	if (!f)
		return true;
	if (f->n_socket && !hone_socket_listed(f, u))
		return false;
	return !u->tgid || !hone_listed(f->not_tgid, f->n_tgid, u->tgid);
}

/**
 * __hone_filter_doubts - may a session not want a packet that it likes?
 * @f: its filter
 * @u: whose it is, as far as it is known
 *
 * Context: any.
 * Return: true if it excludes processes, of which this may be one.
 */
bool __hone_filter_doubts(const struct hone_filter *f,
			  const struct hone_users *u)
{
	return f->n_tgid && !u->tgid;
}

/**
 * hone_filter_wants - does a session want a packet, whosever it is?
 * @f: its filter
 * @skb: the packet; it is as before when this returns
 * @net: its net namespace
 * @family: AF_INET or AF_INET6
 * @out: it is sent, else received
 *
 * Context: preemption off.
 * Return: true if it does.
 */
bool hone_filter_wants(const struct hone_filter *f, struct sk_buff *skb,
		       const struct net *net, u8 family, bool out)
{
	if (out ? f->no_out : f->no_in)
		return false;
	if (f->n_netns && !hone_listed(f->netns, f->n_netns, net->ns.inum))
		return false;
	if (f->n_conn && hone_conn_listed(f, skb, net, family, out))
		return false;
	return !f->prog || hone_prog_wants(f, skb);
}

/**
 * hone_filter_early - does a session want packets before the firewall?
 * @f: its filter
 *
 * Return: true if it does.
 */
bool hone_filter_early(const struct hone_filter *f)
{
	return f->early;
}

/* What remains are users, and the place. */
static bool hone_filter_packets(const struct hone_filter *f)
{
	return !f->n_tgid && !f->n_socket && !f->early;
}

static int hone_filter_compile(struct hone_filter *f)
{
	struct sock_fprog_kern fprog = {
		.len	= f->n_insns,
		.filter	= f->insns,
	};

	return bpf_prog_create(&f->prog, &fprog);
}

static void hone_filter_free(struct hone_filter *f)
{
	if (!f)
		return;
	if (f->prog)
		bpf_prog_destroy(f->prog);
	kvfree(f->insns);
	kfree(f);
}

static struct hone_filter *hone_filter_dup(const struct hone_filter *old)
{
	struct hone_filter *f;

	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f || !old)
		return f;
	*f = *old;
	f->prog = NULL;
	if (!old->insns)
		return f;
	f->insns = kvmemdup(old->insns, old->n_insns * sizeof(*f->insns),
			    GFP_KERNEL_ACCOUNT);
	if (!f->insns || hone_filter_compile(f)) {
		hone_filter_free(f);
		return NULL;
	}
	return f;
}

/* "N,code jt jf k,code jt jf k,...", as iptables and tcpdump -ddd have it. */
static int hone_set_filter(struct hone_filter *f, char *val, char *why,
			   size_t size)
{
	char *word = strsep(&val, ",");
	unsigned int i, n;
	int err;

	if (f->insns) {
		snprintf(why, size, "there is one already");
		return -EINVAL;
	}
	if (kstrtouint(word, 10, &n) || !n || n > BPF_MAXINSNS) {
		snprintf(why, size, "'%.16s' is no number of instructions from 1 to %u",
			 word, BPF_MAXINSNS);
		return -EINVAL;
	}
	f->insns = kvcalloc(n, sizeof(*f->insns), GFP_KERNEL_ACCOUNT);
	if (!f->insns)
		return -ENOMEM;
	f->n_insns = n;
	for (i = 0; i < n; i++) {
		struct sock_filter *insn = &f->insns[i];
		unsigned int code, jt, jf;
		char end;

		word = strsep(&val, ",");
		if (!word || sscanf(word, "%u %u %u %u%c", &code, &jt, &jf,
				    &insn->k, &end) != 4 ||
		    code > U16_MAX || jt > U8_MAX || jf > U8_MAX) {
			snprintf(why, size, "instruction %u of %u is not four numbers",
				 i, n);
			return -EINVAL;
		}
		insn->code = code;
		insn->jt = jt;
		insn->jf = jf;
	}
	if (val) {
		snprintf(why, size, "there are more than the %u instructions", n);
		return -EINVAL;
	}
	err = hone_filter_compile(f);
	if (err)
		snprintf(why, size, "the kernel refuses the program");
	return err;
}

static int hone_set_number(u32 *list, unsigned int *n, char *val, char *why,
			   size_t size)
{
	if (*n == HONE_LIST_MAX) {
		snprintf(why, size, "more than %u", HONE_LIST_MAX);
		return -E2BIG;
	}
	if (kstrtou32(val, 0, &list[*n]) || !list[*n]) {
		snprintf(why, size, "not a number: '%.32s'", val);
		return -EINVAL;
	}
	++*n;
	return 0;
}

static int hone_set_cookie(struct hone_filter *f, const char *val, char *why,
			   size_t size)
{
	u64 *cookie = &f->socket[f->n_socket];

	if (f->n_socket == HONE_LIST_MAX) {
		snprintf(why, size, "more than %u", HONE_LIST_MAX);
		return -E2BIG;
	}
	if (kstrtou64(val, 0, cookie) || !*cookie) {
		snprintf(why, size, "not a number: '%.32s'", val);
		return -EINVAL;
	}
	f->n_socket++;
	return 0;
}

static int hone_set_direction(struct hone_filter *f, const char *val, char *why,
			      size_t size)
{
	bool in = !strcmp(val, "in"), out = !strcmp(val, "out");

	if (!in && !out && strcmp(val, "both")) {
		snprintf(why, size, "'%.16s' is none of in, out, both", val);
		return -EINVAL;
	}
	f->no_in = out;
	f->no_out = in;
	return 0;
}

static int hone_set_hook(struct hone_filter *f, const char *val, char *why,
			 size_t size)
{
	if (strcmp(val, "first") && strcmp(val, "last")) {
		snprintf(why, size, "'%.16s' is neither first nor last", val);
		return -EINVAL;
	}
	f->early = !strcmp(val, "first");
	return 0;
}

static bool hone_ends_of_sock(struct hone_ends *e, const struct sock *sk)
{
	if (!hone_sk_wanted(sk) || !sk->sk_dport)
		return false;
	e->netns = sock_net(sk)->net_cookie;
	e->port[0] = htons(sk->sk_num);
	e->port[1] = sk->sk_dport;
	e->protocol = sk->sk_protocol;
	if (sk->sk_family == AF_INET) {
		ipv6_addr_set_v4mapped(sk->sk_rcv_saddr, &e->addr[0]);
		ipv6_addr_set_v4mapped(sk->sk_daddr, &e->addr[1]);
		return true;
	}
#if IS_ENABLED(CONFIG_IPV6)
	e->addr[0] = sk->sk_v6_rcv_saddr;
	e->addr[1] = sk->sk_v6_daddr;
#endif
	return true;
}

/* A descriptor of the process that writes the command. */
static int hone_set_socket(struct hone_filter *f, const char *val, char *why,
			   size_t size)
{
	struct socket *sock;
	int fd, err = 0;

	if (kstrtoint(val, 10, &fd)) {
		snprintf(why, size, "not a number: '%.32s'", val);
		return -EINVAL;
	}
	if (f->n_conn == HONE_LIST_MAX) {
		snprintf(why, size, "more than %u", HONE_LIST_MAX);
		return -E2BIG;
	}
	sock = sockfd_lookup(fd, &err);
	if (!sock) {
		snprintf(why, size, "descriptor %d is no socket", fd);
		return err;
	}
	if (!sock->sk || !hone_ends_of_sock(&f->not_conn[f->n_conn], sock->sk)) {
		snprintf(why, size, "descriptor %d is no connected internet socket",
			 fd);
		err = -ENOTCONN;
	} else {
		f->n_conn++;
	}
	sockfd_put(sock);
	return err;
}

static int hone_filter_set(struct hone_filter *f, const char *key, char *val,
			   char *why, size_t size)
{
	if (!strcmp(key, "filter"))
		return hone_set_filter(f, val, why, size);
	if (!strcmp(key, "direction"))
		return hone_set_direction(f, val, why, size);
	if (!strcmp(key, "hook"))
		return hone_set_hook(f, val, why, size);
	if (!strcmp(key, "netns"))
		return hone_set_number(f->netns, &f->n_netns, val, why, size);
	if (!strcmp(key, "exclude_tgid"))
		return hone_set_number(f->not_tgid, &f->n_tgid, val, why, size);
	if (!strcmp(key, "exclude_socket"))
		return hone_set_socket(f, val, why, size);
	if (!strcmp(key, "socket"))
		return hone_set_cookie(f, val, why, size);
	return -ENOENT;
}

static int hone_filter_show(const struct hone_filter *f, char *buf, size_t size)
{
	int len = 0;
	unsigned int i;

	if (f->prog)
		len += scnprintf(buf + len, size - len,
				 "filter: %u instructions\n", f->n_insns);
	if (f->no_in || f->no_out)
		len += scnprintf(buf + len, size - len, "direction: %s\n",
				 f->no_in ? "out" : "in");
	if (f->early)
		len += scnprintf(buf + len, size - len, "hook: first\n");
	for (i = 0; i < f->n_netns; i++)
		len += scnprintf(buf + len, size - len, "netns: %u\n",
				 f->netns[i]);
	for (i = 0; i < f->n_tgid; i++)
		len += scnprintf(buf + len, size - len, "exclude_tgid: %u\n",
				 f->not_tgid[i]);
	if (f->n_conn)
		len += scnprintf(buf + len, size - len,
				 "exclude_socket: %u\n", f->n_conn);
	for (i = 0; i < f->n_socket; i++)
		len += scnprintf(buf + len, size - len, "socket: %llu\n",
				 f->socket[i]);
	return len;
}

const struct hone_filter_ops hone_packet_filter = {
	.dup	= hone_filter_dup,
	.free	= hone_filter_free,
	.set	= hone_filter_set,
	.show	= hone_filter_show,
	.packets = hone_filter_packets,
	.held	= hone_held,
};
