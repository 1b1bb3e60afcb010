// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzing: a command line, a word a line, with a stream to be read and filtered
 * by it. What is behind an empty line is what files have that it names.
 */
#include "wrap.h"

#define WORDS	64

int fuzz_one(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *argv[WORDS + 4], *line, *next, *end;
	int argc = 0, status;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	end = text + size;
	argv[argc++] = (char *)"fuzz";
	argv[argc++] = (char *)"-r";
	argv[argc++] = (char *)"in";
	for (line = text; line < end && *line != '\n' && argc < WORDS;
	     line = next) {
		next = memchr(line, '\n', end - line);
		if (!next)
			next = end;
		*next++ = 0;
		argv[argc++] = line;
	}
	argv[argc] = NULL;
	if (line + 1 < end && *line == '\n')
		line++;
	if (line < end) {
		fuzz_file("file", line, end - line);
		fuzz_file("/etc/machine-id", line, end - line);
		fuzz_file("/sys/kernel/hone/host_id", line, end - line);
		fuzz_file("/sys/kernel/hone/comment", line, end - line);
	}
	fuzz_file("in", fuzz_stream, fuzz_stream_len);
	status = fuzz_run(argc, argv);
	/* Anything but a session, which needs the kernel. */
	fuzz_check(status >= 0 && status <= 4 && status != 3);
	free(text);
	return 0;
}
