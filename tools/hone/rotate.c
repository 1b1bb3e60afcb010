// SPDX-License-Identifier: GPL-2.0-only
/* Rotation: when an output goes on in another file, and what that is called. */
#include "rotate.h"
#include "msg.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct rotation rotation;

static __u64 begun;		/* when the file's time began */
static __u32 count;		/* of files so far */
static __u32 number;		/* of the file among those of a name */
static char *stem;		/* its name, but for the number */

void rotate_soon(void)
{
	rotation.soon = 1;
}

bool rotate_by_time(void)
{
	return rotation.ns && strchr(rotation.path, '%');
}

static char *name_at(__u64 real)
{
	time_t t = real / 1000000000;
	size_t size = strlen(rotation.path) * 8 + 256;
	struct tm tm;
	char *s;

	if (!rotate_by_time() || !localtime_r(&t, &tm))
		return xstrdup(rotation.path);
	s = xcalloc(1, size);
	if (!strftime(s, size, rotation.path, &tm)) {
		free(s);
		return xstrdup(rotation.path);
	}
	return s;
}

/* As tcpdump: FILE, FILE1, FILE2; among a fixed number all are as long. */
static char *numbered(void)
{
	size_t size = strlen(stem) + 16;
	char *s = xcalloc(1, size);
	__u32 n = rotation.files ? number % rotation.files : number;
	int digits = 1;
	__u32 most;

	for (most = rotation.files; most > 10; most = (most + 9) / 10)
		digits++;
	if (rotation.files && rotation.bytes)
		snprintf(s, size, "%s%0*u", stem, digits, n);
	else
		snprintf(s, size, n ? "%s%u" : "%s", stem, n);
	return s;
}

char *rotate_first(__u64 real)
{
	begun = real;
	free(stem);
	stem = name_at(real);
	return numbered();
}

void rotate_from(__u32 n)
{
	number = n;
}

bool rotate_due(__u64 bytes, __u64 real)
{
	if (rotation.soon)
		return true;
	return (rotation.bytes && bytes > rotation.bytes) ||
	       (rotation.ns && real >= begun + rotation.ns);
}

char *rotate_next(__u64 real)
{
	char *s;

	rotation.soon = 0;
	count++;
	number++;
	if (rotation.files && !rotation.bytes && count >= rotation.files)
		return NULL;
	/* Times when nothing came are passed over. */
	if (rotation.ns && real >= begun + rotation.ns) {
		begun += (real - begun) / rotation.ns * rotation.ns;
		s = name_at(begun);
		if (strcmp(s, stem)) {
			free(stem);
			stem = s;
			number = 0;
		} else {
			free(s);
		}
	}
	return numbered();
}

void rotate_done(const char *name)
{
	char * const argv[] = { (char *)rotation.command, (char *)name, NULL };
	posix_spawnattr_t attr;
	sigset_t none;
	int err;

	if (!rotation.command)
		return;
	/* What we keep waiting it need not. */
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	/* Nobody waits for it; a session buries it when it has ended. */
	err = posix_spawnp(NULL, argv[0], NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	if (err)
		msg("running: %s %s: %s", argv[0], name, strerror(err));
}
