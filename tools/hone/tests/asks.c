// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks a broker as nothing good would: hone-asks REQUEST... -- BROKER [DIR]
 * A REQUEST is version,what,cpu,pad, or a number of bytes to send. For each
 * prints the error and how many descriptors came, or that the broker has ended;
 * then its exit status.
 */
#include "../broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int sock;

/* A descriptor goes along, which nobody has asked for. */
static void send_request(const char *text)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} anc = { 0 };
	struct broker_request req = { 0 };
	char bytes[256] = "";
	struct iovec iov = { .iov_base = &req, .iov_len = sizeof(req) };
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = anc.buf, .msg_controllen = sizeof(anc.buf),
	};
	struct cmsghdr *cm = CMSG_FIRSTHDR(&mh);

	if (sscanf(text, "%u,%u,%u,%u", &req.version, &req.what, &req.cpu,
		   &req.pad) == 1) {
		iov.iov_base = bytes;
		iov.iov_len = req.version % sizeof(bytes);
	}
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cm), &sock, sizeof(sock));
	/* One that has ended gives no reply either. */
	sendmsg(sock, &mh, MSG_NOSIGNAL);
}

static void show_reply(void)
{
	union {
		char buf[CMSG_SPACE(8 * sizeof(int))];
		struct cmsghdr align;
	} anc;
	struct broker_reply rep;
	struct iovec iov = { .iov_base = &rep, .iov_len = sizeof(rep) };
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = anc.buf, .msg_controllen = sizeof(anc.buf),
	};
	struct cmsghdr *cm;
	int fds = 0;

	if (recvmsg(sock, &mh, 0) != sizeof(rep)) {
		puts("ended");
		return;
	}
	cm = CMSG_FIRSTHDR(&mh);
	if (cm)
		fds = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	printf("%s, %d\n", rep.error ? strerror(-rep.error) : "done", fds);
}

int main(int argc, char **argv)
{
	int pair[2], status, i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		;
	if (i >= argc - 1 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC,
					0, pair))
		return 1;
	if (!fork()) {
		dup2(pair[1], STDIN_FILENO);
		execv(argv[i + 1], argv + i + 1);
		_exit(127);
	}
	close(pair[1]);
	sock = pair[0];
	for (i = 1; strcmp(argv[i], "--"); i++) {
		send_request(argv[i]);
		show_reply();
	}
	close(sock);
	wait(&status);
	printf("status %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}
