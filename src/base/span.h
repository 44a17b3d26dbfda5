// SPDX-License-Identifier: MIT
/*
 * A span is a read-only view of bytes that somebody else owns: a pointer and a length, passed by
 * value. It is not terminated by a NUL. The owner must outlive the span.
 * An empty span may have a null pointer.
 */
#ifndef CANDOR_BASE_SPAN_H
#define CANDOR_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct span {
    const char *ptr;
    size_t len; // bytes
};

/* A span over a string literal, without its NUL; SPAN_INIT is the same for static initialisers. */
#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})
#define SPAN_INIT(literal)                                                                         \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

/* For printf's "%.*s". */
#define SPAN_ARG(s) (int)(s).len, (s).ptr

static inline struct span span_of(const char *ptr, size_t len)
{
    return (struct span){ptr, len};
}

static inline struct span span_from_str(const char *str)
{
    return (struct span){str, str ? strlen(str) : 0};
}

static inline bool span_eq(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* By bytes, and what another begins with comes first: below, at or above 0. */
static inline int span_compare(struct span a, struct span b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.ptr, b.ptr, n) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* Equal without regard to the case of ASCII letters. */
static inline bool span_eq_nocase(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool span_starts(struct span s, struct span prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool span_ends(struct span s, struct span suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

/* The offset of the first byte c, or s.len if there is none. */
static inline size_t span_find(struct span s, char c)
{
    const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return at ? (size_t)(at - s.ptr) : s.len;
}

/* From `from` to the end; empty when from is beyond the end. */
static inline struct span span_from(struct span s, size_t from)
{
    if (from > s.len)
        from = s.len;
    // Nothing is added to a null pointer, not even 0.
    return from ? (struct span){s.ptr + from, s.len - from} : s;
}

/* The first n bytes, or all when there are fewer. */
static inline struct span span_first(struct span s, size_t n)
{
    return (struct span){s.ptr, n < s.len ? n : s.len};
}

/* Without optional whitespace (SP, HTAB) at both ends: OWS of RFC 9110 §5.6.3. */
static inline struct span span_trim(struct span s)
{
    while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s.ptr++, s.len--;
    while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* Takes the bytes before the first c off the front of *rest, and c itself; all when c is absent. */
static inline struct span span_take_until(struct span *rest, char c)
{
    size_t n = span_find(*rest, c);
    struct span head = span_first(*rest, n);
    *rest = span_from(*rest, n + 1);
    return head;
}

/*
 * Reads a decimal number that fills the whole span: digits only, at least one.
 * False when it is not a number or exceeds max; *ret_value is then untouched.
 */
bool span_to_u64(struct span s, uint64_t max, uint64_t *ret_value);

/* A copy that ends with NUL, from malloc; the caller frees it. NULL when out of memory. */
char *span_to_str(struct span s);

#endif
