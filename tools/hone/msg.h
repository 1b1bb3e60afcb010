/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages: what was being done, to what, and why it failed. */
#ifndef HONE_MSG_H
#define HONE_MSG_H

#include <stddef.h>

#define __printf(a, b)	__attribute((format(printf, a, b)))

/* Exit statuses, documented in hone-relayread(8). */
enum {
	EXIT_OK		= 0,
	EXIT_TROUBLE	= 1,	/* reading or writing failed */
	EXIT_USAGE	= 2,	/* the command line makes no sense */
	EXIT_KERNEL	= 3,	/* no Hone, or not for this user */
	EXIT_STREAM	= 4,	/* the stream is not, or not all, sound */
};

void msg(const char *fmt, ...) __printf(1, 2);
/* As msg(), with ": " and the text of errno. */
void msg_errno(const char *fmt, ...) __printf(1, 2);
/* These end the program if memory is out. */
void *xrealloc(void *p, size_t size);
void *xcalloc(size_t n, size_t size);
char *xstrdup(const char *s);

#endif
