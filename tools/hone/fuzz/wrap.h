/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fuzzing: what the reader's code calls in place of the system's functions.
 *
 * Each input is a whole run of the program, from its main() to its exit, in
 * one process: memory, files and variables of a run are gone after it, and
 * nothing outside is touched.
 */
#ifndef HONE_FUZZ_WRAP_H
#define HONE_FUZZ_WRAP_H

#include <fcntl.h>
#include <grp.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define __noreturn	__attribute((noreturn))

void *fuzz_malloc(size_t size);
void *fuzz_calloc(size_t n, size_t size);
void *fuzz_realloc(void *p, size_t size);
char *fuzz_strdup(const char *s);
int fuzz_vasprintf(char **to, const char *fmt, va_list args);
int fuzz_asprintf(char **to, const char *fmt, ...);
void fuzz_free(void *p);
void __noreturn fuzz_exit(int status);
int fuzz_open(const char *path, int flags, ...);
FILE *fuzz_fopen(const char *path, const char *mode);
int fuzz_fclose(FILE *f);
ssize_t fuzz_getdelim(char **line, size_t *size, int end, FILE *f);
void *fuzz_mmap(void *at, size_t len, int prot, int flags, int fd, off_t off);
int fuzz_munmap(void *at, size_t len);
pcap_t *fuzz_pcap_open_dead(int type, int snaplen);
void fuzz_pcap_close(pcap_t *p);
int fuzz_pcap_compile(pcap_t *p, struct bpf_program *to, const char *text,
		      int optimize, bpf_u_int32 mask);
void fuzz_pcap_freecode(struct bpf_program *program);
int fuzz_refuse(void);
/* Takes what the function would, so that it counts as used. */
long fuzz_pretend(long first, ...);

/* To be a file of a run; the bytes have to stay. */
void fuzz_file(const char *path, const void *data, size_t len);
/* A run of the program with these arguments; its exit status. */
int fuzz_run(int argc, char **argv);
/* A run that reads this, and writes it by all outputs. */
int fuzz_outputs(const uint8_t *data, size_t size);
/* A run of a part of it. */
void fuzz_part(void (*part)(void));

/* What the engine calls, and what it has, by the names that the Makefile gives. */
int fuzz_initialize(int *argc, char ***argv);
int fuzz_one(const uint8_t *data, size_t size);
size_t fuzz_mutate(uint8_t *data, size_t size, size_t max);
size_t fuzz_mutate_records(uint8_t *data, size_t size, size_t max,
			   unsigned int seed);
size_t fuzz_mutate_blocks(uint8_t *data, size_t size, size_t max,
			  unsigned int seed);

/*
 * Pieces of an input that mutators find: where the first of them begin, and
 * where the last one ends. Both functions give the new size, which is the old
 * one if @max leaves no room.
 */
#define FUZZ_PIECES	256
struct fuzz_pieces {
	size_t n, at[FUZZ_PIECES + 1];
};

size_t fuzz_leave_out(uint8_t *data, size_t size, const struct fuzz_pieces *p,
		      size_t i);
/* Once more, in front of any of them. */
size_t fuzz_repeat(uint8_t *data, size_t size, size_t max,
		   const struct fuzz_pieces *p, size_t i);

/* The reader, and its variables, which state.ld has put into one section. */
int reader_main(int argc, char **argv);
extern char __start_hone_state[], __stop_hone_state[];

/* A sound stream, of stream.S. */
extern const unsigned char fuzz_stream[];
extern const size_t fuzz_stream_len;

/* The program has failed if this does not hold. */
#define fuzz_check(ok) ((ok) ? (void)0 : abort())

#ifdef HONE_FUZZ_READER
#define main			reader_main
#define malloc			fuzz_malloc
#define calloc			fuzz_calloc
#define realloc			fuzz_realloc
#undef strdup
#define strdup			fuzz_strdup
#define vasprintf		fuzz_vasprintf
#define asprintf		fuzz_asprintf
#define free			fuzz_free
#define exit			fuzz_exit
#define open			fuzz_open
#define fopen			fuzz_fopen
#define fclose			fuzz_fclose
#undef getdelim
#define getdelim		fuzz_getdelim
#define mmap			fuzz_mmap
#define munmap			fuzz_munmap
#define pcap_open_dead		fuzz_pcap_open_dead
#define pcap_close		fuzz_pcap_close
#define pcap_compile		fuzz_pcap_compile
#define pcap_freecode		fuzz_pcap_freecode
/* Neither commands nor other users. */
#define fork()			fuzz_refuse()
#define execv(...)		fuzz_refuse()
#define execvp(...)		fuzz_refuse()
#define posix_spawnp(...)	fuzz_refuse()
#define setuid(...)		fuzz_pretend(__VA_ARGS__)
#define setgid(...)		fuzz_pretend(__VA_ARGS__)
#define setresuid(...)		fuzz_pretend(__VA_ARGS__)
#define setresgid(...)		fuzz_pretend(__VA_ARGS__)
#define setgroups(...)		fuzz_pretend(__VA_ARGS__)
#define initgroups(user, gid)	fuzz_pretend((long)(user), gid)
#define prctl(...)		fuzz_pretend(__VA_ARGS__)
#define syscall(...)		fuzz_pretend(__VA_ARGS__)
#define signal(...)		((void)fuzz_pretend(__VA_ARGS__))
#define sigaction(...)		fuzz_pretend(__VA_ARGS__)
#endif

#endif
