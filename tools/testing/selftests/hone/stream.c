// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of Hone: a session, and the records it gives.
 */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK	(1024 * 1024)

/* Returns their number or a negative errno. */
static int open_kind(struct stream *s, const char *kind)
{
	char name[128];
	int n, fd;

	for (n = 0; n < STREAM_CPUS; n++) {
		snprintf(name, sizeof(name), "%s/%s%d", s->dir, kind, n);
		fd = open(name, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return errno == ENOENT ? n : -errno;
		s->fd[s->files++] = fd;
	}
	return -E2BIG;
}

static int open_channels(struct stream *s)
{
	int n;

	s->cpus = open_kind(s, "events");
	if (s->cpus <= 0)
		return s->cpus ?: -ENOENT;
	n = open_kind(s, "identity");
	if (n < 0)
		return n;
	return n && n != s->cpus ? -EPROTO : 0;
}

/* Give commands to the session; 0 or a negative errno. */
int stream_command(struct stream *s, const char *commands)
{
	ssize_t len = strlen(commands);

	return write(s->control, commands, len) == len ? 0 : -errno;
}

/* A running session; @commands (may be NULL) come before the start. */
int stream_open(struct stream *s, const char *commands)
{
	char status[512], *dir;
	ssize_t len;
	int err;

	memset(s, 0, sizeof(*s));
	s->control = open(HONE_DIR "/control", O_RDWR | O_CLOEXEC);
	if (s->control < 0)
		return -errno;
	err = commands ? stream_command(s, commands) : 0;
	err = err ?: stream_command(s, "start\n");
	if (err)
		goto fail;
	len = pread(s->control, status, sizeof(status) - 1, 0);
	status[len > 0 ? len : 0] = 0;
	dir = strstr(status, "dir: ");
	if (!dir || sscanf(dir, "dir: %15s", status) != 1) {
		err = -EPROTO;
		goto fail;
	}
	snprintf(s->dir, sizeof(s->dir), HONE_DIR "/%.15s", status);
	err = open_channels(s);
	if (!err)
		return 0;
fail:
	close(s->control);
	return err;
}

/*
 * One read, of what there was at that moment: under a sender that is faster
 * than this, reading until there is nothing left would never end.
 */
static size_t read_channel(struct stream *s, int file)
{
	ssize_t n;

	if (s->size[file] - s->len[file] < CHUNK) {
		s->size[file] = 2 * s->size[file] + CHUNK;
		s->buf[file] = realloc(s->buf[file], s->size[file]);
		if (!s->buf[file])
			abort();
	}
	n = read(s->fd[file], s->buf[file] + s->len[file], CHUNK);
	if (n <= 0)
		return 0;
	s->len[file] += n;
	return n;
}

/* Read what there is in all channels; returns the bytes got. */
size_t stream_read(struct stream *s)
{
	size_t got = 0;
	int file;

	for (file = 0; file < s->files; file++)
		got += read_channel(s, file);
	return got;
}

/* End the capture and read the rest. */
void stream_stop(struct stream *s)
{
	stream_command(s, "stop\n");
	while (stream_read(s))
		;
}

void stream_close(struct stream *s)
{
	int file;

	for (file = 0; file < s->files; file++) {
		close(s->fd[file]);
		free(s->buf[file]);
	}
	close(s->control);
}

const struct hone_rec *stream_next(const struct stream *s, int file,
				   const struct hone_rec *rec)
{
	const uint8_t *p = rec ? (const uint8_t *)rec + rec->len : s->buf[file];
	const uint8_t *end = s->buf[file] + s->len[file];

	if (!p || end - p < (ptrdiff_t)sizeof(*rec))
		return NULL;
	rec = (const void *)p;
	if (rec->len < sizeof(*rec) || rec->len % 8 || rec->len > end - p) {
		printf("# file %d: bad record length %u at %td of %zu\n", file,
		       rec->len, p - s->buf[file], s->len[file]);
		return NULL;
	}
	return rec;
}

/* Forgets the whole records of a file; returns the bytes that are left. */
size_t stream_forget(struct stream *s, int file)
{
	const struct hone_rec *rec;
	size_t used = 0;

	for (rec = stream_next(s, file, NULL); rec;
	     rec = stream_next(s, file, rec))
		used += rec->len;
	s->len[file] -= used;
	memmove(s->buf[file], s->buf[file] + used, s->len[file]);
	return s->len[file];
}

const char * const stream_kinds[HONE_KIND_MAX] = {
	"process", "socket", "actor", "packet"
};

int stream_kind_of(int type)
{
	switch (type) {
	case HONE_REC_PROC:
		return HONE_KIND_PROC;
	case HONE_REC_SOCK:
	case HONE_REC_COUNT:
	case HONE_REC_NETDEV:
		return HONE_KIND_SOCK;
	case HONE_REC_PACKET:
		return HONE_KIND_PACKET;
	default:
		return HONE_KIND_ACTOR;
	}
}

const struct hone_rec *stream_step(const struct stream *s, int *file,
				   const struct hone_rec *rec)
{
	for (;;) {
		rec = stream_next(s, *file, rec);
		if (rec || ++*file >= s->files)
			return rec;
	}
}

/* The whole snapshot, to be freed. */
uint8_t *stream_snapshot(struct stream *s, size_t *len)
{
	size_t size = CHUNK;
	uint8_t *buf = malloc(size);
	char name[128];
	ssize_t n;
	int fd;

	*len = 0;
	snprintf(name, sizeof(name), "%s/snapshot", s->dir);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (n = read(fd, buf + *len, size - *len)) > 0) {
		*len += n;
		if (*len == size)
			buf = realloc(buf, size *= 2);
	}
	close(fd);
	return buf;
}

const void *proc_attr(const struct hone_proc *p, int type, uint32_t *len)
{
	const uint8_t *at = (const uint8_t *)(p + 1);
	const uint8_t *end = (const uint8_t *)p + p->rec.len;
	const struct hone_attr *attr;

	while (end - at >= (ptrdiff_t)sizeof(*attr)) {
		attr = (const void *)at;
		if (attr->type == type) {
			*len = attr->len;
			return attr + 1;
		}
		at += sizeof(*attr) + (attr->len + 7) / 8 * 8;
	}
	*len = 0;
	return NULL;
}

bool stream_account(struct stream *s, int cpu, const char *kind,
		    struct account *a)
{
	char name[128], line[256], c[16], k[16], want[16];
	bool found = false;
	FILE *f;

	snprintf(want, sizeof(want), cpu < 0 ? "all" : "%d", cpu);
	snprintf(name, sizeof(name), "%s/stats", s->dir);
	f = fopen(name, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%15s %15s %llu %llu %llu %llu %llu %llu %llu",
			   c, k, &a->seen, &a->filtered, &a->written, &a->lost,
			   &a->overwritten, &a->bytes, &a->truncated) == 9 &&
		    !strcmp(c, want) && !strcmp(k, kind)) {
			found = true;
			break;
		}
	}
	if (f)
		fclose(f);
	return found;
}

uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len);
	return cookie;
}

int udp_socket(struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	memset(at, 0, sizeof(*at));
	at->sin_family = AF_INET;
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (void *)at, sizeof(*at)) ||
	    getsockname(fd, (void *)at, &len)) {
		close(fd);
		return -1;
	}
	return fd;
}
