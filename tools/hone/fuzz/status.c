// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzing: what the kernel says in text. The first part of an input is the
 * status of a session, the second, behind a NUL, its account.
 */
#include "wrap.h"

#include "../control.h"
#include "../options.h"

/* Longer than the directory's name can be. */
static char stats[8192];

static void session(void)
{
	static const char *const keys[] = {
		"session", "state", "subbuf_size", "subbufs", "error", "",
	};
	struct account kinds[HONE_KIND_MAX];
	const char *s;
	size_t i;

	if (control_open("control"))
		return;
	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		s = control_status(keys[i]);
		fuzz_check(!s || !strchr(s, '\n'));
	}
	snprintf(stats, sizeof(stats), "%s/stats", control_dir());
	control_stats(kinds);
	control_command("snaplen %d", 1);
	control_close();
}

int fuzz_one(const uint8_t *data, size_t size)
{
	static char path[8192];
	const uint8_t *end = memchr(data, 0, size);
	size_t len = end ? (size_t)(end - data) : size, i;
	const char *dir = NULL;

	/* Its directory is named in the status; the account is in there. */
	for (i = 0; i + 5 < len; i++) {
		if (!memcmp(data + i, "dir: ", 5) && (!i || data[i - 1] == '\n')) {
			dir = (const char *)data + i + 5;
			break;
		}
	}
	options.debugfs = "debugfs";
	fuzz_file("debugfs/control", data, len);
	if (dir) {
		for (i = 0; dir + i < (const char *)data + len && dir[i] != '\n'; i++)
			;
		snprintf(path, sizeof(path), "debugfs/%.*s/stats", (int)i, dir);
		fuzz_file(path, end ? end + 1 : data, end ? size - len - 1 : 0);
	}
	fuzz_part(session);
	return 0;
}
