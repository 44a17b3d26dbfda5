// SPDX-License-Identifier: MIT
/*
 * PROPFIND: RFC 4918 §9.1; and REPORT. The answer is made piece by piece in the pool, row by row,
 * and sent as it grows; what it takes of memory does not depend on how many rows there are. No file
 * is opened. An answer of moderate size is made as one piece and remembered (answer_cache.h).
 */
#include "resource/dav/propfind.h"
#include "base/clock.h"
#include "base/limits.h"
#include "graph/author.h"
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

/* ---- Effect */

/* In the loop's thread: the memory that the answer takes now. As budget_set. */
static int account(struct telling *t)
{
    t->made.memory.budget = &budget_memory;
    t->made.memory.client = t->a->x->arrival.client_number;
    return budget_set(&t->made.memory, telling_memory(t));
}

static void discard(struct telling *t)
{
    (void)budget_set(&t->made.memory, 0);
    telling_free(t);
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
        discard(a->answer.telling);
    a->answer.telling = NULL;
    answer_unref(a->answer.remembered);
    a->answer.remembered = NULL;
    give_back(a);
}

/* Everything that the answer depends on; ptr NULL: no memory. */
static struct span key_of(struct authoring *a)
{
    struct exchange *x = a->x;
    const struct dav_propfind *asked = &a->xml->propfind;
    struct preferences prefer = prefer_parse(exchange_field(x, FIELD_prefer));
    struct span key = {NULL, 0};
    struct buf b = {0};

    buf_addf(&b, "%d %d %d %d ", (int)depth_of(x), (int)asked->kind,
             prefer.returning == PREFER_RETURN_MINIMAL, prefer.depth_noroot);
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
    if (!a->x->target.is_collection || depth_of(a->x) == DEPTH_0)
        return false;
    a->answer.terms = (struct answer_terms){.key = key_of(a),
                                            .changes = atomic_load(dav_site_changes(d->site)),
                                            .now = loop_now(d->loop),
                                            .time = a->x->arrival.time};
    if (!a->answer.terms.key.ptr)
        return false;
    a->answer.remembered = answer_cache_find(d->answers, &a->answer.terms);
    if (!a->answer.remembered)
        a->answer.is_reserved = answer_cache_reserve(d->answers);
    return a->answer.remembered;
}

static struct span applied_of(const struct telling *t)
{
    if (t->asked.minimal)
        return t->asked.noroot ? SPAN("return=minimal, depth-noroot") : SPAN("return=minimal");
    return t->asked.noroot ? SPAN("depth-noroot") : SPAN("");
}

static void remember(struct authoring *a)
{
    struct telling *t = a->answer.telling;
    // Uploads change these without being a change yet.
    const uint32_t fleeting =
        LIVE_BIT(LIVE_QUOTA_AVAILABLE_BYTES) | LIVE_BIT(LIVE_QUOTA_USED_BYTES) |
        LIVE_BIT(LIVE_SYNC_TOKEN); // which sees what was changed past the server

    if (!a->answer.is_reserved || a->error || !t->walk.ended || t->asked.live & fleeting)
        return;
    give_back(a);
    a->answer.remembered = answer_cache_put(a->dav->answers, &a->answer.terms,
                                            buf_span(&t->made.piece), applied_of(t));
    if (!a->answer.remembered) { // the piece is what goes out, and takes its room
        a->answer.is_reserved = answer_cache_reserve(a->dav->answers);
        return;
    }
    discard(t);
    a->answer.telling = NULL;
}

void propfind_settle(struct authoring *a)
{
    remember(a);
    int full = a->answer.telling && !a->error ? account(a->answer.telling) : 0;

    if (full) {
        a->error =
            authoring_fail(a, full == -EUSERS ? OUTCOME_client_too_much : OUTCOME_answers_too_much);
        propfind_discard(a);
    }
}

/* Properties that are just moving are waited for a while; then their rows say so. */
static bool waits_long(const struct authoring *a)
{
    int64_t since = a->x->walk.in_the_way_since;

    return since && clock_monotonic() - since >= (int64_t)LIMIT_ROWS_WAIT / 4 * CLOCK_MS;
}

struct counting {
    uint64_t count, most;
};

static int count_member(void *context, struct span folder, const struct tree_member *m)
{
    struct counting *c = context;

    (void)folder;
    (void)m;
    return ++c->count > c->most;
}

/*
 * Whether there is more than may be told, asked before the first row goes out. What has fitted into
 * the first piece needs no count.
 */
static bool is_too_much(struct telling *t)
{
    struct counting c = {.most = t->a->share->options->infinite_depth};
    int result;

    if (t->walk.cut || t->walk.ended || t->asked.depth != DEPTH_INFINITY)
        return t->walk.cut;
    result = tree_list_below(t->a->share->tree, t->a->target.path, true, &t->a->x->urgency.hurry,
                             count_member, &c);
    if (result < 0)
        t->error = result;
    return result == 1;
}

void propfind_begin(struct authoring *a)
{
    struct telling *t = calloc(1, sizeof *t);
    bool too_much = false;

    if (!t || arena_init(&t->scratch, SCRATCH) < 0 || arena_init(&t->locks, SCRATCH) < 0) {
        if (t && t->scratch.chunks)
            arena_done(&t->scratch);
        free(t);
        a->error = -ENOMEM;
        return;
    }
    t->a = a;
    t->made.most = a->answer.is_reserved ? LIMIT_ANSWER : PIECE;
    t->may_pause = !waits_long(a);
    a->answer.telling = t;
    a->error = telling_begin(t);
    if (a->error == 0) {
        telling_make_piece(t);
        too_much = t->error == 0 && is_too_much(t);
        a->error = t->error;
        t->may_pause = false;
    }
    if (a->error == -EAGAIN) {
        if (!a->in_the_way)
            a->error = authoring_in_the_way(a, OUTCOME_names_busy);
        a->answer.telling = NULL;
        telling_free(t);
        return;
    }
    if (too_much)
        a->error = authoring_fail(a, OUTCOME_propfind_too_many);
    else if (a->cause != OUTCOME_NONE)
        return; // it is known
    else if (a->error == -EACCES || a->error == -EPERM)
        a->cause = OUTCOME_not_readable;
    else if (a->error == -ENOMEM || a->error == -EMFILE || a->error == -ENFILE)
        a->cause = OUTCOME_resources_exhausted;
    else if (a->error && fs_error_is_absence(-a->error))
        a->cause = OUTCOME_not_found; // also a link that leads nowhere, however often one looks
    else if (a->error && a->error != -EINTR && a->error != -EINPROGRESS && a->error != -ENOLINK)
        a->cause = OUTCOME_read_failed;
    t->made.is_ready = true;
}

/* ---- Response */

static void more_run(struct work *w)
{
    telling_make_piece(container_of(w, struct authoring, content.work)->answer.telling);
}

static void more_done(struct work *w)
{
    struct authoring *a = container_of(w, struct authoring, content.work);

    a->answer.telling->made.is_making = false;
    a->answer.telling->made.is_ready = true;
    if (account(a->answer.telling) < 0) // an answer whose rows became much larger breaks off
        a->answer.telling->error = -ENOMEM;
    a->x->host->resume_body(a->x);
}

bool propfind_cancel(struct authoring *a)
{
    struct telling *t = a->answer.telling;

    if (!t || !t->made.is_making || !offload_cancel(a->dav->pool, &a->content.work))
        return false;
    t->made.is_making = false;
    return true;
}

static void next_piece(struct exchange *x, struct piece *ret_piece)
{
    struct authoring *a = x->routing.resource_state;
    struct telling *t = a->answer.telling;

    if (t->error) {
        ret_piece->kind = PIECE_FAILED;
    } else if (t->made.is_ready) {
        t->made.is_ready = false;
        ret_piece->kind = PIECE_BYTES;
        ret_piece->bytes = buf_span(&t->made.piece);
    } else if (t->walk.ended) {
        ret_piece->kind = PIECE_END;
    } else {
        if (a->answer.is_reserved) { // it became too large to remember
            buf_done(&t->made.piece);
            (void)account(t);
            give_back(a);
            t->made.most = PIECE;
        }
        t->made.is_making = true;
        a->content.work.run = more_run;
        a->content.work.done = more_done;
        a->content.work.client = x->arrival.client_number;
        a->content.work.lane = t->asked.depth == DEPTH_INFINITY ? LANE_BODY : LANE_QUICK;
        offload_submit(a->dav->pool, a->dav->loop, &a->content.work);
        ret_piece->kind = PIECE_WAIT;
    }
}

/* Where the resource is that was named without its slash: RFC 4918 §5.2. */
static void add_content_location(struct exchange *x)
{
    if (x->target.is_collection && !span_ends(x->path.text, SPAN("/")))
        exchange_add_path(x, SPAN("Content-Location"), authoring_folder_path(x));
}

void propfind_respond(struct authoring *a)
{
    struct exchange *x = a->x;
    struct telling *t = a->answer.telling;
    struct response *r = &x->response;
    struct span applied =
        a->answer.remembered ? answer_applied(a->answer.remembered) : applied_of(t);

    exchange_add_field(x, SPAN("Content-Type"), MULTISTATUS_MEDIA_TYPE);
    add_content_location(x);
    if (applied.len)
        preference_applied(x, applied);
    if (a->answer.remembered || t->walk.ended) {
        r->body =
            a->answer.remembered ? answer_content(a->answer.remembered) : buf_span(&t->made.piece);
        r->length = r->body.len;
        r->has_length = true;
    } else {
        r->next = next_piece;
    }
}
