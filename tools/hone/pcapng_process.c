// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCAP-NG: processes in the forms that Wireshark understands.
 *
 * A file has one of the two only: Wireshark keeps both in one table, and darwin
 * options are an index into it.
 */
#include "pcapng.h"
#include "encode.h"
#include "names.h"

#include <endian.h>
#include <stdio.h>

/* Wireshark's own custom block, and what this one of them is. */
#define PEN_WIRESHARK		32622
#define PROCESS_INFORMATION	3

/* Without a name it would not be shown. */
static size_t make_name(char *to, size_t size, const struct image *img)
{
	size_t n = encode(to, size, img->as.comm, strlen(img->as.comm), "");

	return n ? n : (size_t)sprintf(to, "?");
}

/* The index in packets counts them. */
static bool write_darwin(const struct image *img)
{
	char name[3 * HONE_COMM_LEN + 2];
	struct block b = block_begin(BLOCK_DARWIN, 256);

	if (!b.p)
		return false;
	b.p = put32(b.p, img->tgid);
	b.p = put_option(b.p, 2, name, make_name(name, sizeof(name) - 1, img));
	b.p = put32(b.p, 0);
	return block_end(&b);
}

/* An option whose head, and number, are little-endian in any file. */
static __u8 *put_le(__u8 *p, __u16 code, const void *value, size_t len)
{
	if (!len)
		return p;
	p = put16(p, htole16(code));
	p = put16(p, htole16(len));
	return put_padded(p, value, len);
}

static __u8 *put_le32(__u8 *p, __u16 code, __u32 n)
{
	n = htole32(n);
	return put_le(p, code, &n, sizeof(n));
}

static __u8 *put_le_text(__u8 *p, __u16 code, const char *s)
{
	size_t len = s ? strlen(s) : 0;

	return put_le(p, code, s, len < STRING_MAX ? len : STRING_MAX);
}

static __u8 *put_process(__u8 *p, struct image *img)
{
	const struct strings *s = image_strings(img);
	char name[3 * HONE_COMM_LEN + 2];
	__u32 argv_len = s->argv_len;
	__u64 start;

	/* NUL is between arguments, not behind the last one. */
	if (argv_len && !s->argv[argv_len - 1])
		argv_len--;
	p = put_le(p, 2, name, make_name(name, sizeof(name) - 1, img));
	p = put_le_text(p, 3, s->path);
	p = put_le(p, 4, s->argv, argv_len < STRING_MAX ? argv_len : STRING_MAX);
	p = put_le32(p, 5, img->ppid);
	if (img->as.euid != NOBODY) {
		p = put_le32(p, 6, img->as.euid);
		p = put_le_text(p, 7, user_name(img->as.euid));
	}
	if (img->start) {
		start = htole64(img->start + pcapng.cap.offset);
		p = put_le(p, 9, &start, sizeof(start));
	}
	return put32(p, 0);
}

static bool write_wireshark(struct image *img)
{
	struct block b = block_begin(BLOCK_CUSTOM, 4 * STRING_MAX);
	__u8 *entry;

	if (!b.p)
		return false;
	b.p = put32(b.p, PEN_WIRESHARK);
	b.p = put32(b.p, htole32(PROCESS_INFORMATION));
	entry = b.p + 4;
	b.p = put32(entry, htole32(img->tgid));
	b.p = put_process(b.p, img);
	put32(entry - 4, htole32(b.p - entry));
	return block_end(&b);
}

/* One for each process and name, and user if that is told. */
bool pcapng_describe_info(struct image *img)
{
	if (pcapng.info == INFO_NONE)
		return true;
	if (img->has_info == pcapng.file &&
	    !strcmp(img->info_as.comm, img->as.comm) &&
	    (pcapng.info == INFO_DARWIN || img->info_as.euid == img->as.euid))
		return true;
	img->has_info = pcapng.file;
	img->info_index = pcapng.info_next++;
	img->info_as = img->as;
	return pcapng.info == INFO_DARWIN ? write_darwin(img) :
					    write_wireshark(img);
}
