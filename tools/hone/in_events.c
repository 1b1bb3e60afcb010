// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCAP-NG input: events of processes and connections, from Hone's own blocks,
 * become the records that they once were.
 */
#include "in_pcapng.h"
#include "capture.h"
#include "filter.h"
#include "msg.h"
#include "names.h"
#include "options.h"
#include "outlet.h"
#include "pcapng.h"
#include "resolve.h"
#include "whose.h"

#include <stdlib.h>

/* A string may be in several options, as one holds 65535 bytes at most. */
struct pieces {
	struct bytes joined;
	struct span span;
};

static void add_piece(struct pieces *s, const struct in_option *o)
{
	if (!s->span.len) {
		s->span = (struct span){ o->value, o->len };
		return;
	}
	if (!o->len)
		return;
	if (!s->joined.data) {
		bytes_reserve(&s->joined, s->span.len);
		memcpy(s->joined.data, s->span.p, s->span.len);
		s->joined.tail = s->span.len;
	}
	/* No more than any output has room for. */
	if (s->joined.tail + o->len > 65536)
		return;
	bytes_reserve(&s->joined, o->len);
	memcpy(s->joined.data + s->joined.tail, o->value, o->len);
	s->joined.tail += o->len;
	s->span = (struct span){ s->joined.data, s->joined.tail };
}

static struct span whole(const struct in_option *o)
{
	return (struct span){ o->value, o->len };
}

static void learn_name(bool user, __u32 id, const struct span *name)
{
	if (!name->len || (options.host_info_given && !options.host_info))
		return;
	names_learn(user, id, (const char *)name->p, name->len);
}

struct process {
	struct record r;
	__u32 code;			/* EVENT_* */
	bool has_image, has_start, has_real;
	struct pieces path, argv;
	struct span user, group;
};

static void take_option(const struct blocks *b, struct process *p,
			const struct in_option *o)
{
	struct hone_proc *to = &p->r.proc;

	switch (o->code) {
	case 2:
		p->code = option_u32(b, o);
		break;
	case 3:
		add_piece(&p->path, o);
		break;
	case 4:
		add_piece(&p->argv, o);
		break;
	case 5:
		to->ppid = option_u32(b, o);
		break;
	case 6:
		to->euid = option_u32(b, o);
		break;
	case 7:
		to->egid = option_u32(b, o);
		break;
	case 8:
		p->user = whole(o);
		break;
	case 9:
		p->group = whole(o);
		break;
	case OPT_IMAGE:
		to->id = option_u64(b, o);
		p->has_image = true;
		break;
	case OPT_PARENT_IMAGE:
		to->parent_id = option_u64(b, o);
		break;
	case OPT_START:
		to->start = option_u64(b, o);
		p->has_start = true;
		break;
	case OPT_UID:
		to->uid = option_u32(b, o);
		p->has_real = true;
		break;
	case OPT_GID:
		to->gid = option_u32(b, o);
		break;
	case OPT_COMM:
		memset(to->comm, 0, sizeof(to->comm));
		memcpy(to->comm, o->value,
		       o->len < HONE_COMM_LEN ? o->len : HONE_COMM_LEN - 1);
		break;
	case OPT_EXIT:
		to->exit_code = option_u32(b, o);
		break;
	case OPT_CWD:
		p->r.cwd = whole(o);
		break;
	case OPT_FILENAME:
		p->r.filename = whole(o);
		break;
	case OPT_NS_PID:
		to->ns_tgid = option_u32(b, o);
		break;
	case OPT_NET_NS:
		to->net_ns = option_u32(b, o);
		break;
	case OPT_PID_NS:
		to->pid_ns = option_u32(b, o);
		break;
	case OPT_MNT_NS:
		to->mnt_ns = option_u32(b, o);
		break;
	case OPT_CGROUP_ID:
		to->cgroup = option_u64(b, o);
		break;
	case OPT_CGROUP:
		p->r.cgroup = whole(o);
		break;
	case OPT_LOGINUID:
		to->loginuid = option_u32(b, o);
		break;
	case OPT_SESSION:
		to->sessionid = option_u32(b, o);
		break;
	case OPT_EXECS:
		to->exec_count = option_u32(b, o);
		break;
	}
}

/* Files of the first Hone have no images: each beginning is one. */
static __u64 find_id(const struct process *p)
{
	static __u64 made;
	struct image *newest = whose_newest(p->r.proc.tgid);

	if (p->r.proc.id)
		return p->r.proc.id;
	if (p->code == EVENT_END)
		return newest ? newest->id : 0;
	return 1ULL << 62 | ++made;
}

/* The end of a process says nothing of what it was. */
static void as_before(struct hone_proc *to, const struct image *img)
{
	to->parent_id = img->parent_id;
	to->start = img->start;
	to->ppid = img->ppid;
	to->uid = img->as.uid;
	to->euid = img->as.euid;
	to->gid = img->as.gid;
	to->egid = img->as.egid;
	memcpy(to->comm, img->as.comm, HONE_COMM_LEN);
}

static bool same_users(const struct naming *as, const struct hone_proc *to)
{
	return as->uid == to->uid && as->euid == to->euid &&
	       as->gid == to->gid && as->egid == to->egid;
}

static bool same_name(const struct naming *as, const struct hone_proc *to)
{
	return !strcmp(as->comm, (const char *)to->comm);
}

static bool same_cgroup(const struct naming *as, const struct hone_proc *to)
{
	return as->cgroup == to->cgroup;
}

/*
 * A block that says what a process is may say that it begins a program, has
 * other credentials, another name or cgroup, or just that it is there.
 */
static __u32 what_happened(const struct image *img, struct hone_proc *to)
{
	struct image *before = whose_newest(to->tgid);

	if (img && !img->gone && same_name(&img->as, to) &&
	    same_users(&img->as, to) && !same_cgroup(&img->as, to))
		return HONE_PROC_CGROUP;
	if (img && !img->gone)
		return !same_name(&img->as, to) && same_users(&img->as, to) ?
		       HONE_PROC_COMM : HONE_PROC_CRED;
	if (!img && before && !before->ended && !before->gone) {
		to->prev_id = before->id;
		return HONE_PROC_EXEC;
	}
	return resolved.last > capture.start ? HONE_PROC_ANNOUNCE :
					       HONE_PROC_SNAPSHOT;
}

static void complete(struct process *p, struct image *img)
{
	struct hone_proc *to = &p->r.proc;
	struct image *parent;

	/* The first Hone told effective users only, and no start. */
	if (!p->has_real) {
		to->uid = to->euid;
		to->gid = to->egid;
	}
	p->has_start = p->has_start || !p->has_image;
	p->r.path = p->path.span;
	p->r.argv = p->argv.span;
	if (p->code == EVENT_KTHREAD || (img && img->kthread))
		p->r.rec.flags = HONE_F_PROC_KTHREAD;
	to->rec.flags = p->r.rec.flags;
	if (p->code == EVENT_END) {
		to->event = HONE_PROC_EXIT;
		if (img)
			as_before(to, img);
		return;
	}
	parent = to->parent_id ? NULL : whose_newest(to->ppid);
	if (parent && parent->id != to->id)
		to->parent_id = parent->id;
	to->event = p->code == EVENT_FORK ? HONE_PROC_FORK :
					    what_happened(img, to);
	learn_name(true, to->euid, &p->user);
	learn_name(false, to->egid, &p->group);
}

static bool hand_on(struct process *p, bool again)
{
	struct image *img = image_find(p->r.proc.id);

	complete(p, img);
	/* Where one file ends the next one tells it all again. */
	if (again && img && !img->gone && p->code != EVENT_END &&
	    same_name(&img->as, &p->r.proc) &&
	    same_users(&img->as, &p->r.proc) &&
	    same_cgroup(&img->as, &p->r.proc))
		return true;
	/* Of which no record told when it was written. */
	if (!img && !p->has_start)
		image_get(p->r.proc.id, p->r.proc.tgid, p->r.rec.time);
	img = image_of_record(&p->r);
	if (!img)
		return true;
	image_renamed(img);
	/* What is not at the head began since, though its fork comes later. */
	if (p->r.proc.event == HONE_PROC_ANNOUNCE)
		filter_changed(img, &img->as, image_find(img->parent_id));
	img->gone = !p->has_start && p->code != EVENT_END;
	/* It was written, and so it is now. */
	if (p->code != EVENT_END)
		img->described = 0;
	whose_described(img->tgid, img->id);
	return outlet_proc(img, &p->r);
}

bool in_process(struct blocks *b, struct cursor body, __u64 time, bool again)
{
	struct process p = {
		.r.proc.uid = NOBODY,
		.r.proc.euid = NOBODY,
		.r.proc.gid = NOBODY,
		.r.proc.egid = NOBODY,
		.r.proc.loginuid = NOBODY,
		.r.proc.sessionid = NOBODY,
	};
	struct in_option o;
	bool ok = true;
	__u32 high, low;

	if (!blocks_get32(b, &body, &p.r.proc.tgid) ||
	    !blocks_get32(b, &body, &high) || !blocks_get32(b, &body, &low)) {
		blocks_bad(b, "a process event is too short", 0);
		return true;
	}
	while (blocks_option(b, &body, &o))
		take_option(b, &p, &o);
	p.r.rec.type = HONE_REC_PROC;
	p.r.rec.time = time;
	p.r.proc.tid = p.r.proc.tgid;
	p.r.proc.id = find_id(&p);
	if (!b->why && p.r.proc.id && p.r.proc.tgid)
		ok = hand_on(&p, again);
	bytes_free(&p.path.joined);
	bytes_free(&p.argv.joined);
	return ok;
}

/* Connections */

struct socket {
	struct record r;
	struct hone_sock_rec sock;	/* that it has */
	struct late late;
	__u32 pid;
	__u32 code;			/* EVENT_* */
	__u64 image;			/* that has read late */
};

static bool late_event(struct socket *s, struct conn *c)
{
	s->late.conn = c;
	s->late.img = image_find(s->image);
	if (!s->late.img)
		s->late.img = whose_newest(s->pid);
	if (!s->late.img)
		return true;
	s->late.img->used = s->late.time;
	return outlet_late(&s->late);
}

static bool hand_on_conn(struct socket *s, bool again)
{
	const struct user nobody = { 0 };
	__u64 before;
	struct conn *c = conn_find(s->sock.cookie);
	bool known = c && c->told;

	if (s->code == EVENT_LATE)
		return late_event(s, conn_get(s->sock.cookie,
					      s->r.rec.time));
	before = c ? c->owner.id : 0;
	s->sock.event = s->code == EVENT_END ? HONE_SOCK_FREE :
			  known || resolved.last > capture.start ?
				HONE_SOCK_ANNOUNCE : HONE_SOCK_SNAPSHOT;
	c = conn_of_record(&s->r);
	if (!c)
		return true;
	if (s->code != EVENT_END) {
		if (!s->sock.owner)
			conn_set_owner(c, &nobody, s->r.rec.time);
		whose_conn_described(c->cookie);
		if (again && known && before == c->owner.id)
			return true;
		c->described = 0;
	}
	return outlet_sock(c, &s->r);
}

bool in_conn(struct blocks *b, struct cursor body, __u64 time, bool again,
	     __u32 late_unit)
{
	struct socket s = { .late.time = time, .sock.uid = NOBODY };
	__u32 low = 0, high, ignored;
	struct in_option o;
	struct image *img;

	s.r.rec.type = HONE_REC_SOCK;
	s.r.rec.time = time;
	s.r.sock = &s.sock;
	if (!blocks_get32(b, &body, &low) || !blocks_get32(b, &body, &s.pid) ||
	    !blocks_get32(b, &body, &ignored) ||
	    !blocks_get32(b, &body, &ignored)) {
		blocks_bad(b, "a connection event is too short", 0);
		return true;
	}
	while (blocks_option(b, &body, &o)) {
		switch (o.code) {
		case 2:
			s.code = option_u32(b, &o);
			break;
		case OPT_COOKIE:
			s.sock.cookie = option_u64(b, &o);
			break;
		case OPT_OWNER:
			s.sock.owner = option_u64(b, &o);
			break;
		case OPT_PARENT:
			s.sock.parent = option_u64(b, &o);
			break;
		case OPT_LATE_TIME:
			if (o.len != 8)
				break;
			high = blocks_u32(b, o.value);
			s.late.packet_time = (__u64)high << 32 |
					     blocks_u32(b, o.value + 4);
			s.late.packet_time *= late_unit;
			break;
		case OPT_LATE_IMAGE:
			s.image = option_u64(b, &o);
			break;
		case OPT_LATE_TID:
			s.late.tid = option_u32(b, &o);
			break;
		}
	}
	if (b->why)
		return true;
	if (!s.sock.cookie)
		s.sock.cookie = whose_cookie(low);
	if (s.pid && !s.sock.owner && s.code != EVENT_LATE) {
		img = whose_newest(s.pid);
		s.sock.owner = img ? img->id : 0;
	}
	s.sock.owner_tgid = s.pid;
	return hand_on_conn(&s, again);
}
