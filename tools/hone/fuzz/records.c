// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzing: a stream of records, read, merged, attributed, and written by all
 * outputs. Inputs are changed as bytes, and as records that are told twice, in
 * another order, or with another value.
 */
#include "wrap.h"

#include <linux/hone.h>

static char *const words[] = {
	(char *)"fuzz", (char *)"-v", (char *)"-r", (char *)"in",
	(char *)"-o", (char *)"out", (char *)"--text=text",
	(char *)"--json=json", (char *)"--print=lines", (char *)"-X",
	(char *)"--summary=summary", NULL
};

int fuzz_one(const uint8_t *data, size_t size)
{
	int status;

	fuzz_file("in", data, size);
	status = fuzz_run(sizeof(words) / sizeof(*words) - 1, (char **)words);
	/* Sound, or unsound; nothing else may come of bytes. */
	fuzz_check(status == 0 || status == 4);
	return 0;
}

#define RECORDS	256

/* Where records begin, and where the last one ends. */
static size_t find(const uint8_t *data, size_t size, size_t *at)
{
	struct hone_rec rec;
	size_t n = 0;

	for (at[0] = 0; n < RECORDS && size - at[n] >= sizeof(rec); n++) {
		memcpy(&rec, data + at[n], sizeof(rec));
		if (rec.len < sizeof(rec) || rec.len > size - at[n])
			break;
		at[n + 1] = at[n] + rec.len;
	}
	return n;
}

/* One word of a record is another, small number, or that of another one. */
static void change_word(uint8_t *data, const size_t *at, size_t n)
{
	size_t i = rand() % n, j = rand() % n;
	size_t words_i = (at[i + 1] - at[i]) / 4, word = rand() % words_i;
	uint8_t *p = data + at[i] + word * 4;
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	switch (rand() % 4) {
	case 0:
		v = rand() % 64;
		break;
	case 1:
		v += rand() % 17 - 8;
		break;
	case 2:
		v ^= 1U << rand() % 32;
		break;
	case 3:
		if (word * 4 + 4 <= at[j + 1] - at[j])
			memcpy(&v, data + at[j] + word * 4, sizeof(v));
		break;
	}
	memcpy(p, &v, sizeof(v));
}

size_t fuzz_mutate_records(uint8_t *data, size_t size, size_t max,
			   unsigned int seed)
{
	size_t at[RECORDS + 1], n = find(data, size, at), i, len, to;
	uint8_t *copy;

	srand(seed);
	if (!n || !(rand() % 8))
		return fuzz_mutate(data, size, max);
	i = rand() % n;
	len = at[i + 1] - at[i];
	switch (rand() % 6) {
	case 0:		/* not told */
		memmove(data + at[i], data + at[i + 1], size - at[i + 1]);
		return size - len;
	case 1:		/* told twice */
	case 2:		/* told elsewhere */
		if (size + len > max)
			break;
		copy = malloc(len);
		if (!copy)
			break;
		memcpy(copy, data + at[i], len);
		to = at[rand() % (n + 1)];
		memmove(data + to + len, data + to, size - to);
		memcpy(data + to, copy, len);
		free(copy);
		return size + len;
	case 3:		/* the bytes behind the head */
		len -= sizeof(struct hone_rec);
		if (len)
			fuzz_mutate(data + at[i] + sizeof(struct hone_rec), len,
				    len);
		return size;
	}
	for (i = 1 + rand() % 4; i; i--)
		change_word(data, at, n);
	return size;
}
