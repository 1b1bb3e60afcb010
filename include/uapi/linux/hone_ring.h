/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Hone: the rings of a session, mapped and read without copies.
 *
 * What is in them is what read() gives of the files of the session, see
 * <linux/hone.h>. Both structures are the same for 32-bit and 64-bit programs;
 * HONE_IOC_RING is for those of the kernel's own size, as its file is in debugfs.
 */
#ifndef _UAPI_LINUX_HONE_RING_H
#define _UAPI_LINUX_HONE_RING_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * enum hone_ring_of - a CPU's rings in a session
 * @HONE_RING_EVENTS: that of the file events<cpu>
 * @HONE_RING_IDENTITY: that of the file identity<cpu>
 */
enum hone_ring_of {
	HONE_RING_EVENTS	= 0,
	HONE_RING_IDENTITY	= 1,
};

/**
 * struct hone_ring - what HONE_IOC_RING is told, and tells
 * @cpu: the CPU
 * @of: &enum hone_ring_of
 * @flags: zero
 * @reserved: zero
 * @size: only given back: bytes that the ring takes when it is mapped
 */
struct hone_ring {
	__u32	cpu;
	__u32	of;
	__u32	flags;
	__u32	reserved;
	__u64	size;
};

/**
 * struct hone_extent - what HONE_IOC_NEXT gives
 * @offset: where in the ring, in bytes
 * @len: of the records there, in bytes; 0 if there is nothing now
 * @reserved: zero
 */
struct hone_extent {
	__u64	offset;
	__u32	len;
	__u32	reserved;
};

/*
 * Of a session's control file: opens a ring, which may be read without copies.
 * The descriptor that it returns is closed on exec. It can be read and polled as
 * the file of that ring, which cannot be open at the same time; and mapped: whole,
 * at offset 0, shared, for reading only (EINVAL, EPERM, EACCES; ENODEV where the
 * data cache does not allow it). The mapping is not inherited. Errors: EINVAL for
 * what can be no ring, ENOENT for one that the session does not have or not yet,
 * EAGAIN for one of a CPU that has not been there yet, EBUSY if it is open,
 * ENOTTY if the kernel knows of none.
 */
#define HONE_IOC_RING	_IOWR(0xbe, 0, struct hone_ring)

/*
 * Of such a descriptor: is done with what this gave last, which the kernel may
 * write over from now on, and gives the records of the next sub-buffer, or from
 * where a read of it has ended, which may be inside a record. Nothing else is
 * stable in the mapping; nor is that in a session that overwrites, after it has
 * thawed. A read of the descriptor in between is refused (EBUSY). Two callers at a
 * time would give up each other's. What was given last when it is closed is given
 * to who opens the ring next. Errors: EBUSY in a session that overwrites and is not
 * frozen, ENODEV when it has ended, EFAULT: done it is with what was before, what
 * is next is given by the next call.
 */
#define HONE_IOC_NEXT	_IOR(0xbe, 1, struct hone_extent)

#endif /* _UAPI_LINUX_HONE_RING_H */
