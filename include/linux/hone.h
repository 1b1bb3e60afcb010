/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hone: hooks that core kernel code calls; all compile to nothing without
 * CONFIG_HONE. What is not inline here is done behind a static key that is
 * off unless somebody captures.
 */
#ifndef _LINUX_HONE_H
#define _LINUX_HONE_H

#include <linux/hone_types.h>
#include <linux/sched/signal.h>
#include <linux/tracepoint-defs.h>

struct file;
struct linux_binprm;
struct sk_buff;
struct sock;

#ifdef CONFIG_HONE

DECLARE_TRACEPOINT(hone_announce);
DECLARE_TRACEPOINT(hone_exec);

u64 hone_image_new(void);
void __hone_exec(struct linux_binprm *bprm, u64 prev_id);
void __hone_announce(void);

/**
 * hone_fork_image - give a new process its identity
 * @sig: its signal structure, not yet visible to anybody else
 *
 * Context: process context.
 */
static inline void hone_fork_image(struct signal_struct *sig)
{
	sig->hone_id = hone_image_new();
}

/**
 * hone_exec - current runs a new program
 * @bprm: what it executes
 *
 * Context: process context, after the point of no return; may sleep.
 */
static inline void hone_exec(struct linux_binprm *bprm)
{
	u64 prev_id = current->signal->hone_id;

	WRITE_ONCE(current->signal->hone_id, hone_image_new());
	if (current->signal->hone_execs < U16_MAX)
		current->signal->hone_execs++;
	if (tracepoint_enabled(hone_exec))
		__hone_exec(bprm, prev_id);
}

/**
 * hone_announce - current's image ends, its memory is still there
 *
 * A process that existed before the capture and was not told of yet is told
 * of now, with path and arguments.
 *
 * Context: process context; may sleep.
 */
static inline void hone_announce(void)
{
	if (tracepoint_enabled(hone_announce))
		__hone_announce();
}

/**
 * hone_sk_own - current becomes the owner of a socket
 * @hsk: &struct sock.sk_hone
 *
 * Context: process context; the socket is new or its lock is held.
 */
static inline void hone_sk_own(struct hone_sk *hsk)
{
	const struct task_struct *leader = current->group_leader;

	hsk->owner_start = leader->start_boottime;
	hsk->owner_tgid = current->tgid;
	memcpy(hsk->owner_comm, leader->comm, sizeof(hsk->owner_comm));
	WRITE_ONCE(hsk->owner, current->signal->hone_id);
}

/**
 * hone_sk_alloc - first owner of a new socket
 * @hsk: &struct sock.sk_hone, all zero
 * @kern: the kernel makes the socket for itself
 *
 * Context: any; only process context gives an owner.
 */
static inline void hone_sk_alloc(struct hone_sk *hsk, int kern)
{
	if (!kern && in_task())
		hone_sk_own(hsk);
}

/**
 * hone_sk_accept - current has accepted a connection
 * @hsk: &struct sock.sk_hone, its owner still the listener's
 *
 * Mostly that is the same, known by the name that it had as it became so.
 * Context: process context; the socket's lock is held.
 */
static inline void hone_sk_accept(struct hone_sk *hsk)
{
	if (hsk->owner != current->signal->hone_id || !hsk->owner_start) {
		hone_sk_own(hsk);
		hsk->moved = 1;
	}
}

/**
 * hone_sk_clone - a listener's connection got its socket
 * @hsk: &struct sock.sk_hone of the new socket, a copy of the listener's
 *
 * The owner stays the listener's until the connection is accepted; who wants
 * the listener wants what comes to it.
 * Context: any.
 */
static inline void hone_sk_clone(struct hone_sk *hsk)
{
	/* It was the connection of an MPTCP listener. */
	if (unlikely(hsk->subflow))
		hsk->owner_start = 0;
	hsk->tx = 0;
	hsk->rx = 0;
	/* One word. */
	hsk->gen = 0;
	hsk->shared = 0;
	hsk->rx_known = 0;
	hsk->subflow = 0;
	hsk->moved = 0;
}

/**
 * hone_sk_disconnect - the socket is to have another connection
 * @hsk: &struct sock.sk_hone
 *
 * Which has other bytes than those that are known to have been read, or whose
 * writer was told of.
 * Context: any; the socket's lock is held.
 */
static inline void hone_sk_disconnect(struct hone_sk *hsk)
{
	WRITE_ONCE(hsk->tx, 0);
	WRITE_ONCE(hsk->rx_known, 0);
}

void hone_sk_subflow(struct sock *ssk, struct sock *msk);

/*
 * Tracepoints that are called out of line: all that is in a function for one
 * would keep small ones from being inlined, and costs them registers.
 */
#define HONE_HOOK(event)						\
	DECLARE_TRACEPOINT(hone_##event);				\
	void __hone_hook_##event(struct sock *sk);			\
	static inline void hone_hook_##event(struct sock *sk)		\
	{								\
		if (tracepoint_enabled(hone_##event))			\
			__hone_hook_##event(sk);			\
	}

#define HONE_RESULT_HOOK(event)						\
	DECLARE_TRACEPOINT(hone_##event);				\
	void __hone_hook_##event(struct sock *sk, int err);		\
	static inline void hone_hook_##event(struct sock *sk, int err)	\
	{								\
		if (tracepoint_enabled(hone_##event))			\
			__hone_hook_##event(sk, err);			\
	}

DECLARE_TRACEPOINT(hone_tcp_queue);
void __hone_hook_tcp_queue(struct sock *sk, struct sk_buff *skb);

/**
 * hone_hook_tcp_queue - a segment goes into the receive queue
 * @sk: the socket, which is locked
 * @skb: the segment, its headers pulled
 *
 * Context: softirq or process context.
 */
static inline void hone_hook_tcp_queue(struct sock *sk, struct sk_buff *skb)
{
	if (tracepoint_enabled(hone_tcp_queue))
		__hone_hook_tcp_queue(sk, skb);
}

DECLARE_TRACEPOINT(hone_sock_connect);
void __hone_hook_sock_connect(struct file *file, int err);

/**
 * hone_hook_sock_connect - connect() has ended
 * @file: whose socket it was, if it is one
 * @err: 0 or a negative errno
 *
 * Context: process context.
 */
static inline void hone_hook_sock_connect(struct file *file, int err)
{
	if (tracepoint_enabled(hone_sock_connect))
		__hone_hook_sock_connect(file, err);
}

#define HONE_SK(sk)	(&(sk)->sk_hone)

#else /* !CONFIG_HONE */

static inline void hone_fork_image(struct signal_struct *sig) { }
static inline void hone_exec(struct linux_binprm *bprm) { }
static inline void hone_announce(void) { }
static inline void hone_sk_own(struct hone_sk *hsk) { }
static inline void hone_sk_alloc(struct hone_sk *hsk, int kern) { }
static inline void hone_sk_clone(struct hone_sk *hsk) { }
static inline void hone_sk_accept(struct hone_sk *hsk) { }
static inline void hone_sk_disconnect(struct hone_sk *hsk) { }
static inline void hone_sk_subflow(struct sock *ssk, struct sock *msk) { }
static inline void hone_hook_tcp_queue(struct sock *sk, struct sk_buff *skb) { }
static inline void hone_hook_sock_connect(struct file *file, int err) { }

#define HONE_HOOK(event)						\
	static inline void hone_hook_##event(struct sock *sk) { }

#define HONE_RESULT_HOOK(event)						\
	static inline void hone_hook_##event(struct sock *sk, int err) { }

#define HONE_SK(sk)	((void)(sk), (struct hone_sk *)NULL)

#endif /* CONFIG_HONE */

/* What they tell is said in <trace/events/hone.h>. */
HONE_HOOK(sock_open)
HONE_HOOK(sock_accept)
HONE_HOOK(sock_close)
HONE_HOOK(sock_free)
HONE_HOOK(tcp_write)
HONE_RESULT_HOOK(sock_bind)

#endif /* _LINUX_HONE_H */
