// SPDX-License-Identifier: MIT
/*
 * Bodies that are made while they are sent: any length without memory, at the pace that was asked
 * for.
 */
#ifndef CANDOR_RESOURCE_MOCK_BODY_H
#define CANDOR_RESOURCE_MOCK_BODY_H

#include "graph/exchange.h"

enum mock_fill {
    MOCK_FILL_TEXT,   // printable lines; byte i is always the same
    MOCK_FILL_RANDOM, // byte i hangs on the seed
    MOCK_FILL_SPAN,   // of `text`
    MOCK_FILL_LINES,  // JSON, a line each; length counts them
    MOCK_FILL_EVENTS, // of a text/event-stream; length counts them
};

struct mock_body {
    enum mock_fill fill;
    uint64_t at, length; // bytes, or lines and events
    uint64_t from;       // what the first byte, or line, is of the whole
    uint64_t seed;
    struct span text;
    uint64_t pace_bytes; // so many in pace_time; 0: as fast as can be
    int64_t pace_time;   // ns
    int64_t every;       // ns between two lines
    int64_t since;       // monotonic ns: when it began; 0: it has not
    uint64_t sent;       // bytes
    char *buffer;        // MOCK_PIECE
};

enum { MOCK_PIECE = 16 * 1024 };

/* The bytes [at, at + n) of a fill. */
void mock_fill_bytes(const struct mock_body *b, uint64_t at, char *out, size_t n);
/* The moment from which on the next piece may be sent. */
int64_t mock_body_due(const struct mock_body *b);
/* Makes the next piece, into the buffer. Not where at is length. */
struct span mock_body_make(struct mock_body *b);

/* Sends it as the response's body; its length is told where it can be and is_open is false. */
void mock_body_send(struct exchange *x, bool is_open);

#endif
