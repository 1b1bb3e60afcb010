/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ground truth: programs that put a number into what they send and write down,
 * in a table that all share, who sent it and who received it. A capture of the
 * same time is compared with the table by truth_check.
 */
#ifndef TRUTH_H
#define TRUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define __noreturn	__attribute((noreturn))

#define TRUTH_MAGIC	0x4854525554480001ULL
#define TRUTH_MARK	"HONETRU"	/* with its NUL, begins each frame */
#define TRUTH_LEN	64		/* bytes of a frame */
#define TRUTH_FRAMES	0x40000
#define TRUTH_EVENTS	0x8000
#define TRUTH_CASES	64
#define TRUTH_GOT	4		/* receivers of a frame, at most */
#define TRUTH_PORT	10000		/* case n has 16 ports from here + 16 n */

/* What is sent, host byte order. */
struct truth_wire {
	char mark[8];
	uint32_t id;
	uint32_t number;		/* of the case */
	uint8_t pad[TRUTH_LEN - 16];
};

struct truth_who {
	uint32_t pid;
	uint32_t tid;
	char comm[16];			/* of the process, not the thread */
};

struct truth_frame {
	uint16_t number;
	uint16_t kinds;			/* of packets it must be seen in */
	uint32_t n_got;
	struct truth_who sent;
	struct truth_who got[TRUTH_GOT];
};

#define TRUTH_OUT	0x1	/* one that is sent */
#define TRUTH_IN	0x2	/* one that is received */
#define TRUTH_ANY	0x4	/* some thread of the process did it */
#define TRUTH_OWNER	0x10	/* as its socket's owner, which is not exact */
#define TRUTH_ARGV	0x8	/* the sender's last argument is the number */

enum truth_what {
	TRUTH_MEMBER	= 1,	/* takes part in the case */
	TRUTH_SYN	= 2,	/* connects */
	TRUTH_FIN	= 3,	/* ends its direction */
};

struct truth_event {
	uint16_t number;
	uint16_t what;
	uint16_t sport;			/* host byte order, 0 = any */
	uint16_t dport;
	struct truth_who who;
};

struct truth_log {
	uint64_t magic;
	uint32_t n_frames;
	uint32_t n_events;
	uint32_t result[TRUTH_CASES];	/* TRUTH_RAN... */
	char name[TRUTH_CASES][24];
	char why[TRUTH_CASES][80];
	struct truth_event event[TRUTH_EVENTS];
	struct truth_frame frame[TRUTH_FRAMES];
};

enum truth_result {
	TRUTH_NOT	= 0,		/* was not asked for */
	TRUTH_RAN	= 1,
	TRUTH_SKIPPED	= 2,		/* the kernel cannot do it */
	TRUTH_FAILED	= 3,
};

/* What a case function returns. */
enum { CASE_OK = 0, CASE_SKIP = 4, CASE_FAIL = 1 };

struct truth_case {
	const char *name;
	int (*run)(void);
};

extern const struct truth_case truth_tcp[], truth_udp[], truth_other[];

extern struct truth_log *truth;
extern int truth_number;		/* of the case that runs */
extern int truth_rounds;		/* frames that a case sends, about */
extern int truth_stress;		/* processes that a case of them starts */
extern const char *truth_path;	/* of the log */
extern int stream_protocol;		/* IPPROTO_MPTCP, IPPROTO_SCTP, 0 = TCP */

/* Ends the process; the case has failed. */
void __noreturn die(const char *what);
/* Ends the case: the kernel cannot do this. */
int skip(const char *why);

/* A number for a frame that another program will send. */
uint32_t frame_new(int kinds);
/* A frame of the calling task into @buf; @kinds are TRUTH_OUT | TRUTH_IN... */
void frame_make(void *buf, int kinds);
void frames_make(void *buf, int n, int kinds);
/* The calling task has received @len bytes of whole frames. */
void frame_got(const void *buf, size_t len);
void event(int what, int sport, int dport);

static inline int port(int n)
{
	return TRUTH_PORT + 16 * truth_number + n;
}

/* A child of that name which runs fn(arg) and ends. */
pid_t spawn(const char *comm, void (*fn)(long arg), long arg);
/* The same, with flags for clone(2) beside SIGCHLD. */
pid_t spawn_flags(const char *comm, void (*fn)(long arg), long arg, int flags);
/* Becomes another program, which goes on as @role with arguments. */
void __noreturn become(const char *role, int fd, int n);
/* Waits for a child; it must have ended well. */
void reap(pid_t pid);
void reap_all(void);
/* One task at a time, over all processes of the case. */
void lock(void);
void unlock(void);
/* A gate: what waits for @n passes as soon as it has been opened n times. */
void gate_open(int gate);
void gate_wait(int gate, int n);

int send_fd(int sock, int fd);
int recv_fd(int sock);

/* Sockets; families AF_INET, AF_INET6; all on loopback. Die if they fail. */
int listen_at(int family, int port);
int connect_to(int family, int port);
int accept_one(int listener);
/*
 * Frames that wait in a stream merge into one segment. That is worth a test,
 * but only now and then: unless @n is a multiple of 4, waits till all is sent.
 */
void pace(int fd, long n);
/* As many whole frames, one write each, and paced. */
void stream_write(int fd, int n);
/* Reads frames to the end of the stream; the number of them. */
int stream_read(int fd);
/* No more comes from here. */
void stream_end(int fd);
int udp_at(int family, int port);
int udp_to(int family, int port);
/* Sends n datagrams, reads until a stop mark; for sockets of all kinds. */
void dgrams_send(int fd, int n);
void dgrams_recv(int fd);
void dgram_stop(int fd);

#endif /* TRUTH_H */
