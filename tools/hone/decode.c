// SPDX-License-Identifier: GPL-2.0-only
/* Decoding: bytes of a stream into records. */
#include "decode.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

static char problem[96];

static __cold enum decode_result bad(const char **why, const char *what,
				     unsigned long n)
{
	snprintf(problem, sizeof(problem), what, n);
	*why = problem;
	return DECODE_BAD;
}

/* Bytes of the structure of an event's record, 0 if its type is not known. */
static size_t fixed_size(__u16 type)
{
	switch (type) {
	case HONE_REC_SUBBUF:	 return sizeof(struct hone_subbuf);
	case HONE_REC_LOST:	 return sizeof(struct hone_lost);
	case HONE_REC_PROC:	 return sizeof(struct hone_proc);
	case HONE_REC_MPTCP_MAP: return sizeof(struct hone_map);
	case HONE_REC_COUNT:	 return sizeof(struct hone_tally);
	case HONE_REC_NETDEV:	 return sizeof(struct hone_netdev);
	}
	return 0;
}

/* The structure of a record, if it is long enough. */
static inline bool get_fixed(struct record *r, void *to, size_t size)
{
	if (r->rec.len < size)
		return false;
	memcpy(to, r->raw, size);
	return true;
}

static bool decode_attrs(struct cursor *c, struct record *r)
{
	struct hone_attr attr;
	struct span span;

	while (c->left) {
		if (!cursor_get(c, &attr, sizeof(attr)))
			return false;
		span.p = c->p;
		span.len = attr.len;
		if (attr.len > c->left ||
		    !cursor_skip(c, ((size_t)attr.len + 7) & ~(size_t)7))
			return false;
		switch (attr.type) {
		case HONE_ATTR_PATH:
			r->path = span;
			break;
		case HONE_ATTR_ARGV:
			r->argv = span;
			break;
		case HONE_ATTR_FILENAME:
			r->filename = span;
			break;
		case HONE_ATTR_CWD:
			r->cwd = span;
			break;
		case HONE_ATTR_CGROUP:
			r->cgroup = span;
			break;
		}
	}
	return true;
}

static bool decode_strings(struct record *r)
{
	struct cursor c = {
		.p = r->raw + sizeof(r->proc),
		.left = r->rec.len - sizeof(r->proc),
	};

	memset(&r->path, 0, 5 * sizeof(r->path));
	return decode_attrs(&c, r);
}

__apart bool decode_process(struct record *r, size_t len)
{
	if (r->rec.type != HONE_REC_PROC || r->rec.len > len ||
	    r->rec.len > HONE_REC_MAX || r->rec.len % 8)
		return false;
	return get_fixed(r, &r->proc, sizeof(r->proc)) && decode_strings(r);
}

static __cold enum decode_result too_short(const struct record *r,
					   const char **why)
{
	return bad(why, "the record is too short for its type %lu",
		   r->rec.type);
}

static enum decode_result decode_subbuf(const struct record *r,
					const char **why)
{
	if (r->subbuf.magic == __builtin_bswap32(HONE_MAGIC))
		return bad(why, "the stream has the other byte order (magic %#lx)",
			   r->subbuf.magic);
	if (r->subbuf.magic != HONE_MAGIC)
		return bad(why, "no Hone stream (magic %#lx)",
			   r->subbuf.magic);
	if (r->subbuf.real >> 63)
		return bad(why, "the clock cannot show second %lu",
			   r->subbuf.real / 1000000000);
	if (r->subbuf.major == HONE_VERSION_MAJOR)
		return DECODE_OK;
	snprintf(problem, sizeof(problem),
		 "the stream has version %u.%u, this program reads up to %u.x",
		 r->subbuf.major, r->subbuf.minor, HONE_VERSION_MAJOR);
	*why = problem;
	return DECODE_BAD;
}

/* Those that come less often than packets and their users. */
static __apart enum decode_result decode_event(struct record *r, const char **why)
{
	size_t fixed = fixed_size(r->rec.type);

	if (!get_fixed(r, &r->subbuf, fixed))
		return too_short(r, why);
	switch (r->rec.type) {
	case HONE_REC_SUBBUF:
		return decode_subbuf(r, why);
	case HONE_REC_PROC:
		if (!decode_strings(r))
			return bad(why, "an attribute passes the end of its record of %lu bytes",
				   r->rec.len);
		break;
	}
	return DECODE_OK;
}

/* A record that is not whole, or has a head that cannot be. */
static __apart enum decode_result odd_head(const struct hone_rec *rec,
					   size_t len, const char **why)
{
	if (rec->len < sizeof(*rec) || rec->len % 8)
		return bad(why, "a record cannot be %lu bytes long", rec->len);
	if (rec->len > HONE_REC_MAX)
		return bad(why, "a record of %lu bytes is too long", rec->len);
	if (len < rec->len)
		return DECODE_MORE;
	return bad(why, "a record cannot be of second %lu",
		   rec->time / 1000000000);
}

enum decode_result decode_rest(const __u8 *p, size_t len, struct record *r,
			       const char **why)
{
	if (len < sizeof(r->rec))
		return DECODE_MORE;
	memcpy(&r->rec, p, sizeof(r->rec));
	if (r->rec.len < sizeof(r->rec) || r->rec.len % 8 ||
	    r->rec.len > HONE_REC_MAX || len < r->rec.len ||
	    r->rec.time > DECODE_TIME_MAX)
		return odd_head(&r->rec, len, why);
	r->raw = p;
	switch (r->rec.type) {
	case HONE_REC_PACKET:
		if (r->rec.len < sizeof(*r->packet))
			return too_short(r, why);
		return bad(why, "a packet of %lu bytes passes the end of its record",
			   r->packet->cap_len);
	case HONE_REC_SOCK:
	case HONE_REC_TCP_WRITE:
	case HONE_REC_TCP_READ:
	case HONE_REC_CONSUME:
	case HONE_REC_DELIVER:
		return too_short(r, why);
	default:
		return decode_event(r, why);
	}
}

/* Finds the transport header behind IPv6 extension headers. */
static size_t ipv6_transport(const __u8 *p, size_t len, __u8 *next,
			     bool *fragment)
{
	size_t at = 40;

	*next = p[6];
	for (;;) {
		size_t hlen;

		switch (*next) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			if (len < at + 2)
				return 0;
			hlen = ((size_t)p[at + 1] + 1) * 8;
			break;
		case IPPROTO_FRAGMENT:
			if (len < at + 8)
				return 0;
			if (be16(p + at + 2) & 0xfff8)
				*fragment = true;
			hlen = 8;
			break;
		case IPPROTO_AH:
			if (len < at + 2)
				return 0;
			hlen = ((size_t)p[at + 1] + 2) * 4;
			break;
		default:
			return at;
		}
		*next = p[at];
		at += hlen;
		if (at > len)
			return 0;
	}
}

/* Where the first chunk with data begins (RFC 9260, 3.2), 0 if none does. */
static size_t sctp_data(const __u8 *p, size_t len)
{
	enum { DATA = 0, I_DATA = 64 };
	size_t at = 12, chunk;

	for (; at + 4 <= len; at += (chunk + 3) & ~3UL) {
		if (p[at] == DATA || p[at] == I_DATA)
			return at;
		chunk = be16(p + at + 2);
		if (chunk < 4)
			break;
	}
	return 0;
}

void decode_flow(const struct hone_packet *packet, const __u8 *data,
		 struct flow *f)
{
	size_t len = packet->cap_len, at, hlen, chunk;
	const __u8 *p = data;

	memset(f, 0, sizeof(*f));
	if (packet->family == AF_INET) {
		if (len < 20 || p[0] >> 4 != 4)
			return;
		at = (p[0] & 15) * 4;
		f->proto = p[9];
		f->fragment = be16(p + 6) & 0x1fff;
		f->saddr = p + 12;
		f->daddr = p + 16;
		f->alen = 4;
	} else {
		if (len < 40 || p[0] >> 4 != 6)
			return;
		f->saddr = p + 8;
		f->daddr = p + 24;
		f->alen = 16;
		at = ipv6_transport(p, len, &f->proto, &f->fragment);
	}
	if (!at || at > len)
		return;
	f->l4 = p + at;
	f->l4_len = len - at;
	if (packet->wire_len > at)
		f->l4_wire = packet->wire_len - at;
	if (f->fragment || at + 8 > len)
		return;
	p += at;
	len -= at;
	switch (f->proto) {
	case IPPROTO_TCP:
		f->sport = be16(p);
		f->dport = be16(p + 2);
		f->seq = be32(p + 4);
		if (len < 20)
			return;
		f->whole = true;
		f->ack = be32(p + 8);
		hlen = (p[12] >> 4) * 4;
		f->tcp_flags = p[13];
		/* From the length on the wire: the bytes may be cut. */
		if (packet->wire_len > at + hlen)
			f->payload = packet->wire_len - at - hlen;
		break;
	case IPPROTO_SCTP:
		f->sport = be16(p);
		f->dport = be16(p + 2);
		chunk = sctp_data(p, len);
		if (chunk && packet->wire_len > at + chunk)
			f->payload = packet->wire_len - at - chunk;
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		f->sport = be16(p);
		f->dport = be16(p + 2);
		if (packet->wire_len > at + 8)
			f->payload = packet->wire_len - at - 8;
		break;
	}
}
