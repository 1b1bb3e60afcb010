// SPDX-License-Identifier: GPL-2.0-only
/* Cgroups: their paths, by their ids, which are never used again. */
#include "cgroup.h"
#include "msg.h"

#include <string.h>

#define SLOTS	1024

struct cgroup {
	__u64 id;
	struct cgroup *next;		/* in its hash chain */
	char path[];
};

static struct cgroup *slots[SLOTS];

static struct cgroup **slot_of(__u64 id)
{
	struct cgroup **c = &slots[(id * 0x9e3779b97f4a7c15ULL) >> 54];

	while (*c && (*c)->id != id)
		c = &(*c)->next;
	return c;
}

void cgroup_learn(__u64 id, struct span path)
{
	struct cgroup **c = slot_of(id);

	if (!id || *c || !path.len)
		return;
	*c = xcalloc(1, sizeof(**c) + path.len + 1);
	(*c)->id = id;
	memcpy((*c)->path, path.p, path.len);
}

const char *cgroup_path(__u64 id)
{
	const struct cgroup *c = id ? *slot_of(id) : NULL;

	return c ? c->path : NULL;
}
