/* SPDX-License-Identifier: GPL-2.0-only */
/* Captures: beginning and end, the same for a session and recorded files. */
#ifndef HONE_CAPTURE_H
#define HONE_CAPTURE_H

#include "resolve.h"

/* The description that outputs begin with; main() fills in what is fixed. */
extern struct capture capture;

/* The first sub-buffer's head says where the clocks stand, and more. */
void capture_clock(const struct record *r);
/* Opens the outputs that options name; false after a message. */
bool capture_open(void);
/* Begins them; false if one fails. */
bool capture_begin(void);
/* Tells on standard error what has been counted till now. */
void capture_report(const struct account *stats);
/* The same in a line that the next call writes over; @now is boot time. */
void capture_status(const struct account *stats, __u64 now);
/* Ends them; @stats may be NULL: then what came by counts. */
bool capture_end(const struct account *stats);

#endif
