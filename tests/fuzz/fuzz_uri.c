// SPDX-License-Identifier: MIT
/*
 * Paths: whatever comes out never has a dot segment or an empty one, begins with a slash and fits
 * its room; what comes out of a path without escapes comes out of itself unchanged. Queries: a
 * value fits as well.
 */
#include "wire/query.h"
#include "wire/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void look_at_query(struct span query)
{
    char *out = malloc(query.len + 1);
    struct span value;

    require(out);
    if (query_find(query, SPAN("a"), out, &value))
        require(value.ptr == out && value.len < query.len);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct uri_path path, again;
    struct span rest;
    size_t offset;
    char *in = malloc(size + 1), *out = malloc(size + 1);

    require(in && out);
    in[0] = '/';
    if (size)
        memcpy(in + 1, data, size);
    look_at_query(span_of(in + 1, size));
    if (uri_path_decode(span_of(in, size + 1), out, &path, &offset) != OUTCOME_NONE) {
        require(offset <= size);
        free(in);
        free(out);
        return 0;
    }
    require(path.text.len >= 1 && path.text.len <= size + 1 && path.text.ptr[0] == '/');
    for (rest = span_from(path.text, 1); rest.len;) {
        struct span segment = span_take_until(&rest, '/');

        require(segment.len && !span_eq(segment, SPAN(".")) && !span_eq(segment, SPAN("..")));
    }
    if (span_find(path.text, '%') == path.text.len) {
        require(uri_path_decode(path.text, NULL, &again, &offset) == OUTCOME_NONE);
        require(span_eq(again.text, path.text));
    }
    free(in);
    free(out);
    return 0;
}
