// SPDX-License-Identifier: MIT
/*
 * The outcomes of Candor: everything that can become of a request, each with its cause, its status
 * and what to do about it. The token of an outcome ends the `type` of a problem body (RFC 9457) and
 * stands in the access log.
 */
#ifndef CANDOR_OUTCOME_H
#define CANDOR_OUTCOME_H

#include <candor/api.h>

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One outcome. */
struct candor_outcome;

/* By its token ("header-timeout"), in lower case; NULL when there is no such outcome. */
CANDOR_API const struct candor_outcome *candor_outcome_from_token(const char *token, size_t length);

/* Walks all outcomes in the order of a request's way: the first one for NULL, then the one after
 * `outcome`, and NULL behind the last. */
CANDOR_API const struct candor_outcome *candor_outcome_next(const struct candor_outcome *outcome);

/* True when the token, the title or the advice contains the text, without regard to the case of
 * ASCII letters. An empty text matches nothing. */
CANDOR_API bool candor_outcome_matches(const struct candor_outcome *outcome, const char *text,
                                       size_t length);

/* Lower-case words joined by "-"; it never changes its meaning. */
CANDOR_API const char *candor_outcome_token(const struct candor_outcome *outcome);

/* The code of the response's status; candor_status_from_code knows it. */
CANDOR_API int candor_outcome_status(const struct candor_outcome *outcome);

/* What happened: one sentence without its full stop. */
CANDOR_API const char *candor_outcome_title(const struct candor_outcome *outcome);

/* What the client, and what the server's operator can do: whole sentences. */
CANDOR_API const char *candor_outcome_client_advice(const struct candor_outcome *outcome);
CANDOR_API const char *candor_outcome_operator_advice(const struct candor_outcome *outcome);

/* The error type for Proxy-Status (RFC 9209 §2.3), or NULL when no gateway is involved. */
CANDOR_API const char *candor_outcome_proxy_error(const struct candor_outcome *outcome);

#ifdef __cplusplus
}
#endif

#endif
