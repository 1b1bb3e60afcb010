// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: the tracepoints that core code calls out of line, by hone_hook_*() of
 * <linux/hone.h>. What each tells, and in which context, is said where it is
 * defined: <trace/events/hone.h>.
 */
#include "hone.h"

#include <linux/net.h>
#include <trace/events/hone.h>

void __hone_hook_sock_open(struct sock *sk)
{
	trace_hone_sock_open(sk);
}

void __hone_hook_sock_accept(struct sock *sk)
{
	trace_hone_sock_accept(sk);
}

void __hone_hook_sock_close(struct sock *sk)
{
	trace_hone_sock_close(sk);
}

void __hone_hook_sock_free(struct sock *sk)
{
	trace_hone_sock_free(sk);
}

void __hone_hook_tcp_write(struct sock *sk)
{
	trace_hone_tcp_write(sk);
}

void __hone_hook_tcp_queue(struct sock *sk, struct sk_buff *skb)
{
	trace_hone_tcp_queue(sk, skb);
}

void __hone_hook_sock_bind(struct sock *sk, int err)
{
	trace_hone_sock_bind(sk, err);
}

void __hone_hook_sock_connect(struct file *file, int err)
{
	struct socket *sock = sock_from_file(file);

	if (sock)
		trace_hone_sock_connect(sock->sk, err);
}
