// SPDX-License-Identifier: GPL-2.0-only
/* Options: the command line, from one table that is the help as well. */
#include "options.h"
#include "broker.h"
#include "filter.h"
#include "msg.h"
#include "out_line.h"
#include "rotate.h"
#include "sink.h"
#include "user.h"

#include <linux/hone.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE	(~0ULL)

struct options options = {
	.snaplen	= NONE,
	.buffer_kb	= NONE,
	.window		= 100000000,
	.window_bytes	= 8 << 20,
	.debugfs	= BROKER_DEBUGFS,
	.broker		= HONE_BROKER,
	.ready_fd	= -1,
	.comments	= true,
	.process_info	= INFO_DARWIN,
};

enum {
	O_TEXT = 256,
	O_JSON,
	O_PRINT,
	O_SUMMARY,
	O_RECORD,
	O_COMMENT,
	O_NO_COMMENT,
	O_PROCESS_INFO,
	O_USEC,
	O_SLL2,
	O_NO_RESOLVE,
	O_WINDOW,
	O_WINDOW_BUFFER,
	O_DURATION,
	O_DATAGRAMS,
	O_PRE_FIREWALL,
	O_COUNT,
	O_PID,
	O_UID,
	O_GID,
	O_COMM,
	O_EXE,
	O_CGROUP,
	O_NETNS,
	O_CONN,
	O_FOLLOW_FORKS,
	O_EXCLUDE_PID,
	O_DEBUGFS,
	O_BROKER,
	O_READY_FD,
	O_FLIGHT,
	O_BOOT,
	O_HOST_INFO,
	O_VERSION,
};

static const struct opt {
	int key;			/* a letter, or O_* */
	const char *name;		/* long name */
	const char *arg;		/* NULL: none; [X]: may be left out */
	const char *help;		/* lines */
} table[] = {
	{ 'o', "output", "FILE",
	  "write PCAP-NG to FILE, - is standard output" },
	{ 'w', "write", "FILE", "the same as -o" },
	{ O_PRINT, "print", "[FILE]",
	  "print a line for each packet, for people, to FILE or\n"
	  "standard output; done too if no output is named" },
	{ 'x', "hex", NULL, "with it the packet's bytes" },
	{ 'X', "hex-ascii", NULL, "the same, and as characters" },
	{ 'A', "ascii", NULL, "only as characters" },
	{ 't', "time", NULL,
	  "print no time; -tt: seconds since 1970; -ttt: since\n"
	  "the packet before; -tttt: the date as well; -ttttt:\n"
	  "since the first packet" },
	{ 'n', "numeric", NULL, "names are never looked up; for tcpdump's users" },
	{ 'S', "absolute-tcp-sequence-numbers", NULL,
	  "as they always are; the same" },
	{ 'p', "no-promiscuous-mode", NULL, "there is none; the same" },
	{ 'l', "line-buffered", NULL,
	  "write each line, or record, as soon as it is known,\n"
	  "and not with others" },
	{ 'U', "packet-buffered", NULL, "the same" },
	{ O_TEXT, "text", "[FILE]",
	  "write text, a record a line, to FILE or standard\n"
	  "output" },
	{ O_JSON, "json", "[FILE]",
	  "write JSON, an object a line, to FILE or standard\n"
	  "output" },
	{ O_SUMMARY, "summary", "[FILE]",
	  "write at the end, to FILE or standard error,\n"
	  "which process talked how much and with whom" },
	{ O_RECORD, "record", "FILE",
	  "write the kernel's records as they are to FILE" },
	{ 'r', "read", "FILE",
	  "read records from FILE instead of the kernel; may be\n"
	  "given more than once; - is standard input" },
	{ 'C', "file-size", "MB",
	  "go on in another file after MB million bytes, with a\n"
	  "number behind FILE; SIGHUP does so at once" },
	{ 'G', "rotate", "SEC",
	  "go on in another file every SEC seconds; FILE may\n"
	  "have conversions of strftime(3)" },
	{ 'W', "files", "N",
	  "with -C begin again with the first after N files,\n"
	  "with -G alone stop after N files" },
	{ 'z', "postrotate", "COMMAND",
	  "run COMMAND FILE for each file that is complete" },
	{ 'Z', "relinquish-privileges", "USER",
	  "do all as USER but to open Hone's files" },
	{ 's', "snaplen", "BYTES",
	  "record at most BYTES of a packet (0 to 262144)" },
	{ 'B', "buffer", "KB",
	  "buffer KB kilobytes for each CPU (128 to 4194304)" },
	{ 'c', "count", "N", "stop after N packets" },
	{ O_DURATION, "duration", "SEC", "stop after SEC seconds" },
	{ 'i', "interface", "NAME",
	  "only packets of this interface; may be given more\n"
	  "than once" },
	{ 'D', "list-interfaces", NULL, "list interfaces and stop" },
	{ 'Q', "direction", "DIR", "only packets that go in or out; inout: both" },
	{ 'F', "filter-file", "FILE", "read the filter's EXPRESSION from FILE" },
	{ O_PID, "pid", "PID,...", "only packets of these processes" },
	{ O_UID, "uid", "UID,...", "only of processes of these users" },
	{ O_GID, "gid", "GID,...", "only of processes of these groups" },
	{ O_COMM, "comm", "NAME", "only of processes of that name" },
	{ O_EXE, "exe", "PATH", "only of processes that run that program" },
	{ O_CGROUP, "cgroup", "PATH",
	  "only of processes in that cgroup, or below it" },
	{ O_FOLLOW_FORKS, "follow-forks", NULL,
	  "and of all that such processes start" },
	{ O_EXCLUDE_PID, "exclude-pid", "PID,...",
	  "nothing of these processes" },
	{ O_NETNS, "netns", "NETNS,...",
	  "only packets of these network namespaces: name, path\n"
	  "or inode number" },
	{ O_CONN, "conn", "CONN,...",
	  "only packets of these connections (socket cookies)" },
	{ O_FLIGHT, "flight", NULL,
	  "flight recorder: keep the newest in the buffers, and\n"
	  "write them out to FILE on SIGUSR2 and at the end" },
	{ O_BOOT, "boot", NULL,
	  "take over what was captured from boot (hone.boot=on)" },
	{ O_DATAGRAMS, "datagrams", "WHEN",
	  "all: be told who takes each datagram (default)\n"
	  "change: only when another process takes one" },
	{ O_PRE_FIREWALL, "pre-firewall", NULL,
	  "packets as they are before the firewall, also those\n"
	  "that it drops" },
	{ O_COUNT, "count-only", "[SEC]",
	  "no packets, only how many, and how many bytes, each\n"
	  "process and socket sent and received; every SEC\n"
	  "seconds (default 300) and at the end" },
	{ O_COMMENT, "comment", "TEXT", "comment on the whole file" },
	{ O_NO_COMMENT, "no-comment", NULL,
	  "write no comments that name a packet's process" },
	{ O_PROCESS_INFO, "process-info", "FORM",
	  "darwin: so that Wireshark 4.6 shows processes\n"
	  "(default); wireshark: so that 5.0 shows more of\n"
	  "them; none: leave that out" },
	{ O_USEC, "usec", NULL,
	  "write times in microseconds, not nanoseconds" },
	{ O_SLL2, "sll2", NULL,
	  "write packets with a link header (LINUX_SLL2) that\n"
	  "has the interface's index" },
	{ O_NO_RESOLVE, "no-resolve", NULL,
	  "do not wait for who reads a received packet" },
	{ O_WINDOW, "resolve-window", "MS",
	  "wait up to MS milliseconds for that (default 100)" },
	{ O_WINDOW_BUFFER, "resolve-buffer", "KB",
	  "keep up to KB kilobytes waiting (default 8192)" },
	{ O_HOST_INFO, "host-info", "WHAT",
	  "full: tell of this host and its users\n"
	  "none: leave that out (default with -r)" },
	{ O_DEBUGFS, "debugfs", "DIR",
	  "where Hone's files are (/sys/kernel/debug/hone)" },
	{ O_BROKER, "broker", "FILE",
	  "run FILE, if not root, to open Hone's files" },
	{ O_READY_FD, "ready-fd", "N",
	  "write a line to descriptor N when the capture runs" },
	{ 'q', "quiet", NULL, "print less, and no totals at the end" },
	{ 'v', "verbose", NULL, "print more, and more totals at the end" },
	{ 'h', "help", NULL, "show this and stop" },
	{ 'V', "version", NULL, "show the version and stop" },
};

#define N_OPTIONS	(sizeof(table) / sizeof(*table))

static void usage(void)
{
	msg("try --help");
	exit(EXIT_USAGE);
}

/* All that was wanted has been said, if it could be. */
static void all_said(void)
{
	if (!fflush(stdout))
		exit(EXIT_OK);
	msg_errno("writing: standard output");
	exit(EXIT_TROUBLE);
}

static void print_left(const struct opt *o)
{
	char left[64];
	int n;

	n = snprintf(left, sizeof(left), o->key < 256 ? "  -%c, " : "      ",
		     o->key);
	n += snprintf(left + n, sizeof(left) - n, "--%s", o->name);
	if (o->arg && o->arg[0] == '[')
		snprintf(left + n, sizeof(left) - n, "[=%.*s]",
			 (int)strlen(o->arg) - 2, o->arg + 1);
	else if (o->arg)
		snprintf(left + n, sizeof(left) - n, "=%s", o->arg);
	printf("%-26s ", left);
}

static void help(void)
{
	const struct opt *o;
	const char *line;
	int len;

	puts("Usage: hone-relayread [OPTION]... [EXPRESSION] [-- COMMAND [ARG]...]\n"
	     "Capture packets and tell for each of them which process sent or received it.\n"
	     "EXPRESSION selects packets, see pcap-filter(7). With COMMAND run it, and\n"
	     "capture what it and what it starts send and receive, until it ends.\n");
	for (o = table; o < table + N_OPTIONS; o++) {
		print_left(o);
		for (line = o->help;; line += len + 1) {
			len = strcspn(line, "\n");
			printf("%.*s\n", len, line);
			if (!line[len])
				break;
			printf("%27s", "");
		}
	}
	puts("\nA signal to end (^C) ends the capture; what has been captured is written.\n"
	     "Exit status: 0 success, 1 an error while reading or writing, 2 wrong usage,\n"
	     "3 the kernel cannot capture, or not for this user, 4 unsound records.");
	all_said();
}

static void list_interfaces(void)
{
	struct if_nameindex *list = if_nameindex(), *i;

	if (!list) {
		msg_errno("listing interfaces");
		exit(EXIT_TROUBLE);
	}
	for (i = list; i->if_index; i++)
		printf("%u.%s\n", i->if_index, i->if_name);
	if_freenameindex(list);
	all_said();
}

static __u64 number(const char *name, const char *s, __u64 min, __u64 max)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(s, &end, 10);
	if (*s < '0' || *s > '9' || *end || errno || n < min || n > max) {
		msg("--%s: %s: is not from %llu to %llu", name, s, min, max);
		usage();
	}
	return n;
}

/* A descriptor that is open. */
static int descriptor(const char *name, const char *s)
{
	int fd = number(name, s, 0, INT_MAX);

	if (fcntl(fd, F_GETFD) < 0) {
		msg_errno("--%s: %s", name, s);
		usage();
	}
	return fd;
}

/* A number with up to @digits decimals, in units of which one has 10^@digits. */
static __u64 decimal(const char *name, const char *s, __u64 unit, int digits)
{
	__u64 whole = 0, part = 0, weight = unit;
	const char *at = s;

	for (; isdigit((unsigned char)*at) && whole <= 1000000000; at++)
		whole = whole * 10 + *at - '0';
	if (*at == '.' && isdigit((unsigned char)(at == s ? at[1] : *s)))
		for (at++; digits && isdigit((unsigned char)*at); at++, digits--) {
			weight /= 10;
			part += (*at - '0') * weight;
		}
	if (at == s || *at) {
		msg("--%s: %s: is not a number", name, s);
		usage();
	}
	if (!whole && !part) {
		msg("--%s: %s: is nothing", name, s);
		usage();
	}
	if (whole > 1000000000) {
		msg("--%s: %s: is more than 1000000000", name, s);
		usage();
	}
	return whole * unit + part;
}

/* True for @yes, false for @no. */
static bool choice(const char *name, const char *s, const char *yes,
		   const char *no)
{
	if (!strcmp(s, yes) || !strcmp(s, no))
		return !strcmp(s, yes);
	msg("--%s: %s: is neither %s nor %s", name, s, yes, no);
	usage();
	return false;
}

static void process_info(const char *name, const char *form)
{
	static const char *const forms[] = {
		[INFO_NONE]		= "none",
		[INFO_DARWIN]		= "darwin",
		[INFO_WIRESHARK]	= "wireshark",
	};
	int i;

	for (i = INFO_NONE; i <= INFO_WIRESHARK; i++) {
		if (!strcmp(form, forms[i])) {
			options.process_info = i;
			return;
		}
	}
	msg("--%s: %s: is none of darwin, wireshark, none", name, form);
	usage();
}

static void add_input(char *path)
{
	options.inputs = xrealloc(options.inputs, (options.n_inputs + 1) *
				  sizeof(*options.inputs));
	options.inputs[options.n_inputs++] = path;
}

static void take(const struct opt *o, char *arg)
{
	switch (o->key) {
	case 'o':
	case 'w':
		options.out = arg;
		break;
	case O_PRINT:
		options.lines = arg ? arg : "-";
		break;
	case 'x':
		line_form.dump = LINE_HEX;
		break;
	case 'X':
		line_form.dump = LINE_HEX_ASCII;
		break;
	case 'A':
		line_form.dump = LINE_ASCII;
		break;
	case 't':
		if (line_form.time < LINE_FIRST)
			line_form.time++;
		break;
	case 'n':
	case 'S':
	case 'p':
		break;
	case 'l':
	case 'U':
		sink_each = true;
		break;
	case O_TEXT:
		options.text = arg ? arg : "-";
		break;
	case O_JSON:
		options.json = arg ? arg : "-";
		break;
	case O_SUMMARY:
		options.summary = true;
		options.summary_path = arg;
		break;
	case O_RECORD:
		options.record = arg;
		break;
	case 'r':
		add_input(arg);
		break;
	case 'C':
		rotation.bytes = decimal(o->name, arg, 1000000, 6);
		break;
	case 'G':
		rotation.ns = decimal(o->name, arg, 1000000000, 9);
		break;
	case 'W':
		rotation.files = number(o->name, arg, 1, 1000000);
		break;
	case 'z':
		rotation.command = arg;
		break;
	case 'Z':
		user_choose(arg);
		break;
	case 's':
		options.snaplen = number(o->name, arg, 0, HONE_SNAPLEN_MAX);
		break;
	case 'B':
		options.buffer_kb = number(o->name, arg, 128, 1 << 22);
		break;
	case 'c':
		options.count = number(o->name, arg, 1, UINT64_MAX);
		break;
	case 'i':
		filter_interface(arg);
		break;
	case 'D':
		list_interfaces();
		break;
	case 'Q':
		filter_direction(arg);
		break;
	case 'F':
		filter_expression_file(arg);
		break;
	case O_PID:
		filter_pid(arg);
		break;
	case O_UID:
		filter_uid(arg);
		break;
	case O_GID:
		filter_gid(arg);
		break;
	case O_COMM:
		filter_comm(arg);
		break;
	case O_EXE:
		filter_exe(arg);
		break;
	case O_CGROUP:
		filter_cgroup(arg);
		break;
	case O_NETNS:
		filter_netns(arg);
		break;
	case O_CONN:
		filter_conn_cookie(arg);
		break;
	case O_FOLLOW_FORKS:
		filter_follow_forks();
		break;
	case O_EXCLUDE_PID:
		filter_exclude_pid(arg);
		break;
	case O_DATAGRAMS:
		options.datagrams_change = choice(o->name, arg, "change",
						  "all");
		break;
	case O_COUNT:
		options.counts = true;
		options.interval = arg ? number(o->name, arg, 1, 86400) : 0;
		break;
	case O_PRE_FIREWALL:
		options.pre_firewall = true;
		break;
	case O_FLIGHT:
		options.flight = true;
		break;
	case O_BOOT:
		options.boot = true;
		break;
	case O_DURATION:
		options.duration = decimal(o->name, arg, 1000000000, 9);
		break;
	case O_COMMENT:
		options.comment = arg;
		break;
	case O_NO_COMMENT:
		options.comments = false;
		break;
	case O_PROCESS_INFO:
		process_info(o->name, arg);
		break;
	case O_SLL2:
		options.sll2 = true;
		break;
	case O_USEC:
		options.usec = true;
		break;
	case O_NO_RESOLVE:
		options.window = 0;
		break;
	case O_WINDOW_BUFFER:
		options.window_bytes = number(o->name, arg, 0, 4 << 20) << 10;
		break;
	case O_WINDOW:
		options.window = number(o->name, arg, 0, 60000) * 1000000;
		break;
	case O_HOST_INFO:
		options.host_info = choice(o->name, arg, "full", "none");
		options.host_info_given = true;
		break;
	case O_DEBUGFS:
		options.debugfs = arg;
		options.debugfs_given = true;
		break;
	case O_BROKER:
		options.broker = arg;
		break;
	case O_READY_FD:
		options.ready_fd = descriptor(o->name, arg);
		break;
	case 'q':
		options.quiet = true;
		line_form.brief = true;
		break;
	case 'v':
		options.verbose = true;
		line_form.more = true;
		break;
	case 'h':
		help();
		break;
	case 'V':
		puts("hone-relayread " HONE_READER_VERSION);
		all_said();
	}
}

static bool is_stdout(const char *path)
{
	return path && !strcmp(path, "-");
}

/* Each dump is a file of its own, and nothing else goes on between. */
static void check_flight(void)
{
	if (options.flight &&
	    (!options.out || is_stdout(options.out) || options.text ||
	     options.json || options.lines || options.record ||
	     options.summary || options.n_inputs || options.count ||
	     options.counts || options.command || rotation.bytes ||
	     rotation.ns)) {
		msg("--flight: needs -o FILE; no other output, -r, -c, -C, -G, counts, COMMAND");
		usage();
	}
	if (options.boot && (options.flight || options.n_inputs ||
			     options.record || options.datagrams_change ||
			     options.pre_firewall || options.counts ||
			     options.snaplen != NONE ||
			     options.buffer_kb != NONE)) {
		msg("--boot: all was settled at boot; no --flight, -r, --record, --count-only");
		usage();
	}
}

static void check(void)
{
	if (is_stdout(options.out) + is_stdout(options.text) +
	    is_stdout(options.json) + is_stdout(options.lines) +
	    is_stdout(options.record) +
	    (options.summary && is_stdout(options.summary_path)) > 1) {
		msg("standard output: more than one output wants it");
		usage();
	}
	if (options.n_inputs && (options.duration || options.record ||
				 options.snaplen != NONE ||
				 options.buffer_kb != NONE)) {
		msg("-r: goes with none of -s, -B, --duration, --record");
		usage();
	}
	if (options.counts && options.n_inputs) {
		msg("-r: goes not with --count-only");
		usage();
	}
	if (options.counts && (filter_by_packet() || options.count ||
			       options.lines || options.pre_firewall ||
			       options.snaplen != NONE)) {
		msg("--count-only: there are no packets for EXPRESSION, -iQcs, --print");
		usage();
	}
	if (options.counts && options.out && !options.text && !options.json &&
	    !options.record && !options.summary) {
		msg("--count-only: PCAP-NG has no word for counts: --summary, --text, --json have");
		usage();
	}
	/* There are no packets to print. */
	if (options.counts && !options.out && !options.text && !options.json &&
	    !options.record && !options.summary && !options.lines) {
		options.summary = true;
		options.summary_path = "-";
	}
	if (options.command && options.n_inputs) {
		msg("-r: there is no command to run");
		usage();
	}
	if ((rotation.bytes || rotation.ns) &&
	    (!options.out || is_stdout(options.out))) {
		msg("-C, -G: there is no file to go on from; name one by -o");
		usage();
	}
	if ((rotation.files || rotation.command) && !rotation.bytes &&
	    !rotation.ns && !options.flight) {
		msg("-W, -z: go with -C, -G or --flight");
		usage();
	}
	check_flight();
	/* A recorded file may come from another host. */
	if (!options.host_info_given)
		options.host_info = !options.n_inputs;
	if (!options.out && !options.text && !options.json &&
	    !options.record && !options.summary && !options.lines)
		options.lines = "-";
	options.to_stdout = is_stdout(options.out) || is_stdout(options.text) ||
			    is_stdout(options.json) || is_stdout(options.lines) ||
			    is_stdout(options.record);
}

/* The long options that a word may begin: how many, and which. */
static int meant(const char *word, char *names, size_t size)
{
	size_t len = strcspn(word, "="), i, at = 0;
	int n = 0;

	names[0] = 0;
	for (i = 0; i < N_OPTIONS; i++) {
		if (strncmp(table[i].name, word, len))
			continue;
		n++;
		if (at < size)
			at += snprintf(names + at, size - at, " --%s",
				       table[i].name);
	}
	return n;
}

/* What getopt_long() has not liked. */
static void bad_option(int key, const char *word)
{
	bool is_long = !strncmp(word, "--", 2);
	const struct opt *o = table;
	char names[256];

	while (o < table + N_OPTIONS && o->key != optopt)
		o++;
	if (key == ':' && is_long)
		msg("%s: needs an argument", word);
	else if (key == ':')
		msg("-%c: needs an argument", optopt);
	else if (optopt && o == table + N_OPTIONS)
		msg("-%c: no such option", optopt);
	else if (optopt)
		msg("%s: takes no argument", word);
	else if (meant(word + 2, names, sizeof(names)) > 1)
		msg("%s: may be any of%s", word, names);
	else
		msg("%s: no such option", word);
	usage();
}

void options_parse(int argc, char **argv)
{
	struct option longs[N_OPTIONS + 1] = { 0 };
	char shorts[2 * N_OPTIONS + 2] = ":";
	size_t i, n = 1;
	int key, end;

	/* Behind -- comes a command with options of its own. */
	for (end = 1; end < argc && strcmp(argv[end], "--"); end++)
		;
	if (end < argc - 1)
		options.command = argv + end + 1;
	argc = end;
	for (i = 0; i < N_OPTIONS; i++) {
		longs[i].name = table[i].name;
		longs[i].val = table[i].key;
		if (table[i].arg)
			longs[i].has_arg = table[i].arg[0] == '[' ?
					   optional_argument :
					   required_argument;
		if (table[i].key > 255)
			continue;
		shorts[n++] = table[i].key;
		if (table[i].arg)
			shorts[n++] = ':';
	}
	opterr = 0;
	while ((key = getopt_long(argc, argv, shorts, longs, NULL)) >= 0) {
		if (key == '?' || key == ':')
			bad_option(key, argv[optind - 1]);
		for (i = 0; table[i].key != key; i++)
			;
		take(&table[i], optarg);
	}
	filter_expression(argv + optind, argc - optind);
	/* Its pid is a filter as soon as there is one. */
	if (options.command)
		filter_follow_forks();
	check();
}
