// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: what was seen, written and lost.
 */
#include "hone.h"

#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/sysfs.h>

static const char * const kind_names[HONE_KIND_MAX] = {
	[HONE_KIND_PROC]	= "process",
	[HONE_KIND_SOCK]	= "socket",
	[HONE_KIND_ACTOR]	= "actor",
	[HONE_KIND_PACKET]	= "packet",
};

/**
 * hone_gap_add - one more record was lost
 * @gap: the gap of this CPU
 * @kind: kind of the record
 * @len: its length
 * @now: its time
 *
 * Context: interrupts off, on the CPU of the gap.
 */
void hone_gap_add(struct hone_gap *gap, enum hone_kind kind, u32 len, u64 now)
{
	if (!gap->open) {
		memset(gap, 0, sizeof(*gap));
		gap->open = true;
		gap->first = now;
	}
	gap->records[kind]++;
	gap->bytes += len;
	gap->last = now;
}

/**
 * hone_gap_take - turn a gap into a record, and close it
 * @gap: an open gap
 * @rec: the record
 * @now: its time
 *
 * Context: interrupts off, on the CPU of the gap.
 */
void hone_gap_take(struct hone_gap *gap, struct hone_lost *rec, u64 now)
{
	memset(rec, 0, sizeof(*rec));
	rec->rec.len = sizeof(*rec);
	rec->rec.type = HONE_REC_LOST;
	rec->rec.time = now;
	memcpy(rec->records, gap->records, sizeof(rec->records));
	rec->bytes = gap->bytes;
	rec->first = gap->first;
	rec->last = gap->last;
	gap->open = false;
}

static void hone_count_add(struct hone_count *sum, const struct hone_count *c)
{
	sum->overwritten += READ_ONCE(c->overwritten);
	/* First: what is written over has been written. */
	smp_rmb();
	sum->seen += c->seen;
	sum->filtered += c->filtered;
	sum->written += c->written;
	sum->lost += c->lost;
	sum->bytes += c->bytes;
	sum->truncated += c->truncated;
}

static void hone_chan_counts_add(struct hone_count sum[HONE_KIND_MAX],
				 const struct hone_chan *ch, int cpu)
{
	/* Pairs with hone_chan_open(). */
	struct hone_cpu __percpu *cpus = smp_load_acquire(&ch->cpu);
	int k;

	for (k = 0; cpus && k < HONE_KIND_MAX; k++)
		hone_count_add(&sum[k], &per_cpu_ptr(cpus, cpu)->count[k]);
}

/**
 * hone_counts_add - add the account of a session to a sum
 * @sum: by kind
 * @s: the session's stream; before its start it has none
 *
 * Context: process context; the stream is not freed meanwhile.
 */
void hone_counts_add(struct hone_count sum[HONE_KIND_MAX],
		     const struct hone_stream *s)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		hone_chan_counts_add(sum, &s->events, cpu);
		hone_chan_counts_add(sum, &s->identity, cpu);
	}
}

/* Of what was put into the rings, what is still there or was read. */
static u64 hone_count_kept(const struct hone_count *c)
{
	/* Another CPU's may come in another order. */
	return c->written > c->overwritten ? c->written - c->overwritten : 0;
}

/**
 * hone_totals_emit - a sum as a table for a sysfs file
 * @buf: a page
 * @sum: by kind
 *
 * Return: length.
 */
ssize_t hone_totals_emit(char *buf, const struct hone_count sum[HONE_KIND_MAX])
{
	int len, k;

	len = sysfs_emit(buf, "kind seen filtered written lost overwritten bytes truncated\n");
	for (k = 0; k < HONE_KIND_MAX; k++)
		len += sysfs_emit_at(buf, len,
				     "%s %llu %llu %llu %llu %llu %llu %llu\n",
				     kind_names[k], sum[k].seen,
				     sum[k].filtered, hone_count_kept(&sum[k]),
				     sum[k].lost, sum[k].overwritten,
				     sum[k].bytes, sum[k].truncated);
	return len;
}

static void hone_stats_row(struct seq_file *m, const char *cpu, int kind,
			   const struct hone_count *c)
{
	seq_printf(m, "%s %s %llu %llu %llu %llu %llu %llu %llu\n",
		   cpu, kind_names[kind], c->seen, c->filtered,
		   hone_count_kept(c), c->lost, c->overwritten, c->bytes,
		   c->truncated);
}

/**
 * hone_stats_show - the account as a table, a row a CPU and kind, then sums
 * @m: where to
 * @s: the stream
 *
 * Exact when nothing is being written; while something is, each figure is on a
 * 64-bit machine, but a record may be in one and not yet in the next.
 *
 * Context: process context.
 */
void hone_stats_show(struct seq_file *m, struct hone_stream *s)
{
	struct hone_count sum[HONE_KIND_MAX] = { };
	struct hone_count count[HONE_KIND_MAX];
	char name[16];
	int cpu, k;

	seq_puts(m, "cpu kind seen filtered written lost overwritten bytes truncated\n");
	for_each_possible_cpu(cpu) {
		/* CPUs that were never online have nothing to say. */
		if (!per_cpu_ptr(s->events.cpu, cpu)->subbufs)
			continue;
		memset(count, 0, sizeof(count));
		hone_chan_counts_add(count, &s->events, cpu);
		hone_chan_counts_add(count, &s->identity, cpu);
		snprintf(name, sizeof(name), "%d", cpu);
		for (k = 0; k < HONE_KIND_MAX; k++) {
			hone_stats_row(m, name, k, &count[k]);
			hone_count_add(&sum[k], &count[k]);
		}
	}
	for (k = 0; k < HONE_KIND_MAX; k++)
		hone_stats_row(m, "all", k, &sum[k]);
}
