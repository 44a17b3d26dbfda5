// SPDX-License-Identifier: MIT
/*
 * HTTP/1.0 and 1.1 requests (RFC 9112): bytes in, a struct message and content out. No I/O, no
 * memory but the message's arena, no global state. Strict: every departure from the grammar is a
 * violation with its own outcome and the offset of the byte at which it was found.
 */
#ifndef CANDOR_WIRE_H1_H
#define CANDOR_WIRE_H1_H

#include "wire/message.h"

struct h1_limits {
    uint32_t request_line;  // bytes, without CRLF
    uint32_t field_section; // bytes of all field lines with their CRLFs
    uint32_t fields;        // lines, at most MESSAGE_FIELDS
};

/* What HTTP/1 alone knows of a request. */
struct h1_head {
    struct span request_line; // as far as it came, without its line end; also of a wrong one
    uint8_t minor;            // HTTP/1.minor: 0 or 1
    bool keep_alive;          // what version and Connection ask for, RFC 9112 §9.3
};

enum { H1_MORE = 0, H1_BAD = -1, H1_NO_MEMORY = -2 };

/*
 * Reads one request head from the front of `in` into *m and *h, which it clears first.
 * Returns its length in bytes (up to and with the empty line, and with a CRLF that came before the
 * request line, RFC 9112 §2.2), H1_MORE when `in` ends too early, H1_BAD: m->violation tells, or
 * H1_NO_MEMORY: the message's arena gave none for the field lines, which each call asks for anew.
 * `seen` bytes of `in` were already given to an earlier call that returned H1_MORE; 0 at first.
 * When no line has ended and no control has come since `seen`, nothing but the limits is looked at:
 * a head that drips in costs no more than one that comes at once.
 * What comes first in the bytes is reported; what concerns the whole field section (Host, framing,
 * repeated fields, Connection) comes after all lines were read.
 * Unless the head is complete, what was understood of it (method, target, fields) is in *m.
 */
ptrdiff_t h1_read_head(struct message *m, struct h1_head *h, struct span in, size_t seen,
                       const struct h1_limits *limits);

enum { H1_TRAILER_NAME = 32 }; // longer than every name in field.def

/* The content of one request or response, piece by piece. */
struct h1_content {
    enum framing framing;
    uint8_t state;                     // private
    bool is_answer;                    // private: of a response
    bool wants_names;                  // set by whoever wants H1_CONTENT_NAME
    enum field trailer;                // with H1_CONTENT_TRAILER: the field, or FIELD_OTHER
    uint64_t left;                     // private: bytes left of the content or of the chunk
    uint64_t offset;                   // bytes of the message consumed so far, head included
    uint32_t most_trailers, most_line; // private: limits of the trailer section: lines, bytes
    uint32_t line;        // private: bytes of the current chunk-size line or trailer section
    uint32_t trailers;    // private: field lines of the trailer section
    uint32_t overhead;    // private: of chunk-size lines, beyond what chunks may have
    uint32_t name_length; // private: of the current trailer's name
    struct violation violation;
    char name[H1_TRAILER_NAME]; // private: its first bytes
};

enum h1_event {
    H1_CONTENT_MORE, // everything was consumed; more bytes are needed
    H1_CONTENT_DATA, // *ret_data is the next piece of content; call again with the rest
    /* *ret_data is the next piece of a trailer field's name, as sent; it is complete when
     * H1_CONTENT_TRAILER comes. Only where wants_names. Call again with the rest. */
    H1_CONTENT_NAME,
    /* *ret_data is the next piece of the value of the trailer field c->trailer, whitespace around
     * it included; an empty piece: the value is complete. Call again with the rest. */
    H1_CONTENT_TRAILER,
    H1_CONTENT_END, // the content is complete; the rest belongs to the next message
    H1_CONTENT_BAD, // c->violation tells; nothing behind it may be read
};

/* Whether there is more to be told of the bytes that were given. */
static inline bool h1_event_goes_on(enum h1_event event)
{
    return event == H1_CONTENT_DATA || event == H1_CONTENT_NAME || event == H1_CONTENT_TRAILER;
}

/* For a request whose head was read by h1_read_head and was head_length bytes long. The limits for
 * field sections hold for the trailers as well. A trailer that FIELD_FLAG_FRAMING forbids is a
 * violation. */
void h1_content_init(struct h1_content *c, const struct message *m, size_t head_length,
                     const struct h1_limits *limits);

/* Whether a proxy may pass the trailer field c->trailer on: it concerns neither framing nor the
 * connection, as far as its name tells; Connection may name more. */
static inline bool h1_trailer_passes(const struct h1_content *c)
{
    return !(field_table[c->trailer].flags & (FIELD_FLAG_FRAMING | FIELD_FLAG_HOP));
}

/* How many bytes must still come for the content to be complete, at least. 0 of what ends with the
 * connection. */
uint64_t h1_content_missing(const struct h1_content *c);

/* Takes bytes off the front of *in. */
enum h1_event h1_read_content(struct h1_content *c, struct span *in, struct span *ret_data);

#endif
