// SPDX-License-Identifier: MIT
/*
 * Base64 (RFC 4648 §4) and base64url (§5), exact: one text for one content. Foreign bytes, wrong
 * padding and bits that stand for nothing are refused.
 */
#ifndef CANDOR_BASE_BASE64_H
#define CANDOR_BASE_BASE64_H

#include "base/span.h"

enum base64_form {
    BASE64_PADDED,  // + and /, with padding
    BASE64_URL_BARE // - and _, without padding, as JOSE writes it (RFC 7515 §2)
};

/* Bytes that a text of that length has at most. */
static inline size_t base64_room(size_t length)
{
    return length / 4 * 3 + 3;
}

/*
 * Decodes into out, which may be where text is. False: it is not that form, or has more than
 * size bytes; *ret_fault, unless null, is then the offset of the first byte that is wrong, which is
 * the length when something is missing.
 */
bool base64_decode(struct span text, enum base64_form form, unsigned char *out, size_t size,
                   size_t *ret_length, size_t *ret_fault);

#endif
