/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Channels: the bytes of one CPU's stream, or those of it in a raw file, or of
 * a raw file in which all are in one order already.
 */
#ifndef HONE_CHANNEL_H
#define HONE_CHANNEL_H

#include "input.h"

#include <linux/hone.h>
#include <sys/types.h>

/* How far the numbers of a CPU's records have come. */
struct numbers {
	__u64 next;			/* what comes next; more bits: NUMBER_UNSURE */
	__u64 told;			/* lost, by LOST, since the last one */
	bool any;
};

/* Of no record: there may be more to say of the next one. */
#define NUMBER_UNSURE	0x100000000ULL

struct channel {
	int fd;				/* -1: closed, or a file's */
	char *name;			/* for messages */
	struct bytes bytes;		/* read, or in the map; not yet merged */
	__u64 end_offset;		/* of bytes.tail in the stream */
	size_t unscanned;		/* bytes before bytes.tail: no whole record */
	__u64 last_time;		/* of the last one before them */
	struct numbers *numbers;	/* by CPU */
	__u32 n_numbers;
	/* Of a ring that is looked at where it is: */
	__u8 *map;			/* NULL: this is none; read only */
	size_t map_len;
	/* Of a raw file: */
	struct input *in;		/* NULL: this is none */
	bool whole;			/* all of its records are wanted */
	__u32 cpu;			/* else: those of others are skipped */
	off_t at, end;			/* and this part is not read yet */
	bool failed;			/* reading has */
};

/* May more be had while records are merged? Else it was read before. */
static inline bool channel_grows(const struct channel *c)
{
	return c->in || c->map;
}

void channel_init(struct channel *c, int fd, const char *name);
/* Looks at a ring of @len bytes instead of reading @c, if it can be mapped. */
void channel_map(struct channel *c, size_t len);
/* The records that @cpu made between two places of a file that can seek. */
void channel_part(struct channel *c, struct input *in, __u32 cpu, off_t from,
		  off_t to);
/* All records of a file, as they come; takes over what has been read. */
void channel_whole(struct channel *c, struct input *in);
/* Reads once. Bytes got, 0 if there is nothing now, -1 after a message. */
ssize_t channel_read(struct channel *c);
/*
 * Gets more of a raw file, or of a ring; false at the end, or if there is
 * nothing now, or after a message.
 */
bool channel_more(struct channel *c);
/* NULL for a CPU that cannot be. */
struct numbers *channel_numbers(struct channel *c, __u32 cpu);
void channel_close(struct channel *c);

/* Has a record the number that was to come, with nothing lost before it? */
static inline bool channel_in_turn(struct channel *c,
				   const struct hone_rec *rec)
{
	struct numbers *of;

	if (rec->cpu >= c->n_numbers)
		return false;
	of = &c->numbers[rec->cpu];
	if (of->next != rec->seq)
		return false;
	of->next++;
	return true;
}

/* Forgets the first @len bytes. */
static inline void channel_drop(struct channel *c, size_t len)
{
	c->bytes.head += len;
}

/* Where in the stream the first of the bytes is. */
static inline __u64 channel_offset(const struct channel *c)
{
	return c->end_offset - bytes_len(&c->bytes);
}

#endif
