/* SPDX-License-Identifier: GPL-2.0-only */
/* Raw input: recorded streams, through the resolver. */
#ifndef HONE_IN_RAW_H
#define HONE_IN_RAW_H

#include "input.h"

/*
 * Replays the inputs, merged, through the resolver and the outputs. Returns an
 * exit status.
 */
int raw_replay(struct input *inputs, int n);

#endif
