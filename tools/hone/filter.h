/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filters: which packets are wanted, by what they are (in the kernel, or here
 * when records are replayed) and by whose they are (here).
 */
#ifndef HONE_FILTER_H
#define HONE_FILTER_H

#include "sink.h"

/* Each may be given more than once; ends the program if it makes no sense. */
void filter_direction(const char *which);
void filter_interface(const char *name);
void filter_pid(const char *list);
void filter_uid(const char *list);
void filter_comm(const char *name);
void filter_exe(const char *path);
void filter_follow_forks(void);
void filter_exclude_pid(const char *list);
/* One more process that is wanted, from now on. */
void filter_add_pid(__u32 pid);
/* The words of a pcap-filter(7) expression. */
void filter_expression(char **words, int n);
void filter_expression_file(const char *path);

/* Tells the kernel; false after a message. */
bool filter_configure(void);
/* For records that no kernel has filtered. */
void filter_replay(void);

/* Is a packet one that is wanted? Its users are known. */
bool filter_packet(const struct attributed *p);
/* Are events of it wanted? */
bool filter_image(struct image *img);
bool filter_conn(struct conn *c);
/* A process was created: is it followed? */
void filter_forked(struct image *img, const struct image *from);

#endif
