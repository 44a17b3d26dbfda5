// SPDX-License-Identifier: MIT
/*
 * A growable byte buffer that owns its memory. Additions that cannot be satisfied leave the buffer
 * as it is and set `failed`, which stays set: build first, look once at the end.
 * A zeroed struct is an empty buffer.
 */
#ifndef CANDOR_BASE_BUF_H
#define CANDOR_BASE_BUF_H

#include "base/span.h"

struct buf {
    char *ptr;
    size_t len; // bytes in use
    size_t cap; // bytes owned
    bool failed;
    bool is_lent; // the memory is another's, and does not grow
};

/* A buffer in memory of another's; NULL: it has failed. What does not fit makes it fail, and
 * buf_done() leaves the memory alone. */
static inline struct buf buf_in(void *memory, size_t size)
{
    return (struct buf){
        .ptr = memory, .cap = memory ? size : 0, .failed = !memory, .is_lent = true};
}

/* Room for `more` bytes after len, so that they can be written at ptr + len. False: no memory. */
bool buf_reserve(struct buf *b, size_t more);
void buf_add_u64(struct buf *b, uint64_t value);
__attribute__((format(printf, 2, 3))) void buf_addf(struct buf *b, const char *format, ...);

/* As JSON: the text between quotes, with what JSON and a terminal must not see escaped; bytes that
 * are not UTF-8 become \u00XX, so that the result is always valid JSON in ASCII-safe UTF-8. */
void buf_add_json(struct buf *b, struct span text);
/* As HTML text or a quoted attribute value: & < > " ' become character references. */
void buf_add_html(struct buf *b, struct span text);
/* As a URI path: what RFC 3986 §3.3 does not allow in a segment is percent-encoded; '/' is kept. */
void buf_add_uri_path(struct buf *b, struct span path);

/* Here, so that pieces of a known length become plain stores: listings are made of such. */
static inline void buf_add(struct buf *b, struct span s)
{
    if (s.len && (b->cap - b->len >= s.len || buf_reserve(b, s.len))) {
        memcpy(b->ptr + b->len, s.ptr, s.len);
        b->len += s.len;
    }
}

static inline void buf_add_char(struct buf *b, char c)
{
    if (b->cap > b->len || buf_reserve(b, 1))
        b->ptr[b->len++] = c;
}

static inline void buf_add_str(struct buf *b, const char *str)
{
    buf_add(b, span_from_str(str));
}

static inline struct span buf_span(const struct buf *b)
{
    return (struct span){b->ptr, b->len};
}

/* Empties it, keeps the memory. */
void buf_clear(struct buf *b);
/* Frees the memory; the buffer is empty and usable again. */
void buf_done(struct buf *b);

#endif
