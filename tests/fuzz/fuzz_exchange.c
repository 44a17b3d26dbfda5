// SPDX-License-Identifier: MIT
/*
 * A whole exchange without a socket: the bytes are read as a request, which walks down the page
 * over a resource that says what the first bytes of the input make it say, and is responded to.
 * Every request ends in an outcome of the registry, by the way that its trail tells, and no field
 * of the response can break out of its line.
 */
#include "base/ascii.h"
#include "graph/graph.h"
#include "graph/resource.h"
#include "registry/status.h"
#include "server/session/respond.h"
#include "wire/h1.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    CONTROL_BYTES = 2, // at the front of the input: what the world is like
    ARENA_FIRST = 4096,
    CONTENT_LIMIT = 64,
};

enum world {
    EXISTS = 1 << 0,
    READABLE = 1 << 1,
    LACKS_SLASH = 1 << 2,
    ACCEPTABLE = 1 << 3,
    HAS_RANGES = 1 << 4,
    HAS_VALIDATORS = 1 << 5,
    LOOKUP_FAILS = 1 << 6,
    COMES_LATE = 1 << 7, // every fact
    HOST_KNOWN = 1 << 8,
    HAS_ROUTE = 1 << 9,
    OVER_CAPACITY = 1 << 10,
    TAKES_TRACE = 1 << 11,
    TAG_IS_WEAK = 1 << 12,
};

static const struct h1_limits limits = {256, 512, 12};
static unsigned world;
static struct span content;
static struct h1_head head;
static struct h1_content reader;

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* A step whose fact is there at once, or at the second time of asking. */
static enum step arrive(struct exchange *x, enum step (*end)(struct exchange *x))
{
    return world & COMES_LATE ? STEP_WAIT : end(x);
}

static enum step end_representation(struct exchange *x)
{
    struct representation *r = &x->representation;

    if (world & LOOKUP_FAILS)
        exchange_fail(x, OUTCOME_read_failed, 0, NULL);
    r->exists = world & EXISTS;
    r->readable = world & READABLE;
    r->lacks_slash = world & LACKS_SLASH;
    r->acceptable = world & ACCEPTABLE;
    r->has_ranges = world & HAS_RANGES;
    r->length = world >> 8;
    r->validators = (struct validators){.exists = r->exists,
                                        .has_etag = world & HAS_VALIDATORS,
                                        .etag = {SPAN("a"), world & TAG_IS_WEAK},
                                        .has_last_modified = world & HAS_VALIDATORS,
                                        .last_modified = 1000000000};
    return STEP_KNOWN;
}

static enum step begin_representation(struct exchange *x)
{
    return arrive(x, end_representation);
}

static const struct fact_step resource_steps[FACT_COUNT] = {
    [FACT_representation] = {.begin = begin_representation, .end = end_representation},
};
static const struct resource_ops resource_ops = {.name = "fuzz", .steps = resource_steps};
static struct resource resource = {.ops = &resource_ops, .content_limit = CONTENT_LIMIT};

static void answer_nothing(struct exchange *x)
{
    (void)x;
}

static void read_content(struct exchange *x)
{
    uint64_t received = 0;
    struct span data;
    enum h1_event event;

    while ((event = h1_read_content(&reader, &content, &data)) == H1_CONTENT_DATA ||
           event == H1_CONTENT_TRAILER) {
        if (event == H1_CONTENT_DATA)
            received += data.len;
        else
            require(exchange_add_trailer(x, reader.trailer, data));
    }
    if (event == H1_CONTENT_BAD)
        exchange_fail(x, reader.violation.outcome, reader.violation.offset, NULL);
    else if (received > x->content.limit)
        exchange_fail(x, OUTCOME_content_too_large, reader.offset, NULL);
    else if (event == H1_CONTENT_MORE)
        exchange_fail(x, OUTCOME_content_incomplete, reader.offset, NULL);
}

static enum step end_unwanted(struct exchange *x)
{
    read_content(x);
    return STEP_KNOWN;
}

static enum step begin_unwanted(struct exchange *x)
{
    return arrive(x, end_unwanted);
}

static enum step end_route(struct exchange *x)
{
    x->routing.host_known = world & HOST_KNOWN;
    if (!(world & HAS_ROUTE))
        return STEP_KNOWN;
    x->routing.resource = &resource;
    x->routing.allowed = METHOD_BIT(METHOD_GET) | METHOD_BIT(METHOD_HEAD) |
                         METHOD_BIT(METHOD_OPTIONS) |
                         (world & TAKES_TRACE ? METHOD_BIT(METHOD_TRACE) : 0);
    x->content.limit = CONTENT_LIMIT;
    return STEP_KNOWN;
}

static enum step begin_route(struct exchange *x)
{
    return arrive(x, end_route);
}

static const struct fact_step host_steps[FACT_COUNT] = {
    [FACT_route] = {.begin = begin_route, .end = end_route},
    [FACT_unwanted] = {.begin = begin_unwanted, .end = end_unwanted},
};
static const struct exchange_host host = {.steps = host_steps, .resume = answer_nothing};

/* As the server begins an exchange. */
static void begin(struct exchange *x, struct span in)
{
    ptrdiff_t n = h1_read_head(&x->request, &head, in, 0, &limits);
    enum outcome outcome;
    char *decoded;
    size_t offset;

    x->walk.known = FACT_BIT(FACT_message);
    x->routing.over_capacity = world & OVER_CAPACITY;
    if (n <= 0) {
        exchange_fail(x, n == H1_BAD ? x->request.violation.outcome : OUTCOME_request_incomplete,
                      n == H1_BAD ? x->request.violation.offset : in.len, NULL);
        return;
    }
    x->arrival.head = span_first(in, (size_t)n);
    content = span_from(in, (size_t)n);
    h1_content_init(&reader, &x->request, (size_t)n, &limits);
    decoded = arena_alloc(&x->arena, x->request.target.path.len);
    require(decoded != NULL);
    outcome = uri_path_decode(x->request.target.path, decoded, &x->path, &offset);
    if (outcome != OUTCOME_NONE)
        exchange_fail(x, outcome, offset, NULL);
}

/* The trail, read as a way down the page, ends at the outcome or at a fact that has its cause. */
static void check_trail(const struct exchange *x)
{
    unsigned edge = 0;

    require(x->walk.trail_length > 0 && x->walk.trail_length <= TRAIL_LENGTH);
    for (unsigned i = 0; i < x->walk.trail_length; i++) {
        if (x->walk.trail[i] & TRAIL_FACT) {
            require(i == x->walk.trail_length - 1u && x->failure.cause != OUTCOME_NONE);
            require(x->outcome == x->failure.cause);
            return;
        }
        require(edge == (unsigned)x->walk.trail[i] >> 1);
        edge = node_table[x->walk.trail[i] >> 1].edge[x->walk.trail[i] & 1];
        if (edge < NODE_COUNT && node_table[edge].is_end)
            edge = node_table[edge].edge[0];
    }
    require(edge >= EDGE_OUTCOME && x->failure.cause == OUTCOME_NONE);
    require(x->outcome == (enum outcome)(edge - EDGE_OUTCOME));
}

static void check_outcome(const struct exchange *x)
{
    struct span line;

    require(x->outcome > OUTCOME_NONE && x->outcome < OUTCOME_COUNT);
    line = status_line(outcome_table[x->outcome].status);
    require(span_starts(line, SPAN("HTTP/1.1 ")) && span_ends(line, SPAN("\r\n")));
    if (x->request.violation.outcome != OUTCOME_NONE &&
        x->failure.cause == x->request.violation.outcome)
        require(x->outcome == x->failure.cause);
    if (x->outcome == OUTCOME_partial || x->outcome == OUTCOME_partial_many)
        for (size_t i = 0; i < x->representation.ranges.count; i++)
            require(x->representation.ranges.list[i].length > 0 &&
                    x->representation.ranges.list[i].first +
                            x->representation.ranges.list[i].length <=
                        x->representation.length);
}

static void check_response(const struct exchange *x)
{
    for (const struct response_field *f = x->response.fields; f; f = f->next) {
        require(f->name.len > 0);
        for (size_t i = 0; i < f->name.len; i++)
            require(ascii_is(f->name.ptr[i], ASCII_TCHAR));
        for (size_t i = 0; i < f->value.len; i++)
            require(ascii_is(f->value.ptr[i], ASCII_FIELD_VCHAR));
    }
    require(outcome_table[x->outcome].status < 400 || x->response.body.len > 0);
    require(x->response.length == x->response.body.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct exchange x;
    static struct config config;
    char *copy;

    if (size < CONTROL_BYTES)
        return 0;
    world = data[0] | (unsigned)data[1] << 8;
    size -= CONTROL_BYTES;
    copy = malloc(size ? size : 1); // exactly as large: the sanitizer sees a byte too far
    require(copy != NULL);
    if (size)
        memcpy(copy, data + CONTROL_BYTES, size);
    if (!x.host) {
        require(arena_init(&x.arena, ARENA_FIRST) == 0);
        x.host = &host;
    }
    exchange_reset(&x);
    content = SPAN("");
    begin(&x, span_of(copy, size));
    for (unsigned waits = 0; !graph_walk(&x); waits++)
        require(waits < 3); // route, unwanted content, representation
    check_trail(&x);
    check_outcome(&x);
    x.routing.resource = NULL; // its respond is the files' own
    respond(&x, &config, NULL);
    check_response(&x);
    free(copy);
    return 0;
}
