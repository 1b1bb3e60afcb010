// SPDX-License-Identifier: GPL-2.0-only
/* The queue of records on their way out. */
#include "queue.h"

#include <stdlib.h>

static struct bytes q;
static __u64 base;		/* position of q.data[q.head] */

struct held *queue_push(const struct record *r, __u64 time)
{
	size_t size = sizeof(struct held) + r->rec.len;
	struct held *h;

	bytes_reserve(&q, size);
	h = (struct held *)(q.data + q.tail);
	*h = (struct held){
		.size = size,
		.time = time,
		.pos = base + bytes_len(&q),
	};
	memcpy(h + 1, r->raw, r->rec.len);
	q.tail += size;
	return h;
}

struct held *queue_at(__u64 pos)
{
	if (pos < base || pos - base >= bytes_len(&q))
		return NULL;
	return (struct held *)(q.data + q.head + (pos - base));
}

struct held *queue_first(void)
{
	if (q.head == q.tail)
		return NULL;
	return (struct held *)(q.data + q.head);
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
