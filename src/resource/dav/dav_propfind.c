// SPDX-License-Identifier: MIT
/*
 * PROPFIND: RFC 4918 §9.1. The answer is made piece by piece in the pool, row by row, and sent as
 * it grows; what it takes of memory does not depend on how many rows there are. No file is opened.
 */
#include "http/dav_fields.h"
#include "http/prefer.h"
#include "resource/dav/dav_parts.h"
#include "resource/dav/live.h"
#include "resource/dav/tree_parts.h"
#include "resource/files/snapshot.h"

#include <errno.h>
#include <stdlib.h>

enum {
    PIECE = 60 * 1024, // bytes after which no further row is begun
    BATCH = 128,       // members that are looked at together
    SCRATCH = 4096,
};

/* The row that is being written. */
struct row {
    bool begun;
    size_t propstat;  // where its first one begins in the piece
    bool any;         // a property is in it
    uint32_t put_off; // live properties that something may be stored in the place of
    struct live_subject of;
};

struct telling {
    struct authoring *a;
    /* What is asked. */
    uint32_t live; // of those that a resource has
    bool names_only, all_dead, minimal, noroot;
    enum depth depth;
    struct xml_name *dead; // asked by name, sorted
    bool *dead_found;      // in the row at hand
    size_t dead_count;
    struct tree_usage usage;
    bool has_usage, has_locks;
    /* Where it is. */
    struct tree_list *folder;
    char *folder_owned;       // its path, relative to the root
    struct span folder_path;  // the same
    struct path_list pending; // folders whose members are still to be told
    size_t member_at, member_count;
    uint64_t told; // members
    bool is_root;  // the batch is the request's own resource
    bool cut, ended;
    int error;
    /* What is made. */
    struct buf opening; // of a row, up to the member's name
    struct buf piece;
    bool piece_ready;
    struct row row;
    struct arena scratch; // for one batch
    struct tree_member members[BATCH];
};

/* ---- What is asked */

static int compare_spans(struct span a, struct span b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.ptr, b.ptr, n) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_names(const void *a, const void *b)
{
    const struct xml_name *x = a, *y = b;
    int order = compare_spans(x->space, y->space);

    return order ? order : compare_spans(x->local, y->local);
}

static int take_question(struct telling *t)
{
    const struct dav_propfind *asked = &t->a->propfind;
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
    qsort(t->dead, t->dead_count, sizeof *t->dead, compare_names);
    return 0;
}

static bool is_dead_asked(struct telling *t, struct xml_name name)
{
    const struct xml_name *found =
        t->dead_count ? bsearch(&name, t->dead, t->dead_count, sizeof *t->dead, compare_names)
                      : NULL;

    if (found)
        t->dead_found[found - t->dead] = true;
    return found || t->all_dead;
}

/* ---- Rows */

/* What stands before the names of a folder's members, or all of the href of a file. */
static void set_opening(struct telling *t, struct span path, bool is_folder)
{
    const struct exchange *x = t->a->x;

    buf_clear(&t->opening);
    buf_add(&t->opening, SPAN("<D:response><D:href>"));
    multistatus_path(&t->opening, span_first(x->path.text, x->resource->mount_length - 1));
    buf_add_char(&t->opening, '/');
    multistatus_path(&t->opening, path);
    if (is_folder && path.len)
        buf_add_char(&t->opening, '/');
}

static struct span path_of_member(struct telling *t, const struct tree_member *m)
{
    struct span folder = t->folder_path;
    char *path;

    if (t->is_root)
        return t->a->path;
    if (!folder.len)
        return m->name;
    path = arena_alloc(&t->scratch, folder.len + 1 + m->name.len);
    if (!path)
        return (struct span){NULL, 0};
    memcpy(path, folder.ptr, folder.len);
    path[folder.len] = '/';
    memcpy(path + folder.len + 1, m->name.ptr, m->name.len);
    return span_of(path, folder.len + 1 + m->name.len);
}

/* The last segment of the path that the client knows. */
static struct span display_name(const struct telling *t, const struct tree_member *m)
{
    const struct exchange *x = t->a->x;
    struct span path = t->a->path;

    if (!t->is_root)
        return m->name;
    if (!path.len)
        path = span_first(x->path.text, x->resource->mount_length - 1);
    while (span_find(path, '/') < path.len)
        span_take_until(&path, '/');
    return path.len ? path : SPAN("/");
}

static int status_of_error(int error)
{
    return error == -EACCES || error == -EPERM ? 403 : 500;
}

static void write_live(struct telling *t, enum live live)
{
    if (t->names_only)
        multistatus_property_name(&t->piece, (struct xml_name){XML_SPACE_DAV, live_name(live)});
    else
        live_write(&t->piece, live, &t->row.of);
    t->row.any = true;
}

/* A lock's root as clients see it; ptr NULL: no memory. */
static struct span outside(struct telling *t, struct span path)
{
    const struct exchange *x = t->a->x;
    size_t mount = x->resource->mount_length;
    char *text = arena_alloc(&t->scratch, mount + path.len);

    if (!text)
        return (struct span){NULL, 0};
    memcpy(text, x->path.text.ptr, mount - 1); // the last one is a slash, which may lack there
    text[mount - 1] = '/';
    if (path.len)
        memcpy(text + mount, path.ptr, path.len);
    return span_of(text, mount + path.len);
}

/* The locks that apply to the row's resource, on the scratch arena. */
static int find_locks(struct telling *t, struct live_subject *s)
{
    const struct exchange *x = t->a->x;
    struct dav_share *share = t->a->dav->share;
    struct span path = path_of_member(t, s->member);
    struct dav_active_lock *told;
    struct lock *locks;
    int error;

    tree_lock(share->tree);
    error = lock_table_discover(share->locks, path, x->time, &t->scratch, &locks, &s->lock_count);
    tree_unlock(share->tree);
    if (error || !s->lock_count)
        return error ? -ENOMEM : 0;
    told = arena_alloc(&t->scratch, s->lock_count * sizeof *told);
    if (!told)
        return -ENOMEM;
    for (size_t i = 0; i < s->lock_count; i++) {
        const struct lock *lock = &locks[i];

        told[i] = (struct dav_active_lock){
            .exclusive = !lock->shared,
            .infinite = lock->infinite,
            .owner = lock->owner,
            .token = lock->token,
            .root = outside(t, lock->path),
            .timeout = lock->expires > x->time ? lock->expires - x->time : 0,
        };
        if (!told[i].root.ptr)
            return -ENOMEM;
    }
    s->locks = told;
    return 0;
}

static int begin_row(struct telling *t, const struct tree_member *m)
{
    const struct dav_share *share = t->a->dav->share;
    struct row *r = &t->row;
    struct buf *b = &t->piece;

    buf_add(b, buf_span(&t->opening));
    if (!t->is_root)
        multistatus_path(b, m->name);
    if (!t->is_root && m->seen.kind == TREE_COLLECTION)
        buf_add_char(b, '/');
    buf_add(b, SPAN("</D:href>"));
    *r = (struct row){
        .begun = true,
        .propstat = b->len,
        .of = {.member = m,
               .display_name = display_name(t, m),
               .types = share->types,
               .usage = t->has_usage ? &t->usage : NULL,
               .knows_used = share->options->quota != 0,
               .can_lock = t->a->dav->resource.methods & METHOD_BIT(METHOD_LOCK),
               .now = t->a->x->time},
    };
    if (t->has_locks && t->live & LIVE_BIT(LIVE_LOCKDISCOVERY) && find_locks(t, &r->of) < 0)
        return -ENOMEM;
    if (m->error) {
        multistatus_status(b, status_of_error(m->error));
        return 0;
    }
    if (t->dead_count)
        memset(t->dead_found, 0, t->dead_count);
    multistatus_propstat_begin(b);
    for (unsigned live = 0; live < LIVE_COUNT; live++) {
        if (!(t->live & LIVE_BIT(live)) || !live_applies((enum live)live, &r->of))
            continue;
        if (live_storable & LIVE_BIT(live))
            r->put_off |= LIVE_BIT(live);
        else
            write_live(t, (enum live)live);
    }
    return 0;
}

static void write_stored(struct telling *t, const struct store_property *p)
{
    struct xml_name name = {p->namespace, p->name};
    enum live live = live_find(name);

    if (t->row.of.member->error)
        return;
    if (live != LIVE_NONE) {
        if (t->names_only || !(t->row.put_off & LIVE_BIT(live)))
            return;
        t->row.put_off &= ~LIVE_BIT(live);
    } else if (!is_dead_asked(t, name)) {
        return;
    }
    if (t->names_only)
        multistatus_property_name(&t->piece, name);
    else
        multistatus_property_stored(&t->piece, p->value);
    t->row.any = true;
}

/* What was asked for by name and is not there: RFC 4918 §9.1. */
static void write_missing(struct telling *t)
{
    struct row *r = &t->row;
    struct buf *b = &t->piece;
    uint32_t asked = t->a->propfind.kind == DAV_PROPFIND_PROP ? t->live : 0;
    bool any = false;

    for (unsigned i = 0; i < LIVE_COUNT + t->dead_count; i++) {
        struct xml_name name;

        if (i < LIVE_COUNT) {
            if (!(asked & LIVE_BIT(i)) || live_applies((enum live)i, &r->of))
                continue;
            name = (struct xml_name){XML_SPACE_DAV, live_name((enum live)i)};
        } else {
            if (t->dead_found[i - LIVE_COUNT])
                continue;
            name = t->dead[i - LIVE_COUNT];
        }
        if (!any)
            multistatus_propstat_begin(b);
        any = true;
        multistatus_property_name(b, name);
    }
    if (any)
        multistatus_propstat_end(b, 404, DAV_CONDITION_NONE, SPAN(""));
}

static void end_row(struct telling *t)
{
    struct row *r = &t->row;
    struct buf *b = &t->piece;
    size_t begin;

    r->begun = false;
    if (!r->of.member->error) {
        for (unsigned live = 0; r->put_off && live < LIVE_COUNT; live++)
            if (r->put_off & LIVE_BIT(live))
                write_live(t, (enum live)live);
        multistatus_propstat_end(b, 200, DAV_CONDITION_NONE, SPAN(""));
        begin = b->len;
        if (!t->minimal)
            write_missing(t);
        if (!r->any && b->len > begin && !b->failed) {
            // Nothing but what is missing: the empty group in front of it says nothing.
            memmove(b->ptr + r->propstat, b->ptr + begin, b->len - begin);
            b->len -= begin - r->propstat;
        }
    }
    multistatus_response_end(b);
    t->member_at++;
}

/* ---- Batches */

static bool is_full(const struct telling *t)
{
    return t->piece.len >= PIECE;
}

/* The rows before that of `index`, which the store has nothing more for. 1: the piece is full. */
static int advance_to(struct telling *t, size_t index)
{
    while (t->member_at < index) {
        int error = t->row.begun ? 0 : begin_row(t, &t->members[t->member_at]);

        if (error)
            return error;
        end_row(t);
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
        result = begin_row(t, &t->members[t->member_at]);
    if (result)
        return result;
    write_stored(t, p);
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
        for (size_t i = 0; i < n; i++)
            paths[i] = path_of_member(t, &t->members[t->member_at + i]);
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
            set_opening(t, t->folder_path, true);
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
        if (error == -EMLINK)
            t->cut = true;
        else if (error && error != -ENAMETOOLONG)
            return error;
    }
    return 0;
}

static int next_batch(struct telling *t)
{
    uint64_t limit = t->a->dav->share->options->infinite_depth;
    int error = tree_list_read(t->folder, t->members, BATCH, &t->member_count);

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
    if (t->member_count == 0) {
        tree_list_close(t->folder);
        t->folder = NULL;
    }
    return error;
}

static void tell_end(struct telling *t)
{
    struct buf *b = &t->piece;

    if (t->cut) {
        set_opening(t, t->a->path, true);
        buf_add(b, buf_span(&t->opening));
        buf_add(b, SPAN("</D:href>"));
        multistatus_status(b, 507);
        multistatus_error(b, DAV_CONDITION_NUMBER_OF_MATCHES_WITHIN_LIMITS, NULL, 0);
        multistatus_description(b, SPAN("There are more members than this server tells at once; "
                                        "ask with Depth: 1, folder by folder."));
        multistatus_response_end(b);
    }
    multistatus_end(b);
    t->ended = true;
}

/* Fills the piece. For the pool. */
static void make_piece(struct telling *t)
{
    buf_clear(&t->piece);
    if (t->told == 0 && t->is_root)
        multistatus_begin(&t->piece);
    while (t->error == 0 && !t->ended && !is_full(t)) {
        if (t->member_at < t->member_count)
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

static void telling_free(struct telling *t)
{
    tree_list_close(t->folder);
    path_list_done(&t->pending);
    free(t->folder_owned);
    buf_done(&t->opening);
    buf_done(&t->piece);
    arena_done(&t->scratch);
    free(t);
}

void propfind_discard(struct authoring *a)
{
    if (a->telling)
        telling_free(a->telling);
    a->telling = NULL;
}

static int open_first(struct telling *t)
{
    struct authoring *a = t->a;
    struct tree *tree = a->dav->share->tree;
    struct preferences prefer = prefer_parse(exchange_field(a->x, FIELD_prefer));
    int error = tree_look_closely(tree, a->path, &t->members[0]);
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
    t->folder_owned = span_to_str(a->path);
    if (!t->folder_owned)
        return -ENOMEM;
    t->folder_path = span_from_str(t->folder_owned);
    set_opening(t, a->path, is_folder);
    if (is_folder && t->depth != DEPTH_0)
        error = tree_list_open(tree, a->path, &t->folder);
    if (error == 0 &&
        (t->live & (LIVE_BIT(LIVE_QUOTA_AVAILABLE_BYTES) | LIVE_BIT(LIVE_QUOTA_USED_BYTES))))
        t->has_usage = tree_usage(tree, &t->usage) == 0;
    return error;
}

void propfind_begin(struct authoring *a)
{
    struct telling *t = calloc(1, sizeof *t);

    propfind_discard(a);
    if (!t || arena_init(&t->scratch, SCRATCH) < 0) {
        free(t);
        a->error = -ENOMEM;
        return;
    }
    t->a = a;
    a->telling = t;
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
    else if (a->error && !snapshot_error_is_absence(-a->error))
        a->cause = OUTCOME_read_failed;
    t->piece_ready = true;
}

/* ---- Response */

static void more_run(struct work *w)
{
    make_piece(container_of(w, struct authoring, work)->telling);
}

static void more_done(struct work *w)
{
    struct authoring *a = container_of(w, struct authoring, work);

    a->telling->piece_ready = true;
    a->x->host->resume_body(a->x);
}

static void next_piece(struct exchange *x, struct piece *ret_piece)
{
    struct authoring *a = x->held;
    struct telling *t = a->telling;

    if (t->error) {
        ret_piece->kind = PIECE_FAILED;
    } else if (t->piece_ready) {
        t->piece_ready = false;
        ret_piece->kind = PIECE_BYTES;
        ret_piece->bytes = buf_span(&t->piece);
    } else if (t->ended) {
        ret_piece->kind = PIECE_END;
    } else {
        a->work.run = more_run;
        a->work.done = more_done;
        offload_submit(a->dav->pool, a->dav->loop, &a->work);
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
    struct telling *t = a->telling;
    struct response *r = &x->response;

    exchange_add_field(x, SPAN("Content-Type"), MULTISTATUS_MEDIA_TYPE);
    add_content_location(x);
    if (t->minimal || t->noroot)
        exchange_add_field(x, SPAN("Preference-Applied"),
                           t->minimal && t->noroot ? SPAN("return=minimal, depth-noroot")
                           : t->minimal            ? SPAN("return=minimal")
                                                   : SPAN("depth-noroot"));
    if (t->ended) {
        r->body = buf_span(&t->piece);
        r->length = r->body.len;
        r->has_length = true;
    } else {
        r->next = next_piece;
    }
}
