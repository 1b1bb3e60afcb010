// SPDX-License-Identifier: GPL-2.0-only
/* Makes records as the kernel would, for tests: one verb a kind. */
#include "mkrec.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define REAL	1700000000000000000ULL	/* real time then */
#define CPUS	8

/* The fields are NUL padded and need no NUL at the end. */
static void put_name(__u8 *to, const char *name, size_t size)
{
	size_t len = strnlen(name, size);

	memset(to, 0, size);
	memcpy(to, name, len);
}

static FILE *out;
static const char *out_path;
static __u64 now;
static __u32 cpu;
static __u32 seq[CPUS], pkts[CPUS], lost_so_far[CPUS];
static __u64 subbufs[CPUS];

static void fail(void)
{
	fprintf(stderr, "hone-mkrec: writing: ");
	perror(out_path);
	exit(1);
}

void begin_file(const char *path)
{
	out_path = path;
	memset(seq, 0, sizeof(seq));
	memset(pkts, 0, sizeof(pkts));
	memset(lost_so_far, 0, sizeof(lost_so_far));
	memset(subbufs, 0, sizeof(subbufs));
	out = fopen(path, "w");
	if (!out)
		fail();
	on_cpu(0);
	at(0);
}

void end_file(void)
{
	if (fclose(out))
		fail();
}

void on_cpu(__u32 n)
{
	cpu = n;
}

void at(unsigned long usec)
{
	now = BOOT + usec * 1000ULL;
}

void put_raw(const void *data, size_t len)
{
	if (fwrite(data, 1, len, out) != len)
		fail();
}

/* Fills the head in, and pads. */
static void put(struct hone_rec *rec, __u16 type, size_t len)
{
	static const __u8 zeros[8];
	size_t padded = (len + 7) & ~(size_t)7;

	rec->len = padded;
	rec->type = type;
	rec->time = now;
	rec->cpu = cpu;
	if (cpu != SNAPSHOT && type != HONE_REC_SUBBUF && type != HONE_REC_LOST)
		rec->seq = ++seq[cpu];
	put_raw(rec, len);
	put_raw(zeros, padded - len);
}

static void put_subbuf(unsigned int major, unsigned int minor, __u16 flags)
{
	struct hone_subbuf s = {
		.rec.flags = flags,
		.magic = HONE_MAGIC,
		.major = major,
		.minor = minor,
		.real = REAL + now - BOOT,
		.snaplen = HONE_SNAPLEN_MAX,
	};

	if (cpu != SNAPSHOT) {
		s.subbuf = subbufs[cpu]++;
		s.lost = lost_so_far[cpu];
		s.next_seq = seq[cpu] + 1;
	}
	put(&s.rec, HONE_REC_SUBBUF, sizeof(s));
}

void subbuf_version(unsigned int major, unsigned int minor)
{
	put_subbuf(major, minor, 0);
}

void subbuf(void)
{
	put_subbuf(HONE_VERSION_MAJOR, HONE_VERSION_MINOR, 0);
}

void subbuf_changes(void)
{
	put_subbuf(HONE_VERSION_MAJOR, HONE_VERSION_MINOR,
		   HONE_F_SUBBUF_CHANGES);
}

void subbuf_life(void)
{
	put_subbuf(HONE_VERSION_MAJOR, HONE_VERSION_MINOR, HONE_F_SUBBUF_LIFE);
}

void subbuf_ordered(void)
{
	put_subbuf(HONE_VERSION_MAJOR, HONE_VERSION_MINOR,
		   HONE_F_SUBBUF_ORDERED);
}

void snap_end(void)
{
	struct hone_rec rec = { 0 };

	put(&rec, HONE_REC_SNAP_END, sizeof(rec));
}

void netdev(__u32 ifindex, const char *name)
{
	struct hone_netdev n = {
		.netns = 1, .ns_inum = 4026531840U, .ifindex = ifindex, .type = 1,
	};

	put_name(n.name, name, HONE_IFNAME_LEN - 1);
	put(&n.rec, HONE_REC_NETDEV, sizeof(n));
}

void lost(unsigned int packets, unsigned int actors)
{
	struct hone_lost l = { .first = now, .last = now };

	l.records[HONE_KIND_PACKET] = packets;
	l.records[HONE_KIND_ACTOR] = actors;
	seq[cpu] += packets + actors;
	lost_so_far[cpu] += packets + actors;
	put(&l.rec, HONE_REC_LOST, sizeof(l));
}

void skip_seq(unsigned int n)
{
	seq[cpu] += n;
}

/* Processes */

static size_t put_attr(__u8 *to, __u16 type, const void *val, size_t len)
{
	struct hone_attr attr = { .type = type, .len = len };
	size_t padded = (len + 7) & ~(size_t)7;

	memcpy(to, &attr, sizeof(attr));
	memset(to + sizeof(attr), 0, padded);
	memcpy(to + sizeof(attr), val, len);
	return sizeof(attr) + padded;
}

static void fill_proc(struct hone_proc *p, __u32 event,
		      const struct task *t)
{
	p->event = event;
	p->id = t->id;
	p->parent_id = t->parent_id;
	p->prev_id = event == HONE_PROC_EXEC ? t->prev_id : 0;
	p->start = BOOT / 2 + t->pid;
	p->tgid = t->pid;
	p->tid = t->pid;
	p->ppid = t->ppid;
	p->ns_tgid = t->pid;
	p->uid = t->uid;
	p->euid = t->uid;
	p->gid = t->uid;
	p->egid = t->uid;
	p->loginuid = ~0U;
	p->sessionid = ~0U;
	if (t->where) {
		p->cgroup = t->where->cgroup_id;
		p->ns_tgid = t->where->pid;
		p->net_ns = t->where->ns;
		p->pid_ns = t->where->ns + 1;
		p->mnt_ns = t->where->ns + 2;
		p->loginuid = t->where->loginuid;
		p->sessionid = 3;
		p->exec_count = 2;
	}
	if (t->kthread)
		p->rec.flags = HONE_F_PROC_KTHREAD;
	put_name(p->comm, t->comm, HONE_COMM_LEN - 1);
}

void proc(__u32 event, const struct task *t)
{
	union {
		struct hone_proc p;
		__u8 bytes[8192];
	} u;
	size_t len = sizeof(u.p), n = 0;
	char argv[1024];
	int i;

	memset(&u, 0, sizeof(u));
	fill_proc(&u.p, event, t);
	if (t->path && event != HONE_PROC_FORK)
		len += put_attr(u.bytes + len, HONE_ATTR_PATH, t->path,
				strlen(t->path));
	for (i = 0; i < 6 && t->argv[i]; i++) {
		memcpy(argv + n, t->argv[i], strlen(t->argv[i]) + 1);
		n += strlen(t->argv[i]) + 1;
	}
	u.p.argv_size = n;
	if (n && event != HONE_PROC_FORK)
		len += put_attr(u.bytes + len, HONE_ATTR_ARGV, argv, n);
	if (t->where && event != HONE_PROC_FORK) {
		len += put_attr(u.bytes + len, HONE_ATTR_FILENAME,
				t->where->filename, strlen(t->where->filename));
		len += put_attr(u.bytes + len, HONE_ATTR_CWD,
				t->where->cwd, strlen(t->where->cwd));
		len += put_attr(u.bytes + len, HONE_ATTR_CGROUP,
				t->where->cgroup, strlen(t->where->cgroup));
	}
	put(&u.p.rec, HONE_REC_PROC, len);
}

void proc_exit(const struct task *t, __u32 code)
{
	struct hone_proc p;

	memset(&p, 0, sizeof(p));
	fill_proc(&p, HONE_PROC_EXIT, t);
	p.exit_code = code;
	put(&p.rec, HONE_REC_PROC, sizeof(p));
}

/* Sockets */

static void mapped(__u8 to[16], __u32 addr)
{
	memset(to, 0, 10);
	memset(to + 10, 0xff, 2);
	addr = htonl(addr);
	memcpy(to + 12, &addr, 4);
}

static void put_sock(__u16 event, const struct sock *s, const struct task *owner,
		     const struct task *actor, __u16 flags)
{
	struct hone_sock_rec r = {
		.rec.flags = flags,
		.cookie = s->cookie,
		.netns = 1,
		.event = event,
		.family = AF_INET,
		.type = s->protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM,
		.protocol = s->protocol,
		.sport = htons(s->sport),
		.dport = htons(s->dport),
		.parent = s->parent,
	};

	if (owner) {
		r.owner = owner->id;
		r.owner_tgid = owner->pid;
		r.owner_start = BOOT / 2 + owner->pid;
		r.uid = owner->uid;
		put_name(r.owner_comm, owner->comm, HONE_COMM_LEN - 1);
	}
	if (actor) {
		r.actor = actor->id;
		r.actor_tgid = actor->pid;
		r.actor_tid = event == HONE_SOCK_HOLDER ? 0 : actor->pid;
	}
	mapped(r.saddr, s->saddr);
	mapped(r.daddr, s->daddr);
	put(&r.rec, HONE_REC_SOCK, sizeof(r));
}

void sock(__u16 event, const struct sock *s, const struct task *owner,
	  const struct task *actor)
{
	put_sock(event, s, owner, actor, 0);
}

void sock_opened(const struct sock *s, const struct task *writer)
{
	put_sock(HONE_SOCK_OPEN, s, writer, writer, HONE_F_SOCK_WRITES);
}

void sock_shared(const struct sock *s, const struct task *owner)
{
	put_sock(HONE_SOCK_ANNOUNCE, s, owner, NULL, HONE_F_SOCK_SHARED);
}

/* Packets */

static __u32 sum_of(const __u8 *p, size_t len, __u32 sum)
{
	size_t i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? p[i] : p[i] << 8;
	return sum;
}

static void put_be16(__u8 *p, __u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put_be32(__u8 *p, __u32 v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v);
}

static __u16 fold(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

struct wire {
	struct hone_packet p;
	__u8 ip[20];
	__u8 rest[2048];
};

static __u32 snaplen = ~0U;

void record_at_most(__u32 bytes)
{
	snaplen = bytes;
}

static __u16 more_flags;

void of_request(void)
{
	more_flags = HONE_F_PKT_MINISOCK;
}

static __u32 put_packet(struct wire *w, __u8 protocol, __u32 saddr,
			__u32 daddr, size_t len, int csum_at)
{
	__u32 sum = 0;

	w->ip[0] = 0x45;
	put_be16(w->ip + 2, 20 + len);
	put_be16(w->ip + 6, 0x4000);
	w->ip[8] = 64;
	w->ip[9] = protocol;
	put_be32(w->ip + 12, saddr);
	put_be32(w->ip + 16, daddr);
	put_be16(w->ip + 10, fold(sum_of(w->ip, 20, 0)));
	if (protocol != IPPROTO_ICMP)
		sum = sum_of(w->ip + 12, 8, protocol + len);
	if (csum_at >= 0)
		put_be16(w->rest + csum_at, fold(sum_of(w->rest, len, sum)));

	w->p.rec.flags |= more_flags;
	more_flags = 0;
	w->p.netns = 1;
	w->p.family = AF_INET;
	w->p.wire_len = 20 + len;
	if (20 + len > snaplen)
		len = snaplen - 20;
	w->p.cap_len = 20 + len;
	w->p.pkt = ++pkts[cpu];
	if (!w->p.ifindex)
		w->p.ifindex = 1;
	put(&w->p.rec, HONE_REC_PACKET, sizeof(w->p) + 20 + len);
	return w->p.pkt;
}

/* What is known of the packet that is received next. */
static struct wire next;

static void set_in(struct wire *w, const struct sock *s)
{
	*w = next;
	memset(&next, 0, sizeof(next));
	w->p.ifindex = s->ifindex;
}

static bool next_untold;

void untold(void)
{
	next_untold = true;
}

static __u16 untold_flag(__u16 flag)
{
	bool is = next_untold;

	next_untold = false;
	return is ? flag : 0;
}

static void set_out(struct wire *w, const struct sock *s,
		    const struct task *owner, const struct task *actor)
{
	memset(w, 0, sizeof(*w));
	w->p.rec.flags = HONE_F_PKT_OUT | untold_flag(HONE_F_PKT_UNTOLD);
	w->p.quality = owner ? HONE_Q_OWNER : HONE_Q_KERNEL;
	if (s) {
		w->p.cookie = s->cookie;
		w->p.ifindex = s->ifindex;
	}
	if (owner) {
		w->p.owner = owner->id;
		w->p.tgid = owner->pid;
	}
	if (actor) {
		w->p.actor = actor->id;
		w->p.tgid = actor->pid;
		w->p.tid = actor->pid;
	} else {
		w->p.rec.flags |= HONE_F_PKT_SOFTIRQ;
	}
}

static size_t put_tcp(__u8 *p, __u16 sport, __u16 dport,
		      const struct seg *seg)
{
	size_t len = seg->payload ? strlen(seg->payload) : 0;

	put_be16(p, sport);
	put_be16(p + 2, dport);
	put_be32(p + 4, seg->seq);
	put_be32(p + 8, seg->ack);
	p[12] = 0x50;
	p[13] = seg->flags;
	put_be16(p + 14, 65535);
	if (len)
		memcpy(p + 20, seg->payload, len);
	return 20 + len;
}

__u32 tcp_out(const struct sock *s, const struct task *owner,
	      const struct task *actor, struct seg seg)
{
	struct wire w;
	size_t len;

	set_out(&w, s, owner, actor);
	len = put_tcp(w.rest, s->sport, s->dport, &seg);
	return put_packet(&w, IPPROTO_TCP, s->saddr, s->daddr, len, 16);
}

__u32 tcp_answer(const struct sock *s, const struct task *owner, __u32 cause,
		 struct seg seg)
{
	struct wire w;
	size_t len;

	set_out(&w, s, owner, NULL);
	w.p.cause = cause;
	len = put_tcp(w.rest, s->sport, s->dport, &seg);
	return put_packet(&w, IPPROTO_TCP, s->saddr, s->daddr, len, 16);
}

__u32 tcp_in(const struct sock *s, const struct task *owner, bool cookie,
	     struct seg seg)
{
	struct wire w;
	size_t len;

	set_in(&w, s);
	if (cookie) {
		w.p.cookie = s->cookie;
		w.p.owner = owner ? owner->id : 0;
		w.p.tgid = owner ? owner->pid : 0;
	}
	len = put_tcp(w.rest, s->dport, s->sport, &seg);
	return put_packet(&w, IPPROTO_TCP, s->daddr, s->saddr, len, 16);
}

static size_t put_udp(__u8 *p, __u16 sport, __u16 dport,
		      const char *payload)
{
	size_t len = 8 + strlen(payload);

	put_be16(p, sport);
	put_be16(p + 2, dport);
	put_be16(p + 4, len);
	memcpy(p + 8, payload, len - 8);
	return len;
}

__u32 udp_out(const struct sock *s, const struct task *owner,
	      const struct task *actor, const char *payload)
{
	struct wire w;
	size_t len;

	set_out(&w, s, owner, actor);
	if (actor)
		w.p.quality = HONE_Q_EXACT;
	len = put_udp(w.rest, s->sport, s->dport, payload);
	return put_packet(&w, IPPROTO_UDP, s->saddr, s->daddr, len, 6);
}

__u32 udp_in(const struct sock *s, const char *payload)
{
	struct wire w;
	size_t len;

	set_in(&w, s);
	len = put_udp(w.rest, s->dport, s->sport, payload);
	return put_packet(&w, IPPROTO_UDP, s->daddr, s->saddr, len, 6);
}

__u32 sctp_out(const struct sock *s, const struct task *owner,
	       const struct task *actor, const __u8 *types, size_t n)
{
	struct wire w;
	size_t i;

	set_out(&w, s, owner, actor);
	put_be16(w.rest, s->sport);
	put_be16(w.rest + 2, s->dport);
	for (i = 0; i < n; i++) {
		w.rest[12 + i * 20] = types[i];
		put_be16(w.rest + 12 + i * 20 + 2, 20);
	}
	return put_packet(&w, IPPROTO_SCTP, s->saddr, s->daddr, 12 + n * 20, 8);
}

__u32 esp_out(const struct sock *s, const struct task *owner,
	      const struct task *actor)
{
	struct wire w;

	set_out(&w, s, owner, actor);
	memset(w.rest, 0x5a, 40);
	put_be32(w.rest, 0x1000);
	put_be32(w.rest + 4, 1);
	return put_packet(&w, IPPROTO_ESP, s->saddr, s->daddr, 40, -1);
}

__u32 echo_in(__u32 saddr, __u32 daddr, __u8 type)
{
	struct wire w;

	memset(&w, 0, sizeof(w));
	w.rest[0] = type;
	w.rest[7] = 1;
	return put_packet(&w, IPPROTO_ICMP, saddr, daddr, 64, 2);
}

__u32 echo_out(__u32 saddr, __u32 daddr, __u8 type, __u32 cause)
{
	struct wire w;

	set_out(&w, NULL, NULL, NULL);
	w.p.cause = cause;
	w.rest[0] = type;
	w.rest[7] = 1;
	return put_packet(&w, IPPROTO_ICMP, saddr, daddr, 64, 2);
}

__u32 unreachable_out(const struct sock *s, __u32 cause)
{
	struct wire w;

	set_out(&w, NULL, NULL, NULL);
	w.p.cause = cause;
	w.rest[0] = 3;
	w.rest[1] = 3;
	w.rest[8] = 0x45;
	put_be16(w.rest + 10, 28);
	w.rest[16] = 64;
	w.rest[17] = IPPROTO_UDP;
	put_be32(w.rest + 20, s->daddr);
	put_be32(w.rest + 24, s->saddr);
	put_be16(w.rest + 18, fold(sum_of(w.rest + 8, 20, 0)));
	put_be16(w.rest + 28, s->dport);
	put_be16(w.rest + 30, s->sport);
	put_be16(w.rest + 32, 8);
	return put_packet(&w, IPPROTO_ICMP, s->saddr, s->daddr, 36, 2);
}

/* Who wrote, who read */

void delivered(const struct sock *s, const struct task *owner, __u32 key)
{
	next.p.rec.flags = HONE_F_PKT_DELIVERED;
	next.p.cookie = s->cookie;
	next.p.owner = owner ? owner->id : 0;
	next.p.tgid = owner ? owner->pid : 0;
	next.p.quality = owner ? HONE_Q_OWNER : HONE_Q_NONE;
	next.p.cause = key;
}

void taken(const struct sock *s, const struct task *owner,
	   const struct task *actor, __u32 key)
{
	delivered(s, owner, key);
	next.p.rec.flags |= HONE_F_PKT_TAKEN;
	if (!actor)
		return;
	next.p.actor = actor->id;
	next.p.tgid = actor->pid;
	next.p.tid = actor->pid;
	next.p.quality = HONE_Q_EXACT;
}

void deliver(const struct sock *s, const struct task *owner, __u32 pkt,
	     __u32 key)
{
	struct hone_deliver d = {
		.cookie = s->cookie,
		.owner = owner ? owner->id : 0,
		.pkt = pkt,
		.key = key,
	};

	put(&d.rec, HONE_REC_DELIVER, sizeof(d));
}

void mptcp_map(bool sent, const struct sock *s, const struct sock *parent,
	       __u64 data_seq, __u32 from, __u32 len)
{
	struct hone_map m = {
		.rec.flags = sent ? HONE_F_MAP_OUT |
				    untold_flag(HONE_F_MAP_UNTOLD) : 0,
		.cookie = s->cookie,
		.parent = parent->cookie,
		.data_seq = data_seq,
		.from = from,
		.len = len,
	};

	put(&m.rec, HONE_REC_MPTCP_MAP, sizeof(m));
}

void tally(__u16 flags, const struct sock *s, const struct task *user,
	   unsigned int since, const __u64 n[4], const __u64 total[4])
{
	struct hone_tally t = {
		.rec.flags = flags,
		.cookie = s ? s->cookie : 0,
		.id = user ? user->id : 0,
		.since = BOOT + since * 1000ULL,
		.in_packets = n[0],
		.in_bytes = n[1],
		.out_packets = n[2],
		.out_bytes = n[3],
		.total_in_packets = total[0],
		.total_in_bytes = total[1],
		.total_out_packets = total[2],
		.total_out_bytes = total[3],
		.tgid = user ? user->pid : 0,
	};

	if (user)
		memcpy(t.comm, user->comm, strlen(user->comm));
	put(&t.rec, HONE_REC_COUNT, sizeof(t));
}

static void put_actor(__u16 type, const struct sock *s,
		      const struct task *actor, __u32 from, __u32 to,
		      __u32 key)
{
	struct hone_actor a = {
		.cookie = s->cookie,
		.from = from,
		.to = to,
		.key = key,
	};

	if (actor) {
		a.id = actor->id;
		a.tgid = actor->pid;
		a.tid = actor->pid;
	} else {
		a.rec.flags = HONE_F_ACTOR_KERNEL;
	}
	if (type == HONE_REC_TCP_WRITE)
		a.rec.flags |= untold_flag(HONE_F_ACTOR_UNTOLD);
	put(&a.rec, type, sizeof(a));
}

void consume(const struct sock *s, const struct task *actor, __u32 key)
{
	put_actor(HONE_REC_CONSUME, s, actor, 0, 0, key);
}

void tcp_write(const struct sock *s, const struct task *actor, __u32 from)
{
	put_actor(HONE_REC_TCP_WRITE, s, actor, from, 0, 0);
}

void tcp_read(const struct sock *s, const struct task *actor, __u32 from,
	      __u32 to)
{
	put_actor(HONE_REC_TCP_READ, s, actor, from, to, 0);
}
