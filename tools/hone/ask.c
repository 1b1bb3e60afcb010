// SPDX-License-Identifier: GPL-2.0-only
/* Asking: what may not be done here is done by a broker. */
#include "ask.h"
#include "msg.h"
#include "options.h"

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

/* Takes the descriptors that came, as many as are wanted and no more. */
static int take_fds(struct msghdr *mh, int *fds, int n)
{
	struct cmsghdr *cm = CMSG_FIRSTHDR(mh);

	if (mh->msg_flags & (MSG_CTRUNC | MSG_TRUNC) ||
	    (!n ? !!cm : !cm || cm->cmsg_level != SOL_SOCKET ||
	     cm->cmsg_type != SCM_RIGHTS ||
	     cm->cmsg_len != CMSG_LEN(n * sizeof(int))))
		return -EPROTO;
	if (n)
		memcpy(fds, CMSG_DATA(cm), n * sizeof(int));
	return 0;
}

int ask(enum broker_what what, __u32 cpu, int *fds, int n, bool *writable)
{
	struct broker_request req = {
		.version = BROKER_VERSION, .what = what, .cpu = cpu,
	};
	union {
		char buf[CMSG_SPACE(BROKER_FDS * sizeof(int))];
		struct cmsghdr align;
	} anc;
	struct broker_reply rep;
	struct iovec iov = { .iov_base = &rep, .iov_len = sizeof(rep) };
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = anc.buf, .msg_controllen = sizeof(anc.buf),
	};
	ssize_t got;

	do {
		got = send(sock, &req, sizeof(req), MSG_NOSIGNAL);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	do {
		got = recvmsg(sock, &mh, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	/* It has ended: it was killed, or could not be run. */
	if (!got)
		return -EPIPE;
	if (got != sizeof(rep) || rep.version != BROKER_VERSION)
		return -EPROTO;
	if (writable)
		*writable = rep.writable;
	return rep.error ? rep.error : take_fds(&mh, fds, n);
}

void ask_close(void)
{
	if (sock >= 0)
		close(sock);
	sock = -1;
}
