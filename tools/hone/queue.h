/* SPDX-License-Identifier: GPL-2.0-only */
/* The queue of records on their way out, in order; packets may wait in it. */
#ifndef HONE_QUEUE_H
#define HONE_QUEUE_H

#include "table.h"

enum held_state {
	HELD_DONE,		/* may go out */
	HELD_DEMUX,		/* received, its socket is not known yet */
	HELD_READER,		/* its reader is not known yet */
};

/* One more receiver of a multicast packet. */
struct receiver {
	__u64 cookie;
	struct user user;
	__u32 name;			/* what number of its */
	struct receiver *next;
};

/* Head of an entry; the record's bytes follow. */
struct held {
	__u32 size;			/* with head, a multiple of 8 */
	__u8 state;			/* enum held_state */
	__u8 quality;
	bool made;			/* by the kernel for user */
	__u8 pending;		/* deliveries that nobody took yet */
	__u32 name;		/* what number of its user's, 0 = of then */
	bool late;			/* no packet: one that has gone was read */
	__u64 pos;			/* its own */
	__u64 time;
	__u64 lost;			/* packets lost before */
	__u64 not_before;		/* more receivers may come till then */
	__u64 about;			/* late: the packet's time */
	__u64 cookie;
	struct user user;
	struct receiver *more;
};

/*
 * Positions grow forever; an entry keeps its own. One that is new may go out,
 * and is nobody's. Valid until the next one.
 *
 * A packet is in the queue only when it has been added; if it need not wait,
 * and is not behind others, it passes by, and is never copied.
 */
struct held *queue_new(const struct record *r, __u64 time);
void queue_add(struct held *h, const struct record *r);
void queue_pass(const struct held *h);
/* One that is added at once. */
struct held *queue_push(const struct record *r, __u64 time);
/* The entry at @pos, or NULL if it has gone out. Valid until a push. */
struct held *queue_at(__u64 pos);
bool queue_empty(void);
/* The entry that is first, of which there is one. */
struct held *queue_first(void);
void queue_pop(void);
__u64 queue_first_pos(void);
size_t queue_bytes(void);

/* Aligned as the entry is. */
static inline const __u8 *held_record(const struct held *h)
{
	return (const __u8 *)(h + 1);
}

#endif
