// SPDX-License-Identifier: GPL-2.0-only
/* Lines: what they tell of ICMP, IGMP and SCTP. */
#include "line_control.h"
#include "out_line.h"
#include "words.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* Of SCTP in one packet; more are not told of, so that the line has an end. */
#define CHUNKS	12

static const char *address(int family, const __u8 *addr)
{
	static char text[2][INET6_ADDRSTRLEN];
	static int turn;

	turn ^= 1;
	if (!inet_ntop(family, addr, text[turn], sizeof(text[turn])))
		text[turn][0] = 0;
	return text[turn];
}

/* ICMP */

static void add_redirect(const struct flow *f, const char *to)
{
	line_add(" redirect%s %s to %s %s", f->l4[1] & 2 ? "-tos" : "", to,
		 f->l4[1] & 1 ? "host" : "net", address(AF_INET, f->l4 + 4));
}

/* @p is what is there of the packet that @to was to get. */
static bool add_unreachable(const struct flow *f, const __u8 *p, size_t len,
			    const char *to)
{
	size_t hlen = (p[0] & 15) * 4;

	switch (f->l4[1]) {
	case 0:
		line_add(" net %s unreachable", to);
		return true;
	case 1:
		line_add(" host %s unreachable", to);
		return true;
	case 2:
		line_add(" %s protocol %u unreachable", to, p[9]);
		return true;
	case 3:
		if (hlen < 20 || len < hlen + 4 ||
		    (p[9] != IPPROTO_UDP && p[9] != IPPROTO_TCP))
			return false;
		line_add(" %s %s port %u unreachable", to, proto_name(p[9]),
			 p[hlen + 2] << 8 | p[hlen + 3]);
		return true;
	case 4:
		line_add(" %s unreachable - need to frag (mtu %u)", to,
			 f->l4[6] << 8 | f->l4[7]);
		return true;
	case 9:
		line_add(" net %s unreachable - admin prohibited", to);
		return true;
	case 10:
		line_add(" host %s unreachable - admin prohibited", to);
		return true;
	case 13:
		line_add(" host %s unreachable - admin prohibited filter", to);
		return true;
	}
	return false;
}

/* Those about a packet, which is behind their header. */
static bool add_about(const struct flow *f)
{
	const __u8 *p = f->l4 + 8;
	const char *to;

	if (f->l4_len < 28 || p[0] >> 4 != 4)
		return false;
	to = address(AF_INET, p + 16);
	switch (f->l4[0]) {
	case 3:
		return add_unreachable(f, p, f->l4_len - 8, to);
	case 5:
		if (f->l4[1] > 3)
			return false;
		add_redirect(f, to);
		return true;
	case 11:
		if (f->l4[1] > 1)
			return false;
		line_add(f->l4[1] ? " ip reassembly time exceeded" :
				    " time exceeded in-transit");
		return true;
	}
	return false;
}

static void add_icmp(const struct flow *f)
{
	static const struct {
		__u8 type;
		const char *name;
	} known[] = {
		{ 0, "echo reply" }, { 3, "unreachable" },
		{ 4, "source quench" }, { 5, "redirect" },
		{ 8, "echo request" }, { 10, "router solicitation" },
		{ 11, "time exceeded" }, { 12, "parameter problem" },
	};
	const char *name = NULL;
	size_t i;

	line_add("ICMP");
	if (f->l4_len >= 8 && !add_about(f)) {
		for (i = 0; i < sizeof(known) / sizeof(*known); i++)
			if (known[i].type == f->l4[0])
				name = known[i].name;
		if (name)
			line_add(" %s", name);
		else
			line_add(" type-#%u", f->l4[0]);
		if (f->l4[0] == 0 || f->l4[0] == 8)
			line_add(", id %u, seq %u", f->l4[4] << 8 | f->l4[5],
				 f->l4[6] << 8 | f->l4[7]);
		else if (name && f->l4[1] && f->l4[0] != 4)
			line_add(", code %u", f->l4[1]);
	}
	line_add(", length %u", f->l4_wire);
}

/* ICMPv6 */

static bool add_unreachable6(const struct flow *f)
{
	const __u8 *p = f->l4 + 8;
	const char *to;

	if (f->l4_len < 48 || p[0] >> 4 != 6)
		return false;
	to = address(AF_INET6, p + 24);
	switch (f->l4[1]) {
	case 0:
		line_add(", unreachable route %s", to);
		return true;
	case 1:
		/* These two blanks are tcpdump's. */
		line_add(",  unreachable prohibited %s", to);
		return true;
	case 2:
		line_add(", beyond scope %s, source address %s", to,
			 address(AF_INET6, p + 8));
		return true;
	case 3:
		line_add(", unreachable address %s", to);
		return true;
	case 4:
		if (f->l4_len < 52 ||
		    (p[6] != IPPROTO_UDP && p[6] != IPPROTO_TCP))
			return false;
		line_add(", unreachable port, %s %s port %u", to,
			 proto_name(p[6]), p[42] << 8 | p[43]);
		return true;
	}
	return false;
}

/* What is behind its name. */
static void add_icmp6_more(const struct flow *f)
{
	const __u8 *p = f->l4;

	switch (p[0]) {
	case 1:
		if (add_unreachable6(f))
			return;
		break;
	case 2:
		line_add(", mtu %u", be32(p + 4));
		return;
	case 3:
		if (f->l4_len < 48)
			break;
		if (p[1] == 0)
			line_add(" in-transit for %s",
				 address(AF_INET6, p + 8 + 24));
		else if (p[1] == 1)
			line_add(" in-transit (reassembly)");
		else
			break;
		return;
	case 128:
	case 129:
		line_add(", id %u, seq %u", p[4] << 8 | p[5],
			 p[6] << 8 | p[7]);
		return;
	case 135:
	case 136:
		if (f->l4_len >= 24)
			line_add(", %s %s", p[0] == 135 ? "who has" : "tgt is",
				 address(AF_INET6, p + 8));
		return;
	case 143:
		line_add(", %u group record(s)", p[6] << 8 | p[7]);
		return;
	}
	if (p[1])
		line_add(", code %u", p[1]);
}

static void add_icmp6(const struct flow *f)
{
	static const struct {
		__u8 type;
		const char *name;
	} known[] = {
		{ 1, "destination unreachable" }, { 2, "packet too big" },
		{ 3, "time exceeded" }, { 4, "parameter problem" },
		{ 128, "echo request" }, { 129, "echo reply" },
		{ 130, "multicast listener query" },
		{ 131, "multicast listener report" },
		{ 132, "multicast listener done" },
		{ 133, "router solicitation" }, { 134, "router advertisement" },
		{ 135, "neighbor solicitation" },
		{ 136, "neighbor advertisement" }, { 137, "redirect" },
		{ 143, "multicast listener report v2" },
	};
	const char *name = NULL;
	size_t i;

	line_add("ICMP6");
	if (f->l4_len >= 8) {
		for (i = 0; i < sizeof(known) / sizeof(*known); i++)
			if (known[i].type == f->l4[0])
				name = known[i].name;
		if (name)
			line_add(", %s", name);
		else
			line_add(", unknown icmp6 type (%u)", f->l4[0]);
		add_icmp6_more(f);
	}
	line_add(", length %u", f->l4_wire);
}

/* IGMP */

static void add_igmp(const struct flow *f)
{
	const __u8 *p = f->l4;
	const char *group;

	line_add("igmp");
	if (line_form.brief || f->l4_len < 8)
		return;
	group = address(AF_INET, p + 4);
	switch (p[0]) {
	case 0x11:
		if (f->l4_wire >= 12)
			line_add(" query v3");
		else
			line_add(p[1] ? " query v2" : " query v1");
		if (p[1] && p[1] != 100 && f->l4_wire < 12)
			line_add(" [max resp time %u]", p[1]);
		if (p[4])
			line_add(" [gaddr %s]", group);
		break;
	case 0x12:
		line_add(" v1 report %s", group);
		break;
	case 0x16:
		line_add(" v2 report %s", group);
		break;
	case 0x17:
		line_add(" leave %s", group);
		break;
	case 0x22:
		line_add(" v3 report, %u group record(s)", p[6] << 8 | p[7]);
		break;
	default:
		line_add("-%u", p[0]);
	}
}

/* SCTP */

static void add_chunk_name(__u8 type)
{
	static const char *const names[] = {
		"DATA", "INIT", "INIT ACK", "SACK", "HB REQ", "HB ACK",
		"ABORT", "SHUTDOWN", "SHUTDOWN ACK", "OP ERR", "COOKIE ECHO",
		"COOKIE ACK", "ECN ECHO", "ECN CWR", "SHUTDOWN COMPLETE",
	};

	if (type < sizeof(names) / sizeof(*names))
		line_add("[%s]", names[type]);
	else if (type == 0xc0)
		line_add("[FOR CUM TSN]");
	else if (type == 0xc1)
		line_add("[REL CTRL]");
	else
		line_add("[Unknown chunk type: 0x%x]", type);
}

/* Of the chunk at @p there are @len bytes. */
static void add_chunk(const __u8 *p, size_t len)
{
	add_chunk_name(p[0]);
	if (p[0] == 0 && len >= 16)
		line_add("%s%s%s%s [TSN: %u] [SID: %u] [SSEQ %u] [PPID 0x%x]",
			 p[1] & 7 ? " " : "", p[1] & 4 ? "(U)" : "",
			 p[1] & 2 ? "(B)" : "", p[1] & 1 ? "(E)" : "",
			 be32(p + 4), p[8] << 8 | p[9], p[10] << 8 | p[11],
			 be32(p + 12));
	else if ((p[0] == 1 || p[0] == 2) && len >= 20)
		line_add(" [init tag: %u] [rwnd: %u] [OS: %u] [MIS: %u] [init TSN: %u]",
			 be32(p + 4), be32(p + 8), p[12] << 8 | p[13],
			 p[14] << 8 | p[15], be32(p + 16));
	else if (p[0] == 3 && len >= 16)
		line_add(" [cum ack %u] [a_rwnd %u] [#gap acks %u] [#dup tsns %u]",
			 be32(p + 4), be32(p + 8), p[12] << 8 | p[13],
			 p[14] << 8 | p[15]);
}

static void add_sctp(const struct flow *f)
{
	size_t at = 12, len, left;
	int n;

	line_add("sctp");
	for (n = 1; at + 4 <= f->l4_len; n++) {
		len = f->l4[at + 2] << 8 | f->l4[at + 3];
		line_add("%s (%d) ", n > 1 ? " ," : "", n);
		if (len < 4) {
			line_add("[Bad chunk length %zu, < size of chunk descriptor]",
				 len);
			return;
		}
		left = f->l4_len - at;
		add_chunk(f->l4 + at, len < left ? len : left);
		if (len > left) {
			line_add(" [|sctp]");
			return;
		}
		at += (len + 3) & ~(size_t)3;
		if (n == CHUNKS)
			return;
	}
	/* More is on the wire than is recorded. */
	if (at < f->l4_wire && f->l4_wire > f->l4_len)
		line_add(" [|sctp]");
}

bool line_control(const struct flow *f)
{
	switch (f->proto) {
	case IPPROTO_ICMP:
		add_icmp(f);
		return true;
	case IPPROTO_ICMPV6:
		add_icmp6(f);
		return true;
	case IPPROTO_IGMP:
		add_igmp(f);
		return true;
	case IPPROTO_SCTP:
		add_sctp(f);
		return true;
	}
	return false;
}
