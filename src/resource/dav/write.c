// SPDX-License-Identifier: MIT
/*
 * Content that is a representation, or a part of it. What comes in one piece is kept where it is
 * and written, synced and renamed by one step in the pool; anything longer goes to a hidden
 * temporary, piece by piece. Content that is only a part of the representation (PUT with
 * Content-Range, PATCH) is staged between the parts that stay, so that it too becomes visible whole
 * or not at all.
 */
#include "graph/author.h"
#include "resource/dav/authoring.h"

#include <errno.h>

bool write_copies_much(const struct authoring *a)
{
    return a->content.fields.role == CONTENT_PART && a->target.look.here.kind == TREE_FILE &&
           a->target.look.here.stamp.size > LIMIT_TREE_SHORT_COPY;
}

uint64_t write_size_there(const struct authoring *a)
{
    return a->target.look.here.kind == TREE_FILE ? a->target.look.here.stamp.size : 0;
}

/* A stage for a part, with what comes before it. */
static int stage_before(struct authoring *a, struct stage **ret_stage)
{
    uint64_t size = write_size_there(a), end = a->content.part.end;
    uint64_t first = a->content.part.first, stays = first < size ? first : size;
    struct stage *s;
    int error = tree_stage_begin(a->share->tree, a->target.path,
                                 size > end && !a->content.part.is_last ? size : end, &s);

    if (error)
        return error;
    if (stays)
        error = tree_stage_copy_from(s, a->target.path, &a->target.look.here, 0, stays,
                                     &a->x->urgency.hurry);
    if (error == 0 && stays < first)
        error = tree_stage_skip(s, first - stays);
    if (error)
        tree_stage_free(s);
    else
        *ret_stage = s;
    return error;
}

/* Should what is there be changing just now, the content is staged alone, and placed later. */
static int stage_part(struct authoring *a)
{
    int error = stage_before(a, &a->content.stage);

    if (error == 0) {
        a->content.part.is_between = true;
        a->content.part.between = a->target.look.here;
        a->content.part.staged_before = a->content.part.first;
    } else if (error == -ESTALE || error == -ERANGE || error == -ENOENT) {
        error = tree_stage_begin(a->share->tree, a->target.path, TREE_LENGTH_UNKNOWN,
                                 &a->content.stage);
    }
    return error;
}

int write_begin(struct authoring *a)
{
    if (a->content.stage)
        return 0;
    if (a->content.fields.role == CONTENT_PART)
        return stage_part(a);
    return tree_stage_begin(a->share->tree, a->target.path, a->x->content.kind.length,
                            &a->content.stage);
}

void write_piece(struct authoring *a)
{
    a->error = write_begin(a);
    if (a->error == 0)
        a->error = tree_stage_write(a->content.stage, a->content.piece);
}

bool write_cancel(struct authoring *a)
{
    if (!a->content.is_taking || !offload_cancel(a->dav->pool, &a->content.work))
        return false;
    a->content.is_taking = false;
    return true;
}

/* What is there has changed since the part was staged: it is staged anew, beside what is there. */
static int stage_again(struct authoring *a)
{
    struct stage *s;
    int error;

    tree_stage_unclaim(a->content.stage); // else the same bytes were claimed twice for a moment
    error = stage_before(a, &s);
    if (error)
        return error == -ERANGE || error == -ENOENT ? -ESTALE : error;
    error =
        tree_stage_copy_stage(s, a->content.stage, a->content.part.staged_before,
                              a->content.part.end - a->content.part.first, &a->x->urgency.hurry);
    if (error) {
        tree_stage_free(s);
        return error;
    }
    tree_stage_free(a->content.stage);
    a->content.stage = s;
    a->content.part.staged_before = a->content.part.first;
    a->content.part.is_between = true;
    a->content.part.between = a->target.look.here;
    return 0;
}

/* Also the second part of what stays, if any, unless it is there from an earlier attempt. */
static int complete_part(struct authoring *a)
{
    uint64_t size = write_size_there(a);
    int error = 0;

    if (!a->content.part.is_between ||
        !tree_seen_eq(&a->content.part.between, &a->target.look.here))
        error = stage_again(a);
    if (error == 0 && a->content.part.end < size && !a->content.part.is_last &&
        tree_stage_length(a->content.stage) == a->content.part.end) {
        error = tree_stage_copy_from(a->content.stage, a->target.path, &a->target.look.here,
                                     a->content.part.end, size - a->content.part.end,
                                     &a->x->urgency.hurry);
        if (error)
            a->content.part.is_between = false;
    }
    return error == -ERANGE || error == -ENOENT ? -ESTALE : error;
}

static int commit_stage(struct authoring *a, const struct tree_terms *terms)
{
    int error = a->content.fields.role == CONTENT_PART ? complete_part(a) : 0;

    if (error == 0)
        error = digests_check_whole(a, a->content.stage, NULL);
    if (error)
        return error;
    if (a->content.fields.modified_ns != TREE_NOW)
        tree_stage_set_times(a->content.stage, a->content.fields.modified_ns);
    error = tree_stage_sync(a->content.stage);
    if (error == 0)
        error = write_commit_stage(a, a->content.stage, a->target.path, terms);
    return error;
}

/* A stage that has its place in another folder than the path leads to now has none. */
int write_commit_stage(struct authoring *a, struct stage *s, struct span path,
                       const struct tree_terms *terms)
{
    int error;

    if (!tree_stage_is_for(s, path))
        return authoring_fail(a, OUTCOME_parent_missing);
    error = tree_stage_commit(s, terms, &a->result);
    if (error == -ESTALE && tree_stage_check(s) == -ESTALE)
        return authoring_fail(a, OUTCOME_parent_missing); // and no other look would help
    return error;
}

int write_check_staged(const struct authoring *a)
{
    return a->content.staged + a->content.whole.len == a->x->content.taken ? 0 : -EIO;
}

void write_commit(struct authoring *a)
{
    struct tree_terms terms = terms_of(a);

    a->error = write_check_staged(a);
    if (a->error == 0)
        a->error = digests_read(a);
    if (a->error == 0 && !a->content.stage)
        digests_add(a, a->content.whole);
    if (a->error == 0)
        a->error = digests_check(a, a->content.stage, 0);
    if (a->error)
        return;
    if (a->content.fields.role == CONTENT_PART)
        a->error = write_begin(a); // a part without any content has no stage yet
    if (a->error)
        return;
    if (a->content.stage) {
        a->error = commit_stage(a, &terms);
        if (!tree_is_changed(a->error))
            tree_stage_unclaim(a->content.stage); // another attempt asks for room again
    } else {
        a->error = tree_put(a->share->tree, a->target.path, a->content.whole,
                            a->content.fields.modified_ns, &terms, &a->result);
    }
}
