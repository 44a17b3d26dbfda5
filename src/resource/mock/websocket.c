// SPDX-License-Identifier: MIT
#include "resource/mock/websocket.h"

#include "base/limits.h"

#include <openssl/evp.h>

enum opcode { // RFC 6455 §5.2
    OPCODE_CONTINUATION = 0,
    OPCODE_TEXT = 1,
    OPCODE_BINARY = 2,
    OPCODE_CLOSE = 8,
    OPCODE_PING = 9,
    OPCODE_PONG = 10,
};

enum { BIT_FIN = 0x80, BIT_MASK = 0x80, BITS_RESERVED = 0x70, CONTROL_MOST = 125 };

enum close_code { // §7.4.1
    CLOSE_NORMAL = 1000,
    CLOSE_PROTOCOL = 1002,
    CLOSE_NONE = 1005,
    CLOSE_TEXT = 1007,
    CLOSE_TOO_BIG = 1009,
};

static bool is_control(unsigned opcode)
{
    return opcode >= OPCODE_CLOSE;
}

/* A frame as a server sends one: without a mask. */
static void write_frame(struct buf *out, unsigned first, struct span payload)
{
    buf_clear(out);
    buf_add_char(out, (char)first);
    if (payload.len <= CONTROL_MOST) {
        buf_add_char(out, (char)payload.len);
    } else if (payload.len <= UINT16_MAX) {
        buf_add_char(out, 126);
        for (int shift = 8; shift >= 0; shift -= 8)
            buf_add_char(out, (char)(payload.len >> shift));
    } else {
        buf_add_char(out, 127);
        for (int shift = 56; shift >= 0; shift -= 8)
            buf_add_char(out, (char)(payload.len >> shift));
    }
    buf_add(out, payload);
}

static enum websocket_event end_with(struct websocket *w, enum close_code code)
{
    const char payload[2] = {(char)(code >> 8), (char)code};

    w->is_ended = true;
    write_frame(&w->out, BIT_FIN | OPCODE_CLOSE,
                span_of(payload, code == CLOSE_NONE ? 0 : sizeof payload));
    return w->out.failed ? WEBSOCKET_NO_MEMORY : WEBSOCKET_END;
}

/* What the first two bytes of a frame say; 0, or why the connection is to be closed. */
static enum close_code check_head(struct websocket *w)
{
    unsigned first = w->head[0], opcode = first & 15, length = w->head[1] & 127U;

    if (first & BITS_RESERVED || !(w->head[1] & BIT_MASK)) // §5.1: a client masks
        return CLOSE_PROTOCOL;
    if (is_control(opcode)) {
        if (opcode > OPCODE_PONG || !(first & BIT_FIN) || length > CONTROL_MOST)
            return CLOSE_PROTOCOL;
    } else if (opcode > OPCODE_BINARY || (opcode == OPCODE_CONTINUATION) != w->in_message) {
        return CLOSE_PROTOCOL;
    }
    w->head_need = (uint8_t)(2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + 4);
    return 0;
}

static enum close_code read_length(struct websocket *w)
{
    unsigned length = w->head[1] & 127U;
    uint64_t value = 0;

    w->payload_need = length;
    if (length < 126)
        return 0;
    for (unsigned i = 2; i < (length == 126 ? 4U : 10U); i++)
        value = value << 8 | w->head[i];
    if (value <= (length == 126 ? CONTROL_MOST : UINT16_MAX) || value >> 63) // §5.2: the shortest
        return CLOSE_PROTOCOL;
    w->payload_need = value;
    return value > LIMIT_MOCK_FRAME ? CLOSE_TOO_BIG : 0;
}

/* Bytes that a sequence has which begins so. */
static size_t sequence_length(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Whether the bytes may go on to be a character. */
static bool may_become_character(struct span s)
{
    static const struct span least = SPAN_INIT("\x80\x80\x80"), most = SPAN_INIT("\xbf\xbf\xbf");
    size_t n = sequence_length((unsigned char)s.ptr[0]);
    char low[UTF8_MOST], high[UTF8_MOST];

    if (s.len >= n)
        return false;
    memcpy(low, s.ptr, s.len);
    memcpy(high, s.ptr, s.len);
    memcpy(low + s.len, least.ptr, n - s.len);
    memcpy(high + s.len, most.ptr, n - s.len);
    // What may follow is a range (Unicode 15, table 3-7), and one of its ends is always in it.
    return utf8_length(span_of(low, n)) == n || utf8_length(span_of(high, n)) == n;
}

/* §8.1: text is UTF-8, and a character may be in two frames. */
static bool check_text(struct websocket *w, struct span text, bool is_last)
{
    while (w->tail_length && text.len) {
        struct span tail;

        w->tail[w->tail_length++] = text.ptr[0];
        text = span_from(text, 1);
        tail = span_of(w->tail, w->tail_length);
        if (utf8_length(tail) == tail.len)
            w->tail_length = 0;
        else if (!may_become_character(tail))
            return false;
    }
    while (text.len) {
        size_t n = utf8_length(text);

        if (n == 0) {
            if (text.len >= UTF8_MOST || !may_become_character(text))
                return false;
            memcpy(w->tail, text.ptr, text.len);
            w->tail_length = (uint8_t)text.len;
            break;
        }
        text = span_from(text, n);
    }
    return !is_last || w->tail_length == 0;
}

/* §7.4: what a client may say of its close. */
static enum websocket_event answer_close(struct websocket *w, struct span payload)
{
    unsigned code;

    if (payload.len == 0)
        return end_with(w, CLOSE_NONE);
    if (payload.len == 1)
        return end_with(w, CLOSE_PROTOCOL);
    code = (unsigned)(unsigned char)payload.ptr[0] << 8 | (unsigned char)payload.ptr[1];
    if (code < CLOSE_NORMAL || code == 1004 || code == CLOSE_NONE || code == 1006 ||
        (code >= 1015 && code < 3000) || code >= 5000)
        return end_with(w, CLOSE_PROTOCOL);
    if (!utf8_is_valid(span_from(payload, 2)))
        return end_with(w, CLOSE_TEXT);
    w->is_ended = true;
    write_frame(&w->out, BIT_FIN | OPCODE_CLOSE, payload);
    return w->out.failed ? WEBSOCKET_NO_MEMORY : WEBSOCKET_END;
}

/* The frame is whole. */
static enum websocket_event answer_frame(struct websocket *w)
{
    unsigned first = w->head[0], opcode = first & 15;
    bool is_last = (first & BIT_FIN) != 0;
    struct span payload = buf_span(&w->payload);

    w->head_length = 0;
    switch (opcode) {
    case OPCODE_CLOSE:
        return answer_close(w, payload);
    case OPCODE_PING:
        first = BIT_FIN | OPCODE_PONG;
        break;
    case OPCODE_PONG:
        return WEBSOCKET_MORE;
    default:
        if (opcode != OPCODE_CONTINUATION)
            w->is_text = opcode == OPCODE_TEXT;
        w->in_message = !is_last;
        if (w->is_text && !check_text(w, payload, is_last))
            return end_with(w, CLOSE_TEXT);
    }
    write_frame(&w->out, first, payload);
    return w->out.failed ? WEBSOCKET_NO_MEMORY : WEBSOCKET_ANSWER;
}

/* The next byte of a head; 0, or why the connection is to be closed. */
static enum close_code take_head(struct websocket *w, struct span *in)
{
    enum close_code code = 0;

    w->head[w->head_length++] = (unsigned char)in->ptr[0];
    *in = span_from(*in, 1);
    if (w->head_length == 2)
        code = check_head(w);
    if (!code && w->head_length > 2 && w->head_length == w->head_need) {
        code = read_length(w);
        buf_clear(&w->payload);
    }
    return code;
}

static bool has_head(const struct websocket *w)
{
    return w->head_length > 2 && w->head_length == w->head_need;
}

static void take_payload(struct websocket *w, struct span *in)
{
    const unsigned char *mask = w->head + w->head_need - 4;
    size_t from = w->payload.len;
    struct span piece = span_first(*in, (size_t)w->payload_need - from);

    buf_add(&w->payload, piece);
    *in = span_from(*in, piece.len);
    for (size_t i = from; i < w->payload.len; i++)
        w->payload.ptr[i] = (char)((unsigned char)w->payload.ptr[i] ^ mask[i % 4]);
}

enum websocket_event websocket_read(struct websocket *w, struct span *in)
{
    for (;;) {
        enum websocket_event event;
        enum close_code code;

        if (w->is_ended) {
            *in = SPAN("");
            return WEBSOCKET_MORE;
        }
        if (has_head(w)) {
            take_payload(w, in);
            if (w->payload.failed)
                return WEBSOCKET_NO_MEMORY;
            if (w->payload.len < w->payload_need)
                return WEBSOCKET_MORE;
            event = answer_frame(w);
            if (event != WEBSOCKET_MORE)
                return event;
        } else if (in->len) {
            code = take_head(w, in);
            if (code)
                return end_with(w, code);
        } else {
            return WEBSOCKET_MORE;
        }
    }
}

void websocket_done(struct websocket *w)
{
    buf_done(&w->payload);
    buf_done(&w->out);
}

enum { KEY_BYTES = 16, KEY_TEXT = 24, SHA1_BYTES = 20 };

bool websocket_key_is_valid(struct span key)
{
    unsigned char bytes[KEY_TEXT];

    return key.len == KEY_TEXT && span_ends(key, SPAN("==")) &&
           EVP_DecodeBlock(bytes, (const unsigned char *)key.ptr, KEY_TEXT) == KEY_BYTES + 2;
}

bool websocket_accept(struct span key, char out[WEBSOCKET_ACCEPT])
{
    static const struct span guid = SPAN_INIT("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    unsigned char digest[EVP_MAX_MD_SIZE], text[WEBSOCKET_ACCEPT + 1];
    char both[KEY_TEXT + 36];

    memcpy(both, key.ptr, KEY_TEXT);
    memcpy(both + KEY_TEXT, guid.ptr, guid.len);
    if (!EVP_Digest(both, sizeof both, digest, NULL, EVP_sha1(), NULL))
        return false;
    EVP_EncodeBlock(text, digest, SHA1_BYTES);
    memcpy(out, text, WEBSOCKET_ACCEPT);
    return true;
}
