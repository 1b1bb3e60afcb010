// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: the relay channel of a session, written without locks on each CPU and
 * read a complete sub-buffer at a time.
 *
 * relay's own read is not used: with a full ring and a reader at work it
 * takes the overwrite branch, throws away a whole sub-buffer without counting
 * it and goes on in the middle of a record; and it hands out a sub-buffer
 * that is being written.
 */
#include "hone.h"

#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/percpu.h>
#include <linux/poll.h>
#include <linux/relay.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

/* Sub-buffers complete and not read yet. */
static u32 hone_ready(const struct rchan_buf *b)
{
	/* Pairs with hone_consumed(): what is written over has been read. */
	return b->subbufs_produced - smp_load_acquire(&b->subbufs_consumed);
}

static u32 *hone_used(struct hone_stream *s, const struct rchan_buf *b,
		      size_t subbuf)
{
	size_t n = b->chan->n_subbufs;

	return &s->used[b->cpu * n + subbuf % n];
}

/*
 * relay begins a sub-buffer: in relay_open(), or with interrupts off on the
 * buffer's CPU, or for an offline CPU under its read_lock.
 */
static int hone_subbuf_start(struct rchan_buf *b, void *subbuf, void *prev,
			     size_t prev_padding)
{
	struct hone_stream *s = b->chan->private_data;
	struct hone_cpu *c = per_cpu_ptr(s->cpu, b->cpu);
	struct hone_subbuf *head = subbuf;
	u32 ready = hone_ready(b);
	u64 boot, real;

	if (ready >= b->chan->n_subbufs)
		return 0;

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
	subbuf_start_reserve(b, sizeof(*head));
	/* The last free sub-buffer is not for packets. */
	c->limit = ready + 1 < b->chan->n_subbufs ? b->chan->subbuf_size : 0;
	return 1;
}

/* Complete the current sub-buffer and begin the next one with @len to come. */
static bool hone_switch(struct hone_stream *s, struct rchan_buf *b, u32 len)
{
	if (b->offset <= b->chan->subbuf_size) {
		*hone_used(s, b, b->subbufs_produced) = b->offset;
		/*
		 * Records and used length before subbufs_produced; pairs with
		 * the acquire in hone_chan_read().
		 */
		smp_wmb();
	}
	return relay_switch_subbuf(b, len);
}

static bool hone_make_room(struct hone_stream *s, struct hone_cpu *c,
			   struct rchan_buf *b, enum hone_kind kind, u32 len)
{
	u32 size = b->chan->subbuf_size, n = b->chan->n_subbufs;

	if (kind == HONE_KIND_PACKET) {
		u32 ready = hone_ready(b);

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
	return hone_switch(s, b, len);
}

static void hone_put_lost(struct hone_cpu *c, struct rchan_buf *b, u64 now)
{
	struct hone_lost *rec = b->data + b->offset;

	hone_gap_take(&c->gap, rec, now);
	rec->rec.cpu = b->cpu;
	WRITE_ONCE(b->offset, b->offset + sizeof(*rec));
}

/**
 * hone_reserve - room for a record on this CPU
 * @s: the stream
 * @kind: kind of the record, for the account
 * @len: its length, a multiple of 8, at most half a sub-buffer
 * @now: its time, taken with interrupts off
 *
 * The record is published by hone_commit(), before interrupts are on again.
 *
 * Context: interrupts off; not NMI.
 * Return: where to write it, or NULL if the ring is full; that is counted.
 */
void *hone_reserve(struct hone_stream *s, enum hone_kind kind, u32 len,
		   u64 now)
{
	struct rchan_buf *b = *this_cpu_ptr(s->chan->buf);
	struct hone_cpu *c = this_cpu_ptr(s->cpu);
	u32 limit = kind == HONE_KIND_PACKET ? c->limit : s->chan->subbuf_size;
	u32 need = len;

	c->count[kind].seen++;
	c->seq++;
	if (unlikely(c->gap.open))
		need += sizeof(struct hone_lost);
	if (unlikely(b->offset + need > limit)) {
		c->now = now;
		if (!hone_make_room(s, c, b, kind, need)) {
			c->count[kind].lost++;
			c->lost++;
			hone_gap_add(&c->gap, kind, len, now);
			return NULL;
		}
	}
	if (unlikely(c->gap.open))
		hone_put_lost(c, b, now);
	return b->data + b->offset;
}

/**
 * hone_commit - publish a record
 * @s: the stream
 * @kind: as reserved
 * @rec: the record, with length and type
 * @now: as reserved
 *
 * Time, number and CPU are filled in here.
 *
 * Context: interrupts off since hone_reserve().
 */
void hone_commit(struct hone_stream *s, enum hone_kind kind,
		 struct hone_rec *rec, u64 now)
{
	struct rchan_buf *b = *this_cpu_ptr(s->chan->buf);
	struct hone_cpu *c = this_cpu_ptr(s->cpu);

	rec->time = now;
	rec->seq = c->seq;
	rec->cpu = b->cpu;
	c->count[kind].written++;
	c->count[kind].bytes += rec->len;
	c->last = b->offset;
	/* Only whole records lie below the offset, also for a crash dump. */
	smp_wmb();
	WRITE_ONCE(b->offset, b->offset + rec->len);
}

/**
 * hone_count_truncated - a record was written, but not all of it
 * @s: the stream
 * @kind: kind of the record
 *
 * Context: interrupts off, after hone_reserve().
 */
void hone_count_truncated(struct hone_stream *s, enum hone_kind kind)
{
	this_cpu_ptr(s->cpu)->count[kind].truncated++;
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
	struct hone_count *count = &this_cpu_ptr(s->cpu)->count[kind];

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
	struct hone_count *count = &this_cpu_ptr(s->cpu)->count[kind];

	count->seen--;
	count->filtered--;
}

/**
 * hone_last - the record that was offered last on this CPU
 * @s: the stream
 *
 * Context: interrupts off.
 * Return: the record, or NULL if it was lost, or may have been read by now.
 */
const struct hone_rec *hone_last(struct hone_stream *s)
{
	const struct rchan_buf *b = *this_cpu_ptr(s->chan->buf);
	const struct hone_cpu *c = this_cpu_ptr(s->cpu);
	const struct hone_rec *rec = b->data + c->last;

	/* In the sub-buffer that is being written, right at its end. */
	if (c->last < sizeof(struct hone_subbuf) || c->last >= b->offset ||
	    b->offset > b->chan->subbuf_size || rec->seq != c->seq ||
	    rec->len != b->offset - c->last)
		return NULL;
	return rec;
}

/**
 * hone_take_back - the last record is not wanted after all
 * @s: the stream
 * @kind: kind of the record
 * @rec: from hone_last()
 * @truncated: it was counted so
 *
 * It is counted as filtered, and its number is used again.
 *
 * Context: interrupts off since hone_last().
 */
void hone_take_back(struct hone_stream *s, enum hone_kind kind,
		    const struct hone_rec *rec, bool truncated)
{
	struct rchan_buf *b = *this_cpu_ptr(s->chan->buf);
	struct hone_cpu *c = this_cpu_ptr(s->cpu);
	struct hone_count *count = &c->count[kind];

	c->seq--;
	count->written--;
	count->bytes -= rec->len;
	count->truncated -= truncated;
	count->filtered++;
	WRITE_ONCE(b->offset, c->last);
}

static bool hone_wanted(const struct hone_stream *s, const struct hone_rec *rec,
			enum hone_kind kind, u8 sessions)
{
	if (unlikely(!(s->kinds & BIT(kind)) || !(s->bit & sessions)))
		return false;
	return !s->changes || rec->type != HONE_REC_CONSUME ||
	       rec->flags & HONE_F_ACTOR_CHANGED;
}

/**
 * hone_emit_to - write a record into some streams
 * @rec: the whole record; the copies get time, number and CPU
 * @kind: its kind
 * @sessions: a bit for each session that wants it; others count it as filtered
 *
 * Context: any but NMI.
 */
void hone_emit_to(const struct hone_rec *rec, enum hone_kind kind, u8 sessions)
{
	struct hone_stream *s;
	unsigned long flags;
	void *p;
	u64 now;

	local_irq_save(flags);
	/* Inside, or a CPU's stream would not be in time order. */
	now = ktime_get_boottime_ns();
	hone_for_each_stream(s) {
		if (!hone_wanted(s, rec, kind, sessions)) {
			hone_count_filtered(s, kind);
			continue;
		}
		p = hone_reserve(s, kind, rec->len, now);
		if (!p)
			continue;
		memcpy(p, rec, rec->len);
		hone_commit(s, kind, p, now);
	}
	local_irq_restore(flags);
}

/**
 * hone_emit - write a record into all streams
 * @rec: the whole record; the copies get time, number and CPU
 * @kind: its kind
 *
 * Context: any but NMI.
 */
void hone_emit(const struct hone_rec *rec, enum hone_kind kind)
{
	hone_emit_to(rec, kind, ~0);
}

/* Make what the CPU has written so far, and its losses, readable. */
static void hone_flush(void *info)
{
	struct rchan_buf *b = info;
	struct hone_stream *s = b->chan->private_data;
	struct hone_cpu *c = per_cpu_ptr(s->cpu, b->cpu);
	u32 need = sizeof(struct hone_lost);
	unsigned long flags;

	local_irq_save(flags);
	c->now = ktime_get_boottime_ns();
	if (c->gap.open) {
		if (b->offset + need <= b->chan->subbuf_size ||
		    hone_switch(s, b, need))
			hone_put_lost(c, b, c->now);
	}
	if (b->offset > sizeof(struct hone_subbuf) &&
	    b->offset <= b->chan->subbuf_size)
		hone_switch(s, b, 0);
	local_irq_restore(flags);
}

static void hone_flush_cpu(struct rchan_buf *b)
{
	/*
	 * Whoever removes a session holds this lock and waits for readers:
	 * never wait for it here. The next read will do.
	 */
	if (!cpus_read_trylock())
		return;
	/* An offline CPU writes nothing; read_lock keeps other flushers out. */
	if (smp_call_function_single(b->cpu, hone_flush, b, 1))
		hone_flush(b);
	cpus_read_unlock();
}

/* The reader is done with a sub-buffer. */
static void hone_consumed(struct rchan_buf *b)
{
	b->bytes_consumed = 0;
	/* Pairs with hone_ready(). */
	smp_store_release(&b->subbufs_consumed, b->subbufs_consumed + 1);
}

static ssize_t hone_chan_read(struct file *file, char __user *ubuf,
			      size_t count, loff_t *pos)
{
	struct rchan_buf *b = file->private_data;
	struct hone_stream *s = b->chan->private_data;
	struct hone_cpu *c = per_cpu_ptr(s->cpu, b->cpu);
	bool flushed = false;
	size_t done = 0;
	int err;

	err = mutex_lock_interruptible(&c->read_lock);
	if (err)
		return err;
	while (done < count) {
		size_t cons = b->subbufs_consumed, i, len;
		u32 used;

		/* Pairs with the barrier in hone_switch(). */
		if (smp_load_acquire(&b->subbufs_produced) == cons) {
			if (done || flushed)
				break;
			hone_flush_cpu(b);
			flushed = true;
			continue;
		}
		i = cons % b->chan->n_subbufs;
		used = *hone_used(s, b, cons);
		len = min(used - b->bytes_consumed, count - done);
		if (copy_to_user(ubuf + done, b->start +
				 i * b->chan->subbuf_size + b->bytes_consumed,
				 len)) {
			if (!done)
				err = -EFAULT;
			break;
		}
		b->bytes_consumed += len;
		done += len;
		if (b->bytes_consumed == used)
			hone_consumed(b);
	}
	mutex_unlock(&c->read_lock);
	return done ?: err;
}

static int hone_chan_fopen(struct inode *inode, struct file *file)
{
	struct rchan_buf *b = inode->i_private;
	struct hone_stream *s = b->chan->private_data;
	struct hone_cpu *c;
	int cpu, err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;

	/* relay shows the file before the buffer is complete. */
	for_each_possible_cpu(cpu) {
		if (READ_ONCE(*per_cpu_ptr(b->chan->buf, cpu)) == b)
			break;
	}
	if (cpu >= nr_cpu_ids)
		return -EAGAIN;

	c = per_cpu_ptr(s->cpu, cpu);
	if (atomic_cmpxchg(&c->readers, 0, 1))
		return -EBUSY;
	err = relay_file_operations.open(inode, file);
	if (err) {
		atomic_set(&c->readers, 0);
		return err;
	}
	hone_session_get(hone_session_of(s));
	return 0;
}

static int hone_chan_release(struct inode *inode, struct file *file)
{
	struct rchan_buf *b = file->private_data;
	struct hone_stream *s = b->chan->private_data;

	atomic_set(&per_cpu_ptr(s->cpu, b->cpu)->readers, 0);
	relay_file_operations.release(inode, file);
	hone_session_put(hone_session_of(s));
	return 0;
}

static loff_t hone_chan_llseek(struct file *file, loff_t off, int whence)
{
	return -ESPIPE;
}

static __poll_t hone_chan_poll(struct file *file, poll_table *wait)
{
	return relay_file_operations.poll(file, wait);
}

/*
 * Not relay's own: a file that can be mapped is refused when the kernel is
 * locked down.
 */
static const struct file_operations hone_chan_fops = {
	.owner		= THIS_MODULE,
	.open		= hone_chan_fopen,
	.read		= hone_chan_read,
	.poll		= hone_chan_poll,
	.llseek		= hone_chan_llseek,
	.release	= hone_chan_release,
};

static struct dentry *hone_create_buf_file(const char *name,
					   struct dentry *parent, umode_t mode,
					   struct rchan_buf *b, int *is_global)
{
	return debugfs_create_file(name, 0400, parent, b, &hone_chan_fops);
}

static int hone_remove_buf_file(struct dentry *dentry)
{
	/* Nobody opens it from now on; who has it open keeps the buffer. */
	debugfs_remove(dentry);
	return 0;
}

static const struct rchan_callbacks hone_chan_callbacks = {
	.subbuf_start		= hone_subbuf_start,
	.create_buf_file	= hone_create_buf_file,
	.remove_buf_file	= hone_remove_buf_file,
};

/**
 * hone_chan_open - allocate the rings and show their files
 * @s: the stream
 * @dir: where to put events0, events1, ...
 * @subbuf_size: bytes of a sub-buffer
 * @n_subbufs: their number on each CPU
 *
 * What fails leaves the account in place, which files that were shown for a
 * moment may have open: hone_chan_close() is due in any case.
 *
 * Context: process context; may sleep.
 * Return: 0 or -ENOMEM.
 */
int hone_chan_open(struct hone_stream *s, struct dentry *dir,
		   u32 subbuf_size, u32 n_subbufs)
{
	struct hone_cpu __percpu *cpus = alloc_percpu(struct hone_cpu);
	int cpu;

	if (!cpus)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		mutex_init(&per_cpu_ptr(cpus, cpu)->read_lock);
	/* Pairs with hone_counts_add(). */
	smp_store_release(&s->cpu, cpus);
	s->used = kvcalloc(nr_cpu_ids, n_subbufs * sizeof(*s->used),
			   GFP_KERNEL);
	if (!s->used)
		return -ENOMEM;

	/* relay misses a CPU that comes online while it opens. */
	cpus_read_lock();
	s->chan = relay_open("events", dir, subbuf_size, n_subbufs,
			     &hone_chan_callbacks, s);
	cpus_read_unlock();
	return s->chan ? 0 : -ENOMEM;
}

/**
 * hone_chan_close - give back what hone_chan_open() has allocated but the rings
 * @s: a stream nobody writes to, whose files are closed and removed
 *
 * Context: process context; may sleep.
 */
void hone_chan_close(struct hone_stream *s)
{
	kvfree(s->used);
	free_percpu(s->cpu);
}
