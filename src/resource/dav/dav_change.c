// SPDX-License-Identifier: MIT
/*
 * The effects that move whole resources: DELETE, MKCOL, COPY, MOVE. For the pool.
 */
#include "http/dav_fields.h"
#include "resource/dav/dav_parts.h"

#include <stdlib.h>

void change_delete(struct authoring *a)
{
    struct tree_terms terms = terms_of(a);
    struct rows_following rows;

    a->error = rows_begin(a, &rows, STORE_INTENT_DELETE);
    if (a->error)
        return;
    a->error = tree_delete(a->dav->share->tree, a->path, &terms);
    rows_end(a, &rows, false);
    locks_forget(a);
}

void change_mkcol(struct authoring *a)
{
    struct tree_terms terms = terms_of(a);

    a->error = tree_mkdir(a->dav->share->tree, a->path, &terms, &a->result);
}

/* The target is the destination here, and the source is what the questions saw at the target. */
static struct tree_terms terms_of_both(struct authoring *a)
{
    struct tree_terms terms = {.target = &a->there.here, .source = &a->here.here};

    locks_add_terms(a, &terms);
    return terms;
}

static bool note_failed(void *context, struct span member, int error)
{
    struct authoring *a = context;
    struct failed_member *f = malloc(sizeof *f + member.len);

    if (!f)
        return false;
    f->error = error < 0 ? -error : error;
    f->length = member.len;
    if (member.len)
        memcpy(f->path, member.ptr, member.len);
    f->next = a->failed;
    a->failed = f;
    return true;
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

    a->error = rows_begin(a, &rows, STORE_INTENT_COPY);
    if (a->error)
        return;
    a->error = tree_copy(a->dav->share->tree, a->path, a->to, &copying, &terms, &a->result);
    rows_end(a, &rows, copying.shallow);
    locks_forget(a);
}

void change_move(struct authoring *a)
{
    struct tree_terms terms = terms_of_both(a);
    struct rows_following rows;

    terms.at_once = !a->crosses;
    a->error = rows_begin(a, &rows, STORE_INTENT_MOVE);
    if (a->error)
        return;
    a->error = tree_move(a->dav->share->tree, a->path, a->to, &terms, &a->result);
    rows_end(a, &rows, false);
    locks_forget(a);
}
