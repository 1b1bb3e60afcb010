// SPDX-License-Identifier: GPL-2.0-only
/* Merging: the records of all channels in one order, that of time. */
#include "merge.h"
#include "msg.h"

/* A channel's next record. */
struct head {
	struct channel *c;
	struct record r;
	bool there;
};

/* In a file the records of other CPUs may lie in between. */
static void skip_others(struct channel *c)
{
	struct hone_rec rec;
	struct cursor at;

	for (;;) {
		at.p = bytes_start(&c->bytes);
		at.left = bytes_len(&c->bytes);
		if (!cursor_get(&at, &rec, sizeof(rec)) || rec.cpu == c->cpu ||
		    rec.len < sizeof(rec) || rec.len % 8 ||
		    rec.len > bytes_len(&c->bytes))
			return;
		channel_drop(c, rec.len);
	}
}

/* False if there is garbage, or reading fails, after a message. */
static __apart bool peek(struct head *h)
{
	struct channel *c = h->c;
	const char *why;

	h->there = false;
	for (;;) {
		if (c->in && !c->whole)
			skip_others(c);
		switch (decode(bytes_start(&c->bytes), bytes_len(&c->bytes),
			       &h->r, &why)) {
		case DECODE_OK:
			h->there = true;
			return true;
		case DECODE_MORE:
			if (!c->in || !channel_more(c))
				return !c->failed;
			break;
		default:
			msg("reading: %s: at byte %llu: %s", c->name,
			    channel_offset(c), why);
			return false;
		}
	}
}

/*
 * Every record offered has a number, also one that was lost: a gap that no
 * LOST record has told of is a loss all the same.
 */
static __apart void check_gap(struct channel *c, struct record *r)
{
	struct numbers *of = channel_numbers(c, r->rec.cpu);
	__u32 gap;
	int k;

	if (!of)
		return;
	switch (r->rec.type) {
	case HONE_REC_SUBBUF:
		if (!of->any)
			of->last = r->subbuf.next_seq - 1;
		of->any = true;
		return;
	case HONE_REC_LOST:
		for (k = 0; k < HONE_KIND_MAX; k++)
			of->told += r->lost.records[k];
		return;
	}
	gap = r->rec.seq - of->last - 1;
	if (gap && of->any && gap < 1U << 31 && gap > of->told)
		r->missing = gap - of->told;
	of->told = 0;
	of->last = r->rec.seq;
	of->any = true;
}

/* Mostly it is the number after the last one, with nothing to tell of. */
static inline void check_seq(struct channel *c, struct record *r)
{
	struct numbers *of;

	r->missing = 0;
	if (r->rec.cpu < c->n_numbers) {
		of = &c->numbers[r->rec.cpu];
		if (of->any && !of->told && r->rec.seq == of->last + 1 &&
		    r->rec.type != HONE_REC_SUBBUF &&
		    r->rec.type != HONE_REC_LOST) {
			of->last++;
			return;
		}
	}
	check_gap(c, r);
}

/*
 * Hands on what a channel has up to @until, as far as it has been read and is
 * sound; for the rest there is peek(). False if @fn said so.
 */
static inline bool run(struct head *h, __u64 until, merge_fn fn, void *arg)
{
	struct channel *c = h->c;
	const __u8 *p = bytes_start(&c->bytes);
	const __u8 *end = p + bytes_len(&c->bytes);
	bool all = !c->in || c->whole, more;
	const char *why;

	do {
		check_seq(c, &h->r);
		more = fn(&h->r, arg);
		p += h->r.rec.len;
		h->there = more && all && decode(p, end - p, &h->r, &why) == DECODE_OK;
	} while (h->there && h->r.rec.time <= until);
	channel_drop(c, bytes_len(&c->bytes) - (end - p));
	return more;
}

static bool earlier(const struct head *a, const struct head *b)
{
	if (a->r.rec.time != b->r.rec.time)
		return a->r.rec.time < b->r.rec.time;
	return a < b;
}

/* The channel whose turn it is, and the one after it. */
static struct head *first_two(struct head *heads, int n, struct head **second)
{
	struct head *first = NULL;
	int i;

	*second = NULL;
	for (i = 0; i < n; i++) {
		if (!heads[i].there)
			continue;
		if (!first || earlier(&heads[i], first)) {
			*second = first;
			first = &heads[i];
		} else if (!*second || earlier(&heads[i], *second)) {
			*second = &heads[i];
		}
	}
	return first;
}

__hot enum merge_result merge(struct channel *ch, int n, __u64 horizon,
			      merge_fn fn, void *arg)
{
	struct head *first, *second;
	static struct head *heads;
	static int room;
	__u64 until;
	int i;

	if (n > room) {
		heads = xrealloc(heads, n * sizeof(*heads));
		room = n;
	}
	for (i = 0; i < n; i++) {
		heads[i].c = &ch[i];
		if (!peek(&heads[i]))
			return ch[i].failed ? MERGE_FAILED : MERGE_BAD;
	}
	while ((first = first_two(heads, n, &second))) {
		if (first->r.rec.time > horizon)
			break;
		/* Mostly the next record is of the same channel. */
		until = horizon;
		if (second && second->r.rec.time <= horizon)
			until = second->r.rec.time - (second < first);
		if (!run(first, until, fn, arg))
			return MERGE_STOP;
		if (!first->there && !peek(first))
			return first->c->failed ? MERGE_FAILED : MERGE_BAD;
	}
	return MERGE_OK;
}
