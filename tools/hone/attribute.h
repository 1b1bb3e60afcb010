/* SPDX-License-Identifier: GPL-2.0-only */
/* Attribution: joins packets with who wrote, read or owned their bytes. */
#ifndef HONE_ATTRIBUTE_H
#define HONE_ATTRIBUTE_H

#include "queue.h"

/* A packet: queues it. @time never runs backwards, @lost came before it. */
void attribute_packet(const struct record *r, __u64 time, __u64 lost);
/* What tells more of packets that were queued, or of those to come. */
void attribute_deliver(const struct record *r);
void attribute_consume(const struct record *r);
void attribute_read(const struct record *r);
void attribute_write(const struct record *r);
/* Lets a packet wait no longer: it gets who is likeliest. */
void attribute_timeout(struct held *h);

#endif
