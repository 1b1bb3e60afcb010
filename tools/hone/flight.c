// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flight recorder: the kernel keeps the newest, and they are written on demand.
 *
 * Each dump is written by a process of its own, which begins with nothing and
 * leaves nothing: so a file tells of all that it refers to, and of nothing that
 * came before. While one is written the rings fill again already.
 */
#include "flight.h"
#include "capture.h"
#include "control.h"
#include "end.h"
#include "msg.h"
#include "options.h"
#include "resolve.h"
#include "rotate.h"
#include "session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static atomic_int wanted;	/* a dump */
static atomic_int report;

static void on_usr1(int sig)
{
	(void)sig;
	report = 1;
}

static void on_usr2(int sig)
{
	(void)sig;
	wanted = 1;
}

static void catch(int sig, void (*handler)(int))
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_RESTART };

	sigaction(sig, &sa, NULL);
}

/* They wait for ppoll() from now on. */
static void catch_signals(sigset_t *old)
{
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGUSR1);
	sigaddset(&ours, SIGUSR2);
	sigprocmask(SIG_BLOCK, &ours, old);
	end_catch(SIGINT);
	end_catch(SIGTERM);
	end_catch(SIGHUP);
	catch(SIGUSR1, on_usr1);
	catch(SIGUSR2, on_usr2);
}

/*
 * What lives is told by the snapshot, before the rings are frozen: who dies
 * after it is in it, and who dies before is in the rings.
 */
static bool collect(bool last, struct account *stats)
{
	if (!session_channels() || !session_snapshot())
		return false;
	if (!control_command(last ? "stop" : "freeze"))
		return session_fail(EXIT_KERNEL);
	if (!control_stats(stats))
		return session_fail(EXIT_KERNEL);
	if (!session_drain())
		return false;
	return last || control_command("thaw") || session_fail(EXIT_KERNEL);
}

static int write_dump(__u32 number, bool last, const sigset_t *mask)
{
	struct account stats[HONE_KIND_MAX];
	bool ok;

	rotate_from(number);
	if (!capture_open())
		return EXIT_TROUBLE;
	ok = collect(last, stats);
	/* No signal is to leave the rings frozen; from here on none can. */
	end_unblock();
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (ok && session_merge()) {
		if (!capture_begin() || !resolve_end())
			session_fail(EXIT_TROUBLE);
		if (!capture_end(stats))
			session_fail(EXIT_TROUBLE);
	}
	session_close();
	return session_status();
}

/* False, after a message, if there is no file. */
static bool make_dump(bool last, const sigset_t *mask)
{
	static __u32 number;
	const char *state;
	int status = 0;
	pid_t pid;

	pid = fork();
	if (!pid)
		exit(write_dump(number, last, mask));
	if (pid < 0) {
		msg_errno("starting a process: dump %u", number);
		return session_fail(EXIT_TROUBLE);
	}
	number++;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	if (WIFSIGNALED(status))
		msg("writing a dump: %s", strsignal(WTERMSIG(status)));
	state = control_status("state");
	if (state && !strcmp(state, "frozen"))
		control_command("thaw");
	return session_fail(WIFEXITED(status) ? WEXITSTATUS(status) :
						EXIT_TROUBLE);
}

/* Sleeps until a signal has come, or @end. */
static void wait_signal(const sigset_t *mask, __u64 end)
{
	struct timespec ts = { 0 };
	__u64 now = boot_clock();

	if (end && now < end) {
		ts.tv_sec = (end - now) / 1000000000;
		ts.tv_nsec = (end - now) % 1000000000;
	}
	if (ppoll(NULL, 0, end ? &ts : NULL, mask) == 0)
		end_tell();
}

static void tell(void)
{
	struct account stats[HONE_KIND_MAX];

	if (control_stats(stats))
		capture_report(stats);
}

/* A dump that fails is said to have; the next one may have better luck. */
static void run(const sigset_t *mask)
{
	__u64 end = options.duration ? boot_clock() + options.duration : 0;

	while (!end_told()) {
		wait_signal(mask, end);
		if (report)
			tell();
		report = 0;
		if (wanted && !end_told()) {
			wanted = 0;
			make_dump(false, mask);
		}
	}
	make_dump(true, mask);
}

/* Better now than when there is something to be written. */
static bool can_write(void)
{
	char *dir = xstrdup(options.out), *slash = strrchr(dir, '/');
	bool ok;

	if (slash)
		slash[slash == dir] = 0;
	ok = !access(slash ? dir : ".", W_OK | X_OK);
	if (!ok)
		msg_errno("writing dumps: %s", options.out);
	free(dir);
	return ok;
}

int flight_run(void)
{
	sigset_t mask;
	int ret;

	if (!can_write())
		return EXIT_TROUBLE;
	ret = control_open("control");
	if (ret)
		return ret;
	catch_signals(&mask);
	if (session_configure() &&
	    ((control_command("mode overwrite") && control_start()) ||
	     session_fail(EXIT_KERNEL))) {
		session_ready();
		run(&mask);
	}
	session_close();
	return session_status();
}
