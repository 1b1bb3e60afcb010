// SPDX-License-Identifier: GPL-2.0-only
/* PCAP-NG: the file's head and tail, processes and connections. */
#include "pcapng.h"
#include "filter.h"
#include "link.h"
#include "msg.h"
#include "names.h"
#include "resolve.h"
#include "rotate.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct pcapng pcapng;

static size_t whole_blocks(const __u8 *buf, size_t len)
{
	size_t at = 0;
	__u32 n;

	while (len - at >= 12) {
		memcpy(&n, buf + at + 4, sizeof(n));
		if (n > len - at)
			break;
		at += n;
	}
	return at;
}

static bool write_shb(const struct capture *cap)
{
	struct block b = block_begin(BLOCK_SHB, 4 * STRING_MAX);

	if (!b.p)
		return false;
	b.p = put32(b.p, 0x1a2b3c4d);
	b.p = put16(b.p, 1);
	b.p = put16(b.p, 0);
	b.p = put64(b.p, UINT64_MAX);
	b.p = put_text(b.p, 1, cap->comment);
	b.p = put_text(b.p, 2, cap->hardware);
	b.p = put_text(b.p, 3, cap->os);
	b.p = put_text(b.p, 4, cap->app);
	b.p = put_option(b.p, 257, cap->guid, sizeof(cap->guid));
	b.p = put32(b.p, 0);
	return block_end(&b);
}

static bool write_idb(const struct capture *cap)
{
	struct block b = block_begin(BLOCK_IDB, 256);
	__u8 resolution = pcapng.usec ? 6 : 9;

	if (!b.p)
		return false;
	b.p = put16(b.p, pcapng.link_len ? LINKTYPE_LINUX_SLL2 : LINKTYPE_RAW);
	b.p = put16(b.p, 0);
	b.p = put32(b.p, cap->snaplen < HONE_SNAPLEN_MAX ?
		    cap->snaplen + pcapng.link_len : cap->snaplen);
	b.p = put_text(b.p, 2, "hone");
	b.p = put_option(b.p, 9, &resolution, 1);
	b.p = put32(b.p, 0);
	return block_end(&b);
}

static bool open_file(const char *path)
{
	pcapng.file++;
	pcapng.info_next = 0;
	pcapng.packets = 0;
	/* What was written of packets refers to what another file says. */
	table_generation++;
	if (!writer_open(&pcapng.w, path, whole_blocks))
		return false;
	if (!isatty(pcapng.w.fd))
		return true;
	msg("writing: %s: PCAP-NG is not for a terminal", pcapng.w.name);
	return false;
}

static __u64 real_time(__u64 boot)
{
	return boot + pcapng.cap.offset;
}

static bool open_named(char *name)
{
	bool ok = open_file(name);

	free(name);
	return ok;
}

/* A name that tells the time waits for the first record. */
static bool open_first(__u64 real)
{
	char *name = rotate_first(real);

	if (!pcapng.file)
		return open_named(name);
	free(name);
	return true;
}

static bool pcapng_head(const struct capture *cap)
{
	pcapng.cap = *cap;
	pcapng.start = cap->start;
	if (rotation.path && !open_first(real_time(cap->start)))
		return false;
	return write_shb(cap) && write_idb(cap) && writer_flush(&pcapng.w);
}

/* Where it is, as far as that is known. */
static __u8 *put_container(__u8 *p, const struct image *img)
{
	if (img->net_ns) {
		p = put_option32(p, OPT_NS_PID, img->ns_tgid);
		p = put_option32(p, OPT_NET_NS, img->net_ns);
		p = put_option32(p, OPT_PID_NS, img->pid_ns);
		p = put_option32(p, OPT_MNT_NS, img->mnt_ns);
	}
	if (img->as.cgroup)
		p = put_option64(p, OPT_CGROUP_ID, img->as.cgroup);
	p = put_text(p, OPT_CGROUP, image_cgroup(img));
	if (img->loginuid != NOBODY)
		p = put_option32(p, OPT_LOGINUID, img->loginuid);
	if (img->sessionid != NOBODY)
		p = put_option32(p, OPT_SESSION, img->sessionid);
	if (img->execs)
		p = put_option32(p, OPT_EXECS, img->execs);
	return p;
}

static __u8 *put_user(__u8 *p, __u16 code, __u32 id)
{
	return id == NOBODY ? p : put_option32(p, code, id);
}

static __u8 *put_process(__u8 *p, struct image *img)
{
	const struct strings *s = image_strings(img);
	__u32 argv_len = s->argv_len;

	p = put_text(p, 3, s->path);
	if (argv_len > STRING_MAX)
		argv_len = STRING_MAX;
	if (argv_len)
		p = put_option(p, 4, s->argv, argv_len);
	p = put_option32(p, 5, img->ppid);
	p = put_user(p, 6, img->as.euid);
	p = put_user(p, 7, img->as.egid);
	p = put_text(p, 8, user_name(img->as.euid));
	p = put_text(p, 9, group_name(img->as.egid));
	p = put_option64(p, OPT_IMAGE, img->id);
	if (img->start)
		p = put_option64(p, OPT_START, img->start + pcapng.cap.offset);
	p = put_user(p, OPT_UID, img->as.uid);
	p = put_user(p, OPT_GID, img->as.gid);
	if (img->parent_id)
		p = put_option64(p, OPT_PARENT_IMAGE, img->parent_id);
	p = put_text(p, OPT_COMM, img->as.comm);
	p = put_text(p, OPT_CWD, s->cwd);
	p = put_text(p, OPT_FILENAME, s->filename);
	return put_container(p, img);
}

static bool write_process(struct image *img, __u64 time, __u32 event)
{
	struct block b = block_begin(BLOCK_PROC, 7 * STRING_MAX);

	if (!b.p)
		return false;
	b.p = put32(b.p, img->tgid);
	b.p = put_time(b.p, time);
	b.p = put_option32(b.p, 2, event);
	if (event != EVENT_END) {
		b.p = put_process(b.p, img);
	} else {
		b.p = put_option64(b.p, OPT_IMAGE, img->id);
		b.p = put_option32(b.p, OPT_EXIT, img->exit_code);
	}
	b.p = put32(b.p, 0);
	img->described = pcapng.file;
	return block_end(&b);
}

bool pcapng_describe_image(struct image *img, __u64 time)
{
	return img->described == pcapng.file ||
	       write_process(img, time,
			     img->kthread ? EVENT_KTHREAD : EVENT_START);
}

static bool pcapng_proc(struct image *img, const struct record *r)
{
	__u64 now;

	if (!r)
		return pcapng_describe_image(img, pcapng.cap.start);
	now = r->rec.time;
	switch (r->proc.event) {
	case HONE_PROC_FORK:
		return write_process(img, now, img->kthread ? EVENT_KTHREAD :
							      EVENT_FORK);
	case HONE_PROC_EXEC:
	case HONE_PROC_CRED:
	case HONE_PROC_COMM:
	case HONE_PROC_CGROUP:
		return write_process(img, now, EVENT_START);
	case HONE_PROC_ANNOUNCE:
	case HONE_PROC_SNAPSHOT:
		return pcapng_describe_image(img, now);
	case HONE_PROC_EXIT:
		return img->described != pcapng.file ||
		       write_process(img, now, EVENT_END);
	}
	return true;
}

static bool write_conn(struct conn *c, __u64 time, __u32 event)
{
	struct image *owner = image_find(c->owner.id);
	struct block b;

	/* A process is described before a connection names it. */
	if (owner && !owner->tgid)
		owner = NULL;
	if (owner && !pcapng_describe_image(owner, time))
		return false;
	b = block_begin(BLOCK_CONN, 256);
	if (!b.p)
		return false;
	b.p = put32(b.p, c->cookie);
	b.p = put32(b.p, owner ? owner->tgid : 0);
	b.p = put_time(b.p, time);
	b.p = put_option32(b.p, 2, event);
	b.p = put_option64(b.p, OPT_COOKIE, c->cookie);
	if (owner)
		b.p = put_option64(b.p, OPT_OWNER, owner->id);
	if (c->parent)
		b.p = put_option64(b.p, OPT_PARENT, c->parent);
	b.p = put32(b.p, 0);
	c->described = pcapng.file;
	c->reowned = false;
	return block_end(&b);
}

bool pcapng_describe_conn(struct conn *c, __u64 time)
{
	return c->described == pcapng.file ||
	       write_conn(c, time, EVENT_START);
}

static bool pcapng_sock(struct conn *c, const struct record *r)
{
	__u64 now;

	if (!r)
		return pcapng_describe_conn(c, pcapng.cap.start);
	now = r->rec.time;
	switch (r->sock->event) {
	case HONE_SOCK_CLOSE:
		/* Its packets still come until it is freed. */
		return true;
	case HONE_SOCK_FREE:
		pcapng_forget(c);
		return c->described != pcapng.file ||
		       write_conn(c, now, EVENT_END);
	}
	/* Told once, and again when the owner has changed. */
	return (c->described == pcapng.file && !c->reowned) ||
	       write_conn(c, now, EVENT_START);
}

static bool pcapng_late(const struct late *l)
{
	struct block b;
	__u8 time[8];

	if (!pcapng_describe_image(l->img, l->time) ||
	    !pcapng_describe_conn(l->conn, l->time))
		return false;
	b = block_begin(BLOCK_CONN, 256);
	if (!b.p)
		return false;
	put_time(time, l->packet_time);
	b.p = put32(b.p, l->conn->cookie);
	b.p = put32(b.p, l->img->tgid);
	b.p = put_time(b.p, l->time);
	b.p = put_option32(b.p, 2, EVENT_LATE);
	b.p = put_option64(b.p, OPT_COOKIE, l->conn->cookie);
	b.p = put_option(b.p, OPT_LATE_TIME, time, sizeof(time));
	b.p = put_option64(b.p, OPT_LATE_IMAGE, l->img->id);
	if (l->tid)
		b.p = put_option32(b.p, OPT_LATE_TID, l->tid);
	b.p = put32(b.p, 0);
	return block_end(&b);
}

/* Not lost for want of room: newer ones were wanted more. */
static __u8 *put_overwritten(__u8 *p, const struct account *packet)
{
	char text[64];

	if (!packet->overwritten)
		return p;
	snprintf(text, sizeof(text), "OVERWRITTEN=%llu", packet->overwritten);
	return put_text(p, 1, text);
}

/* The statistics, from the beginning of the capture, and the file's end. */
static bool end_file(const struct result *res)
{
	const struct account *packet = &res->kind[HONE_KIND_PACKET];
	struct block b = block_begin(BLOCK_ISB, 512);
	const struct account *a;
	__u8 time[8];
	int k;

	if (!b.p) {
		writer_close(&pcapng.w);
		return false;
	}
	b.p = put32(b.p, 0);
	b.p = put_time(b.p, res->end);
	put_time(time, pcapng.file == 1 ? res->start : pcapng.start);
	b.p = put_option(b.p, 2, time, sizeof(time));
	put_time(time, res->end);
	b.p = put_option(b.p, 3, time, sizeof(time));
	b.p = put_option64(b.p, 4, packet->seen);
	b.p = put_option64(b.p, 5, 0);
	b.p = put_option64(b.p, 7, packet->lost);
	b.p = put_option64(b.p, 8, res->captured);
	b.p = put_overwritten(b.p, packet);
	for (k = HONE_KIND_PROC; k <= HONE_KIND_SOCK; k++) {
		a = &res->kind[k];
		b.p = put_option64(b.p, 257 + 4 * k, a->seen);
		b.p = put_option64(b.p, 258 + 4 * k, a->lost);
		b.p = put_option64(b.p, 259 + 4 * k, 0);
		b.p = put_option64(b.p, 260 + 4 * k,
				   a->seen - a->filtered - a->lost -
				   a->overwritten);
	}
	b.p = put32(b.p, 0);
	block_end(&b);
	return writer_close(&pcapng.w);
}

static bool pcapng_tail(const struct result *res)
{
	char *name;
	bool ok;

	if (pcapng.ended)
		return true;
	if (pcapng.failed)
		return false;
	name = xstrdup(pcapng.w.name);
	ok = end_file(res);
	if (ok && rotation.path)
		rotate_done(name);
	free(name);
	return ok;
}

/* What the output has told of, or found when it began, and lives at its start. */
static bool tell_image(struct image *img)
{
	if (img->gone || (img->born && !img->described) ||
	    (img->ended && img->ended <= pcapng.start) || !filter_image(img))
		return true;
	return pcapng_describe_image(img, pcapng.start);
}

static bool tell_conn(struct conn *c)
{
	if (!c->told || (c->born && !c->described) ||
	    (c->freed && c->freed <= pcapng.start) || !filter_conn(c))
		return true;
	return pcapng_describe_conn(c, pcapng.start);
}

bool pcapng_rotate(__u64 time)
{
	struct result res;
	char *done, *name;
	bool ok;

	if (pcapng.failed)
		return false;
	resolve_result(&res, time);
	done = xstrdup(pcapng.w.name);
	ok = end_file(&res);
	if (ok)
		rotate_done(done);
	free(done);
	name = ok ? rotate_next(real_time(time)) : NULL;
	if (!name) {
		/* As many as were wanted: no error, and no more to write. */
		pcapng.ended = ok;
		pcapng.failed = !ok;
		if (ok)
			resolve_stop();
		return false;
	}
	pcapng.start = time;
	pcapng.failed = !open_named(name);
	return !pcapng.failed && write_shb(&pcapng.cap) &&
	       write_idb(&pcapng.cap) && image_each(tell_image) &&
	       conn_each(tell_conn);
}

static bool pcapng_flush(void)
{
	if (pcapng.ended)
		return true;
	if (rotate_wanted() && rotation.path && !pcapng_rotate(resolved.last))
		return pcapng.ended;
	return writer_flush(&pcapng.w);
}

struct sink sink_pcapng = {
	.head	= pcapng_head,
	.proc	= pcapng_proc,
	.sock	= pcapng_sock,
	.late	= pcapng_late,
	.tail	= pcapng_tail,
	.flush	= pcapng_flush,
};

bool pcapng_open(const char *path)
{
	sink_pcapng.packet = pcapng_packet();
	conn_forget = pcapng_forget;
	if (!strcmp(path, "-"))
		return open_file(path);
	rotation.path = path;
	if (rotate_by_time())
		return true;
	return open_named(rotate_first(0));
}
