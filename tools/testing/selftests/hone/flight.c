// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings that write over their oldest: what was seen was filtered, written, lost
 * or overwritten, to the record; they are read only while they are frozen; and
 * who died is described though the rings went round many times since.
 */
#define _GNU_SOURCE
#include "stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"

#define SMALLEST	"mode overwrite\nsubbuf_size 32\nsubbufs 4\n"

/* A file's records, counted as they are read. */
struct recount {
	unsigned long long written[HONE_KIND_MAX];
	unsigned long long lost;	/* by the newest head, and gaps since */
	unsigned long long evicted;	/* written before it, and not read */
	unsigned long long all;
	unsigned long long gaps;
	uint64_t subbuf;
	uint64_t time;
	uint32_t seq;			/* the last that is known of */
	uint32_t last;			/* that of the last record read */
	bool jumped;			/* that is not the one before */
	bool bad;
};

static void recount_head(struct recount *c, const struct hone_subbuf *head)
{
	c->bad |= head->magic != HONE_MAGIC || head->subbuf < c->subbuf;
	if (head->subbuf != c->subbuf)
		c->jumped = true;
	c->subbuf = head->subbuf + 1;
	c->lost = head->lost;
	/* All that was offered before has a number, and was lost or written. */
	c->evicted = head->next_seq - 1 - head->lost - c->all;
	c->seq = head->next_seq - 1;
}

/* Some of what it tells of may have been lost before the newest head. */
static void recount_lost(struct recount *c, const struct hone_lost *lost)
{
	uint32_t seq = c->last;
	int k;

	c->gaps++;
	for (k = 0; k < HONE_KIND_MAX; k++)
		seq += lost->records[k];
	if (c->jumped || (int32_t)(seq - c->seq) <= 0)
		return;
	c->lost += seq - c->seq;
	c->seq = seq;
}

static void recount_record(struct recount *c, const struct hone_rec *rec)
{
	c->bad |= rec->time < c->time;
	c->time = rec->time;
	if (rec->type == HONE_REC_SUBBUF) {
		recount_head(c, (const void *)rec);
		return;
	}
	if (rec->type == HONE_REC_LOST) {
		recount_lost(c, (const void *)rec);
		return;
	}
	/* Whose gap was told of where it was overwritten? */
	if (c->jumped) {
		c->lost += rec->seq - c->seq - 1;
		c->seq = rec->seq - 1;
	}
	c->jumped = false;
	c->bad |= rec->seq != ++c->seq;
	c->last = rec->seq;
	c->all++;
	c->written[stream_kind_of(rec->type)]++;
}

static void recount(struct stream *s, struct recount *c)
{
	const struct hone_rec *rec;
	int file;

	for (file = 0; file < s->files; file++) {
		for (rec = stream_next(s, file, NULL); rec;
		     rec = stream_next(s, file, rec))
			recount_record(&c[file], rec);
		c[file].bad |= stream_forget(s, file);
	}
}

/* What is in frozen or stopped rings. */
static void drain(struct stream *s, struct recount *c)
{
	while (stream_read(s))
		recount(s, c);
}

/* Everything that was seen has become something. */
static void check_account(struct __test_metadata *_metadata, struct stream *s,
			  const struct recount *c, bool told)
{
	unsigned long long lost[2], gone[2], over = 0;
	const struct recount *of[2];
	struct account a;
	int cpu, k, i;

	for (cpu = 0; cpu < s->cpus; cpu++) {
		of[0] = &c[cpu];
		of[1] = &c[s->cpus + cpu];
		memset(lost, 0, sizeof(lost));
		memset(gone, 0, sizeof(gone));
		for (k = 0; k < HONE_KIND_MAX; k++) {
			ASSERT_TRUE(stream_account(s, cpu, stream_kinds[k], &a));
			EXPECT_EQ(a.seen, a.filtered + a.written + a.lost +
				  a.overwritten);
			EXPECT_EQ(a.written, of[0]->written[k] +
				  of[1]->written[k]);
			/* Each kind has its file. */
			EXPECT_EQ(0, of[k >= HONE_KIND_ACTOR]->written[k]);
			lost[k < HONE_KIND_ACTOR] += a.lost;
			gone[k < HONE_KIND_ACTOR] += a.overwritten;
			over += a.overwritten;
		}
		for (i = 0; i < 2; i++) {
			EXPECT_FALSE(of[i]->bad);
			EXPECT_EQ(of[i]->evicted, gone[i]);
			if (told)
				EXPECT_EQ(of[i]->lost, lost[i]);
		}
	}
	TH_LOG("%llu records overwritten", over);
}

/* A sender on each CPU. */
struct load {
	pthread_t thread[STREAM_CPUS];
	int cpus, port;
	int count;			/* of datagrams; 0: until it ends */
	atomic_bool stop;
};

struct sender {
	struct load *load;
	int cpu;
};

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *send_on(void *arg)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct sender *s = arg;
	struct load *l = s->load;
	char data[700] = { };
	int fd, n;

	run_on(s->cpu);
	free(s);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons(l->port);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	for (n = 0; l->count ? n < l->count : !l->stop; n++)
		sendto(fd, data, sizeof(data), 0, (void *)&to, sizeof(to));
	close(fd);
	return NULL;
}

static void load_begin(struct load *l, int count)
{
	struct sender *s;
	int i;

	l->count = count;
	l->stop = false;
	for (i = 0; i < l->cpus; i++) {
		s = malloc(sizeof(*s));
		*s = (struct sender){ .load = l, .cpu = i };
		pthread_create(&l->thread[i], NULL, send_on, s);
	}
}

static void load_end(struct load *l)
{
	int i;

	l->stop = true;
	for (i = 0; i < l->cpus; i++)
		pthread_join(l->thread[i], NULL);
}

FIXTURE(flight) {
	struct stream s;
	struct recount *c;
	struct load load;
	int fd;
};

FIXTURE_SETUP(flight)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	socklen_t len = sizeof(to);

	self->c = calloc(STREAM_FILES, sizeof(*self->c));
	self->fd = socket(AF_INET, SOCK_DGRAM, 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ASSERT_EQ(0, bind(self->fd, (void *)&to, sizeof(to)));
	ASSERT_EQ(0, getsockname(self->fd, (void *)&to, &len));
	self->load.cpus = sysconf(_SC_NPROCESSORS_ONLN);
	self->load.port = ntohs(to.sin_port);
	ASSERT_EQ(0, stream_open(&self->s, SMALLEST));
	ASSERT_EQ(2 * self->s.cpus, self->s.files);
}

FIXTURE_TEARDOWN(flight)
{
	stream_close(&self->s);
	close(self->fd);
	free(self->c);
}

/* Nothing that is overwritten can be read; frozen it is exact. */
TEST_F_TIMEOUT(flight, frozen_is_read, 600)
{
	struct account before, after;
	char byte;
	int i;

	load_begin(&self->load, 1000);
	load_end(&self->load);
	for (i = 0; i < self->s.files; i++) {
		EXPECT_EQ(-1, read(self->s.fd[i], &byte, 1));
		EXPECT_EQ(EBUSY, errno);
	}
	ASSERT_EQ(0, stream_command(&self->s, "freeze\n"));
	ASSERT_TRUE(stream_account(&self->s, -1, "packet", &before));
	EXPECT_GT(before.overwritten, 0);
	drain(&self->s, self->c);
	check_account(_metadata, &self->s, self->c, false);

	/* What comes now is lost, and told of when it has thawed. */
	load_begin(&self->load, 20);
	load_end(&self->load);
	EXPECT_EQ(0, stream_read(&self->s));
	ASSERT_TRUE(stream_account(&self->s, -1, "packet", &after));
	EXPECT_GE(after.lost, before.lost + 40 * self->load.cpus);
	EXPECT_EQ(after.written, before.written);
	EXPECT_EQ(after.overwritten, before.overwritten);
	ASSERT_EQ(0, stream_command(&self->s, "thaw\n"));
	EXPECT_EQ(-1, read(self->s.fd[0], &byte, 1));
	load_begin(&self->load, 1);
	load_end(&self->load);
	ASSERT_EQ(0, stream_command(&self->s, "stop\n"));
	drain(&self->s, self->c);
	check_account(_metadata, &self->s, self->c, true);
	for (i = 0; i < self->load.cpus; i++)
		EXPECT_GT(self->c[i].gaps, 0);
}

/* Waits for a ring in a child, which exits with what it was told. */
static pid_t poll_in_child(int fd, int timeout)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	pid_t pid = fork();

	if (!pid)
		_exit(poll(&p, 1, timeout) == 1 ? p.revents : 0);
	return pid;
}

/* It waits; false if it has ended. */
static bool asleep(pid_t pid)
{
	char path[64], state = 'R';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (state != 'S' && state != 'Z') {
		f = fopen(path, "r");
		if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = 'Z';
		if (f)
			fclose(f);
	}
	return state == 'S';
}

static int poll_result(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ?
	       WEXITSTATUS(status) : -1;
}

/* Who waits is told of a ring that cannot be read, that can, and of the end. */
TEST_F(flight, poll_ends)
{
	int fd = self->s.fd[0];
	pid_t waiting;

	EXPECT_EQ(POLLERR, poll_result(poll_in_child(fd, -1)));
	load_begin(&self->load, 1000);
	load_end(&self->load);
	ASSERT_EQ(0, stream_command(&self->s, "freeze\n"));
	EXPECT_EQ(POLLIN, poll_result(poll_in_child(fd, -1)));
	while (stream_read(&self->s))
		;
	EXPECT_EQ(0, poll_result(poll_in_child(fd, 0)));
	waiting = poll_in_child(fd, -1);
	ASSERT_TRUE(asleep(waiting));
	ASSERT_EQ(0, stream_command(&self->s, "stop\n"));
	EXPECT_EQ(POLLHUP, poll_result(waiting));
}

/* The same again and again while every CPU writes. */
TEST_F_TIMEOUT(flight, exact_under_load, 600)
{
	struct timespec t0, now, pause = { .tv_nsec = 20000000 };
	int dumps = 0;

	load_begin(&self->load, 0);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	do {
		nanosleep(&pause, NULL);
		ASSERT_EQ(0, stream_command(&self->s, "freeze\n"));
		drain(&self->s, self->c);
		ASSERT_EQ(0, stream_command(&self->s, "thaw\n"));
		dumps++;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - t0.tv_sec < 5);
	load_end(&self->load);
	ASSERT_EQ(0, stream_command(&self->s, "stop\n"));
	drain(&self->s, self->c);
	TH_LOG("%d dumps", dumps);
	check_account(_metadata, &self->s, self->c, true);
}

/* When it has become one that drops, it is read while it runs. */
TEST_F_TIMEOUT(flight, drops_after_all, 600)
{
	load_begin(&self->load, 1000);
	load_end(&self->load);
	ASSERT_EQ(0, stream_command(&self->s, "freeze\n"));
	ASSERT_EQ(0, stream_command(&self->s, "mode drop\nthaw\n"));
	drain(&self->s, self->c);
	load_begin(&self->load, 0);
	do {
		stream_read(&self->s);
		recount(&self->s, self->c);
	} while (self->c[0].written[HONE_KIND_PACKET] < 5000);
	load_end(&self->load);
	ASSERT_EQ(0, stream_command(&self->s, "stop\n"));
	drain(&self->s, self->c);
	check_account(_metadata, &self->s, self->c, true);
}

static bool status_has(const struct stream *s, const char *words)
{
	char text[1024];
	ssize_t len = pread(s->control, text, sizeof(text) - 1, 0);

	text[len > 0 ? len : 0] = 0;
	return strstr(text, words);
}

/* What makes no sense is refused with a reason, and changes nothing. */
TEST(refused)
{
	struct stream s;

	ASSERT_EQ(0, stream_open(&s, NULL));
	EXPECT_EQ(-EINVAL, stream_command(&s, "thaw\n"));
	EXPECT_TRUE(status_has(&s, "error: thaw: the session is not frozen"));
	EXPECT_EQ(-EBUSY, stream_command(&s, "mode overwrite\n"));
	EXPECT_TRUE(status_has(&s, "error: mode: the session has started"));
	EXPECT_TRUE(status_has(&s, "state: running"));
	EXPECT_EQ(0, stream_command(&s, "freeze\n"));
	EXPECT_TRUE(status_has(&s, "state: frozen"));
	EXPECT_EQ(-EINVAL, stream_command(&s, "freeze\n"));
	EXPECT_EQ(-EBUSY, stream_command(&s, "mode overwrite\n"));
	EXPECT_TRUE(status_has(&s, "error: mode: the session has started with"));
	EXPECT_EQ(-EINVAL, stream_command(&s, "thaw\nbogus\n"));
	EXPECT_TRUE(status_has(&s, "state: frozen"));
	EXPECT_EQ(0, stream_command(&s, "restart\n"));
	EXPECT_TRUE(status_has(&s, "state: running"));
	EXPECT_FALSE(status_has(&s, "mode:"));
	EXPECT_EQ(0, stream_command(&s, "freeze\n"));
	stream_stop(&s);
	EXPECT_TRUE(status_has(&s, "state: stopped"));
	EXPECT_EQ(-EINVAL, stream_command(&s, "thaw\n"));
	stream_close(&s);
}

/* A copy of this program that says when it runs and ends when it may. */
static pid_t start_program(const char *name, int *to)
{
	int up[2], down[2];
	pid_t pid;
	char byte;

	if (pipe(up) || pipe(down))
		return -1;
	pid = fork();
	if (!pid) {
		dup2(down[0], 0);
		dup2(up[1], 1);
		close(down[1]);
		execl("/proc/self/exe", name, "--wait", NULL);
		_exit(127);
	}
	close(down[0]);
	close(up[1]);
	if (read(up[0], &byte, 1) != 1)
		pid = -1;
	close(up[0]);
	*to = down[1];
	return pid;
}

static void end_program(pid_t pid, int to)
{
	close(to);
	waitpid(pid, NULL, 0);
}

/* Is it said of process @pid what program it ran, and that it ended? */
static bool is_described(const struct stream *s, pid_t pid, const char *argv0)
{
	bool described = false, ended = false;
	const struct hone_rec *rec = NULL;
	const struct hone_proc *p;
	const char *argv;
	uint32_t len;
	int file = 0;

	while ((rec = stream_step(s, &file, rec))) {
		p = (const void *)rec;
		if (rec->type != HONE_REC_PROC || (pid_t)p->tgid != pid)
			continue;
		argv = proc_attr(p, HONE_ATTR_ARGV, &len);
		if (argv && !strncmp(argv, argv0, len))
			described = true;
		ended |= p->event == HONE_PROC_EXIT;
	}
	return described && ended;
}

/* How many records of a type does a socket have? */
static int count_of(const struct stream *s, int type, uint64_t cookie)
{
	const struct hone_rec *rec = NULL;
	const struct hone_sock_rec *sock;
	int file = 0, n = 0;

	while ((rec = stream_step(s, &file, rec))) {
		/* Its cookie is where an actor's is. */
		sock = (const void *)rec;
		n += rec->type == type && sock->cookie == cookie;
	}
	return n;
}

/*
 * Who opened a socket stays in the identity rings when the packets' went round: so
 * that is not to be taken for who writes.
 */
TEST_F(flight, opener_is_no_writer)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd, listener = socket(AF_INET, SOCK_STREAM, 0);
	const struct hone_rec *rec = NULL;
	socklen_t len = sizeof(at);
	uint64_t cookie = 0;
	int file = 0;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ASSERT_EQ(0, bind(listener, (void *)&at, sizeof(at)));
	ASSERT_EQ(0, listen(listener, 1));
	ASSERT_EQ(0, getsockname(listener, (void *)&at, &len));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	len = sizeof(cookie);
	ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len));
	ASSERT_EQ(0, connect(fd, (void *)&at, sizeof(at)));
	ASSERT_EQ(0, stream_command(&self->s, "freeze\n"));
	while (stream_read(&self->s))
		;
	EXPECT_EQ(1, count_of(&self->s, HONE_REC_TCP_WRITE, cookie));
	EXPECT_LE(1, count_of(&self->s, HONE_REC_SOCK, cookie));
	while ((rec = stream_step(&self->s, &file, rec)))
		if (rec->type == HONE_REC_SOCK)
			EXPECT_FALSE(rec->flags & HONE_F_SOCK_WRITES);
	close(fd);
	close(listener);
}

TEST_F_TIMEOUT(flight, dead_are_described, 600)
{
	struct account a;
	int to, to_old, i;
	pid_t pid, old;

	run_on(0);
	/* Begins, and is told of, before all that comes. */
	old = start_program("hone-old", &to_old);
	ASSERT_GT(old, 0);
	/* The identity rings go round too: others are born and die. */
	for (i = 0; i < 2000; i++) {
		pid = start_program("hone-other", &to);
		ASSERT_GT(pid, 0);
		end_program(pid, to);
		ASSERT_TRUE(stream_account(&self->s, 0, "process", &a));
		if (a.overwritten > 200)
			break;
	}
	EXPECT_GT(a.overwritten, 200);
	pid = start_program("hone-young", &to);
	ASSERT_GT(pid, 0);
	end_program(pid, to);
	end_program(old, to_old);
	/* Packets do not touch them. */
	load_begin(&self->load, 2000);
	load_end(&self->load);
	ASSERT_EQ(0, stream_command(&self->s, "freeze\n"));
	while (stream_read(&self->s))
		;
	EXPECT_TRUE(is_described(&self->s, pid, "hone-young"));
	EXPECT_TRUE(is_described(&self->s, old, "hone-old"));
}

static void wait_for_end(void)
{
	char byte = 0;

	if (write(1, &byte, 1) == 1 && read(0, &byte, 1) >= 0)
		exit(0);
	exit(1);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--wait"))
		wait_for_end();
	return test_harness_run(argc, argv);
}
