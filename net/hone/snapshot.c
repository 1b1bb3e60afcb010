// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: the sockets that exist: first those that processes hold, from their
 * descriptor tables, then those that nobody holds (orphans, TIME_WAIT, not
 * accepted yet), from the protocols' hashes. Which is found in both is told
 * twice.
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

/*
 * A position: phase, and in it thread id and descriptor, or bucket, or network
 * namespace and bucket of a table of its own (which has 2^24 at most).
 */
#define HONE_POS_PHASE	60
#define HONE_POS_TID	32
#define HONE_POS_NET	24
#define HONE_POS_LOW	GENMASK_ULL(31, 0)

enum hone_snap_phase {
	HONE_SNAP_FDS,
	HONE_SNAP_TCP,
	HONE_SNAP_LISTEN,
	HONE_SNAP_UDP,
	HONE_SNAP_RAW4,
	HONE_SNAP_RAW6,
	HONE_SNAP_NET_TCP,
	HONE_SNAP_NET_UDP,
	HONE_SNAP_END,
};

/* What the walk over one descriptor table carries along. */
struct hone_fd_walk {
	struct hone_snap *snap;
	struct task_struct *task;
	unsigned int fd;
};

static int hone_snap_fd(const void *arg, struct file *file, unsigned int fd)
{
	struct hone_fd_walk *w = (struct hone_fd_walk *)arg;
	struct socket *sock = sock_from_file(file);
	struct hone_sock_rec r;

	w->fd = fd;
	/* An open descriptor: the socket is not being released. */
	if (!sock || !sock->sk)
		return 0;
	if (!hone_sk_wanted(sock->sk) && sock->sk->sk_family != AF_PACKET)
		return 0;
	hone_sock_fill(&r, sock->sk, HONE_SOCK_HOLDER);
	r.ino = SOCK_INODE(sock)->i_ino;
	r.actor = READ_ONCE(w->task->signal->hone_id);
	r.actor_tgid = w->task->tgid;
	return hone_snap_put(w->snap, &r.rec);
}

static int hone_snap_files(struct hone_fd_walk *w)
{
	struct task_struct *task = w->task;
	int ret = 0;

	task_lock(task);
	/* Threads share the leader's table, as a rule. */
	if (thread_group_leader(task) ||
	    task->files != READ_ONCE(task->group_leader->files))
		ret = iterate_fd(task->files, w->fd, hone_snap_fd, w);
	task_unlock(task);
	return ret;
}

/* Returns 0 when all threads are done, or -ENOSPC. */
static int hone_snap_fds(struct hone_snap *snap, u64 *pos)
{
	struct hone_fd_walk w = {
		.snap	= snap,
		.fd	= *pos & HONE_POS_LOW,
	};
	u64 tid = *pos >> HONE_POS_TID;
	int ret;

	while ((w.task = hone_next_task(tid, PIDTYPE_PID))) {
		u64 found = task_pid_nr(w.task);

		/* The thread that was begun with has gone. */
		if (found != tid)
			w.fd = 0;
		/* It may have ended just now, and then has no id. */
		tid = found ?: tid;
		ret = hone_snap_files(&w);
		put_task_struct(w.task);
		if (ret) {
			*pos = tid << HONE_POS_TID | w.fd;
			return ret;
		}
		w.fd = 0;
		tid++;
		cond_resched();
	}
	return 0;
}

static int hone_snap_sock(struct hone_snap *snap, struct sock *sk)
{
	struct hone_sock_rec r;

	hone_sock_fill(&r, sk, HONE_SOCK_SNAPSHOT);
	return hone_snap_put(snap, &r.rec);
}

/* One bucket of a hash each. */
static int hone_snap_tcp(struct hone_snap *snap, struct inet_hashinfo *info,
			 u32 bucket)
{
	struct inet_ehash_bucket *b = &info->ehash[bucket];
	struct hlist_nulls_node *node;
	struct sock *sk;
	spinlock_t *lock;	/* the bucket's chain */
	int err = 0;

	if (hlist_nulls_empty(&b->chain))
		return 0;
	lock = inet_ehash_lockp(info, bucket);
	spin_lock_bh(lock);
	sk_nulls_for_each(sk, node, &b->chain) {
		err = hone_snap_sock(snap, sk);
		if (err)
			break;
	}
	spin_unlock_bh(lock);
	return err;
}

static int hone_snap_listen(struct hone_snap *snap, u32 bucket)
{
	struct inet_listen_hashbucket *b = &tcp_hashinfo.lhash2[bucket];
	struct hlist_nulls_node *node;
	struct sock *sk;
	int err = 0;

	if (hlist_nulls_empty(&b->nulls_head))
		return 0;
	spin_lock_bh(&b->lock);
	sk_nulls_for_each(sk, node, &b->nulls_head) {
		err = hone_snap_sock(snap, sk);
		if (err)
			break;
	}
	spin_unlock_bh(&b->lock);
	return err;
}

static int hone_snap_udp(struct hone_snap *snap, struct udp_table *table,
			 u32 bucket)
{
	struct udp_hslot *b = &table->hash[bucket];
	struct sock *sk;
	int err = 0;

	if (hlist_empty(&b->head))
		return 0;
	spin_lock_bh(&b->lock);
	sk_for_each(sk, &b->head) {
		err = hone_snap_sock(snap, sk);
		if (err)
			break;
	}
	spin_unlock_bh(&b->lock);
	return err;
}

static int hone_snap_raw(struct hone_snap *snap, struct hlist_head *b)
{
	struct sock *sk;
	int err = 0;

	rcu_read_lock();
	sk_for_each_rcu(sk, b) {
		err = hone_snap_sock(snap, sk);
		if (err)
			break;
	}
	rcu_read_unlock();
	return err;
}

static int hone_snap_bucket(struct hone_snap *snap, int phase, u32 bucket)
{
	switch (phase) {
	case HONE_SNAP_TCP:
		return hone_snap_tcp(snap, &tcp_hashinfo, bucket);
	case HONE_SNAP_LISTEN:
		return hone_snap_listen(snap, bucket);
	case HONE_SNAP_UDP:
		return hone_snap_udp(snap, &udp_table, bucket);
	case HONE_SNAP_RAW4:
		return hone_snap_raw(snap, &raw_v4_hashinfo.ht[bucket]);
#if IS_BUILTIN(CONFIG_IPV6)
	case HONE_SNAP_RAW6:
		return hone_snap_raw(snap, &raw_v6_hashinfo.ht[bucket]);
#endif
	}
	return 0;
}

static u32 hone_snap_buckets(int phase)
{
	switch (phase) {
	case HONE_SNAP_TCP:
		return tcp_hashinfo.ehash_mask + 1;
	case HONE_SNAP_LISTEN:
		return tcp_hashinfo.lhash2_mask + 1;
	case HONE_SNAP_UDP:
		return udp_table.mask + 1;
	case HONE_SNAP_RAW4:
	case HONE_SNAP_RAW6:
		return RAW_HTABLE_SIZE;
	}
	return 0;
}

/* Returns 0 when the hash is done, or an error with the buffer as before. */
static int hone_snap_hash(struct hone_snap *snap, int phase, u64 *pos)
{
	u32 mark, n = hone_snap_buckets(phase);
	int err;

	for (; *pos < n; (*pos)++) {
		mark = hone_snap_mark(snap);
		err = hone_snap_bucket(snap, phase, *pos);
		if (err) {
			hone_snap_rewind(snap, mark);
			return err;
		}
		cond_resched();
	}
	return 0;
}

/* A namespace's own table of that phase: its size, 0 if it has none. */
static u32 hone_snap_own(const struct net *net, int phase)
{
	const struct inet_hashinfo *info = net->ipv4.tcp_death_row.hashinfo;
	const struct udp_table *table = net->ipv4.udp_table;

	if (phase == HONE_SNAP_NET_TCP)
		return info && info->pernet ? info->ehash_mask + 1 : 0;
	return table && table != &udp_table ? table->mask + 1 : 0;
}

/*
 * The namespace of the least inode number from @inum on that has a table of
 * its own, referenced, or NULL. Numbers stay when others come and go; what
 * comes tells of itself.
 */
static struct net *hone_next_net(u32 inum, int phase)
{
	struct net *net, *best = NULL;

	rcu_read_lock();
	for_each_net_rcu(net) {
		if (net->ns.inum < inum || !hone_snap_own(net, phase))
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

/* Returns 0 when the tables of all namespaces are done, or an error. */
static int hone_snap_nets(struct hone_snap *snap, int phase, u64 *pos)
{
	u32 mark, n, bucket = *pos & GENMASK_ULL(HONE_POS_NET - 1, 0);
	u64 inum = *pos >> HONE_POS_NET;
	struct net *net;
	int err = 0;

	while (inum <= U32_MAX && (net = hone_next_net(inum, phase))) {
		if (net->ns.inum != inum)
			bucket = 0;
		inum = net->ns.inum;
		n = hone_snap_own(net, phase);
		for (; bucket < n; bucket++) {
			mark = hone_snap_mark(snap);
			err = phase == HONE_SNAP_NET_TCP ?
				hone_snap_tcp(snap, net->ipv4.tcp_death_row.hashinfo,
					      bucket) :
				hone_snap_udp(snap, net->ipv4.udp_table, bucket);
			if (err)
				break;
			cond_resched();
		}
		put_net(net);
		if (err) {
			hone_snap_rewind(snap, mark);
			*pos = inum << HONE_POS_NET | bucket;
			return err;
		}
		bucket = 0;
		inum++;
	}
	return 0;
}

/**
 * hone_socket_snap - all sockets of all namespaces
 * @snap: the snapshot
 * @pos: phase and position in it
 *
 * Context: process context; may sleep.
 * Return: 1 = more, 0 = complete, or a negative errno.
 */
int hone_socket_snap(struct hone_snap *snap, u64 *pos)
{
	int phase = *pos >> HONE_POS_PHASE;
	u64 sub = *pos & GENMASK_ULL(HONE_POS_PHASE - 1, 0);
	u32 mark = hone_snap_mark(snap);
	int err;

	if (phase == HONE_SNAP_FDS)
		err = hone_snap_fds(snap, &sub);
	else if (phase < HONE_SNAP_NET_TCP)
		err = hone_snap_hash(snap, phase, &sub);
	else
		err = hone_snap_nets(snap, phase, &sub);
	if (!err) {
		phase++;
		sub = 0;
	} else if (hone_snap_mark(snap) == mark) {
		/* Not even the next part alone fits. */
		err = hone_snap_grow(snap);
		if (err)
			return err;
	}
	*pos = (u64)phase << HONE_POS_PHASE | sub;
	return phase < HONE_SNAP_END;
}
