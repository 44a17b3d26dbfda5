// SPDX-License-Identifier: MIT
/*
 * The pieces of a PROPFIND's answer: folder by folder, in batches of members.
 */
#include "fs/open.h"
#include "graph/author.h"
#include "http/prefer.h"
#include "registry/verdict.h"
#include "resource/dav/settling.h"
#include "resource/dav/sync.h"
#include "resource/dav/telling.h"

#include <errno.h>
#include <stdlib.h>

static int take_question(struct telling *t)
{
    const struct dav_propfind *asked = &t->a->xml->propfind;
    struct arena *arena = &t->a->x->arena;

    t->asked.names_only = asked->kind == DAV_PROPFIND_PROPNAME;
    t->asked.all_dead = asked->kind != DAV_PROPFIND_PROP;
    t->asked.live = asked->kind == DAV_PROPFIND_ALLPROP    ? live_of_allprop
                    : asked->kind == DAV_PROPFIND_PROPNAME ? LIVE_BIT(LIVE_COUNT) - 1
                                                           : 0;
    t->asked.dead = arena_alloc(arena, (asked->count + 1) * sizeof *t->asked.dead);
    t->asked.dead_found = arena_alloc(arena, asked->count + 1);
    if (!t->asked.dead || !t->asked.dead_found)
        return -ENOMEM;
    for (size_t i = 0; i < asked->count; i++) {
        enum live live = live_find(asked->names[i]);

        if (live != LIVE_NONE)
            t->asked.live |= LIVE_BIT(live);
        else
            t->asked.dead[t->asked.dead_count++] = asked->names[i];
    }
    qsort(t->asked.dead, t->asked.dead_count, sizeof *t->asked.dead, telling_compare_names);
    return 0;
}

static bool is_full(const struct telling *t)
{
    return t->made.piece.len >= t->made.most;
}

/* The rows before that of `index`, which the store has nothing more for. 1: the piece is full. */
static int advance_to(struct telling *t, size_t index)
{
    while (t->walk.member_at < index) {
        int error = t->row.begun ? 0 : telling_begin_row(t, &t->members[t->walk.member_at]);

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
        result = telling_begin_row(t, &t->members[t->walk.member_at]);
    if (result)
        return result;
    telling_write_stored(t, p);
    return 0;
}

/* Whether what is stored matters. */
static bool wants_stored(const struct telling *t)
{
    const struct dav_share *share = t->a->share;

    return (t->asked.all_dead || t->asked.dead_count || (t->asked.live & live_storable)) &&
           share->journal.store &&
           store_tree_has_properties(share->journal.store, share->journal.tree);
}

/* Whether what is stored for a path may be told. -EAGAIN: in a while; or the store fails. */
static int may_tell(struct dav_share *share, struct span path)
{
    int error = rows_are_moving(share->rows, path) ? settle_path(share, path) : 0;

    return error == 0 && rows_are_moving(share->rows, path) ? -EAGAIN : error;
}

/* The paths of the batch's rest, and of which what is stored is just moving. */
static int prepare_stored(struct telling *t, struct span *paths, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = t->walk.member_at + i;
        struct tree_names names;
        int error = telling_names_of(t, &t->members[at], &names);

        if (error)
            return error;
        paths[i] = names.thing;
        error = may_tell(t->a->share, names.thing);
        if (error && (t->walk.is_root || (error == -EAGAIN && t->may_pause)))
            return error;
        t->unsure[at] = error != 0;
    }
    return 0;
}

/* As many rows of the batch as the piece takes. */
static int tell_batch(struct telling *t)
{
    const struct dav_share *share = t->a->share;
    struct visit v = {.t = t, .first = t->walk.member_at};
    size_t n = t->walk.member_count - t->walk.member_at;
    int result = 0;

    arena_reset(&t->scratch);
    memset(t->unsure, 0, sizeof t->unsure);
    tree_lock(share->tree);
    t->has_locks = lock_table_count(share->locks, lock_now()) > 0;
    tree_unlock(share->tree);
    if (wants_stored(t)) {
        struct span *paths = arena_alloc(&t->scratch, n * sizeof *paths);

        if (!paths)
            return -ENOMEM;
        result = prepare_stored(t, paths, n);
        if (result)
            return result;
        result = store_properties_visit(share->journal.store, share->journal.tree, paths, n,
                                        !t->asked.names_only, visit_stored, &v);
        if (result < 0)
            return -EIO;
    }
    if (result == 0)
        result = advance_to(t, t->walk.member_count);
    return result < 0 ? result : 0;
}

/* RFC 4918 §9.1: all that is below a folder, with Depth: infinity. */
static int next_folder(struct telling *t)
{
    struct descent *d = &t->walk.folders;
    enum descent_event event;

    while ((event = descent_next(d)) != DESCENT_END) {
        int error = -ENOENT;

        t->walk.folder_path = span_from_str(d->path);
        if (event == DESCENT_READ)
            error = tree_list_open(t->a->share->tree, t->walk.folder_path, &t->walk.folder);
        if (error == 0)
            error = tree_list_go_on(t->walk.folder, d->at);
        if (error == 0)
            return telling_set_opening(t, t->walk.folder_path, true);
        // Gone meanwhile, or not readable: it was told itself, its members are not.
        if (!fs_error_is_absence(-error) && error != -EACCES && error != -EPERM)
            return error;
    }
    return 0;
}

/*
 * Folders below are entered, but not links to folders: those could lead in circles. Where too many
 * wait, what follows in the batch is read again after them.
 */
static int note_folders(struct telling *t)
{
    struct descent *d = &t->walk.folders;

    for (size_t i = 0; i < t->walk.member_count; i++) {
        const struct tree_member *m = &t->members[i];
        int error = 0;

        if (m->seen.kind == TREE_COLLECTION && !m->is_link && !m->error)
            error = descent_add(d, m->name.ptr);
        if (error && error != -ENAMETOOLONG)
            return error;
        if (descent_is_full(d)) {
            descent_pause(d, m->next);
            t->walk.member_count = i + 1;
        }
    }
    return 0;
}

static void close_folder(struct telling *t)
{
    tree_list_close(t->walk.folder);
    t->walk.folder = NULL;
}

static int next_batch(struct telling *t)
{
    uint64_t room = t->a->share->options->infinite_depth - t->walk.told;
    bool is_deep = t->asked.depth == DEPTH_INFINITY, too_many;
    int error;

    t->walk.is_root = false;
    t->walk.member_at = t->walk.member_count = 0;
    if (t->walk.folders.is_paused) {
        close_folder(t);
        return 0;
    }
    error = tree_list_read(t->walk.folder, t->members, TELLING_BATCH, &t->walk.member_count);
    if (error) {
        t->walk.member_count = 0;
        return error;
    }
    if (t->walk.member_count == 0) {
        close_folder(t);
        return 0;
    }
    if (!is_deep)
        return 0;
    too_many = t->walk.member_count > room;
    if (too_many)
        t->walk.member_count = (size_t)room;
    error = note_folders(t);
    t->walk.cut = too_many && t->walk.member_count == room;
    t->walk.told += t->walk.member_count;
    return error;
}

/* What has changed, as it is now: not older than what the token says. */
static void next_changes(struct telling *t)
{
    const struct sync_changes *c = &t->sync.changes;
    size_t n = 0;

    arena_reset(&t->scratch);
    t->walk.member_at = 0;
    while (n < TELLING_BATCH && t->sync.at < c->count) {
        const struct sync_member *changed = c->members[t->sync.at++];
        struct tree_member *m = &t->members[n++];
        struct span path = telling_join(t, t->walk.folder_path, changed->path);
        int error = path.ptr ? tree_look_closely(t->a->share->tree, path, m) : -ENOMEM;

        if (error == 0 && m->seen.kind == TREE_OTHER)
            error = -ENOENT;
        if (error)
            *m = (struct tree_member){.seen.kind = changed->flags & SYNC_FOLDER ? TREE_COLLECTION
                                                                                : TREE_FILE,
                                      .error = error};
        m->name = changed->path;
        m->is_link = changed->flags & SYNC_IS_LINK;
    }
    t->walk.member_count = n;
}

/* RFC 6578 §3.6: the folder's own row says that there is more. */
static void tell_sync_end(struct telling *t)
{
    struct buf *b = &t->made.piece;

    if (t->sync.changes.cut) {
        buf_add(b, buf_span(&t->made.opening));
        buf_add(b, SPAN("</D:href>"));
        multistatus_status(b, verdict_status(VERDICT_left_out));
        multistatus_error(b, DAV_CONDITION_NUMBER_OF_MATCHES_WITHIN_LIMITS, NULL, 0);
        multistatus_response_end(b);
    }
    multistatus_sync_token(b, t->sync.token);
}

static void tell_end(struct telling *t)
{
    struct buf *b = &t->made.piece;

    // More has come since it was counted. The first member that is left out has a row, as no other
    // one is to be told twice; with a propstat, as clients look for one in each row.
    if (t->walk.cut) {
        const struct tree_member *m = &t->members[t->walk.member_count];
        bool is_folder = m->seen.kind == TREE_COLLECTION;

        buf_add(b, buf_span(&t->made.opening));
        multistatus_path(b, m->name);
        buf_add(b, is_folder ? SPAN("/</D:href>") : SPAN("</D:href>"));
        multistatus_propstat_begin(b);
        multistatus_resourcetype(b, is_folder);
        multistatus_propstat_end(b, verdict_status(VERDICT_left_out),
                                 DAV_CONDITION_NUMBER_OF_MATCHES_WITHIN_LIMITS,
                                 SPAN("This member and maybe others are left out: there are more "
                                      "than this server tells at once. Ask with Depth: 1, folder "
                                      "by folder."));
        multistatus_response_end(b);
    }
    if (t->sync.token.ptr)
        tell_sync_end(t);
    multistatus_end(b);
    t->walk.ended = true;
}

void telling_make_piece(struct telling *t)
{
    buf_clear(&t->made.piece);
    if (!t->walk.begun)
        multistatus_begin(&t->made.piece);
    t->walk.begun = true;
    while (t->error == 0 && !t->walk.ended && !is_full(t)) {
        if (hurry_is_on(&t->a->x->urgency.hurry))
            t->error = -EINTR;
        else if (t->walk.member_at < t->walk.member_count)
            t->error = tell_batch(t);
        else if (t->walk.cut)
            tell_end(t);
        else if (t->sync.at < t->sync.changes.count)
            next_changes(t);
        else if (t->walk.folder)
            t->error = next_batch(t);
        else if (t->walk.folders.count)
            t->error = next_folder(t);
        else
            tell_end(t);
    }
    if (t->made.piece.failed)
        t->error = -ENOMEM;
    arena_reset(&t->scratch);
    arena_reset(&t->locks);
}

size_t telling_memory(const struct telling *t)
{
    return sizeof *t + t->made.piece.cap + t->walk.folders.memory +
           (t->sync.arena.chunks ? arena_extra(&t->sync.arena) : 0);
}

static int begin_walk(struct telling *t)
{
    char *path = span_to_str(t->a->target.path);
    int error = path ? descent_begin_at(&t->walk.folders, path) : -ENOMEM;

    free(path);
    if (error == 0) {
        (void)descent_next(&t->walk.folders);
        error = tree_list_open(t->a->share->tree, t->walk.folder_path, &t->walk.folder);
    }
    return error;
}

int telling_begin(struct telling *t)
{
    struct authoring *a = t->a;
    struct tree *tree = a->share->tree;
    struct preferences prefer = prefer_parse(exchange_field(a->x, FIELD_prefer));
    bool reports = author_of(a->x)->also & AUTHOR_REPORTS, is_folder;
    int error = take_question(t);

    if (error == 0)
        error = tree_look_closely(tree, a->target.path, &t->members[0]);
    if (error)
        return error;
    is_folder = t->members[0].seen.kind == TREE_COLLECTION;
    t->walk.is_root = !reports;
    t->asked.depth = reports ? DEPTH_0 : depth_of(a->x);
    if (t->asked.depth == DEPTH_ABSENT)
        t->asked.depth = DEPTH_INFINITY;
    t->asked.minimal = prefer.returning == PREFER_RETURN_MINIMAL;
    t->asked.noroot = prefer.depth_noroot && is_folder && t->asked.depth != DEPTH_0;
    t->walk.member_count = t->asked.noroot || reports ? 0 : 1;
    t->walk.folder_path = a->target.path;
    error = telling_set_opening(t, a->target.path, is_folder);
    if (error == 0 && reports)
        error = sync_begin(t);
    if (error == 0 && is_folder && t->asked.depth != DEPTH_0)
        error = begin_walk(t);
    if (error == 0 && (t->asked.live &
                       (LIVE_BIT(LIVE_QUOTA_AVAILABLE_BYTES) | LIVE_BIT(LIVE_QUOTA_USED_BYTES)))) {
        error = tree_usage(tree, &t->usage);
        t->has_usage = error == 0;
        if (error == -EACCES || error == -EPERM) // nobody may know
            error = 0;
    }
    return error;
}

void telling_free(struct telling *t)
{
    tree_list_close(t->walk.folder);
    descent_done(&t->walk.folders);
    if (t->sync.arena.chunks)
        arena_done(&t->sync.arena);
    buf_done(&t->made.opening);
    buf_done(&t->made.piece);
    arena_done(&t->scratch);
    arena_done(&t->locks);
    free(t);
}
