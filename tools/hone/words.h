/* SPDX-License-Identifier: GPL-2.0-only */
/* Words: what text outputs call protocols, events and qualities. */
#ifndef HONE_WORDS_H
#define HONE_WORDS_H

/* "tcp", "udp", ... or the number; in a buffer that the next call reuses. */
const char *proto_name(unsigned int proto);
/* Of enum hone_sock_event; in a buffer that the next call reuses. */
const char *sock_event_name(unsigned int event);
/* Of enum hone_quality. */
const char *quality_name(unsigned int quality);
/* Of enum hone_kind. */
const char *kind_name(unsigned int kind);

#endif
