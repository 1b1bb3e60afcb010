/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting: received packets of a connection that are to be read. */
#ifndef HONE_WAITS_H
#define HONE_WAITS_H

#include <linux/types.h>
#include <stdbool.h>

/* A received packet that waits for its reader. */
struct waiting {
	__u64 pos;			/* in the queue */
	__u64 time;			/* of the packet */
	__u32 seq;			/* TCP */
	__u32 key;			/* datagram */
	__u32 older;			/* datagram: as in waits_newest() */
	bool tcp;
	bool first;			/* datagram of its packet */
	bool taken;
};

/*
 * Those of a connection, oldest first: w[head, n). Behind them, for datagrams,
 * by the low bits of the key: 1 + the index of the newest, from which @older
 * leads on. What is not in that range, or has other bits, is of an earlier use
 * of its place, and there is none.
 */
struct waitings {
	struct waiting *w;
	__u32 head, n, size;		/* size: a power of two */
};

/* One more, to be filled in. */
struct waiting *waits_add(struct waitings *q);
/* A datagram that was added just now can be found by its key. */
void waits_enter(struct waitings *q, struct waiting *w);
/* Keys are used again: the newest of that key is meant. NULL if there is none. */
struct waiting *waits_find(const struct waitings *q, __u32 key);
/* Nothing waits any more. */
void waits_free(struct waitings *q);

#endif
