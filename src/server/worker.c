// SPDX-License-Identifier: MIT
#include "server/worker.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/hurry.h"
#include "base/oplog.h"
#include "io/offload.h"
#include "server/session/session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

enum {
    RESUME_MS = 100,     // until accepting is tried again after the descriptors ran out
    HURRY_MS = 100,      // until those are looked at again that outlast the stop's time
};

/* Accepting goes on while it is below the limit and the few that are told that it is reached. */
static bool worker_has_room(const struct worker *w)
{
    return w->sessions.count < w->accepts;
}

static void on_accept(struct listener *l, int fd, const struct sockaddr *peer, socklen_t peer_len)
{
    struct worker *w = container_of(l, struct worker_listener, listener)->worker;

    (void)peer_len;
    w->exhausted = false;
    session_open(&w->sessions, fd, peer);
    memory_return_note(&w->memory, w->sessions.count);
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

    if (s->count + 1 >= w->accepts)
        resume_accepting(w);
    if (!s->stopping)
        memory_return_note(&w->memory, s->count);
    worker_end_if_finished(w);
}

/* The stop has taken long enough: whoever is slow has run out of time now. */
static void on_stop_timer(struct timer *t)
{
    struct worker *w = container_of(t, struct worker, stop_timer);

    sessions_hurry(&w->sessions);
    hurry_begin(offload_hurry(w->means.pool));
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

static int open_resources(struct worker *w)
{
    const struct route_table *routes = &w->config->routes;
    int error = resources_open(routes, &w->means, w->shares, &w->resources);

    w->sessions.resources = w->resources;
    w->sessions.methods = w->config->trace ? METHOD_BIT(METHOD_TRACE) : 0;
    for (size_t i = 0; i < routes->number_count && error == 0; i++)
        w->sessions.methods |= w->resources[i]->methods;
    return error;
}

/* A head has room in a buffer, of requests and of what upstreams answer. */
static size_t buffer_size(const struct config_limits *limits)
{
    size_t request = limits->request_line + limits->field_section;
    size_t answer = LIMIT_UPSTREAM_STATUS_LINE + LIMIT_UPSTREAM_FIELD_SECTION;

    return (request > answer ? request : answer) + MEMORY_SPARE;
}

int worker_open(struct worker *w, const struct worker_means *means, const int *sockets)
{
    const struct config *config = means->config;
    const struct config_limits *limits = &config->limits;
    int error;

    *w = (struct worker){.config = config, .means = means->kinds, .shares = means->shares};
    w->stop_message.on_arrival = on_stop;
    w->reopen_message.on_arrival = on_reopen;
    timer_init(&w->resume_timer, on_resume);
    timer_init(&w->stop_timer, on_stop_timer);
    w->listeners = calloc(config->listen_count, sizeof *w->listeners);
    if (!w->listeners)
        return tell_not_started(-CANDOR_E_MEMORY);
    error = loop_open(buffer_size(limits), &w->loop);
    if (error < 0)
        return tell_not_started(error);
    w->means.loop = w->loop;
    memory_return_init(&w->memory, w->loop, w->means.pool);
    error = sessions_init(&w->sessions, config, w->means.types, w->loop, w->means.pool,
                          means->log_writer);
    if (error < 0)
        return tell_not_started(error);
    w->sessions.on_ended = on_session_ended;
    w->sessions.most = means->connections;
    w->accepts = means->connections + means->connections_refused;
    error = open_resources(w);
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
    resources_free(&w->config->routes, w->resources);
    if (w->loop)
        sessions_done(&w->sessions);
    free(w->listeners);
    loop_free(w->loop);
    w->loop = NULL;
}
