/* SPDX-License-Identifier: GPL-2.0-only */
/* Control: the file that is a session, its directory and its counters. */
#ifndef HONE_CONTROL_H
#define HONE_CONTROL_H

#include "msg.h"
#include "sink.h"

/*
 * A session by Hone's @file "control", a new one, or "boot". EXIT_* after a
 * message; 0 is success.
 */
int control_open(const char *file);
/* Starts it; false after a message. */
bool control_start(void);
/* Opens a file of the session, which a broker does if need be. */
int control_file(const char *name);
/*
 * The ring of such a file, if it is a CPU's, to be mapped, and its @size. -1 with
 * an errno, ENOTTY if the kernel gives none.
 */
int control_ring(const char *name, size_t *size);
/* Does it take commands? */
bool control_writable(void);
/* Gives a command; false after a message. */
bool control_command(const char *fmt, ...) __printf(1, 2);
/* Does the kernel say that it can do that? */
bool control_feature(const char *word);
/* The directory of the session's files, for messages. */
const char *control_dir(void);
/* The same, where this process may list it. */
const char *control_list(void);
/* Value of a line of the status, in a buffer that is used again, or NULL. */
const char *control_status(const char *key);
/* What the kernel counted, by kind; false after a message. */
bool control_stats(struct account *kinds);
void control_close(void);

#endif
