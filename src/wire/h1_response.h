// SPDX-License-Identifier: MIT
/*
 * Small helpers to write HTTP/1.1 responses (RFC 9112).
 */
#ifndef CANDOR_WIRE_H1_RESPONSE_H
#define CANDOR_WIRE_H1_RESPONSE_H

#include "base/span.h"

/* The last chunk and an empty trailer section: only for content that is complete (§7.1). */
#define H1_LAST_CHUNK "0\r\n\r\n"

/* Behind the data of each chunk. */
#define H1_CHUNK_END "\r\n"

enum { H1_CHUNK_HEAD = 18 }; // 16 digits and CRLF

/*
 * Writes a field's value to `at`, where there is room for all of it; returns what is behind it.
 * Bytes that a field value must not contain (CR, LF, NUL and the other controls) become spaces, so
 * that no value, wherever it came from, can begin another field or another response.
 */
char *h1_put_value(char *at, struct span value);

/* Writes the line before a chunk of size bytes ("1a2b\r\n"); returns its length. size is not 0,
 * which would end the content: H1_LAST_CHUNK does that. */
size_t h1_chunk_head(char out[H1_CHUNK_HEAD], uint64_t size);

#endif
