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
 * Context: process context; may sleep.
 * Return: 1 = more, 0 = complete, or a negative errno.
 */
int hone_socket_snap(struct hone_snap *snap, u64 *pos)
{
	struct hone_snap_walk s = {
		.walk.visit	= hone_snap_visit,
		.snap		= snap,
	};
	u32 first = hone_snap_mark(snap), mark;
	int ret;

	do {
		mark = hone_snap_mark(snap);
		ret = hone_walk_step(&s.walk, pos);
	} while (ret > 0);
	if (ret != -ENOSPC)
		return ret;
	if (hone_walk_whole(*pos))
		hone_snap_rewind(snap, mark);
	if (hone_snap_mark(snap) != first)
		return 1;
	/* Not even the next part alone fits. */
	ret = hone_snap_grow(snap);
	return ret ?: 1;
}
