/* SPDX-License-Identifier: GPL-2.0-only */
/* Flight recorder: the kernel keeps the newest, and they are written on demand. */
#ifndef HONE_FLIGHT_H
#define HONE_FLIGHT_H

/* Records until a signal or limit ends it. Returns an exit status. */
int flight_run(void);

#endif
