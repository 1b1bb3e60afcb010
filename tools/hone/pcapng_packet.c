// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCAP-NG: packets.
 *
 * All options but the drop count are the same for packet after packet of a
 * connection and user, so they are kept and copied in one piece.
 */
#include "pcapng.h"
#include "encode.h"
#include "msg.h"
#include "rotate.h"
#include "words.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdio.h>
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

static __u32 block_flags(const struct attributed *p)
{
	__u16 of = p->packet->rec.flags;
	__u32 flags = of & HONE_F_PKT_OUT ? 2 : 1;

	if (p->undirected)
		flags = 0;
	if (of & HONE_F_PKT_CSUM)
		flags |= 1 << 9;
	if (of & HONE_F_PKT_GSO)
		flags |= 1 << 11;
	return flags;
}

static size_t add_name(char *s, const char *key, const char *name, size_t max)
{
	size_t n = sprintf(s, " %s=", key);

	return n + encode(s + n, max, name, strlen(name), "");
}

/* Returns its length. @s has room for COMMENT_MAX bytes. */
static size_t make_comment(char *s, const struct attributed *p)
{
	const struct image *img = p->img;
	size_t n = 0;
	int i;

	if (img) {
		n += sprintf(s + n, " PID=%u", img->tgid);
		if (p->tid)
			n += sprintf(s + n, " TID=%u", p->tid);
		if (!img->gone || img->as.comm[0])
			n += sprintf(s + n, " UID=%u", img->as.uid);
		if (img->as.comm[0])
			n += add_name(s + n, "COMM", img->as.comm, 48);
	} else if (p->quality == HONE_Q_KERNEL) {
		n += sprintf(s + n, " PID=0 COMM=kernel");
	}
	if (p->conn)
		n += sprintf(s + n, " CONN=%llu",
			     p->conn->cookie);
	if (p->dev)
		n += add_name(s + n, "DEV", p->dev, 48);
	if (img && p->gone)
		n += sprintf(s + n, " GONE=1");
	if (img && p->made)
		n += sprintf(s + n, " MADE=kernel");
	for (i = 0; i < p->n_more; i++)
		n += sprintf(s + n, i ? ",%u" : " ALSO=%u", p->more[i]->tgid);
	n += sprintf(s + n, " Q=%s", quality_name(p->quality));
	return n;
}

/*
 * The options of a packet, TAIL_MAX bytes at most, and before it what they
 * refer to. Returns their length, 0 if writing failed.
 */
static size_t make_tail(__u8 *to, const struct attributed *p)
{
	__u8 task[8], *at = to;
	char comment[COMMENT_MAX];
	struct image *img = p->img;
	size_t n;
	int i;

	if (img && !pcapng_describe_image(img, p->time))
		return 0;
	if (p->conn && !pcapng_describe_conn(p->conn, p->time))
		return 0;
	for (i = 0; i < p->n_more; i++)
		if (!pcapng_describe_image(p->more[i], p->time))
			return 0;
	/* Just before the packet: a file that is read and written is the same. */
	if (img && !pcapng_describe_info(img))
		return 0;

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

	len = make_tail(bytes, p);
	if (!len)
		return NULL;
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
		.dev = p->dev,
	};
	(*t)->len = len;
	memcpy((*t)->bytes, bytes, len);
	return *t;
}

/* NULL: it is to be made anew. */
static inline const struct tail *find_tail(const struct attributed *p)
{
	struct tail_cache *cache = p->conn ? p->conn->tails : &no_conn;
	const struct tail *t = cache ? *tail_slot(cache, p) : NULL;

	if (t && t->key.generation == table_generation &&
	    t->key.image == (p->img ? p->img->version : 0) &&
	    t->key.about == p->about && t->key.dev == p->dev && !p->n_more)
		return t;
	return NULL;
}

/* To all, to several, to us or from us: as the address says. */
static __u8 packet_type(const struct attributed *p)
{
	const __u8 *ip = p->data;

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
	put16(to + 8, htons(p->dev_type));
	to[10] = packet_type(p);
	return to + SLL2_LEN;
}

/* Room that the block of a packet takes at most. */
static inline size_t most_room(const struct attributed *p)
{
	return 64 + SLL2_LEN + (size_t)p->packet->cap_len + TAIL_ROOM(TAIL_MAX);
}

/*
 * Writes a packet to @to, with @link bytes of a cooked header, behind @lost
 * others. Its own bytes come last: nothing need be kept during the call.
 */
static inline __inlined void put_packet(__u8 *to, const struct attributed *p,
					const struct tail *t, __u32 link,
					__u64 lost)
{
	__u32 len = p->packet->cap_len, wire = p->packet->wire_len;
	__u32 padded = (link + len + 3) & ~3U;
	__u32 total = 32 + padded + (lost ? 12 : 0) + t->len;
	__u8 *at = to + 28, *data = at + link;
	__u32 piece;

	put32(to, BLOCK_EPB);
	put32(to + 4, total);
	put32(to + 8, 0);
	put_time(to + 12, p->time);
	put32(to + 20, link + len);
	put32(to + 24, link + (wire > len ? wire : len));
	if (link)
		put_sll2(at, p);
	put32(data + len, 0);
	at += padded;
	if (lost)
		at = put_option64(at, OPT_EPB_DROP, lost);
	/* Whole pieces, mostly one, are copied without a call. */
	memcpy(at, t->bytes, TAIL_PIECE);
	for (piece = TAIL_PIECE; piece < t->len; piece += TAIL_PIECE)
		memcpy(at + piece, t->bytes + piece, TAIL_PIECE);
	put32(at + t->len, total);
	pcapng.packets++;
	writer_put(&pcapng.w, total);
	memcpy(data, p->data, len);
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
	put_packet(to, p, t, pcapng.link_len, p->lost);
	return true;
}

bool pcapng_packet(const struct attributed *p)
{
	const struct tail *t = find_tail(p);

	/* Most are nothing special. */
	if (!t || rotate_may() || pcapng.link_len | p->lost ||
	    !writer_has_room(&pcapng.w, most_room(p)))
		return prepare_packet(p);
	put_packet(pcapng.w.buf + pcapng.w.used, p, t, 0, 0);
	return true;
}
