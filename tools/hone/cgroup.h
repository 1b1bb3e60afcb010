/* SPDX-License-Identifier: GPL-2.0-only */
/* Cgroups: their paths, by their ids, which are never used again. */
#ifndef HONE_CGROUP_H
#define HONE_CGROUP_H

#include "decode.h"

void cgroup_learn(__u64 id, struct span path);
/* NULL if no record has told of it. */
const char *cgroup_path(__u64 id);

#endif
