// SPDX-License-Identifier: GPL-2.0-only
/*
 * Raw files: whole records as the kernel gave them.
 *
 * Those that are written here are in order of time. Those that are read need
 * not be: it is enough that the records of each CPU are, so the streams of
 * several CPUs may as well lie one behind the other, or in several files.
 */
#include "raw.h"
#include "capture.h"
#include "merge.h"
#include "msg.h"
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SNAPSHOT_CPU	(~0U)
#define CPUS_MAX	4096	/* in one file */

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

bool raw_record(const struct record *r)
{
	__u8 *p = writer_room(&out, r->rec.len);

	if (!p)
		return false;
	memcpy(p, r->raw, r->rec.len);
	writer_put(&out, r->rec.len);
	return true;
}

bool raw_flush(void)
{
	return writer_flush(&out);
}

bool raw_close(void)
{
	return writer_close(&out);
}

/* Files being replayed, and the streams in them. */
struct replay {
	struct channel *streams, *snaps;
	int n_streams, n_snaps;
	bool bad;
};

static void add_channel(struct channel **all, int *n, const __u8 *data,
			size_t len, __u32 cpu, const char *name)
{
	*all = xrealloc(*all, (*n + 1) * sizeof(**all));
	channel_map(&(*all)[(*n)++], data, len, cpu, name);
}

/* Why it is no stream that can be read, or NULL. */
static const char *no_stream(const __u8 *data, size_t len)
{
	struct hone_subbuf s;

	if (len < sizeof(s))
		return "no Hone stream";
	memcpy(&s, data, sizeof(s));
	if (s.magic == __builtin_bswap32(HONE_MAGIC))
		return "a Hone stream of the other byte order";
	if (s.magic != HONE_MAGIC || s.rec.type != HONE_REC_SUBBUF)
		return "no Hone stream";
	return NULL;
}

/* Finds the CPUs of a file, and how far it is sound. */
static size_t scan(struct replay *rp, const __u8 *data, size_t len,
		   const char *name, __u32 *cpus, int *n_cpus)
{
	const char *why = no_stream(data, len);
	struct record r;
	size_t at = 0;
	int i;

	*n_cpus = 0;
	if (why)
		goto bad;
	for (; at < len; at += r.rec.len) {
		switch (decode(data + at, len - at, &r, &why)) {
		case DECODE_OK:
			break;
		case DECODE_MORE:
			why = "the file ends within a record";
			goto bad;
		default:
			goto bad;
		}
		capture_clock(&r);
		for (i = 0; i < *n_cpus && cpus[i] != r.rec.cpu; i++)
			;
		if (i < *n_cpus)
			continue;
		if (i == CPUS_MAX) {
			why = "the file has too many CPUs";
			goto bad;
		}
		cpus[(*n_cpus)++] = r.rec.cpu;
	}
	return len;
bad:
	msg("reading: %s: at byte %zu: %s", name, at, why);
	rp->bad = true;
	return at;
}

/* All of a file that cannot be mapped, a pipe for instance. */
static __u8 *read_all(int fd, size_t *len)
{
	struct bytes b = { 0 };
	ssize_t n;

	do {
		bytes_reserve(&b, 1 << 18);
		n = read(fd, b.data + b.tail, b.size - b.tail);
		if (n > 0)
			b.tail += n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	*len = b.tail;
	if (!n)
		return b.data;
	bytes_free(&b);
	return NULL;
}

static const __u8 *load(const char *path, size_t *len)
{
	__u8 *data = MAP_FAILED;
	int fd = STDIN_FILENO;
	struct stat st;

	if (strcmp(path, "-"))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		msg_errno("opening: %s", path);
		return NULL;
	}
	output_spare(fd, "an input");
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0) {
		*len = st.st_size;
		data = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	if (data == MAP_FAILED)
		data = read_all(fd, len);
	if (!data)
		msg_errno("reading: %s", path);
	if (fd != STDIN_FILENO)
		close(fd);
	return data;
}

static bool add_file(struct replay *rp, const char *path)
{
	static __u32 cpus[CPUS_MAX];
	const __u8 *data;
	size_t len;
	int i, n;

	data = load(path, &len);
	if (!data)
		return false;
	if (!len) {
		msg("reading: %s: the file is empty", path);
		rp->bad = true;
	}
	len = scan(rp, data, len, path, cpus, &n);
	for (i = 0; i < n; i++) {
		if (cpus[i] == SNAPSHOT_CPU)
			add_channel(&rp->snaps, &rp->n_snaps, data, len,
				    cpus[i], path);
		else
			add_channel(&rp->streams, &rp->n_streams, data, len,
				    cpus[i], path);
	}
	return true;
}

/* Where a stream's beginning is in the snapshot, it need not be told. */
static bool replay_streams(struct replay *rp)
{
	enum merge_result res;

	res = merge(rp->snaps, rp->n_snaps, UINT64_MAX, resolve_snapshot, NULL);
	if (res == MERGE_OK)
		res = merge(rp->streams, rp->n_streams, resolved.snap_end,
			    resolve_record, NULL);
	if (!capture_begin())
		return false;
	if (res == MERGE_OK)
		res = merge(rp->streams, rp->n_streams, UINT64_MAX,
			    resolve_record, NULL);
	if (res == MERGE_BAD)
		rp->bad = true;
	return (res != MERGE_STOP && resolve_end()) || resolve_full();
}

int raw_replay(char *const *paths, int n)
{
	/* Stays, with the files, until the program ends. */
	static struct replay rp;
	bool ok;
	int i;

	for (i = 0; i < n; i++)
		if (!add_file(&rp, paths[i]))
			return EXIT_TROUBLE;
	/* Of what is no Hone stream at all, there is nothing to write. */
	if (!rp.n_streams && !rp.n_snaps)
		return EXIT_STREAM;
	if (!capture_open())
		return EXIT_TROUBLE;
	ok = replay_streams(&rp);
	if (!capture_end(NULL) || !ok)
		return EXIT_TROUBLE;
	return rp.bad ? EXIT_STREAM : EXIT_OK;
}
