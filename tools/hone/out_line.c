// SPDX-License-Identifier: GPL-2.0-only
/* Lines: for people, a packet a line as tcpdump has it, and whose it is. */
#include "out_line.h"
#include "encode.h"
#include "line_control.h"
#include "msg.h"
#include "words.h"
#include "writer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

/* A packet's line; and what a dump has for each 16 bytes. */
#define LINE_MAX_LEN	4096
#define ROW_MAX_LEN	80

struct line_form line_form;

static struct writer out;
static struct capture capture;
static char *line;
static size_t used;
static __u64 first, last;	/* boot time of packets, 0 = none yet */

static size_t whole_lines(const __u8 *buf, size_t len)
{
	while (len && buf[len - 1] != '\n')
		len--;
	return len;
}

#define add line_add

/* All that is added is bounded; see LINE_MAX_LEN. */
void line_add(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	used += vsprintf(line + used, fmt, args);
	va_end(args);
}

static void add_name(const char *name)
{
	used += encode(line + used, 3 * HONE_IFNAME_LEN, name, strlen(name),
		       "");
}

static bool line_head(const struct capture *cap)
{
	capture = *cap;
	return true;
}

static void add_clock(__u64 real, const char *form)
{
	time_t t = real / 1000000000;
	char text[64] = "";
	struct tm tm;

	if (localtime_r(&t, &tm))
		strftime(text, sizeof(text), form, &tm);
	add("%s.%06llu ", text, real % 1000000000 / 1000);
}

static void add_seconds(__u64 ns)
{
	add("%llu.%06llu ", ns / 1000000000, ns % 1000000000 / 1000);
}

static void add_span(__u64 ns)
{
	__u64 s = ns / 1000000000;

	add(" %02llu:%02llu:%02llu.%06llu ", s / 3600, s / 60 % 60, s % 60,
	    ns % 1000000000 / 1000);
}

static void add_time(__u64 boot)
{
	__u64 real = boot + capture.offset;

	switch (line_form.time) {
	case LINE_NONE:
		break;
	case LINE_CLOCK:
		add_clock(real, "%H:%M:%S");
		break;
	case LINE_DATE:
		add_clock(real, "%Y-%m-%d %H:%M:%S");
		break;
	case LINE_EPOCH:
		add_seconds(real);
		break;
	case LINE_DELTA:
		add_span(last ? boot - last : 0);
		break;
	case LINE_FIRST:
		add_span(boot - first);
		break;
	}
}

/* comm[pid] if it is exact, else with a mark; the kernel for itself or it. */
static void add_process(const struct attributed *p)
{
	if (p->quality == HONE_Q_KERNEL || p->made)
		add(p->img ? "kernel for " : "kernel");
	if (p->img) {
		add_name(p->img->as.comm[0] ? p->img->as.comm : "?");
		add("[%u]", p->img->tgid);
		if (p->quality == HONE_Q_OWNER)
			add("?");
	} else if (p->quality != HONE_Q_KERNEL) {
		add("?");
	}
	if (line_form.more && p->img) {
		if (p->tid)
			add(" tid %u", p->tid);
		if (p->img->as.uid != NOBODY)
			add(" uid %u", p->img->as.uid);
	}
	if (line_form.more && p->conn)
		add(" conn %llu", p->conn->cookie);
}

static void add_end(const struct flow *f, const __u8 *addr, unsigned int port)
{
	char s[INET6_ADDRSTRLEN] = "";

	inet_ntop(f->alen == 4 ? AF_INET : AF_INET6, addr, s, sizeof(s));
	add("%s", s);
	if (port)
		add(".%u", port);
}

static void add_tcp(const struct flow *f)
{
	static const char letters[] = "FSRP.UEW";
	int i;

	if (!f->whole) {
		add("[|tcp]");
		return;
	}
	if (line_form.brief) {
		add("tcp %u", f->payload);
		return;
	}
	add("Flags [");
	for (i = 0; i < 8; i++)
		if (f->tcp_flags & 1 << i)
			add("%c", letters[i]);
	if (!f->tcp_flags)
		add("none");
	add("]");
	/* That of an ACK alone tells nothing. */
	if (f->payload || f->tcp_flags & (TCP_FIN | TCP_SYN | TCP_RST))
		add(", seq %u", f->seq);
	if (f->payload)
		add(":%u", f->seq + f->payload);
	if (f->tcp_flags & TCP_ACK)
		add(", ack %u", f->ack);
	add(", win %u", f->l4[14] << 8 | f->l4[15]);
	if (f->tcp_flags & TCP_URG)
		add(", urg %u", f->l4[18] << 8 | f->l4[19]);
	line_tcp_options(f);
	add(", length %u", f->payload);
}

/* All that can be read of it (RFC 4303). */
static void add_esp(const struct flow *f)
{
	if (f->l4_len < 8)
		add("[|esp]");
	else
		add("ESP(spi=0x%08x,seq=0x%x), length %u", be32(f->l4),
		    be32(f->l4 + 4), f->l4_wire);
}

static void add_protocol(const struct flow *f)
{
	const char *name;

	if (f->fragment || !f->l4) {
		add("%s%s %u", proto_name(f->proto),
		    f->fragment ? " fragment" : "", f->l4_wire);
		return;
	}
	switch (f->proto) {
	case IPPROTO_TCP:
		add_tcp(f);
		break;
	case IPPROTO_UDP:
		add("UDP, length %u", f->payload);
		break;
	case IPPROTO_ESP:
		add_esp(f);
		break;
	default:
		if (line_control(f))
			return;
		name = proto_name(f->proto);
		if (*name >= '0' && *name <= '9')
			add("ip-proto-%s %u", name, f->l4_wire);
		else
			add("%s, length %u", name, f->l4_wire);
	}
}

static void add_ip(const struct attributed *p)
{
	struct flow f;

	decode_flow(p->packet, p->data, &f);
	if (!f.alen) {
		add("IP, length %u", p->packet->wire_len);
		return;
	}
	add(f.alen == 4 ? "IP " : "IP6 ");
	add_end(&f, f.saddr, f.sport);
	add(" > ");
	add_end(&f, f.daddr, f.dport);
	add(": ");
	if (f.alen == 16 && p->data[6] == IPPROTO_HOPOPTS)
		add("HBH ");
	else if (f.alen == 16 && p->data[6] == IPPROTO_DSTOPTS)
		add("DSTOPT ");
	add_protocol(&f);
}

static void dump_row(const __u8 *p, __u32 at, __u32 n)
{
	__u32 i;

	add("\t0x%04x: ", at);
	for (i = 0; i < 16; i++) {
		if (i < n)
			add(i & 1 ? "%02x" : " %02x", p[at + i]);
		else if (line_form.dump == LINE_HEX_ASCII)
			add(i & 1 ? "  " : "   ");
	}
	if (line_form.dump == LINE_HEX_ASCII) {
		add("  ");
		for (i = 0; i < n; i++)
			add("%c", p[at + i] > ' ' && p[at + i] < 0x7f ?
			    p[at + i] : '.');
	}
	add("\n");
}

static void add_dump(const struct attributed *p)
{
	__u32 len = p->packet->cap_len, i;
	__u8 c;

	if (line_form.dump == LINE_ASCII) {
		for (i = 0; i < len; i++) {
			c = p->data[i];
			add("%c", c == '\n' || c == '\t' ||
			    (c >= ' ' && c < 0x7f) ? c : '.');
		}
		add("\n");
		return;
	}
	for (i = 0; i < len; i += 16)
		dump_row(p->data, i, len - i < 16 ? len - i : 16);
}

static bool line_packet(const struct attributed *p)
{
	const char *dev = packet_dev(p);
	size_t size = LINE_MAX_LEN;
	int i;

	if (line_form.dump)
		size += (p->packet->cap_len / 16 + 1) * ROW_MAX_LEN;
	line = (char *)writer_room(&out, size);
	used = 0;
	if (!line)
		return false;
	if (!first)
		first = p->time;
	add_time(p->time);
	add_process(p);
	if (p->undirected)
		add(" ");
	else
		add(p->packet->rec.flags & HONE_F_PKT_OUT ? " Out " : " In ");
	if (dev) {
		add_name(dev);
		add(" ");
	}
	add_ip(p);
	for (i = 0; i < p->n_more; i++) {
		add(i ? ", " : " also ");
		add_name(p->more[i]->as.comm);
		add("[%u]", p->more[i]->tgid);
	}
	if (p->lost)
		add(" (%llu lost before)", p->lost);
	add("\n");
	if (line_form.dump)
		add_dump(p);
	last = p->time;
	writer_put(&out, used);
	return true;
}

static bool line_tail(const struct result *res)
{
	(void)res;
	return writer_close(&out);
}

static bool line_flush(void)
{
	return writer_flush(&out);
}

bool line_open(const char *path)
{
	return writer_open(&out, path, whole_lines);
}

const struct sink sink_line = {
	.head	= line_head,
	.packet	= line_packet,
	.tail	= line_tail,
	.flush	= line_flush,
};
