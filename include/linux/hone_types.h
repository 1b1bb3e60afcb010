/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hone: what is kept with each socket, apart from <linux/hone.h> so that
 * <net/sock.h> pulls in nothing else.
 */
#ifndef _LINUX_HONE_TYPES_H
#define _LINUX_HONE_TYPES_H

#include <linux/types.h>

#define HONE_SK_SHARED	1	/* a second task has written or read */
#define HONE_SK_MIXED	2	/* a second process has written by kTLS */

/**
 * struct hone_sk - users of a socket
 * @owner: image id of the creator, or of the task that accepted it; 0 is the
 *	kernel. Written at allocation and accept, capture on or off.
 * @owner_start: start time of the owner, CLOCK_BOOTTIME nanoseconds
 * @parent: with @subflow instead: cookie of the MPTCP connection
 * @tx: hone_actor_key() of the last announced writer (socket lock), or its
 *	complement: of who has opened it, taken for its writer before it writes;
 *	or hone_key_mark() of it, if it is to be told again who it is
 * @rx: hone_actor_key() of the last announced reader (socket lock)
 * @rx_seq: TCP: end of the bytes whose reader is known (socket lock)
 * @rx_told: datagrams, in place of it: hone_told_by() of the last one taken of
 *	which not its own record tells (lock of the queue that they are taken
 *	from; whoever sees an older one writes a record more)
 * @owner_tgid: process id of the owner
 * @gen: generation of the capture that has announced this socket
 * @shared: HONE_SK_SHARED, HONE_SK_MIXED
 * @rx_known: hone_run while which @rx_seq is valid, or 0
 * @subflow: of an MPTCP connection
 * @moved: was accepted by another than its listener's owner
 * @owner_comm: name of the owner, without NUL if it is as long as can be
 * @wants: a bit for each session that wants one of its users
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
	union {
		u32	rx_seq;
		u32	rx_told;
	};
	u32	owner_tgid;
	u32	gen;
	u8	shared;
	u8	rx_known;
	u8	subflow;
	u8	moved;
	char	owner_comm[15];
	u8	wants;
};

#endif /* _LINUX_HONE_TYPES_H */
