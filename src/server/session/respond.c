// SPDX-License-Identifier: MIT
#include "server/session/respond.h"

#include "base/buf.h"
#include "graph/question.h"
#include "graph/relay.h"
#include "http/accept.h"
#include "http/problem.h"
#include "registry/status.h"
#include "resource/page/error_page.h"
#include "resource/page/page.h"
#include "server/session/record.h"

#include <stdio.h>

enum {
    RETRY_AFTER = 1,    // seconds: connections and descriptors come free as fast as that
    DETAIL_LENGTH = 160 // bytes of a sentence about this very request
};

/* A body made by a writer, moved to the arena. Errors and redirections do without one. */
static void set_body(struct exchange *x, struct buf *b)
{
    struct response *r = &x->response;

    r->body = b->failed ? (struct span){NULL, 0} : arena_copy(&x->arena, buf_span(b));
    r->failed |= !r->body.ptr && exchange_status(x) < 300;
    r->length = r->body.len;
    buf_done(b);
}

static void add_allow(struct exchange *x, method_set allowed)
{
    struct buf b = {0};
    struct span copy;

    for (int m = 1; m < METHOD_COUNT; m++) {
        if (!(allowed & METHOD_BIT(m)))
            continue;
        if (b.len)
            buf_add(&b, SPAN(", "));
        buf_add(&b, method_table[m].name);
    }
    copy = b.len ? arena_copy(&x->arena, buf_span(&b)) : SPAN(""); // it may be empty: §10.2.1
    if (b.failed)
        copy = (struct span){NULL, 0};
    buf_done(&b);
    exchange_add_field(x, SPAN("Allow"), copy);
}

/* The request line of a head: behind the empty line that may come before it. */
static struct span request_line(struct span head)
{
    while (head.len && (head.ptr[0] == '\r' || head.ptr[0] == '\n'))
        head = span_from(head, 1);
    return span_take_until(&head, '\r');
}

/* RFC 9110 §9.3.8: the request as it came, without what must not be shown to others. */
static void echo_request(struct exchange *x)
{
    const struct message *m = &x->request;
    struct buf b = {0};

    buf_add(&b, request_line(x->arrival.head));
    buf_add(&b, SPAN("\r\n"));
    for (size_t i = 0; i < m->field_count; i++) {
        const struct field_line *f = &m->fields[i];

        if (field_table[f->id].flags & FIELD_FLAG_SECRET)
            continue;
        buf_add(&b, field_line_name(f));
        buf_add(&b, SPAN(": "));
        buf_add(&b, field_line_value(f));
        buf_add(&b, SPAN("\r\n"));
    }
    buf_add(&b, SPAN("\r\n"));
    set_body(x, &b);
    exchange_add_field(x, SPAN("Content-Type"), SPAN("message/http"));
}

/* What is to be said of this very request, beyond what the outcome says. */
static struct span describe(struct exchange *x)
{
    char *text = arena_alloc(&x->arena, DETAIL_LENGTH);
    int n = 0;

    question_explain(x);
    if (x->failure.detail.len)
        return x->failure.detail;
    if (!text)
        return SPAN("");
    if (exchange_has_offset(x))
        n = snprintf(text, DETAIL_LENGTH, "Found at byte %llu of the request.",
                     (unsigned long long)x->failure.offset);
    else if (x->outcome == OUTCOME_relayed)
        n = snprintf(text, DETAIL_LENGTH,
                     "The server behind this one answered %d, and what it said "
                     "of it is not shown.",
                     exchange_status(x));
    else if (x->outcome == OUTCOME_method_not_allowed)
        n = snprintf(text, DETAIL_LENGTH, "The method was %.*s.",
                     SPAN_ARG(span_first(x->request.method_name, 64)));
    else if (x->outcome == OUTCOME_content_too_large)
        n = snprintf(text, DETAIL_LENGTH, "At most %llu bytes are taken here.",
                     (unsigned long long)x->content.limit);
    else if (x->outcome == OUTCOME_range_not_satisfiable)
        n = snprintf(text, DETAIL_LENGTH, "The representation has %llu bytes.",
                     (unsigned long long)x->representation.length);
    return span_of(text, (size_t)n);
}

enum error_format { ERROR_PROBLEM, ERROR_JSON, ERROR_PAGE, ERROR_TEXT, ERROR_FORMATS };

/* An operator's page comes first where there is one; else programs are served before people. */
static enum error_format choose_format(struct exchange *x, struct span page_type, bool is_custom)
{
    static const enum error_format order[2][ERROR_FORMATS] = {
        {ERROR_PROBLEM, ERROR_PAGE, ERROR_TEXT, ERROR_JSON},
        {ERROR_PAGE, ERROR_PROBLEM, ERROR_TEXT, ERROR_JSON},
    };
    const struct span types[ERROR_FORMATS] = {
        [ERROR_PROBLEM] = SPAN("application/problem+json"),
        [ERROR_JSON] = SPAN("application/json"),
        [ERROR_PAGE] = page_type,
        [ERROR_TEXT] = SPAN("text/plain; charset=utf-8"),
    };
    struct span offers[ERROR_FORMATS];
    int choice;

    for (int i = 0; i < ERROR_FORMATS; i++)
        offers[i] = types[order[is_custom][i]];
    choice = accept_choose_type(exchange_field(x, FIELD_accept), offers, ERROR_FORMATS);
    return order[is_custom][choice < 0 ? 0 : choice];
}

static void write_problem(struct exchange *x, bool as_json, struct buf *b)
{
    char id[REQUEST_ID_LENGTH], instance[sizeof "urn:candor:request:" + REQUEST_ID_LENGTH];
    int n;

    request_id_print(x->arrival.id, id);
    n = snprintf(instance, sizeof instance, "urn:candor:request:%.*s", REQUEST_ID_LENGTH, id);
    const struct problem problem = {.outcome = x->outcome,
                                    .status = exchange_status(x),
                                    .instance = span_of(instance, (size_t)n),
                                    .detail = describe(x)};
    if (as_json)
        problem_write_json(b, &problem);
    else
        problem_write_text(b, &problem);
}

static uint32_t retry_after(const struct exchange *x)
{
    return x->failure.retry_after ? x->failure.retry_after : RETRY_AFTER;
}

static void write_page(struct exchange *x, struct buf *b)
{
    struct error_page page = {
        .outcome = x->outcome, .status = exchange_status(x), .detail = describe(x)};
    char id[REQUEST_ID_LENGTH];

    request_id_print(x->arrival.id, id);
    page.request_id = span_of(id, sizeof id);
    if (exchange_status(x) == 503)
        page.retry_after = retry_after(x);
    error_page_write_html(b, &page);
    exchange_add_field(x, SPAN("Content-Security-Policy"), page_error_policy);
}

static void respond_error(struct exchange *x, const struct config *config,
                          const struct media_type_map *types)
{
    const struct config_page *custom = config->pages[x->outcome];
    struct span page_type = custom ? media_type_for_name(types, span_from_str(custom->file))
                                   : SPAN("text/html; charset=utf-8");
    enum error_format format = choose_format(x, page_type, custom != NULL);
    struct buf b = {0};

    exchange_add_field(x, SPAN("Vary"), SPAN("Accept"));
    if (format == ERROR_PAGE && custom) {
        x->response.body = custom->content;
        x->response.length = custom->content.len;
    } else if (format == ERROR_PAGE) {
        write_page(x, &b);
    } else {
        write_problem(x, format != ERROR_TEXT, &b);
    }
    if (b.len || b.failed)
        set_body(x, &b);
    exchange_add_field(x, SPAN("Content-Type"),
                       format == ERROR_PAGE   ? page_type
                       : format == ERROR_TEXT ? SPAN("text/plain; charset=utf-8")
                                              : SPAN("application/problem+json"));
}

static struct span location_of(const struct exchange *x)
{
    const struct response_field *f = x->response.fields;

    while (f && !span_eq(f->name, SPAN("Location")))
        f = f->next;
    return f ? f->value : SPAN("");
}

/* A redirection is no problem: a short note with the way (RFC 9110 §15.4), for those who read. */
static void respond_redirect(struct exchange *x)
{
    static const struct span types[] = {SPAN_INIT("text/plain; charset=utf-8"),
                                        SPAN_INIT("text/html; charset=utf-8")};
    int choice = accept_choose_type(exchange_field(x, FIELD_accept), types, 2);
    struct span title = outcome_table[x->outcome].title;
    struct buf b = {0};

    exchange_add_field(x, SPAN("Vary"), SPAN("Accept"));
    // Browsers keep a permanent one for ever, and the folder may become a file: RFC 9110 §15.4.2.
    exchange_add_field(x, SPAN("Cache-Control"), SPAN("no-cache"));
    if (choice < 0)
        return;
    if (choice == 0) {
        buf_addf(&b, "%.*s: %.*s\n", SPAN_ARG(title), SPAN_ARG(location_of(x)));
    } else {
        error_page_write_redirect_html(&b, x->outcome, location_of(x));
        exchange_add_field(x, SPAN("Content-Security-Policy"), page_error_policy);
    }
    set_body(x, &b);
    exchange_add_field(x, SPAN("Content-Type"), types[choice]);
}

static void add_status_fields(struct exchange *x, int status)
{
    if (status == 405)
        add_allow(x, x->routing.allowed);
    if (status == 503)
        exchange_add_fieldf(x, SPAN("Retry-After"), "%u", retry_after(x));
    if (status >= 500)
        exchange_add_field(x, SPAN("Cache-Control"), SPAN("no-store"));
}

/*
 * Who made an error that comes from behind a route that passes requests on, and why: RFC 9209. Of
 * one that was passed on, the status that was received; of our own, the type of the error, and the
 * outcome as its details.
 */
static void add_proxy_status(struct exchange *x, int status)
{
    const struct relay *r = x->relay;
    const char *error = outcome_table[x->outcome].proxy_error;
    struct buf b = {0};

    if (status < 400 && !(r->received_status && r->own_page))
        return;
    buf_add(&b, SPAN("candor"));
    if (x->outcome != OUTCOME_relayed) {
        if (!error)
            error = status < 500 ? "http_request_error" : "proxy_internal_error";
        buf_addf(&b, "; error=%s", error);
    }
    if (r->received_status)
        buf_addf(&b, "; received-status=%u", (unsigned)r->received_status);
    if (x->outcome != OUTCOME_relayed) {
        if (r->upstream.len)
            buf_addf(&b, "; next-hop=\"%.*s\"", SPAN_ARG(r->upstream));
        buf_addf(&b, "; details=\"%.*s\"", SPAN_ARG(outcome_table[x->outcome].token));
    }
    exchange_add_field(x, SPAN("Proxy-Status"),
                       b.failed ? (struct span){NULL, 0} : arena_copy(&x->arena, buf_span(&b)));
    buf_done(&b);
}

/* The method has been performed, and is one that changes something. */
static bool has_changed(const struct exchange *x)
{
    return x->walk.known & FACT_BIT(FACT_effect) && !method_table[x->request.method].safe;
}

void respond_without_memory(struct exchange *x)
{
    static struct response_field no_store = {.name = SPAN_INIT("Cache-Control"),
                                             .value = SPAN_INIT("no-store")};
    static struct response_field retry = {
        .next = &no_store, .name = SPAN_INIT("Retry-After"), .value = SPAN_INIT("1")};
    bool changed = has_changed(x);

    x->outcome = changed ? OUTCOME_done_untold : OUTCOME_resources_exhausted;
    x->response = (struct response){.fields = changed ? &no_store : &retry, .has_length = true};
}

/* The answer is another server's, or was made up: with all that belongs to it. */
static bool brings_answer(const struct exchange *x)
{
    return x->response.status && !(x->relay && x->relay->own_page);
}

static void make_response(struct exchange *x, const struct config *config,
                          const struct media_type_map *types)
{
    int status = exchange_status(x);

    if (x->routing.resource && x->routing.resource->ops->respond)
        x->routing.resource->ops->respond(x);
    switch (x->outcome) {
    case OUTCOME_options_told:
        add_allow(x, x->routing.allowed);
        return;
    case OUTCOME_trace_echoed:
        echo_request(x);
        return;
    case OUTCOME_slash_missing:
        exchange_add_folder(x, SPAN("Location"), true);
        break;
    default:
        break;
    }
    if (x->relay)
        add_proxy_status(x, status);
    if (brings_answer(x))
        return;
    if (status >= 300 && status < 400 && status != 304) {
        respond_redirect(x);
    } else if (status >= 400) {
        add_status_fields(x, status);
        if (!x->response.body.len) // the resource may know better what its clients read
            respond_error(x, config, types);
    }
}

void respond(struct exchange *x, const struct config *config, const struct media_type_map *types)
{
    make_response(x, config, types);
    if (x->response.failed) // what there is of it would say less than the truth
        respond_without_memory(x);
}
