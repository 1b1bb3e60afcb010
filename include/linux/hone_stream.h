/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hone: how sources of records write them into the sessions' streams.
 *
 * A source (processes, sockets, packets) registers probes and hooks while at
 * least one session captures, and writes each record to every session.
 */
#ifndef _LINUX_HONE_STREAM_H
#define _LINUX_HONE_STREAM_H

#include <linux/bits.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/pid.h>
#include <linux/preempt.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/threads.h>
#include <linux/uidgid_types.h>
#include <uapi/linux/hone.h>

/* Bytes that each socket or user takes that is counted, and how many at most */
#define HONE_TALLY_SIZE		256
#define HONE_TALLIES_MAX	(256 * 1024)

struct hone_cpu;
struct hone_filter;
struct hone_slot;
struct hone_snap;
struct hone_stream;
struct hone_tallies;
struct rchan;
struct tracepoint;

/**
 * struct hone_chan - a channel of a session: a ring on each CPU
 * @stream: whose it is
 * @rchan: relay channel, one buffer a CPU; NULL before it is open
 * @cpu: numbering, account and open gap of each CPU
 * @slots: what is in each complete sub-buffer, by CPU and sub-buffer
 */
struct hone_chan {
	struct hone_stream *stream;
	struct rchan *rchan;
	struct hone_cpu __percpu *cpu;
	struct hone_slot *slots;
};

/**
 * struct hone_stream - what writers of records see of a session
 * @list: entry of hone_streams
 * @events: all records, or those that @identity does not have
 * @identity: records of processes, sockets and interfaces, if they have a
 *	channel of their own, where packets cannot write over them
 * @of: channel of each &enum hone_kind
 * @snaplen: bytes of a packet that are recorded at most, no more than fit
 * @kinds: a bit for each &enum hone_kind that is wanted
 * @packets: packets are wanted, and it does not end
 * @changes: of consume records only those that tell of a change
 * @life: of socket records only those of its beginning, an owner, and its end
 * @match: only packets of processes that have @bit in hone_task_wants()
 * @bit: the session's own in masks of sessions
 * @gen: generation that it began with
 * @interval: seconds between records of counts, 0: none is wanted
 * @counts: sockets and users that are counted each for itself at most
 * @tallies: what is counted, or NULL
 * @frozen: what comes now is lost
 * @filter: which packets are wanted, NULL for all
 */
struct hone_stream {
	struct list_head list;
	struct hone_chan events;
	struct hone_chan identity;
	struct hone_chan *of[HONE_KIND_MAX];
	u32 snaplen;
	u8 kinds;
	bool packets;
	bool changes;
	bool life;
	bool match;
	u8 bit;
	u32 gen;
	u32 interval;
	u32 counts;
	struct hone_tallies *tallies;
	bool frozen;
	struct hone_filter *filter;
};

/**
 * struct hone_filter_ops - how sessions handle filters, whose inside they do
 *	not know
 * @dup: a copy, NULL makes an empty one; returns NULL if there is no memory
 * @free: give one back that nobody uses; may be NULL
 * @set: take a command apart; 0, -ENOENT if @key is none of its commands, or
 *	another negative errno with the reason in @why
 * @show: describe it, a "key: value" a line; returns the length
 * @packets: is it only about packets themselves, as they are when all others
 *	have let them pass?
 * @held: more sessions, a bit each, want a process: what it holds is wanted
 *	too. The process is current, not yet running, or its task_lock is held
 *
 * All but @held may sleep.
 */
struct hone_filter_ops {
	struct hone_filter *(*dup)(const struct hone_filter *f);
	void (*free)(struct hone_filter *f);
	int (*set)(struct hone_filter *f, const char *key, char *val, char *why,
		   size_t size);
	int (*show)(const struct hone_filter *f, char *buf, size_t size);
	bool (*packets)(const struct hone_filter *f);
	void (*held)(struct task_struct *task, u8 sessions);
};

void hone_filter_register(const struct hone_filter_ops *ops);

extern struct list_head hone_streams;
extern struct hone_stream __rcu *hone_sole;
extern u32 hone_gen;
extern u32 hone_gen_first;
extern u8 hone_run;
extern u8 hone_kinds;
extern bool hone_uses;

/**
 * hone_for_each_stream - walk over all sessions that capture
 * @s: &struct hone_stream
 *
 * Context: RCU read side, or preemption or interrupts off.
 */
#define hone_for_each_stream(s) \
	list_for_each_entry_rcu(s, &hone_streams, list)

void hone_count_filtered(struct hone_stream *s, enum hone_kind kind);
void hone_uncount_filtered(struct hone_stream *s, enum hone_kind kind);
void hone_take_back(struct hone_stream *s, enum hone_kind kind,
		    const struct hone_rec *rec, bool truncated);
bool hone_write(struct hone_stream *s, const struct hone_rec *rec,
		enum hone_kind kind, u8 sessions, u64 now);
bool hone_emit(const struct hone_rec *rec, enum hone_kind kind);

/**
 * struct hone_source - a producer of records
 * @list: entry in the list of sources
 * @name: for messages
 * @start: register probes and hooks; may sleep; 0 or a negative errno
 * @stop: undo it; may sleep; nothing need be waited for
 * @open: a stream has begun, make what is needed for it; may sleep; 0 or a
 *	negative errno; may be NULL
 * @close: a stream has ended, nobody else writes to it any more, and it is
 *	not empty-handed yet: what there is to say at the end fits behind; may
 *	sleep; may be NULL
 * @snap: put the next part of what exists into a snapshot, from where
 *	@pos says on (0 at first, what it means is the source's own affair);
 *	may sleep; 1 = there is more, 0 = complete, or a negative errno
 *
 * Sources start in the order they were registered in, and stop in reverse.
 */
struct hone_source {
	struct list_head list;
	const char *name;
	int (*start)(void);
	void (*stop)(void);
	int (*open)(struct hone_stream *s);
	void (*close)(struct hone_stream *s);
	int (*snap)(struct hone_snap *snap, u64 *pos);
};

void hone_source_register(struct hone_source *src);

/**
 * struct hone_probe - a probe of a source on a tracepoint
 * @tp: the tracepoint
 * @fn: the probe, with the tracepoint's prototype behind a void pointer
 */
struct hone_probe {
	struct tracepoint *tp;
	void *fn;
};

#define HONE_PROBE(_name, _fn)	{ &__tracepoint_##_name, _fn }

int hone_probes_register(const struct hone_probe *probes, int nr);
void hone_probes_unregister(const struct hone_probe *probes, int nr);

bool hone_snap_room(const struct hone_snap *snap, u32 len);
int hone_snap_put(struct hone_snap *snap, const struct hone_rec *rec);
u32 hone_snap_mark(const struct hone_snap *snap);
void hone_snap_rewind(struct hone_snap *snap, u32 mark);
int hone_snap_grow(struct hone_snap *snap);
u32 *hone_snap_skip(struct hone_snap *snap);
struct task_struct *hone_next_task(int nr, enum pid_type type);

/**
 * hone_task_leader - the thread that gives a process its name and start
 * @task: a referenced task; it may have ended, and all its group
 *
 * Context: RCU read side.
 * Return: the leader of its group, or itself if it has none any more.
 */
static inline const struct task_struct *
hone_task_leader(const struct task_struct *task)
{
	return pid_alive(task) ? READ_ONCE(task->group_leader) : task;
}

/**
 * hone_task_parent - who has made a task, or has inherited it
 * @task: a referenced task; it may have ended, and its parent have gone
 *
 * Context: RCU read side.
 * Return: its parent, or NULL if that is not known any more.
 */
static inline struct task_struct *
hone_task_parent(const struct task_struct *task)
{
	return pid_alive(task) ? rcu_dereference(task->real_parent) : NULL;
}

/**
 * hone_task_has_files - is its descriptor table not its leader's?
 * @task: a referenced task
 *
 * Threads share the leader's table, as a rule.
 *
 * Context: its task_lock is held.
 * Return: true if the table is to be looked at.
 */
static inline bool hone_task_has_files(const struct task_struct *task)
{
	const struct task_struct *leader;
	bool own;

	rcu_read_lock();
	leader = hone_task_leader(task);
	own = leader == task || task->files != READ_ONCE(leader->files);
	rcu_read_unlock();
	return own;
}

/**
 * hone_generation - number of the newest capture
 *
 * Whatever is told once, or only when it changes, is told again when this is
 * not what it was then.
 *
 * Who sees it sees the stream that it began with, too.
 *
 * Return: the number, never 0.
 */
static inline u32 hone_generation(void)
{
	/* Pairs with the cmpxchg() in hone_stream_add(). */
	return smp_load_acquire(&hone_gen);
}

/**
 * hone_generation_runs - is it of a capture that goes on?
 * @gen: a generation, not 0
 *
 * Return: true if somebody has captured without a pause since.
 */
static inline bool hone_generation_runs(u32 gen)
{
	return (s32)(gen - READ_ONCE(hone_gen_first)) >= 0;
}

/* On while a session selects by process; then @hone_matching has its bit. */
DECLARE_STATIC_KEY_FALSE(hone_match_key);
extern u8 hone_matching;

u8 hone_match_owner(u64 id, u32 tgid, const char *comm, kuid_t uid);
u8 hone_match_since(u32 gen);

/**
 * hone_task_wants - which sessions that select by process want it?
 * @task: one of its threads, NULL for the kernel
 *
 * Context: any; the task cannot go away.
 * Return: a bit for each.
 */
static inline u8 hone_task_wants(const struct task_struct *task)
{
	return task ? READ_ONCE(task->signal->hone_wants) : 0;
}

/**
 * hone_capturing - does any session capture?
 *
 * Return: true if one does.
 */
static inline bool hone_capturing(void)
{
	return !list_empty(&hone_streams);
}

/**
 * hone_wants - does a session want records of a kind?
 * @kind: the kind
 *
 * Who makes them may leave it, if there is nothing else to do.
 *
 * Return: true if one does.
 */
static inline bool hone_wants(enum hone_kind kind)
{
	return READ_ONCE(hone_kinds) & BIT(kind);
}

/**
 * hone_actor - the task that acts
 *
 * What runs on top of a task by chance has nothing to do with it. Softirq is
 * also what runs with bottom halves off: busy polling, threaded NAPI, a
 * backlog under the socket's spin lock.
 *
 * Return: current, or NULL in softirq and interrupts.
 */
static inline struct task_struct *hone_actor(void)
{
	return in_task() && !in_softirq() ? current : NULL;
}

/**
 * hone_actor_key - image and thread of a task in one word
 * @task: the task, NULL for the kernel
 *
 * For "has it changed?" with one compare. Thread ids have 22 bits at most, so
 * images may number 2^42 before two keys can be the same.
 *
 * Return: the key, never 0.
 */
static inline u64 hone_actor_key(const struct task_struct *task)
{
	BUILD_BUG_ON(PID_MAX_LIMIT > 1 << 22);
	if (!task)
		return ~0ULL;
	return READ_ONCE(task->signal->hone_id) << 22 | task->pid;
}

/**
 * hone_key_image - image of a task
 * @key: its hone_actor_key()
 *
 * Return: image id.
 */
static inline u64 hone_key_image(u64 key)
{
	return key >> 22;
}

/**
 * hone_key_presumed - is it of a task that has done nothing yet?
 * @key: hone_actor_key() or its complement
 *
 * No machine lives to see 2^41 images, nor has a key of the kernel's.
 *
 * Return: true if it is the complement of a task's.
 */
static inline bool hone_key_presumed(u64 key)
{
	return (s64)key < -1;
}

/*
 * One of these is set in the key of a task, or alone, for the kernel. No machine
 * lives to see 2^39 images either.
 */
#define HONE_KEY_UNTOLD		BIT_ULL(62)	/* it could not be told of */
#define HONE_KEY_AGAIN		BIT_ULL(61)	/* it is to be told of anew */

/**
 * hone_key_untold - is it of somebody who could not be told of?
 * @key: hone_actor_key(), its complement, or from hone_key_mark()
 *
 * Return: true if it is.
 */
static inline bool hone_key_untold(u64 key)
{
	return key >> 62 == 1;
}

/**
 * hone_key_again - is it of somebody who is to be told of anew?
 * @key: as above
 *
 * Return: true if it is.
 */
static inline bool hone_key_again(u64 key)
{
	return key >> 61 == 1;
}

/**
 * hone_key_mark - who it is of could not be told of, or is to be once more
 * @key: hone_actor_key()
 * @mark: HONE_KEY_UNTOLD or HONE_KEY_AGAIN
 *
 * Return: what is kept in its place.
 */
static inline u64 hone_key_mark(u64 key, u64 mark)
{
	return key == hone_actor_key(NULL) ? mark : key | mark;
}

/**
 * hone_key_known - undo hone_key_mark()
 * @key: of whatever kind
 *
 * Return: the hone_actor_key(), or @key if it is not of that kind.
 */
static inline u64 hone_key_known(u64 key)
{
	if (likely(!hone_key_untold(key) && !hone_key_again(key)))
		return key;
	key &= ~(HONE_KEY_UNTOLD | HONE_KEY_AGAIN);
	return key ? key : hone_actor_key(NULL);
}

#endif /* _LINUX_HONE_STREAM_H */
