// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: packet records, from netfilter's LOCAL_IN and LOCAL_OUT in every net
 * namespace.
 */
#include "packet.h"

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
#include <net/ip6_fib.h>
#include <net/net_namespace.h>
#include <net/route.h>
#include <trace/events/hone.h>

/* Written with interrupts off on the CPU itself. */
DEFINE_PER_CPU(struct hone_rx, hone_rx);
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

static __always_inline void hone_rx_set(struct hone_rx *rx,
					const struct sk_buff *skb, u64 cookie,
					u32 pkt)
{
	rx->skb = skb;
	rx->header = skb_network_header(skb);
	rx->iif = skb->skb_iif;
	rx->cookie = cookie;
	rx->pkt = pkt;
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

/*
 * Some sessions want a user of it, and what answers it. Headers may be in pages.
 */
static noinline void hone_rx_remember(struct hone_rx *rx,
				      const struct sk_buff *skb, u8 family)
{
	int off = skb_network_offset(skb);
	const struct ipv6hdr *ip6;
	const struct iphdr *ip;
	struct ipv6hdr buf;

	rx->family = 0;
	if (family == AF_INET) {
		ip = skb_header_pointer(skb, off, sizeof(*ip), &buf);
		if (!ip)
			return;
		ipv6_addr_set_v4mapped(ip->saddr, &rx->saddr);
	} else {
		ip6 = skb_header_pointer(skb, off, sizeof(*ip6), &buf);
		if (!ip6)
			return;
		rx->saddr = ip6->saddr;
	}
	rx->family = family;
}

/* Does a packet that is sent go where the last one that was received came from? */
static noinline bool hone_rx_answered(const struct hone_rx *rx,
				      const struct sk_buff *skb, u8 family)
{
	int off = skb_network_offset(skb);
	const struct ipv6hdr *ip6;
	const struct iphdr *ip;
	struct ipv6hdr buf;

	if (rx->family != family)
		return false;
	if (family == AF_INET) {
		ip = skb_header_pointer(skb, off, sizeof(*ip), &buf);
		return ip && ip->daddr == rx->saddr.s6_addr32[3];
	}
	ip6 = skb_header_pointer(skb, off, sizeof(*ip6), &buf);
	return ip6 && ipv6_addr_equal(&ip6->daddr, &rx->saddr);
}

static __always_inline u32 hone_wire_len_of(const struct sk_buff *skb)
{
	return skb->len - skb_network_offset(skb);
}

/* Whoever adds a member, or uses a reserved one, sets it in hone_packet_init(). */
static_assert(sizeof(struct hone_packet) == 96);

/*
 * Of a packet that is seen by itself, all but its number, its bytes and what
 * hone_commit() says. Inline, and member by member: so each of them is written
 * once, in the ring if it can be, where nobody else clears it.
 */
static __always_inline void hone_packet_init(struct hone_packet *p,
					     const struct hone_whose *w,
					     const struct sk_buff *skb,
					     u32 wire_len,
					     const struct net *net,
					     const struct net_device *dev,
					     u8 family)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);
	u16 flags = w->flags, gso_size = shinfo->gso_size, gso_segs = 0;

	if (unlikely(gso_size)) {
		flags |= HONE_F_PKT_GSO;
		gso_segs = shinfo->gso_segs;
	}
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		flags |= HONE_F_PKT_CSUM;
	p->rec.type = HONE_REC_PACKET;
	p->rec.flags = flags;
	p->cookie = w->cookie;
	p->owner = w->owner;
	p->actor = w->actor;
	p->netns = net->net_cookie;
	p->tgid = w->tgid;
	p->tid = w->tid;
	p->cause = w->cause;
	p->ifindex = dev ? dev->ifindex : 0;
	p->wire_len = wire_len;
	p->mark = skb->mark;
	p->gso_size = gso_size;
	p->gso_segs = gso_segs;
	p->family = family;
	p->quality = w->quality;
	p->state = 0;
	p->reserved = 0;
}

/* Whose it is by its socket; without @u nobody asks. */
static __always_inline void hone_users_sock(struct hone_users *u,
					    struct sock *sk, bool full)
{
	if (!u)
		return;
	if (static_branch_unlikely(&hone_match_key))
		u->wants |= hone_sk_wants(sk);
	if (full && unlikely(READ_ONCE(sk->sk_hone.subflow)))
		u->parent = sk->sk_hone.parent;
}

/*
 * Who sends? The sender of a datagram is here now; whoever is here when a TCP
 * segment leaves need not have written it. @full: there is a socket, a full one.
 * @u is NULL if nobody asks for users.
 */
static __always_inline void hone_whose_sent(struct hone_whose *w,
					    struct hone_users *u,
					    const struct sk_buff *skb,
					    struct sock *sk, bool full,
					    u8 family)
{
	struct task_struct *task = full ? hone_sk_actor(sk) : hone_actor();

	if (task) {
		w->actor = READ_ONCE(task->signal->hone_id);
		w->tgid = task->tgid;
		w->tid = task->pid;
		if (u)
			u->wants |= hone_task_wants(task);
		if (!full || hone_sk_queues(sk)) {
			w->quality = HONE_Q_OWNER;
			if (full && hone_sk_untold(&sk->sk_hone))
				w->flags |= HONE_F_PKT_UNTOLD;
			return;
		}
		w->quality = HONE_Q_EXACT;
		hone_sk_sent(&sk->sk_hone, hone_actor_key(task));
		return;
	}
	w->flags |= HONE_F_PKT_SOFTIRQ;
	if (full && hone_sk_untold(&sk->sk_hone))
		w->flags |= HONE_F_PKT_UNTOLD;
	w->cause = this_cpu_read(hone_rx.pkt);
	if (u && (!sk || w->flags & HONE_F_PKT_KERN) &&
	    this_cpu_read(hone_rx.liked) &&
	    hone_rx_answered(this_cpu_ptr(&hone_rx), skb, family))
		u->cause = this_cpu_read(hone_rx.liked);
	w->quality = w->owner ? HONE_Q_OWNER : HONE_Q_KERNEL;
}

/*
 * For a hundred bytes a call costs as much as the copying: two pieces of fixed
 * sizes, which overlap, are copied without one.
 */
static __always_inline void hone_copy(void *to, const void *from, u32 len)
{
	if (len - 64 <= 64) {
		memcpy(to, from, 64);
		memcpy(to + len - 64, from + len - 64, 64);
	} else if (len - 32 < 32) {
		memcpy(to, from, 32);
		memcpy(to + len - 32, from + len - 32, 32);
	} else {
		memcpy(to, from, len);
	}
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
	hone_copy(to, skb->data + off, linear);
	hone_copy(to + linear, from, len - linear);
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
	hone_copy(to, skb->data + off, len);
	return len;
}

/* A record that is being written: of these @want bytes of its packet. */
struct hone_packet_room {
	struct hone_room room;
	int off;
	u32 wire_len;
	u32 want;
	u32 len;
	u64 now;
};

static __always_inline struct hone_packet *
hone_packet_reserve(struct hone_stream *s, struct hone_packet_room *r,
		    const struct sk_buff *skb, u32 wire_len, u64 now)
{
	r->off = skb_network_offset(skb);
	r->wire_len = wire_len;
	r->want = min(r->wire_len, s->snaplen);
	r->len = ALIGN(sizeof(struct hone_packet) + r->want, 8);
	r->now = now;
	return hone_reserve(s, HONE_KIND_PACKET, r->len, now, &r->room);
}

/* All that is not of the packet's bytes is in it. */
static __always_inline void hone_packet_commit(struct hone_packet_room *r,
					       struct hone_packet *p,
					       const struct sk_buff *skb)
{
	u32 want = r->want, len = r->len, got;

	/* The padding, and some bytes that come now. */
	if (want)
		memset((void *)p + len - 8, 0, 8);
	got = hone_packet_data(p->data, skb, r->off, want);
	if (unlikely(got < want)) {
		p->rec.flags |= HONE_F_PKT_FRAGERR;
		len = ALIGN(sizeof(*p) + got, 8);
		memset(p->data + got, 0, len - sizeof(*p) - got);
	}
	p->cap_len = got;
	if (got < r->wire_len)
		hone_count_truncated(&r->room, HONE_KIND_PACKET);
	p->rec.len = len;
	hone_commit(&r->room, HONE_KIND_PACKET, &p->rec, len, r->now);
}

static void hone_packet_write(struct hone_stream *s,
			      const struct hone_packet *head,
			      const struct sk_buff *skb, u64 now)
{
	struct hone_packet_room r;
	struct hone_packet *p;

	p = hone_packet_reserve(s, &r, skb, head->wire_len, now);
	if (!p)
		return;
	memcpy(p, head, sizeof(*p));
	hone_packet_commit(&r, p, skb);
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
static __always_inline u32 hone_packet_received(struct hone_rx *rx,
						const struct sk_buff *skb,
						u64 cookie,
						enum hone_place place)
{
	u32 pkt;

	/* Who has asked for the early ones may have gone since. */
	if (place == HONE_LATE && unlikely(rx->early) && rx->skb == skb &&
	    READ_ONCE(hone_nf_users[HONE_EARLY])) {
		pkt = rx->pkt;
	} else {
		pkt = hone_next_pkt();
		rx->told = 0;
		rx->liked = 0;
		rx->family = 0;
		rx->unsure = 0;
		rx->pending = 0;
	}
	hone_rx_set(rx, skb, cookie, pkt);
	rx->early = place == HONE_EARLY;
	return pkt;
}

/*
 * Is it written into a stream? If not yet, because none of its users is known
 * to be wanted, @rx keeps that in mind.
 */
static __always_inline bool hone_packet_wanted(struct hone_stream *s,
					       const struct hone_packet *p,
					       const struct hone_users *u,
					       struct sk_buff *skb,
					       const struct net *net,
					       struct hone_rx *rx)
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
	if (s->filter &&
	    !hone_filter_wants(s->filter, skb, net, p->family,
			       p->rec.flags & HONE_F_PKT_OUT))
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

static void hone_packet_emit(struct hone_packet *p, struct hone_users *u,
			     struct sk_buff *skb, const struct net *net,
			     enum hone_place place, bool out)
{
	struct hone_rx *rx = NULL;
	struct hone_stream *s;
	unsigned long flags;
	u64 now;

	/* Of these each stream has its own. */
	p->rec.len = 0;
	p->rec.time = 0;
	p->rec.seq = 0;
	p->rec.cpu = 0;
	p->cap_len = 0;
	u->cookie = p->cookie;
	u->tgid = p->tgid;
	local_irq_save(flags);
	now = ktime_get_boottime_ns();
	if (out) {
		p->pkt = hone_next_pkt();
	} else {
		rx = this_cpu_ptr(&hone_rx);
		p->pkt = hone_packet_received(rx, skb, p->cookie, place);
	}
	hone_for_each_stream(s) {
		/* A packet socket's packets do not pass the firewall. */
		if (!READ_ONCE(s->packets) ||
		    (hone_place_of(s) != place &&
		     !(p->rec.flags & HONE_F_PKT_LINK)))
			continue;
		if (hone_packet_wanted(s, p, u, skb, net, rx))
			hone_packet_write(s, p, skb, now);
		else
			hone_count_filtered(s, HONE_KIND_PACKET);
	}
	if (rx && rx->liked)
		hone_rx_remember(rx, skb, p->family);
	if (rx && unlikely(rx->unsure)) {
		rx->head = *p;
		rx->gen = hone_generation();
	}
	local_irq_restore(flags);
	if (place == HONE_LATE)
		trace_hone_packet(p);
}

/*
 * Its user is not wanted; another one may be. It is entered, to be amended, when
 * it has come to one that is wanted, and from then on nobody gives it back.
 */
static void hone_packet_unwrite(struct hone_stream *s, struct hone_rx *rx)
{
	const struct hone_packet *p = hone_packet_last(s, HONE_F_PKT_OUT);

	if (!p || p->pkt != rx->pkt)
		return;
	hone_take_back(s, HONE_KIND_PACKET, &p->rec, p->cap_len < p->wire_len);
	rx->told &= ~s->bit;
	rx->liked &= ~s->bit;
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
		hone_rx_remember(rx, skb, rx->head.family);
		/*
		 * Of what was taken apart there is only a part here; the last
		 * fragment of IPv6 has become the whole.
		 */
		if (!(rx->pending & s->bit) ||
		    (rx->header != skb_network_header(skb) &&
		     (rx->skb != skb || rx->segments)))
			continue;
		rx->head.wire_len = hone_wire_len_of(skb);
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

/* Is it sent to this host itself? */
static bool hone_stays_here(const struct sk_buff *skb,
			    const struct nf_hook_state *state)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (!dst)
		return false;
	if (state->pf == NFPROTO_IPV4)
		return dst_rtable(dst)->rt_flags & RTCF_LOCAL;
	return dst_rt6_info(dst)->rt6i_flags & RTF_LOCAL;
}

/*
 * A VRF device shows each packet that is sent a second time, but for what it sends
 * to itself.
 */
static bool hone_second_time(const struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	return state->out && unlikely(netif_is_l3_master(state->out)) &&
	       !hone_stays_here(skb, state);
}

/*
 * The stream that a packet goes into at once, if there is only one and it does not
 * ask whose it is: nobody else looks at the record, so it is written in its place.
 */
static __always_inline struct hone_stream *hone_packet_sole(enum hone_place place)
{
	if (place != HONE_LATE || trace_hone_packet_enabled())
		return NULL;
	return rcu_dereference_sched(hone_sole);
}

/* Does that one want it? If not, it is counted. */
static __always_inline bool hone_sole_wants(struct hone_stream *s,
					    struct sk_buff *skb,
					    const struct nf_hook_state *state,
					    bool out)
{
	if (likely(!s->filter) ||
	    hone_filter_wants(s->filter, skb, state->net, hone_family(state),
			      out))
		return true;
	hone_count_filtered(s, HONE_KIND_PACKET);
	return false;
}

/* What is said of a packet that is sent; @u: or NULL, as above. */
static __always_inline void hone_packet_sent(struct hone_packet *p,
					     struct hone_users *u,
					     const struct sk_buff *skb,
					     u32 wire_len, struct sock *sk,
					     bool full,
					     const struct nf_hook_state *state)
{
	struct hone_whose w = { .flags = HONE_F_PKT_OUT };

	if (sk) {
		hone_whose_sock(&w, sk, full);
		hone_users_sock(u, sk, full);
	}
	hone_whose_sent(&w, u, skb, sk, full, hone_family(state));
	hone_packet_init(p, &w, skb, wire_len, state->net, state->out,
			 hone_family(state));
}

/* Who sends is known all the same, as hone_whose_sent() has it. */
static noinline void hone_packet_out_unseen(struct sock *sk, bool full)
{
	const struct task_struct *task = full ? hone_sk_actor(sk) : NULL;

	if (task && !hone_sk_queues(sk))
		hone_sk_sent(&sk->sk_hone, hone_actor_key(task));
}

static __always_inline void hone_packet_out_sole(struct hone_stream *s,
						 struct sk_buff *skb,
						 struct sock *sk, bool full,
						 const struct nf_hook_state *state)
{
	struct hone_packet *p = NULL;
	struct hone_packet_room r;
	unsigned long flags;

	local_irq_save(flags);
	if (hone_sole_wants(s, skb, state, true))
		p = hone_packet_reserve(s, &r, skb, hone_wire_len_of(skb),
					ktime_get_boottime_ns());
	if (p) {
		hone_packet_sent(p, NULL, skb, r.wire_len, sk, full, state);
		p->pkt = hone_next_pkt();
		hone_packet_commit(&r, p, skb);
	} else {
		hone_packet_out_unseen(sk, full);
	}
	local_irq_restore(flags);
}

static noinline void hone_packet_out_all(struct sk_buff *skb, struct sock *sk,
					 bool full,
					 const struct nf_hook_state *state,
					 enum hone_place place)
{
	struct hone_users u = { };
	struct hone_packet p __uninitialized;

	hone_packet_sent(&p, &u, skb, hone_wire_len_of(skb), sk, full, state);
	hone_packet_emit(&p, &u, skb, state->net, place, true);
}

static __always_inline void hone_packet_out(struct sk_buff *skb,
					    const struct nf_hook_state *state,
					    enum hone_place place)
{
	struct sock *sk = skb->sk ?: state->sk;
	struct hone_stream *s;
	bool full;

	if (hone_second_time(skb, state))
		return;

	/* Cookies are made, and CPUs asked, with preemption off. */
	preempt_disable();
	full = sk && sk_fullsock(sk);
	if (full)
		hone_sk_touch(sk);
	s = hone_packet_sole(place);
	if (likely(s))
		hone_packet_out_sole(s, skb, sk, full, state);
	else
		hone_packet_out_all(skb, sk, full, state, place);
	preempt_enable();
}

/* What is said of a packet that is received; @u: or NULL, as above. */
static __always_inline void hone_packet_got(struct hone_packet *p,
					    struct hone_users *u,
					    const struct sk_buff *skb,
					    u32 wire_len, struct sock *sk,
					    bool full,
					    const struct nf_hook_state *state)
{
	struct hone_whose w = { };

	/* Only if early demux has found it; else a deliver record follows. */
	if (sk) {
		hone_whose_sock(&w, sk, full);
		hone_users_sock(u, sk, full);
	}
	w.quality = hone_quality_of(&w);
	hone_packet_init(p, &w, skb, wire_len, state->net, state->in,
			 hone_family(state));
}

static __always_inline void hone_packet_in_sole(struct hone_stream *s,
						struct sk_buff *skb,
						struct sock *sk, bool full,
						const struct nf_hook_state *state)
{
	struct hone_rx *rx = this_cpu_ptr(&hone_rx);
	struct hone_packet *p = NULL;
	struct hone_packet_room r;
	unsigned long flags;
	u32 pkt;

	local_irq_save(flags);
	pkt = hone_packet_received(rx, skb, sk ? hone_sk_cookie(sk) : 0,
				   HONE_LATE);
	rx->liked = s->bit;
	/* It is for whoever wants any. */
	rx->family = 0;
	rx->told = hone_sole_wants(s, skb, state, false) ? s->bit : 0;
	if (rx->told)
		p = hone_packet_reserve(s, &r, skb, hone_wire_len_of(skb),
					ktime_get_boottime_ns());
	if (p) {
		hone_packet_got(p, NULL, skb, r.wire_len, sk, full, state);
		p->pkt = pkt;
		hone_packet_commit(&r, p, skb);
	}
	local_irq_restore(flags);
}

static noinline void hone_packet_in_all(struct sk_buff *skb, struct sock *sk,
					bool full,
					const struct nf_hook_state *state,
					enum hone_place place)
{
	struct hone_users u = { };
	struct hone_packet p __uninitialized;

	hone_packet_got(&p, &u, skb, hone_wire_len_of(skb), sk, full, state);
	hone_packet_emit(&p, &u, skb, state->net, place, false);
}

static __always_inline void hone_packet_in(struct sk_buff *skb,
					   const struct nf_hook_state *state,
					   enum hone_place place)
{
	struct sock *sk = skb->sk;
	struct hone_stream *s;
	bool full;

	preempt_disable();
	full = sk && sk_fullsock(sk);
	if (full)
		hone_sk_touch(sk);
	s = hone_packet_sole(place);
	if (likely(s))
		hone_packet_in_sole(s, skb, sk, full, state);
	else
		hone_packet_in_all(skb, sk, full, state, place);
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
	if (!hone_second_time(skb, state)) {
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
	struct hone_whose w = { .flags = HONE_F_PKT_OUT | HONE_F_PKT_LINK };
	struct hone_users u = { };
	struct hone_packet p __uninitialized;
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
	hone_whose_sock(&w, sk, true);
	hone_users_sock(&u, sk, true);
	hone_whose_sent(&w, &u, skb, sk, true, family);
	hone_packet_init(&p, &w, skb, hone_wire_len_of(skb), dev_net(dev), dev,
			 family);
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
