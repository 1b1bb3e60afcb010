/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Brokers: a process with privileges opens a session's files for one without.
 *
 * They talk over a socket pair that keeps messages apart (SOCK_SEQPACKET). Each
 * request has one reply, in order; descriptors come with it (SCM_RIGHTS). Both
 * are of the same build: there is one version, and no other is understood.
 */
#ifndef HONE_BROKER_H
#define HONE_BROKER_H

#include <linux/types.h>

#define BROKER_VERSION	1

enum broker_what {
	BROKER_CONTROL,		/* a new session: its control file */
	BROKER_BOOT,		/* that from boot: the same, and its directory */
	BROKER_START,		/* starts the new one: its directory */
	BROKER_EVENTS,		/* the file of a CPU */
	BROKER_IDENTITY,	/* the same */
	BROKER_SNAPSHOT,
	BROKER_STATS,
	BROKER_WHATS
};

struct broker_request {
	__u32 version;		/* BROKER_VERSION */
	__u32 what;		/* enum broker_what */
	__u32 cpu;		/* of EVENTS and IDENTITY, else 0 */
	__u32 pad;		/* 0 */
};

struct broker_reply {
	__u32 version;		/* BROKER_VERSION */
	__s32 error;		/* negative errno, 0: done */
	__u32 writable;		/* the control file takes commands */
	__u32 pad;		/* 0 */
};

#define BROKER_DEBUGFS	"/sys/kernel/debug/hone"
#define BROKER_FDS	2	/* that a reply has at most */
/* No limit to CPUs but that of a name that makes sense. */
#define BROKER_CPUS	65536

/*
 * Serves who is at the other end of @sock, until it has closed that, from
 * Hone's files in @debugfs. Returns an exit status.
 */
int broker_serve(int sock, const char *debugfs);

#endif
