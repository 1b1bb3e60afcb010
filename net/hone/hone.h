/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hone: what the files of net/hone share.
 */
#ifndef _NET_HONE_H
#define _NET_HONE_H

#include <linux/hone.h>
#include <linux/hone_stream.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jump_label.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>

/* socket.c */
void hone_sock_fill(struct hone_sock_rec *r, struct sock *sk, u16 event);
void __hone_sk_announce(struct sock *sk);
bool hone_sock_told(const struct sock *sk);
u64 hone_mini_owner(const struct sock *sk);
int hone_socket_start(void);
void hone_socket_stop(void);

/**
 * hone_sk_cookie - identity of a connection
 * @sk: any socket, request and TIME_WAIT sockets too
 *
 * Context: any but NMI, preemption off.
 * Return: the cookie, never 0.
 */
static inline u64 hone_sk_cookie(struct sock *sk)
{
	u64 cookie = atomic64_read(&sk->sk_cookie);

	return likely(cookie) ? cookie : __sock_gen_cookie(sk);
}

/**
 * hone_sk_owner - image id of a socket's owner
 * @sk: any socket, request and TIME_WAIT sockets too
 *
 * Context: any; the socket cannot go away.
 * Return: the id, a request socket's listener's, or 0.
 */
static inline u64 hone_sk_owner(const struct sock *sk)
{
	return likely(sk_fullsock(sk)) ? READ_ONCE(sk->sk_hone.owner) :
					 hone_mini_owner(sk);
}

/**
 * hone_sk_touch - a socket is used: tell of it if this capture has not yet
 * @sk: full socket
 *
 * Context: any but NMI.
 */
static inline void hone_sk_touch(struct sock *sk)
{
	if (unlikely(READ_ONCE(sk->sk_hone.gen) != hone_generation()))
		__hone_sk_announce(sk);
}

/**
 * hone_sk_wanted - is it a socket of a family whose packets are seen?
 * @sk: any socket
 *
 * Return: true if it is.
 */
static inline bool hone_sk_wanted(const struct sock *sk)
{
	return sk->sk_family == AF_INET || sk->sk_family == AF_INET6;
}

/**
 * hone_sk_kern - is it the kernel's own?
 * @sk: full socket
 *
 * The subflows that MPTCP opens are made as such, for their connection's users.
 *
 * Context: any.
 * Return: true if it is.
 */
static inline bool hone_sk_kern(const struct sock *sk)
{
	return sk->sk_kern_sock && !READ_ONCE(sk->sk_hone.subflow);
}

/**
 * hone_sk_actor - the task that uses a socket now
 * @sk: full socket
 *
 * MPTCP's worker uses subflows for their connection's users, not for itself, and
 * so does what sends for a socket of kTLS.
 *
 * Context: any.
 * Return: current, or NULL for the kernel.
 */
static inline struct task_struct *hone_sk_actor(const struct sock *sk)
{
	struct task_struct *task = hone_actor();

	if (task && unlikely(task->flags & PF_KTHREAD) &&
	    (READ_ONCE(sk->sk_hone.subflow) || inet_csk_has_ulp(sk)))
		return NULL;
	return task;
}

/**
 * hone_sk_queues - does its protocol send what was written before?
 * @sk: full socket
 *
 * Then it may be anybody in whose call that leaves. What a raw socket sends, of
 * whatever protocol, leaves at once.
 *
 * Return: true if it does.
 */
static inline bool hone_sk_queues(const struct sock *sk)
{
	return (sk->sk_protocol == IPPROTO_TCP ||
		sk->sk_protocol == IPPROTO_SCTP) &&
	       sk->sk_type != SOCK_RAW;
}

/**
 * hone_sk_writer - who wrote last
 * @h: the socket's users
 *
 * Context: any.
 * Return: its hone_actor_key(), or 0 if that is not known.
 */
static inline u64 hone_sk_writer(const struct hone_sk *h)
{
	u64 tx = READ_ONCE(h->tx);

	/* Of before the newest session began that is not to be told. */
	return hone_key_presumed(tx) || hone_key_again(tx) ? 0 :
							     hone_key_known(tx);
}

/**
 * hone_sk_untold - was the record lost that tells who wrote last?
 * @h: the socket's users
 *
 * Context: any.
 * Return: true if it was, in any session.
 */
static inline bool hone_sk_untold(const struct hone_sk *h)
{
	return unlikely(hone_key_untold(READ_ONCE(h->tx)));
}

/**
 * hone_sk_sent - somebody sends by a socket that queues nothing
 * @h: the socket's users
 * @key: hone_actor_key() of who sends
 *
 * Several may at once: then it is one of them. Who sends again writes nothing.
 *
 * Context: any.
 */
static inline void hone_sk_sent(struct hone_sk *h, u64 key)
{
	if (unlikely(READ_ONCE(h->tx) != key))
		WRITE_ONCE(h->tx, key);
}

/* wants.c */
void __hone_sk_want(struct sock *sk, u8 sessions);
void __hone_sk_renew(struct sock *sk);
u8 hone_sk_wants(const struct sock *sk);
void hone_held(struct task_struct *task, u8 sessions);

/**
 * hone_sk_want - sessions want a socket from now on
 * @sk: full socket, announced
 * @sessions: a bit for each
 *
 * Context: any but NMI.
 */
static inline void hone_sk_want(struct sock *sk, u8 sessions)
{
	if (sessions & ~READ_ONCE(sk->sk_hone.wants))
		__hone_sk_want(sk, sessions);
}

/**
 * hone_sk_use - a task uses a socket: who wants the task wants the socket
 * @sk: full socket, announced
 * @task: the task, NULL for the kernel
 *
 * Context: any but NMI.
 */
static inline void hone_sk_use(struct sock *sk, const struct task_struct *task)
{
	if (static_branch_unlikely(&hone_match_key))
		hone_sk_want(sk, hone_task_wants(task));
}

/**
 * hone_sk_renew - a socket is announced by the newest capture
 * @sk: full socket
 *
 * Context: any but NMI.
 */
static inline void hone_sk_renew(struct sock *sk)
{
	if (static_branch_unlikely(&hone_match_key))
		__hone_sk_renew(sk);
	else
		WRITE_ONCE(sk->sk_hone.gen, hone_generation());
}

/**
 * hone_sk_sessions - which sessions want to know who uses a socket?
 * @sk: full socket
 *
 * Context: any.
 * Return: a bit for each, those that do not select by process among them.
 */
static inline u8 hone_sk_sessions(const struct sock *sk)
{
	if (!static_branch_unlikely(&hone_match_key))
		return ~0;
	return ~READ_ONCE(hone_matching) | hone_sk_wants(sk);
}

/* actor.c */

/**
 * struct hone_taken - what was read, or written
 * @type: HONE_REC_CONSUME, HONE_REC_TCP_READ or HONE_REC_TCP_WRITE
 * @flags: HONE_F_ACTOR_*
 * @key: CONSUME: key of the datagram
 * @from: TCP: first sequence number
 * @to: TCP_READ: one past the last
 */
struct hone_taken {
	u16 type;
	u16 flags;
	u32 key;
	u32 from;
	u32 to;
};

bool hone_sk_writer_changed(struct hone_sk *h, u64 key, u16 *flags);
bool hone_sk_read(struct hone_sk *h, u64 key, u32 start, u32 copied,
		  struct hone_taken *t);
int hone_actor_start(void);
void hone_actor_stop(void);

/* packet.c */

/**
 * struct hone_users - whose a packet is, as far as it is known
 * @wants: sessions that want one of them, a bit each
 * @cause: sessions that want what provoked it, of a packet of the kernel's
 * @tgid: process id of who sends, else of the socket's owner, else 0
 * @cookie: the socket, 0 if not known
 * @parent: the MPTCP connection whose subflow it is, else 0
 */
struct hone_users {
	u8 wants;
	u8 cause;
	u32 tgid;
	u64 cookie;
	u64 parent;
};

/**
 * struct hone_rx - the packet that is being received on a CPU
 * @skb: it, only to compare with
 * @header: its network header, which clones share
 * @iif: interface it came in by: what is made here and now has none
 * @cookie: socket that its record has, 0 if none
 * @pkt: its number, 0 if nothing was received yet
 * @ports: UDP: source and destination port, as in the packet
 * @segments: UDP: several datagrams in one, which may be taken apart before
 *	they are delivered
 * @early: was seen before the firewall, and not behind it yet
 * @told: sessions that have its record, or have lost it; a bit each, as next
 * @liked: sessions that want one of its users
 * @family: AF_INET or AF_INET6, if any of them does, else 0
 * @saddr: where it came from then, IPv4 mapped
 * @unsure: sessions that have found no user that they want, or none at all
 *	and exclude some
 * @pending: of these, sessions that want it if one is found; they count it as
 *	filtered until then
 * @gen: generation when it came
 * @head: of its record, if anybody is @unsure
 */
struct hone_rx {
	const struct sk_buff *skb;
	const void *header;
	int iif;
	u64 cookie;
	u32 pkt;
	__be32 ports;
	bool segments;
	bool early;
	u8 told;
	u8 liked;
	u8 family;
	u8 unsure;
	u8 pending;
	u32 gen;
	struct in6_addr saddr;
	struct hone_packet head;
};

void __hone_packet_deliver(struct hone_rx *rx, struct sock *sk,
			   struct sk_buff *skb);

void __hone_packet_recall(struct hone_rx *rx, struct sock *sk);

static inline void hone_packet_recall(struct hone_rx *rx, struct sock *sk)
{
	/* What is taken apart could not be given again. */
	if (rx && unlikely(rx->unsure & rx->told) && !rx->segments)
		__hone_packet_recall(rx, sk);
}

static inline void hone_packet_deliver(struct hone_rx *rx, struct sock *sk,
				       struct sk_buff *skb)
{
	if (rx && unlikely(rx->unsure))
		__hone_packet_deliver(rx, sk, skb);
}

int hone_packet_start(void);
void hone_packet_stop(void);
int hone_packet_open(struct hone_stream *s);
void hone_packet_close(struct hone_stream *s);

/* count.c */
DECLARE_STATIC_KEY_FALSE(hone_counting);
void __hone_count_out(struct sock *sk, const struct sk_buff *skb);
void __hone_count_in(struct sock *sk, const struct sk_buff *skb);
void __hone_count_taken(struct sock *sk, const struct sk_buff *skb,
			const struct task_struct *task);
void __hone_count_free(const struct sock *sk);
int hone_count_open(struct hone_stream *s);
void hone_count_close(struct hone_stream *s);
bool hone_count_read(u64 cookie, u64 n[4]);

static inline bool hone_counts(void)
{
	return static_branch_unlikely(&hone_counting);
}

/* filter.c */
extern const struct hone_filter_ops hone_packet_filter;
bool hone_filter_wants(const struct hone_filter *f, struct sk_buff *skb,
		       const struct net *net, u8 family, bool out);
bool hone_filter_early(const struct hone_filter *f);
bool __hone_filter_likes(const struct hone_stream *s,
			 const struct hone_users *u);
bool __hone_filter_doubts(const struct hone_filter *f,
			  const struct hone_users *u);

/**
 * hone_filter_likes - does a session want one of a packet's users?
 * @s: its stream
 * @u: who they are, as far as it is known
 *
 * Context: any.
 * Return: true if it does.
 */
static inline bool hone_filter_likes(const struct hone_stream *s,
				     const struct hone_users *u)
{
	return (!s->match && !s->filter) || __hone_filter_likes(s, u);
}

/**
 * hone_filter_doubts - may a session not want a packet that it likes?
 * @s: its stream
 * @u: whose it is, as far as it is known
 *
 * Context: any.
 * Return: true if it excludes processes, of which this may be one.
 */
static inline bool hone_filter_doubts(const struct hone_stream *s,
				      const struct hone_users *u)
{
	return s->filter && __hone_filter_doubts(s->filter, u);
}

/* netdev.c */
int hone_netdev_start(void);
void hone_netdev_stop(void);
int hone_netdev_open(struct hone_stream *s);
int hone_netdev_snap(struct hone_snap *snap, u64 *pos);

/* walk.c */

/**
 * struct hone_walk - a walk over the sockets that exist
 * @net: only those of this namespace, NULL for all
 * @visit: called for each, under locks of which some keep softirqs out: a
 *	socket, the inode number of its file, and the thread that holds a
 *	descriptor of it, or NULL if it was found in a hash; not 0 stops
 * @skip: so many of those that the next step finds in a hash are not visited
 * @found: how many the last one has found there
 * @thread: called before the descriptors of a thread are looked at, without
 *	locks; false leaves them out; may be NULL
 */
struct hone_walk {
	const struct net *net;
	int (*visit)(struct hone_walk *w, struct sock *sk, u64 ino,
		     struct task_struct *task);
	u32 skip;
	u32 found;
	bool (*thread)(struct hone_walk *w, struct task_struct *task);
};

int hone_walk_found(struct hone_walk *w, struct sock *sk);
bool hone_walk_whole(u64 pos);
int hone_walk_step(struct hone_walk *w, u64 *pos);

/* walk_mptcp.c */
#ifdef CONFIG_MPTCP
bool hone_mptcp_used(const struct net *net);
int hone_walk_mptcp(struct hone_walk *w, const struct net *net, u64 *slot);
#else
static inline bool hone_mptcp_used(const struct net *net) { return false; }

static inline int hone_walk_mptcp(struct hone_walk *w, const struct net *net,
				  u64 *slot)
{
	return 0;
}
#endif

/* walk_sctp.c */
#if IS_ENABLED(CONFIG_IP_SCTP)
int hone_walk_sctp(struct hone_walk *w, struct net *net, u64 *pos);
#else
static inline int hone_walk_sctp(struct hone_walk *w, struct net *net, u64 *pos)
{
	return 0;
}
#endif

/* snapshot.c */
int hone_socket_snap(struct hone_snap *snap, u64 *pos);

/* proc.c */
#ifdef CONFIG_PROC_FS
int hone_proc_init(void);
#else
static inline int hone_proc_init(void) { return 0; }
#endif

#endif /* _NET_HONE_H */
