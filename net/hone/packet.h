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
	if (sk->sk_kern_sock)
		w->flags |= HONE_F_PKT_KERN;
}

/* Who has got a packet is told later, if ever. */
static __always_inline u8 hone_quality_of(const struct hone_whose *w)
{
	return w->owner ? HONE_Q_OWNER : HONE_Q_NONE;
}

/**
 * hone_packet_carries - are these the bytes of a TCP segment?
 * @p: a packet; what is recorded of it is enough to tell, or it does not
 * @from: first sequence number
 * @to: one past the last
 *
 * Context: any.
 * Return: true if the segment carries these bytes and no others.
 */
static inline bool hone_packet_carries(const struct hone_packet *p, u32 from,
				       u32 to)
{
	const struct ipv6hdr *ip6 = (const void *)p->data;
	const struct iphdr *ip = (const void *)p->data;
	const struct tcphdr *tcp;
	u32 off = sizeof(*ip6);

	if (p->cap_len < sizeof(*ip) + sizeof(*tcp))
		return false;
	if (p->family == AF_INET)
		off = ip->protocol == IPPROTO_TCP ? ip->ihl * 4 : p->cap_len;
	else if (ip6->nexthdr != IPPROTO_TCP)
		return false;
	if (p->cap_len < off + sizeof(*tcp))
		return false;
	tcp = (const void *)(p->data + off);
	return ntohl(tcp->seq) == from &&
	       p->wire_len == off + tcp->doff * 4 + (to - from);
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
 *
 * Context: interrupts off.
 * Return: false if it is not the record written last, or says so already of
 * another socket.
 */
static __always_inline bool
hone_packet_delivered(struct hone_stream *s, u32 pkt, struct sock *sk, u32 key)
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
	p->rec.flags |= HONE_F_PKT_DELIVERED | w.flags;
	p->cookie = w.cookie;
	p->owner = w.owner;
	if (w.tgid)
		p->tgid = w.tgid;
	p->quality = hone_quality_of(&w);
	p->state = READ_ONCE(sk->sk_state);
	p->cause = key;
	return true;
}

/**
 * hone_packet_taken - say in a packet's own record who has read it
 * @s: the stream
 * @cookie: the socket
 * @task: who has read
 * @t: what
 *
 * Context: interrupts off.
 * Return: false if it is not the record written last, or not the one packet
 * that was read, or if who has read it was called something else when it came.
 */
static __always_inline bool hone_packet_taken(struct hone_stream *s, u64 cookie,
					      const struct task_struct *task,
					      const struct hone_taken *t)
{
	struct hone_packet *p;

	p = hone_packet_last(s, HONE_F_PKT_OUT | HONE_F_PKT_TAKEN);
	/* Another one that is not recorded may have got the key since. */
	if (!p || p->cookie != cookie || p->pkt != this_cpu_read(hone_rx.pkt))
		return false;
	if (t->type == HONE_REC_CONSUME ?
	    !(p->rec.flags & HONE_F_PKT_DELIVERED) || p->cause != t->key :
	    !hone_packet_carries(p, t->from, t->to))
		return false;
	if (p->rec.time <= READ_ONCE(task->signal->hone_changed))
		return false;
	p->rec.flags |= HONE_F_PKT_TAKEN;
	p->actor = READ_ONCE(task->signal->hone_id);
	p->tgid = task->tgid;
	p->tid = task->pid;
	p->quality = HONE_Q_EXACT;
	return true;
}

#endif /* _NET_HONE_PACKET_H */
