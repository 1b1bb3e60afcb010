// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of users and groups, from this machine's own files: no name service
 * is asked, for its traffic would be captured.
 */
#include "names.h"
#include "msg.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool names_off;

struct name {
	__u32 id;
	char *name;
};

/* What files have told is found by a hash: there may be many. */
#define SLOTS		1024
#define LEARNED_MAX	100000

struct learned {
	__u32 id;
	struct learned *next;
	char name[];
};

struct names {
	const char *path;
	struct learned *slot[SLOTS];
	size_t n_learned;
	struct name *all;
	size_t n, size;
	bool loaded;
};

static struct names users = { .path = "/etc/passwd" };
static struct names groups = { .path = "/etc/group" };

static struct learned **learned_at(struct names *t, __u32 id)
{
	struct learned **l = &t->slot[id % SLOTS];

	while (*l && (*l)->id != id)
		l = &(*l)->next;
	return l;
}

void names_learn(bool user, __u32 id, const char *name, size_t len)
{
	struct names *t = user ? &users : &groups;
	struct learned **at = learned_at(t, id), *old = *at, *l;

	if (old && strlen(old->name) == len && !memcmp(old->name, name, len))
		return;
	if (!old && t->n_learned == LEARNED_MAX)
		return;
	t->n_learned += !old;
	l = xcalloc(1, sizeof(*l) + len + 1);
	l->id = id;
	l->next = old ? old->next : NULL;
	memcpy(l->name, name, len);
	*at = l;
	free(old);
}

/* name:password:id:... */
static void add_line(struct names *t, char *line)
{
	char *pw, *id, *end;
	unsigned long n;

	pw = strchr(line, ':');
	id = pw ? strchr(pw + 1, ':') : NULL;
	if (!id || pw == line)
		return;
	n = strtoul(id + 1, &end, 10);
	if (end == id + 1 || *end != ':' || n > UINT32_MAX)
		return;
	*pw = 0;
	if (t->n == t->size) {
		t->size = t->size ? t->size * 2 : 64;
		t->all = xrealloc(t->all, t->size * sizeof(*t->all));
	}
	t->all[t->n++] = (struct name){ n, xstrdup(line) };
}

static void load(struct names *t)
{
	FILE *f = fopen(t->path, "re");
	char *line = NULL;
	size_t size = 0;

	t->loaded = true;
	if (!f)
		return;
	while (getline(&line, &size, f) > 0)
		add_line(t, line);
	free(line);
	fclose(f);
}

static const char *find(struct names *t, __u32 id)
{
	struct learned *l = *learned_at(t, id);
	size_t i;

	if (l)
		return l->name;
	if (names_off)
		return NULL;
	if (!t->loaded)
		load(t);
	for (i = 0; i < t->n; i++)
		if (t->all[i].id == id)
			return t->all[i].name;
	return NULL;
}

const char *user_name(__u32 uid)
{
	return find(&users, uid);
}

const char *group_name(__u32 gid)
{
	return find(&groups, gid);
}
