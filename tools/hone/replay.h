/* SPDX-License-Identifier: GPL-2.0-only */
/* Replay: recorded files in place of a session, of whichever kind they are. */
#ifndef HONE_REPLAY_H
#define HONE_REPLAY_H

/* Returns an exit status. */
int replay(char *const *paths, int n);

#endif
