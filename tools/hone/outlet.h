/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Outlet: events and packets whose process is known. What is wanted of them
 * goes to the sinks, and all is counted.
 */
#ifndef HONE_OUTLET_H
#define HONE_OUTLET_H

#include "filter.h"
#include "resolve.h"
#include "sink.h"

/* Packets lost before one that was not wanted; the next one tells of them. */
extern __u64 outlet_lost;

/* False if an output has failed. */
static inline bool outlet_packet(struct attributed *p)
{
	if (filter_any) {
		if (!p->wanted || !filter_packet(p)) {
			outlet_lost += p->lost;
			resolved.filtered++;
			return true;
		}
		p->lost += outlet_lost;
		outlet_lost = 0;
	}
	if (!sink_packet(p))
		return false;
	resolved.packets++;
	return true;
}

bool outlet_proc(struct image *img, const struct record *r);
bool outlet_sock(struct conn *c, const struct record *r);
bool outlet_tally(const struct record *r);
bool outlet_late(const struct late *l);

#endif
