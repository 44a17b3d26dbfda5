// SPDX-License-Identifier: MIT
/*
 * Uploads that arrive in pieces: docs/uploads.md. PUT or POST opens one, PATCH, HEAD and DELETE go
 * to the upload itself. A piece goes from the connection into the upload's stage, buffer by buffer,
 * so that what arrived before a connection broke off is there; the last piece makes the stage a
 * file.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "base/path.h"
#include "graph/author.h"
#include "resource/dav/authoring.h"
#include "resource/dav/post.h"
#include "wire/uri.h"

#include <errno.h>
#include <stdlib.h>

static int64_t now_seconds(void)
{
    return clock_monotonic() / CLOCK_SECOND;
}

/* ---- The fact */

/* By the folder as it was named, or by where links lead from there. A negated errno where nobody
 * knows that. */
static int claim_upload(struct authoring *a, struct span id)
{
    struct upload_table *uploads = a->share->uploads;
    struct tree_names names = {0};
    struct tree_look look;
    int error;

    if (upload_claim(uploads, id, a->target.path, &a->upload.claim))
        return 0;
    error = tree_locate(a->share->tree, a->target.path, &a->x->arena, &look, &names);
    if (error == 0)
        a->upload.folder = names.thing;
    if (error == 0 && !span_eq(names.thing, a->target.path))
        (void)upload_claim(uploads, id, names.thing, &a->upload.claim);
    return error;
}

void upload_claim_run(struct authoring *a)
{
    struct span id;

    (void)upload_table_expire(a->share->uploads, now_seconds());
    if (upload_name_parse(a->x->request.target.query, &id))
        a->error = claim_upload(a, id);
}

static int fail_for(struct authoring *a, enum upload_state state)
{
    return authoring_fail(a, state == UPLOAD_GONE ? OUTCOME_upload_unknown
                                                  : OUTCOME_upload_taken_over);
}

/* Whether all that is left of it is how long it was. */
static bool was_complete(struct authoring *a)
{
    struct upload_table *uploads = a->share->uploads;
    struct upload_facts *u = &a->x->upload;
    struct span id, folder = a->upload.folder;

    (void)upload_name_parse(a->x->request.target.query, &id);
    u->is_complete = upload_was_complete(uploads, id, a->target.path, &u->length) ||
                     (folder.ptr && upload_was_complete(uploads, id, folder, &u->length));
    u->has_length = u->is_complete;
    u->offset = u->length;
    return u->is_complete;
}

static void on_left(struct loop_message *m)
{
    struct exchange *x = container_of(m, struct authoring, upload.waiting.message)->x;

    x->host->resume(x);
}

enum step upload_begin(struct authoring *a)
{
    (void)a;
    return STEP_RUN;
}

enum step upload_end(struct authoring *a)
{
    struct upload_facts *u = &a->x->upload;
    const struct upload_opening *o;
    enum upload_state state = UPLOAD_GONE;

    if (a->error) {
        look_fail(a);
        return STEP_KNOWN;
    }
    a->upload.waiting.message.on_arrival = on_left;
    if (a->upload.claim.upload &&
        upload_wait(a->share->uploads, &a->upload.claim, a->dav->loop, &a->upload.waiting, &state))
        return STEP_WAIT;
    if (state == UPLOAD_GONE && upload_use_of(a->x) == UPLOAD_ASKS && was_complete(a))
        return STEP_KNOWN;
    // A question is answered, though the upload was claimed by others since.
    if (state == UPLOAD_GONE ||
        (state == UPLOAD_TAKEN_OVER && upload_use_of(a->x) != UPLOAD_ASKS)) {
        if (state == UPLOAD_GONE && dav_site_has_turned(a->dav->site))
            exchange_fail(a->x, OUTCOME_upload_unknown, 0,
                          "The folder that is served was exchanged for another one since this "
                          "server began: what was being uploaded to the one of before is gone.");
        a->error = fail_for(a, state);
        return authoring_end_failed(a);
    }
    o = upload_opening(&a->upload.claim);
    a->target.path = o->path; // from here on the target is the file to be
    a->target.names = (struct tree_names){o->path, o->path, o->path};
    u->offset = upload_offset(a->share->uploads, &a->upload.claim);
    u->has_length = o->length != TREE_LENGTH_UNKNOWN;
    u->length = o->length;
    u->if_match = o->if_match;
    u->if_none_match = o->if_none_match;
    u->if_unmodified_since = o->if_unmodified_since;
    u->finishes = upload_use_of(a->x) == UPLOAD_APPENDS &&
                  a->x->content.kind.upload.complete == UPLOAD_COMPLETE_YES;
    u->into_collection = u->finishes && o->name.ptr;
    return STEP_KNOWN;
}

bool upload_cancel(struct authoring *a)
{
    return a->share && upload_wait_cancel(a->share->uploads, &a->upload.waiting);
}

/* ---- Content, in the pool */

/* How much there will be in the end, if that is certain. */
static uint64_t whole_length(const struct exchange *x)
{
    const struct upload_fields *u = &x->content.kind.upload;

    if (u->length == UPLOAD_LENGTH_UNKNOWN && u->complete == UPLOAD_COMPLETE_YES &&
        x->request.framing == FRAMING_LENGTH)
        return x->request.content_length;
    return u->length;
}

static int begin_stage(struct authoring *a)
{
    struct tree *tree = a->share->tree;
    struct buf path = {0};
    int error = 0;

    if (a->content.stage)
        return 0;
    if (!content_makes_member(a->x))
        return tree_stage_begin(tree, a->target.path, whole_length(a->x), &a->content.stage);
    if (!a->upload.name.ptr)
        error = post_name_asked(a, &a->upload.name);
    if (error == 0)
        error = post_write_path(&path, a, a->upload.name);
    if (error == 0)
        error = tree_stage_begin(tree, buf_span(&path), whole_length(a->x), &a->content.stage);
    buf_done(&path);
    return error;
}

/* The stage, if the upload is still there and this exchange's; else a->error. */
static struct stage *enter(struct authoring *a)
{
    enum upload_state state;
    struct stage *stage = upload_enter(a->share->uploads, &a->upload.claim, &state);

    if (!stage)
        a->error = fail_for(a, state);
    return stage;
}

static void leave(struct authoring *a)
{
    upload_leave(a->share->uploads, &a->upload.claim, now_seconds());
}

/* A piece of chunked content shows only now whether it goes beyond the length, or the limit. */
static int add(struct authoring *a, struct stage *stage, uint64_t length)
{
    uint64_t offset = tree_stage_length(stage);

    if (length != TREE_LENGTH_UNKNOWN &&
        (offset > length || a->content.piece.len > length - offset))
        return authoring_fail(a, OUTCOME_upload_length_differs);
    if (offset + a->content.piece.len > a->x->content.limit)
        return authoring_fail(a, OUTCOME_content_too_large);
    return tree_stage_write(stage, a->content.piece);
}

/* After such a failure what was staged is good, and there may be room for more later. */
static bool is_for_want_of_room(int error)
{
    return tree_is_full(error) || error == -ECANCELED;
}

void upload_piece(struct authoring *a)
{
    struct stage *stage;

    if (!a->upload.claim.upload) {
        a->error = begin_stage(a);
        if (a->error == 0)
            a->error = add(a, a->content.stage, a->x->content.kind.upload.length);
        return;
    }
    stage = enter(a);
    if (!stage)
        return;
    a->error = add(a, stage, upload_opening(&a->upload.claim)->length);
    if (a->error && !is_for_want_of_room(a->error))
        upload_remove(a->share->uploads, &a->upload.claim);
    else
        leave(a);
}

/* ---- Opening, in the pool */

/* The stage becomes an upload's. */
static int open_staged(struct authoring *a)
{
    struct exchange *x = a->x;
    struct dav_share *share = a->share;
    const struct tree_names *names = &a->target.names;
    struct upload_opening opening = {
        .path = names->asked,
        .name = a->upload.name,
        .folder = content_makes_member(x) ? names->thing : path_parent(names->name),
        .if_match = x->conditions.if_match,
        .if_none_match = x->conditions.if_none_match,
        .if_unmodified_since = x->conditions.if_unmodified_since,
        .length = whole_length(x),
        .modified_ns = a->content.fields.modified_ns,
    };
    int error;

    if (a->digests.of_whole)
        opening.digests = *a->digests.of_whole;
    (void)upload_table_expire(share->uploads, now_seconds());
    error =
        upload_open(share->uploads, &opening, a->content.stage, now_seconds(), &a->upload.claim);
    if (error == 0)
        a->content.stage = NULL;
    return error == -EUSERS ? authoring_fail(a, OUTCOME_uploads_too_many) : error;
}

bool upload_opens_early(const struct authoring *a)
{
    const struct exchange *x = a->x;

    return a->content.fields.role == CONTENT_OPENING && x->content.kind.upload.version &&
           x->request.may_be_open &&
           (x->request.framing == FRAMING_OPEN || x->request.content_length);
}

/* There are too many uploads: what comes whole needs none. */
static void do_without(struct authoring *a)
{
    tree_stage_free(a->content.stage);
    a->content.stage = NULL;
    digest_hash_free(a->digests.hash);
    a->digests = (struct content_digests){0};
    a->content.fields.role = content_makes_member(a->x) ? CONTENT_MEMBER : CONTENT_WHOLE;
    a->cause = OUTCOME_NONE;
    a->error = 0;
}

void upload_room_run(struct authoring *a)
{
    a->error = digests_read(a);
    if (a->error == 0)
        a->error = begin_stage(a);
    if (a->error == 0)
        a->error = open_staged(a);
    if (a->cause == OUTCOME_uploads_too_many && content_completes_upload(a))
        do_without(a);
}

static void open_at_end(struct authoring *a)
{
    a->error = root_check(a->share->root);
    if (a->error == 0)
        a->error = write_check_staged(a);
    if (a->error == 0)
        a->error = digests_read(a); // of content that is empty, nothing did so yet
    if (a->error == 0)
        a->error = digests_check(a, a->content.stage, 0);
    if (a->error == 0)
        a->error = begin_stage(a);
    if (a->error == 0)
        a->error = open_staged(a);
}

/* ---- Effects, in the pool */

/* Damaged content goes again; what was there before it stays. */
static void check_piece(struct authoring *a, struct stage *stage)
{
    a->error = digests_read(a); // of content that is empty, nothing did so yet
    if (a->error == 0)
        a->error = digests_check(a, stage, a->x->upload.offset);
    if (a->error)
        tree_stage_cut(stage, a->x->upload.offset);
}

static void finish_upload(struct authoring *a, struct stage *stage)
{
    const struct upload_opening *o = upload_opening(&a->upload.claim);
    struct tree_terms terms = terms_of(a);
    uint64_t length = o->length;

    if (length == TREE_LENGTH_UNKNOWN)
        length = a->x->content.kind.upload.length;
    if (length != TREE_LENGTH_UNKNOWN && tree_stage_length(stage) != length) {
        a->error = authoring_fail(a, OUTCOME_upload_length_differs);
        return;
    }
    a->error = digests_check_whole(a, stage, &o->digests);
    if (a->error) {
        a->upload.is_spoilt = a->cause == OUTCOME_digest_differs;
        return;
    }
    if (o->modified_ns != TREE_NOW)
        a->content.fields.modified_ns = o->modified_ns;
    if (a->content.fields.modified_ns != TREE_NOW)
        tree_stage_set_times(stage, a->content.fields.modified_ns);
    if (o->name.ptr) {
        a->error = post_commit_staged(a, stage, o->name);
        return;
    }
    a->error = tree_stage_sync(stage);
    if (a->error == 0)
        a->error = write_commit_stage(a, stage, a->target.path, &terms);
}

void upload_commit(struct authoring *a)
{
    struct upload_table *uploads = a->share->uploads;
    struct stage *stage;

    if (!a->upload.claim.upload) {
        open_at_end(a);
        return;
    }
    stage = enter(a);
    if (!stage)
        return;
    if (upload_use_of(a->x) == UPLOAD_GIVES_UP) {
        upload_remove(uploads, &a->upload.claim);
        return;
    }
    a->error = a->x->upload.finishes ? 0 : root_check(a->share->root); // else the commit asks
    if (a->error == 0)
        a->error = write_check_staged(a);
    if (a->error == 0)
        check_piece(a, stage);
    if (a->error == 0 && content_completes_upload(a))
        finish_upload(a, stage);
    // It is removed before the writing ends, so that nobody finds a stage that is a file by now.
    if (a->error == 0 && content_completes_upload(a))
        upload_remove_complete(uploads, &a->upload.claim, now_seconds());
    else if (a->error == TREE_NOT_DURABLE || a->error == -EIO || a->upload.is_spoilt)
        upload_remove(uploads, &a->upload.claim);
    else
        leave(a);
}

/* Whether a new upload would have to be opened, whatever the client does. */
bool upload_is_lost(const struct authoring *a)
{
    const struct exchange *x = a->x;

    if (!a->upload.claim.upload || !content_completes_upload(a))
        return false;
    switch (x->outcome) {
    case OUTCOME_if_match_failed:
    case OUTCOME_if_none_match_failed:
    case OUTCOME_if_unmodified_since_failed:
    case OUTCOME_parent_missing:
    case OUTCOME_collection_in_the_way:
    case OUTCOME_not_found:
    case OUTCOME_not_a_collection:
        return true;
    default:
        return false;
    }
}

/* ---- The response */

/*
 * The upload is in the folder that the file will be in. The reference is relative to the client's
 * own address (RFC 3986 §5.2), as a proxy may have taken something off the front. On the arena; ptr
 * NULL: no memory.
 */
static struct span address_of(struct exchange *x, const struct authoring *a)
{
    const size_t around = sizeof ".././?upload=" + UPLOAD_ID, of_byte = 3;
    bool has_slash = span_ends(x->path.text, SPAN("/"));
    struct span leaf = path_leaf(x->path.text);
    size_t room = of_byte * leaf.len + around;
    struct buf b = buf_in(arena_alloc(&x->arena, room), room);

    if (has_slash && !content_makes_member(x))
        buf_add(&b, SPAN("../"));
    else
        buf_add(&b, SPAN("./"));
    if (!has_slash && content_makes_member(x)) {
        uri_path_encode(&b, leaf);
        buf_add_char(&b, '/');
    }
    buf_add(&b, SPAN("?upload="));
    buf_add(&b, upload_id(&a->upload.claim));
    return b.failed ? (struct span){NULL, 0} : buf_span(&b);
}

void upload_tell_address(struct authoring *a)
{
    if (a->upload.claim.upload && !a->x->upload.address.ptr)
        a->x->upload.address = address_of(a->x, a);
}

void upload_add_state(struct exchange *x, uint64_t offset, bool is_complete)
{
    unsigned version = x->content.kind.upload.version;
    bool inverse = version && version <= UPLOAD_VERSION_INVERSE;

    exchange_add_fieldf(x, SPAN("Upload-Offset"), "%llu", (unsigned long long)offset);
    exchange_add_field(x, inverse ? SPAN("Upload-Incomplete") : SPAN("Upload-Complete"),
                       is_complete != inverse ? SPAN("?1") : SPAN("?0"));
    if (version)
        exchange_add_fieldf(x, SPAN("Upload-Draft-Interop-Version"), "%u", version);
}

static void add_limit(struct exchange *x, uint64_t offset)
{
    exchange_add_fieldf(x, SPAN("Upload-Limit"), "max-age=%lld", (long long)upload_age(offset));
}

void upload_respond(struct exchange *x)
{
    struct authoring *a = x->routing.resource_state;
    uint64_t offset =
        a->upload.claim.upload ? upload_offset(a->share->uploads, &a->upload.claim) : 0;

    switch (x->outcome) {
    case OUTCOME_upload_opened:
        exchange_add_field(x, SPAN("Location"), address_of(x, a));
        upload_add_state(x, offset, false);
        add_limit(x, offset);
        break;
    case OUTCOME_upload_appended:
        upload_add_state(x, offset, false);
        break;
    case OUTCOME_upload_offset_differs:
        upload_add_state(x, x->upload.offset, false);
        break;
    case OUTCOME_upload_told:
        upload_add_state(x, x->upload.offset, x->upload.is_complete);
        if (x->upload.has_length)
            exchange_add_fieldf(x, SPAN("Upload-Length"), "%llu",
                                (unsigned long long)x->upload.length);
        if (!x->upload.is_complete)
            add_limit(x, x->upload.offset);
        exchange_add_field(x, SPAN("Cache-Control"), SPAN("no-store"));
        break;
    default:
        break;
    }
}

/* ---- Silence */

static void expire_run(struct work *w)
{
    struct dav *d = container_of(w, struct dav, expiry);

    dav_site_clean(d->site, now_seconds());
}

static void watch(struct dav *d)
{
    timer_set(d->loop, &d->expiry_timer,
              clock_monotonic() + (int64_t)LIMIT_UPLOAD_SWEEP * CLOCK_MS);
}

static void expire_done(struct work *w)
{
    watch(container_of(w, struct dav, expiry));
}

static void on_expiry(struct timer *t)
{
    struct dav *d = container_of(t, struct dav, expiry_timer);

    if (dav_site_is_clean(d->site)) {
        watch(d);
        return;
    }
    d->expiry.run = expire_run;
    d->expiry.lane = LANE_LONG; // it may sweep
    d->expiry.done = expire_done;
    offload_submit(d->pool, d->loop, &d->expiry);
}

void upload_watch_begin(struct dav *d)
{
    timer_init(&d->expiry_timer, on_expiry);
    watch(d);
}

void upload_watch_end(struct dav *d)
{
    timer_stop(&d->expiry_timer);
}
