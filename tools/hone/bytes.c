// SPDX-License-Identifier: GPL-2.0-only
/* Bytes: a growable buffer. */
#include "bytes.h"
#include "msg.h"

#include <stdlib.h>

void bytes_grow(struct bytes *b, size_t len)
{
	/* Move down what is left, if that is cheap, before growing. */
	if (b->head && bytes_len(b) <= b->head) {
		memcpy(b->data, b->data + b->head, bytes_len(b));
		b->tail -= b->head;
		b->head = 0;
		if (b->size - b->tail >= len)
			return;
	}
	while (b->size - b->tail < len)
		b->size = b->size ? b->size * 2 : 65536;
	b->data = xrealloc(b->data, b->size);
}

void bytes_free(struct bytes *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}
