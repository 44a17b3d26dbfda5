// SPDX-License-Identifier: MIT
/*
 * What locks and If say of a request, and of the change that it makes: RFC 4918 §6, §7, §10.4.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "base/path.h"
#include "fs/open.h"
#include "graph/author.h"
#include "http/dav_fields.h"
#include "resource/dav/authoring.h"
#include "resource/dav/following.h"

#include <errno.h>

bool locks_is_refresh(const struct authoring *a)
{
    return author_of(a->x)->also & AUTHOR_LOCKS && !a->xml->understood;
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
    lock_facts_change(f, &a->destination->names, LOCK_REACH_SUBTREE);
    if (a->destination->look.here.kind == TREE_ABSENT)
        lock_facts_change_parent(f, &a->destination->names);
}

static bool names_lock(struct authoring *a, int64_t now)
{
    struct lock_table *table = a->share->locks;
    struct span token;

    if (author_of(a->x)->also & AUTHOR_LOCKS)
        return lock_facts_named(&a->locking.facts, table, now) != NULL;
    return lock_token_parse(message_field(&a->x->request, FIELD_lock_token), &token) &&
           lock_facts_find(table, token, &a->target.names, now);
}

bool locks_is_infinite(const struct authoring *a)
{
    return depth_of(a->x) != DEPTH_0;
}

int locks_find_conflict(struct authoring *a, int64_t now, bool *ret_conflict, bool *ret_below)
{
    struct span paths[TREE_NAMES];
    size_t n = tree_names_list(&a->target.names, paths);
    const struct lock *lock = NULL;

    for (size_t i = 0; i < n && !lock; i++)
        lock = lock_table_conflict(a->share->locks, paths[i], i == 0 && locks_is_infinite(a),
                                   !a->xml->lockinfo.exclusive, now);
    *ret_conflict = lock != NULL;
    *ret_below =
        lock && path_is_within(a->target.path, lock->path) && !span_eq(a->target.path, lock->path);
    if (!lock)
        return 0;
    a->locking.blocking = arena_copy(&a->x->arena, lock->path);
    return lock->path.len && !a->locking.blocking.ptr ? -ENOMEM : 0;
}

/* What the lock that is in the way is on. It may be where nobody may look. */
static int look_at_blocking(struct authoring *a)
{
    struct tree_look look;
    int error = tree_look(a->share->tree, a->locking.blocking, &look);

    a->locking.blocking_is_folder = error == 0 && look.here.kind == TREE_COLLECTION;
    return error == -EACCES || error == -EPERM ? 0 : error;
}

/* While a reader answers, it is found out first under which names locks are to be looked for. */
static bool lacks_names(const struct authoring *a)
{
    return a->x->routing.guard && !a->target.located;
}

void locks_run(struct authoring *a)
{
    struct dav_share *share = a->share;
    int64_t now = lock_now();
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
    if (a->error == 0 && author_of(a->x)->also & AUTHOR_LOCKS && a->xml->understood)
        a->error = locks_find_conflict(a, now, &conflict, &below);
    tree_unlock(share->tree);
    if (a->error)
        return;
    if (a->locking.verdict.blocked)
        a->locking.blocking = a->locking.verdict.blocking;
    if (a->locking.verdict.blocked || conflict)
        a->error = look_at_blocking(a);
    a->locking.conflicting = conflict && !below;
}

/* What was sent, and what would change. */
static enum step prepare(struct authoring *a)
{
    struct exchange *x = a->x;
    struct lock_target target = {message_field(&x->request, FIELD_host), a->mount, a->target.names};

    a->locking.verdict = (struct lock_verdict){.if_holds = true};
    if (lock_facts_read(&a->locking.facts, &x->arena, exchange_field(x, FIELD_if), &target) < 0) {
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
        return STEP_KNOWN;
    }
    note_changes(a);
    x->locks = (struct lock_state){.if_malformed = a->locking.facts.malformed,
                                   .if_fault = a->locking.facts.offset,
                                   .if_holds = true};
    // The usual case, without a way through the pool. The change itself looks again.
    if (a->locking.facts.malformed ||
        (!a->locking.facts.value.ptr && a->share && lock_table_is_empty(a->share->locks)))
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
        exchange_fail(x, fs_failure(-a->error), 0, NULL);
        return STEP_KNOWN;
    }
    x->locks.if_holds = a->locking.verdict.if_holds;
    x->locks.blocked = a->locking.verdict.blocked;
    x->locks.token_known = a->locking.token_known;
    x->locks.conflicting = a->locking.conflicting;
    return STEP_KNOWN;
}

/* What it asks for is known; of a lock, whether it can be had is not. */
static enum step end_understanding(struct authoring *a)
{
    xml_explain(a);
    a->locking.has_meaning = true;
    if (a->x->failure.cause != OUTCOME_NONE || !(author_of(a->x)->also & AUTHOR_LOCKS))
        return STEP_KNOWN;
    return locks_begin(a);
}

enum step meaning_begin(struct authoring *a)
{
    struct exchange *x = a->x;

    if (author_of(x)->takes != TAKES_XML)
        return STEP_KNOWN;
    if (x->content.taken > LIMIT_XML_AT_ONCE)
        return STEP_RUN;
    xml_understand(a);
    return end_understanding(a);
}

void meaning_run(struct authoring *a)
{
    if (a->locking.has_meaning)
        locks_run(a);
    else
        xml_understand(a);
}

enum step meaning_end(struct authoring *a)
{
    if (a->locking.has_meaning)
        return locks_end(a);
    if (!a->error)
        return end_understanding(a);
    exchange_fail(a->x, fs_failure(-a->error), 0, NULL);
    return STEP_KNOWN;
}

/* ---- Terms of a change: with the mutex */

int locks_check(void *context)
{
    struct authoring *a = context;
    struct lock_verdict now;

    if (lock_facts_decide(&a->locking.facts, a->share->locks, lock_now(), &a->x->arena, &now) < 0)
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
    struct lock_table *table = a->share->locks;
    unsigned changes = author_of(a->x)->changes;

    rows_names_changed(a);
    if (changes & CHANGES_SUBTREE)
        add_gone(a, lock_table_remove_subtree(table, a->target.path, false));
    if (changes & CHANGES_DESTINATION)
        add_gone(a, lock_table_remove_subtree(table, a->destination->path, true));
}

void locks_add_terms(struct authoring *a, struct tree_terms *terms)
{
    terms->check = locks_check;
    terms->done = done;
    terms->context = a;
}

void locks_forget(struct authoring *a)
{
    struct dav_share *share = a->share;

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
