/* SPDX-License-Identifier: GPL-2.0-only */
/* PCAP-NG: building blocks, and what the parts of that output share. */
#ifndef HONE_PCAPNG_H
#define HONE_PCAPNG_H

#include "sink.h"
#include "writer.h"

#include <string.h>

enum {
	BLOCK_SHB	= 0x0a0d0d0a,
	BLOCK_IDB	= 1,
	BLOCK_ISB	= 5,
	BLOCK_EPB	= 6,
	BLOCK_PROC	= 0x101,
	BLOCK_CONN	= 0x102,
	BLOCK_CUSTOM	= 0xbad,
};

#define BLOCK_DARWIN	0x80000001u

/* What an event is; that of a connection begins, is late or ends. */
enum {
	EVENT_START	= 0,
	EVENT_FORK	= 1,
	EVENT_KTHREAD	= 2,
	EVENT_LATE	= 3,		/* read after the window */
	EVENT_END	= 0xffffffff,
};

enum {
	OPT_COMMENT	= 1,
	OPT_EPB_FLAGS	= 2,
	OPT_EPB_DROP	= 4,
	OPT_EPB_TASK	= 8,
	OPT_EPB_CONN	= 257,
	OPT_EPB_PID	= 258,
	OPT_DARWIN_PROC	= 0x8001,
	OPT_DARWIN_FLOW	= 0x8005,
	/* Hone's own, inside its blocks: admin-guide/hone-pcapng.rst. */
	OPT_IMAGE	= 0x8101,
	OPT_START	= 0x8102,
	OPT_UID		= 0x8103,
	OPT_GID		= 0x8104,
	OPT_COMM	= 0x8105,
	OPT_EXIT	= 0x8106,
	OPT_CWD		= 0x8107,
	OPT_FILENAME	= 0x8108,
	OPT_NS_PID	= 0x8109,
	OPT_NET_NS	= 0x810a,
	OPT_PID_NS	= 0x810b,
	OPT_MNT_NS	= 0x810c,
	OPT_CGROUP_ID	= 0x810d,
	OPT_CGROUP	= 0x810e,
	OPT_LOGINUID	= 0x810f,
	OPT_SESSION	= 0x8110,
	OPT_EXECS	= 0x8111,
	OPT_PARENT_IMAGE = 0x8112,
	OPT_COOKIE	= 0x8101,
	OPT_OWNER	= 0x8102,
	OPT_PARENT	= 0x8103,
	OPT_LATE_TIME	= 0x8104,
	OPT_LATE_IMAGE	= 0x8105,
	OPT_LATE_TID	= 0x8106,
};

/* Readers refuse larger blocks; path and arguments are cut to this. */
#define STRING_MAX	60000

#define SLL2_LEN	20	/* of LINKTYPE_LINUX_SLL2's header */

/* How processes are told of to readers that do not know Hone. */
enum process_info {
	INFO_NONE,
	INFO_DARWIN,
	INFO_WIRESHARK,
};

/* A block that grows; its length is patched in at the end. */
struct block {
	__u8 *start;
	__u8 *p;
};

static inline __u8 *put16(__u8 *p, __u16 v)
{
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static inline __u8 *put32(__u8 *p, __u32 v)
{
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static inline __u8 *put64(__u8 *p, __u64 v)
{
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

/* Zeros up to a multiple of four, and perhaps some that are written over. */
static inline __u8 *put_padded(__u8 *p, const void *data, size_t len)
{
	memcpy(p, data, len);
	put32(p + len, 0);
	return p + ((len + 3) & ~(size_t)3);
}

__u8 *put_option(__u8 *p, __u16 code, const void *data, __u16 len);
__u8 *put_option32(__u8 *p, __u16 code, __u32 v);
__u8 *put_option64(__u8 *p, __u16 code, __u64 v);
/* Nothing if @s is NULL or empty. */
__u8 *put_text(__u8 *p, __u16 code, const char *s);

struct pcapng {
	struct writer w;
	struct capture cap;
	bool comments;
	enum process_info info;
	bool usec;
	bool special;			/* no packet is written as most are */
	__u32 link_len;			/* of a cooked header, SLL2_LEN, or 0 */
	__u32 info_next;		/* index of the next process block */
	__u32 file;			/* number of the file, from 1 */
	__u64 start;			/* of the file, boot time */
	__u64 packets;			/* in the file */
	bool ended;			/* there is to be no other */
	bool failed;			/* there is none, which was said */
};

extern struct pcapng pcapng;

/* A block with room for @len bytes in all; p is NULL if writing failed. */
static inline struct block block_begin(__u32 type, size_t len)
{
	struct block b;

	b.start = writer_room(&pcapng.w, len);
	b.p = b.start;
	if (b.p)
		b.p = put32(b.p, type) + 4;
	return b;
}

static inline bool block_end(struct block *b)
{
	__u32 len = b->p - b->start + 4;

	put32(b->start + 4, len);
	put32(b->p, len);
	writer_put(&pcapng.w, len);
	return true;
}

/* Time of a block, in the file's units. */
static inline __u8 *put_time_in(__u8 *p, __u64 boot, bool usec)
{
	__u64 t = boot + pcapng.cap.offset;

	if (usec)
		t /= 1000;
	/* The high half first, each in the order of the machine. */
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		t = t << 32 | t >> 32;
	return put64(p, t);
}

static inline __u8 *put_time(__u8 *p, __u64 boot)
{
	return put_time_in(p, boot, pcapng.usec);
}

/* Ends the file and begins another; false if there is none, or it failed. */
bool pcapng_rotate(__u64 time);

/* Says what a process or connection is, if this file does not yet. */
bool pcapng_describe_image(struct image *img, __u64 time);
bool pcapng_describe_conn(struct conn *c, __u64 time);
/* The same in the form that Wireshark understands, if that is wanted. */
bool pcapng_describe_info(struct image *img);

/* What writes packets, by what is to be said of them. */
typedef bool (*pcapng_packet_fn)(const struct attributed *p);
pcapng_packet_fn pcapng_packet(void);
/* Drops what is kept of a connection's packets. */
void pcapng_forget(struct conn *c);

/* Opens the output; false after a message. */
bool pcapng_open(const char *path);
/* Takes packets when it has been opened. */
extern struct sink sink_pcapng;

#endif
