// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: a snapshot, the records of everything that exists, made while it is
 * read. So it needs no room in the rings and nothing of it can be lost.
 */
#include "hone.h"

#include <linux/capability.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#define HONE_SNAP_MIN	(64 * 1024)
#define HONE_SNAP_MAX	(1024 * 1024)

enum hone_snap_phase {
	HONE_SNAP_HEAD,
	HONE_SNAP_SOURCES,
	HONE_SNAP_DONE,
};

/**
 * struct hone_snap - an open snapshot file
 * @session: whose it is
 * @lock: protects what follows
 * @buf: records made and not read yet
 * @size: bytes of @buf
 * @len: bytes used
 * @off: bytes read
 * @phase: &enum hone_snap_phase
 * @source: which source is at work
 * @pos: how far it is
 * @skip: in a part that is too large to be told of in one go
 */
struct hone_snap {
	struct hone_session *session;
	struct mutex lock;	/* all below */
	void *buf;
	u32 size;
	u32 len;
	u32 off;
	int phase;
	unsigned int source;
	u64 pos;
	u32 skip;
};

/**
 * hone_snap_room - will a record fit?
 * @snap: the snapshot
 * @len: its length
 *
 * Context: any, from a source's snap().
 * Return: true if it will.
 */
bool hone_snap_room(const struct hone_snap *snap, u32 len)
{
	return snap->size - snap->len >= len;
}

/**
 * hone_snap_put - add a record
 * @snap: the snapshot
 * @rec: the record; the copy gets time and CPU
 *
 * Context: any, from a source's snap().
 * Return: 0, or -ENOSPC if it does not fit now.
 */
int hone_snap_put(struct hone_snap *snap, const struct hone_rec *rec)
{
	struct hone_rec *p = snap->buf + snap->len;

	if (!hone_snap_room(snap, rec->len))
		return -ENOSPC;
	memcpy(p, rec, rec->len);
	p->time = ktime_get_boottime_ns();
	p->seq = 0;
	p->cpu = ~0;
	snap->len += rec->len;
	return 0;
}

/**
 * hone_snap_mark - where the next record will stand
 * @snap: the snapshot
 *
 * Return: a mark for hone_snap_rewind(), valid within one call of snap().
 */
u32 hone_snap_mark(const struct hone_snap *snap)
{
	return snap->len;
}

/**
 * hone_snap_rewind - take back what was put since a mark
 * @snap: the snapshot
 * @mark: from hone_snap_mark()
 */
void hone_snap_rewind(struct hone_snap *snap, u32 mark)
{
	snap->len = mark;
}

/**
 * hone_snap_grow - make room for what must be put in one go
 * @snap: the snapshot
 *
 * Context: process context; may sleep.
 * Return: 0, -ENOMEM, or -E2BIG if it is as large as it may become.
 */
int hone_snap_grow(struct hone_snap *snap)
{
	void *buf;

	if (snap->size >= HONE_SNAP_MAX)
		return -E2BIG;
	buf = kvmalloc(snap->size * 2, GFP_KERNEL_ACCOUNT);
	if (!buf)
		return -ENOMEM;
	memcpy(buf, snap->buf, snap->len);
	kvfree(snap->buf);
	snap->buf = buf;
	snap->size *= 2;
	return 0;
}

/**
 * hone_snap_skip - how much was told of a part that is too large for one go
 * @snap: the snapshot
 *
 * Context: any, from a source's snap().
 * Return: where the source keeps that, 0 at first.
 */
u32 *hone_snap_skip(struct hone_snap *snap)
{
	return &snap->skip;
}

static void hone_snap_head(struct hone_snap *snap)
{
	struct hone_subbuf head;

	hone_subbuf_fill(&head, ~0, ktime_get_boottime_ns(),
			 ktime_get_real_ns());
	head.snaplen = snap->session->stream.snaplen;
	if (snap->session->stream.changes)
		head.rec.flags |= HONE_F_SUBBUF_CHANGES;
	if (snap->session->stream.life)
		head.rec.flags |= HONE_F_SUBBUF_LIFE;
	hone_snap_put(snap, &head.rec);
}

/* The buffer was read to the end: make the next records. */
static int hone_snap_fill(struct hone_snap *snap)
{
	struct hone_rec end = {
		.len	= sizeof(end),
		.type	= HONE_REC_SNAP_END,
	};
	int ret;

	snap->len = 0;
	snap->off = 0;
	switch (snap->phase) {
	case HONE_SNAP_HEAD:
		hone_snap_head(snap);
		snap->phase = HONE_SNAP_SOURCES;
		return 0;
	case HONE_SNAP_SOURCES:
		ret = hone_source_snap(snap, snap->source, &snap->pos);
		if (ret == -ENOENT) {
			hone_snap_put(snap, &end);
			snap->phase = HONE_SNAP_DONE;
			return 0;
		}
		if (!ret) {
			snap->source++;
			snap->pos = 0;
		}
		return ret < 0 ? ret : 0;
	}
	return 0;
}

static ssize_t hone_snap_read(struct file *file, char __user *ubuf,
			      size_t count, loff_t *pos)
{
	struct hone_snap *snap = file->private_data;
	size_t done = 0, len;
	int err = 0;

	mutex_lock(&snap->lock);
	while (done < count) {
		if (snap->off == snap->len) {
			if (snap->phase == HONE_SNAP_DONE)
				break;
			if (fatal_signal_pending(current)) {
				err = -EINTR;
				break;
			}
			err = hone_snap_fill(snap);
			if (err)
				break;
			cond_resched();
			continue;
		}
		len = min_t(size_t, snap->len - snap->off, count - done);
		if (copy_to_user(ubuf + done, snap->buf + snap->off, len)) {
			err = -EFAULT;
			break;
		}
		snap->off += len;
		done += len;
	}
	*pos += done;
	mutex_unlock(&snap->lock);
	return done ?: err;
}

/* Only back to the beginning, for a fresh snapshot. */
static loff_t hone_snap_llseek(struct file *file, loff_t off, int whence)
{
	struct hone_snap *snap = file->private_data;

	if (off || whence != SEEK_SET)
		return -EINVAL;
	mutex_lock(&snap->lock);
	snap->phase = HONE_SNAP_HEAD;
	snap->source = 0;
	snap->pos = 0;
	snap->skip = 0;
	snap->len = 0;
	snap->off = 0;
	file->f_pos = 0;
	mutex_unlock(&snap->lock);
	return 0;
}

static int hone_snap_open(struct inode *inode, struct file *file)
{
	struct hone_session *s = inode->i_private;
	struct hone_snap *snap;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	/* Each may take much memory, and a session needs one at a time. */
	if (atomic_cmpxchg(&s->snapshots, 0, 1))
		return -EBUSY;
	snap = kzalloc(sizeof(*snap), GFP_KERNEL_ACCOUNT);
	if (!snap)
		goto busy;
	snap->size = HONE_SNAP_MIN;
	snap->buf = kvmalloc(snap->size, GFP_KERNEL_ACCOUNT);
	if (!snap->buf)
		goto free;
	mutex_init(&snap->lock);
	snap->session = hone_session_get(s);
	file->private_data = snap;
	return 0;

free:
	kfree(snap);
busy:
	atomic_set(&s->snapshots, 0);
	return -ENOMEM;
}

static int hone_snap_release(struct inode *inode, struct file *file)
{
	struct hone_snap *snap = file->private_data;

	atomic_set(&snap->session->snapshots, 0);
	hone_session_put(snap->session);
	kvfree(snap->buf);
	kfree(snap);
	return 0;
}

const struct file_operations hone_snap_fops = {
	.owner		= THIS_MODULE,
	.open		= hone_snap_open,
	.read		= hone_snap_read,
	.llseek		= hone_snap_llseek,
	.release	= hone_snap_release,
};

/**
 * hone_next_task - walk all processes or threads by their ids
 * @nr: id in the initial pid namespace to begin with
 * @type: PIDTYPE_TGID for processes, PIDTYPE_PID for threads
 *
 * Context: any that may take RCU's read lock.
 * Return: the first with an id of at least @nr, referenced, or NULL.
 */
struct task_struct *hone_next_task(int nr, enum pid_type type)
{
	struct task_struct *task = NULL;
	struct pid *pid;

	rcu_read_lock();
	while ((pid = find_ge_pid(nr, &init_pid_ns))) {
		task = pid_task(pid, type);
		if (task) {
			get_task_struct(task);
			break;
		}
		nr = pid_nr(pid) + 1;
	}
	rcu_read_unlock();
	return task;
}
