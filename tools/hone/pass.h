/* SPDX-License-Identifier: GPL-2.0-only */
/* Passing: messages over a socket pair, with descriptors. */
#ifndef HONE_PASS_H
#define HONE_PASS_H

#include <stddef.h>
#include <sys/types.h>

#define PASS_FDS	8	/* that a message has at most */

/* Sends @len bytes and @n descriptors. 0 or a negative errno. */
int pass_send(int sock, const void *buf, size_t len, const int *fds, int n);
/*
 * Receives a message of @len bytes at most, and @n descriptors, PASS_FDS at
 * most, which do not survive an exec. The number of bytes, 0 at the other's
 * end, or a negative errno; then there are no descriptors.
 */
ssize_t pass_recv(int sock, void *buf, size_t len, int *fds, int *n);

#endif
