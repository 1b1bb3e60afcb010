// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCAP-NG: packets.
 *
 * All options but the drop count are the same for packet after packet of a
 * connection and user, so they are kept and copied in one piece. Those of
 * packets without a comment are so few that they are written as they come.
 */
#include "pcapng.h"
#include "encode.h"
#include "msg.h"
#include "rotate.h"
#include "words.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>

/*
 * The longest comment: 16 bytes of each name as %XX, and numbers in full:
 * 15 + 15 + 15 + 54 + 26 + 53 + 12 + 6 + ALSO_MAX * 11 + 9.
 */
#define COMMENT_MAX	(208 + 12 * ALSO_MAX)
/* And the other options. */
#define TAIL_MAX	(COMMENT_MAX + 96)
/* More they are not without comments; they are copied in such pieces. */
#define TAIL_PIECE	48
/* Room for a tail of @len bytes, in whole pieces. */
#define TAIL_ROOM(len)	(((len) + TAIL_PIECE - 1) / TAIL_PIECE * TAIL_PIECE)

/* All that the options of a connection's packets depend on. */
struct tail_key {
	__u64 generation;
	__u64 image;			/* its version */
	__u64 about;
	const char *dev;
};

/* Flags of a record that are told of; no other bits lie between them. */
#define TAIL_FLAGS	(HONE_F_PKT_OUT | HONE_F_PKT_CSUM | HONE_F_PKT_GSO)

struct tail {
	struct tail_key key;
	__u32 len;
	__u8 bytes[];		/* TAIL_ROOM(len) */
};

/* By quality, and by these flags. */
struct tail_cache {
	struct tail *tail[HONE_Q_EXACT + 1][TAIL_FLAGS + 1];
	struct tail_cache *next;	/* that nobody has */
};

static struct tail_cache no_conn;	/* of packets that have none */
static struct tail_cache of_gone;	/* of those whose socket has gone: not kept */

/* Of each of them: direction, no checksum yet, a super-packet. */
static const __u32 flags_of[TAIL_FLAGS + 1] = {
	1, 2, 1 | 1 << 9, 2 | 1 << 9,
	1 | 1 << 11, 2 | 1 << 11, 1 | 1 << 9 | 1 << 11, 2 | 1 << 9 | 1 << 11,
};

static inline __u32 block_flags(const struct attributed *p)
{
	__u32 flags = flags_of[p->packet->rec.flags & TAIL_FLAGS];

	return p->undirected ? flags & ~3U : flags;
}

/*
 * A comment is put together for each connection, direction and quality: that is
 * worth more than sprintf().
 */
static char *add_text(char *s, const char *text)
{
	size_t n = strlen(text);

	memcpy(s, text, n);
	return s + n;
}

static char *add_number(char *s, __u64 n)
{
	char digits[20];
	int i = sizeof(digits);

	do {
		digits[--i] = '0' + n % 10;
		n /= 10;
	} while (n);
	memcpy(s, digits + i, sizeof(digits) - i);
	return s + sizeof(digits) - i;
}

static char *add_name(char *s, const char *name)
{
	return s + encode(s, 48, name, strlen(name), "");
}

/* Returns its length. @to has room for COMMENT_MAX bytes. */
static size_t make_comment(char *to, const struct attributed *p)
{
	const struct image *img = p->img;
	const char *dev = packet_dev(p);
	char *s = to;
	int i;

	if (img) {
		s = add_number(add_text(s, " PID="), img->tgid);
		if (p->tid)
			s = add_number(add_text(s, " TID="), p->tid);
		if (img->as.uid != NOBODY)
			s = add_number(add_text(s, " UID="), img->as.uid);
		if (img->as.comm[0])
			s = add_name(add_text(s, " COMM="), img->as.comm);
	} else if (p->quality == HONE_Q_KERNEL) {
		s = add_text(s, " PID=0 COMM=kernel");
	}
	if (p->conn)
		s = add_number(add_text(s, " CONN="), p->conn->cookie);
	if (dev)
		s = add_name(add_text(s, " DEV="), dev);
	if (img && p->gone)
		s = add_text(s, " GONE=1");
	if (img && p->made)
		s = add_text(s, " MADE=kernel");
	for (i = 0; i < p->n_more; i++)
		s = add_number(add_text(s, i ? "," : " ALSO="),
			       p->more[i]->tgid);
	s = add_text(add_text(s, " Q="), quality_name(p->quality));
	return s - to;
}

/* Before a packet comes what its options refer to. False if writing failed. */
static bool describe(const struct attributed *p)
{
	int i;

	if (p->img && !pcapng_describe_image(p->img, p->time))
		return false;
	if (p->conn && !pcapng_describe_conn(p->conn, p->time))
		return false;
	for (i = 0; i < p->n_more; i++)
		if (!pcapng_describe_image(p->more[i], p->time))
			return false;
	/* Just before the packet: a file that is read and written is the same. */
	return !p->img || pcapng_describe_info(p->img);
}

/* The options of a packet, TAIL_MAX bytes at most. Returns their length. */
static size_t make_tail(__u8 *to, const struct attributed *p)
{
	__u8 task[8], *at = to;
	char comment[COMMENT_MAX];
	struct image *img = p->img;
	size_t n;

	if (pcapng.comments) {
		n = make_comment(comment, p);
		at = put_option(at, OPT_COMMENT, comment + 1, n - 1);
	}
	at = put_option32(at, OPT_EPB_FLAGS, block_flags(p));
	if (img) {
		put32(put32(task, img->tgid), p->tid);
		at = put_option(at, OPT_EPB_TASK, task, sizeof(task));
	}
	if (p->conn)
		at = put_option32(at, OPT_EPB_CONN, p->conn->cookie);
	if (img)
		at = put_option32(at, OPT_EPB_PID, img->tgid);
	if (img && pcapng.info == INFO_DARWIN)
		at = put_option32(at, OPT_DARWIN_PROC, img->info_index);
	if (p->conn && pcapng.info == INFO_DARWIN)
		at = put_option32(at, OPT_DARWIN_FLOW, p->conn->cookie);
	at = put32(at, 0);
	return at - to;
}

/* Those of connections that have gone, for the next ones; some. */
#define SPARES_MAX	256

static struct tail_cache *spare;
static unsigned int n_spare;

static void cache_free(struct tail_cache *cache)
{
	struct tail **t = &cache->tail[0][0];
	size_t i;

	for (i = 0; i < sizeof(cache->tail) / sizeof(*t); i++)
		free(t[i]);
	free(cache);
}

void pcapng_forget(struct conn *c)
{
	struct tail_cache *cache = c->tails;
	struct tail **t;
	size_t i;

	if (!cache)
		return;
	c->tails = NULL;
	if (n_spare == SPARES_MAX) {
		cache_free(cache);
		return;
	}
	/* The table's generation is never 0. */
	t = &cache->tail[0][0];
	for (i = 0; i < sizeof(cache->tail) / sizeof(*t); i++)
		if (t[i])
			t[i]->key.generation = 0;
	cache->next = spare;
	spare = cache;
	n_spare++;
}

static struct tail_cache *new_cache(void)
{
	struct tail_cache *cache = spare;

	if (!cache)
		return xcalloc(1, sizeof(*cache));
	spare = cache->next;
	n_spare--;
	return cache;
}

static inline struct tail **tail_slot(struct tail_cache *cache,
				      const struct attributed *p)
{
	return &cache->tail[p->quality][p->packet->rec.flags & TAIL_FLAGS];
}

static __apart struct tail *remake_tail(const struct attributed *p)
{
	struct tail_cache *cache = &no_conn;
	__u8 bytes[TAIL_MAX];
	struct tail **t;
	size_t len;

	if (!describe(p))
		return NULL;
	len = make_tail(bytes, p);
	if (p->conn && p->conn->freed) {
		cache = &of_gone;
	} else if (p->conn) {
		if (!p->conn->tails)
			p->conn->tails = new_cache();
		cache = p->conn->tails;
	}
	t = tail_slot(cache, p);
	*t = xrealloc(*t, sizeof(**t) + TAIL_ROOM(len));
	(*t)->key = (struct tail_key){
		/* What describes others is not in the key. */
		.generation = p->n_more ? 0 : table_generation,
		.image = p->img ? p->img->version : 0,
		.about = p->about,
		.dev = packet_dev(p),
	};
	(*t)->len = len;
	memcpy((*t)->bytes, bytes, len);
	return *t;
}

/* Has a packet at most the options of struct few? */
static inline bool has_few(void)
{
	return !pcapng.comments && pcapng.info == INFO_NONE;
}

/* Those of a packet whose process and connection are known, and its end. */
struct few {
	struct {
		__u16 code, len;
		__u32 flags;
	} flags;
	struct {
		__u16 code, len;
		__u32 tgid, tid;
	} task;
	struct {
		__u16 code, len;
		__u32 cookie;
	} conn;
	struct {
		__u16 code, len;
		__u32 tgid;
	} pid;
	__u32 end;
	__u32 total;
};

/* As make_tail() has them. */
static inline void put_few(__u8 *at, const struct attributed *p, __u32 total)
{
	struct few few = {
		.flags = { OPT_EPB_FLAGS, 4, block_flags(p) },
		.task = { OPT_EPB_TASK, 8, p->img->tgid, p->tid },
		.conn = { OPT_EPB_CONN, 4, p->conn->cookie },
		.pid = { OPT_EPB_PID, 4, p->img->tgid },
		.total = total,
	};

	memcpy(at, &few, sizeof(few));
}

/* And has all been described that they refer to? */
static inline bool fits_few(const struct attributed *p)
{
	return p->img && p->img->described == pcapng.file &&
	       p->conn && p->conn->described == pcapng.file && !p->n_more;
}

/* NULL: it is to be made anew. */
static inline const struct tail *find_tail(const struct attributed *p)
{
	struct tail_cache *cache = p->conn ? p->conn->tails : &no_conn;
	const struct tail *t = cache ? *tail_slot(cache, p) : NULL;

	if (t && t->key.generation == table_generation &&
	    t->key.image == (p->img ? p->img->version : 0) &&
	    t->key.about == p->about && t->key.dev == packet_dev(p) &&
	    !p->n_more)
		return t;
	return NULL;
}

/* To all, to several, to us or from us: as the address says; not known: neither. */
static __u8 packet_type(const struct attributed *p)
{
	const __u8 *ip = p->data;

	if (p->undirected)
		return PACKET_OTHERHOST;
	if (p->packet->rec.flags & HONE_F_PKT_OUT)
		return PACKET_OUTGOING;
	if (p->packet->family == AF_INET6)
		return p->packet->cap_len >= 40 && ip[24] == 0xff ?
		       PACKET_MULTICAST : PACKET_HOST;
	if (p->packet->cap_len < 20)
		return PACKET_HOST;
	if (ip[16] == 255 && ip[17] == 255 && ip[18] == 255 && ip[19] == 255)
		return PACKET_BROADCAST;
	return ip[16] >> 4 == 14 ? PACKET_MULTICAST : PACKET_HOST;
}

/* The header of LINKTYPE_LINUX_SLL2, in network byte order. */
static __u8 *put_sll2(__u8 *to, const struct attributed *p)
{
	memset(to, 0, SLL2_LEN);
	put16(to, htons(p->packet->family == AF_INET ? ETH_P_IP : ETH_P_IPV6));
	put32(to + 4, htonl(p->packet->ifindex));
	put16(to + 8, htons(packet_dev_type(p)));
	to[10] = packet_type(p);
	return to + SLL2_LEN;
}

/* Room that the block of a packet takes at most. */
static inline size_t most_room(const struct attributed *p)
{
	return 64 + SLL2_LEN + (size_t)p->packet->cap_len + TAIL_ROOM(TAIL_MAX);
}

/* Of a block that begins at @to; returns where the bytes of its packet begin. */
static inline __u8 *put_head(__u8 *to, const struct attributed *p, __u32 link,
			     __u32 total, bool usec)
{
	__u32 len = p->packet->cap_len, wire = p->packet->wire_len;

	put32(to, BLOCK_EPB);
	put32(to + 4, total);
	put32(to + 8, 0);
	put_time_in(to + 12, p->time, usec);
	put32(to + 20, link + len);
	put32(to + 24, link + (wire > len ? wire : len));
	put32(to + 28 + link + len, 0);
	return to + 28;
}

/* A packet's bytes come last: nothing need be kept during the call. */
static inline void put_data(__u8 *to, const struct attributed *p, __u32 total)
{
	pcapng.packets++;
	writer_put(&pcapng.w, total);
	memcpy(to, p->data, p->packet->cap_len);
}

/*
 * Writes a packet to @to, with @link bytes of a cooked header, behind @lost
 * others.
 */
static inline __inlined void put_packet(__u8 *to, const struct attributed *p,
					const struct tail *t, __u32 link,
					__u64 lost, bool usec)
{
	__u32 padded = (link + p->packet->cap_len + 3) & ~3U;
	__u32 total = 32 + padded + (lost ? 12 : 0) + t->len;
	__u8 *data = put_head(to, p, link, total, usec);
	__u8 *at = data + padded;
	__u32 piece;

	if (link)
		data = put_sll2(data, p);
	if (lost)
		at = put_option64(at, OPT_EPB_DROP, lost);
	/* Whole pieces, mostly one, are copied without a call. */
	memcpy(at, t->bytes, TAIL_PIECE);
	for (piece = TAIL_PIECE; piece < t->len; piece += TAIL_PIECE)
		memcpy(at + piece, t->bytes + piece, TAIL_PIECE);
	put32(at + t->len, total);
	put_data(data, p, total);
}

/* A packet that something is to be done before, or that more is said of. */
static __apart bool prepare_packet(const struct attributed *p)
{
	const struct tail *t;
	__u8 *to;

	if (rotation.path && pcapng.packets &&
	    rotate_due(pcapng.w.written + pcapng.w.used,
		       p->time + pcapng.cap.offset) &&
	    !pcapng_rotate(p->time))
		return false;
	t = find_tail(p);
	if (!t)
		t = remake_tail(p);
	if (!t)
		return false;
	to = writer_room(&pcapng.w, most_room(p));
	if (!to)
		return false;
	put_packet(to, p, t, pcapng.link_len, p->lost, pcapng.usec);
	return true;
}

/* Is something to be done before the packet, or more to be said of it? */
static inline bool is_special(const struct attributed *p)
{
	return pcapng.special | rotate_wanted() | p->lost;
}

/* Of a packet that nothing is to be done for, as most are. */
static inline bool is_usual(const struct attributed *p)
{
	return !is_special(p) && writer_has_room(&pcapng.w, most_room(p));
}

static bool packet_with_tail(const struct attributed *p)
{
	const struct tail *t = find_tail(p);

	if (!t || !is_usual(p))
		return prepare_packet(p);
	put_packet(pcapng.w.buf + pcapng.w.used, p, t, 0, 0, false);
	return true;
}

static inline __inlined void put_with_few(const struct attributed *p)
{
	__u32 padded = (p->packet->cap_len + 3) & ~3U;
	__u32 total = 28 + padded + sizeof(struct few);
	__u8 *to = pcapng.w.buf + pcapng.w.used;

	to = put_head(to, p, 0, total, false);
	put_few(to + padded, p, total);
	put_data(to, p, total);
}

/* The first of a connection, as a rule: it is not kept in mind for the next. */
static __apart bool prepare_few(const struct attributed *p)
{
	if (is_special(p) || !p->img || !p->conn || p->n_more)
		return prepare_packet(p);
	if (!describe(p) || !writer_room(&pcapng.w, most_room(p)))
		return false;
	put_with_few(p);
	return true;
}

static bool packet_with_few(const struct attributed *p)
{
	if (!fits_few(p) || !is_usual(p))
		return prepare_few(p);
	put_with_few(p);
	return true;
}

pcapng_packet_fn pcapng_packet(void)
{
	pcapng.special = rotation.bytes || rotation.ns || pcapng.usec ||
			 pcapng.link_len;
	return has_few() ? packet_with_few : packet_with_tail;
}
