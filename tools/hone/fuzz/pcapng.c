// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzing: a PCAP-NG file, of the reader or of another program, read back and
 * written by all outputs. Inputs are changed as bytes, and as blocks that come
 * twice, in another order, or not at all.
 */
#include "wrap.h"

int fuzz_one(const uint8_t *data, size_t size)
{
	return fuzz_outputs(data, size);
}

static void find(const uint8_t *data, size_t size, struct fuzz_pieces *p)
{
	size_t at = 0;
	uint32_t len;

	for (p->n = 0; p->n < FUZZ_PIECES && size - at >= 12; p->n++) {
		p->at[p->n] = at;
		memcpy(&len, data + at + 4, sizeof(len));
		if (len < 12 || len % 4 || len > size - at)
			break;
		at += len;
	}
	p->at[p->n] = at;
}

size_t fuzz_mutate_blocks(uint8_t *data, size_t size, size_t max,
			  unsigned int seed)
{
	struct fuzz_pieces p;
	size_t i, len;

	srand(seed);
	find(data, size, &p);
	if (!p.n || !(rand() % 4))
		return fuzz_mutate(data, size, max);
	i = rand() % p.n;
	switch (rand() % 4) {
	case 0:		/* not at all */
		return fuzz_leave_out(data, size, &p, i);
	case 1:		/* twice, here or elsewhere */
		return fuzz_repeat(data, size, max, &p, i);
	}
	/* What is between its lengths. */
	len = p.at[i + 1] - p.at[i] - 12;
	if (len)
		fuzz_mutate(data + p.at[i] + 8, len, len);
	return size;
}
