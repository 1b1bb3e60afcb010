/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests of Hone: a session, and the records it gives.
 */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/hone.h>
#include <netinet/in.h>

#define HONE_DIR	"/sys/kernel/debug/hone"
#define STREAM_CPUS	64
#define STREAM_FILES	(2 * STREAM_CPUS)

/**
 * struct stream - a session and all that was read from it
 * @control: descriptor of the control file
 * @dir: directory of the session
 * @cpus: number of CPUs
 * @files: number of channel files: one a CPU, and if processes and sockets have
 *	rings of their own as many for those, behind
 * @fd: their descriptors
 * @buf: what was read from each
 * @len: bytes in @buf
 * @size: bytes allocated
 */
struct stream {
	int control;
	char dir[64];
	int cpus;
	int files;
	int fd[STREAM_FILES];
	uint8_t *buf[STREAM_FILES];
	size_t len[STREAM_FILES];
	size_t size[STREAM_FILES];
};

int stream_open(struct stream *s, const char *commands);
int stream_command(struct stream *s, const char *commands);
size_t stream_read(struct stream *s);
void stream_stop(struct stream *s);
void stream_close(struct stream *s);

/* Walk: the record behind @rec in @file, the first for NULL; NULL at the end. */
const struct hone_rec *stream_next(const struct stream *s, int file,
				   const struct hone_rec *rec);

/* The same over all files: @file is 0 and @rec NULL at first. */
const struct hone_rec *stream_step(const struct stream *s, int *file,
				   const struct hone_rec *rec);

/* Forgets the whole records of a file; returns the bytes that are left. */
size_t stream_forget(struct stream *s, int file);

/* Kinds of records, as the account names them, and that of a record. */
extern const char * const stream_kinds[HONE_KIND_MAX];
int stream_kind_of(int type);

uint8_t *stream_snapshot(struct stream *s, size_t *len);

const void *proc_attr(const struct hone_proc *p, int type, uint32_t *len);

/**
 * struct account - a row of the stats file
 */
struct account {
	unsigned long long seen;
	unsigned long long filtered;
	unsigned long long written;
	unsigned long long lost;
	unsigned long long overwritten;
	unsigned long long bytes;
	unsigned long long truncated;
};

/* The row of @cpu (-1: all) and @kind; false if there is none. */
bool stream_account(struct stream *s, int cpu, const char *kind,
		    struct account *a);

uint64_t cookie_of(int fd);

/* A UDP socket on a port of its own on 127.0.0.1, which @at is set to, or -1. */
int udp_socket(struct sockaddr_in *at);

#endif /* STREAM_H */
