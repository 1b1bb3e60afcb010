// SPDX-License-Identifier: GPL-2.0-only
/* Asking: what may not be done here is done by a broker. */
#include "ask.h"
#include "msg.h"
#include "options.h"
#include "pass.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int sock = -1;

/* In the broker's process: has nothing of ours but its end of @pair. */
static void leave_all(const int *pair)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (dup2(pair[1], STDIN_FILENO) < 0 ||
	    (null >= 0 && dup2(null, STDOUT_FILENO) < 0))
		_exit(EXIT_TROUBLE);
	/* Our own end of @pair among them: it is to see that we end. */
	if (close_range(STDERR_FILENO + 1, ~0U, 0))
		_exit(EXIT_TROUBLE);
}

static void run_helper(void)
{
	const char *dir = strcmp(options.debugfs, BROKER_DEBUGFS) ?
			  options.debugfs : NULL;

	execl(options.broker, options.broker, dir, NULL);
	_exit(EXIT_TROUBLE);
}

static bool begin(bool helper)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		msg_errno("starting a broker");
		return false;
	}
	pid = fork();
	if (!pid) {
		leave_all(pair);
		if (helper)
			run_helper();
		_exit(broker_serve(STDIN_FILENO, options.debugfs));
	}
	close(pair[1]);
	if (pid < 0) {
		msg_errno("starting a broker");
		close(pair[0]);
		return false;
	}
	sock = pair[0];
	return true;
}

bool ask_child(void)
{
	return begin(false);
}

bool ask_helper(void)
{
	return !access(options.broker, X_OK) && begin(true);
}

bool asking(void)
{
	return sock >= 0;
}

int ask(enum broker_what what, __u32 cpu, int *fds, int n, bool *writable)
{
	struct broker_request req = {
		.version = BROKER_VERSION, .what = what, .cpu = cpu,
	};
	struct broker_reply rep;
	int came[PASS_FDS], n_came, err;
	ssize_t got;

	err = pass_send(sock, &req, sizeof(req), NULL, 0);
	if (err)
		return err;
	got = pass_recv(sock, &rep, sizeof(rep), came, &n_came);
	if (got < 0)
		return got;
	/* It has ended: it was killed, or could not be run. */
	if (!got)
		return -EPIPE;
	if (got != sizeof(rep) || rep.version != BROKER_VERSION)
		err = -EPROTO;
	else if (rep.error)
		err = rep.error;
	else if (n_came != n)
		err = -EPROTO;
	/* As many as are wanted and no more. */
	if (err) {
		while (n_came)
			close(came[--n_came]);
		return err;
	}
	if (writable)
		*writable = rep.writable;
	memcpy(fds, came, n * sizeof(int));
	return 0;
}

void ask_close(void)
{
	if (sock >= 0)
		close(sock);
	sock = -1;
}
