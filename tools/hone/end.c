// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who asks for the end once may send two signals: timeout(1) tells its command
 * and then the process group, in which the command is. To take the second one
 * for impatience would throw away what is still to be written.
 */
#include "end.h"

#include <signal.h>
#include <stdatomic.h>
#include <time.h>

/* So soon after the first one it says the same. */
#define ECHO_NS	1000000000LL

static atomic_int told;
static bool asked;		/* by a signal; here and below: for its handler */
static struct timespec first;

static long long since_first(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - first.tv_sec) * 1000000000LL +
		now.tv_nsec - first.tv_nsec;
}

static void on_end(int sig)
{
	if (!asked) {
		clock_gettime(CLOCK_MONOTONIC, &first);
		asked = true;
	} else if (since_first() >= ECHO_NS) {
		/* It waits for the end of this function. */
		signal(sig, SIG_DFL);
		raise(sig);
	}
	told = 1;
}

void end_catch(int sig)
{
	struct sigaction sa = { .sa_handler = on_end }, old;

	/* That is nohup(1). */
	if (sig == SIGHUP && !sigaction(sig, NULL, &old) &&
	    old.sa_handler == SIG_IGN)
		return;
	sigfillset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

void end_unblock(void)
{
	if (asked)
		clock_gettime(CLOCK_MONOTONIC, &first);
}

void end_tell(void)
{
	told = 1;
}

bool end_told(void)
{
	return told;
}
