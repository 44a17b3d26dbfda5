// SPDX-License-Identifier: MIT
/*
 * The formats of JSON Schema (draft 2020-12, validation §7.3) that can be asserted.
 */
#ifndef CANDOR_HTTP_JSON_FORMAT_H
#define CANDOR_HTTP_JSON_FORMAT_H

#include "base/span.h"

struct json_format {
    const char *name;
    const char *meaning; // "a date, such as 2024-02-29 (RFC 3339)"
    bool (*matches)(struct span text);
};

/* NULL: no such format is known. */
const struct json_format *json_format_from_name(struct span name);

#endif
