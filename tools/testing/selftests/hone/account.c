// SPDX-License-Identifier: GPL-2.0-only
/*
 * 200,000 datagrams of 64 bytes over loopback, as fast as one sender a CPU
 * can: what was seen was written or lost, on every CPU, and what was written
 * was read. With one CPU and default buffers nothing is lost.
 */
#define _GNU_SOURCE
#include "stream.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../kselftest_harness.h"

/* Fewer for a kernel that is slow because it watches itself. */
static int datagrams(void)
{
	const char *n = getenv("HONE_TEST_DATAGRAMS");

	return n ? atoi(n) : 200000;
}

struct sender {
	pthread_t thread;
	int cpu;
	int count;
	struct sockaddr_in to;
	int sent;
};

static void *send_all(void *arg)
{
	struct sender *s = arg;
	char data[64] = { };
	cpu_set_t set;
	int i, fd;

	CPU_ZERO(&set);
	CPU_SET(s->cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	for (i = 0; i < s->count; i++)
		if (sendto(fd, data, sizeof(data), 0, (void *)&s->to,
			   sizeof(s->to)) == sizeof(data))
			s->sent++;
	close(fd);
	return NULL;
}

/* The records of one CPU, counted again while they are read. */
struct recount {
	unsigned long long written[HONE_KIND_MAX];
	unsigned long long lost[HONE_KIND_MAX];
	unsigned long long missing;	/* by their numbers */
	unsigned long long disorder;
	uint64_t time;
	uint32_t seq;
};

static void recount_record(struct recount *c, const struct hone_rec *rec)
{
	int k;

	c->disorder += rec->time < c->time;
	c->time = rec->time;
	if (rec->type == HONE_REC_SUBBUF)
		return;
	if (rec->type == HONE_REC_LOST) {
		for (k = 0; k < HONE_KIND_MAX; k++)
			c->lost[k] += ((struct hone_lost *)rec)->records[k];
		return;
	}
	c->missing += rec->seq - c->seq - 1;
	c->seq = rec->seq;
	c->written[stream_kind_of(rec->type)]++;
}

/* Counts the whole records that were read, and forgets them. */
static void recount(struct stream *s, struct recount *c)
{
	const struct hone_rec *rec;
	int cpu;

	for (cpu = 0; cpu < s->cpus; cpu++) {
		for (rec = stream_next(s, cpu, NULL); rec;
		     rec = stream_next(s, cpu, rec))
			recount_record(&c[cpu], rec);
		stream_forget(s, cpu);
	}
}

static int run_senders(struct stream *s, struct recount *c, int cpus,
		       const struct sockaddr_in *to)
{
	struct sender *senders = calloc(cpus, sizeof(*senders));
	struct pollfd wait[STREAM_CPUS];
	int i, left = cpus, sent = 0;

	for (i = 0; i < s->cpus; i++)
		wait[i] = (struct pollfd){ .fd = s->fd[i], .events = POLLIN };
	for (i = 0; i < cpus; i++) {
		senders[i].cpu = i;
		senders[i].count = datagrams() / cpus;
		senders[i].to = *to;
		pthread_create(&senders[i].thread, NULL, send_all, &senders[i]);
	}
	while (left) {
		poll(wait, s->cpus, 20);
		stream_read(s);
		recount(s, c);
		for (i = 0; i < cpus; i++) {
			if (!senders[i].thread ||
			    pthread_tryjoin_np(senders[i].thread, NULL))
				continue;
			senders[i].thread = 0;
			sent += senders[i].sent;
			left--;
		}
	}
	free(senders);
	return sent;
}

static void flood(struct __test_metadata *_metadata, const char *commands,
		  bool may_lose)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), cpu, k, fd, sent;
	unsigned long long packets = 0, lost = 0, cpu_lost;
	struct recount c[STREAM_CPUS] = { };
	struct sockaddr_in to;
	struct account a;
	struct stream s;

	fd = udp_socket(&to);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, stream_open(&s, commands));
	sent = run_senders(&s, c, cpus, &to);
	stream_stop(&s);
	recount(&s, c);

	for (cpu = 0; cpu < s.cpus; cpu++) {
		cpu_lost = 0;
		/* The stream ends with a whole record. */
		EXPECT_EQ(0, s.len[cpu]);
		EXPECT_EQ(0, c[cpu].disorder);
		for (k = 0; k < HONE_KIND_MAX; k++) {
			ASSERT_TRUE(stream_account(&s, cpu, stream_kinds[k], &a));
			EXPECT_EQ(a.seen, a.filtered + a.written + a.lost +
				  a.overwritten);
			EXPECT_EQ(a.written, c[cpu].written[k]);
			EXPECT_EQ(a.lost, c[cpu].lost[k]);
			cpu_lost += a.lost;
			if (k == HONE_KIND_PACKET)
				packets += a.seen;
		}
		/* What is lost at the very end leaves no gap in numbers. */
		EXPECT_LE(c[cpu].missing, cpu_lost);
		lost += cpu_lost;
	}
	/* Each datagram left and came. */
	EXPECT_EQ(datagrams() / cpus * cpus, sent);
	EXPECT_GE(packets, 2ULL * sent);
	TH_LOG("%d datagrams, %llu packets seen, %llu records lost", sent,
	       packets, lost);
	if (!may_lose)
		EXPECT_EQ(0, lost);
	stream_close(&s);
	close(fd);
}

FIXTURE(flood) { };

FIXTURE_SETUP(flood) { }

FIXTURE_TEARDOWN(flood) { }

TEST_F_TIMEOUT(flood, default_buffers, 600)
{
	flood(_metadata, NULL, sysconf(_SC_NPROCESSORS_ONLN) > 1);
}

TEST_F_TIMEOUT(flood, smallest_buffers, 600)
{
	flood(_metadata, "subbuf_size 32\nsubbufs 4\n", true);
}

#define CPU1_ONLINE	"/sys/devices/system/cpu/cpu1/online"

static bool switch_cpu1(const char *on)
{
	int fd = open(CPU1_ONLINE, O_WRONLY);
	bool ok = fd >= 0 && write(fd, on, 1) == 1;

	close(fd);
	return ok;
}

/* Its ring is full, the gap is open, and then it goes: the reader is told. */
TEST_F(flood, offline_cpu)
{
	struct recount c[STREAM_CPUS] = { };
	struct sender sender = { .cpu = 1, .count = 2000 };
	struct account a;
	struct stream s;
	int fd, k;

	if (access(CPU1_ONLINE, W_OK))
		SKIP(return, "there is no second CPU to switch off");
	fd = udp_socket(&sender.to);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, stream_open(&s, "subbuf_size 32\nsubbufs 4\n"));
	pthread_create(&sender.thread, NULL, send_all, &sender);
	pthread_join(sender.thread, NULL);
	ASSERT_TRUE(switch_cpu1("0"));
	for (k = 0; k < 100 && stream_read(&s); k++)
		recount(&s, c);
	for (k = 0; k < HONE_KIND_MAX; k++) {
		ASSERT_TRUE(stream_account(&s, 1, stream_kinds[k], &a));
		EXPECT_EQ(a.seen, a.filtered + a.written + a.lost);
		EXPECT_EQ(a.written, c[1].written[k]);
		EXPECT_EQ(a.lost, c[1].lost[k]);
	}
	/* The last one are the packets. */
	EXPECT_GT(a.lost, 0);
	EXPECT_TRUE(switch_cpu1("1"));
	stream_close(&s);
	close(fd);
}

static bool plugging;

/* Until it is told to end, and it is there. */
static void *plug_cpu1(void *arg)
{
	(void)arg;
	while (__atomic_load_n(&plugging, __ATOMIC_RELAXED)) {
		switch_cpu1("0");
		switch_cpu1("1");
	}
	return NULL;
}

/*
 * Other CPUs come and go: what a read has not given is not there, of a capture that
 * goes on and of one that has stopped.
 */
TEST_F_TIMEOUT(flood, read_while_plugging, 600)
{
	struct sender sender = { .cpu = 0, .count = 10 };
	struct account a;
	struct stream s;
	pthread_t plug;
	int fd, i, k;

	if (access(CPU1_ONLINE, W_OK))
		SKIP(return, "there is no second CPU to switch off");
	fd = udp_socket(&sender.to);
	ASSERT_GE(fd, 0);
	plugging = true;
	ASSERT_EQ(0, pthread_create(&plug, NULL, plug_cpu1, NULL));
	for (i = 0; i < 20; i++) {
		struct recount c[STREAM_CPUS] = { };

		ASSERT_EQ(0, stream_open(&s, NULL));
		pthread_create(&sender.thread, NULL, send_all, &sender);
		pthread_join(sender.thread, NULL);
		stream_read(&s);
		recount(&s, c);
		EXPECT_LE(2 * sender.count, c[0].written[HONE_KIND_PACKET]);
		pthread_create(&sender.thread, NULL, send_all, &sender);
		pthread_join(sender.thread, NULL);
		stream_stop(&s);
		recount(&s, c);
		for (k = 0; k < HONE_KIND_MAX; k++) {
			ASSERT_TRUE(stream_account(&s, 0, stream_kinds[k], &a));
			EXPECT_EQ(a.written, c[0].written[k]);
		}
		stream_close(&s);
	}
	__atomic_store_n(&plugging, false, __ATOMIC_RELAXED);
	pthread_join(plug, NULL);
	close(fd);
}

TEST_HARNESS_MAIN
