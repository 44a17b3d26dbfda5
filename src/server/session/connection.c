// SPDX-License-Identifier: MIT
/*
 * A connection's life: receive a head, walk the graph, send the response, again or close. What is
 * received stays in one buffer of the loop's until the exchange is over, so its spans stay valid.
 */
#include "server/session/connection.h"

#include "base/clock.h"
#include "graph/graph.h"
#include "server/session/content.h"
#include "server/session/respond.h"
#include "server/session/steps.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>

enum {
    CARRIED_KEPT = 256, // exchanges a worker keeps for reuse
    ARENA_FIRST = 2304, // bytes of an exchange's arena that are kept with it
};

static void on_recv(struct stream *s, struct loop_buffer *b, ssize_t result);
static void on_closed(struct stream *s);
static void set_timer(struct connection *c, uint64_t milliseconds)
{
    timer_set(c->sessions->loop, &c->timer,
              loop_now(c->sessions->loop) + (int64_t)milliseconds * CLOCK_MS);
}

static const struct config_limits *limits_of(const struct connection *c)
{
    return &c->sessions->config->limits;
}

/* Exchanges: taken when a head is complete, given back when the response is out. */

static enum step begin_content(struct exchange *x);
static enum step begin_unwanted(struct exchange *x);
static void resume(struct exchange *x);
static void resume_body(struct exchange *x);
static void end_exchange(struct carried *k);
static void taken(struct exchange *x);

static const struct fact_step host_steps[FACT_COUNT] = {
    [FACT_route] = {.begin = session_find_route},
    [FACT_content] = {.begin = begin_content},
    [FACT_unwanted] = {.begin = begin_unwanted},
};

static const struct exchange_host exchange_host = {.steps = host_steps,
                                                   .run = session_run_step,
                                                   .pause = session_pause,
                                                   .leads_here = session_leads_here,
                                                   .taken = taken,
                                                   .resume = resume,
                                                   .resume_body = resume_body};

static struct carried *carried_new(struct sessions *w)
{
    struct carried *k = w->carried_free;

    if (k) {
        w->carried_free = k->next_free;
        w->carried_free_count--;
        return k;
    }
    k = calloc(1, sizeof *k);
    if (!k)
        return NULL;
    if (arena_init(&k->x.arena, ARENA_FIRST) < 0) {
        free(k);
        return NULL;
    }
    k->x.host = &exchange_host;
    exchange_reset(&k->x);
    return k;
}

static struct carried *carried_begin(struct connection *c)
{
    struct sessions *w = c->sessions;
    struct carried *k = carried_new(w);

    if (!k)
        return NULL;
    memset(&k->next_free, 0, sizeof *k - offsetof(struct carried, next_free));
    k->connection = c;
    k->x.carrier = k;
    k->x.known = FACT_BIT(FACT_message);
    k->x.over_capacity = c->over_capacity;
    k->x.hurry.also = offload_hurry(w->pool);
    k->x.id = w->next_id;
    w->next_id += UINT64_C(0x9e3779b97f4a7c15); // odd: all 2^64 come before one comes again
    k->x.started = c->head_since ? c->head_since : loop_now(w->loop);
    sessions_date_line(w, &k->x.time);
    c->carried = k;
    return k;
}

static void carried_give_back(struct carried *k)
{
    struct sessions *w = k->connection->sessions;

    k->connection->carried = NULL;
    if (w->carried_free_count >= CARRIED_KEPT) {
        arena_done(&k->x.arena);
        free(k);
        return;
    }
    exchange_reset(&k->x); // what a large request took is not kept
    k->next_free = w->carried_free;
    w->carried_free = k;
    w->carried_free_count++;
}

static void carried_end(struct carried *k)
{
    struct connection *c = k->connection;

    access_log_add(&c->sessions->log, k);
    if (k->x.resource)
        k->x.resource->ops->release(&k->x);
    c->head_since = c->fresh_until = 0;
    c->head_seen = 0;
    carried_give_back(k);
}

static enum step begin_content(struct exchange *x)
{
    return content_establish(x->carrier, FACT_content) ? STEP_KNOWN : STEP_WAIT;
}

static enum step begin_unwanted(struct exchange *x)
{
    return content_establish(x->carrier, FACT_unwanted) ? STEP_KNOWN : STEP_WAIT;
}

/* The walk. */

static void walk(struct carried *k)
{
    struct connection *c = k->connection;

    if (!graph_walk(&k->x)) {
        if (c->phase != PHASE_CONTENT && c->phase != PHASE_SEND)
            c->phase = PHASE_WAIT;
        return;
    }
    k->close |= c->sessions->stopping || !content_is_drainable(k);
    respond(&k->x, c->sessions->config, c->sessions->types);
    c->phase = PHASE_SEND;
    c->progress = UINT64_MAX; // a timer of an earlier phase may still come
    connection_send_response(k);
}

static void resume(struct exchange *x)
{
    struct carried *k = x->carrier;

    k->connection->phase = PHASE_WAIT;
    walk(k);
}

static void resume_body(struct exchange *x)
{
    struct carried *k = x->carrier;

    k->connection->phase = PHASE_SEND;
    k->connection->progress = UINT64_MAX; // what a timer saw before the wait tells nothing now
    if (x->hurried) {
        k->ending = ENDING_SEND_TIMEOUT;
        end_exchange(k);
    } else {
        connection_send_more(k);
    }
}

static void taken(struct exchange *x)
{
    content_taken(x->carrier);
}

void connection_content_arrived(struct carried *k)
{
    resume(&k->x);
}

/* The path as it will be looked up. That it has one is part of the verdict on the message. */
static void decode_path(struct exchange *x)
{
    struct span path = x->request.path;
    char *decoded = arena_alloc(&x->arena, path.len);
    enum outcome outcome;
    size_t offset;

    if (!decoded && path.len) {
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
        return;
    }
    outcome = uri_path_decode(path, decoded, &x->path, &offset);
    if (outcome != OUTCOME_NONE)
        exchange_fail(x, outcome, (uint64_t)(path.ptr - x->request_bytes.ptr) + offset, NULL);
}

static void begin_exchange(struct connection *c, struct carried *k, size_t length)
{
    struct exchange *x = &k->x;
    struct loop_buffer *b = c->in;

    x->request_bytes = span_of(b->data + b->start, length);
    b->start += (uint32_t)length;
    k->bytes_in = length;
    h1_content_init(&k->content, &x->request, length, &c->sessions->h1_limits);
    k->content_ended = x->request.framing == FRAMING_NONE;
    k->close = !k->head.keep_alive || c->over_capacity;
    x->allowed = c->sessions->methods; // of the server, until a route is known
    decode_path(x);
    walk(k);
}

/* A request that cannot be read on: it is answered, and nothing behind it is read. */
static void refuse_head(struct connection *c, struct carried *k, enum outcome cause, uint64_t at)
{
    k->bytes_in = c->in ? c->in->len - c->in->start : 0;
    if (c->in)
        c->in->start = c->in->len;
    exchange_fail(&k->x, cause, at, NULL);
    k->close = true;
    walk(k);
}

/* The rest of a head will not come. What came of it says whose request it was. */
static void refuse_partial_head(struct connection *c, enum outcome cause)
{
    struct span in = span_of(c->in->data + c->in->start, c->in->len - c->in->start);
    struct carried *k = carried_begin(c);

    if (!k) {
        connection_close(c);
        return;
    }
    h1_read_head(&k->x.request, &k->head, in, 0, &c->sessions->h1_limits);
    refuse_head(c, k, cause, in.len);
}

/* Room for more behind what is there; what was consumed goes. */
static void compact(struct loop_buffer *b)
{
    if (b->start == 0)
        return;
    memmove(b->data, b->data + b->start, b->len - b->start);
    b->len -= b->start;
    b->start = 0;
}

static void process_head(struct connection *c)
{
    struct loop_buffer *b = c->in;
    struct span in = span_of(b->data + b->start, b->len - b->start);
    struct carried *k = carried_begin(c);
    ptrdiff_t n;

    if (!k) {
        connection_close(c);
        return;
    }
    n = h1_read_head(&k->x.request, &k->head, in, c->head_seen, &c->sessions->h1_limits);
    if (n > 0) {
        begin_exchange(c, k, (size_t)n);
    } else if (n == H1_BAD) {
        refuse_head(c, k, k->x.request.violation.outcome, k->x.request.violation.offset);
    } else if (n == H1_NO_MEMORY) {
        refuse_head(c, k, OUTCOME_resources_exhausted, 0);
    } else {
        // Not enough yet: nobody keeps an exchange for half a head.
        carried_give_back(k);
        c->head_seen = (uint32_t)in.len;
        if (c->phase == PHASE_IDLE) {
            c->phase = PHASE_HEAD;
            c->head_since = loop_now(c->sessions->loop);
            set_timer(c, limits_of(c)->header_timeout);
        }
        compact(b);
        stream_recv(&c->stream, b, on_recv);
    }
}

static void on_recv(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    struct connection *c = container_of(s, struct connection, stream);

    if (result > 0) {
        c->in = b;
        process_head(c);
    } else if (result == 0 && c->phase == PHASE_HEAD) {
        refuse_partial_head(c, OUTCOME_request_incomplete);
    } else {
        connection_close(c);
    }
}

/* Between two exchanges. */

static void next_request(struct connection *c)
{
    struct loop_buffer *b = c->in;

    c->phase = PHASE_IDLE;
    set_timer(c, limits_of(c)->idle_timeout);
    if (b && b->start < b->len) {
        compact(b);
        process_head(c);
        return;
    }
    loop_buffer_release(c->sessions->loop, b);
    c->in = NULL;
    stream_recv(&c->stream, NULL, on_recv);
}

static void on_linger_recv(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    struct connection *c = container_of(s, struct connection, stream);

    if (result <= 0) {
        connection_close(c);
        return;
    }
    loop_buffer_release(c->sessions->loop, b);
    stream_recv(s, NULL, on_linger_recv);
}

/*
 * Closing while the peer's bytes are unread would make the system send a reset, and that could
 * overtake our answer: RFC 9112 §9.6.
 */
static void linger(struct connection *c)
{
    loop_buffer_release(c->sessions->loop, c->in);
    c->in = NULL;
    c->phase = PHASE_LINGER;
    c->progress = stream_send_backlog(&c->stream);
    set_timer(c, LIMIT_LINGER_TIMEOUT);
    stream_shutdown(&c->stream);
    stream_recv(&c->stream, NULL, on_linger_recv);
}

static void end_exchange(struct carried *k)
{
    struct connection *c = k->connection;
    bool complete = k->ending == ENDING_COMPLETE;
    // Who was not told before may have sent more by now.
    bool unread = !k->content_ended || k->x.cause != OUTCOME_NONE || k->head.keep_alive;
    bool received = c->in && c->in->start < c->in->len; // something of a next request
    bool close = k->close || (c->sessions->stopping && !received);

    if (!complete && connection_ends_body(k))
        stream_reset(&c->stream);
    carried_end(k);
    if (!complete)
        connection_close(c);
    else if (!close)
        next_request(c);
    else if (unread || c->over_capacity || received)
        linger(c);
    else
        connection_close(c);
}

void connection_response_sent(struct carried *k)
{
    struct connection *c = k->connection;

    if (k->ending != ENDING_COMPLETE || k->close || k->content_ended) {
        end_exchange(k);
        return;
    }
    c->phase = PHASE_DRAIN;
    set_timer(c, limits_of(c)->content_timeout);
    content_drain(k);
}

void connection_content_drained(struct carried *k, bool whole)
{
    k->close |= !whole;
    end_exchange(k);
}

/* Time. */

static void refuse_content(struct carried *k, enum outcome cause)
{
    exchange_fail(&k->x, cause, k->content.offset, NULL);
    k->close = true;
    resume(&k->x);
}

void connection_content_broken_off(struct carried *k)
{
    refuse_content(k, OUTCOME_content_incomplete);
}

/* Grows with every byte that the client's system takes: what the system here still keeps for it
 * can be megabytes, and tells nothing. */
static uint64_t send_progress(const struct connection *c)
{
    return c->carried->bytes_out + stream_send_progress(&c->stream) -
           stream_send_backlog(&c->stream);
}

static void give_up_sending(struct connection *c)
{
    c->carried->bytes_out += stream_send_progress(&c->stream);
    c->carried->ending = ENDING_SEND_TIMEOUT;
    if (c->carried->x.outcome == OUTCOME_NONE) // it did not even take the 100 (Continue)
        c->carried->x.outcome = OUTCOME_content_timeout;
    end_exchange(c->carried);
}

/* The client takes nothing any more, or takes it slowly. */
static void check_send(struct connection *c)
{
    uint64_t progress = send_progress(c);

    if (progress != c->progress) {
        c->progress = progress;
        set_timer(c, limits_of(c)->send_timeout);
        return;
    }
    give_up_sending(c);
}

/* What the system still keeps of the answer would be lost by closing: a client that takes some of
 * it gets more time. */
static void check_linger(struct connection *c)
{
    uint64_t backlog = stream_send_backlog(&c->stream);

    if (backlog == 0 || backlog == c->progress) {
        connection_close(c);
        return;
    }
    c->progress = backlog;
    set_timer(c, LIMIT_LINGER_TIMEOUT);
}

static void on_timer(struct timer *t)
{
    struct connection *c = container_of(t, struct connection, timer);

    switch ((enum phase)c->phase) {
    case PHASE_HEAD:
        stream_recv_cancel(&c->stream);
        refuse_partial_head(c, OUTCOME_header_timeout);
        break;
    case PHASE_CONTENT:
        stream_recv_cancel(&c->stream);
        refuse_content(c->carried, OUTCOME_content_timeout);
        break;
    case PHASE_SEND:
        check_send(c);
        break;
    case PHASE_DRAIN:
        carried_end(c->carried);
        connection_close(c);
        break;
    case PHASE_LINGER:
        check_linger(c);
        break;
    case PHASE_IDLE:
        connection_close(c);
        break;
    case PHASE_WAIT:
    case PHASE_CLOSED:
        break;
    }
}

void connection_watch_send(struct connection *c)
{
    c->progress = send_progress(c);
    set_timer(c, limits_of(c)->send_timeout);
}

/* Opening and closing. */

static void keep_address(struct connection *c, const struct sockaddr *peer)
{
    c->address_family = (uint8_t)peer->sa_family;
    c->port = listen_port(peer);
    if (peer->sa_family == AF_INET)
        memcpy(c->address, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
    else if (peer->sa_family == AF_INET6)
        memcpy(c->address, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, 16);
}

size_t connection_print_client(const struct connection *c, char out[LISTEN_TEXT])
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (c->address_family == AF_INET) {
        memcpy(&v4.sin_addr, c->address, 4);
        return listen_print_host((struct sockaddr *)&v4, out);
    }
    memcpy(&v6.sin6_addr, c->address, 16);
    return listen_print_host((struct sockaddr *)&v6, out);
}

void connection_open(struct sessions *w, int fd, const struct sockaddr *peer)
{
    struct connection *c = calloc(1, sizeof *c);

    if (!c || stream_open(w->loop, &c->stream, fd) < 0) {
        free(c);
        close(fd);
        return;
    }
    c->sessions = w;
    c->fresh_until = loop_now(w->loop) + LIMIT_STOP_GREETING * CLOCK_MS;
    c->over_capacity = w->count >= w->config->limits.connections;
    keep_address(c, peer);
    timer_init(&c->timer, on_timer);
    list_add_tail(&w->connections, &c->link);
    w->count++;
    set_timer(c, c->over_capacity ? limits_of(c)->header_timeout : limits_of(c)->idle_timeout);
    stream_recv(&c->stream, NULL, on_recv);
}

void connection_close(struct connection *c)
{
    timer_stop(&c->timer);
    list_remove(&c->link);
    c->phase = PHASE_CLOSED;
    stream_close(&c->stream, on_closed);
}

static void on_closed(struct stream *s)
{
    struct connection *c = container_of(s, struct connection, stream);

    assert(!c->carried);
    loop_buffer_release(c->sessions->loop, c->in);
    c->sessions->count--;
    c->sessions->on_ended(c->sessions);
    free(c);
}

void connection_stop(struct connection *c)
{
    if (c->phase != PHASE_IDLE || stream_has_input(&c->stream))
        return;
    if (loop_now(c->sessions->loop) < c->fresh_until)
        timer_set(c->sessions->loop, &c->timer, c->fresh_until);
    else
        connection_close(c);
}

void connection_hurry(struct connection *c)
{
    if (c->phase == PHASE_WAIT)
        c->carried->x.hurried = true;
    else if (c->phase == PHASE_SEND)
        give_up_sending(c);
    else if (c->phase == PHASE_LINGER)
        connection_close(c);
    else
        on_timer(&c->timer);
}
