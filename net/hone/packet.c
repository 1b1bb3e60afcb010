// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: packet records, from netfilter's LOCAL_IN and LOCAL_OUT in every net
 * namespace.
 */
#include "hone.h"

#include <linux/hone_write.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>
#include <net/inet_sock.h>
#include <net/net_namespace.h>
#include <trace/events/hone.h>

/* Written with interrupts off on the CPU itself. */
static DEFINE_PER_CPU(struct hone_rx, hone_rx);
static DEFINE_PER_CPU(u32, hone_pkt);

/* Where packets are looked at. */
enum hone_place {
	HONE_EARLY,		/* before the firewall */
	HONE_LATE,		/* behind it */
	HONE_COUNTED,		/* there too, only to count what is sent */
	HONE_PLACES,
};

static DEFINE_MUTEX(hone_nf_lock);	/* hone_nf_users */
static unsigned int hone_nf_users[HONE_PLACES];

/**
 * hone_rx_of - the record of a packet that is being received
 * @skb: the packet, or a clone of it
 *
 * Context: preemption off.
 * Return: what is known of it, or NULL if it is not the one that passed
 * LOCAL_IN last on this CPU.
 */
struct hone_rx *hone_rx_of(const struct sk_buff *skb)
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

static __always_inline void hone_rx_set(struct hone_rx *rx,
					const struct sk_buff *skb,
					const struct hone_packet *p)
{
	rx->skb = skb;
	rx->header = skb_network_header(skb);
	rx->iif = skb->skb_iif;
	rx->cookie = p->cookie;
	rx->pkt = p->pkt;
	rx->segments = skb_is_gso(skb) &&
		       skb_shinfo(skb)->gso_type & SKB_GSO_UDP_L4 &&
		       !skb_copy_bits(skb, skb_transport_offset(skb),
				      &rx->ports, sizeof(rx->ports));
}

static u32 hone_next_pkt(void)
{
	u32 pkt = this_cpu_inc_return(hone_pkt);

	return likely(pkt) ? pkt : this_cpu_inc_return(hone_pkt);
}

/* Whoever adds a member, or uses a reserved one, sets it in hone_packet_init(). */
static_assert(sizeof(struct hone_packet) == 96);

/*
 * Of a packet that is seen by itself. Inline, as the next two, and member by
 * member: so each of them is written once, and what is zero takes no REP STOS.
 * Nobody else clears it.
 */
static __always_inline void hone_packet_init(struct hone_packet *p,
					     const struct sk_buff *skb,
					     const struct net *net,
					     const struct net_device *dev,
					     u8 family, u16 flags)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);

	p->gso_size = 0;
	p->gso_segs = 0;
	if (unlikely(shinfo->gso_size)) {
		flags |= HONE_F_PKT_GSO;
		p->gso_size = shinfo->gso_size;
		p->gso_segs = shinfo->gso_segs;
	}
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		flags |= HONE_F_PKT_CSUM;
	p->rec.len = sizeof(*p);
	p->rec.type = HONE_REC_PACKET;
	p->rec.flags = flags;
	p->rec.time = 0;
	p->rec.seq = 0;
	p->rec.cpu = 0;
	p->cookie = 0;
	p->owner = 0;
	p->actor = 0;
	p->netns = net->net_cookie;
	p->tgid = 0;
	p->tid = 0;
	p->pkt = 0;
	p->cause = 0;
	p->ifindex = dev ? dev->ifindex : 0;
	p->wire_len = skb->len - skb_network_offset(skb);
	p->cap_len = 0;
	p->mark = skb->mark;
	p->family = family;
	p->quality = HONE_Q_NONE;
	p->state = 0;
	p->reserved = 0;
}

/* What is known of the socket: identity, owner, and what kind it is. */
static __always_inline void hone_packet_sock(struct hone_packet *p,
					     struct sock *sk, bool full)
{
	p->cookie = hone_sk_cookie(sk);
	if (!full) {
		p->owner = hone_mini_owner(sk);
		p->rec.flags |= HONE_F_PKT_MINISOCK;
		return;
	}
	p->owner = READ_ONCE(sk->sk_hone.owner);
	if (p->owner)
		p->tgid = sk->sk_hone.owner_tgid;
	if (sk->sk_kern_sock)
		p->rec.flags |= HONE_F_PKT_KERN;
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
bool hone_packet_delivered(struct hone_stream *s, u32 pkt, struct sock *sk,
			   u32 key)
{
	struct hone_packet *p;

	/* In another channel the socket may be told of behind the packet. */
	if (s->of[HONE_KIND_SOCK] != s->of[HONE_KIND_PACKET])
		return false;
	p = hone_packet_last(s, HONE_F_PKT_OUT | HONE_F_PKT_DELIVERED);
	if (!p || p->pkt != pkt)
		return false;
	p->rec.flags |= HONE_F_PKT_DELIVERED;
	hone_packet_sock(p, sk, sk_fullsock(sk));
	p->quality = p->owner ? HONE_Q_OWNER : HONE_Q_NONE;
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
bool hone_packet_taken(struct hone_stream *s, u64 cookie,
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

/* Whose it is by its socket. */
static __always_inline void hone_users_sock(struct hone_users *u,
					    struct sock *sk, bool full)
{
	if (static_branch_unlikely(&hone_match_key))
		u->wants |= hone_sk_wants(sk);
	if (full && unlikely(READ_ONCE(sk->sk_hone.subflow)))
		u->parent = sk->sk_hone.parent;
}

/*
 * Who sends? The sender of a datagram is here now; whoever is here when a TCP
 * segment leaves need not have written it. @full: there is a socket, a full one.
 */
static __always_inline void hone_packet_actor(struct hone_packet *p,
					      struct hone_users *u,
					      struct sock *sk, bool full)
{
	struct task_struct *task = full ? hone_sk_actor(sk) : hone_actor();

	if (task) {
		p->actor = READ_ONCE(task->signal->hone_id);
		p->tgid = task->tgid;
		p->tid = task->pid;
		u->wants |= hone_task_wants(task);
		if (!full || hone_sk_queues(sk)) {
			p->quality = HONE_Q_OWNER;
			return;
		}
		p->quality = HONE_Q_EXACT;
		hone_sk_sent(&sk->sk_hone, hone_actor_key(task));
		return;
	}
	p->rec.flags |= HONE_F_PKT_SOFTIRQ;
	p->cause = this_cpu_read(hone_rx.pkt);
	if (!sk || p->rec.flags & HONE_F_PKT_KERN)
		u->cause = this_cpu_read(hone_rx.liked);
	p->quality = p->owner ? HONE_Q_OWNER : HONE_Q_KERNEL;
}

/* Headers and one page behind, as TCP sends them; false if it is not so. */
static __always_inline bool hone_packet_page(void *to,
					     const struct sk_buff *skb,
					     int off, int linear, u32 len)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);
	const void *from;

	/* There a page of many may have no address of its own. */
	if (IS_ENABLED(CONFIG_HIGHMEM))
		return false;
	if (linear < 0 || !shinfo->nr_frags ||
	    len - linear > skb_frag_size(&shinfo->frags[0]))
		return false;
	from = skb_frag_address_safe(&shinfo->frags[0]);
	if (!from)
		return false;
	memcpy(to, skb->data + off, linear);
	memcpy(to + linear, from, len - linear);
	return true;
}

/* What cannot be read (device memory) is left out. */
static noinline u32 hone_packet_paged(void *to, const struct sk_buff *skb,
				      int off, int linear, u32 len)
{
	if (!skb_copy_bits(skb, off, to, len))
		return len;
	linear = max(linear, 0);
	return skb_copy_bits(skb, off, to, linear) ? 0 : linear;
}

static __always_inline u32 hone_packet_data(void *to,
					    const struct sk_buff *skb, int off,
					    u32 len)
{
	int linear = skb_headlen(skb) - off;

	if ((int)len > linear) {
		if (likely(hone_packet_page(to, skb, off, linear, len)))
			return len;
		return hone_packet_paged(to, skb, off, linear, len);
	}
	memcpy(to, skb->data + off, len);
	return len;
}

static __always_inline void hone_packet_write(struct hone_stream *s,
					      const struct hone_packet *head,
					      struct sk_buff *skb, u64 now)
{
	u32 want = min(head->wire_len, s->snaplen);
	u32 len = ALIGN(sizeof(*head) + want, 8);
	struct hone_packet *p;
	u32 got;

	p = hone_reserve(s, HONE_KIND_PACKET, len, now);
	if (!p)
		return;
	/* But for what hone_commit() knows. */
	p->rec.len = len;
	p->rec.type = head->rec.type;
	p->rec.flags = head->rec.flags;
	memcpy((void *)p + sizeof(p->rec), (const void *)head + sizeof(p->rec),
	       sizeof(*p) - sizeof(p->rec));
	/* The padding, and some bytes that come now. */
	if (want)
		memset((void *)p + len - 8, 0, 8);
	got = hone_packet_data(p->data, skb, skb_network_offset(skb), want);
	if (unlikely(got < want)) {
		p->rec.flags |= HONE_F_PKT_FRAGERR;
		len = ALIGN(sizeof(*head) + got, 8);
		memset(p->data + got, 0, len - sizeof(*head) - got);
		p->rec.len = len;
	}
	p->cap_len = got;
	if (got < head->wire_len)
		hone_count_truncated(s, HONE_KIND_PACKET);
	hone_commit(s, HONE_KIND_PACKET, &p->rec, now);
}

static enum hone_place hone_place_of(const struct hone_stream *s)
{
	return s->filter && hone_filter_early(s->filter) ? HONE_EARLY :
							   HONE_LATE;
}

/*
 * A received packet has one number at both places: sessions of both kinds are
 * told where it was delivered. One that waited for a verdict in between (NFQUEUE)
 * may have come to another CPU, and has two.
 */
static __always_inline void hone_packet_received(struct hone_rx *rx,
						 struct hone_packet *p,
						 const struct sk_buff *skb,
						 enum hone_place place)
{
	if (place == HONE_LATE && unlikely(rx->early) && rx->skb == skb) {
		p->pkt = rx->pkt;
	} else {
		p->pkt = hone_next_pkt();
		rx->told = 0;
		rx->liked = 0;
		rx->unsure = 0;
		rx->pending = 0;
	}
	hone_rx_set(rx, skb, p);
	rx->early = place == HONE_EARLY;
}

/*
 * Is it written into a stream? If not yet, because none of its users is known
 * to be wanted, @rx keeps that in mind.
 */
static __always_inline bool hone_packet_wanted(struct hone_stream *s,
					       const struct hone_packet *p,
					       const struct hone_users *u,
					       struct sk_buff *skb,
					       u32 ns_inum, struct hone_rx *rx)
{
	bool likes;

	likes = hone_filter_likes(s, u);
	if (!likes && !rx)
		return false;
	if (rx) {
		if (likes)
			rx->liked |= s->bit;
		if (!likes || hone_filter_doubts(s, u))
			rx->unsure |= s->bit;
	}
	if (s->filter && !hone_filter_wants(s->filter, p, ns_inum, skb))
		return false;
	if (!rx)
		return true;
	/* What is taken apart is not seen whole again. */
	if (likes || (rx->segments && !rx->cookie)) {
		rx->told |= s->bit;
		return true;
	}
	rx->pending |= s->bit;
	return false;
}

static __always_inline void hone_packet_emit(struct hone_packet *p,
					     struct hone_users *u,
					     struct sk_buff *skb,
					     const struct net *net,
					     enum hone_place place, bool out)
{
	struct hone_rx *rx = NULL;
	struct hone_stream *s;
	unsigned long flags;
	u64 now;

	u->cookie = p->cookie;
	u->tgid = p->tgid;
	local_irq_save(flags);
	now = ktime_get_boottime_ns();
	if (out) {
		p->pkt = hone_next_pkt();
	} else {
		rx = this_cpu_ptr(&hone_rx);
		hone_packet_received(rx, p, skb, place);
	}
	hone_for_each_stream(s) {
		/* A packet socket's packets do not pass the firewall. */
		if (!READ_ONCE(s->packets) ||
		    (hone_place_of(s) != place &&
		     !(p->rec.flags & HONE_F_PKT_LINK)))
			continue;
		if (hone_packet_wanted(s, p, u, skb, net->ns.inum, rx))
			hone_packet_write(s, p, skb, now);
		else
			hone_count_filtered(s, HONE_KIND_PACKET);
	}
	if (rx && unlikely(rx->unsure)) {
		rx->head = *p;
		rx->gen = hone_generation();
	}
	local_irq_restore(flags);
	if (place == HONE_LATE)
		trace_hone_packet(p);
}

/* Its user is not wanted; another one may be. */
static void hone_packet_unwrite(struct hone_stream *s, struct hone_rx *rx)
{
	const struct hone_packet *p = hone_packet_last(s, HONE_F_PKT_OUT);

	if (!p || p->pkt != rx->pkt)
		return;
	hone_take_back(s, HONE_KIND_PACKET, &p->rec, p->cap_len < p->wire_len);
	rx->told &= ~s->bit;
	rx->pending |= s->bit;
}

static void hone_users_init(struct hone_users *u, struct sock *sk)
{
	bool full = sk_fullsock(sk);

	memset(u, 0, sizeof(*u));
	u->cookie = hone_sk_cookie(sk);
	if (full && hone_sk_owner(sk))
		u->tgid = sk->sk_hone.owner_tgid;
	hone_users_sock(u, sk, full);
}

/* Is a session of @sessions still to judge, and not one that came since? */
static bool hone_judges(const struct hone_stream *s, const struct hone_rx *rx,
			u8 sessions)
{
	return s->bit & sessions && (s32)(rx->gen - s->gen) >= 0;
}

/**
 * __hone_packet_recall - a received packet has found a socket
 * @rx: the packet
 * @sk: the socket
 *
 * Sessions that exclude its owner give back what they have. This comes before
 * anything else is recorded of the socket.
 *
 * Context: preemption off.
 */
void __hone_packet_recall(struct hone_rx *rx, struct sock *sk)
{
	struct hone_stream *s;
	struct hone_users u;
	unsigned long flags;

	hone_users_init(&u, sk);
	local_irq_save(flags);
	hone_for_each_stream(s)
		if (hone_judges(s, rx, rx->unsure & rx->told) &&
		    !hone_filter_likes(s, &u))
			hone_packet_unwrite(s, rx);
	local_irq_restore(flags);
}

/**
 * __hone_packet_deliver - a received packet has found a socket
 * @rx: the packet
 * @sk: the socket
 * @skb: the packet, a clone or a part of it
 *
 * Sessions that have waited for a user they want get it now.
 *
 * Context: preemption off.
 */
void __hone_packet_deliver(struct hone_rx *rx, struct sock *sk,
			   struct sk_buff *skb)
{
	struct hone_stream *s;
	struct hone_users u;
	unsigned long flags;
	u64 now;

	hone_users_init(&u, sk);
	local_irq_save(flags);
	now = ktime_get_boottime_ns();
	hone_for_each_stream(s) {
		if (!hone_judges(s, rx, rx->unsure) ||
		    !hone_filter_likes(s, &u))
			continue;
		rx->unsure &= ~s->bit;
		rx->liked |= s->bit;
		/* Of what was taken apart there is only a part here. */
		if (!(rx->pending & s->bit) ||
		    rx->header != skb_network_header(skb))
			continue;
		rx->pending &= ~s->bit;
		rx->told |= s->bit;
		hone_uncount_filtered(s, HONE_KIND_PACKET);
		hone_packet_write(s, &rx->head, skb, now);
	}
	local_irq_restore(flags);
}

static u8 hone_family(const struct nf_hook_state *state)
{
	return state->pf == NFPROTO_IPV4 ? AF_INET : AF_INET6;
}

/* A VRF device shows each packet that is sent a second time. */
static bool hone_second_time(const struct nf_hook_state *state)
{
	return state->out && netif_is_l3_master(state->out);
}

static void hone_packet_out(struct sk_buff *skb,
			    const struct nf_hook_state *state,
			    enum hone_place place)
{
	struct sock *sk = skb->sk ?: state->sk;
	struct hone_users u = { };
	struct hone_packet p __uninitialized;
	bool full;

	if (hone_second_time(state))
		return;

	/* Cookies are made, and CPUs asked, with preemption off. */
	preempt_disable();
	full = sk && sk_fullsock(sk);
	if (full)
		hone_sk_touch(sk);
	hone_packet_init(&p, skb, state->net, state->out, hone_family(state),
			 HONE_F_PKT_OUT);
	if (sk) {
		hone_packet_sock(&p, sk, full);
		hone_users_sock(&u, sk, full);
	}
	hone_packet_actor(&p, &u, sk, full);
	hone_packet_emit(&p, &u, skb, state->net, place, true);
	preempt_enable();
}

static void hone_packet_in(struct sk_buff *skb,
			   const struct nf_hook_state *state,
			   enum hone_place place)
{
	struct sock *sk = skb->sk;
	struct hone_users u = { };
	struct hone_packet p __uninitialized;
	bool full;

	preempt_disable();
	full = sk && sk_fullsock(sk);
	if (full)
		hone_sk_touch(sk);
	hone_packet_init(&p, skb, state->net, state->in, hone_family(state), 0);
	/* Only if early demux has found it; else a deliver record follows. */
	if (sk) {
		hone_packet_sock(&p, sk, full);
		hone_users_sock(&u, sk, full);
		p.quality = p.owner ? HONE_Q_OWNER : HONE_Q_NONE;
	}
	hone_packet_emit(&p, &u, skb, state->net, place, false);
	preempt_enable();
}

static unsigned int hone_local_out(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	hone_packet_out(skb, state, HONE_LATE);
	return NF_ACCEPT;
}

static unsigned int hone_local_in(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	hone_packet_in(skb, state, HONE_LATE);
	return NF_ACCEPT;
}

static unsigned int hone_counted_out(void *priv, struct sk_buff *skb,
				     const struct nf_hook_state *state)
{
	if (!hone_second_time(state)) {
		preempt_disable();
		__hone_count_out(skb->sk ?: state->sk, skb);
		preempt_enable();
	}
	return NF_ACCEPT;
}

static unsigned int hone_early_out(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	hone_packet_out(skb, state, HONE_EARLY);
	return NF_ACCEPT;
}

static unsigned int hone_early_in(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	hone_packet_in(skb, state, HONE_EARLY);
	return NF_ACCEPT;
}

/* AF_INET, AF_INET6, or 0 if the bytes are no IP packet. */
static u8 hone_link_family(const struct sk_buff *skb)
{
	int off = skb_network_offset(skb);
	u8 version;

	if (off < 0 || skb_copy_bits(skb, off, &version, sizeof(version)))
		return 0;
	if (version >> 4 == 4 && skb->len - off >= sizeof(struct iphdr))
		return AF_INET;
	if (version >> 4 == 6 && skb->len - off >= sizeof(struct ipv6hdr))
		return AF_INET6;
	return 0;
}

/* What is not IP is counted, as packets that a filter has dropped. */
static void hone_link_other(void)
{
	struct hone_stream *s;
	unsigned long flags;

	local_irq_save(flags);
	hone_for_each_stream(s)
		if (s->kinds & BIT(HONE_KIND_PACKET))
			hone_count_filtered(s, HONE_KIND_PACKET);
	local_irq_restore(flags);
}

static void probe_link_out(void *data, struct sock *sk, struct sk_buff *skb)
{
	const struct net_device *dev = skb->dev;
	__be16 protocol = vlan_get_protocol(skb);
	struct hone_users u = { };
	struct hone_packet p;
	u8 family = 0;

	if (protocol == htons(ETH_P_IP) || protocol == htons(ETH_P_IPV6))
		family = hone_link_family(skb);
	if (!family) {
		hone_link_other();
		return;
	}
	if (hone_counts())
		__hone_count_out(sk, skb);
	if (!hone_wants(HONE_KIND_PACKET) && !trace_hone_packet_enabled())
		return;
	hone_sk_touch(sk);
	hone_packet_init(&p, skb, dev_net(dev), dev, family,
			 HONE_F_PKT_OUT | HONE_F_PKT_LINK);
	hone_packet_sock(&p, sk, true);
	hone_users_sock(&u, sk, true);
	hone_packet_actor(&p, &u, sk, true);
	hone_packet_emit(&p, &u, skb, dev_net(dev), HONE_LATE, true);
}

static const struct hone_probe hone_packet_probes[] = {
	HONE_PROBE(hone_link_out, probe_link_out),
};

#define HONE_NF_OP(_hook, _num, _priority)	\
	{					\
		.hook		= (_hook),	\
		.pf		= NFPROTO_INET,	\
		.hooknum	= (_num),	\
		.priority	= (_priority),	\
	}

/* Behind all others: what they drop or change was not sent or received so. */
static const struct nf_hook_ops hone_late_ops[] = {
	HONE_NF_OP(hone_local_in, NF_INET_LOCAL_IN, NF_IP_PRI_LAST),
	HONE_NF_OP(hone_local_out, NF_INET_LOCAL_OUT, NF_IP_PRI_LAST),
};

/* Before all others, for sessions that want to see what those drop. */
static const struct nf_hook_ops hone_early_ops[] = {
	HONE_NF_OP(hone_early_in, NF_INET_LOCAL_IN, NF_IP_PRI_FIRST),
	HONE_NF_OP(hone_early_out, NF_INET_LOCAL_OUT, NF_IP_PRI_FIRST),
};

static const struct nf_hook_ops hone_counted_ops[] = {
	HONE_NF_OP(hone_counted_out, NF_INET_LOCAL_OUT, NF_IP_PRI_LAST),
};

static int hone_counted_init(struct net *net)
{
	return nf_register_net_hooks(net, hone_counted_ops,
				     ARRAY_SIZE(hone_counted_ops));
}

static void hone_counted_exit(struct net *net)
{
	nf_unregister_net_hooks(net, hone_counted_ops,
				ARRAY_SIZE(hone_counted_ops));
}

static int hone_late_init(struct net *net)
{
	return nf_register_net_hooks(net, hone_late_ops,
				     ARRAY_SIZE(hone_late_ops));
}

static void hone_late_exit(struct net *net)
{
	nf_unregister_net_hooks(net, hone_late_ops, ARRAY_SIZE(hone_late_ops));
}

static int hone_early_init(struct net *net)
{
	return nf_register_net_hooks(net, hone_early_ops,
				     ARRAY_SIZE(hone_early_ops));
}

static void hone_early_exit(struct net *net)
{
	nf_unregister_net_hooks(net, hone_early_ops,
				ARRAY_SIZE(hone_early_ops));
}

/* Registered while the kernel runs: of no init section, netns or not. */
static struct pernet_operations hone_net_ops[HONE_PLACES] = {
	[HONE_EARLY] = {
		.init = hone_early_init,
		.exit = hone_early_exit,
	},
	[HONE_LATE] = {
		.init = hone_late_init,
		.exit = hone_late_exit,
	},
	[HONE_COUNTED] = {
		.init = hone_counted_init,
		.exit = hone_counted_exit,
	},
};

/* All namespaces there are and will be; with no hook packets pay nothing. */
static int hone_place_get(enum hone_place place)
{
	int err = 0;

	mutex_lock(&hone_nf_lock);
	if (!hone_nf_users[place])
		err = register_pernet_subsys(&hone_net_ops[place]);
	if (!err)
		hone_nf_users[place]++;
	mutex_unlock(&hone_nf_lock);
	return err;
}

static void hone_place_put(enum hone_place place)
{
	mutex_lock(&hone_nf_lock);
	if (!--hone_nf_users[place])
		unregister_pernet_subsys(&hone_net_ops[place]);
	mutex_unlock(&hone_nf_lock);
}

/* netfilter forgets what was registered before it was there itself. */
static bool hone_nf_ready __ro_after_init;

static int __init hone_nf_init(void)
{
	hone_nf_ready = true;
	return 0;
}
subsys_initcall(hone_nf_init);

/* For the tracepoint, which the command line may turn on very early. */
int hone_packet_reg(void)
{
	if (!hone_nf_ready)
		return -EAGAIN;
	return hone_place_get(HONE_LATE);
}

void hone_packet_unreg(void)
{
	hone_place_put(HONE_LATE);
}

/**
 * hone_packet_open - see packets where a session wants to
 * @s: its stream
 *
 * Context: process context; may sleep.
 * Return: 0 or a negative errno.
 */
int hone_packet_open(struct hone_stream *s)
{
	enum hone_place place = hone_place_of(s);
	bool records = s->kinds & BIT(HONE_KIND_PACKET);
	int err = 0;

	if (records)
		err = hone_place_get(place);
	/* What is counted is what has passed. */
	if (!err && s->interval) {
		err = hone_place_get(HONE_COUNTED);
		if (err && records)
			hone_place_put(place);
	}
	return err;
}

/**
 * hone_packet_close - the session has ended
 * @s: its stream
 *
 * Context: process context; may sleep.
 */
void hone_packet_close(struct hone_stream *s)
{
	if (s->interval)
		hone_place_put(HONE_COUNTED);
	if (s->kinds & BIT(HONE_KIND_PACKET))
		hone_place_put(hone_place_of(s));
}

/**
 * hone_packet_start - see what packet sockets send
 *
 * Context: process context; may sleep.
 * Return: 0 or a negative errno.
 */
int hone_packet_start(void)
{
	check_trace_callback_type_hone_link_out(probe_link_out);

	return hone_probes_register(hone_packet_probes,
				    ARRAY_SIZE(hone_packet_probes));
}

/**
 * hone_packet_stop - see it no more
 *
 * Context: process context; may sleep.
 */
void hone_packet_stop(void)
{
	hone_probes_unregister(hone_packet_probes,
			       ARRAY_SIZE(hone_packet_probes));
}
