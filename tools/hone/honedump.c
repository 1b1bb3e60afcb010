// SPDX-License-Identifier: GPL-2.0-only
/*
 * honedump: shows Hone to Wireshark as an interface (extcap).
 *
 * Wireshark asks for interfaces, link types and options, has a capture filter
 * checked, and then wants packets in a FIFO: for that hone-relayread is run,
 * in place of this program, so that its end is the capture's.
 */
#include "msg.h"

#include <getopt.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INTERFACE	"hone"
#define SNAPLEN		262144

enum {
	O_INTERFACES = 256,
	O_VERSION,
	O_INTERFACE,
	O_DLTS,
	O_CONFIG,
	O_CAPTURE,
	O_FIFO,
	O_FILTER,
	O_RELOAD,
	O_HELP,
	/* Those that are handed on. */
	O_SNAPLEN,
	O_PID,
	O_COMM,
	O_UID,
	O_EXE,
	O_CGROUP,
	O_FORKS,
	O_BUFFER,
	O_READ,
	O_READER,
};

static const struct option options[] = {
	{ "extcap-interfaces", no_argument, NULL, O_INTERFACES },
	{ "extcap-version", optional_argument, NULL, O_VERSION },
	{ "extcap-interface", required_argument, NULL, O_INTERFACE },
	{ "extcap-dlts", no_argument, NULL, O_DLTS },
	{ "extcap-config", no_argument, NULL, O_CONFIG },
	{ "extcap-reload-option", required_argument, NULL, O_RELOAD },
	{ "extcap-capture-filter", required_argument, NULL, O_FILTER },
	{ "capture", no_argument, NULL, O_CAPTURE },
	{ "fifo", required_argument, NULL, O_FIFO },
	{ "help", no_argument, NULL, O_HELP },
	{ "version", no_argument, NULL, 'V' },
	{ "snaplen", required_argument, NULL, O_SNAPLEN },
	{ "pid", required_argument, NULL, O_PID },
	{ "comm", required_argument, NULL, O_COMM },
	{ "uid", required_argument, NULL, O_UID },
	{ "exe", required_argument, NULL, O_EXE },
	{ "cgroup", required_argument, NULL, O_CGROUP },
	{ "follow-forks", required_argument, NULL, O_FORKS },
	{ "buffer", required_argument, NULL, O_BUFFER },
	{ "read", required_argument, NULL, O_READ },
	{ "reader", required_argument, NULL, O_READER },
	{ }
};

/* The command to run. */
static char *words[32] = { (char *)"hone-relayread", (char *)"-q" };
static int n_words = 2;

static void word(const char *name, char *value)
{
	if (!value || !*value)
		return;
	words[n_words++] = (char *)name;
	words[n_words++] = value;
}

static void interfaces(void)
{
	puts("extcap {version=" HONE_READER_VERSION "}{display=Hone}\n"
	     "interface {value=" INTERFACE "}{display=Hone: packets and their processes}");
}

static void dlts(void)
{
	puts("dlt {number=101}{name=RAW}{display=Raw IP}");
}

/* Options that Wireshark shows: number, call and display are added. */
static const struct {
	const char *call, *display, *rest;
} arguments[] = {
	{ "snaplen", "Bytes of a packet",
	  "{type=unsigned}{range=0,262144}{default=262144}{group=Capture}" },
	{ "buffer", "Buffer (kB for each CPU)",
	  "{type=unsigned}{range=128,4194304}{group=Capture}" },
	{ "read", "Recorded stream, instead of a capture",
	  "{type=fileselect}{mustexist=true}{group=Capture}" },
	{ "pid", "Only these processes (numbers, parted by commas)",
	  "{type=string}{group=Processes}" },
	{ "comm", "Only processes of this name",
	  "{type=string}{group=Processes}" },
	{ "uid", "Only processes of these users",
	  "{type=string}{group=Processes}" },
	{ "exe", "Only processes that run this program",
	  "{type=string}{group=Processes}" },
	{ "cgroup", "Only processes in this cgroup, or below it",
	  "{type=string}{group=Processes}" },
	{ "follow-forks", "And what they start",
	  "{type=boolean}{default=false}{group=Processes}" },
};

static void config(void)
{
	size_t i;

	for (i = 0; i < sizeof(arguments) / sizeof(*arguments); i++)
		printf("arg {number=%zu}{call=--%s}{display=%s}%s\n", i,
		       arguments[i].call, arguments[i].display,
		       arguments[i].rest);
}

/* Silence means that it is good. */
static int check_filter(const char *filter)
{
	pcap_t *pcap = pcap_open_dead(DLT_RAW, SNAPLEN);
	struct bpf_program program;
	int bad = 1;

	if (!pcap)
		return EXIT_TROUBLE;
	bad = pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN);
	if (bad)
		puts(pcap_geterr(pcap));
	else
		pcap_freecode(&program);
	pcap_close(pcap);
	return bad ? EXIT_TROUBLE : EXIT_OK;
}

/* The reader is where programs are, or where both were installed. */
static int run(const char *reader)
{
	words[n_words] = NULL;
	if (reader) {
		execv(reader, words);
	} else {
		reader = HONE_SBIN "/hone-relayread";
		execvp(words[0], words);
		execv(reader, words);
	}
	msg_errno("running: %s", reader);
	return EXIT_TROUBLE;
}

static void help(void)
{
	puts("Usage: honedump --extcap-interfaces | --extcap-interface=" INTERFACE " ACTION\n"
	     "Show Hone to Wireshark as an interface; it belongs into an extcap directory.\n"
	     "ACTION is one of\n"
	     "  --extcap-dlts        tell the link type\n"
	     "  --extcap-config      tell the options\n"
	     "  --extcap-capture-filter=EXPRESSION\n"
	     "                       check it; with --capture, use it\n"
	     "  --capture --fifo=FILE [--snaplen=BYTES] [--pid=PID,...] [--comm=NAME]\n"
	     "            [--uid=UID,...] [--exe=PATH] [--cgroup=PATH] [--follow-forks=true]\n"
	     "            [--buffer=KB] [--read=FILE]\n"
	     "                       run hone-relayread (--reader=FILE: that one)");
}

int main(int argc, char **argv)
{
	char *fifo = NULL, *filter = NULL, *reader = NULL, *interface = NULL;
	char *snaplen = NULL, *buffer = NULL, *read = NULL;
	bool want_dlts = false, want_config = false, want_capture = false;
	int key;

	opterr = 0;
	while ((key = getopt_long(argc, argv, ":", options, NULL)) >= 0) {
		switch (key) {
		case O_INTERFACES:
			interfaces();
			return EXIT_OK;
		case O_HELP:
			help();
			return EXIT_OK;
		case 'V':
			puts("honedump " HONE_READER_VERSION);
			return EXIT_OK;
		case O_VERSION:
			break;
		case O_INTERFACE:
			interface = optarg;
			break;
		case O_DLTS:
			want_dlts = true;
			break;
		case O_CONFIG:
			want_config = true;
			break;
		case O_RELOAD:
			return EXIT_OK;
		case O_CAPTURE:
			want_capture = true;
			break;
		case O_FIFO:
			fifo = optarg;
			break;
		case O_FILTER:
			filter = optarg;
			break;
		case O_SNAPLEN:
			snaplen = optarg;
			break;
		case O_PID:
			word("--pid", optarg);
			break;
		case O_COMM:
			word("--comm", optarg);
			break;
		case O_UID:
			word("--uid", optarg);
			break;
		case O_EXE:
			word("--exe", optarg);
			break;
		case O_CGROUP:
			word("--cgroup", optarg);
			break;
		case O_FORKS:
			if (!strcmp(optarg, "true"))
				words[n_words++] = (char *)"--follow-forks";
			break;
		case O_BUFFER:
			buffer = optarg;
			break;
		case O_READ:
			read = optarg;
			break;
		case O_READER:
			reader = optarg;
			break;
		default:
			msg(key == ':' ? "%s: needs an argument" :
			    "%s: no such option", argv[optind - 1]);
			msg("try --help");
			return EXIT_USAGE;
		}
		if (n_words > 24) {
			msg("%s: is one too many", argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (!interface || strcmp(interface, INTERFACE)) {
		msg("--extcap-interface: %s: is not " INTERFACE,
		    interface ? interface : "(none)");
		return EXIT_USAGE;
	}
	if (want_dlts)
		dlts();
	else if (want_config)
		config();
	else if (filter && !want_capture)
		return check_filter(filter);
	if (!want_capture)
		return EXIT_OK;
	if (!fifo) {
		msg("--capture: needs --fifo");
		return EXIT_USAGE;
	}
	word("-o", fifo);
	/* What is recorded has its length. */
	word("-r", read);
	if (!read || !*read) {
		word("-s", snaplen);
		word("-B", buffer);
	}
	if (filter && *filter)
		words[n_words++] = filter;
	return run(reader);
}
