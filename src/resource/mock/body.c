// SPDX-License-Identifier: MIT
#include "resource/mock/body.h"

#include "base/clock.h"
#include "base/hash.h"
#include "resource/mock/mock.h"

#include <stdio.h>

enum {
    LINE = 160,                // bytes that a line or an event has at most
    STEP = 50 * (int)CLOCK_MS, // ns: what is sent at a pace comes in pieces of so long
};

static char random_byte(const struct mock_body *b, uint64_t at)
{
    uint64_t word = hash_fold(b->seed ^ UINT64_C(0x9e3779b97f4a7c15),
                              (at / 8 + 1) * UINT64_C(0xbf58476d1ce4e5b9));

    word = hash_fold(word ^ at / 8, UINT64_C(0x94d049bb133111eb));
    return (char)(word >> 8 * (at % 8));
}

void mock_fill_bytes(const struct mock_body *b, uint64_t at, char *out, size_t n)
{
    static const char row[] = "0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ\n";

    for (size_t i = 0; i < n; i++)
        out[i] =
            b->fill == MOCK_FILL_RANDOM ? random_byte(b, at + i) : row[(at + i) % (sizeof row - 1)];
}

static bool is_counted(const struct mock_body *b)
{
    return b->fill == MOCK_FILL_LINES || b->fill == MOCK_FILL_EVENTS;
}

int64_t mock_body_due(const struct mock_body *b)
{
    int64_t due = b->since;

    if (b->pace_bytes) {
        __extension__ unsigned __int128 time = (unsigned __int128)b->sent * (uint64_t)b->pace_time;

        due += (int64_t)(time / b->pace_bytes);
    }
    if (is_counted(b))
        due += (int64_t)b->at * b->every;
    return due;
}

/* How many bytes a piece may have. */
static uint64_t step(const struct mock_body *b)
{
    uint64_t n = MOCK_PIECE;

    if (b->pace_bytes && b->pace_time) {
        __extension__ unsigned __int128 share = (unsigned __int128)b->pace_bytes * STEP;

        share /= (uint64_t)b->pace_time;
        n = share < 1 ? 1 : share < MOCK_PIECE ? (uint64_t)share : MOCK_PIECE;
    }
    return n;
}

static size_t write_line(const struct mock_body *b, char *out)
{
    if (b->fill == MOCK_FILL_LINES)
        return (size_t)snprintf(out, LINE, "{\"line\":%llu,\"of\":%llu}\n",
                                (unsigned long long)(b->from + b->at + 1),
                                (unsigned long long)(b->from + b->length));
    return (size_t)snprintf(out, LINE, "id: %llu\ndata: {\"event\":%llu,\"of\":%llu}\n\n",
                            (unsigned long long)(b->from + b->at + 1),
                            (unsigned long long)(b->from + b->at + 1),
                            (unsigned long long)(b->from + b->length));
}

struct span mock_body_make(struct mock_body *b)
{
    uint64_t most = step(b), left = b->length - b->at;
    size_t n = 0;

    if (is_counted(b)) {
        do {
            n += write_line(b, b->buffer + n);
            b->at++;
        } while (!b->every && b->at < b->length && n + LINE <= most);
    } else {
        n = (size_t)(left < most ? left : most);
        if (b->fill == MOCK_FILL_SPAN)
            memcpy(b->buffer, b->text.ptr + b->at, n);
        else
            mock_fill_bytes(b, b->from + b->at, b->buffer, n);
        b->at += n;
    }
    b->sent += n;
    return span_of(b->buffer, n);
}

static void on_due(struct timer *t)
{
    struct exchange *x = mock_state_of_timer(t)->x;

    mock_state_of(x)->is_timed = false;
    x->host->resume_body(x);
}

/* The digest of all that was sent, in the trailer section. */
static void tell_digest(struct exchange *x, struct mock_state *s)
{
    struct digests d = {0};
    struct buf b = {0};

    if (digest_hash_finish(s->body_digest, &d) == 0 && d.has[DIGEST_SHA_256])
        digest_write(&b, DIGEST_SHA_256, d.bytes[DIGEST_SHA_256]);
    x->response.trailers->value = b.failed ? SPAN("") : arena_copy(&x->arena, buf_span(&b));
    buf_done(&b);
}

static void next(struct exchange *x, struct piece *ret_piece)
{
    struct mock_state *s = x->response.source;
    struct mock_body *b = &s->body;
    int64_t now = loop_now(s->mock->loop);

    if (!b->since)
        b->since = now;
    if (b->at == b->length) {
        if (s->body_digest)
            tell_digest(x, s);
        ret_piece->kind = PIECE_END;
    } else if (mock_body_due(b) > now) {
        ret_piece->kind = PIECE_WAIT;
        mock_wait(s, mock_body_due(b), on_due);
    } else {
        ret_piece->kind = PIECE_BYTES;
        ret_piece->bytes = mock_body_make(b);
        if (s->body_digest)
            digest_hash_add(s->body_digest, ret_piece->bytes);
    }
}

void mock_body_send(struct exchange *x, bool is_open)
{
    struct mock_state *s = mock_state_of(x);
    struct mock_body *b = &s->body;
    struct response *r = &x->response;

    r->has_length = !is_open && !is_counted(b);
    r->length = is_counted(b) ? 0 : b->length;
    if (r->has_length && b->fill == MOCK_FILL_SPAN && !b->pace_bytes) {
        r->body = b->text;
        return;
    }
    b->buffer = arena_alloc(&x->arena, MOCK_PIECE);
    r->failed |= !b->buffer;
    r->next = next;
    r->source = s;
}
