// SPDX-License-Identifier: MIT
#include "base/clock.h"
#include "base/error.h"
#include "fs/open.h"
#include "graph/author.h"
#include "resource/dav/authoring.h"
#include "resource/dav/content.h"
#include "resource/dav/effect.h"
#include "resource/dav/following.h"
#include "resource/dav/propfind.h"
#include "resource/dav/room.h"
#include "resource/dav/settling_watch.h"

#include <stdlib.h>
#include <unistd.h>

/* Where the exchange has its authoring. Of a guard, whose reader answers, nothing is to be released
 * (exchange.guard_state). */
static void **slot_of(struct exchange *x)
{
    return x->routing.guard ? &x->routing.guard_state : &x->routing.resource_state;
}

/* A step's part in the pool. */
static void act(struct exchange *x, void (*run)(struct authoring *a))
{
    struct authoring *a = *slot_of(x);

    a->error = 0;
    a->cause = OUTCOME_NONE;
    a->in_the_way = a->goes_on = false;
    if (!a->share)
        a->error = dav_share_use(a->dav->site, &a->share);
    if (!a->share) {
        a->cause = fs_failure(-a->error);
        return;
    }
    run(a);
    authoring_explain(a);
}

/* The route's path, with its slash also where the request names it without. RFC 4918 §5.2. */
static struct span mount_of(struct exchange *x)
{
    size_t length = x->routing.resource->mount_length;
    char *text;

    if (x->path.text.len >= length)
        return span_first(x->path.text, length);
    text = arena_alloc(&x->arena, length);
    if (!text)
        return (struct span){NULL, 0};
    memcpy(text, x->path.text.ptr, length - 1);
    text[length - 1] = '/';
    return span_of(text, length);
}

static void *zeroed(struct arena *arena, size_t size)
{
    void *memory = arena_alloc(arena, size);

    return memory ? memset(memory, 0, size) : NULL;
}

static struct authoring *authoring_of(struct exchange *x)
{
    struct resource *self = x->routing.guard ? x->routing.guard : x->routing.resource;
    void **slot = slot_of(x);
    struct authoring *a = *slot;

    if (a)
        return a;
    a = zeroed(&x->arena, sizeof *a);
    if (!a)
        return NULL;
    if (author_of(x)->also & AUTHOR_ELSEWHERE) {
        a->destination = zeroed(&x->arena, sizeof *a->destination);
        if (!a->destination)
            return NULL;
    }
    if (author_of(x)->takes == TAKES_XML) {
        a->xml = zeroed(&x->arena, sizeof *a->xml);
        if (!a->xml)
            return NULL;
    }
    a->x = x;
    a->answer.written = -1;
    a->mount = mount_of(x);
    if (!a->mount.ptr)
        return NULL;
    a->dav = container_of(self, struct dav, resource);
    a->target.path = uri_path_trim(span_from(x->path.text, x->routing.resource->mount_length - 1));
    a->target.names = (struct tree_names){a->target.path, a->target.path, a->target.path};
    *slot = a;
    return a;
}

/* Nothing is released of a guard, so it leaves what it used when it has told what it knows. */
static enum step leave_guard(struct exchange *x, enum step step)
{
    struct authoring *a = x->routing.guard_state;

    if (a && step == STEP_KNOWN) {
        dav_share_leave(a->share);
        a->share = NULL;
    }
    return step;
}

/* A step, for the walker: from the exchange to what it holds. */
#define STEP(fact, begin, run, end)                                                                \
    static enum step begin_##fact##_step(struct exchange *x)                                       \
    {                                                                                              \
        struct authoring *a = authoring_of(x);                                                     \
                                                                                                   \
        if (!a)                                                                                    \
            exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);                                \
        return a ? begin(a) : STEP_KNOWN;                                                          \
    }                                                                                              \
    static void run_##fact##_step(struct exchange *x)                                              \
    {                                                                                              \
        act(x, run);                                                                               \
    }                                                                                              \
    static enum step end_##fact##_step(struct exchange *x)                                         \
    {                                                                                              \
        return leave_guard(x, end(*slot_of(x)));                                                   \
    }
STEP(upload, upload_begin, upload_claim_run, upload_end)
STEP(representation, target_begin, target_run, target_end)
STEP(destination, destination_begin, destination_run, destination_end)
STEP(locks, locks_begin, locks_run, locks_end)
STEP(meaning, meaning_begin, meaning_run, meaning_end)
STEP(room, room_begin, room_run, room_end)
STEP(effect, effect_begin, effect_run, effect_end)
#undef STEP

static enum step begin_content_kind_step(struct exchange *x)
{
    struct authoring *a = authoring_of(x);

    if (!a)
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
    return a ? content_role_begin(a) : STEP_KNOWN;
}

static bool dav_take(struct exchange *x, struct span data)
{
    return content_take(x->routing.resource_state, data);
}

static bool dav_cancel(struct exchange *x)
{
    struct authoring *a = x->routing.resource_state;

    return a && (write_cancel(a) || upload_cancel(a) || propfind_cancel(a));
}

static void dav_release(struct exchange *x)
{
    struct authoring *a = x->routing.resource_state;

    if (!a)
        return;
    content_discard(a);
    if (a->answer.written >= 0)
        close(a->answer.written);
    propfind_discard(a);
    rows_give_up(a);
    settling_watch(a->dav, a->share);
    change_forget_failed(a);
    dav_share_leave(a->share);
    x->routing.resource_state = NULL;
}

static void dav_free(struct resource *r)
{
    struct dav *d = container_of(r, struct dav, resource);

    upload_watch_end(d);
    settling_end(d);
    answer_cache_free(d->answers);
    r->reader->ops->free(r->reader);
    free(d);
}

#define STEP(fact) [FACT_##fact] = {begin_##fact##_step, run_##fact##_step, end_##fact##_step}
static const struct fact_step dav_steps[FACT_COUNT] = {
    [FACT_content_kind] = {.begin = begin_content_kind_step},
    STEP(upload),
    STEP(representation),
    STEP(destination),
    STEP(locks),
    STEP(room),
    STEP(meaning),
    STEP(effect),
};
#undef STEP

static const struct resource_ops dav_ops = {
    .name = "dav",
    .steps = dav_steps,
    .take = dav_take,
    .respond = authoring_respond,
    .cancel = dav_cancel,
    .release = dav_release,
    .free = dav_free,
};

int dav_open(struct dav_site *site, struct resource *reader, struct loop *loop,
             struct offload *pool, struct resource **ret_resource)
{
    struct dav *d = calloc(1, sizeof *d);

    if (!d || answer_cache_new(&d->answers) < 0) {
        free(d);
        return -CANDOR_E_MEMORY;
    }
    d->resource.ops = &dav_ops;
    d->resource.reader = reader;
    d->resource.stores = methods_that_store;
    d->resource.wants = methods_that_take;
    d->resource.methods = reader->methods | methods_that_author;
    d->site = site;
    d->loop = loop;
    d->pool = pool;
    upload_watch_begin(d);
    settling_begin(d);
    *ret_resource = &d->resource;
    return 0;
}
