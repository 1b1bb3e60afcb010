// SPDX-License-Identifier: GPL-2.0-only
/*
 * Raw input: recorded streams, through the resolver.
 *
 * What the reader has recorded is in order of time and says so: it is taken as
 * it comes, also from a pipe. Others need not be: it is enough that the records
 * of each CPU are, so the streams of several CPUs may as well lie one behind
 * the other, or in several files. These are looked through first.
 */
#include "in_raw.h"
#include "capture.h"
#include "merge.h"
#include "msg.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define CPUS_MAX	4096	/* in one file */

/* Where in a file the records of a CPU are. */
struct part {
	__u32 cpu;
	off_t from, to;
};

/* Files being replayed, and the streams in them. */
struct replay {
	struct channel *streams, *snaps;
	int n_streams, n_snaps;
	struct part parts[CPUS_MAX];
	int n_parts;
	bool bad;
};

/* The head of a file, if it is one of a Hone stream. */
static const char *no_stream(const struct input *in, struct hone_subbuf *s)
{
	if (bytes_len(&in->bytes) < sizeof(*s))
		return "no Hone stream";
	memcpy(s, input_data(in), sizeof(*s));
	if (s->magic == __builtin_bswap32(HONE_MAGIC))
		return "a Hone stream of the other byte order";
	if (s->magic != HONE_MAGIC || s->rec.type != HONE_REC_SUBBUF)
		return "no Hone stream";
	return NULL;
}

static struct part *find_part(struct replay *rp, __u32 cpu)
{
	static int last;
	int i;

	if (last < rp->n_parts && rp->parts[last].cpu == cpu)
		return &rp->parts[last];
	for (i = 0; i < rp->n_parts && rp->parts[i].cpu != cpu; i++)
		;
	if (i == CPUS_MAX)
		return NULL;
	if (i == rp->n_parts)
		rp->parts[rp->n_parts++] = (struct part){ .cpu = cpu };
	last = i;
	return &rp->parts[i];
}

static void unsound(struct replay *rp, const struct input *in, __u64 at,
		    const char *why)
{
	msg("reading: %s: at byte %llu: %s", in->name, at, why);
	rp->bad = true;
}

/* Finds the CPUs of a file, and how far it is sound. */
static bool scan(struct replay *rp, struct input *in)
{
	struct channel c;
	struct record r;
	struct part *p;
	const char *why;
	bool more = true;

	rp->n_parts = 0;
	channel_part(&c, in, SNAPSHOT_CPU, 0, INT64_MAX);
	while (more) {
		switch (decode(bytes_start(&c.bytes), bytes_len(&c.bytes), &r,
			       &why)) {
		case DECODE_OK:
			break;
		case DECODE_MORE:
			more = channel_more(&c);
			if (!more && !c.failed && bytes_len(&c.bytes) &&
			    !input_cut())
				unsound(rp, in, channel_offset(&c),
					"the file ends within a record");
			continue;
		default:
			unsound(rp, in, channel_offset(&c), why);
			more = false;
			continue;
		}
		capture_clock(&r);
		p = find_part(rp, r.rec.cpu);
		if (!p) {
			unsound(rp, in, channel_offset(&c), "the file has too many CPUs");
			break;
		}
		if (!p->to)
			p->from = channel_offset(&c);
		channel_drop(&c, r.rec.len);
		p->to = channel_offset(&c);
	}
	more = !c.failed;
	channel_close(&c);
	return more;
}

/* Puts a pipe into memory, that it can be looked through. */
static bool spool(struct input *in)
{
	int fd = memfd_create("hone", MFD_CLOEXEC);
	ssize_t n;

	while (fd >= 0 && bytes_len(&in->bytes)) {
		n = write(fd, input_data(in), bytes_len(&in->bytes));
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			input_drop(in, n);
		if (!input_fill(in, 1)) {
			close(fd);
			return false;
		}
	}
	if (fd < 0 || bytes_len(&in->bytes)) {
		msg_errno("keeping in memory: %s", in->name);
		if (fd >= 0)
			close(fd);
		return false;
	}
	input_close(in);
	in->fd = fd;
	in->regular = true;
	in->spooled = true;
	return true;
}

static bool is_seekable(const struct input *in)
{
	return lseek(in->fd, 0, SEEK_CUR) >= 0;
}

static void add_channel(struct replay *rp, struct input *in,
			const struct part *p)
{
	bool snap = p->cpu == SNAPSHOT_CPU;
	struct channel **all = snap ? &rp->snaps : &rp->streams;
	int *n = snap ? &rp->n_snaps : &rp->n_streams;

	*all = xrealloc(*all, (*n + 1) * sizeof(**all));
	channel_part(&(*all)[(*n)++], in, p->cpu, p->from, p->to);
}

static bool add_file(struct replay *rp, struct input *in)
{
	struct hone_subbuf s;
	const char *why;
	int i;

	if (!bytes_len(&in->bytes)) {
		msg("reading: %s: the file is empty", in->name);
		rp->bad = true;
		return true;
	}
	why = no_stream(in, &s);
	if (why) {
		unsound(rp, in, 0, input_foreign(in) ? input_foreign(in) : why);
		return true;
	}
	if ((!is_seekable(in) && !spool(in)) || !scan(rp, in))
		return false;
	for (i = 0; i < rp->n_parts; i++)
		add_channel(rp, in, &rp->parts[i]);
	return true;
}

/* Returns an exit status, 0 also if all that was wanted has gone out. */
static int merged(enum merge_result res)
{
	switch (res) {
	case MERGE_OK:
		return EXIT_OK;
	case MERGE_BAD:
		return EXIT_STREAM;
	case MERGE_STOP:
		return resolve_full() ? EXIT_OK : EXIT_TROUBLE;
	default:
		return EXIT_TROUBLE;
	}
}

/* What has been held back goes out, whatever has come. */
static int finish(int status)
{
	if (!capture_begin() && !status)
		status = EXIT_TROUBLE;
	if (!resolve_end() && !resolve_full() && !status)
		status = EXIT_TROUBLE;
	if (!capture_end(NULL) && !status)
		status = EXIT_TROUBLE;
	return status;
}

/* Where a stream's beginning is in the snapshot, it need not be told. */
static int replay_parts(struct replay *rp)
{
	int status = merged(merge(rp->snaps, rp->n_snaps, UINT64_MAX,
				  resolve_snapshot));

	if (!status)
		status = merged(resolve_merge(rp->streams, rp->n_streams,
					      resolved.snap_end));
	if (!capture_begin())
		return EXIT_TROUBLE;
	if (!status && !resolve_full())
		status = merged(resolve_merge(rp->streams, rp->n_streams,
					      UINT64_MAX));
	return status;
}

/* In a file that has all in one order, output begins behind the snapshot. */
static bool before_begin(const struct record *r)
{
	capture_clock(r);
	if (r->rec.cpu == SNAPSHOT_CPU || r->rec.time <= resolved.snap_end)
		return true;
	resolve_first = NULL;
	return capture_begin();
}

static int replay_whole(struct input *in)
{
	struct channel c;
	int status;

	if (!capture_open())
		return EXIT_TROUBLE;
	channel_whole(&c, in);
	resolve_first = before_begin;
	status = merged(resolve_merge(&c, 1, UINT64_MAX));
	if (!status && !resolve_full() && bytes_len(&c.bytes) &&
	    !input_cut()) {
		msg("reading: %s: at byte %llu: the file ends within a record",
		    in->name, channel_offset(&c));
		status = EXIT_STREAM;
	}
	channel_close(&c);
	return finish(status);
}

int raw_replay(struct input *inputs, int n)
{
	/* Large, and there is only one. */
	static struct replay rp;
	struct hone_subbuf s;
	int i, status;

	if (n == 1 && !no_stream(inputs, &s) &&
	    s.rec.flags & HONE_F_SUBBUF_ORDERED)
		return replay_whole(inputs);
	for (i = 0; i < n; i++)
		if (!add_file(&rp, &inputs[i]))
			return EXIT_TROUBLE;
	/* Of what is no Hone stream at all, there is nothing to write. */
	if (!rp.n_streams && !rp.n_snaps)
		return EXIT_STREAM;
	if (!capture_open())
		return EXIT_TROUBLE;
	status = finish(replay_parts(&rp));
	for (i = 0; i < rp.n_streams; i++)
		channel_close(&rp.streams[i]);
	for (i = 0; i < rp.n_snaps; i++)
		channel_close(&rp.snaps[i]);
	free(rp.streams);
	free(rp.snaps);
	return !status && rp.bad ? EXIT_STREAM : status;
}
