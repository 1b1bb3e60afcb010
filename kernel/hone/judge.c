// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: judges processes by what sessions want. While such a session runs
 * each process carries a bit for it, kept as the process changes, so that a
 * packet costs no more than to look at that.
 */
#include "hone.h"

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/hone.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>

DEFINE_STATIC_KEY_FALSE(hone_match_key);
/* Sessions that select by process; changed under hone_match_lock. */
u8 hone_matching __read_mostly;

static_assert(BITS_PER_BYTE * sizeof(hone_matching) >= HONE_SESSIONS_MAX);

/*
 * Protects hone_wants and hone_exe of all processes, hone_matches and
 * hone_match_path. Inside task_lock; never taken in softirq.
 */
static DEFINE_SPINLOCK(hone_match_lock);
/* By number of the session; read under RCU too. */
static const struct hone_match __rcu *hone_matches[HONE_SESSIONS_MAX];
/* The first generation that has seen all processes judged. */
static u32 hone_match_gen[HONE_SESSIONS_MAX];
static char hone_match_path[HONE_PATH_MAX];

static const struct hone_match *hone_match_nr(unsigned int nr)
{
	return rcu_dereference_check(hone_matches[nr],
				     lockdep_is_held(&hone_match_lock));
}

/* Under hone_match_lock: the path of its cgroup is in a buffer of that. */
static void hone_task_facts(struct hone_facts *f, struct task_struct *task)
{
	const struct cred *cred;

	rcu_read_lock();
	f->tgid = task->tgid;
	f->comm = hone_task_leader(task)->comm;
	cred = __task_cred(task);
	f->uid = from_kuid(&init_user_ns, cred->uid);
	f->euid = from_kuid(&init_user_ns, cred->euid);
	f->gid = from_kgid(&init_user_ns, cred->gid);
	f->egid = from_kgid(&init_user_ns, cred->egid);
	f->cgroup = NULL;
	if (hone_cgroup_path(task, hone_match_path, sizeof(hone_match_path)))
		f->cgroup = hone_match_path;
	f->alive = true;
	rcu_read_unlock();
}

/*
 * Judge a process by what it is now, for @sessions. @inherited are those that
 * wanted it, or what it comes from, before. Returns those that are new.
 */
static u8 hone_judge(struct task_struct *task, u8 inherited, u8 sessions)
{
	struct signal_struct *sig = task->signal;
	u8 old = sig->hone_wants, wants = old & ~sessions;
	const struct hone_match *m;
	struct hone_facts f;
	unsigned int nr;

	lockdep_assert_held(&hone_match_lock);
	hone_task_facts(&f, task);
	for (nr = 0; nr < HONE_SESSIONS_MAX; nr++) {
		m = hone_match_nr(nr);
		if (!m || !(sessions & BIT(nr)))
			continue;
		f.exe = sig->hone_exe & BIT(nr);
		if ((m->follow && inherited & BIT(nr)) ||
		    hone_match_fits(m, &f))
			wants |= BIT(nr);
	}
	WRITE_ONCE(sig->hone_wants, wants);
	return wants & ~old;
}

/* What a process holds is wanted as it is itself. */
static void hone_held(struct task_struct *task, u8 sessions)
{
	if (sessions)
		hone_filter_ops->held(task, sessions);
}

/**
 * __hone_match_fork - judge a new process
 * @parent: who made it
 * @child: the process, not yet running
 *
 * Context: process context.
 */
void __hone_match_fork(struct task_struct *parent, struct task_struct *child)
{
	u8 inherited, new;

	spin_lock(&hone_match_lock);
	rcu_read_lock();
	/* With CLONE_PARENT they are two. */
	inherited = parent->signal->hone_wants |
		rcu_dereference(child->real_parent)->signal->hone_wants;
	rcu_read_unlock();
	child->signal->hone_exe = parent->signal->hone_exe;
	new = hone_judge(child, inherited, hone_matching);
	/* What its parent holds is marked so already. */
	new &= ~parent->signal->hone_wants;
	spin_unlock(&hone_match_lock);
	hone_held(child, new);
}

/**
 * __hone_match_exec - judge current, which runs a new program
 * @path: of the program; NULL if not known
 *
 * Context: process context.
 */
void __hone_match_exec(const char *path)
{
	struct signal_struct *sig = current->signal;
	const struct hone_match *m;
	unsigned int nr;
	u8 new;

	spin_lock(&hone_match_lock);
	sig->hone_exe = 0;
	for (nr = 0; nr < HONE_SESSIONS_MAX; nr++) {
		m = hone_match_nr(nr);
		if (m && hone_match_exe(m, path))
			sig->hone_exe |= BIT(nr);
	}
	new = hone_judge(current, sig->hone_wants, hone_matching);
	spin_unlock(&hone_match_lock);
	hone_held(current, new);
}

/**
 * __hone_match_task - judge a process that has changed
 * @task: one of its threads: current, or its task_lock is held
 *
 * Context: process context, interrupts on or off.
 */
void __hone_match_task(struct task_struct *task)
{
	u8 new;

	spin_lock(&hone_match_lock);
	new = hone_judge(task, task->signal->hone_wants, hone_matching);
	spin_unlock(&hone_match_lock);
	hone_held(task, new);
}

/**
 * hone_match_owner - which sessions want a socket's owner?
 * @id: image id of the owner
 * @tgid: process id of the owner
 * @comm: name of the owner, when it became the owner
 * @uid: user of the socket
 *
 * Of one that has ended the socket remembers a little.
 *
 * Context: any but NMI.
 * Return: a bit for each session.
 */
u8 hone_match_owner(u64 id, u32 tgid, const char *comm, kuid_t uid)
{
	struct hone_facts f = {
		.tgid	= tgid,
		.uid	= from_kuid(&init_user_ns, uid),
		.comm	= comm,
	};
	const struct hone_match *m;
	struct task_struct *task;
	unsigned int nr;
	u8 wants = 0;

	if (!id)
		return 0;
	f.euid = f.uid;
	rcu_read_lock();
	task = find_task_by_pid_ns(tgid, &init_pid_ns);
	if (task && READ_ONCE(task->signal->hone_id) == id) {
		wants = hone_task_wants(task);
		goto unlock;
	}
	for (nr = 0; nr < HONE_SESSIONS_MAX; nr++) {
		m = hone_match_nr(nr);
		if (m && hone_match_fits(m, &f))
			wants |= BIT(nr);
	}
unlock:
	rcu_read_unlock();
	return wants;
}

/**
 * hone_match_since - sessions that a bit kept since then does not speak of
 * @gen: generation in which the bit was set
 *
 * Context: any.
 * Return: a bit for each session number that was used anew since, or is not
 * in use.
 */
u8 hone_match_since(u32 gen)
{
	u8 valid = 0;
	unsigned int nr;

	for (nr = 0; nr < HONE_SESSIONS_MAX; nr++)
		if ((s32)(gen - READ_ONCE(hone_match_gen[nr])) >= 0)
			valid |= BIT(nr);
	return ~(valid & READ_ONCE(hone_matching));
}

/*
 * Judge one that was there before the session, or was made since @since by one
 * that may not have been judged then. Returns true if it is wanted now.
 */
static bool hone_judge_old(const struct hone_session *s,
			   struct task_struct *task, u64 since, char *tmp)
{
	struct signal_struct *sig = task->signal;
	u64 id = READ_ONCE(sig->hone_id);
	const struct task_struct *parent;
	const char *path = "";
	u8 inherited, new;

	if (s->match->by[HONE_BY_EXE].n)
		path = hone_exe_path(task, tmp);
	/* One that records cannot tell of is not wanted. */
	if (IS_ERR(path))
		path = "";
	spin_lock(&hone_match_lock);
	/* If it executes now, that judges it. */
	if (id == READ_ONCE(sig->hone_id)) {
		sig->hone_exe &= ~BIT(s->nr);
		if (hone_match_exe(s->match, path))
			sig->hone_exe |= BIT(s->nr);
	}
	inherited = sig->hone_wants;
	rcu_read_lock();
	parent = hone_task_parent(task);
	if (parent && hone_task_leader(task)->start_boottime >= since)
		inherited |= hone_task_wants(parent);
	rcu_read_unlock();
	new = hone_judge(task, inherited, BIT(s->nr));
	spin_unlock(&hone_match_lock);
	return new;
}

/* All that there are; true if more of them are wanted than before. */
static bool hone_judge_all(const struct hone_session *s, u64 since, char *tmp)
{
	struct task_struct *task;
	bool more = false;
	int nr = 0;

	while ((task = hone_next_task(nr, PIDTYPE_TGID))) {
		more |= hone_judge_old(s, task, since, tmp);
		nr = max(nr, task_tgid_nr(task)) + 1;
		put_task_struct(task);
		cond_resched();
	}
	return more;
}

static void hone_match_holder(struct task_struct *task, unsigned int nr)
{
	if (!(hone_task_wants(task) & BIT(nr)))
		return;
	task_lock(task);
	if (hone_task_has_files(task))
		hone_held(task, BIT(nr));
	task_unlock(task);
}

static void hone_match_forget(struct task_struct *task, unsigned int nr)
{
	spin_lock(&hone_match_lock);
	task->signal->hone_exe &= ~BIT(nr);
	WRITE_ONCE(task->signal->hone_wants,
		   task->signal->hone_wants & ~BIT(nr));
	spin_unlock(&hone_match_lock);
}

/**
 * hone_match_start - follow the processes that a session wants
 * @s: the session, whose stream captures already
 *
 * Context: process context; may sleep.
 * Return: 0 or -ENOMEM.
 */
int hone_match_start(struct hone_session *s)
{
	u64 since = ktime_get_boottime_ns();
	struct task_struct *task;
	int nr = 0;
	char *tmp;

	if (!s->stream.match)
		return 0;
	tmp = kmalloc(HONE_PATH_MAX, GFP_KERNEL);
	if (!tmp)
		return -ENOMEM;
	static_branch_inc(&hone_match_key);
	spin_lock(&hone_match_lock);
	rcu_assign_pointer(hone_matches[s->nr], s->match);
	WRITE_ONCE(hone_matching, hone_matching | BIT(s->nr));
	spin_unlock(&hone_match_lock);

	/*
	 * Who is made from now on is judged then, by parents as far as known. What
	 * a parent that is judged later runs, its child runs, too.
	 */
	while (hone_judge_all(s, since, tmp) &&
	       (s->match->follow || s->match->by[HONE_BY_EXE].n))
		;
	/* What sockets have learned until now does not count. */
	WRITE_ONCE(hone_match_gen[s->nr], hone_generation() + 1);
	hone_next_generation();
	while ((task = hone_next_task(nr, PIDTYPE_PID))) {
		hone_match_holder(task, s->nr);
		nr = max(nr, task_pid_nr(task)) + 1;
		put_task_struct(task);
		cond_resched();
	}
	kfree(tmp);
	return 0;
}

/**
 * hone_match_stop - follow them no more
 * @s: the session, whose stream captures no more
 *
 * On return its predicates may be freed.
 *
 * Context: process context; may sleep.
 */
void hone_match_stop(struct hone_session *s)
{
	struct task_struct *task;
	int nr = 0;

	if (!(hone_matching & BIT(s->nr)))
		return;
	spin_lock(&hone_match_lock);
	RCU_INIT_POINTER(hone_matches[s->nr], NULL);
	WRITE_ONCE(hone_matching, hone_matching & ~BIT(s->nr));
	spin_unlock(&hone_match_lock);
	static_branch_dec(&hone_match_key);
	/* The next session of that number finds nothing of this one. */
	while ((task = hone_next_task(nr, PIDTYPE_TGID))) {
		hone_match_forget(task, s->nr);
		nr = max(nr, task_tgid_nr(task)) + 1;
		put_task_struct(task);
		cond_resched();
	}
	/* Others' hooks may still look at them. */
	synchronize_rcu();
}
