// SPDX-License-Identifier: GPL-2.0-only
/*
 * A ring that is always full, and a reader at work: with relay's own read
 * whole sub-buffers vanish uncounted and the stream goes on in the middle of
 * a record. Every record must be in the stream, whole and in its place, or in
 * a gap that is told of there.
 */
#define _GNU_SOURCE
#include "stream.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"

#define SECONDS	10

static atomic_bool stop;

static void *send_on(void *arg)
{
	char data[1400] = { };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	while (!stop)
		sendto(fd, data, sizeof(data), 0, arg,
		       sizeof(struct sockaddr_in));
	close(fd);
	return NULL;
}

/* What must be so from one record of a CPU to the next. */
struct walk {
	uint64_t records, gaps, lost, bad;
	uint64_t subbuf;		/* number of the next one */
	uint32_t seq;
	uint64_t told;			/* lost, by the LOST records */
};

static void walk(struct __test_metadata *_metadata, struct walk *w,
		 const struct hone_rec *rec)
{
	const struct hone_packet *p = (const void *)rec;
	const struct hone_subbuf *sb = (const void *)rec;
	const struct hone_lost *l = (const void *)rec;
	size_t i;
	int k;

	switch (rec->type) {
	case HONE_REC_SUBBUF:
		w->bad += sb->magic != HONE_MAGIC || sb->subbuf != w->subbuf;
		w->subbuf = sb->subbuf + 1;
		return;
	case HONE_REC_LOST:
		for (k = 0; k < HONE_KIND_MAX; k++)
			w->told += l->records[k];
		w->gaps++;
		return;
	case HONE_REC_PACKET:
		/* Bytes that another record was written over would show. */
		w->bad += p->cap_len > p->wire_len ||
			  sizeof(*p) + p->cap_len > rec->len;
		for (i = 28; i < p->cap_len && p->wire_len == 1428; i++)
			w->bad += p->data[i] != 0;
		break;
	}
	w->records++;
	w->lost += rec->seq - w->seq - 1;
	w->seq = rec->seq;
	/* A gap in the numbers is told of right there. */
	if (w->lost != w->told)
		w->bad++;
	ASSERT_EQ(0, w->bad);
}

FIXTURE(ring) { };

FIXTURE_SETUP(ring) { }

FIXTURE_TEARDOWN(ring) { }

TEST_F_TIMEOUT(ring, full_with_reader, 60)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct timespec t0, now, pause = { .tv_nsec = 3000000 };
	socklen_t len = sizeof(to);
	struct walk w[STREAM_CPUS] = { };
	const struct hone_rec *rec;
	uint64_t lost = 0, records = 0;
	pthread_t sender;
	struct stream s;
	int fd, cpu, second = 0;

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ASSERT_EQ(0, bind(fd, (void *)&to, sizeof(to)));
	ASSERT_EQ(0, getsockname(fd, (void *)&to, &len));
	ASSERT_EQ(0, stream_open(&s, "subbuf_size 32\nsubbufs 8\n"));
	pthread_create(&sender, NULL, send_on, &to);

	clock_gettime(CLOCK_MONOTONIC, &t0);
	do {
		/* A reader that is too slow, so that the ring is full. */
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - t0.tv_sec > second) {
			second++;
			/* Slow enough for this machine's sender? */
			for (cpu = 0, lost = 0; cpu < s.cpus; cpu++)
				lost += w[cpu].lost;
			if (!lost)
				pause.tv_nsec = pause.tv_nsec < 300000000 ?
						pause.tv_nsec * 3 : 900000000;
		}
		if (now.tv_sec - t0.tv_sec >= SECONDS && !stop) {
			stop = true;
			pthread_join(sender, NULL);
			stream_stop(&s);
		}
		stream_read(&s);
		for (cpu = 0; cpu < s.cpus; cpu++) {
			size_t used = 0;

			for (rec = stream_next(&s, cpu, NULL); rec;
			     rec = stream_next(&s, cpu, rec)) {
				walk(_metadata, &w[cpu], rec);
				used += rec->len;
			}
			s.len[cpu] -= used;
			memmove(s.buf[cpu], s.buf[cpu] + used, s.len[cpu]);
		}
	} while (!stop);

	for (cpu = 0, lost = 0; cpu < s.cpus; cpu++) {
		EXPECT_EQ(0, s.len[cpu]);
		/* The end may have been lost: no number follows. */
		EXPECT_LE(w[cpu].lost, w[cpu].told);
		lost += w[cpu].lost;
		records += w[cpu].records;
	}
	TH_LOG("%llu records read, %llu lost", (unsigned long long)records,
	       (unsigned long long)lost);
	/* Else the ring was never full and this has tested nothing. */
	EXPECT_GT(lost, 0);
	EXPECT_GT(records, 0);
	stream_close(&s);
	close(fd);
}

TEST_HARNESS_MAIN
