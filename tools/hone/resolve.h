/* SPDX-License-Identifier: GPL-2.0-only */
/* Resolving: records in, in order of time; events and packets out, named. */
#ifndef HONE_RESOLVE_H
#define HONE_RESOLVE_H

#include "merge.h"
#include "sink.h"

/* Nanoseconds and bytes for which received packets wait for their reader. */
extern __u64 resolve_window;
extern size_t resolve_bytes;
/* Packets after which it is enough. */
extern __u64 resolve_limit;

/* What came by. */
struct resolved {
	__u64 seen[HONE_KIND_MAX];	/* records, by kind */
	__u64 lost[HONE_KIND_MAX];	/* as the stream tells */
	__u64 packets;		/* that went out */
	__u64 before;			/* in files before the one that is read */
	__u64 filtered;		/* packets that were not wanted */
	__u64 images, conns;		/* that events told of */
	__u64 first, last;		/* boot time; 0 = none yet */
	__u64 snap_end;		/* boot time, snapshot complete */
};

extern struct resolved resolved;

/* The CPU of a snapshot's records. */
#define SNAPSHOT_CPU	(~0U)

/* A record of the snapshot. */
bool resolve_snapshot(const struct record *r);
/* Sees each record before it is taken, if it is not NULL; false: no more. */
extern merge_fn resolve_first;
/*
 * Takes the records of all channels up to @horizon, in order. It stops if an
 * output has failed, or all packets that were wanted have gone out.
 */
enum merge_result resolve_merge(struct channel *ch, int n, __u64 horizon);
/* Nothing older than @now is to come: lets out what needs not wait. */
bool resolve_flush(__u64 now);
/* The first output: what exists, then what has been held back till now. */
bool resolve_begin(const struct capture *cap);
/* What has ended is forgotten, but not what may still be named. */
void resolve_expire(__u64 now);
/* Nothing is to come any more. */
bool resolve_end(void);
bool resolve_full(void);
/* It is enough: nothing more goes out. */
void resolve_stop(void);
/* What has come by till @end, boot time, as far as records tell. */
void resolve_result(struct result *res, __u64 end);

#endif
