// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ground truth: a process that sends one datagram and is gone.
 *   truth_once LOG CASE DESCRIPTOR FRAME
 */
#include "truth.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct truth_wire wire = { .mark = TRUTH_MARK };
	struct truth_who *who;
	struct truth_log *log;
	int fd;

	if (argc != 5)
		return 2;
	fd = open(argv[1], O_RDWR);
	log = mmap(NULL, sizeof(*log), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   0);
	if (fd < 0 || log == MAP_FAILED)
		return 2;
	wire.number = atoi(argv[2]);
	wire.id = atoi(argv[4]);
	who = &log->frame[wire.id].sent;
	who->pid = getpid();
	who->tid = who->pid;
	memcpy(who->comm, "truth_once", sizeof("truth_once"));
	return write(atoi(argv[3]), &wire, sizeof(wire)) != sizeof(wire);
}
