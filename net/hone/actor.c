// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: who wrote and who read. TCP by sequence number: writers when they
 * change, reads one by one, as datagrams.
 */
#include "packet.h"

#include <linux/hash.h>
#include <linux/once.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>
#include <linux/udp.h>
#include <net/tcp.h>
#include <trace/events/hone.h>
#include <trace/events/tcp.h>

/* Random: a constant, and a factor. */
static u64 hone_key[2];

/*
 * Turns a queued datagram's address into a key that does not tell it, and is
 * another's while this one is queued only by chance. This is no cryptography:
 * who reads streams is privileged, and is to learn nothing by the way.
 */
static u32 hone_skb_key(const struct sk_buff *skb)
{
	u64 x = ((unsigned long)skb ^ hone_key[0]) * (hone_key[1] | 1);

	return ((x ^ x >> 32) * GOLDEN_RATIO_64) >> 32;
}

/* Whose read or write comes after another's: several tasks use the socket. */
static void hone_sk_mark_shared(struct hone_sk *h, u64 old, u64 key)
{
	if (old && old != key && !hone_key_presumed(old) && !h->shared)
		WRITE_ONCE(h->shared, HONE_SK_SHARED);
}

/**
 * hone_sk_writer_changed - must be told who writes?
 * @h: the socket's users
 * @key: hone_actor_key() of who writes now
 * @flags: what is to be said of it is added: HONE_F_ACTOR_*
 *
 * Context: socket lock held.
 * Return: true if it is not who wrote last, as far as that was told.
 */
bool hone_sk_writer_changed(struct hone_sk *h, u64 key, u16 *flags)
{
	u64 old = READ_ONCE(h->tx);

	if (likely(old == key))
		return false;
	WRITE_ONCE(h->tx, key);
	if (unlikely(hone_key_untold(old)))
		*flags |= HONE_F_ACTOR_UNTOLD;
	old = hone_key_known(old);
	/* Who has opened it was told of as who writes; 0 is nobody's. */
	if (old && old == ~key)
		return false;
	hone_sk_mark_shared(h, old, key);
	return true;
}

/**
 * hone_sk_read - must be told who has read?
 * @h: the socket's users
 * @key: hone_actor_key() of who has read
 * @start: where the first read began, if no read of the socket is known
 * @copied: up to where the stream has been read now
 * @t: the bytes to tell of
 *
 * Each read is told, so that what is not told of has not been read: bytes
 * that lie in the queue may still be read by another task.
 *
 * Context: socket lock held.
 * Return: true if @t is to be told.
 */
bool hone_sk_read(struct hone_sk *h, u64 key, u32 start, u32 copied,
		  struct hone_taken *t)
{
	u8 run = READ_ONCE(hone_run);
	u32 from = h->rx_known == run ? h->rx_seq : start;

	/* A peek moves nothing. */
	if (from == copied)
		return false;
	h->rx_seq = copied;
	WRITE_ONCE(h->rx_known, run);
	hone_sk_mark_shared(h, h->rx, key);
	h->rx = key;
	*t = (struct hone_taken){
		.type	= HONE_REC_TCP_READ,
		.from	= from,
		.to	= copied,
	};
	return true;
}

static __always_inline struct hone_actor
hone_actor_of(u16 type, u64 cookie, const struct task_struct *task)
{
	return (struct hone_actor){
		.rec.len	= sizeof(struct hone_actor),
		.rec.type	= type,
		.rec.flags	= task ? 0 : HONE_F_ACTOR_KERNEL,
		.cookie		= cookie,
		.id		= task ? READ_ONCE(task->signal->hone_id) : 0,
		.tgid		= task ? task->tgid : 0,
		.tid		= task ? task->pid : 0,
	};
}

/* Out of line: the record is not to be on the stack of who needs none. */
static noinline void hone_write_taken(struct hone_stream *s, struct sock *sk,
				      const struct task_struct *task,
				      const struct hone_taken *t)
{
	struct hone_actor a = hone_actor_of(t->type, hone_sk_cookie(sk), task);

	a.rec.flags |= t->flags;
	a.key = t->key;
	a.from = t->from;
	a.to = t->to;
	hone_write(s, &a.rec, HONE_KIND_ACTOR, hone_sk_sessions(sk),
		   ktime_get_boottime_ns());
}

/* What has become of a record that a session may want. */
enum hone_put {
	HONE_PUT_NOT,		/* it is to be written in another way */
	HONE_PUT,
	HONE_PUT_LOST,
};

/*
 * Into the only session: written in its place. If it filters packets, it is told of
 * who acts and of sockets all the same.
 */
static __always_inline enum hone_put
hone_put_taken(struct hone_stream *s, u64 cookie, const struct task_struct *task,
	       const struct hone_taken *t)
{
	struct hone_room room;
	struct hone_actor *a;
	u64 now;

	if (s != rcu_dereference_sched(hone_sole) || s->changes ||
	    !(s->kinds & BIT(HONE_KIND_ACTOR)))
		return HONE_PUT_NOT;
	now = ktime_get_boottime_ns();
	a = hone_reserve(s, HONE_KIND_ACTOR, sizeof(*a), now, &room);
	if (!a)
		return HONE_PUT_LOST;
	*a = hone_actor_of(t->type, cookie, task);
	a->rec.flags |= t->flags;
	a->key = t->key;
	a->from = t->from;
	a->to = t->to;
	hone_commit(&room, HONE_KIND_ACTOR, &a->rec, sizeof(*a), now);
	return HONE_PUT;
}

/*
 * Mostly the packets' records are of the last ones, and can say it themselves.
 * True if they say it in all streams.
 */
static __always_inline bool hone_emit_taken(struct sock *sk,
					    const struct task_struct *task,
					    const struct hone_taken *t)
{
	u64 cookie = hone_sk_cookie(sk);
	struct hone_stream *s;
	unsigned long flags;
	bool all = true;

	local_irq_save(flags);
	hone_for_each_stream(s) {
		struct hone_taken left = *t;

		if (t->type == HONE_REC_CONSUME ?
		    hone_packet_consumed(s, sk, cookie, task, t->key) :
		    hone_packet_read(s, cookie, task, &left))
			continue;
		all = false;
		if (hone_put_taken(s, cookie, task, &left) == HONE_PUT_NOT)
			hone_write_taken(s, sk, task, &left);
	}
	local_irq_restore(flags);
	return all;
}

static noinline enum hone_put hone_emit_write(u64 cookie,
					      const struct task_struct *task,
					      const struct hone_taken *t)
{
	struct hone_actor a = hone_actor_of(HONE_REC_TCP_WRITE, cookie, task);

	a.rec.flags |= t->flags;
	a.from = t->from;
	return hone_emit(&a.rec, HONE_KIND_ACTOR) ? HONE_PUT : HONE_PUT_LOST;
}

/*
 * Which of several processes has written the bytes that kTLS and the like put
 * together and pass on in a call of one of them, is not known. @old was told of as
 * the last writer; if that is the kernel, who passes on what there was no room for,
 * the owner has written.
 */
static bool hone_sk_mixes(struct sock *sk, u64 old, u64 key)
{
	struct hone_sk *h = &sk->sk_hone;
	u64 kernel = hone_actor_key(NULL);

	if (likely(!inet_csk_has_ulp(sk)))
		return false;
	if (h->shared & HONE_SK_MIXED)
		return true;
	if (!old || hone_key_presumed(old) || key == kernel ||
	    hone_key_image(key) == (old == kernel ? h->owner :
						    hone_key_image(old)))
		return false;
	WRITE_ONCE(h->shared, HONE_SK_SHARED | HONE_SK_MIXED);
	return true;
}

static noinline void hone_tcp_write_new(struct sock *sk,
					const struct task_struct *task, u32 seq)
{
	struct hone_taken t = { .type = HONE_REC_TCP_WRITE, .from = seq };
	struct hone_sk *h = &sk->sk_hone;
	u64 key = hone_actor_key(task), old = hone_key_known(READ_ONCE(h->tx));
	enum hone_put put = HONE_PUT_NOT;
	struct hone_stream *s;
	unsigned long flags;

	if (!hone_sk_writer_changed(h, key, &t.flags))
		return;
	hone_sk_use(sk, task);
	if (!hone_wants(HONE_KIND_ACTOR))
		return;
	local_irq_save(flags);
	s = rcu_dereference_sched(hone_sole);
	if (s)
		put = hone_put_taken(s, hone_sk_cookie(sk), task, &t);
	local_irq_restore(flags);
	if (put == HONE_PUT_NOT)
		put = hone_emit_write(hone_sk_cookie(sk), task, &t);
	/*
	 * Before a byte of it is in the queue. Of what a subflow carries its
	 * connection's records tell.
	 */
	if ((unlikely(put == HONE_PUT_LOST) || hone_sk_mixes(sk, old, key)) &&
	    !READ_ONCE(h->subflow))
		WRITE_ONCE(h->tx, hone_key_mark(key, HONE_KEY_UNTOLD));
}

static __always_inline void hone_tcp_write(struct sock *sk,
					   const struct task_struct *task,
					   u32 seq)
{
	hone_sk_touch(sk);
	if (unlikely(READ_ONCE(sk->sk_hone.tx) != hone_actor_key(task)))
		hone_tcp_write_new(sk, task, seq);
}

static void probe_tcp_write(void *data, struct sock *sk)
{
	hone_tcp_write(sk, hone_sk_actor(sk), tcp_sk(sk)->write_seq);
}

static void probe_mptcp_write(void *data, struct sock *sk, u64 seq, u32 len)
{
	hone_tcp_write(sk, hone_actor(), seq);
}

static void probe_mptcp_read(void *data, struct sock *sk, u64 seq, u32 len)
{
	struct task_struct *task = hone_actor();
	struct hone_actor a;

	hone_sk_touch(sk);
	hone_sk_mark_shared(&sk->sk_hone, sk->sk_hone.rx, hone_actor_key(task));
	sk->sk_hone.rx = hone_actor_key(task);
	hone_sk_use(sk, task);
	a = hone_actor_of(HONE_REC_TCP_READ, hone_sk_cookie(sk), task);
	a.from = seq;
	a.to = seq + len;
	hone_emit(&a.rec, HONE_KIND_ACTOR);
}

static void hone_emit_map(struct sock *sk, struct sock *ssk, u32 seq,
			  u64 data_seq, u32 len, u16 flags)
{
	struct hone_map m = {
		.rec.len	= sizeof(m),
		.rec.type	= HONE_REC_MPTCP_MAP,
		.rec.flags	= flags,
		.cookie		= hone_sk_cookie(ssk),
		.parent		= hone_sk_cookie(sk),
		.data_seq	= data_seq,
		.from		= seq,
		.len		= len,
	};

	hone_sk_touch(ssk);
	hone_emit(&m.rec, HONE_KIND_ACTOR);
}

static void probe_mptcp_map_out(void *data, struct sock *sk, struct sock *ssk,
				u32 seq, u64 data_seq, u32 len)
{
	u16 flags = HONE_F_MAP_OUT;

	if (hone_sk_untold(&sk->sk_hone))
		flags |= HONE_F_MAP_UNTOLD;
	hone_emit_map(sk, ssk, seq, data_seq, len, flags);
}

static void probe_mptcp_map_in(void *data, struct sock *sk, struct sock *ssk,
			       u32 seq, u64 data_seq, u32 len)
{
	hone_emit_map(sk, ssk, seq, data_seq, len, 0);
}

static void probe_tcp_read(void *data, struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct task_struct *task = hone_sk_actor(sk);
	struct hone_taken t;

	/*
	 * The next read by a task covers what a parser takes in softirq, or
	 * kTLS's in a work.
	 */
	if (!task)
		return;
	hone_sk_touch(sk);
	if (!hone_sk_read(&sk->sk_hone, hone_actor_key(task),
			  tp->rcvq_space.seq, tp->copied_seq, &t))
		return;
	hone_sk_use(sk, task);
	if (hone_wants(HONE_KIND_ACTOR))
		hone_emit_taken(sk, task, &t);
}

/* Who has not got the packet has no use for where it was delivered. */
static noinline void hone_pass_deliver(struct hone_stream *s, u32 key)
{
	if (s->kinds & BIT(HONE_KIND_ACTOR))
		hone_count_filtered(s, HONE_KIND_ACTOR);
	/* Whoever had the key before has gone. */
	if (key)
		hone_recent_drop(s, key);
}

static noinline void hone_write_deliver(struct hone_stream *s, struct sock *sk,
					u32 pkt, u32 key)
{
	struct hone_deliver d = {
		.rec.len	= sizeof(d),
		.rec.type	= HONE_REC_DELIVER,
		.cookie		= hone_sk_cookie(sk),
		.owner		= hone_sk_owner(sk),
		.pkt		= pkt,
		.key		= key,
		.state		= READ_ONCE(sk->sk_state),
	};

	hone_write(s, &d.rec, HONE_KIND_ACTOR, ~0, ktime_get_boottime_ns());
	/* As above. */
	if (key)
		hone_recent_drop(s, key);
}

/*
 * Will a datagram be read by who takes it, if it is not dropped before it gets
 * into the queue, which is counted? Filters need not count. A wrong checksum may
 * only be found by who has taken it. What has no data may be exchanged for a clone
 * as somebody peeks.
 */
static bool hone_stays(const struct sock *sk, const struct sk_buff *skb)
{
	return sk_is_udp(sk) && skb_csum_unnecessary(skb) &&
	       skb->len > sizeof(struct udphdr) &&
	       !rcu_access_pointer(sk->sk_filter);
}

/*
 * Mostly the packet's record was the last, and can say it itself. Not for a
 * clone or a part: when the record got its time, its key may still have been
 * that of another datagram, which was taken in between.
 */
static __always_inline void hone_emit_deliver(struct sock *sk,
					      const struct hone_rx *rx,
					      const struct sk_buff *skb,
					      u32 key)
{
	/* The first part of a super-packet may be what was the whole. */
	bool same = rx && rx->skb == skb && !(rx->segments && !skb_is_gso(skb));
	/* Datagrams have a key, and full sockets. */
	bool waits = key && hone_stays(sk, skb);
	/* Who has got the packet. */
	u8 sessions = rx ? rx->told : ~0;
	u32 pkt = rx ? rx->pkt : 0;
	struct hone_stream *s;
	unsigned long flags;

	local_irq_save(flags);
	hone_for_each_stream(s) {
		if (unlikely(!(s->bit & sessions)))
			hone_pass_deliver(s, key);
		else if (!same || !hone_packet_delivered(s, pkt, sk, key, waits))
			hone_write_deliver(s, sk, pkt, key);
	}
	local_irq_restore(flags);
}

static void probe_tcp_deliver(void *data, struct sock *sk, struct sk_buff *skb)
{
	struct hone_rx *rx;

	if (hone_counts())
		__hone_count_in(sk, skb);
	if (!hone_wants(HONE_KIND_PACKET)) {
		if (sk_fullsock(sk))
			hone_sk_touch(sk);
		return;
	}
	rx = hone_rx_of(skb);
	/* Early demux has told it all. */
	if (rx && rx->cookie && rx->cookie == hone_sk_cookie(sk))
		return;
	hone_packet_recall(rx, sk);
	if (sk_fullsock(sk))
		hone_sk_touch(sk);
	hone_packet_deliver(rx, sk, skb);
	hone_emit_deliver(sk, rx, skb, 0);
}

/*
 * Only what is queued is read; what is not may say the same of itself. In the
 * receiver's softirq: before who has the socket works off its backlog, another
 * packet may come, also this one again. Of bytes that came already the one before
 * tells, and nobody need read an urgent one.
 */
static void probe_tcp_queue(void *data, struct sock *sk, struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	const struct hone_rx *rx;
	struct hone_stream *s;
	unsigned long flags;
	u64 cookie;

	if (!skb->len || cb->tcp_flags & TCPHDR_URG || !in_softirq() ||
	    cb->seq != tcp_sk(sk)->rcv_nxt || READ_ONCE(sk->sk_hone.subflow) ||
	    !hone_wants(HONE_KIND_ACTOR))
		return;
	local_irq_save(flags);
	rx = hone_rx_of(skb);
	if (rx && rx->skb == skb) {
		cookie = hone_sk_cookie(sk);
		hone_for_each_stream(s)
			hone_packet_queues(s, rx->pkt, cookie, cb->seq,
					   skb->len);
	}
	local_irq_restore(flags);
}

static void probe_deliver(void *data, struct sock *sk, struct sk_buff *skb)
{
	struct hone_rx *rx;

	if (!hone_sk_wanted(sk))
		return;
	if (hone_counts())
		__hone_count_in(sk, skb);
	if (!hone_wants(HONE_KIND_PACKET)) {
		hone_sk_touch(sk);
		return;
	}
	rx = hone_rx_of(skb);
	hone_packet_recall(rx, sk);
	hone_sk_touch(sk);
	hone_packet_deliver(rx, sk, skb);
	hone_emit_deliver(sk, rx, skb, hone_skb_key(skb));
}

/* A datagram was taken, of which its own record does not tell in every stream. */
static void hone_sk_told(struct hone_sk *h)
{
	u32 told = hone_told_by(h->rx_told);

	if (told != h->rx_told)
		WRITE_ONCE(h->rx_told, told);
}

/* Nobody is told: a session that begins while it is in the queue is not misled. */
static void hone_forget_taken(struct hone_sk *h, u32 key)
{
	struct hone_stream *s;
	unsigned long flags;

	local_irq_save(flags);
	hone_for_each_stream(s)
		hone_recent_drop(s, key);
	local_irq_restore(flags);
	hone_sk_told(h);
}

/* Under the queue's lock, which turns bottom halves off. */
static void probe_consume(void *data, struct sock *sk, struct sk_buff *skb)
{
	const struct task_struct *task = in_task() ? current : NULL;
	struct hone_sk *h = &sk->sk_hone;
	u64 key = hone_actor_key(task);
	struct hone_taken t;

	if (!hone_sk_wanted(sk))
		return;
	hone_sk_touch(sk);
	hone_sk_use(sk, task);
	if (hone_counts())
		__hone_count_taken(sk, skb, task);
	t = (struct hone_taken){
		.type	= HONE_REC_CONSUME,
		.key	= hone_skb_key(skb),
	};
	if (!hone_wants(HONE_KIND_ACTOR)) {
		hone_forget_taken(h, t.key);
		return;
	}
	if (h->rx != key) {
		hone_sk_mark_shared(h, h->rx, key);
		h->rx = key;
		t.flags = HONE_F_ACTOR_CHANGED;
	}
	if (!hone_emit_taken(sk, task, &t))
		hone_sk_told(h);
}

static const struct hone_probe hone_actor_probes[] = {
	HONE_PROBE(hone_tcp_write, probe_tcp_write),
	HONE_PROBE(tcp_rcv_space_adjust, probe_tcp_read),
	HONE_PROBE(hone_tcp_deliver, probe_tcp_deliver),
	HONE_PROBE(hone_tcp_queue, probe_tcp_queue),
	HONE_PROBE(hone_deliver, probe_deliver),
	HONE_PROBE(hone_consume, probe_consume),
	HONE_PROBE(hone_mptcp_write, probe_mptcp_write),
	HONE_PROBE(hone_mptcp_read, probe_mptcp_read),
	HONE_PROBE(hone_mptcp_map_out, probe_mptcp_map_out),
	HONE_PROBE(hone_mptcp_map_in, probe_mptcp_map_in),
};

/**
 * hone_actor_start - follow who writes and reads
 *
 * Context: process context; may sleep.
 * Return: 0 or a negative errno.
 */
int hone_actor_start(void)
{
	/* The table has no types. */
	check_trace_callback_type_hone_tcp_write(probe_tcp_write);
	check_trace_callback_type_tcp_rcv_space_adjust(probe_tcp_read);
	check_trace_callback_type_hone_tcp_deliver(probe_tcp_deliver);
	check_trace_callback_type_hone_tcp_queue(probe_tcp_queue);
	check_trace_callback_type_hone_deliver(probe_deliver);
	check_trace_callback_type_hone_consume(probe_consume);
	check_trace_callback_type_hone_mptcp_write(probe_mptcp_write);
	check_trace_callback_type_hone_mptcp_read(probe_mptcp_read);
	check_trace_callback_type_hone_mptcp_map_out(probe_mptcp_map_out);
	check_trace_callback_type_hone_mptcp_map_in(probe_mptcp_map_in);

	get_random_once(hone_key, sizeof(hone_key));
	return hone_probes_register(hone_actor_probes,
				    ARRAY_SIZE(hone_actor_probes));
}

/**
 * hone_actor_stop - follow it no more
 *
 * Context: process context; may sleep.
 */
void hone_actor_stop(void)
{
	hone_probes_unregister(hone_actor_probes,
			       ARRAY_SIZE(hone_actor_probes));
}
