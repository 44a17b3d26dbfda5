// SPDX-License-Identifier: MIT
#include "http/json_uri.h"

#include "base/ascii.h"

/* RFC 3986 §3; ptr of what is absent is NULL. */
struct parts {
    struct span scheme, authority, path, query;
};

static size_t find_any(struct span s, const char *set)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] && strchr(set, s.ptr[i]))
            return i;
    return s.len;
}

static struct parts parts_of(struct span uri)
{
    struct parts p = {0};
    size_t n = find_any(uri, ":/?#");

    if (n && n < uri.len && uri.ptr[n] == ':' && ascii_is(uri.ptr[0], ASCII_ALPHA)) {
        p.scheme = span_first(uri, n);
        uri = span_from(uri, n + 1);
    }
    if (span_starts(uri, SPAN("//"))) {
        uri = span_from(uri, 2);
        n = find_any(uri, "/?");
        p.authority = span_of(uri.ptr, n);
        uri = span_from(uri, n);
    }
    n = span_find(uri, '?');
    p.path = span_first(uri, n);
    if (n < uri.len)
        p.query = span_from(uri, n + 1);
    return p;
}

/* RFC 3986 §5.2.4, on what stands behind `begin` in the buffer. */
static void remove_dots(struct buf *b, size_t begin)
{
    struct span in = span_of(b->ptr + begin, b->len - begin);
    char *out = b->ptr + begin;
    size_t n = 0;

    while (in.len) {
        size_t length;

        if (span_starts(in, SPAN("/./")) || span_eq(in, SPAN("/."))) {
            in = in.len > 2 ? span_from(in, 2) : SPAN("/");
        } else if (span_starts(in, SPAN("/../")) || span_eq(in, SPAN("/.."))) {
            in = in.len > 3 ? span_from(in, 3) : SPAN("/");
            while (n && out[--n] != '/') {
            }
        } else if (span_eq(in, SPAN(".")) || span_eq(in, SPAN("..")) ||
                   span_starts(in, SPAN("./")) || span_starts(in, SPAN("../"))) {
            in = span_from(in, span_find(in, '/') + 1);
        } else {
            length = 1 + span_find(span_from(in, 1), '/');
            memmove(out + n, in.ptr, length);
            n += length;
            in = span_from(in, length);
        }
    }
    b->len = begin + n;
}

static void add_path(struct buf *b, struct parts *base, struct parts *r)
{
    size_t begin = b->len, last = 0;

    if (r->path.len == 0 || r->path.ptr[0] != '/') {
        for (size_t i = 0; i < base->path.len; i++)
            if (base->path.ptr[i] == '/')
                last = i + 1;
        if (base->authority.ptr && base->path.len == 0)
            buf_add_char(b, '/');
        buf_add(b, span_first(base->path, last));
    }
    buf_add(b, r->path);
    if (!b->failed)
        remove_dots(b, begin);
}

struct span json_uri_resolve(struct arena *a, struct span base, struct span reference)
{
    size_t size = base.len + reference.len + 8;
    struct buf b = buf_in(arena_alloc(a, size), size);
    struct parts from = parts_of(base), to = parts_of(reference);
    struct span query = to.query;

    if (!to.scheme.ptr) {
        to.scheme = from.scheme;
        if (!to.authority.ptr) {
            to.authority = from.authority;
            if (to.path.len == 0 && !query.ptr)
                query = from.query;
        } else {
            from = (struct parts){0};
        }
    } else {
        from = (struct parts){0};
    }
    if (to.scheme.ptr) {
        buf_add(&b, to.scheme);
        buf_add_char(&b, ':');
    }
    if (to.authority.ptr) {
        buf_add(&b, SPAN("//"));
        buf_add(&b, to.authority);
    }
    if (to.path.len == 0)
        buf_add(&b, from.path);
    else
        add_path(&b, &from, &to);
    if (query.ptr) {
        buf_add_char(&b, '?');
        buf_add(&b, query);
    }
    return b.failed ? (struct span){0} : buf_span(&b);
}

bool json_uri_split(struct span *uri, struct span *ret_fragment)
{
    size_t n = span_find(*uri, '#');
    bool has = n < uri->len;

    *ret_fragment = has ? span_from(*uri, n + 1) : SPAN("");
    *uri = span_first(*uri, n);
    return has;
}

bool json_uri_decode(struct arena *a, struct span text, struct span *ret)
{
    char *out = arena_alloc(a, text.len + 1);
    size_t n = 0;

    for (size_t i = 0; out && i < text.len; i++) {
        if (text.ptr[i] != '%') {
            out[n++] = text.ptr[i];
            continue;
        }
        if (text.len - i < 3 || ascii_hex_value(text.ptr[i + 1]) < 0 ||
            ascii_hex_value(text.ptr[i + 2]) < 0)
            return false;
        out[n++] = (char)(ascii_hex_value(text.ptr[i + 1]) * 16 + ascii_hex_value(text.ptr[i + 2]));
        i += 2;
    }
    *ret = span_of(out, n);
    return true;
}

bool json_pointer_next(struct span *pointer, char *out, struct span *ret_token)
{
    struct span rest = span_from(*pointer, 1);
    struct span raw = span_first(rest, span_find(rest, '/'));
    size_t n = 0;

    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];

        if (c == '~') {
            c = i + 1 < raw.len ? raw.ptr[++i] : '\0';
            if (c != '0' && c != '1')
                return false;
            c = c == '0' ? '~' : '/';
        }
        out[n++] = c;
    }
    *pointer = span_from(rest, raw.len);
    *ret_token = span_of(out, n);
    return true;
}

void json_pointer_add(struct buf *b, struct span token)
{
    buf_add_char(b, '/');
    for (size_t i = 0; i < token.len; i++) {
        if (token.ptr[i] == '~')
            buf_add(b, SPAN("~0"));
        else if (token.ptr[i] == '/')
            buf_add(b, SPAN("~1"));
        else
            buf_add_char(b, token.ptr[i]);
    }
}
