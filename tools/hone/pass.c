// SPDX-License-Identifier: GPL-2.0-only
/* Passing: messages over a socket pair, with descriptors. */
#include "pass.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union ancillary {
	char buf[CMSG_SPACE(PASS_FDS * sizeof(int))];
	struct cmsghdr align;
};

int pass_send(int sock, const void *buf, size_t len, const int *fds, int n)
{
	union ancillary anc = { 0 };
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;
	ssize_t sent;

	if (n) {
		mh.msg_control = anc.buf;
		mh.msg_controllen = CMSG_SPACE(n * sizeof(int));
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(cm), fds, n * sizeof(int));
	}
	do {
		sent = sendmsg(sock, &mh, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	return (size_t)sent == len ? 0 : -EIO;
}

ssize_t pass_recv(int sock, void *buf, size_t len, int *fds, int *n)
{
	union ancillary anc;
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = anc.buf, .msg_controllen = sizeof(anc.buf),
	};
	struct cmsghdr *cm;
	ssize_t got;

	*n = 0;
	do {
		got = recvmsg(sock, &mh, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	cm = CMSG_FIRSTHDR(&mh);
	if (cm && cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SCM_RIGHTS) {
		*n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(cm), *n * sizeof(int));
	} else if (cm) {
		return -EPROTO;
	}
	if (!(mh.msg_flags & (MSG_CTRUNC | MSG_TRUNC)))
		return got;
	while (*n)
		close(fds[--*n]);
	return -EPROTO;
}
