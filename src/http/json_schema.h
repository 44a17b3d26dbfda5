// SPDX-License-Identifier: MIT
/*
 * JSON Schema, draft 2020-12. A schema is compiled once and does not change; then any number of
 * threads check values with it. A schema that cannot be held to is refused, with the place.
 *
 * Formats are annotations unless the options or a metaschema's vocabulary say otherwise. $ref leads
 * to places of the schema, of the documents that the options give, and of the metaschemas of
 * 2020-12, which are built in; nothing is fetched.
 */
#ifndef CANDOR_HTTP_JSON_SCHEMA_H
#define CANDOR_HTTP_JSON_SCHEMA_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/span.h"

#include <jansson.h>

struct json_schema;

/* A document that references may lead to, or that is a metaschema. */
struct json_schema_document {
    struct span uri; // absolute, without a fragment
    struct span text;
};

struct json_schema_options {
    struct span base; // URI of the schema, as long as it has no $id; may be empty
    const struct json_schema_document *documents;
    size_t document_count;
    bool asserts_formats;
};

struct json_schema_fault {
    char place[LIMIT_JSON_POINTER + 4]; // JSON Pointer, behind "URI#" in another document
    char message[256];                  // a sentence without a full stop
};

/*
 * Neither the text nor the options are needed afterwards; options may be NULL.
 * -CANDOR_E_SYNTAX (no JSON), -CANDOR_E_MEANING (a schema that cannot be held to) or
 * -CANDOR_E_LIMIT with *ret_fault; -CANDOR_E_MEMORY or -CANDOR_E_SYSTEM without.
 */
int json_schema_compile(struct span text, const struct json_schema_options *options,
                        struct json_schema **ret, struct json_schema_fault *ret_fault);
/* Also for NULL. */
void json_schema_free(struct json_schema *s);

/* Why a value does not fit. All text is UTF-8 in the arena, and does not end with NUL. */
struct json_violation {
    struct span instance; // JSON Pointer to the value
    struct span schema;   // JSON Pointer to the keyword, behind "URI#" in another document
    struct span keyword;
    struct span expected, found; // "a number of at least 3", "the number 2"
};

struct json_violations {
    struct arena *arena; // given by the caller
    size_t count;
    bool has_more; // than LIMIT_JSON_VIOLATIONS
    struct json_violation list[LIMIT_JSON_VIOLATIONS];
};

/*
 * Whether a value fits: 1 or 0, with the reasons where `violations` is not NULL.
 * -CANDOR_E_LIMIT: that is too costly to find out (LIMIT_JSON_SCHEMA_STEPS, LIMIT_JSON_SCHEMA_DEPTH
 * and those of patterns); -CANDOR_E_MEMORY.
 */
int json_schema_check(const struct json_schema *s, const json_t *value,
                      struct json_violations *violations);

#endif
