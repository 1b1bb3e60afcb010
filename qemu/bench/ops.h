/* SPDX-License-Identifier: GPL-2.0-only */
/* Operations whose cost is counted. */
#ifndef HONE_BENCH_OPS_H
#define HONE_BENCH_OPS_H

#include <stdbool.h>

/*
 * One process on one CPU does both ends, so nothing depends on the scheduler.
 * What is done before and after an operation does not belong to it.
 */
struct op {
	const char *name;
	void (*setup)(void);
	void (*before)(void);
	void (*once)(void);
	void (*after)(void);
	bool crowd;			/* has a size */
	bool late;			/* programs go on when all is done */
	bool uneven;			/* one of many does all the work */
};

extern const struct op ops[];		/* the last one has no name */

const struct op *op_find(const char *name);	/* or NAME:SIZE */
void op_setup(const struct op *op);
void op_close(void);			/* what the setup has opened */

void fail(const char *doing);		/* prints errno, and exits */

#endif
