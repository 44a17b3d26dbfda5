// SPDX-License-Identifier: MIT
/*
 * Well-formed UTF-8 (Unicode 15 §3.9, table 3-7): no overlong forms, no surrogates.
 */
#ifndef CANDOR_BASE_UTF8_H
#define CANDOR_BASE_UTF8_H

#include "base/span.h"

/* The length in bytes (1 to 4) of the well-formed sequence at the front of s; 0 when there is none.
 * s is not empty. */
size_t utf8_length(struct span s);

enum { UTF8_MOST = 4 };
/* Writes a character, which is one; the bytes that it takes. */
size_t utf8_write(uint32_t c, char to[UTF8_MOST]);

/* Whether all of it is well-formed; nothing is. */
bool utf8_is_valid(struct span s);
/* Whether each byte is a character by itself; nothing is. */
bool utf8_is_ascii(struct span s);

#endif
