// SPDX-License-Identifier: MIT
/*
 * The closed table of everything that can become of a request (outcome.def).
 * OUTCOME_NONE is zero: not decided yet.
 */
#ifndef CANDOR_REGISTRY_OUTCOME_H
#define CANDOR_REGISTRY_OUTCOME_H

#include "base/span.h"

enum outcome {
    OUTCOME_NONE,
#define OUTCOME(ident, token, status, title, client, operator_, proxy) OUTCOME_##ident,
#include "registry/outcome.def"
#undef OUTCOME
    OUTCOME_COUNT
};

struct outcome_info {
    struct span token;
    int status;
    struct span title;         // one plain sentence without its full stop: what happened
    struct span client_advice; // what the client can do; empty where there is nothing to do
    struct span operator_advice;
    const char *proxy_error; // error type of RFC 9209 §2.3, or NULL
};

/* Indexed by enum outcome; the row of OUTCOME_NONE has an empty token and status 0. */
extern const struct outcome_info outcome_table[OUTCOME_COUNT];

/* OUTCOME_NONE when there is no such token. */
enum outcome outcome_from_token(struct span token);

#endif
