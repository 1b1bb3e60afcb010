// SPDX-License-Identifier: GPL-2.0-only
/* Sinks: hands everything to each of the outputs in use. */
#include "sink.h"
#include "resolve.h"

bool sink_each;

static const struct sink *sinks[8];
static int n_sinks;

/* Others that are known at the same moment may go out with it. */
static bool written(bool ok)
{
	return (!sink_each || sink_flush()) && ok;
}

static bool packet_to_all(const struct attributed *p)
{
	bool ok = true;
	int i;

	for (i = 0; i < n_sinks; i++) {
		if (!sinks[i]->packet || sinks[i]->packet(p))
			continue;
		ok = false;
		/* The last file is full, and is the first output. */
		if (resolve_full())
			break;
	}
	return written(ok);
}

bool (*sink_packet)(const struct attributed *p) = packet_to_all;

void sink_add(const struct sink *s)
{
	static int takers;

	sinks[n_sinks++] = s;
	if (s->packet)
		sink_packet = !takers++ && !sink_each ? s->packet :
							packet_to_all;
}

/* One output's failure keeps nothing from the others. */
bool sink_head(const struct capture *cap)
{
	bool ok = true;
	int i;

	for (i = 0; i < n_sinks; i++)
		if (sinks[i]->head && !sinks[i]->head(cap))
			ok = false;
	return ok;
}

bool sink_proc(struct image *img, const struct record *r)
{
	bool ok = true;
	int i;

	for (i = 0; i < n_sinks; i++)
		if (sinks[i]->proc && !sinks[i]->proc(img, r))
			ok = false;
	return written(ok);
}

bool sink_sock(struct conn *c, const struct record *r)
{
	bool ok = true;
	int i;

	for (i = 0; i < n_sinks; i++)
		if (sinks[i]->sock && !sinks[i]->sock(c, r))
			ok = false;
	return written(ok);
}

bool sink_late(const struct late *l)
{
	bool ok = true;
	int i;

	for (i = 0; i < n_sinks; i++)
		if (sinks[i]->late && !sinks[i]->late(l))
			ok = false;
	return written(ok);
}

bool sink_tally(struct image *img, const struct record *r)
{
	bool ok = true;
	int i;

	for (i = 0; i < n_sinks; i++)
		if (sinks[i]->tally && !sinks[i]->tally(img, r))
			ok = false;
	return written(ok);
}

bool sink_tail(const struct result *res)
{
	bool ok = true;
	int i;

	for (i = 0; i < n_sinks; i++)
		if (sinks[i]->tail && !sinks[i]->tail(res))
			ok = false;
	return ok;
}

bool sink_flush(void)
{
	bool ok = true;
	int i;

	for (i = 0; i < n_sinks; i++)
		if (sinks[i]->flush && !sinks[i]->flush())
			ok = false;
	return ok;
}
