// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: the sockets that exist: first those that processes hold, from their
 * descriptor tables, then those that nobody holds (orphans, TIME_WAIT, not
 * accepted yet, in a message), from the protocols' hashes. Many are found in
 * both.
 */
#include "hone.h"

#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/net.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <net/inet_hashtables.h>
#include <net/raw.h>
#include <net/rawv6.h>
#include <net/tcp.h>
#include <net/udp.h>
#include <net/udplite.h>

/*
 * A position: phase, and in it thread id and descriptor, or bucket, or network
 * namespace and bucket of a table of its own, or place in a list of its sockets
 * (of which there are 2^24 at most).
 */
#define HONE_POS_PHASE	60
#define HONE_POS_TID	32
#define HONE_POS_NET	24
#define HONE_POS_LOW	GENMASK_ULL(31, 0)

/* Descriptors that are looked at without letting go of a table's lock. */
#define HONE_FDS_MAX	1024

enum hone_walk_phase {
	HONE_WALK_FDS,
	HONE_WALK_TCP,
	HONE_WALK_LISTEN,
	HONE_WALK_UDP,
	HONE_WALK_UDPLITE,
	HONE_WALK_RAW4,
	HONE_WALK_RAW6,
	HONE_WALK_NET_TCP,
	HONE_WALK_NET_UDP,
	HONE_WALK_NET_MPTCP,
	HONE_WALK_NET_SCTP,
	HONE_WALK_END,
};

/* What the walk over one descriptor table carries along. */
struct hone_fd_walk {
	struct hone_walk *walk;
	struct task_struct *task;
	unsigned int fd;
	unsigned int left;
};

static bool hone_walk_wants(const struct hone_walk *w, const struct sock *sk)
{
	return !w->net || net_eq(sock_net(sk), w->net);
}

static int hone_walk_fd(const void *arg, struct file *file, unsigned int fd)
{
	struct hone_fd_walk *f = (struct hone_fd_walk *)arg;
	struct socket *sock;

	f->fd = fd;
	if (!f->left)
		return -EAGAIN;
	f->left--;
	sock = sock_from_file(file);
	/* An open descriptor: the socket is not being released. */
	if (!sock || !sock->sk || !hone_walk_wants(f->walk, sock->sk))
		return 0;
	if (!hone_sk_wanted(sock->sk) && sock->sk->sk_family != AF_PACKET)
		return 0;
	return f->walk->visit(f->walk, sock->sk, SOCK_INODE(sock)->i_ino,
			      f->task);
}

static int hone_walk_files(struct hone_fd_walk *f)
{
	struct task_struct *task = f->task;
	int ret = 0;

	task_lock(task);
	if (hone_task_has_files(task))
		ret = iterate_fd(task->files, f->fd, hone_walk_fd, f);
	task_unlock(task);
	return ret;
}

/* The descriptors of the next thread, or some of them. */
static int hone_walk_thread(struct hone_walk *w, u64 *pos)
{
	struct hone_fd_walk f = {
		.walk	= w,
		.fd	= *pos & HONE_POS_LOW,
		.left	= HONE_FDS_MAX,
	};
	u64 found, tid = *pos >> HONE_POS_TID;
	int ret = 0;

	f.task = hone_next_task(tid, PIDTYPE_PID);
	if (!f.task)
		return 0;
	found = task_pid_nr(f.task);
	/* The thread that was begun with has gone. */
	if (found != tid)
		f.fd = 0;
	/* It may have ended just now, and then has no id. */
	tid = found ?: tid;
	if (!w->thread || w->thread(w, f.task))
		ret = hone_walk_files(&f);
	put_task_struct(f.task);
	*pos = ret ? tid << HONE_POS_TID | f.fd : (tid + 1) << HONE_POS_TID;
	return ret && ret != -EAGAIN ? ret : 1;
}

/**
 * hone_walk_found - a socket was found in a hash
 * @w: the walk
 * @sk: any socket; it cannot go away
 *
 * Context: any but interrupts.
 * Return: 0, or visit()'s error.
 */
int hone_walk_found(struct hone_walk *w, struct sock *sk)
{
	if (!hone_walk_wants(w, sk) || w->found++ < w->skip)
		return 0;
	return w->visit(w, sk, sk_fullsock(sk) ? sock_i_ino(sk) : 0, NULL);
}

/* One bucket of a hash each. */
static int hone_walk_tcp(struct hone_walk *w, struct inet_hashinfo *info,
			 u32 bucket)
{
	struct inet_ehash_bucket *b = &info->ehash[bucket];
	spinlock_t *lock = inet_ehash_lockp(info, bucket);
	struct hlist_nulls_node *node;
	struct sock *sk;
	int err = 0;

	spin_lock_bh(lock);
	sk_nulls_for_each(sk, node, &b->chain) {
		err = hone_walk_found(w, sk);
		if (err)
			break;
	}
	spin_unlock_bh(lock);
	return err;
}

static int hone_walk_listen(struct hone_walk *w, u32 bucket)
{
	struct inet_listen_hashbucket *b = &tcp_hashinfo.lhash2[bucket];
	struct hlist_nulls_node *node;
	struct sock *sk;
	int err = 0;

	spin_lock_bh(&b->lock);
	sk_nulls_for_each(sk, node, &b->nulls_head) {
		err = hone_walk_found(w, sk);
		if (err)
			break;
	}
	spin_unlock_bh(&b->lock);
	return err;
}

static int hone_walk_udp(struct hone_walk *w, struct udp_table *table,
			 u32 bucket)
{
	struct udp_hslot *b = &table->hash[bucket];
	struct sock *sk;
	int err = 0;

	spin_lock_bh(&b->lock);
	sk_for_each(sk, &b->head) {
		err = hone_walk_found(w, sk);
		if (err)
			break;
	}
	spin_unlock_bh(&b->lock);
	return err;
}

static int hone_walk_raw(struct hone_walk *w, struct hlist_head *b)
{
	struct sock *sk;
	int err = 0;

	rcu_read_lock();
	sk_for_each_rcu(sk, b) {
		err = hone_walk_found(w, sk);
		if (err)
			break;
	}
	rcu_read_unlock();
	return err;
}

/*
 * A table of buckets: of a phase, or of a namespace in one of the later ones.
 * @w NULL: is there anything in the bucket?
 */
static int hone_walk_bucket(struct hone_walk *w, int phase,
			    const struct net *net, u32 bucket)
{
	struct inet_hashinfo *info = &tcp_hashinfo;
	struct udp_table *table = &udp_table;

	switch (phase) {
	case HONE_WALK_NET_TCP:
		info = net->ipv4.tcp_death_row.hashinfo;
		fallthrough;
	case HONE_WALK_TCP:
		return w ? hone_walk_tcp(w, info, bucket) :
			   !hlist_nulls_empty(&info->ehash[bucket].chain);
	case HONE_WALK_LISTEN:
		return w ? hone_walk_listen(w, bucket) :
			   !hlist_nulls_empty(&info->lhash2[bucket].nulls_head);
	case HONE_WALK_NET_UDP:
		table = net->ipv4.udp_table;
		fallthrough;
	case HONE_WALK_UDP:
	case HONE_WALK_UDPLITE:
		if (phase == HONE_WALK_UDPLITE)
			table = &udplite_table;
		return w ? hone_walk_udp(w, table, bucket) :
			   !hlist_empty(&table->hash[bucket].head);
	case HONE_WALK_RAW4:
		return w ? hone_walk_raw(w, &raw_v4_hashinfo.ht[bucket]) :
			   !hlist_empty(&raw_v4_hashinfo.ht[bucket]);
#if IS_BUILTIN(CONFIG_IPV6)
	case HONE_WALK_RAW6:
		return w ? hone_walk_raw(w, &raw_v6_hashinfo.ht[bucket]) :
			   !hlist_empty(&raw_v6_hashinfo.ht[bucket]);
#endif
	}
	return 0;
}

static u32 hone_walk_buckets(int phase)
{
	switch (phase) {
	case HONE_WALK_TCP:
		return tcp_hashinfo.ehash_mask + 1;
	case HONE_WALK_LISTEN:
		return tcp_hashinfo.lhash2_mask + 1;
	case HONE_WALK_UDP:
		return udp_table.mask + 1;
	case HONE_WALK_UDPLITE:
		return udplite_table.mask + 1;
	case HONE_WALK_RAW4:
	case HONE_WALK_RAW6:
		return RAW_HTABLE_SIZE;
	}
	return 0;
}

/* The next bucket that is not empty. */
static int hone_walk_hash(struct hone_walk *w, int phase, const struct net *net,
			  u32 n, u64 *pos)
{
	int err;

	for (; *pos < n; (*pos)++) {
		if (!hone_walk_bucket(NULL, phase, net, *pos)) {
			cond_resched();
			continue;
		}
		err = hone_walk_bucket(w, phase, net, *pos);
		if (err)
			return err;
		(*pos)++;
		return 1;
	}
	return 0;
}

/*
 * A namespace's own table of that phase: its size, 0 if it has none. What is
 * listed by namespace, whatever table it is in, has no size: 1.
 */
static u32 hone_walk_own(const struct net *net, int phase)
{
	const struct inet_hashinfo *info = net->ipv4.tcp_death_row.hashinfo;
	const struct udp_table *table = net->ipv4.udp_table;

	switch (phase) {
	case HONE_WALK_NET_TCP:
		return info && info->pernet ? info->ehash_mask + 1 : 0;
	case HONE_WALK_NET_UDP:
		return table && table != &udp_table ? table->mask + 1 : 0;
	case HONE_WALK_NET_MPTCP:
		return hone_mptcp_used(net);
	case HONE_WALK_NET_SCTP:
		return IS_ENABLED(CONFIG_IP_SCTP);
	}
	return 0;
}

/*
 * The namespace of the least inode number from @inum on that has something of
 * its own, referenced, or NULL. Numbers stay when others come and go; what
 * comes tells of itself.
 */
static struct net *hone_next_net(const struct hone_walk *w, u32 inum, int phase)
{
	struct net *net, *best = NULL;

	rcu_read_lock();
	for_each_net_rcu(net) {
		if (w->net && !net_eq(net, w->net))
			continue;
		if (net->ns.inum < inum || !hone_walk_own(net, phase))
			continue;
		if (best && best->ns.inum < net->ns.inum)
			continue;
		if (!maybe_get_net(net))
			continue;
		if (best)
			put_net(best);
		best = net;
	}
	rcu_read_unlock();
	return best;
}

/* The next bucket of a namespace's own, or some of its sockets. */
static int hone_walk_net(struct hone_walk *w, int phase, struct net *net,
			 u64 *pos)
{
	if (phase == HONE_WALK_NET_MPTCP)
		return hone_walk_mptcp(w, net, pos);
	if (phase == HONE_WALK_NET_SCTP)
		return hone_walk_sctp(w, net, pos);
	return hone_walk_hash(w, phase, net, hone_walk_own(net, phase), pos);
}

/* The same, of the next namespace that has something of its own. */
static int hone_walk_nets(struct hone_walk *w, int phase, u64 *pos)
{
	u64 bucket = *pos & GENMASK_ULL(HONE_POS_NET - 1, 0);
	u64 inum = *pos >> HONE_POS_NET;
	struct net *net;
	int ret;

	net = inum <= U32_MAX ? hone_next_net(w, inum, phase) : NULL;
	if (!net)
		return 0;
	if (net->ns.inum != inum)
		bucket = 0;
	inum = net->ns.inum;
	ret = hone_walk_net(w, phase, net, &bucket);
	put_net(net);
	*pos = ret ? inum << HONE_POS_NET | bucket : (inum + 1) << HONE_POS_NET;
	return ret < 0 ? ret : 1;
}

/**
 * hone_walk_whole - is the walk in a hash, and not in descriptor tables?
 * @pos: position of the walk
 *
 * Return: true if what a step that fails has visited is visited again.
 */
bool hone_walk_whole(u64 pos)
{
	return pos >> HONE_POS_PHASE != HONE_WALK_FDS;
}

/**
 * hone_walk_step - the sockets of the next thread, or of the next bucket
 * @w: the walk
 * @pos: where it is, 0 at first
 *
 * If visit() fails the position is that of the socket or, in a hash, of its
 * bucket, which is visited from its beginning then, but for @w->skip.
 *
 * Context: process context; may sleep.
 * Return: 1 = more, 0 = that was all, or visit()'s error.
 */
int hone_walk_step(struct hone_walk *w, u64 *pos)
{
	int phase = *pos >> HONE_POS_PHASE;
	u64 sub = *pos & GENMASK_ULL(HONE_POS_PHASE - 1, 0);
	int ret;

	if (phase >= HONE_WALK_END)
		return 0;
	w->found = 0;
	if (phase == HONE_WALK_FDS)
		ret = hone_walk_thread(w, &sub);
	else if (phase < HONE_WALK_NET_TCP)
		ret = hone_walk_hash(w, phase, NULL, hone_walk_buckets(phase),
				     &sub);
	else
		ret = hone_walk_nets(w, phase, &sub);
	if (!ret) {
		phase++;
		sub = 0;
	}
	*pos = (u64)phase << HONE_POS_PHASE | sub;
	cond_resched();
	return ret < 0 ? ret : phase < HONE_WALK_END;
}
