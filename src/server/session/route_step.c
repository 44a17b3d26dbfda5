// SPDX-License-Identifier: MIT
#include "server/session/route_step.h"

static void establish_route(struct call *k)
{
    struct exchange *x = &k->x;
    const struct sessions *s = k->session->sessions;
    const struct config *config = s->config;
    const struct route *route;

    route = route_find(config, x->request.host, x->path.text, &x->host_known);
    if (!route)
        return;
    k->route = route;
    x->host_doubtful = route->writes && route->host.len == 0 &&
                       !route_host_is_local(x->request.host) &&
                       k->session->ops->is_local(k->session);
    x->resource = s->resources[route->number];
    x->allowed = x->resource->methods;
    if (x->resource->reader)
        exchange_heed_query(x);
    if (x->resource->reader && !x->upload.named &&
        (x->request.method == METHOD_GET || x->request.method == METHOD_HEAD)) {
        x->guard = x->resource;
        x->resource = x->resource->reader;
    }
    x->content_limit = x->resource->stores & METHOD_BIT(x->request.method)
                           ? x->resource->stored_limit
                           : x->resource->content_limit;
    if (config->trace)
        x->allowed |= METHOD_BIT(METHOD_TRACE);
}

enum step route_step_begin(struct exchange *x)
{
    establish_route(x->carrier);
    return STEP_KNOWN;
}

bool route_leads_here(const struct exchange *x, struct span path)
{
    const struct call *k = x->carrier;
    const struct sessions *s = k->session->sessions;
    bool host_known;
    const struct route *route = route_find(s->config, x->request.host, path, &host_known);

    return route && s->resources[route->number] == x->resource;
}
