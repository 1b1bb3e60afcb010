// SPDX-License-Identifier: GPL-2.0-only
/*
 * Floods: datagrams at a given rate, by the clock on the wall; sent and received
 * on loopback, or only received, as if they came from a network.
 */
#define _GNU_SOURCE
#include "flood.h"
#include "idle.h"
#include "ops.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS	2000000ULL

static void sleep_until(unsigned long long ns)
{
	struct timespec ts = {
		.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000,
	};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/* Fewer than the buffer of a socket holds. */
#define BURST		64
#define NEAR_ADDRESS	0xc0000201	/* 192.0.2.1, of the device */
#define FAR_ADDRESS	0xc0000202

/* A datagram as it comes from a device. */
struct incoming {
	struct iphdr ip;
	struct udphdr udp;
	char payload[64];
};

static int device = -1, taker = -1;
static struct incoming incoming;

static __u16 ip_checksum(const void *header, size_t len)
{
	const __u16 *p = header;
	__u32 sum = 0;
	size_t i;

	for (i = 0; i < len / 2; i++)
		sum += p[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

/* A queue of the device for ourselves, and a socket for what comes from it. */
static void device_open(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE };
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(NEAR_ADDRESS),
	};
	socklen_t len = sizeof(addr);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	device = open("/dev/net/tun", O_RDWR);
	if (device < 0 || ioctl(device, TUNSETIFF, &ifr))
		fail(name);
	taker = socket(AF_INET, SOCK_DGRAM, 0);
	if (taker < 0 || bind(taker, (struct sockaddr *)&addr, len) ||
	    getsockname(taker, (struct sockaddr *)&addr, &len))
		fail("opening a socket");
	incoming.ip.version = 4;
	incoming.ip.ihl = 5;
	incoming.ip.tot_len = htons(sizeof(incoming));
	incoming.ip.ttl = 64;
	incoming.ip.protocol = IPPROTO_UDP;
	incoming.ip.saddr = htonl(FAR_ADDRESS);
	incoming.ip.daddr = addr.sin_addr.s_addr;
	incoming.ip.check = ip_checksum(&incoming.ip, sizeof(incoming.ip));
	incoming.udp.source = addr.sin_port;
	incoming.udp.dest = addr.sin_port;
	incoming.udp.len = htons(sizeof(incoming) - sizeof(incoming.ip));
}

/* All that have come by then are taken. */
static void device_give(unsigned long n)
{
	static char bytes[BURST][sizeof(incoming.payload)];
	static struct mmsghdr msgs[BURST];
	static struct iovec iov[BURST];
	unsigned long i;

	for (i = 0; i < n; i++) {
		if (write(device, &incoming, sizeof(incoming)) !=
		    sizeof(incoming))
			fail("giving a datagram to the device");
		iov[i] = (struct iovec){ bytes[i], sizeof(bytes[i]) };
		msgs[i].msg_hdr = (struct msghdr){
			.msg_iov = &iov[i], .msg_iovlen = 1,
		};
	}
	/* They came within the call that gave them. */
	if (recvmmsg(taker, msgs, n, MSG_DONTWAIT, NULL) != (int)n)
		fail("taking datagrams from the device");
}

static void loopback_give(const struct op *op, unsigned long n)
{
	while (n--)
		op->once();
}

static void stay_on(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		fail("going to a CPU");
}

/*
 * Where all CPUs take their time from one, a CPU that is idle gives its own to the
 * others, who would be faster the fewer datagrams there are. This one never is,
 * until who calls ends.
 */
static void keep_busy(int cpu, int policy)
{
	const struct sched_param none = { 0 };
	pid_t parent = getpid(), pid = fork();
	int i;

	if (pid < 0)
		fail("forking");
	if (pid)
		return;
	stay_on(cpu);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) ||
	    sched_setscheduler(0, policy, &none))
		fail("keeping a CPU busy");
	while (getppid() == parent)
		for (i = 0; i < 1000000; i++)
			asm volatile("");
	_exit(0);
}

/* Gives @rate datagrams a second in small bursts, on one CPU, and takes them. */
static unsigned long flood_one(int cpu, double rate, unsigned long seconds,
			       const char *name)
{
	const struct op *op = op_find("udp-one-way");
	unsigned long long start, now, end;
	unsigned long done = 0, due, n;

	stay_on(cpu);
	/* With what the sender leaves. */
	keep_busy(cpu, SCHED_IDLE);
	if (name)
		device_open(name);
	else
		op_setup(op);
	start = clock_ns();
	end = start + seconds * 1000000000ULL;
	for (now = start; now < end; now = clock_ns()) {
		due = (now - start) * rate / 1e9;
		/* What was missed is not made up for at once. */
		if (due > done + rate / 50 + 1)
			due = done + rate / 50 + 1;
		for (; done < due; done += n) {
			n = due - done < BURST ? due - done : BURST;
			if (name)
				device_give(n);
			else
				loopback_give(op, n);
		}
		sleep_until(now + TICK_NS);
	}
	if (!name)
		op_close();
	return done;
}

void flood_alone(char **argv)
{
	stay_on(sysconf(_SC_NPROCESSORS_ONLN) - 1);
	execvp(argv[0], argv);
	fail(argv[0]);
}

/*
 * All CPUs but one send: what comes must be more than one program can take. So it
 * shares its CPU with another one, half and half.
 * Prints how many datagrams were sent, fewer than wanted if the CPUs cannot do
 * as many. With @name they come from this device, a tun of many queues.
 */
void flood(unsigned long rate, unsigned long seconds, const char *name)
{
	int senders = sysconf(_SC_NPROCESSORS_ONLN) - 1, cpu, status;
	atomic_ulong *sent;

	if (senders < 1)
		senders = 1;
	sent = mmap(NULL, sizeof(*sent), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sent == MAP_FAILED)
		fail("taking memory");
	keep_busy(senders, SCHED_OTHER);
	for (cpu = 0; cpu < senders; cpu++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("forking");
		if (!pid) {
			atomic_fetch_add(sent, flood_one(cpu, (double)rate / senders,
							 seconds, name));
			_exit(0);
		}
	}
	for (cpu = 0; cpu < senders; cpu++)
		if (wait(&status) < 0 || status)
			exit(1);
	printf("%lu\n", atomic_load(sent));
}
