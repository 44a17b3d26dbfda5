// SPDX-License-Identifier: MIT
/*
 * Looks through a JSON text (RFC 8259) without building anything: is it well-formed, how deep is
 * it, and how much memory will it take as a tree? It tells the byte at which a fault begins, which
 * the parser behind it does not: that one only knows where it stopped to read.
 */
#ifndef CANDOR_HTTP_JSON_SCAN_H
#define CANDOR_HTTP_JSON_SCAN_H

#include "base/span.h"

struct json_scan {
    size_t memory;        // upper bound of what jansson takes for the tree, in bytes
    size_t offset;        // where the fault is, in bytes
    const char *expected; // what was to be there; static
};

/*
 * 0, with ret->memory; -CANDOR_E_SYNTAX, or -CANDOR_E_LIMIT for nesting deeper than
 * LIMIT_JSON_DEPTH, with the rest of it.
 */
int json_scan(struct span text, struct json_scan *ret);

#endif
