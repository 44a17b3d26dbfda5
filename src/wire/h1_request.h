// SPDX-License-Identifier: MIT
/*
 * Writing HTTP/1.1 requests (RFC 9112) into a buffer, part by part: the request line, fields, what
 * frames the content, H1_SECTION_END. Chunks and trailers are written as in responses. Nothing that
 * is given, wherever it came from, can end a line or tell another framing than is meant.
 * Where there is no memory the buffer says so (struct buf).
 */
#ifndef CANDOR_WIRE_H1_REQUEST_H
#define CANDOR_WIRE_H1_REQUEST_H

#include "wire/h1_response.h"

#define H1_CHUNKED "Transfer-Encoding: chunked\r\n"

/* False, and nothing is added: the method is no token, or the target is empty or has a byte that
 * would end it: a space or a control. */
bool h1_add_request_line(struct buf *b, struct span method, struct span target);

/* As h1_add_field, but also false for Content-Length and Transfer-Encoding, which are for those
 * below. */
bool h1_add_request_field(struct buf *b, struct span name, struct span value);

/* Content-Length. */
void h1_add_length(struct buf *b, uint64_t length);

#endif
