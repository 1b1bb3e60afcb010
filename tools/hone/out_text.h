/* SPDX-License-Identifier: GPL-2.0-only */
/* Text: one record a line. */
#ifndef HONE_OUT_TEXT_H
#define HONE_OUT_TEXT_H

#include "sink.h"

/* Opens the output; false after a message. */
bool text_open(const char *path);
extern const struct sink sink_text;

#endif
