// SPDX-License-Identifier: GPL-2.0-only
/* Input: a recorded file or pipe, and the bytes of it that are read ahead. */
#include "input.h"
#include "msg.h"
#include "sink.h"
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK	(256 * 1024)

bool input_open(struct input *in, const char *path)
{
	struct stat st;

	memset(in, 0, sizeof(*in));
	in->fd = STDIN_FILENO;
	in->name = path;
	if (strcmp(path, "-"))
		in->fd = open(path, O_RDONLY | O_CLOEXEC);
	else
		in->name = "standard input";
	if (in->fd < 0 || fstat(in->fd, &st)) {
		msg_errno("opening: %s", path);
		return false;
	}
	in->regular = S_ISREG(st.st_mode);
	output_spare(in->fd, "an input");
	return true;
}

bool input_fill(struct input *in, size_t len)
{
	ssize_t n;

	while (bytes_len(&in->bytes) < len && !in->end) {
		if (!in->regular && !sink_flush())
			return false;
		bytes_reserve(&in->bytes, CHUNK);
		n = read(in->fd, in->bytes.data + in->bytes.tail, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			msg_errno("reading: %s", in->name);
			return false;
		}
		in->end = !n;
		in->bytes.tail += n;
	}
	return true;
}

enum input_kind input_kind(const struct input *in)
{
	static const __u8 section[4] = { 0x0a, 0x0d, 0x0d, 0x0a };

	if (bytes_len(&in->bytes) < sizeof(section))
		return INPUT_UNKNOWN;
	if (!memcmp(input_data(in), section, sizeof(section)))
		return INPUT_PCAPNG;
	return INPUT_RAW;
}

void input_drop(struct input *in, size_t len)
{
	in->bytes.head += len;
	in->offset += len;
	if (in->bytes.head == in->bytes.tail) {
		in->bytes.head = 0;
		in->bytes.tail = 0;
	}
}

void input_close(struct input *in)
{
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	in->fd = -1;
	bytes_free(&in->bytes);
}
