// SPDX-License-Identifier: MIT
/*
 * The status codes of IANA's registry: what the RFCs say of each, and its meaning in plain English.
 * And the codes that are in use without being registered.
 */
#ifndef CANDOR_STATUS_H
#define CANDOR_STATUS_H

#include <candor/api.h>

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One registered status code. */
struct candor_status;

/* NULL when IANA's registry has no such code. Constant time. */
CANDOR_API const struct candor_status *candor_status_from_code(int code);

/* Walks all codes in ascending order: the first one for NULL, then the one after `status`, and NULL
 * behind the last. */
CANDOR_API const struct candor_status *candor_status_next(const struct candor_status *status);

/* True when the code, the reason phrase, the meaning or the name of a field that goes with it
 * contains the text, without regard to the case of ASCII letters. An empty text matches nothing. */
CANDOR_API bool candor_status_matches(const struct candor_status *status, const char *text,
                                      size_t length);

/* 100 to 599. */
CANDOR_API int candor_status_code(const struct candor_status *status);

/* The first digit: 1 interim, 2 success, 3 redirection, 4 client error, 5 server error
 * (RFC 9110 §15). */
CANDOR_API int candor_status_class(const struct candor_status *status);

/* The registered reason phrase: "Not Found". */
CANDOR_API const char *candor_status_reason(const struct candor_status *status);

/* Where it is defined: "RFC 9110 §15.5.5". */
CANDOR_API const char *candor_status_section(const struct candor_status *status);

/* What it means, what causes it and what it carries: a few sentences. */
CANDOR_API const char *candor_status_meaning(const struct candor_status *status);

/* Names of fields, separated by ", "; "" for none. Where one is due only under a condition, the
 * meaning tells it. */
CANDOR_API const char *candor_status_fields_must(const struct candor_status *status);
CANDOR_API const char *candor_status_fields_should(const struct candor_status *status);
CANDOR_API const char *candor_status_fields_may(const struct candor_status *status);

/* Fields that it must carry if the 200 to the same request would have had them
 * (RFC 9110 §15.3.7, §15.4.5), separated by ", "; "" for none. */
CANDOR_API const char *candor_status_fields_repeated(const struct candor_status *status);

/* Heuristically cacheable by default (RFC 9110 §15.1). */
CANDOR_API bool candor_status_is_cacheable(const struct candor_status *status);

/* A cache must not store it (RFC 6585). */
CANDOR_API bool candor_status_is_no_store(const struct candor_status *status);

/* The same request may succeed later. A program repeats by itself only an idempotent one
 * (RFC 9110 §9.2.2). */
CANDOR_API bool candor_status_is_retryable(const struct candor_status *status);

/* False when a response with it has no content (RFC 9110 §6.4.1). */
CANDOR_API bool candor_status_has_content(const struct candor_status *status);

/* True when the code is registered but no longer to be sent: 305, 306, 418, 510. */
CANDOR_API bool candor_status_is_unused(const struct candor_status *status);

/* One use of a code that is in no registry. One code may have several. */
struct candor_unregistered;

/* Walks them in ascending order of code, as candor_status_next does. */
CANDOR_API const struct candor_unregistered *candor_unregistered_next(
    const struct candor_unregistered *unregistered);

/* The code, such as 499. */
CANDOR_API int candor_unregistered_code(const struct candor_unregistered *unregistered);

/* Who uses it: "nginx". */
CANDOR_API const char *candor_unregistered_user(const struct candor_unregistered *unregistered);

/* What they call it: "Client Closed Request". */
CANDOR_API const char *candor_unregistered_name(const struct candor_unregistered *unregistered);

/* What it means there. */
CANDOR_API const char *candor_unregistered_meaning(const struct candor_unregistered *unregistered);

#ifdef __cplusplus
}
#endif

#endif
