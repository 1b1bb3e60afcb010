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
#include <netinet/in.h>

/* A part of a record, not NUL-terminated. */
struct span {
	const __u8 *p;
	__u32 len;
};

/*
 * A decoded record. What it points at lives as long as the bytes. Records are
 * multiples of eight bytes in buffers that begin aligned: so are they.
 */
struct record {
	struct hone_rec rec;
	/* The most frequent ones stay where they are. */
	union {
		const __u8 *raw;	/* rec.len bytes */
		const struct hone_packet *packet;
		const struct hone_actor *actor;
		const struct hone_deliver *deliver;
		const struct hone_sock_rec *sock;
	};
	__u64 missing;		/* records lost before, untold */
	union {
		struct hone_subbuf subbuf;
		struct hone_lost lost;
		struct hone_proc proc;
		struct hone_map map;
		struct hone_tally tally;
		struct hone_netdev netdev;
	};
	struct span path;		/* of a process record */
	struct span argv;
	struct span filename;
	struct span cwd;
	struct span cgroup;
};

enum decode_result {
	DECODE_OK,
	DECODE_MORE,		/* the record is not complete yet */
	DECODE_BAD,		/* *why says what is wrong */
};

/* One that is not among the most frequent, or not sound, or not all there. */
enum decode_result decode_rest(const __u8 *p, size_t len, struct record *r,
			       const char **why);

/* The last time that a record may have. */
#define DECODE_TIME_MAX	((1ULL << 62) - 1)

/* Is it one of those, all of it there and, but for the time, sound? */
static inline bool decode_frequent(const struct record *r, size_t len)
{
	__u32 size = r->rec.len;

	if (size > len || size > HONE_REC_MAX || size % 8)
		return false;
	if (r->rec.type == HONE_REC_PACKET)
		return size >= sizeof(*r->packet) &&
		       r->packet->cap_len <= size - sizeof(*r->packet);
	if (r->rec.type == HONE_REC_SOCK)
		return size >= sizeof(*r->sock);
	if (r->rec.type < HONE_REC_TCP_WRITE || r->rec.type > HONE_REC_DELIVER)
		return false;
	return size >= (r->rec.type == HONE_REC_DELIVER ?
			sizeof(*r->deliver) : sizeof(*r->actor));
}

/* Is it the same, but that of a process? Then it is decoded. */
bool decode_process(struct record *r, size_t len);

/* The record at @p, of which @len bytes are there. */
static inline enum decode_result decode(const __u8 *p, size_t len,
					struct record *r, const char **why)
{
	if (len < sizeof(r->rec))
		return DECODE_MORE;
	memcpy(&r->rec, p, sizeof(r->rec));
	r->raw = p;
	/* The time so that sums cannot overflow: 146 years after the start. */
	return r->rec.time <= DECODE_TIME_MAX && decode_frequent(r, len) ?
	       DECODE_OK : decode_rest(p, len, r, why);
}

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

/* What a packet says of its data. */
struct segment {
	__u8 proto;			/* these are as in struct flow */
	__u8 tcp_flags;
	bool whole;
	__u32 seq;
	__u32 payload;
};

/*
 * Of IPv4 as it mostly is, with all of the header of TCP or UDP. False if it
 * is anything else.
 */
static inline bool decode_plain(const struct hone_packet *packet,
				const __u8 *p, struct segment *s)
{
	__u32 len = packet->cap_len, wire = packet->wire_len, hlen = 28;

	if (packet->family != AF_INET || len < 28 || p[0] != 0x45 ||
	    (p[6] & 0x1f) | p[7])
		return false;
	s->proto = p[9];
	if (s->proto == IPPROTO_TCP) {
		if (len < 40)
			return false;
		hlen = 20 + (p[32] >> 4) * 4;
		s->tcp_flags = p[33];
		s->whole = true;
		s->seq = be32(p + 24);
	} else if (s->proto == IPPROTO_UDP) {
		s->tcp_flags = 0;
		s->whole = false;
		s->seq = 0;
	} else {
		return false;
	}
	s->payload = wire > hlen ? wire - hlen : 0;
	return true;
}

/* @data are the packet's bytes. */
void decode_flow(const struct hone_packet *p, const __u8 *data,
		 struct flow *f);

#endif
