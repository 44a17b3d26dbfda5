// SPDX-License-Identifier: MIT
#include "base/clock.h"
#include "base/error.h"
#include "graph/author.h"
#include "resource/dav/authoring.h"
#include "resource/dav/content.h"
#include "resource/dav/effect.h"
#include "resource/dav/following.h"
#include "resource/dav/propfind.h"
#include "resource/dav/settling.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

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
    run(a);
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
        return end(*slot_of(x));                                                                   \
    }
STEP(upload, upload_begin, upload_claim_run, upload_end)
STEP(representation, target_begin, target_run, target_end)
STEP(destination, destination_begin, destination_run, destination_end)
STEP(locks, locks_begin, locks_run, locks_end)
STEP(meaning, meaning_begin, locks_run, locks_end)
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
    settling_watch(a->dav);
    change_forget_failed(a);
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

int dav_open(struct dav_share *share, struct resource *reader, struct loop *loop,
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
    d->share = share;
    d->loop = loop;
    d->pool = pool;
    upload_watch_begin(d);
    settling_begin(d);
    *ret_resource = &d->resource;
    return 0;
}

/* The locks that the store has for the tree with that root. A negated errno. */
static int open_locks(struct dav_share *share, struct store *store)
{
    char root[PATH_MAX];
    int error;

    if (lock_table_new(&share->locks) < 0 || rows_new(&share->rows) < 0)
        return -ENOMEM;
    if (!store)
        return 0;
    if (!realpath(share->options->root, root))
        return -errno;
    error = store_tree(store, span_from_str(root), &share->journal.tree);
    if (error < 0)
        return -EIO;
    share->journal.store = store;
    error = settling_recover(share);
    if (error)
        return error;
    lock_journal_read_boot(&share->journal);
    return lock_journal_load(&share->journal, share->tree, share->locks, lock_now(),
                             clock_realtime() / CLOCK_SECOND);
}

int dav_share_open(const struct files_options *options, struct store *store,
                   const struct media_type_map *types, const struct hurry *hurry,
                   struct dav_share **ret_share)
{
    struct dav_share *share = calloc(1, sizeof *share);
    mode_t mask = umask(0);
    struct tree_options tree = {.quota = options->quota,
                                .reserve = options->reserve,
                                .umask = mask,
                                .dotfiles = options->dotfiles,
                                .hurry = hurry};
    size_t removed;
    int root, error;

    umask(mask);
    if (!share)
        return -CANDOR_E_MEMORY;
    share->options = options;
    share->types = types;
    root = open(options->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    error = root < 0 ? -errno : tree_open(root, &tree, &share->tree);
    if (error == 0)
        error = tree_sweep(share->tree, &removed);
    if (error == 0)
        error = open_locks(share, store);
    if (error == 0 && upload_table_new(&share->uploads) < 0)
        error = -ENOMEM;
    if (root >= 0)
        close(root);
    if (error < 0) {
        dav_share_free(share);
        errno = -error;
        return -CANDOR_E_SYSTEM;
    }
    *ret_share = share;
    return 0;
}

const _Atomic uint64_t *dav_share_changes(const struct dav_share *share)
{
    return &share->changes;
}

void dav_share_free(struct dav_share *share)
{
    if (!share)
        return;
    lock_table_free(share->locks);
    upload_table_free(share->uploads);
    settling_forget(share);
    rows_free(share->rows);
    tree_free(share->tree);
    free(share);
}
