/* SPDX-License-Identifier: GPL-2.0-only */
/* Raw files: whole records as the kernel gave them, in order of time. */
#ifndef HONE_RAW_H
#define HONE_RAW_H

#include "decode.h"

#include <stdbool.h>

/* Recording; false after a message. */
bool raw_open(const char *path);
bool raw_record(const struct record *r);
bool raw_flush(void);
bool raw_close(void);

#endif
