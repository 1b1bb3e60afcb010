// SPDX-License-Identifier: GPL-2.0-only
/* Links: where in a frame of some link type its IP packet is. */
#include "link.h"
#include "pcapng.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#define LINKTYPE_NULL		0
#define LINKTYPE_ETHERNET	1
#define LINKTYPE_LOOP		108
#define LINKTYPE_LINUX_SLL	113
#define LINKTYPE_IPV4		228
#define LINKTYPE_IPV6		229

#define SLL_LEN	16		/* of LINKTYPE_LINUX_SLL's header */

bool link_known(__u16 type)
{
	switch (type) {
	case LINKTYPE_NULL:
	case LINKTYPE_ETHERNET:
	case LINKTYPE_RAW:
	case LINKTYPE_LOOP:
	case LINKTYPE_LINUX_SLL:
	case LINKTYPE_IPV4:
	case LINKTYPE_IPV6:
	case LINKTYPE_LINUX_SLL2:
		return true;
	}
	return false;
}

/* Is it IP, and which? */
static bool parse_protocol(const __u8 *p, struct link *link)
{
	__u16 protocol = be16(p);

	link->family = protocol == ETH_P_IPV6 ? AF_INET6 : AF_INET;
	return protocol == ETH_P_IP || protocol == ETH_P_IPV6;
}

static bool parse_version(const __u8 *p, __u32 len, struct link *link)
{
	link->family = len && p[0] >> 4 == 6 ? AF_INET6 : AF_INET;
	return !len || p[0] >> 4 == 4 || p[0] >> 4 == 6;
}

/* Behind the addresses there may be tags of virtual networks. */
static bool parse_ethernet(const __u8 *p, __u32 len, struct link *link)
{
	__u32 at = 12;

	while (len >= at + 2 && (be16(p + at) == ETH_P_8021Q ||
				 be16(p + at) == ETH_P_8021AD))
		at += 4;
	link->len = at + 2;
	return len >= at + 2 && parse_protocol(p + at, link);
}

static void parse_type(__u8 type, struct link *link)
{
	link->sent = type == PACKET_OUTGOING;
	/* What others sent to others is neither. */
	link->received = !link->sent && type != PACKET_OTHERHOST;
}

bool link_parse(__u16 type, const __u8 *frame, __u32 len, struct link *link)
{
	memset(link, 0, sizeof(*link));
	link->dev_type = DEV_UNKNOWN;
	switch (type) {
	case LINKTYPE_ETHERNET:
		return parse_ethernet(frame, len, link);
	case LINKTYPE_NULL:
	case LINKTYPE_LOOP:
		/* The family's number differs among systems: IP tells. */
		link->len = 4;
		return len >= 4 && parse_version(frame + 4, len - 4, link);
	case LINKTYPE_LINUX_SLL:
		link->len = SLL_LEN;
		if (len < SLL_LEN)
			return false;
		parse_type(frame[1], link);
		link->dev_type = be16(frame + 2);
		return parse_protocol(frame + 14, link);
	case LINKTYPE_LINUX_SLL2:
		link->len = SLL2_LEN;
		if (len < SLL2_LEN)
			return false;
		parse_type(frame[10], link);
		link->ifindex = be32(frame + 4);
		link->dev_type = be16(frame + 8);
		return parse_protocol(frame, link);
	default:
		/* It is IP as its type says. */
		parse_version(frame, len, link);
		return true;
	}
}
