/* SPDX-License-Identifier: GPL-2.0-only */
/* PCAP-NG input: files of the reader's own, and others that have IP packets. */
#ifndef HONE_IN_PCAPNG_H
#define HONE_IN_PCAPNG_H

#include "blocks.h"

/*
 * Converts the files, one behind the other, through the filters and the
 * outputs. Returns an exit status.
 */
int pcapng_replay(struct input *inputs, int n);

/*
 * An event of @time. @again: what it says may have been said by a file before
 * this one. False if an output has failed; what is unsound is in @b->why.
 */
bool in_process(struct blocks *b, struct cursor body, __u64 time, bool again);
/* @late_unit: nanoseconds of a unit of the times in options. */
bool in_conn(struct blocks *b, struct cursor body, __u64 time, bool again,
	     __u32 late_unit);

#endif
