// SPDX-License-Identifier: GPL-2.0-only
/* Lines: options of TCP, those of MPTCP among them. */
#include "line_control.h"

#include <netinet/tcp.h>

#define OPT_MPTCP	30
#define OPT_FASTOPEN	34

static __u64 be64(const __u8 *p)
{
	return (__u64)be32(p) << 32 | be32(p + 4);
}

/* Keys of both ends, as far as they are told. */
static bool add_capable(const __u8 *o, int len)
{
	if ((o[2] & 15) != 1 || (len > 4 && len < 12))
		return false;
	line_add("mptcp %d capable v1", len);
	if (len >= 12)
		line_add(" {0x%llx", be64(o + 4));
	if (len >= 20)
		line_add(",0x%llx", be64(o + 12));
	if (len >= 12)
		line_add("}");
	return true;
}

/* Of a SYN, its answer, and what follows that. */
static bool add_join(const __u8 *o, int len)
{
	switch (len) {
	case 12:
		line_add("mptcp %d join%s id %u token 0x%x nonce 0x%x", len,
			 o[2] & 1 ? " backup" : "", o[3], be32(o + 4),
			 be32(o + 8));
		return true;
	case 16:
		line_add("mptcp %d join%s id %u hmac 0x%llx nonce 0x%x", len,
			 o[2] & 1 ? " backup" : "", o[3], be64(o + 4),
			 be32(o + 12));
		return true;
	case 24:
		line_add("mptcp %d join hmac 0x%08x%08x%08x%08x%08x", len,
			 be32(o + 4), be32(o + 8), be32(o + 12),
			 be32(o + 16), be32(o + 20));
		return true;
	}
	return false;
}

/* One of 4 or 8 bytes. */
static const __u8 *add_number(const char *name, const __u8 *p, bool wide)
{
	line_add(" %s %llu", name, wide ? be64(p) : be32(p));
	return p + (wide ? 8 : 4);
}

/* What is acknowledged of the connection, and which of its bytes these are. */
static bool add_dss(const __u8 *o, int len)
{
	__u8 flags = o[3];
	const __u8 *p = o + 4;
	int need = 4;

	if (flags & 1)
		need += flags & 2 ? 8 : 4;
	if (flags & 4)
		need += flags & 8 ? 14 : 10;
	if (len != need && !(flags & 4 && len == need + 2))
		return false;
	line_add("mptcp %d dss%s", len, flags & 16 ? " fin" : "");
	if (flags & 1)
		p = add_number("ack", p, flags & 2);
	if (flags & 4) {
		p = add_number("seq", p, flags & 8);
		line_add(" subseq %u len %u", be32(p), p[4] << 8 | p[5]);
	}
	if (len > need)
		line_add(" csum 0x%x", p[6] << 8 | p[7]);
	return true;
}

/* False, and nothing is added: its form is not known here. */
static bool add_mptcp(const __u8 *o, int len)
{
	if (len < 4)
		return false;
	switch (o[2] >> 4) {
	case 0:
		return add_capable(o, len);
	case 1:
		return add_join(o, len);
	case 2:
		return add_dss(o, len);
	}
	return false;
}

/* One option of @len bytes, in tcpdump's words. */
static void add_tcp_option(const __u8 *o, int len)
{
	int i;

	switch (o[0]) {
	case TCPOPT_MAXSEG:
		if (len == TCPOLEN_MAXSEG) {
			line_add("mss %u", o[2] << 8 | o[3]);
			return;
		}
		break;
	case TCPOPT_WINDOW:
		if (len == TCPOLEN_WINDOW) {
			line_add("wscale %u", o[2]);
			return;
		}
		break;
	case TCPOPT_SACK_PERMITTED:
		line_add("sackOK");
		return;
	case TCPOPT_SACK:
		line_add("sack %d ", len / 8);
		for (i = 2; i + 8 <= len; i += 8)
			line_add("{%u:%u}", be32(o + i), be32(o + i + 4));
		return;
	case TCPOPT_TIMESTAMP:
		if (len == TCPOLEN_TIMESTAMP) {
			line_add("TS val %u ecr %u", be32(o + 2), be32(o + 6));
			return;
		}
		break;
	case OPT_MPTCP:
		if (add_mptcp(o, len))
			return;
		break;
	case OPT_FASTOPEN:
		/* These two blanks are tcpdump's. */
		line_add("tfo  cookie%s", len > 2 ? " " : "req");
		for (i = 2; i < len; i++)
			line_add("%02x", o[i]);
		return;
	}
	line_add("unknown-%u", o[0]);
	for (i = 2; i < len; i++)
		line_add(i == 2 ? " 0x%02x" : "%02x", o[i]);
}

void line_tcp_options(const struct flow *f)
{
	int end = (f->l4[12] >> 4) * 4, at = 20, len;
	bool cut = end > (int)f->l4_len;

	if (end <= at)
		return;
	line_add(", options [");
	if (cut)
		end = f->l4_len;
	while (at < end) {
		if (at > 20)
			line_add(",");
		if (f->l4[at] == TCPOPT_EOL) {
			line_add("eol");
			break;
		}
		if (f->l4[at] == TCPOPT_NOP) {
			line_add("nop");
			at++;
			continue;
		}
		len = at + 1 < end ? f->l4[at + 1] : 0;
		if (len < 2 || len > end - at) {
			line_add(cut ? "[|tcp]" : "[bad opt]");
			break;
		}
		add_tcp_option(f->l4 + at, len);
		at += len;
	}
	line_add("]");
}
