/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of users and groups, from this machine's own files. */
#ifndef HONE_NAMES_H
#define HONE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/* Set: a file is read that was recorded elsewhere, names are not looked up. */
extern bool names_off;

/* A file that is read says so of a user, or else of a group. */
void names_learn(bool user, __u32 id, const char *name, size_t len);

/* NULL if it has none. */
const char *user_name(__u32 uid);
const char *group_name(__u32 gid);

#endif
