// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: identities of process images, and the sources of records, which run
 * while at least one session captures.
 */
#include "hone.h"

#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/hone.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/tracepoint.h>

static DEFINE_MUTEX(hone_lock);	/* lists of sources and streams, start, stop */
static LIST_HEAD(hone_sources);
static struct dentry *hone_root;
static atomic64_t hone_last_image;

/* Changed under hone_lock, walked under RCU. */
LIST_HEAD(hone_streams);
/* The one in it, if it is alone and asks for no user; changed as that. */
struct hone_stream __rcu *hone_sole __read_mostly;
/* What any of them wants, a bit for each kind; changed under hone_lock. */
u8 hone_kinds __read_mostly;
/* Does any want to be told what sockets are used for? As that. */
bool hone_uses __read_mostly;
/* Never 0, which is "not announced". */
u32 hone_gen __read_mostly = 1;
/* Generation with which the sources were started last. */
u32 hone_gen_first __read_mostly = 1;
/* Number of that start, never 0; it may come round. */
u8 hone_run __read_mostly = 1;

/**
 * hone_image_new - a new identity for a process image
 *
 * Context: any.
 * Return: a number that was never returned before; 0 is the kernel itself.
 */
u64 hone_image_new(void)
{
	return atomic64_inc_return(&hone_last_image);
}

/**
 * hone_source_register - add a producer of records
 * @src: the producer, for the life of the kernel
 *
 * Context: init; may sleep.
 */
void hone_source_register(struct hone_source *src)
{
	mutex_lock(&hone_lock);
	list_add_tail(&src->list, &hone_sources);
	mutex_unlock(&hone_lock);
}

/**
 * hone_source_snap - let the nth source put its next part into a snapshot
 * @snap: the snapshot
 * @nr: which source, from 0
 * @pos: its position
 *
 * Context: process context; may sleep.
 * Return: 1 = more, 0 = complete, -ENOENT = there is no such source, or the
 * source's error.
 */
int hone_source_snap(struct hone_snap *snap, unsigned int nr, u64 *pos)
{
	struct hone_source *src;

	/* Sources are never removed; only new ones need the lock. */
	list_for_each_entry(src, &hone_sources, list) {
		if (nr--)
			continue;
		return src->snap ? src->snap(snap, pos) : 0;
	}
	return -ENOENT;
}

/**
 * hone_probes_unregister - remove a source's probes
 * @probes: the probes, all registered
 * @nr: their number
 *
 * They may still run until tracepoint_synchronize_unregister().
 *
 * Context: process context; may sleep.
 */
void hone_probes_unregister(const struct hone_probe *probes, int nr)
{
	while (nr--)
		tracepoint_probe_unregister(probes[nr].tp, probes[nr].fn, NULL);
}

/**
 * hone_probes_register - put a source's probes in place
 * @probes: the probes
 * @nr: their number
 *
 * Context: process context; may sleep.
 * Return: 0, or a negative errno, and then none of them is in place.
 */
int hone_probes_register(const struct hone_probe *probes, int nr)
{
	int i, err;

	for (i = 0; i < nr; i++) {
		err = tracepoint_probe_register(probes[i].tp, probes[i].fn,
						NULL);
		if (err) {
			hone_probes_unregister(probes, i);
			return err;
		}
	}
	return 0;
}

static void hone_sources_stop(struct hone_source *last)
{
	list_for_each_entry_from_reverse(last, &hone_sources, list)
		last->stop();
}

static int hone_sources_start(void)
{
	struct hone_source *src;
	int err;

	list_for_each_entry(src, &hone_sources, list) {
		err = src->start();
		if (err) {
			list_for_each_entry_continue_reverse(src, &hone_sources,
							     list)
				src->stop();
			return err;
		}
	}
	return 0;
}

static void hone_sources_close(struct hone_source *last, struct hone_stream *s)
{
	list_for_each_entry_from_reverse(last, &hone_sources, list)
		if (last->close)
			last->close(s);
}

static int hone_sources_open(struct hone_stream *s)
{
	struct hone_source *src;
	int err;

	list_for_each_entry(src, &hone_sources, list) {
		err = src->open ? src->open(s) : 0;
		if (err) {
			hone_sources_close(list_prev_entry(src, list), s);
			return err;
		}
	}
	return 0;
}

static struct hone_source *hone_last_source(void)
{
	return list_last_entry(&hone_sources, struct hone_source, list);
}

static u32 hone_gen_after(u32 gen)
{
	return gen == U32_MAX ? 1 : gen + 1;
}

/**
 * hone_next_generation - announce everything anew
 *
 * As after a start: each process and socket is told of before its next packet,
 * and at its end.
 *
 * Context: any.
 */
void hone_next_generation(void)
{
	u32 gen = READ_ONCE(hone_gen);

	/* If somebody else was faster that will do. */
	cmpxchg(&hone_gen, gen, hone_gen_after(gen));
}

/* Does a stream want packets whosever they are, and only behind the firewall? */
static bool hone_wants_any(const struct hone_stream *s)
{
	return s->packets && !s->match &&
	       (!s->filter || hone_filter_ops->packets(s->filter));
}

/* Under hone_lock, after the list has changed. */
static void hone_kinds_update(void)
{
	struct hone_stream *s, *sole = NULL;
	bool uses = false;
	u8 kinds = 0;

	list_for_each_entry(s, &hone_streams, list) {
		kinds |= s->kinds;
		uses |= s->kinds & BIT(HONE_KIND_SOCK) && !s->life;
	}
	WRITE_ONCE(hone_kinds, kinds);
	WRITE_ONCE(hone_uses, uses);
	if (list_is_singular(&hone_streams))
		sole = list_first_entry(&hone_streams, struct hone_stream,
					list);
	rcu_assign_pointer(hone_sole,
			   sole && hone_wants_any(sole) ? sole : NULL);
}

/* In jiffies: so far apart all is told anew, and when that was last. */
#define HONE_TELL_AGAIN	(HZ / 50 ?: 1)
static unsigned long hone_told_again;

static unsigned long hone_told_since(void)
{
	return jiffies - READ_ONCE(hone_told_again);
}

/**
 * hone_try_generation - announce everything anew, if that was not just done
 *
 * With many sockets to tell of that alone could fill a ring, and one session
 * that wants it is paid for by all.
 *
 * Context: any.
 * Return: true if it is.
 */
bool hone_try_generation(void)
{
	if (hone_told_since() < HONE_TELL_AGAIN)
		return false;
	WRITE_ONCE(hone_told_again, jiffies);
	hone_next_generation();
	return true;
}

/**
 * hone_wait_generation - announce everything anew, as soon as that may be
 *
 * Context: process context; may sleep, as long as hone_try_generation() says
 * no.
 * Return: 0, and all is announced that is used since; or -EINTR if the task is
 * to be killed.
 */
int hone_wait_generation(void)
{
	u32 gen = hone_generation();
	unsigned long past;

	/* One that has begun meanwhile is as good. */
	while (gen == hone_generation() && !hone_try_generation()) {
		past = hone_told_since();
		if (past < HONE_TELL_AGAIN)
			schedule_timeout_killable(HONE_TELL_AGAIN - past);
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

/**
 * hone_stream_hold - let a stream see no packets, or see them again
 * @s: a stream that captures
 * @hold: see none
 *
 * They are not counted either.
 *
 * Context: process context; may sleep.
 */
void hone_stream_hold(struct hone_stream *s, bool hold)
{
	mutex_lock(&hone_lock);
	WRITE_ONCE(s->packets, !hold && s->kinds & BIT(HONE_KIND_PACKET));
	hone_kinds_update();
	mutex_unlock(&hone_lock);
	/* Those that have looked already arrive before this returns. */
	if (hold)
		synchronize_rcu();
}

/* Under hone_lock. A stream, and a generation that begins with it. */
static void hone_stream_add(struct hone_stream *s)
{
	u32 gen;

	s->gen = READ_ONCE(hone_gen);
	s->packets = s->kinds & BIT(HONE_KIND_PACKET);
	list_add_tail_rcu(&s->list, &hone_streams);
	hone_kinds_update();
	/* A ring that is overwritten may begin a generation at any time. */
	do {
		gen = READ_ONCE(hone_gen);
		WRITE_ONCE(s->gen, hone_gen_after(gen));
	} while (cmpxchg(&hone_gen, gen, s->gen) != gen);
}

/**
 * hone_capture_start - records go into a stream from now on
 * @s: stream with an open channel
 *
 * Everything is announced anew, to the others too.
 *
 * Context: process context; may sleep.
 * Return: 0 or a negative errno of a source that would not start.
 */
int hone_capture_start(struct hone_stream *s)
{
	bool first;
	int err = 0;

	mutex_lock(&hone_lock);
	first = list_empty(&hone_streams);
	if (first) {
		/* What an earlier capture has told does not count. */
		WRITE_ONCE(hone_gen_first, hone_gen_after(READ_ONCE(hone_gen)));
		WRITE_ONCE(hone_run, hone_run == U8_MAX ? 1 : hone_run + 1);
		/*
		 * It takes a while to patch all hooks in. What happens then is
		 * not told: a ring is not to be full when its reader comes.
		 */
		err = hone_sources_start();
	}
	if (!err) {
		hone_stream_add(s);
		if (first)
			WRITE_ONCE(hone_gen_first, s->gen);
		err = hone_sources_open(s);
		if (err) {
			list_del_rcu(&s->list);
			hone_kinds_update();
			if (first)
				hone_sources_stop(hone_last_source());
		}
	}
	mutex_unlock(&hone_lock);
	if (err) {
		tracepoint_synchronize_unregister();
		synchronize_rcu();
	}
	return err;
}

/**
 * hone_capture_stop - no more records go into a stream
 * @s: the stream
 *
 * On return nobody writes to it.
 *
 * Context: process context; may sleep.
 */
void hone_capture_stop(struct hone_stream *s)
{
	/*
	 * A packet that is being received has a record, and finds its socket
	 * yet, which may be one that the session has excluded: all that is
	 * under way arrives, in softirq, before the stream is gone.
	 */
	hone_stream_hold(s, true);

	mutex_lock(&hone_lock);
	list_del_rcu(&s->list);
	hone_kinds_update();
	if (list_empty(&hone_streams))
		hone_sources_stop(hone_last_source());
	mutex_unlock(&hone_lock);

	/* Probes may run in SRCU, netfilter hooks run in RCU. */
	tracepoint_synchronize_unregister();
	synchronize_rcu();

	/*
	 * What there is to say at the end may write over packets, not over
	 * what they need to be understood.
	 */
	WRITE_ONCE(s->of[HONE_KIND_SOCK], &s->events);
	mutex_lock(&hone_lock);
	hone_sources_close(hone_last_source(), s);
	mutex_unlock(&hone_lock);
}

/**
 * hone_dir - directory of Hone in debugfs
 *
 * Return: its dentry, or an error pointer that debugfs functions accept.
 */
struct dentry *hone_dir(void)
{
	return hone_root;
}

static int __init hone_init(void)
{
	hone_root = debugfs_create_dir("hone", NULL);
	hone_process_init();
	hone_control_init(hone_root);
	hone_sysfs_init();
	return 0;
}

/* Before net/hone, whose sources are told after the processes. */
fs_initcall(hone_init);
