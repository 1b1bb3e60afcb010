// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzing: runs of the reader, each as if it were the first. */
#include "wrap.h"

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdbool.h>

/* The reader's variables as they are when the program begins. */
static char *state;

static jmp_buf out;
static int first_fd;		/* of a run */
static int null;

/* Memory of a run */

struct chunk {
	struct chunk *prev, *next;
	size_t size;
	size_t magic;
};

#define MAGIC	0x686f6e65

static struct chunk chunks = { &chunks, &chunks };
static pcap_t *pcaps[8];
static FILE *streams[8];

void *fuzz_malloc(size_t size)
{
	struct chunk *c = malloc(sizeof(*c) + size);

	if (!c)
		return NULL;
	*c = (struct chunk){ &chunks, chunks.next, size, MAGIC };
	chunks.next->prev = c;
	chunks.next = c;
	return c + 1;
}

void *fuzz_calloc(size_t n, size_t size)
{
	void *p;

	if (size && n > SIZE_MAX / size)
		return NULL;
	p = fuzz_malloc(n * size);
	return p ? memset(p, 0, n * size) : NULL;
}

void fuzz_free(void *p)
{
	struct chunk *c;

	if (!p)
		return;
	c = (struct chunk *)p - 1;
	fuzz_check(c->magic == MAGIC);
	c->prev->next = c->next;
	c->next->prev = c->prev;
	free(c);
}

/* Always elsewhere, so that what still points to the old place is found. */
void *fuzz_realloc(void *p, size_t size)
{
	void *to = fuzz_malloc(size);
	struct chunk *c;

	if (p && to) {
		c = (struct chunk *)p - 1;
		memcpy(to, p, c->size < size ? c->size : size);
		fuzz_free(p);
	}
	return to;
}

char *fuzz_strdup(const char *s)
{
	size_t len = strlen(s) + 1;
	char *to = fuzz_malloc(len);

	return to ? memcpy(to, s, len) : NULL;
}

int fuzz_vasprintf(char **to, const char *fmt, va_list args)
{
	char *text;
	int n = vasprintf(&text, fmt, args);

	if (n < 0)
		return n;
	*to = fuzz_strdup(text);
	free(text);
	return n;
}

int fuzz_asprintf(char **to, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = fuzz_vasprintf(to, fmt, args);
	va_end(args);
	return n;
}

/* Files of a run */

static struct file {
	const char *path;
	const void *data;
	size_t len;
} files[8];
static int n_files;

void fuzz_file(const char *path, const void *data, size_t len)
{
	files[n_files++] = (struct file){ path, data, len };
}

static const struct file *find(const char *path)
{
	int i;

	for (i = 0; i < n_files; i++)
		if (!strcmp(path, files[i].path))
			return &files[i];
	return NULL;
}

/* What is to be written goes into a file that nobody sees. */
int fuzz_open(const char *path, int flags, ...)
{
	const struct file *f = find(path);
	int fd;

	if (!f && (flags & O_ACCMODE) == O_RDONLY) {
		errno = ENOENT;
		return -1;
	}
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd >= 0 && f && (write(fd, f->data, f->len) < 0 ||
			     lseek(fd, 0, SEEK_SET) < 0))
		abort();
	return fd;
}

FILE *fuzz_fopen(const char *path, const char *mode)
{
	const struct file *f = find(path);
	FILE *stream = NULL;
	size_t i;

	if (f && f->len)
		stream = fmemopen((void *)f->data, f->len, "r");
	else
		errno = ENOENT;
	(void)mode;
	for (i = 0; stream && i < 8; i++) {
		if (!streams[i]) {
			streams[i] = stream;
			break;
		}
	}
	return stream;
}

int fuzz_fclose(FILE *f)
{
	size_t i;

	for (i = 0; i < 8; i++)
		if (streams[i] == f)
			streams[i] = NULL;
	return fclose(f);
}

ssize_t fuzz_getdelim(char **line, size_t *size, int end, FILE *f)
{
	char *text = NULL;
	ssize_t n = getdelim(&text, size, end, f);

	if (n >= 0)
		*line = memcpy(fuzz_malloc(n + 1), text, n + 1);
	free(text);
	return n;
}

/* A copy, with an end behind which nothing may be read. */
void *fuzz_mmap(void *at, size_t len, int prot, int flags, int fd, off_t off)
{
	void *p = fuzz_malloc(len);

	(void)at;
	(void)prot;
	(void)flags;
	if (p && pread(fd, p, len, off) == (ssize_t)len)
		return p;
	fuzz_free(p);
	return MAP_FAILED;
}

int fuzz_munmap(void *at, size_t len)
{
	(void)len;
	fuzz_free(at);
	return 0;
}

int fuzz_refuse(void)
{
	errno = EPERM;
	return -1;
}

long fuzz_pretend(long first, ...)
{
	(void)first;
	return 0;
}

/* Filters */

pcap_t *fuzz_pcap_open_dead(int type, int snaplen)
{
	pcap_t *p = pcap_open_dead(type, snaplen);
	size_t i;

	for (i = 0; i < 8; i++) {
		if (!pcaps[i]) {
			pcaps[i] = p;
			break;
		}
	}
	return p;
}

/* Closed when the run is over, which may be before the reader says so. */
void fuzz_pcap_close(pcap_t *p)
{
	(void)p;
}

int fuzz_pcap_compile(pcap_t *p, struct bpf_program *to, const char *text,
		      int optimize, bpf_u_int32 mask)
{
	int ret = pcap_compile(p, to, text, optimize, mask);
	struct bpf_insn *insns;
	size_t size;

	if (ret)
		return ret;
	size = to->bf_len * sizeof(*insns);
	insns = memcpy(fuzz_malloc(size), to->bf_insns, size);
	pcap_freecode(to);
	to->bf_len = size / sizeof(*insns);
	to->bf_insns = insns;
	return 0;
}

void fuzz_pcap_freecode(struct bpf_program *program)
{
	fuzz_free(program->bf_insns);
	program->bf_insns = NULL;
	program->bf_len = 0;
}

/* A filter's names are looked up nowhere. */
int getaddrinfo(const char *node, const char *service,
		const struct addrinfo *hints, struct addrinfo **res)
{
	(void)node;
	(void)service;
	(void)hints;
	(void)res;
	return EAI_NONAME;
}

/* Runs */

void fuzz_exit(int status)
{
	longjmp(out, status + 1);
}

/* Between the variables are bytes that no instrumented code may touch. */
__attribute__((no_sanitize("address", "undefined")))
static void copy(char *to, const char *from, size_t len)
{
	const unsigned long *f = (const unsigned long *)from;
	unsigned long *t = (unsigned long *)to;
	size_t i;

	for (i = 0; i < len / sizeof(*t); i++)
		if (t[i] != f[i])
			t[i] = f[i];
	for (i *= sizeof(*t); i < len; i++)
		if (to[i] != from[i])
			to[i] = from[i];
}

static void as_new(void)
{
	size_t i;

	while (chunks.next != &chunks)
		fuzz_free(chunks.next + 1);
	for (i = 0; i < 8; i++) {
		if (pcaps[i])
			pcap_close(pcaps[i]);
		if (streams[i])
			fclose(streams[i]);
		pcaps[i] = NULL;
		streams[i] = NULL;
	}
	close_range(first_fd, ~0U, 0);
	copy(__start_hone_state, state, __stop_hone_state - __start_hone_state);
	optind = 0;
	n_files = 0;
}

/* The fuzzer has files of its own, lower ones. A run may close these two. */
static void begin(void)
{
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	first_fd = dup(null);
	close(first_fd);
}

int fuzz_run(int argc, char **argv)
{
	int status;

	begin();
	status = setjmp(out);
	if (!status)
		status = reader_main(argc, argv) + 1;
	as_new();
	return status - 1;
}

int fuzz_outputs(const uint8_t *data, size_t size)
{
	static char *const words[] = {
		(char *)"fuzz", (char *)"-v", (char *)"-r", (char *)"in",
		(char *)"-o", (char *)"out", (char *)"--text=text",
		(char *)"--json=json", (char *)"--print=lines", (char *)"-X",
		(char *)"--summary=summary", NULL
	};
	int status;

	fuzz_file("in", data, size);
	status = fuzz_run(sizeof(words) / sizeof(*words) - 1,
			  (char **)words);
	/* Sound, or unsound; nothing else may come of bytes. */
	fuzz_check(status == 0 || status == 4);
	return 0;
}

void fuzz_part(void (*part)(void))
{
	begin();
	if (!setjmp(out))
		part();
	as_new();
}

int fuzz_initialize(int *argc, char ***argv)
{
	size_t len = __stop_hone_state - __start_hone_state;

	(void)argc;
	(void)argv;
	null = open("/dev/null", O_RDWR);
	state = malloc(len);
	copy(state, __start_hone_state, len);
	return 0;
}

/* Mutators */

size_t fuzz_leave_out(uint8_t *data, size_t size, const struct fuzz_pieces *p,
		      size_t i)
{
	memmove(data + p->at[i], data + p->at[i + 1], size - p->at[i + 1]);
	return size - (p->at[i + 1] - p->at[i]);
}

size_t fuzz_repeat(uint8_t *data, size_t size, size_t max,
		   const struct fuzz_pieces *p, size_t i)
{
	size_t len = p->at[i + 1] - p->at[i], to;
	uint8_t *copy = size + len > max ? NULL : malloc(len);

	if (!copy)
		return size;
	memcpy(copy, data + p->at[i], len);
	to = p->at[rand() % (p->n + 1)];
	memmove(data + to + len, data + to, size - to);
	memcpy(data + to, copy, len);
	free(copy);
	return size + len;
}
