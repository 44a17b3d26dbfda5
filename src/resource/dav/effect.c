// SPDX-License-Identifier: MIT
#include "resource/dav/effect.h"

#include "base/clock.h"
#include "base/limits.h"
#include "graph/author.h"
#include "resource/dav/authoring.h"
#include "resource/dav/content.h"
#include "resource/dav/following.h"
#include "resource/dav/granting.h"
#include "resource/dav/propfind.h"
#include "resource/dav/proppatch.h"
#include "resource/dav/settling.h"

#include <errno.h>
#include <stdatomic.h>

struct effect_info {
    void (*perform)(struct authoring *a); // in the pool
    bool (*is_long)(const struct authoring *a);
    bool (*recall)(struct authoring *a); // whether it is known without being performed
    void (*settle)(struct authoring *a);
};

/* It walks over a whole collection. */
static bool is_deep(const struct authoring *a)
{
    return a->target.look.here.kind == TREE_COLLECTION && authoring_is_deep(a->x);
}

static bool report_is_deep(const struct authoring *a)
{
    return a->xml->report.deep;
}

/* What is there is a collection, and removed. */
static bool replaces_much(const struct authoring *a)
{
    return a->destination->look.here.kind == TREE_COLLECTION;
}

static bool copy_is_long(const struct authoring *a)
{
    const struct tree_seen *here = &a->target.look.here;

    return is_deep(a) || replaces_much(a) ||
           (here->kind == TREE_FILE && here->stamp.size > LIMIT_TREE_SHORT_COPY);
}

static bool move_is_long(const struct authoring *a)
{
    return replaces_much(a) || a->destination->crosses;
}

static bool content_is_long(const struct authoring *a)
{
    return write_copies_much(a) || digests_reread_much(a);
}

static const struct effect_info effects[METHOD_COUNT] = {
#define EFFECT(method, perform, is_long, recall, settle)                                           \
    [METHOD_##method] = {perform, is_long, recall, settle},
#include "resource/dav/effect.def"
#undef EFFECT
};

static const struct effect_info effect_on_upload = {content_commit, digests_reread_much, NULL,
                                                    NULL};

static const struct effect_info *effect_of(const struct authoring *a)
{
    return content_is_of_upload(a) ? &effect_on_upload : &effects[a->x->request.method];
}

static void tell_effect(struct authoring *a)
{
    struct exchange *x = a->x;

    x->effect.created = a->result.created;
    x->effect.from_form = a->content.fields.wants_page;
    x->effect.partly = a->failures.first || a->locking.conflict_below;
    x->effect.has_result = a->answer.has_result || answer_has_written(a);
    x->effect.untold = a->answer.is_untold;
    x->effect.unfinished = content_is_of_upload(a) && !content_completes_upload(a) &&
                           upload_use_of(x) != UPLOAD_GIVES_UP;
    if (a->result.now.kind == TREE_FILE)
        stamp_etag(&a->result.now.stamp, 0, SPAN(""), a->answer.etag);
}

enum step effect_begin(struct authoring *a)
{
    const struct effect_info *e = effect_of(a);
    struct exchange *x = a->x;

    if (x->failure.cause != OUTCOME_NONE)
        return STEP_KNOWN;
    if (e->recall && e->recall(a)) {
        tell_effect(a);
        return STEP_KNOWN;
    }
    return e->is_long && e->is_long(a) ? STEP_RUN_LONG : STEP_RUN;
}

void effect_run(struct authoring *a)
{
    bool is_safe = method_table[a->x->request.method].safe;

    // What could fail of the answer fails before anything is changed; and not earlier, as many may
    // wait for their turn here.
    if (!is_safe && !answer_reserve(a)) {
        a->error = -ENOMEM;
        return;
    }
    // Whatever is changed, what is pending about its names comes first.
    if (!is_safe && !a->following)
        settle_names(a);
    // A lock must not be taken, after a crash, for one that has ended with what was there before.
    if (a->error == 0 && author_of(a->x)->also & AUTHOR_LOCKS &&
        rows_are_moving(a->share->rows, a->target.path))
        a->error = authoring_in_the_way(a, OUTCOME_names_busy);
    if (a->error)
        return;
    effect_of(a)->perform(a);
    // Here, so that it counts even when the client has left meanwhile.
    if (!is_safe && !a->in_the_way)
        atomic_fetch_add(dav_site_changes(a->dav->site), 1);
}

/* The server is to end, and what has changed is not to be awaited any more. */
static bool gives_up_rows(const struct authoring *a)
{
    return a->x->urgency.hurried && a->following && a->following->is_changed;
}

static bool has_waited(const struct authoring *a)
{
    int64_t since = a->x->walk.in_the_way_since;

    return a->x->urgency.cancelled || a->x->urgency.hurried ||
           (since && clock_monotonic() - since >= (int64_t)LIMIT_ROWS_WAIT * CLOCK_MS);
}

enum step effect_end(struct authoring *a)
{
    const struct effect_info *e = effect_of(a);

    if ((a->in_the_way || a->goes_on) && gives_up_rows(a)) {
        rows_give_up(a);
        a->error = TREE_NOT_DURABLE;
        a->cause = OUTCOME_NONE;
        return authoring_end_failed(a);
    }
    if (a->in_the_way) {
        a->x->walk.way_cause = a->cause;
        if (has_waited(a)) // the walker ends it, and nobody is to wait for its turn
            rows_give_up(a);
        return STEP_PAUSE;
    }
    if (a->goes_on)
        return STEP_RUN;
    if (a->error == -EXDEV && author_of(a->x)->also & AUTHOR_ELSEWHERE &&
        !a->destination->crosses) {
        a->destination->crosses = true; // a copy, then
        return STEP_RUN_LONG;
    }
    if (e->settle)
        e->settle(a);
    if (a->error) {
        rows_give_up(a); // a turn that it waited for, and that it would not come back to
        return authoring_end_failed(a);
    }
    tell_effect(a);
    return STEP_KNOWN;
}
