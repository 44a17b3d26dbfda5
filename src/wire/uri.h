// SPDX-License-Identifier: MIT
/*
 * Paths of request targets (RFC 3986).
 */
#ifndef CANDOR_WIRE_URI_H
#define CANDOR_WIRE_URI_H

#include "base/buf.h"
#include "registry/outcome.h"

struct uri_path {
    struct span text;       // decoded, without dot segments and empty ones; begins with "/"
    bool has_encoded_slash; // a segment contains %2F, which text keeps: decoded, it would name
                            // another resource
    bool has_nul;           // %00, which is a NUL byte in text
    bool has_dot_file;      // a segment of text begins with "."
};

/*
 * Decodes and normalises an absolute path ("/a/%62/..//c" becomes "/a/c") into out, which has room
 * for path.len bytes; path has passed h1_read_head. Several slashes are one, also before a dot
 * segment is looked at, as a file system takes them and other servers do. Returns OUTCOME_NONE, or
 * target_above_root when dot segments climb above the root (*ret_offset: the byte in path). Where
 * nothing needs decoding, text points into path itself and out is not touched.
 */
enum outcome uri_path_decode(struct span path, char *out, struct uri_path *ret_path,
                             size_t *ret_offset);

/* Whether nothing needs decoding: *ret_path is then what uri_path_decode() would make of it. */
bool uri_path_is_plain(struct span path, struct uri_path *ret_path);

/*
 * Adds a decoded, normalised path in its one encoded form. It begins with a single "/", so that it
 * never names an authority as a reference (RFC 3986 §4.2).
 */
void uri_path_encode(struct buf *b, struct span text);

/* Adds a query as it was sent, but with what no URI may hold escaped. */
void uri_query_encode(struct buf *b, struct span query);

/* Without the slashes at both ends. */
static inline struct span uri_path_trim(struct span path)
{
    while (path.len && path.ptr[0] == '/')
        path = span_from(path, 1);
    while (path.len && path.ptr[path.len - 1] == '/')
        path.len--;
    return path;
}

#endif
