// SPDX-License-Identifier: MIT
/*
 * What the files behind pool.h share; nobody else includes it but tests.
 *
 * Shared by all workers: upstream_set, with atomics for what each request touches, and a mutex for
 * what happens seldom. Times are monotonic nanoseconds.
 */
#ifndef CANDOR_UPSTREAM_PARTS_H
#define CANDOR_UPSTREAM_PARTS_H

#include "upstream/dial.h"
#include "upstream/pool.h"
#include "upstream/window.h"

#include <pthread.h>
#include <stdatomic.h>

/* What all workers know of a target. What the mutex of the set guards is marked so. */
struct shared {
    _Alignas(64) _Atomic uint32_t in_flight; // wishes that chose it, and connections that are lent
    _Atomic uint64_t connections;            // that are open or being opened; with max_connections
    _Atomic uint32_t failures;               // consecutive ones of requests
    uint32_t probe_failures;                 // consecutive ones; guarded, as all that follows
    bool is_down;                            // so the probes say
    bool is_trying;                          // a trial is under way
    uint32_t ejections;                      // in a row; how long the next one is
    int64_t ejected_until;                   // 0: it is not
    int64_t tried;                           // when the trial began
    int64_t recovered;                       // when the last ejection ended
    int64_t next_probe;                      // 0: none is to come
};

struct target {
    struct upstream_address address;
    struct endpoint endpoint; // of an address that need not be looked up; else of AF_UNSPEC
    uint32_t weight;
    const char *name; // its host, for who looks it up
    uint64_t hash;    // of its text
};

struct upstream_set {
    struct upstream_options o; // its spans and targets are this set's own
    char *texts;
    struct target targets[UPSTREAM_MOST];
    struct shared shared[UPSTREAM_MOST];
    _Atomic uint64_t unwell;  // bit by target: it may not be asked without a closer look
    _Atomic int64_t look_at;  // when one may tell anything new
    _Atomic uint64_t waiting; // wishes in the queues of all pools
    struct window window;

    pthread_mutex_t lock;
    struct list pools;
    struct upstream_pool *prober; // whose worker runs the active checks; NULL: nobody
};

/* What a worker knows of a target. */
struct own {
    struct list kept; // idle connections, the last used first
    _Atomic uint32_t kept_count;
    uint32_t waiting; // wishes of the queue that this target might serve
    int64_t turn;     // of round robin
    struct name name;
};

struct probe;

struct upstream_pool {
    struct loop *loop;
    struct upstream_set *set;
    struct list link; // in the set's
    struct loop_message message;
    _Atomic uint64_t asked;   // bit by target: another worker needs a connection less there
    _Atomic uint32_t waiting; // length of the queue
    _Atomic int64_t oldest;   // since when its first one waits
    struct list queue;
    struct loop_call serve;
    struct timer sweep;
    struct connections connections;
    struct names names;
    uint64_t random;
    struct probe *probes; // one for each target, where this worker runs them
    struct own own[UPSTREAM_MOST];
};

static inline uint64_t target_bit(unsigned target)
{
    return UINT64_C(1) << target;
}

/* Not for secrets: xorshift64*. */
static inline uint64_t pool_random(struct upstream_pool *p)
{
    p->random ^= p->random >> 12;
    p->random ^= p->random << 25;
    p->random ^= p->random >> 27;
    return p->random * UINT64_C(0x2545f4914f6cdd1d);
}

#endif
