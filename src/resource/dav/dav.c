// SPDX-License-Identifier: MIT
#include "base/error.h"
#include "resource/dav/dav_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

static void act_in_pool(struct work *w)
{
    struct authoring *a = container_of(w, struct authoring, work);

    a->error = 0;
    a->cause = OUTCOME_NONE;
    a->act(a);
}

static void act_done(struct work *w)
{
    struct authoring *a = container_of(w, struct authoring, work);

    a->acted = a->act;
    a->x->host->resume(a->x);
}

bool step(struct authoring *a, void (*act)(struct authoring *a))
{
    if (a->acted == act) {
        a->acted = NULL;
        return true;
    }
    a->act = act;
    a->work.run = act_in_pool;
    a->work.done = act_done;
    offload_submit(a->dav->pool, a->dav->loop, &a->work);
    return false;
}

struct tree_terms terms_of(const struct authoring *a)
{
    return (struct tree_terms){.target = &a->here.here};
}

/* The outcome for what a change was refused with; none: what was seen is no longer so. */
static enum outcome outcome_of_error(int error)
{
    switch (-error) {
    case ESTALE:
    case EEXIST:
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
        return OUTCOME_NONE;
    case ENOSPC:
        return OUTCOME_storage_full;
    case EDQUOT:
    case EFBIG:
        return OUTCOME_quota_exceeded;
    case EACCES:
    case EPERM:
    case EROFS:
    case ENXIO:
        return OUTCOME_write_refused;
    case EBUSY:
        return OUTCOME_root_fixed;
    case EDEADLK:
        return OUTCOME_destination_overlaps;
    case EINVAL:
    case ENAMETOOLONG:
        return OUTCOME_name_impossible;
    case ENOMEM:
    case EMFILE:
    case ENFILE:
        return OUTCOME_resources_exhausted;
    default:
        return OUTCOME_write_failed;
    }
}

void authoring_set_cause(struct authoring *a)
{
    enum outcome cause = a->cause ? a->cause : outcome_of_error(a->error);

    if (cause)
        exchange_set_cause(a->x, cause, 0);
}

/* What performs the method. */
static void (*effect_of(enum method method))(struct authoring *)
{
    switch (method) {
    case METHOD_DELETE:
        return change_delete;
    case METHOD_MKCOL:
        return change_mkcol;
    case METHOD_COPY:
        return change_copy;
    case METHOD_MOVE:
        return change_move;
    default:
        return write_commit;
    }
}

static bool establish_effect(struct authoring *a)
{
    struct exchange *x = a->x;

    if (!step(a, effect_of(x->request.method)))
        return false;
    atomic_fetch_add(&a->dav->share->changes, 1);
    if (a->error) {
        authoring_set_cause(a);
        x->stale = x->cause == OUTCOME_NONE;
        return true;
    }
    x->effect.created = a->result.created;
    x->effect.partly = a->failed != NULL;
    if (a->result.now.kind == TREE_FILE)
        stamp_etag(&a->result.now.stamp, 0, SPAN(""), a->etag);
    return true;
}

static struct span trim_slashes(struct span path)
{
    while (path.len && path.ptr[0] == '/')
        path = span_from(path, 1);
    while (path.len && path.ptr[path.len - 1] == '/')
        path.len--;
    return path;
}

static struct authoring *authoring_of(struct exchange *x)
{
    struct authoring *a = x->held;

    if (a)
        return a;
    a = arena_alloc(&x->arena, sizeof *a);
    if (!a)
        return NULL;
    memset(a, 0, sizeof *a);
    a->x = x;
    a->dav = container_of(x->resource, struct dav, resource);
    a->path = trim_slashes(span_from(x->path.text, x->resource->mount_length - 1));
    x->held = a;
    return a;
}

static bool dav_establish(struct exchange *x, enum fact fact)
{
    struct authoring *a = authoring_of(x);

    if (!a) {
        exchange_set_cause(x, OUTCOME_resources_exhausted, 0);
        return true;
    }
    switch (fact) {
    case FACT_REPRESENTATION:
        return establish_target(a);
    case FACT_DESTINATION:
        return establish_destination(a);
    case FACT_PLACE:
        return establish_place(a);
    case FACT_EFFECT:
        return establish_effect(a);
    default:
        return true;
    }
}

static bool dav_take(struct exchange *x, struct span data)
{
    return write_take(x->held, data);
}

static void dav_release(struct exchange *x)
{
    struct authoring *a = x->held;

    if (!a)
        return;
    write_discard(a);
    while (a->failed) {
        struct failed_member *f = a->failed;

        a->failed = f->next;
        free(f);
    }
    x->held = NULL;
}

static void dav_free(struct resource *r)
{
    r->reader->ops->free(r->reader);
    free(container_of(r, struct dav, resource));
}

static const struct resource_ops dav_ops = {
    .name = "dav",
    .establish = dav_establish,
    .takes_type = write_takes_type,
    .take = dav_take,
    .respond = authoring_respond,
    .release = dav_release,
    .free = dav_free,
};

int dav_open(struct dav_share *share, struct resource *reader, struct loop *loop,
             struct offload *pool, struct resource **ret_resource)
{
    struct dav *d = calloc(1, sizeof *d);

    if (!d)
        return -CANDOR_E_MEMORY;
    d->resource.ops = &dav_ops;
    d->resource.reader = reader;
    d->resource.wants = METHOD_BIT(METHOD_PUT) | METHOD_BIT(METHOD_PATCH) | METHOD_BIT(METHOD_POST);
    d->resource.methods = reader->methods | d->resource.wants | METHOD_BIT(METHOD_DELETE) |
                          METHOD_BIT(METHOD_MKCOL) | METHOD_BIT(METHOD_COPY) |
                          METHOD_BIT(METHOD_MOVE);
    d->share = share;
    d->loop = loop;
    d->pool = pool;
    *ret_resource = &d->resource;
    return 0;
}

int dav_share_open(const struct files_options *options, struct dav_share **ret_share)
{
    struct dav_share *share = calloc(1, sizeof *share);
    mode_t mask = umask(0);
    struct tree_options tree = {.quota = options->quota,
                                .reserve = options->reserve,
                                .umask = mask,
                                .dotfiles = options->dotfiles};
    size_t removed;
    int root, error;

    umask(mask);
    if (!share)
        return -CANDOR_E_MEMORY;
    share->options = options;
    root = open(options->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    error = root < 0 ? -errno : tree_open(root, &tree, &share->tree);
    if (error == 0)
        error = tree_sweep(share->tree, &removed);
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
    tree_free(share->tree);
    free(share);
}
