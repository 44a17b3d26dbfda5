// SPDX-License-Identifier: MIT
/*
 * Within one host the routes are sorted by path, and each knows its parent: the longest folder that
 * is a prefix of it. The longest folder that holds a path P is then the last entry not above P, or
 * one of that entry's ancestors: everything between a prefix of P and P begins with that prefix.
 */
#include "server/config/route.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "server/config/config.h"

#include <stdlib.h>
#include <utf8proc.h>

/* a is in lower case already. */
static int host_compare(struct span a, struct span b)
{
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        int order = (unsigned char)a.ptr[i] - (unsigned char)ascii_lower(b.ptr[i]);

        if (order)
            return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

static int route_compare(const void *a, const void *b)
{
    const struct route *x = a, *y = b;
    int order = span_compare(x->host, y->host);

    if (!order)
        order = span_compare(x->path, y->path);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

static bool is_folder(const struct route *route)
{
    return span_ends(route->path, SPAN("/"));
}

static void host_init(struct route_host *host, struct route *routes, size_t count)
{
    for (size_t i = host->first; i < host->first + count; i++) {
        int32_t parent = i == host->first ? -1 : (int32_t)(i - 1);

        while (parent >= 0 &&
               !(is_folder(&routes[parent]) && span_starts(routes[i].path, routes[parent].path)))
            parent = routes[parent].parent;
        routes[i].parent = parent;
        host->has_whole |= !is_folder(&routes[i]);
    }
    host->count = count;
}

int route_table_init(struct route_table *table, struct route *routes, size_t count,
                     struct arena *arena, size_t ret_twins[2])
{
    struct route_host *hosts = arena_alloc(arena, count * sizeof *hosts);
    size_t host_count = 0;

    if (!hosts)
        return -CANDOR_E_MEMORY;
    qsort(routes, count, sizeof *routes, route_compare);
    for (size_t i = 1; i < count; i++) {
        if (span_eq(routes[i - 1].host, routes[i].host) &&
            span_eq(routes[i - 1].path, routes[i].path)) {
            ret_twins[0] = routes[i - 1].number;
            ret_twins[1] = routes[i].number;
            return -CANDOR_E_CONFIG;
        }
    }
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && span_eq(routes[next].host, routes[i].host);)
            next++;
        hosts[host_count] = (struct route_host){.name = routes[i].host, .first = i};
        host_init(&hosts[host_count++], routes, next - i);
    }
    *table = (struct route_table){
        .routes = routes, .count = count, .hosts = hosts, .host_count = host_count};
    for (size_t i = 0; i < count; i++) {
        if (routes[i].number >= table->number_count)
            table->number_count = routes[i].number + 1;
        table->has_wide |= !utf8_is_ascii(routes[i].path);
    }
    return 0;
}

static const struct route_host *host_find(const struct route_table *table, struct span name)
{
    size_t low = 0, high = table->host_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = host_compare(table->hosts[middle].name, name);

        if (order == 0)
            return &table->hosts[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Compares a route's path with `path`, as if that had one more "/" at its end where asked. */
static int path_compare(struct span have, struct span path, bool slash_more)
{
    size_t least = have.len < path.len ? have.len : path.len;
    int order = least ? memcmp(have.ptr, path.ptr, least) : 0;
    size_t len = path.len + slash_more;

    if (order)
        return order;
    if (slash_more && have.len > path.len && have.ptr[path.len] != '/')
        return (unsigned char)have.ptr[path.len] - '/';
    return (have.len > len) - (have.len < len);
}

/* The index of the last route of the host that is not above the path, or -1. */
static int32_t last_not_above(const struct route_table *table, const struct route_host *host,
                              struct span path, bool slash_more)
{
    size_t low = host->first, high = host->first + host->count;

    if (host->count == 1) // whoever asks sees whether it leads there
        return (int32_t)low;
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (path_compare(table->routes[middle].path, path, slash_more) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low == host->first ? -1 : (int32_t)(low - 1);
}

static const struct route *host_find_route(const struct route_table *table,
                                           const struct route_host *host, struct span path)
{
    bool slash_more = !span_ends(path, SPAN("/"));
    int32_t at;

    if (slash_more && host->has_whole) {
        at = last_not_above(table, host, path, false);
        if (at >= 0 && span_eq(table->routes[at].path, path))
            return &table->routes[at];
    }
    for (at = last_not_above(table, host, path, slash_more); at >= 0;
         at = table->routes[at].parent) {
        const struct route *route = &table->routes[at];
        struct span folder = span_first(route->path, route->path.len - 1);

        if (is_folder(route) &&
            (span_starts(path, route->path) || (slash_more && span_eq(path, folder))))
            return route;
    }
    return NULL;
}

const struct route *route_find_in(const struct route_table *table, struct span host,
                                  struct span path, bool *ret_host_known)
{
    const struct route_host *general =
        table->host_count && table->hosts[0].name.len == 0 ? &table->hosts[0] : NULL;
    bool has_named = table->host_count > (general ? 1U : 0U);
    const struct route_host *named = has_named && host.len ? host_find(table, host) : NULL;
    const struct route *found = named ? host_find_route(table, named, path) : NULL;

    if (!found && general)
        found = host_find_route(table, general, path);
    *ret_host_known = named || general;
    return found;
}

/* The path with each of its names in that form, where it has one. */
static void add_in_form(struct buf *b, struct span path, utf8proc_option_t form)
{
    while (path.len) {
        struct span name = span_first(path, span_find(path, '/'));
        utf8proc_uint8_t *text = NULL;
        utf8proc_ssize_t n =
            utf8proc_map((const utf8proc_uint8_t *)name.ptr, (utf8proc_ssize_t)name.len, &text,
                         UTF8PROC_STABLE | form);

        buf_add(b, n > 0 ? span_of((const char *)text, (size_t)n) : name);
        free(text);
        b->failed |= n == UTF8PROC_ERROR_NOMEM;
        path = span_from(path, name.len);
        if (path.len)
            buf_add_char(b, '/');
        path = span_from(path, path.len ? 1 : 0);
    }
}

/* Whether the path leads to a longer one in that form; also without memory, as nobody can know. */
static bool leads_further(const struct route_table *table, struct span host, struct span path,
                          utf8proc_option_t form, const struct route *found)
{
    const struct route *other;
    struct buf b = {0};
    bool unused, further;

    add_in_form(&b, path, form);
    other = route_find_in(table, host, buf_span(&b), &unused);
    further = b.failed || (other && (!found || other->path.len > found->path.len));
    buf_done(&b);
    return further;
}

const struct route *route_find(const struct config *config, struct span host, struct span path,
                               bool *ret_host_known)
{
    const struct route_table *table = &config->routes;
    const struct route *found = route_find_in(table, host, path, ret_host_known);

    if (!table->has_wide || utf8_is_ascii(path))
        return found;
    return leads_further(table, host, path, UTF8PROC_COMPOSE, found) ||
                   leads_further(table, host, path, UTF8PROC_DECOMPOSE, found)
               ? NULL
               : found;
}

struct span route_rest(const struct route *route, struct span path)
{
    size_t slash = path.len;

    if (is_folder(route))
        return span_from(path, route->path.len - 1);
    while (slash > 0 && path.ptr[slash - 1] != '/')
        slash--;
    return span_from(path, slash ? slash - 1 : 0);
}
