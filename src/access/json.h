// SPDX-License-Identifier: MIT
/*
 * JSON from strangers, by jansson: bounded in depth, no member twice, nothing behind it, an object.
 */
#ifndef CANDOR_ACCESS_JSON_H
#define CANDOR_ACCESS_JSON_H

#include "base/span.h"

#include <jansson.h>

/* An object that the caller gives back with json_decref(). NULL: it is none, or nested deeper than
 * `depth`; *ret_fault, unless null, is then the offset where that shows. */
json_t *json_read_object(struct span text, size_t depth, size_t *ret_fault);

/* The text of a string member; a null pointer: there is no such member, or it is no string. */
struct span json_text(const json_t *object, const char *name);

#endif
