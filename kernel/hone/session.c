// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: sessions. Each open of the control file is one; closing it, however
 * that comes about, ends the capture and gives everything back.
 */
#include "hone.h"

#include <linux/capability.h>
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/relay.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

enum hone_state {
	HONE_STATE_NEW,
	HONE_STATE_RUNNING,
	HONE_STATE_STOPPED,
};

static const char * const state_names[] = {
	[HONE_STATE_NEW]	= "new",
	[HONE_STATE_RUNNING]	= "running",
	[HONE_STATE_STOPPED]	= "stopped",
};

/* What a write to the control file wants. */
struct hone_want {
	u32	snaplen;
	u32	subbuf_size;
	u32	n_subbufs;
	u8	kinds;
	bool	changes;
	bool	count;
	u32	interval;
	struct hone_filter *filter;	/* a new one, or NULL: as it was */
	struct hone_match *match;	/* the same */
	bool	start;
	bool	restart;
	bool	stop;
};

#define HONE_KINDS_ALL	(BIT(HONE_KIND_MAX) - 1)

/* Set once at boot, before there is a file to write commands to. */
const struct hone_filter_ops *hone_filter_ops __ro_after_init;

static DEFINE_MUTEX(hone_nr_lock);	/* hone_sessions, hone_pages, hone_past */
static struct hone_session *hone_sessions[HONE_SESSIONS_MAX];
static u64 hone_pages;
/* Sum of the sessions that were. */
static struct hone_count hone_past[HONE_KIND_MAX];

/* A filter of BPF_MAXINSNS instructions of four numbers fits. */
#define HONE_COMMAND_MAX	(192 * 1024)

struct hone_session *hone_session_get(struct hone_session *s)
{
	kref_get(&s->ref);
	return s;
}

static u64 hone_session_pages(const struct hone_session *s)
{
	return (u64)s->subbuf_size / PAGE_SIZE * s->n_subbufs *
	       num_possible_cpus();
}

static int hone_refuse(struct hone_session *s, int err, const char *fmt, ...)
	__printf(3, 4);

/* Remember for the status why a command was refused. */
static int hone_refuse(struct hone_session *s, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(s->error, sizeof(s->error), fmt, args);
	va_end(args);
	return err;
}

/*
 * All sessions together may not take more than a quarter of the memory. Rings
 * are pinned memory of who starts the session, as perf's are.
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
	hone_chan_close(&s->stream);
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
	 * A CPU that comes online adds a file to the directory: not now.
	 * Readers that are waited for here never wait for this lock.
	 */
	cpus_read_lock();
	if (s->stream.chan)
		relay_close(s->stream.chan);
	debugfs_remove(s->dir);
	s->dir = NULL;
	cpus_read_unlock();
}

static int hone_session_start(struct hone_session *s)
{
	/* Two of the largest records fit into a sub-buffer. */
	u32 room = s->subbuf_size / 2 - 256;
	char name[16];
	int err;

	err = hone_charge(s);
	if (err)
		return err;
	s->stream.snaplen = min(s->snaplen, room);
	s->stream.kinds = s->kinds;
	s->stream.changes = s->changes;
	s->stream.interval = s->count ? s->interval : 0;
	s->stream.filter = s->filter;
	s->stream.match = hone_match_any(s->match);
	s->stream.bit = BIT(s->nr);
	snprintf(name, sizeof(name), "s%u", s->nr);
	s->dir = debugfs_create_dir(name, hone_dir());
	if (IS_ERR(s->dir)) {
		err = hone_refuse(s, PTR_ERR(s->dir),
				  "start: cannot make directory %s", name);
		s->dir = NULL;
		goto uncharge;
	}
	err = hone_chan_open(&s->stream, s->dir, s->subbuf_size, s->n_subbufs);
	if (err) {
		hone_refuse(s, err, "start: no memory for the buffers");
		goto stopped;
	}
	debugfs_create_file("stats", 0400, s->dir, s, &hone_stats_fops);
	debugfs_create_file("snapshot", 0400, s->dir, s, &hone_snap_fops);
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
	s->state = HONE_STATE_STOPPED;
	return err;

uncharge:
	hone_uncharge(s);
	return err;
}

static void hone_session_stop(struct hone_session *s)
{
	hone_match_stop(s);
	hone_capture_stop(&s->stream);
	s->state = HONE_STATE_STOPPED;
}

static int hone_number(struct hone_session *s, const char *key,
		       const char *val, u32 min, u32 max, u32 *res)
{
	u32 n;

	if (!val || kstrtou32(val, 0, &n))
		return hone_refuse(s, -EINVAL, "%s: not a number: '%.32s'",
				   key, val ?: "");
	if (n < min || n > max)
		return hone_refuse(s, -EINVAL, "%s: %u is not in %u..%u",
				   key, n, min, max);
	if (s->state != HONE_STATE_NEW)
		return hone_refuse(s, -EBUSY, "%s: the session has started",
				   key);
	*res = n;
	return 0;
}

/* Packets need processes, sockets and actors to say whose they are. */
static int hone_records(struct hone_session *s, struct hone_want *want,
			char *val)
{
	char *word;

	want->kinds = 0;
	want->count = false;
	while ((word = strsep(&val, ","))) {
		if (!strcmp(word, "all"))
			want->kinds |= HONE_KINDS_ALL;
		else if (!strcmp(word, "process"))
			want->kinds |= BIT(HONE_KIND_PROC);
		else if (!strcmp(word, "socket"))
			want->kinds |= BIT(HONE_KIND_SOCK);
		else if (!strcmp(word, "count"))
			want->count = true;
		else
			return hone_refuse(s, -EINVAL,
					   "records: '%.16s' is none of all, process, socket, count",
					   word);
	}
	return 0;
}

static int hone_datagrams(struct hone_session *s, struct hone_want *want,
			  const char *val)
{
	if (strcmp(val, "all") && strcmp(val, "change"))
		return hone_refuse(s, -EINVAL,
				   "datagrams: '%.16s' is neither all nor change",
				   val);
	want->changes = !strcmp(val, "change");
	return 0;
}

/* Commands that say what is wanted; 1 if it is none of them. */
static int hone_filter_command(struct hone_session *s, struct hone_want *want,
			       const char *key, char *val)
{
	char why[80] = "no memory";
	int err;

	if (!want->filter)
		want->filter = hone_filter_ops->dup(s->filter);
	if (!want->filter)
		return hone_refuse(s, -ENOMEM, "%.32s: no memory", key);
	err = hone_filter_ops->set(want->filter, key, val, why, sizeof(why));
	if (err == -ENOENT)
		return 1;
	if (err)
		return hone_refuse(s, err, "%.32s: %s", key, why);
	return 0;
}

/* The same of those that are about processes; 1 if it is none of them. */
static int hone_match_command(struct hone_session *s, struct hone_want *want,
			      const char *key, char *val)
{
	char why[80] = "no memory";
	int err;

	if (!want->match)
		want->match = hone_match_dup(s->match);
	if (!want->match)
		return hone_refuse(s, -ENOMEM, "%.32s: no memory", key);
	err = hone_match_set(want->match, key, val, why, sizeof(why));
	if (err < 0)
		return hone_refuse(s, err, "%.32s: %s", key, why);
	return err;
}

static int hone_selection(struct hone_session *s, struct hone_want *want,
			  const char *key, char *val)
{
	int err = hone_match_command(s, want, key, val);

	if (err > 0 && val) {
		if (!strcmp(key, "records"))
			err = hone_records(s, want, val);
		else if (!strcmp(key, "datagrams"))
			err = hone_datagrams(s, want, val);
		else
			err = hone_filter_command(s, want, key, val);
	}
	if (!err && s->state != HONE_STATE_NEW)
		err = hone_refuse(s, -EBUSY, "%s: the session has started",
				  key);
	return err;
}

static int hone_command(struct hone_session *s, struct hone_want *want,
			char *line)
{
	char *key = strsep(&line, " \t");
	char *val = line ? strim(line) : NULL;
	int err;

	if (!strcmp(key, "snaplen"))
		return hone_number(s, key, val, 0, HONE_SNAPLEN_MAX,
				   &want->snaplen);
	if (!strcmp(key, "subbufs"))
		return hone_number(s, key, val, HONE_SUBBUFS_MIN,
				   HONE_SUBBUFS_MAX, &want->n_subbufs);
	if (!strcmp(key, "interval"))
		return hone_number(s, key, val, 1, HONE_INTERVAL_MAX,
				   &want->interval);
	if (!strcmp(key, "subbuf_size")) {
		u32 kb;

		err = hone_number(s, key, val, HONE_SUBBUF_MIN / 1024,
				  HONE_SUBBUF_MAX / 1024, &kb);
		if (!err && !IS_ALIGNED(kb * 1024, PAGE_SIZE))
			err = hone_refuse(s, -EINVAL,
					  "%s: %u kB are not whole pages",
					  key, kb);
		if (!err)
			want->subbuf_size = kb * 1024;
		return err;
	}
	if (val && !*val)
		val = NULL;
	if (val) {
		err = hone_selection(s, want, key, val);
		if (err > 0)
			err = hone_refuse(s, -EINVAL,
					  "%.32s: no such setting", key);
		return err;
	}
	if (!strcmp(key, "start")) {
		if (s->state != HONE_STATE_NEW || want->start)
			return hone_refuse(s, -EBUSY,
					   "start: the session has started");
		want->start = true;
		return 0;
	}
	if (!strcmp(key, "restart")) {
		if (s->state != HONE_STATE_RUNNING)
			return hone_refuse(s, -EINVAL,
					   "restart: the session is not running");
		want->restart = true;
		return 0;
	}
	if (!strcmp(key, "stop")) {
		if (s->state != HONE_STATE_RUNNING && !want->start)
			return hone_refuse(s, -EINVAL,
					   "stop: the session is not running");
		want->stop = true;
		return 0;
	}
	err = hone_selection(s, want, key, NULL);
	if (err > 0)
		err = hone_refuse(s, -EINVAL, "%.32s: no such command", key);
	return err;
}

static int hone_parse(struct hone_session *s, struct hone_want *want,
		      char *text)
{
	char *line;
	int err;

	while ((line = strsep(&text, "\n"))) {
		line = strim(line);
		if (!*line)
			continue;
		err = hone_command(s, want, line);
		if (err)
			return err;
	}
	if (want->subbuf_size > U32_MAX / want->n_subbufs)
		return hone_refuse(s, -EINVAL,
				   "subbufs: %u of %u bytes are too much",
				   want->n_subbufs, want->subbuf_size);
	return 0;
}

/* A write is taken as a whole or not at all. */
static int hone_commands(struct hone_session *s, char *text)
{
	struct hone_want want = {
		.snaplen	= s->snaplen,
		.subbuf_size	= s->subbuf_size,
		.n_subbufs	= s->n_subbufs,
		.kinds		= s->kinds,
		.changes	= s->changes,
		.count		= s->count,
		.interval	= s->interval,
	};
	bool filtered, matched;
	int err;

	s->error[0] = 0;
	err = hone_parse(s, &want, text);
	if (err) {
		hone_filter_ops->free(want.filter);
		hone_match_free(want.match);
		return err;
	}
	/* From here on it holds what was; a filter in use is never replaced. */
	filtered = want.filter;
	if (filtered)
		swap(s->filter, want.filter);
	matched = want.match;
	if (matched)
		swap(s->match, want.match);
	swap(s->kinds, want.kinds);
	swap(s->changes, want.changes);
	swap(s->count, want.count);
	swap(s->interval, want.interval);
	swap(s->snaplen, want.snaplen);
	swap(s->subbuf_size, want.subbuf_size);
	swap(s->n_subbufs, want.n_subbufs);
	if (want.start) {
		err = hone_session_start(s);
		/* One that has rings is settled, and charged for them. */
		if (err && s->state == HONE_STATE_NEW) {
			s->snaplen = want.snaplen;
			s->subbuf_size = want.subbuf_size;
			s->n_subbufs = want.n_subbufs;
			s->kinds = want.kinds;
			s->changes = want.changes;
			s->count = want.count;
			s->interval = want.interval;
			if (filtered)
				swap(s->filter, want.filter);
			if (matched)
				swap(s->match, want.match);
		}
	}
	hone_filter_ops->free(want.filter);
	hone_match_free(want.match);
	if (!err && want.restart)
		hone_capture_again();
	if (!err && want.stop)
		hone_session_stop(s);
	return err;
}

static int hone_control_open(struct inode *inode, struct file *file)
{
	struct hone_session *s;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	if (!s)
		return -ENOMEM;
	kref_init(&s->ref);
	mutex_init(&s->lock);
	s->snaplen = READ_ONCE(hone_defaults.snaplen);
	s->subbuf_size = READ_ONCE(hone_defaults.subbuf_size) * 1024;
	s->n_subbufs = READ_ONCE(hone_defaults.subbufs);
	s->kinds = HONE_KINDS_ALL;
	s->interval = HONE_INTERVAL_DEFAULT;

	mutex_lock(&hone_nr_lock);
	while (s->nr < HONE_SESSIONS_MAX && hone_sessions[s->nr])
		s->nr++;
	if (s->nr < HONE_SESSIONS_MAX)
		hone_sessions[s->nr] = s;
	mutex_unlock(&hone_nr_lock);
	if (s->nr >= HONE_SESSIONS_MAX) {
		kfree(s);
		return -EBUSY;
	}
	file->private_data = s;
	return 0;
}

static int hone_control_release(struct inode *inode, struct file *file)
{
	struct hone_session *s = file->private_data;

	if (s->state == HONE_STATE_RUNNING)
		hone_session_stop(s);
	hone_session_remove(s);
	hone_session_put(s);
	return 0;
}

static ssize_t hone_control_write(struct file *file, const char __user *ubuf,
				  size_t count, loff_t *pos)
{
	struct hone_session *s = file->private_data;
	char *text;
	int err;

	if (count >= HONE_COMMAND_MAX)
		return -E2BIG;
	text = kvmalloc(count + 1, GFP_KERNEL_ACCOUNT);
	if (!text)
		return -ENOMEM;
	if (copy_from_user(text, ubuf, count)) {
		kvfree(text);
		return -EFAULT;
	}
	text[count] = 0;
	mutex_lock(&s->lock);
	if (strlen(text) != count)
		err = hone_refuse(s, -EINVAL, "NUL byte in a command");
	else
		err = hone_commands(s, text);
	mutex_unlock(&s->lock);
	kvfree(text);
	return err ?: count;
}

static ssize_t hone_control_read(struct file *file, char __user *ubuf,
				 size_t count, loff_t *pos)
{
	struct hone_session *s = file->private_data;
	size_t size = PAGE_SIZE;
	char *text;
	ssize_t ret;
	int len;

	text = kmalloc(size, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	mutex_lock(&s->lock);
	len = scnprintf(text, size,
			"session: %u\ndir: s%u\nstate: %s\nsnaplen: %u\nsubbuf_size: %u\nsubbufs: %u\n",
			s->nr, s->nr, state_names[s->state],
			s->state == HONE_STATE_NEW ? s->snaplen :
						     s->stream.snaplen,
			s->subbuf_size, s->n_subbufs);
	/* Before long lists, which may be cut. */
	if (s->error[0])
		len += scnprintf(text + len, size - len, "error: %s\n",
				 s->error);
	if (s->changes)
		len += scnprintf(text + len, size - len, "datagrams: change\n");
	if (s->kinds != HONE_KINDS_ALL || s->count)
		len += scnprintf(text + len, size - len, "records:%s%s%s%s\n",
				 s->kinds == HONE_KINDS_ALL ? " all" : "",
				 s->kinds != HONE_KINDS_ALL &&
				 s->kinds & BIT(HONE_KIND_PROC) ? " process" : "",
				 s->kinds != HONE_KINDS_ALL &&
				 s->kinds & BIT(HONE_KIND_SOCK) ? " socket" : "",
				 s->count ? " count" : "");
	if (s->count)
		len += scnprintf(text + len, size - len, "interval: %u\n",
				 s->interval);
	if (s->filter)
		len += hone_filter_ops->show(s->filter, text + len, size - len);
	if (s->match)
		len += hone_match_show(s->match, text + len, size - len);
	mutex_unlock(&s->lock);
	ret = simple_read_from_buffer(ubuf, count, pos, text, len);
	kfree(text);
	return ret;
}

static const struct file_operations hone_control_fops = {
	.owner		= THIS_MODULE,
	.open		= hone_control_open,
	.read		= hone_control_read,
	.write		= hone_control_write,
	.llseek		= default_llseek,
	.release	= hone_control_release,
};

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

/**
 * hone_session_init - offer sessions
 * @dir: Hone's directory in debugfs
 *
 * Context: init.
 */
void __init hone_session_init(struct dentry *dir)
{
	debugfs_create_file("control", 0600, dir, NULL, &hone_control_fops);
}
