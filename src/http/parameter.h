// SPDX-License-Identifier: MIT
/*
 * What many fields share: lists whose members are separated by commas (RFC 9110 §5.6.1), tokens
 * (§5.6.2), quoted strings (§5.6.4) and parameters (§5.6.6). Cursors over spans; no allocation.
 */
#ifndef CANDOR_HTTP_PARAMETER_H
#define CANDOR_HTTP_PARAMETER_H

#include "base/span.h"

struct parameter {
    struct span name;  // in any case
    struct span value; // without the quotes, but with the backslashes of quoted pairs
    bool quoted;
};

enum parameter_result { PARAMETER_END, PARAMETER_FOUND, PARAMETER_MALFORMED };

/* Takes a token off the front of *rest; an empty span when there is none. */
struct span token_take(struct span *rest);

/*
 * Takes the next parameter off the front of *rest, with the ";" before it; empty ones (";;") are
 * skipped. PARAMETER_END: only whitespace was left.
 */
enum parameter_result parameter_next(struct span *rest, struct parameter *ret);

/* Whether both values mean the same text, whether quoted or not; nocase: but for ASCII case. */
bool parameter_value_eq(const struct parameter *a, const struct parameter *b, bool nocase);

/*
 * Takes the next member that is not empty off the front of *rest, without whitespace around it.
 * A comma inside a quoted string does not separate; a string without its end goes on to the end of
 * the field. False: no member is left. Not for entity tags: a backslash is no escape in them.
 */
bool list_take(struct span *rest, struct span *ret_member);

#endif
