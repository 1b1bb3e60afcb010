// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: tests of the record encoder and of the account of losses.
 */
#include "hone.h"

#include <kunit/test.h>
#include <linux/string.h>

static void test_recbuf_zeroes_head(struct kunit *test)
{
	u64 mem[(sizeof(struct hone_proc) + 64) / 8];
	struct hone_proc *p = (void *)mem;
	struct hone_recbuf rb;
	int i;

	memset(mem, 0xa5, sizeof(mem));
	hone_recbuf_init(&rb, mem, sizeof(mem), HONE_REC_PROC, sizeof(*p));
	KUNIT_EXPECT_EQ(test, p->rec.type, HONE_REC_PROC);
	KUNIT_EXPECT_EQ(test, p->rec.len, sizeof(*p));
	for (i = sizeof(struct hone_rec); i < sizeof(*p); i++)
		KUNIT_EXPECT_EQ(test, ((u8 *)p)[i], 0);
	KUNIT_EXPECT_EQ(test, ((u8 *)mem)[sizeof(*p)], 0xa5);
}

struct attr_case {
	const char *name;
	u32 room;	/* bytes behind the head */
	u32 len;	/* of the value */
	bool fits;
	u32 grows;	/* bytes the record grows by */
};

static const struct attr_case attr_cases[] = {
	{ "empty value",	8,	0,	true,	8 },
	{ "one byte",		16,	1,	true,	16 },
	{ "whole word",		16,	8,	true,	16 },
	{ "word and a byte",	24,	9,	true,	24 },
	{ "padding misses",	16,	9,	false,	0 },
	{ "head misses",	0,	0,	false,	0 },
	{ "far too long",	24,	~0u,	false,	0 },
	{ "wraps when padded",	24,	~0u - 3, false,	0 },
};

KUNIT_ARRAY_PARAM_DESC(attr, attr_cases, name);

static void test_attr_put(struct kunit *test)
{
	const struct attr_case *c = test->param_value;
	static const u8 val[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	u64 mem[(sizeof(struct hone_rec) + 32) / 8];
	u32 head = sizeof(struct hone_rec);
	const u8 *bytes = (void *)mem;
	const struct hone_attr *attr = (void *)(bytes + head);
	struct hone_recbuf rb;
	u32 i;

	memset(mem, 0xa5, sizeof(mem));
	hone_recbuf_init(&rb, mem, head + c->room, HONE_REC_PROC, head);
	KUNIT_ASSERT_EQ(test, hone_attr_put(&rb, HONE_ATTR_CWD, val, c->len),
			c->fits);
	KUNIT_EXPECT_EQ(test, rb.rec->len, head + c->grows);
	KUNIT_EXPECT_EQ(test, rb.len, rb.rec->len);
	for (i = head + c->grows; i < sizeof(mem); i++)
		KUNIT_EXPECT_EQ(test, bytes[i], 0xa5);
	if (!c->fits)
		return;
	KUNIT_EXPECT_EQ(test, attr->type, HONE_ATTR_CWD);
	KUNIT_EXPECT_EQ(test, attr->reserved, 0);
	KUNIT_EXPECT_EQ(test, attr->len, c->len);
	for (i = 0; i < c->grows - sizeof(*attr); i++)
		KUNIT_EXPECT_EQ(test, bytes[head + sizeof(*attr) + i],
				i < c->len ? val[i] : 0);
}

static void test_subbuf_fill(struct kunit *test)
{
	struct hone_subbuf s;

	memset(&s, 0xa5, sizeof(s));
	hone_subbuf_fill(&s, 3, 1000, 2000);
	KUNIT_EXPECT_EQ(test, s.rec.len, sizeof(s));
	KUNIT_EXPECT_EQ(test, s.rec.type, HONE_REC_SUBBUF);
	KUNIT_EXPECT_EQ(test, s.rec.time, 1000);
	KUNIT_EXPECT_EQ(test, s.rec.cpu, 3);
	KUNIT_EXPECT_EQ(test, s.rec.seq, 0);
	KUNIT_EXPECT_EQ(test, s.magic, HONE_MAGIC);
	KUNIT_EXPECT_EQ(test, s.major, HONE_VERSION_MAJOR);
	KUNIT_EXPECT_EQ(test, s.real, 2000);
	KUNIT_EXPECT_EQ(test, s.lost, 0);
}

static void test_gap(struct kunit *test)
{
	struct hone_gap gap = { };
	struct hone_lost lost;

	hone_gap_add(&gap, HONE_KIND_PACKET, 100, 10);
	hone_gap_add(&gap, HONE_KIND_PACKET, 200, 20);
	hone_gap_add(&gap, HONE_KIND_ACTOR, 64, 30);
	KUNIT_EXPECT_TRUE(test, gap.open);
	hone_gap_take(&gap, &lost, 40);
	KUNIT_EXPECT_FALSE(test, gap.open);
	KUNIT_EXPECT_EQ(test, lost.rec.len, sizeof(lost));
	KUNIT_EXPECT_EQ(test, lost.rec.type, HONE_REC_LOST);
	KUNIT_EXPECT_EQ(test, lost.rec.time, 40);
	KUNIT_EXPECT_EQ(test, lost.records[HONE_KIND_PROC], 0);
	KUNIT_EXPECT_EQ(test, lost.records[HONE_KIND_ACTOR], 1);
	KUNIT_EXPECT_EQ(test, lost.records[HONE_KIND_PACKET], 2);
	KUNIT_EXPECT_EQ(test, lost.bytes, 364);
	KUNIT_EXPECT_EQ(test, lost.first, 10);
	KUNIT_EXPECT_EQ(test, lost.last, 30);

	/* The next gap starts from nothing. */
	hone_gap_add(&gap, HONE_KIND_PROC, 152, 50);
	hone_gap_take(&gap, &lost, 60);
	KUNIT_EXPECT_EQ(test, lost.records[HONE_KIND_PROC], 1);
	KUNIT_EXPECT_EQ(test, lost.records[HONE_KIND_PACKET], 0);
	KUNIT_EXPECT_EQ(test, lost.bytes, 152);
	KUNIT_EXPECT_EQ(test, lost.first, 50);
}

static struct kunit_case hone_record_cases[] = {
	KUNIT_CASE(test_recbuf_zeroes_head),
	KUNIT_CASE_PARAM(test_attr_put, attr_gen_params),
	KUNIT_CASE(test_subbuf_fill),
	KUNIT_CASE(test_gap),
	{}
};

static struct kunit_suite hone_record_suite = {
	.name = "hone_record",
	.test_cases = hone_record_cases,
};

kunit_test_suite(hone_record_suite);
