/* SPDX-License-Identifier: GPL-2.0-only */
/* Asking: what may not be done here is done by a broker. */
#ifndef HONE_ASK_H
#define HONE_ASK_H

#include "broker.h"

#include <stdbool.h>

/*
 * A broker in a process of its own, from now on; this one may then give up what
 * privileges it has. False after a message.
 */
bool ask_child(void);
/* The program for who has none; false if it may not be run here. */
bool ask_helper(void);
/* Is there one? */
bool asking(void);
/*
 * Asks for @what, which gives @n descriptors. 0 or a negative errno. @writable
 * may be NULL.
 */
int ask(enum broker_what what, __u32 cpu, int *fds, int n, bool *writable);
void ask_close(void);

#endif
