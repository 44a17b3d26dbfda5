// SPDX-License-Identifier: MIT
#include "resource/gateway/forward_target.h"

#include "base/ascii.h"

size_t forward_target_room(const struct exchange *x, const struct gateway_options *o,
                           struct span base)
{
    const struct request_target *t = &x->request.target;

    return base.len + 3 * (o->prefix.len + t->path.len + t->query.len) + sizeof "/?";
}

/* 1 of ".", 2 of "..", however they are encoded; else 0. */
static int dots(struct span segment)
{
    int count = 0;

    while (segment.len) {
        size_t length = segment.ptr[0] == '.' ? 1 : 3;

        if (length == 3 && (segment.len < 3 || segment.ptr[0] != '%' || segment.ptr[1] != '2' ||
                            ascii_lower(segment.ptr[2]) != 'e'))
            return 0;
        segment = span_from(segment, length);
        count++;
    }
    return count > 2 ? 0 : count;
}

/* A segment as it was written, but with what no URI may hold escaped. */
static void add_segment(struct buf *out, struct span segment)
{
    for (size_t i = 0; i < segment.len; i++) {
        char c = segment.ptr[i], hex[2];
        bool is_escape = c == '%' && segment.len - i > 2 &&
                         ascii_hex_value(segment.ptr[i + 1]) >= 0 &&
                         ascii_hex_value(segment.ptr[i + 2]) >= 0;

        if (is_escape || ascii_is(c, ASCII_PCHAR)) {
            buf_add_char(out, c);
            continue;
        }
        ascii_write_hex((const unsigned char *)&c, 1, hex);
        buf_add_char(out, '%');
        buf_add(out, span_of(hex, sizeof hex));
    }
}

static bool is_encoded_slash(struct span text)
{
    return span_eq_nocase(text, SPAN("%2f"));
}

bool forward_may_climb(const struct exchange *x)
{
    struct span text = x->path.text;

    for (size_t i = 1; i + 1 < text.len; i++) {
        struct span before = span_first(text, i), behind = span_from(text, i + 2);

        if (text.ptr[i] != '.' || text.ptr[i + 1] != '.')
            continue;
        if (!strchr("/\\", text.ptr[i - 1]) &&
            !(i >= 3 && is_encoded_slash(span_from(before, i - 3))))
            continue;
        // Behind ";" there are parameters: RFC 3986 §3.3.
        if (!behind.len || strchr("/\\;", behind.ptr[0]) || is_encoded_slash(span_first(behind, 3)))
            return true;
    }
    return false;
}

/* Takes the last segment off that is not empty, down to the slash before it; not beyond `front`. */
static void drop_segment(struct buf *out, size_t front)
{
    while (out->len > front + 1 && out->ptr[out->len - 2] == '/')
        out->len--;
    if (out->len <= front + 1)
        return;
    out->len--;
    while (out->ptr[out->len - 1] != '/')
        out->len--;
}

/* Adds a path, which begins with a slash, with its dot segments resolved. Empty segments mean
 * nothing to that, and stay but at the front: there many take what follows for a host (RFC 3986
 * §3.3). */
static void add_path(struct buf *out, struct span path)
{
    size_t front = out->len;
    struct span rest = span_from(path, 1);

    buf_add_char(out, '/');
    for (;;) {
        bool is_last = span_find(rest, '/') == rest.len;
        struct span segment = span_take_until(&rest, '/');
        int count = dots(segment);

        if (out->failed)
            return;
        if (count == 2) {
            drop_segment(out, front);
        } else if (count == 0 && (segment.len || out->len > front + 1)) {
            add_segment(out, segment);
            if (!is_last)
                buf_add_char(out, '/');
        }
        if (is_last)
            return;
    }
}

/* How many segments of the path belong to the route. */
static size_t mount_segments(const struct exchange *x)
{
    struct span mount = span_first(x->path.text, x->routing.resource->mount_length);
    size_t count = 0;

    for (struct span rest = mount; rest.len;)
        count += span_take_until(&rest, '/').len != 0;
    return count;
}

/* The last slash of those that stand together from `at` on. */
static size_t skip_slashes(const struct buf *out, size_t at)
{
    while (at + 1 < out->len && out->ptr[at] == '/' && out->ptr[at + 1] == '/')
        at++;
    return at;
}

/* Takes segments off the front of what was added from `front` on. */
static void strip_segments(struct buf *out, size_t front, size_t count)
{
    size_t at = front;

    if (out->failed)
        return;
    for (; count && at < out->len; count--) {
        at = skip_slashes(out, at);
        do
            at++;
        while (at < out->len && out->ptr[at] != '/');
    }
    at = skip_slashes(out, at);
    if (at == front)
        return;
    memmove(out->ptr + front, out->ptr + at, out->len - at);
    out->len -= at - front;
    if (out->len == front)
        buf_add_char(out, '/');
}

void forward_target(struct buf *out, const struct exchange *x, const struct gateway_options *o,
                    struct span base)
{
    const struct request_target *t = &x->request.target;
    size_t front;

    buf_add(out, base);
    buf_add_uri_path(out, span_ends(o->prefix, SPAN("/")) ? span_first(o->prefix, o->prefix.len - 1)
                                                          : o->prefix);
    front = out->len;
    add_path(out, t->path);
    if (o->strip)
        strip_segments(out, front, mount_segments(x));
    if (t->has_query) {
        buf_add_char(out, '?');
        uri_query_encode(out, t->query);
    }
}

void forward_received_host(struct buf *out, const struct exchange *x)
{
    const struct request_target *t = &x->request.target;

    buf_add(out, t->host);
    if (t->host.len && t->port) {
        buf_add_char(out, ':');
        buf_add_u64(out, t->port);
    }
}

void forward_authority(struct buf *out, const struct exchange *x, const struct gateway_options *o,
                       const struct upstream_address *address)
{
    if (!span_eq(o->host, SPAN("pass")))
        buf_add(out, o->host);
    else if (x->request.target.host.len)
        forward_received_host(out, x);
    else
        buf_add(out, address->authority);
}
