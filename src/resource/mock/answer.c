// SPDX-License-Identifier: MIT
#include "resource/mock/answer.h"

#include "http/date.h"
#include "http/precondition.h"
#include "registry/status.h"
#include "resource/mock/echo.h"
#include "resource/mock/text.h"

enum { MADE_UP_SIZE = 100, MADE_UP_PART = 10 }; // bytes, of 206 and 416 where nobody says

static bool has(const struct mock_state *s, enum mock_key key)
{
    return mock_has(&s->recipe, key);
}

/* What is chosen. */

static unsigned choose_code(const struct mock_state *s)
{
    const struct mock_recipe *r = &s->recipe;
    uint64_t all = 0, roll;

    for (size_t i = 0; i < r->choice_count; i++)
        all += r->choices[i].weight;
    roll = mock_roll(s, 1) % all;
    for (size_t i = 0; i < r->choice_count; i++) {
        if (roll < r->choices[i].weight)
            return r->choices[i].code;
        roll -= r->choices[i].weight;
    }
    return MADE_UP_ok;
}

void mock_choose(struct mock_state *s)
{
    struct mock_recipe *r = &s->recipe;
    bool is_chance = r->chance<MOCK_CERTAIN, is_choice = r->choice_count> 1;

    s->seed = has(s, MOCK_KEY_seed) ? r->seed : s->mock->share->seed;
    s->code = MADE_UP_ok;
    if (has(s, MOCK_KEY_turn))
        s->turn = r->turn;
    else if (is_chance || is_choice)
        s->turn = atomic_fetch_add_explicit(&s->mock->share->turn, 1, memory_order_relaxed);
    if (is_chance && mock_roll(s, 0) % MOCK_CERTAIN >= r->chance) {
        *r = (struct mock_recipe){.path = MOCK_anything, .chance = MOCK_CERTAIN};
        return;
    }
    if (r->path == MOCK_status)
        s->code = choose_code(s);
}

/* What is decided. */

/* The representation of the path, if it has validators. */
static bool validators_of(struct mock_state *s, struct validators *ret)
{
    const struct mock_recipe *r = &s->recipe;

    *ret = (struct validators){.exists = true, .has_etag = true, .etag.opaque = SPAN("made-up")};
    if (r->path == MOCK_etag)
        ret->etag.opaque = r->first;
    else if (r->path == MOCK_cache)
        ret->has_last_modified = true;
    else if (r->path != MOCK_range)
        return false;
    ret->last_modified = s->mock->share->since;
    return true;
}

/* One range of `size` bytes, or all of them; with 206 the first part where none is asked for. */
static unsigned decide_range(struct mock_state *s, uint64_t size, unsigned code)
{
    struct exchange *x = s->x;
    struct range ranges[LIMIT_RANGES];
    size_t count = 0;

    s->range = (struct range){0, code == MADE_UP_partial ? MADE_UP_PART : size};
    switch (range_parse(exchange_field(x, FIELD_range), size, ranges, &count)) {
    case RANGE_NOT_SATISFIABLE:
        return MADE_UP_unsatisfiable;
    case RANGE_SATISFIABLE:
        if (count == 1) {
            s->range = ranges[0];
            return MADE_UP_partial;
        }
        break;
    case RANGE_IGNORE:
        break;
    }
    return code;
}

static unsigned decide_conditions(struct mock_state *s, const struct validators *v)
{
    struct exchange *x = s->x;
    struct preconditions p = {
        .if_match = exchange_field(x, FIELD_if_match),
        .if_unmodified_since = message_field(&x->request, FIELD_if_unmodified_since),
        .if_none_match = exchange_field(x, FIELD_if_none_match),
        .if_modified_since = message_field(&x->request, FIELD_if_modified_since),
        .range = exchange_field(x, FIELD_range),
        .if_range = message_field(&x->request, FIELD_if_range)};
    bool reads = method_table[x->request.method].safe;
    enum field field;

    s->range = (struct range){0, s->recipe.size};
    switch (precondition_evaluate(&p, v, reads, x->arrival.time, &field)) {
    case PRECONDITION_NOT_MODIFIED:
        return MADE_UP_not_modified;
    case PRECONDITION_FAILED:
        return MADE_UP_failed;
    case PRECONDITION_MALFORMED:
        return MADE_UP_bad;
    case PRECONDITION_PROCEED_WHOLE:
        return MADE_UP_ok;
    case PRECONDITION_PROCEED:
        break;
    }
    return s->recipe.path == MOCK_range && reads ? decide_range(s, s->recipe.size, MADE_UP_ok)
                                                 : (unsigned)MADE_UP_ok;
}

void mock_decide(struct mock_state *s)
{
    struct mock_recipe *r = &s->recipe;
    struct exchange *x = s->x;
    struct validators v;

    if (r->path == MOCK_status && s->code == MADE_UP_partial)
        s->code = decide_range(s, MADE_UP_SIZE, s->code);
    else if (r->path == MOCK_redirect)
        s->code = MADE_UP_found;
    else if ((r->path == MOCK_basic_auth || r->path == MOCK_bearer) && !mock_is_authorized(s))
        s->code = MADE_UP_unauthorized;
    else if (validators_of(s, &v))
        s->code = decide_conditions(s, &v);
    if (r->path == MOCK_websocket || s->code == MADE_UP_switching) {
        s->code = echo_is_asked(x) ? MADE_UP_switching : MADE_UP_upgrade;
        x->response.is_tunnel = s->code == MADE_UP_switching;
    } else if (s->code < MADE_UP_ok) { // it has gone out already, and this is the final one
        s->code = MADE_UP_ok;
    }
    x->response.status = (uint16_t)s->code;
    if (r->fault.fault && !x->response.is_tunnel)
        x->response.fault = &r->fault;
}

/* What is answered. */

static void add_status_fields(struct mock_state *s)
{
    static const struct {
        unsigned code;
        struct span name, value;
    } rows[] = {
#define BELONGS(code, name, value) {code, SPAN_INIT(name), SPAN_INIT(value)},
#include "resource/mock/status_field.def"
#undef BELONGS
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].code != s->code ||
            (has(s, MOCK_KEY_retry_after) && span_eq(rows[i].name, SPAN("Retry-After"))))
            continue;
        if (s->recipe.path == MOCK_status || s->code == MADE_UP_upgrade)
            exchange_add_field(s->x, rows[i].name, rows[i].value);
    }
    if (status_from_code((int)s->code)->no_store)
        exchange_add_field(s->x, SPAN("Cache-Control"), SPAN("no-store"));
}

static void add_location(struct mock_state *s)
{
    const struct mock_recipe *r = &s->recipe;
    struct span to = has(s, MOCK_KEY_to) ? r->to : SPAN("../anything/redirected");
    const struct status_info *info = status_from_code((int)s->code);

    if (r->path == MOCK_redirect && r->count > 1)
        exchange_add_fieldf(
            s->x, SPAN("Location"), "./%llu%s%.*s", (unsigned long long)(r->count - 1),
            s->x->request.target.query.len ? "?" : "", SPAN_ARG(s->x->request.target.query));
    else if (r->path == MOCK_redirect ||
             (info && span_eq(span_from_str(info->should), SPAN("Location"))))
        exchange_add_field(s->x, SPAN("Location"), to);
}

static void add_range_fields(struct mock_state *s)
{
    uint64_t size = s->recipe.path == MOCK_range ? s->recipe.size : MADE_UP_SIZE;

    if (s->code == MADE_UP_partial)
        exchange_add_fieldf(
            s->x, SPAN("Content-Range"), "bytes %llu-%llu/%llu", (unsigned long long)s->range.first,
            (unsigned long long)(s->range.first + s->range.length - 1), (unsigned long long)size);
    else if (s->code == MADE_UP_unsatisfiable)
        exchange_add_fieldf(s->x, SPAN("Content-Range"), "bytes */%llu", (unsigned long long)size);
}

static void add_path_fields(struct mock_state *s)
{
    struct exchange *x = s->x;
    struct validators v;
    char date[DATE_LENGTH];

    if (s->code == MADE_UP_unauthorized && s->recipe.path == MOCK_basic_auth)
        exchange_add_field(x, SPAN("WWW-Authenticate"),
                           SPAN("Basic realm=\"made up\", charset=\"UTF-8\""));
    else if (s->code == MADE_UP_unauthorized && s->recipe.path == MOCK_bearer)
        exchange_add_field(x, SPAN("WWW-Authenticate"), SPAN("Bearer realm=\"made up\""));
    if (!validators_of(s, &v))
        return;
    exchange_add_fieldf(x, SPAN("ETag"), "\"%.*s\"", SPAN_ARG(v.etag.opaque));
    if (v.has_last_modified) {
        date_format(v.last_modified, date);
        exchange_add_fieldf(x, SPAN("Last-Modified"), "%.*s", DATE_LENGTH, date);
    }
    if (s->recipe.path == MOCK_cache)
        exchange_add_fieldf(x, SPAN("Cache-Control"),
                            s->recipe.first.ptr ? "max-age=%lld" : "no-cache",
                            (long long)(s->recipe.time / (1000 * CLOCK_MS)));
    if (s->recipe.path == MOCK_range)
        exchange_add_field(x, SPAN("Accept-Ranges"), SPAN("bytes"));
}

/* What the query asks for, of any path. */
static void add_asked_fields(struct mock_state *s)
{
    const struct mock_recipe *r = &s->recipe;

    if (has(s, MOCK_KEY_retry_after))
        exchange_add_fieldf(s->x, SPAN("Retry-After"), "%llu", (unsigned long long)r->retry_after);
    for (size_t i = 0; i < r->field_count; i++)
        exchange_add_field(s->x, r->fields[i].name, r->fields[i].value);
}

/* The status, for who reads. */
static void tell_status(struct mock_state *s)
{
    const struct status_info *info = status_from_code((int)s->code);
    struct buf b = {0};

    buf_addf(&b, "{\"title\":\"");
    buf_add_json(&b, info->reason);
    buf_addf(&b, "\",\"status\":%u,\"section\":\"", s->code);
    buf_add_json(&b, span_from_str(info->section));
    buf_add(&b, SPAN("\",\"detail\":\"This answer was made up, as the address asks for.\"}\n"));
    mock_set_buf(s, &b,
                 info->code >= 400 ? SPAN("application/problem+json") : SPAN("application/json"));
}

static void set_fill(struct mock_state *s, enum mock_fill fill, uint64_t length, struct span type)
{
    s->body.fill = fill;
    s->body.length = length;
    s->body.seed = s->seed;
    exchange_add_field(s->x, SPAN("Content-Type"), type);
}

/* Behind the last one that the client has seen. */
static void set_events(struct mock_state *s)
{
    struct span last = message_field(&s->x->request, FIELD_OTHER);
    const struct message *m = &s->x->request;
    uint64_t seen = 0;

    for (size_t i = 0; i < m->field_count; i++)
        if (span_eq_nocase(field_line_name(&m->fields[i]), SPAN("Last-Event-ID")))
            last = field_line_value(&m->fields[i]);
    if (!span_to_u64(last, s->recipe.count, &seen))
        seen = 0;
    set_fill(s, MOCK_FILL_EVENTS, s->recipe.count - seen, SPAN("text/event-stream"));
    s->body.from = seen;
    exchange_add_field(s->x, SPAN("Cache-Control"), SPAN("no-store"));
}

static void set_body_of_path(struct mock_state *s, struct span type)
{
    const struct mock_recipe *r = &s->recipe;
    bool is_part = r->path == MOCK_range || (r->path == MOCK_status && s->code == MADE_UP_partial);

    if (s->code >= 300) {
        tell_status(s);
    } else if (is_part) {
        set_fill(s, MOCK_FILL_TEXT, s->range.length, type);
        s->body.from = s->range.first;
    } else if (r->path == MOCK_bytes) {
        set_fill(s, MOCK_FILL_RANDOM, r->size, SPAN("application/octet-stream"));
    } else if (r->path == MOCK_drip) {
        set_fill(s, MOCK_FILL_TEXT, r->size, type);
    } else if (r->path == MOCK_stream) {
        set_fill(s, MOCK_FILL_LINES, r->count, SPAN("application/jsonl"));
    } else if (r->path == MOCK_sse) {
        set_events(s);
    } else if (r->path == MOCK_home) {
        mock_tell_grammar(s);
    } else if (r->path == MOCK_anything || r->path == MOCK_delay) {
        mock_tell_request(s);
    } else {
        tell_status(s);
    }
}

static void set_body(struct mock_state *s)
{
    const struct mock_recipe *r = &s->recipe;
    struct span type = SPAN("text/plain; charset=utf-8");

    if (has(s, MOCK_KEY_text))
        mock_set_text(s, r->text.len ? r->text : SPAN(""), type);
    else if (has(s, MOCK_KEY_body))
        set_fill(s, MOCK_FILL_TEXT, r->body, type);
    else
        set_body_of_path(s, type);
    for (struct response_field *f = s->x->response.fields; f && has(s, MOCK_KEY_type); f = f->next)
        if (span_eq(f->name, SPAN("Content-Type")))
            f->value = r->type;
    if (r->path == MOCK_drip) {
        s->body.pace_bytes = s->body.length;
        s->body.pace_time = r->time;
    }
    if (r->rate) {
        s->body.pace_bytes = r->rate;
        s->body.pace_time = 1000 * CLOCK_MS;
    }
    s->body.every = r->every;
}

static struct response_field *trailer(struct mock_state *s, struct span name, struct span value)
{
    struct response_field *f = arena_alloc(&s->x->arena, sizeof *f);

    if (f)
        *f = (struct response_field){.name = name, .value = value};
    s->x->response.failed |= !f;
    return f;
}

/* The digest's value is known at the end; Trailer announces all of them (RFC 9110 §6.6.2). */
static void add_trailers(struct mock_state *s)
{
    const struct mock_recipe *r = &s->recipe;
    const struct digests wanted = {.has[DIGEST_SHA_256] = true};
    struct response_field **end = &s->x->response.trailers;
    struct buf names = {0};

    if (r->path == MOCK_trailers) {
        s->x->response.failed |= digest_hash_new(&wanted, &s->body_digest) < 0;
        *end = trailer(s, SPAN("Content-Digest"), SPAN(""));
        buf_add(&names, SPAN("Content-Digest"));
    }
    for (size_t i = 0; i < r->trailer_count && !s->x->response.failed; i++) {
        for (; *end; end = &(*end)->next)
            ;
        *end = trailer(s, r->trailers[i].name, r->trailers[i].value);
        buf_add(&names, names.len ? SPAN(", ") : SPAN(""));
        buf_add(&names, r->trailers[i].name);
    }
    exchange_add_field(s->x, SPAN("Trailer"),
                       names.failed ? (struct span){NULL, 0}
                                    : arena_copy(&s->x->arena, buf_span(&names)));
    buf_done(&names);
}

void mock_answer(struct mock_state *s)
{
    const struct mock_recipe *r = &s->recipe;
    struct exchange *x = s->x;
    const struct status_info *info = status_from_code((int)s->code);
    bool has_trailers = r->path == MOCK_trailers || r->trailer_count;

    if (x->response.is_tunnel) {
        echo_begin(x);
        return;
    }
    add_status_fields(s);
    add_location(s);
    add_range_fields(s);
    add_path_fields(s);
    add_asked_fields(s);
    if (!info->content) { // RFC 9110 §6.4.1
        x->response.has_length = true;
        return;
    }
    set_body(s);
    if (has_trailers)
        add_trailers(s);
    mock_body_send(x, has_trailers || has(s, MOCK_KEY_chunked));
}
