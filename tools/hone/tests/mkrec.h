/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes records as the kernel would, for tests: one verb a kind. */
#ifndef HONE_MKREC_H
#define HONE_MKREC_H

#include <linux/hone.h>
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define BOOT	100000000000ULL		/* boot clock at the beginning */

/* What comes next is made by this CPU (SNAPSHOT: by a snapshot), ... */
#define SNAPSHOT	(~0U)
void on_cpu(__u32 cpu);
/* ... at this time, in microseconds since the capture began. */
void at(unsigned long usec);

void begin_file(const char *path);
void end_file(void);
void put_raw(const void *data, size_t len);

void subbuf(void);
void subbuf_changes(void);	/* "datagrams change" */
void subbuf_life(void);		/* "sockets life" */
void subbuf_ordered(void);	/* a reader's file */
void subbuf_version(unsigned int major, unsigned int minor);
void snap_end(void);
void netdev(__u32 ifindex, const char *name);
void lost(unsigned int packets, unsigned int actors);
/* Records are lost, and nothing tells of it but their numbers. */
void skip_seq(unsigned int n);

/* A container that a process is in. */
struct where {
	__u64 cgroup_id;
	const char *cgroup;
	const char *filename, *cwd;	/* what it was told to run, and where */
	__u32 pid;		/* inside */
	__u32 ns;		/* inode number, of net; pid and mnt are next */
	__u32 loginuid;
};

/* A process: everything follows from its pid and image. */
struct task {
	__u64 id;
	__u32 pid, ppid;
	__u64 parent_id, prev_id;
	__u32 uid;
	const char *comm, *path;
	const char *argv[6];
	bool kthread;
	const struct where *where;
};

void proc(__u32 event, const struct task *t);
void proc_exit(const struct task *t, __u32 code);

/* A connection, seen from here; addresses are IPv4 in host order. */
struct sock {
	__u64 cookie;
	__u16 protocol;
	__u32 saddr, daddr;
	__u16 sport, dport;
	__u32 ifindex;		/* 0: 1, loopback */
	__u64 parent;		/* MPTCP connection */
};

void sock(__u16 event, const struct sock *s, const struct task *owner,
	  const struct task *actor);

/* Who opens it writes, until it is told who else does. */
void sock_opened(const struct sock *s, const struct task *writer);
/* It is told of anew, and several use it. */
void sock_shared(const struct sock *s, const struct task *owner);

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

struct seg {
	__u8 flags;
	__u32 seq, ack;
	const char *payload;
};

/* The next packet is of a connection that has no socket yet. */
void of_request(void);
/* Sent; @owner and @actor may be NULL. Returns the packet's number. */
__u32 tcp_out(const struct sock *s, const struct task *owner,
	      const struct task *actor, struct seg seg);
/* Sent in softirq because of packet @cause. */
__u32 tcp_answer(const struct sock *s, const struct task *owner, __u32 cause,
		 struct seg seg);
/* Received; @cookie if early demux knew it. */
__u32 tcp_in(const struct sock *s, const struct task *owner, bool cookie,
	     struct seg seg);
__u32 udp_out(const struct sock *s, const struct task *owner,
	      const struct task *actor, const char *payload);
__u32 udp_in(const struct sock *s, const char *payload);
/* With a chunk of 20 bytes for each of @n types. */
__u32 sctp_out(const struct sock *s, const struct task *owner,
	       const struct task *actor, const __u8 *types, size_t n);
/* What a socket has sent, wrapped up. */
__u32 esp_out(const struct sock *s, const struct task *owner,
	      const struct task *actor);
__u32 echo_in(__u32 saddr, __u32 daddr, __u8 type);
/* Made in softirq because of packet @cause. */
__u32 echo_out(__u32 saddr, __u32 daddr, __u8 type,
	       __u32 cause);
/* ICMP port unreachable for a datagram that was received as @cause. */
__u32 unreachable_out(const struct sock *s, __u32 cause);

/* Of the packets that follow; at least 20. */
void record_at_most(__u32 bytes);

void deliver(const struct sock *s, const struct task *owner, __u32 pkt,
	     __u32 key);
/* The packet that is received next says so itself. */
void delivered(const struct sock *s, const struct task *owner, __u32 key);
/* ... and that @actor (NULL: nobody, which cannot be) has read all of it. */
void taken(const struct sock *s, const struct task *owner,
	   const struct task *actor, __u32 key);
void consume(const struct sock *s, const struct task *actor, __u32 key);
void tcp_write(const struct sock *s, const struct task *actor, __u32 from);
/* What is sent, written or mapped next says that who wrote last was not told. */
void untold(void);
/* Counts of @user, NULL: of all; @n: packets, bytes in and out, since @since. */
void tally(__u16 flags, const struct sock *s, const struct task *user,
	   unsigned int since, const __u64 n[4], const __u64 total[4]);
/* MPTCP: bytes of a subflow, before they leave or after they came. */
void mptcp_map(bool sent, const struct sock *s, const struct sock *parent,
	       __u64 data_seq, __u32 from, __u32 len);
void tcp_read(const struct sock *s, const struct task *actor, __u32 from,
	      __u32 to);

#endif
