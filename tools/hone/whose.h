/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose: the process and the connection that a packet in a PCAP-NG file
 * means. It names a process by its pid only, which several images had.
 */
#ifndef HONE_WHOSE_H
#define HONE_WHOSE_H

#include "said.h"

#define NO_INDEX	(~0U)

/* Another file: its indices count from 0. */
void whose_begin(void);
/* Image @id is the newest with that pid. */
void whose_described(__u32 pid, __u64 id);
/* The newest image with that pid, NULL: none is known. */
struct image *whose_newest(__u32 pid);
/* The next darwin process block: a process of that name. */
void whose_darwin(__u32 pid, const __u8 *name, size_t len);
/*
 * Process @pid of a packet of @time, which refers to darwin block @index. It
 * gets the name that it had then. Makes one if none has been described.
 */
struct image *whose_packet(__u32 pid, __u32 index, const struct said *said,
			   __u64 time);
/* One more process that a packet went to. */
struct image *whose_also(__u32 pid, __u64 time);

/* The whole cookie that connection events had for its low half. */
void whose_conn_described(__u64 cookie);
__u64 whose_cookie(__u32 low);
/* The same pointer for the same name, NULL for none. */
const char *whose_dev(const char *name);

#endif
