// SPDX-License-Identifier: MIT
#include "server/worker.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/oplog.h"
#include "resource/files/files.h"
#include "server/session/session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

enum {
    RESUME_MS = 100,     // until accepting is tried again after the descriptors ran out
    HURRY_MS = 100,      // until those are looked at again that outlast the stop's time
    BUFFER_SPARE = 4096, // room in a buffer beyond the largest head
};

/* Accepting goes on while it is below the limit and the few that are told that it is reached. */
static bool worker_has_room(const struct worker *w)
{
    return w->sessions.count < w->config->limits.connections + LIMIT_CONNECTIONS_REFUSED;
}

static void on_accept(struct listener *l, int fd, const struct sockaddr *peer, socklen_t peer_len)
{
    struct worker *w = container_of(l, struct worker_listener, listener)->worker;

    (void)peer_len;
    w->exhausted = false;
    session_open(&w->sessions, fd, peer);
    if (!worker_has_room(w))
        listener_pause(l);
}

static void on_exhausted(struct listener *l)
{
    struct worker *w = container_of(l, struct worker_listener, listener)->worker;

    if (!w->exhausted)
        oplog("descriptors-exhausted", "no file descriptor is left for a new connection; it waits. "
                                       "Raise the limit of open files (ulimit -n) or lower "
                                       "limits.connections");
    w->exhausted = true;
    timer_set(w->loop, &w->resume_timer, loop_now(w->loop) + RESUME_MS * CLOCK_MS);
}

static void resume_accepting(struct worker *w)
{
    if (w->sessions.stopping || !worker_has_room(w))
        return;
    for (size_t i = 0; i < w->config->listen_count; i++)
        listener_resume(&w->listeners[i].listener);
}

static void on_resume(struct timer *t)
{
    resume_accepting(container_of(t, struct worker, resume_timer));
}

static void worker_end_if_finished(struct worker *w)
{
    if (w->sessions.stopping && w->sessions.count == 0)
        loop_stop(w->loop);
}

static void on_session_ended(struct sessions *s)
{
    struct worker *w = container_of(s, struct worker, sessions);

    if (s->count + 1 >= w->config->limits.connections + LIMIT_CONNECTIONS_REFUSED)
        resume_accepting(w);
    worker_end_if_finished(w);
}

/* The stop has taken long enough: whoever is slow has run out of time now. */
static void on_stop_timer(struct timer *t)
{
    struct worker *w = container_of(t, struct worker, stop_timer);

    sessions_hurry(&w->sessions);
    hurry_begin(offload_hurry(w->pool));
    timer_set(w->loop, t, loop_now(w->loop) + HURRY_MS * CLOCK_MS);
}

static void on_stop(struct loop_message *m)
{
    struct worker *w = container_of(m, struct worker, stop_message);

    if (w->sessions.stopping)
        return;
    w->sessions.stopping = true;
    // Who is in the backlog believes to be connected: what they ask is answered, as the last thing.
    for (size_t i = 0; i < w->config->listen_count; i++) {
        listener_accept_waiting(&w->listeners[i].listener, LIMIT_STOP_ACCEPTED);
        listener_close(&w->listeners[i].listener);
    }
    sessions_stop(&w->sessions);
    timer_set(w->loop, &w->stop_timer,
              loop_now(w->loop) + (int64_t)w->config->limits.stop_timeout * CLOCK_MS);
    worker_end_if_finished(w);
}

static void on_reopen(struct loop_message *m)
{
    access_log_reopen(&container_of(m, struct worker, reopen_message)->sessions.log);
}

void worker_stop(struct worker *w)
{
    loop_post(w->loop, &w->stop_message);
}

void worker_reopen_log(struct worker *w)
{
    loop_post(w->loop, &w->reopen_message);
}

static int tell_not_started(int error)
{
    oplog("not-started", "a worker did not start: %s", error_text(error));
    return error;
}

static size_t route_mount_length(const struct route *route)
{
    return route->path.len - route_rest(route, route->path).len + 1;
}

/* Puts a resource that authors before the one that reads. */
static int open_authoring(struct worker *w, const struct route *route, struct resource **resource)
{
    struct resource *reader = *resource;
    int error = dav_open(w->shares[route->number], reader, w->loop, w->pool, resource);

    if (error < 0) {
        reader->ops->free(reader);
        return error;
    }
    reader->content_limit = route->content;
    reader->mount_length = route_mount_length(route);
    return 0;
}

static int open_resources(struct worker *w)
{
    const struct route_table *table = &w->config->routes;

    w->sessions.methods = w->config->trace ? METHOD_BIT(METHOD_TRACE) : 0;
    w->resources = calloc(table->number_count, sizeof(struct resource *));
    if (!w->resources)
        return tell_not_started(-CANDOR_E_MEMORY);
    for (size_t i = 0; i < table->count; i++) {
        const struct route *route = &table->routes[i];
        struct resource *r = NULL;
        struct dav_share *share = w->shares[route->number];
        int error;

        if (w->resources[route->number])
            continue; // for another of its hosts
        error = files_open(&route->files, share ? dav_share_changes(share) : NULL, w->loop, w->pool,
                           w->types, &r);
        if (error == 0 && share)
            error = open_authoring(w, route, &r);
        if (error < 0) {
            oplog("root-not-opened", "the folder %s cannot be opened: %s", route->files.root,
                  strerror(errno));
            return error;
        }
        r->content_limit = route->content;
        r->stored_limit = route->stored;
        r->mount_length = route_mount_length(route);
        w->resources[route->number] = r;
        w->sessions.methods |= r->methods;
    }
    return 0;
}

int worker_open(struct worker *w, const struct worker_means *means, const int *sockets)
{
    const struct config *config = means->config;
    const struct config_limits *limits = &config->limits;
    int error;

    *w = (struct worker){
        .config = config, .pool = means->pool, .types = means->types, .shares = means->shares};
    w->stop_message.on_arrival = on_stop;
    w->reopen_message.on_arrival = on_reopen;
    timer_init(&w->resume_timer, on_resume);
    timer_init(&w->stop_timer, on_stop_timer);
    w->listeners = calloc(config->listen_count, sizeof *w->listeners);
    if (!w->listeners)
        return tell_not_started(-CANDOR_E_MEMORY);
    error = loop_open(limits->request_line + limits->field_section + BUFFER_SPARE, &w->loop);
    if (error < 0)
        return tell_not_started(error);
    error = sessions_init(&w->sessions, config, w->types, w->loop, w->pool, means->log_writer);
    if (error < 0)
        return tell_not_started(error);
    w->sessions.on_ended = on_session_ended;
    error = open_resources(w);
    w->sessions.resources = w->resources;
    for (size_t i = 0; i < config->listen_count && error == 0; i++) {
        w->listeners[i].worker = w;
        error = listener_open(w->loop, &w->listeners[i].listener, sockets[i]);
        if (error < 0)
            return tell_not_started(error);
        w->listeners[i].listener.on_accept = on_accept;
        w->listeners[i].listener.on_exhausted = on_exhausted;
    }
    return error;
}

void worker_run(struct worker *w)
{
    if (loop_run(w->loop) < 0) {
        oplog("worker-failed",
              "a worker cannot wait for its connections any more (%s); the server "
              "stops",
              strerror(errno));
        w->failed = true;
        kill(getpid(), SIGTERM);
    }
    access_log_flush(&w->sessions.log);
}

void worker_done(struct worker *w)
{
    for (size_t i = 0; w->resources && i < w->config->routes.number_count; i++)
        if (w->resources[i])
            w->resources[i]->ops->free(w->resources[i]);
    free(w->resources);
    if (w->loop)
        sessions_done(&w->sessions);
    free(w->listeners);
    loop_free(w->loop);
    w->loop = NULL;
}
