// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: process records, from the life of processes and for the snapshot.
 */
#include "hone.h"

#include <linux/audit.h>
#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs_struct.h>
#include <linux/hone.h>
#include <linux/mm.h>
#include <linux/mnt_namespace.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/uidgid.h>
#include <linux/vmalloc.h>
#include <net/net_namespace.h>
#include <trace/events/hone.h>

/* Longest of the strings that matter less than path and arguments. */
#define HONE_STRING_MAX	1536

static_assert(sizeof(struct hone_proc) + HONE_PATH_MAX + HONE_ARGV_MAX +
	      3 * HONE_STRING_MAX + 5 * (sizeof(struct hone_attr) + 8) <=
	      HONE_PROC_REC_MAX);

/* @task is current, not yet running, or its task_lock is held. */
static void hone_proc_namespaces(struct hone_proc *p, struct task_struct *task)
{
	struct pid_namespace *pid_ns = task_active_pid_ns(task);
	struct nsproxy *ns = task->nsproxy;

	if (pid_ns)
		p->pid_ns = pid_ns->ns.inum;
	if (!ns)
		return;
	p->net_ns = ns->net_ns->ns.inum;
	if (ns->mnt_ns)
		p->mnt_ns = from_mnt_ns(ns->mnt_ns)->inum;
}

/* All but what needs a lock or may sleep. */
static void hone_proc_fill(struct hone_proc *p, struct task_struct *task,
			   u32 event)
{
	const struct task_struct *leader;
	struct task_struct *parent;
	const struct cred *cred;

	p->event = event;
	p->tid = task->pid;
	p->tgid = task->tgid;
	p->id = READ_ONCE(task->signal->hone_id);
	p->exec_count = task->signal->hone_execs;
	if (task->flags & PF_KTHREAD)
		p->rec.flags |= HONE_F_PROC_KTHREAD;

	rcu_read_lock();
	leader = hone_task_leader(task);
	p->start = leader->start_boottime;
	memcpy(p->comm, leader->comm, sizeof(p->comm));
	p->comm[sizeof(p->comm) - 1] = 0;
	parent = hone_task_parent(task);
	if (parent) {
		p->ppid = task_tgid_nr(parent);
		p->parent_id = READ_ONCE(parent->signal->hone_id);
	}
	p->ns_tgid = task_tgid_nr_ns(task, task_active_pid_ns(task));
	/* What init_user_ns makes of them is the same. */
	cred = __task_cred(task);
	p->uid = __kuid_val(cred->uid);
	p->euid = __kuid_val(cred->euid);
	p->gid = __kgid_val(cred->gid);
	p->egid = __kgid_val(cred->egid);
	p->cgroup = hone_cgroup_id(task);
	rcu_read_unlock();

	p->loginuid = __kuid_val(audit_get_loginuid(task));
	p->sessionid = audit_get_sessionid(task);
}

/*
 * Keeps signal_struct.hone_changed in the order of time. Inside task_lock, but for
 * fork and exec, when no other thread runs; never taken in softirq, where it is
 * only read.
 */
static DEFINE_SPINLOCK(hone_changed_lock);

/*
 * What came before this was not read by it under the new name, or as the new
 * image, of which it has been told now.
 */
static void hone_changed_now(struct task_struct *task)
{
	spin_lock(&hone_changed_lock);
	WRITE_ONCE(task->signal->hone_changed, ktime_get_boottime_ns());
	spin_unlock(&hone_changed_lock);
}

/*
 * Tells of a process that is called, or may do, something else from now on, and
 * when. Who reads while another thread changes the name may have either.
 *
 * Process context.
 */
static void hone_proc_changed(struct task_struct *task,
			      const struct hone_proc *p)
{
	hone_emit(&p->rec, HONE_KIND_PROC);
	hone_changed_now(task);
}

static void hone_proc_emit(struct task_struct *task, u32 event)
{
	struct hone_recbuf rb;
	struct hone_proc p;

	hone_recbuf_init(&rb, &p, sizeof(p), HONE_REC_PROC, sizeof(p));
	hone_proc_fill(&p, task, event);
	hone_proc_namespaces(&p, task);
	hone_proc_changed(task, &p);
}

/* A path as an attribute, if there is one and it fits. */
static const char *hone_put_string(struct hone_recbuf *rb, u16 type,
				   const char *s)
{
	if (IS_ERR(s) || !hone_attr_put(rb, type, s, strlen(s))) {
		rb->rec->flags |= HONE_F_PROC_PATH_CUT;
		return "";
	}
	return s;
}

/* Absolute in its mount namespace; what is detached has d_path's. */
static const char *hone_path(const struct path *path, char *tmp, u32 max)
{
	const char *s = d_absolute_path(path, tmp, max);

	return IS_ERR(s) ? d_path(path, tmp, max) : s;
}

/**
 * hone_exe_path - path of a process's executable, as its records have it
 * @task: one of its threads
 * @tmp: HONE_PATH_MAX bytes
 *
 * Context: process context; takes task_lock.
 * Return: the path, "" if there is none, or an error pointer.
 */
const char *hone_exe_path(struct task_struct *task, char *tmp)
{
	struct file *exe = get_task_exe_file(task);
	const char *s;

	if (!exe)
		return "";
	s = hone_path(&exe->f_path, tmp, HONE_PATH_MAX);
	fput(exe);
	return s;
}

static const char *hone_put_exe(struct hone_recbuf *rb,
				struct task_struct *task, char *tmp)
{
	const char *s = hone_exe_path(task, tmp);

	/* A program without a file is a kernel thread. */
	if (!IS_ERR(s) && !*s)
		return "";
	return hone_put_string(rb, HONE_ATTR_PATH, s);
}

/* Exec has just put them on the stack; what is there is read without waiting. */
static bool hone_copy_args(char *buf, unsigned long addr, int len)
{
	return !copy_from_user_nofault(buf, (const void __user *)addr, len);
}

/*
 * As get_cmdline(), of which it is a copy but for one thing: arguments that lie
 * in a file are not read, whose file system may never answer (as in procfs).
 * @fresh: the task is current, and has just been executed.
 */
static int hone_cmdline(struct task_struct *task, struct mm_struct *mm,
			char *buf, int size, bool fresh)
{
	unsigned long arg_start, arg_end, env_start, env_end;
	const unsigned int gup = FOLL_FORCE | FOLL_ANON;
	int len, got;

	spin_lock(&mm->arg_lock);
	arg_start = mm->arg_start;
	arg_end = mm->arg_end;
	env_start = mm->env_start;
	env_end = mm->env_end;
	spin_unlock(&mm->arg_lock);

	len = min_t(unsigned long, arg_end - arg_start, size);
	if (fresh && hone_copy_args(buf, arg_start, len))
		return len;
	got = access_process_vm(task, arg_start, buf, len, gup);
	/* The last NUL is written over: setproctitle(3), into what follows. */
	if (got > 0 && buf[got - 1] && len < size) {
		len = strnlen(buf, got);
		if (len < got)
			return len;
		len = min_t(unsigned long, env_end - env_start, size - got);
		got += access_process_vm(task, env_start, buf + got, len, gup);
		got = strnlen(buf, got);
	}
	return got;
}

static void hone_put_argv(struct hone_recbuf *rb, struct task_struct *task,
			  char *tmp)
{
	struct hone_proc *p = container_of(rb->rec, struct hone_proc, rec);
	struct mm_struct *mm = get_task_mm(task);
	int len;

	if (!mm)
		return;
	spin_lock(&mm->arg_lock);
	p->argv_size = mm->arg_end - mm->arg_start;
	spin_unlock(&mm->arg_lock);
	len = hone_cmdline(task, mm, tmp, HONE_ARGV_MAX,
			   p->event == HONE_PROC_EXEC);
	mmput(mm);
	if (len > 0)
		hone_attr_put(rb, HONE_ATTR_ARGV, tmp, len);
	if (p->argv_size > len)
		rb->rec->flags |= HONE_F_PROC_ARGV_CUT;
}

static void hone_put_cwd(struct hone_recbuf *rb, struct task_struct *task,
			 char *tmp)
{
	struct path cwd = { };

	task_lock(task);
	if (task->fs)
		get_fs_pwd(task->fs, &cwd);
	task_unlock(task);
	if (!cwd.dentry)
		return;
	hone_put_string(rb, HONE_ATTR_CWD,
			hone_path(&cwd, tmp, HONE_STRING_MAX));
	path_put(&cwd);
}

static void hone_put_cgroup(struct hone_recbuf *rb, struct task_struct *task,
			    char *tmp)
{
	int len;

	rcu_read_lock();
	len = hone_cgroup_path(task, tmp, HONE_STRING_MAX);
	rcu_read_unlock();
	if (len)
		hone_attr_put(rb, HONE_ATTR_CGROUP, tmp, len);
}

/**
 * struct hone_proc_mem - memory to build a process record in
 * @rec: the record
 * @path: path of its executable
 * @tmp: for other strings
 */
struct hone_proc_mem {
	u64 rec[HONE_PROC_REC_MAX / sizeof(u64)];
	char path[HONE_PATH_MAX];
	char tmp[HONE_ARGV_MAX];
};

/* Too much for kmalloc() to keep: each exec would take and free pages. */
static struct kmem_cache *hone_proc_cache __ro_after_init;

/* Not worth much work of the page allocator, as in kvmalloc(). May sleep. */
static struct hone_proc_mem *hone_proc_mem_alloc(void)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
	struct hone_proc_mem *mem = kmem_cache_alloc(hone_proc_cache, gfp);

	return mem ?: vmalloc(sizeof(*mem));
}

/*
 * The whole record, with strings. May sleep.
 * @filename is what exec was asked for, or NULL.
 * Returns the executable's path, or "".
 */
static const char *hone_proc_build(struct hone_proc_mem *mem,
				   struct task_struct *task, u32 event,
				   const char *filename)
{
	struct hone_proc *p = (void *)mem->rec;
	struct hone_recbuf rb;
	const char *path;

	hone_recbuf_init(&rb, mem->rec, sizeof(mem->rec), HONE_REC_PROC,
			 sizeof(*p));
	hone_proc_fill(p, task, event);
	task_lock(task);
	hone_proc_namespaces(p, task);
	task_unlock(task);
	if (task->exit_state)
		p->rec.flags |= HONE_F_PROC_DEAD;
	path = hone_put_exe(&rb, task, mem->path);
	hone_put_argv(&rb, task, mem->tmp);
	if (filename && strcmp(filename, path))
		hone_attr_put(&rb, HONE_ATTR_FILENAME, filename,
			      strnlen(filename, HONE_STRING_MAX));
	hone_put_cwd(&rb, task, mem->tmp);
	hone_put_cgroup(&rb, task, mem->tmp);
	return path;
}

/**
 * hone_proc_moved - tell of a process's new cgroup
 * @task: the process; current, not yet running, or its task_lock is held
 *
 * Context: any but NMI.
 */
void hone_proc_moved(struct task_struct *task)
{
	size_t size = sizeof(struct hone_proc) + sizeof(struct hone_attr) +
		      HONE_STRING_MAX;
	struct hone_recbuf rb;
	struct hone_proc *p;
	char *mem;

	mem = kmalloc(size + HONE_STRING_MAX, GFP_ATOMIC);
	if (!mem) {
		hone_proc_emit(task, HONE_PROC_CGROUP);
		return;
	}
	p = (void *)mem;
	hone_recbuf_init(&rb, p, size, HONE_REC_PROC, sizeof(*p));
	hone_proc_fill(p, task, HONE_PROC_CGROUP);
	hone_proc_namespaces(p, task);
	hone_put_cgroup(&rb, task, mem + size);
	hone_proc_changed(task, p);
	kfree(mem);
}

/* Without memory for strings it is still told that the process is there. */
static void hone_proc_bare(struct hone_proc *p, u32 event)
{
	struct hone_recbuf rb;

	hone_recbuf_init(&rb, p, sizeof(*p), HONE_REC_PROC, sizeof(*p));
	hone_proc_fill(p, current, event);
	hone_proc_namespaces(p, current);
	p->rec.flags |= HONE_F_PROC_PATH_CUT | HONE_F_PROC_ARGV_CUT;
}

void __hone_exec(struct linux_binprm *bprm, u64 prev_id)
{
	struct hone_proc_mem *mem = hone_proc_mem_alloc();
	struct hone_proc bare, *p = &bare;
	const char *path = "";

	current->signal->hone_gen = hone_generation();
	if (mem) {
		path = hone_proc_build(mem, current, HONE_PROC_EXEC,
				       bprm->filename);
		p = (void *)mem->rec;
	} else {
		hone_proc_bare(p, HONE_PROC_EXEC);
	}
	hone_match_exec(mem ? path : NULL);
	p->prev_id = prev_id;
	trace_hone_exec(p, path);
	hone_changed_now(current);
	kvfree(mem);
}

void __hone_announce(void)
{
	struct signal_struct *sig = current->signal;
	struct hone_proc bare, *p = &bare;
	struct hone_proc_mem *mem;
	const char *path = "";

	/* Born or announced since the newest capture began. */
	if (sig->hone_gen == hone_generation())
		return;
	sig->hone_gen = hone_generation();
	mem = hone_proc_mem_alloc();
	if (mem) {
		path = hone_proc_build(mem, current, HONE_PROC_ANNOUNCE, NULL);
		p = (void *)mem->rec;
	} else {
		hone_proc_bare(p, HONE_PROC_ANNOUNCE);
	}
	trace_hone_announce(p, path);
	kvfree(mem);
}

static void probe_fork(void *data, struct task_struct *parent,
		       struct task_struct *child)
{
	struct hone_recbuf rb;
	struct hone_proc p;

	hone_match_fork(parent, child);
	/* Its path and arguments are the parent's, which is announced. */
	child->signal->hone_gen = hone_generation();
	hone_recbuf_init(&rb, &p, sizeof(p), HONE_REC_PROC, sizeof(p));
	hone_proc_fill(&p, child, HONE_PROC_FORK);
	hone_proc_namespaces(&p, child);
	hone_emit(&p.rec, HONE_KIND_PROC);
	hone_cgroup_forked(parent, child);
	/* It does not run yet. */
	hone_changed_now(child);
}

static void probe_image(void *data, const struct hone_proc *p,
			const char *path)
{
	hone_emit(&p->rec, HONE_KIND_PROC);
}

static void probe_exit(void *data, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct signal_struct *sig = task->signal;
	struct hone_recbuf rb;
	struct hone_proc p;

	hone_recbuf_init(&rb, &p, sizeof(p), HONE_REC_PROC, sizeof(p));
	hone_proc_fill(&p, task, HONE_PROC_EXIT);
	hone_proc_namespaces(&p, task);
	p.exit_code = sig->flags & SIGNAL_GROUP_EXIT ? sig->group_exit_code :
						       leader->exit_code;
	hone_emit(&p.rec, HONE_KIND_PROC);
}

static void probe_cred(void *data, struct task_struct *task,
		       const struct cred *old)
{
	const struct cred *new = current_real_cred();

	if (uid_eq(new->uid, old->uid) && uid_eq(new->euid, old->euid) &&
	    gid_eq(new->gid, old->gid) && gid_eq(new->egid, old->egid))
		return;
	hone_match_task(task);
	hone_proc_emit(task, HONE_PROC_CRED);
}

/* Runs under task_lock. */
static void probe_comm(void *data, struct task_struct *task, const char *comm,
		       bool exec)
{
	struct hone_recbuf rb;
	struct hone_proc p;

	/* exec has a record of its own, for the new image. */
	if (exec || !thread_group_leader(task))
		return;
	hone_match_task(task);
	hone_recbuf_init(&rb, &p, sizeof(p), HONE_REC_PROC, sizeof(p));
	hone_proc_fill(&p, task, HONE_PROC_COMM);
	hone_proc_namespaces(&p, task);
	strscpy_pad(p.comm, comm, sizeof(p.comm));
	hone_proc_changed(task, &p);
}

static const struct hone_probe hone_process_probes[] = {
	HONE_PROBE(hone_fork, probe_fork),
	HONE_PROBE(hone_exec, probe_image),
	HONE_PROBE(hone_announce, probe_image),
	HONE_PROBE(hone_exit, probe_exit),
	HONE_PROBE(hone_cred, probe_cred),
	HONE_PROBE(hone_comm, probe_comm),
};

static int hone_process_start(void)
{
	int err;

	/* The table has no types. */
	check_trace_callback_type_hone_fork(probe_fork);
	check_trace_callback_type_hone_exec(probe_image);
	check_trace_callback_type_hone_announce(probe_image);
	check_trace_callback_type_hone_exit(probe_exit);
	check_trace_callback_type_hone_cred(probe_cred);
	check_trace_callback_type_hone_comm(probe_comm);

	err = hone_cgroup_start();
	if (err)
		return err;
	err = hone_probes_register(hone_process_probes,
				   ARRAY_SIZE(hone_process_probes));
	if (err)
		hone_cgroup_stop();
	return err;
}

static void hone_process_stop(void)
{
	hone_probes_unregister(hone_process_probes,
			       ARRAY_SIZE(hone_process_probes));
	hone_cgroup_stop();
}

static int hone_process_snap(struct hone_snap *snap, u64 *pos)
{
	struct hone_proc_mem *mem = hone_proc_mem_alloc();
	struct hone_rec *rec;
	struct task_struct *task;
	int ret = 1;

	if (!mem)
		return -ENOMEM;
	rec = (void *)mem->rec;
	/* The buffer was empty: at least one record fits. */
	while (hone_snap_room(snap, HONE_PROC_REC_MAX)) {
		task = hone_next_task(*pos, PIDTYPE_TGID);
		if (!task) {
			ret = 0;
			break;
		}
		hone_proc_build(mem, task, HONE_PROC_SNAPSHOT, NULL);
		hone_snap_put(snap, rec);
		*pos = task_tgid_nr(task) ?: *pos;
		*pos += 1;
		put_task_struct(task);
		cond_resched();
	}
	kvfree(mem);
	return ret;
}

static struct hone_source hone_process_source = {
	.name	= "process",
	.start	= hone_process_start,
	.stop	= hone_process_stop,
	.snap	= hone_process_snap,
};

/**
 * hone_process_init - processes are a source of records
 *
 * Context: init.
 */
void __init hone_process_init(void)
{
	hone_proc_cache = KMEM_CACHE(hone_proc_mem, SLAB_PANIC);
	hone_source_register(&hone_process_source);
}
