/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines: for people, a packet a line as tcpdump has it, and whose it is. */
#ifndef HONE_OUT_LINE_H
#define HONE_OUT_LINE_H

#include "sink.h"

enum line_time {
	LINE_CLOCK,		/* time of day */
	LINE_NONE,
	LINE_EPOCH,		/* seconds since 1970 */
	LINE_DELTA,		/* since the packet before */
	LINE_DATE,		/* date and time of day */
	LINE_FIRST,		/* since the first packet */
};

enum line_dump { LINE_NO_DUMP, LINE_HEX, LINE_HEX_ASCII, LINE_ASCII };

struct line_form {
	enum line_time time;
	enum line_dump dump;
	bool brief;			/* protocol and length only */
	bool more;			/* thread, user and connection */
};

extern struct line_form line_form;

/* Opens the output, "-" or a file; false after a message. */
bool line_open(const char *path);
extern const struct sink sink_line;

#endif
