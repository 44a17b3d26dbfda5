// SPDX-License-Identifier: MIT
/*
 * The buffers that a loop lends to receives: last in, first out, so that the next one is warm.
 */
#include "io/loop_epoll.h"

struct loop_buffer *loop_buffer_take(struct loop *l)
{
    struct loop_buffer *b = l->buffers;

    if (b) {
        l->buffers = b->next;
        l->buffers_free--;
    } else {
        b = malloc(sizeof *b + l->buffer_size);
        if (!b)
            return NULL;
        b->cap = l->buffer_size;
    }
    b->next = NULL;
    b->start = b->len = 0;
    return b;
}

void loop_buffer_release(struct loop *l, struct loop_buffer *b)
{
    if (!b)
        return;
    if (l->buffers_free >= BUFFERS_KEPT) {
        free(b);
        return;
    }
    b->next = l->buffers;
    l->buffers = b;
    l->buffers_free++;
}
