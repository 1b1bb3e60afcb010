/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hone: what a packet's own record says of who has got it. Each packet that is
 * received passes here, so it is all inline.
 */
#ifndef _NET_HONE_PACKET_H
#define _NET_HONE_PACKET_H

#include "hone.h"

#include <linux/hone_write.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>

/* Written with interrupts off on the CPU itself. */
DECLARE_PER_CPU(struct hone_rx, hone_rx);

/**
 * hone_rx_of - the record of a packet that is being received
 * @skb: the packet, or a clone of it
 *
 * Context: preemption off.
 * Return: what is known of it, or NULL if it is not the one that passed
 * LOCAL_IN last on this CPU.
 */
static inline struct hone_rx *hone_rx_of(const struct sk_buff *skb)
{
	struct hone_rx *rx = this_cpu_ptr(&hone_rx);

	/* Another may have got the memory of one that is gone. */
	if (rx->iif != skb->skb_iif)
		return NULL;
	if (rx->skb == skb || rx->header == skb_network_header(skb))
		return rx;
	/*
	 * UDP takes a super-packet apart for a socket that does not want it
	 * whole, at once, so that no other packet comes between.
	 */
	if (unlikely(rx->segments) && !skb_is_gso(skb) &&
	    skb_transport_header_was_set(skb) &&
	    rx->ports == *(__be32 *)skb_transport_header(skb))
		return rx;
	return NULL;
}

/* Whose a packet is: what its record says of that. */
struct hone_whose {
	u64 cookie;
	u64 owner;
	u64 actor;
	u32 tgid;
	u32 tid;
	u32 cause;
	u16 flags;
	u8 quality;
};

/* What is known of the socket: identity, owner, and what kind it is. */
static __always_inline void hone_whose_sock(struct hone_whose *w,
					    struct sock *sk, bool full)
{
	w->cookie = hone_sk_cookie(sk);
	if (!full) {
		w->owner = hone_mini_owner(sk);
		w->flags |= HONE_F_PKT_MINISOCK;
		return;
	}
	w->owner = READ_ONCE(sk->sk_hone.owner);
	if (w->owner)
		w->tgid = sk->sk_hone.owner_tgid;
	if (hone_sk_kern(sk))
		w->flags |= HONE_F_PKT_KERN;
}

/* Who has got a packet is told later, if ever. */
static __always_inline u8 hone_quality_of(const struct hone_whose *w)
{
	return w->owner ? HONE_Q_OWNER : HONE_Q_NONE;
}

/*
 * Which CPU has told last of a datagram of a socket, and how often that was
 * another one than before; 0: none has. As long as it is the same number no other
 * has than that. No configuration has more than 2^13 CPUs.
 */
static inline bool hone_told_here(u32 told)
{
	return !told || (told & U16_MAX) == raw_smp_processor_id() + 1;
}

static inline u32 hone_told_by(u32 told)
{
	if (told && hone_told_here(told))
		return told;
	return (told & ~(u32)U16_MAX) + BIT(16) + raw_smp_processor_id() + 1;
}

/*
 * As long as it is the same no datagram of the socket was dropped, and none told
 * of by another CPU: both count up, one of them in large steps.
 */
static inline u32 hone_sk_taking(const struct sock *sk)
{
	return READ_ONCE(sk->sk_hone.rx_told) ^
	       (u32)atomic_read(&sk->sk_drops) * GOLDEN_RATIO_32;
}

/**
 * hone_packet_payload - how many bytes of a TCP stream are in a packet?
 * @p: a packet; what is recorded of it is enough to tell, or it does not
 * @seq: is set to the sequence number of the packet, if there are any
 *
 * Context: any.
 * Return: the number, 0 if it is no TCP segment that is known to carry some.
 */
static __always_inline u32 hone_packet_payload(const struct hone_packet *p,
					       u32 *seq)
{
	const struct ipv6hdr *ip6 = (const void *)p->data;
	const struct iphdr *ip = (const void *)p->data;
	const struct tcphdr *tcp;
	u32 off = sizeof(*ip6);

	if (p->cap_len < sizeof(*ip) + sizeof(*tcp))
		return 0;
	if (p->family == AF_INET)
		off = ip->protocol == IPPROTO_TCP ? ip->ihl * 4 : p->cap_len;
	else if (ip6->nexthdr != IPPROTO_TCP)
		return 0;
	if (p->cap_len < off + sizeof(*tcp))
		return 0;
	tcp = (const void *)(p->data + off);
	off += tcp->doff * 4;
	if (p->wire_len <= off)
		return 0;
	*seq = ntohl(tcp->seq);
	return p->wire_len - off;
}

/*
 * The packet that is written into a stream last, if @skip does not apply to it.
 * As long as interrupts are off its record may be amended.
 */
static __always_inline struct hone_packet *
hone_packet_last(struct hone_stream *s, u16 skip)
{
	struct hone_rec *rec = hone_last(s);

	if (!rec || rec->type != HONE_REC_PACKET || rec->flags & skip)
		return NULL;
	return container_of(rec, struct hone_packet, rec);
}

/**
 * hone_packet_delivered - say in a packet's own record which socket gets it
 * @s: the stream
 * @pkt: number of the packet
 * @sk: the socket, which the stream has been told of
 * @key: of the datagram, 0 if it is none
 * @waits: it may be amended when it is taken
 *
 * Context: interrupts off.
 * Return: false if it is not the record written last, or says so already of
 * another socket.
 */
static __always_inline bool
hone_packet_delivered(struct hone_stream *s, u32 pkt, struct sock *sk, u32 key,
		      bool waits)
{
	struct hone_whose w = { };
	struct hone_packet *p;

	/* In another channel the socket may be told of behind the packet. */
	if (s->of[HONE_KIND_SOCK] != s->of[HONE_KIND_PACKET])
		return false;
	p = hone_packet_last(s, HONE_F_PKT_OUT | HONE_F_PKT_DELIVERED);
	if (!p || p->pkt != pkt)
		return false;
	hone_whose_sock(&w, sk, sk_fullsock(sk));
	p->cookie = w.cookie;
	p->owner = w.owner;
	if (w.tgid)
		p->tgid = w.tgid;
	p->quality = hone_quality_of(&w);
	p->state = READ_ONCE(sk->sk_state);
	p->cause = key;
	/* Only when all is there, also in a crash dump. */
	smp_wmb();
	p->rec.flags |= HONE_F_PKT_DELIVERED | w.flags;
	/* Whoever had the key before has gone. */
	if (waits)
		hone_recent_enter(s, key, hone_sk_taking(sk));
	else if (key)
		hone_recent_drop(s, key);
	return true;
}

/**
 * hone_packet_queues - TCP has queued a segment, whose record may be amended
 * @s: the stream
 * @pkt: number of the packet
 * @cookie: the socket
 * @seq: number of the first byte
 * @len: bytes of data, some
 *
 * Not if its record is not the one written last, or does not tell as much.
 * Context: interrupts off.
 */
static __always_inline void hone_packet_queues(struct hone_stream *s, u32 pkt,
					       u64 cookie, u32 seq, u32 len)
{
	struct hone_packet *p = hone_packet_last(s, HONE_F_PKT_OUT);
	u32 from;

	if (p && p->pkt == pkt && p->cookie == cookie &&
	    hone_packet_payload(p, &from) == len && from == seq)
		hone_recent_enter(s, seq, len);
}

/* The packet that was entered, if it is that socket's. */
static __always_inline struct hone_packet *
hone_packet_recent(struct hone_stream *s, const struct hone_recent *r, u64 cookie)
{
	struct hone_rec *rec = hone_recent_rec(s, r);
	struct hone_packet *p;

	if (!rec)
		return NULL;
	p = container_of(rec, struct hone_packet, rec);
	return p->cookie == cookie ? p : NULL;
}

/*
 * The datagram with that key. It is still in its queue, so that no other one has
 * the key. For if it had been taken it were forgotten here, or another CPU had
 * told of it; and if it had been dropped, that were counted: @note would show
 * either.
 */
static __always_inline struct hone_packet *
hone_packet_queued(struct hone_stream *s, const struct hone_recent *r,
		   const struct sock *sk, u64 cookie)
{
	struct hone_packet *p = hone_packet_recent(s, r, cookie);

	if (!p || r->note != hone_sk_taking(sk) ||
	    !hone_told_here(sk->sk_hone.rx_told))
		return NULL;
	return p;
}

/* Has it begun, and has it its name, since before the packet came? */
static __always_inline bool hone_packet_known(const struct hone_packet *p,
					      const struct task_struct *task)
{
	return p->rec.time > READ_ONCE(task->signal->hone_changed) &&
	       p->rec.time > task->group_leader->start_boottime;
}

static __always_inline void hone_packet_take(struct hone_packet *p,
					     const struct task_struct *task)
{
	p->actor = READ_ONCE(task->signal->hone_id);
	p->tgid = task->tgid;
	p->tid = task->pid;
	/* As above; the quality follows from it. */
	smp_wmb();
	p->rec.flags |= HONE_F_PKT_TAKEN;
	p->quality = HONE_Q_EXACT;
}

/**
 * hone_packet_consumed - say in a datagram's own record who has taken it
 * @s: the stream
 * @sk: the socket, whose queue is locked
 * @cookie: its cookie
 * @task: who has taken it, NULL for the kernel
 * @key: of the datagram
 *
 * It can, if it is still in the sub-buffer that this CPU writes, and who has
 * taken it was called the same when it came. In either case there is no more to
 * be said in it.
 *
 * Context: interrupts off; @task is current.
 * Return: true if it says it.
 */
static __always_inline bool
hone_packet_consumed(struct hone_stream *s, const struct sock *sk, u64 cookie,
		     const struct task_struct *task, u32 key)
{
	struct hone_recent *r = hone_recent_find(s, key);
	struct hone_packet *p;

	if (!r)
		return false;
	p = hone_packet_queued(s, r, sk, cookie);
	hone_recent_forget(r);
	/* Who is told of changes alone is told when they come. */
	if (!p || !task || s->changes || !hone_packet_known(p, task))
		return false;
	hone_packet_take(p, task);
	return true;
}

/**
 * hone_packet_read - say in segments' own records who has read them
 * @s: the stream
 * @cookie: the socket, which is locked
 * @task: who has read
 * @t: what; is set to what is left to tell of
 *
 * As hone_packet_consumed(), of the first ones that were read whole.
 *
 * Context: interrupts off; @task is current.
 * Return: true if they say it all.
 */
static __always_inline bool hone_packet_read(struct hone_stream *s, u64 cookie,
					     const struct task_struct *task,
					     struct hone_taken *t)
{
	struct hone_recent *r;
	struct hone_packet *p;

	while (t->from != t->to) {
		r = hone_recent_find(s, t->from);
		if (!r)
			return false;
		p = hone_packet_recent(s, r, cookie);
		/* Nobody else begins to read there. */
		hone_recent_forget(r);
		if (!p || r->note > t->to - t->from ||
		    !hone_packet_known(p, task))
			return false;
		hone_packet_take(p, task);
		t->from += r->note;
	}
	return true;
}

#endif /* _NET_HONE_PACKET_H */
