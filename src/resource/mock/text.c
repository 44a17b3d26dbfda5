// SPDX-License-Identifier: MIT
#include "resource/mock/text.h"

void mock_set_text(struct mock_state *s, struct span text, struct span type)
{
    s->body.fill = MOCK_FILL_SPAN;
    s->body.text = text;
    s->body.length = text.len;
    s->x->response.failed |= !text.ptr;
    exchange_add_field(s->x, SPAN("Content-Type"), type);
}

void mock_set_buf(struct mock_state *s, struct buf *b, struct span type)
{
    struct span text = b->failed ? (struct span){NULL, 0} : arena_copy(&s->x->arena, buf_span(b));

    buf_done(b);
    mock_set_text(s, text, type);
}
