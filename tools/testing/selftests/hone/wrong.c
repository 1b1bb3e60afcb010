// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is wrong and is written to a file of Hone's: it is refused, the status
 * says why, and all is as it was. Each control has its lines in the tables.
 */
#define _GNU_SOURCE
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../kselftest_harness.h"

#define SYSFS	"/sys/kernel/hone/"

struct wrong {
	const char *text;
	int err;
	const char *why;
};

/* Before the start. A %c is a byte many times over. */
static const struct wrong commands[] = {
	{ "bogus", EINVAL, "bogus: no such command" },
	{ "bogus 1", EINVAL, "bogus: no such setting" },
	{ "SNAPLEN 96", EINVAL, "no such setting" },
	{ "snaplen\t", EINVAL, "snaplen: not a number" },
	{ "snaplen", EINVAL, "snaplen: not a number" },
	{ "snaplen -1", EINVAL, "snaplen: not a number" },
	{ "snaplen 1 2", EINVAL, "snaplen: not a number" },
	{ "snaplen 0x", EINVAL, "snaplen: not a number" },
	{ "snaplen 262145", EINVAL, "262145 is not in 0..262144" },
	{ "snaplen 4294967296", EINVAL, "snaplen: not a number" },
	{ "snaplen %9", EINVAL, "snaplen: not a number" },
	{ "subbuf_size", EINVAL, "subbuf_size: not a number" },
	{ "subbuf_size x", EINVAL, "subbuf_size: not a number" },
	{ "subbuf_size -32", EINVAL, "subbuf_size: not a number" },
	{ "subbuf_size 31", EINVAL, "31 is not in 32..16384" },
	{ "subbuf_size 33", EINVAL, "33 kB are not whole pages" },
	{ "subbuf_size 16385", EINVAL, "16385 is not in" },
	{ "subbufs", EINVAL, "subbufs: not a number" },
	{ "subbufs four", EINVAL, "subbufs: not a number" },
	{ "subbufs -4", EINVAL, "subbufs: not a number" },
	{ "subbufs 3", EINVAL, "3 is not in 4..1024" },
	{ "subbufs 1025", EINVAL, "1025 is not in" },
	{ "subbufs 1024\nsubbuf_size 16384", EINVAL, "are too much" },
	{ "subbufs 200\nsubbuf_size 16384\nstart", ENOMEM, "start: buffers of all" },
	{ "filter", EINVAL, "filter" },
	{ "filter -1,6 0 0 0", EINVAL, "is no number of instructions" },
	{ "filter 0", EINVAL, "is no number of instructions" },
	{ "filter 4097,6 0 0 0", EINVAL, "is no number of instructions" },
	{ "filter 2,6 0 0 0", EINVAL, "instruction 1 of 2" },
	{ "filter 1,6 0 0", EINVAL, "instruction 0 of 1" },
	{ "filter 1,65536 0 0 0", EINVAL, "instruction 0 of 1" },
	{ "filter 1,6 256 0 0", EINVAL, "instruction 0 of 1" },
	{ "filter 1,6 0 0 x", EINVAL, "instruction 0 of 1" },
	{ "filter 1,6 0 0 0,6 0 0 0", EINVAL, "more than the 1" },
	/* No return; a jump out of it; a division by nothing; no such code. */
	{ "filter 1,0 0 0 0", EINVAL, "refuses the program" },
	{ "filter 2,21 9 9 0,6 0 0 0", EINVAL, "refuses the program" },
	{ "filter 2,52 0 0 0,6 0 0 0", EINVAL, "refuses the program" },
	{ "filter 1,65535 0 0 0", EINVAL, "refuses the program" },
	{ "filter 1,6 0 0 1\nfilter 1,6 0 0 1", EINVAL, "there is one already" },
	{ "direction", EINVAL, "direction" },
	{ "direction up", EINVAL, "none of in, out, both" },
	{ "direction in,out", EINVAL, "none of in, out, both" },
	{ "direction %i", EINVAL, "none of in, out, both" },
	{ "hook", EINVAL, "hook" },
	{ "hook 1", EINVAL, "neither first nor last" },
	{ "netns", EINVAL, "netns" },
	{ "netns 0", EINVAL, "netns: not a number" },
	{ "netns -1", EINVAL, "netns: not a number" },
	{ "netns /proc/self/ns/net", EINVAL, "netns: not a number" },
	{ "netns 4294967296", EINVAL, "netns: not a number" },
	{ "pid", EINVAL, "pid: needs a value" },
	{ "pid 0", EINVAL, "pid: 0 is not in" },
	{ "pid -1", EINVAL, "pid: not a number" },
	{ "pid self", EINVAL, "pid: not a number" },
	{ "pid 4194305", EINVAL, "is not in 1..4194304" },
	{ "uid", EINVAL, "uid: needs a value" },
	{ "uid -1", EINVAL, "uid: not a number" },
	{ "uid root", EINVAL, "uid: not a number" },
	{ "uid 4294967295", EINVAL, "is not in" },
	{ "gid", EINVAL, "gid: needs a value" },
	{ "gid -1", EINVAL, "gid: not a number" },
	{ "gid wheel", EINVAL, "gid: not a number" },
	{ "gid 4294967295", EINVAL, "is not in" },
	{ "comm", EINVAL, "comm: needs a value" },
	{ "comm sixteen-letters-", EINVAL, "has not 1 to 15 bytes" },
	{ "comm a\\000b", EINVAL, "a NUL byte" },
	{ "exe", EINVAL, "exe: needs a value" },
	{ "exe bin/sh", EINVAL, "is no absolute path" },
	{ "exe //bin/sh", EINVAL, "is no absolute path" },
	{ "exe /no/such/program", ENOENT, "is not there" },
	{ "exe /proc/self/exe/x", ENOTDIR, "is not there" },
	{ "exe /", EINVAL, "has not 2 to" },
	{ "exe /proc", EINVAL, "is no regular file" },
	{ "exe /dev/null", EINVAL, "is no regular file" },
	{ "exe /%a", EINVAL, "has not 2 to 4095 bytes" },
	{ "cgroup", EINVAL, "cgroup: needs a value" },
	{ "cgroup a", EINVAL, "is no absolute path" },
	{ "cgroup /a//b", EINVAL, "is no absolute path" },
	{ "cgroup /%a", EINVAL, "has not 1 to 4095 bytes" },
	{ "follow_forks 1", EINVAL, "takes no value" },
	{ "socket", EINVAL, "socket" },
	{ "socket 0", EINVAL, "socket: not a number" },
	{ "socket -1", EINVAL, "socket: not a number" },
	{ "socket 18446744073709551616", EINVAL, "socket: not a number" },
	{ "exclude_tgid", EINVAL, "exclude_tgid" },
	{ "exclude_tgid 0", EINVAL, "exclude_tgid: not a number" },
	{ "exclude_tgid -2", EINVAL, "exclude_tgid: not a number" },
	{ "exclude_socket", EINVAL, "exclude_socket" },
	{ "exclude_socket x", EINVAL, "exclude_socket: not a number" },
	{ "exclude_socket -1", EBADF, "is no socket" },
	{ "exclude_socket 999999", EBADF, "is no socket" },
	{ "exclude_socket 2147483648", EINVAL, "exclude_socket: not a number" },
	{ "records", EINVAL, "records" },
	{ "records packets", EINVAL, "none of all, process" },
	{ "records process,,socket", EINVAL, "none of all, process" },
	{ "records %p", EINVAL, "none of all, process" },
	{ "interval", EINVAL, "interval: not a number" },
	{ "interval 0", EINVAL, "0 is not in 1..86400" },
	{ "interval -5", EINVAL, "interval: not a number" },
	{ "interval 86401", EINVAL, "86401 is not in" },
	{ "counts", EINVAL, "counts: not a number" },
	{ "counts 0", EINVAL, "0 is not in 1..262144" },
	{ "counts -1", EINVAL, "counts: not a number" },
	{ "counts 262145", EINVAL, "262145 is not in" },
	{ "datagrams", EINVAL, "datagrams" },
	{ "datagrams none", EINVAL, "neither all nor change" },
	{ "sockets", EINVAL, "sockets" },
	{ "sockets life,all", EINVAL, "neither all nor life" },
	{ "mode", EINVAL, "mode" },
	{ "mode ring", EINVAL, "neither drop nor overwrite" },
	{ "start now", EINVAL, "start: no such setting" },
	{ "stop now", EINVAL, "stop: no such setting" },
	{ "stop", EINVAL, "stop: the session is not running" },
	{ "restart", EINVAL, "restart: the session is not running" },
	{ "freeze", EINVAL, "freeze: the session is not running" },
	{ "thaw", EINVAL, "thaw: the session is not frozen" },
	{ "start\nstart", EBUSY, "start: the session has started" },
	/* One bad line, and none of them counts. */
	{ "snaplen 96\nmode overwrite\npid 1\ndirection in\nbogus", EINVAL, "bogus" },
	{ "%x", EINVAL, "no such command" },
};

/* While it runs: what was settled at the start. */
static const struct wrong running[] = {
	{ "snaplen 96", EBUSY, "snaplen: the session has started" },
	{ "snaplen x", EINVAL, "snaplen: not a number" },
	{ "subbuf_size 64", EBUSY, "subbuf_size: the session has started" },
	{ "subbufs 8", EBUSY, "subbufs: the session has started" },
	{ "interval 5", EBUSY, "interval: the session has started" },
	{ "counts 5", EBUSY, "counts: the session has started" },
	{ "filter 1,6 0 0 0", EBUSY, "filter: the session has started" },
	{ "direction in", EBUSY, "direction: the session has started" },
	{ "hook first", EBUSY, "hook: the session has started" },
	{ "netns 1", EBUSY, "netns: the session has started" },
	{ "pid 1", EBUSY, "pid: the session has started" },
	{ "uid 1", EBUSY, "uid: the session has started" },
	{ "gid 1", EBUSY, "gid: the session has started" },
	{ "comm a", EBUSY, "comm: the session has started" },
	{ "exe /proc/self/exe", EBUSY, "exe: the session has started" },
	{ "cgroup /", EBUSY, "cgroup: the session has started" },
	{ "follow_forks", EBUSY, "follow_forks: the session has started" },
	{ "socket 1", EBUSY, "socket: the session has started" },
	{ "exclude_tgid 1", EBUSY, "exclude_tgid: the session has started" },
	{ "records all", EBUSY, "records: the session has started" },
	{ "datagrams all", EBUSY, "datagrams: the session has started" },
	{ "sockets life", EBUSY, "sockets: the session has started" },
	{ "mode overwrite", EBUSY, "mode: the session has started" },
	{ "start", EBUSY, "start: the session has started" },
	{ "thaw", EINVAL, "thaw: the session is not frozen" },
	{ "freeze 1", EINVAL, "freeze: no such setting" },
	{ "restart 1", EINVAL, "restart: no such setting" },
	{ "restart\nbogus", EINVAL, "bogus" },
	{ "stop\nbogus", EINVAL, "bogus" },
};

static const struct wrong settings[] = {
	{ "snaplen", EINVAL, "x" },
	{ "snaplen", EINVAL, "-1" },
	{ "snaplen", EINVAL, "1 2" },
	{ "snaplen", ERANGE, "262145" },
	{ "snaplen", ERANGE, "4294967296" },
	{ "snaplen", ERANGE, "%9" },
	{ "subbuf_size", EINVAL, "64k" },
	{ "subbuf_size", EINVAL, "33" },
	{ "subbuf_size", ERANGE, "31" },
	{ "subbuf_size", ERANGE, "16385" },
	{ "subbuf_size", EINVAL, "-32" },
	{ "subbufs", ERANGE, "3" },
	{ "subbufs", ERANGE, "1025" },
	{ "subbufs", EINVAL, "-4" },
	{ "subbufs", EINVAL, "0x" },
	{ "host_id", EINVAL, "0123" },
	{ "host_id", EINVAL, "01234567-89ab-cdef-0123-456789abcdeg" },
	{ "host_id", EINVAL, "%f" },
	{ "comment", E2BIG, "%c" },
	{ "comment", EINVAL, "a\\x07b" },
	{ "comment", EINVAL, "a\\000b" },
	{ "comment", EINVAL, "a\nb" },
	{ "boot", EINVAL, "on" },
	{ "boot", EINVAL, "0" },
	{ "boot", EINVAL, "%o" },
	/* Those that can only be read */
	{ "version", EIO, "1.0" },
	{ "features", EIO, "packet" },
	{ "sessions", EIO, "0" },
	{ "totals", EIO, "0" },
};

#define MANY	5000

/* With MANY times the byte behind a %. */
static void spell(char *to, size_t size, const char *text)
{
	const char *mark = strchr(text, '%');
	char many[MANY + 1] = "";

	if (!mark) {
		snprintf(to, size, "%s", text);
		return;
	}
	memset(many, mark[1], MANY);
	snprintf(to, size, "%.*s%s", (int)(mark - text), text, many);
}

/* The status; what it says of an error goes into @error. */
static void look(const struct stream *s, char *status, size_t size, char *error)
{
	ssize_t len = pread(s->control, status, size - 1, 0);
	char *line, *end;

	status[len > 0 ? len : 0] = 0;
	error[0] = 0;
	line = strstr(status, "\nerror: ");
	if (!line)
		return;
	end = strchr(++line, '\n');
	snprintf(error, 256, "%.*s", (int)(end - line), line);
	memmove(line, end + 1, strlen(end + 1) + 1);
}

static int refused(struct stream *s, const struct wrong *w)
{
	char before[4096], after[4096], error[256], text[2 * MANY];
	int err;

	spell(text, sizeof(text), w->text);
	look(s, before, sizeof(before), error);
	err = -stream_command(s, text);
	look(s, after, sizeof(after), error);
	if (err == w->err && strstr(error, w->why) && !strcmp(before, after))
		return 0;
	printf("# '%s': errno %d, '%s'; the status is %s\n", w->text, err,
	       error, strcmp(before, after) ? "another" : "as before");
	return 1;
}

FIXTURE(wrong)
{
	struct stream s;
};

FIXTURE_SETUP(wrong)
{
	memset(&self->s, 0, sizeof(self->s));
	self->s.control = open(HONE_DIR "/control", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->s.control);
}

FIXTURE_TEARDOWN(wrong)
{
	close(self->s.control);
}

TEST_F(wrong, command)
{
	size_t i;
	int bad = 0;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		bad += refused(&self->s, &commands[i]);
	EXPECT_EQ(0, bad);
	/* It is as good as new. */
	EXPECT_EQ(0, stream_command(&self->s, "snaplen 96\nstart\n"));
}

TEST_F(wrong, while_running)
{
	size_t i;
	int bad = 0;

	ASSERT_EQ(0, stream_command(&self->s, "snaplen 96\nstart\n"));
	for (i = 0; i < ARRAY_SIZE(running); i++)
		bad += refused(&self->s, &running[i]);
	EXPECT_EQ(0, bad);
	EXPECT_EQ(0, stream_command(&self->s, "restart\nstop\n"));
	/* And when it has ended. */
	bad += refused(&self->s, &(struct wrong){ "start", EBUSY, "start: " });
	bad += refused(&self->s, &(struct wrong){ "stop", EINVAL, "stop: " });
	bad += refused(&self->s, &(struct wrong){ "snaplen 1", EBUSY, "has started" });
	EXPECT_EQ(0, bad);
}

/* What no text can be: bytes, lengths and addresses. */
TEST_F(wrong, write)
{
	static char much[256 * 1024];
	char status[4096], error[256];

	EXPECT_EQ(-1, write(self->s.control, "snaplen 96\0", 11));
	EXPECT_EQ(EINVAL, errno);
	look(&self->s, status, sizeof(status), error);
	EXPECT_NE(NULL, strstr(error, "NUL byte"));
	memset(much, '\n', sizeof(much));
	memcpy(much, "snaplen 96", 10);
	EXPECT_EQ(-1, write(self->s.control, much, sizeof(much)));
	EXPECT_EQ(E2BIG, errno);
	look(&self->s, status, sizeof(status), error);
	EXPECT_NE(NULL, strstr(error, "bytes or more"));
	EXPECT_EQ(-1, write(self->s.control, (void *)8, 4));
	EXPECT_EQ(EFAULT, errno);
	look(&self->s, status, sizeof(status), error);
	EXPECT_EQ(NULL, strstr(status, "snaplen: 96\n"));
	EXPECT_NE(NULL, strstr(status, "state: new\n"));
	/* Nothing is nothing. */
	EXPECT_EQ(0, write(self->s.control, "", 0));
	EXPECT_EQ(2, write(self->s.control, "\n\n", 2));
}

/* Files that are read alone; the privileged may open them all the same. */
TEST_F(wrong, files_to_read)
{
	static const char *const names[] = {
		"events0", "snapshot", "stats", "/proc/net/hone",
	};
	char path[128], status[4096], error[256];
	unsigned int i;
	int fd, nr;

	ASSERT_EQ(0, stream_command(&self->s, "start\n"));
	look(&self->s, status, sizeof(status), error);
	ASSERT_EQ(0, strncmp(status, "session: ", 9));
	nr = atoi(status + strlen("session: "));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), HONE_DIR "/s%d/%s", nr, names[i]);
		fd = open(*names[i] == '/' ? names[i] : path, O_RDWR);
		if (fd < 0)
			continue;
		EXPECT_EQ(-1, write(fd, "x", 1));
		EXPECT_TRUE(errno == EINVAL || errno == EIO);
		/* Where a stream cannot go. */
		if (i < 2)
			EXPECT_EQ(-1, lseek(fd, -1, SEEK_SET));
		close(fd);
	}
}

static int setting_refused(const struct wrong *w)
{
	char path[64], before[4096], after[4096], text[2 * MANY];
	int fd, err = 0;
	ssize_t len;

	spell(text, sizeof(text), w->why);
	snprintf(path, sizeof(path), SYSFS "%s", w->text);
	fd = open(path, O_RDWR);
	if (fd < 0)
		fd = open(path, O_RDONLY);
	len = pread(fd, before, sizeof(before), 0);
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	/* One that cannot be opened for it is not written either. */
	if (err == EBADF)
		err = w->err;
	if (pread(fd, after, sizeof(after), 0) == len &&
	    (!strcmp(w->text, "totals") || !memcmp(before, after, len)) &&
	    err == w->err) {
		close(fd);
		return 0;
	}
	close(fd);
	printf("# %s: '%s': errno %d\n", w->text, w->why, err);
	return 1;
}

TEST(sysfs)
{
	size_t i;
	int bad = 0;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		bad += setting_refused(&settings[i]);
	EXPECT_EQ(0, bad);
}

TEST_HARNESS_MAIN
