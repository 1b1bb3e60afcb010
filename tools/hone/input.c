// SPDX-License-Identifier: GPL-2.0-only
/* Input: a recorded file or pipe, and the bytes of it that are read ahead. */
#include "input.h"
#include "end.h"
#include "msg.h"
#include "resolve.h"
#include "sink.h"
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
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

/* Not ignored: a command that is run were to ignore it, too. */
static void on_other(int sig)
{
	(void)sig;
}

void input_catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_other, .sa_flags = SA_RESTART };

	end_catch(SIGINT);
	end_catch(SIGTERM);
	end_catch(SIGHUP);
	/* These are for captures: to tell, and to write what is kept. */
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR2, &sa, NULL);
}

bool input_cut(void)
{
	return end_told();
}

/* Until there is something, or a signal, which does not come in between. */
static void wait_for_pipe(const struct input *in)
{
	struct pollfd p = { .fd = in->fd, .events = POLLIN };
	sigset_t ends, before;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, &before);
	if (!end_told())
		ppoll(&p, 1, NULL, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

bool input_wait(struct input *in)
{
	if (!in->regular)
		wait_for_pipe(in);
	else if (end_told() && !in->spooled)
		resolve_stop();
	return !end_told() || in->spooled;
}

bool input_fill(struct input *in, size_t len)
{
	ssize_t n;

	while (bytes_len(&in->bytes) < len && !in->end) {
		if (!in->regular && !sink_flush())
			return false;
		bytes_reserve(&in->bytes, CHUNK);
		n = 0;
		if (input_wait(in))
			n = read(in->fd, in->bytes.data + in->bytes.tail,
				 CHUNK);
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

const char *input_foreign(const struct input *in)
{
	static const char pcap[] =
		"a pcap file, not PCAP-NG (editcap -F pcapng IN OUT converts it)";
	static const struct {
		const char *magic;
		const char *what;
	} known[] = {
		{ "\x1f\x8b", "a gzip file, to be unpacked first" },
		{ "\x28\xb5\x2f\xfd", "a zstd file, to be unpacked first" },
		{ "\xa1\xb2\xc3\xd4", pcap },
		{ "\xd4\xc3\xb2\xa1", pcap },
		{ "\xa1\xb2\x3c\x4d", pcap },
		{ "\x4d\x3c\xb2\xa1", pcap },
	};
	size_t i, len;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		len = strlen(known[i].magic);
		if (bytes_len(&in->bytes) >= len &&
		    !memcmp(input_data(in), known[i].magic, len))
			return known[i].what;
	}
	return NULL;
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
