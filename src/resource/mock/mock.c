// SPDX-License-Identifier: MIT
#include "resource/mock/mock.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "graph/author.h"
#include "resource/kind.h"
#include "resource/mock/answer.h"
#include "resource/mock/echo.h"

#include <stdlib.h>

static const struct option_row rows[] = {
#define OPTION(...) OPTION_ROW(struct mock_options, __VA_ARGS__)
#include "resource/mock/mock.def"
#undef OPTION
};

/* The answer is waited for: for the content, which the answer tells of, and for time. */

static void stop_waiting(struct mock_state *s)
{
    if (--s->waits == 0)
        s->x->host->resume(s->x);
}

static void on_delayed(struct timer *t)
{
    struct mock_state *s = mock_state_of_timer(t);

    s->is_timed = false;
    stop_waiting(s);
}

/* Where in the request a complaint belongs; a path that had to be decoded has no such place. */
static uint64_t offset_of(const struct exchange *x, const struct mock_complaint *c)
{
    struct span target = x->request.target.path;
    const char *head = x->arrival.head.ptr;

    if (c->is_in_query)
        return (uint64_t)(x->request.target.query.ptr - head) + c->offset;
    if (x->path.text.ptr >= target.ptr && x->path.text.ptr < target.ptr + target.len)
        return (uint64_t)(x->path.text.ptr - head) + x->routing.resource->mount_length + c->offset;
    return (uint64_t)(target.ptr - head);
}

static bool understand(struct mock_state *s)
{
    struct exchange *x = s->x;
    struct span query = x->request.target.query;
    char *room = arena_alloc(&x->arena, query.len + 1);
    struct mock_complaint c;

    if (!room) {
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
        return false;
    }
    if (mock_recipe_parse(span_from(x->path.text, x->routing.resource->mount_length), query, room,
                          &s->recipe, &c))
        return true;
    exchange_fail(x, c.is_unknown ? OUTCOME_mock_unknown : OUTCOME_mock_malformed, offset_of(x, &c),
                  "%s", c.text);
    return false;
}

/* Before an answer of 1xx alone there is one of those too (RFC 9110 §15.2). */
static void send_interims(struct mock_state *s)
{
    static struct response_field link = {
        .name = SPAN_INIT("Link"),
        .value = SPAN_INIT("<../anything/style.css>; rel=\"preload\"; as=\"style\"")};
    const struct mock_recipe *r = &s->recipe;
    struct exchange *x = s->x;

    for (size_t i = 0; i < r->interim_count; i++)
        for (unsigned n = 0; n < r->interims[i].count; n++)
            x->host->interim(x, r->interims[i].code, &link);
    if (s->code < MADE_UP_ok && s->code != MADE_UP_switching)
        x->host->interim(x, s->code, &link);
}

static enum step begin_answer(struct exchange *x)
{
    struct mock_state *s = mock_state_of(x);

    if (!s) {
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
        return STEP_KNOWN;
    }
    if (!understand(s))
        return STEP_KNOWN;
    mock_choose(s);
    send_interims(s);
    if ((s->recipe.path == MOCK_anything || s->recipe.path == MOCK_delay) && !x->content.ended) {
        s->waits++;
        x->host->read(x);
    }
    if (s->recipe.delay) {
        s->waits++;
        mock_wait(s, loop_now(s->mock->loop) + s->recipe.delay, on_delayed);
    }
    if (s->waits)
        return STEP_WAIT;
    mock_decide(s);
    return STEP_KNOWN;
}

static enum step end_answer(struct exchange *x)
{
    mock_decide(mock_state_of(x));
    return STEP_KNOWN;
}

static const struct fact_step mock_steps[FACT_COUNT] = {
    [FACT_answer] = {.begin = begin_answer, .end = end_answer},
};

/* Content is counted, and its digest told. */
static bool mock_take(struct exchange *x, struct span data)
{
    static const struct digests wanted = {.has[DIGEST_SHA_256] = true};
    struct mock_state *s = mock_state_of(x);

    if (!s || (!s->digest && digest_hash_new(&wanted, &s->digest) < 0)) {
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
        return true;
    }
    if (x->response.is_tunnel)
        return echo_take(x, data);
    digest_hash_add(s->digest, data);
    return true;
}

static void mock_ended(struct exchange *x, bool whole)
{
    (void)whole;
    if (x->response.is_tunnel)
        echo_ended(x);
    else if (x->outcome == OUTCOME_NONE)
        stop_waiting(mock_state_of(x));
}

static void mock_respond(struct exchange *x)
{
    if (x->outcome == OUTCOME_mocked || x->outcome == OUTCOME_tunnelled)
        mock_answer(mock_state_of(x));
}

static void stop_timer(struct mock_state *s)
{
    if (s->is_timed)
        timer_stop(&s->timer);
    s->is_timed = false;
}

static bool mock_cancel(struct exchange *x)
{
    if (x->routing.resource_state)
        stop_timer(x->routing.resource_state);
    return true;
}

static void mock_release(struct exchange *x)
{
    struct mock_state *s = x->routing.resource_state;

    if (!s)
        return;
    stop_timer(s);
    digest_hash_free(s->digest);
    digest_hash_free(s->body_digest);
    websocket_done(&s->websocket);
}

static void mock_free(struct resource *r)
{
    free(container_of(r, struct mock, resource));
}

static const struct resource_ops mock_ops = {
    .name = "mock",
    .steps = mock_steps,
    .take = mock_take,
    .ended = mock_ended,
    .respond = mock_respond,
    .cancel = mock_cancel,
    .release = mock_release,
    .free = mock_free,
};

static int mock_make_share(const struct kind_means *means, const void *options, void **ret_share,
                           struct buf *ret_why)
{
    const struct mock_options *o = options;
    struct mock_share *share = calloc(1, sizeof *share);
    struct hash_key key;
    int r = 0;

    (void)means;
    (void)ret_why;
    if (!share)
        return -CANDOR_E_MEMORY;
    share->seed = o->seed;
    if (share->seed == UINT64_MAX) {
        r = hash_key_make(&key);
        share->seed = key.word[0];
    }
    share->since = clock_realtime() / (1000 * CLOCK_MS);
    if (r == 0)
        r = digest_hash_prepare();
    if (r < 0)
        free(share);
    else
        *ret_share = share;
    return r;
}

static int mock_open(const struct kind_means *means, const void *options, void *share,
                     struct resource **ret_resource, struct buf *ret_why)
{
    struct mock *m = calloc(1, sizeof *m);

    (void)options;
    (void)ret_why;
    if (!m)
        return -CANDOR_E_MEMORY;
    m->resource =
        (struct resource){.ops = &mock_ops,
                          .methods = methods_that_read | methods_that_author | methods_that_explain,
                          .answers = true,
                          .makes_up = true};
    m->share = share;
    m->loop = means->loop;
    *ret_resource = &m->resource;
    return 0;
}

const struct resource_kind kind_mock = {
    .options = OPTION_TABLE("routes.mock.", rows, struct mock_options),
    .event = "mock-not-opened",
    .share = mock_make_share,
    .open = mock_open,
    .unshare = free,
};
