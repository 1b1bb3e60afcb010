/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines: what they tell of ICMP, IGMP and SCTP. */
#ifndef HONE_LINE_CONTROL_H
#define HONE_LINE_CONTROL_H

#include "decode.h"
#include "msg.h"

#include <stdbool.h>

/* Adds to the line; there is room for what the functions here add. */
void line_add(const char *fmt, ...) __printf(1, 2);
/* Adds what @f is, in tcpdump's words; false: it is of another protocol. */
bool line_control(const struct flow *f);

#endif
