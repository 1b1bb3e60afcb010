// SPDX-License-Identifier: GPL-2.0-only
/* Control: the file that is a session, its directory and its counters. */
#include "control.h"
#include "ask.h"
#include "msg.h"
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/hone_ring.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#define DEBUGFS_MAGIC	0x64626720

static int control = -1;
static bool writable;
static char *control_path, *dir;
static int dir_fd = -1;		/* a broker's gift */
static char list[32];		/* that, by its name in /proc */

static char *path_in(const char *parent, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", parent, name) >= 0)
		return path;
	msg("allocating memory: a path: %s", strerror(ENOMEM));
	exit(EXIT_TROUBLE);
}

/* The directory that debugfs would be on. */
static bool debugfs_mounted(void)
{
	char *parent = xstrdup(options.debugfs);
	struct statfs fs;
	bool mounted;

	if (strrchr(parent, '/'))
		*strrchr(parent, '/') = 0;
	mounted = !statfs(parent, &fs) && fs.f_type == DEBUGFS_MAGIC;
	free(parent);
	return mounted;
}

static void explain(int err)
{
	switch (err) {
	case EACCES:
	case EPERM:
		if (geteuid() && asking())
			msg("%s has no capabilities: see WHO MAY CAPTURE in hone(7)",
			    options.broker);
		else if (geteuid() && !access(options.broker, F_OK))
			msg("only root can capture, and who may run %s",
			    options.broker);
		else if (geteuid())
			msg("only root (CAP_SYS_ADMIN) can capture");
		else
			msg("CAP_SYS_ADMIN is missing, or the kernel is locked down");
		break;
	case EPIPE:
	case ECONNRESET:
		msg("the broker has ended: %s", options.broker);
		break;
	case EBUSY:
		msg("there are too many captures already");
		break;
	case ENODEV:
		msg("what was captured from boot was taken over or ended");
		break;
	case ENOENT:
	case ENOTDIR:
		if (debugfs_mounted() && options.boot)
			msg("nothing is captured from boot (hone.boot=on)");
		else if (debugfs_mounted())
			msg("this kernel has no Hone (CONFIG_HONE)");
		else if (options.debugfs_given)
			msg("--debugfs: %s: is not a directory of Hone's",
			    options.debugfs);
		else
			msg("debugfs is not there: mount -t debugfs none /sys/kernel/debug");
		break;
	}
}

/* As who runs this; false with an errno. */
static bool open_self(void)
{
	/* Commands are appended; the status is read from the beginning. */
	control = open(control_path, O_RDWR | O_APPEND | O_CLOEXEC);
	writable = control >= 0;
	/* A kernel that is locked down lets a file be read that only can be. */
	if (!writable && (errno == EPERM || errno == EACCES))
		control = open(control_path, O_RDONLY | O_CLOEXEC);
	return control >= 0;
}

/* A broker's gift. */
static void take_dir(int fd)
{
	dir_fd = fd;
	snprintf(list, sizeof(list), "/proc/self/fd/%d", fd);
}

/* By a broker, if there is one or may be one; false with an errno. */
static bool open_asking(const char *file)
{
	int fds[2], err = errno;

	/* A helper is of use to those who may not do it themselves. */
	if (!asking() && ((err != EPERM && err != EACCES) || !geteuid() ||
			  !ask_helper())) {
		errno = err;
		return false;
	}
	if (strcmp(file, "boot"))
		err = ask(BROKER_CONTROL, 0, fds, 1, &writable);
	else
		err = ask(BROKER_BOOT, 0, fds, 2, &writable);
	if (err) {
		errno = -err;
		return false;
	}
	control = fds[0];
	if (!strcmp(file, "boot"))
		take_dir(fds[1]);
	return true;
}

int control_open(const char *file)
{
	const char *name;

	control_path = path_in(options.debugfs, file);
	if ((asking() || !open_self()) && !open_asking(file)) {
		int err = errno;

		msg_errno("opening a session: %s", control_path);
		explain(err);
		return EXIT_KERNEL;
	}
	name = control_status("dir");
	if (!name || !*name || strchr(name, '/')) {
		msg("opening a session: %s: it does not name its directory",
		    control_path);
		return EXIT_KERNEL;
	}
	dir = path_in(options.debugfs, name);
	return EXIT_OK;
}

/* The name of a CPU's file: @kind and a number. */
static bool is_cpu(const char *name, const char *kind, __u32 *cpu)
{
	size_t len = strlen(kind);
	unsigned long n;
	char *end;

	if (strncmp(name, kind, len) || name[len] < '0' || name[len] > '9')
		return false;
	n = strtoul(name + len, &end, 10);
	*cpu = n;
	return !*end && n < BROKER_CPUS;
}

int control_file(const char *name)
{
	__u32 cpu = 0;
	int fd, err;

	if (!asking()) {
		char *path = path_in(dir, name);

		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		err = errno;
		free(path);
		errno = err;
		return fd;
	}
	if (!strcmp(name, "snapshot"))
		err = ask(BROKER_SNAPSHOT, 0, &fd, 1, NULL);
	else if (!strcmp(name, "stats"))
		err = ask(BROKER_STATS, 0, &fd, 1, NULL);
	else if (is_cpu(name, "events", &cpu))
		err = ask(BROKER_EVENTS, cpu, &fd, 1, NULL);
	else if (is_cpu(name, "identity", &cpu))
		err = ask(BROKER_IDENTITY, cpu, &fd, 1, NULL);
	else
		err = -ENOENT;
	errno = -err;
	return err ? -1 : fd;
}

int control_ring(const char *name, size_t *size)
{
	struct hone_ring ring = { 0 };
	int fd;

	if (is_cpu(name, "events", &ring.cpu)) {
		ring.of = HONE_RING_EVENTS;
	} else if (is_cpu(name, "identity", &ring.cpu)) {
		ring.of = HONE_RING_IDENTITY;
	} else {
		errno = ENOENT;
		return -1;
	}
	fd = ioctl(control, HONE_IOC_RING, &ring);
	if (fd >= 0)
		*size = ring.size;
	return fd;
}

bool control_writable(void)
{
	return writable;
}

const char *control_dir(void)
{
	return dir;
}

const char *control_list(void)
{
	return dir_fd < 0 ? dir : list;
}

const char *control_status(const char *key)
{
	static char text[4096];
	char *line, *save = NULL;
	size_t len = strlen(key);
	ssize_t n;

	n = pread(control, text, sizeof(text) - 1, 0);
	if (n < 0)
		return NULL;
	text[n] = 0;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, key, len) && !strncmp(line + len, ": ", 2))
			return line + len + 2;
	return NULL;
}

bool control_feature(const char *word)
{
	static char words[1024];
	const char *at = words;
	size_t len = strlen(word);
	FILE *f;

	if (!*words) {
		f = fopen("/sys/kernel/hone/features", "re");
		if (!f || !fgets(words, sizeof(words), f))
			words[0] = ' ';
		if (f)
			fclose(f);
	}
	while ((at = strstr(at, word))) {
		if ((at == words || at[-1] == ' ') &&
		    (at[len] == ' ' || at[len] == '\n'))
			return true;
		at += len;
	}
	return false;
}

bool control_command(const char *fmt, ...)
{
	const char *why;
	char *command;
	va_list args;
	ssize_t n;
	int len;

	va_start(args, fmt);
	len = vasprintf(&command, fmt, args);
	va_end(args);
	if (len < 0) {
		msg("allocating memory: a command: %s", strerror(ENOMEM));
		exit(EXIT_TROUBLE);
	}
	command = xrealloc(command, len + 2);
	command[len] = '\n';
	n = write(control, command, len + 1);
	if (n == len + 1) {
		free(command);
		return true;
	}
	command[len] = 0;
	if (n >= 0)
		errno = EIO;
	msg_errno("commanding \"%.60s\": %s", command, control_path);
	why = control_status("error");
	if (why)
		msg("the kernel says: %s", why);
	free(command);
	return false;
}

bool control_start(void)
{
	const char *why;
	int err, fd;

	if (!asking())
		return control_command("start");
	err = ask(BROKER_START, 0, &fd, 1, NULL);
	if (!err) {
		take_dir(fd);
		return true;
	}
	errno = -err;
	msg_errno("commanding \"start\": %s", control_path);
	why = control_status("error");
	if (why)
		msg("the kernel says: %s", why);
	return false;
}

/* Columns are found by their names, so that more may come. */
static void parse_stats(char *text, struct account *kinds)
{
	static const char *const names[] = {
		"process", "socket", "actor", "packet",
	};
	int cpu = -1, kind = -1, seen = -1, filtered = -1, lost = -1;
	int overwritten = -1, n, k;
	char *line, *word, *save_line = NULL, *save, *field[32];
	bool head = true;

	for (line = strtok_r(text, "\n", &save_line); line;
	     line = strtok_r(NULL, "\n", &save_line)) {
		n = 0;
		for (word = strtok_r(line, " \t", &save); word && n < 32;
		     word = strtok_r(NULL, " \t", &save))
			field[n++] = word;
		for (k = 0; head && k < n; k++) {
			if (!strcmp(field[k], "cpu"))
				cpu = k;
			else if (!strcmp(field[k], "kind"))
				kind = k;
			else if (!strcmp(field[k], "seen"))
				seen = k;
			else if (!strcmp(field[k], "filtered"))
				filtered = k;
			else if (!strcmp(field[k], "lost"))
				lost = k;
			else if (!strcmp(field[k], "overwritten"))
				overwritten = k;
		}
		if (head || cpu < 0 || kind < 0 || cpu >= n || kind >= n ||
		    strcmp(field[cpu], "all")) {
			head = false;
			continue;
		}
		for (k = 0; k < HONE_KIND_MAX; k++) {
			if (strcmp(field[kind], names[k]))
				continue;
			if (seen >= 0 && seen < n)
				kinds[k].seen = strtoull(field[seen], NULL, 10);
			if (filtered >= 0 && filtered < n)
				kinds[k].filtered =
					strtoull(field[filtered], NULL, 10);
			if (lost >= 0 && lost < n)
				kinds[k].lost = strtoull(field[lost], NULL, 10);
			if (overwritten >= 0 && overwritten < n)
				kinds[k].overwritten =
					strtoull(field[overwritten], NULL, 10);
		}
	}
}

bool control_stats(struct account *kinds)
{
	size_t size = 0, len = 0;
	char *text = NULL;
	ssize_t n = -1;
	int fd;

	memset(kinds, 0, HONE_KIND_MAX * sizeof(*kinds));
	fd = control_file("stats");
	while (fd >= 0) {
		if (size - len < 2) {
			size = size ? size * 2 : 65536;
			text = xrealloc(text, size);
		}
		n = read(fd, text + len, size - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += n;
	}
	if (n)
		msg_errno("reading: %s/stats", dir);
	if (fd >= 0)
		close(fd);
	if (!n) {
		text[len] = 0;
		parse_stats(text, kinds);
	}
	free(text);
	return !n;
}

void control_close(void)
{
	if (control >= 0)
		close(control);
	control = -1;
	if (dir_fd >= 0)
		close(dir_fd);
	dir_fd = -1;
	ask_close();
	free(control_path);
	free(dir);
	control_path = NULL;
	dir = NULL;
}
