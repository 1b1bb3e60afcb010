/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM hone

#if !defined(_TRACE_HONE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_HONE_H

#include <linux/tracepoint.h>
#include <linux/hone.h>
#include <net/sock.h>
#include <uapi/linux/hone.h>

#ifdef CONFIG_HONE
int hone_packet_reg(void);
void hone_packet_unreg(void);
# define HONE_EVENT		TRACE_EVENT
# define HONE_EVENT_FN		TRACE_EVENT_FN
# define HONE_CLASS		DECLARE_EVENT_CLASS
# define HONE_DEFINE		DEFINE_EVENT
#else
# define HONE_EVENT		TRACE_EVENT_NOP
# define HONE_EVENT_FN(name, proto, args, tstruct, assign, print, reg, unreg) \
	TRACE_EVENT_NOP(name, PARAMS(proto), PARAMS(args), \
			PARAMS(tstruct), PARAMS(assign), PARAMS(print))
# define HONE_CLASS		DECLARE_EVENT_CLASS_NOP
# define HONE_DEFINE		DEFINE_EVENT_NOP
#endif

/*
 * A process was created. Unlike sched_process_fork it is for processes only,
 * not threads, and comes for all of them, also those of copy_process() called
 * by the kernel itself.
 */
HONE_EVENT(hone_fork,

	TP_PROTO(struct task_struct *parent, struct task_struct *child),

	TP_ARGS(parent, child),

	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, parent_id)
		__field(pid_t, pid)
		__field(pid_t, parent)
		__array(char, comm, TASK_COMM_LEN)
	),

	TP_fast_assign(
		__entry->id = child->signal->hone_id;
		__entry->parent_id = parent->signal->hone_id;
		__entry->pid = child->tgid;
		__entry->parent = parent->tgid;
		memcpy(__entry->comm, child->comm, TASK_COMM_LEN);
	),

	TP_printk("id=%llu pid=%d parent_id=%llu parent=%d comm=%s",
		  __entry->id, __entry->pid, __entry->parent_id,
		  __entry->parent, __entry->comm)
);

/*
 * Records with strings are built where sleeping is allowed and handed to the
 * tracepoint, whose probes may not sleep.
 */
HONE_CLASS(hone_image,

	TP_PROTO(const struct hone_proc *rec, const char *path),

	TP_ARGS(rec, path),

	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, prev_id)
		__field(pid_t, pid)
		__array(char, comm, TASK_COMM_LEN)
		__array(char, path, 128)
	),

	TP_fast_assign(
		__entry->id = rec->id;
		__entry->prev_id = rec->prev_id;
		__entry->pid = rec->tgid;
		memcpy(__entry->comm, rec->comm, TASK_COMM_LEN);
		strscpy(__entry->path, path, sizeof(__entry->path));
	),

	TP_printk("id=%llu prev_id=%llu pid=%d comm=%s path=%s",
		  __entry->id, __entry->prev_id, __entry->pid, __entry->comm,
		  __entry->path)
);

/* A process runs a new program: its identity, path and arguments. */
HONE_DEFINE(hone_image, hone_exec,
	TP_PROTO(const struct hone_proc *rec, const char *path),
	TP_ARGS(rec, path)
);

/* A process older than the capture is about to lose its memory. */
HONE_DEFINE(hone_image, hone_announce,
	TP_PROTO(const struct hone_proc *rec, const char *path),
	TP_ARGS(rec, path)
);

HONE_CLASS(hone_task,

	TP_PROTO(struct task_struct *task),

	TP_ARGS(task),

	TP_STRUCT__entry(
		__field(u64, id)
		__field(pid_t, pid)
		__field(int, code)
		__array(char, comm, TASK_COMM_LEN)
	),

	TP_fast_assign(
		__entry->id = task->signal->hone_id;
		__entry->pid = task->tgid;
		__entry->code = task->signal->group_exit_code ?:
				task->exit_code;
		memcpy(__entry->comm, task->comm, TASK_COMM_LEN);
	),

	TP_printk("id=%llu pid=%d code=%d comm=%s",
		  __entry->id, __entry->pid, __entry->code, __entry->comm)
);

/*
 * The last thread of a process has ended. Unlike sched_process_exit it comes
 * after the process's sockets were closed.
 */
HONE_DEFINE(hone_task, hone_exit,
	TP_PROTO(struct task_struct *task),
	TP_ARGS(task)
);

/* A task has got new credentials in place of @old, which are still there. */
HONE_EVENT(hone_cred,

	TP_PROTO(struct task_struct *task, const struct cred *old),

	TP_ARGS(task, old),

	TP_STRUCT__entry(
		__field(u64, id)
		__field(pid_t, pid)
		__field(uid_t, old_euid)
		__field(uid_t, euid)
	),

	TP_fast_assign(
		__entry->id = task->signal->hone_id;
		__entry->pid = task->pid;
		__entry->old_euid = from_kuid(&init_user_ns, old->euid);
		__entry->euid = from_kuid(&init_user_ns, task_euid(task));
	),

	TP_printk("id=%llu pid=%d old_euid=%u euid=%u",
		  __entry->id, __entry->pid, __entry->old_euid, __entry->euid)
);

/* A task has got another name; task_lock is held. */
HONE_EVENT(hone_comm,

	TP_PROTO(struct task_struct *task, const char *comm, bool exec),

	TP_ARGS(task, comm, exec),

	TP_STRUCT__entry(
		__field(u64, id)
		__field(pid_t, pid)
		__field(bool, exec)
		__array(char, comm, TASK_COMM_LEN)
	),

	TP_fast_assign(
		__entry->id = task->signal->hone_id;
		__entry->pid = task->pid;
		__entry->exec = exec;
		strscpy(__entry->comm, comm, TASK_COMM_LEN);
	),

	TP_printk("id=%llu pid=%d exec=%d comm=%s",
		  __entry->id, __entry->pid, __entry->exec, __entry->comm)
);

HONE_CLASS(hone_sock,

	TP_PROTO(struct sock *sk),

	TP_ARGS(sk),

	TP_STRUCT__entry(
		__field(u64, cookie)
		__field(u64, owner)
		__field(u32, owner_tgid)
		__field(u16, family)
		__field(u16, protocol)
		__field(u8, state)
	),

	TP_fast_assign(
		__entry->cookie = atomic64_read(&sk->sk_cookie);
		__entry->owner = HONE_SK(sk)->owner;
		__entry->owner_tgid = HONE_SK(sk)->owner_tgid;
		__entry->family = sk->sk_family;
		__entry->protocol = sk->sk_protocol;
		__entry->state = sk->sk_state;
	),

	TP_printk("cookie=%llu owner=%llu pid=%u family=%u protocol=%u state=%u",
		  __entry->cookie, __entry->owner, __entry->owner_tgid,
		  __entry->family, __entry->protocol, __entry->state)
);

/* A socket of a family that Hone follows was made by a task. */
HONE_DEFINE(hone_sock, hone_sock_open,
	TP_PROTO(struct sock *sk), TP_ARGS(sk));

/* A task accepted the connection and owns the socket; socket lock held. */
HONE_DEFINE(hone_sock, hone_sock_accept,
	TP_PROTO(struct sock *sk), TP_ARGS(sk));

/* The last descriptor of the socket was closed. */
HONE_DEFINE(hone_sock, hone_sock_close,
	TP_PROTO(struct sock *sk), TP_ARGS(sk));

/* The socket's memory is given back; any context. */
HONE_DEFINE(hone_sock, hone_sock_free,
	TP_PROTO(struct sock *sk), TP_ARGS(sk));

/*
 * The bytes that are put behind write_seq now are the current task's; socket
 * lock held. In softirq they are the kernel's.
 */
HONE_DEFINE(hone_sock, hone_tcp_write,
	TP_PROTO(struct sock *sk), TP_ARGS(sk));

/* A listener's accept queue is full, a connection is dropped; softirq. */
HONE_DEFINE(hone_sock, hone_listen_overflow,
	TP_PROTO(struct sock *sk), TP_ARGS(sk));

HONE_CLASS(hone_sock_result,

	TP_PROTO(struct sock *sk, int err),

	TP_ARGS(sk, err),

	TP_STRUCT__entry(
		__field(u64, cookie)
		__field(u64, owner)
		__field(u16, family)
		__field(u16, protocol)
		__field(int, err)
	),

	TP_fast_assign(
		__entry->cookie = atomic64_read(&sk->sk_cookie);
		__entry->owner = HONE_SK(sk)->owner;
		__entry->family = sk->sk_family;
		__entry->protocol = sk->sk_protocol;
		__entry->err = err;
	),

	TP_printk("cookie=%llu owner=%llu family=%u protocol=%u err=%d",
		  __entry->cookie, __entry->owner, __entry->family,
		  __entry->protocol, __entry->err)
);

/* bind() ended. */
HONE_DEFINE(hone_sock_result, hone_sock_bind,
	TP_PROTO(struct sock *sk, int err), TP_ARGS(sk, err));

/* connect() ended. */
HONE_DEFINE(hone_sock_result, hone_sock_connect,
	TP_PROTO(struct sock *sk, int err), TP_ARGS(sk, err));

HONE_CLASS(hone_sock_skb,

	TP_PROTO(struct sock *sk, struct sk_buff *skb),

	TP_ARGS(sk, skb),

	TP_STRUCT__entry(
		__field(u64, cookie)
		__field(unsigned int, len)
		__field(u16, family)
		__field(u8, state)
	),

	TP_fast_assign(
		__entry->cookie = atomic64_read(&sk->sk_cookie);
		__entry->family = sk->sk_family;
		__entry->state = sk->sk_state;
		__entry->len = skb->len;
	),

	TP_printk("cookie=%llu family=%u state=%u len=%u",
		  __entry->cookie, __entry->family, __entry->state,
		  __entry->len)
);

/*
 * TCP has found the socket of a received packet, which may be a request or
 * TIME_WAIT socket. Softirq, or process context with BH off.
 */
HONE_DEFINE(hone_sock_skb, hone_tcp_deliver,
	TP_PROTO(struct sock *sk, struct sk_buff *skb), TP_ARGS(sk, skb));

/*
 * A segment goes into a socket's receive queue, its headers pulled; it begins
 * with the next byte, or before. The socket is locked. Softirq, or process context.
 */
HONE_DEFINE(hone_sock_skb, hone_tcp_queue,
	TP_PROTO(struct sock *sk, struct sk_buff *skb), TP_ARGS(sk, skb));

/*
 * A socket of any family but TCP is about to filter and queue a packet. Softirq,
 * or process context with BH off.
 */
HONE_DEFINE(hone_sock_skb, hone_deliver,
	TP_PROTO(struct sock *sk, struct sk_buff *skb), TP_ARGS(sk, skb));

/* A datagram was taken off a socket's queue, whose lock is held. */
HONE_DEFINE(hone_sock_skb, hone_consume,
	TP_PROTO(struct sock *sk, struct sk_buff *skb), TP_ARGS(sk, skb));

/*
 * A packet socket hands a packet to its device; the network header is where
 * the socket believes it to be. Process context.
 */
HONE_DEFINE(hone_sock_skb, hone_link_out,
	TP_PROTO(struct sock *sk, struct sk_buff *skb), TP_ARGS(sk, skb));

HONE_CLASS(hone_mptcp_data,

	TP_PROTO(struct sock *sk, u64 seq, u32 len),

	TP_ARGS(sk, seq, len),

	TP_STRUCT__entry(
		__field(u64, cookie)
		__field(u64, seq)
		__field(u32, len)
	),

	TP_fast_assign(
		__entry->cookie = atomic64_read(&sk->sk_cookie);
		__entry->seq = seq;
		__entry->len = len;
	),

	TP_printk("cookie=%llu seq=%llu len=%u",
		  __entry->cookie, __entry->seq, __entry->len)
);

/* Bytes of an MPTCP connection were written; its lock is held. */
HONE_DEFINE(hone_mptcp_data, hone_mptcp_write,
	TP_PROTO(struct sock *sk, u64 seq, u32 len), TP_ARGS(sk, seq, len));

/* Bytes of an MPTCP connection were read; its lock is held. */
HONE_DEFINE(hone_mptcp_data, hone_mptcp_read,
	TP_PROTO(struct sock *sk, u64 seq, u32 len), TP_ARGS(sk, seq, len));

HONE_CLASS(hone_mptcp_map,

	TP_PROTO(struct sock *sk, struct sock *ssk, u32 seq, u64 data_seq,
		 u32 len),

	TP_ARGS(sk, ssk, seq, data_seq, len),

	TP_STRUCT__entry(
		__field(u64, cookie)
		__field(u64, parent)
		__field(u64, data_seq)
		__field(u32, seq)
		__field(u32, len)
	),

	TP_fast_assign(
		__entry->cookie = atomic64_read(&ssk->sk_cookie);
		__entry->parent = atomic64_read(&sk->sk_cookie);
		__entry->data_seq = data_seq;
		__entry->seq = seq;
		__entry->len = len;
	),

	TP_printk("cookie=%llu parent=%llu seq=%u data_seq=%llu len=%u",
		  __entry->cookie, __entry->parent, __entry->seq,
		  __entry->data_seq, __entry->len)
);

/*
 * Bytes @data_seq of an MPTCP connection become @seq of a subflow, whose lock
 * is held. Process context, softirq or workqueue.
 */
HONE_DEFINE(hone_mptcp_map, hone_mptcp_map_out,
	TP_PROTO(struct sock *sk, struct sock *ssk, u32 seq, u64 data_seq,
		 u32 len),
	TP_ARGS(sk, ssk, seq, data_seq, len));

/* Bytes @seq of a subflow are @data_seq of its connection; the same. */
HONE_DEFINE(hone_mptcp_map, hone_mptcp_map_in,
	TP_PROTO(struct sock *sk, struct sock *ssk, u32 seq, u64 data_seq,
		 u32 len),
	TP_ARGS(sk, ssk, seq, data_seq, len));

/*
 * A packet passed LOCAL_IN or LOCAL_OUT. Enabling it puts Hone's netfilter
 * hooks in place, also when no session captures.
 */
HONE_EVENT_FN(hone_packet,

	TP_PROTO(const struct hone_packet *pkt),

	TP_ARGS(pkt),

	TP_STRUCT__entry(
		__field(u64, cookie)
		__field(u64, owner)
		__field(u64, actor)
		__field(u32, tgid)
		__field(u32, len)
		__field(u32, ifindex)
		__field(u8, family)
		__field(bool, out)
	),

	TP_fast_assign(
		__entry->cookie = pkt->cookie;
		__entry->owner = pkt->owner;
		__entry->actor = pkt->actor;
		__entry->tgid = pkt->tgid;
		__entry->len = pkt->wire_len;
		__entry->ifindex = pkt->ifindex;
		__entry->family = pkt->family;
		__entry->out = pkt->rec.flags & HONE_F_PKT_OUT;
	),

	TP_printk("%s cookie=%llu owner=%llu actor=%llu pid=%u family=%u ifindex=%u len=%u",
		  __entry->out ? "out" : "in", __entry->cookie,
		  __entry->owner, __entry->actor, __entry->tgid,
		  __entry->family, __entry->ifindex, __entry->len),

	hone_packet_reg,
	hone_packet_unreg
);

#endif /* _TRACE_HONE_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
