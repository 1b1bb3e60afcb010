// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resolving: records in, in order of time; events and packets out, named.
 *
 * All of what goes out passes a queue, in which a received packet may wait
 * for its reader; so the order stays that of time.
 */
#include "resolve.h"
#include "attribute.h"
#include "capture.h"
#include "filter.h"
#include "outlet.h"

#include <stdint.h>

__u64 resolve_window = 100000000;
size_t resolve_bytes = 8 << 20;
__u64 resolve_limit = UINT64_MAX;
merge_fn resolve_first;
struct resolved resolved;

/* What has ended long ago is forgotten this often. */
#define EXPIRY_NS	100000000ULL

static __u64 expiry;
static bool begun;
static __u64 lost_packets;	/* since the last packet */

bool resolve_full(void)
{
	return resolved.packets >= resolve_limit;
}

void resolve_stop(void)
{
	resolve_limit = 0;
}

void resolve_result(struct result *res, __u64 end)
{
	int k;

	memset(res, 0, sizeof(*res));
	res->captured = resolved.before + resolved.packets;
	res->start = capture.start;
	res->end = end;
	for (k = 0; k < HONE_KIND_MAX; k++) {
		res->kind[k].seen = resolved.seen[k] + resolved.lost[k];
		res->kind[k].lost = resolved.lost[k];
	}
	res->kind[HONE_KIND_PACKET].filtered = resolved.filtered;
}

static __apart void count_lost(int kind, __u64 n)
{
	resolved.lost[kind] += n;
	if (kind == HONE_KIND_PACKET)
		lost_packets += n;
}

static void seen_gap(const struct record *r)
{
	int k;

	table_losses += !!r->lost.records[HONE_KIND_ACTOR];
	for (k = 0; k < HONE_KIND_MAX; k++)
		count_lost(k, r->lost.records[k]);
}

static void push_event(const struct record *r, __u64 time, __u32 name)
{
	queue_push(r, time)->name = name;
}

/* May an event go out as it comes? Else it is behind others, or is too early. */
static bool passes(const struct record *r, __u64 time)
{
	return begun && queue_empty() && r->rec.time == time;
}

static bool out_proc(struct image *img, const struct record *r, bool renamed)
{
	if (img && renamed)
		image_renamed(img);
	return outlet_proc(img, r);
}

static bool take_proc(const struct record *r, __u64 time)
{
	struct image *img = image_find(r->proc.id);
	__u32 before = img ? image_name_number(img) : 0, name;

	img = image_of_record(r);
	if (!img)
		return true;
	/* What was sent before goes out with the old name and user. */
	name = image_name_number(img);
	if (passes(r, time))
		return out_proc(img, r, name != before);
	push_event(r, time, name != before ? name : 0);
	return true;
}

static bool take_sock(const struct record *r, __u64 time)
{
	struct conn *c = conn_of_record(r);

	if (!c)
		return true;
	if (passes(r, time))
		return outlet_sock(c, r);
	push_event(r, time, 0);
	return true;
}

static __apart bool take_event(const struct record *r, __u64 time)
{
	switch (r->rec.type) {
	case HONE_REC_SUBBUF:
		attribute_subbuf(r);
		break;
	case HONE_REC_PROC:
		resolved.seen[HONE_KIND_PROC]++;
		attribute_proc(r);
		return take_proc(r, time);
	case HONE_REC_SOCK:
		resolved.seen[HONE_KIND_SOCK]++;
		return take_sock(r, time);
	case HONE_REC_COUNT:
		resolved.seen[HONE_KIND_SOCK]++;
		image_of_tally(r);
		push_event(r, time, 0);
		break;
	case HONE_REC_NETDEV:
		resolved.seen[HONE_KIND_SOCK]++;
		netdev_of_record(r);
		break;
	case HONE_REC_LOST:
		seen_gap(r);
		break;
	}
	return true;
}

bool resolve_snapshot(const struct record *r)
{
	switch (r->rec.type) {
	case HONE_REC_PROC:
		image_of_record(r);
		break;
	case HONE_REC_SOCK:
		conn_of_record(r);
		break;
	case HONE_REC_NETDEV:
		netdev_of_record(r);
		break;
	case HONE_REC_SNAP_END:
		resolved.snap_end = r->rec.time;
		break;
	}
	return true;
}

static bool is_named(const struct attributed *p, const struct image *img)
{
	int i;

	for (i = 0; i < p->n_more; i++)
		if (p->more[i] == img)
			return true;
	return p->img == img;
}

static void name_receivers(struct attributed *p, struct receiver *more)
{
	for (; more && p->n_more < ALSO_MAX; more = more->next) {
		struct image *img = image_find(more->user.id);

		if (!img || !img->tgid || is_named(p, img))
			continue;
		img->used = p->time;
		p->more[p->n_more++] = img;
	}
}

/* Of several users one must be wanted. */
static bool users_wanted(const struct attributed *p, const struct held *h)
{
	const struct receiver *more;

	if (filter_user(p->img, h->cookie))
		return true;
	for (more = h->more; more; more = more->next)
		if (filter_user(image_find(more->user.id), more->cookie))
			return true;
	return false;
}

/* Under a name that lies ahead of the output. */
static __apart bool out_renamed(struct attributed *p, const struct held *h)
{
	bool ok;

	image_swap_name(p->img, h->name);
	p->wanted = !filter_any || users_wanted(p, h);
	ok = outlet_packet(p);
	image_swap_name(p->img, h->name);
	return ok;
}

static inline __inlined bool out_packet(struct held *h,
					const struct hone_packet *packet,
					struct conn *c)
{
	struct attributed p;

	p.packet = packet;
	p.time = h->time;
	p.data = packet->data;
	p.img = image_find(h->user.id);
	p.conn = c;
	p.tid = h->user.tid;
	p.quality = h->quality;
	p.made = h->made;
	p.dev_type = DEV_OF_TABLE;
	p.lost = h->lost;
	p.n_more = 0;
	p.gone = false;
	p.undirected = false;
	/* Its own records were lost: the packet's pid is all there is. */
	if (h->user.id && !p.img)
		p.img = image_get(h->user.id, h->user.tgid, h->time);
	if (p.img && !p.img->tgid) {
		p.img = NULL;
		p.tid = 0;
		p.quality = HONE_Q_NONE;
	}
	if (p.img) {
		p.img->used = h->time;
		/* Who acts is there, though its own records were lost. */
		p.gone = p.img->ended ? p.img->ended < h->time :
			 p.img->gone && p.quality != HONE_Q_EXACT;
	}
	if (h->more)
		name_receivers(&p, h->more);
	/* Who has read it may have got its name since it came. */
	if (p.img && h->name > p.img->nth)
		return out_renamed(&p, h);
	p.wanted = !filter_any || users_wanted(&p, h);
	return outlet_packet(&p);
}

/* As out_packet(), of one that says for certain whose it is, and never waited. */
static inline bool out_sure(const struct record *r, const struct sure *s,
			    struct conn *c, __u64 time)
{
	struct image *img = s->img;
	struct attributed p;

	p.packet = r->packet;
	p.time = time;
	p.data = r->packet->data;
	p.img = img;
	p.conn = c;
	p.about = 0;
	p.tid = s->tid;
	p.quality = s->quality;
	p.made = s->made;
	if (img->ended)
		p.gone = img->ended < time;
	p.dev_type = DEV_OF_TABLE;
	p.lost = lost_packets;
	p.n_more = 0;
	p.wanted = !filter_any || filter_user(img, r->packet->cookie);
	img->used = time;
	lost_packets = 0;
	return outlet_packet(&p);
}

/* A process has read a packet that went out before, without it. */
static bool out_late(const struct held *h, const struct record *r)
{
	struct late l = {
		.img = image_get(h->user.id, h->user.tgid, h->time),
		.conn = conn_get(h->cookie, h->time),
		.tid = h->user.tid,
		.packet_time = h->about,
		.time = r->rec.time,
	};

	if (l.img)
		l.img->used = h->time;
	return outlet_late(&l);
}

static __apart bool out_event(struct held *h)
{
	struct record r;
	const char *why;

	/* It was decoded once: it is sound. */
	if (decode(held_record(h), h->size - sizeof(*h), &r, &why) != DECODE_OK)
		return true;
	r.rec.time = h->time;
	if (h->late)
		return out_late(h, &r);
	if (r.rec.type == HONE_REC_PROC)
		return out_proc(image_find(r.proc.id), &r, h->name);
	if (r.rec.type == HONE_REC_COUNT)
		return outlet_tally(&r);
	return outlet_sock(conn_find(r.sock->cookie), &r);
}

static bool out_first(struct held *h)
{
	const struct hone_packet *p = (const void *)held_record(h);

	if (p->rec.type != HONE_REC_PACKET || h->late)
		return out_event(h);
	return out_packet(h, p, conn_find(h->cookie));
}

/* May it go out, by now at the latest? */
static bool ready(struct held *h, __u64 now)
{
	if (queue_bytes() > resolve_bytes) {
		attribute_timeout(h);
		return true;
	}
	if (h->not_before > now)
		return false;
	if (h->state == HELD_DONE)
		return true;
	if (now - h->time <= (h->state == HELD_DEMUX ? DEMUX_NS :
						       resolve_window))
		return false;
	attribute_timeout(h);
	return true;
}

/* What may go out, of what has waited. False if an output has failed. */
static __apart bool let_out(__u64 now)
{
	struct held *h;
	bool ok;

	while (!queue_empty()) {
		if (resolve_full())
			return false;
		h = queue_first();
		if (h->state != HELD_DONE || h->not_before) {
			if (!ready(h, now))
				break;
		}
		ok = out_first(h);
		queue_pop();
		if (!ok)
			return false;
	}
	return true;
}

void resolve_expire(__u64 now)
{
	static __u64 next;

	/* Time may be another file's, and earlier. */
	if (now < next && next - now <= EXPIRY_NS)
		return;
	next = now + EXPIRY_NS;
	/* So long a packet waits at most. */
	table_expire(now, resolve_window > DEMUX_NS ? resolve_window :
						      DEMUX_NS);
}

/*
 * What is to be done now and then. At the end there is no later to keep
 * anything for; and before the beginning nothing of what is referred to has
 * gone out.
 */
static __apart void expire(__u64 now)
{
	if (!resolved.first)
		resolved.first = now;
	if (!begun || now == UINT64_MAX)
		return;
	resolve_expire(now);
	expiry = now + EXPIRY_NS;
}

/* Is there more to say of the first in the queue, and room for others? */
static inline bool first_waits(__u64 now)
{
	const struct held *h = queue_first();

	return (h->not_before > now ||
		(h->state == HELD_READER && now - h->time <= resolve_window)) &&
	       queue_bytes() <= resolve_bytes;
}

static inline bool flush(__u64 now)
{
	if (!queue_empty() && !first_waits(now) && begun && !let_out(now))
		return false;
	if (now >= expiry)
		expire(now);
	return !resolve_full();
}

bool resolve_flush(__u64 now)
{
	return flush(now);
}

/* One that need not wait goes out at once. */
static inline __inlined bool take_packet(const struct record *r, __u64 time)
{
	struct rx *rx = attribute_begin(r);
	struct conn *c = attribute_conn(r);
	bool free = begun && queue_empty(), ok = true;
	struct sure sure;
	struct held *h;

	resolved.seen[HONE_KIND_PACKET]++;
	if (free && attribute_sure(&sure, r, rx, c)) {
		ok = out_sure(r, &sure, c, time);
	} else {
		h = queue_new(r, time);
		c = attribute_packet(h, r, rx, c);
		h->lost = lost_packets;
		lost_packets = 0;
		if (free && h->state == HELD_DONE && !h->not_before) {
			queue_pass(h);
			ok = out_packet(h, r->packet, c);
		} else {
			queue_add(h, r);
		}
	}
	if (r->rec.flags & HONE_F_PKT_TAKEN)
		attribute_taken(r, rx, c, time);
	return ok;
}

static inline __inlined bool take_other(const struct record *r, __u64 time)
{
	if (r->rec.type < HONE_REC_TCP_WRITE ||
	    r->rec.type > HONE_REC_MPTCP_MAP)
		return take_event(r, time);
	resolved.seen[HONE_KIND_ACTOR]++;
	switch (r->rec.type) {
	case HONE_REC_DELIVER:
		attribute_deliver(r);
		break;
	case HONE_REC_CONSUME:
		attribute_consume(r, time);
		break;
	case HONE_REC_TCP_READ:
		attribute_read(r, time);
		break;
	case HONE_REC_TCP_WRITE:
		attribute_write(r);
		break;
	case HONE_REC_MPTCP_MAP:
		attribute_map(r);
		break;
	}
	return true;
}

/* Time of the output: a stream that breaks its word is not to break that. */
static inline __u64 output_time(const struct record *r)
{
	if (r->rec.time > resolved.last)
		resolved.last = r->rec.time;
	return resolved.last;
}

static inline __inlined bool take(const struct record *r)
{
	__u64 now = output_time(r);

	if (!flush(now))
		return false;
	if (r->rec.type == HONE_REC_PACKET)
		return take_packet(r, now);
	return take_other(r, now);
}

static __apart bool take_snapshot(const struct record *r)
{
	capture_clock(r);
	return resolve_snapshot(r);
}

/* What went before goes out without a word of the loss. */
static __apart bool take_missing(const struct record *r)
{
	if (!flush(output_time(r)))
		return false;
	count_lost(HONE_KIND_PACKET, r->missing);
	table_losses++;
	return true;
}

__hot enum merge_result resolve_merge(struct channel *ch, int n, __u64 horizon)
{
	const struct record *r;
	struct merge m;
	bool odd;

	merge_begin(&m, ch, n, horizon);
	for (;;) {
		r = merge_next(&m);
		odd = !r;
		if (odd)
			r = merge_any(&m);
		if (!r)
			return m.result;
		if (resolve_first && !resolve_first(r))
			break;
		if (odd && r->rec.cpu == SNAPSHOT_CPU) {
			if (!take_snapshot(r))
				break;
			continue;
		}
		if (odd && r->missing && !take_missing(r))
			break;
		if (!take(r))
			break;
	}
	return merge_stop(&m);
}

/* What begins later has a record of its own in the queue. */
static bool tell_image(struct image *img)
{
	return img->born || img->gone || !filter_image(img) ||
	       sink_proc(img, NULL);
}

static bool tell_conn(struct conn *c)
{
	return c->born || !c->told || !filter_conn(c) || sink_sock(c, NULL);
}

bool resolve_begin(const struct capture *cap)
{
	if (begun)
		return true;
	begun = true;
	filter_settle();
	return sink_head(cap) && image_each(tell_image) &&
	       conn_each(tell_conn);
}

bool resolve_end(void)
{
	return resolve_flush(UINT64_MAX);
}
