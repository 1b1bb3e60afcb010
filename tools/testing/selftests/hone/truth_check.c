// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ground truth: compares a capture with what the programs have written down,
 * packet by packet, and says for each case how many packets were named right,
 * and how many would have been by the rule "it is the owner of the socket".
 *   truth_check LOG PACKETS CAPTURE...
 * Prints KTAP. PACKETS is how many there must be of a case at least. Several
 * captures are the parts of one, each of which stands alone.
 */
#define _GNU_SOURCE
#include "truth.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define __printf(a, b)	__attribute((format(printf, a, b)))

#define WRONG_SHOWN	6	/* packets of a case that are told of */
#define HEAD_LEN	16	/* bytes of a frame that tell which it is */

enum { BLOCK_EPB = 6, BLOCK_PROC = 0x101, BLOCK_CONN = 0x102 };

struct truth_log *truth;
static uint8_t *seen;			/* by frame: TRUTH_OUT | TRUTH_IN */
static uint32_t last_frame[TRUTH_CASES];	/* that has been seen */

static struct score {
	unsigned int packets, right, creator, missing, shown;
} score[TRUTH_CASES];

/* A packet of the capture, and what is said of it. */
struct packet {
	unsigned int number;
	const uint8_t *data;
	uint32_t len;
	bool out;
	uint32_t pid, tid, conn;
	uint32_t also[16];
	int n_also;
	char comm[32], quality[16], comment[256];
	/* Parsed */
	uint8_t proto;
	uint16_t sport, dport;
	uint32_t seq;
	uint8_t tcp_flags, icmp;
	uint32_t payload;		/* offset, len if there is none */
};

/* A hash table of numbers. */
struct entry {
	uint64_t key, value;
	bool used;
};

struct table {
	struct entry *e;
	size_t size, n;
};

static struct entry *table_at(struct table *t, uint64_t key)
{
	size_t i = (key * 0x9e3779b97f4a7c15ULL) >> 20;

	for (;; i++) {
		struct entry *e = &t->e[i & (t->size - 1)];

		if (!e->used || e->key == key)
			return e;
	}
}

static void table_set(struct table *t, uint64_t key, uint64_t value)
{
	struct table old = *t;
	struct entry *e;
	size_t i;

	if (t->n * 2 >= t->size) {
		t->size = old.size ? old.size * 2 : 1024;
		t->e = calloc(t->size, sizeof(*t->e));
		for (i = 0; i < old.size; i++)
			if (old.e[i].used)
				*table_at(t, old.e[i].key) = old.e[i];
		free(old.e);
	}
	e = table_at(t, key);
	t->n += !e->used;
	*e = (struct entry){ key, value, true };
}

static bool table_get(struct table *t, uint64_t key, uint64_t *value)
{
	struct entry *e;

	if (!t->size)
		return false;
	e = table_at(t, key);
	if (e->used)
		*value = e->value;
	return e->used;
}

static void table_clear(struct table *t)
{
	free(t->e);
	*t = (struct table){ 0 };
}

static struct table members;		/* (case, pid) */
static struct table creators;		/* connection -> pid */
static struct table starts;		/* (connection, in/out, seq) -> frame */
static struct table tail_at;		/* (connection, in/out) -> index */
static struct table described;	/* pid -> its block's offset */
static const uint8_t *file;
static unsigned int undescribed;

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint16_t be16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static bool member(unsigned int number, uint32_t pid)
{
	uint64_t v;

	return table_get(&members, (uint64_t)number << 32 | pid, &v);
}

/* The value of an option, NULL if there is none. */
static const uint8_t *option(const uint8_t *p, const uint8_t *end,
			     unsigned int code, uint32_t *len)
{
	while (p + 4 <= end) {
		unsigned int c = p[0] | p[1] << 8, n = p[2] | p[3] << 8;

		if (!c || p + 4 + n > end)
			break;
		if (c == code) {
			*len = n;
			return p + 4;
		}
		p += 4 + ((n + 3) & ~3u);
	}
	*len = 0;
	return NULL;
}

static void word(const char *comment, const char *key, char *to, size_t size)
{
	const char *p = strstr(comment, key);

	to[0] = 0;
	if (p && (p == comment || p[-1] == ' ')) {
		p += strlen(key);
		snprintf(to, size, "%.*s", (int)strcspn(p, " "), p);
	}
}

static void parse_ip(struct packet *p)
{
	uint32_t l4;

	if (p->len >= 20 && p->data[0] >> 4 == 4) {
		l4 = (p->data[0] & 15) * 4;
		p->proto = p->data[9];
	} else if (p->len >= 40 && p->data[0] >> 4 == 6) {
		l4 = 40;
		p->proto = p->data[6];
	} else {
		return;
	}
	p->payload = l4;
	if (p->len < l4 + 8)
		return;
	if (p->proto == 6 && p->len >= l4 + 20) {
		p->seq = ntohl(get32(p->data + l4 + 4));
		p->tcp_flags = p->data[l4 + 13];
		p->payload = l4 + (p->data[l4 + 12] >> 4) * 4;
		/* Data in a SYN come behind its own number. */
		if (p->tcp_flags & 2)
			p->seq++;
	} else if (p->proto == 1 || p->proto == 58) {
		p->icmp = p->data[l4];
		return;
	} else if (p->proto != 17 && p->proto != 132 && p->proto != 136) {
		return;
	}
	p->sport = be16(p->data + l4);
	p->dport = be16(p->data + l4 + 2);
}

static bool parse_packet(struct packet *p, const uint8_t *body, uint32_t len)
{
	const uint8_t *opts, *end = body + len, *o;
	uint32_t cap = get32(body + 12), n;
	char also[128], *s;

	if (len < 20 || cap > len - 20)
		return false;
	p->data = body + 20;
	p->len = cap;
	opts = body + 20 + ((cap + 3) & ~3u);
	o = option(opts, end, 1, &n);
	snprintf(p->comment, sizeof(p->comment), "%.*s", (int)n,
		 o ? (const char *)o : "");
	o = option(opts, end, 2, &n);
	p->out = o && (get32(o) & 3) == 2;
	o = option(opts, end, 258, &n);
	p->pid = o ? get32(o) : 0;
	o = option(opts, end, 8, &n);
	p->tid = o && n == 8 ? get32(o + 4) : 0;
	o = option(opts, end, 257, &n);
	p->conn = o ? get32(o) : 0;
	word(p->comment, "COMM=", p->comm, sizeof(p->comm));
	word(p->comment, "Q=", p->quality, sizeof(p->quality));
	word(p->comment, "ALSO=", also, sizeof(also));
	for (s = strtok(also, ","); s && p->n_also < 16; s = strtok(NULL, ","))
		p->also[p->n_also++] = atoi(s);
	parse_ip(p);
	return true;
}

static void __printf(3, 4)
wrong(unsigned int number, const struct packet *p, const char *fmt, ...)
{
	struct score *s = &score[number];
	va_list ap;

	if (s->shown++ >= WRONG_SHOWN)
		return;
	printf("# %s: packet %u %s (%s): ", truth->name[number], p->number,
	       p->out ? "out" : "in", p->comment);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static bool is(const char *s, const char *t)
{
	return !strcmp(s, t);
}

/* Names the packet just this process, and if a thread, this one? */
static bool names(const struct packet *p, const struct truth_who *who, int kinds)
{
	return p->pid == who->pid && is(p->comm, who->comm) &&
	       is(p->quality, kinds & TRUTH_OWNER ? "owner" : "exact") &&
	       (!p->tid || p->tid == who->tid || kinds & TRUTH_ANY);
}

/* What the kernel made or took: nobody, or one who has to do with it. */
static bool kernels(unsigned int number, const struct packet *p)
{
	return !is(p->quality, "exact") && (!p->pid || member(number, p->pid));
}

/* Is what the process block says of the sender's arguments the frame? */
static bool argv_fits(const struct packet *p, uint32_t id)
{
	const uint8_t *body, *o;
	uint32_t len, n;
	uint64_t at;
	char last[16];

	if (!table_get(&described, p->pid, &at))
		return false;
	len = get32(file + at + 4) - 12;
	body = file + at + 8;
	snprintf(last, sizeof(last), "%u", id);
	o = option(body + 12, body + len, 4, &n);
	while (n && !o[n - 1])
		n--;
	if (!o || n < strlen(last) ||
	    memcmp(o + n - strlen(last), last, strlen(last)))
		return false;
	o = option(body + 12, body + len, 3, &n);
	return o && memmem(o, n, "truth_once", 10);
}

static bool named_received(const struct packet *p, const struct truth_frame *f)
{
	uint32_t i, n = f->n_got < TRUTH_GOT ? f->n_got : TRUTH_GOT;
	bool first = false;
	int k;

	for (i = 0; i < n; i++) {
		if (names(p, &f->got[i], f->kinds)) {
			first = true;
			continue;
		}
		for (k = 0; k < p->n_also; k++)
			if (p->also[k] == f->got[i].pid)
				break;
		if (k == p->n_also)
			return false;
	}
	return first;
}

static void judge(const struct packet *p, uint32_t id, uint32_t creator)
{
	const struct truth_frame *f = &truth->frame[id];
	struct score *s = &score[f->number];
	bool right, echo = p->proto == 1 ? p->icmp == 8 : p->icmp == 128;
	bool icmp = p->proto == 1 || p->proto == 58;
	bool reply = p->proto == 1 ? p->icmp == 0 : p->icmp == 129;

	s->packets++;
	if (icmp && !(p->out ? echo : reply)) {
		right = kernels(f->number, p);
		s->creator += right;
	} else if (p->out) {
		right = names(p, &f->sent, f->kinds) &&
			(!(f->kinds & TRUTH_ARGV) || argv_fits(p, id));
		s->creator += creator == f->sent.pid;
	} else if (!f->n_got) {
		right = kernels(f->number, p);
		s->creator += right;
	} else {
		right = named_received(p, f);
		s->creator += f->n_got == 1 && creator == f->got[0].pid;
	}
	s->right += right;
	if (!right)
		wrong(f->number, p, "frame %u sent by %u.%u %s, received by %u: %u.%u %s",
		      id, f->sent.pid, f->sent.tid, f->sent.comm, f->n_got,
		      f->got[0].pid, f->got[0].tid, f->got[0].comm);
}

static bool event_fits(unsigned int number, const struct packet *p, int what,
		       bool *any)
{
	uint32_t i;

	*any = false;
	for (i = 0; i < truth->n_events && i < TRUTH_EVENTS; i++) {
		const struct truth_event *e = &truth->event[i];

		if (e->number != number || e->what != what ||
		    e->sport != p->sport || e->dport != p->dport)
			continue;
		*any = true;
		if (e->who.pid == p->pid)
			return true;
	}
	return false;
}

/* Packets without data. */
static void judge_control(const struct packet *p, unsigned int number,
			  uint32_t creator)
{
	struct score *s = &score[number];
	bool syn = (p->tcp_flags & 0x12) == 2, fin = p->tcp_flags & 1;
	bool any = false, right;

	if (p->proto == 6 && p->out && (syn || fin)) {
		right = event_fits(number, p, syn ? TRUTH_SYN : TRUTH_FIN, &any);
		if (any) {
			s->packets++;
			s->right += right;
			s->creator += member(number, creator);
			if (!right)
				wrong(number, p, "not who %s", syn ?
				      "connected" : "ended it");
			return;
		}
	}
	/* No stranger. */
	if (p->pid && !member(number, p->pid)) {
		s->packets++;
		wrong(number, p, "has nothing to do with it");
	}
}

static uint64_t start_key(const struct packet *p, uint32_t seq)
{
	return ((uint64_t)p->conn << 32 | seq) ^ (p->out ? 1ULL << 63 : 0);
}

static bool is_frame(const uint8_t *at, uint32_t *id)
{
	struct truth_wire wire;

	if (memcmp(at, TRUTH_MARK, 8))
		return false;
	memcpy(&wire, at, 16);
	*id = wire.id;
	return wire.id < TRUTH_FRAMES && wire.id < truth->n_frames;
}

/*
 * The frame before @next of which a part is all that is there: MPTCP sends what
 * was lost on another subflow, from anywhere in a frame, whose rest tells the
 * low byte of its number.
 */
static bool part_of_frame(unsigned int number, uint8_t low, uint32_t next,
			  uint32_t *id)
{
	while (next-- > 0) {
		if (truth->frame[next].number == number &&
		    (next & 0xff) == low) {
			*id = next;
			return true;
		}
	}
	return false;
}

/* The frame that the first byte of a TCP segment belongs to. */
static bool first_frame(const struct packet *p, int number, uint32_t *id)
{
	const uint8_t *at = p->data + p->payload;
	uint32_t next;
	uint64_t v;
	int back;

	if (p->payload + HEAD_LEN <= p->len && is_frame(at, id))
		return true;
	for (back = 1; back < TRUTH_LEN; back++) {
		if (table_get(&starts, start_key(p, p->seq - back), &v)) {
			*id = v;
			return true;
		}
	}
	for (next = 1; next < TRUTH_LEN && p->payload + next + HEAD_LEN <= p->len;
	     next++)
		if (number >= 0 && is_frame(at + next, id))
			return part_of_frame(number, at[next - 1], *id, id);
	return number >= 0 && part_of_frame(number, p->data[p->len - 1],
					    last_frame[number] + 1, id);
}

/* A frame has been seen; UDP shows none again. */
static void mark_frame(const struct packet *p, uint32_t id)
{
	int way = p->out ? TRUTH_OUT : TRUTH_IN;
	unsigned int number = truth->frame[id].number;

	if (p->proto == 17 && seen[id] & way) {
		score[number].packets++;
		wrong(number, p, "frame %u was there already", id);
	}
	seen[id] |= way;
	last_frame[number] = id;
}

/* Those that begin at @at, a segment's from sequence number @seq on or not. */
static void mark_frames(const struct packet *p, const uint8_t *at, size_t len,
			bool tcp, uint32_t seq)
{
	const uint8_t *start = at, *end = at + len;
	uint32_t id;

	while (at + HEAD_LEN <= end) {
		at = memmem(at, end - at, TRUTH_MARK, 8);
		if (!at || at + HEAD_LEN > end)
			break;
		if (is_frame(at, &id)) {
			mark_frame(p, id);
			if (tcp)
				table_set(&starts, start_key(p, seq +
					  (at - start)), id);
		}
		at += 8;
	}
}

/* The end of a stream so far, where a frame's head may have begun. */
static struct tail {
	uint32_t seq;			/* of what comes next */
	uint32_t len;
	uint8_t bytes[HEAD_LEN - 1];
} *tails;

static struct tail *tail_of(const struct packet *p)
{
	uint64_t key = (uint64_t)p->conn << 1 | p->out, i;
	static size_t n, room;

	if (table_get(&tail_at, key, &i))
		return &tails[i];
	if (n == room) {
		room = room ? room * 2 : 1024;
		tails = realloc(tails, room * sizeof(*tails));
		if (!tails)
			abort();
	}
	table_set(&tail_at, key, n);
	memset(&tails[n], 0, sizeof(*tails));
	return &tails[n++];
}

/* A head may lie in two segments. */
static void mark_segment(const struct packet *p)
{
	const uint8_t *at = p->data + p->payload;
	uint32_t n, len = p->len - p->payload;
	uint8_t both[2 * (HEAD_LEN - 1)];
	struct tail *t = tail_of(p);

	if (t->len && t->seq == p->seq) {
		n = len < HEAD_LEN - 1 ? len : HEAD_LEN - 1;
		memcpy(both, t->bytes, t->len);
		memcpy(both + t->len, at, n);
		mark_frames(p, both, t->len + n, true, p->seq - t->len);
	}
	mark_frames(p, at, len, true, p->seq);
	t->len = len < sizeof(t->bytes) ? len : sizeof(t->bytes);
	t->seq = p->seq + len;
	memcpy(t->bytes, at + len - t->len, t->len);
}

static int case_of_port(unsigned int port)
{
	if (port < TRUTH_PORT || port >= TRUTH_PORT + 16 * TRUTH_CASES)
		return -1;
	return (port - TRUTH_PORT) / 16;
}

static void check_packet(const struct packet *p)
{
	uint64_t creator = 0, at_pid;
	uint32_t id;
	int number;
	const uint8_t *at;

	table_get(&creators, p->conn, &creator);
	if (p->pid && !table_get(&described, p->pid, &at_pid)) {
		printf("# packet %u (%s): nothing describes its process\n",
		       p->number, p->comment);
		undescribed++;
	}
	number = case_of_port(p->dport);
	if (number < 0)
		number = case_of_port(p->sport);
	if (p->proto == 6 && p->payload < p->len) {
		mark_segment(p);
		if (first_frame(p, number, &id)) {
			judge(p, id, creator);
		} else if (number >= 0) {
			score[number].packets++;
			wrong(number, p, "whose data are these?");
		}
		return;
	}
	at = memmem(p->data, p->len, TRUTH_MARK, 8);
	if (p->proto != 6 && at && at + HEAD_LEN <= p->data + p->len &&
	    is_frame(at, &id)) {
		mark_frames(p, at, p->data + p->len - at, false, 0);
		judge(p, id, creator);
	} else if (number >= 0) {
		judge_control(p, number, creator);
	}
}

static void read_file(size_t size)
{
	static unsigned int n;
	size_t at = 0;
	uint64_t v;

	table_clear(&described);
	table_clear(&creators);

	while (at + 12 <= size) {
		uint32_t type = get32(file + at), len = get32(file + at + 4);
		const uint8_t *body = file + at + 8;

		if (len < 12 || len % 4 || len > size - at) {
			printf("# the capture is broken at %zu\n", at);
			return;
		}
		if (type == BLOCK_EPB && len >= 32) {
			struct packet p = { .number = ++n };

			if (parse_packet(&p, body, len - 12))
				check_packet(&p);
		} else if (type == BLOCK_CONN && len >= 28) {
			/* The owner may still change, when it is accepted. */
			if (get32(body + 4))
				table_set(&creators, get32(body),
					  get32(body + 4));
		} else if (type == BLOCK_PROC && len >= 24) {
			uint32_t olen;

			if (option(body + 12, body + len - 12, 4, &olen) ||
			    !table_get(&described, get32(body), &v))
				table_set(&described, get32(body), at);
		}
		at += len;
	}
}

static void find_missing(void)
{
	uint32_t i, n = truth->n_frames;

	for (i = 0; i < n && i < TRUTH_FRAMES; i++) {
		const struct truth_frame *f = &truth->frame[i];
		struct score *s = &score[f->number];
		int want = f->kinds & (TRUTH_OUT | TRUTH_IN);

		if ((seen[i] & want) == want)
			continue;
		s->packets++;
		s->missing++;
		if (s->shown++ < WRONG_SHOWN)
			printf("# %s: frame %u of %u: no packet %s\n",
			       truth->name[f->number], i, f->sent.pid,
			       seen[i] & TRUTH_OUT ? "in" : "out");
	}
}

static void *map(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st)) {
		perror(path);
		exit(2);
	}
	*size = st.st_size;
	p = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED) {
		perror(path);
		exit(2);
	}
	return p;
}

static double percent(unsigned int part, unsigned int whole)
{
	return whole ? 100.0 * part / whole : 0;
}

static int report(unsigned int at_least)
{
	unsigned int i, n = 0, bad = 0, packets = 0, right = 0, creator = 0;

	for (i = 0; i < TRUTH_CASES; i++) {
		const struct score *s = &score[i];
		bool ok = s->right == s->packets && s->packets >= at_least;

		switch (truth->result[i]) {
		case TRUTH_NOT:
			continue;
		case TRUTH_SKIPPED:
			printf("ok %u %s # SKIP %s\n", ++n, truth->name[i],
			       truth->why[i]);
			continue;
		case TRUTH_FAILED:
			ok = false;
			printf("# %s: the case itself failed\n",
			       truth->name[i]);
			break;
		}
		bad += !ok;
		packets += s->packets;
		right += s->right;
		creator += s->creator;
		printf("# %-16s %7u packets  right %7.3f %%  creator only %7.3f %%",
		       truth->name[i], s->packets, percent(s->right, s->packets),
		       percent(s->creator, s->packets));
		if (s->missing)
			printf("  missing %u", s->missing);
		printf("\n%s %u %s\n", ok ? "ok" : "not ok", ++n,
		       truth->name[i]);
	}
	printf("# %-16s %7u packets  right %7.3f %%  creator only %7.3f %%\n",
	       "all", packets, percent(right, packets),
	       percent(creator, packets));
	/* If guessing did it, the cases would be too easy. */
	if (at_least)
		printf("%s %u creator_only_is_not_enough\n",
		       creator * 10 < packets * 9 ? "ok" : "not ok", ++n);
	printf("%s %u each_process_is_described\n", undescribed ? "not ok" : "ok",
	       ++n);
	bad += !!undescribed;
	printf("1..%u\n", n);
	return bad || !n || (at_least && creator * 10 >= packets * 9);
}

int main(int argc, char **argv)
{
	uint32_t e;
	size_t size;
	int i;

	if (argc < 4) {
		fputs("usage: truth_check LOG PACKETS CAPTURE...\n", stderr);
		return 2;
	}
	truth = map(argv[1], &size);
	if (size != sizeof(*truth) || truth->magic != TRUTH_MAGIC) {
		fprintf(stderr, "truth_check: %s: is no log\n", argv[1]);
		return 2;
	}
	seen = calloc(1, TRUTH_FRAMES);
	for (e = 0; e < truth->n_events && e < TRUTH_EVENTS; e++)
		table_set(&members, (uint64_t)truth->event[e].number << 32 |
			  truth->event[e].who.pid, 1);
	printf("KTAP version 1\n");
	for (i = 3; i < argc; i++) {
		file = map(argv[i], &size);
		read_file(size);
		munmap((void *)file, size);
	}
	find_missing();
	return report(atoi(argv[2]));
}
