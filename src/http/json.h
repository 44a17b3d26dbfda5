// SPDX-License-Identifier: MIT
/*
 * JSON texts (RFC 8259) to trees of jansson's, with bounds: LIMIT_JSON_TEXT, LIMIT_JSON_DEPTH and
 * LIMIT_JSON_MEMORY. What receivers disagree about is refused, as RFC 7493 (I-JSON) advises: two
 * members of one name, half of a surrogate pair, text that is no UTF-8. A byte order mark in front
 * is skipped. An integer beyond 64 bits is no fault, but read as a double, as JavaScript does.
 */
#ifndef CANDOR_HTTP_JSON_H
#define CANDOR_HTTP_JSON_H

#include "base/budget.h"
#include "base/span.h"

#include <jansson.h>

struct json_fault {
    size_t line, column; // from 1; the column in characters
    size_t offset;       // in bytes, from 0
    char message[128];   // what was expected, and what is there; ends with NUL
};

/*
 * The tree of a text, which the caller gives back with json_decref().
 * part: the memory that the tree takes is counted there, and the caller gives it back behind the
 * tree; NULL: it is not counted. What it takes stays below *part's bound, or nothing is built.
 * -CANDOR_E_SYNTAX or -CANDOR_E_LIMIT with *ret_fault; -CANDOR_E_MEMORY without.
 */
int json_read(struct span text, struct budget_part *part, json_t **ret,
              struct json_fault *ret_fault);

#endif
