/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HONE_URING_H
#define HONE_URING_H

#include <errno.h>
#include <linux/io_uring.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* io_uring, one request at a time. */
struct uring {
	int fd;
	unsigned int flags;		/* of the ring */
	unsigned int sqe_flags;
	unsigned int msg_flags;		/* of what is sent */
	struct io_uring_params p;
	char *sq, *cq;
	struct io_uring_sqe *sqe;
};

static inline bool uring_open(struct uring *u)
{
	size_t sq, cq;

	u->p.flags = u->flags;
	u->p.sq_thread_idle = 100;
	u->fd = syscall(SYS_io_uring_setup, 4, &u->p);
	if (u->fd < 0)
		return false;
	sq = u->p.sq_off.array + u->p.sq_entries * 4;
	cq = u->p.cq_off.cqes + u->p.cq_entries * sizeof(struct io_uring_cqe);
	u->sq = mmap(NULL, sq, PROT_READ | PROT_WRITE, MAP_SHARED, u->fd,
		     IORING_OFF_SQ_RING);
	u->cq = mmap(NULL, cq, PROT_READ | PROT_WRITE, MAP_SHARED, u->fd,
		     IORING_OFF_CQ_RING);
	u->sqe = mmap(NULL, u->p.sq_entries * sizeof(*u->sqe),
		      PROT_READ | PROT_WRITE, MAP_SHARED, u->fd,
		      IORING_OFF_SQES);
	return u->sq != MAP_FAILED && u->cq != MAP_FAILED &&
	       u->sqe != MAP_FAILED;
}

/* The result of the request, or a negative errno. */
static inline int uring_do(struct uring *u, int op, int fd, void *buf,
			   uint32_t len, uint64_t off)
{
	uint32_t *sq_tail = (uint32_t *)(u->sq + u->p.sq_off.tail);
	uint32_t *sq_flags = (uint32_t *)(u->sq + u->p.sq_off.flags);
	uint32_t *array = (uint32_t *)(u->sq + u->p.sq_off.array);
	uint32_t *cq_head = (uint32_t *)(u->cq + u->p.cq_off.head);
	struct io_uring_cqe *cqes = (void *)(u->cq + u->p.cq_off.cqes);
	uint32_t i = *sq_tail & (u->p.sq_entries - 1), enter = 0;
	int res;

	memset(&u->sqe[i], 0, sizeof(u->sqe[i]));
	u->sqe[i].opcode = op;
	u->sqe[i].flags = u->sqe_flags;
	if (op == IORING_OP_SEND)
		u->sqe[i].msg_flags = u->msg_flags;
	u->sqe[i].fd = fd;
	u->sqe[i].addr = (uintptr_t)buf;
	u->sqe[i].len = len;
	u->sqe[i].off = off;
	array[i] = i;
	__atomic_store_n(sq_tail, *sq_tail + 1, __ATOMIC_RELEASE);
	if (u->flags & IORING_SETUP_SQPOLL) {
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (__atomic_load_n(sq_flags, __ATOMIC_ACQUIRE) &
		    IORING_SQ_NEED_WAKEUP)
			enter = IORING_ENTER_SQ_WAKEUP;
	}
	if (syscall(SYS_io_uring_enter, u->fd, 1, 1,
		    enter | IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -errno;
	res = cqes[*cq_head & (u->p.cq_entries - 1)].res;
	__atomic_store_n(cq_head, *cq_head + 1, __ATOMIC_RELEASE);
	return res;
}

#endif
