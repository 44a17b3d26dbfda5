// SPDX-License-Identifier: MIT
/*
 * The status codes of IANA's registry (status.def): what RFC says of each, and its meaning in our
 * own words.
 */
#ifndef CANDOR_REGISTRY_STATUS_H
#define CANDOR_REGISTRY_STATUS_H

#include "base/span.h"

struct status_info {
    int code;
    struct span reason;   // "Not Found"
    const char *section;  // "RFC 9110 §15.5.5"
    bool cacheable;       // heuristically cacheable by default, RFC 9110 §15.1
    bool retry;           // the same request may succeed later (idempotent methods only)
    const char *must;     // fields that must accompany it, separated by ", "; "" for none
    const char *should;   // fields that should
    const char *meaning;  // in plain English
};

/* In ascending order of code; status_count rows. */
extern const struct status_info status_table[];
extern const size_t status_count;

/* NULL when IANA's registry has no such code. */
const struct status_info *status_from_code(int code);

/* "HTTP/1.1 404 Not Found\r\n", ready for the wire; code must be in the table. */
struct span status_line(int code);

#endif
