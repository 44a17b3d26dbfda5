// SPDX-License-Identifier: MIT
/*
 * Content on its way into the tree. What comes in one piece is kept where it is and written, synced
 * and renamed by one step in the pool; anything longer goes to a hidden temporary, piece by piece.
 * Content that is only a part of the representation (PUT with Content-Range, PATCH) is staged
 * between the parts that stay, so that it too becomes visible whole or not at all.
 */
#include "base/clock.h"
#include "http/content_range.h"
#include "http/dav_fields.h"
#include "http/media_type.h"
#include "resource/dav/authoring.h"
#include "resource/dav/post.h"

#include <errno.h>
#include <stdlib.h>

enum { EARLY = 64 * 1024 }; // bytes of content, from which on it surely comes in pieces

static const struct span partial_update = SPAN_INIT("application/x-sabredav-partialupdate");

bool write_takes_type(const struct exchange *x)
{
    struct media_type type;

    if (x->request.method == METHOD_MKCOL)
        return false; // RFC 4918 §9.3: no content has a meaning yet
    if (x->upload.named)
        return upload_takes_type(x);
    if (x->request.method == METHOD_POST)
        return post_takes_type(x);
    return x->request.method != METHOD_PATCH ||
           (media_type_parse(message_field(&x->request, FIELD_content_type), &type) &&
            media_type_is(&type, partial_update));
}

bool write_is_partial(const struct exchange *x)
{
    return x->request.method == METHOD_PATCH || x->request.first[FIELD_content_range];
}

bool write_copies_much(const struct authoring *a)
{
    return write_is_partial(a->x) && !a->x->upload.named && a->target.look.here.kind == TREE_FILE &&
           a->target.look.here.stamp.size > LIMIT_TREE_SHORT_COPY;
}

/* X-OC-Mtime, or now. */
static int64_t modified_time(const struct exchange *x)
{
    int64_t seconds;

    if (oc_mtime_parse(message_field(&x->request, FIELD_x_oc_mtime), &seconds))
        return seconds * CLOCK_SECOND;
    return TREE_NOW;
}

/* Where a part of the representation goes. */
static enum outcome find_place(struct authoring *a)
{
    const struct message *m = &a->x->request;
    uint64_t size = a->target.look.here.kind == TREE_FILE ? a->target.look.here.stamp.size : 0;
    struct update_range update;
    struct content_range range;

    if (m->framing != FRAMING_LENGTH)
        return OUTCOME_length_required;
    if (m->method == METHOD_PATCH) {
        if (!update_range_parse(message_field(m, FIELD_x_update_range), &update))
            return OUTCOME_content_range_malformed;
        switch (update_range_place(&update, size, m->content_length, &a->content.part.first)) {
        case UPDATE_RANGE_OK:
            break;
        case UPDATE_RANGE_OUTSIDE:
            return OUTCOME_offset_differs;
        case UPDATE_RANGE_OTHER_LENGTH:
            return OUTCOME_content_range_malformed;
        }
    } else {
        if (content_range_parse(message_field(m, FIELD_content_range), &range) !=
                CONTENT_RANGE_OK ||
            range.last - range.first + 1 != m->content_length)
            return OUTCOME_content_range_malformed;
        if (range.first > size)
            return OUTCOME_offset_differs;
        a->content.part.first = range.first;
    }
    a->content.part.end = a->content.part.first + m->content_length;
    return OUTCOME_NONE;
}

/* A stage for a part, with what comes before it. */
static int stage_before(struct authoring *a, struct stage **ret_stage)
{
    uint64_t size = a->target.look.here.kind == TREE_FILE ? a->target.look.here.stamp.size : 0;
    struct stage *s;
    int error = tree_stage_begin(a->dav->share->tree, a->target.path,
                                 size > a->content.part.end ? size : a->content.part.end, &s);

    if (error)
        return error;
    if (a->content.part.first)
        error = tree_stage_copy_from(s, a->target.path, &a->target.look.here, 0,
                                     a->content.part.first, &a->x->hurry);
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
        error = tree_stage_begin(a->dav->share->tree, a->target.path, TREE_LENGTH_UNKNOWN,
                                 &a->content.stage);
    }
    return error;
}

/* The length of the content, if the client tells it; of chunks, the one it expects. */
static uint64_t told_length(const struct message *m)
{
    uint64_t length = TREE_LENGTH_UNKNOWN;

    if (m->framing == FRAMING_LENGTH)
        return m->content_length;
    (void)expected_length_parse(message_field(m, FIELD_x_expected_entity_length), &length);
    return length;
}

/* The first piece has come, or is about to, or there will be none. */
static int begin(struct authoring *a)
{
    uint64_t length =
        upload_is_opening(a->x) ? upload_stated_length(a->x) : told_length(&a->x->request);

    if (write_is_partial(a->x))
        return stage_part(a);
    return tree_stage_begin(a->dav->share->tree, a->target.path, length, &a->content.stage);
}

void place_run(struct authoring *a)
{
    a->error = begin(a);
}

/*
 * A client that waits to be asked for its content learns here that there is no room; and so does
 * one with so much content that it comes in pieces. Anything else is one piece, and one step.
 */
enum step place_begin(struct authoring *a)
{
    struct exchange *x = a->x;
    enum outcome cause;
    uint64_t length;

    if ((x->request.method != METHOD_PUT && x->request.method != METHOD_PATCH) || x->upload.named)
        return STEP_KNOWN;
    if (write_is_partial(x)) {
        cause = find_place(a);
        if (cause) {
            exchange_fail(x, cause, 0, NULL);
            return STEP_KNOWN;
        }
    }
    if (a->content.stage || x->content_taken || a->content.whole.ptr)
        return STEP_KNOWN; // the questions are asked again
    length = told_length(&x->request);
    if (!x->request.expect_continue &&
        (length == TREE_LENGTH_UNKNOWN || (x->request.framing == FRAMING_LENGTH && length < EARLY)))
        return STEP_KNOWN;
    return write_copies_much(a) ? STEP_RUN_LONG : STEP_RUN;
}

enum step place_end(struct authoring *a)
{
    return a->error ? authoring_end_failed(a) : STEP_KNOWN;
}

/* In the pool. */
static void write_piece(struct authoring *a)
{
    if (!a->content.stage)
        a->error = begin(a);
    if (a->error == 0)
        a->error = tree_stage_write(a->content.stage, a->content.piece);
}

static void piece_run(struct work *w)
{
    struct authoring *a = container_of(w, struct authoring, content.work);

    a->cause = OUTCOME_NONE;
    a->error = digests_read(a);
    if (a->error)
        return;
    digests_add(a, a->content.piece);
    if (a->x->request.method == METHOD_POST)
        post_piece(a);
    else if (upload_is_concerned(a))
        upload_piece(a);
    else
        write_piece(a);
    if (a->error == 0)
        a->content.staged += a->content.piece.len;
    else if (a->content.stage)
        tree_stage_unclaim(
            a->content.stage); // before the answer, so that a smaller one has room at once
}

static void piece_done(struct work *w)
{
    struct authoring *a = container_of(w, struct authoring, content.work);

    if (a->error)
        authoring_set_final_cause(a);
    a->x->host->taken(a->x);
}

bool write_take(struct authoring *a, struct span data)
{
    const struct message *m = &a->x->request;

    if (a->x->content_taken == 0 && m->framing == FRAMING_LENGTH && data.len == m->content_length &&
        m->method == METHOD_PUT && !write_is_partial(a->x) && !upload_is_opening(a->x) &&
        !a->content.stage) {
        a->content.whole = data;
        return true;
    }
    a->content.piece = data;
    a->content.work.run = piece_run;
    a->content.work.done = piece_done;
    a->content.work.is_long = !a->content.stage && write_copies_much(a);
    offload_submit(a->dav->pool, a->dav->loop, &a->content.work);
    return false;
}

/* What is there has changed since the part was staged: it is staged anew, beside what is there. */
static int place_again(struct authoring *a)
{
    struct stage *s;
    int error;

    tree_stage_unclaim(a->content.stage); // else the same bytes were claimed twice for a moment
    error = stage_before(a, &s);
    if (error)
        return error == -ERANGE || error == -ENOENT ? -ESTALE : error;
    error = tree_stage_copy_stage(s, a->content.stage, a->content.part.staged_before,
                                  a->content.part.end - a->content.part.first, &a->x->hurry);
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

/* Also the second part of what stays, unless it is there from an earlier attempt. */
static int complete_part(struct authoring *a)
{
    uint64_t size = a->target.look.here.kind == TREE_FILE ? a->target.look.here.stamp.size : 0;
    int error = 0;

    if (!a->content.part.is_between ||
        !tree_seen_eq(&a->content.part.between, &a->target.look.here))
        error = place_again(a);
    if (error == 0 && a->content.part.end < size &&
        tree_stage_length(a->content.stage) == a->content.part.end) {
        error = tree_stage_copy_from(a->content.stage, a->target.path, &a->target.look.here,
                                     a->content.part.end, size - a->content.part.end, &a->x->hurry);
        if (error)
            a->content.part.is_between = false;
    }
    return error == -ERANGE || error == -ENOENT ? -ESTALE : error;
}

static int commit_stage(struct authoring *a, const struct tree_terms *terms)
{
    int error = write_is_partial(a->x) ? complete_part(a) : 0;

    if (error == 0)
        error = digests_check_whole(a, a->content.stage, NULL);
    if (error)
        return error;
    if (modified_time(a->x) != TREE_NOW)
        tree_stage_set_times(a->content.stage, modified_time(a->x));
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
    return a->content.staged + a->content.whole.len == a->x->content_taken ? 0 : -EIO;
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
    if (!a->content.stage && write_is_partial(a->x)) {
        a->error = begin(a); // a part without any content
        if (a->error)
            return;
    }
    if (a->content.stage) {
        a->error = commit_stage(a, &terms);
        if (!tree_is_changed(a->error))
            tree_stage_unclaim(a->content.stage); // the same; another attempt asks again
    } else {
        a->error = tree_put(a->dav->share->tree, a->target.path, a->content.whole,
                            modified_time(a->x), &terms, &a->result);
    }
}

/* What was staged outlives its exchange until a thread of the pool has removed it. */
struct discarding {
    struct work work;
    struct stage *stage;
    struct posting *posting;
    struct upload_table *uploads;
    struct upload_claim upload; // that is gone
};

static void discard_run(struct work *w)
{
    struct discarding *d = container_of(w, struct discarding, work);
    enum upload_state unused;

    tree_stage_free(d->stage);
    post_free(d->posting);
    if (d->upload.upload && upload_enter(d->uploads, &d->upload, &unused))
        upload_remove(d->uploads, &d->upload);
    upload_drop(d->uploads, &d->upload);
}

static void discard_done(struct work *w)
{
    free(container_of(w, struct discarding, work));
}

void write_discard(struct authoring *a)
{
    struct discarding *d;

    digest_hash_free(a->digests.hash);
    if (!upload_is_lost(a))
        upload_drop(a->dav->share->uploads, &a->upload.claim);
    if (!a->content.stage && !a->content.posting && !a->upload.claim.upload)
        return;
    d = calloc(1, sizeof *d);
    if (!d) {
        tree_stage_free(a->content.stage); // blocks, but loses nothing
        post_free(a->content.posting);
        upload_drop(a->dav->share->uploads, &a->upload.claim);
        return;
    }
    d->stage = a->content.stage;
    d->posting = a->content.posting;
    d->uploads = a->dav->share->uploads;
    d->upload = a->upload.claim;
    d->work.run = discard_run;
    d->work.done = discard_done;
    offload_submit(a->dav->pool, a->dav->loop, &d->work);
    a->content.stage = NULL;
}
