// SPDX-License-Identifier: MIT
/*
 * From a text that http/json_scan.h found to be well-formed to a tree of jansson's. jansson's own
 * reader takes a character at a time through several hands, which costs five times as much, and of
 * two members of one name it does not tell where the second begins.
 */
#ifndef CANDOR_HTTP_JSON_BUILD_H
#define CANDOR_HTTP_JSON_BUILD_H

#include "base/span.h"

#include <jansson.h>

/*
 * NULL: -CANDOR_E_MEMORY in *ret_error, or -CANDOR_E_SYNTAX with the offset and what was expected
 * in the other two.
 */
json_t *json_build(struct span text, int *ret_error, size_t *ret_offset, const char **ret_expected);

#endif
