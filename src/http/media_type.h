// SPDX-License-Identifier: MIT
/*
 * Media types, as in Content-Type (RFC 9110 §8.3.1).
 */
#ifndef CANDOR_HTTP_MEDIA_TYPE_H
#define CANDOR_HTTP_MEDIA_TYPE_H

#include "http/parameter.h"

/* Spans into the text that was parsed. */
struct media_type {
    struct span essence; // "type/subtype", in any case
    struct span type, subtype;
    struct span parameters; // all of them, well-formed: for parameter_next
};

/* Reads a media type that fills the whole text. False: malformed, *ret is untouched. */
bool media_type_parse(struct span text, struct media_type *ret);

/* Whether type and subtype are those of essence ("text/html"); parameters don't matter. */
bool media_type_is(const struct media_type *m, struct span essence);

/* The first parameter of that name, in any case; false when there is none. */
bool media_type_find(const struct media_type *m, struct span name, struct parameter *ret);

#endif
