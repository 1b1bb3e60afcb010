/* SPDX-License-Identifier: GPL-2.0-only */
/* Summary: for people, which process talked how much and with whom. */
#ifndef HONE_OUT_SUMMARY_H
#define HONE_OUT_SUMMARY_H

#include "sink.h"

/* @path NULL is standard error. False after a message. */
bool summary_open(const char *path);
extern const struct sink sink_summary;

#endif
