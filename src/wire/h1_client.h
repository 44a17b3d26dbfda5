// SPDX-License-Identifier: MIT
/*
 * The client's side of HTTP/1.0 and 1.1 (RFC 9112): responses, read as strictly as requests are.
 * What is wrong is an outcome of those that tell of an upstream, with the byte where it was found.
 */
#ifndef CANDOR_WIRE_H1_CLIENT_H
#define CANDOR_WIRE_H1_CLIENT_H

#include "wire/h1.h"

struct h1_client_limits {
    uint32_t status_line;     // bytes, without CRLF
    uint32_t field_line;      // bytes, without CRLF
    uint32_t field_section;   // bytes of all field lines with their CRLFs
    uint32_t fields;          // lines, at most MESSAGE_FIELDS; of the trailer section as well
    uint32_t trailer_section; // bytes
};

/* What HTTP/1 alone knows of a response. */
struct h1_answer {
    uint8_t minor;    // HTTP/1.minor: 0 or 1
    bool keep_alive;  // what version and Connection say, RFC 9112 §9.3; not with FRAMING_CLOSE
    bool has_upgrade; // Connection names upgrade, and Upgrade came
};

/*
 * Reads one response head from the front of `in` into *m and *a, as h1_read_head reads a request's;
 * also of an interim response (1xx), which has no content and which another response follows, but
 * for 101.
 * m->framing is what the fields say (FRAMING_NONE: nothing); h1_answer_content_init knows the rest.
 * Content-Length may have come more than once with one value, so it is not to be passed on as it
 * came.
 * A status line may lack its reason phrase, and the space before it.
 */
ptrdiff_t h1_read_answer(struct message *m, struct h1_answer *a, struct span in, size_t seen,
                         const struct h1_client_limits *limits);

/*
 * The content of a response whose head was head_length bytes long, RFC 9112 §6.3. There is none to
 * HEAD (to_head; whoever sends CONNECT says so of a 2xx to it), nor with 1xx, 204 and 304. Where
 * the fields do not tell its length it ends with the connection: c->framing is then FRAMING_CLOSE.
 * Trailers of every name are handed out; h1_trailer_passes tells which may be passed on.
 */
void h1_answer_content_init(struct h1_content *c, const struct message *m,
                            const struct h1_answer *a, bool to_head, size_t head_length,
                            const struct h1_client_limits *limits);

/* The connection has ended in order: whether the content is complete with that; else it is cut
 * off. */
bool h1_content_ends_with_close(const struct h1_content *c);

#endif
