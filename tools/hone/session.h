/* SPDX-License-Identifier: GPL-2.0-only */
/* Sessions: a capture that the kernel makes now. */
#ifndef HONE_SESSION_H
#define HONE_SESSION_H

#include <signal.h>
#include <stdbool.h>
#include <linux/types.h>

/* Captures until a signal or limit ends it. Returns an exit status. */
int session_run(void);

/* What the flight recorder shares; each false after a message. */

/* What went wrong first; EXIT_OK: nothing. */
int session_status(void);
bool session_fail(int code);
/* Tells the kernel what is wanted. */
bool session_configure(void);
/* Opens the channels' files there are. */
bool session_channels(void);
bool session_snapshot(void);
/* Reads all that is in rings which nobody writes to, to be merged later. */
bool session_drain(void);
/* Merges all that was read. */
bool session_merge(void);
void session_close(void);
/* The capture runs: whoever waits for that is told. */
void session_ready(void);
__u64 boot_clock(void);

#endif
