// SPDX-License-Identifier: GPL-2.0-only
/* Words: what text outputs call protocols, events and qualities. */
#include "words.h"

#include <linux/hone.h>
#include <netinet/in.h>
#include <stdio.h>

#define COUNT(a)	(sizeof(a) / sizeof(*(a)))

static const char *number(unsigned int n)
{
	static char text[16];

	snprintf(text, sizeof(text), "%u", n);
	return text;
}

const char *proto_name(unsigned int proto)
{
	switch (proto) {
	case IPPROTO_TCP:	return "tcp";
	case IPPROTO_UDP:	return "udp";
	case IPPROTO_ICMP:	return "icmp";
	case IPPROTO_ICMPV6:	return "icmp6";
	case IPPROTO_SCTP:	return "sctp";
	case IPPROTO_UDPLITE:	return "udplite";
	case IPPROTO_RAW:	return "raw";
	}
	return number(proto);
}

const char *sock_event_name(unsigned int event)
{
	static const char *const names[] = {
		[HONE_SOCK_OPEN]	= "open",
		[HONE_SOCK_ACCEPT]	= "accept",
		[HONE_SOCK_BIND]	= "bind",
		[HONE_SOCK_CONNECT]	= "connect",
		[HONE_SOCK_CLOSE]	= "close",
		[HONE_SOCK_FREE]	= "free",
		[HONE_SOCK_ANNOUNCE]	= "announce",
		[HONE_SOCK_SNAPSHOT]	= "snapshot",
		[HONE_SOCK_HOLDER]	= "holder",
		[HONE_SOCK_ERROR]	= "error",
		[HONE_SOCK_OVERFLOW]	= "overflow",
	};

	return event < COUNT(names) && names[event] ? names[event] :
						      number(event);
}

const char *quality_name(unsigned int quality)
{
	static const char *const names[] = {
		[HONE_Q_NONE]	= "none",
		[HONE_Q_KERNEL]	= "kernel",
		[HONE_Q_OWNER]	= "owner",
		[HONE_Q_EXACT]	= "exact",
	};

	return names[quality < COUNT(names) ? quality : HONE_Q_NONE];
}

const char *kind_name(unsigned int kind)
{
	static const char *const names[] = {
		[HONE_KIND_PROC]	= "process",
		[HONE_KIND_SOCK]	= "socket",
		[HONE_KIND_ACTOR]	= "actor",
		[HONE_KIND_PACKET]	= "packet",
	};

	return kind < COUNT(names) ? names[kind] : "unknown";
}
