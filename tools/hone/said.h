/* SPDX-License-Identifier: GPL-2.0-only */
/* Said: what the comment of a packet in a PCAP-NG file says of it. */
#ifndef HONE_SAID_H
#define HONE_SAID_H

#include "sink.h"

struct said {
	bool pid_known, uid_known, quality_known;
	bool gone, made;
	__u8 quality;			/* enum hone_quality */
	__u32 pid, tid, uid;
	__u64 cookie;			/* 0: not said */
	char comm[HONE_COMM_LEN + 1];	/* "": not said */
	char dev[HONE_IFNAME_LEN + 1];
	int n_also;
	__u32 also[ALSO_MAX];		/* process ids */
};

/* False if it is another's comment; @said is then as it was. */
bool said_parse(struct said *said, const __u8 *text, size_t len);
/* Undoes encode(): %XX are bytes. @to has room for @size with the NUL. */
void said_decode(char *to, size_t size, const __u8 *text, size_t len);

#endif
