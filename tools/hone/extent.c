// SPDX-License-Identifier: GPL-2.0-only
/* Extents: who wrote, and who read, which bytes of a TCP stream. */
#include "extent.h"
#include "msg.h"

#include <stdlib.h>
#include <string.h>

/* Of one connection and direction; older ones are forgotten. */
#define EXTENTS_MAX	4096

/* Sequence numbers wrap around: before and behind are half the circle each. */
static __s32 seq_diff(__u32 a, __u32 b)
{
	return (__s32)(a - b);
}

/* Room for one more, behind those that are there. */
static void extent_room(struct extents *x)
{
	if (!x->size) {
		x->size = 1;
		x->e = &x->only;
	} else if (x->e == &x->only) {
		x->size = 4;
		x->e = xrealloc(NULL, x->size * sizeof(*x->e));
		x->e[0] = x->only;
	} else if (x->size < EXTENTS_MAX) {
		x->size *= 2;
		x->e = xrealloc(x->e, x->size * sizeof(*x->e));
	} else {
		x->n -= x->n / 2;
		memmove(x->e, x->e + x->size - x->n, x->n * sizeof(*x->e));
	}
}

static void extent_push(struct extents *x, __u32 from, __u32 to,
			const struct user *user)
{
	if (x->n == x->size)
		extent_room(x);
	x->e[x->n++] = (struct extent){ from, to, *user };
}

void extents_free(struct extents *x)
{
	if (x->e != &x->only)
		free(x->e);
	*x = (struct extents){ 0 };
}

/* What the same task reads on and on is one extent: that of @e goes on? */
static bool extent_joins(struct extent *e, __u32 from, __u32 to,
			 const struct user *user)
{
	if (e->to != from || e->user.id != user->id ||
	    e->user.tid != user->tid || to - e->from >= 1U << 30)
		return false;
	e->to = to;
	return true;
}

static void extent_remove(struct extents *x, __u32 i)
{
	x->n--;
	memmove(&x->e[i], &x->e[i + 1], (x->n - i) * sizeof(*x->e));
}

/* Segments that came in another order are told of so; they are put in order. */
static void extent_read_between(struct extents *x, __u32 from, __u32 to,
				const struct user *user)
{
	const struct extent *next;
	__u32 i;

	extent_push(x, from, to, user);
	for (i = x->n - 1; i && seq_diff(from, x->e[i - 1].from) < 0; i--)
		x->e[i] = x->e[i - 1];
	x->e[i] = (struct extent){ from, to, *user };
	if (i && extent_joins(&x->e[i - 1], from, to, user))
		extent_remove(x, i--);
	next = &x->e[i + 1];
	if (i + 1 < x->n &&
	    extent_joins(&x->e[i], next->from, next->to, &next->user))
		extent_remove(x, i + 1);
}

void extent_read(struct extents *x, __u32 from, __u32 to,
		 const struct user *user)
{
	struct extent *last;

	if (x->n) {
		last = &x->e[x->n - 1];
		if (extent_joins(last, from, to, user))
			return;
		if (seq_diff(from, last->from) < 0) {
			extent_read_between(x, from, to, user);
			return;
		}
	}
	extent_push(x, from, to, user);
}

void extent_write(struct extents *x, __u32 from, const struct user *user)
{
	/* It goes on there, or others take the place of nobody. */
	if (x->n && x->e[x->n - 1].from == from)
		x->n--;
	extent_push(x, from, from, user);
}

/* Keeps the @most newest of @n things of @each bytes; returns where they are. */
static void *newest(void *all, __u32 *n, __u32 *size, __u32 most, size_t each)
{
	if (*n > most) {
		memmove(all, (__u8 *)all + (*n - most) * each, most * each);
		*n = most;
	}
	if (*size <= most)
		return all;
	*size = most;
	return xrealloc(all, most * each);
}

void extent_shrink(struct extents *x, __u32 most)
{
	x->e = newest(x->e, &x->n, &x->size, most, sizeof(*x->e));
}

void mapping_shrink(struct mappings *x, __u32 most)
{
	x->m = newest(x->m, &x->n, &x->size, most, sizeof(*x->m));
}

void extent_advance(struct extents *x, __u32 seq)
{
	struct extent *last;

	if (!x->n)
		return;
	/* No window is larger than 1 GiB: nobody asks for what was before. */
	last = &x->e[x->n - 1];
	if (seq_diff(seq, last->from) < 1 << 30)
		return;
	x->e[0] = *last;
	x->e[0].from = seq - (1U << 29);
	x->n = 1;
}

void extent_copy(struct extents *x, __u32 from, const struct extents *writes,
		 __u32 seq, __u32 len)
{
	const struct user unknown = { .tgid = TGID_UNKNOWN };
	const struct user *user = extent_writer(writes, seq);
	__u32 i;

	extent_write(x, from, user ? user : &unknown);
	/* And where others begin inside; mostly none. */
	for (i = writes->n; i && seq_diff(writes->e[i - 1].from, seq) > 0; i--)
		;
	for (; i < writes->n; i++) {
		__u32 at = writes->e[i].from - seq;

		if (at && at < len)
			extent_write(x, from + at, &writes->e[i].user);
	}
}

const struct user *extent_writer(const struct extents *x, __u32 seq)
{
	__u32 i;

	for (i = x->n; i--;)
		if (seq_diff(seq, x->e[i].from) >= 0)
			return &x->e[i].user;
	return NULL;
}

const struct user *extent_reader(const struct extents *x, __u32 seq)
{
	__u32 i;

	for (i = x->n; i--;) {
		if (seq_diff(seq, x->e[i].from) < 0)
			continue;
		return seq_diff(seq, x->e[i].to) < 0 ? &x->e[i].user : NULL;
	}
	return NULL;
}

void mapping_add(struct mappings *x, __u32 from, __u32 to, __u32 len)
{
	struct mapping *last = x->n ? &x->m[x->n - 1] : NULL;
	__u32 old = 0;

	if (last && last->from + last->len == from &&
	    last->to + last->len == to && last->len + len < 1U << 29) {
		last->len += len;
		return;
	}
	/* As with extents: of what is far behind nothing comes again. */
	while (old < x->n && seq_diff(from, x->m[old].from) >= 1 << 30)
		old++;
	if (x->n - old == EXTENTS_MAX)
		old = EXTENTS_MAX / 2;
	x->n -= old;
	if (old)
		memmove(x->m, x->m + old, x->n * sizeof(*x->m));
	if (x->n == x->size) {
		x->size = x->size ? x->size * 2 : 4;
		x->m = xrealloc(x->m, x->size * sizeof(*x->m));
	}
	x->m[x->n++] = (struct mapping){ from, to, len };
}

bool mapping_find(const struct mappings *x, __u32 *seq)
{
	__u32 i;

	for (i = x->n; i--;) {
		if (*seq - x->m[i].from < x->m[i].len) {
			*seq = x->m[i].to + (*seq - x->m[i].from);
			return true;
		}
	}
	return false;
}
