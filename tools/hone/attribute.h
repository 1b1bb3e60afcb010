/* SPDX-License-Identifier: GPL-2.0-only */
/* Attribution: joins packets with who wrote, read or owned their bytes. */
#ifndef HONE_ATTRIBUTE_H
#define HONE_ATTRIBUTE_H

#include "queue.h"

/*
 * So long a received packet waits for its deliver records, in ns of the
 * stream. They follow on the same CPU, but a CPU that is emulated may rest
 * between. What its CPU records next ends the wait, as a rule.
 */
#define DEMUX_NS	1000000000ULL

/*
 * What a CPU records next, but for what can lie between a received packet and
 * its deliver records, says that every socket there is for it has got it:
 * packets, processes, and who reads and writes.
 */

/* What is known of the packet that a CPU has received last. */
struct rx;

/* Who has sent or got a packet that need not wait. */
struct sure {
	struct image *img;
	__u32 tid;
	__u8 quality;
	bool made;			/* by the kernel for it */
};

/*
 * A packet has come. Returns what its CPU has received last, which it may be
 * itself, NULL if there is nothing; the next ones want to be told.
 */
struct rx *attribute_begin(const struct record *r);
/* The connection that it names, NULL if there is none; as next. */
struct conn *attribute_conn(const struct record *r);
/*
 * Is it certain whose it is, is the process known, and need it not wait? Then it
 * is never queued, which nothing may be. Else attribute_packet() is to look at it.
 */
bool attribute_sure(struct sure *s, const struct record *r, struct rx *rx,
		    struct conn *c);
/*
 * It is about to be queued as @h. Returns the connection that it is of, which it
 * need not name.
 */
struct conn *attribute_packet(struct held *h, const struct record *r,
			      struct rx *rx, struct conn *c);
/* When it is queued, or has gone out: what it says of others, its reader's. */
void attribute_taken(const struct record *r, const struct rx *rx,
		     struct conn *c, __u64 now);
void attribute_proc(const struct record *r);
/* How the stream is made from now on. */
void attribute_subbuf(const struct record *r);
/* What tells more of packets that were queued, or of those to come. */
void attribute_deliver(const struct record *r);
void attribute_consume(const struct record *r, __u64 now);
void attribute_read(const struct record *r, __u64 now);
void attribute_write(const struct record *r);
void attribute_map(const struct record *r);
/* Lets a packet wait no longer: it gets who is likeliest. */
void attribute_timeout(struct held *h);

#endif
