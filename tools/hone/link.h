/* SPDX-License-Identifier: GPL-2.0-only */
/* Links: where in a frame of some link type its IP packet is. */
#ifndef HONE_LINK_H
#define HONE_LINK_H

#include "bytes.h"

#define LINKTYPE_RAW		101
#define LINKTYPE_LINUX_SLL2	276

/* What the header before the packet has told. */
struct link {
	__u32 len;			/* of the header */
	__u32 ifindex;			/* 0: not told */
	__u16 dev_type;		/* ARPHRD_*, DEV_UNKNOWN: not told */
	__u8 family;			/* AF_INET or AF_INET6 */
	bool sent, received;		/* not told: neither */
};

/* Can frames of that type be read? */
bool link_known(__u16 type);
/* False if the frame has no IP packet. */
bool link_parse(__u16 type, const __u8 *frame, __u32 len, struct link *link);

#endif
