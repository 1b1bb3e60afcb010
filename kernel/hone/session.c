// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: sessions, from the first to the last: what they take, how they start,
 * pause and stop, and that nothing of them stays.
 */
#include "hone.h"

#include <linux/capability.h>
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/relay.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

/* Set once at boot, before there is a file to write commands to. */
const struct hone_filter_ops *hone_filter_ops __ro_after_init;

static DEFINE_MUTEX(hone_nr_lock);	/* hone_sessions, hone_pages, hone_past */
static struct hone_session *hone_sessions[HONE_SESSIONS_MAX];
static u64 hone_pages;
/* Sum of the sessions that were. */
static struct hone_count hone_past[HONE_KIND_MAX];

struct hone_session *hone_session_get(struct hone_session *s)
{
	kref_get(&s->ref);
	return s;
}

static u64 hone_session_pages(const struct hone_session *s)
{
	u64 pages = (u64)s->set.subbuf_size / PAGE_SIZE * s->set.n_subbufs *
		    num_possible_cpus() * (s->split ? 2 : 1);

	if (s->set.count)
		pages += DIV_ROUND_UP((u64)s->set.counts * HONE_TALLY_SIZE,
				      PAGE_SIZE);
	return pages;
}

/* Counting takes a 64th of the memory at most, if nobody says otherwise. */
static u32 hone_default_counts(void)
{
	u64 bytes = (u64)totalram_pages() * PAGE_SIZE / 64;

	return clamp_t(u64, bytes / HONE_TALLY_SIZE, 1, HONE_TALLIES_MAX);
}

/**
 * hone_refuse - remember for the status why a command was refused
 * @s: the session
 * @err: negative errno
 * @fmt: why
 *
 * Context: process context, @s->lock held.
 * Return: @err.
 */
int hone_refuse(struct hone_session *s, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(s->error, sizeof(s->error), fmt, args);
	va_end(args);
	return err;
}

/*
 * All sessions together may not take more than a quarter of the memory. Rings
 * are pinned memory of who starts the session, as perf's are; so is what may be
 * taken to count, used or not: it is made where nobody can be charged for it.
 */
static int hone_charge(struct hone_session *s)
{
	u64 pages = hone_session_pages(s);
	struct mm_struct *mm = current->mm;
	int err = 0;

	mutex_lock(&hone_nr_lock);
	if (hone_pages + pages > totalram_pages() / 4)
		err = hone_refuse(s, -ENOMEM,
				  "start: buffers of all sessions would take more than a quarter of the memory");
	else if (mm && !capable(CAP_IPC_LOCK) &&
		 atomic64_read(&mm->pinned_vm) + pages >
		 rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT)
		err = hone_refuse(s, -ENOMEM,
				  "start: the buffers exceed the limit of locked memory");
	if (!err) {
		hone_pages += pages;
		if (mm) {
			mmgrab(mm);
			atomic64_add(pages, &mm->pinned_vm);
		}
		s->mm = mm;
	}
	mutex_unlock(&hone_nr_lock);
	return err;
}

static void hone_uncharge_locked(struct hone_session *s)
{
	u64 pages = hone_session_pages(s);

	hone_pages -= pages;
	if (s->mm) {
		atomic64_sub(pages, &s->mm->pinned_vm);
		mmdrop(s->mm);
		s->mm = NULL;
	}
}

static void hone_uncharge(struct hone_session *s)
{
	mutex_lock(&hone_nr_lock);
	hone_uncharge_locked(s);
	mutex_unlock(&hone_nr_lock);
}

static void hone_session_free(struct kref *ref)
{
	struct hone_session *s = container_of(ref, struct hone_session, ref);

	mutex_lock(&hone_nr_lock);
	hone_sessions[s->nr] = NULL;
	hone_counts_add(hone_past, &s->stream);
	if (s->state != HONE_STATE_NEW)
		hone_uncharge_locked(s);
	mutex_unlock(&hone_nr_lock);
	hone_chan_close(&s->stream.events);
	hone_chan_close(&s->stream.identity);
	if (s->filter)
		hone_filter_ops->free(s->filter);
	hone_match_free(s->match);
	kfree(s);
}

void hone_session_put(struct hone_session *s)
{
	kref_put(&s->ref, hone_session_free);
}

static int hone_stats_seq(struct seq_file *m, void *v)
{
	struct hone_session *s = m->private;

	hone_stats_show(m, &s->stream);
	return 0;
}

static int hone_stats_open(struct inode *inode, struct file *file)
{
	struct hone_session *s = inode->i_private;
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	err = single_open(file, hone_stats_seq, s);
	if (!err)
		hone_session_get(s);
	return err;
}

static int hone_stats_release(struct inode *inode, struct file *file)
{
	struct hone_session *s = inode->i_private;

	single_release(inode, file);
	hone_session_put(s);
	return 0;
}

static const struct file_operations hone_stats_fops = {
	.owner		= THIS_MODULE,
	.open		= hone_stats_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= hone_stats_release,
};

/* Removes files and rings; the account stays until the last file is closed. */
static void hone_session_remove(struct hone_session *s)
{
	/*
	 * Readers that are waited for here may wait for memory of theirs, or
	 * of others: no lock is held.
	 */
	WRITE_ONCE(s->ended, true);
	debugfs_remove(s->stats_file);
	debugfs_remove(s->snapshot_file);
	hone_chan_hide(&s->stream.events);
	hone_chan_hide(&s->stream.identity);
	/*
	 * A CPU that comes online adds a file to the directory: not now. One
	 * that has done so since cannot be opened.
	 */
	cpus_read_lock();
	relay_close(s->stream.events.rchan);
	relay_close(s->stream.identity.rchan);
	debugfs_remove(s->dir);
	s->dir = NULL;
	cpus_read_unlock();
}

/* What packets need to be understood is not theirs to write over. */
static void hone_session_split(struct hone_session *s)
{
	struct hone_stream *st = &s->stream;
	int k;

	for (k = 0; k < HONE_KIND_MAX; k++)
		st->of[k] = &st->events;
	if (!s->split)
		return;
	st->of[HONE_KIND_PROC] = &st->identity;
	st->of[HONE_KIND_SOCK] = &st->identity;
}

static int hone_session_rings(struct hone_session *s)
{
	struct hone_stream *st = &s->stream;
	int err;

	err = hone_chan_open(&st->events, "events", s->dir, s->set.subbuf_size,
			     s->set.n_subbufs);
	if (!err && s->split)
		err = hone_chan_open(&st->identity, "identity", s->dir,
				     s->set.subbuf_size, s->set.n_subbufs);
	if (err)
		return hone_refuse(s, err, "start: no memory for the buffers");
	if (!s->set.overwrite)
		return 0;
	err = hone_stream_overwrite(st);
	return err ? hone_refuse(s, err, "start: interrupted") : 0;
}

/**
 * hone_session_start - make the files and begin
 * @s: a new session
 *
 * Context: process context, @s->lock held; may sleep.
 * Return: 0 or a negative errno, with the reason in @s->error. If it is still
 * new then, nothing has happened; else it is as after a stop.
 */
int hone_session_start(struct hone_session *s)
{
	/* Two of the largest records fit into a sub-buffer. */
	u32 room = s->set.subbuf_size / 2 - 256;
	char name[16];
	int err;

	s->split = s->set.overwrite;
	err = hone_charge(s);
	if (err)
		return err;
	s->stream.events.stream = &s->stream;
	s->stream.identity.stream = &s->stream;
	s->stream.snaplen = min(s->set.snaplen, room);
	s->stream.kinds = s->set.kinds;
	s->stream.changes = s->set.changes;
	s->stream.life = s->set.life;
	s->stream.interval = s->set.count ? s->set.interval : 0;
	s->stream.counts = s->set.counts;
	s->stream.filter = s->filter;
	s->stream.match = hone_match_any(s->match);
	s->stream.bit = BIT(s->nr);
	hone_session_split(s);
	snprintf(name, sizeof(name), "s%u", s->nr);
	s->dir = debugfs_create_dir(name, hone_dir());
	if (IS_ERR(s->dir)) {
		err = hone_refuse(s, PTR_ERR(s->dir),
				  "start: cannot make directory %s", name);
		s->dir = NULL;
		goto uncharge;
	}
	err = hone_session_rings(s);
	if (err)
		goto stopped;
	s->stats_file = debugfs_create_file("stats", 0400, s->dir, s, &hone_stats_fops);
	s->snapshot_file = debugfs_create_file("snapshot", 0400, s->dir, s, &hone_snap_fops);
	err = hone_capture_start(&s->stream);
	if (err) {
		hone_refuse(s, err, "start: a hook could not be registered");
		goto stopped;
	}
	err = hone_match_start(s);
	if (err) {
		hone_refuse(s, err, "start: no memory to look at processes");
		hone_capture_stop(&s->stream);
		goto stopped;
	}
	s->state = HONE_STATE_RUNNING;
	return 0;

stopped:
	/*
	 * Somebody may have opened its files by now: as after a stop, they
	 * and the rings go with the descriptor.
	 */
	hone_stream_keep(&s->stream);
	s->state = HONE_STATE_STOPPED;
	return err;

uncharge:
	hone_uncharge(s);
	return err;
}

/**
 * hone_session_freeze - lose what comes, so that what is there can be read
 * @s: a running session
 *
 * Context: process context, @s->lock held or nobody else has it; may sleep.
 */
void hone_session_freeze(struct hone_session *s)
{
	hone_stream_freeze(&s->stream);
	hone_stream_wake(&s->stream);
}

/**
 * hone_session_thaw - go on after hone_session_freeze()
 * @s: a frozen session
 *
 * What was read is not there any more: all is told anew.
 *
 * Context: process context, @s->lock held; may sleep.
 * Return: 0 or -EINTR, and it is frozen as before.
 */
int hone_session_thaw(struct hone_session *s)
{
	int err;

	err = hone_wait_generation();
	if (!err && s->set.overwrite)
		err = hone_stream_overwrite(&s->stream);
	if (err)
		return hone_refuse(s, err, "thaw: interrupted");
	/* What was told of in between was lost: packets only when it is again. */
	hone_stream_hold(&s->stream, true);
	hone_stream_thaw(&s->stream);
	hone_next_generation();
	hone_stream_hold(&s->stream, false);
	return 0;
}

/**
 * hone_session_restart - tell of everything anew
 * @s: a running session that is not frozen
 *
 * Context: process context, @s->lock held; may sleep, so that this is not done
 * more often than all sessions can bear.
 * Return: 0 or -EINTR, and nothing has happened.
 */
int hone_session_restart(struct hone_session *s)
{
	int err = hone_wait_generation();

	return err ? hone_refuse(s, err, "restart: interrupted") : 0;
}

/**
 * hone_session_stop - end the capture; what is in the rings can be read
 * @s: a running session
 *
 * Context: process context, @s->lock held or nobody else has it; may sleep.
 */
void hone_session_stop(struct hone_session *s)
{
	/* It selects as long as it captures. */
	hone_capture_stop(&s->stream);
	hone_match_stop(s);
	hone_stream_thaw(&s->stream);
	hone_stream_keep(&s->stream);
	WRITE_ONCE(s->state, HONE_STATE_STOPPED);
	hone_stream_wake(&s->stream);
}

/*
 * Who is not root, and has a program that may capture, leaves some for others;
 * and all of them leave some for root. Called with hone_nr_lock held.
 */
static bool hone_session_allowed(kuid_t uid)
{
	unsigned int i, own = 0, users = 0;

	if (uid_eq(uid, GLOBAL_ROOT_UID))
		return true;
	for (i = 0; i < HONE_SESSIONS_MAX; i++) {
		const struct hone_session *s = hone_sessions[i];

		if (!s || uid_eq(s->uid, GLOBAL_ROOT_UID))
			continue;
		users++;
		own += uid_eq(s->uid, uid);
	}
	return own < HONE_SESSIONS_EACH && users < HONE_SESSIONS_USERS;
}

/**
 * hone_session_new - a session with the defaults
 *
 * Context: process context; may sleep.
 * Return: the session, to be given to hone_session_end(); or an error pointer:
 * -ENOMEM, or -EBUSY if there are too many, or too many of this user.
 */
struct hone_session *hone_session_new(void)
{
	struct hone_session *s;
	bool allowed;

	s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	if (!s)
		return ERR_PTR(-ENOMEM);
	kref_init(&s->ref);
	mutex_init(&s->lock);
	s->uid = current_uid();
	s->set.snaplen = READ_ONCE(hone_defaults.snaplen);
	s->set.subbuf_size = READ_ONCE(hone_defaults.subbuf_size) * 1024;
	s->set.n_subbufs = READ_ONCE(hone_defaults.subbufs);
	s->set.kinds = HONE_KINDS_ALL;
	s->set.interval = HONE_INTERVAL_DEFAULT;
	s->set.counts = hone_default_counts();

	mutex_lock(&hone_nr_lock);
	allowed = hone_session_allowed(s->uid);
	while (s->nr < HONE_SESSIONS_MAX && hone_sessions[s->nr])
		s->nr++;
	if (s->nr >= HONE_SESSIONS_MAX)
		allowed = false;
	if (allowed)
		hone_sessions[s->nr] = s;
	mutex_unlock(&hone_nr_lock);
	if (!allowed) {
		kfree(s);
		return ERR_PTR(-EBUSY);
	}
	return s;
}

/**
 * hone_session_end - its descriptor is closed
 * @s: a session in any state
 *
 * Context: process context; may sleep.
 */
void hone_session_end(struct hone_session *s)
{
	if (s->state == HONE_STATE_RUNNING)
		hone_session_stop(s);
	hone_session_remove(s);
	hone_session_put(s);
}

/**
 * hone_session_count - sessions that are open
 *
 * Context: process context; may sleep.
 * Return: their number.
 */
unsigned int hone_session_count(void)
{
	unsigned int i, n = 0;

	mutex_lock(&hone_nr_lock);
	for (i = 0; i < HONE_SESSIONS_MAX; i++)
		n += !!hone_sessions[i];
	mutex_unlock(&hone_nr_lock);
	return n;
}

/**
 * hone_session_totals - account of all sessions since boot
 * @sum: by kind
 *
 * Context: process context; may sleep.
 */
void hone_session_totals(struct hone_count sum[HONE_KIND_MAX])
{
	unsigned int i;

	mutex_lock(&hone_nr_lock);
	memcpy(sum, hone_past, sizeof(hone_past));
	for (i = 0; i < HONE_SESSIONS_MAX; i++)
		if (hone_sessions[i])
			hone_counts_add(sum, &hone_sessions[i]->stream);
	mutex_unlock(&hone_nr_lock);
}

/**
 * hone_filter_register - sessions can filter packets
 * @ops: how, for the life of the kernel
 *
 * Context: init.
 */
void __init hone_filter_register(const struct hone_filter_ops *ops)
{
	hone_filter_ops = ops;
}
