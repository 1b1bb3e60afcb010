/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON: one object a line. */
#ifndef HONE_OUT_JSON_H
#define HONE_OUT_JSON_H

#include "sink.h"

/* Opens the output; false after a message. */
bool json_open(const char *path);
extern const struct sink sink_json;

#endif
