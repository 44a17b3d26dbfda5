// SPDX-License-Identifier: MIT
#include "graph/exchange.h"

#include "base/path.h"
#include "base/zero.h"
#include "graph/author.h"
#include "http/upload_fields.h"

#include <stdarg.h>
#include <stdio.h>

void exchange_reset(struct exchange *x)
{
    message_clear(&x->request);
    x->request.arena = &x->arena;
    arena_reset(&x->arena);
    zero(&x->arrival, offsetof(struct exchange, walk.trail) - offsetof(struct exchange, arrival));
    x->response.fields_end = &x->response.fields;
}

void exchange_heed_query(struct exchange *x)
{
    method_set views = 0;
    struct span id;

    for (int m = 0; m < METHOD_COUNT; m++)
        views |= method_table[m].safe ? METHOD_BIT(m) : 0;

    if (upload_name_parse(x->request.target.query, &id)) {
        x->upload.named = true;
        x->routing.allowed &= methods_of_uploads | ~(methods_that_read | methods_that_author);
    } else if (x->request.target.query.len) {
        x->routing.withheld = x->routing.allowed & ~views;
        x->routing.allowed &= views;
    }
}

struct span exchange_field(struct exchange *x, enum field id)
{
    const struct message *m = &x->request;
    size_t first = m->first[id], length = 0, at = 0;
    unsigned lines = 0;
    char *joined;

    if (!first)
        return (struct span){NULL, 0};
    for (size_t i = first - 1; i < m->field_count; i++) {
        if (m->fields[i].id == id) {
            length += m->fields[i].value_length + 2;
            lines++;
        }
    }
    if (lines == 1)
        return message_field(m, id);
    joined = arena_alloc(&x->arena, length);
    if (!joined) {
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
        return SPAN("");
    }
    for (size_t i = first - 1; i < m->field_count; i++) {
        struct span value = field_line_value(&m->fields[i]);

        if (m->fields[i].id != id)
            continue;
        if (at) {
            joined[at++] = ',';
            joined[at++] = ' ';
        }
        if (value.len)
            memcpy(joined + at, value.ptr, value.len);
        at += value.len;
    }
    return span_of(joined, at);
}

static bool trailer_add(struct arena *arena, struct trailer *t, struct span text)
{
    if (text.len > t->room - t->length) {
        size_t room = 2 * t->room + text.len;
        char *value = arena_alloc(arena, room);

        if (!value)
            return false;
        if (t->length)
            memcpy(value, t->value, t->length);
        t->value = value;
        t->room = room;
    }
    if (text.len)
        memcpy(t->value + t->length, text.ptr, text.len);
    t->length += text.len;
    return true;
}

static struct trailer *find_trailer(const struct exchange *x, enum field id)
{
    struct trailer *t = x->content.trailers;

    while (t && t->id != id)
        t = t->next;
    return t;
}

bool exchange_add_trailer(struct exchange *x, enum field id, struct span piece)
{
    struct trailer *t = find_trailer(x, id);

    if (!(field_table[id].flags & FIELD_FLAG_TRAILER))
        return true;
    if (!t) {
        t = arena_alloc(&x->arena, sizeof *t);
        if (!t)
            return false;
        *t = (struct trailer){.next = x->content.trailers, .id = id};
        x->content.trailers = t;
    }
    if (!t->in_line && t->length && !trailer_add(&x->arena, t, SPAN(", ")))
        return false;
    t->in_line = piece.len != 0;
    return trailer_add(&x->arena, t, piece);
}

struct span exchange_trailer(const struct exchange *x, enum field id)
{
    const struct trailer *t = find_trailer(x, id);

    return t ? span_trim(span_of(t->value ? t->value : "", t->length)) : (struct span){NULL, 0};
}

static void add_field(struct exchange *x, struct response_field field)
{
    struct response_field *f = field.value.ptr ? arena_alloc(&x->arena, sizeof *f) : NULL;

    if (!f) {
        x->response.failed = true;
        return;
    }
    *f = field;
    *x->response.fields_end = f;
    x->response.fields_end = &f->next;
}

void exchange_add_field(struct exchange *x, struct span name, struct span value)
{
    add_field(x, (struct response_field){.name = name, .value = value});
}

void exchange_add_line(struct exchange *x, const struct field_line *line)
{
    add_field(x, (struct response_field){.name = field_line_name(line),
                                         .value = field_line_value(line),
                                         .is_sound = true});
}

/* On the arena; ptr NULL: no memory, and so the response that was to say it has failed. */
static struct span print(struct exchange *x, const char *format, va_list args)
{
    va_list again;
    char *text;
    int n;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    text = n < 0 ? NULL : arena_alloc(&x->arena, (size_t)n + 1);
    if (!text) {
        x->response.failed = true;
        return (struct span){NULL, 0};
    }
    vsnprintf(text, (size_t)n + 1, format, args);
    return span_of(text, (size_t)n);
}

void exchange_fail(struct exchange *x, enum outcome cause, uint64_t offset, const char *format, ...)
{
    va_list args;

    if (x->failure.cause != OUTCOME_NONE)
        return;
    x->failure.cause = cause;
    x->failure.offset = offset;
    if (!format)
        return;
    va_start(args, format);
    x->failure.detail = print(x, format, args);
    va_end(args);
}

void exchange_describe(struct exchange *x, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    x->failure.detail = print(x, format, args);
    va_end(args);
}

void exchange_add_fieldf(struct exchange *x, struct span name, const char *format, ...)
{
    struct span value;
    va_list args;

    va_start(args, format);
    value = print(x, format, args);
    va_end(args);
    exchange_add_field(x, name, value);
}

void exchange_add_path(struct exchange *x, struct span name, struct span path)
{
    size_t room = 3 * path.len;
    struct buf b = buf_in(arena_alloc(&x->arena, room), room);

    uri_path_encode(&b, path);
    exchange_add_field(x, name, b.failed ? (struct span){NULL, 0} : buf_span(&b));
}

void exchange_add_folder(struct exchange *x, struct span name, bool with_query)
{
    const struct request_target *t = &x->request.target;
    struct span leaf = path_leaf(x->path.text);
    size_t room = sizeof "./" + 3 * leaf.len + sizeof "/?" + (with_query ? 3 * t->query.len : 0);
    struct buf b = buf_in(arena_alloc(&x->arena, room), room);

    // A colon in the first segment would make a scheme of what is before it: RFC 3986 §4.2.
    if (!leaf.len || span_find(leaf, ':') < leaf.len)
        buf_add(&b, SPAN("./"));
    buf_add_uri_path(&b, leaf);
    buf_add(&b, leaf.len ? SPAN("/") : SPAN(""));
    if (with_query && t->has_query) {
        buf_add_char(&b, '?');
        uri_query_encode(&b, t->query);
    }
    exchange_add_field(x, name, b.failed ? (struct span){NULL, 0} : buf_span(&b));
}

void exchange_set_body(struct exchange *x, struct buf *b, struct span type)
{
    struct response *r = &x->response;

    if (b->failed)
        r->body = (struct span){NULL, 0};
    else
        r->body = b->is_lent ? buf_span(b) : arena_copy(&x->arena, buf_span(b));
    r->failed |= !r->body.ptr;
    r->length = r->body.len;
    r->has_length = true;
    buf_done(b);
    exchange_add_field(x, SPAN("Content-Type"), type);
}
