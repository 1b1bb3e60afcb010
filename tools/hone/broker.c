// SPDX-License-Identifier: GPL-2.0-only
/*
 * Broker: opens the files of one session for a process without privileges.
 *
 * Whoever asks is not trusted. There are seven things to ask for, in messages
 * of one form; no path, no name and no command comes from outside. What is
 * opened is in the directory of the session that this process itself has begun:
 * that is held as a descriptor, so another session which gets the same number
 * later is not meant. What is not as it has to be ends the service.
 */
#include "broker.h"
#include "msg.h"
#include "pass.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define DEBUGFS_MAGIC	0x64626720

#define CAP(c)		(1U << (c))
/*
 * To open files of root's, and of a session; to write and start it. A capture's
 * buffers, 4 MB a CPU, are above what users may lock as a rule, 8 MB; a quarter
 * of the memory is the kernel's bound for all sessions. Without CAP_IPC_LOCK
 * nobody but root could capture on more than two CPUs, unless by an option.
 */
#define CAPS_OPEN	(CAP(CAP_SYS_ADMIN) | CAP(CAP_DAC_READ_SEARCH))
#define CAPS_CONTROL	(CAPS_OPEN | CAP(CAP_DAC_OVERRIDE) | CAP(CAP_IPC_LOCK))
#define CAPS_START	(CAPS_OPEN | CAP(CAP_IPC_LOCK))

static int root = -1;		/* Hone's directory */
static int control = -1;	/* until the session has started */
static int dir = -1;		/* from then on: the session's */

/* Keeps of the capabilities no more than @mask, and has them in effect or not. */
static bool set_caps(__u32 mask, bool effective)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, data))
		return false;
	data[0].permitted &= mask;
	data[0].effective = effective ? data[0].permitted : 0;
	data[0].inheritable = 0;
	/* They all are among the first 32. */
	memset(&data[1], 0, sizeof(data[1]));
	return !syscall(SYS_capset, &head, data);
}

/*
 * Root's program with its setuid bit, where files can have no capabilities: of
 * what root has it needs only those. It is the asker's then, who may end it; not
 * being dumpable, it is not for him to look into.
 */
static bool leave_root(void)
{
	gid_t gid = getgid();
	uid_t uid = getuid();

	if (setresgid(gid, gid, gid))
		return false;
	if (geteuid() == uid)
		return true;
	return !prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) &&
	       !setresuid(uid, uid, uid);
}

/* "s" and a number, and nothing else. */
static bool read_dir_name(char *name, size_t size)
{
	char text[4096], *at;
	ssize_t n;
	size_t len;

	n = pread(control, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return false;
	text[n] = 0;
	at = strstr(text, "\ndir: s");
	if (!at)
		return false;
	at += strlen("\ndir: ");
	len = 1 + strspn(at + 1, "0123456789");
	if (len < 2 || len >= size || at[len] != '\n')
		return false;
	memcpy(name, at, len);
	name[len] = 0;
	return true;
}

/* A mount of something else in that place is not Hone's. */
static bool is_debugfs(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == DEBUGFS_MAGIC;
}

/* Opens a session; 0 or a negative errno. */
static int open_control(const char *debugfs, const char *file, bool *writable)
{
	root = open(debugfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	if (!strcmp(debugfs, BROKER_DEBUGFS) && !is_debugfs(root))
		return -ENOENT;
	/* Commands are appended; the status is read from the beginning. */
	control = openat(root, file, O_RDWR | O_APPEND | O_CLOEXEC |
			 O_NOFOLLOW);
	*writable = control >= 0;
	/* A kernel that is locked down lets a file be read that only can be. */
	if (control < 0 && (errno == EPERM || errno == EACCES))
		control = openat(root, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return control < 0 ? -errno : 0;
}

/*
 * Opens the directory of a session that has started: while its control file is
 * open no other can have its number. From now on that is the asker's alone, and
 * the session ends with it. 0 or a negative errno.
 */
static int open_dir(void)
{
	char name[16];

	if (!read_dir_name(name, sizeof(name)))
		return -EPROTO;
	dir = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
		     O_NOFOLLOW);
	if (dir < 0)
		return -errno;
	close(root);
	return 0;
}

/* A file of the session; 0 or a negative errno. */
static int open_file(const struct broker_request *req, int *fd)
{
	char name[32];

	switch (req->what) {
	case BROKER_EVENTS:
		snprintf(name, sizeof(name), "events%u", req->cpu);
		break;
	case BROKER_IDENTITY:
		snprintf(name, sizeof(name), "identity%u", req->cpu);
		break;
	case BROKER_SNAPSHOT:
		snprintf(name, sizeof(name), "snapshot");
		break;
	default:
		snprintf(name, sizeof(name), "stats");
		break;
	}
	*fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	return *fd < 0 ? -errno : 0;
}

/* 0 or a negative errno. */
static int start_session(void)
{
	static const char command[] = "start\n";
	ssize_t n = write(control, command, sizeof(command) - 1);

	if (n != sizeof(command) - 1)
		return n < 0 ? -errno : -EIO;
	return open_dir();
}

/* The same for all: is it a request, and can it be one now? */
static bool sound(const struct broker_request *req)
{
	bool of_cpu = req->what == BROKER_EVENTS ||
		      req->what == BROKER_IDENTITY;

	if (req->version != BROKER_VERSION || req->what >= BROKER_WHATS ||
	    req->pad || (of_cpu ? req->cpu >= BROKER_CPUS : req->cpu))
		return false;
	switch (req->what) {
	case BROKER_CONTROL:
	case BROKER_BOOT:
		return root < 0;
	case BROKER_START:
		return control >= 0;
	default:
		return dir >= 0;
	}
}

/* What is done for a request; @fds and their number are what it gives. */
static int serve(const struct broker_request *req, const char *debugfs,
		 int *fds, int *n_fds, bool *writable)
{
	int err;

	switch (req->what) {
	case BROKER_CONTROL:
		err = open_control(debugfs, "control", writable);
		fds[(*n_fds)++] = control;
		return err;
	case BROKER_BOOT:
		err = open_control(debugfs, "boot", writable);
		if (!err)
			err = open_dir();
		fds[(*n_fds)++] = control;
		fds[(*n_fds)++] = dir;
		return err;
	case BROKER_START:
		err = start_session();
		fds[(*n_fds)++] = dir;
		return err;
	default:
		return open_file(req, &fds[(*n_fds)++]);
	}
}

/* Of the capabilities: what is still to be done takes no more. */
static __u32 still_needed(void)
{
	if (dir >= 0)
		return CAPS_OPEN;
	return control >= 0 ? CAPS_START : CAPS_CONTROL;
}

static bool answer(int sock, const struct broker_request *req,
		   const char *debugfs)
{
	struct broker_reply rep = { .version = BROKER_VERSION };
	int fds[BROKER_FDS], n_fds = 0;
	bool writable = false, ok;

	/* In effect only as long as something is opened or started. */
	if (!set_caps(~0U, true))
		return false;
	rep.error = serve(req, debugfs, fds, &n_fds, &writable);
	if (!set_caps(still_needed(), false))
		return false;
	rep.writable = writable;
	ok = !pass_send(sock, &rep, sizeof(rep), fds, rep.error ? 0 : n_fds);
	switch (req->what) {
	case BROKER_CONTROL:
		/* There is one attempt; then there is a session to start. */
		return ok && !rep.error;
	case BROKER_BOOT:
	case BROKER_START:
		/* A start may be tried again, with smaller buffers. */
		if (rep.error)
			return ok && req->what == BROKER_START;
		/* The asker has it already. */
		close(control);
		control = -1;
		return ok;
	default:
		if (!rep.error)
			close(fds[0]);
		return ok;
	}
}

/* It ends with the asker; what ends that from a terminal is not for it. */
static void ignore_signals(void)
{
	static const int sigs[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2,
		SIGTSTP, SIGTTIN, SIGTTOU,
	};
	size_t i;

	for (i = 0; i < sizeof(sigs) / sizeof(*sigs); i++)
		signal(sigs[i], SIG_IGN);
}

int broker_serve(int sock, const char *debugfs)
{
	struct broker_request req;
	ssize_t n;

	ignore_signals();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    !set_caps(CAPS_CONTROL, false) || !leave_root() ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return EXIT_TROUBLE;
	for (;;) {
		/* Descriptors that are sent along are not taken. */
		n = recv(sock, &req, sizeof(req), MSG_TRUNC);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			return EXIT_OK;
		if (n != sizeof(req) || !sound(&req))
			return EXIT_STREAM;
		if (!answer(sock, &req, debugfs))
			return EXIT_TROUBLE;
	}
}
