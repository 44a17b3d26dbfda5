// SPDX-License-Identifier: MIT
#include "server/session/steps.h"

#include "graph/graph.h"
#include "server/session/connection.h"

static void run_work(struct work *w)
{
    graph_run(&container_of(w, struct carried, work)->x);
}

static void on_work_done(struct work *w)
{
    struct exchange *x = &container_of(w, struct carried, work)->x;

    x->host->resume(x);
}

void session_run_step(struct exchange *x, bool is_long)
{
    struct carried *k = x->carrier;
    struct sessions *s = k->connection->sessions;

    k->work.run = run_work;
    k->work.done = on_work_done;
    k->work.is_long = is_long;
    offload_submit(s->pool, s->loop, &k->work);
}

static void on_pause_over(struct timer *t)
{
    struct carried *k = container_of(t, struct carried, pause);

    loop_let_go(k->connection->sessions->loop);
    k->x.host->resume(&k->x);
}

void session_pause(struct exchange *x, int64_t nanoseconds)
{
    struct carried *k = x->carrier;
    struct loop *l = k->connection->sessions->loop;

    timer_init(&k->pause, on_pause_over);
    timer_set(l, &k->pause, loop_now(l) + nanoseconds);
    loop_hold(l);
}

/* The facts that the server itself knows. */

static void establish_route(struct exchange *x, const struct connection *c)
{
    struct sessions *w = c->sessions;
    const struct config *config = w->config;
    const struct route *route;

    route = route_find(config, x->request.host, x->path.text, &x->host_known);
    if (!route)
        return;
    x->host_doubtful = route->writes && route->host.len == 0 &&
                       !route_host_is_local(x->request.host) && stream_is_loopback(&c->stream);
    x->resource = w->resources[route->number];
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

bool session_leads_here(const struct exchange *x, struct span path)
{
    const struct carried *k = x->carrier;
    const struct sessions *w = k->connection->sessions;
    bool host_known;
    const struct route *route = route_find(w->config, x->request.host, path, &host_known);

    return route && w->resources[route->number] == x->resource;
}

enum step session_find_route(struct exchange *x)
{
    struct carried *k = x->carrier;

    establish_route(x, k->connection);
    return STEP_KNOWN;
}
