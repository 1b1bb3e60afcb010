// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: the connections of MPTCP that exist, from the hash of their tokens.
 * A listener has none; its TCP socket tells whose it is.
 */
#include "hone.h"

#include "../mptcp/protocol.h"

/**
 * hone_mptcp_used - is there, or was there, a socket of MPTCP in a namespace?
 * @net: the namespace
 *
 * Return: true if so.
 */
bool hone_mptcp_used(const struct net *net)
{
	/* Made with the first. */
	return READ_ONCE(net->mib.mptcp_statistics);
}

/**
 * hone_walk_mptcp - the connections of MPTCP in the next bucket
 * @w: the walk
 * @net: their namespace
 * @slot: the bucket; in or behind it that are not empty
 *
 * Context: process context; may sleep.
 * Return: 1 = more, 0 = that was all, or visit()'s error, and @slot is the
 * bucket in which that was.
 */
int hone_walk_mptcp(struct hone_walk *w, const struct net *net, u64 *slot)
{
	long at = *slot, nr = 0;
	struct mptcp_sock *msk;
	bool begun = false;
	int err;

	while ((msk = mptcp_token_iter_next(net, &at, &nr))) {
		struct sock *sk = (struct sock *)msk;

		/* The first of the next bucket, which is not visited yet. */
		if (begun && at != *slot) {
			sock_put(sk);
			*slot = at;
			return 1;
		}
		begun = true;
		*slot = at;
		err = hone_walk_found(w, sk);
		sock_put(sk);
		if (err)
			return err;
	}
	return 0;
}
