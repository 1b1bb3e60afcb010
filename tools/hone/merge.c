// SPDX-License-Identifier: GPL-2.0-only
/* Merging: the records of all channels in one order, that of time. */
#include "merge.h"
#include "msg.h"

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
			/* A ring gives whole ones. */
			if (c->map && bytes_len(&c->bytes)) {
				msg("reading: %s: at byte %llu: a record is cut",
				    c->name, channel_offset(c));
				return false;
			}
			if (!channel_grows(c) || !channel_more(c))
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
static void check_gap(struct channel *c, struct record *r)
{
	struct numbers *of = channel_numbers(c, r->rec.cpu);
	__u32 gap;
	int k;

	r->missing = 0;
	if (!of)
		return;
	switch (r->rec.type) {
	case HONE_REC_SUBBUF:
		if (!of->any)
			of->next = r->subbuf.next_seq | NUMBER_UNSURE;
		of->any = true;
		return;
	case HONE_REC_LOST:
		for (k = 0; k < HONE_KIND_MAX; k++)
			of->told += r->lost.records[k];
		of->next |= NUMBER_UNSURE;
		return;
	}
	gap = r->rec.seq - (__u32)of->next;
	if (gap && of->any && gap < 1U << 31 && gap > of->told)
		r->missing = gap - of->told;
	of->told = 0;
	of->next = r->rec.seq + 1ULL;
	of->any = true;
}

static bool earlier(const struct head *a, const struct head *b)
{
	if (a->r.rec.time != b->r.rec.time)
		return a->r.rec.time < b->r.rec.time;
	return a < b;
}

static struct head *heads;
/*
 * Those that have a record, as a heap: none is earlier than the one it hangs on,
 * and on number i hang 2 i + 1 and 2 i + 2. The first, whose turn it is, may have
 * gone on.
 */
static struct head **heap;
static int n_heap;

/* Puts what is at @at in its place among those behind. */
static void sift(int at)
{
	struct head *h = heap[at];
	int next;

	for (; (next = 2 * at + 1) < n_heap; at = next) {
		if (next + 1 < n_heap && earlier(heap[next + 1], heap[next]))
			next++;
		if (earlier(h, heap[next]))
			break;
		heap[at] = heap[next];
	}
	heap[at] = h;
}

static void heap_begin(int n)
{
	int i;

	n_heap = 0;
	for (i = 0; i < n; i++)
		if (heads[i].there)
			heap[n_heap++] = &heads[i];
	for (i = n_heap / 2; i > 0; i--)
		sift(i - 1);
}

/* The one after the first. */
static const struct head *heap_second(void)
{
	if (n_heap < 2)
		return NULL;
	return n_heap > 2 && earlier(heap[2], heap[1]) ? heap[2] : heap[1];
}

static enum merge_result give_up(const struct channel *c)
{
	return c->failed ? MERGE_FAILED : MERGE_BAD;
}

void merge_begin(struct merge *m, struct channel *ch, int n, __u64 horizon)
{
	static int room;
	int i;

	if (n > room) {
		heads = xrealloc(heads, n * sizeof(*heads));
		heap = xrealloc(heap, n * sizeof(*heap));
		room = n;
	}
	*m = (struct merge){ .turn = heads };
	m->horizon = horizon < DECODE_TIME_MAX ? horizon : DECODE_TIME_MAX;
	for (i = 0; i < n; i++) {
		heads[i].c = &ch[i];
		if (!peek(&heads[i])) {
			m->result = give_up(&ch[i]);
			n = 0;
			break;
		}
	}
	heap_begin(n);
}

/* The channel whose turn it is, and how long. NULL if there is none. */
static struct head *next_turn(struct merge *m)
{
	const struct head *second;

	if (n_heap && !heap[0]->there)
		heap[0] = heap[--n_heap];
	if (n_heap)
		sift(0);
	if (!n_heap || heap[0]->r.rec.time > m->horizon)
		return NULL;
	m->turn = heap[0];
	m->until = m->horizon;
	second = heap_second();
	if (second && second->r.rec.time <= m->horizon)
		m->until = second->r.rec.time - (second < m->turn);
	return m->turn;
}

/* Forgets what has been handed on. */
static void drop(struct merge *m)
{
	struct channel *c = m->turn->c;

	channel_drop(c, m->next - bytes_start(&c->bytes));
}

enum merge_result merge_stop(struct merge *m)
{
	drop(m);
	return MERGE_STOP;
}

const struct record *merge_any(struct merge *m)
{
	struct head *h = m->turn;

	if (m->next) {
		drop(m);
		if (!peek(h)) {
			m->result = give_up(h->c);
			return NULL;
		}
	}
	if (!m->next || !h->there || h->r.rec.time > m->until) {
		h = next_turn(m);
		if (!h)
			return NULL;
	}
	check_gap(h->c, &h->r);
	m->next = h->r.raw + h->r.rec.len;
	m->end = m->next;
	/* In a file the records of other CPUs may lie in between. */
	if (!h->c->in || h->c->whole)
		m->end = bytes_start(&h->c->bytes) + bytes_len(&h->c->bytes);
	return &h->r;
}

enum merge_result merge(struct channel *ch, int n, __u64 horizon, merge_fn fn)
{
	const struct record *r;
	struct merge m;

	merge_begin(&m, ch, n, horizon);
	while ((r = merge_any(&m)))
		if (!fn(r))
			return merge_stop(&m);
	return m.result;
}
