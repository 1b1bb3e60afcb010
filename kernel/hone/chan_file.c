// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: the files of a channel, which give a complete sub-buffer at a time.
 *
 * relay's own read is not used: with a full ring and a reader at work it
 * takes the overwrite branch, throws away a whole sub-buffer without counting
 * it and goes on in the middle of a record; and it hands out a sub-buffer
 * that is being written.
 */
#include "hone.h"

#include <linux/capability.h>
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/percpu.h>
#include <linux/poll.h>
#include <linux/relay.h>
#include <linux/smp.h>
#include <linux/uaccess.h>

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
	struct hone_chan *ch = b->chan->private_data;
	struct hone_cpu *c = per_cpu_ptr(ch->cpu, b->cpu);
	bool flushed = false;
	size_t done = 0;
	int err;

	err = mutex_lock_interruptible(&c->read_lock);
	if (err)
		return err;
	/* Pairs with hone_chan_keep(). */
	if (smp_load_acquire(&c->evict))
		err = -EBUSY;
	while (!err && done < count) {
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
		used = hone_slot(b, cons)->used;
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
	struct hone_chan *ch = b->chan->private_data;
	struct hone_cpu *c;
	int cpu, err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	/* Pairs with hone_chan_hide(). */
	if (smp_load_acquire(&hone_session_of(ch->stream)->ended))
		return -ENODEV;

	/* relay shows the file before the buffer is complete. */
	for_each_possible_cpu(cpu) {
		if (READ_ONCE(*per_cpu_ptr(b->chan->buf, cpu)) == b)
			break;
	}
	if (cpu >= nr_cpu_ids)
		return -EAGAIN;

	c = per_cpu_ptr(ch->cpu, cpu);
	if (atomic_cmpxchg(&c->readers, 0, 1))
		return -EBUSY;
	err = relay_file_operations.open(inode, file);
	if (err) {
		atomic_set(&c->readers, 0);
		return err;
	}
	hone_session_get(hone_session_of(ch->stream));
	return 0;
}

static int hone_chan_release(struct inode *inode, struct file *file)
{
	struct rchan_buf *b = file->private_data;
	struct hone_chan *ch = b->chan->private_data;
	struct hone_stream *s = ch->stream;

	atomic_set(&per_cpu_ptr(ch->cpu, b->cpu)->readers, 0);
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
	struct rchan_buf *b = file->private_data;
	struct hone_chan *ch = b->chan->private_data;

	poll_wait(file, &b->read_wait, wait);
	/* A read would fail. */
	if (READ_ONCE(per_cpu_ptr(ch->cpu, b->cpu)->evict))
		return EPOLLERR;
	if (b->bytes_consumed || READ_ONCE(b->subbufs_produced) !=
				 READ_ONCE(b->subbufs_consumed))
		return EPOLLIN | EPOLLRDNORM;
	/* Nothing comes any more, but what is not complete may be read. */
	return hone_session_stopped(hone_session_of(ch->stream)) ? EPOLLHUP : 0;
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

/**
 * hone_create_buf_file - relay shows a ring
 * @name: of the file
 * @parent: its directory
 * @mode: that relay would like
 * @b: the ring
 * @is_global: not written: each CPU has its own
 *
 * Context: process context; may sleep.
 * Return: the file.
 */
struct dentry *hone_create_buf_file(const char *name, struct dentry *parent,
				    umode_t mode, struct rchan_buf *b,
				    int *is_global)
{
	return debugfs_create_file(name, 0400, parent, b, &hone_chan_fops);
}

/**
 * hone_chan_hide - remove a channel's files, but not its rings
 * @ch: a channel of a session that has ended, or that was never opened
 *
 * Waits for who reads, without a lock. relay, which holds some when it closes
 * the rings, finds no files then but of CPUs that came online meanwhile, and
 * these nobody could open.
 *
 * Context: process context; may sleep.
 */
void hone_chan_hide(struct hone_chan *ch)
{
	struct rchan_buf *b;
	int cpu;

	if (!ch->rchan)
		return;
	/* Pairs with hone_chan_fopen(). */
	smp_mb();
	for_each_possible_cpu(cpu) {
		b = READ_ONCE(*per_cpu_ptr(ch->rchan->buf, cpu));
		if (b)
			debugfs_remove(xchg(&b->dentry, NULL));
	}
}

/**
 * hone_remove_buf_file - relay hides a ring
 * @dentry: its file, or NULL
 *
 * Nobody opens it from now on; who has it open keeps the buffer.
 *
 * Context: process context; may sleep.
 * Return: 0.
 */
int hone_remove_buf_file(struct dentry *dentry)
{
	debugfs_remove(dentry);
	return 0;
}
