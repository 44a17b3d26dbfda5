// SPDX-License-Identifier: MIT
/*
 * One frame at a time: what comes is kept until the frame before it is out, so a client that sends
 * without reading is held back. All that is to be done is done from the timer, never from within
 * what the session asks.
 */
#include "resource/mock/echo.h"

#include "http/parameter.h"
#include "resource/mock/mock.h"

static bool has_token(struct span list, struct span token)
{
    struct span member;

    while (list_take(&list, &member))
        if (span_eq_nocase(member, token))
            return true;
    return false;
}

static struct span named_field(const struct exchange *x, struct span name)
{
    const struct message *m = &x->request;

    for (size_t i = 0; i < m->field_count; i++)
        if (span_eq_nocase(field_line_name(&m->fields[i]), name))
            return field_line_value(&m->fields[i]);
    return (struct span){NULL, 0};
}

static struct span key_of(const struct exchange *x)
{
    return named_field(x, SPAN("Sec-WebSocket-Key"));
}

bool echo_is_asked(const struct exchange *x)
{
    return method_table[x->request.method].safe && x->request.may_be_open &&
           x->request.framing == FRAMING_NONE &&
           has_token(message_field(&x->request, FIELD_upgrade), SPAN("websocket")) &&
           has_token(message_field(&x->request, FIELD_connection), SPAN("upgrade")) &&
           span_eq(named_field(x, SPAN("Sec-WebSocket-Version")), SPAN("13")) &&
           websocket_key_is_valid(key_of(x));
}

static void pump(struct timer *t)
{
    struct mock_state *s = mock_state_of_timer(t);
    struct exchange *x = s->x;

    s->is_timed = false;
    if (s->awaits_piece && (s->keeps || s->ends)) {
        s->awaits_piece = false;
        x->host->resume_body(x);
    } else if (s->keeps && !s->kept.len) {
        s->keeps = false;
        x->host->taken(x);
    }
}

static void pump_soon(struct mock_state *s)
{
    mock_wait(s, 0, pump);
}

static void next(struct exchange *x, struct piece *ret_piece)
{
    struct mock_state *s = x->response.source;
    bool was_ended = s->websocket.is_ended;

    switch (was_ended ? WEBSOCKET_MORE : websocket_read(&s->websocket, &s->kept)) {
    case WEBSOCKET_ANSWER:
    case WEBSOCKET_END:
        ret_piece->kind = PIECE_BYTES;
        ret_piece->bytes = buf_span(&s->websocket.out);
        return;
    case WEBSOCKET_NO_MEMORY:
        ret_piece->kind = PIECE_FAILED;
        return;
    case WEBSOCKET_MORE:
        break;
    }
    if (was_ended || s->ends) {
        s->kept = SPAN("");
        ret_piece->kind = PIECE_END;
        return;
    }
    ret_piece->kind = PIECE_WAIT;
    s->awaits_piece = !s->keeps; // else there is more as soon as this was told as taken
    if (s->keeps)
        pump_soon(s);
}

bool echo_take(struct exchange *x, struct span data)
{
    struct mock_state *s = mock_state_of(x);

    if (s->websocket.is_ended || s->ends)
        return true;
    s->kept = data;
    s->keeps = true;
    if (s->awaits_piece)
        pump_soon(s);
    return false;
}

void echo_ended(struct exchange *x)
{
    struct mock_state *s = mock_state_of(x);

    s->ends = true;
    if (s->awaits_piece)
        pump_soon(s);
}

void echo_begin(struct exchange *x)
{
    struct mock_state *s = mock_state_of(x);
    char *accept = arena_alloc(&x->arena, WEBSOCKET_ACCEPT);

    if (!accept || !websocket_accept(key_of(x), accept)) {
        x->response.failed = true;
        return;
    }
    exchange_add_field(x, SPAN("Upgrade"), SPAN("websocket"));
    exchange_add_field(x, SPAN("Sec-WebSocket-Accept"), span_of(accept, WEBSOCKET_ACCEPT));
    x->response.next = next;
    x->response.source = s;
}
