/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Blocks: a cursor over the blocks of a PCAP-NG file and their options. No
 * length is trusted, and either byte order is read.
 */
#ifndef HONE_BLOCKS_H
#define HONE_BLOCKS_H

#include "input.h"

/* No block that makes sense is longer. */
#define IN_BLOCK_MAX	(16 << 20)

struct blocks {
	struct input *in;
	bool swapped;			/* the section has the other order */
	size_t used;			/* bytes of the block given last */
	const char *why;		/* BLOCK_BAD: what is wrong */
};

struct in_block {
	__u32 type;
	struct cursor body;		/* without lengths */
};

struct in_option {
	__u16 code;
	__u16 len;
	const __u8 *value;
};

enum block_result {
	BLOCK_OK,
	BLOCK_END,			/* of the file */
	BLOCK_BAD,
	BLOCK_FAILED,			/* reading did; a message said why */
};

/* The next block; it lives until the next call. */
enum block_result blocks_next(struct blocks *b, struct in_block *block);
/* What is wrong with the block given last; always BLOCK_BAD. */
enum block_result blocks_bad(struct blocks *b, const char *what,
			     unsigned long n);

/* Numbers of the section's byte order. */
__u16 blocks_u16(const struct blocks *b, const __u8 *p);
__u32 blocks_u32(const struct blocks *b, const __u8 *p);
__u64 blocks_u64(const struct blocks *b, const __u8 *p);
/* The next one of a body. False if it has no more. */
bool blocks_get32(const struct blocks *b, struct cursor *c, __u32 *n);

/* The next option of a body; false at their end, or with @b->why if unsound. */
bool blocks_option(struct blocks *b, struct cursor *c, struct in_option *o);
/* A number that an option has; 0 if its length is another. */
__u32 option_u32(const struct blocks *b, const struct in_option *o);
__u64 option_u64(const struct blocks *b, const struct in_option *o);

#endif
