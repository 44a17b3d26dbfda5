// SPDX-License-Identifier: MIT
/*
 * One frame at a time: what comes is kept until the frame before it is out, so a client that sends
 * without reading is held back.
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

/* What was kept is read: the next piece may come. */
static void let_go(struct mock_state *s)
{
    if (!s->keeps)
        return;
    s->keeps = false;
    if (!s->takes) // else it was never kept
        s->x->host->taken(s->x);
}

static void next(struct exchange *x, struct piece *ret_piece)
{
    struct mock_state *s = x->response.source;

    s->awaits_piece = false;
    if (!s->websocket.is_ended) {
        switch (websocket_read(&s->websocket, &s->kept)) {
        case WEBSOCKET_ANSWER:
        case WEBSOCKET_END:
            ret_piece->kind = PIECE_BYTES;
            ret_piece->bytes = buf_span(&s->websocket.out);
            return;
        case WEBSOCKET_NO_MEMORY:
            s->websocket.is_ended = true; // without a word, which would take some
            break;
        case WEBSOCKET_MORE:
            break;
        }
    }
    if (s->websocket.is_ended || s->ends) {
        ret_piece->kind = PIECE_END;
    } else {
        ret_piece->kind = PIECE_WAIT;
        s->awaits_piece = true;
    }
    let_go(s);
}

static void go_on(struct mock_state *s)
{
    if (s->awaits_piece)
        s->x->host->resume_body(s->x);
}

bool echo_take(struct exchange *x, struct span data)
{
    struct mock_state *s = mock_state_of(x);

    if (s->websocket.is_ended || s->ends)
        return true;
    s->kept = data;
    s->keeps = s->takes = true;
    go_on(s);
    s->takes = false;
    return !s->keeps;
}

void echo_ended(struct exchange *x)
{
    struct mock_state *s = mock_state_of(x);

    s->ends = true;
    go_on(s);
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
