/* SPDX-License-Identifier: GPL-2.0-only */
/* Floods: datagrams at a given rate, by the clock on the wall. */
#ifndef HONE_BENCH_FLOOD_H
#define HONE_BENCH_FLOOD_H

/* @device: NULL for loopback. */
void flood(unsigned long rate, unsigned long seconds, const char *device);

/* Becomes the program of @argv, on the CPU that sends nothing; does not return. */
void flood_alone(char **argv);

#endif
