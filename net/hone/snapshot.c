// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: the sockets that exist, as records of a snapshot. One that is found in
 * more than one place is told more than once.
 */
#include "hone.h"

#include <linux/sched/task.h>

struct hone_snap_walk {
	struct hone_walk walk;
	struct hone_snap *snap;
};

static int hone_snap_visit(struct hone_walk *w, struct sock *sk, u64 ino,
			   struct task_struct *task)
{
	struct hone_snap_walk *s = container_of(w, struct hone_snap_walk, walk);
	struct hone_sock_rec r;

	hone_sock_fill(&r, sk, task ? HONE_SOCK_HOLDER : HONE_SOCK_SNAPSHOT);
	r.ino = ino;
	if (task) {
		r.actor = READ_ONCE(task->signal->hone_id);
		r.actor_tgid = task->tgid;
	}
	return hone_snap_put(s->snap, &r.rec);
}

/**
 * hone_socket_snap - all sockets of all namespaces
 * @snap: the snapshot
 * @pos: position of the walk
 *
 * Of a bucket that is too large to be told of in one go a socket may be missed
 * that nobody holds, if others before it end meanwhile: anybody can make many
 * sockets that are in one. It is told of when it is used.
 *
 * Context: process context; may sleep.
 * Return: 1 = more, 0 = complete, or a negative errno.
 */
int hone_socket_snap(struct hone_snap *snap, u64 *pos)
{
	u32 *skip = hone_snap_skip(snap), first = hone_snap_mark(snap), mark;
	struct hone_snap_walk s = {
		.walk.visit	= hone_snap_visit,
		.walk.skip	= *skip,
		.snap		= snap,
	};
	int ret;

	do {
		mark = hone_snap_mark(snap);
		ret = hone_walk_step(&s.walk, pos);
		if (ret >= 0) {
			s.walk.skip = 0;
			*skip = 0;
		}
	} while (ret > 0);
	if (ret != -ENOSPC)
		return ret;
	if (!hone_walk_whole(*pos))
		return 1;
	if (mark == first) {
		/* Not even that bucket alone fits. */
		ret = hone_snap_grow(snap);
		if (ret == -E2BIG) {
			*skip = s.walk.found - 1;
			return 1;
		}
		if (ret)
			return ret;
	}
	hone_snap_rewind(snap, mark);
	return 1;
}
