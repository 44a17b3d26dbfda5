// SPDX-License-Identifier: MIT
/*
 * Regular expressions of JSON Schema: those of ECMA-262 with its flag "u", translated to PCRE2's
 * and matched within bounds. What PCRE2 knows and ECMA-262 does not is refused, not given another
 * meaning. What is forgiven: a backslash before punctuation, and "{", "}" and "]" that stand for
 * themselves. What cannot be held to: a lookbehind whose length is not known beforehand.
 */
#ifndef CANDOR_HTTP_JSON_PATTERN_H
#define CANDOR_HTTP_JSON_PATTERN_H

#include "base/span.h"

struct json_pattern; // does not change, and is for all threads

struct json_pattern_fault {
    char message[128]; // what is wrong; ends with NUL
};

/* Of a text in UTF-8. -CANDOR_E_SYNTAX or -CANDOR_E_LIMIT with *ret_fault, -CANDOR_E_MEMORY. */
int json_pattern_compile(struct span text, struct json_pattern **ret,
                         struct json_pattern_fault *ret_fault);
/* Also for NULL. */
void json_pattern_free(struct json_pattern *p);

/* What matching needs besides, for one thread at a time. All zeros: nothing yet. */
struct json_matcher {
    void *data, *context;
};
void json_matcher_done(struct json_matcher *m);

/*
 * Whether the pattern is found anywhere in a text in UTF-8: 1 or 0. *steps grows with the work, and
 * where it gets above `most` it is -CANDOR_E_LIMIT, as it is for a match that takes too much by
 * itself (LIMIT_JSON_PATTERN_CALLS, LIMIT_JSON_PATTERN_HEAP). -CANDOR_E_MEMORY.
 */
int json_pattern_matches(const struct json_pattern *p, struct json_matcher *m, struct span text,
                         size_t *steps, size_t most);

#endif
