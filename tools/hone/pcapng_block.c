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
