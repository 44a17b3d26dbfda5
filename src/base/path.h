// SPDX-License-Identifier: MIT
/*
 * Paths of resources: decoded, relative to a root, without a slash at either end. "" is the root.
 */
#ifndef CANDOR_BASE_PATH_H
#define CANDOR_BASE_PATH_H

#include "base/span.h"

/* Whether inner is outer, or lies below it. */
static inline bool path_is_within(struct span outer, struct span inner)
{
    return span_starts(inner, outer) &&
           (outer.len == 0 || inner.len == outer.len || inner.ptr[outer.len] == '/');
}

/* The folder that it is in; that of the root is the root. */
static inline struct span path_parent(struct span path)
{
    while (path.len && path.ptr[path.len - 1] != '/')
        path.len--;
    return span_first(path, path.len ? path.len - 1 : 0);
}

/* Its last segment. */
static inline struct span path_leaf(struct span path)
{
    size_t at = path.len;

    while (at && path.ptr[at - 1] != '/')
        at--;
    return span_from(path, at);
}

#endif
