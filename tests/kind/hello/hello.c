// SPDX-License-Identifier: MIT
/*
 * The smallest kind of resource: a greeting, made of a key of the configuration. All that a kind
 * brings along is in this folder (docs/architecture.md, "A new kind of resource").
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/list.h"
#include "graph/author.h"
#include "graph/resource.h"
#include "resource/kind.h"

#include <stdlib.h>

struct hello_options {
    struct span word;
};

static const struct option_row rows[] = {
#define OPTION(...) OPTION_ROW(struct hello_options, __VA_ARGS__)
#include "hello.def"
#undef OPTION
};

/* Of one worker. */
struct hello {
    struct resource resource;
    struct buf greeting;
};

static enum step begin_representation(struct exchange *x)
{
    struct hello *h = container_of(x->routing.resource, struct hello, resource);

    x->representation = (struct representation){
        .exists = true, .readable = true, .acceptable = true, .length = h->greeting.len};
    return STEP_KNOWN;
}

static const struct fact_step hello_steps[FACT_COUNT] = {
    [FACT_representation] = {.begin = begin_representation},
};

static void hello_respond(struct exchange *x)
{
    struct hello *h = container_of(x->routing.resource, struct hello, resource);

    exchange_add_field(x, SPAN("Content-Type"), SPAN("text/plain; charset=utf-8"));
    x->response.has_length = true;
    x->response.length = h->greeting.len;
    x->response.body = buf_span(&h->greeting);
}

static void hello_release(struct exchange *x)
{
    (void)x;
}

static void hello_free(struct resource *r)
{
    struct hello *h = container_of(r, struct hello, resource);

    buf_done(&h->greeting);
    free(h);
}

static const struct resource_ops hello_ops = {
    .name = "hello",
    .steps = hello_steps,
    .respond = hello_respond,
    .release = hello_release,
    .free = hello_free,
};

static int hello_open(const struct kind_means *means, const void *options, void *share,
                      struct resource **ret_resource, struct buf *ret_why)
{
    const struct hello_options *o = options;
    struct hello *h = calloc(1, sizeof *h);

    (void)means;
    (void)share;
    (void)ret_why; // what there is to say, the error says
    if (!h)
        return -CANDOR_E_MEMORY;
    buf_addf(&h->greeting, "%.*s\n", SPAN_ARG(o->word));
    if (h->greeting.failed) {
        free(h);
        return -CANDOR_E_MEMORY;
    }
    h->resource.ops = &hello_ops;
    h->resource.methods = methods_that_read | methods_that_explain;
    *ret_resource = &h->resource;
    return 0;
}

const struct resource_kind kind_hello = {
    .options = OPTION_TABLE("routes.hello.", rows, struct hello_options),
    .event = "hello-not-opened",
    .open = hello_open,
};
