/* SPDX-License-Identifier: GPL-2.0-only */
/* Input: a recorded file or pipe, and the bytes of it that are read ahead. */
#ifndef HONE_INPUT_H
#define HONE_INPUT_H

#include "bytes.h"

struct input {
	int fd;
	const char *name;
	struct bytes bytes;		/* read and not used yet */
	__u64 offset;			/* of the first of them, in the file */
	bool regular;
	bool spooled;			/* it came by a pipe */
	bool end;			/* nothing comes behind them */
};

/* So many bytes tell what an input is. */
#define INPUT_PROBE	64

enum input_kind {
	INPUT_UNKNOWN,
	INPUT_RAW,			/* records, and what may be damaged ones */
	INPUT_PCAPNG,
};

/* @path "-" is standard input. False after a message. */
bool input_open(struct input *in, const char *path);
/*
 * Reads on until @len bytes are there, or the end. Before it may have to wait
 * for a pipe, the outputs hand on what they have. False after a message.
 */
bool input_fill(struct input *in, size_t len);
/* What the first bytes, which are read, say of the rest. */
enum input_kind input_kind(const struct input *in);
/* What it is, if it is known and none of those; else NULL. */
const char *input_foreign(const struct input *in);
/*
 * From now on a signal to end ends the input: a file at once, with all that is
 * made of it, a pipe behind what has come. The second one ends the program.
 */
void input_catch_signals(void);
/* Waits till there is something to read; false if that is the end. */
bool input_wait(struct input *in);
/* Was it ended by a signal? Then it may be cut anywhere. */
bool input_cut(void);
/* The first @len bytes are used. */
void input_drop(struct input *in, size_t len);
void input_close(struct input *in);

static inline const __u8 *input_data(const struct input *in)
{
	return bytes_start(&in->bytes);
}

#endif
