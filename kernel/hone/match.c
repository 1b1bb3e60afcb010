// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: predicates of a session on processes: which it wants packets of. Set
 * by text commands before the session starts, read-only from then on.
 */
#include "hone.h"

#include <linux/dcache.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/string_helpers.h>
#include <linux/threads.h>

/**
 * struct hone_predicate - a command that selects by process
 * @key: the command
 * @text: its value is a string, else a number up to @max
 * @min: least number, or length
 * @max: largest number, or length
 */
struct hone_predicate {
	const char *key;
	bool text;
	u32 min;
	u32 max;
};

static const struct hone_predicate hone_predicates[HONE_BY_MAX] = {
	[HONE_BY_PID]	 = { "pid", false, 1, PID_MAX_LIMIT },
	[HONE_BY_UID]	 = { "uid", false, 0, U32_MAX - 1 },
	[HONE_BY_GID]	 = { "gid", false, 0, U32_MAX - 1 },
	[HONE_BY_COMM]	 = { "comm", true, 1, HONE_COMM_LEN - 1 },
	[HONE_BY_EXE]	 = { "exe", true, 2, HONE_PATH_MAX - 1 },
	[HONE_BY_CGROUP] = { "cgroup", true, 1, HONE_PATH_MAX - 1 },
};

static bool hone_by_number(const struct hone_list *l, u32 a, u32 b)
{
	unsigned int i;

	for (i = 0; i < l->n; i++)
		if (l->arg[i].number == a || l->arg[i].number == b)
			return true;
	return !l->n;
}

static bool hone_by_comm(const struct hone_list *l, const char *comm)
{
	unsigned int i;

	for (i = 0; i < l->n; i++)
		if (!strncmp(l->arg[i].text, comm, HONE_COMM_LEN))
			return true;
	return !l->n;
}

/* Is a path @prefix, or below it? */
static bool hone_path_below(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	return !strncmp(path, prefix, len) &&
	       (!path[len] || path[len] == '/' || prefix[len - 1] == '/');
}

static bool hone_by_cgroup(const struct hone_list *l, const char *cgroup)
{
	unsigned int i;

	for (i = 0; cgroup && i < l->n; i++)
		if (hone_path_below(cgroup, l->arg[i].text))
			return true;
	return !l->n;
}

/**
 * hone_match_exe - is it a program that is wanted?
 * @m: what is wanted
 * @path: path of the executable; NULL: not known, which may be any
 *
 * Context: any.
 * Return: true if it is.
 */
bool hone_match_exe(const struct hone_match *m, const char *path)
{
	const struct hone_list *l = &m->by[HONE_BY_EXE];
	unsigned int i;

	for (i = 0; path && i < l->n; i++)
		if (!strcmp(l->arg[i].text, path))
			return true;
	return !path || !l->n;
}

/**
 * hone_match_fits - does a process fit?
 * @m: what is wanted: of each kind that is given, one must match
 * @f: what the process is
 *
 * Context: any.
 * Return: true if it does.
 */
bool hone_match_fits(const struct hone_match *m, const struct hone_facts *f)
{
	const struct hone_list *by = m->by;

	return (f->exe || !by[HONE_BY_EXE].n) &&
	       hone_by_number(&by[HONE_BY_PID], f->tgid, f->tgid) &&
	       hone_by_number(&by[HONE_BY_UID], f->uid, f->euid) &&
	       (f->alive ? hone_by_number(&by[HONE_BY_GID], f->gid, f->egid) :
			   !by[HONE_BY_GID].n) &&
	       hone_by_comm(&by[HONE_BY_COMM], f->comm) &&
	       hone_by_cgroup(&by[HONE_BY_CGROUP], f->cgroup);
}

/**
 * hone_match_free - give predicates back
 * @m: that nobody uses; may be NULL
 *
 * Context: any.
 */
void hone_match_free(struct hone_match *m)
{
	unsigned int k, i;

	if (!m)
		return;
	for (k = 0; k < HONE_BY_MAX; k++)
		for (i = 0; hone_predicates[k].text && i < m->by[k].n; i++)
			kfree(m->by[k].arg[i].text);
	kfree(m);
}

/**
 * hone_match_dup - copy predicates
 * @old: of which; NULL makes empty ones
 *
 * Context: process context; may sleep.
 * Return: the copy, or NULL if there is no memory.
 */
struct hone_match *hone_match_dup(const struct hone_match *old)
{
	struct hone_match *m;
	unsigned int k, i;

	m = kzalloc(sizeof(*m), GFP_KERNEL_ACCOUNT);
	if (!m || !old)
		return m;
	m->follow = old->follow;
	for (k = 0; k < HONE_BY_MAX; k++) {
		for (i = 0; i < old->by[k].n; i++) {
			m->by[k].arg[i] = old->by[k].arg[i];
			if (hone_predicates[k].text)
				m->by[k].arg[i].text =
					kstrdup(old->by[k].arg[i].text,
						GFP_KERNEL_ACCOUNT);
			if (hone_predicates[k].text && !m->by[k].arg[i].text) {
				hone_match_free(m);
				return NULL;
			}
			m->by[k].n++;
		}
	}
	return m;
}

/**
 * hone_match_any - is there any predicate?
 * @m: the predicates, or NULL
 *
 * Return: true if there is; without, all processes are wanted.
 */
bool hone_match_any(const struct hone_match *m)
{
	unsigned int k;

	for (k = 0; m && k < HONE_BY_MAX; k++)
		if (m->by[k].n)
			return true;
	return false;
}

/* \ooo stands for a byte by its octal number, as blanks in /proc/mounts. */
static int hone_unescape(char *val, char *why, size_t size)
{
	size_t len = string_unescape_inplace(val, UNESCAPE_OCTAL);

	if (strlen(val) == len)
		return 0;
	snprintf(why, size, "a NUL byte in a name");
	return -EINVAL;
}

static int hone_set_path(char *val, char *why, size_t size)
{
	size_t len = strlen(val);

	while (len > 1 && val[len - 1] == '/')
		val[--len] = 0;
	if (*val == '/' && !strstr(val, "//"))
		return 0;
	snprintf(why, size, "'%.48s' is no absolute path", val);
	return -EINVAL;
}

/* A program that is not there is a mistake, more often than not. */
static int hone_set_exe(const char *val, char *why, size_t size)
{
	struct path path;
	int err = kern_path(val, LOOKUP_FOLLOW, &path);
	bool reg;

	/* At boot there may be no files yet. */
	if (err == -ENOENT && system_state < SYSTEM_RUNNING)
		return 0;
	if (err) {
		snprintf(why, size, "'%.48s' is not there", val);
		return err;
	}
	reg = d_is_reg(path.dentry);
	path_put(&path);
	if (reg)
		return 0;
	snprintf(why, size, "'%.48s' is no regular file", val);
	return -EINVAL;
}

static int hone_set_text(struct hone_list *l, unsigned int by, char *val,
			 char *why, size_t size)
{
	const struct hone_predicate *p = &hone_predicates[by];
	size_t len;
	int err;

	err = hone_unescape(val, why, size);
	if (!err && by != HONE_BY_COMM)
		err = hone_set_path(val, why, size);
	if (err)
		return err;
	len = strlen(val);
	if (len < p->min || len > p->max) {
		snprintf(why, size, "'%.16s' has not %u to %u bytes", val,
			 p->min, p->max);
		return -EINVAL;
	}
	if (by == HONE_BY_EXE) {
		err = hone_set_exe(val, why, size);
		if (err)
			return err;
	}
	l->arg[l->n].text = kstrdup(val, GFP_KERNEL_ACCOUNT);
	if (!l->arg[l->n].text)
		return -ENOMEM;
	l->n++;
	return 0;
}

static int hone_set_number(struct hone_list *l, unsigned int by,
			   const char *val, char *why, size_t size)
{
	const struct hone_predicate *p = &hone_predicates[by];
	u32 n;

	if (kstrtou32(val, 0, &n)) {
		snprintf(why, size, "not a number: '%.32s'", val);
		return -EINVAL;
	}
	if (n < p->min || n > p->max) {
		snprintf(why, size, "%u is not in %u..%u", n, p->min, p->max);
		return -EINVAL;
	}
	l->arg[l->n++].number = n;
	return 0;
}

/**
 * hone_match_set - take a command apart
 * @m: predicates that it adds to
 * @key: the command
 * @val: its value, which is written to; NULL if there is none
 * @why: why it is refused
 * @size: of @why
 *
 * Context: process context; may sleep.
 * Return: 0, 1 if @key is no command of this kind, or a negative errno with
 * the reason in @why.
 */
int hone_match_set(struct hone_match *m, const char *key, char *val,
		   char *why, size_t size)
{
	unsigned int by;

	if (!strcmp(key, "follow_forks")) {
		m->follow = true;
		snprintf(why, size, "takes no value");
		return val ? -EINVAL : 0;
	}
	for (by = 0; by < HONE_BY_MAX; by++)
		if (!strcmp(key, hone_predicates[by].key))
			break;
	if (by == HONE_BY_MAX)
		return 1;
	if (!val) {
		snprintf(why, size, "needs a value");
		return -EINVAL;
	}
	if (m->by[by].n == HONE_MATCH_MAX) {
		snprintf(why, size, "more than %u", HONE_MATCH_MAX);
		return -E2BIG;
	}
	if (hone_predicates[by].text)
		return hone_set_text(&m->by[by], by, val, why, size);
	return hone_set_number(&m->by[by], by, val, why, size);
}

/**
 * hone_match_show - describe predicates, a "key: value" a line
 * @m: the predicates
 * @buf: where to
 * @size: of @buf
 *
 * Return: the length.
 */
int hone_match_show(const struct hone_match *m, char *buf, size_t size)
{
	const struct hone_list *l;
	unsigned int by, i;
	int len = 0;

	for (by = 0; by < HONE_BY_MAX; by++) {
		l = &m->by[by];
		for (i = 0; i < l->n; i++) {
			len += scnprintf(buf + len, size - len, "%s: ",
					 hone_predicates[by].key);
			if (hone_predicates[by].text)
				len += scnprintf(buf + len, size - len,
						 "%*pEop\n",
						 (int)strlen(l->arg[i].text),
						 l->arg[i].text);
			else
				len += scnprintf(buf + len, size - len, "%u\n",
						 l->arg[i].number);
		}
	}
	if (m->follow)
		len += scnprintf(buf + len, size - len, "follow_forks: yes\n");
	return len;
}
