// SPDX-License-Identifier: GPL-2.0-only
/* hone-relayread: captures packets and tells whose they are. */
#include "capture.h"
#include "filter.h"
#include "msg.h"
#include "names.h"
#include "options.h"
#include "raw.h"
#include "session.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

/* The host's own number: 32 hexadecimal digits. */
static void read_guid(__u8 guid[16])
{
	char hex[33] = "", byte[3] = "";
	FILE *f = fopen("/etc/machine-id", "re");
	int i;

	if (!f)
		return;
	if (fgets(hex, sizeof(hex), f) &&
	    strspn(hex, "0123456789abcdefABCDEF") == 32) {
		for (i = 0; i < 16; i++) {
			memcpy(byte, hex + 2 * i, 2);
			guid[i] = strtoul(byte, NULL, 16);
		}
	}
	fclose(f);
}

static void describe_host(void)
{
	static struct utsname u;
	static char os[sizeof(u)];

	if (uname(&u))
		return;
	snprintf(os, sizeof(os), "%s %s %s", u.sysname, u.release, u.version);
	capture.hardware = u.machine;
	capture.os = os;
	read_guid(capture.guid);
}

int main(int argc, char **argv)
{
	options_parse(argc, argv);
	/* A reader that went away is an error like others. */
	signal(SIGPIPE, SIG_IGN);
	resolve_window = options.window;
	resolve_bytes = options.window_bytes;
	resolve_limit = options.count;
	capture.comment = options.comment;
	capture.app = "hone-relayread " HONE_READER_VERSION;
	if (options.host_info)
		describe_host();
	else
		names_off = true;
	if (!options.n_inputs)
		return session_run();
	filter_replay();
	return raw_replay(options.inputs, options.n_inputs);
}
