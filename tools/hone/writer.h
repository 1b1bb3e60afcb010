/* SPDX-License-Identifier: GPL-2.0-only */
/* Writer: a file or pipe that is written in large pieces of whole blocks. */
#ifndef HONE_WRITER_H
#define HONE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/* How many of the first @len bytes at @buf are whole blocks. */
typedef size_t (*writer_whole)(const __u8 *buf, size_t len);

struct writer {
	int fd;
	char *name;
	__u8 *buf;
	size_t used, size;
	size_t full;		/* WRITER_FULL; 0 if writing has failed */
	__u64 written;		/* bytes in the file */
	writer_whole whole;
	bool regular;			/* can be truncated */
	bool named;			/* could be removed */
	bool failed;
};

/*
 * Opens a file, pipe or device for writing, a file empty and for its owner's
 * eyes only. -1 after a message, and what was there is as it was, if it cannot
 * be opened or is in use as an input or another output.
 */
int output_open(const char *path);
/* An output goes to standard output: false, after a message, if that is in use. */
bool output_stdout(void);
/* The file @fd is in use @as something, and not to be written over. */
void output_spare(int fd, const char *as);

/* It is not any more. */
void output_release(int fd);

/* @path "-" is standard output. False after a message. */
bool writer_open(struct writer *w, const char *path, writer_whole whole);
__u8 *writer_make_room(struct writer *w, size_t len);
/*
 * So much is written at once: enough to save calls, and no more than stays in
 * a cache. There is room behind it for blocks that may be longer than they are.
 */
#define WRITER_FULL	(256 * 1024)

/* Is there room at once? */
static inline bool writer_has_room(const struct writer *w, size_t len)
{
	return w->used + len <= w->full;
}

/* Room for a block of up to @len bytes, or NULL if writing has failed. */
static inline __u8 *writer_room(struct writer *w, size_t len)
{
	return writer_has_room(w, len) ? w->buf + w->used :
					 writer_make_room(w, len);
}

/* Hands all that is complete to the kernel. */
bool writer_flush(struct writer *w);
bool writer_close(struct writer *w);

/* The block at writer_room() is complete. */
static inline void writer_put(struct writer *w, size_t len)
{
	w->used += len;
}

#endif
