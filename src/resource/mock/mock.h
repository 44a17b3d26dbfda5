// SPDX-License-Identifier: MIT
/*
 * A route that makes its answers up, and what an exchange holds of it. The parts: recipe.h tells
 * what is asked for, answer.h what is answered to it, body.h and echo.h what goes out behind the
 * head.
 */
#ifndef CANDOR_RESOURCE_MOCK_MOCK_H
#define CANDOR_RESOURCE_MOCK_MOCK_H

#include "graph/resource.h"
#include "io/loop.h"
#include "resource/files/digest_hash.h"
#include "resource/mock/body.h"
#include "resource/mock/recipe.h"
#include "resource/mock/websocket.h"

#include <stdatomic.h>

struct mock_options {
    uint64_t seed; // UINT64_MAX: none, it is drawn at the start
};

/* What all workers share of a route. */
struct mock_share {
    uint64_t seed;
    int64_t since; // seconds since 1970: when what it makes up was last modified
    _Atomic uint64_t turn;
};

/* Of one worker. */
struct mock {
    struct resource resource;
    struct mock_share *share;
    struct loop *loop;
};

/* What an exchange holds, on its arena. */
struct mock_state {
    struct exchange *x;
    struct mock *mock;
    struct mock_recipe recipe;
    struct timer timer; // all zeros until it is needed
    unsigned waits;     // for so many things, before the answer
    bool is_timed;
    unsigned code; // the status of the answer
    uint64_t seed, turn;
    struct range range;              // with a part of a representation
    struct digest_hash *digest;      // of the content
    struct digest_hash *body_digest; // of the body, for the trailer section
    struct mock_body body;

    struct websocket websocket;
    struct span kept;  // bytes that came and were not read yet
    bool keeps;        // and are to be told as taken
    bool takes;        // they are just coming
    bool awaits_piece; // the session does
    bool ends;         // nothing more comes, or is to be sent
};

static inline struct mock *mock_of(const struct exchange *x)
{
    return container_of(x->routing.resource, struct mock, resource);
}

/* NULL without memory. */
struct mock_state *mock_state_of(struct exchange *x);

/* Calls done(timer) then: monotonic ns, perhaps in the past, but never before this returned. */
void mock_wait(struct mock_state *s, int64_t at, void (*done)(struct timer *t));

static inline struct mock_state *mock_state_of_timer(struct timer *t)
{
    return container_of(t, struct mock_state, timer);
}

/* What chances and choices hang on: the same number for the same seed, turn and purpose. */
uint64_t mock_roll(const struct mock_state *s, uint64_t purpose);

#endif
