// SPDX-License-Identifier: MIT
#include "upstream/dial.h"

#include "base/clock.h"

#include <errno.h>

void connections_init(struct connections *all, struct loop *l)
{
    all->loop = l;
    list_init(&all->closing);
}

void connections_done(struct connections *all)
{
    while (!list_empty(&all->closing))
        connection_drop(list_entry(all->closing.next, struct upstream_connection, link));
}

void connection_drop(struct upstream_connection *c)
{
    list_remove(&c->link);
    stream_drop(&c->stream);
    free(c);
}

static void on_closed(struct stream *s)
{
    struct upstream_connection *c = container_of(s, struct upstream_connection, stream);

    list_remove(&c->link);
    free(c);
}

void connection_close(struct connections *all, struct upstream_connection *c, bool reset)
{
    list_remove(&c->link);
    list_add_tail(&all->closing, &c->link);
    if (reset)
        stream_reset(&c->stream);
    stream_close(&c->stream, on_closed);
}

/* What an errno of connect(2) means. */
static enum outcome cause_of(int error)
{
    switch (error) {
    case EADDRNOTAVAIL:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EAFNOSUPPORT: // a machine without this family
        return OUTCOME_upstream_unroutable;
    case ECONNREFUSED:
    case ENOENT: // of a Unix socket: nobody has made it
    case EAGAIN: // of a Unix socket: its backlog is full
        return OUTCOME_upstream_refused;
    case ETIMEDOUT:
        return OUTCOME_upstream_connect_timeout;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
        return OUTCOME_upstream_own_fault;
    default:
        return OUTCOME_upstream_connect_failed;
    }
}

/* Of several addresses the one that tells most is told, and of equals the first: that this machine
 * has no IPv6 says nothing about the upstream. */
static unsigned rank_of(enum outcome cause)
{
    return cause == OUTCOME_upstream_own_fault ? 3 : cause == OUTCOME_upstream_unroutable ? 1 : 2;
}

static void note_failure(struct dial *d, int error)
{
    enum outcome cause = cause_of(error);

    if (rank_of(cause) <= d->rank)
        return;
    d->rank = rank_of(cause);
    d->cause = cause;
    d->system_error = error;
}

/* Ends what is under way; `done` comes, in this round. */
static void finish(struct dial *d)
{
    int64_t now = clock_monotonic();

    timer_stop(&d->stagger);
    timer_stop(&d->deadline);
    while (!list_empty(&d->racing))
        connection_close(d->connections,
                         list_entry(d->racing.next, struct upstream_connection, link), true);
    if (d->phase == PHASE_RESOLVE)
        d->resolved = now - d->begun;
    else
        d->connected = now - d->begun;
    loop_call(d->connections->loop, &d->call);
}

static void on_connected(struct stream *s, ssize_t result);

/* The next address that does not fail at once; false: there is none. */
static bool connect_next(struct dial *d)
{
    struct loop *l = d->connections->loop;

    while (d->next < d->count) {
        const struct endpoint *e = &d->endpoints[d->next++];
        struct upstream_connection *c = calloc(1, sizeof *c);
        int r = c ? stream_connect(l, &c->stream, &e->any, e->len, on_connected) : -ENOMEM;

        if (r == 0) {
            c->dial = d;
            c->endpoint = d->next - 1;
            list_add_tail(&d->racing, &c->link);
            if (d->next < d->count)
                timer_set(l, &d->stagger, loop_now(l) + LIMIT_CONNECT_STAGGER * CLOCK_MS);
            return true;
        }
        free(c);
        note_failure(d, -r);
    }
    return false;
}

static void go_on(struct dial *d)
{
    if (!connect_next(d) && list_empty(&d->racing))
        finish(d);
}

static void on_connected(struct stream *s, ssize_t result)
{
    struct upstream_connection *c = container_of(s, struct upstream_connection, stream);
    struct dial *d = c->dial;

    if (result < 0) {
        note_failure(d, (int)-result);
        connection_close(d->connections, c, false);
        go_on(d);
        return;
    }
    list_remove(&c->link);
    c->dial = NULL;
    d->connection = c;
    d->cause = OUTCOME_NONE;
    d->system_error = 0;
    if (d->name) {
        c->address = name_connected(d->name, &d->endpoints[c->endpoint]);
        c->generation = d->name->generation;
    }
    finish(d);
}

static void on_stagger(struct timer *t)
{
    go_on(container_of(t, struct dial, stagger));
}

static void on_deadline(struct timer *t)
{
    struct dial *d = container_of(t, struct dial, deadline);

    d->cause = OUTCOME_upstream_connect_timeout;
    d->system_error = 0;
    finish(d);
}

static void connect_begin(struct dial *d)
{
    int64_t now = loop_now(d->connections->loop);

    d->phase = PHASE_CONNECT;
    timer_set(d->connections->loop, &d->deadline, now + (int64_t)d->timeout * CLOCK_MS);
    go_on(d);
}

static void resolved(struct dial *d)
{
    int64_t now = clock_monotonic();

    if (d->cause) {
        finish(d);
        return;
    }
    d->resolved = now - d->begun;
    d->begun = now;
    connect_begin(d);
}

static void on_name(struct name_wait *w)
{
    struct dial *d = container_of(w, struct dial, wait);

    name_take(d->name, d->port, d->endpoints, &d->count, &d->cause);
    resolved(d);
}

static void on_call(struct loop_call *c)
{
    struct dial *d = container_of(c, struct dial, call);

    d->done(d);
}

void dial_begin(struct dial *d)
{
    list_init(&d->racing);
    list_init(&d->wait.link);
    d->wait.told = on_name;
    timer_init(&d->stagger, on_stagger);
    timer_init(&d->deadline, on_deadline);
    loop_call_init(&d->call, on_call);
    d->begun = clock_monotonic();
    d->phase = PHASE_RESOLVE;
    if (!d->name) {
        d->endpoints[0] = *d->endpoint;
        d->count = 1;
        connect_begin(d);
    } else if (name_find(d->name, d->port, &d->wait, d->endpoints, &d->count, &d->cause)) {
        resolved(d);
        d->resolved = d->phase == PHASE_CONNECT ? 0 : d->resolved; // nobody was asked
    }
}

void dial_cancel(struct dial *d)
{
    list_remove(&d->wait.link);
    timer_stop(&d->stagger);
    timer_stop(&d->deadline);
    loop_call_cancel(&d->call);
    while (!list_empty(&d->racing))
        connection_close(d->connections,
                         list_entry(d->racing.next, struct upstream_connection, link), true);
    if (d->connection)
        connection_close(d->connections, d->connection, false);
    d->connection = NULL;
}
