// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: capture from boot. With hone.boot=on a session begins before the first
 * process of user space does, the only one that nobody holds: it keeps the
 * newest that its rings can hold, until a reader takes it over.
 */
#include "hone.h"

#include <linux/capability.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

static DEFINE_MUTEX(hone_boot_lock);	/* hone_boot */
/* The session that waits for its reader, or NULL. */
static struct hone_session *hone_boot;

static bool hone_boot_on __ro_after_init;
/* In the command line, which stays. */
static const char *hone_boot_filter __ro_after_init;

static struct hone_session *hone_boot_take(void)
{
	struct hone_session *s;

	mutex_lock(&hone_boot_lock);
	s = hone_boot;
	hone_boot = NULL;
	mutex_unlock(&hone_boot_lock);
	return s;
}

/**
 * hone_boot_waits - is there a session that nobody has taken over?
 *
 * Context: any.
 * Return: true if there is.
 */
bool hone_boot_waits(void)
{
	return READ_ONCE(hone_boot);
}

/**
 * hone_boot_end - end the session that nobody has taken over
 *
 * Context: process context; may sleep.
 */
void hone_boot_end(void)
{
	struct hone_session *s = hone_boot_take();

	if (s)
		hone_session_end(s);
}

/*
 * From here on it is a session as others: it ends with the descriptor, which
 * gives the status and, if it is open for writing, takes commands.
 */
static int hone_boot_open(struct inode *inode, struct file *file)
{
	struct hone_session *s;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	s = hone_boot_take();
	if (!s)
		return -ENODEV;
	mutex_lock(&s->lock);
	hone_session_freeze(s);
	mutex_unlock(&s->lock);
	file->private_data = s;
	return 0;
}

/* No ioctl, no mmap, and 0400: a locked down kernel lets it be read. */
static const struct file_operations hone_boot_fops = {
	.owner		= THIS_MODULE,
	.open		= hone_boot_open,
	.read		= hone_control_read,
	.write		= hone_control_write,
	.llseek		= default_llseek,
	.release	= hone_control_release,
};

/* Commands as of the control file, with semicolons for line ends. */
static int __init hone_boot_command(struct hone_session *s, const char *text)
{
	char *copy = kstrdup(text, GFP_KERNEL);
	int err;

	if (!copy)
		return hone_refuse(s, -ENOMEM, "no memory");
	strreplace(copy, ';', '\n');
	err = hone_session_commands(s, copy);
	kfree(copy);
	return err;
}

static int __init hone_boot_start(void)
{
	struct hone_session *s;
	int err;

	if (!hone_boot_on)
		return 0;
	s = hone_session_new();
	if (IS_ERR(s))
		return PTR_ERR(s);
	mutex_lock(&s->lock);
	err = hone_boot_filter ? hone_boot_command(s, hone_boot_filter) : 0;
	if (!err)
		err = hone_boot_command(s, "mode overwrite;start");
	mutex_unlock(&s->lock);
	if (err) {
		/* More than was wanted is not recorded instead. */
		pr_err("hone: no capture from boot: %s\n", s->error);
		hone_session_end(s);
		return err;
	}
	mutex_lock(&hone_boot_lock);
	hone_boot = s;
	mutex_unlock(&hone_boot_lock);
	debugfs_create_file("boot", 0400, hone_dir(), NULL, &hone_boot_fops);
	return 0;
}

/*
 * Behind all sources of records, and before the network is set up for a root
 * file system: initcalls of a level are in the order of linking.
 */
late_initcall(hone_boot_start);

static int hone_boot_set(const char *val, const struct kernel_param *kp)
{
	if (strcmp(val, "on") && strcmp(val, "off"))
		return -EINVAL;
	hone_boot_on = !strcmp(val, "on");
	return 0;
}

static int hone_boot_filter_set(const char *val,
				const struct kernel_param *kp)
{
	hone_boot_filter = val;
	return 0;
}

static const struct kernel_param_ops hone_boot_ops = {
	.set = hone_boot_set,
};

static const struct kernel_param_ops hone_boot_filter_ops = {
	.set = hone_boot_filter_set,
};

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "hone."
module_param_cb(boot, &hone_boot_ops, NULL, 0);
module_param_cb(boot_filter, &hone_boot_filter_ops, NULL, 0);
