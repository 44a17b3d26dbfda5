// SPDX-License-Identifier: MIT
/*
 * PROPFIND: RFC 4918 §9.1. The answer is made piece by piece in the pool, row by row, and sent as
 * it grows; what it takes of memory does not depend on how many rows there are. No file is opened.
 * An answer of moderate size is made as one piece and remembered (answer_cache.h).
 */
#include "resource/dav/propfind.h"
#include "http/prefer.h"
#include "resource/dav/telling.h"
#include "resource/dav/written.h"
#include "resource/files/snapshot.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    PIECE = 60 * 1024, // bytes after which no further row is begun, in an answer of many pieces
    SCRATCH = 4096,
};

static int take_question(struct telling *t)
{
    const struct dav_propfind *asked = &t->a->xml.propfind;
    struct arena *arena = &t->a->x->arena;

    t->names_only = asked->kind == DAV_PROPFIND_PROPNAME;
    t->all_dead = asked->kind != DAV_PROPFIND_PROP;
    t->live = asked->kind == DAV_PROPFIND_ALLPROP    ? live_of_allprop
              : asked->kind == DAV_PROPFIND_PROPNAME ? LIVE_BIT(LIVE_COUNT) - 1
                                                     : 0;
    t->dead = arena_alloc(arena, (asked->count + 1) * sizeof *t->dead);
    t->dead_found = arena_alloc(arena, asked->count + 1);
    if (!t->dead || !t->dead_found)
        return -ENOMEM;
    for (size_t i = 0; i < asked->count; i++) {
        enum live live = live_find(asked->names[i]);

        if (live != LIVE_NONE)
            t->live |= LIVE_BIT(live);
        else
            t->dead[t->dead_count++] = asked->names[i];
    }
    qsort(t->dead, t->dead_count, sizeof *t->dead, telling_compare_names);
    return 0;
}

/* ---- Batches */

static bool is_full(const struct telling *t)
{
    return t->piece.len >= t->piece_most;
}

/* The rows before that of `index`, which the store has nothing more for. 1: the piece is full. */
static int advance_to(struct telling *t, size_t index)
{
    while (t->member_at < index) {
        int error = t->row.begun ? 0 : telling_begin_row(t, &t->members[t->member_at]);

        if (error)
            return error;
        telling_end_row(t);
        if (is_full(t))
            return 1;
    }
    return 0;
}

struct visit {
    struct telling *t;
    size_t first; // of the batch
};

static int visit_stored(void *context, size_t index, const struct store_property *p)
{
    struct visit *v = context;
    struct telling *t = v->t;
    int result = advance_to(t, v->first + index);

    if (result == 0 && !t->row.begun)
        result = telling_begin_row(t, &t->members[t->member_at]);
    if (result)
        return result;
    telling_write_stored(t, p);
    return 0;
}

/* Whether what is stored matters. */
static bool wants_stored(const struct telling *t)
{
    const struct dav_share *share = t->a->dav->share;

    return (t->all_dead || t->dead_count || (t->live & live_storable)) && share->journal.store &&
           store_tree_has_properties(share->journal.store, share->journal.tree);
}

/* As many rows of the batch as the piece takes. */
static int tell_batch(struct telling *t)
{
    struct visit v = {.t = t, .first = t->member_at};
    size_t n = t->member_count - t->member_at;
    int result = 0;

    arena_reset(&t->scratch);
    tree_lock(t->a->dav->share->tree);
    t->has_locks = lock_table_count(t->a->dav->share->locks, t->a->x->time) > 0;
    tree_unlock(t->a->dav->share->tree);
    if (wants_stored(t)) {
        const struct dav_share *share = t->a->dav->share;
        struct span *paths = arena_alloc(&t->scratch, n * sizeof *paths);

        if (!paths)
            return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
            struct tree_names names;

            if (telling_names_of(t, &t->members[t->member_at + i], &names) < 0)
                return -ENOMEM;
            paths[i] = names.thing;
        }
        result = store_properties_visit(share->journal.store, share->journal.tree, paths, n,
                                        !t->names_only, visit_stored, &v);
        if (result < 0)
            return -EIO;
    }
    if (result == 0)
        result = advance_to(t, t->member_count);
    return result < 0 ? result : 0;
}

static int next_folder(struct telling *t)
{
    free(t->folder_owned);
    t->folder_owned = NULL;
    while (t->pending.count) {
        char *path = t->pending.paths[--t->pending.count];
        int error = tree_list_open(t->a->dav->share->tree, span_from_str(path), &t->folder);

        if (error == 0) {
            t->folder_owned = path;
            t->folder_path = span_from_str(path);
            telling_set_opening(t, t->folder_path, true);
            return 0;
        }
        free(path);
        // Gone meanwhile, or not readable: it was told itself, its members are not.
        if (error == -EMFILE || error == -ENFILE || error == -ENOMEM)
            return error;
    }
    return 0;
}

/* Folders below are entered, but not links to folders: those could lead in circles. */
static int note_folders(struct telling *t)
{

    for (size_t i = 0; i < t->member_count; i++) {
        const struct tree_member *m = &t->members[i];
        int error = 0;

        if (m->seen.kind == TREE_COLLECTION && !m->is_link && !m->error)
            error = path_list_add(&t->pending, t->folder_owned, m->name.ptr);
        if (error == -EMLINK) {
            t->cut = true;
            t->member_count = i;
        } else if (error && error != -ENAMETOOLONG) {
            return error;
        }
    }
    return 0;
}

static int next_batch(struct telling *t)
{
    uint64_t limit = t->a->dav->share->options->infinite_depth;
    int error = tree_list_read(t->folder, t->members, TELLING_BATCH, &t->member_count);

    t->is_root = false;
    t->member_at = 0;
    if (error) {
        t->member_count = 0;
        return error;
    }
    if (t->depth == DEPTH_INFINITY && t->member_count > limit - t->told) {
        t->member_count = (size_t)(limit - t->told);
        t->cut = true;
    }
    t->told += t->member_count;
    if (t->depth == DEPTH_INFINITY)
        error = note_folders(t);
    if (t->member_count == 0 && !t->cut) {
        tree_list_close(t->folder);
        t->folder = NULL;
    }
    return error;
}

static void tell_end(struct telling *t)
{
    struct buf *b = &t->piece;

    if (t->cut) { // the first member that is left out has a row, as no other one is to be told
                  // twice
        const struct tree_member *m = &t->members[t->member_count];

        buf_add(b, buf_span(&t->opening));
        multistatus_path(b, m->name);
        buf_add(b, m->seen.kind == TREE_COLLECTION ? SPAN("/</D:href>") : SPAN("</D:href>"));
        multistatus_status(b, 507);
        multistatus_error(b, DAV_CONDITION_NUMBER_OF_MATCHES_WITHIN_LIMITS, NULL, 0);
        multistatus_description(b, SPAN("This member and maybe others are left out: there are more "
                                        "than this server tells at once. Ask with Depth: 1, folder "
                                        "by folder."));
        multistatus_response_end(b);
    }
    multistatus_end(b);
    t->ended = true;
}

/* Fills the piece. For the pool. */
static void make_piece(struct telling *t)
{
    buf_clear(&t->piece);
    if (!t->begun)
        multistatus_begin(&t->piece);
    t->begun = true;
    while (t->error == 0 && !t->ended && !is_full(t)) {
        if (hurry_is_on(t->a->dav->share->hurry))
            t->error = -EINTR;
        else if (t->member_at < t->member_count)
            t->error = tell_batch(t);
        else if (t->cut)
            tell_end(t);
        else if (t->folder)
            t->error = next_batch(t);
        else if (t->pending.count)
            t->error = next_folder(t);
        else
            tell_end(t);
    }
    if (t->piece.failed || t->opening.failed)
        t->error = -ENOMEM;
}

/* ---- Effect */

/* In the loop's thread: the memory that the answer takes now. False: there is too much of all. */
static bool account(struct telling *t)
{
    struct dav *d = t->a->dav;
    size_t before = t->memory;

    d->telling_memory -= t->memory;
    t->memory = t->piece.cap;
    d->telling_memory += t->memory;
    return t->memory <= before || d->telling_memory <= LIMIT_TELLING_MEMORY;
}

static void telling_free(struct telling *t)
{
    t->a->dav->telling_memory -= t->memory;
    tree_list_close(t->folder);
    path_list_done(&t->pending);
    free(t->folder_owned);
    buf_done(&t->opening);
    buf_done(&t->piece);
    arena_done(&t->scratch);
    free(t);
}

static void give_back(struct authoring *a)
{
    if (a->answer.is_reserved)
        answer_cache_give_back(a->dav->answers);
    a->answer.is_reserved = false;
}

void propfind_discard(struct authoring *a)
{
    if (a->answer.telling)
        telling_free(a->answer.telling);
    a->answer.telling = NULL;
    answer_unref(a->answer.kept);
    a->answer.kept = NULL;
    give_back(a);
}

static int open_first(struct telling *t)
{
    struct authoring *a = t->a;
    struct tree *tree = a->dav->share->tree;
    struct preferences prefer = prefer_parse(exchange_field(a->x, FIELD_prefer));
    int error = tree_look_closely(tree, a->target.path, &t->members[0]);
    bool is_folder;

    if (error)
        return error;
    is_folder = t->members[0].seen.kind == TREE_COLLECTION;
    t->is_root = true;
    t->depth = depth_parse(message_field(&a->x->request, FIELD_depth));
    if (t->depth == DEPTH_ABSENT)
        t->depth = DEPTH_INFINITY;
    t->minimal = prefer.returning == PREFER_RETURN_MINIMAL;
    t->noroot = prefer.depth_noroot && is_folder && t->depth != DEPTH_0;
    t->member_count = t->noroot ? 0 : 1;
    t->folder_owned = span_to_str(a->target.path);
    if (!t->folder_owned)
        return -ENOMEM;
    t->folder_path = span_from_str(t->folder_owned);
    telling_set_opening(t, a->target.path, is_folder);
    if (is_folder && t->depth != DEPTH_0)
        error = tree_list_open(tree, a->target.path, &t->folder);
    if (error == 0 &&
        (t->live & (LIVE_BIT(LIVE_QUOTA_AVAILABLE_BYTES) | LIVE_BIT(LIVE_QUOTA_USED_BYTES))))
        t->has_usage = tree_usage(tree, &t->usage) == 0;
    return error;
}

/* Everything that the answer depends on; ptr NULL: no memory. */
static struct span key_of(struct authoring *a)
{
    struct exchange *x = a->x;
    const struct dav_propfind *asked = &a->xml.propfind;
    struct preferences prefer = prefer_parse(exchange_field(x, FIELD_prefer));
    struct span key = {NULL, 0};
    struct buf b = {0};

    buf_addf(&b, "%d %d %d %d ", (int)depth_parse(message_field(&x->request, FIELD_depth)),
             (int)asked->kind, prefer.returning == PREFER_RETURN_MINIMAL, prefer.depth_noroot);
    // As the client named it, as hrefs are; a change by whatever address ends the answer. Neither a
    // path nor a name has a NUL.
    buf_add(&b, x->path.text);
    for (size_t i = 0; i < asked->count; i++) {
        buf_add_char(&b, '\0');
        buf_add(&b, asked->names[i].space);
        buf_add_char(&b, '\0');
        buf_add(&b, asked->names[i].local);
    }
    if (!b.failed)
        key = arena_copy(&x->arena, buf_span(&b));
    buf_done(&b);
    return key;
}

bool propfind_recall(struct authoring *a)
{
    struct dav *d = a->dav;

    propfind_discard(a);
    // A single row is made as quickly as it is found.
    if (!a->x->target.is_collection ||
        depth_parse(message_field(&a->x->request, FIELD_depth)) == DEPTH_0)
        return false;
    a->answer.terms = (struct answer_terms){.key = key_of(a),
                                            .changes = atomic_load(&d->share->changes),
                                            .now = loop_now(d->loop),
                                            .time = a->x->time};
    if (!a->answer.terms.key.ptr)
        return false;
    a->answer.kept = answer_cache_find(d->answers, &a->answer.terms);
    if (!a->answer.kept)
        a->answer.is_reserved = answer_cache_reserve(d->answers);
    return a->answer.kept;
}

static struct span applied_of(const struct telling *t)
{
    if (t->minimal)
        return t->noroot ? SPAN("return=minimal, depth-noroot") : SPAN("return=minimal");
    return t->noroot ? SPAN("depth-noroot") : SPAN("");
}

static void remember(struct authoring *a)
{
    struct telling *t = a->answer.telling;
    // Uploads change these without being a change yet.
    const uint32_t fleeting =
        LIVE_BIT(LIVE_QUOTA_AVAILABLE_BYTES) | LIVE_BIT(LIVE_QUOTA_USED_BYTES);

    if (!a->answer.is_reserved || a->error || !t->ended || t->live & fleeting)
        return;
    give_back(a);
    a->answer.kept =
        answer_cache_put(a->dav->answers, &a->answer.terms, buf_span(&t->piece), applied_of(t));
    if (!a->answer.kept) { // the piece is what goes out, and takes its room
        a->answer.is_reserved = answer_cache_reserve(a->dav->answers);
        return;
    }
    telling_free(t);
    a->answer.telling = NULL;
}

void propfind_settle(struct authoring *a)
{
    remember(a);
    if (a->answer.telling && !a->error && !account(a->answer.telling)) {
        a->error = authoring_fail(a, OUTCOME_answers_too_much);
        propfind_discard(a);
    }
}

void propfind_begin(struct authoring *a)
{
    struct telling *t = calloc(1, sizeof *t);

    if (!t || arena_init(&t->scratch, SCRATCH) < 0) {
        free(t);
        a->error = -ENOMEM;
        return;
    }
    t->a = a;
    t->piece_most = a->answer.is_reserved ? LIMIT_ANSWER : PIECE;
    a->answer.telling = t;
    a->error = take_question(t);
    if (a->error == 0)
        a->error = open_first(t);
    if (a->error == 0) {
        make_piece(t);
        a->error = t->error;
    }
    if (a->error == -EACCES || a->error == -EPERM)
        a->cause = OUTCOME_not_readable;
    else if (a->error == -ENOMEM || a->error == -EMFILE || a->error == -ENFILE)
        a->cause = OUTCOME_resources_exhausted;
    else if (a->error && fs_error_is_absence(-a->error))
        a->cause = OUTCOME_not_found; // also a link that leads nowhere, however often one looks
    else if (a->error && a->error != -EINTR)
        a->cause = OUTCOME_read_failed;
    t->piece_ready = true;
}

/* ---- Response */

static void more_run(struct work *w)
{
    make_piece(container_of(w, struct authoring, content.work)->answer.telling);
}

static void more_done(struct work *w)
{
    struct authoring *a = container_of(w, struct authoring, content.work);

    a->answer.telling->piece_ready = true;
    if (!account(a->answer.telling)) // an answer whose rows became much larger breaks off
        a->answer.telling->error = -ENOMEM;
    a->x->host->resume_body(a->x);
}

static void next_piece(struct exchange *x, struct piece *ret_piece)
{
    struct authoring *a = x->held;
    struct telling *t = a->answer.telling;

    if (t->error) {
        ret_piece->kind = PIECE_FAILED;
    } else if (t->piece_ready) {
        t->piece_ready = false;
        ret_piece->kind = PIECE_BYTES;
        ret_piece->bytes = buf_span(&t->piece);
    } else if (t->ended) {
        ret_piece->kind = PIECE_END;
    } else {
        if (a->answer.is_reserved) { // it became too large to remember
            buf_done(&t->piece);
            (void)account(t);
            give_back(a);
            t->piece_most = PIECE;
        }
        a->content.work.run = more_run;
        a->content.work.done = more_done;
        a->content.work.is_long = t->depth == DEPTH_INFINITY;
        offload_submit(a->dav->pool, a->dav->loop, &a->content.work);
        ret_piece->kind = PIECE_WAIT;
    }
}

/* Where the resource is that was named without its slash: RFC 4918 §5.2. */
static void add_content_location(struct exchange *x)
{
    struct buf b = {0};

    if (!x->target.is_collection || span_ends(x->path.text, SPAN("/")))
        return;
    uri_path_encode(&b, x->path.text);
    buf_add_char(&b, '/');
    if (!b.failed)
        exchange_add_field(x, SPAN("Content-Location"), arena_copy(&x->arena, buf_span(&b)));
    buf_done(&b);
}

void propfind_respond(struct authoring *a)
{
    struct exchange *x = a->x;
    struct telling *t = a->answer.telling;
    struct response *r = &x->response;
    struct span applied = a->answer.kept ? answer_applied(a->answer.kept) : applied_of(t);

    exchange_add_field(x, SPAN("Content-Type"), MULTISTATUS_MEDIA_TYPE);
    add_content_location(x);
    if (applied.len)
        preference_applied(x, applied);
    if (a->answer.kept || t->ended) {
        r->body = a->answer.kept ? answer_content(a->answer.kept) : buf_span(&t->piece);
        r->length = r->body.len;
        r->has_length = true;
    } else {
        r->next = next_piece;
    }
}
