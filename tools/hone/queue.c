// SPDX-License-Identifier: GPL-2.0-only
/* The queue of records on their way out. */
#include "queue.h"

#include <stdlib.h>

static struct bytes q;
static __u64 base;		/* position of q.data[q.head] */

struct held *queue_new(const struct record *r, __u64 time)
{
	size_t size = sizeof(struct held) + r->rec.len;
	struct held *h;

	bytes_reserve(&q, size);
	h = (struct held *)(q.data + q.tail);
	/* One by one: all at once is slower. */
	h->size = size;
	h->state = HELD_DONE;
	h->quality = HONE_Q_NONE;
	h->made = false;
	h->pending = 0;
	h->name = 0;
	h->late = false;
	h->pos = base + bytes_len(&q);
	h->time = time;
	h->lost = 0;
	h->not_before = 0;
	h->about = 0;
	h->cookie = 0;
	h->user = (struct user){ 0 };
	h->more = NULL;
	return h;
}

void queue_add(struct held *h, const struct record *r)
{
	memcpy(h + 1, r->raw, r->rec.len);
	q.tail += h->size;
}

void queue_pass(const struct held *h)
{
	base += h->size;
}

struct held *queue_push(const struct record *r, __u64 time)
{
	struct held *h = queue_new(r, time);

	queue_add(h, r);
	return h;
}

struct held *queue_at(__u64 pos)
{
	/* What lies before the first wraps around. */
	if (pos - base >= bytes_len(&q))
		return NULL;
	return (struct held *)(q.data + q.head + (pos - base));
}

struct held *queue_first(void)
{
	return (struct held *)(q.data + q.head);
}

bool queue_empty(void)
{
	return q.head == q.tail;
}

__u64 queue_first_pos(void)
{
	return base;
}

void queue_pop(void)
{
	struct held *h = queue_first();
	struct receiver *more;
	__u32 size = h->size;

	while ((more = h->more)) {
		h->more = more->next;
		free(more);
	}
	q.head += size;
	base += size;
	if (q.head == q.tail) {
		q.head = 0;
		q.tail = 0;
	}
}

size_t queue_bytes(void)
{
	return bytes_len(&q);
}
