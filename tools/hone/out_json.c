// SPDX-License-Identifier: GPL-2.0-only
/* JSON: one object a line (RFC 8259). The names are in hone-relayread(8). */
#include "out_json.h"
#include "encode.h"
#include "msg.h"
#include "words.h"
#include "writer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>

/*
 * The largest record fits, and the strings of a process, each as long as an
 * option of PCAP-NG holds; each byte as \u0000.
 */
#define LINE_MAX_LEN	(6 * 6 * 65536 + 16384)

static struct writer out;
static struct capture capture;
static char *line;		/* being made */
static size_t used;
static const char *sep;		/* before the next member or element */

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

	va_start(args, fmt);
	used += vsnprintf(line + used, LINE_MAX_LEN - used, fmt, args);
	va_end(args);
}

static void key(const char *name)
{
	add("%s\"%s\":", sep, name);
	sep = ",";
}

static void add_u64(const char *name, __u64 n)
{
	key(name);
	add("%llu", n);
}

static void open_bracket(const char *name, char bracket)
{
	key(name);
	add("%c", bracket);
	sep = "";
}

static void close_bracket(char bracket)
{
	add("%c", bracket);
	sep = ",";
}

/* What is not valid UTF-8 becomes U+FFFD, a byte each. */
static void add_chars(const char *s, size_t len)
{
	const __u8 *p = (const __u8 *)s;
	size_t n;

	line[used++] = '"';
	for (; len; p += n, len -= n) {
		n = utf8_char(p, len);
		if (!n) {
			add("\\ufffd");
			n = 1;
		} else if (n == 1 && (*p == '"' || *p == '\\')) {
			line[used++] = '\\';
			line[used++] = *p;
		} else if (is_control(p, n)) {
			add("\\u%04x", n == 1 ? p[0] : p[1]);
		} else {
			memcpy(line + used, p, n);
			used += n;
		}
	}
	line[used++] = '"';
}

/* What is not known is left out. */
static void add_text(const char *name, const char *s)
{
	if (!s || !*s)
		return;
	key(name);
	add_chars(s, strlen(s));
}

/* A string, since a number of that many digits is not kept by all readers. */
static void add_time(const char *name, __u64 boot)
{
	__u64 t = boot + capture.offset;

	key(name);
	add("\"%llu.%09llu\"", t / 1000000000, t % 1000000000);
}

static void begin(const char *type, __u64 time)
{
	used = 0;
	sep = "{";
	add_text("type", type);
	add_time("time", time);
}

static bool end(void)
{
	__u8 *room;

	add("}\n");
	room = writer_room(&out, used);
	if (!room)
		return false;
	memcpy(room, line, used);
	writer_put(&out, used);
	return true;
}

static bool json_head(const struct capture *cap)
{
	char guid[33];
	int i;

	capture = *cap;
	begin("head", cap->start);
	for (i = 0; i < 16; i++)
		sprintf(guid + 2 * i, "%02x", cap->guid[i]);
	add_u64("snaplen", cap->snaplen);
	add_text("guid", guid);
	add_text("app", cap->app);
	add_text("os", cap->os);
	add_text("hardware", cap->hardware);
	add_text("comment", cap->comment);
	return end();
}

static void add_argv(const struct strings *s)
{
	size_t len = s->argv_len, n;
	const char *p = s->argv;

	if (!len)
		return;
	open_bracket("argv", '[');
	for (; len; p += n, len -= n) {
		n = strnlen(p, len);
		add("%s", sep);
		add_chars(p, n);
		sep = ",";
		n += n < len;
	}
	close_bracket(']');
}

static void add_user(const char *name, __u32 id)
{
	if (id != NOBODY)
		add_u64(name, id);
}

static void add_image(struct image *img)
{
	const struct strings *s = image_strings(img);

	add_u64("ppid", img->ppid);
	if (img->parent_id)
		add_u64("parent", img->parent_id);
	if (img->start)
		add_time("start", img->start);
	add_user("uid", img->as.uid);
	add_user("euid", img->as.euid);
	add_user("gid", img->as.gid);
	add_user("egid", img->as.egid);
	add_text("comm", img->as.comm);
	add_text("path", s->path);
	add_argv(s);
	add_text("filename", s->filename);
	add_text("cwd", s->cwd);
	add_text("cgroup", image_cgroup(img));
	if (img->net_ns) {
		add_u64("nspid", img->ns_tgid);
		add_u64("netns", img->net_ns);
		add_u64("pidns", img->pid_ns);
		add_u64("mntns", img->mnt_ns);
	}
	if (img->loginuid != NOBODY)
		add_u64("loginuid", img->loginuid);
	if (img->sessionid != NOBODY)
		add_u64("session", img->sessionid);
	add_u64("execs", img->execs);
}

static const char *proc_event(const struct record *r)
{
	if (!r)
		return "snapshot";
	switch (r->proc.event) {
	case HONE_PROC_FORK:		return "fork";
	case HONE_PROC_EXEC:		return "exec";
	case HONE_PROC_EXIT:		return "exit";
	case HONE_PROC_ANNOUNCE:	return "announce";
	case HONE_PROC_CRED:		return "cred";
	case HONE_PROC_COMM:		return "comm";
	case HONE_PROC_CGROUP:		return "cgroup";
	default:			return "snapshot";
	}
}

static bool json_proc(struct image *img, const struct record *r)
{
	begin("process", r ? r->rec.time : capture.start);
	add_text("event", proc_event(r));
	if (img->kthread) {
		key("kthread");
		add("true");
	}
	add_u64("pid", img->tgid);
	add_u64("tid", r ? r->proc.tid : img->tgid);
	add_u64("id", img->id);
	if (r && r->proc.event == HONE_PROC_EXIT) {
		add_u64("status", img->exit_code >> 8 & 255);
		add_u64("signal", img->exit_code & 127);
	} else {
		add_image(img);
	}
	return end();
}

static void add_end(const char *name, int family, const __u8 *addr, bool ports,
		    unsigned int port)
{
	char s[INET6_ADDRSTRLEN] = "";

	inet_ntop(family, addr, s, sizeof(s));
	open_bracket(name, '{');
	add_text("addr", s);
	if (ports)
		add_u64("port", port);
	close_bracket('}');
}

static void add_ends(const struct conn *c, const struct hone_sock_rec *s)
{
	const __u8 *saddr = s ? s->saddr : c->ends->saddr;
	const __u8 *daddr = s ? s->daddr : c->ends->daddr;
	int skip = c->family == AF_INET ? 12 : 0;

	if (c->family != AF_INET && c->family != AF_INET6)
		return;
	add_text("proto", proto_name(c->protocol));
	add_end("local", c->family, saddr + skip, true,
		s ? ntohs(s->sport) : c->ends->sport);
	add_end("remote", c->family, daddr + skip, true,
		s ? ntohs(s->dport) : c->ends->dport);
}

static bool json_sock(struct conn *c, const struct record *r)
{
	struct image *owner = image_find(r ? r->sock->owner : c->owner.id);

	begin("socket", r ? r->rec.time : capture.start);
	add_text("event", sock_event_name(r ? r->sock->event :
					      HONE_SOCK_SNAPSHOT));
	if (r && r->sock->actor) {
		add_u64("pid", r->sock->actor_tgid);
		if (r->sock->actor_tid)
			add_u64("tid", r->sock->actor_tid);
		add_u64("id", r->sock->actor);
	}
	add_u64("conn", c->cookie);
	if (c->family)
		add_u64("family", c->family);
	if (owner && owner->tgid) {
		open_bracket("owner", '{');
		add_u64("pid", owner->tgid);
		add_u64("id", owner->id);
		add_text("comm", owner->as.comm);
		close_bracket('}');
	}
	if (c->parent)
		add_u64("parent", c->parent);
	add_ends(c, r ? r->sock : NULL);
	if (r && r->sock->error) {
		key("error");
		add("%d", r->sock->error);
	}
	return end();
}

static void add_flow(const struct attributed *p)
{
	int family = p->packet->family;
	struct flow f;

	decode_flow(p->packet, p->data, &f);
	if (!f.alen)
		return;
	add_text("proto", proto_name(f.proto));
	add_end("src", family, f.saddr, f.sport | f.dport, f.sport);
	add_end("dst", family, f.daddr, f.sport | f.dport, f.dport);
}

static void add_true(const char *name, bool is)
{
	if (!is)
		return;
	key(name);
	add("true");
}

static bool json_packet(const struct attributed *p)
{
	bool sent = p->packet->rec.flags & HONE_F_PKT_OUT;
	int i;

	begin("packet", p->time);
	if (!p->undirected)
		add_text("dir", sent ? "out" : "in");
	if (p->img) {
		add_u64("pid", p->img->tgid);
		if (p->tid)
			add_u64("tid", p->tid);
		add_u64("id", p->img->id);
		add_user("uid", p->img->as.uid);
		add_text("comm", p->img->as.comm);
	} else if (p->quality == HONE_Q_KERNEL) {
		add_u64("pid", 0);
		add_text("comm", "kernel");
	}
	if (p->conn)
		add_u64("conn", p->conn->cookie);
	add_text("dev", packet_dev(p));
	add_u64("len", p->packet->wire_len);
	add_u64("cap", p->packet->cap_len);
	add_flow(p);
	if (p->n_more) {
		open_bracket("also", '[');
		for (i = 0; i < p->n_more; i++)
			add(i ? ",%u" : "%u", p->more[i]->tgid);
		close_bracket(']');
	}
	if (p->lost)
		add_u64("lost", p->lost);
	add_true("gone", p->gone);
	add_true("made", p->img && p->made);
	add_text("quality", quality_name(p->quality));
	return end();
}

static bool json_late(const struct late *l)
{
	begin("late", l->time);
	add_u64("pid", l->img->tgid);
	if (l->tid)
		add_u64("tid", l->tid);
	add_u64("id", l->img->id);
	add_text("comm", l->img->as.comm);
	add_u64("conn", l->conn->cookie);
	add_time("packet", l->packet_time);
	return end();
}

static void add_amount(const char *name, __u64 packets, __u64 bytes)
{
	open_bracket(name, '{');
	add_u64("packets", packets);
	add_u64("bytes", bytes);
	close_bracket('}');
}

static bool json_tally(struct image *img, const struct record *r)
{
	const struct hone_tally *t = &r->tally;
	char comm[HONE_COMM_LEN + 1] = "kernel";

	if (img)
		memcpy(comm, img->as.comm, sizeof(comm));
	else if (t->id)
		memcpy(comm, t->comm, HONE_COMM_LEN);
	begin("count", r->rec.time);
	if (!(r->rec.flags & HONE_F_TALLY_SOCK)) {
		add_u64("pid", img ? img->tgid : t->tgid);
		add_u64("id", t->id);
		add_text("comm", comm);
	}
	if (t->cookie)
		add_u64("conn", t->cookie);
	if (r->rec.flags & HONE_F_TALLY_REST) {
		key("rest");
		add("true");
	}
	add_time("since", t->since);
	add_amount("in", t->in_packets, t->in_bytes);
	add_amount("out", t->out_packets, t->out_bytes);
	add_amount("total_in", t->total_in_packets, t->total_in_bytes);
	add_amount("total_out", t->total_out_packets, t->total_out_bytes);
	if (r->rec.flags & HONE_F_TALLY_END) {
		key("end");
		add("true");
	}
	return end();
}

static bool json_tail(const struct result *res)
{
	bool ok;
	int k;

	begin("tail", res->end);
	add_u64("packets", res->captured);
	for (k = 0; k < HONE_KIND_MAX; k++) {
		open_bracket(kind_name(k), '{');
		add_u64("seen", res->kind[k].seen);
		add_u64("filtered", res->kind[k].filtered);
		add_u64("lost", res->kind[k].lost);
		close_bracket('}');
	}
	ok = end();
	return writer_close(&out) && ok;
}

static bool json_flush(void)
{
	return writer_flush(&out);
}

bool json_open(const char *path)
{
	line = xrealloc(NULL, LINE_MAX_LEN);
	return writer_open(&out, path, whole_lines);
}

const struct sink sink_json = {
	.head	= json_head,
	.proc	= json_proc,
	.sock	= json_sock,
	.packet	= json_packet,
	.late	= json_late,
	.tally	= json_tally,
	.tail	= json_tail,
	.flush	= json_flush,
};
