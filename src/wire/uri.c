// SPDX-License-Identifier: MIT
#include "wire/uri.h"

#include "base/ascii.h"

#include <assert.h>

/* Whether rest, of a path, begins with a dot segment. */
static bool is_dot_segment(struct span rest)
{
    struct span segment = span_first(rest, span_find(rest, '/'));

    return span_eq(segment, SPAN(".")) || span_eq(segment, SPAN(".."));
}

bool uri_path_is_plain(struct span path, struct uri_path *ret_path)
{
    const char *at = path.ptr, *end = at ? at + path.len : at;
    bool has_dot_file = false;

    for (; at < end; at++) {
        if (*at == '%')
            return false;
        if (*at != '/')
            continue;
        if (at + 1 == end)
            break;
        if (at[1] == '/')
            return false;
        if (at[1] == '.' && is_dot_segment(span_of(at + 1, (size_t)(end - at - 1))))
            return false;
        has_dot_file |= at[1] == '.';
    }
    *ret_path = (struct uri_path){.text = path, .has_dot_file = has_dot_file};
    return true;
}

/* Decodes one segment to out; its length there. An encoded slash stays encoded, so that the text
 * never has a segment that the path had not. */
static size_t decode_segment(struct span segment, char *out, struct uri_path *path)
{
    size_t n = 0;

    for (size_t i = 0; i < segment.len; i++) {
        int high, low;
        char c = segment.ptr[i];

        if (c == '%' && segment.len - i > 2) {
            high = ascii_hex_value(segment.ptr[i + 1]);
            low = ascii_hex_value(segment.ptr[i + 2]);
            if (high >= 0 && low >= 0) {
                if (high == 2 && low == 15) {
                    path->has_encoded_slash = true;
                } else {
                    c = (char)(unsigned char)(high << 4 | low);
                    i += 2;
                }
            }
        }
        path->has_nul |= c == '\0';
        out[n++] = c;
    }
    return n;
}

/* Sets what can be seen in the final text. */
static void look_at_segments(struct uri_path *path)
{
    struct span text = path->text;

    for (size_t i = 1; i < text.len; i++)
        path->has_dot_file |= text.ptr[i - 1] == '/' && text.ptr[i] == '.';
}

/* A path that is not plain. */
__attribute__((noinline)) static enum outcome decode(struct span path, char *out,
                                                     struct uri_path *ret_path, size_t *ret_offset)
{
    struct uri_path result = {0};
    size_t at = 1, n = 1; // behind a slash, in path and in out

    out[0] = '/';
    for (;;) {
        struct span segment = span_from(path, at), decoded;
        bool last;

        segment = span_first(segment, span_find(segment, '/'));
        last = at + segment.len >= path.len;
        decoded = span_of(out + n, decode_segment(segment, out + n, &result));
        if (span_eq(decoded, SPAN(".."))) { // RFC 3986 §5.2.4
            if (n == 1) {
                *ret_offset = at;
                return OUTCOME_target_above_root;
            }
            do
                n--;
            while (out[n - 1] != '/');
        } else if (decoded.len && !span_eq(decoded, SPAN("."))) {
            n += decoded.len;
            if (!last)
                out[n++] = '/';
        }
        if (last)
            break;
        at += segment.len + 1;
    }
    result.text = span_of(out, n);
    look_at_segments(&result);
    *ret_path = result;
    return OUTCOME_NONE;
}

enum outcome uri_path_decode(struct span path, char *out, struct uri_path *ret_path,
                             size_t *ret_offset)
{
    return uri_path_is_plain(path, ret_path) ? OUTCOME_NONE
                                             : decode(path, out, ret_path, ret_offset);
}

void uri_path_encode(struct buf *b, struct span text)
{
    assert(!span_starts(text, SPAN("//")));
    buf_add_uri_path(b, text);
}

void uri_query_encode(struct buf *b, struct span query)
{
    for (size_t i = 0; i < query.len; i++) {
        char c = query.ptr[i];
        bool is_escape = c == '%' && query.len - i > 2 && ascii_is(query.ptr[i + 1], ASCII_HEX) &&
                         ascii_is(query.ptr[i + 2], ASCII_HEX);

        if (is_escape || c == '?')
            buf_add_char(b, c);
        else
            buf_add_uri_path(b, span_of(&c, 1));
    }
}
