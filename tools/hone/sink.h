/* SPDX-License-Identifier: GPL-2.0-only */
/* Sinks: what becomes of events and attributed packets, in order. */
#ifndef HONE_SINK_H
#define HONE_SINK_H

#include "table.h"

/* Receivers of a multicast packet that are named beside the first. */
#define ALSO_MAX	8

#define DEV_UNKNOWN	0xffff	/* ARPHRD_VOID */
#define DEV_OF_TABLE	0xfffd	/* no ARPHRD_*: the table of interfaces tells */

/* A packet, and who sent or received it. */
struct attributed {
	const struct hone_packet *packet;	/* its record's fixed part */
	const __u8 *data;
	__u64 time;			/* boot time, never runs backwards */
	struct image *img;		/* NULL: nobody, or the kernel */
	struct conn *conn;		/* NULL: not known */
	const char *dev;		/* NULL: not known */
	__u16 dev_type;			/* ARPHRD_*; DEV_OF_TABLE: @dev is not set */
	__u64 lost;			/* packets lost just before */
	union {
		struct {
			__u32 tid;	/* 0: not known for certain */
			__u8 quality; /* enum hone_quality */
			bool made;	/* made by the kernel for @img */
			bool gone;	/* @img had ended already */
			bool undirected; /* sent or received is not known */
		};
		__u64 about;		/* all of these, to be compared */
	};
	bool wanted;			/* by the filters, one of its users is */
	int n_more;
	struct image *more[ALSO_MAX];	/* others that received it too */
};

/* Name of its interface, NULL if that is not known. Not all outputs ask. */
static inline const char *packet_dev(const struct attributed *p)
{
	const struct netdev *dev;

	if (p->dev_type != DEV_OF_TABLE)
		return p->dev;
	dev = netdev_find(p->packet->netns, p->packet->ifindex);
	return dev ? dev->name : NULL;
}

/* And its type, ARPHRD_*. */
static inline __u16 packet_dev_type(const struct attributed *p)
{
	const struct netdev *dev;

	if (p->dev_type != DEV_OF_TABLE)
		return p->dev_type;
	dev = netdev_find(p->packet->netns, p->packet->ifindex);
	return dev ? dev->type : DEV_UNKNOWN;
}

/* A packet that went out as its socket's owner's was read, and by whom. */
struct late {
	struct image *img;
	struct conn *conn;
	__u32 tid;
	__u64 packet_time;		/* boot time, as the packet went out */
	__u64 time;			/* boot time of the read */
};

/* What a capture is, for the head of an output. */
struct capture {
	__u64 offset;		/* real time - boot time, nanoseconds */
	__u64 start;			/* boot time */
	__u32 snaplen;
	__u8 guid[16];
	const char *comment;		/* or NULL, as the next two */
	const char *hardware, *os;
	const char *app;
};

/* Totals, of a kind of records. */
struct account {
	__u64 seen, filtered, lost, overwritten;
};

struct result {
	struct account kind[HONE_KIND_MAX];
	__u64 captured;		/* packets that went to the sinks */
	__u64 start;			/* boot time, as the next */
	__u64 end;
};

/*
 * Each may be NULL. A false return, after a message, ends the capture, but
 * the other sinks still get the tail.
 */
struct sink {
	bool (*head)(const struct capture *cap);
	/* An event, or with @r NULL an image that lives as output begins. */
	bool (*proc)(struct image *img, const struct record *r);
	bool (*sock)(struct conn *c, const struct record *r);
	bool (*packet)(const struct attributed *p);
	bool (*late)(const struct late *l);
	/* Counts; @img NULL: the kernel, all users of a socket, or not known. */
	bool (*tally)(struct image *img, const struct record *r);
	bool (*tail)(const struct result *res);
	bool (*flush)(void);
};

/* What is known is written at once, each for itself. Set before the first. */
extern bool sink_each;

void sink_add(const struct sink *s);
bool sink_head(const struct capture *cap);
bool sink_proc(struct image *img, const struct record *r);
bool sink_sock(struct conn *c, const struct record *r);
bool sink_late(const struct late *l);
bool sink_tally(struct image *img, const struct record *r);
bool sink_tail(const struct result *res);
bool sink_flush(void);

/* To all that take packets, which are most of what there is, or the only one. */
extern bool (*sink_packet)(const struct attributed *p);

#endif
