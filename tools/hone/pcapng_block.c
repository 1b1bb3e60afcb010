// SPDX-License-Identifier: GPL-2.0-only
/* PCAP-NG: blocks and options. */
#include "pcapng.h"

__u8 *put_option(__u8 *p, __u16 code, const void *data, __u16 len)
{
	p = put16(p, code);
	p = put16(p, len);
	return put_padded(p, data, len);
}

__u8 *put_option32(__u8 *p, __u16 code, __u32 v)
{
	return put_option(p, code, &v, sizeof(v));
}

__u8 *put_option64(__u8 *p, __u16 code, __u64 v)
{
	return put_option(p, code, &v, sizeof(v));
}

__u8 *put_text(__u8 *p, __u16 code, const char *s)
{
	size_t len = s ? strlen(s) : 0;

	if (!len)
		return p;
	return put_option(p, code, s, len < STRING_MAX ? len : STRING_MAX);
}

struct block block_begin(__u32 type, size_t len)
{
	struct block b;

	b.start = writer_room(&pcapng.w, len);
	b.p = b.start;
	if (b.p)
		b.p = put32(b.p, type) + 4;
	return b;
}

bool block_end(struct block *b)
{
	__u32 len = b->p - b->start + 4;

	put32(b->start + 4, len);
	put32(b->p, len);
	writer_put(&pcapng.w, len);
	return true;
}

__u8 *put_time(__u8 *p, __u64 boot)
{
	__u64 t = boot + pcapng.cap.offset;

	if (pcapng.usec)
		t /= 1000;
	p = put32(p, t >> 32);
	return put32(p, t);
}
