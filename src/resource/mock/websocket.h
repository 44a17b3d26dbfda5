// SPDX-License-Identifier: MIT
/*
 * The frames of a WebSocket (RFC 6455 §5), as a server that sends back what comes. Bytes only.
 */
#ifndef CANDOR_RESOURCE_MOCK_WEBSOCKET_H
#define CANDOR_RESOURCE_MOCK_WEBSOCKET_H

#include "base/buf.h"
#include "base/utf8.h"

enum { WEBSOCKET_HEAD = 14, WEBSOCKET_ACCEPT = 28 };

enum websocket_event {
    WEBSOCKET_MORE,   // more bytes are needed
    WEBSOCKET_ANSWER, // `out` holds a frame that is to be sent before more is read
    WEBSOCKET_END,    // as above, and it is the last one
    WEBSOCKET_NO_MEMORY
};

/* All zeros: nothing has come. */
struct websocket {
    unsigned char head[WEBSOCKET_HEAD];
    uint8_t head_length, head_need;
    bool in_message, is_text, is_ended;
    struct buf payload; // of the frame at hand, unmasked
    uint64_t payload_need;
    char tail[UTF8_MOST]; // of a character that the next frame of the message completes
    uint8_t tail_length;
    struct buf out;
};

/* Takes bytes off the front of *in. `out` stays as it is until the next call. */
enum websocket_event websocket_read(struct websocket *w, struct span *in);
void websocket_done(struct websocket *w);

/* Whether it is what Sec-WebSocket-Key has to be: base64 of 16 bytes (§4.1). */
bool websocket_key_is_valid(struct span key);
/* Sec-WebSocket-Accept for that (§4.2.2). False: the library has no SHA-1. */
bool websocket_accept(struct span key, char out[WEBSOCKET_ACCEPT]);

#endif
