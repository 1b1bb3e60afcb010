// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCAP-NG input: files of the reader's own, and others that have IP packets.
 *
 * Who sent or received a packet is known here: nothing waits, and all goes out
 * in the order of the file.
 */
#include "in_pcapng.h"
#include "capture.h"
#include "filter.h"
#include "link.h"
#include "msg.h"
#include "options.h"
#include "outlet.h"
#include "pcapng.h"
#include "resolve.h"
#include "whose.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#define BLOCK_PB	2		/* long obsolete */
#define BLOCK_SPB	3
#define NS		1000000000ULL
#define NO_TIME		UINT64_MAX

/* A section's interface. */
struct interface {
	__u16 type;			/* LINKTYPE_* */
	__u8 resolution;		/* as if_tsresol says it */
	__u32 snaplen;			/* 0: no limit */
	__s64 offset;			/* seconds */
	const char *name;
};

static struct {
	struct blocks b;
	struct interface *ifs;		/* of the section */
	__u32 n_ifs, size_ifs;
	bool own;			/* the section is the reader's own */
	bool again;			/* it is not the first */
	bool begun;			/* the outputs have */
	bool backwards;		/* time ran so, and it has been said */
	bool failed;			/* an output has */
	__u64 others;			/* frames without an IP packet */
	__u64 packets;			/* in all files */
	struct account stats[HONE_KIND_MAX];
	bool has_stats;			/* of the newest file */
} in;

static bool failed(void)
{
	in.failed = true;
	return false;
}

/* Outputs begin when it is known what the capture is, and since when. */
static bool begin(__u64 time)
{
	if (in.begun)
		return true;
	in.begun = true;
	capture.start = time;
	return capture_begin() || failed();
}

/* Sections */

/* A copy: @old, but for the first time, is what a file before has said. */
static const char *copy_text(const char *old, const struct in_option *o)
{
	char *s;

	if (old || in.again)
		return old;
	s = xcalloc(1, o->len + 1);
	memcpy(s, o->value, o->len);
	return s;
}

static void take_guid(const struct in_option *o)
{
	static const __u8 none[16];
	const __u8 *guid = o->value;

	in.own = o->len == 16 || o->len == 20;
	/* The first Hone had its length before it. */
	if (o->len == 20)
		guid += 4;
	if (in.own && !memcmp(capture.guid, none, sizeof(none)) &&
	    (options.host_info || !options.host_info_given))
		memcpy(capture.guid, guid, sizeof(capture.guid));
}

static void take_section(struct cursor body)
{
	bool secret = options.host_info_given && !options.host_info;
	struct in_option o, app = { 0 };

	in.n_ifs = 0;
	in.own = false;
	cursor_skip(&body, 16);
	while (blocks_option(&in.b, &body, &o)) {
		switch (o.code) {
		case OPT_COMMENT:
			capture.comment = copy_text(capture.comment, &o);
			break;
		case 2:
			if (secret)
				break;
			capture.hardware = copy_text(capture.hardware, &o);
			break;
		case 3:
			if (secret)
				break;
			capture.os = copy_text(capture.os, &o);
			break;
		case 4:
			app = o;
			break;
		case 257:
			take_guid(&o);
			break;
		}
	}
	/* Another program has not made what is written now. */
	if (app.code && in.own && !in.again)
		capture.app = copy_text(NULL, &app);
}

static void take_interface(struct cursor body)
{
	struct interface new = { .resolution = 6 }, *i;
	char name[HONE_IFNAME_LEN + 1] = "";
	struct in_option o;

	if (body.left < 8) {
		blocks_bad(&in.b, "an interface of %lu bytes is too short",
			   body.left);
		return;
	}
	new.type = blocks_u16(&in.b, body.p);
	new.snaplen = blocks_u32(&in.b, body.p + 4);
	cursor_skip(&body, 8);
	while (blocks_option(&in.b, &body, &o)) {
		if (o.code == 2)
			memcpy(name, o.value, o.len < HONE_IFNAME_LEN ?
					      o.len : HONE_IFNAME_LEN - 1);
		else if (o.code == 9 && o.len == 1)
			new.resolution = *o.value;
		else if (o.code == 14)
			new.offset = option_u64(&in.b, &o);
	}
	if (!link_known(new.type)) {
		blocks_bad(&in.b, "packets of link type %lu cannot be read",
			   new.type);
		return;
	}
	new.name = in.own ? NULL : whose_dev(name);
	if (in.n_ifs == in.size_ifs) {
		in.size_ifs = in.size_ifs ? in.size_ifs * 2 : 4;
		in.ifs = xrealloc(in.ifs, in.size_ifs * sizeof(*in.ifs));
	}
	in.ifs[in.n_ifs++] = new;
	i = &in.ifs[0];
	/* Of several, or below other headers, it is no limit of IP packets. */
	if (in.begun || !in.own || !i->snaplen || i->snaplen > HONE_SNAPLEN_MAX)
		return;
	capture.snaplen = i->snaplen;
	if (i->type == LINKTYPE_LINUX_SLL2 && i->snaplen < HONE_SNAPLEN_MAX)
		capture.snaplen -= i->snaplen < SLL2_LEN ? i->snaplen : SLL2_LEN;
}

/* Times */

/* Nanoseconds since 1970, NO_TIME if they are none. */
static __u64 real_time(const struct interface *i, __u64 t)
{
	unsigned int power = i->resolution & 0x7f;
	__int128 ns;
	__u64 unit = 1;

	if (i->resolution & 0x80) {
		if (power > 63)
			return NO_TIME;
		ns = ((__int128)t * NS) >> power;
	} else {
		if (power > 19)
			return NO_TIME;
		for (; power > 9; power--)
			unit *= 10;
		ns = t / unit;
		for (; power < 9; power++)
			ns *= 10;
	}
	ns += (__int128)i->offset * (__int128)NS;
	return ns < 0 || ns >> 62 ? NO_TIME : (__u64)ns;
}

/* Takes halves, and gives a time not before the last one, or NO_TIME. */
static __u64 take_time(const struct interface *i, __u32 high, __u32 low)
{
	__u64 t = real_time(i, (__u64)high << 32 | low);

	if (t == NO_TIME) {
		blocks_bad(&in.b, "its time makes no sense", 0);
		return t;
	}
	if (t < resolved.last && !in.backwards) {
		in.backwards = true;
		msg("reading: %s: at byte %llu: time runs backwards, is made to stand",
		    in.b.in->name, in.b.in->offset);
	}
	if (t < resolved.last)
		return resolved.last;
	resolved.last = t;
	if (!resolved.first)
		resolved.first = t;
	return t;
}

/* Events have the resolution of the first interface. */
static __u64 event_time(const struct cursor *body, size_t at)
{
	if (!in.n_ifs || body->left < at + 8) {
		blocks_bad(&in.b, in.n_ifs ? "an event is too short" :
			   "an event comes before an interface", 0);
		return NO_TIME;
	}
	return take_time(&in.ifs[0], blocks_u32(&in.b, body->p + at),
			 blocks_u32(&in.b, body->p + at + 4));
}

/* Packets */

struct frame {
	const struct interface *i;
	__u64 time;
	const __u8 *data;
	__u32 cap_len, wire_len;
	__u64 lost;
	/* As options say. */
	__u32 flags, pid, tid, index;
	__u64 cookie;
	bool has_pid;
	struct said said;
};

static void take_option(struct frame *f, const struct in_option *o)
{
	switch (o->code) {
	case OPT_COMMENT:
		said_parse(&f->said, o->value, o->len);
		break;
	case OPT_EPB_FLAGS:
		f->flags = option_u32(&in.b, o);
		break;
	case OPT_EPB_DROP:
		f->lost = option_u64(&in.b, o);
		break;
	case OPT_EPB_TASK:
		if (o->len != 8)
			break;
		f->pid = blocks_u32(&in.b, o->value);
		f->tid = blocks_u32(&in.b, o->value + 4);
		f->has_pid = true;
		break;
	case OPT_EPB_CONN:
		f->cookie = o->len == 8 ? option_u64(&in.b, o) :
			    whose_cookie(option_u32(&in.b, o));
		break;
	case OPT_EPB_PID:
		f->pid = option_u32(&in.b, o);
		f->has_pid = true;
		break;
	case OPT_DARWIN_PROC:
		if (o->len == 4)
			f->index = option_u32(&in.b, o);
		break;
	}
}

static void name_also(struct attributed *p, const struct said *said)
{
	struct image *img;
	int i;

	for (i = 0; i < said->n_also; i++) {
		img = whose_also(said->also[i], p->time);
		img->used = p->time;
		p->more[p->n_more++] = img;
	}
}

/* Who it was, as far as the file says. */
static void name_packet(struct attributed *p, struct frame *f)
{
	const struct said *said = &f->said;
	struct user user = { 0 };

	if (!f->has_pid && said->pid_known && said->pid) {
		f->pid = said->pid;
		f->tid = said->tid;
		f->has_pid = true;
	}
	if (f->has_pid && f->pid) {
		p->img = whose_packet(f->pid, f->index, said, p->time);
		p->tid = f->tid;
		/* Without a comment it is the least that this can mean. */
		p->quality = HONE_Q_OWNER;
	}
	if (said->quality_known)
		p->quality = said->quality;
	p->gone = said->gone;
	p->made = said->made;
	if (said->cookie)
		f->cookie = said->cookie;
	p->conn = conn_get(f->cookie, p->time);
	if (p->conn)
		p->conn->used = p->time;
	if (p->conn && p->img) {
		/* What it is said to be stays as long as the connection. */
		user.id = p->img->id;
		user.tgid = p->img->tgid;
		conn_set_user(p->packet->rec.flags & HONE_F_PKT_OUT ?
			      &p->conn->writer : &p->conn->reader, &user,
			      p->time);
	}
	name_also(p, said);
}

/* Of several users one must be wanted. */
static bool users_wanted(const struct attributed *p)
{
	__u64 cookie = p->conn ? p->conn->cookie : 0;
	bool wanted = filter_user(p->img, cookie);
	int i;

	for (i = 0; !wanted && i < p->n_more; i++)
		wanted = filter_user(p->more[i], cookie);
	return wanted;
}

static __u32 at_most(__u32 len, __u32 most)
{
	return len < most ? len : most;
}

/*
 * Length of an IP packet by its header, which a link may have padded; ~0 if that
 * does not tell: what is still to be taken apart may be longer than it can.
 */
static __u32 ip_length(const __u8 *ip, __u32 len, __u8 family)
{
	if (family == AF_INET && len >= 20 && be16(ip + 2) >= 20)
		return be16(ip + 2);
	if (family == AF_INET6 && len >= 40 && be16(ip + 4))
		return 40 + be16(ip + 4);
	return ~0U;
}

static bool out_frame(struct frame *f)
{
	struct attributed p = { .time = f->time, .lost = f->lost };
	struct hone_packet packet = { 0 }, *to = &packet;
	struct link link;

	resolved.seen[HONE_KIND_PACKET]++;
	resolved.lost[HONE_KIND_PACKET] += f->lost;
	in.packets++;
	if (!link_parse(f->i->type, f->data, f->cap_len, &link)) {
		in.others++;
		resolved.filtered++;
		return true;
	}
	p.packet = to;
	p.data = f->data + link.len;
	to->cap_len = f->cap_len - link.len;
	to->wire_len = f->wire_len > f->cap_len ? f->wire_len : f->cap_len;
	to->wire_len -= link.len;
	/* What Hone has written is as it was. */
	if (!in.own)
		to->wire_len = at_most(to->wire_len,
				       ip_length(p.data, to->cap_len,
						 link.family));
	to->cap_len = at_most(to->cap_len, to->wire_len);
	if (to->cap_len > capture.snaplen)
		to->cap_len = capture.snaplen;
	to->family = link.family;
	to->ifindex = link.ifindex;
	to->rec.type = HONE_REC_PACKET;
	to->rec.time = f->time;
	if ((f->flags & 3) == 2 || (!(f->flags & 3) && link.sent))
		to->rec.flags |= HONE_F_PKT_OUT;
	p.undirected = !(f->flags & 3) && !link.sent && !link.received;
	if (f->flags & 1 << 9)
		to->rec.flags |= HONE_F_PKT_CSUM;
	if (f->flags & 1 << 11)
		to->rec.flags |= HONE_F_PKT_GSO;
	p.dev_type = link.dev_type;
	p.dev = f->said.dev[0] ? whose_dev(f->said.dev) : f->i->name;
	name_packet(&p, f);
	p.wanted = users_wanted(&p);
	return outlet_packet(&p) || failed();
}

static const struct interface *find_interface(__u32 n)
{
	if (n < in.n_ifs)
		return &in.ifs[n];
	blocks_bad(&in.b, "a packet is of interface %lu, which is not there",
		   n);
	return NULL;
}

/* Takes the packet's bytes off the body; what follows them are options. */
static bool take_data(struct frame *f, struct cursor *body)
{
	f->data = body->p;
	if (cursor_skip(body, f->cap_len) &&
	    cursor_skip(body, -f->cap_len & 3))
		return true;
	blocks_bad(&in.b, "a packet of %lu bytes passes the end of its block",
		   f->cap_len);
	return false;
}

/* An enhanced packet block, or one of those that were before it. */
static bool take_packet(struct cursor body, bool enhanced)
{
	struct frame f = { .index = NO_INDEX };
	struct in_option o;
	const __u8 *p = body.p;
	__u16 lost;

	if (!cursor_skip(&body, 20)) {
		blocks_bad(&in.b, "a packet block of %lu bytes is too short",
			   body.left + 12);
		return true;
	}
	f.i = find_interface(enhanced ? blocks_u32(&in.b, p) :
					blocks_u16(&in.b, p));
	lost = enhanced ? 0 : blocks_u16(&in.b, p + 2);
	if (lost != 0xffff)
		f.lost = lost;
	f.cap_len = blocks_u32(&in.b, p + 12);
	f.wire_len = blocks_u32(&in.b, p + 16);
	if (!f.i || !take_data(&f, &body))
		return true;
	f.time = take_time(f.i, blocks_u32(&in.b, p + 4),
			   blocks_u32(&in.b, p + 8));
	if (f.time == NO_TIME)
		return true;
	while (blocks_option(&in.b, &body, &o))
		take_option(&f, &o);
	return in.b.why || (begin(f.time) && out_frame(&f));
}

/* Without a time: it is that of the packet before. */
static bool take_simple(struct cursor body)
{
	struct frame f = { .index = NO_INDEX, .time = resolved.last };

	f.i = find_interface(0);
	if (!f.i)
		return true;
	if (!blocks_get32(&in.b, &body, &f.wire_len)) {
		blocks_bad(&in.b, "a packet block is too short", 0);
		return true;
	}
	f.cap_len = f.wire_len;
	if (f.i->snaplen && f.cap_len > f.i->snaplen)
		f.cap_len = f.i->snaplen;
	return !take_data(&f, &body) || (begin(f.time) && out_frame(&f));
}

/* Statistics: the account of the capture, which the file's end has. */

static void take_count(struct account *a, int what, __u64 n)
{
	if (what == 0)
		a->seen = n;
	else if (what == 1)
		a->lost = n;
	else if (what == 3 && a->seen >= a->lost + n)
		a->filtered = a->seen - a->lost - n;
}

static bool take_statistics(struct cursor body)
{
	struct account *packets = &in.stats[HONE_KIND_PACKET];
	__u64 time, start = 0, written = 0, n;
	struct in_option o;

	/* Others count otherwise. */
	if (!in.own)
		return true;
	time = event_time(&body, 4);
	if (time == NO_TIME)
		return true;
	if (!begin(time))
		return false;
	cursor_skip(&body, 12);
	memset(in.stats, 0, sizeof(in.stats));
	while (blocks_option(&in.b, &body, &o)) {
		n = option_u64(&in.b, &o);
		if (o.code == 2 && o.len == 8)
			start = real_time(&in.ifs[0],
					  (__u64)blocks_u32(&in.b, o.value) << 32 |
					  blocks_u32(&in.b, o.value + 4));
		else if (o.code == 4)
			packets->seen = n;
		else if (o.code == 7)
			packets->lost = n;
		else if (o.code == 8)
			written = n;
		else if (o.code >= 257 && o.code < 265)
			take_count(&in.stats[(o.code - 257) / 4],
				   (o.code - 257) % 4, n);
	}
	if (packets->seen >= packets->lost + written)
		packets->filtered = packets->seen - packets->lost - written;
	if (start && start != NO_TIME && !in.again)
		capture.start = start;
	resolved.before = written > in.packets ? written - in.packets : 0;
	in.has_stats = true;
	return true;
}

/* Blocks */

static bool take_event(const struct in_block *block)
{
	bool process = block->type == BLOCK_PROC;
	__u64 time = event_time(&block->body, process ? 4 : 8);
	struct interface unit;

	if (time == NO_TIME)
		return true;
	if (!begin(time))
		return false;
	if (process)
		return in_process(&in.b, block->body, time, in.again) ||
		       failed();
	unit = in.ifs[0];
	unit.offset = 0;
	return in_conn(&in.b, block->body, time, in.again,
		       real_time(&unit, 1)) || failed();
}

static void take_darwin(struct cursor body)
{
	struct in_option o = { 0 };
	__u32 pid;

	if (!blocks_get32(&in.b, &body, &pid)) {
		blocks_bad(&in.b, "a process block is too short", 0);
		return;
	}
	while (blocks_option(&in.b, &body, &o))
		if (o.code == 2)
			break;
	if (o.code != 2)
		o.len = 0;
	whose_darwin(pid, o.value, o.len);
}

/* False if it is enough; what is unsound is in @in.b.why. */
static bool take_block(const struct in_block *block)
{
	switch (block->type) {
	case BLOCK_SHB:
		take_section(block->body);
		return true;
	case BLOCK_IDB:
		take_interface(block->body);
		return true;
	case BLOCK_EPB:
	case BLOCK_PB:
		return take_packet(block->body, block->type == BLOCK_EPB);
	case BLOCK_SPB:
		return take_simple(block->body);
	case BLOCK_ISB:
		return take_statistics(block->body);
	case BLOCK_PROC:
	case BLOCK_CONN:
		return take_event(block);
	case BLOCK_DARWIN:
		take_darwin(block->body);
		return true;
	}
	return true;
}

/* Returns an exit status. */
static int read_file(struct input *input)
{
	enum block_result res = BLOCK_OK;
	struct in_block block;
	bool first = true;

	in.b = (struct blocks){ .in = input };
	in.has_stats = false;
	/* What was lost at the end of another is not this one's. */
	outlet_lost = 0;
	whose_begin();
	while (res == BLOCK_OK && !resolve_full()) {
		res = blocks_next(&in.b, &block);
		if (res != BLOCK_OK)
			break;
		in.again = in.again || (block.type == BLOCK_SHB && !first);
		first = false;
		if (!take_block(&block))
			break;
		if (in.b.why)
			res = BLOCK_BAD;
		resolve_expire(resolved.last);
	}
	in.again = true;
	if (res == BLOCK_BAD && input_cut())
		return EXIT_OK;
	if (res == BLOCK_BAD) {
		msg("reading: %s: at byte %llu: %s", input->name,
		    input->offset, in.b.why);
		return EXIT_STREAM;
	}
	if (res == BLOCK_FAILED || in.failed)
		return EXIT_TROUBLE;
	return EXIT_OK;
}

int pcapng_replay(struct input *inputs, int n)
{
	int i, ret = EXIT_OK;

	if (!capture_open())
		return EXIT_TROUBLE;
	for (i = 0; i < n && !ret && !resolve_full(); i++)
		ret = read_file(&inputs[i]);
	if (in.others)
		msg(in.others == 1 ? "reading: %llu frame has no IP packet: left out" :
		    "reading: %llu frames have no IP packet: left out",
		    in.others);
	if (!begin(resolved.last) && !ret)
		ret = EXIT_TROUBLE;
	/* Those of several captures do not go together. */
	if (in.stats[HONE_KIND_PACKET].seen < resolved.packets)
		in.has_stats = false;
	if (!capture_end(in.has_stats ? in.stats : NULL) && !ret)
		ret = EXIT_TROUBLE;
	return ret;
}
