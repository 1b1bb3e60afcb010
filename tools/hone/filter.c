// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filters by what a packet is and where it is: a classic BPF program that
 * libpcap makes of an expression, direction, interface, network namespace and
 * connection.
 */
#include "filter.h"
#include "control.h"
#include "msg.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVS_MAX	64
#define LIST_MAX	16	/* as many as the kernel takes */

static const char *devs[DEVS_MAX];	/* one of them, if any */
static bool dev_used[DEVS_MAX];
static int n_devs;
static char *expression;
static const char *expression_path;	/* of -F, else NULL */
static struct bpf_program program;	/* for packets of -r */
static bool no_in, no_out;
static bool replay;			/* the above is for us to look at */
static __u32 netns[LIST_MAX];		/* inode numbers */
static __u64 cookies[LIST_MAX];		/* connections */
static int n_netns, n_cookies;

void filter_bad(const char *option, const char *arg, const char *why)
{
	msg("%s: %s: %s", option, arg, why);
	msg("try --help");
	exit(EXIT_USAGE);
}

void filter_direction(const char *which)
{
	no_in = !strcmp(which, "out");
	no_out = !strcmp(which, "in");
	if (!no_in && !no_out && strcmp(which, "inout"))
		filter_bad("-Q", which, "is none of in, out, inout");
}

/* "any" is what it is without. */
void filter_interface(const char *name)
{
	if (!*name || strlen(name) >= HONE_IFNAME_LEN)
		filter_bad("-i", name, "is no name of an interface");
	if (!strcmp(name, "any"))
		return;
	if (n_devs == DEVS_MAX)
		filter_bad("-i", name, "is one too many");
	devs[n_devs++] = name;
}

/* Ends the program. */
static void expression_bad(const char *why)
{
	if (expression_path)
		filter_bad("-F", expression_path, why);
	filter_bad("filter", expression, why);
}

/* What the kernel knows beside a packet's bytes it does not yet, or no more. */
static void compile(struct bpf_program *to)
{
	pcap_t *p = pcap_open_dead(DLT_RAW, HONE_SNAPLEN_MAX);
	unsigned int i;

	if (!p) {
		msg("allocating memory: a filter: %s", strerror(ENOMEM));
		exit(EXIT_TROUBLE);
	}
	if (pcap_compile(p, to, expression, 1, PCAP_NETMASK_UNKNOWN))
		expression_bad(pcap_geterr(p));
	pcap_close(p);
	for (i = 0; i < to->bf_len; i++)
		if (BPF_CLASS(to->bf_insns[i].code) == BPF_LD &&
		    to->bf_insns[i].k >= (__u32)SKF_AD_OFF &&
		    BPF_MODE(to->bf_insns[i].code) == BPF_ABS)
			expression_bad("inbound, outbound, ifindex: use -Q or -i");
}

/* Said at once what is wrong with it. */
static void check_expression(void)
{
	struct bpf_program prog;

	compile(&prog);
	pcap_freecode(&prog);
}

void filter_expression(char **words, int n)
{
	size_t len = 1;
	int i;

	if (!n)
		return;
	if (expression)
		filter_bad("filter", words[0], "there is one from -F already");
	for (i = 0; i < n; i++)
		len += strlen(words[i]) + 1;
	expression = xcalloc(1, len);
	for (i = 0; i < n; i++) {
		strcat(expression, i ? " " : "");
		strcat(expression, words[i]);
	}
	check_expression();
}

void filter_expression_file(const char *path)
{
	FILE *f = fopen(path, "re");
	size_t size = 0;
	ssize_t len;

	if (expression)
		filter_bad("-F", path, "there is a filter already");
	len = f ? getdelim(&expression, &size, '\0', f) : -1;
	if (!f || ferror(f)) {
		msg_errno("reading: %s", path);
		exit(EXIT_TROUBLE);
	}
	fclose(f);
	/* Up to the end of an empty file there is nothing, not even in memory. */
	if (len < 0) {
		free(expression);
		expression = xstrdup("");
	}
	expression_path = path;
	check_expression();
}

static bool configure_program(void)
{
	struct bpf_program prog;
	char *text, *at;
	unsigned int i;
	bool ok;

	compile(&prog);
	/* Four numbers of at most 10 digits. */
	text = xcalloc(prog.bf_len + 1, 48);
	at = text + sprintf(text, "%u", prog.bf_len);
	for (i = 0; i < prog.bf_len; i++)
		at += sprintf(at, ",%u %u %u %u", prog.bf_insns[i].code,
			      prog.bf_insns[i].jt, prog.bf_insns[i].jf,
			      prog.bf_insns[i].k);
	ok = control_command("filter %s", text);
	free(text);
	pcap_freecode(&prog);
	return ok;
}

/* A number, a path, or a name that ip-netns(8) has given. */
static __u32 netns_number(const char *what)
{
	char path[4096], *end;
	unsigned long n;
	struct stat st;
	int fd;

	errno = 0;
	n = strtoul(what, &end, 10);
	if (*what >= '1' && *what <= '9' && !*end && !errno && n <= 0xffffffff)
		return n;
	snprintf(path, sizeof(path), "%s%s",
		 strchr(what, '/') ? "" : "/run/netns/", what);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		filter_bad("--netns", what, strerror(errno));
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		filter_bad("--netns", what, "is no network namespace");
	close(fd);
	return st.st_ino;
}

void filter_netns(const char *list)
{
	char *copy = xstrdup(list), *save = NULL, *word;

	for (word = strtok_r(copy, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		if (n_netns == LIST_MAX)
			filter_bad("--netns", list, "more than 16");
		netns[n_netns++] = netns_number(word);
	}
	if (!n_netns)
		filter_bad("--netns", list, "names no network namespace");
	free(copy);
}

void filter_conn_cookie(const char *list)
{
	const char *at = list;

	while (at) {
		if (n_cookies == LIST_MAX)
			filter_bad("--conn", list, "more than 16");
		cookies[n_cookies++] =
			filter_next_number("--conn", list, &at, UINT64_MAX,
					   true);
	}
}

bool filter_configure(void)
{
	int i;

	if (expression && !configure_program())
		return false;
	if ((no_in || no_out) &&
	    !control_command("direction %s", no_in ? "out" : "in"))
		return false;
	for (i = 0; i < n_netns; i++)
		if (!control_command("netns %u", netns[i]))
			return false;
	for (i = 0; i < n_cookies && control_feature("cookie"); i++)
		if (!control_command("socket %llu", cookies[i]))
			return false;
	return filter_configure_who();
}

void filter_replay(void)
{
	replay = expression || no_in || no_out || n_netns;
	if (expression)
		compile(&program);
}

/* A packet without a known interface is in the namespace of a loopback. */
static bool netns_wanted(const struct hone_packet *p)
{
	const struct netdev *dev = netdev_find(p->netns, p->ifindex);
	__u32 inum;
	int i;

	if (!dev)
		dev = netdev_find(p->netns, 1);
	inum = dev ? dev->ns_inum : 0;
	for (i = 0; i < n_netns; i++)
		if (netns[i] == inum)
			return true;
	return !n_netns;
}

/* The kernel has not seen these conditions. */
static bool replay_wants(const struct attributed *p)
{
	struct pcap_pkthdr h = {
		.len = p->packet->wire_len, .caplen = p->packet->cap_len,
	};

	if (p->undirected ? no_out || no_in :
	    p->packet->rec.flags & HONE_F_PKT_OUT ? no_out : no_in)
		return false;
	if (!netns_wanted(p->packet))
		return false;
	return !program.bf_insns || pcap_offline_filter(&program, &h, p->data);
}

static bool dev_wanted(const char *dev)
{
	int i;

	for (i = 0; i < n_devs; i++) {
		if (!dev || strcmp(dev, devs[i]))
			continue;
		dev_used[i] = true;
		return true;
	}
	return false;
}

static bool cookie_listed(__u64 cookie)
{
	int i;

	for (i = 0; i < n_cookies; i++)
		if (cookie && cookies[i] == cookie)
			return true;
	return false;
}

bool filter_cookie(__u64 cookie)
{
	const struct conn *c;

	if (!n_cookies || cookie_listed(cookie))
		return true;
	c = conn_find(cookie);
	return c && cookie_listed(c->parent);
}

bool filter_by_packet(void)
{
	return expression || n_devs || no_in || no_out;
}

void filter_tell_missing(void)
{
	int i;

	for (i = 0; i < n_devs; i++)
		if (!if_nametoindex(devs[i]))
			msg("-i: %s: there is no such interface here now",
			    devs[i]);
}

void filter_tell_unused(void)
{
	int i;

	for (i = 0; i < n_devs; i++)
		if (!dev_used[i])
			msg("-i: %s: no packet of such an interface", devs[i]);
}

bool filter_any;

void filter_settle(void)
{
	filter_any = n_devs || n_cookies || replay || filter_by_who();
}

bool filter_packet(const struct attributed *p)
{
	return (!n_devs || dev_wanted(packet_dev(p))) &&
	       (!replay || replay_wants(p));
}
