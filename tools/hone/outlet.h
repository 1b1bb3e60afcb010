/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Outlet: events and packets whose process is known. What is wanted of them
 * goes to the sinks, and all is counted.
 */
#ifndef HONE_OUTLET_H
#define HONE_OUTLET_H

#include "sink.h"

/* False if an output has failed. */
bool outlet_packet(struct attributed *p);
bool outlet_proc(struct image *img, const struct record *r);
bool outlet_sock(struct conn *c, const struct record *r);
bool outlet_tally(const struct record *r);
bool outlet_late(const struct late *l);

#endif
