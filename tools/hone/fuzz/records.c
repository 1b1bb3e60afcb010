// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzing: a stream of records, read, merged, attributed, and written by all
 * outputs. Inputs are changed as bytes, and as records that are told twice, in
 * another order, or with another value.
 */
#include "wrap.h"

#include <linux/hone.h>

int fuzz_one(const uint8_t *data, size_t size)
{
	return fuzz_outputs(data, size);
}

static void find(const uint8_t *data, size_t size, struct fuzz_pieces *p)
{
	struct hone_rec rec;
	size_t at = 0;

	for (p->n = 0; p->n < FUZZ_PIECES && size - at >= sizeof(rec); p->n++) {
		p->at[p->n] = at;
		memcpy(&rec, data + at, sizeof(rec));
		if (rec.len < sizeof(rec) || rec.len > size - at)
			break;
		at += rec.len;
	}
	p->at[p->n] = at;
}

/* One word of a record is another, small number, or that of another one. */
static void change_word(uint8_t *data, const struct fuzz_pieces *p)
{
	size_t i = rand() % p->n, j = rand() % p->n;
	size_t words_i = (p->at[i + 1] - p->at[i]) / 4, word = rand() % words_i;
	uint8_t *to = data + p->at[i] + word * 4;
	uint32_t v;

	memcpy(&v, to, sizeof(v));
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
		if (word * 4 + 4 <= p->at[j + 1] - p->at[j])
			memcpy(&v, data + p->at[j] + word * 4, sizeof(v));
		break;
	}
	memcpy(to, &v, sizeof(v));
}

size_t fuzz_mutate_records(uint8_t *data, size_t size, size_t max,
			   unsigned int seed)
{
	struct fuzz_pieces p;
	size_t i, len;

	srand(seed);
	find(data, size, &p);
	if (!p.n || !(rand() % 8))
		return fuzz_mutate(data, size, max);
	i = rand() % p.n;
	switch (rand() % 6) {
	case 0:		/* not told */
		return fuzz_leave_out(data, size, &p, i);
	case 1:		/* told twice */
	case 2:		/* told elsewhere */
		return fuzz_repeat(data, size, max, &p, i);
	case 3:		/* the bytes behind the head */
		len = p.at[i + 1] - p.at[i] - sizeof(struct hone_rec);
		if (len)
			fuzz_mutate(data + p.at[i] + sizeof(struct hone_rec),
				    len, len);
		return size;
	}
	for (i = 1 + rand() % 4; i; i--)
		change_word(data, &p);
	return size;
}
