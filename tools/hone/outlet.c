// SPDX-License-Identifier: GPL-2.0-only
/* Outlet: events and packets whose process is known, on to the sinks. */
#include "outlet.h"

__u64 outlet_lost;

bool outlet_proc(struct image *img, const struct record *r)
{
	resolved.images += r->proc.event == HONE_PROC_FORK;
	return !img || (filter_any && !filter_image(img)) || sink_proc(img, r);
}

bool outlet_sock(struct conn *c, const struct record *r)
{
	resolved.conns += r->sock->event == HONE_SOCK_OPEN;
	return !c || (filter_any && !filter_conn(c)) || sink_sock(c, r);
}

bool outlet_tally(const struct record *r)
{
	struct conn *c = conn_find(r->tally.cookie);
	struct image *img = image_find(r->tally.id);
	bool wanted;

	/* A socket's, of all its users, is its owner's. */
	if (r->rec.flags & HONE_F_TALLY_SOCK && c)
		wanted = filter_conn(c);
	else
		wanted = filter_user(img, r->tally.cookie);
	return !wanted || sink_tally(img, r);
}

bool outlet_late(const struct late *l)
{
	return !l->conn || !l->img || !l->img->tgid ||
	       !filter_user(l->img, l->conn->cookie) || sink_late(l);
}
