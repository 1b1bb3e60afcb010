/* SPDX-License-Identifier: GPL-2.0-only */
/* Options: the command line. */
#ifndef HONE_OPTIONS_H
#define HONE_OPTIONS_H

#include "pcapng.h"

#include <stdbool.h>
#include <linux/types.h>

struct options {
	const char *out;		/* PCAP-NG, or NULL */
	const char *text;		/* "-" or file, or NULL */
	const char *json;		/* the same */
	const char *lines;		/* the same */
	bool summary;
	const char *summary_path;	/* NULL: standard error */
	const char *record;		/* raw file, or NULL */
	char **inputs;			/* raw files to replay */
	int n_inputs;
	char **command;			/* to run and capture, or NULL */
	__u64 snaplen;		/* ~0: the kernel's default, as next */
	__u64 buffer_kb;
	__u64 count;			/* 0: no limit */
	__u64 duration;		/* nanoseconds, 0: no limit */
	__u64 window;		/* nanoseconds */
	__u64 window_bytes;
	const char *debugfs;
	bool debugfs_given;
	const char *broker;		/* for who is not root */
	const char *comment;
	int ready_fd;			/* -1: none */
	bool datagrams_change;
	bool pre_firewall;
	bool counts;			/* and no packets */
	__u64 interval;		/* seconds, 0: the kernel's default */
	bool flight;			/* write out what the rings keep */
	bool boot;			/* take over what began at boot */
	bool comments;
	enum process_info process_info;
	bool usec;
	bool sll2;
	bool host_info;
	bool host_info_given;
	bool quiet, verbose;
	bool to_stdout;			/* an output is standard output */
};

extern struct options options;

/* Ends the program with EXIT_USAGE if the command line makes no sense. */
void options_parse(int argc, char **argv);

#endif
