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

bool writer_open(struct writer *w, const char *path, writer_whole whole)
{
	struct stat st;

	memset(w, 0, sizeof(*w));
	w->whole = whole;
	if (!strcmp(path, "-")) {
		w->fd = STDOUT_FILENO;
		w->name = xstrdup("standard output");
	} else {
		/* What others sent and received is not for all eyes. */
		w->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			     0600);
		w->name = xstrdup(path);
		if (w->fd < 0) {
			msg_errno("opening for writing: %s", path);
			w->failed = true;
			return false;
		}
		w->regular = !fstat(w->fd, &st) && S_ISREG(st.st_mode);
	}
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
	if (w->regular && ftruncate(w->fd, end))
		msg_errno("truncating: %s", w->name);
}

bool writer_flush(struct writer *w)
{
	size_t done = 0;
	ssize_t n;

	if (w->failed)
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

__u8 *writer_room(struct writer *w, size_t len)
{
	if (w->size - w->used < len && !writer_flush(w))
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
