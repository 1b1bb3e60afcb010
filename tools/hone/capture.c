// SPDX-License-Identifier: GPL-2.0-only
/* Captures: beginning and end, the same for a session and recorded files. */
#include "capture.h"
#include "filter.h"
#include "options.h"
#include "out_json.h"
#include "out_line.h"
#include "out_summary.h"
#include "out_text.h"
#include "pcapng.h"
#include "raw.h"

#include <stdio.h>

struct capture capture;

void capture_clock(const struct record *r)
{
	if (r->rec.type != HONE_REC_SUBBUF)
		return;
	if (!capture.start || r->rec.time < capture.start) {
		if (!capture.start)
			capture.offset = r->subbuf.real - r->rec.time;
		capture.start = r->rec.time;
	}
	if (!capture.snaplen)
		capture.snaplen = r->subbuf.snaplen;
}

bool capture_open(void)
{
	if (options.out) {
		pcapng.comments = options.comments;
		pcapng.info = options.process_info;
		pcapng.usec = options.usec;
		pcapng.link_len = options.sll2 ? SLL2_LEN : 0;
		if (!pcapng_open(options.out))
			return false;
		sink_add(&sink_pcapng);
	}
	if (options.text) {
		if (!text_open(options.text))
			return false;
		sink_add(&sink_text);
	}
	if (options.lines) {
		if (!line_open(options.lines))
			return false;
		sink_add(&sink_line);
	}
	if (options.json) {
		if (!json_open(options.json))
			return false;
		sink_add(&sink_json);
	}
	if (options.summary) {
		if (!summary_open(options.summary_path))
			return false;
		sink_add(&sink_summary);
	}
	return !options.record || raw_open(options.record);
}

bool capture_begin(void)
{
	if (!capture.snaplen)
		capture.snaplen = HONE_SNAPLEN_MAX;
	/* Nothing goes out with an earlier time than the head. */
	if (resolved.first && resolved.first < capture.start)
		capture.start = resolved.first;
	if (resolved.last < capture.start)
		resolved.last = capture.start;
	return resolve_begin(&capture);
}

static void print_count(__u64 n, const char *what)
{
	fprintf(stderr, "%llu packet%s %s\n", n, n == 1 ? "" : "s", what);
}

static void print_totals(const struct result *res)
{
	const struct account *p = &res->kind[HONE_KIND_PACKET];
	static const struct {
		enum hone_kind kind;
		const char *name;
	} more[] = {
		{ HONE_KIND_PROC, "process records" },
		{ HONE_KIND_SOCK, "socket records" },
		{ HONE_KIND_ACTOR, "records of writers and readers" },
	};
	size_t i;

	print_count(resolved.packets, "captured");
	print_count(p->seen, "seen by the kernel");
	print_count(p->filtered, "filtered");
	print_count(p->lost, "lost");
	if (options.flight || options.boot)
		print_count(p->overwritten, "overwritten");
	if (!options.verbose)
		return;
	for (i = 0; i < sizeof(more) / sizeof(*more); i++) {
		p = &res->kind[more[i].kind];
		fprintf(stderr, "%llu %s, %llu lost",
			p->seen, more[i].name,
			p->lost);
		if (options.flight || options.boot)
			fprintf(stderr, ", %llu overwritten", p->overwritten);
		fputc('\n', stderr);
	}
	fprintf(stderr, "%llu processes and %llu sockets were created\n",
		resolved.images,
		resolved.conns);
}

/* With what the kernel has counted, if that is known. */
static void result_so_far(struct result *res, const struct account *stats)
{
	int k;

	resolve_result(res, resolved.last > capture.start ? resolved.last :
							    capture.start);
	for (k = 0; stats && k < HONE_KIND_MAX; k++) {
		res->kind[k] = stats[k];
		/* Gaps that the kernel does not account for. */
		if (resolved.lost[k] > stats[k].lost)
			res->kind[k].lost = resolved.lost[k];
	}
	if (stats)
		res->kind[HONE_KIND_PACKET].filtered += resolved.filtered;
}

/* The line that a terminal shows, and writes over. */
static bool status_shown;

static void clear_status(void)
{
	if (status_shown)
		fputs("\r\033[K", stderr);
	status_shown = false;
}

void capture_report(const struct account *stats)
{
	struct result res;

	result_so_far(&res, stats);
	clear_status();
	print_totals(&res);
}

void capture_status(const struct account *stats, __u64 now)
{
	static __u64 last, packets;
	__u64 rate = 0;
	struct result res;

	result_so_far(&res, stats);
	if (now > last)
		rate = (res.captured - packets) * 1000000000ULL / (now - last);
	clear_status();
	fprintf(stderr, "%llu packets", res.captured);
	if (last)
		fprintf(stderr, ", %llu a second", rate);
	fprintf(stderr, "; %llu new processes; %llu lost",
		resolved.images, res.kind[HONE_KIND_PACKET].lost);
	fflush(stderr);
	status_shown = true;
	last = now;
	packets = res.captured;
}

bool capture_end(const struct account *stats)
{
	struct result res;
	bool ok;

	result_so_far(&res, stats);
	ok = sink_tail(&res);
	clear_status();
	if (!options.quiet) {
		print_totals(&res);
		filter_tell_unused();
	}
	return ok;
}
