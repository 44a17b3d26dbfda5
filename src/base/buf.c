// SPDX-License-Identifier: MIT
#include "base/buf.h"

#include "base/ascii.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUF_LEAST = 256 }; // bytes of the first allocation

bool buf_reserve(struct buf *b, size_t more)
{
    size_t cap = b->cap ? b->cap : BUF_LEAST;
    char *ptr;

    if (b->cap - b->len >= more)
        return true;
    if (b->is_lent || more > SIZE_MAX / 2 - b->len) {
        b->failed = true;
        return false;
    }
    while (cap - b->len < more)
        cap *= 2;
    ptr = realloc(b->ptr, cap);
    if (!ptr) {
        b->failed = true;
        return false;
    }
    b->ptr = ptr;
    b->cap = cap;
    return true;
}

void buf_add_u64(struct buf *b, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;

    if (value < 10) { // as most parts of addresses are
        buf_add_char(b, (char)('0' + value));
        return;
    }
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    buf_add(b, span_of(digits + at, sizeof digits - at));
}

void buf_addf(struct buf *b, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || !buf_reserve(b, (size_t)n + 1)) {
        b->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf(b->ptr + b->len, (size_t)n + 1, format, args);
    va_end(args);
    b->len += (size_t)n;
}

/* C1 control characters, which some terminals obey, are the two-byte sequences C2 80 to C2 9F. */
static bool is_c1_control(const char *p, size_t n)
{
    return n == 2 && (unsigned char)p[0] == 0xc2 && (unsigned char)p[1] < 0xa0;
}

void buf_add_json(struct buf *b, struct span text)
{
    while (text.len) {
        char c = text.ptr[0];
        size_t n = utf8_length(text);

        if (c == '"' || c == '\\') {
            buf_add_char(b, '\\');
            buf_add_char(b, c);
        } else if (c == '\n') {
            buf_add(b, SPAN("\\n"));
        } else if (c == '\t') {
            buf_add(b, SPAN("\\t"));
        } else if (n == 0 || (unsigned char)c < 0x20 || c == 0x7f) {
            buf_addf(b, "\\u%04x", (unsigned)(unsigned char)c);
        } else if (is_c1_control(text.ptr, n)) {
            buf_addf(b, "\\u%04x", (unsigned)(unsigned char)text.ptr[1]);
        } else {
            buf_add(b, span_first(text, n));
        }
        text = span_from(text, n ? n : 1);
    }
}

void buf_add_html(struct buf *b, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case '&':
            buf_add(b, SPAN("&amp;"));
            break;
        case '<':
            buf_add(b, SPAN("&lt;"));
            break;
        case '>':
            buf_add(b, SPAN("&gt;"));
            break;
        case '"':
            buf_add(b, SPAN("&quot;"));
            break;
        case '\'':
            buf_add(b, SPAN("&#39;"));
            break;
        default:
            buf_add_char(b, text.ptr[i]);
        }
    }
}

void buf_add_uri_path(struct buf *b, struct span path)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.ptr[i];

        if (c == '/' || ascii_is((char)c, ASCII_PCHAR))
            buf_add_char(b, (char)c);
        else
            buf_add(b, span_of((const char[3]){'%', hex[c >> 4], hex[c & 15]}, 3));
    }
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
}

void buf_done(struct buf *b)
{
    if (!b->is_lent)
        free(b->ptr);
    *b = (struct buf){0};
}
