/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables: the processes, connections and interfaces that a stream tells of,
 * kept for as long as packets may refer to them.
 */
#ifndef HONE_TABLE_H
#define HONE_TABLE_H

#include "decode.h"
#include "extent.h"
#include "waits.h"

#include <stdbool.h>

/*
 * What a process image shares with the images forked from it. The strings lie
 * behind, in one piece of memory.
 */
struct strings {
	unsigned int ref;
	__u32 argv_len;
	const char *path;		/* "" if not known */
	const char *argv;		/* each argument ends with NUL */
	const char *filename;
	const char *cwd;
};

#define NOBODY	~0U

/* Name and user of a process, which it may change. */
struct naming {
	__u32 uid, euid, gid, egid;
	__u64 cgroup;			/* id, 0: not known */
	char comm[HONE_COMM_LEN + 1];
};

/* A process image, by its identity. */
struct image {
	__u64 id;
	struct image *next;		/* in its hash chain */
	__u64 parent_id;
	__u64 start;			/* boot clock, nanoseconds */
	__u64 ended;			/* boot clock, 0 = lives */
	__u64 used;			/* boot clock, last packet */
	__u64 expires;		/* looked at again then */
	__u64 version;			/* steps as image_changed() says */
	struct image *dead_next, **dead_prev;	/* NULL: not among the dead */
	struct strings *strings;	/* NULL: ask the parent image */
	unsigned int refs;		/* connections that name it */
	/*
	 * What goes out has the name of its own time, though records of later
	 * ones were seen: @as is the output's, @n_later others are ahead.
	 */
	struct naming as;
	struct naming *later;		/* oldest first */
	__u32 n_later;
	__u32 nth;			/* how many came before @as */
	__u32 tgid, ppid;
	__u32 exit_code;
	__u32 ns_tgid;			/* in its own pid namespace */
	__u32 net_ns, pid_ns, mnt_ns;	/* inode numbers, 0: not known */
	__u32 loginuid, sessionid;	/* NOBODY: not set */
	__u32 execs;			/* since it was forked */
	bool kthread;
	bool followed;			/* by the filter, with its children */
	bool to_follow;			/* the same, in the newest record */
	bool born;			/* the stream tells of its beginning */
	bool gone;			/* no process record told of it */
	/* The PCAP-NG output's own notes. */
	__u32 described;		/* number of the file that does, as next */
	__u32 has_info;
	__u32 info_index;
	struct naming info_as;		/* what it says */
};

/* Addresses of a connection, as socket records tell them. */
struct ends {
	__u8 saddr[16], daddr[16];
	__u16 sport, dport;		/* host byte order */
};

/*
 * A connection, by its cookie. What each packet needs comes first, then what TCP
 * needs, so that it lies in few cache lines. There are many that have ended.
 */
struct conn {
	__u64 cookie;
	struct conn *next;		/* in its hash chain */
	__u64 used;			/* boot clock, last packet */
	struct user owner;
	struct user reader;		/* the last one */
	__u32 described;		/* as below */
	__u16 protocol;
	__u8 family;
	bool settled;			/* a packet says nothing more of it */
	struct waitings waits;
	struct user writer;		/* the last one */
	__u64 parent;			/* MPTCP connection of a subflow, or 0 */
	struct extents writes, reads;
	__u64 freed;			/* boot clock, 0 = lives */
	struct tail_cache *tails;	/* as below */
	bool kern;
	bool split;			/* MPTCP: has subflows */
	bool told;			/* its end will be */
	bool born;			/* the stream tells of its beginning */
	/*
	 * The PCAP-NG output's own notes: number of the file that describes it,
	 * was that with another owner, and options of its packets.
	 */
	bool reowned;
	__u64 expires;			/* looked at again then */
	struct conn *dead_next, **dead_prev;	/* NULL: not among the dead */
	struct mappings *came;		/* of an MPTCP subflow, or NULL */
	/*
	 * Was table_losses when @writer opened it, who has written all that no
	 * record tells of, unless records were lost since; 0: that is not so.
	 */
	__u32 opened;
	struct ends ends[];		/* if conn_has_ends */
};

struct netdev {
	__u64 netns;
	__u32 ifindex;
	__u32 ns_inum;
	__u16 type;
	char name[HONE_IFNAME_LEN + 1];
	struct netdev *next;
};

/* Steps when records were lost that may have told of a writer. */
extern __u32 table_losses;
/* Steps when what outputs say of all packets may have changed: interfaces. */
extern __u64 table_generation;
/* What they say of this image has. */
void image_changed(struct image *img);

struct image *image_find(__u64 id);
/* As image_find(), but makes one of which no record has told. */
struct image *image_get(__u64 id, __u32 tgid, __u64 now);
/* A record of counts says whose they are, which no other may have told. */
void image_of_tally(const struct record *r);
/* Of a known image, a new name or user lies ahead until image_renamed(). */
struct image *image_of_record(const struct record *r);
/* The output has come to the next name. */
void image_renamed(struct image *img);
/* Number of the newest name, for image_swap_name(). */
__u32 image_name_number(const struct image *img);
/* Exchanges @as and name number @nth, if that is ahead; the next call undoes. */
void image_swap_name(struct image *img, __u32 nth);
/* Never NULL; empty strings where nothing is known. */
const struct strings *image_strings(struct image *img);
/* Path of its cgroup now, "" if not known. */
const char *image_cgroup(const struct image *img);
/* Calls @fn for each image; stops if it returns false. */
bool image_each(bool (*fn)(struct image *img));

struct conn *conn_find(__u64 cookie);
/* As conn_find(), but makes one of which no record has told. */
struct conn *conn_get(__u64 cookie, __u64 now);
struct conn *conn_of_record(const struct record *r);
/* A packet says that a record tells of its end. */
void conn_tell(struct conn *c);
void conn_change_user(struct user *user, const struct user *to, __u64 now);
/* Sets one of a connection's users; the image stays as long. */
static inline void conn_set_user(struct user *user, const struct user *to,
				 __u64 now)
{
	if (user->id == to->id)
		*user = *to;
	else
		conn_change_user(user, to, now);
}

/* Who accepts it, as a rule, owns it from then on. */
void conn_set_owner(struct conn *c, const struct user *owner, __u64 now);

/* Is set before there are any: outputs show where they lead. */
extern bool conn_has_ends;
/* Gives back an output's own notes of a connection, if there are any. */
extern void (*conn_forget)(struct conn *c);
bool conn_each(bool (*fn)(struct conn *c));

void netdev_of_record(const struct record *r);
/* NULL if no record has told of it. */
const struct netdev *netdev_find(__u64 netns, __u32 ifindex);

/*
 * Forgets what ended long before @now, and what did earlier, if there is very
 * much of it; but nothing that was of use within @hold, as what waits names it.
 */
void table_expire(__u64 now, __u64 hold);

#endif
