// SPDX-License-Identifier: GPL-2.0-only
/* Whose: the process and the connection that a packet in a file means. */
#include "whose.h"
#include "msg.h"

#include <stdlib.h>

/* Images of a pid that are kept in mind: those before it may still send. */
#define IMAGES_MAX	4
/* High halves of cookies that are kept in mind: few, they count up. */
#define HIGHS_MAX	16
#define DEVS_MAX	4096

/*
 * Of processes that no block has described; kernels count from 1. JSON's readers have
 * numbers of 53 bits.
 */
#define MADE_UP		0x10000000000000ULL

/* The images that had a pid, newest first; 0: no more. */
struct entry {
	__u32 pid;
	bool used;
	__u64 id[IMAGES_MAX];
};

static struct {
	struct entry *e;
	size_t n, size;			/* a power of two */
} pids;

struct darwin {
	__u32 pid;
	__u64 id;			/* 0: not known yet */
	char name[HONE_COMM_LEN + 1];
};

static struct darwin *darwins;
static size_t n_darwins, size_darwins;

/* High halves of cookies, newest first. */
static __u32 highs[HIGHS_MAX];

static struct entry *pid_slot(__u32 pid)
{
	size_t i = (pid * 0x9e3779b1U) & (pids.size - 1);

	while (pids.e[i].used && pids.e[i].pid != pid)
		i = (i + 1) & (pids.size - 1);
	return &pids.e[i];
}

static const struct entry *pid_find(__u32 pid)
{
	const struct entry *e = pids.size ? pid_slot(pid) : NULL;

	return e && e->used ? e : NULL;
}

static bool remembered(const struct entry *e)
{
	int i;

	for (i = 0; e->used && i < IMAGES_MAX; i++)
		if (image_find(e->id[i]))
			return true;
	return false;
}

/* Makes room, also by what the tables have forgotten. */
static void pids_grow(void)
{
	struct entry *old = pids.e;
	size_t size = pids.size, i;

	pids.n = 0;
	for (i = 0; i < size; i++)
		pids.n += remembered(&old[i]);
	if (!size)
		pids.size = 1024;
	else if (pids.n >= size / 4)
		pids.size = size * 2;
	pids.e = xcalloc(pids.size, sizeof(*pids.e));
	for (i = 0; i < size; i++)
		if (remembered(&old[i]))
			*pid_slot(old[i].pid) = old[i];
	free(old);
}

static struct entry *pid_get(__u32 pid)
{
	struct entry *e;

	if (pids.n >= pids.size / 2)
		pids_grow();
	e = pid_slot(pid);
	if (!e->used) {
		*e = (struct entry){ .pid = pid, .used = true };
		pids.n++;
	}
	return e;
}

void whose_begin(void)
{
	n_darwins = 0;
}

void whose_described(__u32 pid, __u64 id)
{
	struct entry *e = pid_get(pid);
	int i;

	for (i = 0; i < IMAGES_MAX - 1 && e->id[i] != id; i++)
		;
	memmove(e->id + 1, e->id, i * sizeof(*e->id));
	e->id[0] = id;
}

struct image *whose_newest(__u32 pid)
{
	const struct entry *e = pid_find(pid);

	return e ? image_find(e->id[0]) : NULL;
}

void whose_darwin(__u32 pid, const __u8 *name, size_t len)
{
	struct darwin *d;

	if (n_darwins == size_darwins) {
		size_darwins = size_darwins ? size_darwins * 2 : 64;
		darwins = xrealloc(darwins, size_darwins * sizeof(*darwins));
	}
	d = &darwins[n_darwins++];
	memset(d, 0, sizeof(*d));
	d->pid = pid;
	said_decode(d->name, HONE_COMM_LEN, name, len);
}

/* How well does what is said of a packet fit an image? */
static int fit(const struct image *img, const struct said *said,
	       const char *name, __u64 time)
{
	bool ended = img->ended && img->ended < time;
	int points = 0;

	if (!name[0] || !strcmp(name, img->as.comm))
		points += 4;
	if (!said->uid_known || said->uid == img->as.uid)
		points += 2;
	if (!said->quality_known || said->gone == ended)
		points += 1;
	return points;
}

/* Of the images with that pid the one that fits best, else the newest. */
static struct image *best(__u32 pid, const struct said *said,
			  const char *name, __u64 time)
{
	const struct entry *e = pid_find(pid);
	struct image *img, *found = NULL;
	int points, most = -1, i;

	for (i = 0; e && i < IMAGES_MAX && e->id[i]; i++) {
		img = image_find(e->id[i]);
		points = img ? fit(img, said, name, time) : -1;
		if (points > most) {
			most = points;
			found = img;
		}
	}
	return found;
}

/* An image has the name and user that it had when the packet came or went. */
static void rename_as(struct image *img, const struct said *said,
		      const char *name)
{
	if (name[0] && strcmp(name, img->as.comm)) {
		memcpy(img->as.comm, name, sizeof(img->as.comm));
		image_changed(img);
	}
	if (said->uid_known && said->uid != img->as.uid) {
		img->as.uid = said->uid;
		image_changed(img);
	}
}

static struct image *make_up(__u32 pid, __u64 time)
{
	struct image *img = image_get(MADE_UP | pid, pid, time);

	whose_described(pid, img->id);
	return img;
}

struct image *whose_also(__u32 pid, __u64 time)
{
	struct image *img = whose_newest(pid);

	return img ? img : make_up(pid, time);
}

struct image *whose_packet(__u32 pid, __u32 index, const struct said *said,
			   __u64 time)
{
	struct darwin *d = index < n_darwins ? &darwins[index] : NULL;
	char name[HONE_COMM_LEN + 1] = "";
	struct image *img = NULL;

	if (d && d->pid != pid)
		d = NULL;
	if (said->comm[0])
		memcpy(name, said->comm, sizeof(name));
	else if (d && strcmp(d->name, "?"))
		memcpy(name, d->name, sizeof(name));
	if (d)
		img = image_find(d->id);
	if (!img)
		img = best(pid, said, name, time);
	if (!img)
		img = make_up(pid, time);
	if (d)
		d->id = img->id;
	rename_as(img, said, name);
	img->used = time;
	return img;
}

void whose_conn_described(__u64 cookie)
{
	__u32 high = cookie >> 32;
	int i;

	for (i = 0; i < HIGHS_MAX - 1 && highs[i] != high; i++)
		;
	memmove(highs + 1, highs, i * sizeof(*highs));
	highs[0] = high;
}

__u64 whose_cookie(__u32 low)
{
	__u64 cookie;
	int i;

	for (i = 0; i < HIGHS_MAX; i++) {
		cookie = (__u64)highs[i] << 32 | low;
		if (conn_find(cookie))
			return cookie;
	}
	return low;
}

const char *whose_dev(const char *name)
{
	static struct dev {
		struct dev *next;
		char name[HONE_IFNAME_LEN + 1];
	} *devs, *last;
	static int n_devs;
	struct dev *d;

	if (!name[0])
		return NULL;
	if (last && !strcmp(last->name, name))
		return last->name;
	for (d = devs; d && strcmp(d->name, name); d = d->next)
		;
	if (!d) {
		/* More there are not, but in files that mean harm. */
		if (n_devs == DEVS_MAX)
			return NULL;
		n_devs++;
		d = xcalloc(1, sizeof(*d));
		memcpy(d->name, name, strnlen(name, HONE_IFNAME_LEN));
		d->next = devs;
		devs = d;
	}
	last = d;
	return d->name;
}
