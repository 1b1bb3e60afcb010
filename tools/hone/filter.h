/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filters: which packets are wanted, by what they are (in the kernel, or here
 * when records are replayed) and by whose they are (in the kernel as far as it
 * knows, and here).
 */
#ifndef HONE_FILTER_H
#define HONE_FILTER_H

#include "sink.h"

/* Each may be given more than once; ends the program if it makes no sense. */
void filter_direction(const char *which);
void filter_interface(const char *name);
void filter_pid(const char *list);
void filter_uid(const char *list);
void filter_gid(const char *list);
void filter_comm(const char *name);
void filter_exe(const char *path);
void filter_cgroup(const char *path);
void filter_netns(const char *list);
void filter_conn_cookie(const char *list);
void filter_follow_forks(void);
void filter_exclude_pid(const char *list);
/* One more process that is wanted, from now on. */
void filter_add_pid(__u32 pid);
/* The words of a pcap-filter(7) expression. */
void filter_expression(char **words, int n);
void filter_expression_file(const char *path);

/*
 * The next of numbers that commas part, with @hex also one with 0x before it; *@at
 * is NULL behind the last.
 */
__u64 filter_next_number(const char *option, const char *list, const char **at,
			 __u64 max, bool hex);
/* Ends the program with a message. */
void filter_bad(const char *option, const char *arg, const char *why);

/* Tells the kernel; false after a message. */
bool filter_configure(void);
bool filter_configure_who(void);
bool filter_by_who(void);
/* For records that no kernel has filtered. */
void filter_replay(void);

/* Is there a condition of what a packet is, or where? */
bool filter_by_packet(void);
/* Says which interfaces are not here, or, at the end, none has used. */
void filter_tell_missing(void);
void filter_tell_unused(void);

/* Whatever is asked for has been: is it less than all? */
void filter_settle(void);
extern bool filter_any;
/* Is a packet one that is wanted, whosever it is? */
bool filter_packet(const struct attributed *p);
/* And is a user of it wanted, @img (may be NULL) by connection @cookie? */
bool filter_user(struct image *img, __u64 cookie);
bool filter_cookie(__u64 cookie);
/* Are events of it wanted? */
bool filter_image(struct image *img);
bool filter_conn(struct conn *c);
/*
 * A process was created by or from @from (may be NULL), or has changed and is
 * what @as says: is it followed, and what it starts?
 */
void filter_changed(struct image *img, const struct naming *as,
		    const struct image *from);

#endif
