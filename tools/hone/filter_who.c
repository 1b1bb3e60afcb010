// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filters by whose a packet is. The kernel lets through what may be wanted,
 * if it can; what is, is decided here, when it is known who has used it.
 */
#include "filter.h"
#include "cgroup.h"
#include "control.h"
#include "msg.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define KERNEL_MAX	16	/* as many as the kernel takes of each kind */
#define KERNEL_PIDS	4194304

enum kind { BY_PID, BY_UID, BY_GID, BY_COMM, BY_EXE, BY_CGROUP, N_KINDS };

/* The kernel's commands, and what it says that it knows of. */
static const char *const commands[N_KINDS] = {
	[BY_PID]	= "pid",
	[BY_UID]	= "uid",
	[BY_GID]	= "gid",
	[BY_COMM]	= "comm",
	[BY_EXE]	= "exe",
	[BY_CGROUP]	= "cgroup",
};

/* Of one kind any may match, and of each kind that is given one must. */
struct by {
	enum kind kind;
	__u32 number;
	const char *name;
	struct by *next;
};

static struct by *bys;
static int given[N_KINDS];
static bool follow;
static __u32 excluded[KERNEL_MAX];
static int n_excluded;

static void add_by(enum kind kind, __u32 number, const char *name)
{
	struct by *by = xcalloc(1, sizeof(*by));

	by->kind = kind;
	by->number = number;
	by->name = name;
	by->next = bys;
	bys = by;
	given[kind]++;
}

__u64 filter_next_number(const char *option, const char *list, const char **at,
			 __u64 max, bool hex)
{
	unsigned long long n;
	char *end;

	hex = hex && !strncmp(*at, "0x", 2) && isxdigit((unsigned char)(*at)[2]);
	errno = 0;
	n = strtoull(*at, &end, hex ? 16 : 10);
	if (**at < '0' || **at > '9' || errno || n > max ||
	    (*end && *end != ','))
		filter_bad(option, list, "is no list of numbers");
	*at = *end ? end + 1 : NULL;
	return n;
}

static void add_numbers(enum kind kind, const char *option, const char *list)
{
	const char *at = list;

	while (at)
		add_by(kind, filter_next_number(option, list, &at, 0xfffffffe,
						false), NULL);
}

void filter_pid(const char *list)
{
	add_numbers(BY_PID, "--pid", list);
}

void filter_add_pid(__u32 pid)
{
	add_by(BY_PID, pid, NULL);
}

void filter_uid(const char *list)
{
	add_numbers(BY_UID, "--uid", list);
}

void filter_gid(const char *list)
{
	add_numbers(BY_GID, "--gid", list);
}

void filter_comm(const char *name)
{
	if (!*name || strlen(name) >= HONE_COMM_LEN)
		filter_bad("--comm", name, "has 1 to 15 bytes");
	add_by(BY_COMM, 0, name);
}

void filter_exe(const char *path)
{
	if (*path != '/')
		filter_bad("--exe", path, "is no absolute path");
	add_by(BY_EXE, 0, path);
}

void filter_cgroup(const char *path)
{
	char *copy = xstrdup(path);
	size_t len = strlen(copy);

	if (*path != '/' || strstr(path, "//"))
		filter_bad("--cgroup", path, "is no absolute path");
	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = 0;
	add_by(BY_CGROUP, 0, copy);
}

void filter_follow_forks(void)
{
	follow = true;
}

void filter_exclude_pid(const char *list)
{
	const char *at = list;

	while (at) {
		if (n_excluded == KERNEL_MAX)
			filter_bad("--exclude-pid", list, "more than 16");
		excluded[n_excluded++] =
			filter_next_number("--exclude-pid", list, &at,
					   0xfffffffe, false);
	}
}

/* May the kernel be told? What it is not told of it lets through. */
static bool kernel_takes(const struct by *by)
{
	struct stat st;

	switch (by->kind) {
	case BY_PID:
		return by->number && by->number <= KERNEL_PIDS;
	case BY_EXE:
		/* It may be there for others: in a container. */
		return !stat(by->name, &st) && S_ISREG(st.st_mode);
	default:
		return true;
	}
}

/* What ends a line, or is cut off at its ends, is written as \ooo. */
static bool tell_name(const char *command, const char *name)
{
	char *text = xcalloc(strlen(name) + 1, 4), *at = text;
	bool ok;

	for (; *name; name++) {
		if ((unsigned char)*name > ' ' && *name != '\\' && *name != 0x7f)
			*at++ = *name;
		else
			at += sprintf(at, "\\%03o", (unsigned char)*name);
	}
	ok = control_command("%s %s", command, text);
	free(text);
	return ok;
}

static bool tell(enum kind kind)
{
	const struct by *by;
	bool ok = true;

	for (by = bys; ok && by; by = by->next) {
		if (by->kind != kind)
			continue;
		if (by->name)
			ok = tell_name(commands[kind], by->name);
		else
			ok = control_command("%s %u", commands[kind],
					     by->number);
	}
	return ok;
}

bool filter_configure_who(void)
{
	bool takes[N_KINDS], any = false;
	const struct by *by;
	int i, k;

	for (i = 0; i < n_excluded; i++)
		if (!control_command("exclude_tgid %u", excluded[i]))
			return false;
	/* What the kernel cannot follow it is not to leave out. */
	if (follow && !control_feature("follow_forks"))
		return true;
	for (k = 0; k < N_KINDS; k++)
		takes[k] = given[k] && given[k] <= KERNEL_MAX &&
			   control_feature(commands[k]);
	for (by = bys; by; by = by->next)
		takes[by->kind] &= kernel_takes(by);
	for (k = 0; k < N_KINDS; k++) {
		if (takes[k] && !tell(k))
			return false;
		any |= takes[k];
	}
	return !any || !follow || control_command("follow_forks");
}

static bool below(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	return path && !strncmp(path, prefix, len) &&
	       (!path[len] || path[len] == '/' || prefix[len - 1] == '/');
}

static bool matches(const struct by *by, struct image *img,
		    const struct naming *as)
{
	switch (by->kind) {
	case BY_PID:
		return img->tgid == by->number;
	case BY_UID:
		return as->uid == by->number || as->euid == by->number;
	case BY_GID:
		/* A socket does not remember its owner's groups. */
		return !img->gone &&
		       (as->gid == by->number || as->egid == by->number);
	case BY_COMM:
		return !strcmp(as->comm, by->name);
	case BY_EXE:
		return !strcmp(image_strings(img)->path, by->name);
	case BY_CGROUP:
		return below(cgroup_path(as->cgroup), by->name);
	default:
		return false;
	}
}

static bool matches_all(struct image *img, const struct naming *as)
{
	bool found[N_KINDS] = { false };
	const struct by *by;
	int i;

	for (by = bys; by; by = by->next)
		if (!found[by->kind])
			found[by->kind] = matches(by, img, as);
	for (i = 0; i < N_KINDS; i++)
		if (given[i] && !found[i])
			return false;
	return true;
}

bool filter_image(struct image *img)
{
	int i;

	for (i = 0; i < n_excluded; i++)
		if (img->tgid == excluded[i])
			return false;
	if (!bys)
		return true;
	if (!img->followed && matches_all(img, &img->as))
		img->followed = follow;
	else if (!img->followed)
		return false;
	return true;
}

void filter_changed(struct image *img, const struct naming *as,
		    const struct image *from)
{
	if (!bys || !follow)
		return;
	/* All its life is behind the moment in which it came to be. */
	if (from && from->to_follow)
		img->followed = true;
	if (!img->to_follow)
		img->to_follow = img->followed || matches_all(img, as);
}

bool filter_by_who(void)
{
	return bys || n_excluded;
}

bool filter_user(struct image *img, __u64 cookie)
{
	if (!filter_cookie(cookie))
		return false;
	if (!bys && !n_excluded)
		return true;
	return img && img->tgid ? filter_image(img) : !bys;
}

bool filter_conn(struct conn *c)
{
	return filter_user(image_find(c->owner.id), c->cookie);
}
