// SPDX-License-Identifier: MIT
/*
 * A check has a connection of its own, which counts for no bound, and reads no more than the status
 * line of the answer.
 */
#include "upstream/probe.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "upstream/health.h"
#include "upstream/set.h"

struct probe {
    struct upstream_pool *pool;
    unsigned target;
    struct dial dial;
    struct upstream_connection *connection;
    struct timer timer; // the next check, or the end of this one
    bool is_running;
    struct buf request;
    struct iovec iov;
    size_t len;
    char line[LIMIT_PROBE_LINE];
};

/* Ends the check, and waits for the next one. */
static void end(struct probe *b, bool is_told, bool success)
{
    struct upstream_pool *p = b->pool;
    int64_t now = loop_now(p->loop), interval = (int64_t)p->set->o.health.interval * CLOCK_MS;
    // A tenth more or less, so that the checks of many servers do not come together.
    int64_t next =
        now + interval - interval / 10 + (int64_t)(pool_random(p) % (uint64_t)(interval / 5 + 1));

    if (b->connection)
        connection_close(&p->connections, b->connection, true);
    b->connection = NULL;
    b->is_running = false;
    dial_cancel(&b->dial);
    timer_set(p->loop, &b->timer, next);
    if (is_told && health_probed(p->set, b->target, success, now, next))
        set_wake(p->set);
}

static void finish(struct probe *b, bool success)
{
    end(b, true, success);
}

/* The line without its end: HTTP/1.x, a space, the status, and a space or nothing. */
static bool is_as_wished(const struct probe *b, struct span line)
{
    uint64_t status;

    return span_starts(line, SPAN("HTTP/1.")) && line.len >= SPAN("HTTP/1.1 nnn").len &&
           ascii_is(line.ptr[7], ASCII_DIGIT) && line.ptr[8] == ' ' &&
           span_to_u64(span_first(span_from(line, 9), 3), UINT16_MAX, &status) &&
           (line.len == 12 || line.ptr[12] == ' ' || line.ptr[12] == '\r') &&
           status == b->pool->set->o.health.status;
}

static void on_recv(struct stream *s, struct loop_buffer *in, ssize_t result)
{
    struct probe *b = container_of(s, struct upstream_connection, stream)->dial->owner;
    struct span text;
    size_t end;

    if (result <= 0) {
        loop_buffer_release(s->loop, in);
        finish(b, false);
        return;
    }
    text = span_first(span_of(in->data + in->start, in->len - in->start), sizeof b->line - b->len);
    memcpy(b->line + b->len, text.ptr, text.len);
    b->len += text.len;
    loop_buffer_release(s->loop, in);
    text = span_of(b->line, b->len);
    end = span_find(text, '\n');
    if (end < text.len)
        finish(b, is_as_wished(b, span_first(text, end)));
    else if (b->len == sizeof b->line)
        finish(b, false);
    else
        stream_recv(s, NULL, on_recv);
}

/* What the answer is tells enough. */
static void on_sent(struct stream *s, ssize_t result)
{
    (void)s;
    (void)result;
}

static void on_dialed(struct dial *d)
{
    struct probe *b = d->owner;

    b->connection = d->connection;
    d->connection = NULL;
    if (!b->connection) {
        // That this machine is short of something says nothing about the upstream.
        end(b, d->cause != OUTCOME_upstream_own_fault, false);
        return;
    }
    if (b->pool->set->targets[b->target].address.scheme == UPSTREAM_FCGI) {
        finish(b, true);
        return;
    }
    b->connection->dial = d;
    b->iov = (struct iovec){.iov_base = b->request.ptr, .iov_len = b->request.len};
    stream_recv(&b->connection->stream, NULL, on_recv);
    stream_send(&b->connection->stream, &b->iov, 1, 0, on_sent);
}

static void begin(struct probe *b)
{
    struct upstream_pool *p = b->pool;
    const struct target *t = &p->set->targets[b->target];

    b->is_running = true;
    b->len = 0;
    timer_set(p->loop, &b->timer, loop_now(p->loop) + (int64_t)p->set->o.health.timeout * CLOCK_MS);
    b->dial = (struct dial){
        .connections = &p->connections,
        .endpoint = &t->endpoint,
        .name = t->endpoint.len ? NULL : &p->own[b->target].name,
        .port = t->address.port,
        .timeout = p->set->o.health.timeout,
        .done = on_dialed,
        .owner = b,
    };
    dial_begin(&b->dial);
}

static void on_timer(struct timer *t)
{
    struct probe *b = container_of(t, struct probe, timer);

    if (b->is_running)
        finish(b, false);
    else
        begin(b);
}

static void init(struct probe *b, struct upstream_pool *p, unsigned target)
{
    *b = (struct probe){.pool = p, .target = target};
    timer_init(&b->timer, on_timer);
    list_init(&b->dial.racing);
    buf_add(&b->request, SPAN("GET "));
    buf_add(&b->request, p->set->o.health.path);
    buf_add(&b->request, SPAN(" HTTP/1.1\r\nHost: "));
    buf_add(&b->request, p->set->targets[target].address.authority);
    buf_add(&b->request,
            SPAN("\r\nUser-Agent: candor/" CANDOR_VERSION "\r\nConnection: close\r\n\r\n"));
}

void probes_begin(struct upstream_pool *p)
{
    size_t count = p->set->o.count;

    p->probes = calloc(count, sizeof *p->probes);
    if (!p->probes)
        return;
    for (unsigned t = 0; t < count; t++) {
        init(&p->probes[t], p, t);
        if (!p->probes[t].request.failed)
            timer_set(p->loop, &p->probes[t].timer, loop_now(p->loop));
    }
}

void probes_end(struct upstream_pool *p)
{
    if (!p->probes)
        return;
    for (unsigned t = 0; t < p->set->o.count; t++) {
        struct probe *b = &p->probes[t];

        timer_stop(&b->timer);
        if (b->is_running)
            dial_cancel(&b->dial);
        if (b->connection)
            connection_drop(b->connection);
        buf_done(&b->request);
    }
    free(p->probes);
    p->probes = NULL;
}
