// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sends one UDP datagram and ends: the shortest life a sender can have.
 *
 *	hone-once ADDRESS PORT WORD
 *
 * The payload is "once PID WORD", so that a capture can be held against it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fail(const char *doing, const char *object)
{
	fprintf(stderr, "hone-once: %s: %s: %s\n", doing, object,
		strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	char text[128];
	int fd, len;

	if (argc != 4) {
		fputs("usage: hone-once ADDRESS PORT WORD\n", stderr);
		return 2;
	}
	if (inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fprintf(stderr, "hone-once: not an IPv4 address: %s\n",
			argv[1]);
		return 2;
	}
	to.sin_port = htons(strtoul(argv[2], NULL, 10));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		return fail("opening", "socket");
	len = snprintf(text, sizeof(text), "once %d %.64s", getpid(), argv[3]);
	if (sendto(fd, text, len, 0, (struct sockaddr *)&to, sizeof(to)) != len)
		return fail("sending to", argv[1]);
	return 0;
}
