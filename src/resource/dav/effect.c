// SPDX-License-Identifier: MIT
#include "resource/dav/effect.h"

#include "resource/dav/authoring.h"
#include "resource/dav/post.h"
#include "resource/dav/propfind.h"
#include "resource/dav/proppatch.h"

#include <errno.h>
#include <stdatomic.h>

/* What performs the method. */
static void (*effect_of(const struct authoring *a))(struct authoring *)
{
    if (upload_is_concerned(a))
        return upload_commit;
    switch (a->x->request.method) {
    case METHOD_POST:
        return post_commit;
    case METHOD_DELETE:
        return change_delete;
    case METHOD_MKCOL:
        return change_mkcol;
    case METHOD_COPY:
        return change_copy;
    case METHOD_MOVE:
        return change_move;
    case METHOD_LOCK:
        return change_lock;
    case METHOD_UNLOCK:
        return change_unlock;
    case METHOD_PROPFIND:
        return propfind_begin;
    case METHOD_PROPPATCH:
        return change_properties;
    default:
        return write_commit;
    }
}

/* Whether it walks over whole collections, or copies much: short work does not wait for such. */
static bool effect_is_long(const struct authoring *a)
{
    const struct tree_seen *here = &a->target.look.here;
    bool deep = here->kind == TREE_COLLECTION && authoring_is_deep(a->x);
    bool replaces =
        a->destination.look.here.kind == TREE_COLLECTION; // and what was there is removed

    if (upload_is_concerned(a))
        return digests_reread_much(a);
    switch (a->x->request.method) {
    case METHOD_DELETE:
    case METHOD_PROPFIND:
        return deep;
    case METHOD_COPY:
        return deep || replaces ||
               (here->kind == TREE_FILE && here->stamp.size > LIMIT_TREE_SHORT_COPY);
    case METHOD_MOVE:
        return replaces || a->destination.crosses;
    default:
        return write_copies_much(a) || digests_reread_much(a);
    }
}

static void tell_effect(struct authoring *a)
{
    struct exchange *x = a->x;

    x->effect.created = a->result.created;
    x->effect.from_form = post_shows_page(a);
    x->effect.partly = a->failures.first || a->locking.conflict_below;
    x->effect.has_result = a->answer.has_result || a->answer.written >= 0;
    x->effect.untold = x->request.method == METHOD_PROPPATCH && !a->answer.properties.ptr;
    x->effect.unfinished =
        upload_is_concerned(a) && !x->upload.finishes && x->request.method != METHOD_DELETE;
    if (a->result.now.kind == TREE_FILE)
        stamp_etag(&a->result.now.stamp, 0, SPAN(""), a->answer.etag);
}

enum step effect_begin(struct authoring *a)
{
    if (a->x->request.method == METHOD_PROPFIND && propfind_recall(a)) {
        tell_effect(a);
        return STEP_KNOWN;
    }
    return effect_is_long(a) ? STEP_RUN_LONG : STEP_RUN;
}

void effect_run(struct authoring *a)
{
    effect_of(a)(a);
    // Here, so that it counts even when the client has left meanwhile.
    if (a->x->request.method != METHOD_PROPFIND && !a->in_the_way)
        atomic_fetch_add(&a->dav->share->changes, 1);
}

enum step effect_end(struct authoring *a)
{
    enum method method = a->x->request.method;

    if (a->in_the_way)
        return STEP_PAUSE;
    if (a->error == -EXDEV && method == METHOD_MOVE && !a->destination.crosses) { // a copy, then
        a->destination.crosses = true;
        return STEP_RUN_LONG;
    }
    if (method == METHOD_PROPFIND)
        propfind_settle(a);
    if (a->error)
        return authoring_end_failed(a);
    tell_effect(a);
    return STEP_KNOWN;
}
