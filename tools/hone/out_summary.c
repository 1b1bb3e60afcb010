// SPDX-License-Identifier: GPL-2.0-only
/* Summary: for people, which process talked how much and with whom. */
#include "out_summary.h"
#include "encode.h"
#include "filter.h"
#include "msg.h"
#include "words.h"
#include "writer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PARTIES_MAX	16384	/* kept, unless more of them live */
#define PEERS_MAX	256	/* kept of a process */
#define PEERS_SHOWN	8
#define COMMAND_MAX	200

struct amount {
	__u64 in_packets, in_bytes;
	__u64 out_packets, out_bytes;
	__u64 either_packets, either_bytes;	/* which is not known */
};

struct peer {
	__u8 addr[16];
	__u16 port;			/* the well-known end's, as a rule */
	__u8 proto;
	__u8 alen;
	__u8 mine;			/* @port is the process's own */
	struct amount amount;
};

/* A process image that sent or received. */
struct party {
	__u64 id;
	struct party *next;
	__u32 pid;
	char *comm;
	char *path;
	char *command;
	struct amount amount;
	struct amount made;		/* of it, made by the kernel */
	struct amount counted;		/* by the kernel */
	struct peer *peers;
	__u32 n_peers, size_peers;
	__u64 other_peers;		/* packets of those not kept */
};

static FILE *out;
static const char *out_name;
static struct party *slots[PARTIES_MAX];
static size_t n_parties, most_parties = PARTIES_MAX;
static struct party kernel, unknown;
static struct party others;	/* the lightest of those that ended */
static size_t n_others;
static bool any_packet;
static __u64 counted;			/* packets */
static __u64 start;

/*
 * A copy of what others chose, for a terminal: it is told nothing by it. Blanks
 * part arguments, and of more than @most bytes the rest is dots.
 */
static char *printable(const char *from, size_t len, size_t most)
{
	const __u8 *p = (const __u8 *)from;
	char *line = xcalloc(1, (len < most ? len : most) + 4);
	size_t n, used = 0, left = len < most ? len : most;

	for (; left; p += n, left -= n) {
		n = utf8_char(p, left);
		if (n && (n > 1 || *p) && !is_control(p, n)) {
			memcpy(line + used, p, n);
			used += n;
			continue;
		}
		line[used++] = n && !*p ? ' ' : '.';
		n = n ? n : 1;
	}
	while (used && line[used - 1] == ' ')
		line[--used] = 0;
	if (len > most)
		memcpy(line + used, "...", 4);
	return line;
}

static void add_amount(struct amount *to, const struct amount *a)
{
	to->in_packets += a->in_packets;
	to->in_bytes += a->in_bytes;
	to->out_packets += a->out_packets;
	to->out_bytes += a->out_bytes;
	to->either_packets += a->either_packets;
	to->either_bytes += a->either_bytes;
}

static struct party **sorted(void);

static void party_fold(struct party *p)
{
	struct party **at = &slots[p->id % PARTIES_MAX];

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	add_amount(&others.amount, &p->amount);
	add_amount(&others.made, &p->made);
	add_amount(&others.counted, &p->counted);
	free(p->comm);
	free(p->path);
	free(p->command);
	free(p->peers);
	free(p);
	n_parties--;
	n_others++;
}

/* Half of those that have ended, with the fewest bytes, become "others". */
static void fold_parties(void)
{
	struct party **all = sorted();
	size_t n = n_parties, ended = 0, i;
	struct image *img;

	for (i = 0; i < n; i++) {
		img = image_find(all[i]->id);
		if (!img || img->ended)
			all[ended++] = all[i];
	}
	for (i = ended / 2; i < ended; i++)
		party_fold(all[i]);
	free(all);
	/* Those that live cannot be folded: look again when as many came. */
	most_parties = PARTIES_MAX;
	if (n_parties > PARTIES_MAX / 2)
		most_parties = n_parties + PARTIES_MAX / 2;
}

static struct party *party_of(struct image *img)
{
	struct party **slot = &slots[img->id % PARTIES_MAX], *p;
	const struct strings *s;

	for (p = *slot; p; p = p->next)
		if (p->id == img->id)
			return p;
	if (n_parties == most_parties)
		fold_parties();
	s = image_strings(img);
	p = xcalloc(1, sizeof(*p));
	p->id = img->id;
	p->pid = img->tgid;
	p->comm = printable(img->as.comm, strlen(img->as.comm), HONE_COMM_LEN);
	p->path = printable(s->path, strlen(s->path), 4096);
	p->command = printable(s->argv, s->argv_len, COMMAND_MAX);
	p->next = *slot;
	*slot = p;
	n_parties++;
	return p;
}

static void count(struct amount *a, const struct attributed *p, bool sent)
{
	if (p->undirected) {
		a->either_packets++;
		a->either_bytes += p->packet->wire_len;
	} else if (sent) {
		a->out_packets++;
		a->out_bytes += p->packet->wire_len;
	} else {
		a->in_packets++;
		a->in_bytes += p->packet->wire_len;
	}
}

/*
 * A peer is an address and one port: the lower of the two, which is the
 * service's as a rule. So a thousand short connections are one peer.
 */
static void count_peer(struct party *party, const struct attributed *p, bool sent)
{
	struct peer want = { 0 }, *peer;
	__u16 mine, theirs;
	struct flow f;
	__u32 i;

	decode_flow(p->packet, p->data, &f);
	if (!f.alen)
		return;
	memcpy(want.addr, sent ? f.daddr : f.saddr, f.alen);
	want.alen = f.alen;
	want.proto = f.proto;
	mine = sent ? f.sport : f.dport;
	theirs = sent ? f.dport : f.sport;
	want.mine = mine < theirs;
	want.port = want.mine ? mine : theirs;
	for (i = 0; i < party->n_peers; i++) {
		peer = &party->peers[i];
		if (!memcmp(peer, &want, offsetof(struct peer, amount))) {
			count(&peer->amount, p, sent);
			return;
		}
	}
	if (party->n_peers == PEERS_MAX) {
		party->other_peers++;
		return;
	}
	if (party->n_peers == party->size_peers) {
		party->size_peers = party->size_peers ?
				    party->size_peers * 2 : 4;
		party->peers = xrealloc(party->peers, party->size_peers *
					sizeof(*party->peers));
	}
	peer = &party->peers[party->n_peers++];
	*peer = want;
	count(&peer->amount, p, sent);
}

static void count_in(struct party *party, const struct attributed *p, bool sent)
{
	count(&party->amount, p, sent);
	if (p->made)
		count(&party->made, p, sent);
	count_peer(party, p, sent);
}

/* Of several users not all need be wanted. */
static void count_for(struct image *img, const struct attributed *p, bool sent)
{
	if (filter_image(img))
		count_in(party_of(img), p, sent);
}

static bool summary_packet(const struct attributed *p)
{
	bool sent = p->packet->rec.flags & HONE_F_PKT_OUT;
	int i;

	any_packet = true;
	if (p->img)
		count_for(p->img, p, sent);
	else
		count_in(p->quality == HONE_Q_KERNEL ? &kernel : &unknown, p,
			 sent);
	/* Others have received it, too. */
	for (i = 0; i < p->n_more; i++)
		count_for(p->more[i], p, false);
	return true;
}

/* Of those of sockets, which are sums of them, there is no need. */
static bool summary_tally(struct image *img, const struct record *r)
{
	struct party *party = r->tally.id ? &unknown : &kernel;
	struct amount a = {
		.in_packets	= r->tally.in_packets,
		.in_bytes	= r->tally.in_bytes,
		.out_packets	= r->tally.out_packets,
		.out_bytes	= r->tally.out_bytes,
	};

	if (r->rec.flags & HONE_F_TALLY_SOCK)
		return true;
	if (img)
		party = party_of(img);
	add_amount(&party->counted, &a);
	counted += a.in_packets + a.out_packets;
	return true;
}

static bool summary_head(const struct capture *cap)
{
	start = cap->start;
	return true;
}

static __u64 all_bytes(const struct amount *a)
{
	return a->in_bytes + a->out_bytes + a->either_bytes;
}

static __u64 all_packets(const struct amount *a)
{
	return a->in_packets + a->out_packets + a->either_packets;
}

static int by_bytes(const void *a, const void *b)
{
	const struct party *p = *(struct party *const *)a;
	const struct party *q = *(struct party *const *)b;

	if (all_bytes(&p->amount) != all_bytes(&q->amount))
		return all_bytes(&p->amount) > all_bytes(&q->amount) ? -1 : 1;
	return p->id < q->id ? -1 : p->id > q->id;
}

static int peer_by_bytes(const void *a, const void *b)
{
	const struct peer *p = a, *q = b;

	if (all_bytes(&p->amount) != all_bytes(&q->amount))
		return all_bytes(&p->amount) > all_bytes(&q->amount) ? -1 : 1;
	return memcmp(p, q, offsetof(struct peer, amount));
}

static void print_way(const char *way, __u64 packets, __u64 bytes)
{
	fprintf(out, "%s %llu packet%s, %llu bytes", way, packets,
		packets == 1 ? "" : "s", bytes);
}

static void print_amount(const char *before, const struct amount *a)
{
	fputs(before, out);
	print_way("in", a->in_packets, a->in_bytes);
	print_way("; out", a->out_packets, a->out_bytes);
	if (a->either_packets)
		print_way("; in or out", a->either_packets, a->either_bytes);
}

static void print_peer(const struct peer *peer)
{
	char s[INET6_ADDRSTRLEN] = "";

	inet_ntop(peer->alen == 4 ? AF_INET : AF_INET6, peer->addr, s,
		  sizeof(s));
	fprintf(out, "    %s %s", proto_name(peer->proto), s);
	if (peer->port)
		fprintf(out, peer->mine ? " at own port %u" : " port %u",
			peer->port);
	print_amount(": ", &peer->amount);
	fputc('\n', out);
}

static void print_party(struct party *p)
{
	__u32 i;

	print_amount("  ", &p->amount);
	fputc('\n', out);
	if (p != &kernel && all_packets(&p->made))
		fprintf(out, "  %llu of these packets the kernel made for it\n",
			all_packets(&p->made));
	if (p->n_peers)
		qsort(p->peers, p->n_peers, sizeof(*p->peers), peer_by_bytes);
	for (i = 0; i < p->n_peers && i < PEERS_SHOWN; i++)
		print_peer(&p->peers[i]);
	if (p->n_peers > PEERS_SHOWN)
		fprintf(out, "    and %s%u other peers\n",
			p->other_peers ? "at least " : "",
			p->n_peers - PEERS_SHOWN);
}

static struct party **sorted(void)
{
	struct party **all = xcalloc(n_parties + 1, sizeof(*all)), *p;
	size_t i, n = 0;

	for (i = 0; i < PARTIES_MAX; i++)
		for (p = slots[i]; p; p = p->next)
			all[n++] = p;
	qsort(all, n, sizeof(*all), by_bytes);
	return all;
}

/* A capture without packets has counts instead. */
static void use_counts(void)
{
	struct party *p;
	size_t i;

	for (i = 0; i < PARTIES_MAX; i++)
		for (p = slots[i]; p; p = p->next)
			p->amount = p->counted;
	kernel.amount = kernel.counted;
	unknown.amount = unknown.counted;
	others.amount = others.counted;
}

static void print_head(const struct result *res)
{
	__u64 packets = any_packet ? res->captured : counted;
	__u64 time = res->end > start ? res->end - start : 0;

	fprintf(out, "%llu packet%s in %llu.%03llu seconds; %llu lost\n",
		packets, packets == 1 ? "" : "s",
		(time / 1000000000),
		(time / 1000000 % 1000),
		res->kind[HONE_KIND_PACKET].lost);
}

static bool summary_tail(const struct result *res)
{
	struct party **all;
	bool ok = true;
	size_t i;

	if (!any_packet)
		use_counts();
	all = sorted();
	print_head(res);
	for (i = 0; i < n_parties; i++) {
		fprintf(out, "\n%s [%u]%s%s\n",
			all[i]->comm[0] ? all[i]->comm : "?", all[i]->pid,
			all[i]->path[0] ? " " : "", all[i]->path);
		if (all[i]->command[0])
			fprintf(out, "  %s\n", all[i]->command);
		print_party(all[i]);
	}
	free(all);
	if (n_others) {
		fprintf(out, "\n%zu other processes, which have ended\n",
			n_others);
		print_party(&others);
	}
	if (all_bytes(&kernel.amount)) {
		fprintf(out, "\nthe kernel itself, for no process\n");
		print_party(&kernel);
	}
	if (all_bytes(&unknown.amount)) {
		fprintf(out, "\nwithout a known process\n");
		print_party(&unknown);
	}
	if (fflush(out) || ferror(out)) {
		msg_errno("writing: %s", out_name);
		ok = false;
	}
	if (out != stderr && fclose(out) && ok) {
		msg_errno("closing: %s", out_name);
		ok = false;
	}
	return ok;
}

bool summary_open(const char *path)
{
	int fd;

	out_name = path ? path : "standard error";
	if (path && !strcmp(path, "-")) {
		if (!output_stdout())
			return false;
		out = stdout;
		out_name = "standard output";
	} else {
		out = path ? NULL : stderr;
	}
	if (!out) {
		fd = output_open(path);
		if (fd < 0)
			return false;
		out = fdopen(fd, "w");
		if (!out) {
			msg_errno("opening for writing: %s", path);
			close(fd);
		}
	}
	return out;
}

const struct sink sink_summary = {
	.head	= summary_head,
	.packet	= summary_packet,
	.tally	= summary_tally,
	.tail	= summary_tail,
};
