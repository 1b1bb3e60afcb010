/* SPDX-License-Identifier: GPL-2.0-only */
/* Sessions: a capture that the kernel makes now. */
#ifndef HONE_SESSION_H
#define HONE_SESSION_H

/* Captures until a signal or limit ends it. Returns an exit status. */
int session_run(void);

#endif
