// SPDX-License-Identifier: MIT
/*
 * The rows of a PROPFIND's answer: RFC 4918 §9.1, §14.24.
 */
#include "resource/dav/telling.h"
#include "base/path.h"
#include "fs/open.h"
#include "registry/verdict.h"
#include "resource/dav/sync.h"

#include <errno.h>
#include <stdlib.h>

int telling_compare_names(const void *a, const void *b)
{
    const struct xml_name *x = a, *y = b;
    int order = span_compare(x->space, y->space);

    return order ? order : span_compare(x->local, y->local);
}

static bool is_dead_asked(struct telling *t, struct xml_name name)
{
    const struct xml_name *found = t->asked.dead_count
                                       ? bsearch(&name, t->asked.dead, t->asked.dead_count,
                                                 sizeof *t->asked.dead, telling_compare_names)
                                       : NULL;

    if (found)
        t->asked.dead_found[found - t->asked.dead] = true;
    return found || t->asked.all_dead;
}

/* What a path without links has below that of the request's resource. */
static struct span below(const struct telling *t, struct span path)
{
    struct span rest = span_from(path, t->a->target.path.len);

    return span_starts(rest, SPAN("/")) ? span_from(rest, 1) : rest;
}

int telling_set_opening(struct telling *t, struct span path, bool is_folder)
{
    struct span asked = t->a->target.names.asked, rest = below(t, path);

    buf_clear(&t->made.opening);
    buf_add(&t->made.opening, SPAN("<D:response><D:href>"));
    multistatus_path(&t->made.opening, t->a->mount);
    multistatus_path(&t->made.opening, asked);
    if (asked.len && rest.len)
        buf_add_char(&t->made.opening, '/');
    multistatus_path(&t->made.opening, rest);
    if (is_folder && (asked.len || rest.len))
        buf_add_char(&t->made.opening, '/');
    return t->made.opening.failed ? -ENOMEM : 0;
}

struct span telling_join(struct telling *t, struct span folder, struct span name)
{
    char *path;

    if (!folder.len || !name.len)
        return folder.len ? folder : name;
    path = arena_alloc(&t->scratch, folder.len + 1 + name.len);
    if (!path)
        return (struct span){NULL, 0};
    memcpy(path, folder.ptr, folder.len);
    path[folder.len] = '/';
    memcpy(path + folder.len + 1, name.ptr, name.len);
    return span_of(path, folder.len + 1 + name.len);
}

int telling_names_of(struct telling *t, const struct tree_member *m, struct tree_names *ret_names)
{
    const struct authoring *a = t->a;
    struct tree_names names;

    if (t->walk.is_root) {
        *ret_names = a->target.names;
        return 0;
    }
    names.name = names.thing = names.asked = telling_join(t, t->walk.folder_path, m->name);
    // A link that leads on no more is told by its own path, as a member that is gone would be.
    if (m->is_link && !m->error && names.name.ptr) {
        int error = tree_locate_member(a->share->tree, names.name, &t->scratch, &names);

        if (error && error != -EACCES && error != -EPERM && error != -EAGAIN)
            return error;
    }
    if (!span_eq(a->target.names.asked, a->target.path))
        names.asked = telling_join(
            t, telling_join(t, a->target.names.asked, below(t, t->walk.folder_path)), m->name);
    if (!names.name.ptr || !names.asked.ptr)
        return -ENOMEM;
    *ret_names = names;
    return 0;
}

/* The last segment of the path that the client knows. */
static struct span display_name(const struct telling *t, const struct tree_member *m)
{
    struct span path = t->a->target.names.asked;

    if (!t->walk.is_root)
        return path_leaf(m->name); // of a report it may be a path
    if (!path.len)
        path = span_first(t->a->mount, t->a->mount.len - 1);
    path = path_leaf(path);
    return path.len ? path : SPAN("/");
}

static int status_of_error(int error)
{
    if (fs_error_is_absence(-error))
        return verdict_status(VERDICT_absent);
    return verdict_status(error == -EACCES || error == -EPERM ? VERDICT_unreadable
                                                              : VERDICT_read_failed);
}

static void write_live(struct telling *t, enum live live)
{
    if (t->asked.names_only)
        multistatus_property_name(&t->made.piece,
                                  (struct xml_name){XML_SPACE_DAV, live_name(live)});
    else
        live_write(&t->made.piece, live, &t->row.of);
    t->row.any = true;
}

/* Adds the locks that apply by that path, and are not among the others yet. */
static int add_locks(struct telling *t, struct span path, struct lock **locks, size_t *count)
{
    struct dav_share *share = t->a->share;
    struct lock *more, *all;
    size_t n, known = *count;
    int error;

    tree_lock(share->tree);
    error = lock_table_discover(share->locks, path, lock_now(), &t->locks, &more, &n);
    tree_unlock(share->tree);
    if (error || n == 0)
        return error ? -ENOMEM : 0;
    all = arena_alloc(&t->locks, (known + n) * sizeof *all);
    if (!all)
        return -ENOMEM;
    for (size_t i = 0; i < known; i++)
        all[i] = (*locks)[i];
    for (size_t i = 0; i < n; i++) {
        size_t j = 0;

        while (j < known && !span_eq(all[j].token, more[i].token))
            j++;
        if (j == known)
            all[(*count)++] = more[i];
    }
    *locks = all;
    return 0;
}

/* The locks that apply to the row's resource, on an arena of their own. */
static int find_locks(struct telling *t, struct live_subject *s)
{
    struct span paths[TREE_NAMES];
    struct dav_active_lock *told;
    struct tree_names names;
    struct lock *locks = NULL;
    int error;
    size_t n;

    arena_reset(&t->locks);
    error = telling_names_of(t, s->member, &names);
    if (error)
        return error;
    n = tree_names_list(&names, paths);
    for (size_t i = 0; i < n; i++)
        if (add_locks(t, paths[i], &locks, &s->lock_count) < 0)
            return -ENOMEM;
    if (!s->lock_count)
        return 0;
    told = arena_alloc(&t->locks, s->lock_count * sizeof *told);
    if (!told)
        return -ENOMEM;
    for (size_t i = 0; i < s->lock_count; i++) {
        const struct lock *lock = &locks[i];
        int64_t now = lock_now();
        bool own = false; // else it is a lock of a folder above

        for (size_t j = 0; j < n; j++)
            own |= span_eq(lock->path, paths[j]);

        told[i] = (struct dav_active_lock){
            .exclusive = !lock->shared,
            .infinite = lock->infinite,
            .owner = lock->owner,
            .token = lock->token,
            .root = authoring_outside(t->a, &t->locks, lock->path,
                                      !own || s->member->seen.kind == TREE_COLLECTION),
            .timeout = lock->expires > now ? lock->expires - now : 0,
        };
        if (!told[i].root.ptr)
            return -ENOMEM;
    }
    s->locks = told;
    return 0;
}

/* Each costs a look at a folder's members: of everything below a folder it is not told. */
static int find_sync_token(struct telling *t, struct live_subject *s)
{
    struct tree_names names;
    int error;

    if (t->asked.names_only)
        s->sync_token = SPAN("");
    if (t->asked.names_only || s->member->error ||
        (t->asked.depth == DEPTH_INFINITY && !t->walk.is_root) || t->sync.told == LIMIT_SYNC_TOLD)
        return 0;
    t->sync.told++;
    error = telling_names_of(t, s->member, &names);
    return error ? error : sync_current(t->a, names.thing, &t->scratch, &s->sync_token);
}

int telling_begin_row(struct telling *t, const struct tree_member *m)
{
    const struct dav_share *share = t->a->share;
    struct row *r = &t->row;
    struct buf *b = &t->made.piece;
    int error = 0;

    buf_add(b, buf_span(&t->made.opening));
    if (!t->walk.is_root)
        multistatus_path(b, m->name);
    if (!t->walk.is_root && m->seen.kind == TREE_COLLECTION)
        buf_add_char(b, '/');
    buf_add(b, SPAN("</D:href>"));
    *r = (struct row){
        .begun = true,
        .propstat = b->len,
        .is_unsure = t->unsure[t->walk.member_at],
        .of = {.member = m,
               .display_name = display_name(t, m),
               .types = share->types,
               .usage = t->has_usage ? &t->usage : NULL,
               .knows_used = share->options->quota != 0,
               .can_lock = true,
               .can_report = share->journal.store && m->seen.kind == TREE_COLLECTION,
               .now = t->a->x->arrival.time},
    };
    if (t->asked.live & LIVE_BIT(LIVE_SYNC_TOKEN) && r->of.can_report)
        error = find_sync_token(t, &r->of);
    if (error == 0 && t->has_locks && t->asked.live & LIVE_BIT(LIVE_LOCKDISCOVERY))
        error = find_locks(t, &r->of);
    if (error)
        return error;
    if (m->error) {
        multistatus_status(b, status_of_error(m->error));
        return 0;
    }
    if (t->asked.dead_count)
        memset(t->asked.dead_found, 0, t->asked.dead_count);
    multistatus_propstat_begin(b);
    for (unsigned live = 0; live < LIVE_COUNT; live++) {
        if (!(t->asked.live & LIVE_BIT(live)) || !live_applies((enum live)live, &r->of))
            continue;
        if (live_storable & LIVE_BIT(live))
            r->put_off |= LIVE_BIT(live);
        else
            write_live(t, (enum live)live);
    }
    return 0;
}

void telling_write_stored(struct telling *t, const struct store_property *p)
{
    struct xml_name name = {p->namespace, p->name};
    enum live live = live_find(name);

    if (t->row.of.member->error || t->row.is_unsure)
        return;
    if (live != LIVE_NONE) {
        if (t->asked.names_only || !(t->row.put_off & LIVE_BIT(live)))
            return;
        t->row.put_off &= ~LIVE_BIT(live);
    } else if (!is_dead_asked(t, name)) {
        return;
    }
    if (t->asked.names_only)
        multistatus_property_name(&t->made.piece, name);
    else
        multistatus_property_stored(&t->made.piece, p->value);
    t->row.any = true;
}

#define UNSURE                                                                                     \
    SPAN("What clients have set is left out: an earlier change of this name is not finished yet. " \
         "Ask "                                                                                    \
         "again in a moment.")

/* A property that was asked for by name, and is in no group yet: dead ones behind the live ones.
 * False: it is told already. */
static bool is_left(const struct telling *t, unsigned i, bool *ret_is_unsure)
{
    const struct row *r = &t->row;
    uint32_t asked = t->a->xml->propfind.kind == DAV_PROPFIND_PROP ? t->asked.live : 0;

    *ret_is_unsure = r->is_unsure && (i >= LIVE_COUNT || r->put_off & LIVE_BIT(i));
    if (i >= LIVE_COUNT)
        return !t->asked.dead_found[i - LIVE_COUNT];
    return asked & LIVE_BIT(i) && (*ret_is_unsure || !live_applies((enum live)i, &r->of));
}

/* What was asked for by name and is not there, RFC 4918 §9.1; or of which that is not known. */
static void write_left(struct telling *t, bool unsure)
{
    struct buf *b = &t->made.piece;
    bool any = false, is_unsure;

    for (unsigned i = 0; i < LIVE_COUNT + t->asked.dead_count; i++) {
        struct xml_name name;

        if (!is_left(t, i, &is_unsure) || is_unsure != unsure)
            continue;
        name = i < LIVE_COUNT ? (struct xml_name){XML_SPACE_DAV, live_name((enum live)i)}
                              : t->asked.dead[i - LIVE_COUNT];
        if (!any)
            multistatus_propstat_begin(b);
        any = true;
        multistatus_property_name(b, name);
    }
    if (any)
        multistatus_propstat_end(b, verdict_status(unsure ? VERDICT_unfinished : VERDICT_absent),
                                 DAV_CONDITION_NONE, unsure ? UNSURE : SPAN(""));
}

void telling_end_row(struct telling *t)
{
    struct row *r = &t->row;
    struct buf *b = &t->made.piece;
    size_t begin;

    r->begun = false;
    if (!r->of.member->error) {
        for (unsigned live = 0; r->put_off && !r->is_unsure && live < LIVE_COUNT; live++)
            if (r->put_off & LIVE_BIT(live))
                write_live(t, (enum live)live);
        multistatus_propstat_end(b, verdict_status(VERDICT_told), DAV_CONDITION_NONE, SPAN(""));
        begin = b->len;
        if (!t->asked.minimal)
            write_left(t, false);
        if (r->is_unsure)
            write_left(t, true);
        if (!r->any && b->len > begin && !b->failed) {
            // Nothing but what is missing: the empty group in front of it says nothing.
            memmove(b->ptr + r->propstat, b->ptr + begin, b->len - begin);
            b->len -= begin - r->propstat;
        }
        if (r->is_unsure && t->asked.all_dead)
            multistatus_description(b, UNSURE);
    }
    multistatus_response_end(b);
    t->walk.member_at++;
}
