// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks a broker as nothing good would: hone-asks REQUEST... -- BROKER [DIR]
 * A REQUEST is version,what,cpu,pad, or a number of bytes to send. For each
 * prints the error and how many descriptors came, or that the broker has ended;
 * then its exit status. The word "caps" prints the broker's capabilities.
 */
#include "../broker.h"
#include "../pass.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int sock;
static pid_t broker;

/* A descriptor goes along, which nobody has asked for. */
static void send_request(const char *text)
{
	struct broker_request req = { 0 };
	char bytes[256] = "";

	/* One that has ended gives no reply either. */
	if (sscanf(text, "%u,%u,%u,%u", &req.version, &req.what, &req.cpu,
		   &req.pad) == 1)
		pass_send(sock, bytes, req.version % sizeof(bytes), &sock, 1);
	else
		pass_send(sock, &req, sizeof(req), &sock, 1);
}

static void show_reply(void)
{
	struct broker_reply rep;
	int fds[PASS_FDS], n;

	if (pass_recv(sock, &rep, sizeof(rep), fds, &n) != sizeof(rep)) {
		puts("ended");
		return;
	}
	printf("%s, %d\n", rep.error ? strerror(-rep.error) : "done", n);
}

/* The capabilities that it has, and those in effect. */
static void show_caps(void)
{
	unsigned long long caps;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", broker);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CapPrm: %llx", &caps) == 1 ||
		    sscanf(line, "CapEff: %llx", &caps) == 1)
			printf("%.6s %llx\n", line, caps);
	if (f)
		fclose(f);
}

int main(int argc, char **argv)
{
	int pair[2], status, i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		;
	if (i >= argc - 1 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC,
					0, pair))
		return 1;
	broker = fork();
	if (!broker) {
		dup2(pair[1], STDIN_FILENO);
		execv(argv[i + 1], argv + i + 1);
		_exit(127);
	}
	close(pair[1]);
	sock = pair[0];
	for (i = 1; strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "caps")) {
			show_caps();
			continue;
		}
		send_request(argv[i]);
		show_reply();
	}
	close(sock);
	wait(&status);
	printf("status %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}
