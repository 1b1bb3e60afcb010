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
#include <errno.h>
#include <fcntl.h>
#include <linux/hone_ring.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
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

/* A ring in place of a channel file of the session. */
struct mapped {
	int fd;
	size_t size;
	const uint8_t *map;
};

static int open_ring(struct stream *s, uint32_t cpu, uint32_t of,
		     struct mapped *m)
{
	struct hone_ring ring = { .cpu = cpu, .of = of };

	m->fd = ioctl(s->control, HONE_IOC_RING, &ring);
	if (m->fd < 0)
		return -errno;
	m->size = ring.size;
	m->map = mmap(NULL, m->size, PROT_READ, MAP_SHARED, m->fd, 0);
	return m->map == MAP_FAILED ? -errno : 0;
}

static uint64_t sum(const uint8_t *p, size_t len)
{
	uint64_t n = len;

	while (len--)
		n = n * 31 + *p++;
	return n;
}

/* Each record of an extent, while senders go on. */
static void walk_extent(struct __test_metadata *_metadata, struct walk *w,
			const struct mapped *m, const struct hone_extent *ext,
			const struct timespec *pause)
{
	const uint8_t *p = m->map + ext->offset;
	uint64_t was = sum(p, ext->len);
	const struct hone_rec *rec;
	size_t at;

	ASSERT_LE(ext->offset + ext->len, m->size);
	nanosleep(pause, NULL);
	for (at = 0; at < ext->len; at += rec->len) {
		rec = (const void *)(p + at);
		ASSERT_GE(ext->len - at, sizeof(*rec));
		ASSERT_GE(rec->len, sizeof(*rec));
		ASSERT_LE(rec->len, ext->len - at);
		walk(_metadata, w, rec);
	}
	ASSERT_EQ(was, sum(p, ext->len));
}

/* All that there is, of a session that has ended; else some of it. */
static void walk_mapped(struct __test_metadata *_metadata, struct walk *w,
			const struct mapped *m, const struct timespec *pause,
			bool all)
{
	struct hone_extent ext;
	int n = 0;

	do {
		ASSERT_EQ(0, ioctl(m->fd, HONE_IOC_NEXT, &ext));
		walk_extent(_metadata, w, m, &ext, pause);
	} while (ext.len && (all || ++n < 8));
}

static void walk_read(struct __test_metadata *_metadata, struct walk *w,
		      struct stream *s, int cpu)
{
	const struct hone_rec *rec;

	for (rec = stream_next(s, cpu, NULL); rec;
	     rec = stream_next(s, cpu, rec))
		walk(_metadata, w, rec);
	stream_forget(s, cpu);
}

/* Slow enough for this machine's sender? */
static void slow_down(const struct stream *s, const struct walk *w,
		      struct timespec *pause)
{
	uint64_t lost = 0;
	int cpu;

	for (cpu = 0; cpu < s->cpus; cpu++)
		lost += w[cpu].lost;
	if (!lost)
		pause->tv_nsec = pause->tv_nsec < 300000000 ?
				 pause->tv_nsec * 3 : 900000000;
}

/* What the session has counted of all CPUs and kinds, but for what is no record. */
static void count(struct __test_metadata *_metadata, const struct stream *s,
		  uint64_t *written, uint64_t *lost)
{
	unsigned long long n[4];
	char line[256], path[128];
	FILE *f;

	*written = 0;
	*lost = 0;
	snprintf(path, sizeof(path), "%s/stats", s->dir);
	f = fopen(path, "r");
	ASSERT_NE(NULL, f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "all %*s %llu %llu %llu %llu", &n[0], &n[1],
			   &n[2], &n[3]) != 4)
			continue;
		EXPECT_EQ(n[0], n[1] + n[2] + n[3]);
		*written += n[2];
		*lost += n[3];
	}
	fclose(f);
}

static void check(struct __test_metadata *_metadata, const struct stream *s,
		  const struct walk *w)
{
	uint64_t lost = 0, records = 0, told = 0, counted, missing;
	int cpu;

	for (cpu = 0; cpu < s->cpus; cpu++) {
		EXPECT_EQ(0, s->len[cpu]);
		/* The end may have been lost: no number follows. */
		EXPECT_LE(w[cpu].lost, w[cpu].told);
		lost += w[cpu].lost;
		told += w[cpu].told;
		records += w[cpu].records;
	}
	count(_metadata, s, &counted, &missing);
	EXPECT_EQ(counted, records);
	EXPECT_EQ(missing, told);
	TH_LOG("%llu records read, %llu lost", (unsigned long long)records,
	       (unsigned long long)lost);
	/* Else the ring was never full and this has tested nothing. */
	EXPECT_GT(lost, 0);
	EXPECT_GT(records, 0);
}

FIXTURE(ring) {
	struct stream s;
	struct sockaddr_in to;
	int fd;
};

FIXTURE_SETUP(ring)
{
	socklen_t len = sizeof(self->to);

	self->to.sin_family = AF_INET;
	self->to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	self->fd = socket(AF_INET, SOCK_DGRAM, 0);
	ASSERT_EQ(0, bind(self->fd, (void *)&self->to, sizeof(self->to)));
	ASSERT_EQ(0, getsockname(self->fd, (void *)&self->to, &len));
	ASSERT_EQ(0, stream_open(&self->s, "subbuf_size 32\nsubbufs 8\n"));
}

FIXTURE_TEARDOWN(ring)
{
	stream_close(&self->s);
	close(self->fd);
}

static void read_full(struct __test_metadata *_metadata, struct stream *s,
		      struct sockaddr_in *to, const struct mapped *m)
{
	struct timespec t0, now, pause = { .tv_nsec = 3000000 };
	struct walk w[STREAM_CPUS] = { };
	int cpu, second = 0;
	pthread_t sender;

	stop = false;
	pthread_create(&sender, NULL, send_on, to);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	do {
		/* A reader that is too slow, so that the ring is full. */
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - t0.tv_sec > second) {
			second++;
			slow_down(s, w, &pause);
		}
		if (now.tv_sec - t0.tv_sec >= SECONDS && !stop) {
			stop = true;
			pthread_join(sender, NULL);
			stream_stop(s);
		}
		if (!m)
			stream_read(s);
		for (cpu = 0; cpu < s->cpus; cpu++) {
			if (m)
				walk_mapped(_metadata, &w[cpu], &m[cpu], &pause,
					    stop);
			else
				walk_read(_metadata, &w[cpu], s, cpu);
		}
	} while (!stop);
	check(_metadata, s, w);
}

TEST_F_TIMEOUT(ring, full_with_reader, 300)
{
	read_full(_metadata, &self->s, &self->to, NULL);
}

TEST_F_TIMEOUT(ring, full_mapped, 300)
{
	struct mapped m[STREAM_CPUS];
	struct stream *s = &self->s;
	int cpu;

	for (cpu = 0; cpu < s->cpus; cpu++) {
		close(s->fd[cpu]);
		s->fd[cpu] = -1;
		ASSERT_EQ(0, open_ring(s, cpu, HONE_RING_EVENTS, &m[cpu]));
	}
	read_full(_metadata, s, &self->to, m);
	for (cpu = 0; cpu < s->cpus; cpu++) {
		munmap((void *)m[cpu].map, m[cpu].size);
		close(m[cpu].fd);
	}
}

static void send_some(const struct sockaddr_in *to, int n)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char data[1400] = { };

	while (n--)
		sendto(fd, data, sizeof(data), 0, (const void *)to,
		       sizeof(*to));
	close(fd);
}

/* A descriptor that is wrong, a ring that is not there, another reader. */
TEST_F(ring, mapped_refused)
{
	struct stream *s = &self->s, idle;
	struct hone_ring ring = { };
	struct mapped m, other;
	char path[128];

	ASSERT_EQ(-EBUSY, open_ring(s, 0, HONE_RING_EVENTS, &m));
	ASSERT_EQ(-EINVAL, open_ring(s, ~0U, HONE_RING_EVENTS, &m));
	ASSERT_EQ(-EINVAL, open_ring(s, 0, 2, &m));
	ASSERT_EQ(-ENOENT, open_ring(s, 0, HONE_RING_IDENTITY, &m));
	ASSERT_EQ(-1, ioctl(s->control, HONE_IOC_RING, NULL));
	ASSERT_EQ(EFAULT, errno);
	ASSERT_EQ(-1, ioctl(s->control, HONE_IOC_NEXT, &ring));
	ASSERT_EQ(ENOTTY, errno);
	ASSERT_EQ(-1, ioctl(s->fd[0], HONE_IOC_RING, &ring));
	ASSERT_EQ(ENOTTY, errno);

	idle.control = open(HONE_DIR "/control", O_RDWR);
	ASSERT_LE(0, idle.control);
	ASSERT_EQ(-ENOENT, open_ring(&idle, 0, HONE_RING_EVENTS, &m));
	close(idle.control);

	close(s->fd[0]);
	ASSERT_EQ(0, open_ring(s, 0, HONE_RING_EVENTS, &m));
	ASSERT_EQ(-EBUSY, open_ring(s, 0, HONE_RING_EVENTS, &other));
	snprintf(path, sizeof(path), "%s/events0", s->dir);
	s->fd[0] = open(path, O_RDONLY);
	ASSERT_EQ(-1, s->fd[0]);
	ASSERT_EQ(EBUSY, errno);

	ASSERT_EQ(MAP_FAILED, mmap(NULL, m.size, PROT_READ, MAP_SHARED, m.fd,
				   getpagesize()));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(MAP_FAILED, mmap(NULL, m.size / 2, PROT_READ, MAP_SHARED,
				   m.fd, 0));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(MAP_FAILED, mmap(NULL, m.size, PROT_READ | PROT_WRITE,
				   MAP_SHARED, m.fd, 0));
	ASSERT_EQ(EACCES, errno);
	ASSERT_EQ(MAP_FAILED, mmap(NULL, m.size, PROT_READ | PROT_EXEC,
				   MAP_SHARED, m.fd, 0));
	ASSERT_EQ(EPERM, errno);
	ASSERT_EQ(MAP_FAILED, mmap(NULL, m.size, PROT_READ, MAP_PRIVATE, m.fd,
				   0));
	ASSERT_EQ(EPERM, errno);
	ASSERT_EQ(-1, mprotect((void *)m.map, m.size, PROT_READ | PROT_WRITE));
	ASSERT_EQ(EACCES, errno);
	ASSERT_EQ(-1, mprotect((void *)m.map, m.size, PROT_READ | PROT_EXEC));
	ASSERT_EQ(EACCES, errno);
	ring.flags = 1;
	ASSERT_EQ(-1, ioctl(s->control, HONE_IOC_RING, &ring));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(-1, ioctl(m.fd, HONE_IOC_RING, &ring));
	ASSERT_EQ(ENOTTY, errno);
	munmap((void *)m.map, m.size);
	close(m.fd);
	s->fd[0] = open(path, O_RDONLY);
	ASSERT_LE(0, s->fd[0]);
}

/* What is handed out is neither read, nor new, nor lost if it was not got. */
TEST_F(ring, mapped_handed)
{
	struct hone_extent ext, again;
	struct stream *s = &self->s;
	struct pollfd poll_fd;
	struct mapped m;
	char data[4096];

	close(s->fd[0]);
	s->fd[0] = -1;
	ASSERT_EQ(0, open_ring(s, 0, HONE_RING_EVENTS, &m));
	poll_fd = (struct pollfd){ .fd = m.fd, .events = POLLIN };
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(long), &(cpu_set_t){ { 1 } }));
	send_some(&self->to, 4);
	ASSERT_EQ(-1, ioctl(m.fd, HONE_IOC_NEXT, NULL));
	ASSERT_EQ(EFAULT, errno);
	/* It has been completed, and nobody has got it. */
	ASSERT_EQ(1, poll(&poll_fd, 1, 0));
	ASSERT_EQ(sizeof(data), read(m.fd, data, sizeof(data)));
	ASSERT_EQ(0, ioctl(m.fd, HONE_IOC_NEXT, &ext));
	/* The rest of it, where the read has ended. */
	ASSERT_EQ(sizeof(data), ext.offset);
	ASSERT_LT(0, ext.len);
	ASSERT_EQ(0, memcmp(data, m.map, sizeof(data)));
	ASSERT_EQ(0, poll(&poll_fd, 1, 0));
	ASSERT_EQ(-1, read(m.fd, data, sizeof(data)));
	ASSERT_EQ(EBUSY, errno);
	munmap((void *)m.map, m.size);
	close(m.fd);

	ASSERT_EQ(0, open_ring(s, 0, HONE_RING_EVENTS, &m));
	ASSERT_EQ(0, ioctl(m.fd, HONE_IOC_NEXT, &again));
	ASSERT_EQ(ext.offset, again.offset);
	/* More may have come. */
	ASSERT_LE(ext.len, again.len);

	/* A sub-buffer that is full is new. */
	send_some(&self->to, 64);
	poll_fd.fd = m.fd;
	ASSERT_EQ(1, poll(&poll_fd, 1, 1000));
	ASSERT_EQ(POLLIN, poll_fd.revents);

	/* With the session's end the ring is there no more, the pages are. */
	close(s->control);
	s->control = -1;
	ASSERT_EQ(-1, ioctl(m.fd, HONE_IOC_NEXT, &again));
	ASSERT_EQ(ENODEV, errno);
	ASSERT_EQ(-1, read(m.fd, data, sizeof(data)));
	ASSERT_EQ(ENODEV, errno);
	ASSERT_EQ(1, poll(&poll_fd, 1, 0));
	ASSERT_EQ(POLLERR, poll_fd.revents);
	close(m.fd);
	ASSERT_EQ(HONE_REC_SUBBUF, ((const struct hone_rec *)m.map)->type);
	munmap((void *)m.map, m.size);
}

struct ender {
	struct stream *s;
	atomic_bool go;
};

static void *end_session(void *arg)
{
	struct ender *e = arg;

	while (!e->go)
		sched_yield();
	close(e->s->control);
	return NULL;
}

/* The session ends while a ring of it is asked for more. */
TEST_F_TIMEOUT(ring, mapped_ended, 300)
{
	struct ender e = { .s = &self->s };
	struct hone_extent ext;
	struct mapped m;
	pthread_t ender;
	int n, round;

	for (round = 0; round < 12; round++) {
		close(self->s.fd[0]);
		self->s.fd[0] = -1;
		ASSERT_EQ(0, open_ring(&self->s, 0, HONE_RING_EVENTS, &m));
		send_some(&self->to, 8);
		e.go = false;
		pthread_create(&ender, NULL, end_session, &e);
		for (n = 0; !ioctl(m.fd, HONE_IOC_NEXT, &ext); n++) {
			send_some(&self->to, 1);
			if (n == round)
				e.go = true;
		}
		ASSERT_EQ(ENODEV, errno);
		pthread_join(ender, NULL);
		munmap((void *)m.map, m.size);
		close(m.fd);
		self->s.control = -1;
		stream_close(&self->s);
		ASSERT_EQ(0, stream_open(&self->s, "subbuf_size 32\nsubbufs 4\n"));
	}
}

/* A sub-buffer that nobody has looked at yet: when was it begun? */
static uint64_t next_subbuf(struct __test_metadata *_metadata,
			    const struct mapped *m)
{
	const struct hone_rec *rec;
	struct hone_extent ext;

	EXPECT_EQ(0, ioctl(m->fd, HONE_IOC_NEXT, &ext));
	EXPECT_LT(0, ext.len);
	rec = (const void *)(m->map + ext.offset);
	EXPECT_EQ(HONE_REC_SUBBUF, rec->type);
	return rec->time;
}

/*
 * A ring that writes over its oldest is not looked at; and what was looked at
 * before it did so again is not given twice.
 */
TEST_F(ring, mapped_overwriting)
{
	struct hone_extent ext;
	struct mapped m;
	struct stream s;
	uint64_t time;

	ASSERT_EQ(0, sched_setaffinity(0, sizeof(long), &(cpu_set_t){ { 1 } }));
	ASSERT_EQ(0, stream_open(&s, "mode overwrite\nsubbuf_size 64\nsubbufs 16\n"));
	close(s.fd[s.cpus]);
	s.fd[s.cpus] = -1;
	ASSERT_EQ(0, open_ring(&s, 0, HONE_RING_IDENTITY, &m));
	munmap((void *)m.map, m.size);
	close(m.fd);
	close(s.fd[0]);
	s.fd[0] = -1;
	ASSERT_EQ(0, open_ring(&s, 0, HONE_RING_EVENTS, &m));
	ASSERT_EQ(-1, ioctl(m.fd, HONE_IOC_NEXT, &ext));
	ASSERT_EQ(EBUSY, errno);
	send_some(&self->to, 4);
	ASSERT_EQ(0, stream_command(&s, "freeze\n"));
	time = next_subbuf(_metadata, &m);
	ASSERT_EQ(0, stream_command(&s, "thaw\n"));
	ASSERT_EQ(-1, ioctl(m.fd, HONE_IOC_NEXT, &ext));
	ASSERT_EQ(EBUSY, errno);
	send_some(&self->to, 4);
	ASSERT_EQ(0, stream_command(&s, "freeze\n"));
	EXPECT_LT(time, next_subbuf(_metadata, &m));
	munmap((void *)m.map, m.size);
	close(m.fd);
	stream_close(&s);
}

TEST_HARNESS_MAIN
