// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: encoding of records, without side effects.
 */
#include "hone.h"

#include <linux/build_bug.h>
#include <linux/string.h>

/* Records are the same on 32-bit and 64-bit machines, and have no holes. */
static_assert(sizeof(struct hone_rec) == 24);
static_assert(sizeof(struct hone_subbuf) == 64);
static_assert(sizeof(struct hone_lost) == 80);
static_assert(sizeof(struct hone_proc) == 152);
static_assert(sizeof(struct hone_attr) == 8);
static_assert(sizeof(struct hone_sock_rec) == 176);
static_assert(sizeof(struct hone_actor) == 64);
static_assert(sizeof(struct hone_deliver) == 56);
static_assert(sizeof(struct hone_map) == 56);
static_assert(sizeof(struct hone_tally) == 136);
static_assert(sizeof(struct hone_packet) == 96);
static_assert(sizeof(struct hone_netdev) == 64);

/**
 * hone_recbuf_init - begin a record
 * @rb: the record
 * @mem: memory for it, 8-byte aligned
 * @size: bytes of @mem, a multiple of 8
 * @type: &enum hone_rec_type
 * @head_len: length of the fixed part, a multiple of 8; it is zeroed
 *
 * Context: any.
 */
void hone_recbuf_init(struct hone_recbuf *rb, void *mem, u32 size,
		      u16 type, u32 head_len)
{
	memset(mem, 0, head_len);
	rb->rec = mem;
	rb->rec->type = type;
	rb->rec->len = head_len;
	rb->len = head_len;
	rb->size = size;
}

/**
 * hone_attr_put - append an attribute
 * @rb: the record
 * @type: &enum hone_attr_type
 * @val: value
 * @len: bytes of @val
 *
 * Context: any.
 * Return: false if it does not fit; the record is as before then.
 */
bool hone_attr_put(struct hone_recbuf *rb, u16 type, const void *val, u32 len)
{
	struct hone_attr *attr = (void *)rb->rec + rb->len;
	u32 padded = ALIGN(len, 8);

	if (len > rb->size || rb->size - rb->len < sizeof(*attr) + padded)
		return false;
	attr->type = type;
	attr->reserved = 0;
	attr->len = len;
	memcpy(attr + 1, val, len);
	memset((void *)(attr + 1) + len, 0, padded - len);
	rb->len += sizeof(*attr) + padded;
	rb->rec->len = rb->len;
	return true;
}

/**
 * hone_subbuf_fill - head of a sub-buffer or snapshot
 * @rec: where it goes; fields not named here are zeroed
 * @cpu: whose stream, ~0 for a snapshot
 * @now: boot clock, nanoseconds
 * @real: real time clock at @now, nanoseconds
 *
 * Context: any.
 */
void hone_subbuf_fill(struct hone_subbuf *rec, u32 cpu, u64 now, u64 real)
{
	memset(rec, 0, sizeof(*rec));
	rec->rec.len = sizeof(*rec);
	rec->rec.type = HONE_REC_SUBBUF;
	rec->rec.time = now;
	rec->rec.cpu = cpu;
	rec->magic = HONE_MAGIC;
	rec->major = HONE_VERSION_MAJOR;
	rec->minor = HONE_VERSION_MINOR;
	rec->real = real;
}
