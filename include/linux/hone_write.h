/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hone: how a record gets into a stream. Here is what each packet passes, to be
 * compiled into its path; what is rare is a function of its own.
 */
#ifndef _LINUX_HONE_WRITE_H
#define _LINUX_HONE_WRITE_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/hash.h>
#include <linux/hone_stream.h>
#include <linux/log2.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/relay.h>

/**
 * struct hone_count - account of one kind of record on one CPU
 * @seen: records offered
 * @filtered: of these, not wanted by the session
 * @written: of these, put into the ring
 * @lost: of these, dropped because the ring was full or frozen
 * @overwritten: of @written, written over before they were read
 * @bytes: bytes written
 * @truncated: of @written, cut to fit
 *
 * @seen is the sum of @filtered, @written and @lost. What is shown as written
 * is @written without @overwritten.
 */
struct hone_count {
	u64	seen;
	u64	filtered;
	u64	written;
	u64	lost;
	u64	overwritten;
	u64	bytes;
	u64	truncated;
};

/**
 * struct hone_gap - records lost since the last one written
 * @records: by kind
 * @bytes: that they would have taken
 * @first: time of the first
 * @last: time of the last
 * @open: there is such a gap
 */
struct hone_gap {
	u64	records[HONE_KIND_MAX];
	u64	bytes;
	u64	first;
	u64	last;
	bool	open;
};

/* So many packets of a CPU can be found again when they are read. */
#define HONE_RECENT	256
/* In so many places at most: those behind the one that the key gives. */
#define HONE_PROBES	4

/**
 * struct hone_recent - a record that may be amended, as long as nobody reads it
 * @key: to find it
 * @place: where it is in its sub-buffer; 0: forgotten
 * @epoch: of the CPU's part of the channel then; as it has another one, this is
 *	forgotten, too
 * @note: is kept for who has entered it
 */
struct hone_recent {
	u32	key;
	u32	place;
	u32	epoch;
	u32	note;
};

/**
 * struct hone_cpu - one CPU's part of a channel
 * @now: time of the record or flush that may begin a sub-buffer
 * @limit: packets may fill the sub-buffer up to here
 * @last: where the record that was offered last is in the sub-buffer that is
 *	being written, 0 if it is not there
 * @epoch: steps when nothing of what is written may be amended any more
 * @seq: number of the last record offered
 * @gen: generation when a quarter of the ring had been written last
 * @evict: a full ring gives up its oldest sub-buffer, and is not read; set
 *	under @read_lock while nobody writes
 * @subbufs: sub-buffers begun
 * @lost: records lost, all kinds
 * @count: account by kind
 * @complete: records written, by kind, when the sub-buffer was begun
 * @gap: the gap that is open now
 * @read_lock: one reader or flusher at a time; protects the read position
 * @handed: number of the sub-buffer that was last looked at in the ring, from
 *	1; as long as that is the oldest it still is; written under @read_lock
 * @readers: file is open
 * @recent: packets that wait to be read, and some that wait no more
 *
 * Written with interrupts off on the CPU itself, or while it is offline.
 */
struct hone_cpu {
	u64	now;
	u32	limit;
	u32	last;
	u32	epoch;
	u32	seq;
	u32	gen;
	bool	evict;
	u64	subbufs;
	u64	lost;
	struct hone_count count[HONE_KIND_MAX];
	u64	complete[HONE_KIND_MAX];
	struct hone_gap gap;
	struct mutex read_lock;	/* read position, flushing */
	size_t handed;
	atomic_t readers;
	struct hone_recent recent[HONE_RECENT];
};

void *hone_reserve_slow(struct hone_stream *s, struct rchan_buf *b,
			struct hone_cpu *c, enum hone_kind kind, u32 len,
			u64 now);

/**
 * struct hone_room - where a record is being written
 * @buf: the ring
 * @cpu: what is kept with it
 */
struct hone_room {
	struct rchan_buf *buf;
	struct hone_cpu *cpu;
};

/**
 * hone_reserve - room for a record on this CPU
 * @s: the stream
 * @kind: kind of the record, for the account
 * @len: its length, a multiple of 8, at most half a sub-buffer
 * @now: its time, taken with interrupts off
 * @room: is set, for hone_commit()
 *
 * The record is published by hone_commit(), before interrupts are on again.
 *
 * Context: interrupts off; not NMI.
 * Return: where to write it, or NULL if the ring is full or frozen; that is
 * counted.
 */
static __always_inline void *hone_reserve(struct hone_stream *s,
					  enum hone_kind kind, u32 len,
					  u64 now, struct hone_room *room)
{
	/* Once: counts may be told of while hone_capture_stop() changes it. */
	struct hone_chan *ch = READ_ONCE(s->of[kind]);
	struct rchan_buf *b = *this_cpu_ptr(ch->rchan->buf);
	struct hone_cpu *c = this_cpu_ptr(ch->cpu);
	u32 limit = kind == HONE_KIND_PACKET ? c->limit : b->chan->subbuf_size;

	room->buf = b;
	room->cpu = c;
	c->count[kind].seen++;
	/*
	 * Pairs with hone_stream_thaw(), behind which evict is settled, and
	 * with synchronize_rcu() in hone_stream_freeze().
	 */
	if (unlikely(smp_load_acquire(&s->frozen) || c->gap.open ||
		     b->offset + len > limit))
		return hone_reserve_slow(s, b, c, kind, len, now);
	c->seq++;
	return b->data + b->offset;
}

/**
 * hone_commit - publish a record
 * @room: as reserved
 * @kind: as reserved
 * @rec: the record, with length and type
 * @len: its length, at most what was reserved
 * @now: as reserved
 *
 * Time, number and CPU are filled in here.
 *
 * Context: interrupts off since hone_reserve().
 */
static __always_inline void hone_commit(const struct hone_room *room,
					enum hone_kind kind,
					struct hone_rec *rec, u32 len, u64 now)
{
	struct rchan_buf *b = room->buf;
	struct hone_cpu *c = room->cpu;

	rec->time = now;
	rec->seq = c->seq;
	rec->cpu = b->cpu;
	c->count[kind].written++;
	c->count[kind].bytes += len;
	c->last = b->offset;
	/* Only whole records lie below the offset, also for a crash dump. */
	smp_wmb();
	WRITE_ONCE(b->offset, b->offset + len);
}

/**
 * hone_count_truncated - a record was written, but not all of it
 * @room: as reserved
 * @kind: kind of the record
 *
 * Context: interrupts off, after hone_reserve().
 */
static inline void hone_count_truncated(const struct hone_room *room,
					enum hone_kind kind)
{
	room->cpu->count[kind].truncated++;
}

static inline struct hone_recent *hone_recent_place(struct hone_cpu *c, u32 key,
						    u32 i)
{
	u32 hash = hash_32(key, ilog2(HONE_RECENT));

	return &c->recent[(hash + i) % HONE_RECENT];
}

/**
 * hone_recent_enter - the record written last may be amended later
 * @s: the stream
 * @key: to find it
 * @note: kept with it
 *
 * Context: interrupts off.
 */
static __always_inline void hone_recent_enter(struct hone_stream *s, u32 key,
					      u32 note)
{
	struct hone_cpu *c = this_cpu_ptr(s->events.cpu);
	struct hone_recent *r;
	u32 i;

	for (i = 0; i < HONE_PROBES; i++) {
		r = hone_recent_place(c, key, i);
		if (!r->place || r->epoch != c->epoch || r->key == key)
			break;
	}
	if (i == HONE_PROBES)
		r = hone_recent_place(c, key, 0);
	*r = (struct hone_recent){
		.key	= key,
		.place	= c->last,
		.epoch	= c->epoch,
		.note	= note,
	};
}

/**
 * hone_recent_find - a record that this CPU has written into its events
 * @s: the stream
 * @key: under which it was entered
 *
 * Context: interrupts off.
 * Return: what was entered, or NULL if that is forgotten.
 */
static __always_inline struct hone_recent *
hone_recent_find(struct hone_stream *s, u32 key)
{
	struct hone_cpu *c = this_cpu_ptr(s->events.cpu);
	struct hone_recent *r;
	u32 i;

	for (i = 0; i < HONE_PROBES; i++) {
		r = hone_recent_place(c, key, i);
		if (r->key == key && r->place && r->epoch == c->epoch)
			return r;
	}
	return NULL;
}

/**
 * hone_recent_rec - the record that was entered
 * @s: the stream
 * @r: from hone_recent_find()
 *
 * As long as interrupts are off it may be amended: nobody reads it.
 *
 * Context: interrupts off since hone_recent_find().
 * Return: the record, or NULL if the ring is frozen.
 */
static __always_inline struct hone_rec *
hone_recent_rec(struct hone_stream *s, const struct hone_recent *r)
{
	const struct rchan_buf *b = *this_cpu_ptr(s->events.rchan->buf);

	/* As in hone_reserve(). */
	if (unlikely(smp_load_acquire(&s->frozen)))
		return NULL;
	return b->data + r->place;
}

/**
 * hone_recent_forget - it is not to be amended any more
 * @r: from hone_recent_find()
 *
 * Context: interrupts off since hone_recent_find().
 */
static inline void hone_recent_forget(struct hone_recent *r)
{
	r->place = 0;
}

/**
 * hone_recent_drop - whatever has that key is not to be amended any more
 * @s: the stream
 * @key: under which something may have been entered
 *
 * Context: interrupts off.
 */
static inline void hone_recent_drop(struct hone_stream *s, u32 key)
{
	struct hone_recent *r = hone_recent_find(s, key);

	if (r)
		hone_recent_forget(r);
}

/**
 * hone_last - the record that was offered last on this CPU, to its events
 * @s: the stream
 *
 * As long as interrupts are off it may be amended: nobody reads it.
 *
 * Context: interrupts off.
 * Return: the record, or NULL if it was lost, or may have been read by now.
 */
static inline struct hone_rec *hone_last(struct hone_stream *s)
{
	const struct hone_cpu *c = this_cpu_ptr(s->events.cpu);
	const struct rchan_buf *b;

	/* As in hone_reserve(). */
	if (!c->last || unlikely(smp_load_acquire(&s->frozen)))
		return NULL;
	b = *this_cpu_ptr(s->events.rchan->buf);
	return b->data + c->last;
}

#endif /* _LINUX_HONE_WRITE_H */
