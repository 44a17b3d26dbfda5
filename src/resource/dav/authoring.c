// SPDX-License-Identifier: MIT
#include "resource/dav/authoring.h"

#include "fs/open.h"
#include "graph/author.h"
#include "tree/tree_result.h"

#include <errno.h>

int authoring_fail(struct authoring *a, enum outcome cause)
{
    a->cause = cause;
    return -ECANCELED;
}

/* Whether the system says of a name what the tree says of its root. */
static bool is_about_root(const struct authoring *a)
{
    return !a->target.path.len ||
           (author_of(a->x)->also & AUTHOR_ELSEWHERE && !a->destination->path.len);
}

static void set_cause(struct authoring *a, enum outcome cause)
{
    if (cause == OUTCOME_root_fixed && !is_about_root(a))
        cause = OUTCOME_mount_fixed;
    exchange_fail(a->x, cause, 0, NULL);
    if (!a->cause && (outcome_table[cause].status >= 500 || cause == OUTCOME_write_refused) &&
        cause != OUTCOME_server_stopping)
        a->x->failure.system_error = fs_failure_error(-a->error);
}

void authoring_explain(struct authoring *a)
{
    int error = 0;

    if (a->error && !a->cause && !tree_result_outcome(a->error))
        error = root_check(a->share->root);
    if (error)
        a->error = error;
    if (a->error == -ROOT_EXCHANGED || a->error == -ROOT_GONE)
        dav_site_distrust(a->dav->site);
}

/* Whether the folder that was exchanged has nothing of it: then it begins again in the new one. */
static bool can_begin_again(const struct authoring *a)
{
    return a->error == -ROOT_EXCHANGED && !a->content.stage && !a->content.posting &&
           !a->upload.claim.upload;
}

enum step authoring_end_failed(struct authoring *a)
{
    enum outcome cause = a->cause ? a->cause : tree_result_outcome(a->error);

    if (can_begin_again(a)) {
        dav_share_leave(a->share);
        a->share = NULL;
        return STEP_STALE;
    }
    if (!cause)
        return STEP_STALE;
    set_cause(a, cause);
    return STEP_KNOWN;
}

void authoring_set_final_cause(struct authoring *a)
{
    enum outcome cause = a->cause ? a->cause : tree_result_outcome(a->error);
    bool lacks_parent = a->error == -ENOENT || a->error == -ENOTDIR;

    if (!cause)
        cause = lacks_parent ? OUTCOME_parent_missing : OUTCOME_write_failed;
    set_cause(a, cause);
}

struct span authoring_outside(const struct authoring *a, struct arena *arena, struct span path,
                              bool is_folder)
{
    struct span mount = a->mount;
    size_t slash = is_folder && path.len;
    char *text = arena_alloc(arena, mount.len + path.len + slash);

    if (!text)
        return (struct span){NULL, 0};
    memcpy(text, mount.ptr, mount.len);
    if (path.len)
        memcpy(text + mount.len, path.ptr, path.len);
    if (slash)
        text[mount.len + path.len] = '/';
    return span_of(text, mount.len + path.len + slash);
}

struct span authoring_folder_path(struct exchange *x)
{
    struct span path = x->path.text;
    struct buf b;

    if (span_ends(path, SPAN("/")))
        return path;
    b = buf_in(arena_alloc(&x->arena, path.len + 1), path.len + 1);
    buf_add(&b, path);
    buf_add_char(&b, '/');
    x->response.failed |= b.failed;
    return buf_span(&b);
}
