// SPDX-License-Identifier: MIT
/*
 * What was passed on to an upstream, and how that went: for Proxy-Status (RFC 9209) and the log.
 * All of it is on the exchange's arena.
 */
#ifndef CANDOR_GRAPH_RELAY_H
#define CANDOR_GRAPH_RELAY_H

#include "registry/outcome.h"

/* One attempt to get an answer. */
struct attempt {
    struct attempt *next; // in order
    struct span upstream; // as the configuration names it; empty: none was chosen
    struct span phase;    // how far it came: queue, resolve, connect, send, wait, head, body
    enum outcome cause;   // OUTCOME_NONE: it brought the answer
    int system_error;     // errno behind the cause, or 0
    int64_t duration;     // ns
    uint64_t bytes_sent;
    struct span sequel; // why it was repeated, or why not; empty of the one that brought the answer
};

struct relay {
    struct span upstream;     // that the answer is from, or that was asked last
    uint16_t received_status; // of its answer; 0: none
    uint64_t offset;          // of the byte of the answer that is at fault, or 0
    bool own_page;            // the answer is shown with a page of ours instead of its content
    struct attempt *attempts, **attempts_end;
};

#endif
