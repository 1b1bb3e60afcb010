/* SPDX-License-Identifier: GPL-2.0-only */
/* Rotation: when an output goes on in another file, and what that is called. */
#ifndef HONE_ROTATE_H
#define HONE_ROTATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <linux/types.h>

struct rotation {
	const char *path;		/* as the user gave it */
	__u64 bytes;			/* 0: whatever size */
	__u64 ns;			/* 0: however long */
	__u32 files;			/* 0: as many as it takes */
	const char *command;		/* for each file that is complete */
	atomic_int soon;		/* by a signal */
};

extern struct rotation rotation;

/* A file is to be begun even though none of the limits is reached. */
void rotate_soon(void);
static inline bool rotate_wanted(void)
{
	return atomic_load_explicit(&rotation.soon, memory_order_relaxed);
}

/* Does a file's name tell its time? */
bool rotate_by_time(void);
/*
 * Name of the first file at @real, nanoseconds since 1970. With a time limit
 * strftime(3) fills it in. To be freed.
 */
char *rotate_first(__u64 real);
/* The files have names as if @n of them were there already. */
void rotate_from(__u32 n);
/* Is the file at its end, with @bytes in it and more to come at @real? */
bool rotate_due(__u64 bytes, __u64 real);
/*
 * Name of the next file, to be freed; NULL if there is to be none, as by time
 * only so many were wanted.
 */
char *rotate_next(__u64 real);
/* A file is complete: the command may have it. */
void rotate_done(const char *name);

#endif
