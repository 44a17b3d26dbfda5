// SPDX-License-Identifier: MIT
#include "wire/h1_response.h"

#include "base/ascii.h"
#include "wire/scan.h"

#include <assert.h>

char *h1_put_value(char *at, struct span value)
{
    char *end = at + value.len;

    if (value.len)
        memcpy(at, value.ptr, value.len);
    while ((at = (char *)(uintptr_t)scan_field_value(at, end)) < end)
        *at++ = ' ';
    return end;
}

size_t h1_chunk_head(char out[H1_CHUNK_HEAD], uint64_t size)
{
    size_t digits = 1;

    assert(size > 0);
    while (digits < 16 && size >> (4 * digits))
        digits++;
    for (size_t i = digits; i-- > 0; size >>= 4)
        out[i] = "0123456789abcdef"[size & 15];
    out[digits] = '\r';
    out[digits + 1] = '\n';
    return digits + 2;
}

enum { LINE_REST = 4 }; // ": " and CRLF

/* Room for a line; NULL: the buffer has failed. */
static char *begin_line(struct buf *b, struct span name, size_t value_length)
{
    char *at;

    if (!buf_reserve(b, name.len + value_length + LINE_REST))
        return NULL;
    at = b->ptr + b->len;
    memcpy(at, name.ptr, name.len);
    memcpy(at + name.len, ": ", 2);
    return at + name.len + 2;
}

static void end_line(struct buf *b, char *at)
{
    memcpy(at, "\r\n", 2);
    b->len = (size_t)(at + 2 - b->ptr);
}

bool h1_add_field(struct buf *b, struct span name, struct span value)
{
    char *at;

    if (!ascii_is_token(name.ptr, name.len))
        return false;
    at = begin_line(b, name, value.len);
    if (at)
        end_line(b, h1_put_value(at, value));
    return true;
}

void h1_add_known_field(struct buf *b, enum field id, struct span value)
{
    char *at;

    assert(id != FIELD_OTHER);
    at = begin_line(b, field_table[id].name, value.len);
    if (at)
        end_line(b, h1_put_value(at, value));
}

void h1_add_field_line(struct buf *b, const struct field_line *line)
{
    char *at = begin_line(b, field_line_name(line), line->value_length);

    if (!at)
        return;
    if (line->value_length)
        memcpy(at, line->value, line->value_length);
    end_line(b, at + line->value_length);
}

bool h1_add_trailer(struct buf *b, struct span name, struct span value)
{
    unsigned flags = field_table[field_from_name(name)].flags;

    return !(flags & (FIELD_FLAG_FRAMING | FIELD_FLAG_HOP)) && h1_add_field(b, name, value);
}
