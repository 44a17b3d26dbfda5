// SPDX-License-Identifier: MIT
#include "server/session/route_step.h"

static void establish_route(struct call *k)
{
    struct exchange *x = &k->x;
    const struct sessions *s = k->session->sessions;
    const struct config *config = s->config;
    const struct route *route;

    route = route_find(config, x->request.target.host, x->path.text, &x->routing.host_known);
    if (!route)
        return;
    k->route = route;
    x->routing.host_doubtful = route->is_guarded && route->host.len == 0 &&
                               !own_host_is(&config->own_hosts, x->request.target.host) &&
                               k->session->client.family != AF_UNIX; // no page of a browser
    x->routing.resource = s->resources[route->number];
    x->routing.allowed = x->routing.resource->methods;
    if (x->routing.resource->reader)
        exchange_heed_query(x);
    if (x->routing.resource->reader && !x->upload.named &&
        (x->request.method == METHOD_GET || x->request.method == METHOD_HEAD)) {
        x->routing.guard = x->routing.resource;
        x->routing.resource = x->routing.resource->reader;
    }
    x->content.limit = x->routing.resource->stores & METHOD_BIT(x->request.method)
                           ? x->routing.resource->stored_limit
                           : x->routing.resource->content_limit;
    if (config->trace)
        x->routing.allowed |= METHOD_BIT(METHOD_TRACE);
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
    const struct route *route = route_find(s->config, x->request.target.host, path, &host_known);

    return route && s->resources[route->number] == x->routing.resource;
}
