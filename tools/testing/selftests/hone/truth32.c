// SPDX-License-Identifier: GPL-2.0-only
/*
 * A 32-bit program without a C library: sends on descriptor 3 what it reads
 * from descriptor 0, 64 bytes at a time.
 */
static int call(int nr, int a, void *b, int c)
{
	int ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (nr), "b" (a), "c" (b), "d" (c) : "memory");
	return ret;
}

void _start(void)
{
	char buf[64];

	while (call(3 /* read */, 0, buf, sizeof(buf)) == sizeof(buf))
		if (call(4 /* write */, 3, buf, sizeof(buf)) != sizeof(buf))
			call(1 /* exit */, 1, 0, 0);
	for (;;)
		call(1, 0, 0, 0);
}
