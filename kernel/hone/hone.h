/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hone: what the files of kernel/hone share.
 */
#ifndef _KERNEL_HONE_H
#define _KERNEL_HONE_H

#include <linux/hone_write.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/uidgid.h>

struct dentry;
struct file;
struct hone_ring;
struct hone_session;
struct inode;
struct mm_struct;
struct rchan_buf;
struct seq_file;

#define HONE_SESSIONS_MAX	8
/* Of those: what users other than root may have, each and all together. */
#define HONE_SESSIONS_EACH	4
#define HONE_SESSIONS_USERS	6

/* Sub-buffers: two of the largest process records fit into the smallest. */
#define HONE_SUBBUF_MIN		(32 * 1024)
#define HONE_SUBBUF_MAX		(16 * 1024 * 1024)
#define HONE_SUBBUF_DEFAULT	(256 * 1024)
#define HONE_SUBBUFS_MIN	4
#define HONE_SUBBUFS_MAX	1024
#define HONE_SUBBUFS_DEFAULT	16

/* Seconds between records of counts */
#define HONE_INTERVAL_MAX	86400
#define HONE_INTERVAL_DEFAULT	300

/* The largest process record, strings included. */
#define HONE_PROC_REC_MAX	(HONE_SUBBUF_MIN / 2 - 256)

/* account.c */

/**
 * struct hone_slot - what is in a complete sub-buffer
 * @used: bytes
 * @records: that are accounted, by kind
 */
struct hone_slot {
	u32	used;
	u32	records[HONE_KIND_MAX];
};

void hone_gap_add(struct hone_gap *gap, enum hone_kind kind, u32 len, u64 now);
void hone_gap_take(struct hone_gap *gap, struct hone_lost *rec, u64 now);
void hone_stats_show(struct seq_file *m, struct hone_stream *s);
void hone_counts_add(struct hone_count sum[HONE_KIND_MAX],
		     const struct hone_stream *s);
ssize_t hone_totals_emit(char *buf, const struct hone_count sum[HONE_KIND_MAX]);

/* record.c */

/**
 * struct hone_recbuf - a record under construction
 * @rec: its beginning
 * @len: bytes used
 * @size: bytes there are
 */
struct hone_recbuf {
	struct hone_rec *rec;
	u32 len;
	u32 size;
};

void hone_recbuf_init(struct hone_recbuf *rb, void *mem, u32 size,
		      u16 type, u32 head_len);
bool hone_attr_put(struct hone_recbuf *rb, u16 type, const void *val, u32 len);
void hone_subbuf_fill(struct hone_subbuf *rec, u32 cpu, u64 now, u64 real);

/* channel.c */
struct hone_slot *hone_slot(const struct rchan_buf *b, size_t subbuf);
void hone_flush(void *info);
int hone_stream_overwrite(struct hone_stream *s);
void hone_stream_keep(struct hone_stream *s);
void hone_stream_wake(struct hone_stream *s);
void hone_stream_freeze(struct hone_stream *s);
void hone_stream_thaw(struct hone_stream *s);
int hone_chan_open(struct hone_chan *ch, const char *name, struct dentry *dir,
		   u32 subbuf_size, u32 n_subbufs);
void hone_chan_close(struct hone_chan *ch);

/* chan_file.c */
struct dentry *hone_create_buf_file(const char *name, struct dentry *parent,
				    umode_t mode, struct rchan_buf *b,
				    int *is_global);
int hone_ring_open(struct hone_session *s, struct hone_ring __user *to);
void hone_chan_hide(struct hone_chan *ch);
int hone_remove_buf_file(struct dentry *dentry);

/* match.c */

#define HONE_MATCH_MAX	16

/* What a process may be selected by. */
enum hone_by {
	HONE_BY_PID,
	HONE_BY_UID,
	HONE_BY_GID,
	HONE_BY_COMM,
	HONE_BY_EXE,
	HONE_BY_CGROUP,
	HONE_BY_MAX,
};

/**
 * struct hone_list - values of one kind, any of which will do
 * @n: their number; 0 is all there are
 * @arg: a number or a string, by kind
 */
struct hone_list {
	unsigned int n;
	union {
		u32	number;
		char	*text;
	} arg[HONE_MATCH_MAX];
};

/**
 * struct hone_match - processes that a session wants
 * @by: by &enum hone_by
 * @follow: and all that they start from then on
 */
struct hone_match {
	struct hone_list by[HONE_BY_MAX];
	bool follow;
};

/**
 * struct hone_facts - what a process is
 * @tgid: process id
 * @uid: real uid
 * @euid: effective uid
 * @gid: real gid
 * @egid: effective gid
 * @comm: name
 * @cgroup: path of its cgroup, NULL if not known
 * @exe: it runs a program that is wanted, see hone_match_exe()
 * @alive: groups are known
 */
struct hone_facts {
	u32 tgid;
	u32 uid;
	u32 euid;
	u32 gid;
	u32 egid;
	const char *comm;
	const char *cgroup;
	bool exe;
	bool alive;
};

bool hone_match_exe(const struct hone_match *m, const char *path);
bool hone_match_fits(const struct hone_match *m, const struct hone_facts *f);
bool hone_match_any(const struct hone_match *m);
void hone_match_free(struct hone_match *m);
struct hone_match *hone_match_dup(const struct hone_match *old);
int hone_match_set(struct hone_match *m, const char *key, char *val,
		   char *why, size_t size);
int hone_match_show(const struct hone_match *m, char *buf, size_t size);

/* judge.c */
void __hone_match_fork(struct task_struct *parent, struct task_struct *child);
void __hone_match_exec(const char *path);
void __hone_match_task(struct task_struct *task);
int hone_match_start(struct hone_session *s);
void hone_match_stop(struct hone_session *s);

static inline void hone_match_fork(struct task_struct *parent,
				   struct task_struct *child)
{
	if (static_branch_unlikely(&hone_match_key))
		__hone_match_fork(parent, child);
}

static inline void hone_match_exec(const char *path)
{
	if (static_branch_unlikely(&hone_match_key))
		__hone_match_exec(path);
}

static inline void hone_match_task(struct task_struct *task)
{
	if (static_branch_unlikely(&hone_match_key))
		__hone_match_task(task);
}

/* process.c */
const char *hone_exe_path(struct task_struct *task, char *tmp);
void hone_proc_moved(struct task_struct *task);

/* cgroup.c */
#ifdef CONFIG_CGROUPS
u64 hone_cgroup_id(struct task_struct *task);
int hone_cgroup_path(struct task_struct *task, char *tmp, size_t size);
void hone_cgroup_forked(struct task_struct *parent, struct task_struct *child);
int hone_cgroup_start(void);
void hone_cgroup_stop(void);
#else
static inline u64 hone_cgroup_id(struct task_struct *task) { return 0; }

static inline int hone_cgroup_path(struct task_struct *task, char *tmp,
				   size_t size)
{
	return 0;
}

static inline void hone_cgroup_forked(struct task_struct *parent,
				      struct task_struct *child) { }
static inline int hone_cgroup_start(void) { return 0; }
static inline void hone_cgroup_stop(void) { }
#endif

/* sysfs.c */

/**
 * struct hone_defaults - what a session has that is told nothing else
 * @snaplen: bytes
 * @subbuf_size: kB
 * @subbufs: number a CPU
 */
struct hone_defaults {
	u32 snaplen;
	u32 subbuf_size;
	u32 subbufs;
};

extern struct hone_defaults hone_defaults;
void hone_sysfs_init(void);

/* session.c */

enum hone_state {
	HONE_STATE_NEW,
	HONE_STATE_RUNNING,
	HONE_STATE_STOPPED,
};

#define HONE_KINDS_ALL	(BIT(HONE_KIND_MAX) - 1)

/**
 * struct hone_settings - what a session is told before it starts
 * @snaplen: bytes of a packet, wanted
 * @subbuf_size: bytes
 * @n_subbufs: number a CPU
 * @kinds: wanted, a bit for each &enum hone_kind
 * @changes: of datagrams taken only those that another task takes
 * @life: of sockets only beginning, owner and end
 * @count: packets and bytes are counted
 * @interval: and told of so often, seconds
 * @counts: sockets and users that are counted each for itself at most
 * @overwrite: a full ring gives up its oldest records
 */
struct hone_settings {
	u32 snaplen;
	u32 subbuf_size;
	u32 n_subbufs;
	u8 kinds;
	bool changes;
	bool life;
	bool count;
	u32 interval;
	u32 counts;
	bool overwrite;
};

/**
 * struct hone_session - a capture, from open to close of the control file
 * @stream: what writers see
 * @ref: the control file and each open file of the session
 * @lock: protects what follows, and starts and stops
 * @nr: number of the session
 * @uid: who has begun it
 * @state: &enum hone_state
 * @ended: its descriptor is closed: nobody opens its files any more
 * @snapshots: its snapshot is open
 * @set: what it was told
 * @split: processes and sockets have rings of their own; settled at the start
 * @filter: wanted packets, or NULL
 * @match: wanted processes, or NULL
 * @error: why the last command was refused
 * @dir: directory in debugfs
 * @stats_file: in there
 * @snapshot_file: in there
 * @mm: who is charged for the rings, or NULL
 */
struct hone_session {
	struct hone_stream stream;
	struct kref ref;
	struct mutex lock;	/* all below; starts and stops */
	unsigned int nr;
	kuid_t uid;
	int state;
	bool ended;
	atomic_t snapshots;
	struct hone_settings set;
	bool split;
	struct hone_filter *filter;
	struct hone_match *match;
	char error[128];
	struct dentry *dir;
	struct dentry *stats_file;
	struct dentry *snapshot_file;
	struct mm_struct *mm;
};

extern const struct hone_filter_ops *hone_filter_ops;

__printf(3, 4)
int hone_refuse(struct hone_session *s, int err, const char *fmt, ...);
int hone_session_start(struct hone_session *s);
void hone_session_freeze(struct hone_session *s);
int hone_session_thaw(struct hone_session *s);
int hone_session_restart(struct hone_session *s);
void hone_session_stop(struct hone_session *s);
struct hone_session *hone_session_new(void);
void hone_session_end(struct hone_session *s);
unsigned int hone_session_count(void);
void hone_session_totals(struct hone_count sum[HONE_KIND_MAX]);
struct hone_session *hone_session_get(struct hone_session *s);
void hone_session_put(struct hone_session *s);

/**
 * hone_session_stopped - has a session ended?
 * @s: the session
 *
 * Context: any.
 * Return: true if nothing is recorded any more.
 */
static inline bool hone_session_stopped(const struct hone_session *s)
{
	return READ_ONCE(s->state) == HONE_STATE_STOPPED;
}

static inline struct hone_session *hone_session_of(struct hone_stream *s)
{
	return container_of(s, struct hone_session, stream);
}

/* core.c */
struct dentry *hone_dir(void);
int hone_capture_start(struct hone_stream *s);
void hone_next_generation(void);
bool hone_try_generation(void);
int hone_wait_generation(void);
void hone_capture_stop(struct hone_stream *s);
void hone_stream_hold(struct hone_stream *s, bool hold);
int hone_source_snap(struct hone_snap *snap, unsigned int nr, u64 *pos);

/* control.c */
int hone_session_commands(struct hone_session *s, char *text);
int hone_control_release(struct inode *inode, struct file *file);
ssize_t hone_control_write(struct file *file, const char __user *ubuf,
			   size_t count, loff_t *pos);
ssize_t hone_control_read(struct file *file, char __user *ubuf, size_t count,
			  loff_t *pos);
void hone_control_init(struct dentry *dir);

/* boot.c */
bool hone_boot_waits(void);
void hone_boot_end(void);

/* process.c */
void hone_process_init(void);

/* snapshot.c */
extern const struct file_operations hone_snap_fops;

#endif /* _KERNEL_HONE_H */
