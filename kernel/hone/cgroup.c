// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: the cgroup v2 of a process, and records of processes that move to
 * another.
 */
#include "hone.h"

#include <linux/cgroup.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <trace/events/cgroup.h>

/**
 * hone_cgroup_id - id of a process's cgroup v2
 * @task: one of its threads
 *
 * Context: RCU read side.
 * Return: the id.
 */
u64 hone_cgroup_id(struct task_struct *task)
{
	return cgroup_id(task_dfl_cgroup(task));
}

/**
 * hone_cgroup_path - path of a process's cgroup v2
 * @task: one of its threads
 * @tmp: where to
 * @size: of @tmp
 *
 * Context: RCU read side.
 * Return: its length, or 0 if it does not fit.
 */
int hone_cgroup_path(struct task_struct *task, char *tmp, size_t size)
{
	int len = cgroup_path(task_dfl_cgroup(task), tmp, size);

	return len > 0 && len < size ? len : 0;
}

/**
 * hone_cgroup_forked - a process was created, which may be in another cgroup
 * @parent: who made it
 * @child: the process, not yet running
 *
 * Context: process context.
 */
void hone_cgroup_forked(struct task_struct *parent, struct task_struct *child)
{
	bool same;

	rcu_read_lock();
	same = task_dfl_cgroup(parent) == task_dfl_cgroup(child);
	rcu_read_unlock();
	if (!same)
		hone_proc_moved(child);
}

/* Interrupts are off, under a lock of cgroup's trace events. */
static void probe_attach(void *data, struct cgroup *cgrp, const char *path,
			 struct task_struct *task, bool threadgroup)
{
	if (cgrp->root != &cgrp_dfl_root)
		return;
	/* A process is where its leader is. */
	if (!threadgroup && !thread_group_leader(task))
		return;
	task_lock(task);
	hone_match_task(task);
	hone_proc_moved(task);
	task_unlock(task);
}

/**
 * hone_cgroup_start - follow processes that move
 *
 * Context: process context; may sleep.
 * Return: 0 or a negative errno.
 */
int hone_cgroup_start(void)
{
	return register_trace_cgroup_attach_task(probe_attach, NULL);
}

/**
 * hone_cgroup_stop - follow them no more
 *
 * Context: process context; may sleep.
 */
void hone_cgroup_stop(void)
{
	unregister_trace_cgroup_attach_task(probe_attach, NULL);
}
