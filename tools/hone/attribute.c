// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attribution: joins packets with who wrote, read or owned their bytes.
 *
 * Sent: the task in whose call a datagram left; for TCP the writer of the
 * first byte, by sequence number. Received: the reader of the first byte or
 * of the datagram, for whom the packet waits a while. Else the owner of the
 * socket; else the kernel.
 */
#include "attribute.h"
#include "msg.h"

#include <netinet/in.h>
#include <stdint.h>

#define CPUS_MAX	65536
/* Of a packet that is not in the queue. */
#define NOWHERE		UINT64_MAX

/* The packet that a CPU has received last. */
struct rx {
	__u64 pos;
	__u64 cookie;
	__u32 pkt;
	bool open;			/* deliver records may follow */
	struct segment seg;
	__u8 alen;			/* as in struct flow */
	__u8 addr[32];			/* source, destination behind it */
	struct {
		__u16 source, dest;	/* network byte order */
	} port;
};

static struct rx **rx_of_cpu;
static bool changes_only;		/* "datagrams change" */
static bool life_only;			/* "sockets life" */
static __u32 n_cpus;

static __cold struct rx *rx_add(__u32 cpu)
{
	if (cpu >= CPUS_MAX)
		return NULL;
	if (cpu >= n_cpus) {
		rx_of_cpu = xrealloc(rx_of_cpu, (cpu + 1) * sizeof(*rx_of_cpu));
		memset(rx_of_cpu + n_cpus, 0,
		       (cpu + 1 - n_cpus) * sizeof(*rx_of_cpu));
		n_cpus = cpu + 1;
	}
	rx_of_cpu[cpu] = xcalloc(1, sizeof(struct rx));
	return rx_of_cpu[cpu];
}

/* NULL for a CPU that has received nothing yet. */
static inline struct rx *rx_find(__u32 cpu)
{
	return cpu < n_cpus ? rx_of_cpu[cpu] : NULL;
}

/* The likeliest user: who reads, who writes, who owns; not which thread. */
static struct user conn_user(const struct conn *c)
{
	const struct conn *parent = c->parent ? conn_find(c->parent) : NULL;
	struct user best;

	/* Who uses an MPTCP connection uses its subflows. */
	if (parent)
		c = parent;
	best = c->owner;
	if (c->reader.id)
		best = c->reader;
	else if (c->writer.id)
		best = c->writer;
	best.tid = 0;
	return best;
}

static void decide(struct held *h, struct user who, __u8 quality)
{
	h->user = who;
	h->quality = who.id ? quality : HONE_Q_KERNEL;
	h->state = HELD_DONE;
}

/* Number of the name that a user has now. */
static __u32 name_of(struct user who)
{
	struct image *img = image_find(who.id);

	return img ? image_name_number(img) : 0;
}

/* It has read the packet, under the name that it has now. */
static void decide_reader(struct held *h, struct user who)
{
	decide(h, who, HONE_Q_EXACT);
	h->name = name_of(who);
}

/* Made by the kernel, on behalf of a connection if there is one. */
static void decide_kernel(struct held *h, const struct conn *c)
{
	decide(h, c ? conn_user(c) : (struct user){ 0 }, HONE_Q_KERNEL);
	h->made = true;
}

/* Does the packet answer the one its CPU has received last? */
static bool answers(const struct flow *f, const struct rx *rx)
{
	if (!f->alen || f->alen != rx->alen ||
	    memcmp(f->saddr, rx->addr + rx->alen, rx->alen) ||
	    memcmp(f->daddr, rx->addr, rx->alen))
		return false;
	/* An ICMP error has no ports, what it answers may have. */
	return f->proto != rx->seg.proto ||
	       (htons(f->sport) == rx->port.dest &&
		htons(f->dport) == rx->port.source);
}

static void learn_protocol(struct conn *c, const struct hone_packet *p)
{
	struct flow f;

	decode_flow(p, p->data, &f);
	c->family = p->family;
	c->protocol = f.proto;
}

/*
 * A packet tells of its socket what no record has yet: its owner, and that it is
 * there. Of one that is made for a connection before that is accepted it is not
 * known whether it ever will be.
 */
static __apart void learn_conn(struct conn *c, const struct record *r)
{
	const struct hone_packet *p = r->packet;
	struct user owner = {
		.id = p->owner,
		.tgid = p->actor ? 0 : p->tgid,
	};

	if (!p->owner)
		return;
	if (!c->protocol)
		learn_protocol(c, p);
	if (!c->owner.id)
		conn_set_owner(c, &owner, r->rec.time);
	if (r->rec.flags & HONE_F_PKT_MINISOCK)
		return;
	if (life_only)
		conn_tell(c);
	/* The first may have been a fragment. */
	c->settled = c->protocol;
}

/* No record may have told of it yet. */
struct conn *attribute_conn(const struct record *r)
{
	struct conn *c = conn_get(r->packet->cookie, r->rec.time);

	if (!c)
		return NULL;
	c->used = r->rec.time;
	if (!c->settled)
		learn_conn(c, r);
	return c;
}

static void delivered_tcp(struct held *h, struct conn *c,
			  const struct rx *rx);
static inline void read_by(struct conn *c, const struct record *r,
			   const struct user *user, __u32 from, __u32 to,
			   __u64 now);

/* Number of the first byte of data: a SYN has one for itself. */
static __u32 first_byte(const struct segment *s)
{
	return s->seq + !!(s->tcp_flags & TCP_SYN);
}

static inline void segment_of_flow(const struct flow *f, struct segment *s)
{
	*s = (struct segment){
		.proto = f->proto,
		.tcp_flags = f->tcp_flags,
		.whole = f->whole,
		.seq = f->seq,
		.payload = f->payload,
	};
}

/*
 * A socket begins a connection, which may not be its first: where the other end
 * begins has nothing to do with what was read before, and what is left of that is
 * read by nobody. Its writer is told of before its SYN is.
 */
static __apart void connect_anew(struct conn *c)
{
	struct waiting *w;
	struct held *h;
	__u32 i;

	extents_free(&c->reads);
	for (i = c->waits.head; i < c->waits.n; i++) {
		w = &c->waits.w[i];
		if (w->taken || !w->tcp)
			continue;
		w->taken = true;
		h = queue_at(w->pos);
		if (h && h->state != HELD_DONE)
			attribute_timeout(h);
	}
}

/* Who has opened the socket, and has written all, as no other is told of; or NULL. */
static inline const struct user *opener_of(const struct conn *c)
{
	return c->opened == table_losses && !c->writes.n ? &c->writer : NULL;
}

/* Another writes from @seq on: what comes before, however far it is, he has not. */
static void opener_ends(struct conn *c, __u32 seq)
{
	const struct user *opener = opener_of(c);

	if (opener)
		extent_write(&c->writes, seq - (1U << 29), opener);
	c->opened = 0;
}

/* Another may have written any of it, whose record was lost. */
static __apart void writers_unsure(struct conn *c)
{
	extents_free(&c->writes);
	c->opened = 0;
}

/* Who wrote the first byte of a segment, NULL if that is not known. */
static inline const struct user *writer_of(const struct conn *c,
					   const struct segment *s)
{
	const struct user *writer = extent_writer(&c->writes, first_byte(s));

	if (!writer)
		return opener_of(c);
	return writer->tgid == TGID_UNKNOWN ? NULL : writer;
}

static void sent_tcp(struct held *h, const struct record *r,
		     const struct segment *s, struct conn *c)
{
	const struct hone_packet *p = r->packet;
	struct user actor = { p->actor, p->tgid, p->tid };
	bool written = s->payload || s->tcp_flags & TCP_FIN;
	const struct user *writer = NULL;

	if (!s->whole) {
		/* Its header was not recorded: who wrote it cannot be told. */
		decide(h, p->actor && !c->owner.id ? actor : conn_user(c),
		       HONE_Q_OWNER);
		return;
	}
	if ((s->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		connect_anew(c);
	if (r->rec.flags & HONE_F_PKT_UNTOLD)
		writers_unsure(c);
	extent_advance(&c->writes, s->seq);
	if (written)
		writer = writer_of(c, s);
	if (writer && writer->id)
		decide(h, *writer, HONE_Q_EXACT);
	else if (writer)
		decide_kernel(h, c);
	else if (s->payload && (c->owner.id || !p->actor))
		/* Written before the capture; the actor may only read. */
		decide(h, c->writer.id || c->parent ? conn_user(c) : c->owner,
		       HONE_Q_OWNER);
	else if (p->actor)
		decide(h, actor, written ? HONE_Q_OWNER : HONE_Q_EXACT);
	else
		decide_kernel(h, c);
}

/*
 * Data that come in a SYN (TCP Fast Open) reach the listener, and are read
 * from the connection that the kernel has made of it: whose answer is @r.
 */
static __apart void accept_syn_data(const struct record *r, struct conn *c)
{
	struct rx *rx = rx_find(r->rec.cpu);
	struct held *syn;
	struct flow f;

	if (!rx || !r->packet->cause || rx->pkt != r->packet->cause ||
	    !(rx->seg.tcp_flags & TCP_SYN) || !rx->seg.payload)
		return;
	decode_flow(r->packet, r->packet->data, &f);
	if (f.ack == first_byte(&rx->seg) || !answers(&f, rx))
		return;
	syn = queue_at(rx->pos);
	if (!syn || syn->state != HELD_READER || syn->cookie == c->cookie)
		return;
	rx->cookie = c->cookie;
	delivered_tcp(syn, c, rx);
}

/* For whom was what provoked a packet that has no socket of its own? */
static struct conn *conn_answered(const struct record *r)
{
	struct rx *rx = rx_find(r->rec.cpu);
	struct flow f;

	if (!rx || !r->packet->cause || rx->pkt != r->packet->cause)
		return NULL;
	decode_flow(r->packet, r->packet->data, &f);
	return answers(&f, rx) ? conn_find(rx->cookie) : NULL;
}

/*
 * Does the record say who has sent it? It does of protocols that queue nothing
 * (net/hone/packet.c:hone_packet_actor()).
 */
static inline bool sent_at_once(const struct hone_packet *p)
{
	return p->actor && p->quality == HONE_Q_EXACT;
}

static inline struct conn *sent(struct held *h, const struct record *r,
				struct conn *c)
{
	const struct hone_packet *p = r->packet;
	struct user actor = { p->actor, p->tgid, p->tid };
	struct segment s;
	struct flow f;

	/* Whose call it is sent in, whatever else it says. */
	if (sent_at_once(p)) {
		decide(h, actor, HONE_Q_EXACT);
		return c;
	}
	if (!decode_plain(p, p->data, &s)) {
		decode_flow(p, p->data, &f);
		segment_of_flow(&f, &s);
	}
	if (c && (s.proto ? s.proto : c->protocol) == IPPROTO_TCP) {
		if ((s.tcp_flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
			accept_syn_data(r, c);
		sent_tcp(h, r, &s, c);
		return c;
	}
	if (c && p->actor && !(r->rec.flags & HONE_F_PKT_MINISOCK)) {
		/*
		 * SCTP sends chunks of one task in the call of another, and TCP
		 * bytes that IPsec has wrapped up.
		 */
		decide(h, s.proto == IPPROTO_SCTP || !c->owner.id ?
		       actor : conn_user(c), HONE_Q_OWNER);
		return c;
	}
	if (p->actor) {
		decide(h, actor, HONE_Q_EXACT);
		return c;
	}
	if (c && !(r->rec.flags & HONE_F_PKT_KERN)) {
		/* What a timer or an acknowledgment sends, somebody wrote. */
		if (s.proto == IPPROTO_SCTP && s.payload)
			decide(h, conn_user(c), HONE_Q_OWNER);
		else
			decide_kernel(h, c);
		return c;
	}
	c = conn_answered(r);
	if (c)
		h->cookie = c->cookie;
	decide_kernel(h, c);
	return c;
}

static struct receiver *receiver_of(struct held *h, __u64 cookie)
{
	struct receiver *more = h->more;

	while (more && more->cookie != cookie)
		more = more->next;
	return more;
}

static struct receiver *receiver_add(struct held *h, __u64 cookie)
{
	struct receiver *more = xcalloc(1, sizeof(*more));

	more->cookie = cookie;
	more->next = h->more;
	h->more = more;
	return more;
}

static void delivered_datagram(struct held *h, struct conn *c, __u64 pos,
			       __u32 key)
{
	struct waiting *w;
	bool first = true;

	if (changes_only) {
		/* Who takes each one is not told: who took the last? */
		if (h->state == HELD_DEMUX) {
			h->cookie = c->cookie;
			decide(h, conn_user(c), HONE_Q_OWNER);
		}
		return;
	}
	if (h->state == HELD_DEMUX)
		h->cookie = c->cookie;
	else if (h->cookie == c->cookie || receiver_of(h, c->cookie))
		/* One more datagram of a super-packet. */
		first = false;
	else
		receiver_add(h, c->cookie);
	h->state = HELD_READER;
	if (h->pending < UINT8_MAX)
		h->pending++;
	w = waits_add(&c->waits);
	*w = (struct waiting){
		.pos = pos, .time = h->time, .key = key, .first = first,
	};
	waits_enter(&c->waits, w);
}

/* Data that somebody is to read, or has read. */
static __apart void delivered_data(struct held *h, struct conn *c,
				   const struct rx *rx)
{
	const struct user *reader;
	__u32 seq = first_byte(&rx->seg);

	/* An MPTCP subflow maps data once, and may receive them again. */
	if (c->came && mapping_find(c->came, &seq) && conn_find(c->parent))
		c = conn_find(c->parent);
	/* A retransmit of what has been read already. */
	reader = extent_reader(&c->reads, seq);
	if (reader) {
		decide_reader(h, *reader);
		return;
	}
	h->state = HELD_READER;
	*waits_add(&c->waits) = (struct waiting){
		.pos = rx->pos, .time = h->time, .seq = seq, .tcp = true,
	};
}

static inline void delivered_tcp(struct held *h, struct conn *c,
				 const struct rx *rx)
{
	h->cookie = c->cookie;
	if (rx->seg.payload && rx->seg.whole)
		delivered_data(h, c, rx);
	else
		decide(h, conn_user(c), HONE_Q_OWNER);
}

/* The socket of a received packet is known: wait for the reader? */
static inline void delivered(struct held *h, struct conn *c,
			     const struct rx *rx, __u32 key)
{
	switch (rx->seg.proto ? rx->seg.proto : c->protocol) {
	case IPPROTO_TCP:
		delivered_tcp(h, c, rx);
		break;
	case IPPROTO_SCTP:
		/* Who takes a chunk is not told: nobody is waited for. */
		h->cookie = c->cookie;
		decide(h, conn_user(c), HONE_Q_OWNER);
		break;
	default:
		delivered_datagram(h, c, rx->pos, key);
	}
}

void attribute_timeout(struct held *h)
{
	struct conn *c;
	struct receiver *more;

	/* Of several sockets, one that somebody has read from. */
	for (more = h->more; more && !h->user.id; more = more->next) {
		if (more->user.id) {
			__u64 cookie = h->cookie;

			decide(h, more->user, HONE_Q_EXACT);
			h->name = more->name;
			h->cookie = more->cookie;
			more->cookie = cookie;
			more->user = (struct user){ 0 };
		}
	}
	/* No socket took it: the kernel itself did, or nobody. */
	if (!h->user.id) {
		c = conn_find(h->cookie);
		decide(h, c ? conn_user(c) : (struct user){ 0 }, HONE_Q_OWNER);
	}
	for (more = h->more; more; more = more->next) {
		c = conn_find(more->cookie);
		if (c && !more->user.id)
			more->user = conn_user(c);
	}
	h->state = HELD_DONE;
}

/* A CPU has gone on: of the packet it has received last, nothing is to come. */
static __apart void rx_end(struct rx *rx)
{
	struct held *h;

	rx->open = false;
	h = queue_at(rx->pos);
	if (!h)
		return;
	h->not_before = 0;
	if (h->state == HELD_DEMUX)
		attribute_timeout(h);
}

static inline void rx_close(const struct record *r)
{
	struct rx *rx = rx_find(r->rec.cpu);

	if (rx && rx->open)
		rx_end(rx);
}

void attribute_subbuf(const struct record *r)
{
	changes_only = r->rec.flags & HONE_F_SUBBUF_CHANGES;
	life_only = r->rec.flags & HONE_F_SUBBUF_LIFE;
}

void attribute_proc(const struct record *r)
{
	rx_close(r);
}

/* Anything but what decode_plain() knows. */
static __apart void rx_decode(struct rx *rx, const struct record *r)
{
	struct flow f;

	decode_flow(r->packet, r->packet->data, &f);
	segment_of_flow(&f, &rx->seg);
	rx->alen = f.alen;
	rx->port.source = htons(f.sport);
	rx->port.dest = htons(f.dport);
	if (!f.alen)
		return;
	memcpy(rx->addr, f.saddr, f.alen);
	memcpy(rx->addr + f.alen, f.daddr, f.alen);
}

/* The packet that a CPU has received, and what it says of itself. */
static inline void rx_set(struct rx *rx, const struct record *r)
{
	const __u8 *ip = r->packet->data;

	rx->pos = NOWHERE;
	rx->pkt = r->packet->pkt;
	rx->open = true;
	rx->cookie = r->packet->cookie;
	if (!decode_plain(r->packet, ip, &rx->seg)) {
		rx_decode(rx, r);
		return;
	}
	rx->alen = 4;
	memcpy(rx->addr, ip + 12, 2 * 4);
	memcpy(&rx->port, ip + 20, sizeof(rx->port));
}

/* The record says itself who has read the packet. */
static void received_by(struct held *h, const struct hone_packet *p)
{
	const struct image *img = image_find(p->actor);
	struct user user = { p->actor, p->tgid, p->tid };

	decide(h, user, HONE_Q_EXACT);
	h->name = img ? image_name_number(img) : 0;
	/* One that began after the packet came will be told of. */
	if (!img || img->gone)
		h->state = HELD_READER;
}

/* A flag without a reader says nothing. */
static bool says_reader(const struct record *r)
{
	return r->rec.flags & HONE_F_PKT_TAKEN && r->packet->actor;
}

static inline void received(struct held *h, const struct record *r,
			    struct rx *rx, struct conn *c)
{
	__u8 proto;

	if (!rx) {
		attribute_timeout(h);
		return;
	}
	rx->pos = h->pos;
	/* Its reader acts, so all that was to be delivered is. */
	if (says_reader(r)) {
		rx->open = false;
		received_by(h, r->packet);
		return;
	}
	h->state = HELD_DEMUX;
	/* What one socket has got, and its reader, another may get as well. */
	if (rx->seg.proto != IPPROTO_TCP)
		h->not_before = h->time + DEMUX_NS;
	/* Early demux: TCP has no deliver record then, datagrams have. */
	if (!c)
		return;
	proto = rx->seg.proto ? rx->seg.proto : c->protocol;
	if (r->rec.flags & HONE_F_PKT_DELIVERED)
		delivered(h, c, rx, r->packet->cause);
	else if (proto == IPPROTO_TCP)
		delivered(h, c, rx, 0);
}

struct rx *attribute_begin(const struct record *r)
{
	struct rx *rx = rx_find(r->rec.cpu);

	if (rx && rx->open)
		rx_end(rx);
	if (r->rec.flags & HONE_F_PKT_OUT)
		return rx;
	if (!rx)
		rx = rx_add(r->rec.cpu);
	if (rx)
		rx_set(rx, r);
	return rx;
}

struct conn *attribute_packet(struct held *h, const struct record *r,
			      struct rx *rx, struct conn *c)
{
	h->cookie = r->packet->cookie;
	if (r->rec.flags & HONE_F_PKT_OUT)
		return sent(h, r, c);
	received(h, r, rx, c);
	return c;
}

/*
 * Whose a segment is that is sent, as sent_tcp() has it: of who wrote its first
 * byte; of who acts, if there is nothing in it, or else the kernel's. No SYN waits
 * whose data it may accept.
 */
static inline bool sender_of(struct user *sender, struct sure *sure,
			     const struct record *r, struct conn *c)
{
	const struct hone_packet *p = r->packet;
	const struct user *writer;
	struct segment s;

	if (!c || r->rec.flags & HONE_F_PKT_UNTOLD ||
	    !decode_plain(p, p->data, &s) || s.proto != IPPROTO_TCP)
		return false;
	if ((s.tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		connect_anew(c);
	extent_advance(&c->writes, s.seq);
	if (s.payload || s.tcp_flags & TCP_FIN) {
		writer = writer_of(c, &s);
		if (!writer)
			return false;
		*sender = *writer;
		return true;
	}
	if (p->actor) {
		*sender = (struct user){ p->actor, p->tgid, p->tid };
		return true;
	}
	*sender = conn_user(c);
	sure->quality = HONE_Q_KERNEL;
	sure->made = true;
	return true;
}

/* Who has got a segment without data, that is to say whose socket it is. */
static inline bool taker_of(struct user *taker, const struct rx *rx,
			    const struct conn *c)
{
	if (!c || !rx || rx->seg.proto != IPPROTO_TCP ||
	    (rx->seg.payload && rx->seg.whole))
		return false;
	*taker = conn_user(c);
	return true;
}

bool attribute_sure(struct sure *s, const struct record *r, struct rx *rx,
		    struct conn *c)
{
	const struct hone_packet *p = r->packet;
	__u64 id = p->actor;
	struct user user;

	s->tid = p->tid;
	s->quality = HONE_Q_EXACT;
	s->made = false;
	if (!(r->rec.flags & HONE_F_PKT_OUT)) {
		if (!(r->rec.flags & HONE_F_PKT_TAKEN)) {
			if (!taker_of(&user, rx, c))
				return false;
			id = user.id;
			s->tid = user.tid;
			s->quality = HONE_Q_OWNER;
		}
	} else if (!sent_at_once(p)) {
		if (!sender_of(&user, s, r, c))
			return false;
		id = user.id;
		s->tid = user.tid;
	}
	s->img = image_find(id);
	if (!s->img || !s->img->tgid || s->img->gone)
		return false;
	if (rx)
		rx->open = false;
	return true;
}

void attribute_taken(const struct record *r, const struct rx *rx,
		     struct conn *c, __u64 now)
{
	const struct hone_packet *p = r->packet;
	struct user user = { p->actor, p->tgid, p->tid };
	const struct segment *s;

	if (!c || !rx || r->rec.flags & HONE_F_PKT_OUT || !says_reader(r))
		return;
	s = &rx->seg;
	if (s->proto == IPPROTO_TCP && s->payload)
		read_by(c, r, &user, first_byte(s),
			first_byte(s) + s->payload, now);
	else
		conn_set_user(&c->reader, &user, r->rec.time);
}

void attribute_deliver(const struct record *r)
{
	const struct hone_deliver *d = r->deliver;
	struct conn *c = conn_get(d->cookie, r->rec.time);
	struct rx *rx = rx_find(r->rec.cpu);
	struct user owner = { .id = d->owner };
	struct held *h;

	if (!c)
		return;
	c->used = r->rec.time;
	if (!c->owner.id && owner.id)
		conn_set_owner(c, &owner, r->rec.time);
	if (!rx || !d->pkt || rx->pkt != d->pkt)
		return;
	if (!rx->cookie)
		rx->cookie = d->cookie;
	h = queue_at(rx->pos);
	if (h)
		delivered(h, c, rx, d->key);
}

static struct user actor_of(const struct record *r)
{
	return (struct user){ r->actor->id, r->actor->tgid, r->actor->tid };
}

/* Somebody has read a packet that went out as its socket's owner's. */
static void late(const struct record *r, __u64 cookie, struct user user,
		 const struct waiting *w, __u64 now)
{
	struct held *h;

	if (!user.id)
		return;
	h = queue_push(r, now);
	h->cookie = cookie;
	h->user = user;
	h->late = true;
	h->about = w->time;
}

/* A datagram of socket @cookie, the @first of its packet, was taken. */
static void taken(struct held *h, __u64 cookie, struct user user, bool first)
{
	struct receiver *more;

	if (!first) {
		if (h->user.id != user.id)
			receiver_add(h, cookie)->user = user;
	} else if (h->cookie == cookie) {
		decide_reader(h, user);
		h->state = HELD_READER;
	} else {
		more = receiver_of(h, cookie);
		if (more) {
			more->user = user;
			more->name = name_of(user);
		}
	}
	if (h->pending && !--h->pending)
		attribute_timeout(h);
}

void attribute_consume(const struct record *r, __u64 now)
{
	struct conn *c = conn_find(r->actor->cookie);
	struct user user = actor_of(r);
	struct waiting *w;
	struct held *h;

	rx_close(r);
	if (!c)
		return;
	conn_set_user(&c->reader, &user, r->rec.time);
	w = waits_find(&c->waits, r->actor->key);
	if (!w)
		return;
	w->taken = true;
	h = queue_at(w->pos);
	if (!h)
		late(r, c->cookie, user, w, now);
	else if (h->state != HELD_DONE)
		taken(h, c->cookie, user, w->first);
}

/* Of bytes that have come to @c it is told who has read them. */
static __apart void read_waits(struct conn *c, const struct record *r,
			       __u64 now)
{
	const struct user *reader;
	__u32 i, beyond = 0, most;
	struct waiting *w;
	struct held *h;

	/*
	 * Mostly in order: a few that lie beyond, and there is no more. Among
	 * subflows a whole window may lie between.
	 */
	most = c->split ? 4096 : 16;
	for (i = c->waits.head; i < c->waits.n && beyond < most; i++) {
		w = &c->waits.w[i];
		if (w->taken)
			continue;
		reader = extent_reader(&c->reads, w->seq);
		if (!reader) {
			beyond += w->pos >= queue_first_pos();
			continue;
		}
		h = queue_at(w->pos);
		if (!h)
			late(r, c->cookie, *reader, w, now);
		else if (h->state != HELD_DONE)
			decide_reader(h, *reader);
		w->taken = true;
	}
}

/* @r tells that @user has read bytes of a TCP stream. */
static inline void read_by(struct conn *c, const struct record *r,
			   const struct user *user, __u32 from, __u32 to,
			   __u64 now)
{
	conn_set_user(&c->reader, user, r->rec.time);
	extent_read(&c->reads, from, to, user);
	if (c->waits.head < c->waits.n)
		read_waits(c, r, now);
}

void attribute_read(const struct record *r, __u64 now)
{
	struct conn *c = conn_get(r->actor->cookie, r->rec.time);
	struct user user = actor_of(r);

	rx_close(r);
	if (c)
		read_by(c, r, &user, r->actor->from, r->actor->to, now);
}

__apart void attribute_write(const struct record *r)
{
	struct conn *c = conn_get(r->actor->cookie, r->rec.time);
	struct user user = actor_of(r);

	rx_close(r);
	if (!c)
		return;
	if (r->rec.flags & HONE_F_ACTOR_UNTOLD)
		writers_unsure(c);
	else if (c->opened)
		opener_ends(c, r->actor->from);
	conn_set_user(&c->writer, &user, r->rec.time);
	extent_write(&c->writes, r->actor->from, &user);
}

/* What waits on a subflow waits for who reads the connection. */
static void map_waits(struct conn *c, struct conn *parent,
		      const struct hone_map *m)
{
	struct waiting *w, moved;
	struct held *h;
	const struct user *reader;
	__u32 i;

	for (i = c->waits.head; i < c->waits.n; i++) {
		w = &c->waits.w[i];
		if (w->taken || !w->tcp || w->seq - m->from >= m->len)
			continue;
		h = queue_at(w->pos);
		w->taken = true;
		if (!h || h->state == HELD_DONE)
			continue;
		moved = *w;
		moved.seq = (__u32)m->data_seq + (w->seq - m->from);
		moved.taken = false;
		reader = extent_reader(&parent->reads, moved.seq);
		if (reader)
			decide_reader(h, *reader);
		else
			*waits_add(&parent->waits) = moved;
	}
}

__apart void attribute_map(const struct record *r)
{
	const struct user unknown = { .tgid = TGID_UNKNOWN };
	const struct hone_map *m = &r->map;
	struct conn *c = conn_get(m->cookie, r->rec.time);
	struct conn *parent = conn_get(m->parent, r->rec.time);

	rx_close(r);
	if (!c || !parent || c == parent)
		return;
	c->used = r->rec.time;
	parent->used = r->rec.time;
	c->parent = m->parent;
	parent->split = true;
	if (r->rec.flags & HONE_F_MAP_UNTOLD) {
		extent_write(&c->writes, m->from, &unknown);
	} else if (r->rec.flags & HONE_F_MAP_OUT) {
		extent_advance(&parent->writes, m->data_seq);
		extent_copy(&c->writes, m->from, &parent->writes, m->data_seq,
			    m->len);
		/* Behind it the next map may be missing; or the FIN comes. */
		extent_write(&c->writes, m->from + m->len, &unknown);
	} else {
		if (!c->came)
			c->came = xcalloc(1, sizeof(*c->came));
		mapping_add(c->came, m->from, m->data_seq, m->len);
		map_waits(c, parent, m);
	}
}
