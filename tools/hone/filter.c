// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filters. What a packet is, a classic BPF program tells that libpcap makes of
 * an expression; whose it is, the list of processes.
 */
#include "filter.h"
#include "control.h"
#include "msg.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

#define DEVS_MAX	64

enum what { BY_PID, BY_UID, BY_COMM, BY_EXE };

/* Of one kind any may match, and of each kind that is given one must. */
struct by {
	enum what what;
	__u32 number;
	const char *name;
	struct by *next;
};

static struct by *bys;
static bool given[4];
static bool follow;
static const char *devs[DEVS_MAX];	/* one of them, if any */
static int n_devs;
static char *expression;
static struct bpf_program program;	/* for packets of -r */
static bool no_in, no_out, replay;
static __u32 excluded[16];		/* as many as the kernel takes */
static int n_excluded;

static void bad(const char *option, const char *arg, const char *why)
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
		bad("-Q", which, "is none of in, out, inout");
}

/* "any" is what it is without. */
void filter_interface(const char *name)
{
	if (!*name || strlen(name) >= HONE_IFNAME_LEN)
		bad("-i", name, "is no name of an interface");
	if (!strcmp(name, "any"))
		return;
	if (n_devs == DEVS_MAX)
		bad("-i", name, "is one too many");
	devs[n_devs++] = name;
}

static void add_by(enum what what, __u32 number, const char *name)
{
	struct by *by = xcalloc(1, sizeof(*by));

	by->what = what;
	by->number = number;
	by->name = name;
	by->next = bys;
	bys = by;
	given[what] = true;
}

/* The next of numbers that commas part. */
static __u32 next_number(const char *option, const char *list, const char **at)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(*at, &end, 10);
	if (**at < '0' || **at > '9' || errno || n > 0xfffffffeUL ||
	    (*end && *end != ','))
		bad(option, list, "is no list of numbers");
	*at = *end ? end + 1 : NULL;
	return n;
}

void filter_pid(const char *list)
{
	const char *at = list;

	while (at)
		add_by(BY_PID, next_number("--pid", list, &at), NULL);
}

void filter_add_pid(__u32 pid)
{
	add_by(BY_PID, pid, NULL);
}

void filter_uid(const char *list)
{
	const char *at = list;

	while (at)
		add_by(BY_UID, next_number("--uid", list, &at), NULL);
}

void filter_comm(const char *name)
{
	if (!*name || strlen(name) >= HONE_COMM_LEN)
		bad("--comm", name, "has 1 to 15 bytes");
	add_by(BY_COMM, 0, name);
}

void filter_exe(const char *path)
{
	if (*path != '/')
		bad("--exe", path, "is no absolute path");
	add_by(BY_EXE, 0, path);
}

void filter_follow_forks(void)
{
	follow = true;
}

void filter_exclude_pid(const char *list)
{
	const char *at = list;

	while (at) {
		if (n_excluded == 16)
			bad("--exclude-pid", list, "more than 16");
		excluded[n_excluded++] =
			next_number("--exclude-pid", list, &at);
	}
}

static void compile(struct bpf_program *to)
{
	pcap_t *p = pcap_open_dead(DLT_RAW, HONE_SNAPLEN_MAX);

	if (!p) {
		msg("allocating memory: a filter: %s", strerror(ENOMEM));
		exit(EXIT_TROUBLE);
	}
	if (pcap_compile(p, to, expression, 1, PCAP_NETMASK_UNKNOWN))
		bad("filter", expression, pcap_geterr(p));
	pcap_close(p);
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
		bad("filter", words[0], "there is one from -F already");
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

	if (expression)
		bad("-F", path, "there is a filter already");
	if (!f || getdelim(&expression, &size, '\0', f) < 0) {
		msg_errno("reading: %s", path);
		exit(EXIT_TROUBLE);
	}
	fclose(f);
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

bool filter_configure(void)
{
	int i;

	if (expression && !configure_program())
		return false;
	if ((no_in || no_out) &&
	    !control_command("direction %s", no_in ? "out" : "in"))
		return false;
	for (i = 0; i < n_excluded; i++)
		if (!control_command("exclude_tgid %u", excluded[i]))
			return false;
	return true;
}

void filter_replay(void)
{
	replay = true;
	if (expression)
		compile(&program);
}

static bool matches(const struct by *by, struct image *img)
{
	switch (by->what) {
	case BY_PID:
		return img->tgid == by->number;
	case BY_UID:
		return img->as.uid == by->number || img->as.euid == by->number;
	case BY_COMM:
		return !strcmp(img->as.comm, by->name);
	case BY_EXE:
		return !strcmp(image_strings(img)->path, by->name);
	}
	return false;
}

static bool matches_all(struct image *img)
{
	bool found[4] = { false };
	const struct by *by;
	int i;

	for (by = bys; by; by = by->next)
		if (!found[by->what])
			found[by->what] = matches(by, img);
	for (i = 0; i < 4; i++)
		if (given[i] && !found[i])
			return false;
	return true;
}

bool filter_image(struct image *img)
{
	int i;

	for (i = 0; i < n_excluded; i++)
		if (img->tgid == excluded[i])
			return false;
	if (!bys)
		return true;
	if (!img->followed && matches_all(img))
		img->followed = follow;
	else if (!img->followed)
		return false;
	return true;
}

void filter_forked(struct image *img, const struct image *from)
{
	if (follow && from && from->followed)
		img->followed = true;
}

bool filter_conn(struct conn *c)
{
	struct image *img = image_find(c->owner.id);

	if (!bys && !n_excluded)
		return true;
	return img ? filter_image(img) : !bys;
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
	return !program.bf_insns || pcap_offline_filter(&program, &h, p->data);
}

static bool dev_wanted(const char *dev)
{
	int i;

	for (i = 0; i < n_devs; i++)
		if (dev && !strcmp(dev, devs[i]))
			return true;
	return !n_devs;
}

bool filter_packet(const struct attributed *p)
{
	int i;

	if (!dev_wanted(p->dev))
		return false;
	if (replay && !replay_wants(p))
		return false;
	if (!bys && !n_excluded)
		return true;
	if (!p->img)
		return !bys;
	if (filter_image(p->img))
		return true;
	for (i = 0; i < p->n_more; i++)
		if (filter_image(p->more[i]))
			return true;
	return false;
}
