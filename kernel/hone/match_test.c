// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: tests of the predicates on processes: which commands are taken, and
 * which processes fit.
 */
#include "hone.h"

#include <kunit/test.h>
#include <linux/string.h>

struct set_case {
	const char *name;
	const char *key;
	const char *val;
	int err;
};

static const struct set_case set_cases[] = {
	{ "pid",			"pid",		"1",		0 },
	{ "pid in hexadecimal",		"pid",		"0x10",		0 },
	{ "pid 0",			"pid",		"0",		-EINVAL },
	{ "pid beyond all",		"pid",		"4194305",	-EINVAL },
	{ "pid and more",		"pid",		"1 2",		-EINVAL },
	{ "uid 0",			"uid",		"0",		0 },
	{ "uid of nobody",		"uid",		"4294967295",	-EINVAL },
	{ "gid negative",		"gid",		"-1",		-EINVAL },
	{ "comm",			"comm",		"sh",		0 },
	{ "comm of 15 bytes",		"comm",		"123456789012345", 0 },
	{ "comm of 16 bytes",		"comm",		"1234567890123456", -EINVAL },
	{ "comm that is 15 unescaped",	"comm",		"12345678901234\\040", 0 },
	{ "comm with NUL",		"comm",		"a\\0b",	-EINVAL },
	{ "comm that is empty",		"comm",		"\\0",		-EINVAL },
	{ "exe that is no path",	"exe",		"/",		-EINVAL },
	{ "exe that is relative",	"exe",		"sh",		-EINVAL },
	{ "cgroup",			"cgroup",	"/a/b",		0 },
	{ "cgroup: all",		"cgroup",	"/",		0 },
	{ "cgroup that is relative",	"cgroup",	"a",		-EINVAL },
	{ "cgroup with a hole",		"cgroup",	"/a//b",	-EINVAL },
	{ "follow_forks",		"follow_forks",	NULL,		0 },
	{ "follow_forks with a value",	"follow_forks",	"1",		-EINVAL },
	{ "no value",			"uid",		NULL,		-EINVAL },
	{ "no such command",		"gids",		"1",		1 },
};

KUNIT_ARRAY_PARAM_DESC(set, set_cases, name);

static int set(struct kunit *test, struct hone_match *m, const char *key,
	       const char *val)
{
	char *copy = val ? kunit_kzalloc(test, strlen(val) + 1, GFP_KERNEL) :
			   NULL;
	char why[80] = "";
	int err;

	if (copy)
		memcpy(copy, val, strlen(val) + 1);
	err = hone_match_set(m, key, copy, why, sizeof(why));
	/* Each refusal has its reason. */
	if (err < 0)
		KUNIT_EXPECT_NE(test, why[0], 0);
	return err;
}

static void test_set(struct kunit *test)
{
	const struct set_case *c = test->param_value;
	struct hone_match *m = hone_match_dup(NULL), *copy;

	KUNIT_ASSERT_NOT_NULL(test, m);
	KUNIT_EXPECT_EQ(test, set(test, m, c->key, c->val), c->err);
	/* What is refused changes nothing. */
	if (c->err)
		KUNIT_EXPECT_FALSE(test, hone_match_any(m));
	else
		KUNIT_EXPECT_EQ(test, hone_match_any(m), !!c->val);
	copy = hone_match_dup(m);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_EQ(test, hone_match_any(copy), hone_match_any(m));
	KUNIT_EXPECT_EQ(test, copy->follow, m->follow);
	hone_match_free(copy);
	hone_match_free(m);
}

static void test_too_many(struct kunit *test)
{
	struct hone_match *m = hone_match_dup(NULL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	for (i = 0; i < HONE_MATCH_MAX; i++)
		KUNIT_EXPECT_EQ(test, set(test, m, "comm", "x"), 0);
	KUNIT_EXPECT_EQ(test, set(test, m, "comm", "x"), -E2BIG);
	KUNIT_EXPECT_EQ(test, set(test, m, "pid", "1"), 0);
	hone_match_free(m);
}

struct fit_case {
	const char *name;
	const char *want[8];	/* key, value, key, value ... */
	bool fits;
	bool fits_dead;
};

/* Of a process 7 "sh" of user 1, as user 2, group 3, as group 4, in /a/b. */
static const struct fit_case fit_cases[] = {
	{ "anything",		{ },				true, true },
	{ "pid",		{ "pid", "7" },			true, true },
	{ "another pid",	{ "pid", "8" },			false, false },
	{ "one of two",		{ "pid", "8", "pid", "7" },	true, true },
	{ "real user",		{ "uid", "1" },			true, true },
	{ "effective user",	{ "uid", "2" },			true, true },
	{ "another user",	{ "uid", "3" },			false, false },
	{ "real group",		{ "gid", "3" },			true, false },
	{ "effective group",	{ "gid", "4" },			true, false },
	{ "another group",	{ "gid", "0" },			false, false },
	{ "name",		{ "comm", "sh" },		true, true },
	{ "longer name",	{ "comm", "shs" },		false, false },
	{ "shorter name",	{ "comm", "s" },		false, false },
	{ "cgroup",		{ "cgroup", "/a/b" },		true, false },
	{ "cgroup above",	{ "cgroup", "/a" },		true, false },
	{ "cgroup below",	{ "cgroup", "/a/b/c" },		false, false },
	{ "cgroup beside",	{ "cgroup", "/a/bb" },		false, false },
	{ "cgroup or another",	{ "cgroup", "/x", "cgroup", "/a/" }, true, false },
	{ "all cgroups",	{ "cgroup", "/" },		true, false },
	{ "both kinds",		{ "pid", "7", "comm", "sh" },	true, true },
	{ "one of both kinds",	{ "pid", "7", "comm", "cat" },	false, false },
};

KUNIT_ARRAY_PARAM_DESC(fit, fit_cases, name);

static void test_fits(struct kunit *test)
{
	const struct fit_case *c = test->param_value;
	struct hone_match *m = hone_match_dup(NULL);
	struct hone_facts f = {
		.tgid = 7, .uid = 1, .euid = 2, .gid = 3, .egid = 4,
		.comm = "sh", .cgroup = "/a/b", .alive = true,
	};
	int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	for (i = 0; i < ARRAY_SIZE(c->want) && c->want[i]; i += 2)
		KUNIT_ASSERT_EQ(test, set(test, m, c->want[i], c->want[i + 1]),
				0);
	KUNIT_EXPECT_EQ(test, hone_match_fits(m, &f), c->fits);
	/* Of one that has ended its socket knows less. */
	f.alive = false;
	f.cgroup = NULL;
	KUNIT_EXPECT_EQ(test, hone_match_fits(m, &f), c->fits_dead);
	hone_match_free(m);
}

static void test_exe(struct kunit *test)
{
	char path[] = "/bin/x";
	struct hone_match m = { };
	struct hone_facts f = { .comm = "x" };

	KUNIT_EXPECT_TRUE(test, hone_match_exe(&m, "/bin/y"));
	m.by[HONE_BY_EXE].n = 1;
	m.by[HONE_BY_EXE].arg[0].text = path;
	KUNIT_EXPECT_TRUE(test, hone_match_exe(&m, "/bin/x"));
	KUNIT_EXPECT_FALSE(test, hone_match_exe(&m, "/bin/xx"));
	KUNIT_EXPECT_FALSE(test, hone_match_exe(&m, ""));
	KUNIT_EXPECT_TRUE(test, hone_match_exe(&m, NULL));
	KUNIT_EXPECT_FALSE(test, hone_match_fits(&m, &f));
	f.exe = true;
	KUNIT_EXPECT_TRUE(test, hone_match_fits(&m, &f));
}

static struct kunit_case hone_match_cases[] = {
	KUNIT_CASE_PARAM(test_set, set_gen_params),
	KUNIT_CASE(test_too_many),
	KUNIT_CASE_PARAM(test_fits, fit_gen_params),
	KUNIT_CASE(test_exe),
	{}
};

static struct kunit_suite hone_match_suite = {
	.name = "hone_match",
	.test_cases = hone_match_cases,
};

kunit_test_suite(hone_match_suite);
