// SPDX-License-Identifier: GPL-2.0-only
/* Tables: processes, connections and interfaces. */
#include "table.h"
#include "cgroup.h"
#include "filter.h"
#include "msg.h"

#include <stdio.h>
#include <stdlib.h>
#include <arpa/inet.h>

/* TIME_WAIT lasts a minute; what ended longer ago is not referred to. */
#define KEEP_NS		(150ULL * 1000000000)
/*
 * Nor more than these of each that have ended, or that nothing has told of, so
 * that memory has a bound.
 */
#define ENDED_MAX	65536
/* Of what was read from a socket that has gone, so much may come again. */
#define AGAIN_MAX	16

/* A few processes and connections at a time are most of what goes on. */
#define NEAR		64

/* Both kinds of entries begin with their key and the next one. */
struct entry {
	__u64 key;
	struct entry *next;
};

/* Entries lie together, and are used again: their memory stays the table's. */
struct pool {
	size_t left;			/* of the newest piece, at @at */
	__u8 *at;
	struct entry *free;
};

#define PIECE		(256 << 10)

struct table {
	struct pool pool;
	void **slot;
	size_t n, mask;
	/* Those that were found: mostly the next, too. The first is none. */
	__u64 near_key[NEAR];
	void *near[NEAR];
};

static struct table images, conns;
void (*conn_forget)(struct conn *c);
bool conn_has_ends;

static struct image *dead_images, **dead_images_end = &dead_images;
static struct conn *dead_conns, **dead_conns_end = &dead_conns;
static unsigned int n_ended_images, n_loose_conns;
__u64 table_generation = 1;
__u32 table_losses = 1;

static size_t hash(__u64 key)
{
	return (key * 0x9e3779b97f4a7c15ULL) >> 20;
}

static __apart void *table_look(struct table *t, __u64 key)
{
	struct entry *e;

	if (!t->slot)
		return NULL;
	for (e = t->slot[hash(key) & t->mask]; e; e = e->next)
		if (e->key == key)
			break;
	if (e && key % NEAR) {
		t->near_key[key % NEAR] = key;
		t->near[key % NEAR] = e;
	}
	return e;
}

/* NULL for the key 0, for which there is a place that nothing else gets. */
static inline void *table_find(struct table *t, __u64 key)
{
	return t->near_key[key % NEAR] == key ? t->near[key % NEAR] :
						table_look(t, key);
}

static void table_grow(struct table *t)
{
	struct table new = { .mask = t->slot ? t->mask * 2 + 1 : 255 };
	struct entry *e, *next;
	size_t i, s;

	new.n = t->n;
	new.slot = xcalloc(new.mask + 1, sizeof(*new.slot));
	for (i = 0; t->slot && i <= t->mask; i++) {
		for (e = t->slot[i]; e; e = next) {
			next = e->next;
			s = hash(e->key) & new.mask;
			e->next = new.slot[s];
			new.slot[s] = e;
		}
	}
	free(t->slot);
	new.pool = t->pool;
	memcpy(new.near_key, t->near_key, sizeof(new.near_key));
	memcpy(new.near, t->near, sizeof(new.near));
	*t = new;
}

/* Who looks for misuse of memory gets each entry in a piece of its own. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define POOLED	false
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define POOLED	false
#endif
#ifndef POOLED
#define POOLED	true
#endif

/* Zeros. */
static void *pool_get(struct pool *p, size_t size)
{
	struct entry *e = p->free;

	if (!POOLED)
		return xcalloc(1, size);
	size = (size + sizeof(*e) - 1) / sizeof(*e) * sizeof(*e);
	if (e) {
		p->free = e->next;
		return memset(e, 0, size);
	}
	if (p->left < size) {
		p->left = PIECE;
		p->at = xcalloc(1, PIECE);
	}
	e = (struct entry *)p->at;
	p->at += size;
	p->left -= size;
	return e;
}

static void pool_put(struct pool *p, void *entry)
{
	struct entry *e = entry;

	if (!POOLED) {
		free(entry);
		return;
	}
	e->next = p->free;
	p->free = e;
}

/* All of a table are of the same size. */
static void *table_add(struct table *t, __u64 key, size_t size)
{
	struct entry *e = pool_get(&t->pool, size);
	size_t s;

	if (!t->slot || t->n > t->mask)
		table_grow(t);
	s = hash(key) & t->mask;
	e->key = key;
	e->next = t->slot[s];
	t->slot[s] = e;
	t->n++;
	return e;
}

static void table_del(struct table *t, void *entry)
{
	struct entry *e = entry, **p;

	if (t->near[e->key % NEAR] == e) {
		t->near_key[e->key % NEAR] = 0;
		t->near[e->key % NEAR] = NULL;
	}
	for (p = (struct entry **)&t->slot[hash(e->key) & t->mask]; *p;
	     p = &(*p)->next) {
		if (*p == e) {
			*p = e->next;
			t->n--;
			return;
		}
	}
}

/* Images */

static const struct strings nothing = {
	.path = "", .argv = "", .filename = "", .cwd = "",
};

/* Puts a string down at @*to, which goes on behind it. */
static const char *put_span(char **to, struct span s)
{
	char *p = *to;

	if (s.len)
		memcpy(p, s.p, s.len);
	p[s.len] = 0;
	*to = p + s.len + 1;
	return p;
}

static void strings_put(struct strings *s)
{
	if (s && !--s->ref)
		free(s);
}

struct image *image_find(__u64 id)
{
	return table_find(&images, id);
}

const struct strings *image_strings(struct image *img)
{
	struct image *parent = img;
	int depth;

	/* A forked image is its parent's program. */
	for (depth = 0; parent && !parent->strings && depth < 1000; depth++)
		parent = image_find(parent->parent_id);
	if (!parent || !parent->strings)
		return &nothing;
	if (parent != img) {
		img->strings = parent->strings;
		img->strings->ref++;
	}
	return img->strings;
}

/* No two images, one after the other with one id, have the same version. */
void image_changed(struct image *img)
{
	static __u64 versions;

	img->version = ++versions;
}

const char *image_cgroup(const struct image *img)
{
	const char *path = cgroup_path(img->as.cgroup);

	return path ? path : "";
}

static void image_take_strings(struct image *img, const struct record *r)
{
	size_t len = r->path.len + r->argv.len + r->filename.len + r->cwd.len;
	struct strings *s = xrealloc(NULL, sizeof(*s) + len + 4);
	char *to = (char *)(s + 1);

	s->ref = 1;
	s->argv_len = r->argv.len;
	s->path = put_span(&to, r->path);
	s->argv = put_span(&to, r->argv);
	s->filename = put_span(&to, r->filename);
	s->cwd = put_span(&to, r->cwd);
	strings_put(img->strings);
	img->strings = s;
}

static void image_unlist(struct image *img)
{
	*img->dead_prev = img->dead_next;
	if (img->dead_next)
		img->dead_next->dead_prev = img->dead_prev;
	else
		dead_images_end = img->dead_prev;
	img->dead_prev = NULL;
}

/* At the end: the list is in order of the time when it was last listed. */
static void image_list(struct image *img, __u64 now)
{
	if (img->dead_prev)
		image_unlist(img);
	img->expires = now + KEEP_NS;
	img->dead_next = NULL;
	img->dead_prev = dead_images_end;
	*dead_images_end = img;
	dead_images_end = &img->dead_next;
}

static void image_ended(struct image *img, __u64 now)
{
	if (!img->ended) {
		img->ended = now ? now : 1;
		n_ended_images++;
	}
	image_list(img, now);
}

struct image *image_get(__u64 id, __u32 tgid, __u64 now)
{
	struct image *img = image_find(id);

	if (!id)
		return NULL;
	if (!img) {
		img = table_add(&images, id, sizeof(*img));
		image_changed(img);
		img->gone = true;
		img->as.uid = NOBODY;
		img->as.euid = NOBODY;
		img->as.gid = NOBODY;
		img->as.egid = NOBODY;
		img->loginuid = NOBODY;
		img->sessionid = NOBODY;
		image_list(img, now);
	}
	if (!img->tgid && tgid) {
		img->tgid = tgid;
		img->described = 0;
		image_changed(img);
	}
	return img;
}

void image_of_tally(const struct record *r)
{
	const struct hone_tally *t = &r->tally;
	struct image *img = image_get(t->id, t->tgid, r->rec.time);

	if (!img)
		return;
	img->used = r->rec.time;
	if (!img->gone || img->as.comm[0] || !t->comm[0])
		return;
	memcpy(img->as.comm, t->comm, HONE_COMM_LEN);
	image_changed(img);
}

static void naming_of_record(struct naming *as, const struct hone_proc *p)
{
	as->uid = p->uid;
	as->euid = p->euid;
	as->gid = p->gid;
	as->egid = p->egid;
	/* One that ends has left it, or is about to. */
	if (p->event != HONE_PROC_EXIT)
		as->cgroup = p->cgroup;
	memcpy(as->comm, p->comm, HONE_COMM_LEN);
}

static struct naming *newest_name(struct image *img)
{
	return img->n_later ? &img->later[img->n_later - 1] : &img->as;
}

/* The newest name; outputs repeat it with every packet. */
static void image_take_name(struct image *img, const struct hone_proc *p)
{
	struct naming *newest = newest_name(img);

	if (img->tgid != p->tgid || newest->uid != p->uid ||
	    strncmp(newest->comm, (const char *)p->comm, HONE_COMM_LEN))
		image_changed(img);
	naming_of_record(newest, p);
}

static void image_add_name(struct image *img, const struct hone_proc *p)
{
	struct naming *as;

	img->later = xrealloc(img->later,
			      (img->n_later + 1) * sizeof(*img->later));
	as = &img->later[img->n_later++];
	*as = (struct naming){ 0 };
	naming_of_record(as, p);
}

void image_renamed(struct image *img)
{
	if (!img->n_later)
		return;
	img->as = img->later[0];
	img->n_later--;
	memmove(img->later, img->later + 1, img->n_later * sizeof(*img->later));
	img->nth++;
	image_changed(img);
}

__u32 image_name_number(const struct image *img)
{
	return img->nth + img->n_later;
}

void image_swap_name(struct image *img, __u32 nth)
{
	struct naming as = img->as;
	__u32 i = nth - img->nth - 1;

	if (nth <= img->nth || i >= img->n_later)
		return;
	img->as = img->later[i];
	img->later[i] = as;
	image_changed(img);
}

static bool event_renames(__u32 event)
{
	return event == HONE_PROC_CRED || event == HONE_PROC_COMM ||
	       event == HONE_PROC_CGROUP;
}

struct image *image_of_record(const struct record *r)
{
	const struct hone_proc *p = &r->proc;
	struct image *img, *from = NULL;
	bool known;

	if (!p->id)
		return NULL;
	img = image_find(p->id);
	known = img;
	if (!img) {
		img = table_add(&images, p->id, sizeof(*img));
		image_changed(img);
	}
	if (known && event_renames(p->event))
		image_add_name(img, p);
	else
		image_take_name(img, p);
	if (img->tgid != p->tgid)
		img->described = 0;
	img->gone = false;
	img->parent_id = p->parent_id;
	img->start = p->start;
	img->tgid = p->tgid;
	img->ppid = p->ppid;
	img->kthread = r->rec.flags & HONE_F_PROC_KTHREAD;
	if (p->event != HONE_PROC_EXIT) {
		img->ns_tgid = p->ns_tgid;
		img->loginuid = p->loginuid;
		img->sessionid = p->sessionid;
		img->execs = p->exec_count;
		img->net_ns = p->net_ns;
		img->pid_ns = p->pid_ns;
		img->mnt_ns = p->mnt_ns;
	}
	cgroup_learn(p->cgroup, r->cgroup);
	if (r->path.len || r->argv.len)
		image_take_strings(img, r);
	switch (p->event) {
	case HONE_PROC_FORK:
		img->born = true;
		image_strings(img);	/* while the parent is there */
		from = image_find(p->parent_id);
		break;
	case HONE_PROC_EXEC:
		img->born = true;
		from = image_find(p->prev_id);
		if (from)
			image_ended(from, r->rec.time);
		break;
	case HONE_PROC_EXIT:
		img->exit_code = p->exit_code;
		image_ended(img, r->rec.time);
		break;
	}
	filter_changed(img, newest_name(img), from);
	return img;
}

bool image_each(bool (*fn)(struct image *img))
{
	struct image *img;
	size_t i;

	for (i = 0; images.slot && i <= images.mask; i++)
		for (img = images.slot[i]; img; img = img->next)
			if (!fn(img))
				return false;
	return true;
}

/* Connections */

struct conn *conn_find(__u64 cookie)
{
	return table_find(&conns, cookie);
}

static void conn_unlist(struct conn *c)
{
	*c->dead_prev = c->dead_next;
	if (c->dead_next)
		c->dead_next->dead_prev = c->dead_prev;
	else
		dead_conns_end = c->dead_prev;
	c->dead_prev = NULL;
}

/* It may be forgotten, now or soon: it has ended, or nothing has told of it. */
static bool conn_loose(const struct conn *c)
{
	return c->freed || !c->told;
}

/* As image_list(). */
static void conn_list(struct conn *c, __u64 now)
{
	if (c->dead_prev)
		conn_unlist(c);
	c->expires = now + KEEP_NS;
	c->dead_next = NULL;
	c->dead_prev = dead_conns_end;
	*dead_conns_end = c;
	dead_conns_end = &c->dead_next;
}

static __apart struct conn *conn_add(__u64 cookie, __u64 now)
{
	struct conn *c = table_add(&conns, cookie, sizeof(*c) +
				   (conn_has_ends ? sizeof(c->ends[0]) : 0));

	n_loose_conns++;
	conn_list(c, now);
	return c;
}

struct conn *conn_get(__u64 cookie, __u64 now)
{
	struct conn *c = conn_find(cookie);

	return c || !cookie ? c : conn_add(cookie, now);
}

void conn_change_user(struct user *user, const struct user *to, __u64 now)
{
	struct image *img = image_find(user->id);

	if (img)
		img->refs--;
	img = image_get(to->id, to->tgid, now);
	if (img)
		img->refs++;
	*user = *to;
}

void conn_set_owner(struct conn *c, const struct user *owner, __u64 now)
{
	if (c->owner.id != owner->id)
		c->reowned = true;
	conn_set_user(&c->owner, owner, now);
}

/* The owner may have ended before the capture: its socket remembers it. */
static void conn_owner_of_record(struct conn *c, const struct record *r)
{
	const struct hone_sock_rec *s = r->sock;
	struct user owner = { .id = s->owner, .tgid = s->owner_tgid };
	struct image *img;

	if (!s->owner)
		return;
	conn_set_owner(c, &owner, r->rec.time);
	img = image_find(s->owner);
	if (!img->gone || img->as.comm[0])
		return;
	img->start = s->owner_start;
	img->as.uid = s->uid;
	img->as.euid = s->uid;
	memcpy(img->as.comm, s->owner_comm, HONE_COMM_LEN);
	image_changed(img);
}

/*
 * Nothing is written or read any more. What was read may come again, when its
 * other end has not heard of it.
 */
static void conn_freed(struct conn *c, __u64 now)
{
	if (!c->freed)
		c->freed = now ? now : 1;
	if (c->writes.size)
		extents_free(&c->writes);
	if (c->waits.size)
		waits_free(&c->waits);
	extent_shrink(&c->reads, AGAIN_MAX);
	if (c->came)
		mapping_shrink(c->came, AGAIN_MAX);
	conn_list(c, now);
}

void conn_tell(struct conn *c)
{
	bool loose = conn_loose(c);

	c->told = true;
	n_loose_conns += conn_loose(c) - loose;
}

static void conn_take_ends(struct ends *ends, const struct hone_sock_rec *s)
{
	ends->sport = ntohs(s->sport);
	ends->dport = ntohs(s->dport);
	memcpy(ends->saddr, s->saddr, sizeof(ends->saddr));
	memcpy(ends->daddr, s->daddr, sizeof(ends->daddr));
}

static void conn_opened(struct conn *c, const struct record *r)
{
	const struct hone_sock_rec *s = r->sock;
	struct user opener = { s->actor, s->actor_tgid, s->actor_tid };

	c->born = true;
	if (!(r->rec.flags & HONE_F_SOCK_WRITES) || c->writes.n)
		return;
	conn_set_user(&c->writer, &opener, r->rec.time);
	c->opened = table_losses;
}

struct conn *conn_of_record(const struct record *r)
{
	const struct hone_sock_rec *s = r->sock;
	struct conn *c = conn_get(s->cookie, r->rec.time);
	bool loose;

	if (!c)
		return NULL;
	loose = conn_loose(c);
	c->family = s->family;
	/* A record has told of it, and there is nothing else to be said. */
	if (s->event == HONE_SOCK_FREE && c->born && c->settled &&
	    c->owner.id == s->owner) {
		conn_freed(c, r->rec.time);
		n_loose_conns += !loose;
		return c;
	}
	c->kern = r->rec.flags & HONE_F_SOCK_KERN;
	if (s->parent)
		c->parent = s->parent;
	/* The last word, when it dies, may be without addresses. */
	if (s->event != HONE_SOCK_FREE) {
		c->protocol = s->protocol;
		if (conn_has_ends)
			conn_take_ends(c->ends, s);
	}
	conn_owner_of_record(c, r);
	c->told = true;
	c->settled = c->owner.id;
	switch (s->event) {
	case HONE_SOCK_OPEN:
		conn_opened(c, r);
		break;
	case HONE_SOCK_ANNOUNCE:
		c->born = true;
		c->opened = 0;
		/* Who wrote since may have been told of in what is gone. */
		if (r->rec.flags & HONE_F_SOCK_SHARED)
			extents_free(&c->writes);
		break;
	case HONE_SOCK_FREE:
		conn_freed(c, r->rec.time);
		break;
	}
	n_loose_conns += conn_loose(c) - loose;
	return c;
}

bool conn_each(bool (*fn)(struct conn *c))
{
	struct conn *c;
	size_t i;

	for (i = 0; conns.slot && i <= conns.mask; i++)
		for (c = conns.slot[i]; c; c = c->next)
			if (!fn(c))
				return false;
	return true;
}

/* Interfaces */

static struct netdev **netdev_slot(__u64 netns, __u32 ifindex)
{
	static struct netdev *slots[8192];
	__u64 key = (netns * 0x9e3779b97f4a7c15ULL) ^
		    (ifindex * 0xc2b2ae3d27d4eb4fULL);
	struct netdev **d = &slots[key >> 51];

	while (*d && ((*d)->netns != netns || (*d)->ifindex != ifindex))
		d = &(*d)->next;
	return d;
}

void netdev_of_record(const struct record *r)
{
	const struct hone_netdev *n = &r->netdev;
	struct netdev **d = netdev_slot(n->netns, n->ifindex);

	if (!*d) {
		*d = xcalloc(1, sizeof(**d));
		(*d)->netns = n->netns;
		(*d)->ifindex = n->ifindex;
	}
	(*d)->ns_inum = n->ns_inum;
	(*d)->type = n->type;
	memcpy((*d)->name, n->name, HONE_IFNAME_LEN);
	table_generation++;
}

const struct netdev *netdev_find(__u64 netns, __u32 ifindex)
{
	static struct netdev *last;

	if (!last || last->netns != netns || last->ifindex != ifindex)
		last = *netdev_slot(netns, ifindex);
	return last;
}

/* Expiry */

static void conn_free(struct conn *c, __u64 now)
{
	const struct user nobody = { 0 };

	conn_set_user(&c->owner, &nobody, now);
	conn_set_user(&c->reader, &nobody, now);
	conn_set_user(&c->writer, &nobody, now);
	table_del(&conns, c);
	n_loose_conns -= conn_loose(c);
	extents_free(&c->writes);
	extents_free(&c->reads);
	if (c->came)
		free(c->came->m);
	free(c->came);
	waits_free(&c->waits);
	if (conn_forget)
		conn_forget(c);
	pool_put(&conns.pool, c);
}

static void image_free(struct image *img)
{
	table_del(&images, img);
	n_ended_images -= !!img->ended;
	strings_put(img->strings);
	free(img->later);
	pool_put(&images.pool, img);
}

static void expire_conns(__u64 now, __u64 hold)
{
	unsigned int steps = ENDED_MAX;
	struct conn *c;

	while ((c = dead_conns) && c->expires < now) {
		conn_unlist(c);
		if (c->used + KEEP_NS >= now)
			conn_list(c, now);
		else if (conn_loose(c))
			conn_free(c, now);
		/* Else it lives, and is listed when it ends. */
	}
	for (; steps && n_loose_conns > ENDED_MAX && dead_conns; steps--) {
		c = dead_conns;
		if (c->freed && c->freed + hold >= now)
			break;
		conn_unlist(c);
		if (!conn_loose(c))
			continue;
		if (c->used + hold >= now)
			conn_list(c, now);
		else
			conn_free(c, now);
	}
}

static void expire_images(__u64 now, __u64 hold)
{
	unsigned int steps = ENDED_MAX;
	struct image *img;

	while ((img = dead_images) && img->expires < now) {
		image_unlist(img);
		if (img->refs || img->used + KEEP_NS >= now)
			image_list(img, now);
		else if (img->ended || img->gone)
			image_free(img);
	}
	for (; steps && n_ended_images > ENDED_MAX && dead_images; steps--) {
		img = dead_images;
		if (img->ended && img->ended + hold >= now)
			break;
		image_unlist(img);
		if (!img->ended && !img->gone)
			continue;
		if (img->refs || img->used + hold >= now)
			image_list(img, now);
		else
			image_free(img);
	}
}

void table_expire(__u64 now, __u64 hold)
{
	expire_conns(now, hold);
	expire_images(now, hold);
}
