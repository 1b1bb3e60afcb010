// SPDX-License-Identifier: GPL-2.0-only
/* hone-relayread: captures packets and tells whose they are. */
#include "ask.h"
#include "capture.h"
#include "filter.h"
#include "flight.h"
#include "msg.h"
#include "names.h"
#include "options.h"
#include "replay.h"
#include "session.h"
#include "table.h"
#include "user.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

/* The first line of a file, "" if there is none. */
static const char *first_line(const char *path, char *line, int size)
{
	FILE *f = fopen(path, "re");

	line[0] = 0;
	if (!f)
		return line;
	if (!fgets(line, size, f))
		line[0] = 0;
	line[strcspn(line, "\n")] = 0;
	fclose(f);
	return line;
}

/* A number of 32 hexadecimal digits, among which there may be dashes. */
static bool parse_guid(__u8 guid[16], const char *s)
{
	char byte[3] = "";
	int n = 0, any = 0;

	for (; *s; s++) {
		if (*s == '-')
			continue;
		if (!isxdigit((unsigned char)*s) || n == 32)
			return false;
		byte[n & 1] = *s;
		if (n++ & 1) {
			guid[n / 2 - 1] = strtoul(byte, NULL, 16);
			any |= guid[n / 2 - 1];
		}
	}
	return n == 32 && any;
}

/* What the kernel was told that the host is, else what the system calls it. */
static void read_guid(__u8 guid[16])
{
	char line[256];
	__u8 id[16];

	if (parse_guid(id, first_line("/sys/kernel/hone/host_id", line,
				      sizeof(line))) ||
	    parse_guid(id, first_line("/etc/machine-id", line, sizeof(line))))
		memcpy(guid, id, sizeof(id));
}

static void describe_host(void)
{
	static struct utsname u;
	static char os[sizeof(u)], comment[512];

	if (uname(&u))
		return;
	snprintf(os, sizeof(os), "%s %s %s", u.sysname, u.release, u.version);
	capture.hardware = u.machine;
	capture.os = os;
	read_guid(capture.guid);
	if (!capture.comment)
		capture.comment = first_line("/sys/kernel/hone/comment",
					     comment, sizeof(comment));
}

int main(int argc, char **argv)
{
	options_parse(argc, argv);
	/* A reader that went away is an error like others. */
	signal(SIGPIPE, SIG_IGN);
	conn_has_ends = options.text || options.json;
	resolve_window = options.window;
	resolve_bytes = options.window_bytes;
	if (options.count)
		resolve_limit = options.count;
	capture.comment = options.comment;
	capture.app = "hone-relayread " HONE_READER_VERSION;
	if (options.host_info)
		describe_host();
	else
		names_off = true;
	/* What else is opened is opened as that user. */
	if (!options.n_inputs && user_wanted() &&
	    (!ask_child() || !user_become()))
		return EXIT_TROUBLE;
	if (options.flight)
		return flight_run();
	if (!options.n_inputs)
		return session_run();
	filter_replay();
	return replay(options.inputs, options.n_inputs);
}
