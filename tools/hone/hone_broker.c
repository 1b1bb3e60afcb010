// SPDX-License-Identifier: GPL-2.0-only
/*
 * hone-broker: lets a group capture that is not root. It has the privileges,
 * as file capabilities; hone-relayread, which runs it, has none.
 */
#include "broker.h"
#include "msg.h"

#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <unistd.h>

/* What broker_serve() is to talk over. */
static bool is_pair(int fd)
{
	int domain = 0, type = 0;
	socklen_t len = sizeof(int);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) &&
	       !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) &&
	       domain == AF_UNIX && type == SOCK_SEQPACKET;
}

int main(int argc, char **argv)
{
	const char *debugfs = BROKER_DEBUGFS;

	/* Its caller's other end of the socket, say: then it would never end. */
	if (close_range(STDERR_FILENO + 1, ~0U, 0))
		return EXIT_TROUBLE;
	/* Who gains nothing by this program may have it look elsewhere. */
	if (argc == 2 && !getauxval(AT_SECURE))
		debugfs = argv[1];
	else if (argc > 1 && strcmp(argv[1], debugfs))
		argc = 0;
	if (argc < 1 || argc > 2 || !is_pair(STDIN_FILENO)) {
		msg("hone-broker is run by hone-relayread, see hone(7)");
		return EXIT_USAGE;
	}
	return broker_serve(STDIN_FILENO, debugfs);
}
