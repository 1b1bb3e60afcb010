/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of a capture, or of what is read, when a signal asks for it. */
#ifndef HONE_END_H
#define HONE_END_H

#include <stdbool.h>

/*
 * From now on @sig asks for the end; once more a second later it is the end. A
 * SIGHUP that is ignored stays so.
 */
void end_catch(int sig);

/* Signals of these that were blocked until now came with the first one. */
void end_unblock(void);

/* As if a signal had come. May be called in a signal's handler. */
void end_tell(void);

bool end_told(void);

#endif
