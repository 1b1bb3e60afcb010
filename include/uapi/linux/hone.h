/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Hone: the binary record stream that ties packets to processes.
 *
 * A stream is what read() gives on /sys/kernel/debug/hone/sN/events<cpu>,
 * identity<cpu> and snapshot: records, one behind the other, each
 * beginning with struct hone_rec and each a multiple of eight bytes long. All
 * integers are in the byte order of the machine that wrote them, except
 * addresses and ports, which are in network byte order; the layout is the same
 * for 32-bit and 64-bit machines. Padding is zero. No record ever carries a
 * kernel address.
 *
 * Versions: a reader skips records of unknown type by their length, skips
 * unknown attributes, and accepts records that are longer than the structure
 * it knows; such additions raise HONE_VERSION_MINOR. Anything else raises
 * HONE_VERSION_MAJOR.
 */
#ifndef _UAPI_LINUX_HONE_H
#define _UAPI_LINUX_HONE_H

#include <linux/types.h>

#define HONE_MAGIC		0x454e4f48	/* "HONE" on little endian */
#define HONE_VERSION_MAJOR	1
#define HONE_VERSION_MINOR	0

#define HONE_COMM_LEN		16
#define HONE_IFNAME_LEN		16

/* A record is never longer than this many bytes, nor than half a sub-buffer. */
#define HONE_SNAPLEN_MAX	262144
#define HONE_REC_MAX		(HONE_SNAPLEN_MAX + 4096)

/* The longest string attributes; longer ones are cut and say so. */
#define HONE_PATH_MAX		4096
#define HONE_ARGV_MAX		4096

/**
 * enum hone_rec_type - what a record says; the structure that holds it
 * @HONE_REC_SUBBUF: first record of each sub-buffer, &struct hone_subbuf
 * @HONE_REC_LOST: records were lost just before this one, &struct hone_lost
 * @HONE_REC_SNAP_END: last record of a snapshot, &struct hone_rec alone
 * @HONE_REC_PROC: process event, &struct hone_proc and attributes
 * @HONE_REC_SOCK: socket event, &struct hone_sock_rec
 * @HONE_REC_TCP_WRITE: writer of a TCP stream changed, &struct hone_actor
 * @HONE_REC_TCP_READ: bytes of a TCP stream were read, &struct hone_actor
 * @HONE_REC_CONSUME: a task took a datagram, &struct hone_actor
 * @HONE_REC_DELIVER: protocol chose a socket for a packet, &struct hone_deliver
 * @HONE_REC_MPTCP_MAP: which bytes of an MPTCP connection are which of a
 *	subflow, &struct hone_map
 * @HONE_REC_COUNT: what a socket or a user of it sent and received,
 *	&struct hone_tally
 * @HONE_REC_PACKET: a packet, &struct hone_packet and bytes
 * @HONE_REC_NETDEV: a network interface and its name, &struct hone_netdev
 */
enum hone_rec_type {
	HONE_REC_SUBBUF		= 1,
	HONE_REC_LOST		= 2,
	HONE_REC_SNAP_END	= 3,
	HONE_REC_PROC		= 16,
	HONE_REC_SOCK		= 32,
	HONE_REC_TCP_WRITE	= 48,
	HONE_REC_TCP_READ	= 49,
	HONE_REC_CONSUME	= 50,
	HONE_REC_DELIVER	= 51,
	HONE_REC_MPTCP_MAP	= 52,
	HONE_REC_COUNT		= 53,
	HONE_REC_PACKET		= 64,
	HONE_REC_NETDEV		= 80,
};

/**
 * enum hone_kind - classes of records that are accounted separately
 * @HONE_KIND_PROC: process records
 * @HONE_KIND_SOCK: socket and interface records, and counts
 * @HONE_KIND_ACTOR: who wrote, read, consumed; what was delivered where
 * @HONE_KIND_PACKET: packets
 * @HONE_KIND_MAX: number of kinds
 */
enum hone_kind {
	HONE_KIND_PROC		= 0,
	HONE_KIND_SOCK		= 1,
	HONE_KIND_ACTOR		= 2,
	HONE_KIND_PACKET	= 3,
	HONE_KIND_MAX		= 4,
};

/**
 * struct hone_rec - the beginning of every record
 * @len: length of the whole record in bytes, a multiple of 8
 * @type: &enum hone_rec_type
 * @flags: HONE_F_*, by type
 * @time: when, in nanoseconds of CLOCK_BOOTTIME
 * @seq: number of the record in its stream; counts records that were lost
 *	too, so a step of more than one is a gap. Zero in HONE_REC_SUBBUF and
 *	HONE_REC_LOST (they take no number) and in a snapshot.
 * @cpu: the CPU whose stream this is, ~0 in a snapshot
 */
struct hone_rec {
	__u32	len;
	__u16	type;
	__u16	flags;
	__u64	time;
	__u32	seq;
	__u32	cpu;
};

/* hone_rec.flags of HONE_REC_SUBBUF */
#define HONE_F_SUBBUF_CHANGES	0x0001	/* "datagrams change": see hone_actor */
#define HONE_F_SUBBUF_IDENTITY	0x0002	/* of an identity<cpu> file */
#define HONE_F_SUBBUF_LIFE	0x0004	/* "sockets life": see hone_sock_event */
#define HONE_F_SUBBUF_ORDERED	0x8000	/* set by readers, in a file's first
					 * record: snapshot, then all CPUs'
					 * records in one order, that of time
					 */

/**
 * struct hone_subbuf - HONE_REC_SUBBUF: head of a sub-buffer
 * @rec: common head; @rec.time is the boot clock of @real
 * @magic: HONE_MAGIC
 * @major: HONE_VERSION_MAJOR
 * @minor: HONE_VERSION_MINOR
 * @subbuf: number of the sub-buffer in its stream, from 0; a step of more than
 *	one, or a stream that does not begin with 0: those between were
 *	overwritten
 * @real: CLOCK_REALTIME at @rec.time in nanoseconds
 * @lost: records of this stream lost so far, all kinds
 * @next_seq: @rec.seq that the next record offered to this stream gets; so
 *	@next_seq - 1 - @lost records were written before, overwritten or not
 * @snaplen: bytes of a packet that are recorded at most
 *
 * Also the first record of a snapshot, with @rec.cpu ~0.
 */
struct hone_subbuf {
	struct hone_rec	rec;
	__u32	magic;
	__u16	major;
	__u16	minor;
	__u64	subbuf;
	__u64	real;
	__u64	lost;
	__u32	next_seq;
	__u32	snaplen;
};

/**
 * struct hone_lost - HONE_REC_LOST: a gap in this CPU's stream
 * @rec: common head
 * @bytes: bytes those records would have taken
 * @first: time of the first record lost
 * @last: time of the last record lost
 * @records: records lost at this gap, by &enum hone_kind; there may be more
 *	kinds one day
 */
struct hone_lost {
	struct hone_rec	rec;
	__u64	bytes;
	__u64	first;
	__u64	last;
	__u64	records[HONE_KIND_MAX];
};

/**
 * enum hone_proc_event - what happened to a process
 * @HONE_PROC_FORK: a process was created; it shares path and argv with its
 *	parent image (@parent_id) until it executes
 * @HONE_PROC_EXEC: the process began a new image; @prev_id is the old one
 * @HONE_PROC_EXIT: the last thread of the process ended
 * @HONE_PROC_ANNOUNCE: a process that existed when the capture began, told
 *	at its exit or exec while its memory was still there
 * @HONE_PROC_SNAPSHOT: a process found by the snapshot
 * @HONE_PROC_CRED: credentials of the process changed
 * @HONE_PROC_COMM: name of the process changed
 * @HONE_PROC_CGROUP: the process moved to another cgroup, or was created in
 *	another than its parent's
 */
enum hone_proc_event {
	HONE_PROC_FORK		= 1,
	HONE_PROC_EXEC		= 2,
	HONE_PROC_EXIT		= 3,
	HONE_PROC_ANNOUNCE	= 4,
	HONE_PROC_SNAPSHOT	= 5,
	HONE_PROC_CRED		= 6,
	HONE_PROC_COMM		= 7,
	HONE_PROC_CGROUP	= 8,
};

/* hone_rec.flags of HONE_REC_PROC */
#define HONE_F_PROC_KTHREAD	0x0001	/* runs in the kernel only */
#define HONE_F_PROC_ARGV_CUT	0x0002	/* argv is longer, see argv_size */
#define HONE_F_PROC_PATH_CUT	0x0004	/* path did not fit and is left out */
#define HONE_F_PROC_DEAD	0x0008	/* had exited when it was recorded */

/**
 * struct hone_proc - HONE_REC_PROC: process event
 * @rec: common head
 * @id: identity of the process image: new at each fork of a process and at
 *	each exec, never reused while the kernel runs; 0 is the kernel itself
 * @parent_id: identity of the parent's image
 * @prev_id: EXEC: the image that was replaced; else 0
 * @start: CLOCK_BOOTTIME of the thread group leader's creation, nanoseconds
 * @cgroup: cgroup v2 id, 0 if unknown
 * @event: &enum hone_proc_event
 * @tgid: process id in the initial pid namespace
 * @tid: thread that caused the event, same namespace
 * @ppid: process id of the parent (real_parent), same namespace
 * @ns_tgid: process id in the process's own pid namespace
 * @uid: real uid, in the initial user namespace, as the next three
 * @euid: effective uid
 * @gid: real gid
 * @egid: effective gid
 * @loginuid: audit login uid, ~0 if unset
 * @sessionid: audit session id, ~0 if unset
 * @exit_code: EXIT: as wait(2) gives it (code << 8 | signal)
 * @net_ns: inode number of the net namespace, 0 if gone
 * @pid_ns: inode number of the pid namespace, 0 if gone
 * @mnt_ns: inode number of the mount namespace, 0 if gone
 * @exec_count: number of execs of this process that were seen, 0 if unknown,
 *	65535 if that many or more
 * @argv_size: length of the whole argument area in bytes
 * @reserved: zero
 * @comm: name of the thread group leader, NUL padded
 *
 * Attributes (&struct hone_attr) follow up to @rec.len.
 */
struct hone_proc {
	struct hone_rec	rec;
	__u64	id;
	__u64	parent_id;
	__u64	prev_id;
	__u64	start;
	__u64	cgroup;
	__u32	event;
	__u32	tgid;
	__u32	tid;
	__u32	ppid;
	__u32	ns_tgid;
	__u32	uid;
	__u32	euid;
	__u32	gid;
	__u32	egid;
	__u32	loginuid;
	__u32	sessionid;
	__u32	exit_code;
	__u32	net_ns;
	__u32	pid_ns;
	__u32	mnt_ns;
	__u32	exec_count;
	__u32	argv_size;
	__u32	reserved;
	__u8	comm[HONE_COMM_LEN];
};

/**
 * enum hone_attr_type - variable parts of a process record
 * @HONE_ATTR_PATH: absolute path of the executable, without NUL
 * @HONE_ATTR_ARGV: arguments, each ended by NUL (the last may be cut)
 * @HONE_ATTR_FILENAME: file name as given to execve, without NUL (a script's
 *	own path where PATH is its interpreter)
 * @HONE_ATTR_CWD: current directory, without NUL
 * @HONE_ATTR_CGROUP: path of the cgroup v2, without NUL
 */
enum hone_attr_type {
	HONE_ATTR_PATH		= 1,
	HONE_ATTR_ARGV		= 2,
	HONE_ATTR_FILENAME	= 3,
	HONE_ATTR_CWD		= 4,
	HONE_ATTR_CGROUP	= 5,
};

/**
 * struct hone_attr - head of an attribute; the value follows, then zeros up
 *	to a multiple of 8 bytes
 * @type: &enum hone_attr_type
 * @reserved: zero
 * @len: length of the value in bytes, without head and padding
 */
struct hone_attr {
	__u16	type;
	__u16	reserved;
	__u32	len;
};

/**
 * enum hone_sock_event - what happened to a socket
 * @HONE_SOCK_OPEN: a task created it
 * @HONE_SOCK_ACCEPT: @actor accepted it and owns it now
 * @HONE_SOCK_BIND: bind() by @actor ended with @error
 * @HONE_SOCK_CONNECT: connect() by @actor ended with @error
 * @HONE_SOCK_CLOSE: @actor closed the last descriptor
 * @HONE_SOCK_FREE: the kernel forgot it; packets of its connection may still
 *	come (TIME_WAIT) for about a minute
 * @HONE_SOCK_ANNOUNCE: it existed when the capture began and is used now
 * @HONE_SOCK_SNAPSHOT: found by the snapshot
 * @HONE_SOCK_HOLDER: snapshot: process image @actor holds a descriptor of it
 * @HONE_SOCK_ERROR: @error was found by the kernel and waits to be told to
 *	whoever uses the socket next (connection refused, reset, timed out)
 * @HONE_SOCK_OVERFLOW: a listener's accept queue was full, and a connection
 *	was dropped
 *
 * With HONE_F_SUBBUF_LIFE there are none of BIND, CONNECT, CLOSE, ERROR and
 * OVERFLOW, nor of TCP's ACCEPT, if the owner stays that of the listener: the
 * records of its packets say that, and FREE follows. What they do not say, if
 * they are cut before it, is the protocol.
 */
enum hone_sock_event {
	HONE_SOCK_OPEN		= 1,
	HONE_SOCK_ACCEPT	= 3,
	HONE_SOCK_BIND		= 4,
	HONE_SOCK_CONNECT	= 5,
	HONE_SOCK_CLOSE		= 6,
	HONE_SOCK_FREE		= 7,
	HONE_SOCK_ANNOUNCE	= 8,
	HONE_SOCK_SNAPSHOT	= 9,
	HONE_SOCK_HOLDER	= 10,
	HONE_SOCK_ERROR		= 11,
	HONE_SOCK_OVERFLOW	= 12,
};

/* hone_rec.flags of HONE_REC_SOCK */
#define HONE_F_SOCK_KERN	0x0001	/* made by the kernel for itself */
#define HONE_F_SOCK_SHARED	0x0002	/* more than one task wrote or read */
#define HONE_F_SOCK_WRITES	0x0004	/* OPEN: @actor writes, see hone_actor */

/**
 * struct hone_sock_rec - HONE_REC_SOCK: socket event
 * @rec: common head
 * @cookie: identity of the connection: the socket cookie (SO_COOKIE)
 * @owner: image id of the creator or acceptor, 0 = the kernel
 * @actor: image id of the task that did this, 0 = the kernel
 * @netns: cookie of its net namespace (SO_NETNS_COOKIE)
 * @ino: inode number of the socket file, 0 if none
 * @owner_start: start time of the owner, CLOCK_BOOTTIME nanoseconds, 0 for
 *	a subflow
 * @owner_tgid: process id of the owner when it became the owner
 * @actor_tgid: process id of @actor
 * @actor_tid: thread of @actor
 * @uid: owner uid of the socket, in the initial user namespace
 * @ifindex: interface the socket is bound to, 0 if none
 * @error: negative errno, or 0
 * @event: &enum hone_sock_event
 * @family: AF_*
 * @type: SOCK_*
 * @protocol: IPPROTO_* (0 to 65535: IPPROTO_MPTCP is 262)
 * @state: TCP_* state (TCP_ESTABLISHED is 1, ...)
 * @reserved: zero
 * @sport: local port, network byte order
 * @dport: remote port, network byte order
 * @ns_inum: inode number of its net namespace
 * @reserved2: zero
 * @saddr: local address; IPv4 as ::ffff:a.b.c.d
 * @daddr: remote address, same form
 * @owner_comm: name of the owner when it became the owner, NUL padded
 * @parent: subflow: cookie of its MPTCP connection, else 0
 */
struct hone_sock_rec {
	struct hone_rec	rec;
	__u64	cookie;
	__u64	owner;
	__u64	actor;
	__u64	netns;
	__u64	ino;
	__u64	owner_start;
	__u32	owner_tgid;
	__u32	actor_tgid;
	__u32	actor_tid;
	__u32	uid;
	__u32	ifindex;
	__s32	error;
	__u16	event;
	__u16	family;
	__u16	type;
	__u16	protocol;
	__u16	state;
	__u16	reserved;
	__be16	sport;
	__be16	dport;
	__u32	ns_inum;
	__u32	reserved2;
	__u8	saddr[16];
	__u8	daddr[16];
	__u8	owner_comm[HONE_COMM_LEN];
	__u64	parent;
};

/* hone_rec.flags of HONE_REC_CONSUME */
#define HONE_F_ACTOR_KERNEL	0x0001	/* taken by the kernel itself */
#define HONE_F_ACTOR_CHANGED	0x0002	/* another took the one before */

/* hone_rec.flags of HONE_REC_TCP_WRITE */
#define HONE_F_ACTOR_UNTOLD	0x0004	/* who wrote before was not told */

/**
 * struct hone_actor - HONE_REC_TCP_WRITE, _TCP_READ, _CONSUME
 * @rec: common head
 * @cookie: the socket
 * @id: image id of the task that wrote or read
 * @tgid: its process id
 * @tid: its thread
 * @from: TCP: first sequence number, as on the wire; of an MPTCP connection
 *	the low half of its data sequence number
 * @to: TCP_READ: one past the last sequence number read; else 0
 * @key: CONSUME: key of the datagram, see &struct hone_deliver
 * @reserved: zero
 *
 * TCP_WRITE says that all bytes from @from on, up to the next such record of
 * the same cookie, were written by @id. It is sent when the writer changes. Bytes
 * of a socket with HONE_F_SOCK_WRITES, up to the first such record, were written
 * by who has opened it, unless records were lost, or ANNOUNCE tells of it anew.
 * When such a record was lost, here or in another session, or cannot tell it
 * (several processes write by kTLS), what the socket sends has HONE_F_PKT_UNTOLD, or
 * its HONE_REC_MPTCP_MAP has HONE_F_MAP_UNTOLD, until somebody writes again, whose
 * record comes then, changed or not, and has HONE_F_ACTOR_UNTOLD: of all that was
 * written before it is not known who wrote it. The same holds of a socket with
 * HONE_F_SOCK_SHARED when ANNOUNCE tells of it anew, as records of before may have
 * been overwritten.
 * TCP_READ says that [@from, @to) was read by @id. It is sent for each read:
 * bytes behind @to have not been read, and may be read by another task yet.
 * CONSUME is sent for each datagram or, in a session with "datagrams change",
 * only when another task takes one than took the one before: who takes the
 * datagrams between cannot be told one by one.
 */
struct hone_actor {
	struct hone_rec	rec;
	__u64	cookie;
	__u64	id;
	__u32	tgid;
	__u32	tid;
	__u32	from;
	__u32	to;
	__u32	key;
	__u32	reserved;
};

/**
 * struct hone_deliver - HONE_REC_DELIVER: a received packet found its socket
 * @rec: common head
 * @cookie: the socket
 * @owner: image id of its owner, 0 = the kernel or not known
 * @pkt: &struct hone_packet.pkt of the packet on the same CPU, 0 = unknown
 * @key: key of the datagram until it is consumed; reused later
 * @state: TCP_* state of the socket
 * @reserved: zero
 *
 * Not sent when the packet record says so itself (HONE_F_PKT_DELIVERED), nor
 * when it has the same cookie already and the protocol does not queue
 * datagrams (TCP).
 */
struct hone_deliver {
	struct hone_rec	rec;
	__u64	cookie;
	__u64	owner;
	__u32	pkt;
	__u32	key;
	__u32	state;
	__u32	reserved;
};

/* hone_rec.flags of HONE_REC_MPTCP_MAP */
#define HONE_F_MAP_OUT		0x0001	/* bytes sent, else received */
#define HONE_F_MAP_UNTOLD	0x0002	/* sent: who wrote last was not told */

/**
 * struct hone_map - HONE_REC_MPTCP_MAP: bytes of an MPTCP subflow
 * @rec: common head
 * @cookie: the subflow's socket
 * @parent: the MPTCP connection
 * @data_seq: data sequence number of the first byte in the connection
 * @from: its TCP sequence number in the subflow
 * @len: number of bytes
 *
 * Sent before bytes leave, and after they came and before they are read. Who wrote
 * what a subflow sends behind the last of them is not known.
 */
struct hone_map {
	struct hone_rec	rec;
	__u64	cookie;
	__u64	parent;
	__u64	data_seq;
	__u32	from;
	__u32	len;
};

/* hone_rec.flags of HONE_REC_COUNT */
#define HONE_F_TALLY_SOCK	0x0001	/* of all users of the socket */
#define HONE_F_TALLY_END	0x0002	/* the last one of it */
#define HONE_F_TALLY_REST	0x0004	/* of sockets that found no room */

/**
 * struct hone_tally - HONE_REC_COUNT: packets and bytes of a socket, or of one
 *	user of it
 * @rec: common head
 * @cookie: the socket; 0: packets of no socket or, with HONE_F_TALLY_REST, of
 *	sockets that are not counted each for itself
 * @id: image id of the user, 0 = the kernel, and with HONE_F_TALLY_SOCK
 * @since: time of the last such record, or when counting began
 * @in_packets: received since then
 * @in_bytes: their bytes, from the network header on
 * @out_packets: sent since then
 * @out_bytes: their bytes
 * @total_in_packets: received since counting began
 * @total_in_bytes: their bytes
 * @total_out_packets: sent since counting began
 * @total_out_bytes: their bytes
 * @tgid: process id of the user, 0 if not known
 * @reserved: zero
 * @comm: name of the user as it was first counted, NUL padded
 *
 * Sent at intervals if there is anything new, and once more when the socket or
 * the user is no more, or the session ends. A socket's datagrams that nobody
 * has taken are in no user's count.
 */
struct hone_tally {
	struct hone_rec	rec;
	__u64	cookie;
	__u64	id;
	__u64	since;
	__u64	in_packets;
	__u64	in_bytes;
	__u64	out_packets;
	__u64	out_bytes;
	__u64	total_in_packets;
	__u64	total_in_bytes;
	__u64	total_out_packets;
	__u64	total_out_bytes;
	__u32	tgid;
	__u32	reserved;
	__u8	comm[HONE_COMM_LEN];
};

/* hone_rec.flags of HONE_REC_PACKET */
#define HONE_F_PKT_OUT		0x0001	/* sent (LOCAL_OUT), else received */
#define HONE_F_PKT_CSUM		0x0002	/* checksum not yet complete */
#define HONE_F_PKT_GSO		0x0004	/* several segments in one */
#define HONE_F_PKT_KERN		0x0008	/* socket belongs to the kernel */
#define HONE_F_PKT_SOFTIRQ	0x0010	/* sent outside any task's call */
#define HONE_F_PKT_FRAGERR	0x0020	/* bytes could not be read, cut */
#define HONE_F_PKT_LINK		0x0040	/* AF_PACKET, from network header on */
#define HONE_F_PKT_MINISOCK	0x0080	/* request or TIME_WAIT socket */
#define HONE_F_PKT_DELIVERED	0x0100	/* received, and its socket has got it */
#define HONE_F_PKT_TAKEN	0x0200	/* received, and @actor has read it all */
#define HONE_F_PKT_UNTOLD	0x0400	/* sent: who wrote last was not told */

/**
 * enum hone_quality - how sure a packet's process is
 * @HONE_Q_NONE: no process is known
 * @HONE_Q_KERNEL: made or taken by the kernel itself
 * @HONE_Q_OWNER: owner of the socket; who wrote or read is not known yet
 * @HONE_Q_EXACT: the task whose call sent or received these bytes
 */
enum hone_quality {
	HONE_Q_NONE	= 0,
	HONE_Q_KERNEL	= 1,
	HONE_Q_OWNER	= 2,
	HONE_Q_EXACT	= 3,
};

/**
 * struct hone_packet - HONE_REC_PACKET: a packet from its network header on
 * @rec: common head
 * @cookie: its socket, 0 if not known (yet: see &struct hone_deliver)
 * @owner: image id of the socket's owner, 0 if none is known
 * @actor: image id of the task in whose call it was sent, or with
 *	HONE_F_PKT_TAKEN of the one that has read it; 0 if none
 * @netns: cookie of the net namespace
 * @tgid: process id of @actor, else of the owner, else 0
 * @tid: thread of @actor, else 0
 * @pkt: number of the packet on this CPU, from 1 (0 after 2^32 is skipped)
 * @cause: sent in softirq: @pkt of the packet last received on this CPU, a
 *	hint, to be checked against the addresses. Received, with
 *	HONE_F_PKT_DELIVERED: the key that &struct hone_deliver would have,
 *	which the record stands for as well. Else 0
 * @ifindex: input or output interface
 * @wire_len: length from the network header on
 * @cap_len: bytes recorded
 * @mark: skb mark
 * @gso_size: size of one segment, 0 if not GSO
 * @gso_segs: number of segments
 * @family: AF_INET or AF_INET6
 * @quality: &enum hone_quality of what was known at this moment
 * @state: with HONE_F_PKT_DELIVERED: TCP_* state of the socket; else 0
 * @reserved: zero
 * @data: @cap_len bytes, then zeros up to @rec.len
 *
 * HONE_F_PKT_TAKEN: the record stands for the &struct hone_actor too that would
 * have told of it: for the CONSUME with the key in @cause of the datagram, or for
 * the TCP_READ, or the part of one, of exactly the bytes that the segment
 * carries. It was read before this CPU has begun its next sub-buffer. The reader
 * had begun before @rec.time, and has changed neither name nor user nor cgroup
 * since.
 */
struct hone_packet {
	struct hone_rec	rec;
	__u64	cookie;
	__u64	owner;
	__u64	actor;
	__u64	netns;
	__u32	tgid;
	__u32	tid;
	__u32	pkt;
	__u32	cause;
	__u32	ifindex;
	__u32	wire_len;
	__u32	cap_len;
	__u32	mark;
	__u16	gso_size;
	__u16	gso_segs;
	__u8	family;
	__u8	quality;
	__u8	state;
	__u8	reserved;
	__u8	data[];
};

/**
 * struct hone_netdev - HONE_REC_NETDEV: a network interface
 * @rec: common head
 * @netns: cookie of the net namespace
 * @ns_inum: inode number of the net namespace
 * @ifindex: interface index in that namespace
 * @type: ARPHRD_*
 * @reserved: zero
 * @name: its name, NUL padded
 */
struct hone_netdev {
	struct hone_rec	rec;
	__u64	netns;
	__u32	ns_inum;
	__u32	ifindex;
	__u16	type;
	__u16	reserved[3];
	__u8	name[HONE_IFNAME_LEN];
};

#endif /* _UAPI_LINUX_HONE_H */
