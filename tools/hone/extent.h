/* SPDX-License-Identifier: GPL-2.0-only */
/* Extents: who wrote, and who read, which bytes of a TCP stream. */
#ifndef HONE_EXTENT_H
#define HONE_EXTENT_H

#include <linux/types.h>
#include <stdbool.h>

/* Who writes or reads. */
struct user {
	__u64 id;			/* image, 0 = the kernel */
	__u32 tgid;
	__u32 tid;			/* 0: not known */
};

/* Sequence numbers and their user; a writer's have no end. */
struct extent {
	__u32 from, to;
	struct user user;
};

/* Mostly there is one, which has its place here: a connection does not move. */
struct extents {
	struct extent *e;		/* oldest first */
	__u32 n, size;
	struct extent only;
};

/* @len bytes @from of one stream are those @to of another. */
struct mapping {
	__u32 from, to, len;
};

struct mappings {
	struct mapping *m;		/* oldest first */
	__u32 n, size;
};

void mapping_add(struct mappings *x, __u32 from, __u32 to, __u32 len);
/* Makes *@seq of the first stream that of the other; false if not mapped. */
bool mapping_find(const struct mappings *x, __u32 *seq);

void extent_read(struct extents *x, __u32 from, __u32 to,
		 const struct user *user);
/* The stream has come to @seq: what lies half the circle behind is not ahead. */
void extent_advance(struct extents *x, __u32 seq);
/* Of bytes written before the capture. */
#define TGID_UNKNOWN	~0U

/* None is known any more. */
void extents_free(struct extents *x);
/* Keeps the @most newest, in no more memory than they take. */
void extent_shrink(struct extents *x, __u32 most);
void mapping_shrink(struct mappings *x, __u32 most);

/*
 * The @len bytes @seq of another stream, which @writes tells of, are written
 * to this one from @from on.
 */
void extent_copy(struct extents *x, __u32 from, const struct extents *writes,
		 __u32 seq, __u32 len);
/* From @from on @user writes. */
void extent_write(struct extents *x, __u32 from, const struct user *user);
/* Who wrote byte @seq; NULL if not known. */
const struct user *extent_writer(const struct extents *x, __u32 seq);
/* Who read byte @seq; NULL if nobody has yet. */
const struct user *extent_reader(const struct extents *x, __u32 seq);

#endif
