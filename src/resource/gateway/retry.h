// SPDX-License-Identifier: MIT
/*
 * Whether a request that failed is sent again: only where that can do no harm (RFC 9110 §9.2.2).
 */
#ifndef CANDOR_RESOURCE_GATEWAY_RETRY_H
#define CANDOR_RESOURCE_GATEWAY_RETRY_H

#include "resource/gateway/gateway.h"

/* How an attempt failed. */
struct attempt_failure {
    enum outcome cause;
    int system_error;
    enum upstream_phase phase;
    int target;            // -1: none was chosen
    bool was_lent;         // a connection was there
    bool may_have_arrived; // a byte of the request was sent
    bool answer_begun;     // a byte of an answer has come
};

/* Counts it against the budget. *ret_why: why, or why not, for the log. */
bool retry_is_due(const struct passage *p, const struct attempt_failure *f, struct span *ret_why);

/* Whether the failure tells that the upstream is not well. */
bool retry_blames_upstream(const struct passage *p, const struct attempt_failure *f);

#endif
