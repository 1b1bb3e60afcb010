/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hone: what is kept with each socket, apart from <linux/hone.h> so that
 * <net/sock.h> pulls in nothing else.
 */
#ifndef _LINUX_HONE_TYPES_H
#define _LINUX_HONE_TYPES_H

#include <linux/types.h>

/**
 * struct hone_sk - users of a socket
 * @owner: image id of the creator, or of the task that accepted it; 0 is the
 *	kernel. Written at allocation and accept, capture on or off.
 * @owner_start: start time of the owner, CLOCK_BOOTTIME nanoseconds
 * @parent: with HONE_SK_SUBFLOW instead: cookie of the MPTCP connection
 * @tx: hone_actor_key() of the last announced writer (socket lock)
 * @rx: hone_actor_key() of the last announced reader (socket lock)
 * @rx_seq: TCP: end of the bytes whose reader is known, if HONE_SK_RX is set
 *	(socket lock)
 * @owner_tgid: process id of the owner
 * @gen: generation of the capture that has announced this socket
 * @flags: HONE_SK_*
 * @owner_comm: name of the owner
 *
 * One cache line of a 64-bit machine, in the cold part of struct sock.
 */
struct hone_sk {
	u64	owner;
	union {
		u64	owner_start;
		u64	parent;
	};
	u64	tx;
	u64	rx;
	u32	rx_seq;
	u32	owner_tgid;
	u32	gen;
	u32	flags;
	char	owner_comm[16];
};

#define HONE_SK_SHARED	0x1	/* a second task has written or read */
#define HONE_SK_RX	0x2	/* rx_seq is valid */
#define HONE_SK_SUBFLOW	0x4	/* of an MPTCP connection */

#endif /* _LINUX_HONE_TYPES_H */
