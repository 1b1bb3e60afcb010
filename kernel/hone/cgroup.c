// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: the cgroup v2 of a process, and records of processes that move to
 * another.
 */
#include "hone.h"

#include <linux/cgroup.h>
#include <linux/sched/task.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/workqueue.h>
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

/**
 * struct hone_move - a process that was moved to another cgroup
 * @soon: called before who has moved it goes on in user space
 * @work: the same if nobody does
 * @task: its leader, referenced
 */
struct hone_move {
	union {
		struct callback_head soon;
		struct work_struct work;
	};
	struct task_struct *task;
};

static void hone_moved(struct hone_move *m)
{
	struct task_struct *task = m->task;

	task_lock(task);
	/* What has ended was told of for the last time. */
	if (atomic_read(&task->signal->live)) {
		hone_match_task(task);
		hone_proc_moved(task);
	}
	task_unlock(task);
	put_task_struct(task);
	kfree(m);
}

static void hone_moved_soon(struct callback_head *head)
{
	hone_moved(container_of(head, struct hone_move, soon));
}

static void hone_moved_work(struct work_struct *work)
{
	hone_moved(container_of(work, struct hone_move, work));
}

/*
 * Interrupts are off, under a lock of cgroup's trace events, which others take
 * inside css_set_lock, and that in softirq: no lock may be taken here that
 * softirqs can come upon.
 */
static void probe_attach(void *data, struct cgroup *cgrp, const char *path,
			 struct task_struct *task, bool threadgroup)
{
	struct hone_move *m;

	if (cgrp->root != &cgrp_dfl_root)
		return;
	/* A process is where its leader is. */
	if (!threadgroup && !thread_group_leader(task))
		return;
	m = kmalloc(sizeof(*m), GFP_ATOMIC);
	/* It is judged when it changes next. */
	if (!m)
		return;
	m->task = get_task_struct(task);
	init_task_work(&m->soon, hone_moved_soon);
	if (!(current->flags & (PF_KTHREAD | PF_USER_WORKER)) &&
	    !task_work_add(current, &m->soon, TWA_RESUME))
		return;
	INIT_WORK(&m->work, hone_moved_work);
	queue_work(system_unbound_wq, &m->work);
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
