// SPDX-License-Identifier: GPL-2.0-only
/* Replay: recorded files in place of a session, of whichever kind they are. */
#include "replay.h"
#include "in_pcapng.h"
#include "in_raw.h"
#include "msg.h"
#include "user.h"

#include <stdlib.h>

static const char *const kinds[] = {
	[INPUT_RAW]	= "a raw file",
	[INPUT_PCAPNG]	= "PCAP-NG",
};

int replay(char *const *paths, int n)
{
	struct input *inputs = xcalloc(n, sizeof(*inputs));
	enum input_kind kind = INPUT_UNKNOWN, other;
	const char *what;
	int i, ret;

	input_catch_signals();
	for (i = 0; i < n; i++) {
		if (!input_open(&inputs[i], paths[i]) ||
		    !input_fill(&inputs[i], INPUT_PROBE))
			return EXIT_TROUBLE;
		other = input_kind(&inputs[i]);
		what = n > 1 ? input_foreign(&inputs[i]) : NULL;
		if (what) {
			msg("reading: %s: is %s", paths[i], what);
			return EXIT_STREAM;
		}
		if (kind && other && other != kind) {
			msg("reading: %s: is %s, and %s is %s", paths[i],
			    kinds[other], paths[0], kinds[kind]);
			return EXIT_USAGE;
		}
		kind = other ? other : kind;
	}
	if (!user_become())
		return EXIT_TROUBLE;
	ret = kind == INPUT_PCAPNG ? pcapng_replay(inputs, n) :
				     raw_replay(inputs, n);
	for (i = 0; i < n; i++)
		input_close(&inputs[i]);
	free(inputs);
	return ret;
}
