/* SPDX-License-Identifier: GPL-2.0-only */
/* Users: whom the reader runs as, once it need not be root. */
#ifndef HONE_USER_H
#define HONE_USER_H

#include <stdbool.h>

/* Whom -Z names. Ends the program with EXIT_USAGE if that cannot be. */
void user_choose(const char *name);
/* Is there somebody to become? */
bool user_wanted(void);
/* Becomes that user, for good; false after a message. Nobody: does nothing. */
bool user_become(void);

#endif
