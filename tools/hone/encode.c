// SPDX-License-Identifier: GPL-2.0-only
/* Encoding: names that others chose, made fit for a line of words. */
#include "encode.h"

#include <stdbool.h>
#include <string.h>

size_t utf8_char(const __u8 *p, size_t len)
{
	__u32 code, least;
	size_t n, i;

	if (p[0] < 0x80)
		return 1;
	if ((p[0] & 0xe0) == 0xc0) {
		n = 2;
		least = 0x80;
		code = p[0] & 0x1f;
	} else if ((p[0] & 0xf0) == 0xe0) {
		n = 3;
		least = 0x800;
		code = p[0] & 0x0f;
	} else if ((p[0] & 0xf8) == 0xf0) {
		n = 4;
		least = 0x10000;
		code = p[0] & 0x07;
	} else {
		return 0;
	}
	if (len < n)
		return 0;
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

bool is_control(const __u8 *p, size_t n)
{
	return n == 1 ? *p < ' ' || *p == 0x7f :
			n == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

static bool plain(const __u8 *p, size_t n, const char *also)
{
	if (!n || is_control(p, n))
		return false;
	return n > 1 || (*p != ' ' && *p != '%' &&
			 (!*also || !strchr(also, *p)));
}

size_t encode(char *to, size_t size, const void *from, size_t len,
	      const char *also)
{
	static const char hex[] = "0123456789ABCDEF";
	const __u8 *p = from;
	size_t n, used = 0;

	while (len) {
		n = utf8_char(p, len);
		if (plain(p, n, also)) {
			if (size - used < n)
				break;
			memcpy(to + used, p, n);
			used += n;
		} else {
			if (size - used < 3)
				break;
			n = 1;
			to[used++] = '%';
			to[used++] = hex[*p >> 4];
			to[used++] = hex[*p & 15];
		}
		p += n;
		len -= n;
	}
	to[used] = 0;
	return used;
}
