// SPDX-License-Identifier: MIT
/*
 * Dictionaries of structured fields (RFC 9651 §3.2), as a cursor. Items of all types are read; the
 * insides of inner lists and the parameters are only checked.
 */
#ifndef CANDOR_HTTP_STRUCTURED_H
#define CANDOR_HTTP_STRUCTURED_H

#include "base/span.h"

enum structured_type {
    STRUCTURED_TRUE, // a boolean that is true, also when only the key is there
    STRUCTURED_FALSE,
    STRUCTURED_INTEGER,
    STRUCTURED_DECIMAL,
    STRUCTURED_STRING,
    STRUCTURED_TOKEN,
    STRUCTURED_BYTES, // text: the base64 between the colons
    STRUCTURED_DATE,
    STRUCTURED_DISPLAY_STRING,
    STRUCTURED_INNER_LIST,
};

struct structured_member {
    struct span key;
    enum structured_type type;
    struct span text; // as it is written, for BYTES without the colons
    int64_t integer;  // with INTEGER only
};

enum structured_step { STRUCTURED_MEMBER, STRUCTURED_END, STRUCTURED_MALFORMED };

/*
 * Takes the next member of a dictionary off the front of *rest, the value or the rest of it; a
 * key may come again. MALFORMED: *rest begins with the fault, or near it.
 */
enum structured_step structured_next_member(struct span *rest, struct structured_member *ret);

/*
 * Decodes the base64 of a byte sequence into out (RFC 9651 §4.2.7: padding may be missing).
 * False: not base64, or more than size bytes.
 */
bool structured_decode_bytes(struct span text, uint8_t *out, size_t size, size_t *ret_length);

#endif
