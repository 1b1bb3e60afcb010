/* SPDX-License-Identifier: GPL-2.0-only */
/* Crowds: many sockets, processes, namespaces or CPUs that a datagram is one of. */
#ifndef HONE_BENCH_CROWD_H
#define HONE_BENCH_CROWD_H

extern unsigned int crowd_size;

void crowd_sockets(void);
void crowd_sockets_once(void);
void crowd_processes(void);
void crowd_processes_once(void);
void crowd_netns(void);
void crowd_netns_once(void);
void crowd_cpus(void);
void crowd_cpus_once(void);

#endif
