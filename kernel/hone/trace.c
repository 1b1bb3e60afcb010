// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: the tracepoints themselves.
 */
#include <linux/sched/signal.h>

#define CREATE_TRACE_POINTS
#include <trace/events/hone.h>

/* Callers that may be modules. */
EXPORT_TRACEPOINT_SYMBOL_GPL(hone_tcp_deliver);
EXPORT_TRACEPOINT_SYMBOL_GPL(hone_deliver);
EXPORT_TRACEPOINT_SYMBOL_GPL(hone_tcp_write);
EXPORT_TRACEPOINT_SYMBOL_GPL(hone_listen_overflow);
EXPORT_TRACEPOINT_SYMBOL_GPL(hone_link_out);
