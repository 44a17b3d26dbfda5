// SPDX-License-Identifier: MIT
/*
 * A resource: what a route leads to. It never sees a connection or a codec, only exchanges.
 * Each worker has instances of its own, so a resource needs no locks.
 */
#ifndef CANDOR_GRAPH_RESOURCE_H
#define CANDOR_GRAPH_RESOURCE_H

#include "graph/exchange.h"

struct upstream_connection;

/* What is left of the other end of a tunnel. */
struct detached {
    struct upstream_connection *connection; // upstream/pool.h; to be given back
    uint64_t idle_timeout;                  // milliseconds
    int64_t begun;                          // monotonic ns: the attempt
    uint64_t bytes_sent;                    // to it, so far
};

struct resource_ops {
    const char *name;              // as in the configuration: "files"
    const struct fact_step *steps; // [FACT_COUNT], of the facts that it knows; NULL: none
    /*
     * Takes the next piece of the content of a method in `wants`. True: taken. False: the bytes
     * stay where they are until x->host->taken(x), which is never called before this returned.
     * Content that cannot be taken has a cause (exchange_fail) and counts as taken. A piece
     * that completes a content of known length stays where it is until the exchange ends.
     * Behind a response that is a tunnel (101) it takes the bytes that come.
     */
    bool (*take)(struct exchange *x, struct span data);
    /*
     * After host->read, or of a tunnel: nothing more comes. whole: all of the content was taken, or
     * the client has ended its side of the tunnel. Else the content broke off while the response
     * was on its way (before that, cancel is asked and the exchange has a cause). May be NULL.
     */
    void (*ended)(struct exchange *x, bool whole);
    /* Of a tunnel: gives its connection up, so that the exchange can end before the tunnel does.
     * False: something is under way over it. NULL: it has none. */
    bool (*detach)(struct exchange *x, struct detached *ret);
    /*
     * Fills in x->response for an outcome that is the resource's to answer (below 400): fields
     * and body. May be NULL.
     */
    void (*respond)(struct exchange *x);
    /*
     * Nobody waits for x any more, and it waits for something (STEP_WAIT, a piece of its body, a
     * piece of content that was kept): that is given up. True: nothing of it comes any more. False:
     * it comes, soon. NULL: it always comes.
     */
    bool (*cancel)(struct exchange *x);
    /* Gives back what x holds of the resource (x->routing.resource_state); runs once, at the end of
     * the exchange. */
    void (*release)(struct exchange *x);
    /* Ends an instance; no exchange holds anything of it any more. */
    void (*free)(struct resource *r);
};

struct resource {
    const struct resource_ops *ops;
    method_set methods; // that it can answer
    method_set wants;   // whose content it takes
    bool answers;  // by itself, rather than with a representation: it knows FACT_answer, takes the
                   // content of any method, and nothing is asked of its methods
    bool makes_up; // its answers are made up, to try clients with
    bool half_closed_leaves; // a client that has ended its side does not wait for the answer
    struct resource *reader; // answers GET and HEAD in its place, but of uploads; NULL: itself
    method_set stores;       // of these methods, whose content is what is to be kept
    uint64_t content_limit;  // bytes
    uint64_t stored_limit;   // bytes, for methods in `stores`
    size_t mount_length;     // bytes of the path that belong to the route: "/docs/" is 6
};

#endif
