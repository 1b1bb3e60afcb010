// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: /sys/kernel/hone, what holds for all sessions, and boot parameters of
 * the same names, hone.NAME=VALUE.
 */
#include "hone.h"

#include <linux/ctype.h>
#include <linux/init.h>
#include <linux/kobject.h>
#include <linux/kstrtox.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/string_helpers.h>
#include <linux/sysfs.h>
#include <linux/uuid.h>

#define HONE_COMMENT_MAX	256

struct hone_defaults hone_defaults = {
	.snaplen	= HONE_SNAPLEN_MAX,
	.subbuf_size	= HONE_SUBBUF_DEFAULT / 1024,
	.subbufs	= HONE_SUBBUFS_DEFAULT,
};

static DEFINE_MUTEX(hone_words_lock);	/* hone_comment, hone_host_id */
static char hone_comment[HONE_COMMENT_MAX];
static uuid_t hone_host_id;

struct hone_setting {
	struct kobj_attribute attr;
	int (*set)(const char *val);
};

static int hone_set_u32(u32 *to, const char *val, u32 min, u32 max)
{
	u32 n;
	int err = kstrtou32(val, 0, &n);

	if (err)
		return err;
	if (n < min || n > max)
		return -ERANGE;
	WRITE_ONCE(*to, n);
	return 0;
}

static int hone_set_snaplen(const char *val)
{
	return hone_set_u32(&hone_defaults.snaplen, val, 0, HONE_SNAPLEN_MAX);
}

static int hone_set_subbuf_size(const char *val)
{
	u32 kb;
	int err = hone_set_u32(&kb, val, HONE_SUBBUF_MIN / 1024,
			       HONE_SUBBUF_MAX / 1024);

	if (err)
		return err;
	if (!IS_ALIGNED(kb * 1024, PAGE_SIZE))
		return -EINVAL;
	WRITE_ONCE(hone_defaults.subbuf_size, kb);
	return 0;
}

static int hone_set_subbufs(const char *val)
{
	return hone_set_u32(&hone_defaults.subbufs, val, HONE_SUBBUFS_MIN,
			    HONE_SUBBUFS_MAX);
}

static int hone_set_host_id(const char *val)
{
	uuid_t id = uuid_null;

	if (*val && uuid_parse(val, &id))
		return -EINVAL;
	mutex_lock(&hone_words_lock);
	hone_host_id = id;
	mutex_unlock(&hone_words_lock);
	return 0;
}

/* Blanks may come as \040 or \x20, which the command line needs. */
static int hone_set_comment(const char *val)
{
	char text[HONE_COMMENT_MAX];
	int i, len;

	if (strlen(val) >= sizeof(text))
		return -E2BIG;
	len = string_unescape((char *)val, text, sizeof(text),
			      UNESCAPE_OCTAL | UNESCAPE_HEX);
	for (i = 0; i < len; i++)
		if (iscntrl(text[i]))
			return -EINVAL;
	mutex_lock(&hone_words_lock);
	memcpy(hone_comment, text, len + 1);
	mutex_unlock(&hone_words_lock);
	return 0;
}

/* What began at boot can end without a reader; it cannot begin later. */
static int hone_set_boot(const char *val)
{
	if (strcmp(val, "off"))
		return -EINVAL;
	hone_boot_end();
	return 0;
}

#define HONE_SHOW(_name, _fmt, ...)					\
static ssize_t _name##_show(struct kobject *kobj,			\
			    struct kobj_attribute *attr, char *buf)	\
{									\
	return sysfs_emit(buf, _fmt "\n", __VA_ARGS__);			\
}

HONE_SHOW(version, "%u.%u", HONE_VERSION_MAJOR, HONE_VERSION_MINOR)
HONE_SHOW(sessions, "%u", hone_session_count())
HONE_SHOW(snaplen, "%u", READ_ONCE(hone_defaults.snaplen))
HONE_SHOW(subbuf_size, "%u", READ_ONCE(hone_defaults.subbuf_size))
HONE_SHOW(subbufs, "%u", READ_ONCE(hone_defaults.subbufs))
HONE_SHOW(boot, "%s", hone_boot_waits() ? "on" : "off")

static ssize_t features_show(struct kobject *kobj, struct kobj_attribute *attr,
			     char *buf)
{
	static const char * const words[] = {
		"process", "socket", "actor", "packet", "snapshot", "filter",
		"direction", "netns", "exclude_tgid", "exclude_socket",
		"records", "datagrams", "sockets", "restart", "hook",
		"pid", "follow_forks", "exe", "comm", "uid", "gid", "cgroup",
		"cookie", "count", "counts", "overwrite", "freeze", "boot",
		"map",
	};
	int i, len = 0;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		len += sysfs_emit_at(buf, len, "%s%s", i ? " " : "", words[i]);
	return len + sysfs_emit_at(buf, len, "\n");
}

static ssize_t host_id_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	ssize_t len;

	mutex_lock(&hone_words_lock);
	len = sysfs_emit(buf, "%pUb\n", &hone_host_id);
	mutex_unlock(&hone_words_lock);
	return len;
}

static ssize_t comment_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	ssize_t len;

	mutex_lock(&hone_words_lock);
	len = sysfs_emit(buf, "%s\n", hone_comment);
	mutex_unlock(&hone_words_lock);
	return len;
}

static ssize_t totals_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	struct hone_count sum[HONE_KIND_MAX];

	hone_session_totals(sum);
	return hone_totals_emit(buf, sum);
}

static ssize_t hone_setting_store(struct kobject *kobj,
				  struct kobj_attribute *attr, const char *buf,
				  size_t count)
{
	struct hone_setting *set = container_of(attr, struct hone_setting,
						attr);
	char *val;
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	/* It may end with a newline, and has no NUL before its end. */
	if (strlen(buf) != count)
		return -EINVAL;
	val = kstrdup(buf, GFP_KERNEL);
	if (!val)
		return -ENOMEM;
	err = set->set(strim(val));
	kfree(val);
	return err ?: count;
}

#define HONE_SETTING_RO(_name, _mode)					\
static struct hone_setting hone_setting_##_name = {			\
	.attr = __ATTR_RO_MODE(_name, _mode),				\
}

#define HONE_SETTING_RW(_name)						\
static struct hone_setting hone_setting_##_name = {			\
	.attr = __ATTR(_name, 0644, _name##_show, hone_setting_store),	\
	.set = hone_set_##_name,					\
}

HONE_SETTING_RO(version, 0444);
HONE_SETTING_RO(features, 0444);
HONE_SETTING_RO(sessions, 0444);
HONE_SETTING_RO(totals, 0400);
HONE_SETTING_RW(snaplen);
HONE_SETTING_RW(subbuf_size);
HONE_SETTING_RW(subbufs);
HONE_SETTING_RW(host_id);
HONE_SETTING_RW(comment);
HONE_SETTING_RW(boot);

static struct attribute *hone_attrs[] = {
	&hone_setting_version.attr.attr,
	&hone_setting_features.attr.attr,
	&hone_setting_sessions.attr.attr,
	&hone_setting_totals.attr.attr,
	&hone_setting_snaplen.attr.attr,
	&hone_setting_subbuf_size.attr.attr,
	&hone_setting_subbufs.attr.attr,
	&hone_setting_host_id.attr.attr,
	&hone_setting_comment.attr.attr,
	&hone_setting_boot.attr.attr,
	NULL
};

static const struct attribute_group hone_attr_group = {
	.attrs = hone_attrs,
};

static int hone_param_set(const char *val, const struct kernel_param *kp)
{
	const struct hone_setting *set = kp->arg;

	return set->set(val);
}

static const struct kernel_param_ops hone_param_ops = {
	.set = hone_param_set,
};

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "hone."
/* They are shown in /sys/kernel/hone: no files of their own. */
#define HONE_BOOT_PARAM(_name)						\
	module_param_cb(_name, &hone_param_ops, &hone_setting_##_name, 0)

HONE_BOOT_PARAM(snaplen);
HONE_BOOT_PARAM(subbuf_size);
HONE_BOOT_PARAM(subbufs);
HONE_BOOT_PARAM(host_id);
HONE_BOOT_PARAM(comment);

/**
 * hone_sysfs_init - show /sys/kernel/hone
 *
 * Without it captures work as well.
 *
 * Context: init; may sleep.
 */
void __init hone_sysfs_init(void)
{
	struct kobject *kobj = kobject_create_and_add("hone", kernel_kobj);

	if (!kobj || sysfs_create_group(kobj, &hone_attr_group)) {
		pr_warn("hone: /sys/kernel/hone could not be made\n");
		kobject_put(kobj);
	}
}
