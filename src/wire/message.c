// SPDX-License-Identifier: MIT
#include "wire/message.h"

const char message_root_path[] = "/";

void message_clear(struct message *m)
{
    size_t size = offsetof(struct message, first);

    for (unsigned i = 0; i < m->field_count; i++)
        m->first[m->fields[i].id] = 0;
    // A constant size of this magnitude becomes "rep stos", which is slow to start.
    __asm__("" : "+r"(size));
    memset(m, 0, size);
}

static void span_move(struct span *s, ptrdiff_t delta)
{
    if (s->ptr)
        s->ptr += delta;
}

void message_move(struct message *m, ptrdiff_t delta)
{
    span_move(&m->request_line, delta);
    span_move(&m->method_name, delta);
    span_move(&m->target, delta);
    span_move(&m->scheme, delta);
    span_move(&m->host, delta);
    if (m->path.ptr != message_root_path)
        span_move(&m->path, delta);
    span_move(&m->query, delta);
    for (unsigned i = 0; i < m->field_count; i++) {
        span_move(&m->fields[i].name, delta);
        span_move(&m->fields[i].value, delta);
    }
}
