// SPDX-License-Identifier: MIT
#include "http/json_schema_place.h"

enum { LEVELS = LIMIT_JSON_DEPTH + 1 }; // a place is no deeper than its text

void schema_place_add(struct buf *b, const struct schema_node *node)
{
    const struct schema_node *way[LEVELS];
    size_t count = 0;

    if (node->resource->document->uri.len) {
        buf_add(b, node->resource->document->uri);
        buf_add_char(b, '#');
    }
    for (; node && count < LEVELS; node = node->parent)
        way[count++] = node;
    while (count)
        buf_add(b, way[--count]->path);
}

void schema_place_cut(struct buf *b, size_t begin)
{
    size_t end = begin + LIMIT_JSON_POINTER - 3;

    if (b->failed || b->len - begin <= LIMIT_JSON_POINTER)
        return;
    while (((unsigned char)b->ptr[end] & 0xc0) == 0x80)
        end--;
    b->len = end;
    buf_add(b, SPAN("..."));
}
