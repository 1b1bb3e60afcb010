// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into a program: reads and writes that do what they may.
 *   HONE_FAULT=short	both take a few bytes at a time
 *   HONE_FAULT=eintr	every other call is interrupted
 *   HONE_FAULT=input:N	from the Nth one on, reading fails (EIO)
 *   HONE_FAULT=output:N	from the Nth one on, writing fails (EIO)
 *   HONE_FAULT=full:N	after N bytes the disk is full, in the middle of a write
 *   HONE_FAULT=stop:N	after the Nth write the program stops (SIGSTOP)
 *   HONE_FAULT=end:N	from the Nth one on, pread() finds the file's end
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FEW	7

static const char *fault(const char *what, unsigned long *n)
{
	const char *is = getenv("HONE_FAULT");
	size_t len = strlen(what);

	if (!is || strncmp(is, what, len))
		return NULL;
	if (n)
		*n = strtoul(is + len, NULL, 10);
	return is;
}

/* Does this call not even begin? */
static int fails(const char *what)
{
	static unsigned long calls[2], all;
	unsigned long n;

	if (fault("eintr", NULL) && all++ % 2 == 0) {
		errno = EINTR;
		return 1;
	}
	if (fault(what, &n) && ++calls[*what == 'i'] >= n) {
		errno = EIO;
		return 1;
	}
	return 0;
}

ssize_t read(int fd, void *buf, size_t len)
{
	static ssize_t (*real)(int, void *, size_t);

	if (!real)
		real = dlsym(RTLD_NEXT, "read");
	if (fails("input:"))
		return -1;
	return real(fd, buf, fault("short", NULL) && len > FEW ? FEW : len);
}

ssize_t pread(int fd, void *buf, size_t len, off_t at)
{
	static ssize_t (*real)(int, void *, size_t, off_t);
	static unsigned long calls;
	unsigned long n;

	if (!real)
		real = dlsym(RTLD_NEXT, "pread");
	if (fails("input:"))
		return -1;
	if (fault("end:", &n) && ++calls >= n)
		return 0;
	return real(fd, buf, fault("short", NULL) && len > FEW ? FEW : len, at);
}

ssize_t write(int fd, const void *buf, size_t len)
{
	static ssize_t (*real)(int, const void *, size_t);
	static unsigned long done, calls;
	unsigned long n;
	ssize_t ret;

	if (!real)
		real = dlsym(RTLD_NEXT, "write");
	if (fd <= STDERR_FILENO)
		return real(fd, buf, len);
	if (fails("output:"))
		return -1;
	if (fault("short", NULL) && len > FEW)
		len = FEW;
	if (fault("full:", &n)) {
		if (done >= n) {
			errno = ENOSPC;
			return -1;
		}
		if (len > n - done)
			len = n - done;
	}
	ret = real(fd, buf, len);
	if (ret > 0)
		done += ret;
	if (fault("stop:", &n) && ++calls == n)
		raise(SIGSTOP);
	return ret;
}
