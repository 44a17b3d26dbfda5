// SPDX-License-Identifier: MIT
#include "resource/dav/locking_answer.h"

#include "graph/author.h"
#include "http/accept.h"
#include "registry/verdict.h"
#include "resource/dav/authoring.h"

/* What surrounds a lock's root and its owner, and its root in XML. */
enum { DOCUMENT_ROOM = 1024, OF_ROOT = 5 };

static size_t document_room(const struct authoring *a, size_t root, size_t owner)
{
    return DOCUMENT_ROOM + owner + OF_ROOT * (a->mount.len + root + 1);
}

size_t locks_room_to_tell(const struct authoring *a)
{
    if (!(author_of(a->x)->also & AUTHOR_LOCKS))
        return 0;
    // It is in the head's room as well, where it is short.
    return 2 * document_room(a, a->target.path.len, a->xml->lockinfo.owner.len);
}

/* As clients see it. */
static struct span outside(struct exchange *x, struct span path, bool is_folder)
{
    struct span text = authoring_outside(x->routing.resource_state, &x->arena, path, is_folder);

    x->response.failed |= !text.ptr;
    return text;
}

static void respond_granted(struct exchange *x, const struct authoring *a)
{
    const struct lock *lock = &a->locking.lock;
    size_t room = document_room(a, lock->path.len, lock->owner.len);
    const struct dav_active_lock active = {
        .exclusive = !lock->shared,
        .infinite = lock->infinite,
        .owner = lock->owner,
        .token = lock->token,
        // A lock that is above what it is refreshed by is a folder's.
        .root =
            outside(x, lock->path, x->target.is_collection || !span_eq(lock->path, a->target.path)),
        .timeout = lock->timeout,
    };
    struct buf b = buf_in(arena_alloc(&x->arena, room), room);

    multistatus_lock_document(&b, &active, 1);
    exchange_set_body(x, &b, MULTISTATUS_MEDIA_TYPE);
    if (!locks_is_refresh(a))
        exchange_add_fieldf(x, SPAN("Lock-Token"), "<%.*s>", SPAN_ARG(lock->token));
}

/* RFC 4918 §9.10.9: the member that is locked, and what failed therefore. */
static void respond_conflict_below(struct exchange *x, const struct authoring *a)
{
    struct buf b = {0};

    multistatus_begin(&b);
    multistatus_response_begin(&b, outside(x, a->locking.blocking, a->locking.blocking_is_folder));
    multistatus_status(&b, verdict_status(VERDICT_locked));
    multistatus_response_end(&b);
    multistatus_response_begin(&b, outside(x, a->target.names.asked, true));
    multistatus_status(&b, verdict_status(VERDICT_dependent));
    multistatus_response_end(&b);
    multistatus_end(&b);
    exchange_set_body(x, &b, MULTISTATUS_MEDIA_TYPE);
}

/* For who can read it, which is everybody who doesn't ask for something else: RFC 4918 §16. */
void respond_condition(struct exchange *x, enum dav_condition condition, struct span path,
                       bool is_folder)
{
    static const struct span offers[] = {SPAN_INIT("application/xml"),
                                         SPAN_INIT("application/problem+json"),
                                         SPAN_INIT("text/html"), SPAN_INIT("text/plain")};
    struct buf b = {0};

    if (accept_choose_type(exchange_field(x, FIELD_accept), offers, 4) > 0)
        return;
    if (path.ptr)
        path = outside(x, path, is_folder);
    multistatus_error_document(&b, condition, &path, path.ptr ? 1 : 0);
    exchange_set_body(x, &b, MULTISTATUS_MEDIA_TYPE);
    exchange_add_field(x, SPAN("Vary"), SPAN("Accept"));
}

/* A lock's root, which is the tree's root where there is nothing to point to. */
static struct span blocking_path(const struct authoring *a)
{
    return a->locking.blocking.ptr ? a->locking.blocking : SPAN("");
}

void locks_respond(struct exchange *x)
{
    struct authoring *a = x->routing.resource_state;

    if (x->outcome == OUTCOME_locked)
        respond_condition(x, DAV_CONDITION_LOCK_TOKEN_SUBMITTED, blocking_path(a),
                          a->locking.blocking_is_folder);
    else if (x->outcome == OUTCOME_lock_conflict)
        respond_condition(x, DAV_CONDITION_NO_CONFLICTING_LOCK, blocking_path(a),
                          a->locking.blocking_is_folder);
    else if (x->outcome == OUTCOME_lock_token_unknown)
        respond_condition(x, DAV_CONDITION_LOCK_TOKEN_MATCHES_REQUEST_URI, a->target.names.asked,
                          x->target.is_collection);
    else if (!(author_of(x)->also & AUTHOR_LOCKS))
        return;
    else if (x->outcome == OUTCOME_created || x->outcome == OUTCOME_result_told)
        respond_granted(x, a);
    else if (x->outcome == OUTCOME_partly_done)
        respond_conflict_below(x, a);
}
