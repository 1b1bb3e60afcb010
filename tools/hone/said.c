// SPDX-License-Identifier: GPL-2.0-only
/* Said: what the comment of a packet in a PCAP-NG file says of it. */
#include "said.h"
#include "words.h"

#include <stdint.h>

static int hex_digit(__u8 c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

void said_decode(char *to, size_t size, const __u8 *text, size_t len)
{
	size_t used = 0, i;

	for (i = 0; i < len && used < size - 1; i++) {
		if (text[i] == '%' && len - i > 2 &&
		    hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
			to[used++] = hex_digit(text[i + 1]) << 4 |
				     hex_digit(text[i + 2]);
			i += 2;
		} else {
			to[used++] = text[i];
		}
	}
	to[used] = 0;
}

/* A number that is all of the word. */
static bool number(const __u8 *p, size_t len, __u64 max, __u64 *n)
{
	size_t i;

	*n = 0;
	for (i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9' || *n > (max - (p[i] - '0')) / 10)
			return false;
		*n = *n * 10 + p[i] - '0';
	}
	return len;
}

static bool number32(const __u8 *p, size_t len, __u32 *to)
{
	__u64 n;

	if (!number(p, len, UINT32_MAX, &n))
		return false;
	*to = n;
	return true;
}

static bool numbers(struct said *said, const __u8 *p, size_t len)
{
	const __u8 *comma;
	size_t n;

	do {
		comma = memchr(p, ',', len);
		n = comma ? (size_t)(comma - p) : len;
		if (said->n_also == ALSO_MAX ||
		    !number32(p, n, &said->also[said->n_also++]))
			return false;
		p += n + 1;
		len -= n + 1;
	} while (comma);
	return true;
}

static bool quality(struct said *said, const __u8 *p, size_t len)
{
	const char *name;
	int q;

	for (q = HONE_Q_NONE; q <= HONE_Q_EXACT; q++) {
		name = quality_name(q);
		if (strlen(name) != len || memcmp(name, p, len))
			continue;
		said->quality = q;
		said->quality_known = true;
		return true;
	}
	return false;
}

static bool is_key(const __u8 *word, size_t len, const char *key)
{
	return strlen(key) == len && !memcmp(word, key, len);
}

static bool take(struct said *said, const __u8 *key, size_t key_len,
		 const __u8 *p, size_t len)
{
	if (is_key(key, key_len, "PID")) {
		said->pid_known = true;
		return number32(p, len, &said->pid);
	}
	if (is_key(key, key_len, "TID"))
		return number32(p, len, &said->tid);
	if (is_key(key, key_len, "UID")) {
		said->uid_known = true;
		return number32(p, len, &said->uid);
	}
	if (is_key(key, key_len, "CONN"))
		return number(p, len, UINT64_MAX, &said->cookie);
	if (is_key(key, key_len, "COMM")) {
		said_decode(said->comm, HONE_COMM_LEN, p, len);
		return len;
	}
	if (is_key(key, key_len, "DEV")) {
		said_decode(said->dev, HONE_IFNAME_LEN, p, len);
		return len;
	}
	if (is_key(key, key_len, "ALSO"))
		return numbers(said, p, len);
	if (is_key(key, key_len, "Q"))
		return quality(said, p, len);
	if (is_key(key, key_len, "GONE")) {
		said->gone = true;
		return true;
	}
	if (is_key(key, key_len, "MADE")) {
		said->made = true;
		return true;
	}
	/* A newer one may say more. */
	return true;
}

bool said_parse(struct said *said, const __u8 *text, size_t len)
{
	struct said new = { 0 };
	const __u8 *blank, *equals;
	size_t n, key_len;

	while (len) {
		blank = memchr(text, ' ', len);
		n = blank ? (size_t)(blank - text) : len;
		equals = memchr(text, '=', n);
		key_len = equals ? (size_t)(equals - text) : 0;
		if (!key_len || !take(&new, text, key_len, equals + 1,
				      n - key_len - 1))
			return false;
		n += blank ? 1 : 0;
		text += n;
		len -= n;
	}
	if (!new.pid_known && !new.quality_known)
		return false;
	*said = new;
	return true;
}
