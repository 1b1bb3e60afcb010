// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: packets and bytes of each socket, and of each process that uses it,
 * for sessions that count. No packet is recorded for it.
 *
 * Sent packets are counted at LOCAL_OUT: of the task that sends a datagram,
 * for TCP of who wrote last. Received ones are the socket's as it is chosen;
 * datagrams are the process's that takes them, for TCP they are of who read
 * last, else wrote last, else owns the socket.
 */
#include "hone.h"

#include <linux/hash.h>
#include <linux/hone_write.h>
#include <linux/list.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rhashtable.h>
#include <linux/sched/signal.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <net/inet_sock.h>
#include <net/request_sock.h>

/* Instead of an image id: all users of the socket. */
#define HONE_ALL	(~0ULL)
/* Records in a row, and then a pause, in which the reader may read them. */
#define HONE_TELL_MAX		256
#define HONE_TELL_PAUSE		(HZ / 50 ?: 1)

DEFINE_STATIC_KEY_FALSE(hone_counting);

struct hone_tally_key {
	u64 cookie;
	u64 id;
};

/**
 * struct hone_entry - what a socket, or one user of it, has sent and received
 * @node: in the hash
 * @key: cookie and image id, or HONE_ALL
 * @list: entry of @hone_tallies.list
 * @users: a socket's: its users; a user's: entry in there
 * @dead: a socket's: entry of @hone_tallies.freed
 * @sock: a user's: its socket's
 * @n: packets and bytes received, packets and bytes sent
 * @told: the same, as the last record had it
 * @since: time of that record, or when counting began
 * @round: last round in which it was looked at
 * @tgid: process id of the user
 * @gone: removed, but for readers
 * @comm: its name
 * @rcu: for the end
 */
struct hone_entry {
	struct rhash_head node;
	struct hone_tally_key key;
	struct list_head list;
	struct list_head users;
	struct list_head dead;
	struct hone_entry *sock;
	atomic64_t n[4];
	u64 told[4];
	u64 since;
	u64 round;
	u32 tgid;
	bool gone;
	char comm[TASK_COMM_LEN];
	struct rcu_head rcu;
};

/**
 * struct hone_tallies - what a session counts
 * @stream: the session's
 * @hash: all entries
 * @lock: protects the lists, what entries were told and that they are gone;
 *	softirqs and interrupts take it
 * @list: entries, those first that were not told for longest
 * @freed: sockets that are no more
 * @work: tells of them
 * @next: when the next round is due, in jiffies
 * @round: number of the round
 * @n: number of entries
 * @none: of no socket
 * @rest: of sockets for which there was no room
 */
struct hone_tallies {
	struct hone_stream *stream;
	struct rhashtable hash;
	spinlock_t lock;	/* lists, hone_entry.told, .since, .round, .gone */
	struct list_head list;
	struct list_head freed;
	struct delayed_work work;
	unsigned long next;
	u64 round;
	atomic_t n;
	struct hone_entry none;
	struct hone_entry rest;
};

/* What a session is charged for. */
static_assert(sizeof(struct hone_entry) <= HONE_TALLY_SIZE);

/* Numbers that nobody outside the kernel chooses. */
static u32 hone_tally_hash(const void *data, u32 len, u32 seed)
{
	const struct hone_tally_key *key = data;

	return hash_64(key->cookie + key->id * GOLDEN_RATIO_64, 32) ^ seed;
}

static const struct rhashtable_params hone_tally_params = {
	.key_len		= sizeof(struct hone_tally_key),
	.key_offset		= offsetof(struct hone_entry, key),
	.head_offset		= offsetof(struct hone_entry, node),
	.hashfn			= hone_tally_hash,
	/* rhashtable takes twice as many. */
	.max_size		= HONE_TALLIES_MAX / 2,
	.automatic_shrinking	= true,
};

static struct hone_entry *hone_entry_find(struct hone_tallies *t, u64 cookie,
					  u64 id)
{
	struct hone_tally_key key = { .cookie = cookie, .id = id };

	return rhashtable_lookup(&t->hash, &key, hone_tally_params);
}

static void hone_entry_init(struct hone_entry *e, u64 cookie, u64 id)
{
	e->key.cookie = cookie;
	e->key.id = id;
	e->since = ktime_get_boottime_ns();
	INIT_LIST_HEAD(&e->users);
	INIT_LIST_HEAD(&e->dead);
}

/* Its name, from thread @tid if that is still there, or from the socket. */
static void hone_entry_name(struct hone_entry *e, const struct sock *sk,
			    u32 tid)
{
	const struct hone_sk *h = &sk->sk_hone;
	struct task_struct *task;

	task = tid ? pid_task(find_pid_ns(tid, &init_pid_ns), PIDTYPE_PID) :
		     NULL;
	if (task && READ_ONCE(task->signal->hone_id) == e->key.id) {
		e->tgid = task->tgid;
		strscpy_pad(e->comm, task->group_leader->comm, sizeof(e->comm));
	} else if (e->key.id && READ_ONCE(h->owner) == e->key.id) {
		e->tgid = h->owner_tgid;
		memcpy(e->comm, h->owner_comm, sizeof(e->comm) - 1);
	}
}

/* Another CPU may be first; then it is that one's. */
static struct hone_entry *hone_entry_make(struct hone_tallies *t, u64 cookie,
					  u64 id, struct hone_entry *sock,
					  const struct sock *sk, u32 tid)
{
	struct hone_entry *e, *old;
	unsigned long flags;

	if (atomic_inc_return(&t->n) > t->stream->counts)
		goto full;
	e = kzalloc(sizeof(*e), GFP_NOWAIT | __GFP_NOWARN);
	if (!e)
		goto full;
	hone_entry_init(e, cookie, id);
	e->sock = sock;
	if (sock)
		hone_entry_name(e, sk, tid);
	spin_lock_irqsave(&t->lock, flags);
	/* Of a socket that is told of for the last time there are no more. */
	old = sock && sock->gone ? ERR_PTR(-ESTALE) :
	      rhashtable_lookup_get_insert_fast(&t->hash, &e->node,
						hone_tally_params);
	if (!old) {
		list_add_tail(&e->list, &t->list);
		if (sock)
			list_add_tail(&e->users, &sock->users);
	}
	spin_unlock_irqrestore(&t->lock, flags);
	if (!old)
		return e;
	atomic_dec(&t->n);
	kfree(e);
	return IS_ERR(old) ? NULL : old;

full:
	atomic_dec(&t->n);
	return NULL;
}

static struct hone_entry *hone_entry_get(struct hone_tallies *t, u64 cookie,
					 u64 id, struct hone_entry *sock,
					 const struct sock *sk, u32 tid)
{
	return hone_entry_find(t, cookie, id) ?:
	       hone_entry_make(t, cookie, id, sock, sk, tid);
}

static void hone_entry_add(struct hone_entry *e, bool out, u32 bytes)
{
	atomic64_inc(&e->n[out ? 2 : 0]);
	atomic64_add(bytes, &e->n[out ? 3 : 1]);
}

/* What is counted of a packet. */
enum hone_of {
	HONE_OF_SOCK	= 1,
	HONE_OF_USER	= 2,
	HONE_OF_BOTH	= 3,
};

/*
 * @key: hone_actor_key() of the user, 0 for the owner of @sk
 */
static void hone_count(struct sock *sk, u64 key, bool out, u32 bytes,
		       enum hone_of of)
{
	u64 cookie = hone_sk_cookie(sk), id = READ_ONCE(sk->sk_hone.owner);
	struct hone_entry *sock, *user;
	struct hone_tallies *t;
	struct hone_stream *s;
	u32 tid = 0;

	if (key == hone_actor_key(NULL)) {
		id = 0;
	} else if (key) {
		id = key >> 22;
		tid = key & (BIT(22) - 1);
	}
	rcu_read_lock();
	hone_for_each_stream(s) {
		t = READ_ONCE(s->tallies);
		if (!t)
			continue;
		user = of & HONE_OF_USER ? hone_entry_find(t, cookie, id) :
					   NULL;
		sock = user ? user->sock :
			      hone_entry_get(t, cookie, HONE_ALL, NULL, sk, 0);
		if (of & HONE_OF_USER && sock && !user)
			user = hone_entry_make(t, cookie, id, sock, sk, tid);
		if (of & HONE_OF_SOCK)
			hone_entry_add(sock ?: &t->rest, out, bytes);
		if (of & HONE_OF_USER && user)
			hone_entry_add(user, out, bytes);
	}
	rcu_read_unlock();
}

static void hone_count_none(bool out, u32 bytes)
{
	struct hone_tallies *t;
	struct hone_stream *s;

	rcu_read_lock();
	hone_for_each_stream(s) {
		t = READ_ONCE(s->tallies);
		if (t)
			hone_entry_add(&t->none, out, bytes);
	}
	rcu_read_unlock();
}

/* A connection's handshake is its listener's; TIME_WAIT is nobody's. */
static struct sock *hone_count_sock(struct sock *sk)
{
	if (!sk || sk_fullsock(sk))
		return sk;
	if (READ_ONCE(sk->sk_state) == TCP_NEW_SYN_RECV)
		return inet_reqsk(sk)->rsk_listener;
	return NULL;
}

static u32 hone_wire_len(const struct sk_buff *skb)
{
	return skb->len - skb_network_offset(skb);
}

/**
 * __hone_count_out - count a packet that is sent
 * @sk: its socket, of any kind, or NULL
 * @skb: the packet
 *
 * Context: preemption off.
 */
void __hone_count_out(struct sock *sk, const struct sk_buff *skb)
{
	struct sock *full = hone_count_sock(sk);
	const struct task_struct *task;
	u64 key = 0;

	if (!full) {
		hone_count_none(true, hone_wire_len(skb));
		return;
	}
	hone_sk_touch(full);
	if (full == sk && !hone_sk_queues(sk)) {
		task = hone_sk_actor(sk);
		if (task) {
			key = hone_actor_key(task);
			hone_sk_sent(&sk->sk_hone, key);
		}
	} else if (full == sk && sk_is_tcp(sk) && !READ_ONCE(sk->sk_hone.subflow)) {
		key = hone_sk_writer(&sk->sk_hone);
	}
	hone_count(full, key, true, hone_wire_len(skb), HONE_OF_BOTH);
}

/**
 * __hone_count_in - count a packet whose socket was found
 * @sk: the socket, of any kind
 * @skb: the packet
 *
 * Context: preemption off.
 */
void __hone_count_in(struct sock *sk, const struct sk_buff *skb)
{
	struct sock *full = hone_count_sock(sk);
	u64 key = 0;

	if (!full) {
		hone_count_none(false, hone_wire_len(skb));
		return;
	}
	if (full == sk && sk_is_tcp(sk) && !READ_ONCE(sk->sk_hone.subflow))
		key = READ_ONCE(sk->sk_hone.rx) ?:
		      hone_sk_writer(&sk->sk_hone);
	hone_count(full, key, false, hone_wire_len(skb),
		   hone_sk_queues(full) ? HONE_OF_BOTH : HONE_OF_SOCK);
}

/**
 * __hone_count_taken - count a datagram that was taken off its queue
 * @sk: the socket
 * @skb: the datagram
 * @task: who has taken it, NULL for the kernel
 *
 * Context: preemption off.
 */
void __hone_count_taken(struct sock *sk, const struct sk_buff *skb,
			const struct task_struct *task)
{
	hone_count(sk, hone_actor_key(task), false, hone_wire_len(skb),
		   HONE_OF_USER);
}

/**
 * __hone_count_free - a socket is no more
 * @sk: the socket
 *
 * Context: any but NMI.
 */
void __hone_count_free(const struct sock *sk)
{
	u64 cookie = atomic64_read(&sk->sk_cookie);
	struct hone_tallies *t;
	struct hone_entry *e;
	struct hone_stream *s;
	unsigned long flags;
	bool first;

	if (!cookie)
		return;
	rcu_read_lock();
	hone_for_each_stream(s) {
		t = READ_ONCE(s->tallies);
		e = t ? hone_entry_find(t, cookie, HONE_ALL) : NULL;
		if (!e)
			continue;
		spin_lock_irqsave(&t->lock, flags);
		first = list_empty(&t->freed);
		if (list_empty(&e->dead))
			list_add_tail(&e->dead, &t->freed);
		spin_unlock_irqrestore(&t->lock, flags);
		if (first)
			mod_delayed_work(system_unbound_wq, &t->work, 0);
	}
	rcu_read_unlock();
}

/*
 * Under the lock, or when nobody counts any more. What there is no room for
 * stays to be told; at the end it is lost, and counted so.
 * Returns whether there was anything to tell.
 */
static bool hone_entry_tell(struct hone_tallies *t, struct hone_entry *e,
			    u16 flags)
{
	u64 now = ktime_get_boottime_ns();
	struct hone_room room;
	struct hone_tally *r;
	bool changed = false;
	u64 n[4];
	int i;

	for (i = 0; i < 4; i++) {
		n[i] = atomic64_read(&e->n[i]);
		changed |= n[i] != e->told[i];
	}
	if (!changed && !(flags & HONE_F_TALLY_END && n[0] + n[2]))
		return false;
	r = hone_reserve(t->stream, HONE_KIND_SOCK, sizeof(*r), now, &room);
	if (!r)
		return true;
	memset(r, 0, sizeof(*r));
	r->rec.len = sizeof(*r);
	r->rec.type = HONE_REC_COUNT;
	r->rec.flags = flags;
	r->cookie = e->key.cookie;
	if (e->key.id == HONE_ALL)
		r->rec.flags |= HONE_F_TALLY_SOCK;
	else
		r->id = e->key.id;
	r->since = e->since;
	r->in_packets = n[0] - e->told[0];
	r->in_bytes = n[1] - e->told[1];
	r->out_packets = n[2] - e->told[2];
	r->out_bytes = n[3] - e->told[3];
	r->total_in_packets = n[0];
	r->total_in_bytes = n[1];
	r->total_out_packets = n[2];
	r->total_out_bytes = n[3];
	r->tgid = e->tgid;
	memcpy(r->comm, e->comm, sizeof(r->comm));
	hone_commit(&room, HONE_KIND_SOCK, &r->rec, sizeof(*r), now);
	memcpy(e->told, n, sizeof(n));
	e->since = now;
	return true;
}

static void hone_entry_remove(struct hone_tallies *t, struct hone_entry *e)
{
	e->gone = true;
	rhashtable_remove_fast(&t->hash, &e->node, hone_tally_params);
	list_del(&e->list);
	list_del(&e->users);
	list_del(&e->dead);
	atomic_dec(&t->n);
	kfree_rcu(e, rcu);
}

/* A user that has ended, or is another program now, sends nothing more. */
static bool hone_entry_gone(const struct hone_entry *e)
{
	struct task_struct *task;
	bool gone;

	if (!e->sock || !e->tgid)
		return false;
	rcu_read_lock();
	task = pid_task(find_pid_ns(e->tgid, &init_pid_ns), PIDTYPE_TGID);
	gone = !task || READ_ONCE(task->signal->hone_id) != e->key.id;
	rcu_read_unlock();
	return gone;
}

/* The next of sockets that are no more; the users first. */
static bool hone_tell_freed(struct hone_tallies *t)
{
	struct hone_entry *e;

	e = list_first_entry_or_null(&t->freed, struct hone_entry, dead);
	if (!e)
		return false;
	if (!list_empty(&e->users))
		e = list_first_entry(&e->users, struct hone_entry, users);
	hone_entry_tell(t, e, HONE_F_TALLY_END);
	hone_entry_remove(t, e);
	return true;
}

/* The next of all; false if all have been looked at in this round. */
static bool hone_tell_next(struct hone_tallies *t)
{
	struct hone_entry *e;

	e = list_first_entry_or_null(&t->list, struct hone_entry, list);
	if (!e || e->round == t->round)
		return false;
	e->round = t->round;
	list_move_tail(&e->list, &t->list);
	if (!hone_entry_tell(t, e, 0) && hone_entry_gone(e)) {
		hone_entry_tell(t, e, HONE_F_TALLY_END);
		hone_entry_remove(t, e);
	}
	return true;
}

static void hone_tally_work(struct work_struct *work)
{
	struct hone_tallies *t = container_of(to_delayed_work(work),
					      struct hone_tallies, work);
	unsigned long period = t->stream->interval * HZ, flags, now = jiffies;
	int left = HONE_TELL_MAX;
	bool more = true;

	if (time_after_eq(now, t->next)) {
		t->next = now + period;
		t->round++;
		spin_lock_irqsave(&t->lock, flags);
		hone_entry_tell(t, &t->none, 0);
		hone_entry_tell(t, &t->rest, HONE_F_TALLY_REST);
		spin_unlock_irqrestore(&t->lock, flags);
	}
	/* One by one: each is short, and who counts a new one waits for it. */
	while (more && left--) {
		spin_lock_irqsave(&t->lock, flags);
		more = hone_tell_freed(t) || hone_tell_next(t);
		spin_unlock_irqrestore(&t->lock, flags);
		cond_resched();
	}
	now = jiffies;
	queue_delayed_work(system_unbound_wq, &t->work,
			   more ? HONE_TELL_PAUSE :
			   time_before(now, t->next) ? t->next - now : 0);
}

static void hone_tallies_free(void *e, void *arg)
{
	kfree(e);
}

/**
 * hone_count_open - a session that may want to count
 * @s: its stream
 *
 * Context: process context; may sleep.
 * Return: 0 or a negative errno.
 */
int hone_count_open(struct hone_stream *s)
{
	struct hone_tallies *t;
	int err;

	if (!s->interval)
		return 0;
	t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	if (!t)
		return -ENOMEM;
	err = rhashtable_init(&t->hash, &hone_tally_params);
	if (err) {
		kfree(t);
		return err;
	}
	t->stream = s;
	spin_lock_init(&t->lock);
	INIT_LIST_HEAD(&t->list);
	INIT_LIST_HEAD(&t->freed);
	INIT_DELAYED_WORK(&t->work, hone_tally_work);
	hone_entry_init(&t->none, 0, HONE_ALL);
	hone_entry_init(&t->rest, 0, HONE_ALL);
	t->next = jiffies + s->interval * HZ;
	/* Pairs with the address dependency of who counts. */
	smp_store_release(&s->tallies, t);
	static_branch_inc(&hone_counting);
	queue_delayed_work(system_unbound_wq, &t->work, s->interval * HZ);
	return 0;
}

/**
 * hone_count_close - the session has ended: tell of all that was counted
 * @s: its stream, which nobody else writes to
 *
 * Context: process context; may sleep.
 */
void hone_count_close(struct hone_stream *s)
{
	struct hone_tallies *t = s->tallies;
	struct hone_entry *e;
	unsigned long flags;

	if (!t)
		return;
	static_branch_dec(&hone_counting);
	/* If the session could not start, there are some that count. */
	WRITE_ONCE(s->tallies, NULL);
	synchronize_rcu();
	cancel_delayed_work_sync(&t->work);
	list_for_each_entry(e, &t->list, list) {
		spin_lock_irqsave(&t->lock, flags);
		hone_entry_tell(t, e, HONE_F_TALLY_END);
		spin_unlock_irqrestore(&t->lock, flags);
		cond_resched();
	}
	spin_lock_irqsave(&t->lock, flags);
	hone_entry_tell(t, &t->none, HONE_F_TALLY_END);
	hone_entry_tell(t, &t->rest, HONE_F_TALLY_END | HONE_F_TALLY_REST);
	spin_unlock_irqrestore(&t->lock, flags);
	rhashtable_free_and_destroy(&t->hash, hone_tallies_free, NULL);
	kfree(t);
}

/**
 * hone_count_read - what a socket has sent and received
 * @cookie: the socket
 * @n: packets and bytes received, packets and bytes sent
 *
 * Since the session that counts for longest has begun.
 *
 * Context: any that may take RCU's read lock.
 * Return: false if no session counts.
 */
bool hone_count_read(u64 cookie, u64 n[4])
{
	struct hone_tallies *t = NULL;
	struct hone_entry *e;
	struct hone_stream *s;
	int i;

	memset(n, 0, 4 * sizeof(*n));
	rcu_read_lock();
	hone_for_each_stream(s) {
		t = READ_ONCE(s->tallies);
		if (!t)
			continue;
		e = hone_entry_find(t, cookie, HONE_ALL);
		for (i = 0; e && i < 4; i++)
			n[i] = atomic64_read(&e->n[i]);
		break;
	}
	rcu_read_unlock();
	return t;
}
