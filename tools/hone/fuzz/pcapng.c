// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzing: a PCAP-NG file, of the reader or of another program, read back and
 * written by all outputs. Inputs are changed as bytes, and as blocks that come
 * twice, in another order, or not at all.
 */
#include "wrap.h"

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

#define BLOCKS	256

/* Where blocks begin, and where the last one ends. */
static size_t find(const uint8_t *data, size_t size, size_t *at)
{
	uint32_t len;
	size_t n = 0;

	for (at[0] = 0; n < BLOCKS && size - at[n] >= 12; n++) {
		memcpy(&len, data + at[n] + 4, sizeof(len));
		if (len < 12 || len % 4 || len > size - at[n])
			break;
		at[n + 1] = at[n] + len;
	}
	return n;
}

size_t fuzz_mutate_blocks(uint8_t *data, size_t size, size_t max,
			  unsigned int seed)
{
	size_t at[BLOCKS + 1], n = find(data, size, at), i, len, to;
	uint8_t *copy;

	srand(seed);
	if (!n || !(rand() % 4))
		return fuzz_mutate(data, size, max);
	i = rand() % n;
	len = at[i + 1] - at[i];
	switch (rand() % 4) {
	case 0:		/* not at all */
		memmove(data + at[i], data + at[i + 1], size - at[i + 1]);
		return size - len;
	case 1:		/* twice, here or elsewhere */
		copy = size + len > max ? NULL : malloc(len);
		if (!copy)
			break;
		memcpy(copy, data + at[i], len);
		to = at[rand() % (n + 1)];
		memmove(data + to + len, data + to, size - to);
		memcpy(data + to, copy, len);
		free(copy);
		return size + len;
	}
	/* What is between its lengths. */
	if (len > 12)
		fuzz_mutate(data + at[i] + 8, len - 12, len - 12);
	return size;
}
