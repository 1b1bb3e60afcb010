// SPDX-License-Identifier: GPL-2.0-only
/*
 * Crowds: many sockets, processes, namespaces or CPUs that a datagram is one of.
 * They take turns, so that whoever keeps books of them has to find each.
 */
#define _GNU_SOURCE
#include "crowd.h"
#include "ops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIRST_PORT	20000
#define PORTS		10000
#define FILES		40000

unsigned int crowd_size = 1;

static struct pair {
	int from;
	int to;
	struct sockaddr_in addr;	/* of to */
} *pairs;
static unsigned int turn;

static int datagram_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail("opening a socket of many");
	return fd;
}

/* Number @i of the sockets that receive: an address for each 10,000 ports. */
static void open_receiver(struct pair *p, unsigned int i)
{
	p->to = datagram_socket();
	p->addr.sin_family = AF_INET;
	p->addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i / PORTS);
	p->addr.sin_port = htons(FIRST_PORT + i % PORTS);
	if (bind(p->to, (struct sockaddr *)&p->addr, sizeof(p->addr)))
		fail("binding a socket of many");
}

static void allow_files(void)
{
	struct rlimit files = { FILES, FILES };

	if (setrlimit(RLIMIT_NOFILE, &files))
		fail("allowing many files");
}

static struct pair *next_pair(void)
{
	struct pair *p = &pairs[turn];

	turn = (turn + 1) % crowd_size;
	return p;
}

static void send_to(int fd, const struct pair *p)
{
	char payload[64] = "";

	if (sendto(fd, payload, sizeof(payload), 0,
		   (const struct sockaddr *)&p->addr,
		   sizeof(p->addr)) != sizeof(payload))
		fail("sending to one of many");
}

static void receive(const struct pair *p)
{
	char payload[64];

	if (read(p->to, payload, sizeof(payload)) != sizeof(payload))
		fail("receiving by one of many");
}

static void pairs_open(void)
{
	allow_files();
	pairs = calloc(crowd_size, sizeof(*pairs));
	if (!pairs)
		fail("taking memory");
	turn = 0;
}

void crowd_sockets(void)
{
	unsigned int i;

	pairs_open();
	pairs[0].from = datagram_socket();
	for (i = 0; i < crowd_size; i++)
		open_receiver(&pairs[i], i);
}

void crowd_sockets_once(void)
{
	struct pair *p = next_pair();

	send_to(pairs[0].from, p);
	receive(p);
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = datagram_socket();

	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		fail("switching on a namespace's loopback");
	close(fd);
}

void crowd_netns(void)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	unsigned int i;

	pairs_open();
	for (i = 0; i < crowd_size; i++) {
		if (home < 0 || unshare(CLONE_NEWNET))
			fail("making a namespace");
		loopback_up();
		pairs[i].from = datagram_socket();
		open_receiver(&pairs[i], 0);
	}
	if (setns(home, CLONE_NEWNET))
		fail("going home");
	close(home);
}

void crowd_netns_once(void)
{
	struct pair *p = next_pair();

	send_to(p->from, p);
	receive(p);
}

/* Whose turn it is; and whether the one whose turn it was is done. */
struct seat {
	atomic_uint go;
	atomic_uint done;
};

static struct seat *seats;

static void wait_for_change(atomic_uint *word, unsigned int was)
{
	while (atomic_load(word) == was)
		syscall(SYS_futex, word, FUTEX_WAIT, was, NULL, NULL, 0);
}

static void change(atomic_uint *word)
{
	atomic_fetch_add(word, 1);
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/*
 * Ahead of everybody else, so that its turn begins as it is told and ends
 * before whoever told it goes on: the same switches each time.
 */
static void sit(struct seat *seat, const struct pair *p)
{
	struct sched_param first = { .sched_priority = 1 };
	unsigned int n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sched_setscheduler(0, SCHED_FIFO, &first))
		fail("going ahead of everybody else");
	for (n = 0;; n++) {
		wait_for_change(&seat->go, n);
		send_to(p->from, p);
		change(&seat->done);
	}
}

void crowd_processes(void)
{
	size_t size = crowd_size * sizeof(*seats);
	unsigned int i;
	pid_t pid;

	allow_files();
	pairs = calloc(1, sizeof(*pairs));
	seats = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!pairs || seats == MAP_FAILED)
		fail("taking memory");
	pairs[0].from = datagram_socket();
	open_receiver(&pairs[0], 0);
	turn = 0;
	for (i = 0; i < crowd_size; i++) {
		pid = fork();
		if (pid < 0)
			fail("making a process of many");
		if (!pid)
			sit(&seats[i], &pairs[0]);
	}
}

void crowd_processes_once(void)
{
	struct seat *seat = &seats[turn];
	unsigned int done = atomic_load(&seat->done);

	turn = (turn + 1) % crowd_size;
	change(&seat->go);
	wait_for_change(&seat->done, done);
	receive(&pairs[0]);
}

/*
 * A datagram on each CPU in turn, each by a socket of its own: the records of
 * one are on all CPUs, those of two that follow on each other on two.
 */
void crowd_cpus(void)
{
	unsigned int i;

	if ((long)crowd_size > sysconf(_SC_NPROCESSORS_ONLN)) {
		errno = ENODEV;
		fail("looking for as many CPUs");
	}
	pairs_open();
	for (i = 0; i < crowd_size; i++) {
		pairs[i].from = datagram_socket();
		open_receiver(&pairs[i], i);
	}
}

void crowd_cpus_once(void)
{
	struct pair *p = next_pair();
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(p - pairs, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		fail("going to another CPU");
	send_to(p->from, p);
	receive(p);
}
