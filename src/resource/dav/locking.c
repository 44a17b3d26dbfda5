// SPDX-License-Identifier: MIT
/*
 * LOCK and UNLOCK, and what locks mean to every other method: RFC 4918 §6, §7, §9.10, §9.11.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/path.h"
#include "graph/author.h"
#include "http/accept.h"
#include "http/dav_fields.h"
#include "resource/dav/authoring.h"
#include "resource/dav/xml/multistatus_write.h"

#include <errno.h>
#include <stdlib.h>

static int64_t now_seconds(void)
{
    return clock_realtime() / CLOCK_SECOND;
}

static bool is_refresh(const struct authoring *a)
{
    return author_of(a->x)->also & AUTHOR_LOCKS && !a->xml.understood;
}

/* ---- Facts */

/* What the method would change: RFC 4918 §7.4, §7.5. */
static void note_changes(struct authoring *a)
{
    struct lock_facts *f = &a->locking.facts;
    unsigned changes = author_of(a->x)->changes;
    bool is_new = a->target.look.here.kind == TREE_ABSENT;

    if (changes & (CHANGES_RESOURCE | CHANGES_SUBTREE))
        lock_facts_change(f, &a->target.names,
                          changes & CHANGES_SUBTREE ? LOCK_REACH_SUBTREE : LOCK_REACH_RESOURCE);
    if (changes & CHANGES_PARENT || (is_new && changes & CHANGES_PARENT_IF_NEW))
        lock_facts_change_parent(f, &a->target.names);
    if (!(changes & CHANGES_DESTINATION))
        return;
    lock_facts_change(f, &a->destination.names, LOCK_REACH_SUBTREE);
    if (a->destination.look.here.kind == TREE_ABSENT)
        lock_facts_change_parent(f, &a->destination.names);
}

static bool names_lock(struct authoring *a, int64_t now)
{
    struct lock_table *table = a->dav->share->locks;
    struct span token;

    if (author_of(a->x)->also & AUTHOR_LOCKS)
        return lock_facts_named(&a->locking.facts, table, now) != NULL;
    return lock_token_parse(message_field(&a->x->request, FIELD_lock_token), &token) &&
           lock_facts_find(table, token, &a->target.names, now);
}

static bool is_infinite(const struct authoring *a)
{
    return depth_parse(message_field(&a->x->request, FIELD_depth)) != DEPTH_0;
}

/* With the mutex: who stands in the way of the lock asked for. Below its root: *ret_below. */
static int find_conflict(struct authoring *a, int64_t now, bool *ret_conflict, bool *ret_below)
{
    struct span paths[TREE_NAMES];
    size_t n = tree_names_list(&a->target.names, paths);
    const struct lock *lock = NULL;

    for (size_t i = 0; i < n && !lock; i++)
        lock = lock_table_conflict(a->dav->share->locks, paths[i], i == 0 && is_infinite(a),
                                   !a->xml.lockinfo.exclusive, now);
    *ret_conflict = lock != NULL;
    *ret_below =
        lock && path_is_within(a->target.path, lock->path) && !span_eq(a->target.path, lock->path);
    if (!lock)
        return 0;
    a->locking.blocking = arena_copy(&a->x->arena, lock->path);
    return lock->path.len && !a->locking.blocking.ptr ? -ENOMEM : 0;
}

static bool is_folder(struct tree *tree, struct span path)
{
    struct tree_look look;

    return tree_look(tree, path, &look) == 0 && look.here.kind == TREE_COLLECTION;
}

/* While a reader answers, it is found out first under which names locks are to be looked for. */
static bool lacks_names(const struct authoring *a)
{
    return a->x->guard && !a->target.located;
}

void locks_run(struct authoring *a)
{
    struct dav_share *share = a->dav->share;
    int64_t now = now_seconds();
    bool conflict = false, below = false;

    if (lacks_names(a)) {
        target_run(a);
        return;
    }
    a->error = lock_facts_look(&a->locking.facts, share->tree, &a->x->arena);
    if (a->error)
        return;
    tree_lock(share->tree);
    if (lock_facts_decide(&a->locking.facts, share->locks, now, &a->x->arena, &a->locking.verdict) <
        0)
        a->error = -ENOMEM;
    a->locking.token_known = names_lock(a, now);
    if (a->error == 0 && author_of(a->x)->also & AUTHOR_LOCKS && a->xml.understood)
        a->error = find_conflict(a, now, &conflict, &below);
    tree_unlock(share->tree);
    if (a->locking.verdict.blocked)
        a->locking.blocking = a->locking.verdict.blocking;
    if (a->error == 0 && (a->locking.verdict.blocked || conflict))
        a->locking.blocking_is_folder = is_folder(share->tree, a->locking.blocking);
    a->locking.conflicting = conflict && !below;
}

/* What was sent, and what would change. */
static enum step prepare(struct authoring *a)
{
    struct exchange *x = a->x;
    struct lock_place place = {message_field(&x->request, FIELD_host), a->mount, a->target.names};

    a->locking.verdict = (struct lock_verdict){.if_holds = true};
    if (lock_facts_read(&a->locking.facts, &x->arena, exchange_field(x, FIELD_if), &place) < 0) {
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
        return STEP_KNOWN;
    }
    if (a->locking.facts.malformed)
        exchange_describe(x, "Byte %zu of it is where it does not.", a->locking.facts.offset);
    note_changes(a);
    x->locks = (struct lock_state){.if_malformed = a->locking.facts.malformed, .if_holds = true};
    // The usual case, without a way through the pool. The change itself looks again.
    if (a->locking.facts.malformed ||
        (!a->locking.facts.value.ptr && lock_table_is_empty(a->dav->share->locks)))
        return STEP_KNOWN;
    return STEP_RUN;
}

enum step locks_begin(struct authoring *a)
{
    return lacks_names(a) ? STEP_RUN : prepare(a);
}

enum step locks_end(struct authoring *a)
{
    struct exchange *x = a->x;

    if (lacks_names(a)) {
        a->target.located = true;
        if (a->error == 0)
            return prepare(a);
        look_fail(a);
        return STEP_KNOWN;
    }
    if (a->error) {
        exchange_fail(x, a->error == -ENOMEM ? OUTCOME_resources_exhausted : OUTCOME_read_failed, 0,
                      NULL);
        return STEP_KNOWN;
    }
    x->locks.if_holds = a->locking.verdict.if_holds;
    x->locks.blocked = a->locking.verdict.blocked;
    x->locks.token_known = a->locking.token_known;
    x->locks.conflicting = a->locking.conflicting;
    return STEP_KNOWN;
}

enum step meaning_begin(struct authoring *a)
{
    struct exchange *x = a->x;

    if (author_of(x)->takes != TAKES_XML)
        return STEP_KNOWN;
    xml_understand(a);
    if (x->cause != OUTCOME_NONE || !(author_of(x)->also & AUTHOR_LOCKS))
        return STEP_KNOWN;
    return locks_begin(a);
}

/* ---- Terms of a change: with the mutex */

static int check(void *context)
{
    struct authoring *a = context;
    struct lock_verdict now;

    if (lock_facts_decide(&a->locking.facts, a->dav->share->locks, now_seconds(), &a->x->arena,
                          &now) < 0)
        return -ENOMEM;
    return now.blocked || !now.if_holds ? -ESTALE : 0; // it was asked, and had been otherwise
}

static void add_gone(struct authoring *a, struct lock_gone *more)
{
    struct lock_gone **end = &a->locking.gone;

    while (*end)
        end = &(*end)->next;
    *end = more;
}

/* RFC 4918 §7.7, §9.6: locks stay with their URL, and end with what they were on. */
static void done(void *context)
{
    struct authoring *a = context;
    struct lock_table *table = a->dav->share->locks;
    unsigned changes = author_of(a->x)->changes;

    if (changes & CHANGES_SUBTREE)
        add_gone(a, lock_table_remove_subtree(table, a->target.path, false));
    if (changes & CHANGES_DESTINATION)
        add_gone(a, lock_table_remove_subtree(table, a->destination.path, true));
}

void locks_add_terms(struct authoring *a, struct tree_terms *terms)
{
    terms->check = check;
    terms->done = done;
    terms->context = a;
}

void locks_forget(struct authoring *a)
{
    struct dav_share *share = a->dav->share;

    if (!a->locking.gone)
        return;
    // A journal that fails now is told again what is gone, with its next change.
    if (lock_journal_delete_gone(&share->journal, a->locking.gone) == 0) {
        lock_gone_free(a->locking.gone);
    } else {
        tree_lock(share->tree);
        lock_table_keep_gone(share->locks, a->locking.gone);
        tree_unlock(share->tree);
    }
    a->locking.gone = NULL;
}

/* ---- LOCK */

static int64_t granted_timeout(const struct authoring *a)
{
    static const struct timeout_bounds bounds = {
        LIMIT_LOCK_TIMEOUT / 1000, LIMIT_LOCK_TIMEOUT_LEAST / 1000, LIMIT_LOCK_TIMEOUT_MOST / 1000};

    return timeout_parse(message_field(&a->x->request, FIELD_timeout), &bounds);
}

static int refresh(struct authoring *a)
{
    struct dav_share *share = a->dav->share;
    int64_t now = now_seconds();
    const struct lock *lock;
    int error = -ESTALE;

    tree_lock(share->tree);
    lock = lock_facts_named(&a->locking.facts, share->locks, now);
    if (lock)
        lock = lock_table_refresh(share->locks, lock->token, lock->path, granted_timeout(a), now);
    if (lock)
        error = lock_copy(lock, &a->x->arena, &a->locking.lock) < 0 ? -ENOMEM : 0;
    tree_unlock(share->tree);
    return error ? error : lock_journal_refresh(&share->journal, &a->locking.lock);
}

/* With the mutex: a lock that waits for the journal. */
static int insert(void *context)
{
    struct authoring *a = context;
    struct dav_share *share = a->dav->share;
    int64_t now = now_seconds();
    bool conflict, below;
    int error = check(a);

    if (error == 0)
        error = find_conflict(a, now, &conflict, &below);
    if (error)
        return error;
    if (conflict) {
        a->locking.conflict_below = below;
        return below ? -ECANCELED : -ESTALE;
    }
    a->locking.lock.timeout = granted_timeout(a);
    a->locking.lock.expires = now + a->locking.lock.timeout;
    switch (lock_table_grant(share->locks, &a->locking.lock, false, now)) {
    case 0:
        a->locking.inserted = true;
        a->locking.expired = lock_table_take_expired(share->locks, now);
        return 0;
    case -CANDOR_E_LIMIT:
        a->cause = OUTCOME_storage_full;
        return -ENOSPC;
    default:
        return -ENOMEM;
    }
}

static void withdraw(struct authoring *a)
{
    struct dav_share *share = a->dav->share;

    if (!a->locking.inserted)
        return;
    tree_lock(share->tree);
    lock_table_withdraw(share->locks, a->locking.lock.token);
    lock_table_keep_gone(share->locks, a->locking.expired);
    tree_unlock(share->tree);
    a->locking.inserted = false;
    a->locking.expired = NULL;
}

/* The lock is there before the second look, so nothing can remove the resource after it. */
static int insert_on_existing(struct authoring *a)
{
    struct tree *tree = a->dav->share->tree;
    struct tree_look look;
    int error;

    tree_lock(tree);
    error = insert(a);
    tree_unlock(tree);
    if (error == 0)
        error = tree_look(tree, a->target.path, &look);
    if (error == 0 && (look.here.kind == TREE_ABSENT || look.is_link))
        error = -ESTALE;
    return error;
}

/* RFC 4918 §7.3: a lock on a name that is not mapped makes an empty resource. */
static int insert_with_resource(struct authoring *a)
{
    struct tree_terms terms = {.must_not_exist = true, .check = insert, .context = a};

    return tree_put(a->dav->share->tree, a->target.path, SPAN(""), TREE_NOW, &terms, &a->result);
}

static int confirm(struct authoring *a)
{
    struct dav_share *share = a->dav->share;
    struct lock_gone *expired = a->locking.expired;
    int error;

    a->locking.expired = NULL;
    error = lock_journal_insert(&share->journal, &a->locking.lock, expired);
    if (error)
        return error;
    tree_lock(share->tree);
    error =
        lock_table_confirm(share->locks, a->locking.lock.token, now_seconds()) < 0 ? -ESTALE : 0;
    tree_unlock(share->tree);
    return error;
}

static int grant(struct authoring *a)
{
    bool absent = a->target.look.here.kind == TREE_ABSENT;
    int error;

    if (lock_token_make(a->locking.token) < 0)
        return -EIO;
    a->locking.inserted = a->locking.conflict_below = false;
    a->locking.lock = (struct lock){.token = span_of(a->locking.token, LOCK_TOKEN_SIZE - 1),
                                    .path = a->target.path,
                                    .infinite = is_infinite(a),
                                    .shared = !a->xml.lockinfo.exclusive,
                                    .owner = a->xml.lockinfo.owner,
                                    .principal = a->locking.facts.principal};
    error = absent ? insert_with_resource(a) : insert_on_existing(a);
    if (error == 0)
        error = confirm(a);
    if (error == 0)
        return 0;
    if (a->result.created) { // nobody else can have it yet
        struct tree_terms terms = {.target = &a->result.now};
        int undone = tree_delete(a->dav->share->tree, a->target.path, &terms);

        a->result.created = false;
        if (error == TREE_NOT_DURABLE && tree_is_changed(undone))
            error = -EIO;
    }
    withdraw(a);
    return error;
}

void change_lock(struct authoring *a)
{
    a->error = is_refresh(a) ? refresh(a) : grant(a);
    a->answer.has_result = a->error == 0;
    if (a->locking.conflict_below)
        a->error = 0; // told as a multi-status
}

/* ---- UNLOCK */

void change_unlock(struct authoring *a)
{
    struct dav_share *share = a->dav->share;
    int64_t now = now_seconds();
    const struct lock *lock;
    struct span token;
    int error = -ESTALE;

    if (!lock_token_parse(message_field(&a->x->request, FIELD_lock_token), &token)) {
        a->error = -ESTALE;
        return;
    }
    tree_lock(share->tree);
    lock = lock_facts_find(share->locks, token, &a->target.names, now);
    if (lock)
        error = lock_table_release_begin(share->locks, token, lock->path, now);
    tree_unlock(share->tree);
    if (error) {
        a->error = -ESTALE;
        return;
    }
    a->error = lock_journal_delete(&share->journal, token);
    tree_lock(share->tree);
    lock_table_release_end(share->locks, token, a->error == 0);
    tree_unlock(share->tree);
}

/* ---- Responses */

/* The path as clients see it; a folder's ends with a slash: RFC 4918 §5.2. */
static struct span outside(struct exchange *x, struct span path, bool is_folder)
{
    const struct authoring *a = x->held;
    struct span mount = a->mount;
    size_t slash = is_folder && path.len;
    char *text = arena_alloc(&x->arena, mount.len + path.len + slash);

    if (!text)
        return mount;
    memcpy(text, mount.ptr, mount.len);
    text[mount.len - 1] = '/'; // it may lack there
    if (path.len)
        memcpy(text + mount.len, path.ptr, path.len);
    if (slash)
        text[mount.len + path.len] = '/';
    return span_of(text, mount.len + path.len + slash);
}

static void set_body(struct exchange *x, struct buf *b)
{
    struct response *r = &x->response;

    r->body = b->failed ? (struct span){NULL, 0} : arena_copy(&x->arena, buf_span(b));
    r->has_length = true;
    r->length = r->body.len;
    buf_done(b);
    exchange_add_field(x, SPAN("Content-Type"), MULTISTATUS_MEDIA_TYPE);
}

static void respond_granted(struct exchange *x, const struct authoring *a)
{
    struct buf b = {0};
    const struct dav_active_lock active = {
        .exclusive = !a->locking.lock.shared,
        .infinite = a->locking.lock.infinite,
        .owner = a->locking.lock.owner,
        .token = a->locking.lock.token,
        // A lock that is above what it is refreshed by is a folder's.
        .root = outside(x, a->locking.lock.path,
                        x->target.is_collection || !span_eq(a->locking.lock.path, a->target.path)),
        .timeout = a->locking.lock.timeout,
    };

    multistatus_lock_document(&b, &active, 1);
    set_body(x, &b);
    if (!is_refresh(a))
        exchange_add_fieldf(x, SPAN("Lock-Token"), "<%.*s>", SPAN_ARG(a->locking.lock.token));
}

/* RFC 4918 §9.10.9: the member that is locked, and what failed therefore. */
static void respond_conflict_below(struct exchange *x, const struct authoring *a)
{
    struct buf b = {0};

    multistatus_begin(&b);
    multistatus_response_begin(&b, outside(x, a->locking.blocking, a->locking.blocking_is_folder));
    multistatus_status(&b, 423);
    multistatus_response_end(&b);
    multistatus_response_begin(&b, outside(x, a->target.names.asked, true));
    multistatus_status(&b, 424);
    multistatus_response_end(&b);
    multistatus_end(&b);
    set_body(x, &b);
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
    set_body(x, &b);
    exchange_add_field(x, SPAN("Vary"), SPAN("Accept"));
}

/* A lock's root, which is the tree's root where there is nothing to point to. */
static struct span blocking_path(const struct authoring *a)
{
    return a->locking.blocking.ptr ? a->locking.blocking : SPAN("");
}

void locks_respond(struct exchange *x)
{
    struct authoring *a = x->held;

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
