// SPDX-License-Identifier: MIT
/*
 * Connections to a set of upstreams: which one is asked next, whether it is well enough, how many
 * requests it may have at once, and who waits for it. Knows nothing of what is said over a
 * connection but whether it can be used again.
 *
 * An upstream_set is what all workers share: health and counts, behind atomics. An upstream_pool is
 * a worker's own: names, connections that are kept, the queue.
 */
#ifndef CANDOR_UPSTREAM_POOL_H
#define CANDOR_UPSTREAM_POOL_H

#include "base/list.h"
#include "io/loop.h"
#include "registry/outcome.h"
#include "upstream/address.h"

#include <netinet/in.h>

struct dial;
struct upstream_pool;
struct upstream_set;

enum upstream_balance {
    BALANCE_LEAST,       // the less busy of two random choices, by weight
    BALANCE_ROUND_ROBIN, // by weight
    BALANCE_HASH,        // of upstream_wish.hash; an upstream that falls away moves only its own
};

struct upstream_target {
    struct upstream_address address;
    uint32_t weight; // at least 1
};

/* Times are in milliseconds. What is 0 there is not done, unless it says otherwise. */
struct upstream_options {
    const struct upstream_target *targets;
    size_t count; // at most UPSTREAM_MOST
    enum upstream_balance balance;
    uint64_t connect_timeout;
    uint64_t max_connections; // to each upstream, of all workers together; 0: no bound
    uint64_t keep_timeout;    // how long an idle connection is kept
    struct {
        uint64_t length;  // requests that wait, of all workers together
        uint64_t timeout; // from 1 on
    } queue;
    struct {
        uint32_t percent; // of the requests of the last LIMIT_UPSTREAM_WINDOW,
        uint32_t least;   // and at least so many a second, of all workers together
    } retry_budget;
    struct {
        struct span path; // empty: only what becomes of requests tells
        uint64_t interval, timeout;
        uint16_t status;
        uint32_t failures; // consecutive ones, after which it is not asked for a while; 0: requests
                           // tell nothing, and a check at once
    } health;
    struct {
        struct span servers; // "127.0.0.1:53,[::1]:53"; empty: those of the system
        uint64_t timeout;    // for one lookup; 0: LIMIT_NAME_TIMEOUT
    } resolver;
};

enum { UPSTREAM_MOST = 64 }; // so that those which were tried fit into a word

/* Copies what it needs. Negated errors of base/error.def. */
int upstream_set_new(const struct upstream_options *o, struct upstream_set **ret_set);
void upstream_set_free(struct upstream_set *s);

/* Nothing is resolved or connected until there is a wish; active health checks are run by one
 * worker for all. */
int upstream_pool_open(struct loop *l, struct upstream_set *s, struct upstream_pool **ret_pool);
/* There is no wish and no connection that is lent any more. */
void upstream_pool_close(struct upstream_pool *p);

/* How far an attempt came, in the order of the log. */
enum upstream_phase {
    PHASE_QUEUE,
    PHASE_RESOLVE,
    PHASE_CONNECT,
    PHASE_SEND,
    PHASE_WAIT, // for the first byte of an answer
    PHASE_HEAD,
    PHASE_BODY,
};
struct span upstream_phase_name(enum upstream_phase phase);

/* A connection that is lent to whoever wished for it. */
struct upstream_connection {
    struct stream stream; // connected; watched by nobody; no operation is under way
    struct upstream_pool *pool;
    unsigned target; // index into the options' targets
    bool reused;     // it has carried a request before
    void *borrower;  // whoever it is lent to may find itself by this

    struct list link;  // private from here on
    struct dial *dial; // while it is being made
    unsigned endpoint; // of the dial
    unsigned generation;
    struct in6_addr address; // that a name had, of that generation
    int64_t kept;            // since when it is
};

/* A wish for a connection, kept by whoever has it until `done`. */
struct upstream_wish {
    // Filled in by whoever has it.
    uint64_t hash;  // for BALANCE_HASH
    uint64_t avoid; // bit by target: those that failed already; asked only if there is no other
    bool fresh;     // a new connection, not one that was kept
    void (*done)(struct upstream_wish *w); // in the loop; never before upstream_ask returned

    // Filled in before `done`.
    struct upstream_connection *connection; // NULL: cause tells
    int target;                             // that was chosen; -1: none
    enum outcome cause;        // upstream_unavailable, _busy, _queue_timeout, _name_unknown,
                               // _name_timeout, _unroutable, _refused, _connect_failed,
                               // _connect_timeout, _own_fault
    int system_error;          // errno behind the cause, or 0
    enum upstream_phase phase; // in which it failed
    int64_t queued, resolved, connected; // ns that each took; 0: there was no need
    uint32_t retry_after; // seconds until it may be better, with jitter; 0: nobody knows

    struct upstream_pool *pool; // private from here on
    struct dial *dial;          // while a connection is being made
    struct list link;           // in the queue
    struct timer timer;
    struct loop_call call;
    int64_t asked;
    bool is_queued, is_trial;
    uint64_t wants; // bit by target: those that it waits for
};

/* `done` follows, in the same round of the loop where a kept connection serves. A wish that was
 * done may be asked again, also within `done`. */
void upstream_ask(struct upstream_pool *p, struct upstream_wish *w);
/* `done` does not follow any more. Harmless after it. */
void upstream_withdraw(struct upstream_wish *w);

/*
 * The connection is given back: kept for another request, or closed at once (with a reset where
 * `broken`). No operation of its stream is under way but sends that are to be lost.
 */
enum upstream_return { RETURN_KEEP, RETURN_CLOSE, RETURN_RESET };
void upstream_give_back(struct upstream_connection *c, enum upstream_return how);

/* What became of a request: passive health. A failure is what tells that the upstream is not well,
 * not an answer with an error. That a connection could not be made is known already. */
void upstream_report(struct upstream_pool *p, unsigned target, bool success);

/* A request was received that may lead to attempts: what the budget is a part of. */
void upstream_count_request(struct upstream_pool *p);
/* Whether the budget permits one more attempt, which is counted now. */
bool upstream_may_retry(struct upstream_pool *p);

/* For the log and Proxy-Status: as it stands in `to`. */
struct span upstream_name(const struct upstream_pool *p, unsigned target);
const struct upstream_address *upstream_address_of(const struct upstream_pool *p, unsigned target);

#endif
