/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines: what they tell of headers, in tcpdump's words. */
#ifndef HONE_LINE_CONTROL_H
#define HONE_LINE_CONTROL_H

#include "decode.h"
#include "msg.h"

#include <stdbool.h>

/* Adds to the line; there is room for what the functions here add. */
void line_add(const char *fmt, ...) __printf(1, 2);
/* Adds what @f is of ICMP, IGMP and SCTP; false: it is of another protocol. */
bool line_control(const struct flow *f);
/* Adds the options of a TCP header, if there are any. */
void line_tcp_options(const struct flow *f);

#endif
