// SPDX-License-Identifier: MIT
/*
 * The gateway: a resource that passes each request on to an upstream, and the answer back
 * (RFC 9110 §7.6). docs/gateway.md describes it.
 *
 * A request on its way is a passage: its content as far as it is kept, its attempts, and the fetch
 * that brings the answer. It lives until the exchange is released, and then serves another.
 */
#ifndef CANDOR_RESOURCE_GATEWAY_GATEWAY_H
#define CANDOR_RESOURCE_GATEWAY_GATEWAY_H

#include "graph/relay.h"
#include "graph/resource.h"
#include "resource/option.h"
#include "upstream/fetch.h"

struct gateway_target {
    struct span address;
    uint64_t weight;
};

/* What becomes of fields as messages pass. */
struct field_rules {
    struct option_list set, add; // struct option_field
    struct option_list remove;   // struct span
};

struct gateway_options {
    struct option_list to; // struct gateway_target
    struct option_balance balance;
    uint64_t connect_timeout, response_timeout, idle_timeout; // milliseconds
    uint64_t max_connections, retries;
    struct {
        uint64_t length, timeout;
    } queue;
    struct {
        uint64_t percent, least;
    } retry_budget;
    struct {
        struct span path;
        uint64_t interval, timeout, status, failures;
    } health;
    struct span host; // "pass": that of the request
    bool strip;
    struct span prefix;
    uint64_t buffer, max_response; // bytes
    struct option_list errors;     // struct option_statuses
    struct {
        struct field_rules to_upstream, to_client;
    } fields;
    struct span resolver;
    uint64_t half_closed; // 1: leave
    struct span root, index, scripts, script;
};

enum { PSEUDONYM_LENGTH = sizeof "candor-0123456789abcdef" - 1 };

/* What all workers share of a route. */
struct gateway_share {
    struct upstream_set *set;
    char pseudonym[PSEUDONYM_LENGTH]; // in Via: of this route of this run of the program
};

/* Of one worker. */
struct gateway {
    struct resource resource;
    const struct gateway_options *options;
    const struct gateway_share *share;
    const struct option_list *trusted; // struct option_network: whose X-Forwarded-* count
    struct loop *loop;
    struct upstream_pool *pool;
    struct fetch_limits limits;
    struct passage *spares; // free ones, kept for the next requests
    unsigned spare_count;
    uint64_t trace; // the state of the identifiers of traces that are begun here
    bool speaks_fcgi;
    void (*tell)(const char *token, struct span sentence); // may be NULL
};

/* What is being sent to the upstream and was not taken yet. */
enum sending { SENDING_NOTHING, SENDING_KEPT, SENDING_PIECE };

struct passage {
    struct passage *next_spare;
    struct exchange *x;
    struct gateway *gateway;
    struct relay relay;
    struct upstream_wish wish;
    struct timer patience; // until the content is sent though nobody said 100 (Continue)

    struct span upgrade; // what it may change to, as it is passed on; empty: nothing
    char *kept;          // the content from its beginning, of the options' buffer
    size_t kept_length, kept_room;
    struct span held; // a piece that the session keeps for us
    enum sending sending;

    struct attempt *attempt; // the one under way, or the last
    int64_t attempt_begun;   // monotonic ns
    unsigned attempts;
    uint64_t received; // bytes of the answer's content
    unsigned interims; // that were passed on

    bool to_head;       // the answer has no content
    bool is_reused;     // the connection of the attempt has carried a request before
    bool is_begun;      // FACT_answer is being established
    bool is_collecting; // the content, before an upstream is chosen
    bool is_wished;     // for a connection
    bool is_fetching;
    bool has_head;       // of the final answer
    bool keeps_all;      // what has come of the content is all in kept
    bool content_ended;  // all of it has come
    bool is_reading;     // it was asked for
    bool content_told;   // its end was, to the fetch
    bool waits_to_send;  // for 100 (Continue)
    bool script_unknown; // as the application said

    struct fetch fetch; // begun anew with each attempt; the last member
};

static inline struct gateway *gateway_of(const struct exchange *x)
{
    return container_of(x->routing.resource, struct gateway, resource);
}

static inline struct passage *passage_of(const struct exchange *x)
{
    return x->routing.resource_state;
}

#endif
