/* SPDX-License-Identifier: GPL-2.0-only */
/* Encoding: names that others chose, made fit for a line of words. */
#ifndef HONE_ENCODE_H
#define HONE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/*
 * Percent-encodes blanks, control characters, '%', bytes in @also and what is
 * not valid UTF-8. Writes at most @size bytes and a NUL to @to, which has room
 * for both, never half of a character. Returns the bytes written.
 */
size_t encode(char *to, size_t size, const void *from, size_t len,
	      const char *also);
/* How many bytes of @p are one valid UTF-8 character, 0 if they are not. */
size_t utf8_char(const __u8 *p, size_t len);
/* Is a character of @n bytes one that a terminal acts on? C0, DEL or C1. */
bool is_control(const __u8 *p, size_t n);

#endif
