// SPDX-License-Identifier: MIT
/*
 * What the store knows of a name follows it: around a DELETE, MOVE or COPY an intent is written
 * before the names change, and removed in the transaction that changes the rows. After a crash the
 * inodes tell which of the two it was.
 */
#include "resource/dav/following.h"
#include "base/error.h"
#include "resource/dav/authoring.h"

#include <errno.h>
#include <stdlib.h>

enum { INTENTS = 64 }; // that are recovered at a time

static uint64_t inode_of(const struct tree_seen *seen)
{
    return seen->kind == TREE_ABSENT ? 0 : seen->stamp.inode;
}

int rows_await(struct authoring *a, struct rows_claim *claim, bool patient)
{
    int error = rows_claim(a->share->rows, claim, patient);

    a->in_the_way = error == -EAGAIN;
    if (error)
        a->cause = OUTCOME_resources_exhausted;
    return error;
}

static void note_undone(struct dav_share *share, const uint64_t *ids, size_t count)
{
    struct rows_undone *u = &share->undone;

    tree_lock(share->tree);
    for (size_t i = 0; i < count && u->count < sizeof u->ids / sizeof *u->ids; i++)
        u->ids[u->count++] = ids[i];
    tree_unlock(share->tree);
}

/* An intent must not be taken, at the next start, for one whose change was made later. */
static int end_undone(struct dav_share *share)
{
    const struct lock_journal *j = &share->journal;
    struct store_intent intents[sizeof share->undone.ids / sizeof *share->undone.ids] = {0};
    struct store_change changes[sizeof intents / sizeof *intents];
    struct rows_undone undone;
    int error;

    tree_lock(share->tree);
    undone = share->undone;
    share->undone.count = 0;
    tree_unlock(share->tree);
    if (!undone.count)
        return 0;
    for (size_t i = 0; i < undone.count; i++) {
        intents[i].id = undone.ids[i];
        changes[i] = (struct store_change){.kind = STORE_INTENT_FINISH, .intent = &intents[i]};
    }
    error = store_errno(store_apply(j->store, j->tree, changes, undone.count, NULL));
    if (error)
        note_undone(share, undone.ids, undone.count);
    return error;
}

int rows_begin(struct authoring *a, struct rows_following *f, enum store_intent_kind kind)
{
    struct dav_share *share = a->share;
    const struct lock_journal *j = &share->journal;
    const struct dav_destination none = {0}, *to = a->destination ? a->destination : &none;
    struct store_change begin = {.kind = STORE_INTENT_BEGIN, .intent = &f->intent};
    bool follows = j->store && store_tree_has_properties(j->store, j->tree);
    int error;

    *f = (struct rows_following){
        .claim = {.paths = {kind == STORE_INTENT_COPY ? to->path : a->target.path,
                            kind == STORE_INTENT_MOVE ? to->path : (struct span){NULL, 0}},
                  .renames = true,
                  .is_long = a->x->walk.runs_long},
        .intent = {.kind = kind,
                   .source = a->target.path,
                   .source_inode = inode_of(&a->target.look.here),
                   .destination = to->path,
                   .destination_inode = inode_of(&to->look.here)},
    };
    error = rows_await(a, &f->claim, follows);
    if (error)
        return error;
    // Somebody may have set the first property just before the claim.
    f->follows = j->store && store_tree_has_properties(j->store, j->tree);
    if (!f->follows)
        return 0;
    f->intent.id = store_intent_id(j->store);
    error = end_undone(share);
    if (error == 0)
        error = store_errno(store_apply(j->store, j->tree, &begin, 1, NULL));
    f->recorded = error == 0;
    /*
     * What makes room must not need room. Its rows go afterwards; should all stop in between, some
     * stay that belong to nothing.
     */
    if (error == -ENOSPC && kind == STORE_INTENT_DELETE)
        return 0;
    if (error)
        rows_release(share->rows, &f->claim);
    return error;
}

/* The rows of members that were not copied: none. False: out of memory. */
static bool add_failed(struct authoring *a, struct store_change *changes, size_t *at)
{
    for (const struct failed_member *m = a->failures.first; m; m = m->next) {
        char *path = arena_alloc(&a->x->arena, a->destination->path.len + 1 + m->length);

        if (!path)
            return false;
        memcpy(path, a->destination->path.ptr, a->destination->path.len);
        path[a->destination->path.len] = '/';
        memcpy(path + a->destination->path.len + 1, m->path, m->length);
        changes[(*at)++] =
            (struct store_change){.kind = STORE_PROPERTIES_DELETE,
                                  .path = span_of(path, a->destination->path.len + 1 + m->length)};
    }
    return true;
}

static struct store_change main_change(const struct store_intent *intent, bool shallow)
{
    static const enum store_change_kind kinds[] = {
        [STORE_INTENT_MOVE] = STORE_PROPERTIES_MOVE,
        [STORE_INTENT_DELETE] = STORE_PROPERTIES_DELETE,
        [STORE_INTENT_COPY] = STORE_PROPERTIES_COPY,
    };

    return (struct store_change){.kind = kinds[intent->kind],
                                 .path = intent->source,
                                 .destination = intent->destination,
                                 .shallow = shallow};
}

/* One transaction: the rows, the locks that ended, and the end of the intent. */
static int finish(struct authoring *a, struct rows_following *f, bool shallow)
{
    const struct lock_journal *j = &a->share->journal;
    size_t room = 2, n = 0, at = 0;
    struct store_change *changes;
    struct store_lock *locks;
    int error;

    for (const struct lock_gone *g = a->locking.gone; g; g = g->next)
        n++;
    for (const struct failed_member *m = a->failures.first; m; m = m->next)
        room++;
    changes = calloc(room + n, sizeof *changes);
    locks = calloc(n + 1, sizeof *locks);
    if (changes && locks)
        changes[at++] = main_change(&f->intent, shallow);
    if (!changes || !locks ||
        (f->intent.kind == STORE_INTENT_COPY && !add_failed(a, changes, &at))) {
        free(changes);
        free(locks);
        return -ENOMEM;
    }
    n = 0;
    for (const struct lock_gone *g = a->locking.gone; g; g = g->next, n++) {
        locks[n].token = g->lock.token;
        changes[at++] = (struct store_change){.kind = STORE_LOCK_DELETE, .lock = &locks[n]};
    }
    if (f->recorded)
        changes[at++] = (struct store_change){.kind = STORE_INTENT_FINISH, .intent = &f->intent};
    error = store_errno(store_apply(j->store, j->tree, changes, at, NULL));
    free(changes);
    free(locks);
    if (error == 0) {
        lock_gone_free(a->locking.gone);
        a->locking.gone = NULL;
    }
    return error;
}

void rows_end(struct authoring *a, struct rows_following *f, bool shallow)
{
    struct dav_share *share = a->share;
    struct store_change undone = {.kind = STORE_INTENT_FINISH, .intent = &f->intent};

    if (f->follows && tree_is_changed(a->error)) {
        if (finish(a, f, shallow) < 0)
            a->error = TREE_NOT_DURABLE; // the next start will finish it
    } else if (f->recorded) {
        if (store_apply(share->journal.store, share->journal.tree, &undone, 1, NULL) < 0)
            note_undone(share, &f->intent.id, 1);
    }
    rows_release(share->rows, &f->claim);
}

/* ---- After a crash */

struct recovering {
    struct arena arena;
    struct store_intent intents[INTENTS];
    size_t count;
};

static int keep_intent(void *context, const struct store_intent *intent)
{
    struct recovering *r = context;
    struct store_intent *copy = &r->intents[r->count];

    if (r->count == INTENTS)
        return 1;
    *copy = *intent;
    copy->source = arena_copy(&r->arena, intent->source);
    copy->destination = arena_copy(&r->arena, intent->destination);
    copy->temporary = SPAN("");
    if (copy->source.len != intent->source.len || copy->destination.len != intent->destination.len)
        return -CANDOR_E_MEMORY;
    r->count++;
    return 0;
}

/* Whether the names had changed already. */
static bool has_happened(const struct store_intent *intent, const struct tree_seen *source,
                         const struct tree_seen *destination)
{
    uint64_t there = inode_of(destination);

    switch (intent->kind) {
    case STORE_INTENT_MOVE:
        // On another file system the destination is a copy, with an inode of its own.
        return there && there != intent->destination_inode &&
               (there == intent->source_inode || inode_of(source) != intent->source_inode);
    case STORE_INTENT_DELETE:
        return inode_of(source) != intent->source_inode;
    case STORE_INTENT_COPY:
        return there && there != intent->destination_inode;
    }
    return false;
}

/* A copy without its members has none yet. */
static bool is_empty(struct tree *tree, struct span path)
{
    struct tree_list *list;
    struct tree_member member;
    size_t count = 0;

    if (tree_list_open(tree, path, &list) < 0)
        return true;
    if (tree_list_read(list, &member, 1, &count) < 0)
        count = 0;
    tree_list_close(list);
    return count == 0;
}

static int recover(struct dav_share *share, const struct store_intent *intent)
{
    struct tree_look source, destination;
    struct store_change changes[2] = {
        {.kind = STORE_INTENT_FINISH, .intent = intent},
    };
    int error = tree_look(share->tree, intent->source, &source);
    size_t n = 1;

    if (error == 0)
        error = tree_look(share->tree, intent->destination, &destination);
    if (error)
        return error;
    if (has_happened(intent, &source.here, &destination.here)) {
        bool shallow =
            intent->kind == STORE_INTENT_COPY && is_empty(share->tree, intent->destination);

        changes[n++] = main_change(intent, shallow);
    }
    return store_errno(store_apply(share->journal.store, share->journal.tree, changes, n, NULL));
}

int rows_recover(struct dav_share *share)
{
    const struct lock_journal *j = &share->journal;
    struct recovering *r;
    int error = 0;

    if (!j->store)
        return 0;
    r = calloc(1, sizeof *r);
    if (!r || arena_init(&r->arena, 4096) < 0) {
        free(r);
        return -ENOMEM;
    }
    do {
        r->count = 0;
        error = store_intents_visit(j->store, j->tree, keep_intent, r);
        error = error < 0 ? store_errno(error) : 0;
        for (size_t i = 0; i < r->count && error == 0; i++)
            error = recover(share, &r->intents[i]);
        arena_reset(&r->arena);
    } while (error == 0 && r->count == INTENTS);
    arena_done(&r->arena);
    free(r);
    return error;
}
