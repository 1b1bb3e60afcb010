// SPDX-License-Identifier: GPL-2.0-only
/* Channels: the bytes of one CPU's stream, or those of it in a raw file. */
#include "channel.h"
#include "msg.h"

#include <linux/hone.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define CHUNK	(512 * 1024)

void channel_init(struct channel *c, int fd, const char *name)
{
	memset(c, 0, sizeof(*c));
	c->fd = fd;
	c->name = xstrdup(name);
}

void channel_map(struct channel *c, const __u8 *data, size_t len,
		 __u32 cpu, const char *name)
{
	channel_init(c, -1, name);
	c->mapped = true;
	c->cpu = cpu;
	/* Never written: a mapped channel neither grows nor moves. */
	c->bytes.data = (__u8 *)data;
	c->bytes.tail = len;
	c->bytes.size = len;
}

/* Notes how far whole records go, and when the last one was made. */
static void channel_scan(struct channel *c)
{
	struct hone_rec rec;
	size_t left;

	for (;;) {
		left = bytes_len(&c->bytes) - c->scanned;
		if (left < sizeof(rec))
			return;
		memcpy(&rec, c->bytes.data + c->bytes.head + c->scanned,
		       sizeof(rec));
		/* What is wrong with it is said when it is decoded. */
		if (rec.len < sizeof(rec) || rec.len > left)
			return;
		c->scanned += rec.len;
		c->last_time = rec.time;
	}
}

ssize_t channel_read(struct channel *c)
{
	ssize_t n;

	bytes_reserve(&c->bytes, CHUNK);
	do {
		n = read(c->fd, c->bytes.data + c->bytes.tail, CHUNK);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0) {
		msg_errno("reading: %s", c->name);
		return -1;
	}
	c->bytes.tail += n;
	channel_scan(c);
	return n;
}

void channel_drop(struct channel *c, size_t len)
{
	c->bytes.head += len;
	c->offset += len;
	if (c->mapped)
		return;
	c->scanned -= c->scanned < len ? c->scanned : len;
	if (c->bytes.head == c->bytes.tail) {
		c->bytes.head = 0;
		c->bytes.tail = 0;
	}
}

void channel_close(struct channel *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (!c->mapped)
		bytes_free(&c->bytes);
	free(c->name);
	c->name = NULL;
}
