// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: socket records, from the life of sockets.
 */
#include "hone.h"

#include <linux/hone_write.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/request_sock.h>
#include <trace/events/hone.h>
#include <trace/events/sock.h>

static void hone_sock_addresses(struct hone_sock_rec *r, const struct sock *sk)
{
	struct in6_addr *saddr = (struct in6_addr *)r->saddr;
	struct in6_addr *daddr = (struct in6_addr *)r->daddr;

	switch (sk->sk_family) {
	case AF_INET:
		ipv6_addr_set_v4mapped(sk->sk_rcv_saddr, saddr);
		ipv6_addr_set_v4mapped(sk->sk_daddr, daddr);
		break;
#if IS_ENABLED(CONFIG_IPV6)
	case AF_INET6:
		*saddr = sk->sk_v6_rcv_saddr;
		*daddr = sk->sk_v6_daddr;
		break;
#endif
	default:
		return;
	}
	r->sport = htons(sk->sk_num);
	r->dport = sk->sk_dport;
}

static void hone_sock_owner(struct hone_sock_rec *r, const struct sock *sk)
{
	const struct hone_sk *h = &sk->sk_hone;

	r->owner = READ_ONCE(h->owner);
	if (READ_ONCE(h->subflow))
		r->parent = h->parent;
	else
		r->owner_start = h->owner_start;
	r->owner_tgid = h->owner_tgid;
	BUILD_BUG_ON(sizeof(r->owner_comm) <= sizeof(h->owner_comm));
	memcpy(r->owner_comm, h->owner_comm, sizeof(h->owner_comm));
	if (READ_ONCE(h->shared))
		r->rec.flags |= HONE_F_SOCK_SHARED;
}

/**
 * hone_sock_fill - describe a socket
 * @r: the record, all of which is written; no actor, no inode number
 * @sk: any socket, request and TIME_WAIT sockets too
 * @event: &enum hone_sock_event
 *
 * What changes meanwhile may be half old: the next event tells.
 *
 * Context: any but NMI; the socket cannot go away.
 */
void hone_sock_fill(struct hone_sock_rec *r, struct sock *sk, u16 event)
{
	struct net *net = sock_net(sk);

	memset(r, 0, sizeof(*r));
	r->rec.len = sizeof(*r);
	r->rec.type = HONE_REC_SOCK;
	r->event = event;
	r->cookie = sock_gen_cookie(sk);
	r->netns = net->net_cookie;
	r->ns_inum = net->ns.inum;
	r->family = sk->sk_family;
	r->state = READ_ONCE(sk->sk_state);
	r->ifindex = READ_ONCE(sk->sk_bound_dev_if);
	r->protocol = IPPROTO_TCP;
	r->type = SOCK_STREAM;
	hone_sock_addresses(r, sk);
	if (sk_fullsock(sk)) {
		r->type = sk->sk_type;
		r->protocol = sk->sk_protocol;
		/* What init_user_ns makes of it is the same. */
		r->uid = __kuid_val(sk->sk_uid);
		if (hone_sk_kern(sk))
			r->rec.flags |= HONE_F_SOCK_KERN;
		hone_sock_owner(r, sk);
	} else if (r->state == TCP_NEW_SYN_RECV) {
		const struct sock *listener = inet_reqsk(sk)->rsk_listener;

		if (listener)
			hone_sock_owner(r, listener);
	}
}

/**
 * hone_sk_subflow - a socket carries a part of an MPTCP connection
 * @ssk: the subflow's socket, its lock held or not yet seen by anybody else
 * @msk: the connection's
 *
 * Capture or not, so that a later one knows. The next use tells of it.
 * Context: any but NMI.
 */
void hone_sk_subflow(struct sock *ssk, struct sock *msk)
{
	struct hone_sk *h = &ssk->sk_hone;

	h->owner_tgid = msk->sk_hone.owner_tgid;
	memcpy(h->owner_comm, msk->sk_hone.owner_comm, sizeof(h->owner_comm));
	h->parent = sock_gen_cookie(msk);
	WRITE_ONCE(h->subflow, 1);
	WRITE_ONCE(h->owner, READ_ONCE(msk->sk_hone.owner));
	WRITE_ONCE(h->gen, 0);
}

/**
 * hone_mini_owner - image id of the owner of what is no full socket
 * @sk: a request or TIME_WAIT socket
 *
 * Context: any; the socket cannot go away.
 * Return: the id of a request socket's listener's owner, or 0.
 */
u64 hone_mini_owner(const struct sock *sk)
{
	if (READ_ONCE(sk->sk_state) == TCP_NEW_SYN_RECV) {
		sk = inet_reqsk(sk)->rsk_listener;
		if (sk)
			return READ_ONCE(sk->sk_hone.owner);
	}
	return 0;
}

/* By whom, and how, and all else. */
static __always_inline void hone_sock_tell(struct hone_sock_rec *r,
					   struct sock *sk, u16 event,
					   const struct task_struct *task,
					   u64 ino, int err)
{
	hone_sock_fill(r, sk, event);
	r->error = err;
	if (!task)
		return;
	r->actor = READ_ONCE(task->signal->hone_id);
	r->actor_tgid = task->tgid;
	r->actor_tid = task->pid;
	r->ino = ino;
}

/*
 * Who opens a socket is mostly its writer: a session that is told so has no use
 * for another record when that writes. The only session is told so, or none; and
 * not one where this stays when a record of another writer was overwritten.
 */
static void hone_sock_presume(const struct hone_stream *s,
			      struct hone_sock_rec *r, struct sock *sk)
{
	if (r->event != HONE_SOCK_OPEN || !r->actor || !sk_is_tcp(sk) ||
	    sk->sk_kern_sock ||
	    s->of[HONE_KIND_SOCK] != s->of[HONE_KIND_ACTOR])
		return;
	sk->sk_hone.tx = ~hone_actor_key(current);
	r->rec.flags |= HONE_F_SOCK_WRITES;
}

static noinline void hone_sock_tell_all(struct sock *sk, u16 event, bool life,
					const struct task_struct *task,
					u64 ino, int err, u64 now)
{
	/* All of it is written. */
	struct hone_sock_rec r __uninitialized;
	struct hone_stream *s;

	hone_sock_tell(&r, sk, event, task, ino, err);
	hone_for_each_stream(s)
		if (!s->life || life)
			hone_write(s, &r.rec, HONE_KIND_SOCK, ~0, now);
}

/* @life: it begins or ends, or gets an owner; it is not only used. */
static void hone_sock_emit(struct sock *sk, u16 event, bool life,
			   const struct task_struct *task, int err)
{
	struct hone_sock_rec *r;
	struct hone_room room;
	struct hone_stream *s;
	unsigned long flags;
	u64 ino = 0, now;

	if (!hone_wants(HONE_KIND_SOCK) || (!life && !READ_ONCE(hone_uses)))
		return;
	/* Takes a lock that softirqs must be on for. */
	if (task && !irqs_disabled() && event != HONE_SOCK_FREE)
		ino = sock_i_ino(sk);
	local_irq_save(flags);
	/* Inside, or a CPU's stream would not be in time order. */
	now = ktime_get_boottime_ns();
	s = rcu_dereference_sched(hone_sole);
	if (likely(s && s->kinds & BIT(HONE_KIND_SOCK) &&
		   (!s->life || life))) {
		r = hone_reserve(s, HONE_KIND_SOCK, sizeof(*r), now, &room);
		if (r) {
			hone_sock_tell(r, sk, event, task, ino, err);
			hone_sock_presume(s, r, sk);
			hone_commit(&room, HONE_KIND_SOCK, &r->rec, sizeof(*r),
				    now);
		}
	} else {
		hone_sock_tell_all(sk, event, life, task, ino, err, now);
	}
	local_irq_restore(flags);
}

/*
 * Not every machine of 32 bits can compare and exchange 64. There a mark that
 * another CPU sets at this very moment may be undone.
 */
static bool hone_sk_change_writer(struct hone_sk *h, u64 *old, u64 tx)
{
#ifdef CONFIG_64BIT
	return try_cmpxchg(&h->tx, old, tx);
#else
	WRITE_ONCE(h->tx, tx);
	return true;
#endif
}

/*
 * Who writes next is told, changed or not. As long as the sources run it is known
 * who that was, or that it could not be told. Others may change it meanwhile.
 */
static void hone_sk_tell_again(struct hone_sk *h)
{
	bool runs = hone_generation_runs(READ_ONCE(h->gen));
	u64 tx = READ_ONCE(h->tx), again;

	do {
		if (runs && hone_key_untold(tx))
			return;
		again = 0;
		if (runs && tx && !hone_key_presumed(tx))
			again = hone_key_mark(hone_key_known(tx),
					      HONE_KEY_AGAIN);
	} while (!hone_sk_change_writer(h, &tx, again));
}

/*
 * The socket was there before the capture, or all is told anew. Two CPUs may
 * both tell of it, and the last writer and reader may be told again, which
 * harms nobody. What was read while the sources ran without a pause stays
 * known: the next read is not to be told with another's bytes.
 */
void __hone_sk_announce(struct sock *sk)
{
	struct hone_sk *h = &sk->sk_hone;

	/* First: who is told of as writer before it is to be told again. */
	hone_sock_emit(sk, HONE_SOCK_ANNOUNCE, true, NULL, 0);
	hone_sk_tell_again(h);
	h->rx = 0;
	if (READ_ONCE(h->rx_known) != READ_ONCE(hone_run))
		WRITE_ONCE(h->rx_known, 0);
	hone_sk_renew(sk);
}

/**
 * hone_sock_told - is it a socket of a family that records tell of?
 * @sk: full socket
 *
 * Return: true if it is.
 */
bool hone_sock_told(const struct sock *sk)
{
	return hone_sk_wanted(sk) || sk->sk_family == AF_PACKET;
}

static void probe_sock_open(void *data, struct sock *sk)
{
	if (!sk || !hone_sock_told(sk))
		return;
	hone_sk_renew(sk);
	hone_sk_use(sk, hone_actor());
	hone_sock_emit(sk, HONE_SOCK_OPEN, true, hone_actor(), 0);
}

static void probe_sock_accept(void *data, struct sock *sk)
{
	hone_sk_renew(sk);
	hone_sk_use(sk, hone_actor());
	/* If the owner stays TCP's packets say all there is to be said. */
	hone_sock_emit(sk, HONE_SOCK_ACCEPT, sk->sk_hone.moved || !sk_is_tcp(sk),
		       hone_actor(), 0);
}

static void probe_sock_close(void *data, struct sock *sk)
{
	hone_sk_touch(sk);
	hone_sock_emit(sk, HONE_SOCK_CLOSE, false, hone_actor(), 0);
}

static void probe_sock_free(void *data, struct sock *sk)
{
	u32 gen = READ_ONCE(sk->sk_hone.gen);

	/* Of two that a handshake gave birth to one was never seen. */
	if (!gen)
		return;
	if (hone_counts())
		__hone_count_free(sk);
	/* Without a cookie no record has ever named it. */
	if (hone_sock_told(sk) && atomic64_read(&sk->sk_cookie) &&
	    hone_generation_runs(gen))
		hone_sock_emit(sk, HONE_SOCK_FREE, true, NULL, 0);
}

static void probe_sock_bind(void *data, struct sock *sk, int err)
{
	if (sk && hone_sock_told(sk))
		hone_sock_emit(sk, HONE_SOCK_BIND, false, hone_actor(), err);
}

static void probe_sock_connect(void *data, struct sock *sk, int err)
{
	if (sk && hone_sock_told(sk))
		hone_sock_emit(sk, HONE_SOCK_CONNECT, false, hone_actor(), err);
}

/* What the kernel found out, in softirq or in somebody's call. */
static void probe_sock_error(void *data, const struct sock *csk)
{
	struct sock *sk = (struct sock *)csk;

	if (!hone_sock_told(sk))
		return;
	hone_sk_touch(sk);
	hone_sock_emit(sk, HONE_SOCK_ERROR, false, NULL,
		       -READ_ONCE(sk->sk_err));
}

static void probe_listen_overflow(void *data, struct sock *sk)
{
	hone_sk_touch(sk);
	hone_sock_emit(sk, HONE_SOCK_OVERFLOW, false, NULL, -ENOBUFS);
}

static const struct hone_probe hone_socket_probes[] = {
	HONE_PROBE(hone_sock_open, probe_sock_open),
	HONE_PROBE(hone_sock_accept, probe_sock_accept),
	HONE_PROBE(hone_sock_close, probe_sock_close),
	HONE_PROBE(hone_sock_free, probe_sock_free),
	HONE_PROBE(hone_sock_bind, probe_sock_bind),
	HONE_PROBE(hone_sock_connect, probe_sock_connect),
	HONE_PROBE(inet_sk_error_report, probe_sock_error),
	HONE_PROBE(hone_listen_overflow, probe_listen_overflow),
};

/**
 * hone_socket_start - follow the life of sockets
 *
 * Context: process context; may sleep.
 * Return: 0 or a negative errno.
 */
int hone_socket_start(void)
{
	/* The table has no types. */
	check_trace_callback_type_hone_sock_open(probe_sock_open);
	check_trace_callback_type_hone_sock_accept(probe_sock_accept);
	check_trace_callback_type_hone_sock_close(probe_sock_close);
	check_trace_callback_type_hone_sock_free(probe_sock_free);
	check_trace_callback_type_hone_sock_bind(probe_sock_bind);
	check_trace_callback_type_hone_sock_connect(probe_sock_connect);
	check_trace_callback_type_inet_sk_error_report(probe_sock_error);
	check_trace_callback_type_hone_listen_overflow(probe_listen_overflow);

	return hone_probes_register(hone_socket_probes,
				    ARRAY_SIZE(hone_socket_probes));
}

/**
 * hone_socket_stop - follow it no more
 *
 * Context: process context; may sleep.
 */
void hone_socket_stop(void)
{
	hone_probes_unregister(hone_socket_probes,
			       ARRAY_SIZE(hone_socket_probes));
}
