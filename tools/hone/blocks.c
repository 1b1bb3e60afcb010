// SPDX-License-Identifier: GPL-2.0-only
/* Blocks: a cursor over the blocks of a PCAP-NG file and their options. */
#include "blocks.h"
#include "pcapng.h"

#include <stdio.h>

#define BYTE_ORDER_MAGIC	0x1a2b3c4d
#define MAJOR	1

__u16 blocks_u16(const struct blocks *b, const __u8 *p)
{
	__u16 n;

	memcpy(&n, p, sizeof(n));
	return b->swapped ? __builtin_bswap16(n) : n;
}

__u32 blocks_u32(const struct blocks *b, const __u8 *p)
{
	__u32 n;

	memcpy(&n, p, sizeof(n));
	return b->swapped ? __builtin_bswap32(n) : n;
}

__u64 blocks_u64(const struct blocks *b, const __u8 *p)
{
	__u64 n;

	memcpy(&n, p, sizeof(n));
	return b->swapped ? __builtin_bswap64(n) : n;
}

bool blocks_get32(const struct blocks *b, struct cursor *c, __u32 *n)
{
	const __u8 *p = c->p;

	if (!cursor_skip(c, 4))
		return false;
	*n = blocks_u32(b, p);
	return true;
}

enum block_result blocks_bad(struct blocks *b, const char *what,
			     unsigned long n)
{
	static char problem[96];

	snprintf(problem, sizeof(problem), what, n);
	b->why = problem;
	return BLOCK_BAD;
}

/* A section says itself in which order its numbers are. */
static bool find_order(struct blocks *b, const __u8 *head)
{
	b->swapped = false;
	if (blocks_u32(b, head + 8) == BYTE_ORDER_MAGIC)
		return true;
	b->swapped = true;
	return blocks_u32(b, head + 8) == BYTE_ORDER_MAGIC;
}

/* Is it of a version that can be read? */
static bool check_section(struct blocks *b, const struct cursor *body)
{
	if (body->left < 16) {
		blocks_bad(b, "the section header of %lu bytes is too short",
			   body->left + 12);
		return false;
	}
	if (blocks_u16(b, body->p + 4) != MAJOR) {
		blocks_bad(b, "the section is PCAP-NG of version %lu, this program reads 1",
			   blocks_u16(b, body->p + 4));
		return false;
	}
	return true;
}

enum block_result blocks_next(struct blocks *b, struct in_block *block)
{
	struct input *in = b->in;
	const __u8 *p;
	__u32 len;

	b->why = NULL;
	input_drop(in, b->used);
	b->used = 0;
	if (!input_fill(in, 12))
		return BLOCK_FAILED;
	if (!bytes_len(&in->bytes))
		return BLOCK_END;
	if (bytes_len(&in->bytes) < 12)
		return blocks_bad(b, "the file ends within a block", 0);
	p = input_data(in);
	block->type = blocks_u32(b, p);
	if (block->type == BLOCK_SHB && !find_order(b, p))
		return blocks_bad(b, "the section's byte order is unknown", 0);
	if (!in->offset && block->type != BLOCK_SHB)
		return blocks_bad(b, "no section header", 0);
	len = blocks_u32(b, p + 4);
	if (len < 12 || len % 4)
		return blocks_bad(b, "a block cannot be %lu bytes long", len);
	if (len > IN_BLOCK_MAX)
		return blocks_bad(b, "a block of %lu bytes is too long", len);
	if (!input_fill(in, len))
		return BLOCK_FAILED;
	if (bytes_len(&in->bytes) < len)
		return blocks_bad(b, "the file ends within a block of %lu bytes",
				  len);
	p = input_data(in);
	if (blocks_u32(b, p + len - 4) != len)
		return blocks_bad(b, "the block of %lu bytes ends with another length",
				  len);
	b->used = len;
	block->body.p = p + 8;
	block->body.left = len - 12;
	if (block->type == BLOCK_SHB && !check_section(b, &block->body))
		return BLOCK_BAD;
	return BLOCK_OK;
}

bool blocks_option(struct blocks *b, struct cursor *c, struct in_option *o)
{
	const __u8 *p = c->p;

	/* Their end need not be marked if it is the block's. */
	if (!cursor_skip(c, 4))
		return false;
	o->code = blocks_u16(b, p);
	o->len = blocks_u16(b, p + 2);
	o->value = p + 4;
	if (!o->code)
		return false;
	if (cursor_skip(c, (o->len + 3) & ~3))
		return true;
	blocks_bad(b, "an option of %lu bytes passes the end of its block",
		   o->len);
	return false;
}

__u32 option_u32(const struct blocks *b, const struct in_option *o)
{
	return o->len == 4 ? blocks_u32(b, o->value) : 0;
}

__u64 option_u64(const struct blocks *b, const struct in_option *o)
{
	return o->len == 8 ? blocks_u64(b, o->value) : 0;
}
