// SPDX-License-Identifier: MIT
/*
 * The effects that move whole resources: DELETE, MKCOL, COPY, MOVE. For the pool.
 */
#include "base/limits.h"
#include "http/dav_fields.h"
#include "resource/dav/authoring.h"
#include "resource/dav/following.h"
#include "wire/uri.h"

#include <errno.h>
#include <stdlib.h>

void change_delete(struct authoring *a)
{
    struct tree_terms terms = terms_of(a);
    struct rows_following rows;

    a->error = rows_begin(a, &rows, STORE_INTENT_DELETE);
    if (a->error)
        return;
    a->error = tree_delete(a->dav->share->tree, a->target.path, &terms);
    rows_end(a, &rows, false);
    locks_forget(a);
}

void change_mkcol(struct authoring *a)
{
    struct tree_terms terms = terms_of(a);

    a->error = tree_mkdir(a->dav->share->tree, a->target.path, &terms, &a->result);
}

/* The target is the destination here, and the source is what the questions saw at the target. */
static struct tree_terms terms_of_both(struct authoring *a)
{
    struct tree_terms terms = {
        .target = &a->destination.look.here, .source = &a->target.look.here, .hurry = &a->x->hurry};

    locks_add_terms(a, &terms);
    return terms;
}

void change_forget_failed(struct authoring *a)
{
    while (a->failures.first) {
        struct failed_member *f = a->failures.first;

        a->failures.first = f->next;
        free(f);
    }
    a->failures.count = 0;
    a->failures.gave_up = false;
}

static bool is_folder(struct authoring *a, struct span member)
{
    size_t length = a->target.path.len + 1 + member.len;
    char *path = malloc(length);
    struct tree_look look;
    bool found;

    if (!path)
        return false;
    if (a->target.path.len)
        memcpy(path, a->target.path.ptr, a->target.path.len);
    path[a->target.path.len] = '/';
    if (member.len)
        memcpy(path + a->target.path.len + 1, member.ptr, member.len);
    found = tree_look(a->dav->share->tree, uri_path_trim(span_of(path, length)), &look) == 0 &&
            look.here.kind == TREE_COLLECTION;
    free(path);
    return found;
}

static bool note_failed(void *context, struct span member, int error)
{
    struct authoring *a = context;
    struct failed_member *f =
        a->failures.count < LIMIT_COPY_FAILURES ? malloc(sizeof *f + member.len) : NULL;

    if (!f)
        return false;
    a->failures.count++;
    f->error = error < 0 ? -error : error;
    f->is_folder = is_folder(a, member);
    f->length = member.len;
    if (member.len)
        memcpy(f->path, member.ptr, member.len);
    f->next = a->failures.first;
    a->failures.first = f;
    return true;
}

/* After the rows were told: nothing was changed, because of the members that are told. */
static void note_given_up(struct authoring *a)
{
    a->failures.gave_up = a->error == -ECANCELED && a->failures.first;
    if (a->failures.gave_up)
        a->error = 0;
}

void change_copy(struct authoring *a)
{
    struct tree_terms terms = terms_of_both(a);
    struct rows_following rows;
    struct tree_copying copying = {
        .shallow = depth_parse(message_field(&a->x->request, FIELD_depth)) == DEPTH_0,
        .failed = note_failed,
        .context = a,
    };

    change_forget_failed(a); // of an attempt before
    a->error = rows_begin(a, &rows, STORE_INTENT_COPY);
    if (a->error)
        return;
    a->error = tree_copy(a->dav->share->tree, a->target.path, a->destination.path, &copying, &terms,
                         &a->result);
    rows_end(a, &rows, copying.shallow);
    locks_forget(a);
    note_given_up(a);
}

void change_move(struct authoring *a)
{
    struct tree_terms terms = terms_of_both(a);
    struct tree_copying copying = {.failed = note_failed, .context = a};
    struct rows_following rows;

    terms.at_once = !a->destination.crosses;
    change_forget_failed(a);
    a->error = rows_begin(a, &rows, STORE_INTENT_MOVE);
    if (a->error)
        return;
    a->error = tree_move(a->dav->share->tree, a->target.path, a->destination.path, &copying, &terms,
                         &a->result);
    rows_end(a, &rows, false);
    locks_forget(a);
    note_given_up(a);
}
