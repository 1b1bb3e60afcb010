// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: the control file. Each open is a session; closing it, however that
 * comes about, ends the session. Text commands in, status out.
 */
#include "hone.h"

#include <linux/capability.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/hone_ring.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

static const char * const state_names[] = {
	[HONE_STATE_NEW]	= "new",
	[HONE_STATE_RUNNING]	= "running",
	[HONE_STATE_STOPPED]	= "stopped",
};

/* What a write to the control file wants. */
struct hone_want {
	struct hone_settings set;
	struct hone_filter *filter;	/* a new one, or NULL: as it was */
	struct hone_match *match;	/* the same */
	bool	start;
	bool	restart;
	bool	freeze;
	bool	thaw;
	bool	stop;
};

/* A filter of BPF_MAXINSNS instructions of four numbers fits. */
#define HONE_COMMAND_MAX	(192 * 1024)

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

	want->set.kinds = 0;
	want->set.count = false;
	while ((word = strsep(&val, ","))) {
		if (!strcmp(word, "all"))
			want->set.kinds |= HONE_KINDS_ALL;
		else if (!strcmp(word, "process"))
			want->set.kinds |= BIT(HONE_KIND_PROC);
		else if (!strcmp(word, "socket"))
			want->set.kinds |= BIT(HONE_KIND_SOCK);
		else if (!strcmp(word, "count"))
			want->set.count = true;
		else
			return hone_refuse(s, -EINVAL,
					   "records: '%.16s' is none of all, process, socket, count",
					   word);
	}
	return 0;
}

/* One of two words: is it the other one, not the usual? */
static int hone_choice(struct hone_session *s, const char *key, const char *val,
		       const char *usual, const char *other, bool *res)
{
	*res = !strcmp(val, other);
	if (*res || !strcmp(val, usual))
		return 0;
	return hone_refuse(s, -EINVAL, "%s: '%.16s' is neither %s nor %s",
			   key, val, usual, other);
}

/* A frozen ring may be of another mode when it thaws. */
static int hone_mode(struct hone_session *s, struct hone_want *want,
		     const char *val)
{
	int err = hone_choice(s, "mode", val, "drop", "overwrite",
			      &want->set.overwrite);

	if (err || s->state == HONE_STATE_NEW)
		return err;
	if (!s->stream.frozen)
		return hone_refuse(s, -EBUSY,
				   "mode: the session has started, and is not frozen");
	if (want->set.overwrite && !s->split)
		return hone_refuse(s, -EBUSY,
				   "mode: the session has started with one ring for all");
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
	int err;

	if (val && !strcmp(key, "mode"))
		return hone_mode(s, want, val);
	err = hone_match_command(s, want, key, val);
	if (err > 0 && val) {
		if (!strcmp(key, "records"))
			err = hone_records(s, want, val);
		else if (!strcmp(key, "datagrams"))
			err = hone_choice(s, key, val, "all", "change",
					  &want->set.changes);
		else if (!strcmp(key, "sockets"))
			err = hone_choice(s, key, val, "all", "life",
					  &want->set.life);
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
				   &want->set.snaplen);
	if (!strcmp(key, "subbufs"))
		return hone_number(s, key, val, HONE_SUBBUFS_MIN,
				   HONE_SUBBUFS_MAX, &want->set.n_subbufs);
	if (!strcmp(key, "interval"))
		return hone_number(s, key, val, 1, HONE_INTERVAL_MAX,
				   &want->set.interval);
	if (!strcmp(key, "counts"))
		return hone_number(s, key, val, 1, HONE_TALLIES_MAX,
				   &want->set.counts);
	if (!strcmp(key, "subbuf_size")) {
		u32 kb;

		err = hone_number(s, key, val, HONE_SUBBUF_MIN / 1024,
				  HONE_SUBBUF_MAX / 1024, &kb);
		if (!err && !IS_ALIGNED(kb * 1024, PAGE_SIZE))
			err = hone_refuse(s, -EINVAL,
					  "%s: %u kB are not whole pages",
					  key, kb);
		if (!err)
			want->set.subbuf_size = kb * 1024;
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
	if (!strcmp(key, "freeze")) {
		if (s->state != HONE_STATE_RUNNING || s->stream.frozen)
			return hone_refuse(s, -EINVAL,
					   "freeze: the session is not running");
		want->freeze = true;
		return 0;
	}
	if (!strcmp(key, "thaw")) {
		if (!s->stream.frozen)
			return hone_refuse(s, -EINVAL,
					   "thaw: the session is not frozen");
		want->thaw = true;
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
	if (want->set.subbuf_size > U32_MAX / want->set.n_subbufs)
		return hone_refuse(s, -EINVAL,
				   "subbufs: %u of %u bytes are too much",
				   want->set.n_subbufs, want->set.subbuf_size);
	return 0;
}

/**
 * hone_session_commands - do what a text wants, as a whole or not at all
 * @s: the session
 * @text: commands, one a line; it is written to
 *
 * Context: process context, @s->lock held; may sleep.
 * Return: 0 or a negative errno, with the reason in @s->error.
 */
int hone_session_commands(struct hone_session *s, char *text)
{
	struct hone_want want = { .set = s->set };
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
	swap(s->set, want.set);
	if (want.start) {
		err = hone_session_start(s);
		/* One that has rings is settled, and charged for them. */
		if (err && s->state == HONE_STATE_NEW) {
			s->set = want.set;
			if (filtered)
				swap(s->filter, want.filter);
			if (matched)
				swap(s->match, want.match);
		}
	}
	hone_filter_ops->free(want.filter);
	hone_match_free(want.match);
	if (!err && want.freeze)
		hone_session_freeze(s);
	if (!err && (want.thaw || (want.restart && s->stream.frozen))) {
		err = hone_session_thaw(s);
		if (err)
			s->set.overwrite = want.set.overwrite;
	} else if (!err && want.restart) {
		err = hone_session_restart(s);
	}
	if (!err && want.stop)
		hone_session_stop(s);
	return err;
}

static int hone_control_open(struct inode *inode, struct file *file)
{
	struct hone_session *s;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	s = hone_session_new();
	if (IS_ERR(s))
		return PTR_ERR(s);
	file->private_data = s;
	return 0;
}

/**
 * hone_control_release - a descriptor of a session is closed
 * @inode: not used
 * @file: the file
 *
 * Context: process context; may sleep.
 * Return: 0.
 */
int hone_control_release(struct inode *inode, struct file *file)
{
	hone_session_end(file->private_data);
	return 0;
}

/**
 * hone_control_write - commands
 * @file: the file
 * @ubuf: their text
 * @count: its length
 * @pos: not used
 *
 * Context: process context; may sleep.
 * Return: @count or a negative errno.
 */
ssize_t hone_control_write(struct file *file, const char __user *ubuf,
			   size_t count, loff_t *pos)
{
	struct hone_session *s = file->private_data;
	char *text;
	int err;

	if (count >= HONE_COMMAND_MAX) {
		mutex_lock(&s->lock);
		err = hone_refuse(s, -E2BIG, "a write of %u bytes or more",
				  HONE_COMMAND_MAX);
		mutex_unlock(&s->lock);
		return err;
	}
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
		err = hone_session_commands(s, text);
	mutex_unlock(&s->lock);
	kvfree(text);
	return err ?: count;
}

/**
 * hone_control_read - the status
 * @file: the file
 * @ubuf: where to
 * @count: bytes wanted
 * @pos: where in the text
 *
 * Context: process context; may sleep.
 * Return: bytes read or a negative errno.
 */
ssize_t hone_control_read(struct file *file, char __user *ubuf, size_t count,
			  loff_t *pos)
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
			s->nr, s->nr,
			s->stream.frozen ? "frozen" : state_names[s->state],
			s->state == HONE_STATE_NEW ? s->set.snaplen :
						     s->stream.snaplen,
			s->set.subbuf_size, s->set.n_subbufs);
	/* Before long lists, which may be cut. */
	if (s->error[0])
		len += scnprintf(text + len, size - len, "error: %s\n",
				 s->error);
	if (s->set.overwrite)
		len += scnprintf(text + len, size - len, "mode: overwrite\n");
	if (s->set.changes)
		len += scnprintf(text + len, size - len, "datagrams: change\n");
	if (s->set.life)
		len += scnprintf(text + len, size - len, "sockets: life\n");
	if (s->set.kinds != HONE_KINDS_ALL || s->set.count)
		len += scnprintf(text + len, size - len, "records:%s%s%s%s\n",
				 s->set.kinds == HONE_KINDS_ALL ? " all" : "",
				 s->set.kinds != HONE_KINDS_ALL &&
				 s->set.kinds & BIT(HONE_KIND_PROC) ? " process" : "",
				 s->set.kinds != HONE_KINDS_ALL &&
				 s->set.kinds & BIT(HONE_KIND_SOCK) ? " socket" : "",
				 s->set.count ? " count" : "");
	if (s->set.count)
		len += scnprintf(text + len, size - len,
				 "interval: %u\ncounts: %u\n",
				 s->set.interval, s->set.counts);
	if (s->filter)
		len += hone_filter_ops->show(s->filter, text + len, size - len);
	if (s->match)
		len += hone_match_show(s->match, text + len, size - len);
	mutex_unlock(&s->lock);
	ret = simple_read_from_buffer(ubuf, count, pos, text, len);
	kfree(text);
	return ret;
}

static long hone_control_ioctl(struct file *file, unsigned int cmd,
			       unsigned long arg)
{
	if (cmd != HONE_IOC_RING)
		return -ENOTTY;
	return hone_ring_open(file->private_data,
			      (struct hone_ring __user *)arg);
}

static const struct file_operations hone_control_fops = {
	.owner		= THIS_MODULE,
	.open		= hone_control_open,
	.read		= hone_control_read,
	.write		= hone_control_write,
	.unlocked_ioctl	= hone_control_ioctl,
	.llseek		= default_llseek,
	.release	= hone_control_release,
};

/**
 * hone_control_init - offer sessions
 * @dir: Hone's directory in debugfs
 *
 * Context: init.
 */
void __init hone_control_init(struct dentry *dir)
{
	debugfs_create_file("control", 0600, dir, NULL, &hone_control_fops);
}
