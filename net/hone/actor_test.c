// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: tests of the rules that say when a writer or reader must be told.
 */
#include "packet.h"

#include <kunit/test.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#define A	0x1000001ULL	/* keys of three tasks */
#define B	0x2000002ULL
#define KERN	(~0ULL)

static bool writer_changed(struct hone_sk *h, u64 key)
{
	u16 flags = 0;

	return hone_sk_writer_changed(h, key, &flags);
}

static void test_writer(struct kunit *test)
{
	struct hone_sk h = { };

	KUNIT_EXPECT_TRUE(test, writer_changed(&h, A));
	KUNIT_EXPECT_FALSE(test, writer_changed(&h, A));
	KUNIT_EXPECT_EQ(test, h.shared, 0);
	KUNIT_EXPECT_TRUE(test, writer_changed(&h, B));
	KUNIT_EXPECT_EQ(test, h.shared, 1);
	KUNIT_EXPECT_TRUE(test, writer_changed(&h, A));
	KUNIT_EXPECT_FALSE(test, writer_changed(&h, A));
	KUNIT_EXPECT_TRUE(test, writer_changed(&h, KERN));
}

/* Who could not be told of is told again, and what he wrote is not another's. */
static void test_untold(struct kunit *test)
{
	const u64 keys[] = { A, KERN };
	struct hone_sk h = { };
	u16 flags;
	int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		h = (struct hone_sk){ };
		KUNIT_EXPECT_TRUE(test, writer_changed(&h, keys[i]));
		KUNIT_EXPECT_FALSE(test, hone_sk_untold(&h));
		h.tx = hone_key_mark(h.tx, HONE_KEY_UNTOLD);
		KUNIT_EXPECT_TRUE(test, hone_sk_untold(&h));
		KUNIT_EXPECT_EQ(test, hone_sk_writer(&h), keys[i]);
		flags = 0;
		KUNIT_EXPECT_TRUE(test, hone_sk_writer_changed(&h, keys[i],
							       &flags));
		KUNIT_EXPECT_EQ(test, flags, HONE_F_ACTOR_UNTOLD);
		KUNIT_EXPECT_FALSE(test, hone_sk_untold(&h));
		KUNIT_EXPECT_EQ(test, h.shared, 0);
		flags = 0;
		KUNIT_EXPECT_FALSE(test, hone_sk_writer_changed(&h, keys[i],
								&flags));
		h.tx = hone_key_mark(h.tx, HONE_KEY_UNTOLD);
		KUNIT_EXPECT_TRUE(test, writer_changed(&h, B));
		KUNIT_EXPECT_EQ(test, h.shared, 1);
	}
	/* Nor is it not known who has to be told of anew. */
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		h = (struct hone_sk){
			.tx = hone_key_mark(keys[i], HONE_KEY_AGAIN),
		};
		KUNIT_EXPECT_FALSE(test, hone_sk_untold(&h));
		KUNIT_EXPECT_EQ(test, hone_sk_writer(&h), 0);
		flags = 0;
		KUNIT_EXPECT_TRUE(test, hone_sk_writer_changed(&h, keys[i],
							       &flags));
		KUNIT_EXPECT_EQ(test, flags, 0);
		KUNIT_EXPECT_EQ(test, h.shared, 0);
		h.tx = hone_key_mark(keys[i], HONE_KEY_AGAIN);
		KUNIT_EXPECT_TRUE(test, writer_changed(&h, B));
		KUNIT_EXPECT_EQ(test, h.shared, 1);
	}
	/* None of what else may be there is taken for that. */
	h.tx = 0;
	KUNIT_EXPECT_FALSE(test, hone_sk_untold(&h));
	h.tx = ~A;
	KUNIT_EXPECT_FALSE(test, hone_sk_untold(&h));
	h.tx = ~(1ULL << 22 | 1);
	KUNIT_EXPECT_FALSE(test, hone_sk_untold(&h));
	KUNIT_EXPECT_FALSE(test, hone_key_again(h.tx));
}

/* Who has opened a socket is told as its writer, but has not written. */
static void test_opener(struct kunit *test)
{
	struct hone_sk h = { .tx = ~A };

	KUNIT_EXPECT_EQ(test, hone_sk_writer(&h), 0);
	KUNIT_EXPECT_FALSE(test, writer_changed(&h, A));
	KUNIT_EXPECT_EQ(test, hone_sk_writer(&h), A);
	KUNIT_EXPECT_FALSE(test, writer_changed(&h, A));
	KUNIT_EXPECT_EQ(test, h.shared, 0);
	KUNIT_EXPECT_TRUE(test, writer_changed(&h, B));
	KUNIT_EXPECT_EQ(test, h.shared, 1);

	/* What is not known is not the kernel's. */
	h = (struct hone_sk){ };
	KUNIT_EXPECT_TRUE(test, writer_changed(&h, KERN));
	KUNIT_EXPECT_EQ(test, h.shared, 0);

	h = (struct hone_sk){ .tx = ~A };
	KUNIT_EXPECT_TRUE(test, writer_changed(&h, B));
	KUNIT_EXPECT_EQ(test, h.shared, 0);
	KUNIT_EXPECT_TRUE(test, writer_changed(&h, KERN));
	KUNIT_EXPECT_EQ(test, h.shared, 1);
	KUNIT_EXPECT_EQ(test, hone_sk_writer(&h), KERN);
}

struct read_step {
	u64 key;
	u32 copied;
	bool told;
	u32 from;
};

struct read_case {
	const char *name;
	u32 start;
	struct read_step steps[6];
};

static const struct read_case read_cases[] = {
	{ "each read is told", 100, {
		{ A, 200, true, 100 },
		{ A, 300, true, 200 },
		{ A, 400, true, 300 } } },
	{ "a peek is no read", 100, {
		{ A, 100, false, 0 },
		{ B, 150, true, 100 },
		{ A, 150, false, 0 } } },
	{ "two readers take turns", 100, {
		{ A, 200, true, 100 },
		{ A, 200, false, 0 },
		{ B, 300, true, 200 },
		{ B, 350, true, 300 },
		{ A, 400, true, 350 } } },
	{ "sequence numbers wrap", 0xfffffff0, {
		{ A, 0x10, true, 0xfffffff0 },
		{ B, 0x20, true, 0x10 } } },
};

KUNIT_ARRAY_PARAM_DESC(read, read_cases, name);

static void test_reader(struct kunit *test)
{
	const struct read_case *c = test->param_value;
	struct hone_sk h = { };
	const struct read_step *s;
	struct hone_taken r;

	for (s = c->steps; s->key; s++) {
		KUNIT_ASSERT_EQ(test, hone_sk_read(&h, s->key, c->start,
						   s->copied, &r), s->told);
		if (!s->told)
			continue;
		KUNIT_EXPECT_EQ(test, r.from, s->from);
		KUNIT_EXPECT_EQ(test, r.to, s->copied);
	}
}

/* What was read while nobody captured is not told of. */
static void test_reader_of_another_run(struct kunit *test)
{
	struct hone_sk h = { .rx_seq = 100, .rx_known = hone_run + 1 };
	struct hone_taken r;

	KUNIT_EXPECT_TRUE(test, hone_sk_read(&h, A, 200, 300, &r));
	KUNIT_EXPECT_EQ(test, r.from, 200);
	KUNIT_EXPECT_TRUE(test, hone_sk_read(&h, B, 200, 400, &r));
	KUNIT_EXPECT_EQ(test, r.from, 300);
}

static void test_clone_resets(struct kunit *test)
{
	struct hone_sk h = {
		.owner = 7, .owner_tgid = 8, .tx = A, .rx = B, .rx_seq = 9,
		.gen = 3, .shared = 1, .rx_known = 1, .subflow = 1,
		.parent = 10,
	};

	hone_sk_clone(&h);
	KUNIT_EXPECT_EQ(test, h.owner, 7);
	KUNIT_EXPECT_EQ(test, h.owner_tgid, 8);
	KUNIT_EXPECT_EQ(test, h.owner_start, 0);
	KUNIT_EXPECT_EQ(test, h.tx, 0);
	KUNIT_EXPECT_EQ(test, h.rx, 0);
	KUNIT_EXPECT_EQ(test, h.gen, 0);
	KUNIT_EXPECT_EQ(test, h.shared, 0);
	KUNIT_EXPECT_EQ(test, h.rx_known, 0);
	KUNIT_EXPECT_EQ(test, h.subflow, 0);
}

static void test_actor_key(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, hone_actor_key(NULL), KERN);
	KUNIT_EXPECT_EQ(test, hone_actor_key(current),
			current->signal->hone_id << 22 | current->pid);
}

/* A segment with SEQ, and 10 bytes of payload behind a header with options. */
#define SEQ	0xfffffffaU

struct segment {
	struct hone_packet p;
	u8 data[128];
};

static void segment_init(struct segment *s, u8 family, u8 protocol)
{
	u32 off = family == AF_INET ? 24 : sizeof(struct ipv6hdr);
	struct tcphdr *tcp = (void *)s->p.data + off;

	memset(s, 0, sizeof(*s));
	s->p.family = family;
	s->p.wire_len = off + 32 + 10;
	s->p.cap_len = s->p.wire_len;
	if (family == AF_INET)
		*(struct iphdr *)s->p.data = (struct iphdr){
			.version = 4, .ihl = 6, .protocol = protocol,
		};
	else
		*(struct ipv6hdr *)s->p.data = (struct ipv6hdr){
			.version = 6, .nexthdr = protocol,
		};
	tcp->seq = htonl(SEQ);
	tcp->doff = 8;
}

static u32 payload_of(const struct segment *s, u32 *seq)
{
	*seq = 0;
	return hone_packet_payload(&s->p, seq);
}

static void test_payload(struct kunit *test)
{
	static const u8 families[] = { AF_INET, AF_INET6 };
	struct segment *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	u32 seq;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		segment_init(s, families[i], IPPROTO_TCP);
		KUNIT_EXPECT_EQ(test, payload_of(s, &seq), 10);
		KUNIT_EXPECT_EQ(test, seq, SEQ);
		/* The head is enough, a part of it is not. */
		s->p.cap_len = s->p.wire_len - 10 - 12;
		KUNIT_EXPECT_EQ(test, payload_of(s, &seq), 10);
		KUNIT_EXPECT_EQ(test, seq, SEQ);
		s->p.cap_len--;
		KUNIT_EXPECT_EQ(test, payload_of(s, &seq), 0);
		s->p.cap_len = 0;
		KUNIT_EXPECT_EQ(test, payload_of(s, &seq), 0);
		segment_init(s, families[i], IPPROTO_TCP);
		s->p.wire_len -= 10;
		KUNIT_EXPECT_EQ(test, payload_of(s, &seq), 0);
		/* Shorter than its header says. */
		s->p.wire_len--;
		KUNIT_EXPECT_EQ(test, payload_of(s, &seq), 0);
		segment_init(s, families[i], IPPROTO_UDP);
		KUNIT_EXPECT_EQ(test, payload_of(s, &seq), 0);
	}
}

static struct kunit_case hone_actor_cases[] = {
	KUNIT_CASE(test_writer),
	KUNIT_CASE(test_untold),
	KUNIT_CASE(test_opener),
	KUNIT_CASE_PARAM(test_reader, read_gen_params),
	KUNIT_CASE(test_reader_of_another_run),
	KUNIT_CASE(test_clone_resets),
	KUNIT_CASE(test_actor_key),
	KUNIT_CASE(test_payload),
	{}
};

static struct kunit_suite hone_actor_suite = {
	.name = "hone_actor",
	.test_cases = hone_actor_cases,
};

kunit_test_suite(hone_actor_suite);
