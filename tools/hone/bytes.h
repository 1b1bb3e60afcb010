/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes: a growable buffer, and a cursor that cannot leave its bounds. */
#ifndef HONE_BYTES_H
#define HONE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include <string.h>

/* Seldom called: callers keep no registers free for it. */
#define __cold	__attribute((__cold__, __noinline__))
/* Called once, but for long: a compiler makes it small else. */
#define __hot	__attribute((__hot__, __noinline__))
/* Part of its callers, which are few, and hot. */
#define __inlined	__attribute((__always_inline__))
/* Apart from callers that mostly do without it. */
#define __apart	__attribute((__noinline__))

/* Growable buffer; data[head, tail) is in use. */
struct bytes {
	__u8 *data;
	size_t head;
	size_t tail;
	size_t size;
};

__cold void bytes_grow(struct bytes *b, size_t len);
void bytes_free(struct bytes *b);

/* Room for @len more bytes behind the tail; moves or grows what is there. */
static inline void bytes_reserve(struct bytes *b, size_t len)
{
	if (b->size - b->tail < len)
		bytes_grow(b, len);
}

static inline size_t bytes_len(const struct bytes *b)
{
	return b->tail - b->head;
}

/* Where they begin; nothing may be added to what is no address. */
static inline __u8 *bytes_start(const struct bytes *b)
{
	return b->data ? b->data + b->head : NULL;
}

/* What is left to read; a read that would pass the end fails. */
struct cursor {
	const __u8 *p;
	size_t left;
};

static inline bool cursor_get(struct cursor *c, void *to, size_t len)
{
	if (c->left < len)
		return false;
	memcpy(to, c->p, len);
	c->p += len;
	c->left -= len;
	return true;
}

static inline bool cursor_skip(struct cursor *c, size_t len)
{
	if (c->left < len)
		return false;
	c->p += len;
	c->left -= len;
	return true;
}

static inline __u16 be16(const __u8 *p)
{
	return p[0] << 8 | p[1];
}

static inline __u32 be32(const __u8 *p)
{
	return (__u32)be16(p) << 16 | be16(p + 2);
}

#endif
