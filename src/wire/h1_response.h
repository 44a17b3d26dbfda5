// SPDX-License-Identifier: MIT
/*
 * Small helpers to write HTTP/1.1 messages (RFC 9112): those of responses, and what requests and
 * responses have in common.
 */
#ifndef CANDOR_WIRE_H1_RESPONSE_H
#define CANDOR_WIRE_H1_RESPONSE_H

#include "base/buf.h"
#include "wire/message.h"

/* Ends the head of a message, and the trailer section. */
#define H1_SECTION_END "\r\n"

/* The last chunk; the trailer section follows. */
#define H1_ZERO_CHUNK "0\r\n"

/* The last chunk and an empty trailer section: only for content that is complete (§7.1). */
#define H1_LAST_CHUNK H1_ZERO_CHUNK H1_SECTION_END

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

/* Adds a field line. False, and nothing is added: the name is no token (RFC 9110 §5.1). Of the
 * value controls become spaces, as in h1_put_value. */
bool h1_add_field(struct buf *b, struct span name, struct span value);

/* As h1_add_field, of a field in the table. */
void h1_add_known_field(struct buf *b, enum field id, struct span value);

/* Adds a line that a codec has read into a message, which has found it sound. */
void h1_add_field_line(struct buf *b, const struct field_line *line);

/* Adds a line of the trailer section, between H1_ZERO_CHUNK and H1_SECTION_END. False, and nothing
 * is added: the name is no token, or no trailer may have it (RFC 9110 §6.5.1), nor is it passed on
 * (§7.6.1). */
bool h1_add_trailer(struct buf *b, struct span name, struct span value);

#endif
