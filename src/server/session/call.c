// SPDX-License-Identifier: MIT
#include "server/session/call.h"

#include "base/clock.h"
#include "base/zero.h"
#include "graph/graph.h"
#include "graph/trailing.h"
#include "server/session/respond.h"
#include "server/session/route_fault.h"
#include "server/session/route_step.h"

#include <stddef.h>

static struct call *call_of(struct work *w)
{
    return container_of(w, struct call, work);
}

/* What the exchange asks of its host. */

static void run_work(struct work *w)
{
    graph_run(&call_of(w)->x);
}

static void on_work_done(struct work *w)
{
    struct exchange *x = &call_of(w)->x;

    x->host->resume(x);
}

static void run(struct exchange *x, bool is_long)
{
    struct call *k = x->carrier;
    struct sessions *s = k->session->sessions;

    k->work.run = run_work;
    k->work.done = on_work_done;
    k->work.lane = is_long ? LANE_LONG : LANE_QUICK;
    k->work.client = x->arrival.client_number;
    offload_submit(s->pool, s->loop, &k->work);
}

static void on_pause_over(struct timer *t)
{
    struct call *k = container_of(t, struct call, pause);

    loop_let_go(k->session->sessions->loop);
    k->x.host->resume(&k->x);
}

static void pause_walk(struct exchange *x, int64_t nanoseconds)
{
    struct call *k = x->carrier;
    struct loop *l = k->session->sessions->loop;

    timer_init(&k->pause, on_pause_over);
    timer_set(l, &k->pause, loop_now(l) + nanoseconds);
    loop_hold(l);
}

static void walk(struct call *k)
{
    const struct sessions *s = k->session->sessions;

    if (!graph_walk(&k->x))
        return;
    k->moments[MOMENT_DECIDED] = loop_now(s->loop);
    if (k->x.urgency.cancelled) {
        k->session->ops->abort(k, ENDING_CLIENT_GONE);
        return;
    }
    respond(&k->x, s->config, s->types);
    if (k->route && k->route->faults)
        route_fault_lay(&k->x, k->route);
    k->session->ops->respond(k);
}

static void resume(struct exchange *x)
{
    walk(x->carrier);
}

static void resume_body(struct exchange *x)
{
    struct call *k = x->carrier;

    k->body_given_up = x->urgency.cancelled || x->urgency.hurried; // it is there, but not wanted
    if (x->urgency.cancelled)
        k->session->ops->abort(k, ENDING_CLIENT_GONE);
    else if (x->urgency.hurried)
        k->session->ops->abort(k, ENDING_SEND_TIMEOUT);
    else
        k->session->ops->more_body(k);
}

/* What the resource was said to give (STEP_WAIT, a piece of the body) or to take is given up. True:
 * nothing of it comes any more. */
static bool resource_gives_up(struct exchange *x)
{
    return x->routing.resource && x->routing.resource->ops->cancel &&
           x->routing.resource->ops->cancel(x);
}

/* Content of a resource that answers by itself: all has come, or it has a cause. */
static void end_reading(struct call *k)
{
    struct exchange *x = &k->x;
    const struct resource_ops *ops = x->routing.resource->ops;
    bool is_whole = x->failure.cause == OUTCOME_NONE;

    x->content.ended = is_whole;
    if (is_whole || x->outcome != OUTCOME_NONE) {
        if (k->reads && ops->ended)
            ops->ended(x, is_whole);
    } else if (resource_gives_up(x)) {
        graph_take_back(x);
        walk(k);
    }
}

static bool answers(const struct exchange *x)
{
    return x->routing.resource && x->routing.resource->answers;
}

static void taken(struct exchange *x)
{
    struct call *k = x->carrier;
    const struct session_ops *ops = k->session->ops;

    x->content.taken = k->content_received;
    k->kept = false;
    if (answers(x)) {
        bool goes_on = k->reads || x->response.is_tunnel;

        if (!x->urgency.cancelled && (goes_on ? ops->more_content(k) : ops->open_content(k)))
            end_reading(k);
        return;
    }
    if (x->urgency.cancelled)
        exchange_fail(x, OUTCOME_client_gone, 0, NULL);
    if (x->urgency.cancelled || k->session->ops->more_content(k))
        walk(k);
}

/* Content. */

static bool is_wanted(const struct exchange *x)
{
    return answers(x) ||
           (x->routing.resource && x->routing.resource->wants & METHOD_BIT(x->request.method));
}

static enum step read_content(struct exchange *x)
{
    struct call *k = x->carrier;

    return k->session->ops->read_content(k) ? STEP_KNOWN : STEP_WAIT;
}

/* FACT_content: the content went to the resource that wants it. */
static enum step begin_content(struct exchange *x)
{
    return is_wanted(x) ? read_content(x) : STEP_KNOWN;
}

/* FACT_unwanted: content that nobody wants was read to its end, so that a fault in it is found
 * before the answer; but it is not asked for (RFC 9110 §10.1.1). */
static enum step begin_unwanted(struct exchange *x)
{
    return is_wanted(x) || x->request.expect_continue ? STEP_KNOWN : read_content(x);
}

/* FACT_opening: what came with the head went to the resource, so that a fault in it is found before
 * anything is passed on. */
static enum step begin_opening(struct exchange *x)
{
    struct call *k = x->carrier;

    x->content.ended = k->session->ops->open_content(k);
    return STEP_KNOWN;
}

static void start_reading(struct exchange *x)
{
    struct call *k = x->carrier;

    if (x->content.ended || k->reads)
        return;
    k->reads = true;
    if (!k->kept)
        k->session->ops->read_content(k);
}

bool call_is_reading(const struct call *k)
{
    return k->reads && !k->x.content.ended && k->x.failure.cause == OUTCOME_NONE;
}

void call_stop_reading(struct call *k)
{
    k->reads = false;
    if (k->x.routing.resource->ops->ended)
        k->x.routing.resource->ops->ended(&k->x, false);
}

bool call_take(struct call *k, struct span data, uint64_t offset)
{
    struct exchange *x = &k->x;
    bool is_taken;

    k->content_received += data.len;
    if (k->content_received > x->content.limit) {
        exchange_fail(x, OUTCOME_content_too_large, offset, NULL);
        return true;
    }
    is_taken = !is_wanted(x) || x->routing.resource->ops->take(x, data);
    if (is_taken)
        x->content.taken = k->content_received;
    k->kept = !is_taken;
    return is_taken;
}

bool call_take_bytes(struct call *k, struct span data)
{
    return k->tunnel_ended || k->x.routing.resource->ops->take(&k->x, data);
}

void call_end_tunnel(struct call *k)
{
    if (!k->tunnel_ended && k->x.routing.resource->ops->ended)
        k->x.routing.resource->ops->ended(&k->x, true);
    k->tunnel_ended = true;
}

/* The trailers of content that is passed on; NULL: there is no memory. */
static struct trailing *trailing(struct exchange *x)
{
    if (!x->content.trailing) {
        x->content.trailing = arena_alloc(&x->arena, sizeof *x->content.trailing);
        if (x->content.trailing)
            *x->content.trailing = (struct trailing){0};
    }
    return x->content.trailing;
}

void call_take_trailer_name(struct call *k, struct span data)
{
    struct trailing *t = trailing(&k->x);

    if (!t || !trailing_add_name(t, &k->x.arena, data))
        exchange_fail(&k->x, OUTCOME_resources_exhausted, 0, NULL);
}

void call_take_trailer(struct call *k, enum field id, struct span data, bool passes)
{
    struct exchange *x = &k->x;
    struct trailing *t = answers(x) ? trailing(x) : NULL;
    bool is_taken = true;

    if (answers(x))
        is_taken = t && trailing_add_value(t, &x->arena, data, passes);
    else if (is_wanted(x))
        is_taken = exchange_add_trailer(x, id, data);
    if (!is_taken)
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
}

void call_content_arrived(struct call *k)
{
    if (answers(&k->x))
        end_reading(k);
    else
        walk(k);
}

void call_content_broken(struct call *k, enum outcome cause, uint64_t offset)
{
    exchange_fail(&k->x, cause, offset, NULL);
    call_content_arrived(k);
}

/* An interim response, its fields as HTTP/1 has them. */
static bool interim(struct exchange *x, unsigned status, const struct response_field *fields)
{
    struct call *k = x->carrier;
    struct buf b = {0};
    bool is_sent;

    for (const struct response_field *f = fields; f; f = f->next) {
        buf_add(&b, f->name);
        buf_add(&b, SPAN(": "));
        buf_add(&b, f->value);
        buf_add(&b, SPAN("\r\n"));
    }
    is_sent = !b.failed && k->session->ops->send_interim(k, status, buf_span(&b));
    buf_done(&b);
    return is_sent;
}

/* From the head of a request to the record. */

static const struct fact_step host_steps[FACT_COUNT] = {
    [FACT_route] = {.begin = route_step_begin},
    [FACT_content] = {.begin = begin_content},
    [FACT_opening] = {.begin = begin_opening},
    [FACT_unwanted] = {.begin = begin_unwanted},
};

static const struct exchange_host exchange_host = {.steps = host_steps,
                                                   .run = run,
                                                   .pause = pause_walk,
                                                   .leads_here = route_leads_here,
                                                   .taken = taken,
                                                   .read = start_reading,
                                                   .interim = interim,
                                                   .resume = resume,
                                                   .resume_body = resume_body};

struct call *call_new(struct session *session, int64_t begun, size_t part)
{
    struct sessions *s = session->sessions;
    struct call *k = sessions_take_call(s);
    struct exchange *x;

    if (!k)
        return NULL;
    x = &k->x;
    zero(&k->next_free, sizeof *k - offsetof(struct call, next_free));
    k->session = session;
    k->part = arena_alloc(&x->arena, part);
    if (!k->part) {
        sessions_give_back_call(s, k);
        return NULL;
    }
    zero(k->part, part);
    x->host = &exchange_host;
    x->carrier = k;
    x->walk.known = FACT_BIT(FACT_message);
    x->routing.over_capacity = session->over_capacity;
    x->urgency.hurry.also = offload_hurry(s->pool);
    x->arrival.client = &session->client;
    x->arrival.id = s->next_id;
    x->arrival.client_number = session->client_number;
    s->next_id += UINT64_C(0x9e3779b97f4a7c15); // odd: all 2^64 come before one comes again
    k->moments[MOMENT_BEGUN] = begun;
    sessions_date_line(s, &x->arrival.time);
    return k;
}

void call_drop(struct call *k)
{
    sessions_give_back_call(k->session->sessions, k);
}

/* The path as it will be looked up. That it has one is part of the verdict on the message. */
static void decode_path(struct exchange *x)
{
    struct span path = x->request.target.path;
    enum outcome outcome;
    size_t offset;
    char *decoded;

    if (uri_path_is_plain(path, &x->path)) // as most are
        return;
    decoded = arena_alloc(&x->arena, path.len);
    if (!decoded) {
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
        return;
    }
    outcome = uri_path_decode(path, decoded, &x->path, &offset);
    if (outcome != OUTCOME_NONE)
        exchange_fail(x, outcome, (uint64_t)(path.ptr - x->arrival.head.ptr) + offset, NULL);
}

void call_begin(struct call *k)
{
    const struct sessions *s = k->session->sessions;

    k->moments[MOMENT_READ] = loop_now(s->loop);
    k->x.routing.allowed = s->methods; // of the server, until a route is known
    decode_path(&k->x);
    walk(k);
}

void call_refuse(struct call *k, enum outcome cause, uint64_t offset)
{
    exchange_fail(&k->x, cause, offset, NULL);
    walk(k);
}

/* Of an upload in pieces what came stays, whether the rest comes or not. */
static bool keeps_what_came(const struct exchange *x)
{
    return x->upload.named || x->content.kind.upload.complete != UPLOAD_COMPLETE_ABSENT;
}

void call_break_off(struct call *k, uint64_t offset)
{
    if (keeps_what_came(&k->x))
        return;
    exchange_fail(&k->x, OUTCOME_content_incomplete, offset, NULL);
    if (answers(&k->x))
        end_reading(k);
    else if (resource_gives_up(&k->x))
        walk(k);
}

void call_hurry(struct call *k)
{
    struct exchange *x = &k->x;

    x->urgency.hurried = true;
    if (!answers(x))
        return;
    if (x->outcome != OUTCOME_NONE) { // it waits for a piece of the body, or is a tunnel
        k->body_given_up = resource_gives_up(x);
        if (k->body_given_up)
            k->session->ops->abort(k, ENDING_SEND_TIMEOUT);
    } else if (x->walk.waits == WAITS_FOR_EVENT && resource_gives_up(x)) {
        exchange_fail(x, OUTCOME_server_stopping, 0, NULL);
        graph_take_back(x);
        walk(k);
    }
}

bool call_ends_half_closed(const struct call *k)
{
    return answers(&k->x) && k->x.routing.resource->half_closed_leaves;
}

/* The step, or the pause, that the walk waits for will not come. */
static bool take_back(struct call *k)
{
    struct sessions *s = k->session->sessions;

    if (k->x.walk.waits == WAITS_FOR_RUN) {
        if (!offload_cancel(s->pool, &k->work))
            return false;
    } else if (k->x.walk.waits == WAITS_FOR_PAUSE) {
        timer_stop(&k->pause);
        loop_let_go(s->loop);
    } else {
        return false;
    }
    graph_take_back(&k->x);
    return true;
}

void call_cancel(struct call *k)
{
    struct exchange *x = &k->x;
    bool is_answering = x->outcome != OUTCOME_NONE; // and waits for a piece of the body

    if (graph_cancel(x) || take_back(k)) {
        walk(k);
        return;
    }
    k->body_given_up = is_answering && resource_gives_up(x);
    if (k->body_given_up)
        k->session->ops->abort(k, ENDING_CLIENT_GONE);
}

bool call_give_up_body(struct call *k)
{
    if (!k->body_given_up) {
        k->x.urgency.cancelled = true;
        hurry_begin(&k->x.urgency.hurry);
        k->body_given_up = resource_gives_up(&k->x);
    }
    return k->body_given_up;
}

static struct record record_of(const struct call *k)
{
    const struct exchange *x = &k->x;
    struct record r = {.id = x->arrival.id,
                       .client = &k->session->client,
                       .route = k->route,
                       .request_line = k->request_line,
                       .method = x->request.method_name,
                       .target = x->request.target.text,
                       .referer = message_field(&x->request, FIELD_referer),
                       .user_agent = message_field(&x->request, FIELD_user_agent),
                       .outcome = x->outcome,
                       .status = exchange_status(x),
                       .ending = k->ending,
                       .relay = x->relay,
                       .has_offset = exchange_has_offset(x),
                       .offset = x->failure.offset,
                       .system_error = x->failure.system_error,
                       .bytes_in = k->bytes_in,
                       .bytes_out = k->bytes_out,
                       .trail = x->walk.trail,
                       .trail_length = x->walk.trail_length};

    memcpy(r.moments, k->moments, sizeof k->moments);
    return r;
}

static void tell(const struct call *k)
{
    struct record r = record_of(k);

    r.time = clock_realtime();
    r.moments[MOMENT_ENDED] = clock_monotonic();
    access_log_add(&k->session->sessions->log, &r);
}

struct record *call_keep_record(const struct call *k)
{
    struct record r = record_of(k);

    return record_keep(&r);
}

void call_leave(struct call *k)
{
    if (k->x.routing.resource)
        k->x.routing.resource->ops->release(&k->x);
    sessions_give_back_call(k->session->sessions, k);
}

void call_end(struct call *k)
{
    struct sessions *s = k->session->sessions;

    if (access_log_is_on(&s->log))
        tell(k);
    call_leave(k);
}
