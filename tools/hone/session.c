// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions: a capture that the kernel makes now.
 *
 * A round takes the time T0 and reads every CPU's file until it has nothing
 * more, or something newer: then all that is stamped up to T0 is here. A ring
 * that is mapped is asked for more as it is merged, so until the same.
 */
#include "session.h"
#include "capture.h"
#include "control.h"
#include "end.h"
#include "filter.h"
#include "merge.h"
#include "msg.h"
#include "options.h"
#include "raw.h"
#include "rotate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What lies in sub-buffers that are not full is asked for this often. */
#define ROUND_NS	100000000ULL
/* A terminal is told this often how the capture goes. */
#define STATUS_NS	500000000ULL

static struct channel *channels;
static struct pollfd *polls;	/* the first one is for new files */
static int n_channels;
static int watch = -1;
static bool unready;		/* a file could not be opened yet */
static atomic_int report;
static atomic_int command;	/* its pid, 0: none */
static int command_down, command_up;	/* pipes */
static int status;		/* EXIT_* */
static bool begun;

/* The command that is captured ends the capture; others are only buried. */
static void on_child(int sig)
{
	int err = errno;
	pid_t pid;

	(void)sig;
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		if (pid == command)
			end_tell();
	errno = err;
}

static void on_usr1(int sig)
{
	(void)sig;
	report = 1;
}

static void on_hangup(int sig)
{
	(void)sig;
	rotate_soon();
}

static void catch_signals(void)
{
	struct sigaction sa = {
		.sa_handler = on_hangup,
		.sa_flags = SA_RESTART,
	};

	end_catch(SIGINT);
	end_catch(SIGTERM);
	/* With nothing to rotate the terminal is gone. */
	if (rotation.path)
		sigaction(SIGHUP, &sa, NULL);
	else
		end_catch(SIGHUP);
	sa.sa_handler = on_child;
	sa.sa_flags = SA_RESTART | SA_NOCLDSTOP;
	sigaction(SIGCHLD, &sa, NULL);
	sa.sa_handler = on_usr1;
	sa.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &sa, NULL);
}

static void block_signals(sigset_t *old)
{
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGCHLD);
	sigaddset(&ours, SIGUSR1);
	sigprocmask(SIG_BLOCK, &ours, old);
}

__u64 boot_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

bool session_fail(int code)
{
	if (!status)
		status = code;
	return false;
}

int session_status(void)
{
	return status;
}

/* Channels */

static bool have_channel(const char *path)
{
	int i;

	for (i = 0; i < n_channels; i++)
		if (!strcmp(channels[i].name, path))
			return true;
	return false;
}

/* Where the kernel has none, or whoever makes rules here allows none. */
static bool no_rings(int err)
{
	return err == ENOTTY || err == EPERM || err == EACCES;
}

/* A descriptor of a CPU's records; in @ring its size, if it can be mapped. */
static int open_channel(const char *name, size_t *ring)
{
	int fd;

	/* Others are read, and then told to go on. */
	if (options.flight || options.boot)
		return control_file(name);
	fd = control_ring(name, ring);
	return fd < 0 && no_rings(errno) ? control_file(name) : fd;
}

static bool add_channel(const char *name)
{
	size_t ring = 0;
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", control_dir(), name);
	if (have_channel(path))
		return true;
	fd = open_channel(name, &ring);
	/* Of a CPU that comes, and has recorded nothing till now. */
	if (fd < 0 && errno == EAGAIN) {
		unready = true;
		return true;
	}
	if (fd < 0) {
		msg_errno("opening: %s", path);
		return session_fail(EXIT_KERNEL);
	}
	channels = xrealloc(channels, (n_channels + 1) * sizeof(*channels));
	channel_init(&channels[n_channels++], fd, path);
	if (ring)
		channel_map(&channels[n_channels - 1], ring);
	polls = xrealloc(polls, (n_channels + 1) * sizeof(*polls));
	polls[n_channels] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return true;
}

static bool find_kind(const char *kind)
{
	struct dirent *de;
	bool ok = true;
	DIR *dir;

	dir = opendir(control_list());
	if (!dir) {
		msg_errno("opening: %s", control_dir());
		return session_fail(EXIT_KERNEL);
	}
	while (ok && (de = readdir(dir)))
		if (!strncmp(de->d_name, kind, strlen(kind)))
			ok = add_channel(de->d_name);
	closedir(dir);
	return ok;
}

/*
 * A file for each CPU; a CPU that comes later brings its own. Of records of
 * the same time those of processes and sockets come first.
 */
bool session_channels(void)
{
	struct rlimit files;

	if (!n_channels && !getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return find_kind("identity") && find_kind("events");
}

/* The directory is there when the session has started, and not before. */
static void watch_channels(void)
{
	watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch < 0 ||
	    inotify_add_watch(watch, control_list(), IN_CREATE) < 0)
		msg_errno("watching for CPUs that come: %s", control_dir());
	polls = xrealloc(polls, sizeof(*polls));
	polls[0] = (struct pollfd){ .fd = watch, .events = POLLIN };
}

/* Has a file come since it was last asked? */
static bool new_channels(void)
{
	char events[4096];
	bool any = unready;

	unready = false;
	while (watch >= 0 && read(watch, events, sizeof(events)) > 0)
		any = true;
	return any;
}

/* Records */

static bool on_record(const struct record *r)
{
	if (options.record && !raw_record(r))
		return false;
	if (!begun)
		capture_clock(r);
	else if (!options.record)
		resolve_first = NULL;
	return true;
}

static bool on_snapshot(const struct record *r)
{
	if (options.record && !raw_record(r))
		return false;
	capture_clock(r);
	return resolve_snapshot(r);
}

static bool merged(enum merge_result res)
{
	switch (res) {
	case MERGE_OK:
		return true;
	case MERGE_BAD:
		return session_fail(EXIT_STREAM);
	case MERGE_FAILED:
		return session_fail(EXIT_KERNEL);
	default:
		return resolve_full() ? false : session_fail(EXIT_TROUBLE);
	}
}

bool session_snapshot(void)
{
	struct channel c;
	char path[4096];
	ssize_t n;
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "%s/snapshot", control_dir());
	fd = control_file("snapshot");
	if (fd < 0) {
		msg_errno("opening: %s", path);
		return session_fail(EXIT_KERNEL);
	}
	channel_init(&c, fd, path);
	do {
		n = channel_read(&c);
		ok = n >= 0 && merged(merge(&c, 1, UINT64_MAX, on_snapshot));
	} while (ok && n > 0);
	if (n < 0) {
		session_fail(EXIT_KERNEL);
	} else if (ok && !resolved.snap_end) {
		msg("reading: %s: it ends too early", path);
		ok = session_fail(EXIT_STREAM);
	}
	channel_close(&c);
	return ok;
}

/* All up to @horizon; what is read beyond stays for the next round. */
static bool one_round(__u64 horizon)
{
	ssize_t n;
	int i;

	/* After the time was taken: an unseen file has nothing older. */
	if (new_channels() && !session_channels())
		return false;
	for (i = 0; i < n_channels; i++) {
		/* It is asked for more while it is merged, until then. */
		if (channels[i].map)
			continue;
		do {
			n = channel_read(&channels[i]);
		} while (n > 0 && channels[i].last_time <= horizon);
		if (n < 0)
			return session_fail(EXIT_KERNEL);
	}
	return merged(resolve_merge(channels, n_channels, horizon));
}

bool session_drain(void)
{
	ssize_t n;
	int i;

	for (i = 0; i < n_channels; i++) {
		do {
			n = channel_read(&channels[i]);
		} while (n > 0);
		if (n < 0)
			return session_fail(EXIT_KERNEL);
	}
	return true;
}

bool session_merge(void)
{
	return merged(resolve_merge(channels, n_channels, UINT64_MAX));
}

/* Gives the outputs what is ready, and hands it on. */
static bool let_out(__u64 now)
{
	bool ok = resolve_flush(now);

	if (options.record && !raw_flush())
		ok = false;
	if (!sink_flush())
		ok = false;
	return ok || resolve_full() ? ok : session_fail(EXIT_TROUBLE);
}

/* Stages */

/* So much of a packet tells of which protocol it is. */
#define PROTOCOL_MAX	64

/*
 * What sockets are used for is told by some outputs; PCAP-NG has no words for it.
 * Who cannot see of which protocol packets are, or has none, is told of each socket.
 */
static bool tells_uses(void)
{
	return options.text || options.json || options.record || options.counts ||
	       options.snaplen < PROTOCOL_MAX;
}

static __u64 round_up(__u64 n, __u64 to)
{
	return (n + to - 1) / to * to;
}

/*
 * At least as much as is wanted, in 4 sub-buffers at least and 1024 at most, of
 * whole pages; those there are if they will do. (kernel/hone/control.c)
 */
static bool configure_buffer(void)
{
	__u64 kb = options.buffer_kb, page = sysconf(_SC_PAGESIZE) / 1024;
	const char *s = control_status("subbuf_size");
	__u64 now = s ? strtoull(s, NULL, 10) / 1024 : 0, subbuf = now;

	if (kb < 4 * now || !now)
		subbuf = round_up(kb, 4 * page) / 4;
	else if (kb > 1024 * now)
		subbuf = round_up(kb, 1024 * page) / 1024;
	if (subbuf != now && !control_command("subbuf_size %llu", subbuf))
		return false;
	return control_command("subbufs %llu", round_up(kb, subbuf) / subbuf);
}

bool session_configure(void)
{
	resolve_first = on_record;
	if (!options.quiet)
		filter_tell_missing();
	/* That from boot has begun: what is not wanted is left out here. */
	if (options.boot) {
		filter_replay();
		return true;
	}
	if (!filter_configure() ||
	    (options.datagrams_change && !control_command("datagrams change")) ||
	    (!tells_uses() && control_feature("sockets") &&
	     !control_command("sockets life")) ||
	    (options.pre_firewall && !control_command("hook first")))
		return session_fail(EXIT_KERNEL);
	if (options.counts && !control_command("records process,socket,count"))
		return session_fail(EXIT_KERNEL);
	if (options.interval &&
	    !control_command("interval %llu", options.interval))
		return session_fail(EXIT_KERNEL);
	if (options.snaplen != ~0ULL &&
	    !control_command("snaplen %llu",
			     options.snaplen))
		return session_fail(EXIT_KERNEL);
	if (options.buffer_kb != ~0ULL && !configure_buffer())
		return session_fail(EXIT_KERNEL);
	return true;
}

void session_ready(void)
{
	if (options.ready_fd < 0)
		return;
	if (write(options.ready_fd, "ready\n", 6) != 6)
		msg_errno("writing: descriptor %d of --ready-fd",
			  options.ready_fd);
	close(options.ready_fd);
}

static bool begin(void)
{
	if (!control_start())
		return session_fail(EXIT_KERNEL);
	watch_channels();
	return session_channels();
}

/* What was recorded since boot; then it goes on, if we may tell it to. */
static bool take_over(void)
{
	watch_channels();
	if (!session_channels() || !session_drain())
		return false;
	if (!control_writable()) {
		msg("the kernel is locked down: there is only what was recorded before");
		end_tell();
		return true;
	}
	return control_command("mode drop\nthaw") || session_fail(EXIT_KERNEL);
}

static bool start(void)
{
	__u64 now;

	if (!session_configure())
		return false;
	if (options.boot ? !take_over() : !begin())
		return false;
	if (!session_snapshot())
		return false;
	now = boot_clock();
	if (!one_round(now))
		return false;
	begun = true;
	if (!capture_begin())
		return session_fail(EXIT_TROUBLE);
	if (!let_out(now))
		return false;
	session_ready();
	return true;
}

/* Waits for a byte from @down; tells @up why, if it cannot become the command. */
static void become_command(const sigset_t *mask, int down, int up)
{
	char go;
	int err;

	/* The session is not to live as long as it waits. */
	control_close();
	if (read(down, &go, 1) != 1)
		_exit(0);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(options.command[0], options.command);
	err = errno;
	if (write(up, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

/* There before the capture, which may then begin with it, and waits. */
static bool fork_command(void)
{
	int up[2], down[2];
	sigset_t old;
	pid_t pid;

	if (!options.command)
		return true;
	if (pipe2(up, O_CLOEXEC) || pipe2(down, O_CLOEXEC)) {
		msg_errno("running: %s", options.command[0]);
		return session_fail(EXIT_TROUBLE);
	}
	block_signals(&old);
	pid = fork();
	if (!pid) {
		close(down[1]);
		become_command(&old, down[0], up[1]);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(down[0]);
	close(up[1]);
	command_down = down[1];
	command_up = up[0];
	if (pid < 0) {
		msg_errno("running: %s", options.command[0]);
		return session_fail(EXIT_TROUBLE);
	}
	filter_add_pid(pid);
	command = pid;
	return true;
}

/* Whom to capture begins only now: none of its packets is missed. */
static bool run_command(void)
{
	int err = 0;

	if (!options.command)
		return true;
	if (write(command_down, "", 1) != 1)
		err = errno;
	else if (read(command_up, &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(command_down);
	close(command_up);
	if (!err)
		return true;
	errno = err;
	msg_errno("running: %s", options.command[0]);
	return session_fail(EXIT_TROUBLE);
}

/* Sleeps until a buffer is full, a round is due or a signal has come. */
static bool wait_round(__u64 end)
{
	struct timespec ts = { 0 };
	__u64 now = boot_clock(), ns = ROUND_NS;
	sigset_t none;

	if (end && now >= end)
		return false;
	if (end && end - now < ns)
		ns = end - now;
	ts.tv_nsec = ns;
	sigemptyset(&none);
	if (ppoll(polls, n_channels + 1, &ts, &none) < 0 && errno != EINTR) {
		msg_errno("waiting: %s", control_dir());
		return session_fail(EXIT_TROUBLE);
	}
	return true;
}

static void tell(__u64 now)
{
	static int terminal = -1;
	static __u64 next;
	struct account stats[HONE_KIND_MAX];

	/* Lines of packets on the same terminal would be written over. */
	if (terminal < 0)
		terminal = !options.quiet && isatty(STDERR_FILENO) &&
			   !(options.to_stdout && isatty(STDOUT_FILENO));
	if (!report && (!terminal || now < next))
		return;
	if (!control_stats(stats))
		return;
	if (report)
		capture_report(stats);
	report = 0;
	if (terminal)
		capture_status(stats, now);
	next = now + STATUS_NS;
}

static void run(void)
{
	__u64 end = options.duration ? boot_clock() + options.duration : 0;
	sigset_t old;
	__u64 now;
	bool more;

	for (more = true; more && !end_told();) {
		/* From here on a signal waits for ppoll(). */
		block_signals(&old);
		more = end_told() || wait_round(end);
		sigprocmask(SIG_SETMASK, &old, NULL);
		now = boot_clock();
		if (more)
			more = one_round(now) && let_out(now);
		if (more)
			tell(now);
	}
}

/* Everything that was recorded until the end of recording. */
static void finish(void)
{
	struct account stats[HONE_KIND_MAX];
	bool counted;

	if (control_writable() && !control_command("stop"))
		session_fail(EXIT_KERNEL);
	if (!status && !resolve_full())
		one_round(UINT64_MAX);
	/* What is held goes out whatever has happened. */
	if (begun && !resolve_full() && !resolve_end() && !resolve_full())
		session_fail(EXIT_TROUBLE);
	counted = control_stats(stats);
	if (!counted)
		session_fail(EXIT_KERNEL);
	if (begun && !capture_end(counted ? stats : NULL))
		session_fail(EXIT_TROUBLE);
	if (options.record && !raw_close())
		session_fail(EXIT_TROUBLE);
}

void session_close(void)
{
	int i;

	for (i = 0; i < n_channels; i++)
		channel_close(&channels[i]);
	free(channels);
	free(polls);
	if (watch >= 0)
		close(watch);
	control_close();
}

int session_run(void)
{
	int ret;

	ret = control_open(options.boot ? "boot" : "control");
	if (ret)
		return ret;
	if (!capture_open())
		return EXIT_TROUBLE;
	catch_signals();
	if (fork_command() && start() && run_command())
		run();
	finish();
	session_close();
	return status;
}
