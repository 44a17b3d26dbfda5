// SPDX-License-Identifier: MIT
/*
 * The kind of resource that passes requests on to other servers.
 */
#include "base/ascii.h"
#include "base/error.h"
#include "base/limits.h"
#include "graph/author.h"
#include "resource/gateway/resource.h"
#include "resource/kind.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static const struct option_row rows_target[] = {
#define OPTION_TARGET(...) OPTION_ROW(struct gateway_target, __VA_ARGS__)
#include "resource/gateway/gateway_kind.def"
};
static const struct option_section section_target =
    OPTION_TABLE("routes.gateway.to.", rows_target, struct gateway_target);

typedef __typeof__(((struct gateway_options *)0)->queue) gateway_queue;
typedef __typeof__(((struct gateway_options *)0)->retry_budget) gateway_budget;
typedef __typeof__(((struct gateway_options *)0)->health) gateway_health;
typedef __typeof__(((struct gateway_options *)0)->fields) gateway_fields;

static const struct option_row rows_queue[] = {
#define OPTION_QUEUE(...) OPTION_ROW(gateway_queue, __VA_ARGS__)
#include "resource/gateway/gateway_kind.def"
};
static const struct option_section section_queue =
    OPTION_TABLE("routes.gateway.queue.", rows_queue, gateway_queue);

static const struct option_row rows_budget[] = {
#define OPTION_BUDGET(...) OPTION_ROW(gateway_budget, __VA_ARGS__)
#include "resource/gateway/gateway_kind.def"
};
static const struct option_section section_budget =
    OPTION_TABLE("routes.gateway.retry_budget.", rows_budget, gateway_budget);

static const struct option_row rows_health[] = {
#define OPTION_HEALTH(...) OPTION_ROW(gateway_health, __VA_ARGS__)
#include "resource/gateway/gateway_kind.def"
};
static const struct option_section section_health =
    OPTION_TABLE("routes.gateway.health.", rows_health, gateway_health);

static const struct option_row rows_rules[] = {
#define OPTION_RULES(...) OPTION_ROW(struct field_rules, __VA_ARGS__)
#include "resource/gateway/gateway_kind.def"
};
static const struct option_section section_to_upstream =
    OPTION_TABLE("routes.gateway.fields.to_upstream.", rows_rules, struct field_rules);
static const struct option_section section_to_client =
    OPTION_TABLE("routes.gateway.fields.to_client.", rows_rules, struct field_rules);

static const struct option_row rows_fields[] = {
#define OPTION_FIELDS(member, name, kind, need, below, ...)                                        \
    OPTION_ROW_BELOW(gateway_fields, member, name, kind, need, &below, __VA_ARGS__)
#include "resource/gateway/gateway_kind.def"
};
static const struct option_section section_fields =
    OPTION_TABLE("routes.gateway.fields.", rows_fields, gateway_fields);

static const struct option_row rows[] = {
#define OPTION(...) OPTION_ROW(struct gateway_options, __VA_ARGS__)
#define OPTION_BELOW(member, name, kind, need, below, ...)                                         \
    OPTION_ROW_BELOW(struct gateway_options, member, name, kind, need, &below, __VA_ARGS__)
#include "resource/gateway/gateway_kind.def"
};

static const char prefix[] = "routes.gateway.";

static void report(struct report *r, const struct kind_route *route, const char *key,
                   const char *sentence)
{
    struct span name = span_from_str(key);

    report_add(r, kind_position(route, name), prefix, name, sentence);
}

static bool is_given(const struct kind_route *route, const char *key)
{
    return kind_is_given(route, span_from_str(key));
}

/* The addresses have passed the reader, one by one; one that has not is reported already. */
static bool is_fcgi(struct span text)
{
    return span_starts(text, SPAN("fcgi"));
}

static void check_targets(const struct kind_route *route, struct report *r)
{
    const struct gateway_options *o = route->options;
    const struct gateway_target *t = o->to.items;

    for (size_t i = 1; i < o->to.count; i++) {
        if (is_fcgi(t[i].address) != is_fcgi(t[0].address)) {
            report(r, route, "to",
                   "some are spoken to in HTTP and others in FastCGI; expected a route for each");
            return;
        }
        for (size_t j = 0; j < i; j++) {
            if (!t[j].address.len || !span_eq(t[i].address, t[j].address))
                continue;
            report(r, route, "to",
                   "an address is in the list twice; expected each once, with a weight if need be");
            return;
        }
    }
}

static void check_fcgi(const struct kind_route *route, struct report *r, bool fcgi)
{
    static const char *const of_fcgi[] = {"root", "index", "scripts", "script"};
    static const char *const of_http[] = {"prefix", "health"};
    const struct gateway_options *o = route->options;

    for (size_t i = 0; i < sizeof of_fcgi / sizeof *of_fcgi && !fcgi; i++)
        if (is_given(route, of_fcgi[i]))
            report(r, route, of_fcgi[i],
                   "it can do nothing, as the upstream is spoken to in HTTP; expected an address "
                   "that begins with fcgi, or no such key");
    for (size_t i = 0; i < sizeof of_http / sizeof *of_http && fcgi; i++)
        if (is_given(route, of_http[i]) && (i == 0 || o->health.path.len))
            report(r, route, of_http[i],
                   "nothing can be asked for in this way in FastCGI; expected an address that "
                   "begins with http or unix, or no such key");
    if (fcgi && !is_given(route, "root"))
        report(r, route, "to",
               "a FastCGI application must be told where its scripts are; expected the key root "
               "beside it");
}

static void check(struct kind_route *route, struct report *r)
{
    const struct gateway_options *o = route->options;
    const struct gateway_target *t = o->to.items;

    if (o->to.count && t[0].address.len)
        check_fcgi(route, r, is_fcgi(t[0].address));
    check_targets(route, r);
    if (is_given(route, "queue") && !o->max_connections)
        report(r, route, "queue",
               "it can do nothing, as an upstream may have any number of requests; expected "
               "max_connections beside it, or no such key");
    if (is_given(route, "retry_budget") && !o->retries)
        report(r, route, "retry_budget",
               "it can do nothing, as retries is 0; expected retries of 1 or more, or no such key");
    if (is_given(route, "balance") && o->to.count == 1)
        report(r, route, "balance",
               "there is one upstream alone, so nothing is to be chosen; expected several in to, "
               "or no such key");
}

static enum upstream_balance balance_of(const struct gateway_options *o)
{
    return o->balance.kind == SPREAD_ROUND_ROBIN ? BALANCE_ROUND_ROBIN
           : o->balance.kind == SPREAD_HASH      ? BALANCE_HASH
                                                 : BALANCE_LEAST;
}

static int open_set(const struct gateway_options *o, struct upstream_set **ret_set)
{
    struct upstream_target targets[UPSTREAM_MOST];
    const struct gateway_target *t = o->to.items;
    struct upstream_options options = {
        .targets = targets,
        .count = o->to.count,
        .balance = balance_of(o),
        .connect_timeout = o->connect_timeout,
        .max_connections = o->max_connections,
        .keep_timeout = LIMIT_UPSTREAM_IDLE,
        .queue = {o->queue.length, o->queue.timeout},
        .retry_budget = {(uint32_t)o->retry_budget.percent, (uint32_t)o->retry_budget.least},
        .health = {.path = o->health.path,
                   .interval = o->health.interval,
                   .timeout = o->health.timeout,
                   .status = (uint16_t)o->health.status,
                   .failures = (uint32_t)o->health.failures},
        .resolver = {.servers = o->resolver}};

    for (size_t i = 0; i < o->to.count; i++) {
        const char *why;
        size_t at;

        targets[i].weight = (uint32_t)t[i].weight;
        if (!upstream_address_parse(t[i].address, &targets[i].address, &why, &at))
            return -CANDOR_E_SYNTAX;
    }
    return upstream_set_new(&options, ret_set);
}

static int make_pseudonym(char pseudonym[PSEUDONYM_LENGTH])
{
    static const struct span name = SPAN_INIT("candor-");
    unsigned char random[(PSEUDONYM_LENGTH - (sizeof "candor-" - 1)) / 2];

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return -CANDOR_E_SYSTEM;
    memcpy(pseudonym, name.ptr, name.len);
    ascii_write_hex(random, sizeof random, pseudonym + name.len);
    return 0;
}

static void unshare(void *share)
{
    struct gateway_share *s = share;

    if (!s)
        return;
    upstream_set_free(s->set);
    free(s);
}

static int share(const struct kind_means *means, const void *options, void **ret_share,
                 struct buf *ret_why)
{
    struct gateway_share *s = calloc(1, sizeof *s);
    int error;

    (void)means;
    (void)ret_why; // what there is to say, the error says
    if (!s)
        return -CANDOR_E_MEMORY;
    error = make_pseudonym(s->pseudonym);
    if (error == 0)
        error = open_set(options, &s->set);
    if (error < 0)
        unshare(s);
    else
        *ret_share = s;
    return error;
}

static void set_limits(struct gateway *g)
{
    const struct gateway_options *o = g->options;

    g->limits = (struct fetch_limits){.response_timeout = o->response_timeout,
                                      .idle_timeout = o->idle_timeout,
                                      .interim_most = LIMIT_UPSTREAM_INTERIM,
                                      .wire = {.status_line = LIMIT_UPSTREAM_STATUS_LINE,
                                               .field_line = LIMIT_UPSTREAM_FIELD,
                                               .field_section = LIMIT_UPSTREAM_FIELD_SECTION,
                                               .fields = LIMIT_UPSTREAM_FIELDS,
                                               .trailer_section = LIMIT_UPSTREAM_TRAILERS}};
}

static int open_resource(const struct kind_means *means, const void *options, void *shared,
                         struct resource **ret_resource, struct buf *ret_why)
{
    const struct gateway_options *o = options;
    const struct gateway_target *t = o->to.items;
    const struct gateway_share *s = shared;
    struct gateway *g = calloc(1, sizeof *g);
    int error;

    (void)ret_why;
    if (!g)
        return -CANDOR_E_MEMORY;
    error = getrandom(&g->trace, sizeof g->trace, 0) == (ssize_t)sizeof g->trace
                ? upstream_pool_open(means->loop, s->set, &g->pool)
                : -CANDOR_E_SYSTEM;
    if (error < 0) {
        free(g);
        return error;
    }
    g->options = o;
    g->share = s;
    g->trusted = means->trusted_proxies;
    g->loop = means->loop;
    g->tell = means->tell;
    g->speaks_fcgi = is_fcgi(t[0].address);
    set_limits(g);
    g->resource.ops = &gateway_ops;
    g->resource.methods = methods_that_read | methods_that_explain | methods_that_author;
    g->resource.answers = true;
    g->resource.half_closed_leaves = o->half_closed;
    *ret_resource = &g->resource;
    return 0;
}

const struct resource_kind kind_gateway = {
    .options = OPTION_TABLE("routes.gateway.", rows, struct gateway_options),
    .event = "gateway-not-opened",
    .check = check,
    .share = share,
    .open = open_resource,
    .unshare = unshare,
};
