// SPDX-License-Identifier: GPL-2.0-only
/* Text: one record a line. The form is in hone-relayread(8). */
#include "out_text.h"
#include "encode.h"
#include "msg.h"
#include "words.h"
#include "writer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>

#define LINE_MAX_LEN	65536

static struct writer out;
static struct capture capture;
static char *line;		/* being made; NULL: writing has failed */
static size_t used;

static size_t whole_lines(const __u8 *buf, size_t len)
{
	while (len && buf[len - 1] != '\n')
		len--;
	return len;
}

static void add(const char *fmt, ...) __printf(1, 2);

static void add(const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line + used, LINE_MAX_LEN - used, fmt, args);
	va_end(args);
	if (n > 0)
		used += n;
	if (used > LINE_MAX_LEN - 2)
		used = LINE_MAX_LEN - 2;
}

static void add_name(const char *key, const char *name, size_t len)
{
	if (!len)
		return;
	add(" %s=", key);
	used += encode(line + used, LINE_MAX_LEN - 2 - used, name, len, "");
}

/* Arguments are parted by commas; a comma in one is encoded. */
static void add_argv(const struct strings *s)
{
	size_t len = s->argv_len, n;
	const char *p = s->argv;

	if (!len)
		return;
	add(" argv=");
	while (len) {
		n = strnlen(p, len);
		used += encode(line + used, LINE_MAX_LEN - 2 - used, p, n, ",");
		n += n < len;
		p += n;
		len -= n;
		if (len)
			add(",");
	}
}

static void add_time(__u64 time)
{
	__u64 t = time + capture.offset;

	add("%llu.%09llu", t / 1000000000, t % 1000000000);
}

static bool begin(const char *what, __u64 time)
{
	line = (char *)writer_room(&out, LINE_MAX_LEN);
	used = 0;
	if (!line)
		return false;
	add("%s ", what);
	add_time(time);
	return true;
}

static bool end(void)
{
	line[used++] = '\n';
	writer_put(&out, used);
	return true;
}

static bool text_head(const struct capture *cap)
{
	int i;

	capture = *cap;
	if (!begin("HEAD", cap->start))
		return false;
	add(" snaplen=%u guid=", cap->snaplen);
	for (i = 0; i < 16; i++)
		add("%02x", cap->guid[i]);
	add_name("app", cap->app, strlen(cap->app));
	if (cap->os)
		add_name("os", cap->os, strlen(cap->os));
	if (cap->hardware)
		add_name("hardware", cap->hardware, strlen(cap->hardware));
	if (cap->comment)
		add_name("comment", cap->comment, strlen(cap->comment));
	return end();
}

static void add_user(const char *name, __u32 id)
{
	if (id != NOBODY)
		add(" %s=%u", name, id);
}

static void add_image(struct image *img)
{
	const struct strings *s = image_strings(img);

	add(" ppid=%u parent=%llu", img->ppid, img->parent_id);
	add_user("uid", img->as.uid);
	add_user("euid", img->as.euid);
	add_user("gid", img->as.gid);
	add_user("egid", img->as.egid);
	add_name("comm", img->as.comm, strlen(img->as.comm));
	add_name("path", s->path, strlen(s->path));
	add_argv(s);
	add_name("filename", s->filename, strlen(s->filename));
	add_name("cwd", s->cwd, strlen(s->cwd));
	add_name("cgroup", image_cgroup(img), strlen(image_cgroup(img)));
	if (img->net_ns)
		add(" nspid=%u netns=%u pidns=%u mntns=%u", img->ns_tgid,
		    img->net_ns, img->pid_ns, img->mnt_ns);
	if (img->loginuid != NOBODY)
		add(" loginuid=%u", img->loginuid);
	if (img->sessionid != NOBODY)
		add(" session=%u", img->sessionid);
	if (img->execs)
		add(" execs=%u", img->execs);
}

static const char *proc_what(const struct image *img, const struct record *r,
			     const char **how)
{
	__u32 event = r ? r->proc.event : HONE_PROC_SNAPSHOT;

	*how = NULL;
	if (img->kthread && (event == HONE_PROC_FORK ||
			     event == HONE_PROC_SNAPSHOT))
		return "KTHD";
	switch (event) {
	case HONE_PROC_FORK:
		return "FORK";
	case HONE_PROC_EXIT:
		return "EXIT";
	case HONE_PROC_SNAPSHOT:
		*how = "snapshot";
		return "EXEC";
	case HONE_PROC_ANNOUNCE:
		*how = "announce";
		return "EXEC";
	case HONE_PROC_CRED:
		return "CRED";
	case HONE_PROC_COMM:
		return "COMM";
	case HONE_PROC_CGROUP:
		return "CGRP";
	default:
		return "EXEC";
	}
}

static bool text_proc(struct image *img, const struct record *r)
{
	const char *how, *what = proc_what(img, r, &how);
	__u32 tid = r ? r->proc.tid : img->tgid;

	if (!begin(what, r ? r->rec.time : capture.start))
		return false;
	add(" pid=%u tid=%u id=%llu", img->tgid, tid,
	    img->id);
	if (how)
		add(" how=%s", how);
	if (r && r->proc.event == HONE_PROC_EXIT)
		add(" status=%u signal=%u", img->exit_code >> 8 & 255,
		    img->exit_code & 127);
	else
		add_image(img);
	return end();
}

static void add_address(const char *key, int family, const __u8 *addr,
			unsigned int port)
{
	char s[INET6_ADDRSTRLEN] = "";

	inet_ntop(family, addr, s, sizeof(s));
	add(family == AF_INET6 ? " %s=[%s]:%u" : " %s=%s:%u", key, s, port);
}

static bool sock_closes(unsigned int event)
{
	return event == HONE_SOCK_CLOSE || event == HONE_SOCK_FREE;
}

static void add_sock(const struct conn *c, const struct hone_sock_rec *s)
{
	const __u8 *saddr = c->ends->saddr, *daddr = c->ends->daddr;
	unsigned int sport = c->ends->sport, dport = c->ends->dport;

	if (s) {
		saddr = s->saddr;
		daddr = s->daddr;
		sport = ntohs(s->sport);
		dport = ntohs(s->dport);
	}
	if (c->family == AF_INET) {
		saddr += 12;
		daddr += 12;
	} else if (c->family != AF_INET6) {
		if (c->family)
			add(" family=%u", c->family);
		return;
	}
	add(" proto=%s", proto_name(c->protocol));
	add_address("local", c->family, saddr, sport);
	add_address("remote", c->family, daddr, dport);
}

static bool text_sock(struct conn *c, const struct record *r)
{
	struct image *owner = image_find(r ? r->sock->owner : c->owner.id);
	unsigned int event = r ? r->sock->event : HONE_SOCK_SNAPSHOT;

	if (!begin(sock_closes(event) ? "SOCK C" : "SOCK O",
		   r ? r->rec.time : capture.start))
		return false;
	if (r && r->sock->actor)
		add(" pid=%u tid=%u id=%llu", r->sock->actor_tgid,
		    r->sock->actor_tid, r->sock->actor);
	add(" conn=%llu", c->cookie);
	add(" how=%s", sock_event_name(event));
	if (owner)
		add(" owner=%u", owner->tgid);
	if (c->parent)
		add(" parent=%llu", c->parent);
	add_sock(c, r ? r->sock : NULL);
	if (r && r->sock->error)
		add(" error=%d", r->sock->error);
	return end();
}

static void add_flow(const struct attributed *p)
{
	int family = p->packet->family;
	struct flow f;

	decode_flow(p->packet, p->data, &f);
	if (!f.alen)
		return;
	add(" proto=%s", proto_name(f.proto));
	add_address("src", family, f.saddr, f.sport);
	add_address("dst", family, f.daddr, f.dport);
}

static const char *packet_what(const struct attributed *p)
{
	if (p->undirected)
		return "PAKT -";
	return p->packet->rec.flags & HONE_F_PKT_OUT ? "PAKT O" : "PAKT I";
}

static bool text_packet(const struct attributed *p)
{
	const char *dev = packet_dev(p);
	int i;

	if (!begin(packet_what(p), p->time))
		return false;
	if (p->img) {
		add(" pid=%u", p->img->tgid);
		if (p->tid)
			add(" tid=%u", p->tid);
		add(" id=%llu", p->img->id);
		add_name("comm", p->img->as.comm, strlen(p->img->as.comm));
	} else if (p->quality == HONE_Q_KERNEL) {
		add(" pid=0 comm=kernel");
	}
	if (p->conn)
		add(" conn=%llu", p->conn->cookie);
	if (dev)
		add_name("dev", dev, strlen(dev));
	add(" len=%u cap=%u", p->packet->wire_len, p->packet->cap_len);
	add_flow(p);
	for (i = 0; i < p->n_more; i++)
		add(i ? ",%u" : " also=%u", p->more[i]->tgid);
	if (p->lost)
		add(" lost=%llu", p->lost);
	if (p->gone)
		add(" gone=1");
	if (p->made && p->img)
		add(" made=kernel");
	add(" quality=%s", quality_name(p->quality));
	return end();
}

static bool text_late(const struct late *l)
{
	if (!begin("LATE", l->time))
		return false;
	add(" pid=%u", l->img->tgid);
	if (l->tid)
		add(" tid=%u", l->tid);
	add(" id=%llu", l->img->id);
	add_name("comm", l->img->as.comm, strlen(l->img->as.comm));
	add(" conn=%llu packet=", l->conn->cookie);
	add_time(l->packet_time);
	return end();
}

static bool text_tally(struct image *img, const struct record *r)
{
	const struct hone_tally *t = &r->tally;
	const char *comm = img ? img->as.comm : (const char *)t->comm;

	if (!begin("COUNT", r->rec.time))
		return false;
	if (!(r->rec.flags & HONE_F_TALLY_SOCK)) {
		add(" pid=%u id=%llu", img ? img->tgid : t->tgid, t->id);
		if (t->id)
			add_name("comm", comm, strnlen(comm, HONE_COMM_LEN));
		else
			add(" comm=kernel");
	}
	if (t->cookie)
		add(" conn=%llu", t->cookie);
	if (r->rec.flags & HONE_F_TALLY_REST)
		add(" rest=1");
	add(" since=");
	add_time(t->since);
	add(" in=%llu,%llu out=%llu,%llu", t->in_packets, t->in_bytes,
	    t->out_packets, t->out_bytes);
	add(" total_in=%llu,%llu total_out=%llu,%llu", t->total_in_packets,
	    t->total_in_bytes, t->total_out_packets, t->total_out_bytes);
	if (r->rec.flags & HONE_F_TALLY_END)
		add(" end=1");
	return end();
}

static bool text_tail(const struct result *res)
{
	bool ok = begin("TAIL", res->end);
	int k;

	if (ok) {
		add(" packets=%llu", res->captured);
		for (k = 0; k < HONE_KIND_MAX; k++)
			add(" %s=%llu,%llu,%llu", kind_name(k),
			    res->kind[k].seen,
			    res->kind[k].filtered,
			    res->kind[k].lost);
		end();
	}
	return writer_close(&out) && ok;
}

static bool text_flush(void)
{
	return writer_flush(&out);
}

bool text_open(const char *path)
{
	return writer_open(&out, path, whole_lines);
}

const struct sink sink_text = {
	.head	= text_head,
	.proc	= text_proc,
	.sock	= text_sock,
	.packet	= text_packet,
	.late	= text_late,
	.tally	= text_tally,
	.tail	= text_tail,
	.flush	= text_flush,
};
