// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: which sessions want a socket, because they want a process that owns
 * it, holds it, or has written to it or read from it. Only while a session
 * selects by process.
 */
#include "hone.h"

#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/net.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/inet_sock.h>
#include <net/request_sock.h>

/*
 * Protects hone_sk.wants of all sockets, and .gen against it: what is kept of
 * an earlier session goes when the socket is announced anew.
 */
static DEFINE_SPINLOCK(hone_wants_lock);

void __hone_sk_want(struct sock *sk, u8 sessions)
{
	struct hone_sk *h = &sk->sk_hone;
	unsigned long flags;

	spin_lock_irqsave(&hone_wants_lock, flags);
	WRITE_ONCE(h->wants, h->wants | sessions);
	spin_unlock_irqrestore(&hone_wants_lock, flags);
}

void __hone_sk_renew(struct sock *sk)
{
	char comm[sizeof_field(struct hone_sk, owner_comm) + 1] = { };
	struct hone_sk *h = &sk->sk_hone;
	u32 gen = hone_generation();
	unsigned long flags;
	u8 wants;

	spin_lock_irqsave(&hone_wants_lock, flags);
	/* Another CPU may have done it just now. */
	if (h->gen != gen) {
		wants = h->wants;
		/* A new connection's is its listener's, if it has any. */
		if (h->gen)
			wants &= ~hone_match_since(h->gen);
		memcpy(comm, h->owner_comm, sizeof(h->owner_comm));
		wants |= hone_match_owner(READ_ONCE(h->owner), h->owner_tgid,
					  comm, sk->sk_uid);
		WRITE_ONCE(h->wants, wants);
		WRITE_ONCE(h->gen, gen);
	}
	spin_unlock_irqrestore(&hone_wants_lock, flags);
}

/**
 * hone_sk_wants - which sessions that select by process want a socket?
 * @sk: any socket, request and TIME_WAIT sockets too
 *
 * All of them want what nothing is known of: TIME_WAIT sockets, and subflows
 * of MPTCP, whose users are their connection's.
 *
 * Context: any; the socket cannot go away.
 * Return: a bit for each.
 */
u8 hone_sk_wants(const struct sock *sk)
{
	if (!sk_fullsock(sk)) {
		if (READ_ONCE(sk->sk_state) != TCP_NEW_SYN_RECV)
			return ~0;
		sk = inet_reqsk(sk)->rsk_listener;
		if (!sk)
			return ~0;
	}
	return READ_ONCE(sk->sk_hone.subflow) ? ~0 : READ_ONCE(sk->sk_hone.wants);
}

/* Descriptors that are looked at in one go, with interrupts off, say. */
#define HONE_HELD_MAX	1024

/**
 * struct hone_holding - what a process that is wanted holds
 * @work: to look at many descriptors
 * @task: the process, whose task_struct is held then
 * @sessions: a bit for each session that wants it
 * @fd: descriptor that was looked at last
 * @left: how many may be looked at
 */
struct hone_holding {
	struct work_struct work;
	struct task_struct *task;
	u8 sessions;
	unsigned int fd;
	unsigned int left;
};

static int hone_held_fd(const void *arg, struct file *file, unsigned int fd)
{
	struct hone_holding *h = (struct hone_holding *)arg;
	const struct socket *sock;

	h->fd = fd;
	if (!h->left)
		return -EAGAIN;
	h->left--;
	sock = sock_from_file(file);
	/* An open descriptor: the socket is not being released. */
	if (!sock || !sock->sk || !hone_sock_told(sock->sk))
		return 0;
	hone_sk_touch(sock->sk);
	hone_sk_want(sock->sk, h->sessions);
	return 0;
}

static void hone_held_work(struct work_struct *work)
{
	struct hone_holding *h = container_of(work, struct hone_holding, work);
	int ret;

	do {
		h->left = HONE_HELD_MAX;
		task_lock(h->task);
		ret = iterate_fd(h->task->files, h->fd, hone_held_fd, h);
		task_unlock(h->task);
		cond_resched();
	} while (ret);
	put_task_struct(h->task);
	kfree(h);
}

/**
 * hone_held - more sessions want a process
 * @task: current, or not yet running, or its task_lock is held
 * @sessions: a bit for each
 *
 * What comes for it may come before it has used the socket: a request that
 * waits to be accepted. What it gets from another process later counts from
 * its first use on. More than HONE_HELD_MAX descriptors are looked at soon.
 *
 * Context: process context, preemption and interrupts on or off.
 */
void hone_held(struct task_struct *task, u8 sessions)
{
	struct hone_holding few = {
		.sessions	= sessions,
		.left		= HONE_HELD_MAX,
	}, *many;

	if (!iterate_fd(task->files, 0, hone_held_fd, &few))
		return;
	many = kmalloc(sizeof(*many), GFP_ATOMIC);
	if (!many) {
		/* Rather late than not at all. */
		few.left = UINT_MAX;
		iterate_fd(task->files, few.fd, hone_held_fd, &few);
		return;
	}
	INIT_WORK(&many->work, hone_held_work);
	many->task = get_task_struct(task);
	many->sessions = sessions;
	many->fd = few.fd;
	queue_work(system_unbound_wq, &many->work);
}
