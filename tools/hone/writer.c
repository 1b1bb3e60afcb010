// SPDX-License-Identifier: GPL-2.0-only
/* Writer: a file or pipe that is written in large pieces of whole blocks. */
#include "writer.h"
#include "msg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER	(1024 * 1024)

/* Files in use, which no output may write over. */
static struct used {
	dev_t dev;
	ino_t ino;
	const char *as;
} *files;
static size_t n_files;

void output_spare(int fd, const char *as)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	files = xrealloc(files, (n_files + 1) * sizeof(*files));
	files[n_files++] = (struct used){ st.st_dev, st.st_ino, as };
}

void output_release(int fd)
{
	struct stat st;
	size_t i;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	for (i = 0; i < n_files; i++) {
		if (files[i].dev == st.st_dev && files[i].ino == st.st_ino) {
			files[i] = files[--n_files];
			return;
		}
	}
}

static bool is_spare(int fd, const char *path)
{
	struct stat st;
	size_t i;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return true;
	for (i = 0; i < n_files; i++) {
		if (files[i].dev == st.st_dev && files[i].ino == st.st_ino) {
			msg("opening for writing: %s: it is also %s", path,
			    files[i].as);
			return false;
		}
	}
	output_spare(fd, "another output");
	return true;
}

static bool may_write(int fd, const char *path)
{
	struct stat st;

	if (!is_spare(fd, path))
		return false;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !ftruncate(fd, 0))
		return true;
	msg_errno("truncating: %s", path);
	return false;
}

bool output_stdout(void)
{
	return is_spare(STDOUT_FILENO, "standard output");
}

int output_open(const char *path)
{
	/* What others sent and received is not for all eyes. */
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		msg_errno("opening for writing: %s", path);
	} else if (!may_write(fd, path)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

bool writer_open(struct writer *w, const char *path, writer_whole whole)
{
	struct stat st;

	memset(w, 0, sizeof(*w));
	w->whole = whole;
	if (!strcmp(path, "-")) {
		w->fd = STDOUT_FILENO;
		w->name = xstrdup("standard output");
		if (!output_stdout()) {
			w->failed = true;
			return false;
		}
	} else {
		w->fd = output_open(path);
		w->name = xstrdup(path);
		if (w->fd < 0) {
			w->failed = true;
			return false;
		}
		w->regular = !fstat(w->fd, &st) && S_ISREG(st.st_mode);
		w->named = w->regular && st.st_nlink;
	}
	w->full = WRITER_FULL;
	w->size = BUFFER;
	w->buf = xrealloc(NULL, w->size);
	return true;
}

/* Leaves no half block at the end of a file. */
static void writer_fail(struct writer *w, size_t done)
{
	off_t end = w->written + w->whole(w->buf, done);

	msg_errno("writing: %s", w->name);
	w->failed = true;
	w->full = 0;
	if (w->regular && ftruncate(w->fd, end))
		msg_errno("truncating: %s", w->name);
}

/* Has somebody taken away what was written? Then more of it is of no use. */
static bool writer_robbed(struct writer *w)
{
	struct stat st;

	if (!w->regular || fstat(w->fd, &st))
		return false;
	if (w->named && !st.st_nlink)
		msg("writing: %s: the file has been removed", w->name);
	else if ((__u64)st.st_size < w->written)
		msg("writing: %s: the file has become shorter", w->name);
	else
		return false;
	w->failed = true;
	w->full = 0;
	return true;
}

bool writer_flush(struct writer *w)
{
	size_t done = 0;
	ssize_t n;

	if (w->failed || writer_robbed(w))
		return false;
	while (done < w->used) {
		n = write(w->fd, w->buf + done, w->used - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			writer_fail(w, done);
			return false;
		}
		done += n;
	}
	w->written += done;
	w->used = 0;
	return true;
}

__u8 *writer_make_room(struct writer *w, size_t len)
{
	if ((w->used >= WRITER_FULL || w->size - w->used < len) &&
	    !writer_flush(w))
		return NULL;
	if (w->failed)
		return NULL;
	if (w->size < len) {
		w->size = len;
		w->buf = xrealloc(w->buf, len);
	}
	return w->buf + w->used;
}

bool writer_close(struct writer *w)
{
	bool ok = writer_flush(w);

	output_release(w->fd);
	/* Some file systems tell only now that the disk is full. */
	if (w->fd >= 0 && close(w->fd) && ok) {
		msg_errno("closing: %s", w->name);
		ok = false;
	}
	w->fd = -1;
	free(w->buf);
	free(w->name);
	w->buf = NULL;
	w->name = NULL;
	return ok;
}
