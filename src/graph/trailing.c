// SPDX-License-Identifier: MIT
#include "graph/trailing.h"

enum { TEXT_ROOM = 128 }; // bytes, at first

static bool add_text(struct trailing *t, struct arena *arena, struct span piece)
{
    if (t->length + piece.len > t->room) {
        size_t room = 2 * (t->length + piece.len) + TEXT_ROOM;
        char *text = arena_alloc(arena, room);

        if (!text)
            return false;
        if (t->length)
            memcpy(text, t->text, t->length);
        t->text = text;
        t->room = room;
    }
    if (piece.len)
        memcpy(t->text + t->length, piece.ptr, piece.len);
    t->length += piece.len;
    return true;
}

bool trailing_add_name(struct trailing *t, struct arena *arena, struct span piece)
{
    t->name_length += piece.len;
    return add_text(t, arena, piece);
}

static bool keep(struct trailing *t, struct arena *arena)
{
    struct span text = arena_copy(arena, span_of(t->text, t->length));
    struct response_field *f = arena_alloc(arena, sizeof *f), **end = &t->fields;

    if (!f || !text.ptr)
        return false;
    *f = (struct response_field){.name = span_first(text, t->name_length),
                                 span_trim(span_from(text, t->name_length))};
    while (*end)
        end = &(*end)->next;
    *end = f;
    return true;
}

bool trailing_add_value(struct trailing *t, struct arena *arena, struct span piece, bool passes)
{
    bool is_kept;

    if (piece.len)
        return add_text(t, arena, piece);
    is_kept = !passes || !t->name_length || keep(t, arena);
    t->length = t->name_length = 0;
    return is_kept;
}
