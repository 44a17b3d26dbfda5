// SPDX-License-Identifier: MIT
/*
 * References of schemas (RFC 3986 §5.2) and the pointers of their fragments (RFC 6901).
 */
#ifndef CANDOR_HTTP_JSON_URI_H
#define CANDOR_HTTP_JSON_URI_H

#include "base/arena.h"
#include "base/buf.h"

/* The URI that a reference leads to from a base, both without a fragment; in the arena. A base that
 * is relative or empty is followed as far as it goes. ptr is NULL when out of memory. */
struct span json_uri_resolve(struct arena *a, struct span base, struct span reference);

/* Takes the fragment off *uri; false, and an empty one: there is none. */
bool json_uri_split(struct span *uri, struct span *ret_fragment);

/* Percent-decoded, in the arena. False: an escape is wrong; a NULL ptr: no memory. */
bool json_uri_decode(struct arena *a, struct span text, struct span *ret);

/* Takes the next token off a pointer that is not empty and begins with "/", into `out`, which is as
 * long as the pointer: without its escapes. False: an escape is wrong. */
bool json_pointer_next(struct span *pointer, char *out, struct span *ret_token);

/* "/" and a token, with its escapes. */
void json_pointer_add(struct buf *b, struct span token);

#endif
