/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Decoding: the one place that turns bytes of a stream into records.
 *
 * The bytes are not trusted: lengths are checked, and nothing is read through
 * a pointer that may be unaligned.
 */
#ifndef HONE_DECODE_H
#define HONE_DECODE_H

#include "bytes.h"

#include <linux/hone.h>

/* A part of a record, not NUL-terminated. */
struct span {
	const __u8 *p;
	__u32 len;
};

/* A decoded record. What it points at lives as long as the bytes. */
struct record {
	struct hone_rec rec;
	const __u8 *raw;		/* rec.len bytes */
	__u64 missing;		/* records lost before, untold */
	union {
		struct hone_subbuf subbuf;
		struct hone_lost lost;
		struct hone_proc proc;
		struct hone_sock_rec sock;
		struct hone_actor actor;
		struct hone_deliver deliver;
		struct hone_map map;
		struct hone_tally tally;
		struct hone_packet packet;
		struct hone_netdev netdev;
	};
	struct span path;		/* of a process record */
	struct span argv;
	struct span filename;
	struct span cwd;
	struct span cgroup;
	struct span data;		/* of a packet */
};

enum decode_result {
	DECODE_OK,
	DECODE_MORE,		/* the record is not complete yet */
	DECODE_BAD,		/* *why says what is wrong */
};

/* The record at @p, of which @len bytes are there. */
enum decode_result decode(const __u8 *p, size_t len, struct record *r,
			  const char **why);

/* What a packet says of itself, as far as its bytes were recorded. */
struct flow {
	__u8 proto;			/* IPPROTO_*, 0 if unknown */
	__u8 tcp_flags;
	bool fragment;			/* not the first: no ports */
	bool whole;			/* TCP: all of its header is there */
	__u16 sport, dport;		/* host byte order */
	__u32 seq, ack;		/* TCP */
	__u32 payload;		/* bytes behind the header; SCTP: from data on */
	const __u8 *saddr, *daddr;	/* 4 or 16 bytes */
	int alen;
	const __u8 *l4;		/* what is behind IP, NULL if unknown */
	__u32 l4_len;			/* of it, bytes recorded */
	__u32 l4_wire;			/* and on the wire */
};

#define TCP_FIN	0x01
#define TCP_SYN	0x02
#define TCP_RST	0x04
#define TCP_ACK	0x10
#define TCP_URG	0x20

/* @data are the packet's bytes. */
void decode_flow(const struct hone_packet *p, const __u8 *data,
		 struct flow *f);

#endif
