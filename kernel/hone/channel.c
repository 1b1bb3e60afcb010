// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: the relay channels of a session, written without locks on each CPU.
 *
 * A ring that is full takes no more, or writes over its oldest sub-buffer. A
 * ring that does the latter is never read: it is frozen first.
 */
#include "hone.h"

#include <linux/cpu.h>
#include <linux/percpu.h>
#include <linux/relay.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

/* Sub-buffers complete and not read yet. */
static u32 hone_ready(const struct rchan_buf *b)
{
	/* Pairs with hone_consumed(): what is written over has been read. */
	return b->subbufs_produced - smp_load_acquire(&b->subbufs_consumed);
}

/**
 * hone_slot - what is in a sub-buffer
 * @b: the ring
 * @subbuf: number of the sub-buffer, which is complete or about to be
 *
 * Return: its note.
 */
struct hone_slot *hone_slot(const struct rchan_buf *b, size_t subbuf)
{
	const struct hone_chan *ch = b->chan->private_data;
	size_t n = b->chan->n_subbufs;

	return &ch->slots[b->cpu * n + subbuf % n];
}

/* The oldest sub-buffer is written over. */
static void hone_evict(struct rchan_buf *b, struct hone_cpu *c)
{
	const struct hone_slot *slot = hone_slot(b, b->subbufs_consumed);
	int k;

	for (k = 0; k < HONE_KIND_MAX; k++)
		c->count[k].overwritten += slot->records[k];
	/* A reader that was in the middle of it has not read it. */
	b->bytes_consumed = 0;
	b->subbufs_consumed++;
}

/*
 * A quarter of the ring is new since the last time: what is told only once is
 * told again long before that is written over. One CPU does so for all.
 */
static void hone_tell_again(struct hone_cpu *c)
{
	if (c->gen == hone_generation())
		hone_try_generation();
	c->gen = hone_generation();
}

/*
 * relay begins a sub-buffer: in relay_open(), or with interrupts off on the
 * buffer's CPU, or for an offline CPU under its read_lock.
 */
static int hone_subbuf_start(struct rchan_buf *b, void *subbuf, void *prev,
			     size_t prev_padding)
{
	struct hone_chan *ch = b->chan->private_data;
	struct hone_cpu *c = per_cpu_ptr(ch->cpu, b->cpu);
	u32 ready = hone_ready(b), n = b->chan->n_subbufs;
	struct hone_stream *s = ch->stream;
	struct hone_subbuf *head = subbuf;
	/* Pairs with hone_chan_overwrite(). */
	bool evict = smp_load_acquire(&c->evict);
	u64 boot, real;

	if (ready >= n) {
		if (!evict)
			return 0;
		hone_evict(b, c);
	}

	boot = ktime_get_boottime_ns();
	real = ktime_get_real_ns();
	/* The record that comes next has its time already. */
	if (prev) {
		real -= boot - c->now;
		boot = c->now;
	}
	hone_subbuf_fill(head, b->cpu, boot, real);
	head->subbuf = c->subbufs++;
	head->lost = c->lost;
	head->next_seq = c->seq + 1;
	head->snaplen = s->snaplen;
	if (s->changes)
		head->rec.flags |= HONE_F_SUBBUF_CHANGES;
	if (s->life && s->kinds & BIT(HONE_KIND_SOCK))
		head->rec.flags |= HONE_F_SUBBUF_LIFE;
	if (ch == &s->identity)
		head->rec.flags |= HONE_F_SUBBUF_IDENTITY;
	subbuf_start_reserve(b, sizeof(*head));
	/* The last free sub-buffer is not for packets. */
	c->limit = evict || ready + 1 < n ? b->chan->subbuf_size : 0;
	if (evict && !(c->subbufs % (n / HONE_SUBBUFS_MIN)))
		hone_tell_again(c);
	return 1;
}

/* A sub-buffer is complete: how much is in it? */
static void hone_note_slot(struct rchan_buf *b, struct hone_cpu *c)
{
	struct hone_slot *slot = hone_slot(b, b->subbufs_produced);
	int k;

	slot->used = b->offset;
	for (k = 0; k < HONE_KIND_MAX; k++) {
		slot->records[k] = c->count[k].written - c->complete[k];
		c->complete[k] = c->count[k].written;
	}
}

/* Complete the current sub-buffer and begin the next one with @len to come. */
static bool hone_switch(struct hone_cpu *c, struct rchan_buf *b, u32 len)
{
	c->last = 0;
	/* Also if there is no other one to write to. */
	c->epoch++;
	if (b->offset <= b->chan->subbuf_size) {
		hone_note_slot(b, c);
		/*
		 * Records and their note before subbufs_produced; pairs with
		 * the acquire in hone_any().
		 */
		smp_wmb();
	}
	return relay_switch_subbuf(b, len);
}

static bool hone_make_room(struct hone_cpu *c, struct rchan_buf *b,
			   enum hone_kind kind, u32 len)
{
	u32 size = b->chan->subbuf_size, n = b->chan->n_subbufs;

	if (kind == HONE_KIND_PACKET) {
		/* Where the oldest gives way there is always room. */
		u32 ready = c->evict ? 0 : hone_ready(b);

		if (b->offset + len <= size) {
			/* It was the last free one; is it still? */
			if (ready + 1 >= n)
				return false;
			c->limit = size;
			return true;
		}
		if (b->offset <= size)
			ready++;
		if (ready + 1 >= n)
			return false;
	}
	return hone_switch(c, b, len);
}

/* A record is lost that comes now. */
static void hone_lose(struct hone_cpu *c, enum hone_kind kind, u32 len, u64 now)
{
	c->seq++;
	c->count[kind].lost++;
	c->lost++;
	c->last = 0;
	hone_gap_add(&c->gap, kind, len, now);
}

static void hone_put_lost(struct hone_cpu *c, struct rchan_buf *b, u64 now)
{
	struct hone_lost *rec = b->data + b->offset;

	hone_gap_take(&c->gap, rec, now);
	rec->rec.cpu = b->cpu;
	c->last = 0;
	WRITE_ONCE(b->offset, b->offset + sizeof(*rec));
}

/**
 * hone_reserve_slow - hone_reserve(), which is not as fast this time
 * @s: the stream, which may be frozen
 * @b: this CPU's ring
 * @c: what is kept with it
 * @kind: kind of the record
 * @len: its length; there may be a gap, or no room in the sub-buffer
 * @now: its time
 *
 * Context: interrupts off; not NMI.
 * Return: as hone_reserve().
 */
void *hone_reserve_slow(struct hone_stream *s, struct rchan_buf *b,
			struct hone_cpu *c, enum hone_kind kind, u32 len,
			u64 now)
{
	u32 limit = kind == HONE_KIND_PACKET ? c->limit : b->chan->subbuf_size;
	u32 need = len;

	if (c->gap.open)
		need += sizeof(struct hone_lost);
	c->now = now;
	/* As in hone_reserve(): it may have thawed since. */
	if (smp_load_acquire(&s->frozen) ||
	    (b->offset + need > limit && !hone_make_room(c, b, kind, need))) {
		hone_lose(c, kind, len, now);
		return NULL;
	}
	if (c->gap.open)
		hone_put_lost(c, b, now);
	/* A sub-buffer that begins with it has told its number. */
	c->seq++;
	return b->data + b->offset;
}

/**
 * hone_count_filtered - something was seen that is not wanted
 * @s: the stream
 * @kind: what kind of record it would have been
 *
 * It takes no number.
 *
 * Context: interrupts off.
 */
void hone_count_filtered(struct hone_stream *s, enum hone_kind kind)
{
	struct hone_count *count = &this_cpu_ptr(s->of[kind]->cpu)->count[kind];

	count->seen++;
	count->filtered++;
}

/**
 * hone_uncount_filtered - what was counted as not wanted is wanted after all
 * @s: the stream
 * @kind: as counted
 *
 * It is to be reserved next, which counts it again.
 *
 * Context: interrupts off since before the counting, or on the same CPU.
 */
void hone_uncount_filtered(struct hone_stream *s, enum hone_kind kind)
{
	struct hone_count *count = &this_cpu_ptr(s->of[kind]->cpu)->count[kind];

	count->seen--;
	count->filtered--;
}

/**
 * hone_take_back - the last record is not wanted after all
 * @s: the stream
 * @kind: kind of the record
 * @rec: from hone_last()
 * @truncated: it was counted so
 *
 * It is counted as filtered, and its number and place are used again: it has not
 * been entered by hone_recent_enter().
 *
 * Context: interrupts off since hone_last().
 */
void hone_take_back(struct hone_stream *s, enum hone_kind kind,
		    const struct hone_rec *rec, bool truncated)
{
	struct hone_chan *ch = s->of[kind];
	struct rchan_buf *b = *this_cpu_ptr(ch->rchan->buf);
	struct hone_cpu *c = this_cpu_ptr(ch->cpu);
	struct hone_count *count = &c->count[kind];

	c->seq--;
	count->written--;
	count->bytes -= rec->len;
	count->truncated -= truncated;
	count->filtered++;
	WRITE_ONCE(b->offset, c->last);
	c->last = 0;
}

static bool hone_wanted(const struct hone_stream *s, const struct hone_rec *rec,
			u8 sessions)
{
	if (unlikely(!(s->bit & sessions)))
		return false;
	return !s->changes || rec->type != HONE_REC_CONSUME ||
	       rec->flags & HONE_F_ACTOR_CHANGED;
}

/**
 * hone_write - write a record into a stream
 * @s: the stream
 * @rec: the whole record; the copy gets time, number and CPU
 * @kind: its kind; a session that wants none of the kind does not see it
 * @sessions: a bit for each session that wants it; others count it as filtered
 * @now: its time, taken with interrupts off
 *
 * Context: interrupts off; not NMI.
 * Return: false if it was lost.
 */
bool hone_write(struct hone_stream *s, const struct hone_rec *rec,
		enum hone_kind kind, u8 sessions, u64 now)
{
	struct hone_room room;
	void *p;

	if (unlikely(!(s->kinds & BIT(kind))))
		return true;
	if (!hone_wanted(s, rec, sessions)) {
		hone_count_filtered(s, kind);
		return true;
	}
	p = hone_reserve(s, kind, rec->len, now, &room);
	if (!p)
		return false;
	memcpy(p, rec, rec->len);
	hone_commit(&room, kind, p, rec->len, now);
	return true;
}

/**
 * hone_emit - write a record into all streams
 * @rec: the whole record; the copies get time, number and CPU
 * @kind: its kind
 *
 * Context: any but NMI.
 * Return: false if one of them has lost it.
 */
bool hone_emit(const struct hone_rec *rec, enum hone_kind kind)
{
	struct hone_stream *s;
	unsigned long flags;
	bool all = true;
	u64 now;

	if (!hone_wants(kind))
		return true;
	local_irq_save(flags);
	/* Inside, or a CPU's stream would not be in time order. */
	now = ktime_get_boottime_ns();
	hone_for_each_stream(s)
		all &= hone_write(s, rec, kind, ~0, now);
	local_irq_restore(flags);
	return all;
}

/**
 * hone_flush - complete the current sub-buffer, with what was lost till now
 * @info: the ring, &struct rchan_buf; it does not write over its oldest
 *
 * Context: the ring's CPU; or that one is offline, and its read_lock held.
 */
void hone_flush(void *info)
{
	struct rchan_buf *b = info;
	struct hone_chan *ch = b->chan->private_data;
	struct hone_cpu *c = per_cpu_ptr(ch->cpu, b->cpu);
	u32 need = sizeof(struct hone_lost);
	unsigned long flags;

	local_irq_save(flags);
	c->now = ktime_get_boottime_ns();
	/* A gap of a frozen ring grows on: it is told of when that has thawed. */
	if (c->gap.open && !READ_ONCE(ch->stream->frozen)) {
		if (b->offset + need <= b->chan->subbuf_size ||
		    hone_switch(c, b, need))
			hone_put_lost(c, b, c->now);
	}
	if (b->offset > sizeof(struct hone_subbuf) &&
	    b->offset <= b->chan->subbuf_size)
		hone_switch(c, b, 0);
	local_irq_restore(flags);
}

/* The oldest sub-buffers of all rings give way from now on, or no more. */
static int hone_chan_overwrite(struct hone_chan *ch, bool evict)
{
	struct hone_cpu *c;
	int cpu, err;

	if (!ch->cpu)
		return 0;
	for_each_possible_cpu(cpu) {
		c = per_cpu_ptr(ch->cpu, cpu);
		/* Whoever reads is done, or finds that it may not. */
		err = mutex_lock_interruptible(&c->read_lock);
		if (err)
			return err;
		/* Pairs with hone_subbuf_start(): what was read is read. */
		smp_store_release(&c->evict, evict);
		mutex_unlock(&c->read_lock);
	}
	return 0;
}

/**
 * hone_stream_overwrite - a full ring gives up its oldest records
 * @s: a stream nobody writes to, as it is frozen or not started
 *
 * On return nobody reads it.
 *
 * Context: process context; may sleep.
 * Return: 0, or -EINTR, and the stream is as it was.
 */
int hone_stream_overwrite(struct hone_stream *s)
{
	int err;

	err = hone_chan_overwrite(&s->events, true);
	if (!err)
		err = hone_chan_overwrite(&s->identity, true);
	if (err)
		hone_stream_keep(s);
	return err;
}

static void hone_chan_keep(struct hone_chan *ch)
{
	int cpu;

	if (!ch->cpu)
		return;
	for_each_possible_cpu(cpu) {
		/* Pairs with hone_read_begin(): all that was written is there. */
		smp_store_release(&per_cpu_ptr(ch->cpu, cpu)->evict, false);
	}
}

/**
 * hone_stream_keep - a full ring takes no more, and can be read
 * @s: a stream nobody writes to, as it is frozen or stopped
 *
 * Context: any.
 */
void hone_stream_keep(struct hone_stream *s)
{
	hone_chan_keep(&s->events);
	hone_chan_keep(&s->identity);
}

static void hone_chan_wake(struct hone_chan *ch)
{
	struct rchan_buf *b;
	int cpu;

	if (!ch->rchan)
		return;
	for_each_possible_cpu(cpu) {
		b = READ_ONCE(*per_cpu_ptr(ch->rchan->buf, cpu));
		if (b)
			wake_up_interruptible(&b->read_wait);
	}
}

/**
 * hone_stream_wake - who waits for records shall look again
 * @s: the stream, its rings open
 *
 * Context: process context.
 */
void hone_stream_wake(struct hone_stream *s)
{
	hone_chan_wake(&s->events);
	hone_chan_wake(&s->identity);
}

/**
 * hone_stream_freeze - lose what comes from now on, and keep what is there
 * @s: the stream
 *
 * On return nobody writes to it until it has thawed.
 *
 * Context: process context; may sleep.
 */
void hone_stream_freeze(struct hone_stream *s)
{
	WRITE_ONCE(s->frozen, true);
	/* Who has not seen that writes with interrupts off. */
	synchronize_rcu();
	hone_stream_keep(s);
}

/**
 * hone_stream_thaw - write again
 * @s: a frozen stream
 *
 * Context: any.
 */
void hone_stream_thaw(struct hone_stream *s)
{
	/* Pairs with hone_reserve(). */
	smp_store_release(&s->frozen, false);
}

static const struct rchan_callbacks hone_chan_callbacks = {
	.subbuf_start		= hone_subbuf_start,
	.create_buf_file	= hone_create_buf_file,
	.remove_buf_file	= hone_remove_buf_file,
};

/**
 * hone_chan_open - allocate the rings of a channel and show their files
 * @ch: the channel
 * @name: of its files, the CPU's number follows
 * @dir: where to put them
 * @subbuf_size: bytes of a sub-buffer
 * @n_subbufs: their number on each CPU
 *
 * What fails leaves the account in place, which files that were shown for a
 * moment may have open: hone_chan_close() is due in any case.
 *
 * Context: process context; may sleep.
 * Return: 0 or -ENOMEM.
 */
int hone_chan_open(struct hone_chan *ch, const char *name, struct dentry *dir,
		   u32 subbuf_size, u32 n_subbufs)
{
	struct hone_cpu __percpu *cpus = alloc_percpu(struct hone_cpu);
	int cpu;

	if (!cpus)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		mutex_init(&per_cpu_ptr(cpus, cpu)->read_lock);
	/* Pairs with hone_counts_add(). */
	smp_store_release(&ch->cpu, cpus);
	ch->slots = kvcalloc(nr_cpu_ids, n_subbufs * sizeof(*ch->slots),
			     GFP_KERNEL);
	if (!ch->slots)
		return -ENOMEM;

	/* relay misses a CPU that comes online while it opens. */
	cpus_read_lock();
	ch->rchan = relay_open(name, dir, subbuf_size, n_subbufs,
			       &hone_chan_callbacks, ch);
	cpus_read_unlock();
	return ch->rchan ? 0 : -ENOMEM;
}

/**
 * hone_chan_close - give back what hone_chan_open() has allocated but the rings
 * @ch: a channel nobody writes to, whose files are closed and removed, or that
 *	was never opened
 *
 * Context: process context; may sleep.
 */
void hone_chan_close(struct hone_chan *ch)
{
	kvfree(ch->slots);
	free_percpu(ch->cpu);
}
