// SPDX-License-Identifier: GPL-2.0-only
/* Raw files: whole records as the kernel gave them, in order of time. */
#include "raw.h"
#include "sink.h"
#include "writer.h"

static struct writer out;

static size_t whole_records(const __u8 *buf, size_t len)
{
	struct hone_rec rec;
	size_t at = 0;

	while (len - at >= sizeof(rec)) {
		memcpy(&rec, buf + at, sizeof(rec));
		if (rec.len > len - at)
			break;
		at += rec.len;
	}
	return at;
}

bool raw_open(const char *path)
{
	return writer_open(&out, path, whole_records);
}

/* The first record says that it and all behind it are in order. */
static void mark(__u8 *first)
{
	static bool done;
	struct hone_rec rec;

	if (done)
		return;
	done = true;
	memcpy(&rec, first, sizeof(rec));
	if (rec.type == HONE_REC_SUBBUF)
		rec.flags |= HONE_F_SUBBUF_ORDERED;
	memcpy(first, &rec, sizeof(rec));
}

bool raw_record(const struct record *r)
{
	__u8 *p = writer_room(&out, r->rec.len);

	if (!p)
		return false;
	memcpy(p, r->raw, r->rec.len);
	mark(p);
	writer_put(&out, r->rec.len);
	return !sink_each || raw_flush();
}

bool raw_flush(void)
{
	return writer_flush(&out);
}

bool raw_close(void)
{
	return writer_close(&out);
}
