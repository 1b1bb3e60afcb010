// SPDX-License-Identifier: GPL-2.0-only
/* Channels: the bytes of one CPU's stream, or those of it in a raw file. */
#include "channel.h"
#include "msg.h"
#include "sink.h"

#include <linux/hone_ring.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* With what is written meanwhile, it fits into a small second level cache. */
#define CHUNK	(128 * 1024)
#define CPUS_MAX	65536

void channel_init(struct channel *c, int fd, const char *name)
{
	memset(c, 0, sizeof(*c));
	c->fd = fd;
	c->name = xstrdup(name);
}

void channel_map(struct channel *c, size_t len)
{
	/* Each page would be missed once else. */
	void *map = mmap(NULL, len, PROT_READ, MAP_SHARED | MAP_POPULATE,
			 c->fd, 0);

	if (map == MAP_FAILED)
		return;
	c->map = map;
	c->map_len = len;
}

void channel_part(struct channel *c, struct input *in, __u32 cpu, off_t from,
		  off_t to)
{
	channel_init(c, -1, in->name);
	c->in = in;
	c->cpu = cpu;
	c->end_offset = from;
	c->at = from;
	c->end = to;
}

void channel_whole(struct channel *c, struct input *in)
{
	channel_init(c, -1, in->name);
	c->in = in;
	c->whole = true;
	c->bytes = in->bytes;
	c->end_offset = bytes_len(&c->bytes);
	in->bytes = (struct bytes){ 0 };
}

/* Notes how far whole records go, and when the last one was made. */
static void channel_scan(struct channel *c)
{
	size_t left = c->unscanned;
	struct hone_rec rec;

	while (left >= sizeof(rec)) {
		memcpy(&rec, c->bytes.data + c->bytes.tail - left, sizeof(rec));
		/* What is wrong with it is said when it is decoded. */
		if (rec.len < sizeof(rec) || rec.len > left)
			break;
		left -= rec.len;
		c->last_time = rec.time;
	}
	c->unscanned = left;
}

/* Room for a CHUNK. */
static __u8 *channel_room(struct channel *c)
{
	if (!bytes_len(&c->bytes)) {
		c->bytes.head = 0;
		c->bytes.tail = 0;
	}
	bytes_reserve(&c->bytes, CHUNK);
	return c->bytes.data + c->bytes.tail;
}

static void channel_add(struct channel *c, size_t n)
{
	c->bytes.tail += n;
	c->end_offset += n;
}

ssize_t channel_read(struct channel *c)
{
	__u8 *to = channel_room(c);
	ssize_t n;

	do {
		n = read(c->fd, to, CHUNK);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0) {
		msg_errno("reading: %s", c->name);
		return -1;
	}
	channel_add(c, n);
	c->unscanned += n;
	channel_scan(c);
	return n;
}

static bool failed(struct channel *c)
{
	c->failed = true;
	return false;
}

/* The kernel completes what it is writing if there is nothing else. */
static bool ring_more(struct channel *c)
{
	struct hone_extent ext = { 0 };
	int err;

	do {
		err = ioctl(c->fd, HONE_IOC_NEXT, &ext);
	} while (err && errno == EINTR);
	if (err) {
		msg_errno("reading: %s", c->name);
		return failed(c);
	}
	if (ext.offset > c->map_len || ext.len > c->map_len - ext.offset) {
		msg("reading: %s: %u bytes at %llu are not in a ring of %zu",
		    c->name, ext.len, ext.offset, c->map_len);
		return failed(c);
	}
	c->bytes = (struct bytes){ .data = c->map + ext.offset };
	channel_add(c, ext.len);
	return ext.len;
}

static bool file_more(struct channel *c)
{
	__u8 *to;
	ssize_t n;

	/* Who waits for a pipe gets first what has come of it. */
	if (!c->in->regular && !sink_flush())
		return failed(c);
	to = channel_room(c);
	do {
		if (!input_wait(c->in))
			n = 0;
		else if (c->whole)
			n = read(c->in->fd, to, CHUNK);
		else
			n = pread(c->in->fd, to, c->end - c->at < CHUNK ?
				  c->end - c->at : CHUNK, c->at);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		msg_errno("reading: %s", c->name);
		return failed(c);
	}
	/* It has been looked through: there was more. */
	if (!n && !c->whole && c->at < c->end && c->end != INT64_MAX &&
	    !input_cut()) {
		msg("reading: %s: the file has become shorter", c->name);
		c->failed = true;
	}
	c->at += n;
	channel_add(c, n);
	return n;
}

bool channel_more(struct channel *c)
{
	return c->map ? ring_more(c) : file_more(c);
}

struct numbers *channel_numbers(struct channel *c, __u32 cpu)
{
	if (cpu >= CPUS_MAX)
		return NULL;
	if (cpu >= c->n_numbers) {
		c->numbers = xrealloc(c->numbers,
				      (cpu + 1) * sizeof(*c->numbers));
		for (; c->n_numbers <= cpu; c->n_numbers++)
			c->numbers[c->n_numbers] = (struct numbers){
				.next = NUMBER_UNSURE,
			};
	}
	return &c->numbers[cpu];
}

void channel_close(struct channel *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (c->map)
		munmap(c->map, c->map_len);
	else
		bytes_free(&c->bytes);
	c->map = NULL;
	free(c->numbers);
	free(c->name);
	c->numbers = NULL;
	c->name = NULL;
}
