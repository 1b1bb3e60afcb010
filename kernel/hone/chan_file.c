// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: the files of a channel, which give a complete sub-buffer at a time.
 *
 * relay's own read is not used: with a full ring and a reader at work it
 * takes the overwrite branch, throws away a whole sub-buffer without counting
 * it and goes on in the middle of a record; and it hands out a sub-buffer
 * that is being written.
 *
 * A ring that is mapped is read without a copy. Its descriptor is none of a
 * file in debugfs, which would not let it be mapped, nor be opened when the
 * kernel is locked down.
 */
#include "hone.h"

#include <linux/anon_inodes.h>
#include <linux/cacheinfo.h>
#include <linux/capability.h>
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hone_ring.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/percpu.h>
#include <linux/poll.h>
#include <linux/relay.h>
#include <linux/smp.h>
#include <linux/uaccess.h>

/*
 * Completes the sub-buffer that a CPU is writing, if there is anything in it; false
 * if it cannot be done now, as CPUs come and go.
 */
static bool hone_flush_cpu(struct rchan_buf *b)
{
	if (!smp_call_function_single(b->cpu, hone_flush, b, 1))
		return true;
	/*
	 * The CPU is offline, and has to stay so. Whoever removes a session holds
	 * this lock and waits for readers: never wait for it here.
	 */
	if (!cpus_read_trylock())
		return false;
	/* An offline CPU writes nothing; read_lock keeps other flushers out. */
	if (smp_call_function_single(b->cpu, hone_flush, b, 1))
		hone_flush(b);
	cpus_read_unlock();
	return true;
}

/* Is a sub-buffer complete and not read? */
static bool hone_any(const struct rchan_buf *b)
{
	/* Pairs with the barrier in hone_switch(). */
	return smp_load_acquire(&b->subbufs_produced) != b->subbufs_consumed;
}

/* The reader is done with a sub-buffer. */
static void hone_consumed(struct rchan_buf *b)
{
	b->bytes_consumed = 0;
	/* Pairs with hone_ready(). */
	smp_store_release(&b->subbufs_consumed, b->subbufs_consumed + 1);
}

static struct hone_cpu *hone_cpu_of(const struct rchan_buf *b)
{
	const struct hone_chan *ch = b->chan->private_data;

	return per_cpu_ptr(ch->cpu, b->cpu);
}

static struct hone_session *hone_session_of_buf(const struct rchan_buf *b)
{
	const struct hone_chan *ch = b->chan->private_data;

	return hone_session_of(ch->stream);
}

/* Is the oldest sub-buffer looked at in the ring? */
static bool hone_handed(const struct rchan_buf *b, const struct hone_cpu *c)
{
	return READ_ONCE(c->handed) == READ_ONCE(b->subbufs_consumed) + 1;
}

/* Takes the lock of the read position; 0 or a negative errno. */
static int hone_read_begin(struct rchan_buf *b)
{
	struct hone_cpu *c = hone_cpu_of(b);
	int err;

	err = mutex_lock_interruptible(&c->read_lock);
	if (err)
		return err;
	/* Pairs with hone_chan_hide(), which waits for the lock. */
	if (READ_ONCE(hone_session_of_buf(b)->ended))
		err = -ENODEV;
	/* Pairs with hone_chan_keep(). */
	else if (smp_load_acquire(&c->evict))
		err = -EBUSY;
	if (err)
		mutex_unlock(&c->read_lock);
	return err;
}

static void hone_read_end(struct rchan_buf *b)
{
	mutex_unlock(&hone_cpu_of(b)->read_lock);
}

/*
 * Takes the lock, and completes a sub-buffer if there is none. What was handed out
 * of the ring is done with, or, if @handed is false, not to be had twice. 1 if
 * there is something, else 0; or a negative errno, without the lock.
 */
static int hone_read_next(struct rchan_buf *b, bool handed)
{
	int err;

	for (;;) {
		err = hone_read_begin(b);
		if (err)
			return err;
		if (hone_handed(b, hone_cpu_of(b))) {
			if (!handed)
				break;
			hone_consumed(b);
		}
		if (hone_any(b))
			return 1;
		if (hone_flush_cpu(b))
			return hone_any(b);
		hone_read_end(b);
		/*
		 * Nothing would be taken for all that there is. It takes some
		 * milliseconds, which cannot be waited for, as above; nor by a
		 * reader that its session's end waits for.
		 */
		schedule_timeout_interruptible(1);
		if (signal_pending(current))
			return -EINTR;
	}
	hone_read_end(b);
	return -EBUSY;
}

static ssize_t hone_chan_read(struct file *file, char __user *ubuf,
			      size_t count, loff_t *pos)
{
	struct rchan_buf *b = file->private_data;
	size_t done = 0;
	int err = 0, any;

	any = hone_read_next(b, false);
	if (any < 0)
		return any;
	for (; any && done < count; any = hone_any(b)) {
		size_t cons = b->subbufs_consumed, i, len;
		u32 used;

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
	hone_read_end(b);
	return done ?: err;
}

/* One reader has a ring; 0 or a negative errno. */
static int hone_claim(struct rchan_buf *b)
{
	if (atomic_cmpxchg(&hone_cpu_of(b)->readers, 0, 1))
		return -EBUSY;
	return 0;
}

static void hone_unclaim(struct rchan_buf *b)
{
	/* Pairs with hone_claim(). */
	atomic_set_release(&hone_cpu_of(b)->readers, 0);
}

static int hone_chan_fopen(struct inode *inode, struct file *file)
{
	struct rchan_buf *b = inode->i_private;
	int cpu, err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	/* Pairs with hone_chan_hide(). */
	if (smp_load_acquire(&hone_session_of_buf(b)->ended))
		return -ENODEV;

	/* relay shows the file before the buffer is complete. */
	for_each_possible_cpu(cpu) {
		if (READ_ONCE(*per_cpu_ptr(b->chan->buf, cpu)) == b)
			break;
	}
	if (cpu >= nr_cpu_ids)
		return -EAGAIN;

	err = hone_claim(b);
	if (err)
		return err;
	err = relay_file_operations.open(inode, file);
	if (err) {
		hone_unclaim(b);
		return err;
	}
	hone_session_get(hone_session_of_buf(b));
	return 0;
}

static int hone_chan_release(struct inode *inode, struct file *file)
{
	struct rchan_buf *b = file->private_data;
	struct hone_session *s = hone_session_of_buf(b);

	hone_unclaim(b);
	relay_file_operations.release(inode, file);
	hone_session_put(s);
	return 0;
}

static loff_t hone_chan_llseek(struct file *file, loff_t off, int whence)
{
	return -ESPIPE;
}

static __poll_t hone_chan_poll(struct file *file, poll_table *wait)
{
	struct rchan_buf *b = file->private_data;
	struct hone_session *s = hone_session_of_buf(b);
	struct hone_cpu *c = hone_cpu_of(b);

	poll_wait(file, &b->read_wait, wait);
	/* A read would fail. */
	if (READ_ONCE(c->evict) || READ_ONCE(s->ended))
		return EPOLLERR;
	/* What is handed out already is nothing new. */
	if (READ_ONCE(b->subbufs_produced) - READ_ONCE(b->subbufs_consumed) >
	    hone_handed(b, c))
		return EPOLLIN | EPOLLRDNORM;
	/* Nothing comes any more, but what is not complete may be read. */
	return hone_session_stopped(s) ? EPOLLHUP : 0;
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

/* Nobody looks at a sub-buffer any more, but has not read it either. */
static void hone_ring_drop(struct rchan_buf *b, size_t handed)
{
	struct hone_cpu *c = hone_cpu_of(b);

	mutex_lock(&c->read_lock);
	if (c->handed == handed)
		WRITE_ONCE(c->handed, 0);
	mutex_unlock(&c->read_lock);
}

/*
 * Is done with the sub-buffer that was handed out last, and hands out another
 * one, or what is left of it.
 */
static int hone_ring_next(struct rchan_buf *b, struct hone_extent __user *to)
{
	struct hone_cpu *c = hone_cpu_of(b);
	struct hone_extent ext = { };
	size_t handed = 0;
	int any;

	any = hone_read_next(b, true);
	if (any < 0)
		return any;
	if (any) {
		size_t cons = b->subbufs_consumed;

		ext.offset = cons % b->chan->n_subbufs * b->chan->subbuf_size +
			     b->bytes_consumed;
		ext.len = hone_slot(b, cons)->used - b->bytes_consumed;
		handed = cons + 1;
	}
	WRITE_ONCE(c->handed, handed);
	hone_read_end(b);
	/* Not under the lock, which whoever ends the session waits for. */
	if (!copy_to_user(to, &ext, sizeof(ext)))
		return 0;
	hone_ring_drop(b, handed);
	return -EFAULT;
}

static long hone_ring_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	if (cmd != HONE_IOC_NEXT)
		return -ENOTTY;
	return hone_ring_next(file->private_data,
			      (struct hone_extent __user *)arg);
}

/* Whole, shared, and for reading only, as the descriptor is. */
static int hone_ring_mmap(struct file *file, struct vm_area_struct *vma)
{
	/* Where these differ nobody would see what the kernel has written. */
	if (cpu_dcache_is_aliasing())
		return -ENODEV;
	/* relay would look for pages behind its buffer, which are others'. */
	if (vma->vm_pgoff)
		return -EINVAL;
	if (vma->vm_flags & (VM_WRITE | VM_EXEC) ||
	    !(vma->vm_flags & VM_MAYSHARE))
		return -EPERM;
	/* Who is forked does not keep the session. */
	vm_flags_mod(vma, VM_DONTCOPY | VM_DONTDUMP, VM_MAYWRITE | VM_MAYEXEC);
	return relay_file_operations.mmap(file, vma);
}

static int hone_ring_release(struct inode *inode, struct file *file)
{
	struct rchan_buf *b = file->private_data;

	/* Who reads next gets it again. */
	hone_ring_drop(b, hone_cpu_of(b)->handed);
	return hone_chan_release(inode, file);
}

static const struct file_operations hone_ring_fops = {
	.owner		= THIS_MODULE,
	.read		= hone_chan_read,
	.poll		= hone_chan_poll,
	.llseek		= hone_chan_llseek,
	.mmap		= hone_ring_mmap,
	.unlocked_ioctl	= hone_ring_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.release	= hone_ring_release,
};

/* Gives the caller a descriptor of a ring; that or a negative errno. */
static int hone_ring_install(struct rchan_buf *b, struct hone_ring *ring,
			     struct hone_ring __user *to)
{
	struct file *file;
	int err, fd;

	ring->size = b->chan->alloc_size;
	if (copy_to_user(to, ring, sizeof(*ring)))
		return -EFAULT;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	err = hone_claim(b);
	if (err)
		goto put_fd;
	file = anon_inode_getfile("[hone-ring]", &hone_ring_fops, b, O_RDONLY);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto unclaim;
	}
	kref_get(&b->kref);
	hone_session_get(hone_session_of_buf(b));
	fd_install(fd, file);
	return fd;

unclaim:
	hone_unclaim(b);
put_fd:
	put_unused_fd(fd);
	return err;
}

/**
 * hone_ring_open - a ring of a session, to be mapped
 * @s: a session whose control file is open
 * @to: &struct hone_ring of the caller
 *
 * Context: process context; may sleep.
 * Return: a descriptor, or -EINVAL for what can be no ring, -ENOENT for one
 * that the session does not have, -EAGAIN for one of a CPU that has not been
 * there yet, -EBUSY if it is open, or another errno.
 */
int hone_ring_open(struct hone_session *s, struct hone_ring __user *to)
{
	struct hone_ring ring;
	struct rchan *rchan;
	struct rchan_buf *b;

	if (copy_from_user(&ring, to, sizeof(ring)))
		return -EFAULT;
	if (ring.cpu >= nr_cpu_ids || !cpu_possible(ring.cpu) ||
	    ring.of > HONE_RING_IDENTITY || ring.flags || ring.reserved)
		return -EINVAL;
	mutex_lock(&s->lock);
	rchan = ring.of == HONE_RING_EVENTS ? s->stream.events.rchan :
					      s->stream.identity.rchan;
	mutex_unlock(&s->lock);
	if (!rchan)
		return -ENOENT;
	/* relay shows it to others when it is complete. */
	cpus_read_lock();
	b = *per_cpu_ptr(rchan->buf, array_index_nospec(ring.cpu, nr_cpu_ids));
	cpus_read_unlock();
	return b ? hone_ring_install(b, &ring, to) : -EAGAIN;
}

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
 * Waits for who reads, and holds no lock meanwhile. relay, which holds some when it closes
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
		/* Pairs with hone_read_begin(): who reads a ring is done. */
		mutex_lock(&per_cpu_ptr(ch->cpu, cpu)->read_lock);
		mutex_unlock(&per_cpu_ptr(ch->cpu, cpu)->read_lock);
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
