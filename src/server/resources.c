// SPDX-License-Identifier: MIT
#include "server/resources.h"

#include "base/error.h"
#include "base/oplog.h"

#include <stdlib.h>

static int tell_not_started(int error)
{
    oplog("not-started", "the server did not start: %s", error_text(error));
    return error;
}

/* Tells the operator why there is nothing behind a route; the sentence may be empty. */
static void tell_not_opened(const struct route *route, int error, struct buf *sentence)
{
    if (!sentence->len)
        buf_add_str(sentence, error_text(error));
    oplog(route->kind->event, "%.*s", SPAN_ARG(buf_span(sentence)));
}

static int open_share(const struct route *route, const struct kind_means *means,
                      struct share *ret_share)
{
    const struct resource_kind *kind = route->kind;
    struct buf sentence = {0};
    void *shared = NULL;
    int error = kind->share ? kind->share(means, route->options, &shared, &sentence) : 0;

    if (error < 0)
        tell_not_opened(route, error, &sentence);
    else
        *ret_share = (struct share){kind, shared};
    buf_done(&sentence);
    return error;
}

int shares_open(const struct route_table *routes, const struct kind_means *means,
                struct share **ret_shares)
{
    struct share *shares = calloc(routes->number_count, sizeof *shares);
    int error = 0;

    if (!shares)
        return tell_not_started(-CANDOR_E_MEMORY);
    for (size_t i = 0; i < routes->count && error == 0; i++) {
        struct share *share = &shares[routes->routes[i].number];

        if (!share->kind) // else for another of its hosts
            error = open_share(&routes->routes[i], means, share);
    }
    if (error < 0)
        shares_free(routes, shares);
    else
        *ret_shares = shares;
    return error;
}

void shares_free(const struct route_table *routes, struct share *shares)
{
    for (size_t i = 0; shares && i < routes->number_count; i++)
        if (shares[i].kind && shares[i].kind->unshare)
            shares[i].kind->unshare(shares[i].shared);
    free(shares);
}

static size_t mount_length(const struct route *route)
{
    return route->path.len - route_rest(route, route->path).len + 1;
}

static int open_resource(const struct route *route, const struct kind_means *means, void *shared,
                         struct resource **ret_resource)
{
    struct buf sentence = {0};
    int error = route->kind->open(means, route->options, shared, ret_resource, &sentence);

    if (error < 0)
        tell_not_opened(route, error, &sentence);
    buf_done(&sentence);
    if (error < 0)
        return error;
    for (struct resource *r = *ret_resource; r; r = r->reader) {
        r->content_limit = route->content;
        r->mount_length = mount_length(route);
    }
    return 0;
}

int resources_open(const struct route_table *routes, const struct kind_means *means,
                   const struct share *shares, struct resource ***ret_resources)
{
    struct resource **resources = calloc(routes->number_count, sizeof(struct resource *));
    int error = 0;

    if (!resources)
        return tell_not_started(-CANDOR_E_MEMORY);
    for (size_t i = 0; i < routes->count && error == 0; i++) {
        const struct route *route = &routes->routes[i];

        if (!resources[route->number]) // else for another of its hosts
            error = open_resource(route, means, shares[route->number].shared,
                                  &resources[route->number]);
    }
    if (error < 0)
        resources_free(routes, resources);
    else
        *ret_resources = resources;
    return error;
}

void resources_free(const struct route_table *routes, struct resource **resources)
{
    for (size_t i = 0; resources && i < routes->number_count; i++)
        if (resources[i])
            resources[i]->ops->free(resources[i]);
    free(resources);
}
