// SPDX-License-Identifier: MIT
/*
 * A dial: from a target to a connected socket, by way of its name and of the addresses that the
 * name has. Addresses are tried in turn, of both families, the next one as soon as one fails or
 * stays silent for a moment (RFC 8305 in its simple form); the first that connects wins.
 */
#ifndef CANDOR_UPSTREAM_DIAL_H
#define CANDOR_UPSTREAM_DIAL_H

#include "upstream/name.h"
#include "upstream/pool.h"

/* The connections of a pool, for those that are being closed when the pool goes. */
struct connections {
    struct loop *loop;
    struct list closing;
};
void connections_init(struct connections *all, struct loop *l);
/* Those that are being closed are gone at once. */
void connections_done(struct connections *all);
/* The connection is gone, for its owner, at once. */
void connection_close(struct connections *all, struct upstream_connection *c, bool reset);
/* Not within a callback of its stream. */
void connection_drop(struct upstream_connection *c);

struct dial {
    // Filled in by whoever has it; all else zeros.
    struct connections *connections;
    const struct endpoint *endpoint; // the address, where there is no name
    struct name *name;
    uint16_t port; // for a name
    uint64_t timeout;
    void (*done)(struct dial *d); // never before dial_begin returned
    void *owner;

    // What came of it.
    struct upstream_connection *connection; // NULL: cause tells; its pool and target are not set
    enum outcome cause;
    int system_error;
    enum upstream_phase phase;
    int64_t resolved, connected; // ns that each took

    struct name_wait wait; // private from here on
    struct endpoint endpoints[NAME_ENDPOINTS];
    unsigned next, count, rank;
    struct list racing; // connections under way
    struct timer stagger, deadline;
    struct loop_call call;
    int64_t begun;
};

void dial_begin(struct dial *d);
/* `done` does not follow any more. Harmless when it was called already. */
void dial_cancel(struct dial *d);

#endif
