// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: the sockets of SCTP that exist: those that listen, and those that have
 * associations, from the hash of these. SCTP may be a module, and not loaded.
 */
#include "hone.h"

#include <linux/module.h>
#include <net/sctp/sctp.h>

/* Associations that are looked at in one go, under RCU. */
#define HONE_ASOCS_MAX	4096

struct hone_sctp_walk {
	struct hone_walk *walk;
	unsigned int left;
};

static int hone_walk_endpoint(struct sctp_endpoint *ep, void *arg)
{
	struct hone_sctp_walk *s = arg;

	cond_resched();
	return hone_walk_found(s->walk, ep->base.sk);
}

/*
 * Under RCU. A socket may have many associations, of which one will do, and it
 * was found among descriptors; unless nobody holds it, and then the first may
 * go before it was come to.
 */
static int hone_walk_asoc(struct sctp_endpoint *ep, struct sctp_transport *t,
			  void *arg)
{
	struct hone_sctp_walk *s = arg;
	struct sock *sk = ep->base.sk;
	bool first;

	if (!s->left--)
		return -EAGAIN;
	/* If it changes, any of them will do. */
	first = data_race(list_is_first(&t->asoc->asocs, &ep->asocs));
	if (!first && !sock_flag(sk, SOCK_DEAD))
		return 0;
	return hone_walk_found(s->walk, sk);
}

/**
 * hone_walk_sctp - the next sockets of SCTP
 * @w: the walk
 * @net: their namespace
 * @pos: 0 at first; then one more than the associations that were passed
 *
 * Of more than HONE_ASOCS_MAX of a namespace one may be missed that nobody
 * holds, if others before it end meanwhile.
 *
 * Context: process context; may sleep.
 * Return: 1 = more, 0 = that was all, or visit()'s error, and @pos is as it was.
 */
int hone_walk_sctp(struct hone_walk *w, struct net *net, u64 *pos)
{
	int (*endpoints)(int (*cb)(struct sctp_endpoint *ep, void *arg),
			 struct net *net, int *pos, void *arg);
	int (*asocs)(sctp_callback_t cb, sctp_callback_t cb_done,
		     struct net *net, int *pos, void *arg);
	struct hone_sctp_walk s = {
		.walk	= w,
		.left	= HONE_ASOCS_MAX,
	};
	int err = 0, at = 0;

	if (!*pos) {
		endpoints = symbol_get(sctp_for_each_endpoint);
		if (!endpoints)
			return 0;
		err = endpoints(hone_walk_endpoint, net, &at, &s);
		symbol_put(sctp_for_each_endpoint);
		if (err)
			return err;
		*pos = 1;
		return 1;
	}
	asocs = symbol_get(sctp_transport_traverse_process);
	if (!asocs)
		return 0;
	at = *pos - 1;
	err = asocs(hone_walk_asoc, NULL, net, &at, &s);
	symbol_put(sctp_transport_traverse_process);
	if (err != -EAGAIN)
		return err;
	*pos = at + 1;
	return 1;
}
