// SPDX-License-Identifier: MIT
/*
 * What is done with content, by its role. Short XML is read in the loop's thread as it comes. All
 * else goes through the pool, a piece at a time, unless all that is stored came in one piece.
 */
#include "resource/dav/content.h"
#include "base/limits.h"
#include "resource/dav/authoring.h"
#include "resource/dav/post.h"

#include <stdlib.h>

/* In the pool, without the digests. */
static void take_piece(struct authoring *a)
{
    switch (a->content.fields.role) {
    case CONTENT_MEMBER:
    case CONTENT_FORM:
        post_piece(a);
        break;
    case CONTENT_OPENING:
    case CONTENT_PIECE:
        upload_piece(a);
        break;
    default:
        write_piece(a);
        break;
    }
}

static void take(struct authoring *a)
{
    a->cause = OUTCOME_NONE;
    a->error = digests_read(a);
    if (a->error)
        return;
    digests_add(a, a->content.piece);
    take_piece(a);
    if (a->error == 0)
        a->content.staged += a->content.piece.len;
    else if (a->content.stage)
        tree_stage_unclaim(
            a->content.stage); // before the answer, so that a smaller one has room at once
}

static void piece_run(struct work *w)
{
    struct authoring *a = container_of(w, struct authoring, content.work);

    if (a->content.fields.role == CONTENT_XML) {
        xml_read(a, a->content.piece);
        return;
    }
    take(a);
    authoring_explain(a);
}

static void piece_done(struct work *w)
{
    struct authoring *a = container_of(w, struct authoring, content.work);

    a->content.is_taking = false;
    if (a->content.fields.role == CONTENT_XML)
        xml_explain(a);
    else if (a->error)
        authoring_set_final_cause(a);
    a->x->host->taken(a->x);
}

/* All of a representation, in the first piece. */
static bool is_whole(const struct authoring *a, struct span data)
{
    const struct message *m = &a->x->request;

    return a->content.fields.role == CONTENT_WHOLE && a->x->content.taken == 0 &&
           m->framing == FRAMING_LENGTH && data.len == m->content_length && !a->content.stage;
}

bool content_take(struct authoring *a, struct span data)
{
    bool is_xml = a->content.fields.role == CONTENT_XML;

    if (is_xml && a->x->content.taken + data.len <= LIMIT_XML_AT_ONCE) {
        xml_read(a, data);
        xml_explain(a);
        return true;
    }
    if (!is_xml && is_whole(a, data)) {
        a->content.whole = data;
        return true;
    }
    a->content.piece = data;
    a->content.is_taking = true;
    a->content.work.run = piece_run;
    a->content.work.done = piece_done;
    a->content.work.client = a->x->arrival.client_number;
    a->content.work.lane =
        !is_xml && !a->content.stage && write_copies_much(a) ? LANE_LONG : LANE_QUICK;
    offload_submit(a->dav->pool, a->dav->loop, &a->content.work);
    return false;
}

/* What is told to be complete, and longer or shorter than it is told to be, is not stored. */
static int check_length(struct authoring *a)
{
    const struct exchange *x = a->x;
    uint64_t length = x->content.kind.upload.length;
    bool is_whole =
        a->content.fields.role == CONTENT_WHOLE || a->content.fields.role == CONTENT_MEMBER;

    return is_whole && x->content.kind.upload.complete != UPLOAD_COMPLETE_ABSENT &&
                   length != UPLOAD_LENGTH_UNKNOWN && length != x->content.taken
               ? authoring_fail(a, OUTCOME_upload_length_differs)
               : 0;
}

void content_commit(struct authoring *a)
{
    a->error = check_length(a);
    if (a->error)
        return;
    switch (a->content.fields.role) {
    case CONTENT_MEMBER:
    case CONTENT_FORM:
        post_commit(a);
        break;
    case CONTENT_OPENING:
    case CONTENT_PIECE:
        upload_commit(a);
        break;
    default:
        write_commit(a);
        break;
    }
}

/* What was staged outlives its exchange until a thread of the pool has removed it. */
struct discarding {
    struct work work;
    struct stage *stage;
    struct posting *posting;
    struct dav_share *share;    // that all of it belongs to
    struct upload_claim upload; // that is gone
};

static void discard_run(struct work *w)
{
    struct discarding *d = container_of(w, struct discarding, work);
    enum upload_state unused;

    tree_stage_free(d->stage);
    post_free(d->posting);
    if (d->upload.upload && upload_enter(d->share->uploads, &d->upload, &unused))
        upload_remove(d->share->uploads, &d->upload);
    if (d->upload.upload)
        upload_drop(d->share->uploads, &d->upload);
    dav_share_leave(d->share);
}

/* What was staged, or was to be removed, is no longer the exchange's. */
static void move_staged(struct discarding *d, struct authoring *a)
{
    d->stage = a->content.stage;
    d->posting = a->content.posting;
    d->share = dav_share_use_again(a->share);
    d->upload = a->upload.claim;
    a->content.stage = NULL;
    a->content.posting = NULL;
    a->upload.claim.upload = NULL;
}

static void discard_done(struct work *w)
{
    free(container_of(w, struct discarding, work));
}

void content_discard(struct authoring *a)
{
    struct discarding here = {0}, *d;

    xml_discard(a);
    digest_hash_free(a->digests.hash);
    a->digests.hash = NULL;
    if (a->upload.claim.upload && !upload_is_lost(a))
        upload_drop(a->share->uploads, &a->upload.claim);
    if (!a->content.stage && !a->content.posting && !a->upload.claim.upload)
        return;
    d = calloc(1, sizeof *d);
    move_staged(d ? d : &here, a);
    if (!d) {
        discard_run(&here.work); // blocks, but loses nothing
        return;
    }
    d->work.client = a->x->arrival.client_number;
    d->work.run = discard_run;
    d->work.done = discard_done;
    offload_submit(a->dav->pool, a->dav->loop, &d->work);
}
