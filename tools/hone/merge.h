/* SPDX-License-Identifier: GPL-2.0-only */
/* Merging: the records of all channels in one order, that of time. */
#ifndef HONE_MERGE_H
#define HONE_MERGE_H

#include "channel.h"
#include "decode.h"

#include <stdbool.h>

/* Takes a record; false ends the merge. */
typedef bool (*merge_fn)(const struct record *r);

enum merge_result {
	MERGE_OK,
	MERGE_STOP,		/* @fn said so */
	MERGE_BAD,		/* garbage; a message said where */
	MERGE_FAILED,		/* reading a file; a message said why */
};

/* A channel's next record. */
struct head {
	struct channel *c;
	struct record r;
	bool there;
};

/* A merge under way, of which there is one at a time. */
struct merge {
	__u64 horizon;
	enum merge_result result;
	/* Of the channel whose turn it is, and till when: */
	struct head *turn;
	__u64 until;
	const __u8 *next, *end;		/* bytes that are there */
};

void merge_begin(struct merge *m, struct channel *ch, int n, __u64 horizon);
/*
 * The next record, valid until the one after it, if nothing need be said of it
 * but what it is: mostly it is of the same channel, frequent or a process's,
 * none was lost before, and it is none of a snapshot. Else NULL: merge_any()
 * has the next.
 */
static inline __inlined const struct record *merge_next(struct merge *m)
{
	size_t left = m->end - m->next;
	struct record *r;

	if (left < sizeof(r->rec))
		return NULL;
	r = &m->turn->r;
	memcpy(&r->rec, m->next, sizeof(r->rec));
	r->raw = m->next;
	if ((!decode_frequent(r, left) && !decode_process(r, left)) ||
	    r->rec.time > m->until || !channel_in_turn(m->turn->c, &r->rec))
		return NULL;
	m->next += r->rec.len;
	return r;
}

/* Whatever is next; NULL at the end, and then there is a result. */
const struct record *merge_any(struct merge *m);
/* The record given last is the end. */
enum merge_result merge_stop(struct merge *m);

/*
 * Hands all records up to @horizon to @fn and forgets them. A channel's
 * records are in order already.
 */
enum merge_result merge(struct channel *ch, int n, __u64 horizon, merge_fn fn);

#endif
