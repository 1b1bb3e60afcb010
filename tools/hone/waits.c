// SPDX-License-Identifier: GPL-2.0-only
/* Waiting: received packets of a connection that are to be read. */
#include "waits.h"
#include "msg.h"
#include "queue.h"

#include <stdlib.h>

/* Packets of a connection that may be read late. */
#define LATE_MAX	256

static __u32 *waits_newest(const struct waitings *q, __u32 key)
{
	return (__u32 *)(q->w + q->size) + (key & (q->size - 1));
}

void waits_enter(struct waitings *q, struct waiting *w)
{
	__u32 *newest = waits_newest(q, w->key);

	w->older = *newest;
	*newest = w - q->w + 1;
}

struct waiting *waits_find(const struct waitings *q, __u32 key)
{
	__u32 i = q->size ? *waits_newest(q, key) : 0, before = q->n + 1;
	struct waiting *w;

	for (; i > q->head && i < before; i = w->older) {
		w = &q->w[i - 1];
		if (w->tcp || (w->key ^ key) & (q->size - 1))
			break;
		if (w->key == key && !w->taken)
			return w;
		before = i;
	}
	return NULL;
}

/* Room for one more, behind those that are there. */
static __apart void make_room(struct waitings *q)
{
	__u32 i;

	if (q->head && q->head >= q->n / 2) {
		q->n -= q->head;
		memmove(q->w, q->w + q->head, q->n * sizeof(*q->w));
		q->head = 0;
	}
	if (q->n == q->size) {
		q->size = q->size ? q->size * 2 : 4;
		q->w = xrealloc(q->w, q->size * (sizeof(*q->w) +
						 sizeof(__u32)));
	}
	/* They have other places now. */
	memset(q->w + q->size, 0, q->size * sizeof(__u32));
	for (i = 0; i < q->n; i++)
		if (!q->w[i].tcp)
			waits_enter(q, &q->w[i]);
}

struct waiting *waits_add(struct waitings *q)
{
	/*
	 * What was taken, or has gone out unread, is at the front. The latter
	 * may be read yet, of which a record of its own tells.
	 */
	while (q->head < q->n &&
	       (q->w[q->head].taken ||
		(q->n - q->head > LATE_MAX &&
		 q->w[q->head].pos < queue_first_pos())))
		q->head++;
	if (q->head == q->n) {
		q->head = 0;
		q->n = 0;
	}
	if (q->n == q->size)
		make_room(q);
	return &q->w[q->n++];
}

void waits_free(struct waitings *q)
{
	free(q->w);
	*q = (struct waitings){ 0 };
}
