/* SPDX-License-Identifier: GPL-2.0-only */
/* Channels: the bytes of one CPU's stream, or those of it in a raw file. */
#ifndef HONE_CHANNEL_H
#define HONE_CHANNEL_H

#include "bytes.h"

#include <stdbool.h>
#include <linux/types.h>
#include <sys/types.h>

struct channel {
	int fd;				/* -1: closed */
	char *name;			/* for messages */
	struct bytes bytes;		/* read, not yet merged */
	__u64 offset;		/* of bytes.head in the stream */
	size_t scanned;			/* whole records behind bytes.head */
	__u64 last_time;		/* of the last whole record */
	__u64 told;			/* records lost, by LOST, since last */
	__u32 last_seq;
	__u32 cpu;			/* mapped: skip those of others */
	bool has_seq;
	bool mapped;			/* bytes belong to a raw file */
};

void channel_init(struct channel *c, int fd, const char *name);
/* Those records of a raw file's @len bytes at @data that @cpu made. */
void channel_map(struct channel *c, const __u8 *data, size_t len,
		 __u32 cpu, const char *name);
/* Reads once. Bytes got, 0 if there is nothing now, -1 after a message. */
ssize_t channel_read(struct channel *c);
/* Forgets the first @len bytes. */
void channel_drop(struct channel *c, size_t len);
void channel_close(struct channel *c);

#endif
