/* SPDX-License-Identifier: GPL-2.0-only */
/* Merging: the records of all channels in one order, that of time. */
#ifndef HONE_MERGE_H
#define HONE_MERGE_H

#include "channel.h"
#include "decode.h"

#include <stdbool.h>

/* Takes a record; false ends the merge. */
typedef bool (*merge_fn)(const struct record *r, void *arg);

enum merge_result {
	MERGE_OK,
	MERGE_STOP,		/* @fn said so */
	MERGE_BAD,		/* garbage; a message said where */
	MERGE_FAILED,		/* reading a file; a message said why */
};

/*
 * Hands all records up to @horizon to @fn and forgets them. A channel's
 * records are in order already.
 */
enum merge_result merge(struct channel *ch, int n, __u64 horizon,
			merge_fn fn, void *arg);

#endif
